"""Compressed requests to our apps and to others, as one client sends them and another should not."""

import gzip
from collections.abc import Callable
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.requests import Request as StarletteRequest
from starlette.responses import PlainTextResponse
from starlette.routing import Mount as StarletteMount
from starlette.routing import Route as StarletteRoute

from framework import (
    App,
    ClientDisconnect,
    ConfigError,
    HTTPException,
    LimitExceeded,
    MalformedRequest,
    Middleware,
    Request,
    Router,
)
from framework.middleware._codings import CHUNK, CODINGS, GRACE
from framework.middleware.decompression import DecompressionMiddleware
from framework.types import ASGIApp, Message, Receive, Scope, Send
from tests.driver import Answer, ask, exchange, http_scope
from tests.middleware.test_codings import ENCODERS, cut, encoded
from tests.protocols import converse, running
from tests.scripted import DISCONNECT, Sent, body, receiving

MIB = 1024 * 1024
CONTENT = b"To be, or not to be, that is the question. " * 50
GZIPPED = gzip.compress(CONTENT)
BOMB = gzip.compress(bytes(32 * MIB))

BAD = {
    "malformed": (b"no gzip", 400, "the body is not valid gzip: "),
    "truncated": (GZIPPED[:-1], 400, "the body ends in the middle of its gzip data"),
    "bomb": (BOMB, 413, "the body decompresses to more than 100 times its size"),
}
bad = pytest.mark.parametrize(("data", "status", "detail"), BAD.values(), ids=BAD)


def an_app(*middleware: Middleware, **options: int) -> App:
    app = App(middleware=middleware)
    app.add_middleware(DecompressionMiddleware, **options)

    @app.post("/echo")
    async def echo(request: Request) -> bytes:
        return await request.body()

    @app.post("/chunks")
    async def chunks(request: Request) -> list[int]:
        return [len(chunk) async for chunk in request.stream()]

    @app.post("/headers")
    async def headers(request: Request) -> list[list[str]]:
        return [list(item) for item in request.headers.multi_items()]

    @app.post("/gone")
    async def gone(request: Request) -> list[Any]:
        is_gone = await request.is_disconnected()
        return [is_gone, (await request.body()).decode()]

    @app.post("/wait")
    async def wait(request: Request) -> str:
        await request.body()
        await request.disconnected()
        return "gone"

    @app.post("/unread")
    async def unread() -> str:
        return "read nothing"

    @app.websocket("/ws")
    async def shout(websocket: Any) -> None:
        await websocket.accept()
        await websocket.send_text("HELLO")

    return app


async def post(
    app: ASGIApp, path: str, *chunks: bytes, coding: str = "gzip", **fields: str
) -> Answer:
    headers = {"content-encoding": coding, **fields}
    return await ask(app, "POST", path, headers=headers, body=chunks)


async def read_all(scope: Scope, receive: Receive, send: Send) -> None:
    """An app of nobody's: it answers with what it has read."""
    content, more = b"", True
    while more:
        message = await receive()
        content += message["body"]
        more = message["more_body"]
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": content})


# What passes


@encoded
async def test_an_app_reads_what_was_compressed(
    name: str, encode: Callable[[bytes], bytes]
) -> None:
    answer = await post(an_app(), "/echo", encode(CONTENT), coding=name)
    assert (answer.status, answer.body) == (200, CONTENT)
    answer = await post(an_app(), "/echo", *cut(encode(CONTENT), 1, 1, 9), b"", coding=name)
    assert (answer.status, answer.body) == (200, CONTENT)


@given(st.sampled_from(list(ENCODERS.values())), st.binary(), st.lists(st.integers(0, 200)))
def test_a_body_may_arrive_in_any_pieces(
    encoder: tuple[str, Callable[[bytes], bytes]], content: bytes, positions: list[int]
) -> None:
    name, encode = encoder
    data = encode(content)
    pieces = cut(data, *(min(position, len(data)) for position in positions))
    answer = anyio.run(lambda: post(DecompressionMiddleware(read_all), "/", *pieces, coding=name))
    assert answer.body == content


