"""What a handler holds of an HTTP request: the scope's values, and the body.

Every byte of a body passes `Request._next_chunk`, and is counted there. Nothing here knows of
routes, or of the app that made the request.
"""

from collections.abc import AsyncIterator
from typing import Any

import anyio

from framework._concurrency import until_blocked
from framework._exchange import EXCHANGE, Exchange
from framework._wire.charset import decode_text
from framework._wire.media import is_json, parse_media_type
from framework.connections import DEFAULT_SETTINGS, HTTPConnection, Settings
from framework.exceptions import (
    BodyUnavailable,
    ClientDisconnect,
    LimitExceeded,
    MalformedRequest,
    UnsupportedMediaType,
)
from framework.types import Message, Receive, Scope

__all__ = ["Request"]


async def _no_body() -> Message:
    raise BodyUnavailable("this Request was made without `receive`, so it has no body to read")


class Request(HTTPConnection):
    """An HTTP request. Make one of your own in ASGI middleware: `Request(scope, receive)`."""

    __slots__ = (
        "_ahead",
        "_body",
        "_decoded",
        "_ended",
        "_gone",
        "_idle",
        "_lost",
        "_opened",
        "_receive",
        "_received",
        "_receiving",
    )

    def __init__(
        self,
        scope: Scope,
        receive: Receive = _no_body,
        settings: Settings = DEFAULT_SETTINGS,
    ) -> None:
        HTTPConnection.__init__(self, scope, settings)
        self._receive = receive
        self._body: bytes | None = None
        self._decoded: tuple[Any] | None = None
        self._received = 0
        self._opened = False  # somebody has begun to read the body
        self._ended = False  # the last message of the body has come in
        self._gone = False  # the client has gone
        self._lost: BodyUnavailable | None = None  # a middleware has kept the body to itself
        self._ahead: bytearray | None = None  # came in while waiting for the client to go
        self._receiving = False  # `receive` is being awaited, and must not be called again
        self._idle: anyio.Event | None = None  # set when it no longer is

    @property
    def method(self) -> str:
        """The method as the client sent it: methods are case-sensitive (RFC 9110 section 9.1)."""
        method: str = self.scope["method"]
        return method

    async def body(self) -> bytes:
        """The whole body, kept for the next call.

        Raises LimitExceeded (413) over `Limits.max_body_size`, ClientDisconnect when the client goes
        before its end, BodyUnavailable after `stream()`.
        """
        if self._body is None:
            return await self._read(self._content_fields()[1])
        return self._body

    def stream(self) -> AsyncIterator[bytes]:
        """The body in the chunks in which it arrives, none of them kept; errors as for `body()`."""
        return _Chunks(self)

    async def text(self) -> str:
        """The body as text, by the charset of its Content-Type, UTF-8 where none is named.

        Raises MalformedRequest (400) for bytes or charsets that are not text.
        """
        media = parse_media_type(self.headers.get("content-type"))
        try:
            return decode_text(await self.body(), None if media is None else media.charset)
        except ValueError as error:
            raise MalformedRequest(str(error)) from error

    async def json(self) -> Any:
        """The body as JSON, decoded by the app's codec and kept for the next call.

        Raises MalformedRequest (400) for what is not JSON in UTF-8, and UnsupportedMediaType (415)
        unless the Content-Type is JSON's: another site can make a browser send a form or a text, but
        not `application/json`. Decode `body()` yourself to take anything.
        """
        if self._decoded is None:
            content_type, content_length = self._content_fields()
            if content_type != b"application/json":
                _check_json(content_type)
            body = await self._read(content_length) if self._body is None else self._body
            try:
                self._decoded = (self._settings.json.decode(body),)
            except ValueError as error:
                raise MalformedRequest(f"the body is not valid JSON: {error}") from error
        return self._decoded[0]

    async def is_disconnected(self) -> bool:
        """Whether the client has gone, as far as the server has told until now.

        A body that nobody has begun to read is waited for first, and kept as by `disconnected()`: a
        `receive` that is given up may lose what it was about to bring (granian's does).
        """
        if self._opened and not self._ended:
            return self._gone
        if self._announces_body():
            await self._look_ahead(until_end=True)
        if not self._gone:
            await until_blocked(self.disconnected)
        return self._gone

    async def disconnected(self) -> Message:
        """Wait until the client has gone; a body that arrives meanwhile is kept for who reads it.

        Returns `http.disconnect`, so that it can stand in for an ASGI `receive`. Of a body that nobody
        has begun to read it keeps as much as `body()` would take; once somebody reads, it leaves the
        pace to the reader, who then learns by ClientDisconnect.
        """
        await self._look_ahead()
        return {"type": "http.disconnect"}

    async def _look_ahead(self, *, until_end: bool = False) -> None:
        ahead = self._ahead
        if ahead is None:
            ahead = self._ahead = bytearray()
        while not (self._gone or (until_end and (self._ended or self._lost))):
            has_ended = self._ended
            if self._receiving or (self._opened and not has_ended):
                await self._until_idle()
                continue
            try:
                message = await self._receive_alone()
            except BodyUnavailable as error:
                if self._lost is not None:
                    raise
                self._lost = error  # for who reads the body; here only the client matters
                continue
            if message["type"] == "http.request":
                if has_ended:  # a server that repeats itself would keep this loop spinning
                    await anyio.sleep_forever()
                if len(ahead) <= self._settings.limits.max_body_size:
                    ahead += message.get("body", b"")

    def _announces_body(self) -> bool:
        return any(
            (name == b"content-length" and value != b"0") or name == b"transfer-encoding"
            for name, value in self.scope["headers"]
        )

    def _content_fields(self) -> tuple[bytes | None, bytes | None]:
        content_type = content_length = None
        for name, value in self.scope["headers"]:
            if name == b"content-type" and content_type is None:
                content_type = value
            elif name == b"content-length":
                content_length = value
        return content_type, content_length

    def _open(self, content_length: bytes | None) -> None:
        if self._opened:
            raise BodyUnavailable(
                "this body was read before, by stream() or by a call that failed; "
                "call body() first to read it twice"
            )
        self._opened = True
        if content_length is not None and content_length.isdigit():
            self._check_size(int(content_length[:20]))

    def _check_size(self, size: int) -> None:
        limit = self._settings.limits.max_body_size
        if size > limit:
            detail = f"the body is larger than {limit} bytes"
            raise LimitExceeded(413, "max_body_size", limit, detail)

    async def _read(self, content_length: bytes | None) -> bytes:
        self._open(content_length)
        chunks: list[bytes] = []
        while self._ahead or not self._ended:
            chunks.append(await self._next_chunk())
        self._body = b"".join(chunks)
        return self._body

    async def _next_chunk(self) -> bytes:
        while self._receiving and not (self._ahead or self._ended or self._lost):
            await self._until_idle()
        if self._ahead:
            chunk = bytes(self._ahead)
            self._ahead.clear()
        elif self._ended:
            return b""
        elif self._lost is not None:
            raise self._lost
        else:
            message = None if self._gone else await self._receive_alone()
            if message is None or message["type"] == "http.disconnect":
                raise ClientDisconnect("the client went away before the end of its request")
            chunk = message.get("body", b"")
        self._received += len(chunk)
        self._check_size(self._received)
        return chunk

    async def _receive_alone(self) -> Message:
        exchange: Exchange | None = self.scope.get(EXCHANGE)
        if exchange is not None and not (self._ended or self._lost):
            exchange.ask(self._received + len(self._ahead or b""))
        self._receiving = True
        try:
            message = await self._receive()
        finally:
            self._receiving = False
            if exchange is not None:
                exchange.ask(None)
            if self._idle is not None:
                self._idle.set()
                self._idle = None
        if message["type"] == "http.disconnect":
            self._gone = True
        elif not message.get("more_body", False):
            self._ended = True
        return message

    async def _until_idle(self) -> None:
        if self._idle is None:
            self._idle = anyio.Event()
        await self._idle.wait()


class _Chunks(AsyncIterator[bytes]):
    # No generator: a loop that is left early would leave one to be finalised by the event loop.
    __slots__ = ("_has_begun", "_request")

    def __init__(self, request: Request) -> None:
        self._request = request
        self._has_begun = False

    async def __anext__(self) -> bytes:
        request = self._request
        if not self._has_begun:
            self._has_begun = True
            if request._body:
                return request._body
            if request._body is None:
                request._open(request._content_fields()[1])
        while request._ahead or not request._ended:
            if chunk := await request._next_chunk():
                return chunk
        raise StopAsyncIteration


def _check_json(content_type: bytes | None) -> None:
    media = None if content_type is None else parse_media_type(content_type.decode("latin-1"))
    if media is None or not is_json(media):
        sent = (
            "no Content-Type" if content_type is None else f"{content_type.decode('latin-1'):.80}"
        )
        raise UnsupportedMediaType(f"expected application/json, got {sent}")
    if (media.charset or "utf-8").lower() not in ("utf-8", "utf8"):
        raise MalformedRequest(f"JSON is sent in UTF-8, not in {media.charset:.80}")
