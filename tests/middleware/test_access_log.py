"""One line for each request: what it says, what it hides, and that nobody can write a second one."""

import logging
import shlex
from collections.abc import Callable
from typing import Any

import anyio
import pytest

from framework import App, ConfigError, HTTPException, Middleware, WebSocket
from framework.middleware.access_log import AccessLogMiddleware
from framework.middleware.proxy_headers import ProxyHeadersMiddleware
from framework.middleware.request_id import RequestIDMiddleware
from framework.types import ASGIApp, Message, Receive, Scope, Send
from tests.driver import ask, exchange, http_scope
from tests.middleware.around import APPS, LONG, Boom, calls, raw
from tests.protocols import converse, running, silence, websocket_scope
from tests.scripted import DISCONNECT, Sent, receiving

apps = pytest.mark.parametrize("make", APPS.values(), ids=APPS)


@pytest.fixture(autouse=True)
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """The log, with what is of level INFO."""
    caplog.set_level(logging.INFO, logger="framework.access")
    return caplog


def access(log: pytest.LogCaptureFixture) -> dict[str, Any]:
    """The fields of the one record that there is."""
    [record] = [each for each in log.records if each.name == "framework.access"]
    assert record.levelno == logging.INFO
    fields: dict[str, Any] = record.__dict__["access"]
    return fields


async def test_the_line_is_pairs_of_names_and_values(log: pytest.LogCaptureFixture) -> None:
    app = AccessLogMiddleware(App(routes=[]))
    await ask(app, path="/a%20b?token=secret", headers={"user-agent": 'Mo"zilla/5.0 (X)'})
    fields = access(log)
    duration = fields.pop("duration")
    assert 0 <= duration < 60
    assert fields == {
        "method": "GET",
        "path": "/a b",
        "status": 404,
        "code": None,
        "sent": fields["sent"],
        "end": "complete",
        "client": "127.0.0.1",
        "route": None,
        "user_agent": 'Mo"zilla/5.0 (X)',
        "request_id": None,
    }
    line = log.messages[0]
    assert line == (
        f'method=GET path="/a b" status=404 sent={fields["sent"]} end=complete '
        f'duration={duration:.6f} client=127.0.0.1 user_agent="Mo\\"zilla/5.0 (X)"'
    )
    assert len(shlex.split(line)) == 8


@apps
async def test_any_app_is_logged(
    make: Callable[[], ASGIApp], log: pytest.LogCaptureFixture
) -> None:
    app = AccessLogMiddleware(make())
    for method, path, status, sent in [
        ("GET", "/", 200, 5),
        ("GET", "/stream", 200, len(LONG)),
        ("POST", "/echo", 200, 2),
        ("GET", "/nothing", 404, None),
    ]:
        log.clear()
        await ask(app, method, path, body=b"ab")
        fields = access(log)
        assert (fields["method"], fields["path"], fields["status"]) == (method, path, status)
        assert fields["end"] == "complete"
        assert sent in (fields["sent"], None)


@apps
async def test_an_exception_is_a_failure_and_goes_on(
    make: Callable[[], ASGIApp], log: pytest.LogCaptureFixture
) -> None:
    answer = await ask(AccessLogMiddleware(make()), path="/boom")
    assert isinstance(answer.error, Boom)
    fields = access(log)
    assert (fields["status"], fields["end"]) == (500, "failed")


async def test_what_fails_after_its_answer_keeps_its_status(log: pytest.LogCaptureFixture) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await raw(scope, receive, send)
        raise Boom

    await ask(AccessLogMiddleware(app))
    assert (access(log)["status"], access(log)["end"]) == (200, "failed")


async def test_what_is_learnt_further_in_is_logged(log: pytest.LogCaptureFixture) -> None:
    inner = App()

    @inner.get("/users/{id}")
    async def user(id: int) -> int:
        return id

    app = AccessLogMiddleware(ProxyHeadersMiddleware(RequestIDMiddleware(inner)))
    answer = await ask(app, path="/users/7", headers={"x-forwarded-for": "192.0.2.43"})
    fields = access(log)
    assert fields["client"] == "192.0.2.43"
    assert fields["route"] == "/users/{id}"
    assert fields["request_id"] == answer.headers["x-request-id"]