@pytest.mark.parametrize("coding", ["x-gzip", "GZip", "identity, gzip", ", gzip ,"])
async def test_a_coding_has_several_names(coding: str) -> None:
    assert (await post(an_app(), "/echo", GZIPPED, coding=coding)).body == CONTENT


async def test_a_request_without_content_has_none_to_decompress() -> None:
    assert (await post(an_app(), "/echo", b"")).body == b""


@pytest.mark.parametrize("fields", [{}, {"content-encoding": ""}, {"content-encoding": "identity"}])
async def test_what_has_no_coding_passes_as_it_is(fields: dict[str, str]) -> None:
    seen: list[Any] = []

    async def app(*arguments: Any) -> None:
        seen.extend(arguments)

    scope, receive, send = http_scope("POST", headers=fields), receiving(), Sent()
    before = dict(scope)
    await DecompressionMiddleware(app)(scope, receive, send)
    assert [each is other for each, other in zip(seen, (scope, receive, send), strict=True)]
    assert scope == before


async def test_sockets_and_lifespans_pass() -> None:
    app = an_app()
    async with running(app) as talk:
        pass
    assert talk.types == ["startup.complete", "shutdown.complete"]
    talk = await converse(app, "/ws", headers={"content-encoding": "gzip"})
    assert talk.types == ["accept", "send", "close"]


async def test_the_fields_inside_are_those_of_the_body_inside() -> None:
    fields = {"content-length": str(len(GZIPPED)), "content-type": "text/plain"}
    answer = await post(an_app(), "/headers", GZIPPED, **fields)
    assert answer.json() == [
        ["host", "testserver"],
        ["content-type", "text/plain"],
        ["transfer-encoding", "chunked"],
    ]


@pytest.mark.parametrize("error", [None, LookupError])
async def test_the_scope_outside_has_what_the_app_wrote_and_its_own_fields(
    error: type[Exception] | None,
) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        scope["route"] = "/echo"
        if error:
            raise error
        await read_all(scope, receive, send)

    scope = http_scope("POST", headers={"content-encoding": "gzip", "content-length": "20"})
    before = dict(scope)
    answer = await exchange(DecompressionMiddleware(app), scope, [GZIPPED])
    assert type(answer.error) is (error or type(None))
    assert scope == {**before, "route": "/echo"}


async def test_tools_around_an_app_see_its_route() -> None:
    seen: list[str] = []

    class Tool:
        def __init__(self, app: ASGIApp) -> None:
            self.app = app

        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            await self.app(scope, receive, send)
            seen.append(scope["route"].path)

    app = an_app()
    app.add_middleware(Tool)
    await post(app, "/echo", GZIPPED)
    assert seen == ["/echo"]


async def test_the_end_comes_with_the_last_chunk_and_then_the_disconnect() -> None:
    seen: list[Message] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.extend([await receive(), await receive()])

    scope = http_scope("POST", headers={"content-encoding": "gzip"})
    incoming = receiving(body(GZIPPED[:5], more=True), body(GZIPPED[5:]), DISCONNECT)
    await DecompressionMiddleware(app)(scope, incoming, Sent())
    assert seen == [body(CONTENT), DISCONNECT]


async def test_a_client_that_goes_early_has_gone() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await Request(scope, receive).body()

    scope = http_scope("POST", headers={"content-encoding": "gzip"})
    incoming = receiving(body(GZIPPED[:5], more=True), DISCONNECT)
    with pytest.raises(ClientDisconnect):
        await DecompressionMiddleware(app)(scope, incoming, Sent())


async def test_an_app_can_ask_whether_the_client_is_there_and_read_on() -> None:
    answer = await post(an_app(), "/gone", *cut(GZIPPED, 5))
    assert answer.json() == [False, CONTENT.decode()]


