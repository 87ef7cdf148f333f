"""The way of a request once its route is known: the handler, what it returns, what is around it."""

import contextvars
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Any

import anyio
import anyio.lowlevel
import pytest

from framework import (
    App,
    BackgroundTask,
    ConfigError,
    HTMLResponse,
    HTTPConnection,
    HTTPException,
    JSONResponse,
    Middleware,
    PlainTextResponse,
    Request,
    Response,
    Router,
    StreamingResponse,
    WebSocket,
    WebSocketRoute,
)
from framework.routes import CallNext, FunctionMiddleware
from framework.types import ASGIApp, Message, Receive, Scope, Send
from tests.driver import ask, http_scope, id_of
from tests.protocols import Conversation, converse, silence, websocket_scope
from tests.scripted import DISCONNECT, Sent, body

DENIAL: dict[str, Any] = {"websocket.http.response": {}}


@dataclass
class Point:
    x: int
    y: int


async def passing(request: Request, call_next: CallNext) -> Response:
    return await call_next(request)


def app_with(handler: Callable[..., Any], **options: Any) -> App:
    """An app with one path."""
    app = App()
    app.add_route("/", handler, **options)
    return app


@pytest.fixture(params=[0, 5], ids=["alone", "in five function middlewares"])
def layers(request: pytest.FixtureRequest) -> list[FunctionMiddleware]:
    """No function middleware, or five that only pass on."""
    return [passing] * request.param


async def gone(request: Request, error: Exception) -> Response:
    return PlainTextResponse("none", 410)


# Values


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(
    ("value", "media_type", "body"),
    [
        ("Grüße", "text/plain; charset=utf-8", "Grüße".encode()),
        (b"\0", "application/octet-stream", b"\0"),
        ({"a": 1}, "application/json", b'{"a":1}'),
        ([1], "application/json", b"[1]"),
        (Point(1, 2), "application/json", b'{"x":1,"y":2}'),
        (HTMLResponse("<p>"), "text/html; charset=utf-8", b"<p>"),
    ],
    ids=id_of,
)
async def test_a_returned_value_is_the_answer(
    value: Any, media_type: str, body: bytes, method: str, layers: list[FunctionMiddleware]
) -> None:
    async def handler() -> Any:
        return value

    for each in (handler, lambda: value):
        answer = await ask(app_with(each, middleware=layers), method)
        assert (answer.status, answer.error) == (200, None)
        assert answer.headers["content-type"] == media_type
        assert answer.headers["content-length"] == str(len(body))
        assert answer.body == (b"" if method == "HEAD" else body)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("status", [200, 201, 204, 304, 404, 599])
@pytest.mark.parametrize("value", ["text", None, {"a": 1}, Point(1, 2)], ids=id_of)
async def test_the_status_of_a_value_is_that_of_the_route(
    value: Any, status: int, method: str, layers: list[FunctionMiddleware]
) -> None:
    answer = await ask(app_with(lambda: value, middleware=layers, status_code=status), method)
    assert (answer.status, answer.error) == (status, None)
    assert (answer.body == b"") == (value is None or method == "HEAD" or status in (204, 304))


async def test_the_status_of_a_response_is_its_own() -> None:
    app = app_with(lambda: PlainTextResponse("no", 409), status_code=201)
    assert (await ask(app)).status == 409


async def test_nothing_is_204(layers: list[FunctionMiddleware]) -> None:
    answer = await ask(app_with(lambda: None, middleware=layers))
    assert (answer.status, answer.body, answer.headers.multi_items()) == (204, b"", [])


async def test_a_header_of_one_answer_is_not_on_the_next() -> None:
    app = app_with(lambda: "text")

    @app.middleware
    async def count(request: Request, call_next: CallNext) -> Response:
        response = await call_next(request)
        response.headers["x-seen"] = "1"
        return response

    for _ in range(2):
        assert (await ask(app)).headers.getlist("x-seen") == ["1"]


