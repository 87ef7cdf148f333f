"""The body of one request while it arrives: who may receive, and how much has come.

Every byte that a Request hands out is counted here as it arrives, unless all come in one message.
Two may want to receive at a time, who reads the body and who waits for the client to go; an ASGI
middleware may have read before both.
"""

import sys
from collections.abc import AsyncIterator

import anyio

from framework._content import announced_size
from framework._exchange import EXCHANGE, Exchange
from framework.exceptions import (
    BodyUnavailable,
    ClientDisconnect,
    FrameworkError,
    LimitExceeded,
)
from framework.limits import body_too_large, form_too_large
from framework.types import Message, Receive, Scope

__all__ = ["Body", "Chunks"]

MANY_CHUNKS = 256  # are put together: of two bytes each they take forty times the space
GONE = "the client went away before the end of its request"


class Body:
    """Read once, whole or in chunks; `limit` is in bytes. With `keeps`, it is read for a middleware.

    One that `is_opened` is being read by who made it, or was read to its end, if it `ended`.
    """

    __slots__ = (
        "_ahead",
        "_idle",
        "_is_given_up",
        "_is_opened",
        "_keeps",
        "_limit",
        "_lost",
        "_receive",
        "_received",
        "_receiving",
        "_scope",
        "ended",
        "gone",
    )

    def __init__(
        self,
        scope: Scope,
        receive: Receive,
        limit: int,
        *,
        keeps: bool,
        is_opened: bool,
        ended: bool,
    ) -> None:
        self._scope = scope
        self._receive = receive
        self._limit = limit
        self._keeps = keeps
        self.ended = ended
        """The last message of the body has come in."""
        self.gone = False
        """The client has gone."""
        self._is_opened = is_opened
        self._is_given_up = False
        self._received = 0
        self._lost: FrameworkError | None = None  # a middleware has kept the body to itself
        self._ahead: bytearray | None = None  # came in while waiting for the client to go
        self._receiving = False  # `receive` is being awaited, and must not be called again
        self._idle: anyio.Event | None = None  # set when it no longer is

    async def read(
        self, length: bytes | None, most: int = sys.maxsize, *, first: Message | None = None
    ) -> bytes:
        """The whole body, of this Content-Length; LimitExceeded also over `most`, for fields of a form.

        Who has opened it, and received its `first` message, passes that on.
        """
        is_watched = self._is_watched()
        if first is None and self._open(length) > most:
            raise form_too_large(most)
        start, chunks = bytearray(), list[bytes]()
        try:
            while self._ahead or not self.ended:
                if is_watched and first is None:
                    chunk = await self._next_chunk()
                else:
                    message = first or await self._receive()
                    first = None
                    self._note(message)
                    chunk = self._count(message)
                if self._received > most:
                    raise form_too_large(most)
                if chunk:
                    chunks.append(chunk)
                if len(chunks) == MANY_CHUNKS:
                    start += b"".join(chunks)
                    chunks.clear()
        except BaseException:
            self.give_up()
            raise
        return b"".join([start, *chunks]) if start else b"".join(chunks)

    @property
    def is_being_read(self) -> bool:
        """Whether somebody has begun to read, and has neither come to the end nor given up."""
        return self._is_opened and not (self.ended or self._is_given_up)

    def give_up(self) -> None:
        """Nobody reads any more: what still arrives is dropped by who waits for the client to go."""
        if not self.ended:
            self._is_given_up = True
            self._wake()

    async def look_ahead(self, *, until_end: bool = False) -> None:
        """Wait until the client has gone, or the body has ended; what arrives is kept for who reads it."""
        ahead = self._ahead
        if ahead is None:
            ahead = self._ahead = bytearray()
        while not (self.gone or (until_end and (self.ended or self._lost))):
            has_ended = self.ended
            if self._receiving or self.is_being_read:
                await self._until_idle()
                continue
            try:
                message = await self._receive_alone()
            except (BodyUnavailable, LimitExceeded) as error:
                if self._lost is not None:
                    raise
                self._lost = error  # for who reads the body; here only the client matters
                continue
            if message["type"] == "http.request":
                if has_ended:  # a server that repeats itself would keep this loop spinning
                    await anyio.sleep_forever()
                is_wanted = not self._lost and not self._is_given_up
                if is_wanted and len(ahead) <= self._limit:
                    ahead += message.get("body", b"")

    def _is_watched(self) -> bool:
        return self._ahead is not None or EXCHANGE in self._scope

    def _open(self, length: bytes | None) -> int:
        if self._is_opened:
            raise BodyUnavailable(
                "this body was read before, by stream() or by a call that failed; "
                "call body() first to read it twice"
            )
        self._is_opened = True
        size = announced_size(length)
        if size > self._limit:
            raise body_too_large(self._limit)
        return size

    async def _next_chunk(self) -> bytes:
        while self._receiving and not (self._ahead or self.ended or self._lost):
            await self._until_idle()
        if self._ahead:
            ahead = bytes(self._ahead)
            self._ahead.clear()
            return self._count({"type": "http.request", "body": ahead})
        if self.ended:
            return b""
        if self._lost is not None:
            raise self._lost
        if self.gone:
            raise ClientDisconnect(GONE)
        return self._count(await self._receive_alone())

    def _count(self, message: Message) -> bytes:
        if message["type"] == "http.disconnect":
            raise ClientDisconnect(GONE)
        chunk: bytes = message.get("body", b"")
        self._received += len(chunk)
        if self._received > self._limit:
            raise body_too_large(self._limit)
        return chunk

    async def _receive_alone(self) -> Message:
        exchange: Exchange | None = self._scope.get(EXCHANGE)
        if exchange is not None and not (self.ended or self._lost):
            exchange.ask(self._received + len(self._ahead or b""), keep=self._keeps)
        self._receiving = True
        try:
            message = await self._receive()
        finally:
            self._receiving = False
            if exchange is not None:
                exchange.ask(None)
            self._wake()
        self._note(message)
        return message

    def _note(self, message: Message) -> None:
        """Note what a message says besides its chunk."""
        if message["type"] == "http.disconnect":
            self.gone = True
        elif self._lost is None and not message.get("more_body", False):
            self.ended = True
        else:
            return
        if self._idle is not None:
            self._wake()

    def _wake(self) -> None:
        if self._idle is not None:
            self._idle.set()
            self._idle = None

    async def _until_idle(self) -> None:
        if self._idle is None:
            self._idle = anyio.Event()
        await self._idle.wait()