async def test_an_app_that_has_read_the_body_waits_for_the_client_to_go() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await wrapped(scope, receiving(body(GZIPPED), DISCONNECT), send)

    wrapped = an_app()
    with anyio.fail_after(10):
        answer = await post(app, "/wait")
    assert answer.text == "gone"


# Lazily


async def test_what_an_app_does_not_read_is_not_received() -> None:
    answer = await post(an_app(), "/unread", BOMB)
    assert answer.text == "read nothing"


@encoded
async def test_an_app_is_handed_one_chunk_of_a_bomb_at_a_time(
    name: str, encode: Callable[[bytes], bytes]
) -> None:
    app = an_app(max_ratio=10**9)
    answer = await post(app, "/chunks", encode(bytes(8 * MIB)), coding=name)
    sizes = answer.json()
    assert sum(sizes) == 8 * MIB
    assert max(sizes) <= CHUNK * 3 // 2
    assert len(sizes) <= 8 * MIB // 32_000


@encoded
async def test_a_bomb_is_refused_before_it_has_gone_off(
    name: str, encode: Callable[[bytes], bytes]
) -> None:
    received: list[int] = []
    bomb = encode(bytes(32 * MIB))

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        while True:
            received.append(len((await receive())["body"]))

    headers = {"content-encoding": name}
    for options, most in (({}, max(GRACE, 100 * len(bomb))), ({"max_ratio": 10**9}, 16 * MIB)):
        received.clear()
        answer = await ask(
            DecompressionMiddleware(app, **options), "POST", headers=headers, body=bomb
        )
        assert answer.status == 413
        assert GRACE - 2 * CHUNK <= sum(received) <= most


async def test_others_get_their_turn_between_the_chunks_of_one_message() -> None:
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            await anyio.lowlevel.checkpoint()
            turns += 1

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        while (await receive())["more_body"]:
            pass

    scope = http_scope("POST", headers={"content-encoding": "gzip"})
    incoming = receiving(body(gzip.compress(bytes(100 * CHUNK))))
    async with anyio.create_task_group() as group:
        group.start_soon(count)
        await DecompressionMiddleware(app, max_ratio=10**9)(scope, incoming, Sent())
        group.cancel_scope.cancel()
    assert turns >= 90


# What is refused


@pytest.mark.parametrize(
    "coding", ["zip", "compress", "*", "gzip, br", "br, gzip", "gzip, gzip", "gzip;q=1", "é" * 900]
)
async def test_an_unknown_coding_is_answered_by_those_that_are_known(coding: str) -> None:
    for app in (an_app(), DecompressionMiddleware(read_all)):
        answer = await post(app, "/echo", GZIPPED, coding=coding)
        assert (answer.status, answer.error) == (415, None)
        assert answer.headers["accept-encoding"] == "gzip, deflate, br, zstd"
        assert answer.json()["detail"].endswith(", not one of gzip, deflate, br, zstd")
        assert len(answer.body) < 300


async def test_what_is_not_installed_is_not_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    installed = {name: CODINGS[name] for name in ("gzip", "deflate")}
    monkeypatch.setattr("framework.middleware.decompression.CODINGS", installed)
    answer = await post(an_app(), "/echo", GZIPPED, coding="br")
    assert (answer.status, answer.headers["accept-encoding"]) == (415, "gzip, deflate")
    assert (await post(an_app(), "/echo", GZIPPED)).body == CONTENT


async def test_a_body_that_says_itself_that_it_is_too_large_is_refused_at_once() -> None:
    fields = {"content-length": str(len(GZIPPED))}
    answer = await post(an_app(max_size=len(GZIPPED) - 1), "/unread", GZIPPED, **fields)
    assert (answer.status, answer.error) == (413, None)
    answer = await post(an_app(max_size=len(GZIPPED)), "/unread", GZIPPED, **fields)
    assert answer.status == 200


