"""What a handler holds of an HTTP request: the scope's values, and the body.

How a body arrives is for `_body`; what it is, for this. Nothing here knows of routes, or of the app
that made the request.
"""

import sys
from collections.abc import AsyncIterator, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

import anyio

from framework._body import Body, Chunks
from framework._content import (
    JSON,
    MULTIPART,
    URLENCODED,
    announced_size,
    announces_body,
    checked_type,
    content_fields,
)
from framework._exchange import EXCHANGE, Exchange
from framework._extensions import DEBUG, EARLY_HINT, PUSH, early_hint, offers, push_promise
from framework._multipart import boundary_of
from framework._until import until_blocked
from framework._wire.charset import decode_text
from framework._wire.conditional import conditions, evaluate, is_entity_tag
from framework._wire.dates import format_http_date
from framework._wire.json import is_nested_deeper
from framework._wire.media import parse_media_type
from framework._wire.violations import violations
from framework.connections import DEFAULT_SETTINGS, HTTPConnection, Settings
from framework.exceptions import (
    BodyUnavailable,
    FrameworkError,
    HTTPException,
    InvalidContent,
    LimitExceeded,
    MalformedRequest,
)
from framework.forms import FormData, FormReader, parse_form, read_multipart
from framework.parts import Part, Parts
from framework.responses import HeadersInit, Response, send_message
from framework.types import Message, Receive, Scope, Send

__all__ = ["Request"]

T = TypeVar("T")

FIRST_MESSAGE_SECONDS = 0.2


async def _without_receive() -> Message:
    raise BodyUnavailable("this Request was made without `receive`, so it has no body to read")


async def _without_send(message: Message) -> None:
    raise FrameworkError(
        f"this Request was made without `send`, so {message['type']} cannot be sent: "
        "make it as Request(scope, receive, send)"
    )


