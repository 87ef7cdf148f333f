"""Compression: in which coding, of what, with which header fields, and nothing held back."""

import gzip
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any

import anyio
import pytest

from framework import App, ConfigError, FileResponse, StreamingResponse, WebSocket
from framework.middleware import _encoders
from framework.middleware.compression import THREAD_SIZE, CompressionMiddleware
from framework.middleware.digests import DigestMiddleware
from framework.types import ASGIApp, Message, Receive, Scope, Send
from tests.driver import Answer, Fields, ask, http_scope
from tests.middleware.around import APPS, LONG, SHORT, Boom, calls, ours, raw
from tests.middleware.test_encoders import decode
from tests.protocols import converse, running
from tests.scripted import Sent, receiving
from tests.tables.content_codings import ACCEPTED, COMPRESSIBLE, LEFT_ALONE

GZIP = {"accept-encoding": "gzip"}
BODY = LONG.encode()

around = pytest.mark.parametrize("make", APPS.values(), ids=APPS)


class Sends:
    """An app that sends these messages."""

    def __init__(self, *messages: Message) -> None:
        self.messages = messages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        for message in self.messages:
            await send(message)


def start(status: int = 200, headers: Sequence[tuple[str, str]] = (), **more: Any) -> Message:
    fields = [(name.encode(), value.encode()) for name, value in headers]
    return {"type": "http.response.start", "status": status, "headers": fields, **more}


def chunk(data: bytes, *, more: bool = False) -> Message:
    return {"type": "http.response.body", "body": data, "more_body": more}


async def sent(*messages: Message, headers: Fields = GZIP, **changes: Any) -> list[Message]:
    """What comes out if these messages go in."""
    server = Sent()
    app = CompressionMiddleware(Sends(*messages))
    await app(http_scope(headers=headers, **changes), receiving(), server)
    return server.messages


async def compressed(
    status: int = 200,
    fields: Sequence[tuple[str, str]] = (),
    *,
    body: bytes = BODY,
    headers: Fields = GZIP,
    **changes: Any,
) -> Answer:
    """The answer with a body that comes in one piece."""
    return Answer(await sent(start(status, fields), chunk(body), headers=headers, **changes))


def content(answer: Answer) -> bytes:
    """The body as a client sees it."""
    coding = answer.headers.get("content-encoding")
    return answer.body if coding is None else decode(coding, *answer.chunks)


# Which coding


@around
@pytest.mark.parametrize("path", ["/long", "/stream"])
@pytest.mark.parametrize(("accepted", "coding"), ACCEPTED)
async def test_the_client_gets_the_coding_that_it_likes_best(
    make: Callable[[], ASGIApp], path: str, accepted: str | None, coding: str | None
) -> None:
    headers = {} if accepted is None else {"accept-encoding": accepted}
    answer = await ask(CompressionMiddleware(make()), path=path, headers=headers)
    assert answer.status == 200
    assert answer.headers.get("content-encoding") == coding
    assert answer.headers.getlist("vary") == ["Accept-Encoding"]
    assert content(answer) == BODY
    length = answer.headers.get("content-length")
    assert length == (None if path == "/stream" else str(len(answer.body)))


async def test_several_fields_are_one_list() -> None:
    headers = [("accept-encoding", "gzip;q=0.5"), ("accept-encoding", "br")]
    answer = await compressed(headers=headers)
    assert answer.headers["content-encoding"] == "br"


async def test_of_codings_that_are_liked_alike_the_first_is_taken() -> None:
    app = CompressionMiddleware(raw, codings={"gzip": 1, "br": 11})
    for accepted, coding in (("*", "gzip"), ("zstd, br", "br"), ("zstd", None)):
        answer = await ask(app, path="/long", headers={"accept-encoding": accepted})
        assert answer.headers.get("content-encoding") == coding
        assert content(answer) == BODY


# What


@pytest.mark.parametrize(("kind", "is_compressed"), COMPRESSIBLE)
async def test_what_is_compressed_already_by_its_type_is_left_alone(
    kind: str, is_compressed: bool
) -> None:
    answer = await compressed(fields=[("Content-Type", kind)])
    assert ("content-encoding" in answer.headers) is is_compressed
    assert ("vary" in answer.headers) is is_compressed
    assert content(answer) == BODY


