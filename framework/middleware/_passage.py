"""A request on its way through a middleware that reads its body before the app does.

What the middleware makes of the body, or refuses of it, is its own business. Inside of it the body is
another one than outside: an Exchange further out knows nothing of it, so there is one in between.
"""

from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from typing import TypeAlias

from framework._exchange import EXCHANGE, Exchange
from framework.exceptions import HTTPException
from framework.middleware._answers import refuse
from framework.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["Judge", "Passage", "own_exchange"]

Judge: TypeAlias = Callable[[Receive], Awaitable[Message]]
"""Makes the next message for the app of what it receives, or raises the HTTPException to refuse by."""


@contextmanager
def own_exchange(scope: Scope, receive: Receive, send: Send) -> Generator[tuple[Receive, Send]]:
    """What an app gets instead, within the block: what is read inside is replayed inside."""
    outer: Exchange | None = scope.get(EXCHANGE)
    if outer is None:
        yield receive, send
        return
    # Not in a copy of the scope: tools outside find in it what the app writes.
    del scope[EXCHANGE]
    inner = Exchange(scope, receive, send, outer.keep)
    try:
        yield inner.receive, inner.send
    finally:
        outer.leftovers = [*(outer.leftovers or ()), *(inner.leftovers or ())]
        scope[EXCHANGE] = outer


class Passage:
    """One request whose body `judge` makes; what it refuses is answered here unless the app does so.

    The refusal is raised by the app's `receive`, which says that the client has gone where an answer
    has begun. An app that makes a 5xx of it, or lets it out, did not know what it was.
    """

    __slots__ = (
        "_ended",
        "_is_answered",
        "_judge",
        "_outer",
        "_receive",
        "_received",
        "_refusal",
        "_scope",
        "_send",
        "_started",
    )

    def __init__(self, judge: Judge, scope: Scope, receive: Receive, send: Send) -> None:
        self._judge = judge
        self._scope = scope
        self._receive = receive
        self._send = send
        self._outer: Exchange | None = scope.get(EXCHANGE)
        self._received = 0  # bytes, before anything was made of them
        self._ended = False
        self._refusal: HTTPException | None = None
        self._started = False  # an answer
        self._is_answered = False  # by us

    async def run(self, app: ASGIApp) -> None:
        """Let the app serve the request."""
        try:
            with own_exchange(self._scope, self.receive, self.send) as (receive, send):
                await app(self._scope, receive, send)
        except Exception as error:  # a task group of the app may have wrapped the refusal
            refusal = self._refusal
            refused, others = ExceptionGroup("", [error]).split(lambda each: each is refusal)
            if refusal is not None and refused is not None and not self._started:
                await refuse(refusal, self._scope, self._receive, self._send)
            if others is not None:
                raise

    async def receive(self) -> Message:
        """The next message as the app is to have it."""
        if self._refusal is None:
            try:
                return await self._judge(self._receive_next)
            except HTTPException as error:
                self._refusal = error
        if self._started:  # too late to say more than that the request was cut short
            return {"type": "http.disconnect"}
        raise self._refusal

    async def _receive_next(self) -> Message:
        outer = self._outer
        if outer is None or self._ended:
            return await self._receive()
        outer.ask(self._received)
        try:
            message = await self._receive()
        finally:
            outer.ask(None)
        if message["type"] == "http.request":
            self._received += len(message.get("body", b""))
            self._ended = not message.get("more_body", False)
        return message

    async def send(self, message: Message) -> None:
        """Send, unless it is an answer that takes the refusal for a failure."""
        if message["type"] == "http.response.start" and not self._started:
            self._started = True
            if self._refusal is not None and message["status"] >= 500:
                self._is_answered = True
                await refuse(self._refusal, self._scope, self._receive, self._send)
        if not self._is_answered:
            await self._send(message)
