"""What a handler answers with. Each response is itself an ASGI app: `await response(scope, receive, send)`.

The header fields that every response has are decided here; what a *returned value* becomes, in
`_results`.
"""

from collections.abc import (
    Awaitable,
    Callable,
    Iterable,
    Mapping,
)
from typing import Any, ClassVar, TypeAlias

from typing_extensions import Unpack

from framework._wire.cookies import CookieAttributes, format_set_cookie
from framework._wire.grammar import check_field_value
from framework._wire.headers import MutableHeaders, encode_headers
from framework._wire.json import JSONCodec, StandardJSON
from framework._wire.server_timing import format_server_timing
from framework._wire.urls import redirect_location
from framework.exceptions import ClientDisconnect
from framework.types import Message, Receive, Scope, Send

__all__ = [
    "HTMLResponse",
    "JSONResponse",
    "PlainTextResponse",
    "RedirectResponse",
    "Response",
    "SteppedResponse",
]

Field: TypeAlias = tuple[bytes, bytes]
HeadersInit: TypeAlias = Mapping[str, str] | Iterable[tuple[str, str]]
Background: TypeAlias = Callable[[], Awaitable[None]]

TEXT: Field = (b"content-type", b"text/plain; charset=utf-8")
JSON: Field = (b"content-type", b"application/json")
BYTES: Field = (b"content-type", b"application/octet-stream")

STANDARD_JSON = StandardJSON()


class _LengthFields(dict[int, Field]):
    """`content-length` fields by length: small ones made once, others when asked for and not kept."""

    __slots__ = ()

    def __missing__(self, length: int) -> Field:
        return (b"content-length", b"%d" % length)


LENGTH = _LengthFields((n, (b"content-length", b"%d" % n)) for n in range(1024))


has_no_content: Callable[[int], bool] = frozenset({*range(100, 200), 204, 205, 304}).__contains__
"""Whether a response of this status never has content (RFC 9110 sections 6.4.1 and 15.3.6)."""