@pytest.mark.parametrize(
    ("length", "status"), [("9" * 5000, 413), ("²", 200), ("-1", 200), ("", 200)]
)
async def test_a_strange_length_is_no_error(length: str, status: int) -> None:
    answer = await post(an_app(), "/echo", GZIPPED, **{"content-length": length})
    assert (answer.status, answer.error) == (status, None)


@bad
async def test_our_app_answers_a_bad_body(data: bytes, status: int, detail: str) -> None:
    for path in ("/echo", "/chunks"):
        answer = await post(an_app(), path, data)
        assert (answer.status, answer.error) == (status, None)
        assert answer.json()["detail"].startswith(detail)


async def test_our_app_may_have_a_handler_for_it() -> None:
    async def explain(request: Request, error: HTTPException) -> str:
        return f"{type(error).__name__} of {request.scope['route'].path}"

    app = an_app()
    app.exception_handler(HTTPException)(explain)
    assert (await post(app, "/echo", BOMB)).text == "LimitExceeded of /echo"
    answer = await post(app, "/echo", b"no gzip")
    assert (answer.status, answer.text) == (400, "MalformedRequest of /echo")


@bad
async def test_our_app_as_a_whole_may_be_wrapped(data: bytes, status: int, detail: str) -> None:
    app = App()

    @app.post("/echo")
    async def echo(request: Request) -> bytes:
        return await request.body()

    wrapped = DecompressionMiddleware(app)
    assert (await post(wrapped, "/echo", GZIPPED)).body == CONTENT
    assert (await post(wrapped, "/echo", data)).status == status


@bad
async def test_a_router_may_have_it(data: bytes, status: int, detail: str) -> None:
    app, router = App(), Router(prefix="/api", middleware=[Middleware(DecompressionMiddleware)])

    @router.post("/echo")
    async def echo(request: Request) -> bytes:
        return await request.body()

    app.include(router)
    assert (await post(app, "/api/echo", GZIPPED)).body == CONTENT
    assert (await post(app, "/api/echo", data)).status == status


async def starlette_echo(request: StarletteRequest) -> PlainTextResponse:
    return PlainTextResponse(await request.body())


async def starlette_catch(request: StarletteRequest) -> PlainTextResponse:
    try:
        return PlainTextResponse(await request.body())
    except Exception as error:
        raise StarletteHTTPException(422, type(error).__name__) from error


async def begin_early(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"it says: ", "more_body": True})
    message = await receive()
    if message["type"] == "http.request":
        await send({"type": "http.response.body", "body": message["body"]})


STARLETTE = Starlette(
    routes=[
        StarletteRoute("/echo", starlette_echo, methods=["POST"]),
        StarletteRoute("/catch", starlette_catch, methods=["POST"]),
        StarletteMount("/early", app=begin_early),
    ]
)


def around_starlette() -> ASGIApp:
    return DecompressionMiddleware(STARLETTE)


def around_a_mount() -> ASGIApp:
    app = App(middleware=[Middleware(DecompressionMiddleware)])
    app.mount("", STARLETTE)
    return app


starlettes = pytest.mark.parametrize("make", [around_starlette, around_a_mount])


@starlettes
@bad
async def test_a_foreign_app_that_would_blame_itself_is_answered_for(
    make: Callable[[], ASGIApp], data: bytes, status: int, detail: str
) -> None:
    assert (await post(make(), "/echo", GZIPPED)).body == CONTENT
    answer = await post(make(), "/echo", data, accept="text/plain")
    assert (answer.status, answer.error) == (status, None)
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert detail in answer.text


@starlettes
async def test_a_foreign_app_may_answer_itself(make: Callable[[], ASGIApp]) -> None:
    answer = await post(make(), "/catch", b"no gzip")
    assert (answer.status, answer.text) == (422, "MalformedRequest")


