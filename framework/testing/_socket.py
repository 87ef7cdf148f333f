"""One WebSocket, as a server would hand it to the app, and what the app sends over it.

ASGI WebSocket specification 2.5, with the extension `websocket.http.response`.
"""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import anyio

from framework.exceptions import WebSocketDisconnect
from framework.testing._call import Call, check_fields, missing, violation, within
from framework.types import ASGIApp, Message, Scope

DENIAL = "websocket.http.response"
SOCKET = "framework.socket"
"""The extension of the response to a handshake that holds the SocketCall."""
MOST_AHEAD = 256
"""Messages that may be on their way, in each direction."""


class SocketCall(Call[Message]):
    """A socket is new until the handshake is answered; then it is open, or denied, and at last closed."""

    __slots__ = ("_body", "_over", "_state", "extensions", "refusal", "subprotocol")

    def __init__(self, app: ASGIApp, scope: Scope, *, strict: bool, timeout: float | None) -> None:
        super().__init__(
            app,
            scope,
            {"type": "websocket.disconnect", "code": 1006, "reason": ""},
            strict=strict,
            timeout=timeout,
            ahead=MOST_AHEAD,
            behind=MOST_AHEAD,
        )
        self._feed.send_nowait({"type": "websocket.connect"})
        self._body = b""
        self._state = "new"
        self._over: WebSocketDisconnect | None = None  # what the client knows of its end
        self.refusal = WebSocketDisconnect(1006, "")
        """What the app has said to close a socket that it has not accepted."""
        self.subprotocol: str | None = None
        self.extensions: dict[str, Any] = {"http_version": b"HTTP/1.1", SOCKET: self}

    # The handshake

    async def start(self) -> None:
        """Wait for the answer to the handshake; if that is no, also for the app to come to its end."""
        await within(self.timeout, self.ready.wait, self._late)
        if self.status != 101 and (failure := await self.leave()):
            raise failure

    async def piece(self) -> bytes:
        """What there is of the content of a denial."""
        content, self._body = self._body, b""
        return content

    # The open socket

    async def say(self, message: Message) -> None:
        """Send a message to the app, which may have a few to read before it."""
        if self._over is not None:
            raise self._over
        try:
            await within(self.timeout, lambda: self._feed.send(message), self._unread)
        except (anyio.BrokenResourceError, anyio.ClosedResourceError):
            pass  # the app has closed the socket: the next receive tells

    async def hear(self) -> Message:
        """The next message of the app; what it has raised, if it has ended without closing the socket."""
        if self._over is not None:
            raise self._over
        message: Message | None = None
        with suppress(anyio.EndOfStream):
            message = await within(self.timeout, self.next, self._late)
        if message is None:
            if failure := self.failure():
                raise failure
            message = {"type": "websocket.close", "code": 1006, "reason": "the app returned"}
        if message["type"] == "websocket.close":
            self._over = disconnect(message)
        return message

    async def data(self) -> str | bytes:
        """The data of the next message; WebSocketDisconnect if the app has closed the socket."""
        message = await self.hear()
        if self._over is not None:
            raise self._over
        text: str | None = message.get("text")
        data: bytes = message.get("bytes", b"")
        return data if text is None else text

    def close(self, code: int, reason: str) -> None:
        """Close the socket, as its client."""
        if self._over is None and not self.is_left:
            self._over = WebSocketDisconnect(code, reason)
            self._farewell.update(code=code, reason=reason)
            self._part()

    async def leave(self) -> BaseException | None:
        """Close the socket, if it is open, and see to it that the app comes to its end."""
        self.close(1000, "")
        return await super().leave()

    def _late(self, time: str) -> Exception:
        return TimeoutError(f"the app sent nothing {time}")

    def _unread(self, time: str) -> Exception:
        return TimeoutError(f"the app has {MOST_AHEAD} messages to read, and read none {time}")

    # What the app says

    async def _take(self, message: Message) -> None:
        kind = message.get("type", "")
        take = TAKEN.get((self._state, kind))
        if take is None:
            raise violation(message, f"no server takes this from a socket that is {self._state}")
        await take(self, message)

    async def _accept(self, message: Message) -> None:
        self.subprotocol = message.get("subprotocol")
        if self.subprotocol not in (None, *self.scope["subprotocols"]):
            raise violation(message, f"the client offers {self.scope['subprotocols']}")
        self.headers = check_fields(message)
        self.status, self._state = 101, "open"
        self.ready.set()

    async def _send(self, message: Message) -> None:
        text, data = message.get("text"), message.get("bytes")
        if (text is None) == (data is None):
            raise violation(message, "a message has either `text` or `bytes`")
        if not isinstance(text, str | None) or not isinstance(data, bytes | None):
            raise violation(message, "`text` has to be a str, and `bytes` to be bytes")
        await self._put(message)

    async def _end(self, message: Message) -> None:
        over = disconnect(message)
        self._farewell.update(code=over.code, reason=over.reason)
        self._complete()
        await self._put(message)

    async def _refuse_handshake(self, message: Message) -> None:
        self.refusal = disconnect(message)
        self.status = 403  # "WebSocket Denial Response" of the specification
        self._complete()

    async def _deny(self, message: Message) -> None:
        if DENIAL not in self.scope["extensions"]:
            raise violation(message, f"the server does not offer {DENIAL}")
        self.headers = check_fields(message)
        self.status = message["status"]
        self._state = "denied"

    async def _explain(self, message: Message) -> None:
        self._body += message.get("body", b"")
        if not message.get("more_body", False):
            self._complete()

    def _complete(self) -> None:
        super()._complete()
        self._state = "closed"
        self.ready.set()

    def _check_end(self) -> None:
        if self._state in ("new", "denied"):
            self._violation = self._violation or missing("an answer to the handshake")

    def _answer_error(self) -> None:
        if self._state in ("new", "denied"):
            self.status, self._body = 500, b"Internal Server Error"


TAKEN: dict[tuple[str, str], Callable[[SocketCall, Message], Awaitable[None]]] = {
    ("new", "websocket.accept"): SocketCall._accept,
    ("new", "websocket.close"): SocketCall._refuse_handshake,
    ("new", "websocket.http.response.start"): SocketCall._deny,
    ("denied", "websocket.http.response.body"): SocketCall._explain,
    ("open", "websocket.send"): SocketCall._send,
    ("open", "websocket.close"): SocketCall._end,
}


def disconnect(message: Message) -> WebSocketDisconnect:
    """What a `websocket.close` is to the client."""
    return WebSocketDisconnect(message.get("code") or 1000, message.get("reason") or "")