class Response:
    """A whole response. `content` is text (sent as UTF-8), bytes or None.

    A header of `headers` replaces the default of that name; names and values are checked (ValueError),
    so that no CR or LF gets out. A status without content (1xx, 204, 205, 304) drops it.
    """

    __slots__ = ("background", "body", "raw_headers", "status_code")

    media_type: ClassVar[str | None] = None
    """The Content-Type unless one is given; text types get `charset=utf-8`."""

    raw_headers: list[Field]
    """The header fields as they are sent; `headers` is a view that changes them."""

    def __init__(
        self,
        content: Any = None,
        status_code: int = 200,
        headers: HeadersInit | None = None,
        media_type: str | None = None,
        background: Background | None = None,
    ) -> None:
        self.background: Background | None = background
        self._start(status_code, headers, media_type)
        if has_no_content(self.status_code):
            self.body: bytes = b""
        else:
            self.body = self.render(content)
            self._default(LENGTH[len(self.body)])

    def render(self, content: Any) -> bytes:
        """The body's bytes; subclasses override it."""
        return b"" if content is None else as_bytes(content)

    @property
    def headers(self) -> MutableHeaders:
        """The header fields, to be read and changed until the response is sent."""
        return MutableHeaders(raw=self.raw_headers)

    def set_cookie(self, key: str, value: str = "", **attributes: Unpack[CookieAttributes]) -> None:
        """Add a Set-Cookie field (RFC 6265bis); ValueError for what browsers would not accept."""
        cookie = format_set_cookie(key, value, **attributes)
        self.raw_headers.append((b"set-cookie", cookie.encode("latin-1")))

    def delete_cookie(self, key: str, **attributes: Unpack[CookieAttributes]) -> None:
        """Make the browser drop a cookie; path, domain and prefix must be those it was set with."""
        attributes["max_age"] = attributes["expires"] = 0
        self.set_cookie(key, **attributes)

    def server_timing(
        self, name: str, seconds: float | None = None, description: str | None = None
    ) -> None:
        """Add a metric that browsers show beside the request: a Server-Timing field (W3C Server Timing).

        Scripts of the same origin can read it. ValueError for what the field cannot carry.
        """
        metric = format_server_timing(name, seconds, description)
        self.raw_headers.append((b"server-timing", metric.encode("latin-1")))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the response, then run `background`."""
        if scope["type"] == "websocket":
            send = denial(scope, send)
        start, content = self._messages(scope)
        try:
            await send(start)
            await send(content)
        except OSError:
            pass  # HTTP spec 2.4: nobody is left to be answered; the work after it is still to be done
        if self.background is not None:
            await self.background()

    def _messages(self, scope: Scope) -> tuple[Message, Message]:
        status, fields, body = self.status_code, self.raw_headers, self.body
        # Whoever changed the status or the body need not think of the length (RFC 9110 section 8.6).
        if has_no_content(status):
            fields, body = without_length(fields), b""
        elif scope.get("method") == "HEAD":
            body = b""
        elif LENGTH[len(body)] not in fields:
            fields = [*without_length(fields), LENGTH[len(body)]]
        return (
            # A list of its own, as a middleware may add to it, and a response may be sent again.
            {"type": "http.response.start", "status": status, "headers": [*fields]},
            {"type": "http.response.body", "body": body},
        )

    def _start(self, status_code: int, headers: HeadersInit | None, media_type: str | None) -> None:
        if not (isinstance(status_code, int) and 100 <= status_code <= 599):  # type: ignore[redundant-expr]
            raise ValueError(f"a response has a status from 100 to 599, not {status_code!r}")
        self.status_code: int = int(status_code)
        self.raw_headers = [] if headers is None else encode_headers(headers)
        if media_type is None:
            media_type = self.media_type
        if media_type is not None and not has_no_content(status_code):
            self._default(content_type(media_type))

    def _default(self, field: Field) -> None:
        if not any(name == field[0] for name, _ in self.raw_headers):
            self.raw_headers.append(field)


def content_type(media_type: str) -> Field:
    """The Content-Type field of a media type; text is sent as UTF-8 unless it says something else."""
    if media_type.startswith("text/") and "charset=" not in media_type.lower():
        media_type += "; charset=utf-8"
    return b"content-type", check_field_value(media_type)


def without_length(fields: list[Field]) -> list[Field]:
    """The fields without a Content-Length, in a new list."""
    return [field for field in fields if field[0] != b"content-length"]


def whole_response(status_code: int, raw_headers: list[Field], body: bytes) -> Response:
    """A Response of parts that are known to be right, without checking them again."""
    response = Response.__new__(Response)
    response.status_code = status_code
    response.raw_headers = raw_headers
    response.body = body
    response.background = None
    return response


class SteppedResponse(Response):
    """A response that is not whole before it is sent: subclasses send it, step by step."""

    __slots__ = ()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the response, then run `background`."""
        if scope["type"] == "websocket":
            send = denial(scope, send)
        try:
            await self._send(scope, receive, send)
        except ClientDisconnect:
            pass  # as above
        if self.background is not None:
            await self.background()

    async def _send(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send what there is at once."""
        for message in self._messages(scope):
            await send_message(send, message)


class PlainTextResponse(Response):
    """Text."""

    __slots__ = ()

    media_type: ClassVar[str | None] = "text/plain"


class HTMLResponse(Response):
    """A page."""

    __slots__ = ()

    media_type: ClassVar[str | None] = "text/html"


class JSONResponse(Response):
    """Data as JSON, by the standard library's codec unless another is given, whatever the app's is."""

    __slots__ = ("codec",)

    media_type: ClassVar[str | None] = "application/json"

    def __init__(
        self,
        content: Any,
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
        """The content, encoded."""
        try:
            return self.codec.encode(content)
        except TypeError as error:
            if self.codec is not STANDARD_JSON:
                raise
            raise TypeError(
                f"{error}: the app's is for what handlers return, a JSONResponse takes its own, codec="
            ) from error


class RedirectResponse(Response):
    """Sends the client to another URL: 307 keeps method and body, 303 turns a form's POST into a GET.

    The URL is percent-encoded where a browser would do so (RFC 9110 section 10.2.2); a control
    character in it is a ValueError. It is not checked where it leads: never redirect to what a client
    sent without comparing it with what you expect.
    """

    __slots__ = ()

    def __init__(
        self,
        url: object,
        status_code: int = 307,
        headers: HeadersInit | None = None,
        background: Background | None = None,
    ) -> None:
        if status_code not in (201, 300, 301, 302, 303, 307, 308):
            raise ValueError(f"a redirect has a status of 3xx (or 201), not {status_code!r}")
        if url is None:
            raise TypeError("a redirect leads to a URL, not to None")
        super().__init__(None, status_code, headers, None, background)
        self.raw_headers.append((b"location", redirect_location(str(url)).encode("ascii")))


async def send_message(send: Send, message: Message) -> None:
    """Send; ClientDisconnect where the server says by OSError that nobody listens (HTTP spec 2.4)."""
    try:
        await send(message)
    except OSError as error:
        raise ClientDisconnect("the client went away before the end of the response") from error


def denial(scope: Scope, send: Send) -> Send:
    """Sends an HTTP response to a WebSocket handshake, or refuses it bare where the server cannot.

    The extension is `websocket.http.response`; without it a close before accept is a 403.
    """
    if "websocket.http.response" in (scope.get("extensions") or {}):
        return lambda message: send({**message, "type": f"websocket.{message['type']}"})
    return lambda message: _close_instead(message, send)


async def _close_instead(message: Message, send: Send) -> None:
    if message["type"] == "http.response.start":
        await send({"type": "websocket.close", "code": 1000})


def as_bytes(content: "str | bytes | bytearray | memoryview[int]") -> bytes:
    """What a body is sent as; TypeError for what is neither text nor bytes."""
    if isinstance(content, str):
        return content.encode()
    if isinstance(content, bytes | bytearray | memoryview):
        return bytes(content)
    raise TypeError(
        f"a response sends str or bytes, not {type(content).__name__}; "
        "use JSONResponse for data, StreamingResponse for an iterable of str or bytes"
    )
