"""What a handler answers with."""

import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextvars import ContextVar
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
import pytest

from framework import (
    URL,
    App,
    CallNext,
    Headers,
    HTMLResponse,
    JSONResponse,
    PlainTextResponse,
    RedirectResponse,
    Request,
    Response,
    StreamingResponse,
)
from framework._wire.json import StandardJSON
from framework.responses import whole_response
from framework.types import ASGIApp, Message, Receive, Scope, Send
from tests.driver import Answer, ask, exchange, http_scope
from tests.scripted import DISCONNECT, Sent, body, receiving

Chunks = AsyncIterator[str | bytes]


async def answered(response: Response, method: str = "GET", *, is_checked: bool = True) -> Answer:
    """The answer of a response to a client that stays."""
    answer = await exchange(response, http_scope(method), is_checked=is_checked)
    assert answer.error is None
    return answer


# Whole responses


async def test_a_response_that_is_sent_again_has_nothing_that_was_added_on_the_way() -> None:
    def adding(app: ASGIApp) -> ASGIApp:
        async def add(scope: Scope, receive: Receive, send: Send) -> None:
            async def sending(message: Message) -> None:
                if "headers" in message:
                    message["headers"].append((b"set-cookie", scope["path"].encode()))
                await send(message)

            await app(scope, receive, sending)

        return add

    for response in (PlainTextResponse("hi"), Response(status_code=204)):
        app = adding(response)
        for path in ("/ann", "/bob"):
            assert (await ask(app, path=path)).headers.getlist("set-cookie") == [path]


@pytest.mark.parametrize(
    ("response", "status", "fields", "content"),
    [
        (Response(), 200, [("content-length", "0")], b""),
        (Response("grüße"), 200, [("content-length", "7")], "grüße".encode()),
        (Response(b"\x00"), 200, [("content-length", "1")], b"\x00"),
        (Response(bytearray(b"a")), 200, [("content-length", "1")], b"a"),
        (Response(memoryview(b"a"), 201), 201, [("content-length", "1")], b"a"),
        (Response(b"a" * 5000), 200, [("content-length", "5000")], b"a" * 5000),
        (Response(status_code=HTTPStatus.GONE), 410, [("content-length", "0")], b""),
        (
            PlainTextResponse("ü"),
            200,
            [("content-type", "text/plain; charset=utf-8"), ("content-length", "2")],
            "ü".encode(),
        ),
        (
            HTMLResponse("<p>"),
            200,
            [("content-type", "text/html; charset=utf-8"), ("content-length", "3")],
            b"<p>",
        ),
        (
            JSONResponse({"a": "ü"}),
            200,
            [("content-type", "application/json"), ("content-length", "10")],
            '{"a":"ü"}'.encode(),
        ),
        (
            JSONResponse(None, media_type="application/problem+json"),
            200,
            [("content-type", "application/problem+json"), ("content-length", "4")],
            b"null",
        ),
        (
            Response("a", media_type="text/css; Charset=latin-1"),
            200,
            [("content-type", "text/css; Charset=latin-1"), ("content-length", "1")],
            b"a",
        ),
        (
            HTMLResponse("a", headers={"Content-Type": "text/x", "Content-Length": "1"}),
            200,
            [("content-type", "text/x"), ("content-length", "1")],
            b"a",
        ),
    ],
)
async def test_a_response_has_status_fields_and_content(
    response: Response, status: int, fields: list[tuple[str, str]], content: bytes
) -> None:
    answer = await answered(response)
    assert answer.status == status
    assert answer.headers.multi_items() == fields
    assert answer.chunks == [content]


@pytest.mark.parametrize(
    "headers",
    [
        {"X-A": "1", "x-b": "2"},
        [("x-a", "1"), ("x-b", "2")],
        Headers({"x-a": "1", "X-B": "2"}),
        (("x-a", "1"), ("x-b", "2")),
    ],
)
async def test_header_fields_are_given_in_any_form(headers: Any) -> None:
    answer = await answered(Response(headers=headers))
    assert answer.headers.multi_items() == [("x-a", "1"), ("x-b", "2"), ("content-length", "0")]


