"""What a handler holds of an HTTP request: the scope's values, and the body.

Every byte of a body passes `Request._next_chunk`, or `_Chunks` where it is streamed and nobody looks
ahead, and is counted there. Nothing here knows of routes, or of the app that made the request.
"""

import sys
from collections.abc import AsyncIterator
from typing import Any, TypeVar

import anyio

from framework._concurrency import until_blocked
from framework._content import (
    JSON,
    MULTIPART,
    URLENCODED,
    announces_body,
    checked_type,
    content_fields,
)
from framework._exchange import EXCHANGE, Exchange
from framework._multipart import boundary_of
from framework._wire.charset import decode_text
from framework._wire.json import decodes_types, is_nested_deeper
from framework._wire.media import parse_media_type
from framework._wire.violations import violations
from framework.connections import DEFAULT_SETTINGS, HTTPConnection, Settings
from framework.exceptions import (
    BodyUnavailable,
    ClientDisconnect,
    FrameworkError,
    InvalidContent,
    LimitExceeded,
    MalformedRequest,
)
from framework.forms import FormData, FormReader, parse_form, read_multipart
from framework.parts import Part, Parts
from framework.types import Message, Receive, Scope

__all__ = ["Request"]

T = TypeVar("T")


async def _no_body() -> Message:
    raise BodyUnavailable("this Request was made without `receive`, so it has no body to read")


