"""Digests: verified as a body comes in, added as one goes out, and nothing held back for it."""

import base64
import hashlib
from collections.abc import AsyncIterator, Callable, Sequence
from functools import partial
from typing import Any, cast

import anyio
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware as StarletteMiddleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.requests import Request as StarletteRequest
from starlette.responses import PlainTextResponse as StarletteText
from starlette.responses import Response as StarletteResponse
from starlette.routing import Route as StarletteRoute

from framework import (
    App,
    HTTPException,
    MalformedRequest,
    Middleware,
    PlainTextResponse,
    Request,
    Response,
    Router,
    WebSocket,
)
from framework.middleware.digests import DigestMiddleware
from framework.types import ASGIApp, Message, Receive, Scope, Send
from tests.driver import Answer, Fields, ask, http_scope
from tests.middleware.test_passage import Reader, readers
from tests.protocols import converse, running
from tests.scripted import DISCONNECT, Sent, body, receiving

HELLO = b'{"hello": "world"}\n'
HELLO_SHA256 = "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:"
"""RFC 9530 appendix B.1."""

TRAILERS: dict[str, Any] = {"extensions": {"http.response.trailers": {}}}


def digest(data: bytes, algorithm: str = "sha-256") -> str:
    """A member of a digest field."""
    value = hashlib.new(algorithm.replace("-", ""), data).digest()
    return f"{algorithm}=:{base64.b64encode(value).decode()}:"


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """An app of nobody's framework, which reads the whole body and answers with it."""
    data, more = b"", True
    while more:
        message = await receive()
        data += message["body"]
        more = message["more_body"]
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": data})


class Sends:
    """An app that sends these messages."""

    def __init__(self, *messages: Message) -> None:
        self.messages = messages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        for message in self.messages:
            await send(message)


def start(status: int = 200, headers: Sequence[tuple[bytes, bytes]] = (), **more: Any) -> Message:
    return {"type": "http.response.start", "status": status, "headers": headers, **more}


def chunk(data: bytes, *, more: bool = False) -> Message:
    return {"type": "http.response.body", "body": data, "more_body": more}


async def post(app: ASGIApp, headers: Fields, data: bytes | Sequence[bytes] = HELLO) -> Answer:
    return await ask(app, "POST", "/echo", headers=headers, body=data)


# Requests


@pytest.mark.parametrize("field", ["content-digest", "repr-digest"])
@pytest.mark.parametrize(
    "value",
    [
        HELLO_SHA256,
        digest(HELLO, "sha-512"),
        f"{HELLO_SHA256}, {digest(HELLO, 'sha-512')};q=1",
        f"md5=:AAAA:, unixsum=30637, new=(1 2), {HELLO_SHA256}",
        "md5=:AAAA:",
        "",
    ],
)
async def test_a_body_that_has_its_digests_is_passed_as_it_comes(field: str, value: str) -> None:
    app = DigestMiddleware(echo)
    for data in (HELLO, [HELLO[:5], b"", HELLO[5:]], [*(bytes([byte]) for byte in HELLO), b""]):
        answer = await post(app, {field: value}, data)
        assert (answer.status, answer.body) == (200, HELLO)
        assert answer.headers.multi_items() == []


@pytest.mark.parametrize(
    "headers",
    [
        {"content-digest": digest(b"other")},
        {"repr-digest": digest(b"other", "sha-512")},
        {"content-digest": f"{HELLO_SHA256}, {digest(b'other', 'sha-512')}"},
        {"content-digest": HELLO_SHA256, "repr-digest": digest(b"other")},
        [("content-digest", HELLO_SHA256), ("content-digest", digest(b"other"))],
    ],
)
async def test_a_body_that_has_not_is_a_400_and_never_complete(headers: Fields) -> None:
    seen: list[Message] = []

    async def reads(scope: Scope, receive: Receive, send: Send) -> None:
        while True:
            seen.append(await receive())

    for data in (HELLO, [HELLO[:5], HELLO[5:]], [HELLO, b""]):
        answer = await post(DigestMiddleware(reads), headers, data)
        assert answer.error is None
        assert answer.status == 400
        assert answer.headers["content-type"] == "application/problem+json"
        assert "does not have the sha-" in answer.json()["detail"]
    assert [message["body"] for message in seen] == [HELLO[:5], HELLO]
    assert all(message["more_body"] for message in seen)


