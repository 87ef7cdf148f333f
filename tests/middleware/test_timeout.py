"""Apps that take too long: when they are cancelled, what is answered, and what is left alone."""

import threading
from collections.abc import Callable
from typing import Any

import anyio
import pytest

from framework import App, ConfigError, Middleware, WebSocket
from framework.middleware.timeout import TimeoutMiddleware
from framework.types import ASGIApp, Message, Receive, Scope, Send
from tests.driver import ask, http_scope
from tests.middleware.around import APPS, LONG, SHORT, calls, raw
from tests.protocols import converse, running, silence
from tests.scripted import Sent

apps = pytest.mark.parametrize("make", APPS.values(), ids=APPS)

SOON = 0.02
START: Message = {"type": "http.response.start", "status": 200, "headers": []}
END: Message = {"type": "http.response.body", "body": b"late"}


@apps
async def test_an_app_that_does_not_answer_is_answered_for(make: Callable[[], ASGIApp]) -> None:
    answer = await ask(TimeoutMiddleware(make(), seconds=SOON), path="/sleep")
    assert (answer.status, answer.error) == (504, None)
    assert answer.json()["detail"] == "no answer within 0.02 seconds"


@apps
async def test_one_that_does_is_not_touched(make: Callable[[], ASGIApp]) -> None:
    app = TimeoutMiddleware(make(), seconds=60)
    assert (await ask(app)).text == SHORT
    assert (await ask(app, path="/stream")).text == LONG
    assert (await ask(app, "POST", "/echo", body=[b"a", b"b"])).text == "ab"


async def test_an_answer_that_has_begun_may_take_its_time() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(START)
        await anyio.sleep(3 * SOON)
        await send(END)

    assert (await ask(TimeoutMiddleware(app, seconds=SOON))).text == "late"


async def test_an_answer_that_begins_too_late_does_not_begin() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        with anyio.CancelScope(shield=True):
            await anyio.sleep(3 * SOON)
        await send(START)

    answer = await ask(TimeoutMiddleware(app, seconds=SOON))
    assert (answer.status, answer.error) == (504, None)


async def test_an_answer_that_is_shielded_is_sent_however_late() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        with anyio.CancelScope(shield=True):
            await anyio.sleep(3 * SOON)
            await send(START)
            await send(END)
        await anyio.sleep_forever()

    answer = await ask(TimeoutMiddleware(app, seconds=SOON))
    assert (answer.status, answer.text, answer.error) == (200, "late", None)


async def test_what_the_app_holds_is_let_go_before_the_answer() -> None:
    events: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            async with anyio.create_task_group() as group:
                group.start_soon(anyio.sleep_forever)
        finally:
            events.append("let go")

    class Noting(Sent):
        async def __call__(self, message: Message) -> None:
            events.append(message["type"])
            await super().__call__(message)

    await TimeoutMiddleware(app, seconds=SOON)(http_scope(), silence, Noting())
    assert events == ["let go", "http.response.start", "http.response.body"]


async def test_a_thread_is_waited_for() -> None:
    release = threading.Event()
    app = App(middleware=[Middleware(TimeoutMiddleware, seconds=SOON)])

    @app.get("/")
    def wait() -> str:
        release.wait(10)
        return "done"

    async def let_go() -> None:
        await anyio.sleep(3 * SOON)
        release.set()

    async with anyio.create_task_group() as group:
        group.start_soon(let_go)
        assert (await ask(app)).status == 504


@pytest.mark.parametrize("error", [TimeoutError, LookupError])
async def test_an_error_of_the_app_is_its_own(error: type[Exception]) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        raise error

    async def late(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await anyio.sleep_forever()
        finally:
            raise error

    for each in (app, late):
        answer = await ask(TimeoutMiddleware(each, seconds=SOON))
        assert type(answer.error) is error
        assert answer.messages == []


async def test_a_cancellation_from_outside_is_no_timeout() -> None:
    sent = Sent()
    with anyio.move_on_after(SOON) as outside:
        await TimeoutMiddleware(raw, seconds=60)(http_scope(path="/sleep"), silence, sent)
    assert outside.cancelled_caught
    assert sent.messages == []


async def test_both_at_once_answer_nobody() -> None:
    sent = Sent()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await anyio.sleep_forever()
        finally:
            outside.cancel()

    with anyio.CancelScope() as outside:
        await TimeoutMiddleware(app, seconds=SOON)(http_scope(), silence, sent)
    assert outside.cancelled_caught


async def test_sockets_and_lifespans_have_no_deadline() -> None:
    async def shout(websocket: WebSocket) -> None:
        await websocket.accept()
        await anyio.sleep(3 * SOON)
        await websocket.send_text("HELLO")

    app = App(middleware=[Middleware(TimeoutMiddleware, seconds=SOON)])
    app.websocket("/ws")(shout)
    assert (await converse(app, "/ws")).types == ["accept", "send", "close"]
    async with running(app) as talk:
        await anyio.sleep(3 * SOON)
    assert talk.types == ["startup.complete", "shutdown.complete"]


async def test_what_is_no_request_costs_one_frame() -> None:
    app = TimeoutMiddleware(raw, seconds=60)
    assert await calls(app, http_scope(type="other")) == 3  # once, and on after each of two sends


@pytest.mark.parametrize("seconds", [0, -1, None, "60", True, float("nan")])
def test_a_deadline_that_is_none_is_refused_at_start(seconds: Any) -> None:
    with pytest.raises(ConfigError, match=r"it takes seconds, more than 0"):
        TimeoutMiddleware(raw, seconds=seconds)