async def test_a_generator_handler_of_either_kind_is_streamed(
    layers: list[FunctionMiddleware],
) -> None:
    async def chunks(count: int) -> AsyncIterator[str]:
        for number in range(count):
            yield str(number)

    def lines(count: int) -> Iterator[bytes]:
        for number in range(count):
            yield b"%d" % number

    app = App()
    app.add_route("/async/{count:int}", chunks, middleware=layers)
    app.add_route("/sync/{count:int}", lines, middleware=layers, status_code=203)
    for path, status in {"/async/3": 200, "/sync/3": 203}.items():
        answer = await ask(app, path=path)
        assert (answer.status, answer.chunks) == (status, [b"0", b"1", b"2", b""])
        head = await ask(app, "HEAD", path)
        assert (head.status, head.body, head.error) == (status, b"", None)


@pytest.mark.parametrize(
    ("value", "advice"),
    [
        ((1, 2), "returned a tuple: return the value alone"),
        (object(), "returned object: object has no form in JSON"),
        (Point, "returned the class Point: return an instance"),
    ],
    ids=id_of,
)
async def test_a_wrong_value_is_told_by_the_name_of_its_handler(
    value: Any, advice: str, layers: list[FunctionMiddleware]
) -> None:
    answer = await ask(app_with(lambda: value, middleware=layers))
    assert isinstance(answer.error, TypeError)
    assert f"the handler <lambda> of / {advice}" in str(answer.error)
    assert answer.status == 500


async def test_a_missing_await_is_told() -> None:
    async def load() -> None: ...

    async def handler() -> Any:
        return load()

    answer = await ask(app_with(handler))
    assert str(answer.error).endswith("returned a coroutine: an `await` is missing")


async def test_text_that_has_no_utf8_is_an_unexpected_error(
    layers: list[FunctionMiddleware],
) -> None:
    answer = await ask(app_with(lambda: "\ud800", middleware=layers))
    assert (answer.status, type(answer.error)) == (500, UnicodeEncodeError)


async def test_an_async_handler_runs_in_the_loop_and_a_plain_one_in_a_thread() -> None:
    async def here() -> bool:
        return threading.current_thread() is threading.main_thread()

    def there() -> bool:
        return threading.current_thread() is threading.main_thread()

    assert (await ask(app_with(lambda: [there()]))).json() == [False]

    async def handler() -> list[bool]:
        return [await here()]

    assert (await ask(app_with(handler))).json() == [True]


@pytest.mark.parametrize("sends", [0, 1])
@pytest.mark.parametrize("value", ["text", PlainTextResponse("text")], ids=["str", "Response"])
async def test_a_client_that_goes_before_its_answer_is_no_error(
    value: Any, sends: int, caplog: pytest.LogCaptureFixture
) -> None:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        if len(sent) == sends:
            raise BrokenPipeError
        sent.append(message)

    await app_with(lambda: value)(http_scope(), silence, send)
    assert (len(sent), caplog.messages) == (sends, [])


# Function middleware


async def test_function_middleware_nests_from_the_app_inwards_to_the_route() -> None:
    log: list[str] = []

    def named(name: str) -> FunctionMiddleware:
        async def middleware(request: Request, call_next: CallNext) -> Response:
            log.append(f"{name}+")
            response = await call_next(request)
            log.append(f"{name}-")
            return response

        return middleware

    app = App(middleware=[named("app 1"), named("app 2")])
    router = Router(middleware=[named("router")])
    router.add_route("/", lambda: log.append("handler"), middleware=[named("route")])
    app.include(router)
    app.middleware(named("added"))
    await ask(app)
    order = ["added", "app 1", "app 2", "router", "route"]
    assert log == [f"{name}+" for name in order] + ["handler"] + [f"{n}-" for n in order[::-1]]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nothing", 404),
        ("GET", "/%ff", 404),
        ("POST", "/", 405),
        ("OPTIONS", "/", 204),
        ("GET", "/slash", 307),
        ("GET", "/teapot", 418),
        ("GET", "/lookup", 410),
        ("GET", "/", 200),
    ],
)
async def test_function_middleware_sees_every_expected_answer_as_a_response(
    method: str, path: str, status: int
) -> None:
    app = App(exception_handlers={LookupError: gone})

    async def teapot() -> None:
        raise HTTPException(418)

    async def lookup() -> None:
        raise KeyError

    app.add_route("/", lambda: "text")
    app.add_route("/slash/", lambda: "text")
    app.add_route("/teapot", teapot)
    app.add_route("/lookup", lookup)

    @app.middleware
    async def tag(request: Request, call_next: CallNext) -> Response:
        response = await call_next(request)
        response.headers["x-status"] = str(response.status_code)
        return response

    answer = await ask(app, method, path)
    assert (answer.status, answer.headers["x-status"]) == (status, str(status))