MALFORMED = [
    *("sha-256", "sha-256=1", "sha-256=:AAAA:", 'sha-256="a"', "sha-256=(:AAAA:)", "sha-256=:A:"),
    *("=", "\xff", f"{HELLO_SHA256},", f"{HELLO_SHA256} {HELLO_SHA256}", HELLO_SHA256.upper()),
    digest(HELLO, "sha-512").replace("512", "256"),
]


@pytest.mark.parametrize("value", MALFORMED)
async def test_a_malformed_field_is_a_400_before_anything_is_read(value: str) -> None:
    for field in ("content-digest", "repr-digest"):
        answer = await post(DigestMiddleware(Sends()), {field: value})
        assert answer.status == 400
        assert answer.json()["detail"]


async def test_a_part_is_not_held_against_the_digest_of_the_whole() -> None:
    headers = {"content-range": "bytes 0-18/100", "repr-digest": digest(b"the whole")}
    assert (await post(DigestMiddleware(echo), headers)).status == 200
    headers["content-digest"] = digest(b"other")
    assert (await post(DigestMiddleware(echo), headers)).status == 400


async def test_a_body_that_nobody_reads_is_not_read_to_be_verified() -> None:
    sent = Sent()
    receive = cast(Receive, partial(pytest.fail, "nobody asked for the body"))
    app = DigestMiddleware(Sends(start(), chunk(b"OK")))
    scope = http_scope("POST", headers={"content-digest": digest(b"other")})
    await app(scope, receive, sent)
    assert sent.content == b"OK"


async def test_once_the_answer_has_begun_a_wrong_body_is_cut_short() -> None:
    """What the client sees is an answer without its end, and the log nothing."""

    async def streams(scope: Scope, receive: Receive, send: Send) -> None:
        await send(start())
        while (message := await receive())["type"] == "http.request":
            await send(chunk(message["body"], more=True))
        assert await receive() == message == DISCONNECT

    sent = Sent()
    scope = http_scope("POST", headers={"content-digest": HELLO_SHA256})
    received = receiving(body(b"a", more=True), body(b"b"))
    await DigestMiddleware(streams)(scope, received, sent)
    assert sent.types == ["http.response.start", "http.response.body"]
    assert sent.content == b"a"


async def test_a_client_that_leaves_is_none_whose_digest_is_wrong() -> None:
    seen: list[Message] = []

    async def reads(scope: Scope, receive: Receive, send: Send) -> None:
        seen.extend([await receive(), await receive()])

    scope = http_scope("POST", headers={"content-digest": HELLO_SHA256})
    await DigestMiddleware(reads)(scope, receiving(body(b"a", more=True), DISCONNECT), Sent())
    assert seen == [body(b"a", more=True), DISCONNECT]


async def echo_body(request: Request) -> bytes:
    return await request.body()


def echo_app(**options: Any) -> App:
    app = App(**options)

    app.add_route("/echo", echo_body, methods=["POST"])
    return app


async def test_an_app_of_ours_words_the_answer_with_its_own_handler() -> None:
    async def handle(request: Request, error: MalformedRequest) -> Response:
        return PlainTextResponse(f"sorry: {error.detail}", 422)

    app = echo_app(exception_handlers={MalformedRequest: handle})
    app.add_middleware(DigestMiddleware)
    answer = await post(app, {"content-digest": digest(b"other")})
    assert (answer.status, answer.error) == (422, None)
    assert answer.text == "sorry: the body does not have the sha-256 that content-digest says"


class Adding(BaseHTTPMiddleware):
    """What most users write on Starlette: it runs the app in a task group."""

    async def dispatch(self, request: StarletteRequest, call_next: Any) -> StarletteResponse:
        response: StarletteResponse = await call_next(request)
        return response


def starlette_app(*middleware: type[BaseHTTPMiddleware]) -> Starlette:
    async def respond(request: StarletteRequest) -> StarletteResponse:
        return StarletteResponse(await request.body(), media_type="text/plain")

    return Starlette(
        routes=[StarletteRoute("/echo", respond, methods=["POST"])],
        middleware=[StarletteMiddleware(cls) for cls in middleware],
    )


async def group(scope: Scope, receive: Receive, send: Send) -> None:
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(echo, scope, receive, send)


