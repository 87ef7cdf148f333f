"""One request, as a server would hand it to the app, and what the app sends in answer.

ASGI HTTP specification 2.5, and its extensions as far as a client in the same process can see them.
"""

import os
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing, suppress
from typing import Any

import anyio

from framework._extensions import DEBUG, EARLY_HINT, PUSH
from framework._trailers import TRAILERS
from framework._workers import in_thread
from framework.files import PATHSEND, ZEROCOPYSEND
from framework.testing._call import (
    GRACE,
    Call,
    check_fields,
    missing,
    violation,
    with_cause,
    within,
)
from framework.testing._crew import Crew
from framework.testing._httpx import httpx
from framework.types import ASGIApp, Message, Scope

START = "http.response.start"
BODY = "http.response.body"
PIECE = 64 * 1024
WITHOUT_CONTENT = frozenset({204, 304})  # RFC 9110 section 6.4.1


class HTTPCall(Call[bytes]):
    """The app may send one message ahead of its client, and gets the body one message ahead of it."""

    __slots__ = (
        "_announced",
        "_body",
        "_fault",
        "_is_whole",
        "_pumping",
        "_sent",
        "_trailers_follow",
        "extensions",
    )

    def __init__(
        self,
        app: ASGIApp,
        scope: Scope,
        body: bytes | AsyncGenerator[bytes],
        *,
        strict: bool,
        timeout: float | None,
    ) -> None:
        farewell: Message = {"type": "http.disconnect"}
        super().__init__(app, scope, farewell, strict=strict, timeout=timeout, ahead=1, behind=1)
        self._body = body
        self._fault: Exception | None = None  # of who makes the body
        self._pumping = anyio.CancelScope()
        self._announced: int | None = None  # the Content-Length
        self._sent = 0
        self._is_whole = False  # the content, which trailers may follow
        self._trailers_follow = False
        self.extensions: dict[str, Any] = {"http_version": b"HTTP/1.1"}

    def begin(self, crew: Crew) -> None:
        """Start the app, and beside it what feeds it a body in pieces."""
        if isinstance(self._body, bytes):
            self._feed.send_nowait(request_message(self._body, more=False))
        else:
            crew.start_soon(self._pump, self._body)
        super().begin(crew)

    async def start(self) -> None:
        """Wait for the head of the response."""
        await within(self.timeout, self.ready.wait, self._late)
        if self.status is None:
            self._blame()

    async def piece(self) -> bytes:
        """The next piece of the content; nothing when the app has returned."""
        with suppress(anyio.EndOfStream):
            return await within(self.timeout, self.next, self._late)
        self._blame()
        return b""

    def failure(self) -> BaseException | None:
        """What fails the test; first what has broken in the test itself."""
        return self._fault or super().failure()

    def _blame(self) -> None:
        failure = self.failure()
        if failure is None and not self.is_complete:
            # What a client sees if a server closes the connection upon an exception.
            broken = httpx.RemoteProtocolError("the app failed before its response was complete")
            failure = with_cause(broken, self._error)
        if failure is not None:
            raise failure

    def _late(self, time: str) -> Exception:
        self._patience = GRACE
        if self.is_complete:
            return httpx.ReadTimeout(f"the app has answered, but did not return {time}")
        return httpx.ReadTimeout(f"the app sent nothing {time}")

    def _close(self) -> None:
        if isinstance(self._body, bytes):
            super()._close()
        else:
            self._pumping.cancel()

    async def _pump(self, body: AsyncGenerator[bytes]) -> None:
        with self._feed, self._pumping:
            try:
                async with aclosing(body) as chunks:
                    async for chunk in chunks:
                        await self._feed.send(request_message(chunk, more=True))
                await self._feed.send(request_message(b"", more=False))
            except Exception as error:
                self._fault = error
                self._part()
                self._feed.close()
                with anyio.move_on_after(GRACE, shield=True):
                    await self.ended.wait()
                self._scope.cancel()

    # What the app says

    async def _take(self, message: Message) -> None:
        kind = message.get("type", "")
        take = TAKEN.get(kind)
        if take is None:
            raise violation(message, "no server takes this over HTTP")
        if kind not in (START, BODY) and kind not in self.scope["extensions"]:
            raise violation(message, f"the server does not offer {kind}")
        if self.is_complete:
            raise violation(message, "the response is complete")
        await take(self, message)

    async def _start(self, message: Message) -> None:
        if self.status is not None:
            raise violation(message, "the response has begun")
        status = message.get("status")
        if not isinstance(status, int):
            raise violation(message, "`status` has to be an int")
        self.headers = check_fields(message)
        self._trailers_follow = message.get("trailers", False)
        if self._trailers_follow and TRAILERS not in self.scope["extensions"]:
            raise violation(message, "the server does not offer trailers")
        length = dict(self.headers).get(b"content-length")
        if length is not None and not length.isdigit():
            raise violation(message, f"Content-Length is {length!r}")
        if length is not None and self.scope["method"] != "HEAD" and status not in WITHOUT_CONTENT:
            self._announced = int(length)
        self.status = status
        self.ready.set()

    async def _content(self, message: Message) -> None:
        self._check_place(message)
        body = message.get("body", b"")
        if not isinstance(body, bytes):
            raise violation(message, "`body` has to be bytes")
        await self._transmit(body, message)
        if not message.get("more_body", False):
            self._finish(message)

    async def _pathsend(self, message: Message) -> None:
        self._check_place(message)
        async with await anyio.open_file(message["path"], "rb") as file:
            while piece := await file.read(PIECE):
                await self._transmit(piece, message)
        self._finish(message)

    async def _zerocopysend(self, message: Message) -> None:
        self._check_place(message)
        descriptor: int = message["file"].fileno()
        offset: int = message.get("offset", 0)
        count = message.get("count", os.fstat(descriptor).st_size - offset)
        while count > 0:
            piece = await in_thread(os.pread, descriptor, min(count, PIECE), offset)
            if not piece:
                raise violation(message, "the file ends before that")
            await self._transmit(piece, message)
            offset, count = offset + len(piece), count - len(piece)
        if not message.get("more_body", False):
            self._finish(message)

    async def _debug(self, message: Message) -> None:
        self._check_first(message)
        self.extensions.setdefault(DEBUG, {}).update(message["info"])

    async def _early_hint(self, message: Message) -> None:
        self._check_first(message)
        self.extensions.setdefault(EARLY_HINT, []).extend(message["links"])

    async def _push(self, message: Message) -> None:
        promise = (message["path"], check_fields(message))
        self.extensions.setdefault(PUSH, []).append(promise)

    async def _trailers(self, message: Message) -> None:
        if not (self._trailers_follow and self._is_whole):
            raise violation(message, "trailers are announced by the start, and follow the content")
        self.extensions.setdefault(TRAILERS, []).extend(check_fields(message))
        if not message.get("more_trailers", False):
            self._complete()

    def _check_first(self, message: Message) -> None:
        if self.status is not None:
            raise violation(message, "this has to come before the start of the response")

    def _check_place(self, message: Message) -> None:
        if self.status is None or self._is_whole:
            raise violation(message, "content follows the start of a response, and ends once")

    async def _transmit(self, piece: bytes, message: Message) -> None:
        self._sent += len(piece)
        if self._announced is not None and self._sent > self._announced:
            raise violation(message, f"Content-Length is {self._announced}, and this is more")
        if piece and self.status in WITHOUT_CONTENT:
            raise violation(message, f"a response of status {self.status} has no content")
        if piece and self.scope["method"] != "HEAD":
            await self._put(piece)

    def _finish(self, message: Message) -> None:
        if self._announced not in (None, self._sent):
            reason = f"Content-Length is {self._announced}, and {self._sent} bytes were sent"
            raise violation(message, reason)
        self._is_whole = True
        if not self._trailers_follow:
            self._complete()

    def _check_end(self) -> None:
        if not (self.is_complete or self.is_left):
            said = "an answer" if self.status is None else "the last message of its response"
            self._violation = self._violation or missing(said)

    def _answer_error(self) -> None:
        if self.status is None:
            self.status, self.headers = 500, [(b"content-type", b"text/plain; charset=utf-8")]
            self._outbox.send_nowait(b"Internal Server Error")
            self._complete()


TAKEN: dict[str, Callable[[HTTPCall, Message], Awaitable[None]]] = {
    START: HTTPCall._start,
    BODY: HTTPCall._content,
    DEBUG: HTTPCall._debug,
    EARLY_HINT: HTTPCall._early_hint,
    PATHSEND: HTTPCall._pathsend,
    PUSH: HTTPCall._push,
    TRAILERS: HTTPCall._trailers,
    ZEROCOPYSEND: HTTPCall._zerocopysend,
}


def request_message(body: bytes, *, more: bool) -> Message:
    """A piece of a request's body; TypeError for what is none."""
    if not isinstance(body, bytes):
        raise TypeError(f"the content of a request is of bytes, not {body!r:.100}")
    return {"type": "http.request", "body": body, "more_body": more}
