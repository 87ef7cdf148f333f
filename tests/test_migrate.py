"""What docs/migrate says of Starlette and Flask, run on both sides; that of FastAPI and Quart is in `tests/interop`."""

import contextvars
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

import flask
import httpx
import pytest
from starlette.applications import Starlette
from starlette.background import BackgroundTask as StarletteTask
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.middleware.cors import CORSMiddleware as StarletteCORSMiddleware
from starlette.middleware.sessions import SessionMiddleware as StarletteSessionMiddleware
from starlette.requests import Request as StarletteRequest
from starlette.responses import FileResponse as StarletteFileResponse
from starlette.responses import PlainTextResponse as StarletteText
from starlette.responses import Response as StarletteResponse
from starlette.routing import Mount as StarletteMount
from starlette.routing import Route as StarletteRoute

from framework import (
    App,
    BackgroundTask,
    CallNext,
    ConfigError,
    FileResponse,
    HTTPException,
    Middleware,
    PlainTextResponse,
    Request,
    Response,
)
from framework.middleware.cors import CORSMiddleware
from framework.middleware.sessions import SessionMiddleware
from framework.testing import TestClient, WebSocketDenialResponse
from framework.types import ASGIApp
from framework.wsgi import WSGI
from tests.driver import ask

ORIGIN = "https://friend.example"
SECRET = "0123456789abcdef" * 2


def client_of(app: ASGIApp) -> TestClient:
    """A client that sees what a browser would."""
    return TestClient(app, raise_server_exceptions=False, follow_redirects=False)


# Starlette


async def text(request: StarletteRequest) -> StarletteResponse:
    return StarletteText(request.path_params.get("name", "text"))


async def read(request: StarletteRequest) -> StarletteResponse:
    return StarletteText(f"{await request.json()}")


async def count(request: StarletteRequest) -> StarletteResponse:
    return StarletteText(f"{len(await request.body())}")


async def fail(request: StarletteRequest) -> StarletteResponse:
    raise LookupError


async def remember(request: StarletteRequest) -> StarletteResponse:
    request.session["a"] = 1
    return StarletteText("remembered")


async def break_line(request: StarletteRequest) -> StarletteResponse:
    return StarletteText("", headers={"x-a": "a\r\nb: c"})


async def no_file(request: StarletteRequest) -> StarletteResponse:
    return StarletteFileResponse("no-such-file")


async def number(request: StarletteRequest) -> StarletteResponse:
    return StarletteText(f"{request.path_params['id']}")


async def first(request: StarletteRequest) -> StarletteResponse:
    return StarletteText(request.query_params["a"])


async def this_file(request: StarletteRequest) -> StarletteResponse:
    return StarletteFileResponse(__file__)


async def bake(request: StarletteRequest) -> StarletteResponse:
    response = StarletteText("")
    response.set_cookie("a", "b c")
    return response


theirs = Starlette(
    routes=[
        StarletteRoute("/first", first),
        StarletteRoute("/file", this_file),
        StarletteRoute("/cookie", bake),
        StarletteMount("/mount", StarletteText("mounted")),
        StarletteRoute("/users/{name}", text),
        StarletteRoute("/users/me", text),
        StarletteRoute("/numbers/{id:int}", number),
        StarletteRoute("/read", read, methods=["POST"]),
        StarletteRoute("/count", count, methods=["POST"]),
        StarletteRoute("/count", text),
        StarletteRoute("/break", break_line),
        StarletteRoute("/no-file", no_file),
    ]
)
ours = App()


ours.mount("/mount", PlainTextResponse("mounted"))


@ours.get("/first")
async def our_first(request: Request) -> str:
    return request.query_params["a"]


@ours.get("/file")
async def our_file() -> FileResponse:
    return FileResponse(__file__)


@ours.get("/cookie")
async def our_cookie() -> None:
    Response().set_cookie("a", "b c")


@ours.get("/users/{name}")
async def our_user(name: str) -> str:
    return name


@ours.get("/users/me")
async def our_own() -> str:
    return "text"


@ours.get("/numbers/{id:int}")
async def our_number(id: int) -> str:
    return f"{id}"


@ours.post("/read")
async def our_read(request: Request) -> str:
    return f"{await request.json()}"


@ours.post("/count")
async def our_count(request: Request) -> str:
    return f"{len(await request.body())}"


@ours.get("/count")
async def our_text() -> str:
    return "text"


@ours.get("/break")
async def our_break() -> Response:
    return Response("", headers={"x-a": "a\r\nb: c"})


