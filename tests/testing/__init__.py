"""Tests of the test clients, part by part."""
