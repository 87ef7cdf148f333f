"""Clients and test tools of other packages drive our app; their responses come from our handlers."""

import json
from typing import Any

import pytest
import socketio
from hypothesis import given, settings
from schemathesis.core.failures import FailureGroup
from schemathesis.openapi.checks import JsonSchemaError

from framework import App
from framework.testing import AsyncTestClient
from tests.driver import http_scope
from tests.interop import tools
from tests.interop.app import LONG, an_app
from tests.interop.peers import BACKENDS, WORKS, Peer, cases


@cases([tools.httpx_transport], WORKS)
async def test_httpx_asks_an_app_that_the_lifespan_manager_has_started(peer: Peer) -> None:
    app = an_app()
    async with tools.lifespan_manager.use(app) as manager, peer.use(manager.app) as client:
        assert (await client.get("/greeting")).text == "Hello"
        assert (await client.get("/users/7")).json()["id"] == 7
        assert (await client.post("/echo", content=LONG)).text == LONG
        assert (await client.get("/nothing")).status_code == 404


@cases([tools.lifespan_manager], WORKS)
async def test_the_lifespan_manager_starts_and_stops_the_app(peer: Peer) -> None:
    app = an_app()
    async with peer.use(app):
        assert app.state.log == ["started"]
    assert app.state.log == ["started", "stopped"]


@cases([tools.lifespan_manager], "failure")
async def test_the_lifespan_manager_raises_what_the_startup_has_raised(peer: Peer) -> None:
    app = App()

    @app.on_startup
    def fail() -> None:
        raise OSError("no disk")

    with pytest.raises(OSError, match="no disk"):
        async with peer.use(app):
            pass


@cases([tools.async_asgi_test_client], WORKS)
async def test_the_async_test_client_asks_streams_and_opens_sockets(peer: Peer) -> None:
    app = an_app(yields=None)
    app.state.gate.set()
    async with peer.use(app) as client:
        assert app.state.log == ["started"]
        assert (await client.get("/users/7")).json()["id"] == 7
        assert (await client.post("/echo", data=LONG.encode())).text == LONG
        events = await client.get("/events", stream=True)
        chunks = [chunk async for chunk in events.iter_content(1024)]
        assert b"".join(chunks) == b"data: first\n\ndata: second\n\n"
        async with client.websocket_connect("/shout") as websocket:
            await websocket.send_text("hello")
            assert await websocket.receive_text() == "HELLO"


@pytest.mark.parametrize("peer", [tools.starlette_test_client], ids=lambda peer: peer.name)
@pytest.mark.parametrize("anyio_backend", BACKENDS)
def test_starlettes_test_client_asks_and_opens_sockets(peer: Peer, anyio_backend: str) -> None:
    app = an_app()
    with peer.use(app, anyio_backend) as client:
        assert client.get("/greeting").text == "Hello"
        assert client.post("/echo", content=LONG).text == LONG
        assert client.get("/nothing").status_code == 404
        with client.websocket_connect("/shout") as websocket:
            websocket.send_text("hello")
            assert websocket.receive_text() == "HELLO"
    assert app.state.log == ["started", "stopped"]


@cases([tools.async_asgi_test_client], "state")
async def test_the_async_test_client_hands_the_state_to_requests(peer: Peer) -> None:
    async with peer.use(an_app()) as client:
        assert (await client.get("/greeting")).text == "Hello"


@cases([tools.asgiref_communicator], WORKS)
async def test_asgirefs_communicator_speaks_to_the_app_by_messages(peer: Peer) -> None:
    talk = peer.use(an_app(), http_scope("POST", "/echo"))
    await talk.send_input({"type": "http.request", "body": b"a", "more_body": True})
    await talk.send_input({"type": "http.request", "body": b"b"})
    assert (await talk.receive_output())["status"] == 200
    assert (await talk.receive_output())["body"] == b"ab"
    await talk.wait()


