"""Answers compressed on their way out, in the coding that the client likes best (RFC 9110 section 8.4).

How a coding is done is in `_encoders`; bodies of requests are decompressed elsewhere. Nothing is held
back but the start of a response until its first chunk is there, which says whether more will follow.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from framework._extensions import offers
from framework._wire.grammar import split_list
from framework._wire.headers import Headers, add_vary
from framework._wire.negotiation import best_encoding
from framework._workers import in_thread
from framework.exceptions import ConfigError
from framework.limits import check_integer
from framework.middleware._encoders import ALL_ENCODINGS, ENCODINGS, Step
from framework.responses import LENGTH, Field, has_no_content
from framework.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["CompressionMiddleware"]

START, BODY = "http.response.start", "http.response.body"
PATHSEND, ZEROCOPYSEND = "http.response.pathsend", "http.response.zerocopysend"

THREAD_SIZE = 64 * 1024
"""Bytes from which on a thread compresses: they take up to a millisecond, the way there 30 µs."""

USUAL = ("", "gzip, deflate, br, zstd", "gzip, deflate, br", "gzip, deflate", "gzip", "identity")
"""What Chrome and Firefox, Safari, and other clients send as Accept-Encoding: decided in advance."""

DIGESTS = frozenset({"content-digest", "repr-digest", "digest", "content-md5"})
"""Of the bytes that travel, or of the encoded representation (RFC 9530 section 2)."""

AS_IT_IS = frozenset({b"content-encoding", *(name.encode() for name in DIGESTS)})
"""Fields of a response whose content must not change."""

OF_IDENTITY = frozenset({b"content-length", b"accept-ranges"})
"""Fields that do not hold for what was compressed: nobody can compress a range of it again."""

COMPRESSED_KINDS = ("audio/", "image/", "video/", "application/grpc")
COMPRESSED_DOCUMENTS = (
    "application/vnd.oasis.opendocument.",
    "application/vnd.openxmlformats-officedocument.",
)
COMPRESSED_TYPES = frozenset(
    {"application/epub+zip", "application/gzip", "application/java-archive", "application/ogg"}
    | {"application/pdf", "application/vnd.rar", "application/x-7z-compressed"}
    | {"application/x-bzip2", "application/x-gzip", "application/x-rar-compressed"}
    | {"application/x-xz", "application/x-zip-compressed", "application/zip", "application/zstd"}
    | {"application/mp4", "font/woff", "font/woff2", "application/font-woff"}
)
NOT_COMPRESSED_TYPES = frozenset(
    {"audio/midi", "audio/wav", "image/bmp", "image/svg+xml", "image/vnd.microsoft.icon"}
    | {"image/x-icon"}
)
EVENTS = "text/event-stream"  # small, each, and to arrive at once through any proxy


class CompressionMiddleware:
    """Compresses responses of `minimum_size` bytes or more, and those whose size nobody knows.

    `codings` are those that are offered, by preference, each with its level: by default
    `{"zstd": 3, "br": 4, "gzip": 4}`, without those that are not installed (they need the extra
    `compression`). Left as they are: what is encoded, partial, `no-transform`, has a digest, is of a
    type that is compressed already, or an event stream; and files that the server sends by itself.
    A strong ETag becomes weak, and `Vary` has Accept-Encoding.
    """

    __slots__ = ("_app", "_codings", "_minimum_size", "_usual")

    def __init__(
        self,
        app: ASGIApp,
        *,
        minimum_size: int = 500,
        codings: Mapping[str, int] | None = None,
    ) -> None:
        check_integer("CompressionMiddleware", "minimum_size", minimum_size, least=0)
        if codings is None:
            codings = {name: encoding.default for name, encoding in ENCODINGS.items()}
        if not isinstance(codings, Mapping):
            raise ConfigError(
                f"CompressionMiddleware(codings={codings!r}): give the level of each, such as "
                '{"br": 4, "gzip": 4}'
            )
        self._app = app
        self._minimum_size = max(minimum_size, 1)
        self._codings = {name: _checked_coding(name, level) for name, level in codings.items()}
        self._usual = {text.encode(): self._judge(text) for text in USUAL}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection; only HTTP responses are touched."""
        if scope["type"] == "http":
            send = _Outgoing(self._choose(scope), scope, send).send
        await self._app(scope, receive, send)

    def _choose(self, scope: Scope) -> "_Choice":
        """What the client of a request is to get."""
        values = [value for name, value in scope["headers"] if name == b"accept-encoding"]
        accepted = b", ".join(values)
        choice = self._usual.get(accepted)
        return self._judge(accepted.decode("latin-1")) if choice is None else choice

    def _judge(self, accepted: str) -> "_Choice":
        # To a client that accepts nothing at all, nothing better can be said than what the app has:
        # the request was served by now, and a 406 would say that it was not.
        name = best_encoding(accepted, [*self._codings])
        # RFC 9110 section 12.5.3: without a coding, "unless the identity coding is indicated as
        # unacceptable". Then even the smallest body has to be encoded.
        is_identity_named = "*" in accepted or "identity" in accepted.lower()
        refuses_identity = is_identity_named and best_encoding(accepted, ()) is None
        minimum_size = 1 if refuses_identity else self._minimum_size
        return _Choice(self._codings.get(name or ""), minimum_size, refuses_identity)


