"""A socket in the hands of a test."""

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any, Literal

import pytest

from framework import App, WebSocket
from framework.exceptions import WebSocketDisconnect
from framework.testing import AsyncTestClient, TestClient, WebSocketTestSession
from tests.testing.apps import ACCEPT, CLOSE, Listener, sending

app = App()


@app.websocket("/")
async def echo(websocket: WebSocket) -> None:
    await websocket.accept(
        headers={"x-a": "1"}, subprotocol=next(iter(websocket.subprotocols), None)
    )
    async for message in websocket:
        if message == "close":
            return await websocket.close(4000, "as you like")
        if isinstance(message, str):
            await websocket.send_text(message)
        else:
            await websocket.send_bytes(message)
    return None


MODES: list[Literal["text", "binary"]] = ["text", "binary"]


async def test_data_goes_to_and_fro() -> None:
    async with AsyncTestClient(app).websocket_connect("/") as websocket:
        await websocket.send_text("ü")
        assert await websocket.receive_text() == "ü"
        await websocket.send_bytes(b"\xff")
        assert await websocket.receive_bytes() == b"\xff"
        for mode in MODES:
            await websocket.send_json({"a": "ü"}, mode)
            assert await websocket.receive_json(mode) == {"a": "ü"}


async def test_data_of_the_other_kind_fails_the_test() -> None:
    async with AsyncTestClient(app).websocket_connect("/") as websocket:
        await websocket.send_text("a")
        with pytest.raises(AssertionError, match="expected a binary message, not the text 'a'"):
            await websocket.receive_bytes()
        await websocket.send_bytes(b"a")
        with pytest.raises(AssertionError, match="expected a text message, not the binary b'a'"):
            await websocket.receive_text()


async def test_messages_can_be_sent_and_received_as_asgi_has_them() -> None:
    listener = Listener([ACCEPT, {"type": "websocket.send", "text": "a"}])
    async with AsyncTestClient(listener).websocket_connect("/") as websocket:
        assert await websocket.receive() == {"type": "websocket.send", "text": "a"}
        await websocket.send({"type": "websocket.receive", "bytes": b"a"})
        await websocket.send({"type": "websocket.disconnect"})
    assert listener.heard[1:] == [
        {"type": "websocket.receive", "bytes": b"a"},
        {"type": "websocket.disconnect", "code": 1005, "reason": ""},
    ]


async def test_to_iterate_gives_each_message_until_the_app_closes_the_socket() -> None:
    async with AsyncTestClient(app).websocket_connect("/") as websocket:
        for data in ("a", "b", "close"):
            await websocket.send_text(data)
        await websocket.send_bytes(b"lost")
        assert [message async for message in websocket] == ["a", "b"]
        with pytest.raises(WebSocketDisconnect) as caught:
            await websocket.receive_text()
        assert (caught.value.code, caught.value.reason) == (4000, "as you like")


async def test_the_close_can_be_received() -> None:
    async with AsyncTestClient(sending(ACCEPT, CLOSE)).websocket_connect("/") as websocket:
        assert await websocket.receive() == CLOSE


@pytest.fixture(params=["asyncio", "trio"])
def connect(request: pytest.FixtureRequest) -> Any:
    """Opens sockets without awaiting anything."""
    with ExitStack() as stack:

        def connect(target: Any = app) -> WebSocketTestSession:
            client = TestClient(target, backend=request.param)
            return stack.enter_context(client.websocket_connect("/", ["x"]))

        yield connect


Connect = Callable[..., WebSocketTestSession]


def test_data_goes_to_and_fro_without_awaiting(connect: Connect) -> None:
    websocket = connect()
    websocket.send_text("ü")
    assert websocket.receive_text() == "ü"
    websocket.send_bytes(b"\xff")
    assert websocket.receive_bytes() == b"\xff"
    for mode in MODES:
        websocket.send_json({"a": "ü"}, mode)
        assert websocket.receive_json(mode) == {"a": "ü"}
    websocket.send({"type": "websocket.receive", "text": "raw"})
    assert websocket.receive() == {"type": "websocket.send", "text": "raw"}


def test_what_was_agreed_upon_is_told(connect: Connect) -> None:
    websocket = connect()
    assert websocket.accepted_subprotocol == "x"
    assert websocket.extra_headers == [(b"x-a", b"1")]
    assert websocket.scope["type"] == "websocket"
    assert websocket.response.headers["x-a"] == "1"


def test_to_iterate_ends_without_awaiting(connect: Connect) -> None:
    websocket = connect()
    websocket.send_text("a")
    websocket.send_text("close")
    assert list(websocket) == ["a"]


def test_a_socket_is_closed_without_awaiting(connect: Connect) -> None:
    listener = Listener([ACCEPT])
    connect(listener).close(4001, "bye")
    with pytest.raises(WebSocketDisconnect):
        connect(sending(ACCEPT, CLOSE)).receive_text()
