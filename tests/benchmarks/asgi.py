"""What every benchmarked app shares: the words of ASGI, and the middleware that only passes on.

Nothing of `framework` is imported here, so that the others are measured where ours cannot be
imported.
"""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, TypeAlias

__all__ = ["LAYERS", "ASGIApp", "Message", "PassThrough", "Receive", "Scope", "Send"]

Message: TypeAlias = MutableMapping[str, Any]
Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
ASGIApp: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]

LAYERS = 5
"""How many middlewares the two middleware rows put around a handler."""


class PassThrough:
    """The least that an ASGI middleware can do. Each framework has types of its own for it."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self.app(scope, receive, send)
