"""Bytes to values and back: pure functions, which neither await nor know of ASGI scopes."""
