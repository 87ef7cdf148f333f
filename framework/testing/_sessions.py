"""A WebSocket as its client holds it: to be awaited, or not."""

import json
from typing import Any, Literal, TypeAlias

from framework.exceptions import WebSocketDisconnect
from framework.testing._bridge import Bridge
from framework.testing._httpx import httpx
from framework.testing._socket import SOCKET, SocketCall
from framework.types import Message, Scope

Mode: TypeAlias = Literal["text", "binary"]


class WebSocketDenialResponse(WebSocketDisconnect):
    """The app has refused the socket; `response` says with what: a bare 403 where it merely closed it."""

    def __init__(self, response: httpx.Response) -> None:
        refusal = call_of(response).refusal
        super().__init__(refusal.code, refusal.reason)
        self.response: httpx.Response = response

    def __str__(self) -> str:
        return f"the app refused the socket with {self.response.status_code}: {self.reason!r}"

    @property
    def status_code(self) -> int:
        """The status of the response."""
        return self.response.status_code

    @property
    def headers(self) -> httpx.Headers:
        """The header fields of the response."""
        return self.response.headers

    @property
    def content(self) -> bytes:
        """The content of the response."""
        return self.response.content

    @property
    def text(self) -> str:
        """The content as text."""
        return self.response.text

    def json(self) -> Any:
        """The content, decoded as JSON."""
        return self.response.json()


class AsyncWebSocketTestSession:
    """An open socket. Each wait ends after the client's `timeout`, with a TimeoutError.

    To iterate over it gives every message, str or bytes, until the app closes the socket. Then, and once
    the client has closed it, whatever is done with it raises WebSocketDisconnect.
    """

    __slots__ = ("_call", "accepted_subprotocol", "extra_headers", "response", "scope")

    def __init__(self, response: httpx.Response) -> None:
        self._call = call_of(response)
        self.accepted_subprotocol: str | None = self._call.subprotocol
        self.extra_headers: list[tuple[bytes, bytes]] = self._call.headers
        self.response: httpx.Response = response
        self.scope: Scope = self._call.scope

    async def send(self, message: Message) -> None:
        """Send a `websocket.receive` or a `websocket.disconnect`, as the app is to get it."""
        if message["type"] == "websocket.disconnect":
            await self.close(message.get("code", 1005), message.get("reason") or "")
        else:
            await self._call.say(message)

    async def send_text(self, data: str) -> None:
        """Send a text message."""
        await self._call.say({"type": "websocket.receive", "text": data})

    async def send_bytes(self, data: bytes) -> None:
        """Send a binary message."""
        await self._call.say({"type": "websocket.receive", "bytes": data})

    async def send_json(self, data: Any, mode: Mode = "text") -> None:
        """Send data as JSON, in a text message or a binary one."""
        text = json.dumps(data, separators=(",", ":"), ensure_ascii=False)
        await (self.send_text(text) if mode == "text" else self.send_bytes(text.encode()))

    async def receive(self) -> Message:
        """The next `websocket.send` or `websocket.close`, as the app has sent it."""
        return await self._call.hear()

    async def receive_text(self) -> str:
        """The next message, which has to be text."""
        data = await self._call.data()
        if isinstance(data, bytes):
            raise AssertionError(f"expected a text message, not the binary {data!r:.200}")
        return data

    async def receive_bytes(self) -> bytes:
        """The next message, which has to be binary."""
        data = await self._call.data()
        if isinstance(data, str):
            raise AssertionError(f"expected a binary message, not the text {data!r:.200}")
        return data

    async def receive_json(self, mode: Mode = "text") -> Any:
        """The next message, decoded as JSON."""
        receive = self.receive_text if mode == "text" else self.receive_bytes
        return json.loads(await receive())

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Close the socket; with 1006 as a client that vanishes."""
        self._call.close(code, reason)

    def __aiter__(self) -> "AsyncWebSocketTestSession":
        """Every message, until the app closes the socket."""
        return self

    async def __anext__(self) -> str | bytes:
        """The next message."""
        try:
            return await self._call.data()
        except WebSocketDisconnect:
            raise StopAsyncIteration from None


class WebSocketTestSession:
    """An AsyncWebSocketTestSession for tests that do not await: each call waits."""

    __slots__ = ("_bridge", "_session")

    def __init__(self, bridge: Bridge, response: httpx.Response) -> None:
        self._bridge = bridge
        self._session = AsyncWebSocketTestSession(response)

    @property
    def accepted_subprotocol(self) -> str | None:
        """The subprotocol that the app has chosen."""
        return self._session.accepted_subprotocol

    @property
    def extra_headers(self) -> list[tuple[bytes, bytes]]:
        """The header fields that the app has sent with its `accept()`."""
        return self._session.extra_headers

    @property
    def response(self) -> httpx.Response:
        """The response to the handshake."""
        return self._session.response

    @property
    def scope(self) -> Scope:
        """The scope that the app got."""
        return self._session.scope

    def send(self, message: Message) -> None:
        """Send a `websocket.receive` or a `websocket.disconnect`, as the app is to get it."""
        self._bridge.call(self._session.send, message)

    def send_text(self, data: str) -> None:
        """Send a text message."""
        self._bridge.call(self._session.send_text, data)

    def send_bytes(self, data: bytes) -> None:
        """Send a binary message."""
        self._bridge.call(self._session.send_bytes, data)

    def send_json(self, data: Any, mode: Mode = "text") -> None:
        """Send data as JSON, in a text message or a binary one."""
        self._bridge.call(self._session.send_json, data, mode)

    def receive(self) -> Message:
        """The next `websocket.send` or `websocket.close`, as the app has sent it."""
        return self._bridge.call(self._session.receive)

    def receive_text(self) -> str:
        """The next message, which has to be text."""
        return self._bridge.call(self._session.receive_text)

    def receive_bytes(self) -> bytes:
        """The next message, which has to be binary."""
        return self._bridge.call(self._session.receive_bytes)

    def receive_json(self, mode: Mode = "text") -> Any:
        """The next message, decoded as JSON."""
        return self._bridge.call(self._session.receive_json, mode)

    def close(self, code: int = 1000, reason: str = "") -> None:
        """Close the socket; with 1006 as a client that vanishes."""
        self._bridge.call(self._session.close, code, reason)

    def __iter__(self) -> "WebSocketTestSession":
        """Every message, until the app closes the socket."""
        return self

    def __next__(self) -> str | bytes:
        """The next message."""
        try:
            return self._bridge.call(self._session.__anext__)
        except StopAsyncIteration:
            raise StopIteration from None


def call_of(response: httpx.Response) -> SocketCall:
    """What is behind the response to a handshake."""
    call: SocketCall = response.extensions[SOCKET]
    return call
