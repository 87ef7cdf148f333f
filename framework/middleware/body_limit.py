"""A bound on the size of request bodies, for apps that have none of their own."""

from framework.limits import body_too_large, check_integer
from framework.middleware._answers import refuse
from framework.middleware._passage import Passage
from framework.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["BodyLimitMiddleware"]

BODILESS = ("GET", "HEAD")
FRAMING = (b"content-length", b"transfer-encoding")
"""Without both, a request of HTTP/1 has no body (RFC 9112 section 6.3)."""


class BodyLimitMiddleware:
    """Refuses with 413 a body of more than `max_body_size` bytes.

    One that says so itself (Content-Length) is refused before the app is called. All others are
    counted as they arrive, whatever they say: `receive` raises LimitExceeded, and an app that can do
    nothing with it is answered for. Nothing is held back, and what nobody reads is not counted.
    """

    __slots__ = ("_app", "_max_body_size")

    def __init__(self, app: ASGIApp, *, max_body_size: int) -> None:
        check_integer("BodyLimitMiddleware", "max_body_size", max_body_size, least=0)
        self._app = app
        self._max_body_size = max_body_size

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection; only HTTP requests that may have a body are touched."""
        may_have_body = scope["type"] == "http" and (
            scope["method"] not in BODILESS or not scope.get("http_version", "1.1").startswith("1")
        )
        length = b""
        for name, value in scope["headers"] if scope["type"] == "http" else ():
            if name.lower() in FRAMING:
                may_have_body = True
                length = value if name.lower() == FRAMING[0] else length
        if not may_have_body:
            await self._app(scope, receive, send)
            return
        limit = self._max_body_size
        # Of a number that long, the first digits are too much already.
        if length.isdigit() and int(length[:20]) > limit:
            await refuse(body_too_large(limit), scope, receive, send)
            return
        await Passage(_Counting(limit).next, scope, receive, send).run(self._app)


class _Counting:
    # The body of one request on its way through.
    __slots__ = ("_limit", "_size")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._size = 0

    async def next(self, receive: Receive) -> Message:
        """The next message, counted."""
        message = await receive()
        if message["type"] == "http.request":
            self._size += len(message.get("body", b""))
            if self._size > self._limit:
                raise body_too_large(self._limit)
        return message