@ours.get("/no-file")
async def our_no_file() -> FileResponse:
    return FileResponse("no-such-file")


JSON = {"content-type": "application/json"}
TEXT = {"content-type": "text/plain"}
BODY = bytes(17 * 1024 * 1024)
BIG = 10**19

Ask: TypeAlias = Callable[[httpx.Client], httpx.Response]
Wanted: TypeAlias = int | tuple[int, str] | dict[str, str]
"""A status, that and a text, or some header fields."""

DIFFERENCES: dict[str, tuple[Ask, Wanted, Wanted]] = {
    "/users/{name} before /users/me": (lambda c: c.get("/users/me"), (200, "me"), (200, "text")),
    "a name twice": (lambda c: c.get("/first?a=1&a=2"), (200, "2"), (200, "1")),
    "a mount without its slash": (lambda c: c.get("/mount"), 307, (200, "mounted")),
    "HEAD with a range": (lambda c: c.head("/file", headers={"range": "bytes=0-1"}), 206, 200),
    "a cookie with a space": (lambda c: c.get("/cookie"), 200, 500),
    "malformed JSON": (lambda c: c.post("/read", content=b"{", headers=JSON), 500, 400),
    "JSON as text": (lambda c: c.post("/read", content=b"{}", headers=TEXT), (200, "{}"), 415),
    "a body of 17 MiB": (lambda c: c.post("/count", content=BODY), (200, "17825792"), 413),
    "an int of 20 digits": (lambda c: c.get(f"/numbers/{BIG}"), (200, f"{BIG}"), 404),
    "PUT": (
        lambda c: c.put("/count"),
        {"allow": "POST"},
        {"allow": "GET, HEAD, OPTIONS, POST"},
    ),
    "a slash too many": (
        lambda c: c.get("/count/", headers={"host": "other.example"}),
        {"location": "http://other.example/count"},
        {"location": "/count"},
    ),
    "a 404": (
        lambda c: c.get("/nowhere"),
        {"content-type": "text/plain; charset=utf-8"},
        {"content-type": "application/problem+json"},
    ),
    "a 404 for a browser": (
        lambda c: c.get("/nowhere", headers={"accept": "text/html"}),
        {"content-type": "text/plain; charset=utf-8"},
        {"content-type": "text/html; charset=utf-8"},
    ),
}


def seen(answer: httpx.Response, wanted: Wanted) -> Wanted:
    """Of an answer what is compared."""
    if isinstance(wanted, dict):
        return {name: answer.headers[name] for name in wanted}
    return (answer.status_code, answer.text) if isinstance(wanted, tuple) else answer.status_code


@pytest.mark.parametrize(("asked", "there", "here"), DIFFERENCES.values(), ids=DIFFERENCES)
def test_the_same_request_is_answered_otherwise(asked: Ask, there: Wanted, here: Wanted) -> None:
    assert seen(asked(client_of(theirs)), there) == there
    assert seen(asked(client_of(ours)), here) == here


def test_two_routes_for_the_same_requests_are_an_error() -> None:
    double = Starlette(routes=[StarletteRoute("/a", text), StarletteRoute("/a", fail)])
    assert client_of(double).get("/a").text == "text"
    app = App()
    app.add_route("/a", our_text)
    app.add_route("/a", our_own)
    with pytest.raises(ConfigError, match="/a"):
        app.compile()


def test_a_handler_of_exceptions_is_not_told_of_background_work() -> None:
    told: list[str] = []

    def note(request: object, error: Exception) -> Any:
        told.append(type(error).__name__)
        return StarletteText("", 500)

    async def theirs_later(request: StarletteRequest) -> StarletteResponse:
        return StarletteText("", background=StarletteTask(fail_later))

    async def ours_later() -> Response:
        return Response(background=BackgroundTask(fail_later))

    async def fail_later() -> None:
        raise LookupError

    routes = [StarletteRoute("/", theirs_later)]
    client_of(Starlette(routes=routes, exception_handlers={Exception: note})).get("/")
    assert told == ["LookupError"]
    app = App(exception_handlers={Exception: note})
    app.get("/")(ours_later)
    client_of(app).get("/")
    assert told == ["LookupError"]


def test_a_500_has_its_cors_fields() -> None:
    old = Starlette(routes=[StarletteRoute("/", fail)])
    old.add_middleware(StarletteCORSMiddleware, allow_origins=[ORIGIN])
    app = App(middleware=[Middleware(CORSMiddleware, allow_origins=[ORIGIN])])
    app.mount("/", fail_asgi)
    for each, is_there in ((old, False), (app, True)):
        answer = client_of(each).get("/", headers={"origin": ORIGIN})
        assert answer.status_code == 500
        assert ("access-control-allow-origin" in answer.headers) is is_there