async def test_header_fields_can_be_changed_until_the_response_is_sent() -> None:
    response = Response("a")
    response.headers["x-a"] = "1"
    response.headers.append("x-a", "2")
    assert response.headers.getlist("X-A") == ["1", "2"]
    assert (await answered(response)).headers.getlist("x-a") == ["1", "2"]


async def test_a_response_of_parts_sends_them_as_they_are() -> None:
    answer = await answered(whole_response(201, [(b"content-length", b"1")], b"a"))
    assert (answer.status, answer.text) == (201, "a")
    assert answer.headers.multi_items() == [("content-length", "1")]


async def test_a_response_can_be_sent_twice() -> None:
    response = JSONResponse([1])
    assert (await answered(response)).messages == (await answered(response)).messages


@pytest.mark.parametrize("status_code", [-1, 0, 99, 600, 2000])
def test_a_status_out_of_range_is_refused(status_code: int) -> None:
    with pytest.raises(ValueError, match=f"a status from 100 to 599, not {status_code}$"):
        Response(status_code=status_code)


@pytest.mark.parametrize("content", [{"a": 1}, [1], 1, 1.5, object()])
def test_content_that_is_no_text_and_no_bytes_is_refused_with_advice(content: object) -> None:
    name = type(content).__name__
    with pytest.raises(TypeError, match=f"sends str or bytes, not {name}; use JSONResponse"):
        Response(content)


def test_text_that_utf_8_cannot_say_is_refused_where_the_response_is_made() -> None:
    with pytest.raises(ValueError, match="surrogates not allowed"):
        PlainTextResponse("\ud800")


async def test_a_subclass_says_how_content_is_rendered() -> None:
    class Shout(PlainTextResponse):
        def render(self, content: Any) -> bytes:
            return str(content).upper().encode()

    answer = await answered(Shout("hey"))
    assert (answer.text, answer.headers["content-length"]) == ("HEY", "3")


async def test_json_is_encoded_by_the_codec_that_is_given() -> None:
    class Codec(StandardJSON):
        def encode(self, value: Any) -> bytes:
            return repr(value).encode()

    assert (await answered(JSONResponse({1, 2}, codec=Codec()))).body == b"{1, 2}"


def test_a_codec_that_fails_says_whose_it_is() -> None:
    class Refusing(StandardJSON):
        def encode(self, value: object) -> bytes:
            raise TypeError("not that")

    with pytest.raises(TypeError, match="knows set: the app's is for what handlers return, a JSON"):
        JSONResponse({1, 2})
    with pytest.raises(TypeError, match=r"^not that$"):
        JSONResponse({1, 2}, codec=Refusing())


@pytest.mark.parametrize("value", [float("nan"), {1}, object()])
def test_what_json_cannot_say_is_refused_where_the_response_is_made(value: object) -> None:
    with pytest.raises((TypeError, ValueError)):
        JSONResponse(value)


# CR, LF and NUL

CONTROLS = ["\r", "\n", "\r\n", "\x00", "a\r\nset-cookie: b=c", "a\x00b", "\x7f", "\x0b"]


FIELD_MAKERS: list[Callable[[Any], object]] = [
    lambda text: Response(headers={"x-a": text}),
    lambda text: Response(headers={text: "a"}),
    lambda text: Response(headers=[("x-a", text)]),
    lambda text: Response(media_type=text),
    lambda text: Response(media_type="text/html" + text),
    lambda text: StreamingResponse([], headers={"x-a": text}),
    lambda text: StreamingResponse([], media_type=text),
    lambda text: RedirectResponse("/" + text),
    lambda text: RedirectResponse("/", headers={"x-a": text}),
    lambda text: Response().headers.append("x-a", text),
    lambda text: Response().headers.update({"x-a": text}),
    lambda text: Response().set_cookie(text, "a"),
    lambda text: Response().set_cookie("a", text),
    lambda text: Response().set_cookie("a", path="/" + text),
    lambda text: Response().set_cookie("a", domain="a" + text),
    lambda text: Response().set_cookie("a", expires=text),
    lambda text: Response().set_cookie("a", samesite=text),
    lambda text: Response().delete_cookie(text),
    lambda text: Response().delete_cookie("a", path="/" + text),
]


