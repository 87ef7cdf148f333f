"""Tests of the middleware, a file for each."""