async def test_function_middleware_sees_an_unexpected_error_as_itself_and_may_answer_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    error = RuntimeError("boom")
    seen: list[Exception] = []

    async def handler() -> None:
        raise error

    app = app_with(handler)

    @app.middleware
    async def watch(request: Request, call_next: CallNext) -> Response:
        try:
            return await call_next(request)
        except RuntimeError as caught:
            seen.append(caught)
            if request.method == "POST":
                raise
            return PlainTextResponse("saved", 503)

    app.add_route("/post", handler, ["POST"])
    answer = await ask(app)
    assert (answer.status, answer.text, answer.error) == (503, "saved", None)
    assert (seen, caplog.messages) == ([error], [])
    assert (await ask(app, "POST", "/post")).error is error


async def test_function_middleware_may_answer_without_the_handler_or_ask_it_twice() -> None:
    calls: list[str] = []
    app = App()

    @app.get("/{path:path}")
    async def handler(request: Request) -> dict[str, int]:
        calls.append(request.url.path)
        return {"calls": len(calls)}

    @app.middleware
    async def retry(request: Request, call_next: CallNext) -> Any:
        if request.url.path == "/cached":
            return {"cached": True}
        await call_next(request)
        return await call_next(request)

    assert (await ask(app, path="/cached")).json() == {"cached": True}
    assert (await ask(app, path="/twice")).json() == {"calls": 2}


@pytest.mark.parametrize(
    ("value", "advice"),
    [
        (None, "the middleware wrong returned None: return the response"),
        (object(), "the middleware wrong returned object: object has no form in JSON"),
    ],
)
async def test_function_middleware_that_returns_no_response_is_told_by_name(
    value: Any, advice: str
) -> None:
    app = app_with(lambda: "text")

    @app.middleware
    async def wrong(request: Request, call_next: CallNext) -> Any:
        await call_next(request)
        return value

    answer = await ask(app)
    assert str(answer.error).startswith(advice)
    assert answer.status == 500


async def test_an_error_that_somebody_expects_is_converted_where_function_middleware_raises_it() -> (
    None
):
    async def strict(request: Request, call_next: CallNext) -> Response:
        raise KeyError

    app = App(exception_handlers={KeyError: gone})
    app.add_route("/", lambda: "text", middleware=[passing, strict])
    assert (await ask(app)).status == 410


async def test_context_variables_set_in_the_handler_are_seen_by_function_middleware() -> None:
    user = contextvars.ContextVar("user", default="nobody")

    async def handler() -> str:
        user.set("Ada")
        return "text"

    app = app_with(handler, middleware=[passing, passing])

    @app.middleware
    async def tag(request: Request, call_next: CallNext) -> Response:
        response = await call_next(request)
        response.headers["x-user"] = user.get()
        return response

    assert (await ask(app)).headers["x-user"] == "Ada"


async def test_context_variables_set_in_function_middleware_are_seen_by_handlers() -> None:
    user = contextvars.ContextVar("user", default="nobody")
    app = App()
    app.add_route("/sync", lambda: user.get())

    @app.get("/async")
    async def handler() -> str:
        return user.get()

    @app.middleware
    async def login(request: Request, call_next: CallNext) -> Response:
        user.set("Ada")
        return await call_next(request)

    for path in ("/sync", "/async"):
        assert (await ask(app, path=path)).text == "Ada"