@pytest.mark.parametrize("text", CONTROLS)
@pytest.mark.parametrize("make", FIELD_MAKERS)
def test_no_control_character_gets_into_a_header_field(
    make: Callable[[str], object], text: str
) -> None:
    with pytest.raises(ValueError, match=r"."):
        make(text)


async def test_a_handler_that_is_made_to_split_its_response_answers_500() -> None:
    app = App()

    @app.get("/")
    async def echo(request: Request) -> Response:
        return Response(headers={"x-a": request.query_params["a"]})

    answer = await ask(app, path="/?a=b%0D%0Aset-cookie:%20c=d")
    assert answer.status == 500
    assert "set-cookie" not in answer.headers
    assert type(answer.error) is ValueError


# Cookies


async def test_each_cookie_is_a_field_of_its_own() -> None:
    response = Response()
    response.set_cookie("a", "1")
    response.set_cookie(
        "__Host-b",
        "2",
        max_age=timedelta(minutes=1),
        secure=True,
        httponly=True,
        samesite="none",
        partitioned=True,
    )
    response.set_cookie("c", "3", path=None, samesite=None, expires="soon", domain="example.org")
    assert (await answered(response)).headers.getlist("set-cookie") == [
        "a=1; Path=/; SameSite=Lax",
        "__Host-b=2; Max-Age=60; Path=/; SameSite=None; Secure; HttpOnly; Partitioned",
        "c=3; Expires=soon; Domain=example.org",
    ]


async def test_a_deleted_cookie_has_expired() -> None:
    response = Response()
    response.delete_cookie("__Secure-a", path="/x", domain="example.org", secure=True)
    (field,) = (await answered(response)).headers.getlist("set-cookie")
    assert field.startswith("__Secure-a=; Max-Age=0; Expires=")
    assert field.endswith("GMT; Path=/x; Domain=example.org; SameSite=Lax; Secure")


# Timing


async def test_each_metric_is_a_field_of_its_own() -> None:
    response = Response()
    response.server_timing("db", 0.0123, "two queries")
    response.server_timing("hit")
    assert (await answered(response)).headers.getlist("server-timing") == [
        'db;dur=12.3;desc="two queries"',
        "hit",
    ]
    with pytest.raises(ValueError, match="no name for a metric"):
        response.server_timing("a\r\nb")


# Redirects


@pytest.mark.parametrize(
    ("url", "location"),
    [
        ("/a?b=c#d", "/a?b=c#d"),
        ("https://example.org/ü", "https://example.org/%C3%BC"),
        (URL("https://example.org/a"), "https://example.org/a"),
        ("/a b%20c%zz", "/a%20b%20c%25zz"),
        ('/"<>\\^`{|}', "/%22%3C%3E%5C%5E%60%7B%7C%7D"),
        ("/\u2028\x85", "/%E2%80%A8%C2%85"),
        ("/\ud800", "/%EF%BF%BD"),
        ("\\\\evil.example", "%5C%5Cevil.example"),
    ],
)
async def test_a_redirect_encodes_its_location(url: object, location: str) -> None:
    answer = await answered(RedirectResponse(url))
    assert answer.status == 307
    assert answer.headers.getlist("location") == [location]
    assert answer.headers["content-length"] == "0"


@pytest.mark.parametrize("status_code", [201, 300, 301, 302, 303, 307, HTTPStatus(308)])
async def test_a_redirect_has_the_status_that_is_asked_for(status_code: int) -> None:
    response = RedirectResponse("/", status_code, {"x-a": "1"})
    answer = await answered(response)
    assert answer.status == status_code
    assert answer.headers["x-a"] == "1"