@pytest.mark.parametrize(("status", "fields"), LEFT_ALONE.values(), ids=LEFT_ALONE)
async def test_what_must_not_change_is_passed_as_it_is(
    status: int, fields: list[tuple[str, str]]
) -> None:
    fields = [*fields, ("etag", '"1"'), ("accept-ranges", "bytes")]
    for pieces in ([chunk(BODY)], [chunk(BODY, more=True), chunk(BODY)]):
        messages = [start(status, fields), *pieces]
        assert await sent(*messages) == messages


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(
    "field", [("content-range", "bytes 0-9/20460"), ("content-type", "multipart/byteranges")]
)
async def test_a_part_is_passed_as_it_is_and_varies_as_the_whole_does(
    method: str, field: tuple[str, str]
) -> None:
    messages = [start(206, [field, ("etag", '"1"')]), chunk(BODY)]
    server = await sent(*messages, method=method)
    assert server == [
        start(206, [field, ("etag", '"1"'), ("vary", "Accept-Encoding")]),
        chunk(BODY),
    ]


@pytest.mark.parametrize("status", [101, 204, 205])
async def test_a_status_without_content_is_passed_as_it_is(status: int) -> None:
    messages = [start(status), chunk(b"")]
    assert await sent(*messages) == messages


async def test_a_stream_ends_when_its_client_has_gone_however_fast_the_server_takes_it() -> None:
    app, count = App(), 0
    gone = anyio.Event()
    incoming: list[Message] = [{"type": "http.request"}]

    @app.get("/")
    async def stream() -> StreamingResponse:
        return StreamingResponse(endless(), media_type="text/plain")

    async def endless() -> AsyncIterator[bytes]:
        nonlocal count
        while True:
            count += 1
            assert count < 200
            yield b"x" * THREAD_SIZE

    async def receive() -> Message:
        if incoming:
            return incoming.pop()
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        if count == 3:
            gone.set()

    await CompressionMiddleware(app)(http_scope(headers=GZIP), receive, send)
    assert gone.is_set()


async def test_fields_that_can_be_read_once_are_kept() -> None:
    begin = start(200, [("content-type", "text/plain"), ("x-a", "1")])
    answer = Answer(await sent({**begin, "headers": iter(begin["headers"])}, chunk(BODY)))
    assert [name for name, _ in answer.headers.multi_items()] == [
        *("content-type", "x-a", "content-encoding", "content-length", "vary")
    ]


@around
async def test_small_bodies_are_left_alone(make: Callable[[], ASGIApp]) -> None:
    answer = await ask(CompressionMiddleware(make()), headers=GZIP)
    assert answer.text == SHORT
    assert "content-encoding" not in answer.headers
    assert "vary" not in answer.headers


@pytest.mark.parametrize(
    ("size", "minimum_size", "is_compressed"),
    [(499, 500, False), (500, 500, True), (99, 100, False), (100, 100, True), (0, 0, False)],
)
async def test_how_small_is_an_option(size: int, minimum_size: int, is_compressed: bool) -> None:
    fields = [("content-length", str(size))]
    for pieces in ([chunk(bytes(size))], [chunk(bytes(size), more=True), chunk(b"")]):
        app = CompressionMiddleware(Sends(start(200, fields), *pieces), minimum_size=minimum_size)
        answer = await ask(app, headers=GZIP)
        assert ("content-encoding" in answer.headers) is is_compressed
        assert content(answer) == bytes(size)


async def test_who_refuses_to_have_it_plain_gets_the_smallest_body_compressed() -> None:
    for accepted in ("gzip, identity;q=0", "gzip, *;q=0"):
        for body in (b"a", bytes(range(256)) * 4):
            answer = await compressed(body=body, headers={"accept-encoding": accepted})
            assert answer.headers["content-encoding"] == "gzip"
            assert gzip.decompress(answer.body) == body
    nothing = await compressed(body=b"", headers={"accept-encoding": "gzip, identity;q=0"})
    assert "content-encoding" not in nothing.headers