class Request(HTTPConnection):
    """An HTTP request. Make one of your own in ASGI middleware: `Request(scope, receive, send)`.

    The `send_` methods return False, and send nothing, where the server does not offer what they send.
    """

    __slots__ = (
        "_arriving",
        "_body",
        "_decoded",
        "_files",
        "_form",
        "_is_opened",
        "_receive",
        "_send",
    )

    def __init__(
        self,
        scope: Scope,
        receive: Receive = _without_receive,
        send: Send = _without_send,
        settings: Settings = DEFAULT_SETTINGS,
    ) -> None:
        HTTPConnection.__init__(self, scope, settings)
        self._receive = receive
        self._send = send
        self._body: bytes | None = None
        self._decoded: tuple[Any] | None = None
        self._form: FormData | None = None
        self._files: FormData | None = None  # to be closed once the request was answered
        self._arriving: Body | None = None
        self._is_opened = (
            False  # without a Body: somebody receives the first message, or all was in it
        )

    @property
    def method(self) -> str:
        """The method as the client sent it: methods are case-sensitive (RFC 9110 section 9.1)."""
        method: str = self.scope["method"]
        return method

    @property
    def last_event_id(self) -> str | None:
        """The id of the last event that this client has got of an event stream, where it connects again."""
        return self.headers.get("last-event-id")

    def check_preconditions(
        self,
        *,
        etag: str | None = None,
        last_modified: datetime | float | None = None,
        exists: bool = True,
    ) -> Response | None:
        """Compare what the resource is now with what the client takes it for (RFC 9110 section 13).

        Raises HTTPException (412) where the request is for another state, such as an update of what
        somebody else has changed. Returns the 304 to answer with where the client has it already, else
        None. `etag` has its quotes: `'"v1"'`, or `'W/"v1"'` for a weak one, ValueError if not.
        `last_modified` is aware, or in seconds since 1970. What is yet to be made does not `exist`.
        """
        if etag is not None and not is_entity_tag(etag):
            raise ValueError(f"{etag!a:.80} is no entity tag: put it into quotes, as in '\"v1\"'")
        if isinstance(last_modified, float | int):
            last_modified = datetime.fromtimestamp(last_modified, UTC)
        fields: dict[str, str] = {}
        moment = None
        if etag is not None:
            fields["etag"] = etag
        if last_modified is not None:
            fields["last-modified"] = format_http_date(last_modified)
            moment = last_modified.timestamp()
        asked = conditions(self.scope["headers"])
        status = evaluate(self.method, asked, etag=etag, last_modified=moment, exists=exists)
        if status == 412:
            raise HTTPException(412, "the resource is not in the state that the request is for")
        return None if status is None else Response(None, status, fields)

    async def body(self) -> bytes:
        """The whole body, kept for the next call.

        Raises LimitExceeded (413) over `Limits.max_body_size`, ClientDisconnect when the client goes
        before its end, BodyUnavailable after `stream()`.
        """
        if self._body is None:
            self._body = await self._read(content_fields(self.scope)[1])
        return self._body

    def stream(self) -> AsyncIterator[bytes]:
        """The body in the chunks in which it arrives, none of them kept; errors as for `body()`."""
        if self._body is not None:
            return _Whole(self._body)
        return Chunks(self._source(), content_fields(self.scope)[1])

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
        body = await self._json_body()
        try:
            return self._settings.decode(body, kind)
        except (ValueError, RecursionError) as error:
            if listed := violations(error):
                raise InvalidContent(listed) from error
            raise MalformedRequest(f"the body is not valid JSON: {error}") from error

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
        source = self._source()
        if source.is_being_read:
            return source.gone
        if announces_body(self.scope):
            await source.look_ahead(until_end=True)
        else:
            await self._receive_nothing()
        if not source.gone:
            await until_blocked(source.look_ahead)
        return source.gone

    async def disconnected(self) -> Message:
        """Wait until the client has gone; a body that arrives meanwhile is kept for who reads it.

        Returns `http.disconnect`, so that it can stand in for an ASGI `receive`. Of a body that nobody
        has begun to read it keeps as much as `body()` would take; once somebody reads, it leaves the
        pace to the reader, who then learns by ClientDisconnect.
        """
        await self._source().look_ahead()
        return {"type": "http.disconnect"}

    async def _receive_nothing(self) -> None:
        """Receive the message that says that there is no body, where none is announced.

        It is there at once; but where its `receive` is given up, granian takes the client for gone. No
        longer is it waited for than no server takes.
        """
        if not (self._source().ended or announces_body(self.scope)):
            with anyio.move_on_after(FIRST_MESSAGE_SECONDS):
                await self._source().look_ahead(until_end=True)

    async def send_early_hints(self, links: Iterable[str]) -> bool:
        """Name what the page will need while it is being made: a 103 with these links (RFC 8297).

        Each link is a value of a Link field (RFC 8288), ValueError if not. Only before the response
        starts. Returns whether it was sent: servers offer it for HTTP/2, if at all.
        """
        return await self._send_if_offered(EARLY_HINT, early_hint(links))

    async def send_push_promise(self, path: str, headers: HeadersInit | None = None) -> bool:
        """Have the server answer a GET for this path before the client asks for it.

        Unless `headers` are given, those of this request are handed on that browsers send with each.
        Only before the response ends. Returns whether the server was asked to; clients may refuse, as
        most browsers do by now: an early hint does more.
        """
        return await self._send_if_offered(PUSH, push_promise(path, self.scope, headers))

    async def send_debug(self, info: Mapping[str, Any]) -> bool:
        """Tell a test client what the answer was made of. Once, and only before the response starts.

        Returns whether it was sent: test clients offer it, servers do not.
        """
        return await self._send_if_offered(DEBUG, {"type": DEBUG, "info": {**info}})

    async def _send_if_offered(self, extension: str, message: Message) -> bool:
        if not offers(self.scope, extension):
            return False
        await send_message(self._send, message)
        return True

    def _source(self) -> Body:
        if self._arriving is None:
            settings = self._settings
            self._arriving = Body(
                self.scope,
                self._receive,
                settings.limits.max_body_size,
                keeps=not settings.is_of_an_app,
                is_opened=self._is_opened,
                ended=self._body is not None,
            )
        return self._arriving

    async def _read(self, length: bytes | None, most: int = sys.maxsize) -> bytes:
        """What `Body.read` returns and raises; of a body that comes in one message no Body is made."""
        limit = self._settings.limits.max_body_size
        is_alone = self._arriving is None and not self._is_opened and EXCHANGE not in self.scope
        if not (is_alone and limit >= announced_size(length) <= most):
            return await self._source().read(length, most)
        self._is_opened = True
        try:
            message = await self._receive()
        except BaseException:
            self._source().give_up()
            raise
        if self._arriving is None and not message.get("more_body", False):
            body: bytes = message.get("body", b"")
            if limit >= len(body) <= most and message["type"] == "http.request":
                return body
        return await self._source().read(length, most, first=message)

    async def _json_body(self) -> bytes:
        content_type, length = content_fields(self.scope)
        if content_type != b"application/json":
            checked_type(content_type, JSON)
        body = self._body
        if body is None:
            body = self._body = await self._read(length)
        depth = self._settings.limits.max_json_depth
        if is_nested_deeper(body, depth):
            detail = f"the body is nested deeper than {depth} arrays and objects"
            raise LimitExceeded(400, "max_json_depth", depth, detail)
        return body

    async def _read_form(self) -> FormData:
        if self._form is None:
            limits = self._settings.limits
            content_type, length = content_fields(self.scope)
            if content_type != b"application/x-www-form-urlencoded":
                if content_type is None and not announces_body(self.scope):
                    self._form = FormData()
                    return self._form
                media = checked_type(content_type, URLENCODED, MULTIPART)
                if media.essence == MULTIPART:
                    form = await read_multipart(self.stream(), boundary_of(media), limits)
                    self._form = form
                    exchange: Exchange | None = self.scope.get(EXCHANGE)
                    if exchange is not None:
                        exchange.leave(form.close)
                    else:
                        self._files = form
                    return form
            body = self._body
            if body is None:
                body = self._body = await self._read(length, limits.max_form_memory)
            self._form = parse_form(body, limits)
        return self._form


class _Whole(AsyncIterator[bytes]):
    # A body that was read before, as a stream.
    __slots__ = ("_body",)

    def __init__(self, body: bytes) -> None:
        self._body = body

    async def __anext__(self) -> bytes:
        body, self._body = self._body, b""
        if body:
            return body
        raise StopAsyncIteration
