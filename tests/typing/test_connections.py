"""What a handler reads of a request, a socket and their parts has a type that says what it is."""

from collections.abc import AsyncIterator
from typing import Any, assert_type

from framework import (
    TLS,
    URL,
    Address,
    App,
    Headers,
    HTTPException,
    MutableHeaders,
    QueryParams,
    Request,
    Response,
    State,
    WebSocket,
)
from framework.types import ASGIApp
from tests.driver import ask
from tests.protocols import converse


async def test_the_parts_of_a_request() -> None:
    app = App()

    @app.post("/{id}", name="one")
    async def read(request: Request, id: int) -> Response:
        assert_type(request.method, str)
        assert_type(request.url, URL)
        assert_type(request.base_url, URL)
        assert_type(request.headers, Headers)
        assert_type(request.headers["host"], str)
        assert_type(request.headers.get("host"), str | None)
        assert_type(request.headers.get("host", ""), str)
        assert_type(request.headers.getlist("host"), list[str])
        assert_type(request.query_params, QueryParams)
        assert_type(request.query_params.get("q"), str | None)
        assert_type(request.query_params.get("q", ""), str)
        assert_type(request.path_params, dict[str, Any])
        assert_type(request.cookies, dict[str, str])
        assert_type(request.client, Address | None)
        assert_type(request.tls, TLS | None)
        assert_type(request.state, State)
        assert_type(request.accepts("text/html", "text/csv"), str | None)
        assert_type(request.accepts_languages("de", "en"), str | None)
        assert_type(request.negotiate("text/html"), str)
        assert_type(request.url_for("one", id=1), URL)
        assert_type(request.url_path_for("one", id=1), str)
        assert_type(request.stream(), AsyncIterator[bytes])
        assert_type(await request.body(), bytes)
        assert_type(await request.text(), str)
        assert_type(await request.json(), Any)
        assert_type(await request.is_disconnected(), bool)
        assert_type(await request.send_early_hints(["</a.css>"]), bool)
        assert_type(await request.send_push_promise("/a.css"), bool)
        assert_type(await request.send_debug({"a": 1}), bool)
        response = Response("text", 200, {"a": "b"})
        assert_type(response.headers, MutableHeaders)
        assert_type(response.status_code, int)
        return response

    headers = {"content-type": "application/json"}
    answer = await ask(app, "POST", "/1", headers=headers, body=b"{}")
    assert answer.error is None
    assert_type(app.url_path_for("one", id=1), str)
    assert_type(app.compile(), ASGIApp)
    assert_type(app.state, State)


async def test_the_parts_of_a_socket() -> None:
    app = App()

    @app.websocket("/")
    async def talk(websocket: WebSocket) -> None:
        assert_type(websocket.subprotocols, list[str])
        assert_type(websocket.headers, Headers)
        assert_type(await websocket.accept(), None)
        assert_type(await websocket.receive_text(), str)
        assert_type(await websocket.receive_bytes(), bytes)
        assert_type(await websocket.receive_json(), Any)
        assert_type(websocket.iter_text(), AsyncIterator[str])
        assert_type(websocket.iter_bytes(), AsyncIterator[bytes])
        assert_type(websocket.iter_json(), AsyncIterator[Any])

    assert (await converse(app, "/", ["a", b"b", "{}"])).types == ["accept", "close"]


def test_the_parts_of_an_http_exception() -> None:
    error = HTTPException(404)
    assert_type(error.status_code, int)
    assert_type(error.detail, str)


def test_an_app_is_an_asgi_app() -> None:
    app: ASGIApp = App()
    assert callable(app)
