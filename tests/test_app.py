"""`App`: its options, the moment it compiles, and what it is to a server."""

import threading
import weakref
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from inspect import iscoroutinefunction, signature
from typing import Any

import anyio
import pytest

from framework import (
    App,
    ConfigError,
    Converter,
    FrameworkError,
    Limits,
    Middleware,
    Mount,
    NoMatchFound,
    Request,
    Route,
    Router,
    WebSocket,
    WebSocketRoute,
)
from framework.types import ASGIApp, Receive, Scope, Send
from tests.driver import ask, exchange, http_scope
from tests.protocols import Conversation, converse, running, silence, start


async def home() -> str:
    return "home"


class Passing:
    """ASGI middleware that does nothing."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)


def broken(app: ASGIApp) -> ASGIApp:
    """ASGI middleware that cannot be made."""
    raise ValueError("no key")


# What it is to a server


def test_servers_see_an_async_callable_that_can_be_referred_to_weakly() -> None:
    app = App()
    assert iscoroutinefunction(app.__call__)
    assert iscoroutinefunction(app.compile())
    assert weakref.ref(app)() is app


class Counting(App):
    """An App that does something of its own with each connection."""

    __slots__ = ("calls",)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.calls = getattr(self, "calls", 0) + 1
        await super().__call__(scope, receive, send)


async def test_a_subclass_may_have_a_call_of_its_own() -> None:
    app = Counting()
    app.add_route("/", lambda: "Hello")
    assert [(await ask(app)).text for _ in range(2)] == ["Hello", "Hello"]
    assert app.calls == 2


def test_what_is_known_of_an_app_does_not_change_when_it_is_compiled() -> None:
    app = App()
    before = signature(app)
    app.compile()
    assert signature(app) == before
    assert iscoroutinefunction(app.__call__)
    assert (type(app).__name__, type(app).__module__, isinstance(app, App)) == (
        "App",
        "framework.app",
        True,
    )


async def test_the_compiled_callable_serves_as_the_app_does() -> None:
    app = App(routes=[Route("/", home)])
    compiled = app.compile()
    assert compiled is app.compile()
    assert (await ask(compiled)).messages == (await ask(app)).messages


@pytest.mark.parametrize("middleware", [[], [Middleware(Passing)]], ids=["bare", "wrapped"])
async def test_a_scope_of_another_protocol_is_refused_by_name_and_not_answered(
    middleware: list[Middleware],
) -> None:
    app = App(middleware=middleware)
    talk = Conversation()
    with pytest.raises(FrameworkError, match="'ftp': this app serves http, websocket, lifespan"):
        await app({"type": "ftp"}, silence, talk.send)
    assert talk.messages == []


# When it compiles


async def unused(*args: Any) -> Any: ...


DECLARATIONS: list[Callable[[App], Any]] = [
    lambda app: app.add_route("/x", home),
    lambda app: app.add_middleware(Passing),
    lambda app: app.middleware(unused),
    lambda app: app.mount("/x", App()),
    lambda app: app.include(Router()),
    lambda app: app.add_exception_handler(404, unused),
    lambda app: app.on_startup(home),
    lambda app: app.on_shutdown(home),
]


async def test_the_first_request_compiles_where_the_server_has_no_lifespan() -> None:
    app = App()
    app.add_route("/", home)
    assert (await ask(app)).text == "home"
    with pytest.raises(ConfigError, match="comes too late"):
        app.get("/late")(home)


@pytest.mark.parametrize("declare", DECLARATIONS)
async def test_a_declaration_after_the_start_is_refused(declare: Callable[[App], Any]) -> None:
    app = App()
    async with running(app):
        with pytest.raises(ConfigError, match="comes too late"):
            declare(app)


def test_asking_for_a_path_compiles() -> None:
    app = App()
    app.add_route("/users/{id:int}", home_of, name="user")
    assert app.url_path_for("user", id=7) == "/users/7"
    with pytest.raises(ConfigError, match="comes too late"):
        app.add_route("/", home)
    with pytest.raises(NoMatchFound):
        app.url_path_for("nobody")


async def home_of(id: int) -> str:
    return f"home of {id}"


async def test_a_recipe_that_cannot_work_is_reported_as_a_failure_to_start() -> None:
    app = App()
    app.add_route("/{id}", home)
    talk = await start(app)
    assert talk.types == ["startup.failed"]
    assert talk.messages[0]["message"].startswith("ConfigError: the handler home of /{id} does not")
    assert isinstance(talk.error, ConfigError)


async def test_middleware_that_cannot_be_made_is_reported_as_a_failure_to_start() -> None:
    talk = await start(App(middleware=[Middleware(broken)]))
    assert talk.messages == [{"type": "lifespan.startup.failed", "message": "ValueError: no key"}]
    assert isinstance(talk.error, ValueError)


async def test_a_recipe_that_cannot_work_fails_every_request_without_a_lifespan() -> None:
    app = App()
    app.add_route("/{id}", home)
    for _ in range(2):
        with pytest.raises(ConfigError, match="does not take id"):
            await app(http_scope(), silence, Conversation().send)


# Its options


async def test_routes_may_be_given_as_a_list() -> None:
    async def hello(websocket: WebSocket) -> None:
        await websocket.accept()

    app = App(
        routes=[
            Route("/", home),
            WebSocketRoute("/ws", hello),
            Mount("/mounted", App(routes=[Route("/", home)])),
            Router(prefix="/router", routes=[Route("/", home)]),
        ]
    )
    for path in ("/", "/mounted/", "/router/"):
        assert (await ask(app, path=path)).text == "home"
    assert (await converse(app, "/ws")).types == ["accept", "close"]


async def test_the_state_of_the_app_is_there_for_every_request() -> None:
    app = App()
    app.state.greeting = "hello"

    @app.get("/")
    async def greet(request: Request) -> str:
        greeting: str = request.app.state.greeting
        return greeting

    assert (await ask(app)).text == "hello"


async def test_a_lifespan_may_declare_nothing_but_fill_the_state() -> None:
    @asynccontextmanager
    async def lifespan(app: App) -> AsyncGenerator[dict[str, int]]:
        yield {"answer": 42}

    app = App(lifespan=lifespan)

    @app.get("/")
    async def answer(request: Request) -> dict[str, int]:
        return {"answer": request.state.answer}

    async with running(app) as talk:
        assert (await ask(app, state=talk.state)).json() == {"answer": 42}


async def test_the_codec_of_the_app_reads_and_writes_json() -> None:
    class Reversing:
        """JSON, read from right to left."""

        def encode(self, value: Any) -> bytes:
            return repr(value).encode()[::-1]

        def decode(self, data: bytes) -> Any:
            return data[::-1].decode()

    app = App(json=Reversing())

    @app.post("/")
    async def echo(request: Request) -> list[str]:
        return [await request.json()]

    answer = await ask(app, "POST", body=b"olleh", headers={"content-type": "application/json"})
    assert answer.body == b"]'olleh'["


async def test_the_limits_of_the_app_hold_for_its_requests() -> None:
    app = App(limits=Limits(max_body_size=3))

    @app.post("/")
    async def read(request: Request) -> bytes:
        return await request.body()

    assert (await ask(app, "POST", body=b"123")).body == b"123"
    answer = await ask(app, "POST", body=b"1234")
    assert (answer.status, answer.error) == (413, None)


async def test_a_converter_of_the_users_own_has_the_name_it_is_given() -> None:
    class Hex(Converter[int]):
        """Hexadecimal numbers."""

        value_type = int

        def convert(self, text: str) -> int:
            return int(text, 16)

        def to_string(self, value: int) -> str:
            return f"{value:x}"

    app = App(converters={"hex": Hex()})

    @app.get("/{id:hex}")
    async def show(id: int) -> list[int]:
        return [id]

    assert (await ask(app, path="/ff")).json() == [255]
    assert (await ask(app, path="/xyz")).status == 404
    assert app.url_path_for("show", id=255) == "/ff"


async def test_a_missing_slash_is_redirected_to_unless_the_app_is_strict() -> None:
    redirecting = App(routes=[Route("/a/", home)])
    strict = App(routes=[Route("/a/", home)], trailing_slash="strict")
    answer = await ask(redirecting, path="/a?b=c")
    assert (answer.status, answer.headers["location"]) == (307, "/a/?b=c")
    assert (await ask(strict, path="/a")).status == 404


def test_another_policy_for_slashes_is_refused() -> None:
    wrong: Any = "remove"
    with pytest.raises(ConfigError, match="trailing_slash='remove': give 'redirect' or 'strict'"):
        App(trailing_slash=wrong)


async def test_a_lifespan_without_its_decorator_is_refused() -> None:
    async def lifespan() -> AsyncGenerator[None]:
        yield

    wrong: Any = lifespan
    with pytest.raises(ConfigError, match="lifespan=lifespan: it lacks @asynccontextmanager"):
        App(lifespan=wrong)
    app = App(lifespan=asynccontextmanager(lifespan))
    assert (await start(app)).types == ["startup.complete", "shutdown.complete"]


async def test_threads_bounds_how_many_plain_handlers_run_at_a_time() -> None:
    running_now = 0
    most = 0
    lock = threading.Lock()
    all_came = threading.Event()

    def work() -> str:
        nonlocal running_now, most
        with lock:
            running_now += 1
            most = max(most, running_now)
        all_came.wait(0.02)
        with lock:
            running_now -= 1
        return "done"

    app = App(routes=[Route("/", work)], threads=2)
    async with anyio.create_task_group() as group:
        for _ in range(6):
            group.start_soon(ask, app)
    assert most == 2


# ASGI middleware of the app


async def test_asgi_middleware_of_the_app_is_around_everything() -> None:
    seen: list[str] = []

    class Noting(Passing):
        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            seen.append(scope["type"] + scope.get("path", ""))
            await self.app(scope, receive, send)

    app = App(middleware=[Middleware(Noting)])
    app.add_route("/", home)
    app.mount("/mounted", App())
    await start(app)
    for path in ("/", "/nothing", "/mounted/x"):
        await ask(app, path=path)
    await converse(app, "/ws")
    assert seen == ["lifespan", "http/", "http/nothing", "http/mounted/x", "websocket/ws"]


async def test_the_middleware_that_is_added_last_is_outermost() -> None:
    def stamping(name: str) -> Callable[[ASGIApp], ASGIApp]:
        def wrap(app: ASGIApp) -> ASGIApp:
            async def stamp(scope: Scope, receive: Receive, send: Send) -> None:
                scope["order"] = [*scope.get("order", []), name]
                await app(scope, receive, send)

            return stamp

        return wrap

    app = App(middleware=[Middleware(stamping("first")), Middleware(stamping("second"))])
    app.add_middleware(stamping("added"))

    @app.get("/")
    async def order(request: Request) -> list[str]:
        names: list[str] = request.scope["order"]
        return names

    assert (await ask(app)).json() == ["added", "first", "second"]


async def test_middleware_may_change_the_path_before_it_is_looked_up() -> None:
    class Rewriting(Passing):
        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            await self.app({**scope, "path": "/new"}, receive, send)

    app = App(routes=[Route("/new", home)], middleware=[Middleware(Rewriting)])
    assert (await ask(app, path="/old%20path")).text == "home"


async def test_tools_around_the_app_find_in_the_scope_what_was_looked_up() -> None:
    app = App()
    app.add_route("/users/{id:int}", home_of)
    scope = http_scope(path="/users/7")
    await exchange(app, scope)
    assert scope["app"] is app
    assert scope["endpoint"] is home_of
    assert scope["path_params"] == {"id": 7}
    assert (scope["route"].path, scope["route"].path_format) == ("/users/{id:int}", "/users/{id}")


async def test_a_body_that_middleware_has_taken_is_there_all_the_same() -> None:
    class Taking(Passing):
        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            await receive()
            await self.app(scope, receive, send)

    async def read(request: Request) -> bytes:
        return await request.body()

    taking = [Middleware(Taking)]
    for app in (
        App(middleware=taking, routes=[Route("/", read, ["POST"])]),
        App(routes=[Route("/", read, ["POST"], middleware=taking)]),
        App(routes=[Router(middleware=taking, routes=[Route("/", read, ["POST"])])]),
    ):
        with anyio.fail_after(1):
            assert (await ask(app, "POST", body=b"taken")).body == b"taken"


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"threads": 0}, "threads=0.: it takes an integer of 1 or more"),
        ({"threads": "4"}, "threads='4'.: it takes an integer"),
        ({"limits": {}}, r"limits=\{\}: give Limits"),
        ({"converters": {"int": Converter}}, r"converters\['int'\]=.*: give an instance"),
        ({"json": object()}, r"give a codec with encode\(\) and decode\(\)"),
    ],
)
def test_an_option_that_cannot_work_is_refused_at_once(
    options: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(ConfigError, match=complaint):
        App(**options)
