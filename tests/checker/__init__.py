"""Tests of the ASGI checker."""
