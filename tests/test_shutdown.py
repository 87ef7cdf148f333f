"""The word that the app is to stop: who hears it, and what is still open then."""

import signal
from collections.abc import AsyncGenerator
from functools import partial
from types import FrameType

import anyio
import pytest

from framework import App, ConfigError, EventSourceResponse, Shutdown, WebSocket
from framework.shutdown import shutdown_of
from framework.types import Message, Receive
from tests.driver import http_scope
from tests.protocols import running, websocket_scope
from tests.scripted import Sent, body, receiving
from tests.waiting import become


async def test_it_has_begun_or_not() -> None:
    shutdown = Shutdown(1.0)
    assert not shutdown
    assert not shutdown.is_set()
    assert await shutdown.wait(0.001) is False
    async with anyio.create_task_group() as group:
        group.start_soon(shutdown.wait)
        await anyio.sleep(0.01)
        shutdown._begin()
    assert shutdown
    assert shutdown.is_set()
    assert await shutdown.wait() is True


@pytest.mark.parametrize("seconds", [-1, "1", None])
def test_the_graceful_timeout_is_in_seconds(seconds: float) -> None:
    with pytest.raises(ConfigError, match="graceful_timeout"):
        App(graceful_timeout=seconds)


def test_the_shutdown_of_a_connection_is_that_of_an_app_of_ours() -> None:
    app = App()
    assert shutdown_of({"app": app}) is app.shutting_down
    assert shutdown_of({"app": object()}) is None
    assert shutdown_of({}) is None


async def test_an_app_is_told_by_the_end_of_its_lifespan_and_can_start_again() -> None:
    app = App()
    told: list[bool] = []
    app.on_shutdown(lambda: told.append(app.shutting_down.is_set()))
    for _ in range(2):
        async with running(app):
            assert not app.shutting_down
        assert not app.shutting_down
    assert told == [True, True]


async def test_an_app_and_those_mounted_in_it_are_told_by_a_signal() -> None:
    app, inner = App(), App()
    app.mount("/inner", inner)

    def server(number: int, frame: FrameType | None) -> None: ...

    before = signal.signal(signal.SIGTERM, server)
    try:
        async with running(app):
            signal.raise_signal(signal.SIGTERM)
            with anyio.fail_after(2):
                assert await inner.shutting_down.wait()
            assert app.shutting_down
    finally:
        signal.signal(signal.SIGTERM, before)


async def test_an_event_stream_ends_in_order_when_the_app_stops() -> None:
    app = App()
    closed: list[int] = []

    async def events() -> AsyncGenerator[str]:
        try:
            yield "one"
            await anyio.sleep_forever()
        finally:
            closed.append(1)

    @app.get("/")
    async def home() -> EventSourceResponse:
        return EventSourceResponse(events())

    sent = Sent()
    late = Sent()

    async def come_late() -> None:
        await app(http_scope(), receiving(body(b"")), late)

    app.on_shutdown(come_late)
    async with anyio.create_task_group() as group:
        async with running(app):
            group.start_soon(app, http_scope(), receiving(body(b"")), sent)
            await become(lambda: len(sent.messages) >= 2)
        assert closed == [1]
    assert sent.content == b"data: one\n\n"
    assert sent.messages[-1] == {"type": "http.response.body", "body": b""}
    assert late.types == ["http.response.start", "http.response.body"]
    assert late.content == b""