@pytest.mark.parametrize("data", [HELLO, b"other"])
async def test_any_app_answers_400_and_raises_nothing(data: bytes) -> None:
    whole = echo_app()
    whole.add_middleware(DigestMiddleware)
    router = Router(middleware=[Middleware(DigestMiddleware)])
    router.add_route("/echo", echo_body, methods=["POST"])
    mount = App()
    mount.mount("/", DigestMiddleware(starlette_app()), strip=True)
    cases: list[ASGIApp] = [
        whole,
        App(routes=[router]),
        mount,
        DigestMiddleware(group),
        DigestMiddleware(echo_app()),
        DigestMiddleware(starlette_app()),
        DigestMiddleware(starlette_app(Adding)),
        DigestMiddleware(DigestMiddleware(echo)),
    ]
    for app in cases:
        answer = await post(app, {"content-digest": HELLO_SHA256}, data)
        assert answer.error is None
        if data == HELLO:
            assert (answer.status, answer.body) == (200, HELLO)
        else:
            assert answer.status == 400
            assert "does not have the sha-256" in answer.json()["detail"]


@readers
@pytest.mark.parametrize("is_inside", [True, False])
async def test_a_body_that_middleware_reads_first_is_hashed_once(
    reader: type[Reader], is_inside: bool
) -> None:
    pair: list[Callable[[ASGIApp], ASGIApp]] = [DigestMiddleware, reader]
    around = pair if is_inside else pair[::-1]
    app = echo_app(middleware=[Middleware(each) for each in around])
    for data in (HELLO, [HELLO[:5], HELLO[5:]]):
        answer = await post(app, {"content-digest": HELLO_SHA256}, data)
        assert (answer.status, answer.body, answer.error) == (200, HELLO, None)
    assert (await post(app, {"content-digest": HELLO_SHA256}, b"other")).status == 400


async def test_what_comes_after_the_end_is_no_part_of_the_body() -> None:
    async def reads(scope: Scope, receive: Receive, send: Send) -> None:
        assert [await receive(), await receive()] == [body(HELLO), body(b"")]

    scope = http_scope("POST", headers={"content-digest": HELLO_SHA256})
    await DigestMiddleware(reads)(scope, receiving(body(HELLO), body(b"")), Sent())


