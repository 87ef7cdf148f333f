"""Our app inside of other packages."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from asgi_lifespan import LifespanManager
from starlette.applications import Starlette
from starlette.routing import Mount

from framework.testing import AsyncTestClient
from tests.interop import hosts
from tests.interop.app import LONG, an_app
from tests.interop.peers import Peer, cases, peers_of

HOSTS = peers_of(hosts)


@cases(HOSTS, "works")
async def test_it_answers_where_it_is(peer: Peer) -> None:
    at = peer.more["at"]
    async with AsyncTestClient(peer.use(an_app())) as client:
        text = await client.get(f"{at}/")
        assert (text.status_code, text.text) == (200, "Hello")
        assert (await client.get(f"{at}/refused")).status_code == 403
        missing = await client.get(f"{at}/nothing")
        assert (missing.status_code, missing.json()["title"]) == (404, "Not Found")
        assert (await client.get(f"{at}/echo")).headers["allow"] == "OPTIONS, POST"
        assert (await client.post(f"{at}/echo", content=LONG)).text == LONG


@cases(HOSTS, "links")
async def test_a_handler_knows_its_own_address(peer: Peer) -> None:
    at = peer.more["at"]
    async with AsyncTestClient(peer.use(an_app())) as client:
        assert (await client.get(f"{at}/users/7")).json() == {
            "id": 7,
            "self": f"{at}/users/7",
            "url": f"http://testserver{at}/users/7",
        }


@cases(HOSTS, "stream")
async def test_an_event_arrives_before_the_next_one_is_made(peer: Peer) -> None:
    app = an_app()
    path, arrived = f"{peer.more['at']}/events", ""
    async with AsyncTestClient(peer.use(app)) as client, client.stream("GET", path) as response:
        async for text in response.aiter_text():
            arrived += text
            if "data: first\n\n" in arrived:
                app.state.gate.set()
    assert arrived == "data: first\n\ndata: second\n\n"


@cases(HOSTS, "socket")
async def test_a_socket_is_opened_and_answers(peer: Peer) -> None:
    path = f"{peer.more['at']}/shout"
    async with (
        AsyncTestClient(peer.use(an_app())) as client,
        client.websocket_connect(path) as websocket,
    ):
        await websocket.send_text("hello")
        assert await websocket.receive_text() == "HELLO"


@cases(HOSTS, "lifespan")
async def test_the_app_is_started_and_stopped_and_requests_see_its_state(peer: Peer) -> None:
    app = an_app()
    async with AsyncTestClient(peer.use(app)) as client:
        assert app.state.log == ["started"]
        assert (await client.get(f"{peer.more['at']}/greeting")).text == "Hello"
    assert app.state.log == ["started", "stopped"]


async def test_a_host_runs_our_lifespan_within_its_own() -> None:
    app = an_app()

    @asynccontextmanager
    async def lifespan(host: Starlette) -> AsyncGenerator[None]:
        async with LifespanManager(app):
            yield

    host = Starlette(routes=[Mount("/pre", app)], lifespan=lifespan)
    async with AsyncTestClient(host) as client:
        assert app.state.log == ["started"]
        assert (await client.get("/pre/users/7")).json()["id"] == 7
    assert app.state.log == ["started", "stopped"]