@pytest.mark.parametrize("status_code", [200, 204, 304, 305, 306, 400])
def test_a_redirect_with_a_status_that_leads_nowhere_is_refused(status_code: int) -> None:
    with pytest.raises(ValueError, match=r"a redirect has a status of 3xx \(or 201\), not"):
        RedirectResponse("/", status_code)


# Without content


@pytest.mark.parametrize(
    "response",
    [
        Response("abc"),
        JSONResponse([1]),
        StreamingResponse(["abc"]),
        StreamingResponse(iter(["abc"])),
    ],
)
async def test_the_answer_to_head_has_the_fields_and_no_content(response: Response) -> None:
    answer = await answered(response, "HEAD")
    assert answer.chunks == [b""]
    assert answer.headers == response.headers


STATUS_MAKERS: list[Callable[[int], Response]] = [
    lambda status: Response("abc", status),
    lambda status: HTMLResponse("abc", status),
    lambda status: JSONResponse(object(), status),
    lambda status: StreamingResponse(["abc"], status),
    lambda status: StreamingResponse(iter(["abc"]), status),
]


@pytest.mark.parametrize("status_code", [100, 103, 199, 204, 304])
@pytest.mark.parametrize("make", STATUS_MAKERS)
async def test_a_status_without_content_drops_it_and_the_fields_about_it(
    make: Callable[[int], Response], status_code: int
) -> None:
    answer = await answered(make(status_code), is_checked=status_code >= 200)
    assert (answer.status, answer.chunks) == (status_code, [b""])
    assert answer.headers.multi_items() == []


@pytest.mark.parametrize("make", [STATUS_MAKERS[0], STATUS_MAKERS[-1]])
async def test_a_status_that_was_changed_to_one_without_content_drops_it(
    make: Callable[[int], Response],
) -> None:
    response = make(200)
    response.status_code = 304
    assert (await answered(response)).chunks == [b""]


class Source(Iterator[str]):
    """An endless iterator that knows whether it was closed, and where it ran."""

    def __init__(self) -> None:
        self.closed = 0
        self.threads: set[threading.Thread] = set()

    def __next__(self) -> str:
        self.threads.add(threading.current_thread())
        return "x"

    def close(self) -> None:
        self.threads.add(threading.current_thread())
        self.closed += 1


@pytest.mark.parametrize(("method", "status"), [("HEAD", 200), ("GET", 204), ("GET", 304)])
async def test_an_iterator_that_is_not_needed_is_closed(method: str, status: int) -> None:
    source = Source()
    await answered(StreamingResponse(source, status), method)
    assert source.closed == 1
    assert threading.current_thread() not in source.threads


# Streams


async def generate(*chunks: Any) -> Chunks:
    for chunk in chunks:
        await anyio.lowlevel.checkpoint()
        yield chunk


class Iterable:
    """An asynchronous iterable whose iterator cannot be closed."""

    def __aiter__(self) -> "Iterable":
        return self

    async def __anext__(self) -> str:
        raise StopAsyncIteration


@pytest.mark.parametrize(
    ("content", "chunks"),
    [
        (lambda: generate("ü", b"b", bytearray(b"c"), memoryview(b"d")), ["ü", "b", "c", "d", ""]),
        (lambda: ["a", b"b"], ["a", "b", ""]),
        (lambda: ("a", "b"), ["a", "b", ""]),
        (lambda: (chunk for chunk in "ab"), ["a", "b", ""]),
        (lambda: {"a": 1}, ["a", ""]),
        (lambda: generate("", "a", b"", "b", ""), ["", "a", "", "b", "", ""]),
        (list[str], [""]),
        (Iterable, [""]),
    ],
)
async def test_a_stream_sends_each_chunk_as_it_comes(
    content: Callable[[], Any], chunks: list[str]
) -> None:
    answer = await answered(StreamingResponse(content()))
    assert [chunk.decode() for chunk in answer.chunks] == chunks
    assert answer.headers.multi_items() == [("content-type", "application/octet-stream")]


