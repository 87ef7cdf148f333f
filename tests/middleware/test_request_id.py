"""The id of a request: where it comes from, who sees it, and that it ends with the request."""

import logging
from collections.abc import Callable
from typing import Any

import anyio
import anyio.lowlevel
import pytest

from framework import (
    App,
    BackgroundTask,
    ConfigError,
    Middleware,
    PlainTextResponse,
    Request,
    WebSocket,
)
from framework.middleware.request_id import RequestIDFilter, RequestIDMiddleware, request_id
from framework.types import ASGIApp, Message, Receive, Scope, Send
from tests.driver import Fields, ask, exchange, http_scope
from tests.middleware.around import APPS, Boom, calls, raw
from tests.protocols import converse, running, silence

apps = pytest.mark.parametrize("make", APPS.values(), ids=APPS)

ID = "x-request-id"


@apps
async def test_each_response_has_an_id_of_its_own(make: Callable[[], ASGIApp]) -> None:
    app = RequestIDMiddleware(make())
    answers = [await ask(app, path=path) for path in ("/", "/", "/stream", "/nothing")]
    ids = [answer.headers[ID] for answer in answers]
    assert len(set(ids)) == 4
    assert all(len(each) == 32 and each.isalnum() for each in ids)


async def test_an_error_has_one_too() -> None:
    app = App(middleware=[Middleware(RequestIDMiddleware)])

    @app.get("/boom")
    async def boom() -> None:
        raise Boom

    answer = await ask(app, path="/boom")
    assert (answer.status, type(answer.error)) == (500, Boom)
    assert ID in answer.headers


@pytest.mark.parametrize(
    ("fields", "is_believed"),
    [
        ({ID: "a"}, True),
        ({ID: "7b3c9a52-7ac4-4d0b-8a9a-2d1e3b1f0a55"}, True),
        ({ID: "Root=1-67891233-abcdef012345678912345678"}, True),
        ({ID: "a/b+c=@d:e~f._-"}, True),
        ({ID: "x" * 128}, True),
        ({ID: "x" * 129}, False),
        ({ID: "x" * 60_000}, False),
        ({ID: ""}, False),
        ({}, False),
        ([(ID, "a"), (ID, "a")], False),
        ({ID: "a b"}, False),
        ({ID: "a,b"}, False),
        ({ID: 'a"b'}, False),
        ({ID: "a\tb"}, False),
        ({ID: "<script>"}, False),
        ({ID: "${jndi:ldap}"}, False),
        ({ID: "\xe9"}, False),
    ],
)
async def test_an_id_from_outside_is_believed_if_wanted_and_harmless(
    fields: Fields, is_believed: bool
) -> None:
    for wanted in (False, True):
        app = RequestIDMiddleware(raw, trust_incoming=wanted, generator=lambda: "ours")
        answer = await ask(app, headers=fields)
        expected = dict(fields)[ID] if is_believed and wanted else "ours"
        assert answer.headers.getlist(ID) == [expected]


@pytest.mark.parametrize("value", [b"a\nb", b"a\r\nset-cookie: x", b"a\x00", b"a\n", b"a\x1b[31m"])
async def test_no_id_breaks_out_of_its_line(value: bytes) -> None:
    scope = http_scope()
    scope["headers"].append((ID.encode(), value))
    app = RequestIDMiddleware(raw, trust_incoming=True, generator=lambda: "ours")
    assert (await exchange(app, scope)).headers[ID] == "ours"


async def test_the_header_may_have_another_name_and_the_app_no_other_id() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        start: Message = {"type": "http.response.start", "status": 200}
        await send({**start, "headers": headers})
        await send({"type": "http.response.body", "body": b""})

    headers = [(b"Correlation-ID", b"theirs")]
    wrapped = RequestIDMiddleware(app, header="Correlation-ID", generator=lambda: "ours")
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    await wrapped(http_scope(), silence, send)
    assert sent[0]["headers"] == [(b"correlation-id", b"ours")]
    assert headers == [(b"Correlation-ID", b"theirs")]


# Who sees it


