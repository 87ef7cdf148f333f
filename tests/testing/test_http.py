"""One request and its answer."""

import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest

from framework import App, BackgroundTask, Request, Response, StreamingResponse
from framework.testing import EXTENSIONS, ASGIViolation, AsyncTestClient, TestClient
from framework.types import ASGIApp, Message, Receive, Scope, Send
from tests.testing.apps import END, START, Listener, content, deaf, raising, sending

# httpx iterates over a response by generators that it does not close, which trio warns of.
pytestmark = pytest.mark.filterwarnings("ignore:Async generator 'httpx:ResourceWarning")

PATHSEND = "http.response.pathsend"
ZEROCOPYSEND = "http.response.zerocopysend"
TRAILERS = "http.response.trailers"
OFFERED: dict[str, Any] = {**EXTENSIONS, PATHSEND: {}, ZEROCOPYSEND: {}, "http.response.push": {}}


def start(status: int = 200, *headers: tuple[bytes, bytes], **changes: Any) -> Message:
    return {"type": "http.response.start", "status": status, "headers": headers, **changes}


def started(length: bytes) -> Message:
    return start(200, (b"content-length", length))


async def test_a_response_is_what_was_sent() -> None:
    messages = [start(201, (b"x-a", b"1"), (b"x-a", b"2")), content(b"one "), content(b""), END]
    response = await AsyncTestClient(sending(*messages)).get("/")
    assert (response.status_code, response.text) == (201, "one ")
    assert response.headers.get_list("x-a") == ["1", "2"]
    assert response.http_version == "HTTP/1.1"


async def test_the_body_of_a_request_arrives_as_it_is_made() -> None:
    app = App()

    @app.post("/")
    async def sizes(request: Request) -> list[int]:
        return [len(chunk) async for chunk in request.stream()]

    async def chunks() -> AsyncIterator[bytes]:
        for chunk in (b"one", b"three"):
            yield chunk

    async with AsyncTestClient(app) as client:
        assert (await client.post("/", content=chunks())).json() == [3, 5]
        assert (await client.post("/", content=b"whole")).json() == [5]
        assert (await client.post("/")).json() == []
        assert len((await client.post("/", files={"a": b"b" * 100_000})).json()) > 2


async def test_a_body_is_made_no_faster_than_the_app_reads_it() -> None:
    made: list[int] = []
    closed: list[bool] = []

    async def endless() -> AsyncIterator[bytes]:
        try:
            while True:
                made.append(len(made))
                yield b"x"
        finally:
            closed.append(True)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        assert await receive() == {"type": "http.request", "body": b"x", "more_body": True}
        await anyio.wait_all_tasks_blocked()
        await send(START)
        await send(END)
        while (await receive())["type"] == "http.request":
            ...

    await AsyncTestClient(app).post("/", content=endless())
    assert len(made) < 5
    assert closed


async def test_a_conversation_goes_both_ways_at_once() -> None:
    app = App()

    @app.post("/")
    async def echo(request: Request) -> StreamingResponse:
        return StreamingResponse(request.stream())

    said, heard = anyio.create_memory_object_stream[bytes](1)
    async with AsyncTestClient(app) as client, said, heard:
        await said.send(b"a")
        async with client.stream("POST", "/", content=heard) as response:
            pieces = response.aiter_raw()
            assert await anext(pieces) == b"a"
            await said.send(b"b")
            assert await anext(pieces) == b"b"


