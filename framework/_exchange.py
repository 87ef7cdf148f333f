"""One request's `receive` and `send`, watched on their way through ASGI middleware and mounts.

The app around them learns whether the answer began before an exception came out; a Request further
in gets the body that was taken on the way. What a middleware wraps around `receive` hides neither, as
the Exchange is found by the scope, not by the function.
"""

from collections.abc import Awaitable, Callable

from framework.exceptions import BodyUnavailable, LimitExceeded
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
    """`receive` and `send` are what the middleware gets; `started` is what it did with them.

    Of a body that a middleware reads `keep` bytes are kept for the Request that finds it taken.
    """

    __slots__ = (
        "_asked",
        "_ended",
        "_given",
        "_is_asked_to_keep",
        "_is_torn",
        "_kept",
        "_outer",
        "_receive",
        "_send",
        "_taken",
        "keep",
        "leftovers",
        "started",
    )

    def __init__(self, scope: Scope, receive: Receive, send: Send, *, keep: int) -> None:
        self._outer: Exchange | None = scope.get(EXCHANGE)
        self._receive = receive
        self._send = send
        self.keep: int = keep
        self._kept: bytearray | None = bytearray()
        self._taken = 0  # bytes that went to a middleware
        self._given = 0  # bytes that went to the endpoint
        self._is_torn = False  # by a middleware that took some after the endpoint had begun
        self._ended = False
        self._asked: int | None = None
        self._is_asked_to_keep = False
        self.started = False
        self.leftovers: list[Callable[[], Awaitable[None]]] = []
        """To be called when all is over: what closes the files of forms that middleware has read."""
        scope[EXCHANGE] = self

    def delegate(self) -> None:
        """Keep nothing more, here and further out: the body belongs to the mounted app that now reads it."""
        self.keep = 0
        if self._outer is not None:
            self._outer.delegate()

    def ask(self, received: int | None, *, keep: bool = False) -> None:
        """Note that a Request asks for more than the bytes it has received, or no longer asks (None).

        With `keep` it asks on behalf of a middleware: what it gets is kept for the next.
        """
        self._asked = received
        self._is_asked_to_keep = keep
        if self._outer is not None:
            self._outer.ask(received, keep=keep)

    async def receive(self) -> Message:
        """Receive; to a Request first what went to somebody who did not pass it on."""
        asked = self._asked
        if asked is not None:
            if asked < self._taken or self._is_torn or (self._ended and asked < self._given):
                return self._replay(asked)
            if self._ended:
                return {"type": "http.request", "body": b"", "more_body": False}
        message = await self._receive()
        if message["type"] == "http.request":
            chunk = message.get("body", b"")
            if asked is None or self._is_asked_to_keep:
                self._take(chunk)
            else:
                self._given += len(chunk)
            self._ended = not message.get("more_body", False)
        return message

    def _take(self, chunk: bytes) -> None:
        self._taken += len(chunk)
        self._is_torn = self._is_torn or bool(chunk and self._given)
        if self._kept is not None and chunk:
            if self._taken <= self.keep:
                self._kept += chunk
            else:
                self._kept = None

    def _replay(self, asked: int) -> Message:
        if self._kept is None and self.keep:
            detail = f"the body is larger than {self.keep} bytes"
            raise LimitExceeded(413, "max_body_size", self.keep, detail)
        if self._kept is None or asked or self._given:
            raise BodyUnavailable(
                f"an ASGI middleware around this route has read {self._taken + self._given} bytes "
                f"of the body and passed on {asked}; it has to replay them through `receive`"
            )
        return {"type": "http.request", "body": bytes(self._kept), "more_body": not self._ended}

    def send(self, message: Message) -> Awaitable[None]:
        """Send, and note that the answer began."""
        if message["type"] in BEGINNINGS:
            self.started = True
        return self._send(message)
