"""The clients as a whole: what httpx adds, and how they are opened and closed."""

import subprocess
import sys
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from contextvars import ContextVar
from typing import Any, Literal

import anyio
import anyio.to_thread
import httpx
import pytest
import sniffio

from framework import App, RedirectResponse, Request, Response, WebSocket
from framework.testing import AsyncTestClient, TestClient, WebSocketDenialResponse
from framework.testing._clients import TIMEOUT
from tests.testing.apps import ACCEPT, CLOSE, START, Listener, sending

number: ContextVar[int] = ContextVar("number")
events: list[str] = []


@asynccontextmanager
async def lifespan() -> AsyncGenerator[dict[str, str]]:
    events.append("up")
    yield {"library": sniffio.current_async_library()}
    events.append("down")


app = App(lifespan=lifespan)


@app.get("/")
async def home(request: Request) -> dict[str, Any]:
    return {"state": dict(request.state.items()), "cookies": dict(request.cookies)}


@app.get("/login")
async def login() -> Response:
    response = RedirectResponse("/")
    response.set_cookie("session", "1")
    return response


@app.get("/number")
async def get_number() -> int:
    return number.get()


@app.websocket("/cookies")
async def cookies(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.send_json(dict(websocket.cookies))


async def test_cookies_are_kept_and_redirects_followed() -> None:
    async with AsyncTestClient(app) as client:
        assert (await client.get("/login")).json()["cookies"] == {"session": "1"}
        async with client.websocket_connect("/cookies", cookies={"other": "2"}) as websocket:
            assert await websocket.receive_json() == {"session": "1", "other": "2"}
    client = AsyncTestClient(app, follow_redirects=False, cookies={"a": "b"})
    assert (await client.get("/login")).status_code == 307
    assert (await client.get("/")).json()["cookies"]["a"] == "b"


async def test_the_app_sees_the_context_of_the_test() -> None:
    async with AsyncTestClient(app) as client:
        number.set(7)
        assert (await client.get("/number")).json() == 7


async def test_the_lifespan_runs_in_the_block_and_only_there() -> None:
    events.clear()
    client = AsyncTestClient(app)
    assert (await client.get("/")).json()["state"] == {}
    async with client:
        library = sniffio.current_async_library()
        assert (await client.get("/")).json()["state"] == {"library": library}
        assert events == ["up"]
    assert events == ["up", "down"]


def test_a_client_is_one_of_httpx() -> None:
    client = AsyncTestClient(app)
    assert isinstance(client, httpx.AsyncClient)
    assert client.timeout.read == TIMEOUT
    assert client.headers["user-agent"] == "testclient"
    assert isinstance(TestClient(app, headers={"user-agent": "mine"}), httpx.Client)


def test_pytest_collects_neither() -> None:
    assert not AsyncTestClient.__test__
    assert not TestClient.__test__


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_without_awaiting_it_is_the_same(backend: Literal["asyncio", "trio"]) -> None:
    events.clear()
    client = TestClient(app, backend=backend)
    assert client.app is app
    assert client.get("/").json()["state"] == {}
    for _ in range(2):  # a client may be entered again
        with client:
            assert client.get("/login").json()["cookies"] == {"session": "1"}
            assert client.get("/").json()["state"] == client.app_state == {"library": backend}
            with client.websocket_connect("/cookies") as websocket:
                assert websocket.receive_json() == {"session": "1"}
    assert events == ["up", "down"] * 2


def test_a_startup_that_fails_fails_the_test() -> None:
    @asynccontextmanager
    async def broken() -> AsyncGenerator[None]:
        raise LookupError("no database")
        yield

    with pytest.raises(LookupError, match="no database"):
        TestClient(App(lifespan=broken)).__enter__()


def test_a_socket_that_is_refused_is_so_without_awaiting() -> None:
    client = TestClient(sending(CLOSE))
    with pytest.raises(WebSocketDenialResponse) as caught:
        client.websocket_connect("/").__enter__()
    assert caught.value.response.content == b""


def test_functions_can_be_called_in_the_apps_loop() -> None:
    client = TestClient(app, backend_options={"use_uvloop": False})
    with client:
        event = client.portal.call(anyio.Event)
        client.portal.call(event.set)
        client.portal.call(event.wait)
    with pytest.raises(RuntimeError, match="use `with TestClient"):
        client.portal  # noqa: B018


def test_a_socket_of_a_client_that_was_not_entered_has_its_own_loop() -> None:
    listener = Listener([ACCEPT])
    with TestClient(listener).websocket_connect("/", headers={"x-a": "1"}) as websocket:
        websocket.send_text("a")
    assert (b"x-a", b"1") in listener.scopes[0]["headers"]
    assert listener.has_heard("disconnect")


@pytest.mark.parametrize("own", [False, True])
async def test_a_socket_is_opened_with_the_credentials_of_the_client_or_its_own(own: bool) -> None:
    credentials = b"Basic YTpi"  # a:b
    listener = Listener([ACCEPT])
    waiting = AsyncTestClient(listener)
    blocking = TestClient(listener)
    if not own:
        waiting.auth = blocking.auth = ("a", "b")
    auth = ("a", "b") if own else None
    async with waiting.websocket_connect("/", auth=auth):
        pass
    await anyio.to_thread.run_sync(open_and_close, blocking, auth)
    assert [dict(scope["headers"])[b"authorization"] for scope in listener.scopes] == [
        credentials
    ] * 2


def open_and_close(client: TestClient, auth: tuple[str, str] | None) -> None:
    with client.websocket_connect("/", auth=auth):
        pass


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_response_may_be_closed_but_not_read_once_the_client_was_left(
    backend: Literal["asyncio", "trio"],
) -> None:
    listener = Listener([START])
    with TestClient(listener, backend=backend) as client:
        response = client.send(client.build_request("GET", "/"), stream=True)
    assert listener.has_heard("disconnect")
    with pytest.raises(RuntimeError, match="the app has stopped"):
        response.read()
    response.close()


async def test_a_client_that_is_in_use_is_not_entered_again() -> None:
    async with AsyncTestClient(app) as client:
        with pytest.raises(RuntimeError, match="in use already: leave it first"):
            await client.__aenter__()


def test_a_client_that_is_in_use_is_not_entered_again_without_awaiting() -> None:
    events.clear()
    again = pytest.raises(RuntimeError, match="in use already: leave it first")
    with TestClient(app) as client, again:
        client.__enter__()
    assert events == ["up", "down"]


def an_app_that_fails() -> App:
    """Each of its routes raises a RuntimeError that a KeyError has led to."""

    def fail() -> None:
        try:
            raise KeyError("inner")
        except KeyError:
            raise RuntimeError("outer")  # noqa: B904 - the context is what is tested

    async def at_once() -> None:
        fail()

    async def late() -> AsyncIterator[bytes]:
        yield b"begun"
        fail()

    async def socket(websocket: WebSocket) -> None:
        await websocket.accept()
        fail()

    app = App()
    app.get("/at-once")(at_once)
    app.get("/late")(late)
    app.websocket("/socket")(socket)
    return app


@pytest.mark.parametrize("path", ["/at-once", "/late"])
async def test_what_has_led_to_the_error_of_an_app_is_seen(path: str) -> None:
    with pytest.raises(RuntimeError, match="outer") as caught:
        await AsyncTestClient(an_app_that_fails()).get(path)
    assert isinstance(caught.value.__context__, KeyError)
    with pytest.raises(RuntimeError, match="outer") as caught:
        await anyio.to_thread.run_sync(TestClient(an_app_that_fails()).get, path)
    assert isinstance(caught.value.__context__, KeyError)


async def test_what_has_led_to_the_error_of_an_open_socket_is_seen() -> None:
    with pytest.raises(RuntimeError, match="outer") as caught:
        async with AsyncTestClient(an_app_that_fails()).websocket_connect("/socket") as session:
            await session.receive_text()
    assert isinstance(caught.value.__context__, KeyError)


def test_what_has_led_to_the_error_of_an_open_socket_is_seen_without_awaiting() -> None:
    with (
        pytest.raises(RuntimeError, match="outer") as caught,
        TestClient(an_app_that_fails()).websocket_connect("/socket") as session,
    ):
        session.receive_text()
    assert isinstance(caught.value.__context__, KeyError)


FORGETFUL = """
import gc, sys
import anyio
from framework import App, StreamingResponse
from framework.testing import TestClient

app = App()

@app.get("/endless")
async def endless():
    async def ticks():
        while True:
            yield b"tick"
            await anyio.sleep(0.01)
    return StreamingResponse(ticks())

@app.get("/collect")
async def collect():
    gc.collect()
    return "collected"

def forget(client):
    client.send(client.build_request("GET", "/endless"), stream=True)

client = TestClient(app, backend=sys.argv[1])
if sys.argv[2] == "entered":
    client.__enter__()
forget(client)
print(client.get("/collect").text)
"""
"""A program that leaves neither a response nor its client."""


@pytest.mark.parametrize("how", ["entered", "bare"])
@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_response_that_is_never_closed_keeps_no_program_from_its_end(
    backend: str, how: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FORGETFUL, backend, how],
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert (done.returncode, done.stdout) == (0, "collected\n"), done.stderr