async def test_it_is_seen_by_handlers_threads_tasks_and_background_work_and_by_nobody_later() -> (
    None
):
    seen: list[Any] = []

    async def note() -> None:
        seen.append(request_id.get())

    app = App(middleware=[Middleware(RequestIDMiddleware)])

    @app.get("/sync")
    def sync() -> str:
        seen.append(request_id.get())
        return ""

    @app.get("/async")
    async def handler(request: Request) -> PlainTextResponse:
        seen.append(request.state.request_id)
        async with anyio.create_task_group() as group:
            group.start_soon(note)
        return PlainTextResponse("", background=BackgroundTask(note))

    answer = await ask(app, path="/sync")
    assert seen == [answer.headers[ID]]
    seen.clear()
    answer = await ask(app, path="/async")
    assert seen == [answer.headers[ID]] * 3
    assert request_id.get() is None


async def test_it_ends_with_an_exception_too() -> None:
    answer = await ask(RequestIDMiddleware(raw), path="/boom")
    assert isinstance(answer.error, Boom)
    assert request_id.get() is None


async def test_requests_at_the_same_time_have_their_own() -> None:
    seen: dict[str, str | None] = {}
    arrived = anyio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == "/first":
            await arrived.wait()
        arrived.set()
        await anyio.lowlevel.checkpoint()
        seen[scope["path"]] = request_id.get()
        await raw({**scope, "path": "/"}, receive, send)

    wrapped = RequestIDMiddleware(app, trust_incoming=True)
    async with anyio.create_task_group() as group:
        for name in ("first", "second"):
            group.start_soon(exchange, wrapped, http_scope(path=f"/{name}", headers={ID: name}))
    assert seen == {"/first": "first", "/second": "second"}


async def test_what_the_server_has_put_into_the_state_stays() -> None:
    scope = http_scope(state={"db": 1})
    await exchange(RequestIDMiddleware(raw, generator=lambda: "ours"), scope)
    assert scope["state"] == {"db": 1, "request_id": "ours"}


async def test_a_log_has_it_in_each_record(caplog: pytest.LogCaptureFixture) -> None:
    logger = logging.getLogger("library")

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        logger.warning("inside")
        await raw(scope, receive, send)

    with caplog.filtering(RequestIDFilter()):
        answer = await ask(RequestIDMiddleware(app))
        logger.warning("outside")
    ids = [record.__dict__["request_id"] for record in caplog.records]
    assert ids == [answer.headers[ID], "-"]


# Sockets, lifespans, cost


async def test_a_socket_has_one() -> None:
    async def shout(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.send_text(websocket.state.request_id)

    app = App(middleware=[Middleware(RequestIDMiddleware)])
    app.websocket("/ws")(shout)
    talk = await converse(app, "/ws")
    assert talk.messages[0]["headers"] == [(b"x-request-id", talk.messages[1]["text"].encode())]
    denial: dict[str, Any] = {"websocket.http.response": {}}
    talk = await converse(app, "/nothing", extensions=denial)
    assert ID.encode() in dict(talk.messages[0]["headers"])


async def test_a_lifespan_passes() -> None:
    async with running(App(middleware=[Middleware(RequestIDMiddleware)])) as talk:
        pass
    assert talk.types == ["startup.complete", "shutdown.complete"]
    assert "request_id" not in talk.state


async def test_what_is_no_request_costs_one_frame() -> None:
    app = RequestIDMiddleware(raw)
    assert await calls(app, http_scope(type="other")) == 3  # once, and on after each of two sends


# Options


@pytest.mark.parametrize("header", ["", "x request id", "x:id", "\xe9"])
def test_a_header_that_is_none_is_refused_at_start(header: str) -> None:
    with pytest.raises(ConfigError, match="no name for a header field"):
        RequestIDMiddleware(raw, header=header)


async def test_a_generator_cannot_break_out_either() -> None:
    answer = await ask(RequestIDMiddleware(raw, generator=lambda: "a\r\nb"))
    assert isinstance(answer.error, ValueError)
    assert answer.messages == []
