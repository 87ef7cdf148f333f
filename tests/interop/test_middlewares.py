"""Middleware of other packages around our app: what a client sees through it, and of it."""

import logging
import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, nullcontext, suppress
from typing import Any

import pytest

from framework import App
from framework.testing import ASGIViolation, AsyncTestClient
from tests.interop import middlewares, starlettes, tracers
from tests.interop.app import LONG, Boom, an_app
from tests.interop.peers import Peer, cases, peers_of

MIDDLEWARES = [*peers_of(middlewares), *peers_of(starlettes)]
HERE = "http://testserver"
AROUND = [*MIDDLEWARES, *peers_of(tracers)]


@asynccontextmanager
async def client_of(peer: Peer, app: App, **options: Any) -> AsyncGenerator[AsyncTestClient]:
    """A client of the app behind the middleware, where the app has started if that works at all."""
    options = {"base_url": peer.more.get("base_url", HERE), **options}
    client = AsyncTestClient(peer.use(app), follow_redirects=False, **options)
    if "KeyError" in peer.but.get("lifespan", ""):
        yield client
        return
    await client.__aenter__()
    try:
        yield client
    finally:
        with suppress(ASGIViolation) if "lifespan" in peer.but else nullcontext():
            await client.__aexit__()


@cases(AROUND, "http")
async def test_every_answer_passes_with_its_status_and_its_body(peer: Peer) -> None:
    async with client_of(peer, an_app()) as client:
        text = await client.get("/")
        assert (text.status_code, text.text) == (200, "Hello")
        assert (await client.get("/long")).text == LONG
        assert (await client.get("/users/7")).json()["id"] == 7
        assert (await client.get("/refused")).status_code == 403
        assert (await client.get("/nothing")).status_code == 404
        assert (await client.get("/echo")).headers["allow"] == "OPTIONS, POST"
        echo = await client.post("/echo", content=LONG)
        assert (echo.status_code, echo.text) == (200, LONG)


@cases(AROUND, "errors")
async def test_an_error_is_answered_with_500_and_reaches_the_server(peer: Peer) -> None:
    async with client_of(peer, an_app(), raise_server_exceptions=False) as client:
        answer = await client.get("/boom")
        assert answer.status_code == 500
    async with client_of(peer, an_app()) as client:
        with pytest.raises(Boom):
            await client.get("/boom")


@cases(AROUND, "stream")
async def test_an_event_arrives_before_the_next_one_is_made(peer: Peer) -> None:
    app = an_app()
    async with client_of(peer, app) as client, client.stream("GET", "/events") as response:
        arrived = ""
        async for text in response.aiter_text():
            arrived += text
            if "data: first\n\n" in arrived:
                app.state.gate.set()
    assert arrived == "data: first\n\ndata: second\n\n"


@cases(AROUND, "socket")
async def test_a_socket_is_opened_and_answers(peer: Peer) -> None:
    async with client_of(peer, an_app()) as client, client.websocket_connect("/shout") as websocket:
        await websocket.send_text("hello")
        assert await websocket.receive_text() == "HELLO"


@cases(AROUND, "lifespan")
async def test_the_app_is_started_and_stopped_and_requests_see_its_state(peer: Peer) -> None:
    app = an_app()
    async with AsyncTestClient(peer.use(app), base_url=peer.more.get("base_url", HERE)) as client:
        assert app.state.log == ["started"]
        assert (await client.get("/greeting")).text == "Hello"
    assert app.state.log == ["started", "stopped"]


@cases(MIDDLEWARES, "effect")
async def test_it_does_what_it_is_for(peer: Peer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    asks = dict(peer.more["asks"])
    app = an_app(peer.more.get("peek", repr))
    async with client_of(peer, app) as client:
        times = 2 if asks.pop("twice", False) else 1
        answers = [
            await client.request(**{"method": "GET", "url": "/", **asks}) for _ in range(times)
        ]
    answer = answers[-1]
    found = {"status": str(answer.status_code), "body": answer.text, **answer.headers}
    for name, pattern in peer.more["gets"].items():
        assert re.match(pattern, found[name]), (name, found)
    assert re.search(peer.more.get("logs", ""), f"{caplog.text}\n{' '.join(app.state.log)}")
    assert peer.more.get("leaves", tuple)() == peer.more.get("left", ())