@pytest.mark.parametrize(
    ("media_type", "headers", "expected"),
    [
        ("text/csv", None, "text/csv; charset=utf-8"),
        ("text/event-stream; charset=utf-8", None, "text/event-stream; charset=utf-8"),
        (None, {"content-type": "text/x"}, "text/x"),
    ],
)
async def test_a_stream_has_a_media_type(
    media_type: str | None, headers: dict[str, str] | None, expected: str
) -> None:
    response = StreamingResponse(["a"], headers=headers, media_type=media_type)
    assert (await answered(response)).headers["content-type"] == expected


@pytest.mark.parametrize("content", ["text", b"bytes", bytearray(), memoryview(b"")])
def test_a_stream_of_one_piece_is_refused_with_advice(content: Any) -> None:
    with pytest.raises(TypeError, match="an iterable; use Response for one piece"):
        StreamingResponse(content)


@pytest.mark.parametrize("content", [None, 1, generate])
def test_a_stream_of_what_cannot_be_iterated_is_refused(content: Any) -> None:
    name = type(content).__name__
    with pytest.raises(TypeError, match=f"takes an iterable, not {name}"):
        StreamingResponse(content)


async def test_a_chunk_of_another_type_ends_the_connection() -> None:
    chunks: Any = ["a", 1, "b"]
    answer = await exchange(StreamingResponse(chunks), http_scope())
    assert answer.chunks == [b"a"]
    assert type(answer.error) is TypeError


async def test_a_plain_iterator_is_advanced_in_threads() -> None:
    def chunks() -> Iterator[str]:
        for _ in range(3):
            assert threading.current_thread() is not here
            yield "x"

    here = threading.current_thread()
    assert (await answered(StreamingResponse(chunks()))).text == "xxx"


async def test_a_file_is_closed_when_it_was_streamed(tmp_path: Path) -> None:
    path = tmp_path / "lines"
    path.write_bytes(b"a\nb\n")
    for method in ("GET", "HEAD"):
        with path.open("rb") as file:
            await answered(StreamingResponse(file), method)
            assert file.closed


async def test_a_chunk_is_not_asked_for_before_the_last_one_was_sent() -> None:
    events: list[str] = []

    async def chunks() -> Chunks:
        for name in "ab":
            events.append(f"make {name}")
            yield name

    async def send(message: Message) -> None:
        await anyio.lowlevel.checkpoint()
        events.append(f"sent {message.get('body', b'start').decode()}")

    await StreamingResponse(chunks())(http_scope(), receiving(), send)
    assert events == ["sent start", "make a", "sent a", "make b", "sent b", "sent "]


async def test_an_error_in_a_stream_is_raised_as_it_is_and_closes_nothing_properly() -> None:
    async def chunks() -> Chunks:
        yield "a"
        raise LookupError

    answer = await exchange(StreamingResponse(chunks()), http_scope())
    assert type(answer.error) is LookupError
    assert answer.messages[-1]["more_body"] is True


async def test_an_os_error_of_the_generator_is_no_disconnect() -> None:
    async def chunks() -> Chunks:
        yield "a"
        raise FileNotFoundError

    answer = await exchange(StreamingResponse(chunks()), http_scope())
    assert type(answer.error) is FileNotFoundError


async def test_a_generator_runs_in_the_context_and_the_task_of_the_handler() -> None:
    caller: ContextVar[str] = ContextVar("caller")

    async def chunks() -> Chunks:
        with anyio.fail_after(10):
            yield caller.get()
            yield str(anyio.get_current_task().id == task)

    caller.set("me ")
    task = anyio.get_current_task().id
    assert (await answered(StreamingResponse(chunks()))).text == "me True"


# Clients that go


class Client:
    """Sends a request, and goes when it is told to."""

    def __init__(self, *messages: Message) -> None:
        self.gone = anyio.Event()
        self._request = receiving(*messages)
        self._waiting = len(messages)

    async def receive(self) -> Message:
        if self._waiting:
            self._waiting -= 1
            return await self._request()
        await self.gone.wait()
        return DISCONNECT


