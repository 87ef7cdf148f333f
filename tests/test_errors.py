"""From an exception to a response: whose handler answers, and what a client is told."""

import logging
from collections.abc import Callable, Iterator
from typing import Any

import anyio
import pytest

from framework import (
    App,
    ClientDisconnect,
    FrameworkError,
    HTTPException,
    JSONResponse,
    Middleware,
    NotFound,
    PlainTextResponse,
    Request,
    Response,
    Router,
    StreamingResponse,
    WebSocket,
    WebSocketDisconnect,
)
from framework.errors import error_response, plain_error
from framework.routes import CallNext
from framework.types import ASGIApp, Message, Receive, Scope, Send
from tests.driver import ask, exchange, http_scope
from tests.protocols import Conversation, converse, silence, websocket_scope

PROBLEM = "application/problem+json"
HTML = "text/html; charset=utf-8"
TEXT = "text/plain; charset=utf-8"
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


class Unlucky(Exception):
    """What nobody expects."""


class Lucky(LookupError):
    """What somebody may expect."""


def raising(error: Exception) -> Callable[[], None]:
    """A handler that raises."""

    def handler() -> None:
        raise error

    return handler


def app_raising(error: Exception, **options: Any) -> App:
    """An app whose only path raises."""
    app = App(**options)
    app.add_route("/", raising(error))
    return app


class Raising:
    """ASGI middleware that raises on its way in, or on its way out."""

    def __init__(self, app: ASGIApp, error: Exception, *, late: bool = False) -> None:
        self.app = app
        self.error = error
        self.late = late

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.late:
            await self.app(scope, receive, send)
        raise self.error