class Request(HTTPConnection):
    """An HTTP request. Make one of your own in ASGI middleware: `Request(scope, receive)`."""

    __slots__ = (
        "_ahead",
        "_body",
        "_decoded",
        "_ended",
        "_form",
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
        self._form: FormData | None = None
        self._received = 0
        self._opened = False  # somebody has begun to read the body
        self._ended = False  # the last message of the body has come in
        self._gone = False  # the client has gone
        self._lost: FrameworkError | None = None  # a middleware has kept the body to itself
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
            return await self._read(content_fields(self.scope)[1])
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
            body = await self._json_body()
            try:
                self._decoded = (self._settings.json.decode(body),)
            except (ValueError, RecursionError) as error:
                raise MalformedRequest(f"the body is not valid JSON: {error}") from error
        return self._decoded[0]

    async def decode(self, kind: type[T], /) -> T:
        """The body as JSON of this type, a model of pydantic's or what the app's codec knows.

        Raises as `json()` does, and InvalidContent (422), which lists what is wrong where, for JSON
        that is not of the type. TypeError where the codec's `decode` does not take `type=`.
        """
        codec: Any = self._settings.json
        if not decodes_types(codec):
            raise TypeError(
                f"{codec!r} decodes JSON without types: give the app a codec whose decode() takes "
                "`type=`, such as App(json=msgspec.json)"
            )
        body = await self._json_body()
        try:
            value: T = codec.decode(body, type=kind)
        except (ValueError, RecursionError) as error:
            if listed := violations(error):
                raise InvalidContent(listed) from error
            raise MalformedRequest(f"the body is not valid JSON: {error}") from error
        return value

    def form(self) -> FormReader:
        """The fields and files of a form: `await` it, or close the files early by `async with`.

        It is kept for the next call, its files open until the request was answered. Raises
        LimitExceeded (413, 400) over one of `Limits`, MalformedRequest (400) for what is no form,
        UnsupportedMediaType (415) for a body of another type than the two of forms. Of a multipart
        body nothing is left for `body()`.
        """
        return FormReader(self._read_form)

    def multipart(self) -> AsyncIterator[Part]:
        """The parts of a multipart/form-data body as they arrive, none of it kept; errors as for `form()`."""
        media = checked_type(content_fields(self.scope)[0], MULTIPART)
        return Parts(self.stream(), boundary_of(media), self._settings.limits)

    @property
    def receive(self) -> Receive:
        """What ASGI middleware that has called `body()` passes on: the body again, then what follows it."""
        waiting = [] if self._body is None else [self._body]

        async def receive() -> Message:
            if waiting:
                return {"type": "http.request", "body": waiting.pop(), "more_body": False}
            return await self._receive()

        return receive

    async def is_disconnected(self) -> bool:
        """Whether the client has gone, as far as the server has told until now.

        A body that nobody has begun to read is waited for first, and kept as by `disconnected()`: a
        `receive` that is given up may lose what it was about to bring (granian's does).
        """
        if self._opened and not self._ended:
            return self._gone
        if announces_body(self.scope):
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
            except (BodyUnavailable, LimitExceeded) as error:
                if self._lost is not None:
                    raise
                self._lost = error  # for who reads the body; here only the client matters
                continue
            if message["type"] == "http.request":
                if has_ended:  # a server that repeats itself would keep this loop spinning
                    await anyio.sleep_forever()
                if self._lost is None and len(ahead) <= self._settings.limits.max_body_size:
                    ahead += message.get("body", b"")

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
        if size > self._settings.limits.max_body_size:
            raise self._too_large()

    def _too_large(self) -> LimitExceeded:
        limit = self._settings.limits.max_body_size
        return LimitExceeded(413, "max_body_size", limit, f"the body is larger than {limit} bytes")

    async def _read(self, content_length: bytes | None, most: int = sys.maxsize) -> bytes:
        self._open(content_length)
        chunks: list[bytes] = []
        while self._ahead or not self._ended:
            chunks.append(await self._next_chunk())
            if self._received > most:
                detail = f"the fields of the form have more than {most} bytes"
                raise LimitExceeded(413, "max_form_memory", most, detail)
        self._body = b"".join(chunks)
        return self._body

    async def _json_body(self) -> bytes:
        content_type, content_length = content_fields(self.scope)
        if content_type != b"application/json":
            checked_type(content_type, JSON)
        body = await self._read(content_length) if self._body is None else self._body
        depth = self._settings.limits.max_json_depth
        if is_nested_deeper(body, depth):
            detail = f"the body is nested deeper than {depth} arrays and objects"
            raise LimitExceeded(400, "max_json_depth", depth, detail)
        return body

    async def _read_form(self) -> FormData:
        if self._form is None:
            limits = self._settings.limits
            content_type, content_length = content_fields(self.scope)
            if content_type is None and not announces_body(self.scope):
                self._form = FormData()
                return self._form
            media = checked_type(content_type, URLENCODED, MULTIPART)
            if media.essence == MULTIPART:
                self._form = await read_multipart(self.stream(), boundary_of(media), limits)
            else:
                body = self._body
                if body is None:
                    body = await self._read(content_length, limits.max_form_memory)
                self._form = parse_form(body, limits)
        return self._form

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
            received = self._received + len(self._ahead or b"")
            # One that middleware has made for itself has no settings of an app.
            exchange.ask(received, keep=self._settings is DEFAULT_SETTINGS)
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
            self._gone = True
            self._wake()
        elif self._lost is None and not message.get("more_body", False):
            self._ended = True
            self._wake()

    def _wake(self) -> None:
        if self._idle is not None:
            self._idle.set()
            self._idle = None

    async def _until_idle(self) -> None:
        if self._idle is None:
            self._idle = anyio.Event()
        await self._idle.wait()


class _Chunks(AsyncIterator[bytes]):
    # No generator: one that is left early has to be finalised by the event loop, and one whose
    # `receive` was cancelled says that it is at its end.
    __slots__ = ("_left", "_receive", "_request")

    def __init__(self, request: Request) -> None:
        self._request = request
        self._receive: Receive = self._begin
        self._left = 0  # bytes that may still come

    async def __anext__(self) -> bytes:
        while True:
            message = await self._receive()
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
        request = self._request
        request._note(message)
        if request._gone:
            raise ClientDisconnect("the client went away before the end of its request")
        if request._ended:
            self._receive = _at_end
        chunk: bytes = message.get("body", b"")
        self._left -= len(chunk)
        if self._left < 0:
            raise request._too_large()
        return chunk

    async def _begin(self) -> Message:
        request = self._request
        if request._body is not None:
            self._receive = _at_end
            self._left = len(request._body)
            return {"type": "http.request", "body": request._body}
        is_watched = EXCHANGE in request.scope or request._ahead is not None
        request._open(content_fields(request.scope)[1])
        self._left = request._settings.limits.max_body_size
        self._receive = self._next if is_watched else request._receive
        return await self._receive()

    async def _next(self) -> Message:
        request = self._request
        if request._ended and not request._ahead:
            raise StopAsyncIteration
        return {"type": "http.request", "body": await request._next_chunk(), "more_body": True}


async def _at_end() -> Message:
    raise StopAsyncIteration