class Chunks(AsyncIterator[bytes]):
    """The body in pieces, as they arrive; where nobody else receives, they are counted here.

    No generator: one that is left early has to be finalised by the event loop, and one whose `receive`
    was cancelled says that it is at its end.
    """

    __slots__ = ("_body", "_has_begun", "_left", "_length", "_receive")

    def __init__(self, body: Body, length: bytes | None) -> None:
        self._body = body
        self._length = length
        self._left = body._limit  # bytes that may still come
        self._receive: Receive | None = None
        self._has_begun = False

    def __del__(self) -> None:
        if self._has_begun:
            self._body.give_up()

    async def __anext__(self) -> bytes:
        """The next chunk that is not empty."""
        while True:
            receive = self._receive
            message = await (self._next() if receive is None else receive())
            try:
                chunk: bytes = message["body"]
                if message["more_body"] and chunk:
                    left = self._left - len(chunk)
                    if left >= 0:
                        self._left = left
                        return chunk
            except KeyError:
                pass
            if chunk := self._take(message):
                return chunk

    def _take(self, message: Message) -> bytes:
        """The chunk of a message that is not as most are: the last, an empty one, or one too many."""
        body = self._body
        body._note(message)
        if body.gone:
            raise ClientDisconnect(GONE)
        chunk: bytes = message.get("body", b"")
        self._left -= len(chunk)
        if self._left < 0:
            raise body_too_large(body._limit)
        if body.ended:
            self._receive = None
        return chunk

    async def _next(self) -> Message:
        """The next message while `_receive` is not to be called: at the start, watched, or at the end."""
        body = self._body
        if not self._has_begun:
            is_watched = body._is_watched()
            body._open(self._length)
            self._has_begun = True
            if not is_watched:
                self._receive = body._receive
                return await body._receive()
        if body.ended and not body._ahead:
            raise StopAsyncIteration
        return {"type": "http.request", "body": await body._next_chunk(), "more_body": True}