async def test_another_stream_may_come_to_its_end_and_is_cut_if_it_does_not(
    caplog: pytest.LogCaptureFixture,
) -> None:
    app = App(graceful_timeout=0.05)
    closed: list[str] = []

    async def chunks(is_endless: bool) -> AsyncGenerator[str]:
        try:
            yield "begun "
            await app.shutting_down.wait()
            if is_endless:
                await anyio.sleep_forever()
            yield "ended"
        finally:
            closed.append("endless" if is_endless else "finite")

    @app.get("/{kind}")
    async def home(kind: str) -> AsyncGenerator[str]:
        return chunks(kind == "endless")

    finite, endless = Sent(), Sent()
    async with anyio.create_task_group() as group, running(app):
        group.start_soon(app, http_scope("GET", "/finite"), receiving(body(b"")), finite)
        group.start_soon(app, http_scope("GET", "/endless"), receiving(body(b"")), endless)
        await become(lambda: len(finite.messages) >= 2)
        await become(lambda: len(endless.messages) >= 2)
    assert closed == ["finite", "endless"]
    assert finite.content == b"begun ended"
    assert finite.messages[-1] == {"type": "http.response.body", "body": b""}
    assert endless.content == b"begun "
    assert endless.messages[-1]["more_body"]
    assert "1 connections did not end within 0.05 s: cut off" in caplog.text


def peer() -> tuple[Receive, Sent]:
    """A WebSocket client that stays, and answers a close."""
    sent = Sent()
    incoming: list[Message] = [{"type": "websocket.connect"}]

    async def receive() -> Message:
        await become(lambda: incoming or "websocket.close" in sent.types)
        return incoming.pop() if incoming else {"type": "websocket.disconnect", "code": 1000}

    return receive, sent


@pytest.mark.parametrize("is_sender", [False, True])
async def test_a_socket_is_closed_and_its_handler_learns_when_the_app_stops(
    is_sender: bool,
) -> None:
    app = App()
    ended: list[int] = []

    @app.websocket("/")
    async def home(websocket: WebSocket) -> None:
        await websocket.accept()
        try:
            while is_sender:
                await websocket.send_text("tick")
                await anyio.sleep(0.01)
            await websocket.receive_text()
        finally:
            ended.append(1)

    receive, sent = peer()
    async with anyio.create_task_group() as group:
        async with running(app):
            group.start_soon(app, websocket_scope(), receive, sent)
            await become(lambda: len(sent.messages) >= 1)
        assert ended == [1]
    assert sent.messages[-1] == {
        "type": "websocket.close",
        "code": 1012,
        "reason": "the server is about to stop",
    }


async def test_a_handler_that_does_not_learn_is_cancelled() -> None:
    app = App(graceful_timeout=0.02)
    ended: list[int] = []

    @app.websocket("/")
    async def home(websocket: WebSocket) -> None:
        await websocket.accept()
        try:
            await anyio.sleep_forever()
        finally:
            ended.append(1)

    receive, sent = peer()
    async with anyio.create_task_group() as group:
        async with running(app):
            group.start_soon(app, websocket_scope(), receive, sent)
            await become(lambda: len(sent.messages) >= 1)
        assert ended == [1]
    assert sent.types == ["websocket.accept", "websocket.close"]


async def test_a_socket_that_is_accepted_too_late_is_closed_at_once() -> None:
    app = App()
    ended: list[int] = []

    @app.websocket("/")
    async def home(websocket: WebSocket) -> None:
        await websocket.accept()
        assert [message async for message in websocket] == []
        ended.append(1)

    async def come_late() -> None:
        await app(websocket_scope(), receive, sent)

    receive, sent = peer()
    app.on_shutdown(come_late)
    async with running(app):
        pass
    assert sent.types == ["websocket.accept", "websocket.close"]
    assert ended == [1]


async def test_a_server_that_has_closed_the_socket_itself_may_refuse_the_close() -> None:
    app = App(graceful_timeout=0.02)

    @app.websocket("/")
    async def home(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.receive_text()

    async def send(sent: Sent, message: Message) -> None:
        if message["type"] == "websocket.close":
            raise RuntimeError("closed")
        await sent(message)

    receive, sent = peer()
    async with anyio.create_task_group() as group, running(app) as talk:
        group.start_soon(app, websocket_scope(), receive, partial(send, sent))
        await become(lambda: len(sent.messages) >= 1)
    assert talk.types == ["startup.complete", "shutdown.complete"]