@pytest.mark.parametrize("make", [Listener, lambda: deaf])
async def test_what_the_content_of_a_request_raises_is_raised(
    make: Callable[[], ASGIApp], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("framework.testing._http.GRACE", 0.01)

    async def chunks() -> AsyncIterator[bytes]:
        yield b"a"
        raise ValueError("no more")

    with pytest.raises(ValueError, match="no more"):
        await AsyncTestClient(make()).post("/", content=chunks())


async def test_content_that_is_no_bytes_is_refused() -> None:
    async def chunks() -> AsyncIterator[Any]:
        yield "text"

    with pytest.raises(TypeError, match="bytes, not 'text'"):
        await AsyncTestClient(Listener()).post("/", content=chunks())


async def test_a_response_is_handed_out_while_it_is_sent() -> None:
    made: list[int] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(START)
        while True:
            made.append(len(made))
            await send(content(b"%d" % made[-1]))

    async with AsyncTestClient(app).stream("GET", "/") as response:
        pieces = response.aiter_raw()
        assert [await anext(pieces) for _ in range(3)] == [b"0", b"1", b"2"]
        await anyio.wait_all_tasks_blocked()
        assert len(made) < 7


async def test_a_generator_is_closed_when_its_client_leaves() -> None:
    app = App()
    closed: list[bool] = []

    @app.get("/")
    async def endless() -> AsyncIterator[str]:
        try:
            yield "first"
            await anyio.sleep_forever()
        finally:
            closed.append(True)

    async with AsyncTestClient(app) as client:
        async with client.stream("GET", "/") as response:
            assert await anext(response.aiter_text()) == "first"
            assert not closed
        assert closed


async def test_a_request_returns_when_its_background_work_is_done() -> None:
    app = App()
    done: list[bool] = []

    async def work() -> None:
        await anyio.sleep(0.01)
        done.append(True)

    @app.get("/")
    async def handler() -> Response:
        return Response("answer", background=BackgroundTask(work))

    async with AsyncTestClient(app) as client:
        assert (await client.get("/")).text == "answer"
        assert done.pop()
        async with client.stream("GET", "/"):
            pass  # not even read
        assert done


async def test_a_timeout_is_a_client_that_leaves() -> None:
    app = Listener()
    async with AsyncTestClient(app) as client:
        with pytest.raises(httpx.ReadTimeout, match=r"sent nothing within 0\.01 s"):
            await client.get("/", timeout=0.01)
    assert app.has_heard("disconnect")


async def test_an_app_that_does_not_return_is_waited_for_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("framework.testing._http.GRACE", 0.01)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await sending(START, END)(scope, receive, send)
        await anyio.sleep_forever()

    with pytest.raises(httpx.ReadTimeout, match="has answered, but did not return"):
        await AsyncTestClient(app, timeout=0.02).get("/")


async def test_an_error_is_answered_as_a_server_does_it_if_that_is_wanted() -> None:
    error = ValueError("broken")
    client = AsyncTestClient(raising(error), raise_server_exceptions=False)
    response = await client.get("/")
    assert (response.status_code, response.text) == (500, "Internal Server Error")
    client = AsyncTestClient(raising(error, START), raise_server_exceptions=False)
    with pytest.raises(httpx.RemoteProtocolError) as caught:
        await client.get("/")
    assert caught.value.__cause__ is error


async def test_no_content_is_given_for_a_head() -> None:
    client = AsyncTestClient(sending(started(b"3"), END))
    assert (await client.head("/")).headers["content-length"] == "3"
    client = AsyncTestClient(sending(started(b"3"), {**END, "body": b"abc"}))
    assert (await client.head("/")).content == b""


BROKEN: list[tuple[list[Message], str]] = [
    ([], "returned without an answer"),
    ([START], "returned without the last message"),
    ([END], "content follows the start"),
    ([START, START], "the response has begun"),
    ([START, END, END], "the response is complete"),
    ([{"type": "http.response.start"}], "`status` has to be an int"),
    ([{"type": "http.disconnect"}], "no server takes this"),
    ([{"type": PATHSEND, "path": "/"}], "does not offer http.response.pathsend"),
    ([{**START, "headers": [("a", "b")]}], "pairs of bytes"),
    ([{**START, "headers": {b"a": b"b"}}], "pairs of bytes"),
    ([START, {**END, "body": "text"}], "`body` has to be bytes"),
    ([started(b"x")], "Content-Length is b'x'"),
    ([started(b"2"), {**END, "body": b"abc"}], "Content-Length is 2, and this is more"),
    ([started(b"4"), {**END, "body": b"abc"}], "is 4, and 3 bytes were sent"),
    ([start(204), {**END, "body": b"abc"}], "status 204 has no content"),
    ([START, {"type": "http.response.debug", "info": {}}], "before the start"),
    ([START, END, {"type": TRAILERS}], "the response is complete"),
    ([START, {"type": TRAILERS}], "trailers are announced by the start"),
    ([start(trailers=True), content(b""), {"type": TRAILERS}], "follow the content"),
    (
        [start(trailers=True), END, END],
        "content follows the start of a response, and ends once",
    ),
]


@pytest.mark.parametrize(("messages", "reason"), BROKEN)
async def test_what_the_specification_does_not_allow_fails_the_test(
    messages: list[Message], reason: str
) -> None:
    with pytest.raises(ASGIViolation, match=reason.replace("`", ".")):
        await AsyncTestClient(sending(*messages)).get("/")


async def test_trailers_cannot_be_sent_where_they_are_not_offered() -> None:
    client = AsyncTestClient(sending(start(trailers=True)), extensions={})
    with pytest.raises(ASGIViolation, match="does not offer trailers"):
        await client.get("/")


async def test_trailers_follow_the_content() -> None:
    first: Message = {"type": TRAILERS, "headers": [(b"a", b"1")], "more_trailers": True}
    last: Message = {"type": TRAILERS, "headers": [(b"b", b"2")]}
    client = AsyncTestClient(sending(start(trailers=True), END, first, last))
    response = await client.get("/")
    assert response.extensions[TRAILERS] == [(b"a", b"1"), (b"b", b"2")]


async def test_trailers_follow_the_content_however_many_pieces_it_has() -> None:
    app = App()

    @app.get("/")
    async def handler() -> StreamingResponse:
        return StreamingResponse(["a", "b", "c"], trailers={"x-a": "1"})

    te = {"te": "trailers"}
    response = await AsyncTestClient(app).get("/", headers=te)
    assert (response.text, response.extensions[TRAILERS]) == ("abc", [(b"x-a", b"1")])
    response = await anyio.to_thread.run_sync(lambda: TestClient(app).get("/", headers=te))
    assert (response.text, response.extensions[TRAILERS]) == ("abc", [(b"x-a", b"1")])


async def test_what_comes_beside_a_response_is_in_its_extensions() -> None:
    app = App()

    @app.get("/")
    async def handler(request: Request) -> str:
        await request.send_early_hints(["</a.css>; rel=preload"])
        await request.send_push_promise("/a.css", headers={"accept": "text/css"})
        await request.send_debug({"template": "home.html", "context": {"a": 1}})
        await request.send_debug({"more": 2})
        return "done"

    response: Any = await AsyncTestClient(app, extensions=OFFERED).get("/")
    assert response.extensions["http.response.early_hint"] == [b"</a.css>; rel=preload"]
    assert response.extensions["http.response.push"] == [("/a.css", [(b"accept", b"text/css")])]
    assert response.extensions["http.response.debug"]["more"] == 2
    assert response.template == "home.html"
    assert response.context == {"a": 1}


async def test_a_file_can_be_sent_by_the_server(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"0123456789" * 10_000)
    client = AsyncTestClient(
        sending(START, {"type": PATHSEND, "path": str(path)}), extensions=OFFERED
    )
    assert (await client.get("/")).content == path.read_bytes()


async def test_parts_of_a_file_can_be_sent_by_the_server(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"0123456789")
    with path.open("rb") as file:
        part: Message = {"type": ZEROCOPYSEND, "file": file, "offset": 2, "count": 3}
        messages = [START, {**part, "more_body": True}, {"type": ZEROCOPYSEND, "file": file}]
        client = AsyncTestClient(sending(*messages), extensions=OFFERED)
        assert (await client.get("/")).content == b"2340123456789"
        client = AsyncTestClient(sending(START, {**part, "count": 99}), extensions=OFFERED)
        with pytest.raises(ASGIViolation, match="the file ends before"):
            await client.get("/")
        assert os.lseek(file.fileno(), 0, os.SEEK_CUR) == 0