class _Coding(NamedTuple):
    # One that is offered, at its level.
    name: bytes
    whole: Callable[[bytes, int], bytes]
    stream: Callable[[int], Step]
    level: int


class _Choice(NamedTuple):
    # What a client gets.
    coding: _Coding | None
    minimum_size: int
    refuses_identity: bool


class _Outgoing:
    # The response to one request on its way out.
    __slots__ = ("_choice", "_scope", "_send", "_start", "_step")

    def __init__(self, choice: _Choice, scope: Scope, send: Send) -> None:
        self._choice = choice
        self._scope = scope
        self._send = send
        self._start: Message | None = None  # held until the first chunk is there
        self._step: Step | None = None  # while the body is compressed

    def send(self, message: Message) -> Awaitable[None]:
        """Send, compressed if it is to be."""
        kind = message["type"]
        if kind == START:
            # The specification has an iterable, which can be read once.
            return self._send_start({**message, "headers": [*message.get("headers", ())]})
        if self._start is not None and kind in (BODY, PATHSEND, ZEROCOPYSEND):
            start, self._start = self._start, None
            return self._send_first(start, message)
        if self._step is not None and kind == BODY:
            return self._send_next(message, self._step)
        return self._send(message)

    def _send_start(self, start: Message) -> Awaitable[None]:
        status, size = start["status"], _length(start)
        if status == 304:
            start = _not_modified(start, self._scope)
        elif status != 206 and size is not None and size < self._choice.minimum_size:
            pass
        elif _is_compressible(start):
            if status == 206:
                start = _varying(start)  # as a 200 would be (RFC 9110 section 15.3.7)
            elif self._scope["method"] == "HEAD":
                start = self._answer_to_head(start)
            else:
                return self._hold(start)
        return self._send(start)

    async def _hold(self, start: Message) -> None:
        self._start = start

    async def _send_first(self, start: Message, message: Message) -> None:
        if message["type"] == BODY:
            start, message = await self._begin(start, message)
        await self._send(start)
        await self._send(message)

    async def _send_next(self, message: Message, step: Step) -> None:
        await self._send(await _encoded(message, step))

    def _answer_to_head(self, start: Message) -> Message:
        """As the answer to a GET begins (RFC 9110 section 9.3.2), unless that may turn out to be a file."""
        coding = self._choice.coding
        if coding is None or offers(self._scope, PATHSEND) or offers(self._scope, ZEROCOPYSEND):
            return _varying(start)
        return _compressed(start, coding.name, None)

    async def _begin(self, start: Message, message: Message) -> tuple[Message, Message]:
        """The start and the first chunk as they are to be sent."""
        body, more = message.get("body", b""), message.get("more_body", False)
        size = _length(start) if more else len(body)
        coding, minimum_size, refuses_identity = self._choice
        if size is not None and size < minimum_size:
            return start, message
        # Between the chunks there may be files, where the server sends them: it cannot compress them.
        if coding is None or (more and offers(self._scope, ZEROCOPYSEND)):
            return _varying(start), message
        if more:
            self._step = coding.stream(coding.level)
            message = await _encoded(message, self._step)
            return _compressed(start, coding.name, None), message
        encoded = await _run(coding.whole, body, coding.level)
        if len(encoded) >= len(body) and not refuses_identity:
            return _varying(start), message
        return _compressed(start, coding.name, len(encoded)), {**message, "body": encoded}


