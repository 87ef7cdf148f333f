"""The words of the ASGI 3.0 specification as types, and nothing of ours."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, TypeAlias

__all__ = ["ASGIApp", "Message", "Receive", "Scope", "Send"]

Scope: TypeAlias = MutableMapping[str, Any]
"""What is known of a connection before its first event."""

Message: TypeAlias = MutableMapping[str, Any]
"""One event of a connection, in either direction; its `type` says which."""

Receive: TypeAlias = Callable[[], Awaitable[Message]]
"""Waits for the next event from the client."""

Send: TypeAlias = Callable[[Message], Awaitable[None]]
"""Hands an event to the server; returns when the server can take the next one (back-pressure)."""

ASGIApp: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]
"""One connection, from scope to its last event: what our app is, what it wraps and what it mounts."""
