"""Starlette's middleware around our app, its apps in ours and ours in its."""

import gzip
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request as StarletteRequest
from starlette.responses import JSONResponse as StarletteJSON
from starlette.responses import Response as StarletteResponse
from starlette.routing import Mount as StarletteMount
from starlette.routing import Route as StarletteRoute
from starlette.routing import WebSocketRoute as StarletteWebSocketRoute
from starlette.websockets import WebSocket as StarletteWebSocket

from framework import App, HTTPException, Middleware, Request, Router, WebSocket
from tests.driver import ask, exchange, http_scope
from tests.protocols import converse, running

LONG = "All work and no play makes Jack a dull boy. " * 100
ORIGIN = "https://example.com"

SERVED = {"/": 200, "/nothing": 404, "/refused": 403, "/boom": 500, "/stream": 200}


class Boom(Exception):
    """What nobody expects."""


def an_app(*middleware: Middleware) -> App:
    """An app with one path for each way in which an answer comes about."""
    app = App(middleware=middleware)
    app.add_route("/", lambda: LONG)

    @app.get("/stream")
    async def stream() -> AsyncIterator[str]:
        for line in LONG.splitlines(keepends=True):
            yield line

    @app.get("/refused")
    async def refused() -> None:
        raise HTTPException(403, LONG)

    @app.get("/boom")
    async def boom() -> None:
        raise Boom

    @app.post("/echo")
    async def echo(request: Request) -> bytes:
        return await request.body()

    @app.post("/visits")
    async def visits(request: Request) -> dict[str, int]:
        session: dict[str, int] = request.scope["session"]
        session["visits"] = session.get("visits", 0) + 1
        return session

    @app.websocket("/ws")
    async def shout(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.send_text((await websocket.receive_text()).upper())

    return app


def check_error(path: str, error: Exception | None) -> None:
    assert isinstance(error, Boom) == (path == "/boom")


# Its middleware around our app


@pytest.mark.parametrize("path", SERVED)
async def test_gzip_compresses_what_is_long_enough(path: str) -> None:
    app = an_app(Middleware(GZipMiddleware, minimum_size=1000))
    packed = await ask(app, path=path, headers={"accept-encoding": "gzip"})
    plain = await ask(app, path=path)
    assert packed.status == plain.status == SERVED[path]
    check_error(path, packed.error)
    assert (packed.headers.get("content-encoding") == "gzip") == (len(plain.body) > 1000)
    body = gzip.decompress(packed.body) if len(plain.body) > 1000 else packed.body
    assert body == plain.body


@pytest.mark.parametrize("path", SERVED)
async def test_cors_headers_are_on_every_answer_errors_included(path: str) -> None:
    app = an_app(Middleware(CORSMiddleware, allow_origins=[ORIGIN], allow_credentials=True))
    answer = await ask(app, path=path, headers={"origin": ORIGIN})
    assert answer.status == SERVED[path]
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert answer.headers["access-control-allow-credentials"] == "true"
    assert "Origin" in (answer.headers.combined("vary") or "")
    check_error(path, answer.error)


async def test_cors_answers_a_preflight_itself() -> None:
    app = an_app(Middleware(CORSMiddleware, allow_origins=[ORIGIN], allow_methods=["PUT"]))
    headers = {"origin": ORIGIN, "access-control-request-method": "PUT"}
    answer = await ask(app, "OPTIONS", "/", headers=headers)
    assert (answer.status, answer.text) == (200, "OK")
    assert answer.headers["access-control-allow-methods"] == "PUT"


@pytest.mark.parametrize("path", SERVED)
async def test_a_host_that_is_not_trusted_never_reaches_the_app(path: str) -> None:
    app = an_app(Middleware(TrustedHostMiddleware, allowed_hosts=["testserver"]))
    trusted = await ask(app, path=path)
    assert trusted.status == SERVED[path]
    check_error(path, trusted.error)
    answer = await exchange(app, {**http_scope(path=path), "headers": [(b"host", b"evil.example")]})
    assert (answer.status, answer.text) == (400, "Invalid host header")


async def test_a_session_is_kept_in_a_cookie() -> None:
    app = an_app(Middleware(SessionMiddleware, secret_key="secret"))
    first = await ask(app, "POST", "/visits")
    assert first.json() == {"visits": 1}
    cookie = first.headers["set-cookie"].partition(";")[0]
    second = await ask(app, "POST", "/visits", headers={"cookie": cookie})
    assert second.json() == {"visits": 2}
    forged = await ask(app, "POST", "/visits", headers={"cookie": "session=forged"})
    assert forged.json() == {"visits": 1}


class Tagging(BaseHTTPMiddleware):
    """What most users write on Starlette."""

    async def dispatch(
        self, request: StarletteRequest, call_next: RequestResponseEndpoint
    ) -> StarletteResponse:
        body = await request.body() if request.method == "POST" else b""
        response = await call_next(request)
        response.headers["x-tag"] = str(len(body))
        return response


@pytest.mark.parametrize("path", SERVED)
async def test_its_base_http_middleware_passes_every_answer(path: str) -> None:
    plain = await ask(an_app(), path=path)
    answer = await ask(an_app(Middleware(Tagging)), path=path)
    assert (answer.status, answer.body) == (SERVED[path], plain.body)
    assert answer.headers["x-tag"] == "0"
    check_error(path, answer.error)


async def test_a_body_that_its_base_http_middleware_has_read_is_read_again() -> None:
    for app in (an_app(Middleware(Tagging)), an_app(Middleware(Tagging), Middleware(Tagging))):
        answer = await ask(app, "POST", "/echo", body=[b"to be ", b"or not"])
        assert (answer.text, answer.headers["x-tag"]) == ("to be or not", "12")


@pytest.mark.parametrize("path", SERVED)
async def test_all_of_them_work_together_around_the_app_a_router_and_a_route(path: str) -> None:
    stack = [
        Middleware(TrustedHostMiddleware, allowed_hosts=["testserver"]),
        Middleware(CORSMiddleware, allow_origins=[ORIGIN]),
        Middleware(GZipMiddleware),
        Middleware(SessionMiddleware, secret_key="secret"),
        Middleware(Tagging),
    ]
    headers = {"origin": ORIGIN, "accept-encoding": "gzip"}
    answer = await ask(an_app(*stack), path=path, headers=headers)
    assert answer.status == SERVED[path]
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    check_error(path, answer.error)
    router = Router(middleware=stack)
    router.add_route("/router", lambda: LONG)
    app = App(routes=[router])
    app.add_route("/route", lambda: LONG, middleware=stack)
    for inner in ("/router", "/route"):
        answer = await ask(app, path=inner, headers=headers)
        assert gzip.decompress(answer.body).decode() == LONG
        assert answer.headers["x-tag"] == "0"


async def test_a_socket_passes_its_middleware() -> None:
    app = an_app(
        Middleware(CORSMiddleware, allow_origins=["*"]),
        Middleware(GZipMiddleware),
        Middleware(TrustedHostMiddleware, allowed_hosts=["*"]),
        Middleware(SessionMiddleware, secret_key="secret"),
        Middleware(Tagging),
    )
    talk = await converse(app, "/ws", ["hello"])
    assert talk.types == ["accept", "send", "close"]
    assert talk.messages[1]["text"] == "HELLO"


# Its app in ours


@asynccontextmanager
async def starlette_lifespan(app: Starlette) -> AsyncGenerator[dict[str, str]]:
    app.state.log = ["started"]
    yield {"cache": "starlette's"}
    app.state.log.append("stopped")


def a_starlette_app() -> Starlette:
    async def about(request: StarletteRequest) -> StarletteResponse:
        return StarletteJSON(
            {
                "id": request.path_params["id"],
                "url": str(request.url),
                "again": str(request.url_for("about", id=8)),
                "state": request.state.cache,
            }
        )

    async def boom(request: StarletteRequest) -> StarletteResponse:
        raise Boom

    async def echo(request: StarletteRequest) -> StarletteResponse:
        return StarletteResponse(await request.body())

    async def shout(websocket: StarletteWebSocket) -> None:
        await websocket.accept()
        await websocket.send_text((await websocket.receive_text()).upper())
        await websocket.close()

    return Starlette(
        routes=[
            StarletteRoute("/users/{id:int}", about, name="about"),
            StarletteRoute("/boom", boom),
            StarletteRoute("/echo", echo, methods=["POST"]),
            StarletteWebSocketRoute("/ws", shout),
        ],
        lifespan=starlette_lifespan,
    )


async def test_its_lifespan_runs_in_ours_and_its_requests_see_its_state() -> None:
    inner, app = a_starlette_app(), App()
    app.mount("/inner", inner)
    app.add_route("/", state_keys)
    async with running(app) as talk:
        assert inner.state.log == ["started"]
        answer = await ask(app, path="/inner/users/7", state=talk.state.copy())
        assert answer.json() == {
            "id": 7,
            "url": "http://testserver/inner/users/7",
            "again": "http://testserver/inner/users/8",
            "state": "starlette's",
        }
        assert (await ask(app, state=talk.state.copy())).json() == []
    assert inner.state.log == ["started", "stopped"]
    assert talk.types == ["startup.complete", "shutdown.complete"]


async def state_keys(request: Request) -> list[str]:
    return sorted(request.state)


@pytest.mark.parametrize("root_path", ["", "/root"])
async def test_it_answers_below_its_path_with_its_own_errors(root_path: str) -> None:
    app = App()
    app.mount("/inner", a_starlette_app())
    for prefix in {"", root_path}:
        path = f"{prefix}/inner"
        echo = await ask(app, "POST", f"{path}/echo", body=[b"a", b"b"], root_path=root_path)
        assert echo.body == b"ab"
        missing = await ask(app, path=f"{path}/nothing", root_path=root_path)
        assert (missing.status, missing.text) == (404, "Not Found")
        refused = await ask(app, path=f"{path}/echo", root_path=root_path)
        assert (refused.status, refused.headers["allow"]) == (405, "POST")
        broken = await ask(app, path=f"{path}/boom", root_path=root_path)
        assert (broken.status, broken.text) == (500, "Internal Server Error")
        assert isinstance(broken.error, Boom)


async def test_its_sockets_are_served() -> None:
    app = App()
    app.mount("/inner", a_starlette_app())
    talk = await converse(app, "/inner/ws", ["hello"])
    assert talk.messages[1]["text"] == "HELLO"
    assert (await converse(app, "/inner/nothing")).types == ["close"]


async def test_it_is_served_with_its_path_cut_off() -> None:
    app = App()
    app.mount("/inner", a_starlette_app(), strip=True)
    assert (await ask(app, "POST", "/inner/echo", body=b"a")).body == b"a"


async def test_a_start_that_fails_in_it_fails_ours_with_its_message() -> None:
    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncGenerator[None]:
        raise OSError("no disk")
        yield

    app = App()
    app.mount("/inner", Starlette(lifespan=lifespan))
    async with running(app) as talk:
        assert talk.types == ["startup.failed"]
    assert "no disk" in talk.messages[0]["message"]


# Our app in its


async def test_ours_is_served_below_a_path_of_its() -> None:
    inner = an_app()

    @inner.get("/users/{id}")
    async def user(request: Request, id: int) -> dict[str, Any]:
        return {
            "id": id,
            "url": str(request.url),
            "again": str(request.url_for("user", id=8)),
            "base": str(request.base_url),
        }

    app = Starlette(routes=[StarletteMount("/inner", app=inner)])
    assert (await ask(app, path="/inner/users/7")).json() == {
        "id": 7,
        "url": "http://testserver/inner/users/7",
        "again": "http://testserver/inner/users/8",
        "base": "http://testserver/inner/",
    }
    for path, status in SERVED.items():
        answer = await ask(app, path=f"/inner{path}")
        assert answer.status == status
        check_error(path, answer.error)
    assert (await ask(app, "POST", "/inner/echo", body=[b"a", b"b"])).body == b"ab"
    assert (await converse(app, "/inner/ws", ["hello"])).messages[1]["text"] == "HELLO"
