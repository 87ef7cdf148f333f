"""Responses that are sent while they are made: each item of an iterable as it comes, none kept.

Back-pressure is the server's `send`, which waits for a client that reads slowly. An iterator is closed
as soon as the client goes, whatever it is waiting for.
"""

from collections.abc import AsyncIterable, AsyncIterator, Iterable, Sequence
from typing import Any, ClassVar

import anyio
import anyio.lowlevel

from framework._concurrency import TURNS, iterate_in_threadpool
from framework._trailers import Trailers, check_trailers, takes_trailers, with_trailers
from framework._until import UntilDisconnect, until_disconnect
from framework._wire.json import JSONCodec
from framework.exceptions import ClientDisconnect
from framework.responses import (
    STANDARD_JSON,
    Background,
    HeadersInit,
    SteppedResponse,
    as_bytes,
    has_no_content,
    send_message,
)
from framework.shutdown import shutdown_of
from framework.types import Receive, Scope, Send

__all__ = ["NDJSONResponse", "StreamingResponse"]

GONE = "the client went away before the end of the response"


class StreamingResponse(SteppedResponse):
    """Sends what an iterable yields, each chunk as it comes; str is sent as UTF-8.

    A plain iterator is advanced in a worker thread. When the client goes, or sending fails, the
    iterator is closed at once, so that its `finally` blocks run. At shutdown it has the app's
    `graceful_timeout` to end; then the connection is cut, so that no part passes for the whole.
    `trailers` are fields that follow the content, or a function that is called for them then; they
    are left out where the server does not offer them, or the client has not sent `TE: trailers`.
    """

    __slots__ = ("body_iterator", "trailers")

    media_type: ClassVar[str | None] = "application/octet-stream"

    ends_at_shutdown: ClassVar[bool] = False
    """Whether the stream may end wherever it is when the app is about to stop."""

    def __init__(
        self,
        content: AsyncIterable[Any] | Iterable[Any],
        status_code: int = 200,
        headers: HeadersInit | None = None,
        media_type: str | None = None,
        background: Background | None = None,
        *,
        trailers: Trailers | None = None,
    ) -> None:
        if not (trailers is None or callable(trailers)):
            check_trailers(trailers)
        self.trailers: Trailers | None = trailers
        self.background = background
        self.body = b""
        self._start(status_code, headers, media_type)
        self.body_iterator: AsyncIterator[Any] = _async_iterator(content, type(self).__name__)

    def render(self, content: Any) -> bytes:
        """The bytes of one item; subclasses override it."""
        return content if type(content) is bytes else as_bytes(content)

    async def _send(self, scope: Scope, receive: Receive, send: Send) -> None:
        shutdown = shutdown_of(scope)
        is_over = self.ends_at_shutdown and shutdown
        if is_over or scope.get("method") == "HEAD" or has_no_content(self.status_code):
            await _close(self.body_iterator)
            await super()._send(scope, receive, send)
            return
        if self.trailers is not None and takes_trailers(scope, self.headers):
            send = with_trailers(send, self.trailers)
        turns = TURNS
        render = self.render
        is_sent_as_it_is = bytes if type(self) is StreamingResponse else None  # else it is rendered
        among = None if shutdown is None else shutdown._open
        async with until_disconnect(receive, among, can_leave=self.ends_at_shutdown) as block:
            try:
                start = {"type": "http.response.start", "status": self.status_code}
                await send_message(send, {**start, "headers": self.raw_headers})
                self._attend(send, block)
                async for item in self.body_iterator:
                    if not turns:
                        turns = TURNS
                        await anyio.lowlevel.checkpoint()
                    turns -= 1
                    body = item if type(item) is is_sent_as_it_is else render(item)
                    try:
                        await send({"type": "http.response.body", "body": body, "more_body": True})
                    except OSError as error:  # HTTP spec 2.4: nobody listens
                        raise ClientDisconnect(GONE) from error
            finally:
                await _close(self.body_iterator)
        # Not watched any more: servers say that the client has gone once the last message is sent.
        if not (block.finished or (shutdown and self.ends_at_shutdown)):
            raise ClientDisconnect(GONE)
        await send_message(send, {"type": "http.response.body", "body": b""})

    def _attend(self, send: Send, block: UntilDisconnect) -> None:
        """Have something done beside the stream; a subclass may."""


class NDJSONResponse(StreamingResponse):
    """Sends what an iterable yields as JSON, a line for each item (newline-delimited JSON)."""

    __slots__ = ("codec",)

    media_type: ClassVar[str | None] = "application/x-ndjson"

    def __init__(
        self,
        content: AsyncIterable[Any] | Iterable[Any],
        status_code: int = 200,
        headers: HeadersInit | None = None,
        media_type: str | None = None,
        background: Background | None = None,
        *,
        codec: JSONCodec = STANDARD_JSON,
    ) -> None:
        self.codec: JSONCodec = codec
        super().__init__(content, status_code, headers, media_type, background)

    def render(self, content: Any) -> bytes:
        """One line."""
        line = self.codec.encode(content)
        if b"\n" in line:
            raise ValueError(
                f"{self.codec!r} breaks lines, which separate the items here: give a codec without indentation"
            )
        return line + b"\n"


def _async_iterator(
    content: AsyncIterable[Any] | Iterable[Any], response: str
) -> AsyncIterator[Any]:
    if isinstance(content, AsyncIterable):
        return content.__aiter__()
    if isinstance(content, str | bytes | bytearray | memoryview):
        raise TypeError(f"{response} takes an iterable; use Response for one piece")
    if isinstance(content, Sequence):
        return _iterate(content)
    if isinstance(content, Iterable):
        return iterate_in_threadpool(content)
    raise TypeError(f"{response} takes an iterable, not {type(content).__name__}")


async def _iterate(items: Sequence[Any]) -> AsyncIterator[Any]:
    for item in items:
        yield item


async def _close(iterator: AsyncIterator[Any]) -> None:
    close = getattr(iterator, "aclose", None)
    has_ended = getattr(iterator, "ag_frame", iterator) is None  # a generator that has
    if close is not None and not has_ended:
        with anyio.CancelScope(shield=True):
            await close()
