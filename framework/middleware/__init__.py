"""ASGI middleware, each a leaf of its own: `add_middleware(cls, **options)`, or around any ASGI app."""

__all__ = ()
