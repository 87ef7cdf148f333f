"""Where httpx comes from, and what to do where it is missing."""

try:
    import httpx as httpx
except ImportError as _error:
    raise ImportError(
        "framework.testing needs httpx: pip install 'asgi-framework[testing]'"
    ) from _error