async def test_what_else_goes_wrong_in_the_app_is_raised() -> None:
    async def fails(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await receive()
        finally:
            raise HTTPException(503)

    for data in (HELLO, b"other"):
        answer = await post(DigestMiddleware(fails), {"content-digest": HELLO_SHA256}, data)
        assert isinstance(answer.error, HTTPException)
        assert answer.messages == []


async def test_an_answer_of_the_app_to_the_mismatch_counts_though_it_raises_it_too() -> None:
    async def answers(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await receive()
        finally:
            await send(start(422))
            await send(chunk(b"no"))

    answer = await post(DigestMiddleware(answers), {"content-digest": digest(b"other")})
    assert (answer.status, answer.body, answer.error) == (422, b"no", None)


async def test_other_protocols_pass() -> None:
    app = echo_app(middleware=[Middleware(DigestMiddleware, always=True)])

    @app.websocket("/ws")
    async def greet(websocket: WebSocket) -> None:
        await websocket.accept()

    async with running(app) as talk:
        pass
    assert talk.types == ["startup.complete", "shutdown.complete"]
    assert (await converse(app, "/ws")).types == ["accept", "close"]


# Responses


WANTED = {
    # Want-Content-Digest: the algorithm, without and with always=True
    "sha-256=1": ("sha-256", "sha-256"),
    "sha-512=10": ("sha-512", "sha-512"),
    "sha-512=3, sha-256=10, unixsum=0": ("sha-256", "sha-256"),
    "sha-512=3, sha-256=2": ("sha-512", "sha-512"),
    "sha-512=5, sha-256=5": ("sha-256", "sha-256"),
    "sha-256=0, sha-512=1;x": ("sha-512", "sha-512"),
    "sha-256=0": (None, None),
    "sha=10": (None, "sha-256"),
    "": (None, "sha-256"),
    # malformed
    "sha-256": (None, "sha-256"),
    "sha-256=11": (None, "sha-256"),
    "sha-256=-1": (None, "sha-256"),
    "sha-256=1.0": (None, "sha-256"),
    "sha-256=(1)": (None, "sha-256"),
    "sha-512=1,": (None, "sha-256"),
}


@pytest.mark.parametrize(
    ("want", "usual", "always"), [(key, *pair) for key, pair in WANTED.items()]
)
async def test_the_algorithm_that_is_wanted_most_is_taken(
    want: str, usual: str | None, always: str | None
) -> None:
    app = Sends(start(headers=[(b"content-length", b"19")]), chunk(HELLO))
    for wrapped, algorithm in (
        (DigestMiddleware(app), usual),
        (DigestMiddleware(app, always=True), always),
    ):
        answer = await ask(wrapped, headers={"want-content-digest": want})
        expected = None if algorithm is None else digest(HELLO, algorithm)
        assert answer.headers.get("content-digest") == expected
        assert answer.headers["content-length"] == "19"
        assert answer.body == HELLO
        answer = await ask(wrapped, headers={"want-repr-digest": want})
        expected = None if usual is None else digest(HELLO, usual)
        assert answer.headers.get("repr-digest") == expected


async def test_nothing_is_touched_that_nobody_asked_for() -> None:
    messages = [start(), chunk(HELLO)]
    answer = await ask(DigestMiddleware(Sends(*messages)))
    assert [id(message) for message in answer.messages] == [id(message) for message in messages]


async def test_always_is_whole_responses_errors_included() -> None:
    app = echo_app()
    app.add_middleware(DigestMiddleware, always=True)
    for method, status in (("POST", 200), ("GET", 405)):
        answer = await ask(app, method, "/echo", body=HELLO)
        assert answer.status == status
        assert answer.headers["content-digest"] == digest(answer.body)
        assert "repr-digest" not in answer.headers
    wrong = await post(app, {"content-digest": digest(b"other")})
    assert (wrong.status, wrong.headers["content-digest"]) == (400, digest(wrong.body))


async def test_lists_of_fields_are_not_the_middleware_s_to_change() -> None:
    fields = [(b"content-length", b"19")]
    app = DigestMiddleware(Sends(start(headers=fields), chunk(HELLO)), always=True)
    for _ in range(2):
        assert (await ask(app)).headers["content-digest"] == HELLO_SHA256
    assert fields == [(b"content-length", b"19")]


BOTH = {"want-content-digest": "sha-256=1", "want-repr-digest": "sha-256=1"}


@pytest.mark.parametrize(
    ("method", "first", "data", "expected"),
    [
        ("GET", start(), HELLO, {"content-digest", "repr-digest"}),
        ("GET", start(404), HELLO, {"content-digest", "repr-digest"}),
        ("GET", start(206), HELLO, {"content-digest"}),
        ("GET", start(204), b"", set[str]()),
        ("GET", start(304), b"", set[str]()),
        ("HEAD", start(), b"", set[str]()),
        ("POST", start(), HELLO, {"content-digest"}),
        ("PATCH", start(404), HELLO, {"content-digest"}),
        ("GET", start(), b"", {"content-digest", "repr-digest"}),
    ],
)
async def test_a_response_has_the_digests_that_are_true_of_it(
    method: str, first: Message, data: bytes, expected: set[str]
) -> None:
    answer = await ask(DigestMiddleware(Sends(first, chunk(data))), method, headers=BOTH)
    assert dict(answer.headers) == dict.fromkeys(expected, digest(data))


async def test_digests_that_the_app_has_made_are_kept() -> None:
    app = DigestMiddleware(Sends(start(headers=[(b"Repr-Digest", b"mine")]), chunk(HELLO)))
    answer = await ask_raw(app, headers=BOTH)
    assert answer.messages[0]["headers"] == [
        (b"Repr-Digest", b"mine"),
        (b"content-digest", HELLO_SHA256.encode()),
    ]


async def ask_raw(app: ASGIApp, *, headers: Fields = (), **changes: Any) -> Sent:
    """Get, and take whatever messages the app sends."""
    sent = Sent()
    await app(http_scope(headers=headers, **changes), receiving(body(b"")), sent)
    return sent


STREAM = [start(), chunk(HELLO[:5], more=True), chunk(b"", more=True), chunk(HELLO[5:])]
WANTS_TRAILERS = [*BOTH.items(), ("te", "gzip;q=0.5, Trailers")]


async def test_what_is_streamed_has_its_digests_in_a_trailer() -> None:
    sent = await ask_raw(DigestMiddleware(Sends(*STREAM)), headers=WANTS_TRAILERS, **TRAILERS)
    first, *chunks, last = sent.messages
    assert first == start(headers=[(b"trailer", b"content-digest, repr-digest")], trailers=True)
    assert chunks == STREAM[1:]
    value = HELLO_SHA256.encode()
    assert last == {
        "type": "http.response.trailers",
        "headers": [(b"content-digest", value), (b"repr-digest", value)],
        "more_trailers": False,
    }


@pytest.mark.parametrize(
    ("headers", "changes"),
    [
        (BOTH, TRAILERS),  # no TE
        ([*BOTH.items(), ("te", "deflate")], TRAILERS),
        (WANTS_TRAILERS, {}),  # no such server
        (WANTS_TRAILERS, {"extensions": None}),
    ],
)
async def test_without_a_trailer_a_stream_is_passed_as_it_is(
    headers: Fields, changes: dict[str, Any]
) -> None:
    sent = await ask_raw(DigestMiddleware(Sends(*STREAM)), headers=headers, **changes)
    assert sent.messages == STREAM


@pytest.mark.parametrize("version", ["1.1", "2"])
async def test_a_known_length_leaves_no_room_for_trailers_in_http_1(version: str) -> None:
    first = start(headers=[(b"content-length", b"19")])
    app = DigestMiddleware(Sends(first, *STREAM[1:]))
    sent = await ask_raw(app, headers=WANTS_TRAILERS, http_version=version, **TRAILERS)
    assert ("http.response.trailers" in sent.types) == (version == "2")


async def test_trailers_of_the_app_are_its_own() -> None:
    last = {"type": "http.response.trailers", "headers": [(b"x", b"y")]}
    messages = [start(trailers=True), *STREAM[1:], last]
    sent = await ask_raw(DigestMiddleware(Sends(*messages)), headers=WANTS_TRAILERS, **TRAILERS)
    assert sent.messages == messages
    whole = [start(trailers=True), chunk(HELLO), last]
    sent = await ask_raw(DigestMiddleware(Sends(*whole)), headers=WANTS_TRAILERS, **TRAILERS)
    assert sent.types == [message["type"] for message in whole]
    assert (b"content-digest", HELLO_SHA256.encode()) in sent.messages[0]["headers"]


PATH: Message = {"type": "http.response.pathsend", "path": "/nowhere"}
FILE: Message = {"type": "http.response.zerocopysend", "file": 0}
HINT: Message = {"type": "http.response.early_hint", "links": []}


@pytest.mark.parametrize(
    "messages",
    [
        [start(), PATH],
        [start(), FILE],
        [HINT, start(204), chunk(b"")],
        [start(), HINT, chunk(HELLO)],
    ],
)
async def test_what_is_not_seen_has_no_digest(messages: list[Message]) -> None:
    sent = await ask_raw(DigestMiddleware(Sends(*messages)), headers=WANTS_TRAILERS, **TRAILERS)
    assert sent.messages == messages


async def test_a_trailer_that_was_promised_is_empty_when_the_server_sent_a_part_itself() -> None:
    file = {**FILE, "more_body": True}
    for messages in ([chunk(b"a", more=True), FILE], [chunk(b"a", more=True), file, chunk(b"b")]):
        app = DigestMiddleware(Sends(start(), *messages))
        sent = await ask_raw(app, headers=WANTS_TRAILERS, **TRAILERS)
        assert sent.messages[1:-1] == messages
        assert sent.messages[-1]["headers"] == []
        assert sent.types.count("http.response.trailers") == 1


async def test_a_stream_is_not_held_back() -> None:
    """Each chunk is out before the next one is made."""
    sent = Sent()

    async def stream() -> AsyncIterator[bytes]:
        for number in range(3):
            assert sent.content == b"x" * number
            yield b"x"

    app = App(middleware=[Middleware(DigestMiddleware, always=True)])
    app.add_route("/", stream)
    await app(http_scope(headers=WANTS_TRAILERS, **TRAILERS), receiving(body(b"")), sent)
    assert sent.content == b"xxx"
    assert sent.messages[-1]["headers"] == [
        (b"content-digest", digest(b"xxx").encode()),
        (b"repr-digest", digest(b"xxx").encode()),
    ]


async def test_an_app_that_fails_before_its_first_chunk_has_said_nothing() -> None:
    async def fails(scope: Scope, receive: Receive, send: Send) -> None:
        await send(start())
        raise HTTPException(503, "full")

    app = App(middleware=[Middleware(DigestMiddleware, always=True)])
    app.mount("/", fails)
    answer = await ask(app)
    assert (answer.status, answer.json()["detail"]) == (503, "full")


async def test_starlette_s_answers_get_digests() -> None:
    async def hello(request: StarletteRequest) -> StarletteResponse:
        return StarletteText("hello")

    app = Starlette(routes=[StarletteRoute("/", hello)])
    answer = await ask(DigestMiddleware(app, always=True), headers=BOTH)
    assert answer.headers["content-digest"] == answer.headers["repr-digest"] == digest(b"hello")