@starlettes
async def test_an_answer_that_has_begun_is_cut_short(make: Callable[[], ASGIApp]) -> None:
    answer = await post(make(), "/early/", gzip.compress(b"hello"))
    assert (answer.body, answer.error) == (b"it says: hello", None)
    sent = Sent()
    scope = http_scope("POST", "/early/", {"content-encoding": "gzip"})
    await make()(scope, receiving(body(b"no gzip")), sent)
    assert sent.types == ["http.response.start", "http.response.body"]
    assert sent.content == b"it says: "


async def test_an_app_that_lets_it_out_is_answered_for() -> None:
    answer = await post(DecompressionMiddleware(read_all), "/", BOMB)
    assert (answer.status, answer.error) == (413, None)


async def test_an_app_that_reads_in_a_task_group_is_answered_for() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        async with anyio.create_task_group() as group:
            group.start_soon(read_all, scope, receive, send)

    answer = await post(DecompressionMiddleware(app), "/", BOMB)
    assert (answer.status, answer.error) == (413, None)


async def test_what_else_comes_out_of_an_app_is_not_ours() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        raise MalformedRequest("by the app")

    answer = await post(DecompressionMiddleware(app), "/", BOMB)
    assert str(answer.error) == "400: by the app"
    assert answer.messages == []


async def test_a_failure_of_the_app_after_a_refusal_is_raised_and_the_client_told_of_the_refusal() -> (
    None
):
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await receive()
        except HTTPException:
            await send({"type": "http.response.start", "status": 500, "headers": []})
            await send({"type": "http.response.body", "body": b"sorry"})
            raise LookupError from None

    answer = await post(DecompressionMiddleware(app), "/", b"no gzip")
    assert answer.status == 400
    assert type(answer.error) is LookupError


async def test_what_was_refused_stays_refused() -> None:
    errors: list[LimitExceeded] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        while len(errors) < 3:
            try:
                await receive()
            except LimitExceeded as error:
                errors.append(error)

    scope = http_scope("POST", headers={"content-encoding": "gzip"})
    incoming = receiving(body(BOMB, more=True), body(GZIPPED))
    await DecompressionMiddleware(app)(scope, incoming, Sent())
    assert [(error.name, error.limit) for error in errors] == [("max_ratio", 100)] * 3
    assert len(set(errors)) == 1


# With other middleware of the app


class Reader:
    """Middleware that reads messages, and keeps them for itself."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await self.app(scope, receive, send)


class Replayer(Reader):
    """Middleware that reads a message, and passes it on."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        taken = [await receive()]

        async def replay() -> Message:
            return taken.pop() if taken else await receive()

        await self.app(scope, replay, send)


NOISE = bytes(i * i * 31 % 251 for i in range(3 * CHUNK))
"""Compressed it is not much smaller, and in small pieces larger."""


@encoded
@pytest.mark.parametrize("is_inside", [False, True])
@pytest.mark.parametrize("middleware", [Reader, Replayer])
async def test_middleware_that_reads_leaves_the_body_whole(
    name: str, encode: Callable[[bytes], bytes], is_inside: bool, middleware: type[Reader]
) -> None:
    app = an_app(*[Middleware(middleware)] * is_inside)
    if not is_inside:
        app.add_middleware(middleware)
    for content in (b"hello", CONTENT, NOISE):
        data = encode(content)
        for pieces in ([data], cut(data, 1), cut(data, len(data) - 1), cut(data, 1, 2, 3, 4, 5)):
            with anyio.fail_after(10):
                answer = await post(app, "/echo", *pieces, coding=name)
            assert (answer.body, answer.error) == (content, None)


# Options


@pytest.mark.parametrize("option", ["max_size", "max_ratio"])
@pytest.mark.parametrize("value", [0, -1, True, 1.5, "1", None])
def test_an_option_that_is_no_number_is_refused(option: str, value: Any) -> None:
    message = rf"DecompressionMiddleware\({option}={value!r}\): it takes an integer of 1 or more"
    with pytest.raises(ConfigError, match=message):
        DecompressionMiddleware(read_all, **{option: value})
