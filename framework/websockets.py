"""What a WebSocket handler holds: the scope's values, and both directions of the socket.

Messages that the state of the socket does not allow are refused here, before a server sees them.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from enum import Enum
from typing import Any, NoReturn, TypeVar

from framework._wire.headers import encode_headers
from framework.connections import DEFAULT_SETTINGS, HTTPConnection, Settings
from framework.exceptions import WebSocketDisconnect, WebSocketStateError
from framework.responses import Response
from framework.types import Message, Receive, Scope, Send

__all__ = ["ReadyState", "WebSocket"]

T = TypeVar("T")


class ReadyState(Enum):
    """How far a socket has come (the names are those of the browsers' WebSocket interface)."""

    CONNECTING = "connecting"
    OPEN = "open"
    CLOSED = "closed"


class WebSocket(HTTPConnection):
    """A WebSocket. Open it by `accept()`, or refuse it by `close()`, a denial or an HTTPException.

    Receiving, and on servers that tell also sending, raises WebSocketDisconnect once the peer has
    closed the socket or vanished. What the state does not allow is a WebSocketStateError.
    """

    __slots__ = ("_connected", "_disconnect", "_receive", "_send", "ready_state")

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
        self.ready_state: ReadyState = ReadyState.CONNECTING

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

    async def receive_text(self) -> str:
        """The next message, which must be text: another closes the socket with 1003."""
        message = await self._receive_data()
        if isinstance(message, str):
            return message
        return await self._reject(1003, "expected a text message")

    async def receive_bytes(self) -> bytes:
        """The next message, which must be binary: another closes the socket with 1003."""
        message = await self._receive_data()
        if isinstance(message, bytes):
            return message
        return await self._reject(1003, "expected a binary message")

    async def receive_json(self) -> Any:
        """The next message, text or binary, decoded as JSON: any other closes the socket with 1007."""
        message = await self._receive_data()
        try:
            data = message.encode() if isinstance(message, str) else message
            return self._settings.json.decode(data)
        except ValueError:
            return await self._reject(1007, "expected JSON")

    def iter_text(self) -> AsyncIterator[str]:
        """Every text message until the peer closes, or sends another kind, which closes with 1003."""
        return _Messages(self.receive_text)

    def iter_bytes(self) -> AsyncIterator[bytes]:
        """Every binary message until the peer closes, or sends another kind, which closes with 1003."""
        return _Messages(self.receive_bytes)

    def iter_json(self) -> AsyncIterator[Any]:
        """Every message, decoded as JSON, until the peer closes."""
        return _Messages(self.receive_json)

    async def send_text(self, data: str) -> None:
        """Send a text message."""
        self._expect_open("send_text()")
        if not isinstance(data, str):
            raise TypeError(f"send_text() takes str, not {type(data).__name__}")
        data.encode()  # a lone surrogate is no text: UnicodeEncodeError, a ValueError
        await self._transmit({"type": "websocket.send", "text": data})

    async def send_bytes(self, data: bytes) -> None:
        """Send a binary message."""
        self._expect_open("send_bytes()")
        if not isinstance(data, bytes | bytearray | memoryview):
            raise TypeError(f"send_bytes() takes bytes, not {type(data).__name__}")
        await self._transmit({"type": "websocket.send", "bytes": bytes(data)})

    async def send_json(self, data: Any) -> None:
        """Send data, encoded as JSON, in a text message."""
        await self.send_text(self._settings.json.encode(data).decode())

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Close the socket, or refuse it before `accept()` (the client sees 403); twice is harmless.

        Codes are 1000 to 1014 but for 1004 to 1006, and 3000 to 4999 (RFC 6455 section 7.4); a
        reason has at most 123 bytes.
        """
        if code in (1004, 1005, 1006) or not (1000 <= code <= 1014 or 3000 <= code <= 4999):
            raise ValueError(f"{code!r} is no close code; use 1000 to 1014 or 3000 to 4999")
        if len(reason.encode()) > 123:
            raise ValueError(f"a close reason has at most 123 bytes, not {len(reason.encode())}")
        if self.ready_state is ReadyState.CLOSED:
            return
        if self.ready_state is ReadyState.CONNECTING:
            await self._handshake("close()")
        self.ready_state = ReadyState.CLOSED
        await self._transmit({"type": "websocket.close", "code": code, "reason": reason})

    async def send_denial_response(self, response: Response) -> None:
        """Refuse the socket with an HTTP response; with a bare 403 where the server offers no more."""
        await self._handshake("send_denial_response()")
        self.ready_state = ReadyState.CLOSED
        await response(self.scope, self._receive, self._send)

    async def _handshake(self, action: str) -> None:
        if self._disconnect is not None:
            raise self._disconnect
        if self.ready_state is not ReadyState.CONNECTING:
            raise WebSocketStateError(
                f"{action} answers the handshake, and it was answered: "
                f"the socket is {self.ready_state.value}"
            )
        if not self._connected:
            self._note(await self._receive())
            self._connected = True

    def _expect_open(self, action: str) -> None:
        if self._disconnect is not None:
            raise self._disconnect
        if self.ready_state is not ReadyState.OPEN:
            advice = "call accept() first" if self.ready_state is ReadyState.CONNECTING else "stop"
            raise WebSocketStateError(
                f"{action} on a socket that is {self.ready_state.value}; {advice}"
            )

    async def _receive_data(self) -> str | bytes:
        self._expect_open("receiving")
        message = await self._receive()
        self._note(message)
        text: str | None = message.get("text")
        return message["bytes"] if text is None else text

    def _note(self, message: Message) -> None:
        if message["type"] == "websocket.disconnect":
            self.ready_state = ReadyState.CLOSED
            code, reason = message.get("code", 1005), message.get("reason") or ""
            self._disconnect = WebSocketDisconnect(code, reason)
            raise self._disconnect

    async def _reject(self, code: int, reason: str) -> NoReturn:
        await self.close(code, reason)
        raise WebSocketDisconnect(code, reason)

    async def _transmit(self, message: Message) -> None:
        try:
            await self._send(message)
        except OSError as error:  # WebSocket spec 2.4: nobody listens
            self.ready_state = ReadyState.CLOSED
            self._disconnect = WebSocketDisconnect(1006, "the peer vanished")
            raise self._disconnect from error


class _Messages(AsyncIterator[T]):
    # No generator: a loop that is left early would leave one to be finalised by the event loop.
    __slots__ = ("_receive",)

    def __init__(self, receive: Callable[[], Awaitable[T]]) -> None:
        self._receive = receive

    async def __anext__(self) -> T:
        try:
            return await self._receive()
        except WebSocketDisconnect:
            raise StopAsyncIteration from None