async def _encoded(message: Message, step: Step) -> Message:
    """The next chunk, all that has come in until now; one without bytes says nothing unless it is the last."""
    body, more = message.get("body", b""), message.get("more_body", False)
    if more and not body:
        return message
    return {**message, "body": await _run(step, body, not more)}


async def _run(encode: Callable[[bytes, Any], bytes], body: bytes, option: int) -> bytes:
    if len(body) < THREAD_SIZE:
        return encode(body, option)
    return await in_thread(encode, body, option)


def _checked_coding(name: str, level: int) -> _Coding:
    if name not in ALL_ENCODINGS:
        raise ConfigError(
            f"CompressionMiddleware(codings={{{name!r}: ...}}): the codings are {[*ALL_ENCODINGS]}"
        )
    if name not in ENCODINGS:
        raise ImportError(
            f"{name} needs another package: pip install 'asgi-framework[compression]'"
        )
    levels, _, whole, stream = ALL_ENCODINGS[name]
    if level not in levels:
        raise ConfigError(
            f"CompressionMiddleware(codings={{{name!r}: {level!r}}}): "
            f"its levels are {levels[0]} to {levels[-1]}"
        )
    return _Coding(name.encode(), whole, stream, level)


def _is_compressible(start: Message) -> bool:
    """Whether the content, or that of which it is a part, would be compressed if it is long enough."""
    status, headers = start["status"], start["headers"]
    fields = {name.lower(): value for name, value in headers}
    if has_no_content(status) or not AS_IT_IS.isdisjoint(fields):
        return False
    if status != 206 and b"content-range" in fields:
        return False
    # RFC 9111 section 5.2.2.6: whoever passes the content on must not transform it.
    if b"cache-control" in fields and "no-transform" in _list(headers, "cache-control"):
        return False
    if b"trailer" in fields and not DIGESTS.isdisjoint(_list(headers, "trailer")):
        return False
    return is_compressible_type(fields.get(b"content-type", b""))


@lru_cache(256)  # an app has few
def is_compressible_type(content_type: bytes) -> bool:
    """Whether content of this type can become smaller; what nobody knows may."""
    essence = content_type.partition(b";")[0].strip().lower().decode("latin-1")
    return essence in NOT_COMPRESSED_TYPES or not (
        essence in COMPRESSED_TYPES
        or essence == EVENTS
        or essence.startswith((*COMPRESSED_KINDS, *COMPRESSED_DOCUMENTS))
    )


def _list(headers: Iterable[Field], name: str) -> list[str]:
    return split_list((Headers(raw=headers).combined(name) or "").lower())


def _length(start: Message) -> int | None:
    """What the app says of the length of the body, if anything."""
    for name, value in start["headers"]:
        if name.lower() == b"content-length" and value.isdigit():
            return int(value[:20])
    return None


def _varying(start: Message) -> Message:
    """The start of a response that others may get in another form."""
    fields = [*start["headers"]]
    add_vary(fields, b"Accept-Encoding")
    return {**start, "headers": fields}


def _compressed(start: Message, coding: bytes, length: int | None) -> Message:
    """The start of a response for its content in that coding."""
    fields = [
        (name, _weak(value) if name.lower() == b"etag" else value)
        for name, value in start["headers"]
        if name.lower() not in OF_IDENTITY
    ]
    fields.append((b"content-encoding", coding))
    # In HTTP/1.1 trailers come after chunks, not after a known length (RFC 9112 section 7.1.2).
    if length is not None and not start.get("trailers", False):
        fields.append(LENGTH[length])
    return _varying({**start, "headers": fields})


def _weak(etag: bytes) -> bytes:
    """The same for all forms of the content, whose bytes differ (RFC 9110 section 8.8.1)."""
    return b"W/" + etag if etag.startswith(b'"') else etag


def _not_modified(start: Message, scope: Scope) -> Message:
    """A 304 with the Vary and the ETag that the client's copy has (RFC 9110 section 15.4.5).

    A cache that holds the weak one would not find its copy by the strong one (RFC 9111 section 4.3.3).
    """
    held = b", ".join(value for name, value in scope["headers"] if name == b"if-none-match")
    fields = [
        (name, _weak(value) if name.lower() == b"etag" and b"W/" + value in held else value)
        for name, value in start["headers"]
    ]
    return _varying({**start, "headers": fields})