async def test_a_query_is_logged_if_asked_for(log: pytest.LogCaptureFixture) -> None:
    await ask(AccessLogMiddleware(raw, query=True), path="/?q=1 2")
    assert access(log)["query"] == "q=1 2"
    assert 'path=/ query="q=1 2" status=200' in log.messages[0]


async def test_a_log_of_ones_own_takes_it(log: pytest.LogCaptureFixture) -> None:
    logger = logging.getLogger("mine")
    log.set_level(logging.INFO, logger="mine")
    for each in (logger, "mine"):
        await ask(AccessLogMiddleware(raw, logger=each))
    assert [record.name for record in log.records] == ["mine", "mine"]


# What clients write


@pytest.mark.parametrize(
    "text",
    [
        "a\nGET /admin status=200",
        "a\r\nb",
        "\x1b[31mred",
        "\x00",
        "\x7f",
        "\x85",
        "\u2028",
        "\u202e",
        "\udc80",
        'a" status="200',
        "a status=200",
        "a\\",
        "a=b",
        "",
    ],
)
async def test_nothing_breaks_out_of_its_value(text: str, log: pytest.LogCaptureFixture) -> None:
    scope = http_scope(method=text, client=(text, 1))
    scope["path"] = text
    scope["headers"] += [(b"user-agent", text.encode("latin-1", "replace"))]
    scope["query_string"] = text.encode("latin-1", "replace")
    await exchange(AccessLogMiddleware(raw, query=True), scope)
    line = log.messages[0]
    assert line.isascii()
    assert line.isprintable()
    names = [word.partition("=")[0] for word in shlex.split(line)]
    assert names == [
        *("method", "path", "query", "status", "sent", "end", "duration", "client", "user_agent")
    ]


async def test_a_line_has_a_few_kilobytes_at_most(log: pytest.LogCaptureFixture) -> None:
    long = "\x01" * 60_000
    scope = http_scope(method=long, client=(long, 1), state={"request_id": long})
    scope["path"], scope["query_string"] = long, long.encode()
    scope["headers"] += [(b"user-agent", long.encode())] * 100
    await exchange(AccessLogMiddleware(raw, query=True), scope)
    assert len(log.messages[0]) < 8_000
    assert len(access(log)["path"]) == 200


# How it ended


async def serve(app: ASGIApp, receive: Receive, send: Send) -> None:
    """Serve a request to an app in the log."""
    await AccessLogMiddleware(app)(http_scope(), receive, send)


async def test_a_client_that_leaves_before_its_answer_has_left(
    log: pytest.LogCaptureFixture,
) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()

    await serve(app, receiving(DISCONNECT), Sent())
    assert (access(log)["status"], access(log)["end"]) == (None, "client left")


async def test_one_that_leaves_in_the_middle_has_left_whatever_is_sent_or_raised_then(
    log: pytest.LogCaptureFixture,
) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"ab", "more_body": True})
        await receive()
        await send({"type": "http.response.body", "body": b"c"})
        raise Boom

    with pytest.raises(Boom):
        await serve(app, receiving(DISCONNECT), Sent())
    fields = access(log)
    assert (fields["status"], fields["sent"], fields["end"]) == (200, 3, "client left")


async def test_a_server_may_say_so_by_an_error(log: pytest.LogCaptureFixture) -> None:
    with pytest.raises(ConnectionResetError):
        await serve(raw, silence, Sent(until=1))
    assert access(log)["end"] == "client left"


async def test_one_that_leaves_after_its_answer_has_all_of_it(
    log: pytest.LogCaptureFixture,
) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await raw(scope, receive, send)
        await receive()

    await serve(app, receiving(DISCONNECT), Sent())
    assert access(log)["end"] == "complete"


async def test_an_answer_that_is_not_whole_is_cut_short(log: pytest.LogCaptureFixture) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})

    await serve(app, silence, Sent())
    assert (access(log)["status"], access(log)["end"]) == (200, "cut short")


