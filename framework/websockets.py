"""What a WebSocket handler holds: the scope's values, and both directions of the socket.

Messages that the state of the socket does not allow are refused here, before a server sees them.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable, Mapping
from contextlib import suppress
from enum import Enum
from typing import Any, Literal, NoReturn, TypeVar, overload

import anyio
import anyio.lowlevel

from framework._ahead import Ahead
from framework._concurrency import TURNS, Attendants, race
from framework._wire.headers import encode_headers
from framework._wire.json import is_nested_deeper
from framework._wire.violations import violations
from framework.connections import DEFAULT_SETTINGS, HTTPConnection, Settings
from framework.exceptions import WebSocketDisconnect, WebSocketStateError
from framework.responses import Response
from framework.shutdown import Shutdown
from framework.types import Message, Receive, Scope, Send

__all__ = ["ReadyState", "WebSocket"]

T = TypeVar("T")


class ReadyState(Enum):
    """How far a socket has come (the names are those of the browsers' WebSocket interface)."""

    CONNECTING = "connecting"
    OPEN = "open"
    CLOSED = "closed"


OPEN = ReadyState.OPEN
REASON_SIZE = 123  # bytes (RFC 6455 section 5.5)
SERVED = 101
"""The status, Switching Protocols, of the response that stands for a socket that was served."""


class WebSocket(HTTPConnection):
    """A WebSocket. Open it by `accept()`, or refuse it by `close()`, a denial or an HTTPException.

    Receiving and sending raise WebSocketDisconnect once the peer has closed the socket or vanished, or
    the server is about to stop (1012). What the state does not allow is a WebSocketStateError.
    One task may send while another receives; `race()` runs the two.
    """

    __slots__ = (
        "_ahead",
        "_connected",
        "_disconnect",
        "_group",
        "_is_receiving",
        "_limit",
        "_receive",
        "_send",
        "_sent",
        "_shutdown",
        "_surely_short",
        "ready_state",
    )

    def __init__(
        self,
        scope: Scope,
        receive: Receive,
        send: Send,
        settings: Settings = DEFAULT_SETTINGS,
    ) -> None:
        super().__init__(scope, settings)
        self._receive = receive
        self._send = send
        self._connected = False  # `websocket.connect` has come in
        self._disconnect: WebSocketDisconnect | None = None
        self._is_receiving = False
        self._sent = 0  # messages in a row, without receiving one in between
        self._ahead: Ahead | None = None
        self._group: Attendants | None = None
        self._shutdown: Shutdown | None = None
        self._limit = settings.limits.max_message_size
        self._surely_short = self._limit // 4  # characters: in UTF-8 one takes up to four bytes
        self.ready_state: ReadyState = ReadyState.CONNECTING

    @property
    def method(self) -> str:
        """The method of the handshake, so that middleware need not tell it from another request."""
        return "GET"

    @property
    def subprotocols(self) -> list[str]:
        """The subprotocols that the client offers, in its order of preference."""
        return list(self.scope.get("subprotocols") or ())

    async def accept(
        self,
        subprotocol: str | None = None,
        headers: Mapping[str, str] | Iterable[tuple[str, str]] = (),
    ) -> None:
        """Open the socket, with one of the offered subprotocols (ValueError for another) and headers."""
        if subprotocol is not None and subprotocol not in self.subprotocols:
            raise ValueError(f"the client offers {self.subprotocols}, not {subprotocol!r}")
        fields = encode_headers(headers)
        await self._handshake("accept()")
        await self._transmit(
            {"type": "websocket.accept", "subprotocol": subprotocol, "headers": fields}
        )
        self.ready_state = ReadyState.OPEN
        shutdown = self._shutdown
        if shutdown is not None and self._group is not None:
            if shutdown:
                await self._leave()
            shutdown._open.add(self._group.cancel_scope, self._leave)

    async def receive_text(self) -> str:
        """The next message, which must be text: another closes the socket with 1003."""
        text: str = await self._receive_data(str)
        return text

    async def receive_bytes(self) -> bytes:
        """The next message, which must be binary: another closes the socket with 1003."""
        data: bytes = await self._receive_data(bytes)
        return data

    @overload
    async def receive_json(self, /) -> Any: ...
    @overload
    async def receive_json(self, kind: type[T], /) -> T: ...
    async def receive_json(self, kind: type[Any] | None = None, /) -> Any:
        """The next message, text or binary, decoded as JSON, of a type as by `Request.decode()`.

        A message that is no JSON, or not of the type, closes the socket with 1007.
        """
        return await self._receive_json(kind)

    def __aiter__(self) -> AsyncIterator[str | bytes]:
        """Every message until the peer closes: str or bytes, as it was sent."""
        return _Messages(self._receive_data, (str, bytes))

    def iter_text(self) -> AsyncIterator[str]:
        """Every text message until the peer closes, or sends another kind, which closes with 1003."""
        return _Messages(self._receive_data, str)

    def iter_bytes(self) -> AsyncIterator[bytes]:
        """Every binary message until the peer closes, or sends another kind, which closes with 1003."""
        return _Messages(self._receive_data, bytes)

    def iter_json(self) -> AsyncIterator[Any]:
        """Every message, decoded as JSON, until the peer closes."""
        return _Messages(self._receive_json, None)

    async def send_text(self, data: str) -> None:
        """Send a text message."""
        if self.ready_state is not OPEN:
            raise self._why_not("send_text()")
        if not isinstance(data, str):
            raise TypeError(f"send_text() takes str, not {type(data).__name__}")
        if not data.isascii():
            data.encode()  # a lone surrogate is no text: UnicodeEncodeError, a ValueError
        self._sent += 1
        if self._sent > 1:
            await self._look_around()
        try:  # not by `_transmit`, here and below: it would be a frame for each message
            await self._send({"type": "websocket.send", "text": data})
        except OSError as error:
            raise self._vanished() from error

    async def send_bytes(self, data: bytes) -> None:
        """Send a binary message."""
        if self.ready_state is not OPEN:
            raise self._why_not("send_bytes()")
        if not isinstance(data, bytes | bytearray | memoryview):
            raise TypeError(f"send_bytes() takes bytes, not {type(data).__name__}")
        self._sent += 1
        if self._sent > 1:
            await self._look_around()
        try:
            await self._send({"type": "websocket.send", "bytes": bytes(data)})
        except OSError as error:
            raise self._vanished() from error

    async def send_json(self, data: Any, *, mode: Literal["text", "binary"] = "text") -> None:
        """Send data, encoded as JSON, in a text message or a binary one."""
        if mode not in ("text", "binary"):
            raise ValueError(f"mode={mode!r}: give 'text' or 'binary'")
        encoded = self._settings.json.encode(data)
        if mode == "binary":
            await self.send_bytes(encoded)
        else:
            await self.send_text(encoded.decode())

    async def race(self, *functions: Callable[[], Awaitable[object]]) -> None:
        """Run async functions at the same time, such as one that receives and one that sends.

        When one of them ends, the others are cancelled. What it raises is raised here, as it is.
        """
        await race(*functions)

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Close the socket, or refuse it before `accept()` (the client sees 403); twice is harmless.

        Codes are 1000 to 1014 but for 1004 to 1006, and 3000 to 4999 (RFC 6455 section 7.4); a
        reason has at most 123 bytes.
        """
        if code in (1004, 1005, 1006) or not (1000 <= code <= 1014 or 3000 <= code <= 4999):
            raise ValueError(f"{code!r} is no close code; use 1000 to 1014 or 3000 to 4999")
        if len(reason.encode()) > REASON_SIZE:
            raise ValueError(
                f"a close reason has at most {REASON_SIZE} bytes, not {len(reason.encode())}"
            )
        if self.ready_state is ReadyState.CLOSED:
            return
        if self.ready_state is ReadyState.CONNECTING:
            await self._handshake("close()")
        self.ready_state = ReadyState.CLOSED
        await self._transmit({"type": "websocket.close", "code": code, "reason": reason})

    async def send_denial_response(self, response: Response) -> None:
        """Refuse the socket with an HTTP response; with a bare 403 where the server offers no more."""
        await self._handshake("send_denial_response()")
        await response(self.scope, self._receive, self._deny)

    async def _deny(self, message: Message) -> None:
        self.ready_state = ReadyState.CLOSED  # only now: a response may fail before it has begun
        await self._send(message)

    async def _handshake(self, action: str) -> None:
        if self._disconnect is not None:
            raise self._disconnect
        if self.ready_state is not ReadyState.CONNECTING:
            raise WebSocketStateError(
                f"{action} answers the handshake, and it was answered: "
                f"the socket is {self.ready_state.value}"
            )
        if not self._connected:
            message = await self._receive()
            if message["type"] == "websocket.disconnect":
                raise self._note_disconnect(message)
            self._connected = True

    def _why_not(self, action: str) -> Exception:
        """Why something cannot be done: the peer has gone, or the state does not allow it."""
        if self._disconnect is not None:
            return self._disconnect
        advice = "call accept() first" if self.ready_state is ReadyState.CONNECTING else "stop"
        return WebSocketStateError(
            f"{action} on a socket that is {self.ready_state.value}; {advice}"
        )

    async def _receive_data(self, wanted: Any, ends: type[Exception] | None = None) -> Any:
        """The next message, which must be of a type; instead of WebSocketDisconnect it may raise another."""
        if self.ready_state is not OPEN and not self._has_unread():
            error = self._why_not("receiving")
            raise ends if ends is not None and error is self._disconnect else error
        if self._is_receiving:
            raise WebSocketStateError("another task is receiving from this socket: let one do it")
        self._is_receiving = True
        self._sent = 0
        try:
            if self._ahead is None:
                message = await self._receive()
            else:
                message = await self._ahead.take()
                if self._ahead.is_over:
                    self._ahead = None
        finally:
            self._is_receiving = False
        if message["type"] == "websocket.disconnect":
            error = self._note_disconnect(message)
            raise error if ends is None else ends
        data = message.get("text")
        if data is None:
            data = bytes(message.get("bytes") or b"")
        if len(data) > self._surely_short and _size(data) > self._limit:
            await self._reject(1009, f"a message has at most {self._limit} bytes", ends)
        if isinstance(data, wanted):
            return data
        kind = "a text" if wanted is str else "a binary"
        return await self._reject(1003, f"expected {kind} message", ends)

    def _has_unread(self) -> bool:
        """Whether a peer that has gone has said something before, which was received ahead."""
        return self._disconnect is not None and self._ahead is not None and self._ahead.has_some

    async def _receive_json(self, kind: Any, ends: type[Exception] | None = None) -> Any:
        message = await self._receive_data((str, bytes), ends)
        settings = self._settings
        try:
            data = message.encode() if isinstance(message, str) else message
            if is_nested_deeper(data, settings.limits.max_json_depth):
                reason = "nested too deep"
            else:
                return settings.json.decode(data) if kind is None else settings.decode(data, kind)
        except (ValueError, RecursionError) as error:
            listed = () if kind is None else violations(error)
            reason = "; ".join(f"{each['detail']} at {each['pointer']}" for each in listed)
        return await self._reject(1007, reason or "expected JSON", ends)

    def _note_disconnect(self, message: Message) -> WebSocketDisconnect:
        self.ready_state = ReadyState.CLOSED
        if self._disconnect is None:
            code, reason = message.get("code") or 1005, message.get("reason") or ""
            self._disconnect = WebSocketDisconnect(code, reason)
        return self._disconnect

    async def _reject(self, code: int, reason: str, ends: type[Exception] | None) -> NoReturn:
        reason = reason.encode()[:REASON_SIZE].decode(errors="ignore")
        await self.close(code, reason)
        raise WebSocketDisconnect(code, reason) if ends is None else ends

    async def _look_around(self) -> None:
        """See to it that a handler which sends, and does not receive, learns that the peer has gone."""
        if self._ahead is None and not self._is_receiving and self._group is not None:
            self._ahead = Ahead(self._receive, self._note_disconnect, self._limit)
            self._group.start_soon(self._ahead.receive)
        if self._sent % TURNS == 0:
            await anyio.lowlevel.checkpoint()
            if self.ready_state is not OPEN:
                raise self._why_not("sending")

    async def _transmit(self, message: Message) -> None:
        try:
            await self._send(message)
        except OSError as error:
            raise self._vanished() from error

    def _vanished(self) -> WebSocketDisconnect:
        """What a `send` that fails stands for (WebSocket spec 2.4)."""
        return self._note_disconnect({"code": 1006, "reason": "the peer vanished"})

    async def _leave(self) -> None:
        """Close for a server that is about to stop; whoever uses the socket then learns of it."""
        self._disconnect = WebSocketDisconnect(1012, "the server is about to stop")
        with suppress(Exception):  # the server may have done so itself
            await self.close(self._disconnect.code, self._disconnect.reason)

    async def _conclude(self, response: Response) -> None:
        """Refuse the socket by a response, or close it for one, as far as it was not done."""
        status = response.status_code
        with suppress(WebSocketDisconnect):
            if self.ready_state is ReadyState.CONNECTING and status != SERVED:
                await self.send_denial_response(response)
            else:
                await self.close(1000 if status < 400 else 1008 if status < 500 else 1011)


def _size(data: str | bytes) -> int:
    return len(data if isinstance(data, bytes) else data.encode(errors="surrogatepass"))


class _Messages(AsyncIterator[T]):
    # No generator: a loop that is left early would leave one to be finalised by the event loop.
    __slots__ = ("_receive", "_wanted")

    def __init__(self, receive: Callable[..., Coroutine[Any, Any, T]], wanted: object) -> None:
        self._receive = receive
        self._wanted = wanted

    def __anext__(self) -> Coroutine[Any, Any, T]:
        return self._receive(self._wanted, StopAsyncIteration)
