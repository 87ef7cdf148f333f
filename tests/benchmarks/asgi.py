"""What every benchmarked app shares: the words of ASGI, and the middleware that only passes on.

Nothing of `framework` is imported here, so that the others are measured where ours cannot be
imported.
"""

from collections.abc import Awaitable, Callable, MutableMapping
from threading import current_thread, main_thread
from typing import Any, TypeAlias

__all__ = [
    "CHUNK",
    "CHUNKS",
    "EVENTS",
    "LAYERS",
    "PIECE",
    "PIECES",
    "ASGIApp",
    "Message",
    "PassThrough",
    "Receive",
    "Scope",
    "Send",
    "where",
]

Message: TypeAlias = MutableMapping[str, Any]
Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
ASGIApp: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]

LAYERS = 5
"""How many middlewares the two middleware rows put around a handler."""

EVENTS = tuple((str(n), f"the price is {n} now") for n in range(1000))
"""The `id` and the `data` of each event of an event stream; its `event` is `tick`."""

CHUNK = b"x" * 99 + b"\n"
CHUNKS = 1000
"""What is streamed, and how often."""

PIECE = bytes(64 * 1024)
PIECES = 160
"""What a WSGI app streams, and how often: 10 MiB."""


def where() -> str:
    """The work of a plain handler: in which thread it is done."""
    return "in the event loop" if current_thread() is main_thread() else "in a thread"


class PassThrough:
    """The least that an ASGI middleware can do. Each framework has types of its own for it."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self.app(scope, receive, send)