async def test_a_chunk_is_sent_before_the_next_is_made(layers: list[FunctionMiddleware]) -> None:
    log: list[str] = []

    async def chunks() -> AsyncIterator[bytes]:
        for chunk in (b"a", b"b"):
            log.append(f"made {chunk.decode()}")
            yield chunk

    async def send(message: Message) -> None:
        log.append(f"sent {message.get('body', b'start').decode()}")

    app = app_with(chunks, middleware=layers)
    await app(http_scope(), silence, send)
    assert log == ["sent start", "made a", "sent a", "made b", "sent b", "sent "]


async def test_a_stream_is_closed_when_the_client_goes(layers: list[FunctionMiddleware]) -> None:
    gone = anyio.Event()
    log: list[str] = []

    async def chunks() -> AsyncIterator[bytes]:
        try:
            while True:
                yield b"on and on"
                gone.set()
                await anyio.lowlevel.checkpoint()
        finally:
            log.append("closed")

    async def receive() -> Message:
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        await anyio.lowlevel.checkpoint()

    with anyio.fail_after(5):
        await app_with(chunks, middleware=layers)(http_scope(), receive, send)
    assert log == ["closed"]


async def test_background_work_starts_after_the_whole_answer_was_sent(
    layers: list[FunctionMiddleware],
) -> None:
    log: list[str] = []

    async def work() -> None:
        log.append("work")

    async def handler() -> Response:
        return StreamingResponse(["a"], background=BackgroundTask(work))

    async def send(message: Message) -> None:
        log.append(message["type"])

    app = app_with(handler, middleware=layers)

    @app.middleware
    async def outermost(request: Request, call_next: CallNext) -> Response:
        response = await call_next(request)
        log.append("middleware is done")
        return response

    await app(http_scope(), silence, send)
    body = ["http.response.start", "http.response.body", "http.response.body"]
    assert log == ["middleware is done", *body, "work"]


async def test_a_body_may_be_read_in_function_middleware_and_again_in_the_handler() -> None:
    async def handler(request: Request) -> Response:
        return JSONResponse([(await request.body()).decode(), request.state.seen])

    app = app_with(handler, methods=["POST"])

    @app.middleware
    async def look(request: Request, call_next: CallNext) -> Response:
        request.state.seen = (await request.body()).decode()
        return await call_next(request)

    assert (await ask(app, "POST", body=[b"a", b"b"])).json() == ["ab", "ab"]


@pytest.mark.parametrize("body", [[b""], [b"a"], [b"a", b"b", b"c"]])
async def test_a_stream_of_the_request_may_be_the_answer(
    body: list[bytes], layers: list[FunctionMiddleware]
) -> None:
    async def echo(request: Request) -> AsyncIterator[bytes]:
        yield b"<"
        async for chunk in request.stream():
            yield chunk.upper()

    app = app_with(echo, methods=["POST"], middleware=layers)
    with anyio.fail_after(5):
        answer = await ask(app, "POST", body=body)
    assert answer.body == b"<" + b"".join(body).upper()


async def test_cancellation_reaches_the_handler_through_function_middleware(
    layers: list[FunctionMiddleware],
) -> None:
    log: list[str] = []

    async def handler() -> None:
        try:
            await anyio.sleep_forever()
        finally:
            log.append("cancelled")

    with anyio.move_on_after(0.01) as scope:
        await ask(app_with(handler, middleware=layers))
    assert (scope.cancelled_caught, log) == (True, ["cancelled"])


# WebSockets


def socket_app(handler: Callable[[WebSocket], Awaitable[None]], **options: Any) -> App:
    """An app with one socket."""
    app = App(**options)
    app.add_websocket_route("/", handler)
    return app