@cases([tools.http_communicator], WORKS)
async def test_the_http_communicator_gets_the_answer(peer: Peer) -> None:
    answer = await peer.use(an_app(), "/users/7").get_response()
    assert answer["status"] == 200
    assert json.loads(answer["body"])["id"] == 7


@cases([tools.websocket_communicator], WORKS)
async def test_the_websocket_communicator_opens_a_socket(peer: Peer) -> None:
    talk = peer.use(an_app(), "/shout")
    assert await talk.connect() == (True, None)
    await talk.send_to("hello")
    assert await talk.receive_from() == "HELLO"
    await talk.disconnect()


@cases([tools.websocket_communicator], "refusal")
async def test_the_websocket_communicator_is_refused(peer: Peer) -> None:
    connected, _ = await peer.use(an_app(), "/nothing").connect()
    assert not connected


@cases([tools.event_source], WORKS)
async def test_its_events_are_sent_when_a_handler_returns_them(peer: Peer) -> None:
    app = App()
    app.add_route("/", peer.use)
    answer = await AsyncTestClient(app).get("/")
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.text == "event: tick\r\ndata: first\r\n\r\nevent: tick\r\ndata: second\r\n\r\n"


@cases([tools.response_of_starlette], WORKS)
async def test_its_response_is_sent_when_a_handler_returns_it(peer: Peer) -> None:
    app = App()
    app.add_route("/", peer.use)
    answer = await AsyncTestClient(app).get("/")
    assert (answer.status_code, answer.json()) == (201, {"id": 7})


@cases([tools.socketio_around], WORKS)
async def test_socketio_answers_its_own_path_and_leaves_the_others_to_us(peer: Peer) -> None:
    app, server = an_app(), socketio.AsyncServer(async_mode="asgi")
    async with AsyncTestClient(peer.use(app, server)) as client:
        opened = await client.get("/socket.io/?EIO=4&transport=polling")
        assert opened.text.startswith('0{"sid":')
        assert (await client.get("/users/7")).json()["id"] == 7
        async with client.websocket_connect("/socket.io/?EIO=4&transport=websocket") as websocket:
            assert (await websocket.receive_text()).startswith('0{"sid":')
            await websocket.send_text("40")
            assert (await websocket.receive_text()).startswith('40{"sid":')


# Schemathesis

DOCUMENT = {
    "openapi": "3.1.0",
    "info": {"title": "Users", "version": "1"},
    "paths": {
        "/users/{id}": {
            "get": {
                "parameters": [
                    {"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}
                ],
                "responses": {
                    "200": {
                        "description": "a user",
                        "content": {"application/json": {"schema": {"required": ["id"]}}},
                    },
                    "404": {"description": "no user"},
                },
            }
        }
    },
}


def described(document: dict[str, Any]) -> App:
    app = an_app()
    app.add_route("/openapi.json", lambda: document)
    return app


def statuses_of(schema: Any) -> list[int]:
    """The statuses that Schemathesis has seen, where all answers are what the schema says."""
    statuses: list[int] = []

    @settings(max_examples=30)
    @given(case=schema["/users/{id}"]["GET"].as_strategy())
    def check(case: Any) -> None:
        statuses.append(case.call_and_validate().status_code)

    check()
    return statuses


@pytest.mark.parametrize("peer", [tools.schema_tests], ids=lambda peer: peer.name)
def test_schemathesis_finds_the_app_as_it_is_described(peer: Peer) -> None:
    assert {200} <= set(statuses_of(peer.use(described(DOCUMENT)))) <= {200, 404}


@pytest.mark.parametrize("peer", [tools.schema_tests], ids=lambda peer: peer.name)
def test_schemathesis_finds_an_answer_that_is_not_described(peer: Peer) -> None:
    document = json.loads(json.dumps(DOCUMENT).replace('["id"]', '["name"]'))
    with pytest.raises(FailureGroup) as caught:
        statuses_of(peer.use(described(document)))
    assert [type(each) for each in caught.value.exceptions] == [JsonSchemaError]