async def test_one_that_is_cancelled_is_cut_short(log: pytest.LogCaptureFixture) -> None:
    with anyio.move_on_after(0.01):
        await AccessLogMiddleware(raw)(http_scope(path="/sleep"), silence, Sent())
    assert (access(log)["status"], access(log)["end"]) == (None, "cut short")
    assert access(log)["duration"] >= 0.009


@pytest.mark.parametrize(
    ("messages", "end"),
    [
        ([{"type": "http.response.pathsend", "path": "/a"}], "complete"),
        ([{"type": "http.response.zerocopysend", "file": 0}], "complete"),
        (
            [
                {"type": "http.response.zerocopysend", "file": 0, "more_body": True},
                {"type": "http.response.body", "body": b"a"},
            ],
            "complete",
        ),
        ([{"type": "http.response.zerocopysend", "file": 0, "more_body": True}], "cut short"),
    ],
)
async def test_of_what_the_server_sends_the_size_is_not_known(
    messages: list[Message], end: str, log: pytest.LogCaptureFixture
) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        for message in [{"type": "http.response.start", "status": 200}, *messages]:
            await send(message)

    await serve(app, silence, Sent())
    assert (access(log)["sent"], access(log)["end"]) == (None, end)
    assert "sent" not in log.messages[0]


# Sockets


def sockets() -> App:
    """An app with sockets that end in several ways."""
    app = App(middleware=[Middleware(AccessLogMiddleware)])

    @app.websocket("/talk")
    async def talk(websocket: WebSocket) -> None:
        await websocket.accept()
        async for text in websocket.iter_text():
            await websocket.send_text(text)

    @app.websocket("/close")
    async def close(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.close(4000)

    @app.websocket("/refuse")
    async def refuse(websocket: WebSocket) -> None:
        raise HTTPException(401)

    @app.websocket("/boom")
    async def boom(websocket: WebSocket) -> None:
        await websocket.accept()
        raise Boom

    return app


@pytest.mark.parametrize(
    ("path", "extensions", "status", "code", "end"),
    [
        ("/talk", {}, 101, 1005, "complete"),
        ("/close", {}, 101, 4000, "complete"),
        ("/refuse", {}, 403, 1000, "complete"),
        ("/refuse", {"websocket.http.response": {}}, 401, None, "complete"),
        ("/boom", {}, 101, 1011, "failed"),
    ],
)
async def test_a_socket_is_one_line_as_well(
    path: str,
    extensions: dict[str, Any],
    status: int,
    code: int | None,
    end: str,
    log: pytest.LogCaptureFixture,
) -> None:
    await converse(sockets(), path, ["hello"], extensions=extensions)
    fields = access(log)
    assert (fields["method"], fields["path"], fields["sent"]) == ("WEBSOCKET", path, None)
    assert (fields["status"], fields["code"], fields["end"]) == (status, code, end)


async def test_a_client_that_leaves_in_the_handshake_has_left(
    log: pytest.LogCaptureFixture,
) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()

    gone = receiving({"type": "websocket.disconnect"})
    await AccessLogMiddleware(app)(websocket_scope(), gone, Sent())
    assert (access(log)["code"], access(log)["end"]) == (1005, "client left")


# Cost, options


async def test_a_lifespan_is_not_logged(log: pytest.LogCaptureFixture) -> None:
    async with running(sockets()) as talk:
        pass
    assert talk.types == ["startup.complete", "shutdown.complete"]
    assert log.messages == []


async def test_a_log_that_nobody_reads_costs_one_frame(log: pytest.LogCaptureFixture) -> None:
    log.set_level(logging.WARNING, logger="framework.access")
    app = AccessLogMiddleware(raw)
    for scope in (http_scope(), http_scope(type="other")):
        assert await calls(app, scope) == 3  # once, and on after each of two sends


def test_a_logger_has_a_name() -> None:
    with pytest.raises(ConfigError, match=r"logger=None\): give a logger or its name"):
        AccessLogMiddleware(raw, logger=None)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