async def test_a_socket_is_accepted_and_used_and_closed_when_the_handler_returns() -> None:
    async def echo(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.send_text((await websocket.receive_text()).upper())

    talk = await converse(socket_app(echo), incoming=["hello"])
    assert talk.types == ["accept", "send", "close"]
    assert (talk.messages[1]["text"], talk.messages[2]["code"]) == ("HELLO", 1000)


async def test_a_socket_parameter_reaches_the_handler() -> None:
    app = App()

    @app.websocket("/rooms/{room:int}")
    async def join(websocket: WebSocket, room: int) -> None:
        await websocket.accept()
        await websocket.send_json({"room": room + 1})

    assert (await converse(app, "/rooms/6")).messages[1]["text"] == '{"room":7}'


async def test_a_handler_that_ends_when_the_peer_has_gone_sends_nothing_more() -> None:
    async def listen(websocket: WebSocket) -> None:
        await websocket.accept()
        async for _ in websocket.iter_text():
            pass

    assert (await converse(socket_app(listen), incoming=["a", "b"])).types == ["accept"]


async def test_a_peer_that_goes_while_the_handler_receives_is_no_error(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def listen(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.receive_text()

    talk = await converse(socket_app(listen))
    assert (talk.types, talk.error, caplog.messages) == (["accept"], None, [])


@pytest.mark.parametrize("last", ["websocket.receive", "websocket.disconnect"])
async def test_a_peer_that_goes_while_messages_are_iterated_leaves_nothing_behind(
    last: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def echo(websocket: WebSocket) -> None:
        await websocket.accept()
        async for message in websocket.iter_text():
            await websocket.send_text(message)

    incoming = ["websocket.connect", last]
    talk = Conversation()

    async def receive() -> Message:
        return {"type": incoming.pop(0), "text": "hello"}

    async def send(message: Message) -> None:
        if message["type"] == "websocket.send":
            raise BrokenPipeError
        await talk.send(message)

    await socket_app(echo)(websocket_scope(), receive, send)
    assert (talk.types, caplog.messages) == (["accept"], [])


@pytest.mark.parametrize("status", [None, 403])
async def test_a_peer_that_goes_while_the_socket_is_closed_for_it_is_no_error(
    status: int | None, caplog: pytest.LogCaptureFixture
) -> None:
    async def handler(websocket: WebSocket) -> None:
        await websocket.accept()
        if status is not None:
            raise HTTPException(status)

    sent: list[str] = []

    async def send(message: Message) -> None:
        sent.append(message["type"])
        if message["type"] == "websocket.close":
            raise BrokenPipeError

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    await socket_app(handler)(websocket_scope(), receive, send)
    assert (sent, caplog.messages) == (["websocket.accept", "websocket.close"], [])


async def test_a_socket_that_is_never_accepted_is_refused() -> None:
    async def ignore(websocket: WebSocket) -> None:
        return

    assert (await converse(socket_app(ignore))).types == ["close"]


async def test_a_socket_for_an_unknown_path_is_refused_by_404_where_the_server_can() -> None:
    app = App()
    app.add_route("/http", lambda: "text")
    for path in ("/nothing", "/http", "/%ff"):
        assert (await converse(app, path)).types == ["close"]
        talk = await converse(app, path, extensions=DENIAL)
        assert talk.types == ["http.response.start", "http.response.body"]
        assert talk.messages[0]["status"] == 404


async def test_an_http_exception_before_accept_is_the_answer_to_the_handshake() -> None:
    async def refuse(websocket: WebSocket) -> None:
        raise HTTPException(401, headers={"www-authenticate": "Basic"})

    talk = await converse(socket_app(refuse), extensions=DENIAL)
    assert talk.messages[0]["status"] == 401
    assert (b"www-authenticate", b"Basic") in talk.messages[0]["headers"]
    assert (await converse(socket_app(refuse))).types == ["close"]


@pytest.mark.parametrize(("status", "code"), [(403, 1008), (503, 1011)])
async def test_an_http_exception_after_accept_is_a_close_code(status: int, code: int) -> None:
    async def refuse(websocket: WebSocket) -> None:
        await websocket.accept()
        raise HTTPException(status, "secret")

    talk = await converse(socket_app(refuse))
    assert talk.types == ["accept", "close"]
    assert talk.messages[1] == {"type": "websocket.close", "code": code, "reason": ""}


@pytest.mark.parametrize("accepts", [False, True])
async def test_an_unexpected_error_in_a_socket_tells_nothing_and_is_logged_and_raised(
    accepts: bool, caplog: pytest.LogCaptureFixture
) -> None:
    error = RuntimeError("the password is swordfish")

    async def fail(websocket: WebSocket) -> None:
        if accepts:
            await websocket.accept()
        raise error

    talk = await converse(socket_app(fail), extensions=DENIAL)
    assert talk.error is error
    if accepts:
        assert talk.messages[1:] == [{"type": "websocket.close", "code": 1011, "reason": ""}]
    else:
        assert talk.messages[0]["status"] == 500
    assert "swordfish" not in repr(talk.messages)
    assert len(caplog.records) == 1
    assert caplog.messages[0].startswith("websocket /: unhandled RuntimeError in fail at ")


async def test_a_peer_that_goes_before_it_is_refused_is_no_error() -> None:
    async def refuse(websocket: WebSocket) -> None:
        raise HTTPException(403)

    async def receive() -> Message:
        return {"type": "websocket.disconnect", "code": 1006}

    talk = Conversation()
    for app in (socket_app(refuse), App()):
        await app(websocket_scope(), receive, talk.send)
    assert talk.messages == []


async def test_asgi_middleware_of_a_socket_is_around_its_handler() -> None:
    class Noting:
        def __init__(self, app: ASGIApp) -> None:
            self.app = app

        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            scope["state"] = {"noted": scope["route"].path}
            await self.app(scope, receive, send)

    app = App()

    @app.websocket("/ws", middleware=[Middleware(Noting)])
    async def tell(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.send_text(websocket.state.noted)

    assert (await converse(app, "/ws")).messages[1]["text"] == "/ws"


# Function middleware and exception handlers around sockets


def house_app(**options: Any) -> tuple[App, list[Any]]:
    """An app with a socket at /{what}, and the list in which it notes what happens."""
    app = App(**options)
    log: list[Any] = []

    @app.websocket("/{what}")
    async def home(websocket: WebSocket, what: str) -> None:
        log.append("handler")
        if what == "refused":
            raise HTTPException(403, "not you")
        if what == "forgotten":
            return
        await websocket.accept()
        if what == "late":
            raise HTTPException(404)
        if what in ("broken", "lookup"):
            raise LookupError if what == "lookup" else ZeroDivisionError
        await websocket.send_text("hello")
        assert [message async for message in websocket] == []

    return app, log


async def test_function_middleware_goes_around_a_socket() -> None:
    app, log = house_app()

    @app.middleware
    async def note(request: Any, call_next: CallNext) -> Response:
        log.append((request.method, request.path_params["what"]))
        response = await call_next(request)
        response.headers["x-noted"] = "yes"
        log.append(response.status_code)
        return response

    talk = await converse(app, "/served")
    assert talk.types == ["accept", "send"]
    assert log == [("GET", "served"), "handler", 101]


async def test_function_middleware_can_refuse_a_socket_and_see_how_it_was_refused() -> None:
    app, log = house_app()

    @app.middleware
    async def guard(request: Any, call_next: CallNext) -> Response:
        if "authorization" not in request.headers:
            return PlainTextResponse("who are you?", 401)
        response = await call_next(request)
        response.headers["x-noted"] = str(response.status_code)
        return response

    talk = await converse(app, "/served", extensions=DENIAL)
    assert talk.messages[0]["status"] == 401
    assert log == []
    headers = {"authorization": "me"}
    talk = await converse(app, "/refused", extensions=DENIAL, headers=headers)
    assert talk.messages[0]["status"] == 403
    assert (b"x-noted", b"403") in talk.messages[0]["headers"]
    assert log == ["handler"]
    assert (await converse(app, "/served")).types == ["close"]  # no extension: the server says 403


async def test_function_middleware_of_a_socket_route_and_of_unknown_paths() -> None:
    async def note(request: Any, call_next: CallNext) -> Response:
        log.append(request.url.path)
        return await call_next(request)

    async def home(websocket: WebSocket) -> None:
        await websocket.accept()

    log: list[str] = []
    app = App(routes=[WebSocketRoute("/a", home, middleware=[note])])
    assert (await converse(app, "/a")).types == ["accept", "close"]
    assert log == ["/a"]
    app = App(middleware=[note])
    talk = await converse(app, "/nowhere", extensions=DENIAL)
    assert talk.messages[0]["status"] == 404
    assert log == ["/a", "/nowhere"]


async def test_what_a_function_middleware_raises_ends_the_socket() -> None:
    app, log = house_app()

    @app.middleware
    async def fail(request: Any, call_next: CallNext) -> Response:
        await call_next(request)
        raise HTTPException(400)

    talk = await converse(app, "/forgotten", extensions=DENIAL)
    assert talk.messages[0]["status"] == 400
    assert log == ["handler"]


@pytest.mark.parametrize(
    ("what", "types", "code"),
    [("late", ["accept", "close"], 1008), ("broken", ["accept", "close"], 1011)],
)
async def test_an_exception_closes_a_socket_that_was_accepted(
    what: str, types: list[str], code: int
) -> None:
    app, _ = house_app()
    talk = await converse(app, f"/{what}")
    assert talk.types == types
    assert talk.messages[-1] == {"type": "websocket.close", "code": code, "reason": ""}
    assert isinstance(talk.error, ZeroDivisionError) is (what == "broken")


async def test_an_exception_handler_words_the_refusal_of_a_socket() -> None:
    app, _ = house_app()

    @app.exception_handler(403)
    async def forbidden(request: HTTPConnection, error: HTTPException) -> Response:
        return PlainTextResponse(f"{request.url.path}: {error.detail}", 403)

    talk = await converse(app, "/refused", extensions=DENIAL)
    assert talk.messages[0]["status"] == 403
    assert talk.messages[1]["body"] == b"/refused: not you"


async def test_an_exception_handler_decides_how_an_open_socket_is_closed() -> None:
    app, _ = house_app()

    @app.exception_handler(LookupError)
    async def lost(websocket: WebSocket, error: LookupError) -> Response:
        await websocket.close(4004, "lost")
        return Response(status_code=404)

    @app.exception_handler(ZeroDivisionError)
    def divided(websocket: WebSocket, error: ZeroDivisionError) -> Response:
        return Response(status_code=503)

    talk = await converse(app, "/lookup")
    assert talk.messages[-1] == {"type": "websocket.close", "code": 4004, "reason": "lost"}
    assert talk.error is None
    talk = await converse(app, "/broken")
    assert talk.messages[-1]["code"] == 1011
    assert talk.error is None


async def test_an_exception_of_asgi_middleware_around_sockets_goes_to_the_handlers() -> None:
    class Failing:
        def __init__(self, app: ASGIApp) -> None:
            self.app = app

        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            raise LookupError

    app, _ = house_app(middleware=[Middleware(Failing)])

    @app.exception_handler(LookupError)
    async def lost(websocket: WebSocket, error: LookupError) -> Response:
        return Response(status_code=410)

    talk = await converse(app, "/served", extensions=DENIAL)
    assert talk.messages[0]["status"] == 410


# A deadline, and the end of the client


async def test_a_handler_that_takes_too_long_is_cancelled_and_answered_by_504() -> None:
    app = App()
    ended: list[str] = []

    @app.get("/{seconds}", timeout=0.02)
    async def home(seconds: float) -> str:
        try:
            await anyio.sleep(seconds)
            return "in time"
        finally:
            with anyio.CancelScope(shield=True):
                await anyio.sleep(0.01)
            ended.append("cleaned up")

    assert (await ask(app, path="/0")).text == "in time"
    answer = await ask(app, path="/9")
    assert answer.status == 504
    assert answer.json()["detail"] == "no answer within 0.02 seconds"
    assert ended == ["cleaned up", "cleaned up"]


async def test_a_timeout_is_a_504_to_middleware_and_handlers() -> None:
    app = App()
    seen: list[int] = []

    @app.middleware
    async def note(request: Any, call_next: CallNext) -> Response:
        response = await call_next(request)
        seen.append(response.status_code)
        return response

    @app.exception_handler(504)
    async def late(request: Request, error: HTTPException) -> Response:
        return PlainTextResponse("late", 504)

    @app.get("/", timeout=0.01)
    async def home() -> None:
        await anyio.sleep_forever()

    assert (await ask(app)).text == "late"
    assert seen == [504]


async def test_a_timeout_error_of_the_handlers_own_is_no_504() -> None:
    app = App()

    @app.get("/", timeout=9)
    async def home() -> None:
        with anyio.fail_after(0.01):
            await anyio.sleep_forever()

    assert (await ask(app)).status == 500


async def test_what_a_handler_streams_is_not_counted() -> None:
    app = App()

    @app.get("/", timeout=0.02)
    async def home() -> AsyncIterator[str]:
        async def chunks() -> AsyncIterator[str]:
            await anyio.sleep(0.04)
            yield "slow"

        return chunks()

    assert (await ask(app)).text == "slow"


async def test_a_handler_is_cancelled_when_its_client_goes_if_it_wants_to() -> None:
    app = App()
    log: list[str] = []
    begun = anyio.Event()

    @app.post("/", cancel_on_disconnect=True)
    async def home(request: Request) -> None:
        log.append((await request.body()).decode())
        begun.set()
        try:
            await anyio.sleep_forever()
        finally:
            log.append("cancelled")

    messages = [body(b"a", more=True), body(b"b")]

    async def receive() -> Message:
        if messages:
            return messages.pop(0)
        await begun.wait()
        return DISCONNECT

    sent = Sent()
    with anyio.fail_after(2):
        await app(http_scope("POST"), receive, sent)
    assert log == ["ab", "cancelled"]
    assert sent.messages == []


async def test_a_handler_that_need_not_be_cancelled_answers_as_any_other() -> None:
    app = App()

    @app.post("/{name}", cancel_on_disconnect=True, timeout=9)
    async def home(name: str) -> str:
        await anyio.sleep(0.001)
        return f"hello {name}"

    @app.post("/", cancel_on_disconnect=True)
    async def fail() -> None:
        raise HTTPException(409)

    assert (await ask(app, "POST", "/you", body=b"x")).text == "hello you"
    assert (await ask(app, "POST", "/")).status == 409


@pytest.mark.parametrize("options", [{"timeout": 1}, {"cancel_on_disconnect": True}])
def test_a_plain_function_cannot_be_cancelled(options: Any) -> None:
    app = App()
    with pytest.raises(ConfigError, match="home runs in a thread"):

        @app.get("/", **options)
        def home() -> None: ...


@pytest.mark.parametrize("timeout", [0, -1])
def test_a_timeout_is_in_seconds(timeout: float) -> None:
    app = App()
    with pytest.raises(ConfigError, match="timeout"):

        @app.get("/", timeout=timeout)
        async def home() -> None: ...


async def test_a_socket_is_served_where_middleware_says_that_another_app_serves_it() -> None:
    def another(app: ASGIApp) -> ASGIApp:
        async def middleware(scope: Scope, receive: Receive, send: Send) -> None:
            await app({**scope, "app": None}, receive, send)

        return middleware

    app = App()

    @app.websocket("/", middleware=[Middleware(another)])
    async def home(websocket: WebSocket) -> None:
        await websocket.accept()

    assert (await converse(app)).types == ["accept", "close"]
