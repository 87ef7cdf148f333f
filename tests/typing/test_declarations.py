"""Declaring things keeps the types of what is declared, and refuses what could not work."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, assert_type

import msgspec
import pytest

from framework import (
    App,
    ConfigError,
    HTTPException,
    Limits,
    Middleware,
    Mount,
    NotFound,
    Regex,
    Request,
    Response,
    Route,
    Router,
    WebSocket,
)
from framework.routes import CallNext
from framework.types import ASGIApp, Receive, Scope, Send
from tests.driver import ask
from tests.protocols import start


class Wrapping:
    """ASGI middleware with options."""

    def __init__(self, app: ASGIApp, size: int, *, name: str = "") -> None:
        self.app = app
        self.size = size
        self.name = name

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)


class Thing:
    """A handler of several verbs."""

    async def get(self) -> int: ...  # type: ignore[empty-body]


@asynccontextmanager
async def lifespan(app: App) -> AsyncGenerator[dict[str, int]]:
    yield {"answer": 42}


@asynccontextmanager
async def bare_lifespan() -> AsyncGenerator[None]:
    yield


async def test_a_decorated_handler_keeps_its_type() -> None:
    app = App()

    @app.get("/a/{id}", name="a", status_code=201, middleware=[])
    async def handler(request: Request, id: int) -> str: ...  # type: ignore[empty-body]

    @app.route("/b", ["GET", "POST"])
    def plain() -> bytes: ...  # type: ignore[empty-body]

    @app.post("/c")
    async def stream() -> AsyncIterator[str]:
        yield "streamed"

    @app.websocket("/d")
    async def socket(websocket: WebSocket) -> None: ...

    assert_type(plain, Callable[[], bytes])
    assert_type(stream, Callable[[], AsyncIterator[str]])
    assert_type(app.route("/e")(Thing), type[Thing])
    assert handler.__name__ == "handler"
    assert socket.__name__ == "socket"
    assert (await ask(app, "POST", "/c")).text == "streamed"


async def test_a_decorated_middleware_hook_or_error_handler_keeps_its_type() -> None:
    app = Router()

    @app.middleware
    async def tag(request: Request, call_next: CallNext) -> Response:
        assert_type(request, Request)
        return assert_type(await call_next(request), Response)

    @app.exception_handler(404)
    def missing(request: Request, error: NotFound) -> str: ...  # type: ignore[empty-body]

    @app.exception_handler(LookupError)
    async def lookup(request: Request, error: LookupError) -> Response: ...  # type: ignore[empty-body]

    @App().on_startup
    def begin() -> None: ...

    @App().on_shutdown
    async def stop() -> None: ...

    kept: Callable[[Request, NotFound], str] = missing
    assert kept is missing
    assert_type(begin, Callable[[], None])
    app.get("/")(begin)
    assert tag.__name__ == "tag"
    assert (await ask(App(routes=[app]))).status == 204
    assert lookup.__name__ == "lookup"
    assert stop.__name__ == "stop"


async def test_options_are_checked() -> None:
    codec: Any = msgspec.json
    app = App(
        routes=[
            Route("/", Thing),
            Router(prefix="/r"),
            Mount("/m", Wrapping(App(), 1), strip=True),
        ],
        middleware=[Middleware(Wrapping, 1, name="a")],
        exception_handlers={404: lambda request, error: None, HTTPException: print},
        lifespan=lifespan,
        on_startup=[list],
        json=codec,
        limits=Limits(max_body_size=1),
        converters={"hex": Regex("[0-9a-f]+")},
        trailing_slash="strict",
        threads=1,
    )
    app.add_middleware(Wrapping, 1, name="b")
    for each in (app, App(lifespan=bare_lifespan)):
        assert (await start(each)).types == ["startup.complete", "shutdown.complete"]


def test_what_cannot_work_is_an_error_for_type_checkers() -> None:
    with pytest.raises(TypeError):
        App(name="x")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    with pytest.raises(ConfigError):
        App(trailing_slash="remove")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    with pytest.raises(ConfigError):
        Router().exception_handler("404")(print)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    with pytest.raises(ConfigError):
        Router().middleware(print)  # type: ignore[type-var]  # pyright: ignore[reportArgumentType]
