"""One request's `receive` and `send`, watched on their way through ASGI middleware and mounts.

The app around them learns whether the answer began before an exception came out; a Request further
in gets the body that was taken on the way. What a middleware wraps around `receive` hides neither, as
the Exchange is found by the scope, not by the function.
"""

from collections.abc import Awaitable, Callable

from framework.exceptions import BodyUnavailable
from framework.limits import body_too_large
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

    __slots__ = ("_intake", "_outer", "_receive", "_send", "keep", "leftovers", "started")

    def __init__(self, scope: Scope, receive: Receive, send: Send, keep: int) -> None:
        self._outer: Exchange | None = scope.get(EXCHANGE)
        self._receive = receive
        self._send = send
        self._intake: _Intake | None = None
        self.keep: int = keep
        self.started = False
        self.leftovers: list[Callable[[], Awaitable[None]]] | None = None
        """To be called when all is over: what closes the files of forms."""
        scope[EXCHANGE] = self

    def leave(self, close: Callable[[], Awaitable[None]]) -> None:
        """Have something closed when all is over."""
        if self.leftovers is None:
            self.leftovers = []
        self.leftovers.append(close)

    def delegate(self) -> None:
        """Keep nothing more, here and further out: the body belongs to the mounted app that now reads it."""
        self.keep = 0
        if self._outer is not None:
            self._outer.delegate()

    def ask(self, received: int | None, *, keep: bool = False) -> None:
        """Note that a Request asks for more than the bytes it has received, or no longer asks (None).

        With `keep` it asks on behalf of a middleware: what it gets is kept for the next.
        """
        if self._intake is None:
            self._intake = _Intake()
        self._intake.asked = received
        self._intake.is_asked_to_keep = keep
        if self._outer is not None:
            self._outer.ask(received, keep=keep)

    async def receive(self) -> Message:
        """Receive; to a Request first what went to somebody who did not pass it on."""
        intake = self._intake
        if intake is None:
            intake = self._intake = _Intake()
        if intake.asked is not None:
            if intake.is_missed():
                return intake.replay(self.keep)
            if intake.ended:
                return {"type": "http.request", "body": b"", "more_body": False}
        message = await self._receive()
        if message["type"] == "http.request":
            intake.note(message, self.keep)
        return message

    def send(self, message: Message) -> Awaitable[None]:
        """Send, and note that the answer began."""
        if message["type"] in BEGINNINGS:
            self.started = True
        return self._send(message)


class _Intake:
    # Who has got what of a body: middleware, which may keep it to itself, or the endpoint, which asks.
    __slots__ = ("_given", "_is_torn", "_kept", "_taken", "asked", "ended", "is_asked_to_keep")

    def __init__(self) -> None:
        self.asked: int | None = None  # the bytes that who asks has received
        self.is_asked_to_keep = False
        self.ended = False
        self._taken = 0  # bytes that went to a middleware
        self._given = 0  # bytes that went to the endpoint
        self._is_torn = False  # by a middleware that took some after the endpoint had begun
        self._kept: bytearray | None = bytearray()

    def is_missed(self) -> bool:
        """Whether who asks has not got what went to others."""
        asked = self.asked or 0
        return asked < self._taken or self._is_torn or (self.ended and asked < self._given)

    def note(self, message: Message, keep: int) -> None:
        """Note what came, and keep it if it goes to a middleware."""
        chunk = message.get("body", b"")
        self.ended = not message.get("more_body", False)
        if self.asked is not None and not self.is_asked_to_keep:
            self._given += len(chunk)
            return
        self._taken += len(chunk)
        self._is_torn = self._is_torn or bool(chunk and self._given)
        if self._kept is not None and chunk:
            if self._taken <= keep:
                self._kept += chunk
            else:
                self._kept = None

    def replay(self, keep: int) -> Message:
        """What was missed, if it was kept; LimitExceeded or BodyUnavailable if not."""
        if self._kept is None and keep:
            raise body_too_large(keep)
        if self._kept is None or self.asked or self._given:
            raise BodyUnavailable(
                f"an ASGI middleware around this route has read {self._taken + self._given} bytes "
                f"of the body and passed on {self.asked}; it has to replay them through `receive`"
            )
        return {"type": "http.request", "body": bytes(self._kept), "more_body": not self.ended}