class Stamping:
    """ASGI middleware that stamps each response."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def stamp(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"x-stamp", b"1")]
            await send(message)

        await self.app(scope, receive, stamp)


def problem(status: int, title: str, detail: str | None = None) -> dict[str, Any]:
    more = {} if detail is None else {"detail": detail}
    return {"type": "about:blank", "title": title, "status": status} | more


# Default bodies


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        (None, PROBLEM),
        ("", PROBLEM),
        ("*/*", PROBLEM),
        ("application/json", PROBLEM),
        ("application/problem+json", PROBLEM),
        ("application/*", PROBLEM),
        (BROWSER, HTML),
        ("text/html", HTML),
        ("text/html;q=0.1, image/png", HTML),
        ("text/plain", TEXT),
        ("text/plain, */*;q=0.1", TEXT),
        ("text/plain;q=0.1, text/html;q=0.2, application/json;q=0.3", PROBLEM),
        ("image/png", PROBLEM),
        ("nonsense;;;,,q=,/", PROBLEM),
    ],
)
async def test_the_body_of_an_error_is_what_the_client_likes_best(
    accept: str | None, media_type: str
) -> None:
    headers = {} if accept is None else {"accept": accept}
    for app in (
        App(),
        app_raising(HTTPException(404)),
        error_response(404, accept=accept),
        plain_error(404),
    ):
        answer = await ask(app, headers=headers)
        assert (answer.status, answer.headers["content-type"]) == (404, media_type)
        assert answer.headers["vary"] == "Accept"


async def test_the_bodies_say_status_phrase_and_detail() -> None:
    app = app_raising(HTTPException(409, "It has changed"))
    assert (await ask(app)).json() == problem(409, "Conflict", "It has changed")
    assert (await ask(app, headers={"accept": "text/plain"})).text == "Conflict: It has changed"
    page = (await ask(app, headers={"accept": "text/html"})).text
    assert "<title>409 Conflict</title>" in page
    assert "<h1>Conflict</h1>\n<p>It has changed</p>" in page


async def test_the_bodies_say_the_phrase_once_where_there_is_no_detail() -> None:
    app = app_raising(HTTPException(409))
    assert (await ask(app)).json() == problem(409, "Conflict")
    assert (await ask(app, headers={"accept": "text/plain"})).text == "Conflict"
    assert "<p>" not in (await ask(app, headers={"accept": "text/html"})).text


async def test_a_detail_is_escaped_in_html() -> None:
    app = app_raising(HTTPException(400, "<script>alert('\"&')</script>"))
    page = (await ask(app, headers={"accept": "text/html"})).text
    assert "<p>&lt;script&gt;alert(&#x27;&quot;&amp;&#x27;)&lt;/script&gt;</p>" in page


@pytest.mark.parametrize("accept", [None, BROWSER, "text/plain"])
async def test_a_detail_of_half_a_surrogate_pair_does_not_break_the_answer(
    accept: str | None,
) -> None:
    app = app_raising(HTTPException(400, "\ud800"))
    answer = await ask(app, headers={"accept": accept} if accept else {})
    assert (answer.status, answer.error) == (400, None)


async def test_an_unknown_status_has_the_phrase_of_its_class() -> None:
    assert (await ask(app_raising(HTTPException(499)))).json() == problem(499, "Bad Request")


async def test_the_headers_of_an_http_exception_are_on_its_answer() -> None:
    headers = {"Retry-After": "5", "vary": "Cookie"}
    answer = await ask(app_raising(HTTPException(503, headers=headers)))
    assert answer.headers["retry-after"] == "5"
    assert answer.headers.combined("vary") == "Cookie, Accept"


@pytest.mark.parametrize("status", [301, 302, 303, 304, 307, 308])
async def test_a_redirect_can_be_raised(status: int) -> None:
    answer = await ask(app_raising(HTTPException(status, headers={"location": "/login"})))
    assert (answer.status, answer.body, answer.error) == (status, b"", None)
    assert answer.headers["location"] == "/login"
    assert "content-type" not in answer.headers


async def test_a_socket_can_be_redirected_by_an_exception() -> None:
    app = App()

    @app.websocket("/")
    async def handler(websocket: WebSocket) -> None:
        raise HTTPException(307, headers={"location": "wss://example.org/"})

    start = (await converse(app, extensions={"websocket.http.response": {}})).messages[0]
    assert (start["type"], start["status"]) == ("websocket.http.response.start", 307)
    assert (b"location", b"wss://example.org/") in start["headers"]


async def test_headers_that_cannot_be_sent_are_an_unexpected_error() -> None:
    answer = await ask(app_raising(HTTPException(400, headers={"x": "a\r\nset-cookie: b"})))
    assert (answer.status, type(answer.error)) == (500, ValueError)


@pytest.mark.parametrize("path", ["/", "/nothing"])
async def test_head_is_told_the_headers_of_an_error_only(path: str) -> None:
    app = app_raising(HTTPException(404, "gone"))
    get, head = await ask(app, path=path), await ask(app, "HEAD", path)
    assert (head.status, head.body) == (404, b"")
    assert head.headers == get.headers


@pytest.mark.parametrize("sends", [0, 1])
async def test_a_client_that_goes_before_it_is_told_of_an_error_is_no_error(sends: int) -> None:
    for app in (App(), app_raising(HTTPException(404)), plain_error(404)):
        left = sends

        async def send(message: Message) -> None:
            nonlocal left
            left -= 1
            if left < 0:
                raise ConnectionResetError

        await app(http_scope(), silence, send)
        assert left == -1


async def test_a_client_that_goes_while_a_handler_reads_is_no_error(
    caplog: pytest.LogCaptureFixture,
) -> None:
    for middleware in ([], [Middleware(Stamping)]):
        app = App(middleware=middleware)

        @app.post("/")
        async def read(request: Request) -> bytes:
            return await request.body()

        async def receive() -> Message:
            return {"type": "http.disconnect"}

        talk = Conversation()
        await app(http_scope("POST"), receive, talk.send)
        assert (talk.messages, caplog.messages) == ([], [])


# An HTTPException keeps its status, wherever it is raised


async def test_an_http_exception_keeps_its_status_in_handlers() -> None:
    async def handler() -> None:
        raise HTTPException(418)

    app = App()
    app.add_route("/async", handler)
    app.add_route("/sync", raising(HTTPException(418)))
    for path in ("/async", "/sync"):
        answer = await ask(app, path=path)
        assert (answer.status, answer.error) == (418, None)


@pytest.mark.parametrize("level", ["app", "router", "route"])
async def test_an_http_exception_keeps_its_status_in_function_middleware(level: str) -> None:
    async def refuse(request: Request, call_next: CallNext) -> Response:
        raise HTTPException(418)

    here = {name: [refuse] if name == level else [] for name in ("app", "router", "route")}
    app = App(middleware=here["app"])
    router = Router(middleware=here["router"])
    router.add_route("/", raising(Unlucky()), middleware=here["route"])
    app.include(router)
    answer = await ask(app)
    assert (answer.status, answer.error) == (418, None)


@pytest.mark.parametrize("level", ["app", "router", "route"])
async def test_an_http_exception_keeps_its_status_in_asgi_middleware(level: str) -> None:
    refuse = Middleware(Raising, HTTPException(418))
    here = {name: [refuse] if name == level else [] for name in ("app", "router", "route")}
    app = App(middleware=here["app"])
    router = Router(middleware=here["router"])
    router.add_route("/", raising(Unlucky()), middleware=here["route"])
    app.include(router)
    answer = await ask(app)
    assert (answer.status, answer.error) == (418, None)


async def test_an_http_exception_keeps_its_status_in_a_mounted_app() -> None:
    app = App()
    app.mount("/plain", Raising(app, HTTPException(418)))
    app.mount("/ours", app_raising(HTTPException(418)))
    for path in ("/plain", "/ours/"):
        answer = await ask(app, path=path)
        assert (answer.status, answer.error) == (418, None)


async def test_an_http_exception_keeps_its_status_in_a_handler_of_errors() -> None:
    def missing(request: Request, error: Lucky) -> Response:
        raise HTTPException(410, "It was here")

    app = app_raising(Lucky(), exception_handlers={Lucky: missing})
    answer = await ask(app)
    assert (answer.status, answer.error) == (410, None)
    assert answer.json() == problem(410, "Gone", "It was here")


# Whose handler answers


def answering(value: object) -> Callable[[Request, Exception], object]:
    """A handler of errors that returns a value."""
    return lambda request, error: value


@pytest.mark.parametrize(
    ("error", "keys", "chosen", "status"),
    [
        (Lucky(), [Exception, LookupError, Lucky], Lucky, 500),
        (Lucky(), [Exception, LookupError], LookupError, 500),
        (KeyError(), [Lucky, LookupError], LookupError, 500),
        (NotFound(), [404, NotFound, HTTPException], 404, 404),
        (NotFound(), [400, NotFound, HTTPException], NotFound, 404),
        (NotFound(), [500, HTTPException, FrameworkError], HTTPException, 404),
        (NotFound(), [FrameworkError, Exception], FrameworkError, 404),
        (HTTPException(500), [500, HTTPException], 500, 500),
        (HTTPException(503), [500, HTTPException], HTTPException, 503),
    ],
    ids=repr,
)
async def test_the_handler_of_the_status_answers_or_else_that_of_the_closest_class(
    error: Exception, keys: list[Any], chosen: object, status: int
) -> None:
    app = app_raising(error, exception_handlers={key: answering(str(key)) for key in keys})
    answer = await ask(app)
    assert (answer.status, answer.text, answer.error) == (status, str(chosen), None)


async def test_the_handler_of_the_inner_router_answers_between_equals() -> None:
    inner = Router(exception_handlers={LookupError: answering("inner")})
    outer = Router(
        exception_handlers={LookupError: answering("outer"), 404: answering("outer 404")}
    )
    app = App(exception_handlers={404: answering("app 404"), Lucky: answering("app")})
    inner.add_route("/key", raising(KeyError()))
    inner.add_route("/lucky", raising(Lucky()))
    inner.add_route("/404", raising(NotFound()))
    outer.include(inner)
    outer.add_route("/outer/key", raising(KeyError()))
    app.include(outer)
    app.add_route("/app/key", raising(KeyError()))
    for path, text in {
        "/key": "inner",
        "/lucky": "app",
        "/404": "outer 404",
        "/outer/key": "outer",
        "/nothing": "app 404",
    }.items():
        assert (await ask(app, path=path)).text == text
    assert isinstance((await ask(app, path="/app/key")).error, KeyError)


async def test_async_and_plain_handlers_get_the_request_and_the_error() -> None:
    app = App()

    @app.exception_handler(404)
    async def not_found(request: Request, error: NotFound) -> Response:
        return JSONResponse({"path": request.url.path, "error": str(error)}, 404)

    @app.exception_handler(405)
    def not_allowed(request: Request, error: HTTPException) -> dict[str, str]:
        return {"method": request.method, "error": str(error)}

    app.add_route("/post", raising(Unlucky()), ["POST"])
    missing = await ask(app, path="/nothing")
    assert (missing.status, missing.json()["path"]) == (404, "/nothing")
    refused = await ask(app, "GET", "/post")
    assert (refused.status, refused.json()["method"]) == (405, "GET")


async def test_a_converted_value_carries_the_headers_of_its_http_exception() -> None:
    app = App(exception_handlers={405: answering("no"), 401: answering(Response("none", 401))})
    app.add_route("/", raising(HTTPException(401, headers={"www-authenticate": "Basic"})), ["POST"])
    refused = await ask(app, "GET")
    assert (refused.status, refused.headers["allow"]) == (405, "OPTIONS, POST")
    assert "www-authenticate" not in (await ask(app, "POST")).headers


async def test_a_handler_of_errors_that_returns_nothing_answers_with_the_status_alone() -> None:
    app = App(exception_handlers={404: answering(None)})
    answer = await ask(app)
    assert (answer.status, answer.body) == (404, b"")


@pytest.mark.parametrize("layers", [0, 2])
async def test_a_handler_that_fails_makes_an_unexpected_error(
    layers: int, caplog: pytest.LogCaptureFixture
) -> None:
    calls: list[Exception] = []
    failure = Unlucky("the database is gone, too")

    def fail(request: Request, error: Exception) -> None:
        calls.append(error)
        raise failure

    app = app_raising(error := Lucky(), exception_handlers={Lucky: fail})
    for _ in range(layers):
        app.middleware(passing)
    answer = await ask(app)
    assert (answer.status, answer.error) == (500, failure)
    assert calls == [error]
    assert len(caplog.records) == 1


async def passing(request: Request, call_next: CallNext) -> Response:
    return await call_next(request)


async def test_what_a_handler_raises_goes_to_the_handler_of_that() -> None:
    def translate(request: Request, error: Lucky) -> None:
        raise HTTPException(404)

    app = app_raising(Lucky(), exception_handlers={Lucky: translate, 404: answering("translated")})
    answer = await ask(app)
    assert (answer.status, answer.text) == (404, "translated")


@pytest.mark.parametrize("error", [NotFound(), Lucky(), KeyError()], ids=repr)
async def test_a_handler_that_raises_its_error_again_is_asked_once_and_then_passed_over(
    error: Exception,
) -> None:
    calls: list[Exception] = []

    def again(request: Request, error: Exception) -> None:
        calls.append(error)
        raise error

    app = app_raising(error, exception_handlers={NotFound: again, Lucky: again, KeyError: again})
    answer = await ask(app)
    assert calls == [error]
    assert answer.status == (404 if isinstance(error, NotFound) else 500)
    assert answer.error is (None if isinstance(error, NotFound) else error)


async def test_an_error_that_was_answered_keeps_no_frames_of_the_request() -> None:
    def again(request: Request, error: Exception) -> None:
        raise error

    def instead(request: Request, error: Exception) -> None:
        raise denied

    denied = HTTPException(403)
    for error, handlers in [
        (denied, {}),
        (denied, {403: answering("no")}),
        (denied, {403: again}),
        (Lucky(), {Lucky: answering("yes")}),
        (Lucky(), {Lucky: instead}),
    ]:
        for _ in range(3):
            await ask(app_raising(error, exception_handlers=handlers))
            assert error.__traceback__ is None
        assert denied.__traceback__ is None


async def test_handlers_that_raise_the_errors_of_each_other_come_to_an_end() -> None:
    def cross(request: Request, error: Exception) -> None:
        raise KeyError("from Lucky") if isinstance(error, Lucky) else Lucky("from KeyError")

    def back(request: Request, error: Exception) -> None:
        cross(request, error)

    app = app_raising(Lucky(), exception_handlers={Lucky: cross, KeyError: back})
    answer = await ask(app)
    assert (answer.status, str(answer.error)) == (500, "from KeyError")


async def test_a_handler_that_returns_what_is_no_response_is_an_unexpected_error() -> None:
    app = app_raising(Lucky(), exception_handlers={Lucky: answering((1, 2))})
    answer = await ask(app)
    assert answer.status == 500
    assert str(answer.error).startswith("the handler of Lucky returned a tuple")


# What nobody expects


@pytest.fixture(params=[0, 1], ids=["bare", "asgi middleware"])
def stamps(request: pytest.FixtureRequest) -> list[Middleware]:
    """Without and with ASGI middleware around the app."""
    return [Middleware(Stamping)] * request.param


@pytest.mark.parametrize("accept", [None, BROWSER, "text/plain"])
async def test_an_unexpected_error_hides_what_it_says_and_is_raised_on(
    accept: str | None, stamps: list[Middleware]
) -> None:
    error = Unlucky("the password is swordfish")
    app = app_raising(error, middleware=stamps)
    answer = await ask(app, headers={"accept": accept} if accept else {})
    assert (answer.status, answer.error) == (500, error)
    assert answer.headers["vary"] == "Accept"
    for secret in ("swordfish", "Unlucky", "test_errors"):
        assert secret not in answer.text
        assert secret not in repr(answer.headers)


async def test_the_answer_to_an_unexpected_error_passes_asgi_middleware(
    stamps: list[Middleware],
) -> None:
    app = app_raising(Unlucky(), middleware=stamps)
    for path, status in {"/": 500, "/nothing": 404}.items():
        answer = await ask(app, path=path)
        assert answer.status == status
        assert len(answer.headers.getlist("x-stamp")) == len(stamps)


@pytest.mark.parametrize(
    ("version", "field"),
    [("1.0", "close"), ("1.1", "close"), (None, "close"), ("2", None), ("3", None)],
)
async def test_the_end_of_the_connection_is_announced_where_the_protocol_can_say_so(
    version: str | None, field: str | None
) -> None:
    app = app_raising(Unlucky())
    scope = http_scope(http_version=version)
    if version is None:
        del scope["http_version"]
    assert (await exchange(app, scope)).headers.get("connection") == field


async def test_an_expected_error_keeps_the_connection() -> None:
    assert "connection" not in (await ask(app_raising(HTTPException(500)))).headers


@pytest.mark.parametrize(
    ("method", "path", "said"),
    [
        ("GET", "/", "GET /: unhandled Unlucky in __call__ at "),
        ("GET", "/a%0d%0aERROR root forged", r"GET /a\r\nERROR root forged: unhandled"),
        ("GET", "/%1b[31m%00%7f%c2%85", r"GET /\x1b[31m\x00\x7f\x85: unhandled"),
        ("GET", "/%e2%80%a8%f0%9f%98%80", r"GET /\u2028\U0001f600: unhandled"),
        ("GET", "/'%22%25s", "GET /\\'\"%s: unhandled"),
        ("G\r\nT", "/", r"G\r\nT /: unhandled"),
        ("GET", "/" + "x" * 100_000, "GET /" + "x" * 195 + ": unhandled"),
    ],
)
async def test_an_unexpected_error_is_logged_on_one_line(
    method: str, path: str, said: str, caplog: pytest.LogCaptureFixture, stamps: list[Middleware]
) -> None:
    app = App(middleware=stamps)
    app.mount("/", Raising(app, Unlucky("swordfish\r\nand more")))
    await ask(app, method, path)
    (record,) = caplog.records
    assert (record.name, record.levelno) == ("framework", logging.ERROR)
    line = record.getMessage()
    assert line.startswith(said)
    assert line.isprintable()
    assert line.isascii()
    assert "swordfish" not in line
    assert len(line) < 1000


async def test_the_line_in_the_log_names_the_place(caplog: pytest.LogCaptureFixture) -> None:
    await ask(app_raising(Unlucky()))
    assert caplog.messages[0].startswith("GET /: unhandled Unlucky in handler at ")
    assert "test_errors.py:" in caplog.messages[0]


async def test_an_expected_error_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    for app in (
        App(),
        app_raising(HTTPException(500)),
        app_raising(Lucky(), exception_handlers={LookupError: answering("expected")}),
    ):
        await ask(app)
    assert caplog.messages == []


async def test_the_response_of_a_handler_of_500_is_not_changed() -> None:
    def apologize(request: Request, error: Exception) -> Response:
        return sorry

    sorry = PlainTextResponse("sorry", 500)
    app = app_raising(Unlucky(), exception_handlers={500: apologize})
    assert (await ask(app)).headers["connection"] == "close"
    assert "connection" not in sorry.headers
    assert "connection" not in (await ask(app, http_version="2")).headers


@pytest.mark.parametrize("key", [500, Exception])
async def test_a_handler_of_500_words_the_answer_to_an_unexpected_error(
    key: Any, caplog: pytest.LogCaptureFixture
) -> None:
    error = Unlucky()
    app = app_raising(error, exception_handlers={key: answering("Sorry")})
    answer = await ask(app)
    assert (answer.status, answer.text, answer.error) == (500, "Sorry", error)
    assert answer.headers["connection"] == "close"
    assert len(caplog.records) == 1


async def test_a_handler_of_500_that_fails_leaves_the_default_answer(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fail(request: Request, error: Exception) -> None:
        raise KeyError("template")

    app = app_raising(error := Unlucky(), exception_handlers={500: fail})
    answer = await ask(app)
    assert (answer.error, answer.json()) == (error, problem(500, "Internal Server Error"))
    assert "failed itself" in caplog.messages[1]


@pytest.mark.parametrize("late", [False, True])
async def test_an_error_in_asgi_middleware_is_answered_unless_an_answer_began(
    late: bool, caplog: pytest.LogCaptureFixture
) -> None:
    error = Unlucky()
    app = App(middleware=[Middleware(Raising, error, late=late)])
    answer = await ask(app)
    assert (answer.status, answer.error) == (404 if late else 500, error)
    assert len(caplog.records) == (0 if late else 1)


async def test_an_error_in_a_mounted_app_is_answered_and_raised(
    stamps: list[Middleware], caplog: pytest.LogCaptureFixture
) -> None:
    error = Unlucky()
    app = App(middleware=stamps, exception_handlers={500: answering("Sorry")})
    app.mount("/plain", Raising(app, error))
    app.mount("/ours", app_raising(error))
    plain, ours = await ask(app, path="/plain"), await ask(app, path="/ours/")
    assert (plain.status, plain.text, plain.error) == (500, "Sorry", error)
    assert (ours.status, ours.json()["title"], ours.error) == (500, "Internal Server Error", error)
    assert len(caplog.records) == 2


@pytest.mark.parametrize("error", [Unlucky(), HTTPException(404)], ids=repr)
async def test_an_error_after_the_answer_began_is_raised_without_pretending(
    error: Exception, stamps: list[Middleware], caplog: pytest.LogCaptureFixture
) -> None:
    def body() -> Iterator[str]:
        yield "begun"
        raise error

    app = App(middleware=stamps, exception_handlers={Unlucky: answering("expected")})
    app.add_route("/", lambda: StreamingResponse(body()))
    answer = await ask(app)
    assert answer.error is error
    assert (answer.status, answer.body) == (200, b"begun")
    assert answer.messages[-1]["more_body"] is True
    assert len(caplog.records) == 1


async def test_an_error_in_background_work_is_raised_and_logged_once(
    stamps: list[Middleware], caplog: pytest.LogCaptureFixture
) -> None:
    error = Unlucky()

    async def work() -> None:
        raise error

    app = App(middleware=stamps)
    app.add_route("/", lambda: Response("done", background=work))
    answer = await ask(app)
    assert (answer.status, answer.text, answer.error) == (200, "done", error)
    assert len(caplog.records) == 1


async def test_an_error_of_another_librarys_response_before_it_began_is_answered(
    stamps: list[Middleware], caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(scope: Scope, receive: Receive, send: Send) -> None:
        raise FileNotFoundError("report.pdf")

    app = App(middleware=stamps)
    app.add_route("/", lambda: broken)
    answer = await ask(app)
    assert isinstance(answer.error, FileNotFoundError)
    assert answer.status == 500
    assert len(caplog.records) == 1


async def test_a_handler_of_errors_has_the_body_that_asgi_middleware_has_taken() -> None:
    class Taking(Raising):
        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            await receive()
            await super().__call__(scope, receive, send)

    async def read(request: Request, error: HTTPException) -> bytes:
        return await request.body()

    app = App(middleware=[Middleware(Taking, HTTPException(418))], exception_handlers={418: read})
    with anyio.fail_after(1):
        answer = await ask(app, "POST", body=b"taken")
    assert (answer.status, answer.body) == (418, b"taken")


# Sockets in ASGI middleware


async def test_asgi_middleware_may_refuse_a_socket_by_an_http_exception(
    caplog: pytest.LogCaptureFixture,
) -> None:
    app = App(
        middleware=[Middleware(Raising, HTTPException(403))],
        exception_handlers={403: lambda request, error: request.method},
    )
    talk = await converse(app, extensions={"websocket.http.response": {}})
    assert (talk.types, talk.messages[0]["status"]) == (
        ["http.response.start", "http.response.body"],
        403,
    )
    assert (await converse(app)).types == ["close"]
    assert caplog.messages == []


@pytest.mark.parametrize("error", [WebSocketDisconnect(1006), ClientDisconnect()], ids=repr)
async def test_a_socket_that_is_gone_in_asgi_middleware_is_no_error(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    talk = Conversation()
    app = App(middleware=[Middleware(Raising, error)])
    await app(websocket_scope(), silence, talk.send)
    assert (talk.messages, caplog.messages) == ([], [])


async def test_an_unexpected_error_around_an_open_socket_is_raised() -> None:
    error = Unlucky()
    app = App(middleware=[Middleware(Raising, error, late=True)])

    @app.websocket("/")
    async def accept(websocket: WebSocket) -> None:
        await websocket.accept()

    talk = await converse(app)
    assert (talk.types, talk.error) == (["accept", "close"], error)


async def test_an_http_exception_in_another_librarys_response_keeps_its_status() -> None:
    async def missing(scope: Scope, receive: Receive, send: Send) -> None:
        raise HTTPException(404, "no such report")

    app = App()
    app.add_route("/", lambda: missing)
    answer = await ask(app)
    assert (answer.status, answer.json()["detail"]) == (404, "no such report")
    assert answer.error is None


async def test_an_unexpected_exception_in_asgi_middleware_refuses_a_socket_and_is_raised(
    caplog: pytest.LogCaptureFixture,
) -> None:
    talk = Conversation()
    app = App(middleware=[Middleware(Raising, KeyError("secret"))])
    with pytest.raises(KeyError):
        await app(websocket_scope(), silence, talk.send)
    assert talk.types == ["close"]
    assert len(caplog.messages) == 1


@pytest.mark.parametrize("depth", [1, 2])
async def test_an_exception_alone_in_a_group_is_answered_as_itself(depth: int) -> None:
    error: Exception = HTTPException(418)
    for _ in range(depth):
        nested: list[Exception] = [error]
        error = ExceptionGroup("unhandled errors in a TaskGroup", nested)
    answer = await ask(app_raising(error))
    assert (answer.status, answer.error) == (418, None)
