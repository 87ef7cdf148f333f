"""One request's `receive` and `send`, watched on their way through ASGI middleware and mounts.

The app around them learns whether the answer began before an exception came out; a Request further
in learns that its body was taken on the way. What a middleware wraps around `receive` hides neither,
as the Exchange is found by the scope, not by the function.
"""

from collections.abc import Awaitable

from framework.exceptions import BodyUnavailable
from framework.types import Message, Receive, Scope, Send

__all__ = ["EXCHANGE", "Exchange"]

EXCHANGE = "framework.exchange"
"""The key in the scope: ours alone, and the only way to a request that reaches through middleware."""

BEGINNINGS = frozenset(
    {
        "http.response.start",
        "websocket.accept",
        "websocket.close",
        "websocket.http.response.start",
    }
)


class Exchange:
    """`receive` and `send` are what the middleware gets; `started` is what it did with them."""

    __slots__ = ("_asked", "_ended", "_outer", "_receive", "_send", "_taken", "started")

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._outer: Exchange | None = scope.get(EXCHANGE)
        self._receive = receive
        self._send = send
        self._taken = 0
        self._ended = False
        self._asked: int | None = None
        self.started = False
        scope[EXCHANGE] = self

    def ask(self, received: int | None) -> None:
        """Note that a Request asks for more than the bytes it has received, or no longer asks (None)."""
        self._asked = received
        if self._outer is not None:
            self._outer.ask(received)

    async def receive(self) -> Message:
        """Receive; BodyUnavailable to a Request when bytes went to somebody who did not pass them on."""
        asked = self._asked
        if asked is not None:
            if self._taken > asked:
                raise BodyUnavailable(
                    f"an ASGI middleware around this route has read {self._taken} bytes of the body "
                    "and did not pass them on; it has to replay them through `receive`"
                )
            if self._ended:
                return {"type": "http.request", "body": b"", "more_body": False}
        message = await self._receive()
        if message["type"] == "http.request":
            if asked is None:
                self._taken += len(message.get("body", b""))
            self._ended = not message.get("more_body", False)
        return message

    def send(self, message: Message) -> Awaitable[None]:
        """Send, and note that the answer began."""
        if message["type"] in BEGINNINGS:
            self.started = True
        return self._send(message)
