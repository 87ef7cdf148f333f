"""Who a request is from: asked before the app has it, told to the app, and refused in good order."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from framework import App, ConfigError, HTTPException, JSONResponse, Middleware, Request, WebSocket
from framework.authentication import (
    AuthCredentials,
    AuthenticationBackend,
    AuthenticationError,
    BaseUser,
    BasicBackend,
    BearerBackend,
    SimpleUser,
)
from framework.connections import HTTPConnection
from framework.middleware.authentication import AuthenticationMiddleware
from framework.types import ASGIApp, Receive, Scope, Send
from tests.driver import ask, exchange, http_scope
from tests.middleware.around import APPS, calls, raw
from tests.protocols import converse, start

DENIAL: dict[str, dict[str, Any]] = {"websocket.http.response": {}}
BASIC = BasicBackend({"Aladdin": "open sesame"})
ALADDIN = {"authorization": "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="}
WRONG = {"authorization": "Basic QWxhZGRpbjpvcGVu"}


class ByHeader:
    """A backend as an app writes one."""

    async def authenticate(self, conn: HTTPConnection) -> tuple[AuthCredentials, BaseUser] | None:
        match conn.headers.get("x-user"):
            case None:
                return None
            case "":
                raise AuthenticationError("the name is missing")
            case "busy":
                raise HTTPException(503, "the directory is down", {"retry-after": "9"})
            case name:
                return AuthCredentials(["authenticated"]), SimpleUser(name)


def told(**options: Any) -> ASGIApp:
    """The middleware around an app of nobody's framework, which says whom it serves."""

    async def whom(scope: Scope, receive: Receive, send: Send) -> None:
        text = json.dumps([scope["user"].identity, scope["auth"].scopes])
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": text.encode()})

    options.setdefault("backend", BASIC)
    return AuthenticationMiddleware(whom, **options)


async def test_an_app_is_told_who_asks_and_what_he_may_do() -> None:
    assert (await ask(told(), headers=ALADDIN)).json() == ["Aladdin", ["authenticated"]]
    assert (await ask(told())).json() == ["", []]
    assert (await ask(told(), headers={"authorization": "Bearer a"})).json() == ["", []]


@pytest.mark.parametrize("make", APPS.values(), ids=APPS)
async def test_what_is_shown_wrong_never_reaches_the_app(make: Callable[[], ASGIApp]) -> None:
    app = AuthenticationMiddleware(make(), backend=BASIC)
    assert (await ask(app, headers=ALADDIN)).text == "Hello"
    assert (await ask(app)).text == "Hello"
    answer = await ask(app, headers=WRONG)
    assert answer.status == 401
    assert answer.headers["www-authenticate"] == 'Basic realm="Restricted", charset="UTF-8"'
    assert answer.json()["detail"] == "wrong username or password"


async def test_a_handler_reads_user_and_auth_of_its_request() -> None:
    app = App(middleware=[Middleware(AuthenticationMiddleware, backend=ByHeader())])

    @app.get("/")
    async def home(request: Request) -> list[Any]:
        return [request.user.display_name, request.user.is_authenticated, request.auth.scopes]

    assert (await ask(app)).json() == ["", False, []]
    assert (await ask(app, headers={"x-user": "me"})).json() == ["me", True, ["authenticated"]]


async def test_of_several_backends_the_first_that_knows_decides() -> None:
    app = told(backend=[ByHeader(), BASIC, BearerBackend(lambda token: None)])
    assert (await ask(app, headers=ALADDIN)).json()[0] == "Aladdin"
    assert (await ask(app, headers={"x-user": "me", **ALADDIN})).json()[0] == "me"
    assert (await ask(app, headers={"x-user": "", **ALADDIN})).status == 400
    assert (await ask(app, headers={"authorization": "Bearer a"})).status == 401


@pytest.mark.parametrize(
    ("name", "status", "detail"),
    [("", 400, "the name is missing"), ("busy", 503, "the directory is down")],
)
async def test_what_a_backend_refuses_is_answered_as_the_client_accepts(
    name: str, status: int, detail: str
) -> None:
    app = told(backend=ByHeader())
    answer = await ask(app, headers={"x-user": name})
    assert (answer.status, answer.json()["detail"]) == (status, detail)
    answer = await ask(app, headers={"x-user": name, "accept": "text/plain"})
    assert answer.text.endswith(f": {detail}")


def in_json(connection: HTTPConnection, error: AuthenticationError) -> JSONResponse:
    path = connection.scope["path"]
    return JSONResponse({"error": str(error), "path": path}, 401, error.headers)


async def in_json_later(connection: HTTPConnection, error: AuthenticationError) -> JSONResponse:
    return in_json(connection, error)


@pytest.mark.parametrize("on_error", [in_json, in_json_later])
async def test_an_app_words_what_is_wrong(
    on_error: Callable[..., JSONResponse | Awaitable[JSONResponse]],
) -> None:
    app = told(backend=[ByHeader(), BASIC], on_error=on_error)
    answer = await ask(app, headers={"x-user": ""})
    assert (answer.status, answer.json()) == (401, {"error": "the name is missing", "path": "/"})
    assert "www-authenticate" in (await ask(app, headers=WRONG)).headers
    assert (await ask(app, headers={"x-user": "busy"})).status == 503


async def shout(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.send_text(websocket.user.identity)


@pytest.mark.parametrize("on_error", [None, in_json])
async def test_a_socket_has_a_user_or_is_refused_before_it_is_opened(on_error: Any) -> None:
    app = App()
    app.add_middleware(AuthenticationMiddleware, backend=BASIC, on_error=on_error)
    app.websocket("/ws")(shout)
    talk = await converse(app, "/ws", headers=ALADDIN)
    assert talk.types == ["accept", "send", "close"]
    assert talk.messages[1]["text"] == "Aladdin"
    assert (await converse(app, "/ws", headers=WRONG)).types == ["close"]
    talk = await converse(app, "/ws", headers=WRONG, extensions=DENIAL)
    assert talk.messages[0]["status"] == 401
    assert b"www-authenticate" in dict(talk.messages[0]["headers"])


async def test_the_lifespan_passes() -> None:
    app = AuthenticationMiddleware(App(), backend=BASIC)
    assert (await start(app)).types == ["startup.complete", "shutdown.complete"]


async def test_who_shows_nothing_costs_little() -> None:
    app = AuthenticationMiddleware(raw, backend=ByHeader())
    assert await calls(app, http_scope()) < 15


async def test_a_failing_backend_lets_nothing_through() -> None:
    class Failing:
        async def authenticate(self, conn: HTTPConnection) -> None:
            raise ConnectionError("no directory")

    answer = await exchange(told(backend=Failing()), http_scope())
    assert isinstance(answer.error, ConnectionError)
    assert answer.messages == []


@pytest.mark.parametrize("backend", [ByHeader, None, [ByHeader], "basic"])
def test_what_is_no_backend_is_refused(backend: Any) -> None:
    with pytest.raises(ConfigError, match=r"backend=.*give an object with"):
        AuthenticationMiddleware(raw, backend=backend)


def test_what_apps_write_is_a_backend() -> None:
    backends: list[AuthenticationBackend] = [ByHeader(), BASIC]
    assert len(backends) == 2