def idle_for_ever(client: Client, ended: list[str]) -> Chunks:
    async def chunks() -> Chunks:
        try:
            yield "a"
            client.gone.set()
            await anyio.sleep_forever()
        finally:
            ended.append("closed")

    return chunks()


def yield_for_ever(client: Client, ended: list[str]) -> Chunks:
    async def chunks() -> Chunks:
        try:
            while True:
                client.gone.set()
                yield "a"
        finally:
            ended.append("closed")

    return chunks()


@pytest.mark.parametrize("generator", [idle_for_ever, yield_for_ever])
@pytest.mark.parametrize(
    "messages", [[], [body(b"")], [body(b"a", more=True), body(b"b")], [body(b"a", more=True)]]
)
@pytest.mark.parametrize("takes_request", [True, False])
async def test_a_stream_is_closed_when_the_client_goes_whatever_it_had_sent(
    generator: Callable[[Client, list[str]], Chunks],
    messages: list[Message],
    takes_request: bool,
    caplog: pytest.LogCaptureFixture,
) -> None:
    app, sent, ended = App(), Sent(), list[str]()
    client = Client(*messages)

    @app.post("/True")
    async def with_request(request: Request) -> StreamingResponse:
        return StreamingResponse(generator(client, ended))

    @app.post("/False")
    async def without() -> StreamingResponse:
        return StreamingResponse(generator(client, ended))

    with anyio.fail_after(10):
        await app(http_scope("POST", f"/{takes_request}"), client.receive, sent)
    assert ended == ["closed"]
    assert sent.messages[-1]["more_body"] is True
    assert caplog.records == []


@pytest.mark.parametrize("until", [0, 1, 2])
async def test_a_stream_is_closed_when_sending_fails(
    until: int, caplog: pytest.LogCaptureFixture
) -> None:
    app, ended = App(), list[str]()

    @app.get("/")
    async def home() -> StreamingResponse:
        return StreamingResponse(chunks())

    async def chunks() -> Chunks:
        try:
            while True:
                yield "a"
        finally:
            ended.append("closed")

    await app(http_scope(), receiving(), Sent(until=until))
    assert ended == ["closed"] * (until > 0)
    assert caplog.records == []


@pytest.mark.parametrize("until", [0, 1, 2])
async def test_a_plain_iterator_is_closed_in_a_thread_when_sending_fails(until: int) -> None:
    source = Source()
    await StreamingResponse(source)(http_scope(), receiving(), Sent(until=until))
    assert source.closed == 1
    assert threading.current_thread() not in source.threads


async def test_a_plain_iterator_is_closed_in_a_thread_when_the_client_goes() -> None:
    source, client = Source(), Client()

    async def send(message: Message) -> None:
        await anyio.lowlevel.checkpoint()
        client.gone.set()

    with anyio.fail_after(10):
        await StreamingResponse(source)(http_scope(), client.receive, send)
    assert source.closed == 1
    assert threading.current_thread() not in source.threads


async def test_a_generator_may_await_while_it_is_closed() -> None:
    ended: list[str] = []
    client = Client()

    async def chunks() -> Chunks:
        try:
            yield "a"
        finally:
            await anyio.lowlevel.checkpoint()
            ended.append("closed")

    async def send(message: Message) -> None:
        if "body" in message:
            client.gone.set()
            await anyio.sleep_forever()  # the buffers of a slow reader are full

    with anyio.fail_after(10):
        await StreamingResponse(chunks())(http_scope(), client.receive, send)
    assert ended == ["closed"]


async def test_a_stream_is_closed_when_the_server_cancels_it() -> None:
    ended: list[str] = []
    response = StreamingResponse(idle_for_ever(Client(), ended))
    with anyio.move_on_after(0.01) as scope:
        await response(http_scope(), receiving(), Sent())
    assert scope.cancelled_caught
    assert ended == ["closed"]


