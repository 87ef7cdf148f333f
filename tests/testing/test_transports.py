"""How requests get from httpx to the app, and how they end."""

import threading
from collections.abc import Iterator
from typing import Literal

import httpx
import pytest

from framework import App, Request, StreamingResponse
from framework.testing import AsyncTestClient, TestClient
from framework.types import Receive, Scope, Send
from tests.testing.apps import END, START, Listener, content, raising, sending

Backend = Literal["asyncio", "trio"]


@pytest.fixture(params=["asyncio", "trio"])
def backend(request: pytest.FixtureRequest) -> Backend:
    """Where the app runs."""
    kind: Backend = request.param
    return kind


async def test_a_stream_needs_no_client_that_was_entered() -> None:
    client = AsyncTestClient(sending(START, content(b"a"), content(b"b"), END))
    async with client.stream("GET", "/") as response:
        assert [piece async for piece in response.aiter_raw()] == [b"a", b"b"]


def test_a_stream_is_read_as_it_is_sent(backend: Backend) -> None:
    made: list[int] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(START)
        try:
            while True:
                made.append(len(made))
                await send(content(b"%d\n" % made[-1]))
        finally:
            made.clear()

    with TestClient(app, backend=backend).stream("GET", "/") as response:
        lines = response.iter_lines()
        assert [next(lines) for _ in range(3)] == ["0", "1", "2"]
        assert len(made) < 7
    assert not made


def test_a_body_is_made_while_the_app_reads_it(backend: Backend) -> None:
    app = App()
    heard = threading.Semaphore(0)

    @app.post("/")
    async def handler(request: Request) -> list[int]:
        sizes: list[int] = []
        async for chunk in request.stream():
            sizes.append(len(chunk))
            heard.release()
        return sizes

    def chunks() -> Iterator[bytes]:
        for chunk in (b"one", b"three", b"a"):
            yield chunk
            assert heard.acquire(timeout=5)  # not before the app has read it

    with TestClient(app, backend=backend) as client:
        assert client.post("/", content=chunks()).json() == [3, 5, 1]
        assert client.post("/", content=b"whole").json() == [5]


def test_a_body_may_be_made_by_any_iterator(backend: Backend) -> None:
    app = App()

    @app.post("/")
    async def read(request: Request) -> bytes:
        return await request.body()

    client = TestClient(app, backend=backend)
    assert client.post("/", content=iter([b"a", b"b"])).content == b"ab"


def test_a_generator_that_the_app_does_not_read_is_closed(backend: Backend) -> None:
    closed: list[bool] = []

    def chunks() -> Iterator[bytes]:
        try:
            while True:
                yield b"a"
        finally:
            closed.append(True)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await sending(START, END)(scope, receive, send)

    body = chunks()
    TestClient(app, backend=backend).post("/", content=body)
    assert closed


def test_both_directions_go_on_at_once(backend: Backend) -> None:
    app = App()

    @app.post("/")
    async def echo(request: Request) -> StreamingResponse:
        return StreamingResponse(request.stream())

    asked = threading.Semaphore(0)

    def chunks() -> Iterator[bytes]:
        for chunk in (b"a", b"b"):
            yield chunk
            assert asked.acquire(timeout=5)

    with TestClient(app, backend=backend).stream("POST", "/", content=chunks()) as response:
        pieces = response.iter_raw()
        for piece in (b"a", b"b"):
            assert next(pieces) == piece
            asked.release()


def test_errors_come_across(backend: Backend) -> None:
    error = ValueError("broken")
    with pytest.raises(ValueError, match="broken") as caught:
        TestClient(raising(error), backend=backend).get("/")
    assert caught.value is error
    failing = raising(pytest.fail.Exception("in the app"), START)
    with pytest.raises(pytest.fail.Exception):
        TestClient(failing, backend=backend).get("/")


def test_a_timeout_is_a_client_that_leaves(backend: Backend) -> None:
    app = Listener()
    with TestClient(app, backend=backend) as client:
        with pytest.raises(httpx.ReadTimeout):
            client.get("/", timeout=0.01)
        assert app.has_heard("disconnect")
