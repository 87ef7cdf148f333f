"""One request's `receive` and `send`, watched on their way through third-party ASGI middleware.

Only an app that has ASGI middleware makes an Exchange: it tells the inner app whether the body was
taken on the way in, and the outer one whether the answer began before an exception came out.
"""

from collections.abc import Awaitable

from framework.types import Message, Receive, Send

__all__ = ["Exchange"]

BEGINNINGS = frozenset(
    {
        "http.response.start",
        "websocket.accept",
        "websocket.close",
        "websocket.http.response.start",
    }
)


class Exchange:
    """`receive` and `send` are what the middleware gets; the other attributes are what it did with them."""

    __slots__ = ("_receive", "_send", "body_complete", "body_taken", "started")

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send
        self.body_taken = 0
        self.body_complete = False
        self.started = False

    @property
    def outer(self) -> object:
        """The Exchange of an app around this one, if there is one."""
        return getattr(self._receive, "__self__", None)

    async def receive(self) -> Message:
        """Receive, and count the bytes of the body."""
        message = await self._receive()
        if message["type"] == "http.request":
            self.body_taken += len(message.get("body", b""))
            self.body_complete = not message.get("more_body", False)
        return message

    def send(self, message: Message) -> Awaitable[None]:
        """Send, and note that the answer began."""
        if message["type"] in BEGINNINGS:
            self.started = True
        return self._send(message)