async def test_sending_the_end_is_not_cancelled_by_the_disconnect_that_servers_report_then() -> (
    None
):
    client, events = Client(), list[str]()

    async def send(message: Message) -> None:
        if message["type"] == "http.response.body" and not message.get("more_body"):
            client.gone.set()
            for _ in range(5):
                await anyio.lowlevel.checkpoint()
            events.append("committed")

    await StreamingResponse(["a"])(http_scope(), client.receive, send)
    assert events == ["committed"]


@pytest.mark.parametrize("until", [0, 1])
async def test_a_client_that_has_left_before_the_answer_leaves_no_trace(
    until: int, caplog: pytest.LogCaptureFixture
) -> None:
    app = App()

    @app.get("/text")
    async def text() -> str:
        return "x"

    @app.get("/response")
    async def response() -> Response:
        return Response("x")

    @app.get("/error")
    async def error() -> None:
        raise LookupError

    await app(http_scope("GET", "/text"), receiving(DISCONNECT), Sent(until=until))
    await app(http_scope("GET", "/response"), receiving(DISCONNECT), Sent(until=until))
    await app(http_scope("GET", "/missing"), receiving(DISCONNECT), Sent(until=until))
    assert caplog.records == []
    with pytest.raises(LookupError):
        await app(http_scope("GET", "/error"), receiving(DISCONNECT), Sent(until=until))


# On a WebSocket


def denied(response: Response, extensions: Any) -> Callable[[Sent], Awaitable[None]]:
    scope = {"type": "websocket", "extensions": extensions}
    return lambda sent: response(scope, receiving(), sent)


DENIALS: list[Callable[[], Response]] = [
    lambda: PlainTextResponse("no", 403),
    lambda: StreamingResponse(["n", "o"]),
]


@pytest.mark.parametrize("make", DENIALS)
async def test_a_response_denies_a_websocket_where_the_server_can_send_it(
    make: Callable[[], Response],
) -> None:
    sent, response = Sent(), make()
    await denied(response, {"websocket.http.response": {}})(sent)
    assert sent.types[0] == "websocket.http.response.start"
    assert set(sent.types[1:]) == {"websocket.http.response.body"}
    assert sent.messages[0]["status"] == response.status_code
    assert sent.messages[0]["headers"] == response.raw_headers
    assert sent.content == b"no"


@pytest.mark.parametrize("make", DENIALS)
@pytest.mark.parametrize("extensions", [None, {}, {"tls": {}}])
async def test_a_response_closes_a_websocket_where_the_server_cannot_send_it(
    make: Callable[[], Response], extensions: object
) -> None:
    sent = Sent()
    await denied(make(), extensions)(sent)
    assert sent.types == ["websocket.close"]


async def test_a_websocket_that_has_gone_is_denied_without_a_trace() -> None:
    for extensions in ((), ("websocket.http.response",)):
        await denied(Response(), extensions)(Sent(until=0))


@pytest.mark.parametrize(
    ("change", "status", "length", "body"),
    [
        ({"status_code": 304}, 304, None, b""),
        ({"status_code": 204}, 204, None, b""),
        ({"body": b"longer than before"}, 200, "18", b"longer than before"),
    ],
)
async def test_a_response_that_was_changed_says_the_length_it_has(
    change: dict[str, Any], status: int, length: str | None, body: bytes
) -> None:
    app = App()
    app.add_route("/", lambda: "text")

    @app.middleware
    async def changing(request: Request, call_next: CallNext) -> Response:
        response = await call_next(request)
        for name, value in change.items():
            setattr(response, name, value)
        return response

    answer = await ask(app)
    assert (answer.status, answer.body, answer.error) == (status, body, None)
    assert answer.headers.get("content-length") == length


def test_a_status_that_is_no_number_is_refused() -> None:
    wrong: Any = "200"
    with pytest.raises(ValueError, match="not '200'"):
        Response("x", wrong)
