"""Requests whose bodies are compressed, decompressed on their way in (RFC 9110 section 8.4).

How a coding is undone is in `_codings`; answers are compressed elsewhere.
"""

from anyio.lowlevel import checkpoint

from framework._wire.grammar import split_list
from framework._wire.headers import Headers
from framework._wire.negotiation import ALIASES
from framework.exceptions import HTTPException, UnsupportedMediaType
from framework.limits import check_integer
from framework.middleware._answers import refuse
from framework.middleware._codings import CODINGS, CompressedBody
from framework.middleware._passage import Passage
from framework.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["DecompressionMiddleware"]


class DecompressionMiddleware:
    """Lets an app read compressed bodies as if they had been sent as they are: gzip, deflate, br, zstd.

    Other codings, and more than one, are refused with 415. `receive` raises LimitExceeded (413) for
    more than `max_size` bytes, compressed or decompressed, and for more than `max_ratio` decompressed
    bytes for each that has arrived (from 1 MiB on), MalformedRequest (400) for malformed bodies; an app
    that can do nothing with these is answered for. br and zstd need the extra `compression`.
    """

    __slots__ = ("_app", "_max_ratio", "_max_size")

    def __init__(
        self, app: ASGIApp, *, max_size: int = 16 * 1024 * 1024, max_ratio: int = 100
    ) -> None:
        for name, value in (("max_size", max_size), ("max_ratio", max_ratio)):
            check_integer("DecompressionMiddleware", name, value, least=1)
        self._app = app
        self._max_size = max_size
        self._max_ratio = max_ratio

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection; only HTTP requests with a content coding are touched."""
        for name, _ in scope["headers"] if scope["type"] == "http" else ():
            if name.lower() == b"content-encoding":
                await self._serve(scope, receive, send)
                return
        await self._app(scope, receive, send)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(raw=scope["headers"])
        names = split_list((headers.combined("content-encoding") or "").lower())
        codings = [ALIASES.get(name, name) for name in names if name != "identity"]
        if not codings:
            await self._app(scope, receive, send)
            return
        try:
            body = self._open(codings, headers.get("content-length", ""))
        except HTTPException as error:
            await refuse(error, scope, receive, send)
            return
        original = scope["headers"]
        # Not in a copy of the scope: tools outside find in it what the app writes.
        scope["headers"] = _decompressed(original)
        try:
            await Passage(_Decompressing(body).next, scope, receive, send).run(self._app)
        finally:
            scope["headers"] = original

    def _open(self, codings: list[str], length: str) -> CompressedBody:
        # Nobody sends a stack of codings (RFC 9110 section 8.4), and each would multiply a bomb.
        if len(codings) > 1 or codings[0] not in CODINGS:
            asked, offered = ", ".join(codings), ", ".join(CODINGS)
            error = UnsupportedMediaType(f"the content coding is {asked:.80}, not one of {offered}")
            error.headers = {"accept-encoding": offered}  # RFC 9110 section 15.5.16
            raise error
        body = CompressedBody(codings[0], max_size=self._max_size, max_ratio=self._max_ratio)
        if length.isdecimal():
            body.check_size(int(length[:20]))
        return body


class _Decompressing:
    # The body of one request on its way through.
    __slots__ = ("_body",)

    def __init__(self, body: CompressedBody) -> None:
        self._body = body

    async def next(self, receive: Receive) -> Message:
        """The next chunk, decompressed now."""
        body, chunk = self._body, b""
        if body.is_over:
            return await receive()
        while not (chunk or body.is_over):
            if body.needs_input:
                message = await receive()
                if message["type"] != "http.request":
                    return message
                body.feed(message.get("body", b""), more=message.get("more_body", False))
            else:
                await checkpoint()  # a message may hold work for many chunks
            chunk = body.read()
        return {"type": "http.request", "body": chunk, "more_body": not body.is_over}


def _decompressed(fields: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    headers = Headers(raw=fields).mutablecopy()
    del headers["content-encoding"], headers["content-length"]
    headers["transfer-encoding"] = "chunked"  # as HTTP/1.1 announces a body of unknown length
    return headers.raw