async def fail_asgi(scope: Any, receive: Any, send: Any) -> None:
    raise LookupError


class Refusing(BaseHTTPMiddleware):
    """Raises what handlers raise."""

    async def dispatch(
        self,
        request: StarletteRequest,
        call_next: Callable[[StarletteRequest], Awaitable[StarletteResponse]],
    ) -> StarletteResponse:
        raise StarletteHTTPException(401)


def test_an_error_raised_in_middleware_has_its_status() -> None:
    old = Starlette(routes=[StarletteRoute("/", text)])
    old.add_middleware(Refusing)
    app = App()

    @app.middleware
    async def refuse(request: Request, call_next: CallNext) -> Response:
        raise HTTPException(401)

    assert client_of(old).get("/").status_code == 500
    assert client_of(app).get("/").status_code == 401


told: contextvars.ContextVar[str] = contextvars.ContextVar("told", default="nothing")


class Telling(BaseHTTPMiddleware):
    """Says what the handler has put into a context variable."""

    async def dispatch(
        self,
        request: StarletteRequest,
        call_next: Callable[[StarletteRequest], Awaitable[StarletteResponse]],
    ) -> StarletteResponse:
        response = await call_next(request)
        response.headers["x-told"] = told.get()
        return response


def test_function_middleware_sees_context_variables_of_the_handler() -> None:
    async def tell(request: StarletteRequest) -> StarletteResponse:
        told.set("something")
        return StarletteText("")

    old = Starlette(routes=[StarletteRoute("/", tell)])
    old.add_middleware(Telling)
    app = App()

    @app.get("/")
    async def handler() -> str:
        told.set("something")
        return ""

    @app.middleware
    async def telling(request: Request, call_next: CallNext) -> Response:
        response = await call_next(request)
        response.headers["x-told"] = told.get()
        return response

    assert client_of(old).get("/").headers["x-told"] == "nothing"
    assert client_of(app).get("/").headers["x-told"] == "something"


def test_the_lifespan_of_a_mounted_app_runs() -> None:
    begun: list[str] = []

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncGenerator[None]:
        begun.append("begun")
        yield

    inner = Starlette(lifespan=lifespan)
    with client_of(Starlette(routes=[StarletteMount("/in", inner)])):
        assert begun == []
    app = App()
    app.mount("/in", inner)
    with client_of(app):
        assert begun == ["begun"]


@pytest.mark.parametrize(("app", "status"), [(theirs, 403), (ours, 404)])
def test_a_socket_that_nobody_answers_is_a_404(app: ASGIApp, status: int) -> None:
    with pytest.raises(WebSocketDenialResponse) as denied:
        client_of(app).websocket_connect("/nowhere").__enter__()
    assert denied.value.status_code == status


def test_a_line_break_in_a_field_is_refused() -> None:
    raw: list[bytes] = []

    def noting(app: ASGIApp) -> ASGIApp:
        async def note(scope: Any, receive: Any, send: Any) -> None:
            async def sending(message: Any) -> None:
                raw.extend(value for _, value in message.get("headers", ()))
                await send({**message, "headers": []} if "headers" in message else message)

            await app(scope, receive, sending)

        return note

    client_of(noting(theirs)).get("/break")
    assert b"a\r\nb: c" in raw
    raw.clear()
    assert client_of(noting(ours)).get("/break").status_code == 500
    assert not [value for value in raw if b"\r" in value]


@pytest.mark.parametrize(("app", "error"), [(theirs, RuntimeError), (ours, FileNotFoundError)])
async def test_a_file_that_is_not_there_is_an_error(app: ASGIApp, error: type[Exception]) -> None:
    assert type((await ask(app, path="/no-file")).error) is error


def test_the_cookie_of_a_session_is_secure() -> None:
    old = Starlette(routes=[StarletteRoute("/", remember)])
    old.add_middleware(StarletteSessionMiddleware, secret_key="secret")
    assert "secure" not in client_of(old).get("/").headers["set-cookie"].lower()
    app = App(middleware=[Middleware(SessionMiddleware, secret_key=SECRET)])

    @app.get("/")
    async def handler(request: Request) -> None:
        request.session["a"] = 1

    assert "Secure" in client_of(app).get("/").headers["set-cookie"]
    weak = App(middleware=[Middleware(SessionMiddleware, secret_key="secret")])
    with pytest.raises(ConfigError, match="secret_key"):
        weak.compile()


