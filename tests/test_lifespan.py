"""Start-up and shutdown: the app's own, and those of the apps that it mounts."""

import contextvars
import logging
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from typing import Any, Literal

import anyio
import pytest

from framework import (
    App,
    EventSourceResponse,
    FrameworkError,
    Middleware,
    Request,
    StreamingResponse,
)
from framework.testing import TestClient
from framework.types import ASGIApp, Receive, Scope, Send
from tests.driver import ask, http_scope
from tests.protocols import running, start
from tests.scripted import Sent, body, receiving
from tests.waiting import become

COMPLETE = ["startup.complete", "shutdown.complete"]


def yielding(
    state: Mapping[str, Any] | None, log: list[str] | None = None, name: str = ""
) -> Callable[[], AbstractAsyncContextManager[Mapping[str, Any] | None]]:
    """A lifespan that yields `state`, and logs when it begins and ends."""

    @asynccontextmanager
    async def lifespan() -> AsyncGenerator[Mapping[str, Any] | None]:
        (log if log is not None else []).append(f"{name}+")
        yield state
        (log if log is not None else []).append(f"{name}-")

    return lifespan


def failing(error: Exception) -> Callable[[], None]:
    """A function that raises."""

    def fail() -> None:
        raise error

    return fail


def speaking(*lines: str) -> ASGIApp:
    """An app that has its lifespan by heart: "?" receives, "!" raises, all else is sent."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        for line in lines:
            if line == "?":
                await receive()
            elif line == "!":
                raise RuntimeError("out of words")
            else:
                kind, _, message = line.partition(": ")
                await send({"type": f"lifespan.{kind}", "message": message})

    return app


# The app's own


async def test_an_app_without_a_lifespan_starts_and_stops() -> None:
    assert (await start(App())).types == COMPLETE


async def test_what_the_lifespan_yields_is_in_the_state_of_every_request() -> None:
    app = App(lifespan=yielding({"db": "open"}))

    @app.get("/")
    async def home(request: Request) -> str:
        request.state.seen = True
        return f"{request.state.db} {sorted(request.state)}"

    async with running(app) as talk:
        for _ in range(2):
            answer = await ask(app, state=talk.state.copy())
            assert answer.text == "open ['db', 'seen']"


async def test_a_lifespan_that_takes_the_app_gets_it() -> None:
    @asynccontextmanager
    async def lifespan(app: App) -> AsyncGenerator[None]:
        app.state.db = "open"
        yield
        app.state.db = "closed"

    app = App(lifespan=lifespan)
    async with running(app) as talk:
        assert (app.state.db, talk.state) == ("open", {})
    assert app.state.db == "closed"


@pytest.mark.parametrize("state", [None, {}])
async def test_a_lifespan_without_state_needs_no_server_that_hands_it_on(
    state: Mapping[str, Any] | None,
) -> None:
    assert (await start(App(lifespan=yielding(state)), state=None)).types == COMPLETE


async def test_a_state_that_the_server_would_lose_is_a_failure_to_start() -> None:
    talk = await start(App(lifespan=yielding({"db": 1})), state=None)
    assert talk.types == ["startup.failed"]
    assert "app.state" in talk.messages[0]["message"]
    assert isinstance(talk.error, FrameworkError)


@pytest.mark.parametrize("error", [SystemExit("no database"), KeyboardInterrupt("no database")])
@pytest.mark.parametrize("phase", ["startup", "shutdown"])
async def test_an_app_that_ends_the_program_tells_the_server_before(
    phase: str, error: BaseException
) -> None:
    def end() -> None:
        raise error

    sent = Sent()
    app = App()
    (app.on_startup if phase == "startup" else app.on_shutdown)(end)
    events = receiving({"type": "lifespan.startup"}, {"type": "lifespan.shutdown"})
    with pytest.raises(type(error)):
        await app({"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}, events, sent)
    told = f"{type(error).__name__}: no database"
    assert sent.messages[-1] == {"type": f"lifespan.{phase}.failed", "message": told}


async def test_a_mounted_app_that_ends_the_program_fails_the_start() -> None:
    async def ends(scope: Scope, receive: Receive, send: Send) -> None:
        raise SystemExit("no database")

    app = App()
    app.mount("/", ends)
    talk = await start(app)
    assert talk.types == ["startup.failed"]
    assert talk.messages[0]["message"].endswith("failed: SystemExit: no database")


async def test_what_is_open_before_the_app_starts_is_none_of_its_run() -> None:
    async def stream() -> AsyncGenerator[bytes]:
        yield b"begun"
        await anyio.sleep_forever()

    app, sent = App(), Sent()
    app.get("/stream")(lambda: StreamingResponse(stream()))
    with anyio.fail_after(5):
        async with anyio.create_task_group() as group:
            group.start_soon(app, http_scope(path="/stream"), receiving(body(b"")), sent)
            await become(lambda: b"begun" in sent.content)
            assert (await start(app)).types == COMPLETE
            group.cancel_scope.cancel()


async def test_functions_run_in_order_within_the_context_manager() -> None:
    log: list[str] = []

    async def up(name: str) -> None:
        log.append(name)

    def down() -> None:
        log.append("down")

    app = App(
        lifespan=yielding(None, log, "context"),
        on_startup=[partial(up, "first")],
        on_shutdown=[down],
    )

    @app.on_startup
    def second() -> None:
        log.append("second")

    @app.on_shutdown
    async def last() -> None:
        log.append("last")

    assert (await start(app)).types == COMPLETE
    assert log == ["context+", "first", "second", "down", "last", "context-"]
    assert (second.__name__, last.__name__) == ("second", "last")


async def test_the_lifespan_is_one_task_so_context_variables_last_from_start_to_stop() -> None:
    current = contextvars.ContextVar("current", default="nothing")
    seen: list[str] = []

    @asynccontextmanager
    async def lifespan() -> AsyncGenerator[None]:
        current.set("begun")
        yield
        seen.append(current.get())

    mounted = App()
    app = App(lifespan=lifespan)
    app.mount("/inner", mounted)
    app.on_shutdown(lambda: seen.append(current.get()))
    await start(app)
    assert seen == ["begun", "begun"]


async def test_a_failure_to_start_is_reported_with_its_message_and_raised() -> None:
    log: list[str] = []
    error = OSError("no database")
    app = App(
        lifespan=yielding(None, log), on_startup=[failing(error)], on_shutdown=[failing(error)]
    )
    talk = await start(app)
    assert talk.messages == [{"type": "lifespan.startup.failed", "message": "OSError: no database"}]
    assert talk.error is error
    assert log == ["+"]


async def test_a_failure_to_stop_is_reported_with_its_message_and_raised() -> None:
    error = OSError("still busy")
    talk = await start(App(on_shutdown=[failing(error)]))
    assert talk.messages[1:] == [
        {"type": "lifespan.shutdown.failed", "message": "OSError: still busy"}
    ]
    assert talk.error is error


async def test_an_app_serves_without_a_lifespan_where_the_server_has_none() -> None:
    app = App(lifespan=yielding({"db": 1}))
    app.mount("/inner", inner := App(lifespan=yielding({"cache": 1})))

    async def keys(request: Request) -> list[str]:
        return sorted(request.state)

    app.add_route("/", keys)
    inner.add_route("/", keys)
    assert (await ask(app)).json() == []
    assert (await ask(app, path="/inner/")).json() == []


async def test_asgi_middleware_of_the_app_sees_the_lifespan() -> None:
    class Counting:
        def __init__(self, app: ASGIApp) -> None:
            self.app = app

        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            scope["state"]["seen"] = scope["type"]
            await self.app(scope, receive, send)

    talk = await start(App(middleware=[Middleware(Counting)]))
    assert (talk.types, talk.state) == (COMPLETE, {"seen": "lifespan"})


# Those of mounted apps


async def test_mounted_apps_start_before_the_app_and_stop_after_it() -> None:
    log: list[str] = []
    app = App(lifespan=yielding(None, log, "outer"))
    for name in ("a", "b"):
        app.mount(f"/{name}", App(lifespan=yielding(None, log, name)))
    assert (await start(app)).types == COMPLETE
    assert log == ["a+", "b+", "outer+", "outer-", "b-", "a-"]


async def test_the_state_of_a_mounted_app_is_merged_into_its_requests_only() -> None:
    async def state(request: Request) -> dict[str, Any]:
        return dict(request.state)

    innermost = App(lifespan=yielding({"who": "innermost"}))
    inner = App(lifespan=yielding({"who": "inner", "cache": 1}))
    outer = App(lifespan=yielding({"who": "outer", "db": 2}))
    inner.mount("/deep", innermost)
    outer.mount("/inner", inner)
    outer.mount("/plain", plain := App())
    for app in (innermost, inner, outer, plain):
        app.add_route("/", state)
    async with running(outer) as talk:
        for path, expected in {
            "/": {"who": "outer", "db": 2},
            "/plain/": {"who": "outer", "db": 2},
            "/inner/": {"who": "inner", "db": 2, "cache": 1},
            "/inner/deep/": {"who": "innermost", "db": 2, "cache": 1},
        }.items():
            assert (await ask(outer, path=path, state=talk.state.copy())).json() == expected
    assert talk.state == {"who": "outer", "db": 2}


async def test_a_mounted_app_cannot_change_the_state_that_others_see() -> None:
    async def touch(request: Request) -> list[str]:
        request.state.touched = True
        return sorted(request.state)

    inner = App(lifespan=yielding({"cache": 1}))
    inner.add_route("/", touch)
    outer = App()
    outer.mount("/inner", inner)
    async with running(outer) as talk:
        for _ in range(2):
            answer = await ask(outer, path="/inner/", state=talk.state.copy())
            assert answer.json() == ["cache", "touched"]


async def test_an_app_that_is_mounted_twice_runs_once() -> None:
    log: list[str] = []
    inner = App(lifespan=yielding(None, log, "inner"))
    app = App()
    app.mount("/a", inner)
    app.mount("/b", inner)
    assert (await start(app)).types == COMPLETE
    assert log == ["inner+", "inner-"]


async def test_an_app_starts_again_after_it_has_stopped() -> None:
    log: list[str] = []
    app = App()
    app.mount("/a", App(lifespan=yielding({"n": 1}, log)))
    for _ in range(2):
        assert (await start(app)).types == COMPLETE
    assert log == ["+", "-", "+", "-"]


@pytest.mark.parametrize(
    "lines",
    [
        ("!",),
        ("?", "!"),
        (),
        ("?",),
        ("?", "startup.complete"),
        ("startup.complete", "?", "?", "shutdown.complete"),
        ("?", "startup.complete", "?"),
        ("?", "startup.complete", "?", "shutdown.complete", "!"),
        ("?", "startup.complete", "?", "shutdown.complete", "?"),
    ],
    ids=" ".join,
)
async def test_a_mounted_app_that_knows_little_of_lifespans_is_tolerated(
    lines: tuple[str, ...], caplog: pytest.LogCaptureFixture
) -> None:
    app = App()
    app.mount("/", speaking(*lines))
    with caplog.at_level(logging.INFO, "framework"):
        assert (await start(app)).types == COMPLETE
    assert caplog.messages == []


@pytest.mark.parametrize(
    ("lines", "phase", "message"),
    [
        (("?", "startup.failed: no disk"), "startup", "no disk"),
        (("?", "startup.failed: no disk", "!"), "startup", "no disk"),
        (("?", "startup.failed: no disk", "?"), "startup", "no disk"),
        (("?", "startup.failed"), "startup", ""),
        (("?", "startup.complete", "?", "shutdown.failed: stuck", "!"), "shutdown", "stuck"),
        (("?", "startup.complete", "?", "shutdown.failed: stuck"), "shutdown", "stuck"),
        (("?", "startup.complete", "?", "!"), "shutdown", "RuntimeError: out of words"),
        (("?", "startup.complete", "!"), "startup", "RuntimeError: out of words"),
    ],
    ids=str,
)
async def test_a_mounted_app_that_fails_fails_the_app(
    lines: tuple[str, ...], phase: str, message: str
) -> None:
    app = App()
    app.mount("/", mounted := speaking(*lines))
    talk = await start(app)
    assert talk.types[-1] == f"{phase}.failed"
    assert (
        talk.messages[-1]["message"] == f"FrameworkError: the mounted {mounted!r} failed: {message}"
    )
    assert isinstance(talk.error, FrameworkError)


async def test_a_mounted_app_that_ends_early_is_logged_when_it_does(
    caplog: pytest.LogCaptureFixture,
) -> None:
    broken = anyio.Event()

    async def mounted(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await broken.wait()
        raise RuntimeError("out of words")

    app = App()
    app.mount("/", mounted)
    async with running(app) as talk:
        broken.set()
        await anyio.wait_all_tasks_blocked()
        assert "ended early: RuntimeError('out of words')" in caplog.messages[0]
        assert caplog.records[0].levelname == "ERROR"
        assert talk.types == ["startup.complete"]
    assert talk.types[1:] == ["shutdown.failed"]


async def test_the_error_of_a_mounted_app_of_ours_is_told_through_every_level() -> None:
    innermost = App(on_startup=[failing(OSError("no disk"))])
    inner, outer = App(), App()
    inner.mount("/b", innermost)
    outer.mount("/a", inner)
    talk = await start(outer)
    assert talk.types == ["startup.failed"]
    assert talk.messages[0]["message"].endswith("OSError: no disk")


async def test_mounted_apps_are_shut_down_when_the_app_cannot_start() -> None:
    log: list[str] = []
    error = OSError("no database")
    app = App(on_startup=[failing(error)])
    app.mount("/a", App(lifespan=yielding(None, log, "a")))
    app.mount("/b", App(lifespan=yielding(None, log, "b")))
    talk = await start(app)
    assert talk.messages == [{"type": "lifespan.startup.failed", "message": "OSError: no database"}]
    assert talk.error is error
    assert log == ["a+", "b+", "b-", "a-"]


async def test_what_the_app_fails_by_comes_before_what_a_mounted_app_then_fails_by() -> None:
    error = OSError("no database")
    app = App(on_startup=[failing(error)])
    app.mount("/", speaking("?", "startup.complete", "?", "shutdown.failed: stuck"))
    assert (await start(app)).error is error


async def test_a_mounted_app_that_cannot_compile_fails_the_start() -> None:
    async def handler() -> None: ...

    inner = App()
    inner.add_route("/{id}", handler)
    outer = App()
    outer.mount("/inner", inner)
    talk = await start(outer)
    assert talk.types == ["startup.failed"]
    assert "does not take id" in talk.messages[0]["message"]


async def test_a_mounted_app_that_takes_every_scope_for_a_request_needs_no_lifespan() -> None:
    async def careless(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": scope["method"].encode()})

    app = App()
    app.mount("/raw", careless)
    assert (await start(app)).types == COMPLETE
    assert (await ask(app, path="/raw")).text == "GET"


async def test_a_mounted_plain_function_needs_no_lifespan() -> None:
    async def only_http(scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["type"] == "http"
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"hello"})

    app = App()
    app.mount("/", only_http)
    async with running(app) as talk:
        assert (await ask(app)).body == b"hello"
    assert talk.types == COMPLETE


async def test_every_shutdown_function_runs_whatever_the_others_raise() -> None:
    ran: list[str] = []

    def fail() -> None:
        ran.append("first")
        raise OSError("busy")

    app = App(on_shutdown=[fail, lambda: ran.append("second")])
    talk = await start(app)
    assert (ran, type(talk.error)) == (["first", "second"], OSError)


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
@pytest.mark.parametrize("crossed", [False, True])
def test_an_app_may_run_several_times_at_a_time(
    backend: Literal["asyncio", "trio"], crossed: bool
) -> None:
    app = App()
    ended: list[str] = []

    @app.get("/{name}")
    async def begin(name: str) -> EventSourceResponse:
        app.start_soon(until_shutdown, name)
        return EventSourceResponse(ticks())

    async def ticks() -> AsyncGenerator[str]:
        while True:
            yield "tick"
            await anyio.sleep(0.01)

    async def until_shutdown(name: str) -> None:
        await app.shutting_down.wait()
        ended.append(name)

    clients = {name: TestClient(app, backend=backend) for name in ("one", "two")}
    for client in clients.values():
        client.__enter__()
    streams = {name: client.stream("GET", f"/{name}") for name, client in clients.items()}
    lines = {name: stream.__enter__().iter_lines() for name, stream in streams.items()}
    for name in ("one", "two") if crossed else ("two", "one"):
        assert next(lines[name]) == "data: tick"
        clients[name].__exit__(None, None, None)
        assert ended.pop() == name
        assert not ended
        streams[name].__exit__(None, None, None)


async def test_an_app_may_run_twice_on_one_event_loop() -> None:
    app = App()
    first = app.shutting_down
    async with running(app):
        assert app.shutting_down is first
        async with running(app):
            second = app.shutting_down
            assert second is not first
        assert app.shutting_down is first
        assert not first
    assert not first
    assert not second