async def test_what_would_become_larger_is_sent_as_it_is() -> None:
    noise = bytes(i * i * 31 % 251 ^ i // 7 % 256 for i in range(500))
    answer = await compressed(fields=[("etag", '"1"')], body=noise[:500])
    assert len(gzip.compress(noise)) >= len(noise)
    assert answer.headers.multi_items() == [("etag", '"1"'), ("vary", "Accept-Encoding")]
    assert answer.body == noise


@pytest.mark.parametrize("kind", ["http.response.pathsend", "http.response.zerocopysend"])
async def test_a_file_that_the_server_sends_is_none_of_ours(kind: str) -> None:
    messages = [start(200, [("content-length", "20460")]), {"type": kind, "path": "/etc/hosts"}]
    assert await sent(*messages) == messages


async def test_between_chunks_a_server_may_send_files() -> None:
    extension: dict[str, Any] = {"extensions": {"http.response.zerocopysend": {}}}
    messages = [start(), chunk(BODY, more=True), {"type": "http.response.zerocopysend"}]
    out = await sent(*messages, **extension)
    assert out[0]["headers"] == [(b"vary", b"Accept-Encoding")]
    assert out[1:] == messages[1:]
    assert "content-encoding" in (await compressed(**extension)).headers


async def test_a_file_that_is_read_is_compressed(tmp_path: Path) -> None:
    path = tmp_path / "page.txt"
    path.write_bytes(BODY * 20)
    app = App()
    app.add_route("/", lambda: FileResponse(path))
    app.add_middleware(CompressionMiddleware)
    answer = await ask(app, headers=GZIP)
    assert answer.headers["content-encoding"] == "gzip"
    assert content(answer) == BODY * 20
    offered = await ask(app, headers=GZIP, extensions={"http.response.pathsend": {}})
    assert "content-encoding" not in offered.headers
    assert offered.body == BODY * 20


# Header fields


@pytest.mark.parametrize(
    ("etag", "weak"),
    [('"1"', 'W/"1"'), ('W/"1"', 'W/"1"'), ('""', 'W/""'), ("no etag", "no etag")],
)
async def test_a_strong_etag_becomes_weak(etag: str, weak: str) -> None:
    assert (await compressed(fields=[("ETag", etag)])).headers["etag"] == weak
    plain = await compressed(fields=[("ETag", etag)], headers={})
    assert plain.headers["etag"] == etag


@pytest.mark.parametrize(
    ("held", "etag"),
    [
        ('W/"1"', 'W/"1"'),
        ('"0", W/"1"', 'W/"1"'),
        ('"1"', '"1"'),
        ('W/"11"', '"1"'),
        ("*", '"1"'),
        (None, '"1"'),
    ],
)
async def test_a_304_has_the_etag_of_the_copy_that_is_held(held: str | None, etag: str) -> None:
    headers = GZIP if held is None else {**GZIP, "if-none-match": held}
    messages = [start(304, [("ETag", '"1"')]), chunk(b"")]
    answer = Answer(await sent(*messages, headers=headers))
    assert answer.headers.multi_items() == [("etag", etag), ("vary", "Accept-Encoding")]
    assert answer.body == b""


@pytest.mark.parametrize(
    ("vary", "result"),
    [
        ("Cookie", "Cookie, Accept-Encoding"),
        ("*", "*"),
        ("accept-encoding", "accept-encoding"),
        ("Accept-Encoding, Origin", "Accept-Encoding, Origin"),
    ],
)
async def test_vary_has_each_name_once(vary: str, result: str) -> None:
    for headers in (GZIP, {}):
        answer = await compressed(fields=[("Vary", vary)], headers=headers)
        assert answer.headers.getlist("vary") == [result]


async def test_what_holds_for_the_plain_content_only_is_dropped() -> None:
    fields = [("Accept-Ranges", "bytes"), ("Content-Length", str(len(BODY))), ("x-other", "1")]
    answer = await compressed(fields=fields)
    assert answer.headers.multi_items() == [
        ("x-other", "1"),
        ("content-encoding", "gzip"),
        ("content-length", str(len(answer.body))),
        ("vary", "Accept-Encoding"),
    ]
    plain = await compressed(fields=fields, headers={})
    assert plain.headers["accept-ranges"] == "bytes"


async def test_what_the_app_sends_is_not_changed_in_its_hands() -> None:
    fields = [(b"etag", b'"1"'), (b"content-length", b"20460")]
    message: Message = {"type": "http.response.start", "status": 200, "headers": fields}
    body = chunk(BODY)
    await sent(message, body)
    assert fields == [(b"etag", b'"1"'), (b"content-length", b"20460")]
    assert message["headers"] is fields
    assert body == chunk(BODY)


async def test_a_start_needs_no_headers_and_a_body_no_bytes() -> None:
    first: Message = {"type": "http.response.start", "status": 200}
    last: Message = {"type": "http.response.body"}
    assert await sent(first, last) == [{**first, "headers": []}, last]
    answer = Answer(await sent(first, chunk(BODY)))
    assert answer.headers["content-encoding"] == "gzip"


async def test_a_length_that_is_none_is_dropped() -> None:
    messages = [start(200, [("content-length", "many")]), chunk(b"a", more=True), chunk(b"b")]
    answer = Answer(await sent(*messages))
    assert "content-length" not in answer.headers
    assert content(answer) == b"ab"


async def test_trailers_follow_chunks_and_no_known_length() -> None:
    last = {"type": "http.response.trailers", "headers": [(b"x", b"1")], "more_trailers": False}
    for pieces in ([chunk(BODY)], [chunk(BODY, more=True), chunk(b"")]):
        out = await sent(start(trailers=True), *pieces, last)
        assert [message["type"] for message in out[-2:]] == [
            "http.response.body",
            "http.response.trailers",
        ]
        assert out[0]["trailers"] is True
        assert "content-length" not in Answer(out).headers
        assert gzip.decompress(b"".join(m.get("body", b"") for m in out)) == BODY


async def test_a_digest_of_the_middleware_further_in_stays_right() -> None:
    headers = {**GZIP, "want-content-digest": "sha-256=1", "te": "trailers"}
    app = CompressionMiddleware(DigestMiddleware(raw))
    whole = await ask(app, path="/long", headers=headers)
    extensions: dict[str, Any] = {"http.response.trailers": {}}
    parts = await ask(app, path="/stream", headers=headers, extensions=extensions)
    for answer in (whole, parts):
        assert "content-encoding" not in answer.headers
        assert answer.body == BODY


# HEAD


@pytest.mark.parametrize("path", ["/", "/long", "/stream", "/nothing"])
@pytest.mark.parametrize("headers", [GZIP, {}])
async def test_the_answer_to_head_begins_like_that_to_get(path: str, headers: Fields) -> None:
    app = CompressionMiddleware(ours())
    head = await ask(app, "HEAD", path, headers=headers)
    get = await ask(app, path=path, headers=headers)
    length = head.headers.get("content-length", get.headers.get("content-length"))
    told = {**head.headers, "content-length": length}
    assert told == {"content-length": None, **get.headers}
    assert head.status == get.status


async def test_head_says_nothing_of_a_file_that_the_server_may_send() -> None:
    messages = [start(200, [("content-length", "20460")]), chunk(b"")]
    for extension in ("http.response.pathsend", "http.response.zerocopysend"):
        out = Answer(await sent(*messages, method="HEAD", extensions={extension: {}}))
        assert out.headers.multi_items() == [
            ("content-length", "20460"),
            ("vary", "Accept-Encoding"),
        ]


# Streams


@pytest.mark.parametrize("coding", _encoders.ENCODINGS)
async def test_each_chunk_is_readable_as_soon_as_it_was_sent(coding: str) -> None:
    out: list[bytes] = []
    seen: list[bytes] = []

    async def items() -> AsyncIterator[str]:
        for index in range(3):
            yield f"item {index}\n"
            seen.append(b"".join(out))
        yield ""
        seen.append(b"".join(out))

    async def send(message: Message) -> None:
        out.append(message.get("body", b""))

    app = App()
    app.add_route("/", lambda: StreamingResponse(items(), media_type="application/x-ndjson"))
    scope = http_scope(headers={"accept-encoding": coding})
    await CompressionMiddleware(app)(scope, receiving(), send)
    assert decode(coding, b"".join(out)) == b"item 0\nitem 1\nitem 2\n"
    lengths = [len(each) for each in seen]
    assert lengths == sorted(lengths)
    assert len({*lengths}) == 3  # the empty one added nothing
    step = _encoders.ENCODINGS[coding].stream(_encoders.ENCODINGS[coding].default)
    assert seen[0] == step(b"item 0\n", False)


async def test_a_stream_may_begin_with_nothing() -> None:
    out = await sent(start(), chunk(b"", more=True), chunk(b"a", more=True), chunk(b""))
    assert out[1] == chunk(b"", more=True)
    assert gzip.decompress(Answer(out).body) == b"a"


async def test_other_messages_keep_their_order() -> None:
    hint: Message = {"type": "http.response.early_hint", "links": []}
    push: Message = {"type": "http.response.push", "path": "/", "headers": []}
    out = await sent(hint, start(), push, chunk(BODY, more=True), push, chunk(b""))
    kinds = [message["type"].rpartition(".")[2] for message in out]
    assert kinds == ["early_hint", "push", "start", "body", "push", "body"]


async def test_many_bytes_are_compressed_in_a_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    threads: list[bool] = []
    encoding = _encoders.ENCODINGS["gzip"]

    def note(data: bytes, level: int) -> bytes:
        threads.append(threading.current_thread() is threading.main_thread())
        return encoding.whole(data, level)

    monkeypatch.setitem(_encoders.ENCODINGS, "gzip", encoding._replace(whole=note))
    monkeypatch.setitem(_encoders.ALL_ENCODINGS, "gzip", encoding._replace(whole=note))
    for size in (THREAD_SIZE - 1, THREAD_SIZE):
        assert gzip.decompress((await compressed(body=bytes(size))).body) == bytes(size)
    assert threads == [True, False]


async def test_a_long_stream_is_compressed_in_threads() -> None:
    pieces = [BODY * 4] * 5
    chunks = [chunk(piece, more=True) for piece in pieces]
    out = Answer(await sent(start(), *chunks, chunk(b"")))
    assert gzip.decompress(out.body) == b"".join(pieces)


@around
async def test_a_client_that_goes_ends_the_stream(make: Callable[[], ASGIApp]) -> None:
    server = Sent(until=2)
    with pytest.raises((OSError, ExceptionGroup)):
        await CompressionMiddleware(Raising(make()))(
            http_scope(path="/stream", headers=GZIP), receiving(), server
        )
    assert server.types == ["http.response.start", "http.response.body"]


class Raising:
    """An app that goes on to send when it was told that nobody listens."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)
        await send(chunk(b""))


# Where it does not apply


@around
async def test_errors_pass(make: Callable[[], ASGIApp]) -> None:
    app = CompressionMiddleware(make())
    assert (await ask(app, path="/nothing", headers=GZIP)).status == 404
    assert isinstance((await ask(app, path="/boom", headers=GZIP)).error, Boom)
    echoed = await ask(app, "POST", "/echo", headers=GZIP, body=[BODY[:9], BODY[9:]])
    assert content(echoed) == BODY


async def test_sockets_and_the_lifespan_are_passed_on() -> None:
    app = App()

    @app.websocket("/")
    async def talk(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.send_text(LONG)

    wrapped = CompressionMiddleware(app)
    async with running(wrapped) as life:
        conversation = await converse(wrapped, headers=GZIP)
    assert life.types == ["startup.complete", "shutdown.complete"]
    assert conversation.messages[1]["text"] == LONG


async def test_what_it_does_not_concern_costs_one_call_more() -> None:
    scope = http_scope(type="websocket")  # which the app does not look at
    steps = 1 + 2  # each message that is waited for is another step
    assert await calls(CompressionMiddleware(raw), scope) == steps


# Options


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"minimum_size": -1}, "an integer of 0 or more"),
        ({"minimum_size": "500"}, "an integer of 0 or more"),
        ({"codings": ["gzip"]}, "give the level of each"),
        ({"codings": "gzip"}, "give the level of each"),
        ({"codings": {"deflate": 1}}, r"the codings are \['zstd', 'br', 'gzip'\]"),
        ({"codings": {"gzip": 10}}, "its levels are 1 to 9"),
        ({"codings": {"gzip": 0}}, "its levels are 1 to 9"),
        ({"codings": {"br": 12}}, "its levels are 0 to 11"),
        ({"codings": {"zstd": 20}}, "its levels are 1 to 19"),
    ],
)
def test_what_cannot_work_is_refused_at_start(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        CompressionMiddleware(raw, **options)


async def test_a_coding_that_is_not_installed_is_not_offered_unless_it_is_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    installed = {"gzip": _encoders.ENCODINGS["gzip"]}
    monkeypatch.setattr("framework.middleware.compression.ENCODINGS", installed)
    answer = await compressed(headers={"accept-encoding": "br, gzip"})
    assert answer.headers["content-encoding"] == "gzip"
    with pytest.raises(ImportError, match=r"pip install 'asgi-framework\[compression\]'"):
        CompressionMiddleware(raw, codings={"br": 4})