def test_a_response_of_starlette_may_be_returned() -> None:
    app = App()

    @app.get("/")
    async def handler() -> StarletteResponse:
        return StarletteText("theirs", 203)

    answer = client_of(app).get("/")
    assert (answer.status_code, answer.text) == (203, "theirs")


# Flask


flask_app = flask.Flask("old")


@flask_app.get("/text")
def flask_text() -> str:
    return "text"


@flask_app.get("/query")
def flask_query() -> str:
    return flask.request.args["a"]


@flask_app.get("/dict")
def flask_dict() -> dict[str, int]:
    return {"b": 1, "a": 2}


@flask_app.get("/names/<name>")
def flask_name(name: str) -> str:
    return name


@flask_app.get("/tuple")
def flask_tuple() -> tuple[str, int]:
    return "made", 201


@flask_app.post("/count")
def flask_count() -> str:
    return f"{len(flask.request.get_data())}"


@flask_app.get("/slash/")
def flask_slash() -> str:
    return "slash"


app_for_flask = App()


@app_for_flask.get("/text")
def new_text() -> str:
    return "text"


@app_for_flask.get("/query")
def new_query(request: Request) -> str:
    return request.query_params["a"]


@app_for_flask.get("/dict")
def new_dict() -> dict[str, int]:
    return {"b": 1, "a": 2}


@app_for_flask.get("/names/{name}")
def new_name(name: str) -> str:
    return name


@app_for_flask.get("/tuple")
def new_tuple() -> tuple[str, int]:
    return "made", 201


@app_for_flask.post("/count")
async def new_count(request: Request) -> PlainTextResponse:
    return PlainTextResponse(f"{len(await request.body())}")


@app_for_flask.get("/slash/")
def new_slash() -> str:
    return "slash"


OF_FLASK: dict[str, tuple[Ask, Wanted, Wanted]] = {
    "str": (
        lambda c: c.get("/text"),
        {"content-type": "text/html; charset=utf-8"},
        {"content-type": "text/plain; charset=utf-8"},
    ),
    "a tuple": (lambda c: c.get("/tuple"), (201, "made"), 500),
    "a dict": (lambda c: c.get("/dict"), (200, '{"a":2,"b":1}\n'), (200, '{"b":1,"a":2}')),
    "%2F": (lambda c: c.get("/names/a%2Fb"), 404, (200, "a/b")),
    "a body of 17 MiB": (lambda c: c.post("/count", content=BODY), (200, "17825792"), 413),
    "a slash too few": (lambda c: c.get("/slash"), 308, 307),
    "a slash too many": (lambda c: c.get("/text/"), 404, 307),
    "a 404": (
        lambda c: c.get("/nowhere"),
        {"content-type": "text/html; charset=utf-8"},
        {"content-type": "application/problem+json"},
    ),
}


@pytest.mark.parametrize(("asked", "there", "here"), OF_FLASK.values(), ids=OF_FLASK)
def test_flask_answers_the_same_request_otherwise(asked: Ask, there: Wanted, here: Wanted) -> None:
    assert seen(asked(client_of(WSGI(flask_app))), there) == there
    assert seen(asked(client_of(app_for_flask)), here) == here


ALIKE: dict[str, tuple[ASGIApp, ASGIApp]] = {
    "/users/ann": (theirs, ours),
    "/numbers/7": (theirs, ours),
    "/count": (theirs, ours),
    "/names/ann": (WSGI(flask_app), app_for_flask),
    "/slash/": (WSGI(flask_app), app_for_flask),
    "/query?a=1": (WSGI(flask_app), app_for_flask),
    "/query": (WSGI(flask_app), app_for_flask),
}


@pytest.mark.parametrize("path", ALIKE)
def test_all_other_requests_are_answered_alike(path: str) -> None:
    there, here = (client_of(app).get(path) for app in ALIKE[path])
    assert here.status_code == there.status_code
    assert here.text == there.text or here.status_code == 400


def test_a_session_of_flask_is_not_secure_by_default() -> None:
    old = flask.Flask("sessions")
    old.secret_key = "secret"

    @old.get("/")
    def index() -> str:
        flask.session["a"] = 1
        return ""

    cookie = client_of(WSGI(old)).get("/").headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "Secure" not in cookie
    assert "SameSite" not in cookie
