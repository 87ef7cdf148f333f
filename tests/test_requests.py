"""The body of a request: whole, in chunks, as text, as JSON; and clients that go."""

import sys
from collections.abc import AsyncIterator, Callable
from types import SimpleNamespace
from typing import Any

import anyio
import anyio.lowlevel
import msgspec
import pydantic
import pytest
from pydantic_core import to_json

from framework import (
    App,
    BodyUnavailable,
    ClientDisconnect,
    JSONResponse,
    LimitExceeded,
    Limits,
    MalformedRequest,
    Request,
    StreamingResponse,
    UnsupportedMediaType,
)
from framework._wire.json import StandardJSON
from framework.connections import Settings
from framework.types import Message, Receive
from tests.driver import ask, http_scope
from tests.scripted import DISCONNECT, Sent, body, receiving
from tests.wire.work import count_calls

JSON = {"content-type": "application/json"}


def request_of(*messages: Message, limit: int = 100, headers: Any = ()) -> Request:
    """A request whose body arrives in these messages."""
    settings = Settings(limits=Limits(max_body_size=limit))
    return Request(http_scope("POST", "/", headers), receiving(*messages), settings)


async def read_body(request: Request) -> bytes:
    return await request.body()


async def read_stream(request: Request) -> bytes:
    return b"".join([chunk async for chunk in request.stream()])


async def read_text(request: Request) -> bytes:
    return (await request.text()).encode()


async def read_json(request: Request) -> bytes:
    return str(await request.json()).encode()


Read = Callable[[Request], Any]
EVERY_WAY = pytest.mark.parametrize("read", [read_body, read_stream, read_text, read_json])


# Whole and in chunks


@EVERY_WAY
@pytest.mark.parametrize(
    "messages",
    [
        [body(b"123")],
        [body(b"1", more=True), body(b"23")],
        [body(b"", more=True), body(b"123", more=True), body(b"")],
        [body(b"123", more=True), {"type": "http.request"}],
        [{"type": "http.request", "more_body": True}, {"type": "http.request", "body": b"123"}],
    ],
)
async def test_a_body_is_read_in_every_way_whatever_its_pieces(
    read: Read, messages: list[Message]
) -> None:
    with anyio.fail_after(10):
        assert await read(request_of(*messages, headers=JSON)) == b"123"


async def test_a_stream_has_the_chunks_as_they_come_and_no_empty_one() -> None:
    request = request_of(body(b"1", more=True), body(b"", more=True), body(b"2"))
    assert [chunk async for chunk in request.stream()] == [b"1", b"2"]


async def test_an_empty_body_is_empty_in_every_way() -> None:
    assert await request_of({"type": "http.request"}).body() == b""
    assert await request_of(body(b"")).text() == ""
    assert await read_stream(request_of(body(b""))) == b""


async def test_a_method_is_as_it_was_sent() -> None:
    assert Request(http_scope("gEt")).method == "gEt"


async def test_reading_twice_works() -> None:
    request = request_of(body(b'{"a":', more=True), body(b"1}"), headers=JSON)
    assert await request.body() == b'{"a":1}'
    assert await request.body() is await request.body()
    assert await request.text() == '{"a":1}'
    assert await request.json() is await request.json()
    for _ in range(2):
        assert [chunk async for chunk in request.stream()] == [b'{"a":1}']


async def test_a_value_that_is_false_is_decoded_once_too() -> None:
    class Codec:
        encode = StandardJSON().encode

        def decode(self, data: bytes) -> Any:
            decoded.append(data)

    decoded: list[bytes] = []
    request = Request(http_scope("POST", "/", JSON), receiving(body(b"x")), Settings(json=Codec()))
    assert await request.json() is await request.json() is None
    assert decoded == [b"x"]


@EVERY_WAY
async def test_reading_after_streaming_is_an_error_that_says_so(read: Read) -> None:
    request = request_of(body(b"1"), headers=JSON)
    await read_stream(request)
    with anyio.fail_after(10), pytest.raises(BodyUnavailable, match=r"call body\(\) first"):
        await read(request)


@EVERY_WAY
async def test_reading_in_the_middle_of_a_stream_is_an_error(read: Read) -> None:
    request = request_of(body(b"1", more=True), body(b"2"), headers=JSON)
    async for _ in request.stream():
        with pytest.raises(BodyUnavailable):
            await read(request)


@EVERY_WAY
async def test_a_request_that_cannot_receive_says_so(read: Read) -> None:
    request = Request(http_scope("POST", "/", JSON))
    with pytest.raises(BodyUnavailable, match="made without `receive`"):
        await read(request)
    with pytest.raises(BodyUnavailable, match="made without `receive`"):
        await Request(http_scope()).is_disconnected()


# Limits


@EVERY_WAY
@pytest.mark.parametrize("length", [None, "3", "1", "0", "", "-4", "+4", "x", "4_0", "0x4", "\xb2"])
@pytest.mark.parametrize("chunks", [["1234"], ["12", "34"], ["1", "2", "3", "4"]])
async def test_a_body_over_the_limit_is_a_413_whatever_its_length_says(
    read: Read, length: str | None, chunks: list[str]
) -> None:
    headers = JSON if length is None else JSON | {"content-length": length}
    messages = [body(chunk.encode(), more=True) for chunk in chunks]
    request = request_of(*messages, body(b""), limit=3, headers=headers)
    with pytest.raises(LimitExceeded) as caught:
        await read(request)
    assert (caught.value.status_code, caught.value.name) == (413, "max_body_size")
    assert caught.value.detail == "the body is larger than 3 bytes"


@EVERY_WAY
@pytest.mark.parametrize("length", ["4", "004", "9" * 19, "9" * 5000, "1" * 60_000])
async def test_a_length_over_the_limit_is_a_413_before_anything_is_read(
    read: Read, length: str
) -> None:
    request = request_of(limit=3, headers=JSON | {"content-length": length})
    with anyio.fail_after(10), pytest.raises(LimitExceeded):
        await read(request)


@EVERY_WAY
async def test_a_body_of_the_limit_is_read(read: Read) -> None:
    headers = JSON | {"content-length": "3"}
    assert await read(request_of(body(b"12", more=True), body(b"3"), limit=3, headers=headers))


async def test_a_body_over_the_limit_is_not_read_further() -> None:
    taken: list[int] = []

    async def receive() -> Message:
        taken.append(1)
        return body(b"x" * 10, more=True)

    request = Request(http_scope("POST"), receive, Settings(limits=Limits(max_body_size=35)))
    with pytest.raises(LimitExceeded):
        await request.body()
    assert len(taken) == 4


def test_many_small_chunks_are_linear_work() -> None:
    def calls(chunks: int) -> int:
        async def receive() -> Message:
            return body(b"x", more=next(left) > 0)

        def read() -> None:
            with pytest.raises(StopIteration) as end:
                Request(http_scope("POST"), receive).body().send(None)
            assert end.value.value == b"x" * chunks

        left = iter(range(chunks - 1, -1, -1))
        return count_calls(read)

    assert calls(4000) < 11 * calls(400)


async def test_a_client_is_told_of_the_limit_and_the_app_goes_on() -> None:
    app = App(limits=Limits(max_body_size=3))

    @app.post("/")
    async def read(request: Request) -> bytes:
        return await request.body()

    answer = await ask(app, "POST", body=[b"12", b"34"])
    assert (answer.status, answer.error) == (413, None)
    assert answer.json()["detail"] == "the body is larger than 3 bytes"
    assert (await ask(app, "POST", body=b"123")).body == b"123"


# Text


@pytest.mark.parametrize(
    ("content_type", "data", "text"),
    [
        (None, "ü".encode(), "ü"),
        ("text/plain", "ü".encode(), "ü"),
        ("nonsense", "ü".encode(), "ü"),
        ("text/plain; charset=ISO-8859-1", b"\xfc", "ü"),
        ('text/plain; charset="utf-16"', b"\xff\xfe\xfc\x00", "ü"),
        ("application/json; charset=latin1", b"\xfc", "ü"),
    ],
)
async def test_text_is_read_by_its_charset(
    content_type: str | None, data: bytes, text: str
) -> None:
    headers = {} if content_type is None else {"content-type": content_type}
    assert await request_of(body(data), headers=headers).text() == text


@pytest.mark.parametrize(
    ("charset", "data", "message"),
    [
        ("utf-8", b"a\xff", "the text is not valid utf-8: invalid start byte at byte 1"),
        ("x-none", b"a", "the charset 'x-none' is not supported; send UTF-8"),
        ("unicode_escape", b"a", "the charset 'unicode_escape' is not supported"),
    ],
)
async def test_what_is_no_text_is_a_400(charset: str, data: bytes, message: str) -> None:
    request = request_of(body(data), headers={"content-type": f"text/plain; charset={charset}"})
    for _ in range(2):
        with pytest.raises(MalformedRequest, match=f"^400: {message}"):
            await request.text()


# JSON


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "Application/JSON",
        "application/json; charset=utf-8",
        "application/json;charset=UTF8",
        'application/json; charset="utf-8"; x=y',
        "application/vnd.api+json",
        "text/json",
    ],
)
async def test_json_is_read_if_its_type_says_so(content_type: str) -> None:
    request = request_of(body('{"a":"ü"}'.encode()), headers={"content-type": content_type})
    assert await request.json() == {"a": "ü"}


@pytest.mark.parametrize(
    "content_type",
    [
        None,
        "",
        "text/plain",
        "text/plain; charset=utf-8",
        "text/plain; application/json",
        "text/plain, application/json",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=application/json",
        "application/jsonx",
        "json",
        "application /json",
        "application/json application/json",
    ],
)
async def test_another_type_or_none_is_a_415_that_names_it(content_type: str | None) -> None:
    headers = {} if content_type is None else {"content-type": content_type}
    request = request_of(body(b"{}"), headers=headers)
    sent = "no Content-Type" if content_type is None else content_type
    with pytest.raises(UnsupportedMediaType) as caught:
        await request.json()
    assert caught.value.status_code == 415
    assert caught.value.detail == f"expected application/json, got {sent}"
    assert await request.body() == b"{}"


async def test_a_long_type_is_not_repeated_to_the_client() -> None:
    request = request_of(body(b"{}"), headers={"content-type": "x" * 60_000})
    with pytest.raises(UnsupportedMediaType) as caught:
        await request.json()
    assert len(caught.value.detail) < 150


@pytest.mark.parametrize("charset", ["latin1", "utf-16", "utf-7", "x" * 60_000])
async def test_json_in_another_charset_is_a_400(charset: str) -> None:
    headers = {"content-type": f"application/json; charset={charset}"}
    with pytest.raises(
        MalformedRequest, match=r"^400: application/json is sent in UTF-8, not in"
    ) as caught:
        await request_of(body(b"{}"), headers=headers).json()
    assert len(caught.value.detail) < 150


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"{'a':1}",
        b"NaN",
        b"[Infinity]",
        b"-Infinity",
        b"1e999",
        b"9" * (sys.get_int_max_str_digits() + 1),
        b"[" * 100_000,
        b"[" * 100_000 + b"]" * 100_000,
        b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
        rb'"\ud800"',
        rb'{"\udfff":1}',
        b'"\xff"',
        b'"\xed\xa0\x80"',
        "{}".encode("utf-16"),
        "{}".encode("utf-8-sig"),
        b"{}\x00",
    ],
)
async def test_what_is_no_json_is_a_400_and_never_a_500(data: bytes) -> None:
    app = App()

    @app.post("/")
    async def echo(request: Request) -> JSONResponse:
        return JSONResponse(await request.json())

    answer = await ask(app, "POST", body=data, headers=JSON)
    assert (answer.status, answer.error) == (400, None)
    is_deep = data.count(b"[") + data.count(b"{") > 500
    reason = "the body is nested deeper than 500 " if is_deep else "the body is not valid JSON: "
    assert answer.json()["detail"].startswith(reason)
    assert len(answer.body) < 500


async def test_json_that_was_refused_is_refused_again() -> None:
    request = request_of(body(b"{"), headers=JSON)
    for _ in range(2):
        with pytest.raises(MalformedRequest):
            await request.json()
    assert await request.body() == b"{"


async def test_json_is_decoded_by_the_codec_of_the_app() -> None:
    class Codec:
        def encode(self, value: Any) -> bytes:
            return str(value).encode()

        def decode(self, data: bytes) -> Any:
            if data == b"bad":
                raise ValueError("no good")
            return data

    app = App(json=Codec())

    @app.post("/")
    async def echo(request: Request) -> list[Any]:
        return [await request.json()]

    assert (await ask(app, "POST", body=b"x", headers=JSON)).text == "[b'x']"
    answer = await ask(app, "POST", body=b"bad", headers=JSON)
    assert (answer.status, answer.json()["detail"]) == (400, "the body is not valid JSON: no good")


@pytest.mark.parametrize("decodes", ["json", "decode"])
async def test_json_may_be_nested_as_deep_as_the_limit(decodes: str) -> None:
    settings = Settings(limits=Limits(max_json_depth=3), json=msgspec.json)

    async def decoded(text: bytes) -> object:
        request = Request(http_scope("POST", "/", JSON), receiving(body(text)), settings)
        return await (request.json() if decodes == "json" else request.decode(list[object]))

    assert await decoded(b"[[[1]]]") == [[[1]]]
    assert await decoded(b'["[[[["]') == ["[[[["]
    with pytest.raises(LimitExceeded) as caught:
        await decoded(b"[[[[1]]]]")
    assert (caught.value.status_code, caught.value.name) == (400, "max_json_depth")


async def test_a_codec_that_recurses_too_deep_is_a_400() -> None:
    class Recursing(StandardJSON):
        def decode(self, data: bytes, *, type: Any = None) -> Any:
            raise RecursionError("maximum recursion depth exceeded")

    settings = Settings(json=Recursing())
    request = Request(http_scope("POST", "/", JSON), receiving(body(b"[]")), settings)
    with pytest.raises(MalformedRequest, match="maximum recursion depth"):
        await request.json()
    with pytest.raises(MalformedRequest, match="maximum recursion depth"):
        await request.decode(list[int])


# JSON of a type


class Item(msgspec.Struct):
    name: str
    price: float


class Model(pydantic.BaseModel):
    name: str
    prices: list[float]


class PydanticJSON:
    """The codec that the documentation shows."""

    def encode(self, value: Any) -> bytes:
        return to_json(value)

    def decode(self, data: bytes, *, type: Any = Any) -> Any:
        return pydantic.TypeAdapter(type).validate_json(data)


def typed_app(codec: Any = None) -> App:
    app = App(json=codec)

    @app.post("/item")
    async def item(request: Request) -> str:
        return (await request.decode(Item)).name

    @app.post("/items")
    async def items(request: Request) -> list[str]:
        return [item.name for item in await request.decode(list[Item])]

    @app.post("/model")
    async def model(request: Request) -> object:
        return await request.decode(Model)

    return app


async def test_a_body_is_decoded_to_a_type_of_the_codec() -> None:
    app = typed_app(msgspec.json)
    answer = await ask(app, "POST", "/item", json={"name": "tea", "price": 3})
    assert (answer.status, answer.text) == (200, "tea")
    answer = await ask(app, "POST", "/items", json=[{"name": "tea", "price": 3}])
    assert answer.json() == ["tea"]


@pytest.mark.parametrize("codec", [None, PydanticJSON()])
async def test_a_body_is_decoded_to_a_model_and_a_model_is_answered(codec: Any) -> None:
    answer = await ask(typed_app(codec), "POST", "/model", json={"name": "tea", "prices": ["3"]})
    assert (answer.status, answer.json()) == (200, {"name": "tea", "prices": [3.0]})


@pytest.mark.parametrize(
    ("codec", "path", "value", "pointers"),
    [
        (msgspec.json, "/item", {"name": "tea", "price": "3"}, ["#/price"]),
        (msgspec.json, "/items", [{"name": "tea"}], ["#/0"]),
        (None, "/model", {"prices": [1, "x"]}, ["#/name", "#/prices/1"]),
        (PydanticJSON(), "/model", {"prices": [1, "x"]}, ["#/name", "#/prices/1"]),
    ],
)
async def test_json_of_another_type_is_a_422_that_lists_what_is_wrong(
    codec: Any, path: str, value: object, pointers: list[str]
) -> None:
    answer = await ask(typed_app(codec), "POST", path, json=value)
    assert (answer.status, answer.error) == (422, None)
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["title"] == "Unprocessable Content"
    assert [each["pointer"] for each in problem["errors"]] == pointers
    assert all(
        f"{each['detail']} at {each['pointer']}" in problem["detail"] for each in problem["errors"]
    )
    page = await ask(typed_app(codec), "POST", path, json=value, headers={"accept": "text/html"})
    assert pointers[0] in page.text


@pytest.mark.parametrize("codec", [msgspec.json, None, PydanticJSON()])
async def test_what_is_no_json_is_a_400_for_every_codec(codec: Any) -> None:
    path = "/item" if codec is msgspec.json else "/model"
    for data in (b"", b"{", b'{"name": "a"', b'{"name": "\xff"}'):
        answer = await ask(typed_app(codec), "POST", path, body=data, headers=JSON)
        assert (answer.status, answer.error) == (400, None)


async def test_decoding_asks_for_the_type_of_json_too() -> None:
    for content_type in ("text/plain", "application/x-www-form-urlencoded"):
        headers = {"content-type": content_type}
        answer = await ask(typed_app(), "POST", "/model", body=b"{}", headers=headers)
        assert answer.status == 415


async def test_a_codec_without_types_is_an_error_that_names_one_with() -> None:
    untyped = SimpleNamespace(encode=repr, decode=bytes.decode)
    for codec in (untyped, None):
        answer = await ask(typed_app(codec), "POST", "/item", json={})
        assert answer.status == 500
        assert "App(json=msgspec.json)" in str(answer.error)


# The body for an app within


async def test_middleware_that_has_read_a_body_passes_it_on() -> None:
    request = request_of(body(b"ab", more=True), body(b"c"), DISCONNECT)
    await request.body()
    receive = request.receive
    assert [await receive(), await receive()] == [body(b"abc"), DISCONNECT]


async def test_middleware_that_has_read_nothing_passes_on_what_comes() -> None:
    messages = [body(b"ab", more=True), body(b"c"), DISCONNECT]
    receive = request_of(*messages).receive
    assert [await receive() for _ in messages] == messages


# Clients that go


@EVERY_WAY
@pytest.mark.parametrize("messages", [[], [body(b"1", more=True)], [body(b"", more=True)]])
async def test_a_client_that_leaves_before_the_end_of_its_body_has_disconnected(
    read: Read, messages: list[Message]
) -> None:
    request = request_of(*messages, DISCONNECT, headers=JSON)
    with anyio.fail_after(10):
        with pytest.raises(ClientDisconnect, match="before the end of its request"):
            await read(request)
        assert await request.is_disconnected()


async def test_a_client_that_leaves_mid_upload_gets_no_answer_and_no_traceback(
    caplog: pytest.LogCaptureFixture,
) -> None:
    app = App()

    @app.post("/{way}")
    async def read(request: Request, way: str) -> None:
        reads: dict[str, Read] = {"body": read_body, "stream": read_stream, "json": read_json}
        await reads[way](request)

    @app.put("/echo")
    async def echo(request: Request) -> StreamingResponse:
        return StreamingResponse(request.stream())

    for way in ("body", "stream", "json"):
        sent = Sent()
        receive = receiving(body(b"1", more=True), DISCONNECT)
        await app(http_scope("POST", f"/{way}", JSON), receive, sent)
        assert sent.messages == []
    receive = receiving(body(b"1", more=True), DISCONNECT)
    await app(http_scope("PUT", "/echo"), receive, Sent())
    assert caplog.records == []


async def test_whoever_waits_for_the_client_to_go_is_told() -> None:
    request = request_of(body(b"1", more=True), body(b"2"), DISCONNECT)
    with anyio.fail_after(10):
        assert await request.disconnected() == DISCONNECT
        assert await request.disconnected() == DISCONNECT
        assert await request.is_disconnected()
        assert await request.body() == b"12"


async def test_a_client_that_has_gone_is_not_waited_for_again() -> None:
    request = request_of(body(b"1", more=True), DISCONNECT)
    with anyio.fail_after(10):
        assert await request.is_disconnected()
        with pytest.raises(ClientDisconnect):
            await request.body()


async def test_a_client_that_is_there_is_not_disconnected_and_its_body_is_kept() -> None:
    for messages in (
        [body(b"12")],
        [body(b"1", more=True), body(b"2")],
        [body(b"", more=True), body(b"12")],
    ):
        request = request_of(*messages)
        for _ in range(2):
            assert not await request.is_disconnected()
        assert await request.body() == b"12"
        assert not await request.is_disconnected()


@pytest.mark.parametrize("size", [0, 5])
async def test_a_disconnect_in_the_queue_of_a_server_is_seen(size: int) -> None:
    sender, receiver = anyio.create_memory_object_stream[Message](size)
    with sender, receiver:
        request = Request(http_scope(), receiver.receive)
        assert not await request.is_disconnected()
        with anyio.fail_after(10):
            async with anyio.create_task_group() as group:
                for message in (body(b"1", more=True), body(b"2"), DISCONNECT):
                    group.start_soon(sender.send, message)
                    await anyio.wait_all_tasks_blocked()
                    assert await request.is_disconnected() is (message is DISCONNECT)


async def test_a_body_that_nobody_reads_does_not_hide_that_the_client_goes() -> None:
    request = request_of(*[body(b"12345", more=True)] * 50, DISCONNECT, limit=12)
    with anyio.fail_after(10):
        assert await request.disconnected() == DISCONNECT
    with pytest.raises(LimitExceeded):
        await request.body()


async def test_a_first_chunk_over_the_limit_is_a_413_also_if_it_came_while_waiting() -> None:
    request = request_of(body(b"12345"), body(b""), limit=4)
    assert not await request.is_disconnected()
    with pytest.raises(LimitExceeded):
        await request.body()


async def test_a_server_that_repeats_itself_does_not_keep_a_waiter_spinning() -> None:
    async def receive() -> Message:
        calls.append(1)
        return body(b"")

    calls: list[int] = []
    assert not await Request(http_scope(), receive).is_disconnected()
    assert len(calls) == 2


async def test_receive_is_never_called_twice_at_a_time() -> None:
    busy: list[int] = []
    messages = [body(b"1", more=True), body(b"2", more=True), body(b"3"), DISCONNECT]

    async def receive() -> Message:
        assert not busy
        busy.append(1)
        for _ in range(3):
            await anyio.lowlevel.checkpoint()
        busy.pop()
        return messages.pop(0)

    async def read() -> None:
        async for chunk in request.stream():
            chunks.append(chunk)
            await anyio.lowlevel.checkpoint()

    request = Request(http_scope("POST"), receive)
    chunks: list[bytes] = []
    with anyio.fail_after(10):
        async with anyio.create_task_group() as group:
            group.start_soon(request.disconnected)
            group.start_soon(read)
            group.start_soon(request.disconnected)
    assert b"".join(chunks) == b"123"


async def test_who_reads_a_body_gets_it_while_others_wait_for_the_client_to_go() -> None:
    for messages in ([body(b"12")], [body(b"1", more=True), body(b"2")]):
        request = request_of(*messages)
        async with anyio.create_task_group() as group:
            group.start_soon(request.disconnected)
            await anyio.wait_all_tasks_blocked()
            with anyio.fail_after(10):
                assert await request.body() == b"12"
            group.cancel_scope.cancel()


async def test_an_empty_end_of_the_body_is_told_to_a_reader_who_waits_behind_a_watcher() -> None:
    sender, receiver = anyio.create_memory_object_stream[Message]()
    request = Request(http_scope("POST"), receiver.receive)
    with sender, receiver, anyio.fail_after(10):
        async with anyio.create_task_group() as group:
            group.start_soon(request.disconnected)
            await anyio.wait_all_tasks_blocked()
            group.start_soon(sender.send, body(b""))
            assert await request.body() == b""
            group.cancel_scope.cancel()


async def test_who_reads_a_stream_learns_of_the_client_by_reading() -> None:
    request = request_of(body(b"1", more=True), DISCONNECT)
    chunks = aiter(request.stream())
    assert await anext(chunks) == b"1"
    assert not await request.is_disconnected()
    with pytest.raises(ClientDisconnect):
        await anext(chunks)
    assert await request.is_disconnected()


async def test_a_body_that_is_announced_is_waited_for_before_asking_for_the_client() -> None:
    headers = {"content-length": "2"}
    sender, receiver = anyio.create_memory_object_stream[Message]()
    request = Request(http_scope("POST", headers=headers), receiver.receive)

    async def upload() -> None:
        await sender.send(body(b"1", more=True))
        await sender.send(body(b"2"))

    with sender, receiver, anyio.fail_after(10):
        async with anyio.create_task_group() as group:
            group.start_soon(upload)
            assert not await request.is_disconnected()
    assert await request.body() == b"12"


async def test_the_stream_of_an_empty_body_that_was_read_is_empty() -> None:
    request = request_of(body(b""))
    assert await request.body() == b""
    assert [chunk async for chunk in request.stream()] == []


async def test_a_reader_that_was_first_is_not_overtaken() -> None:
    sender, receiver = anyio.create_memory_object_stream[Message]()
    with sender, receiver:
        request = Request(http_scope("POST"), receiver.receive)
        async with anyio.create_task_group() as group:
            group.start_soon(read_body, request)
            await anyio.wait_all_tasks_blocked()
            group.start_soon(request.disconnected)
            with anyio.fail_after(10):
                await sender.send(body(b"1", more=True))
                await sender.send(body(b"2"))
                await anyio.wait_all_tasks_blocked()
                assert await request.body() == b"12"
                await sender.send(DISCONNECT)


# Echoes


def echo_app() -> App:
    app = App()

    @app.post("/stream")
    async def stream(request: Request) -> StreamingResponse:
        return StreamingResponse(request.stream())

    @app.post("/body")
    async def whole(request: Request) -> StreamingResponse:
        async def later() -> AsyncIterator[bytes]:
            yield b"<"
            for _ in range(5):
                await anyio.lowlevel.checkpoint()
            yield await request.body()
            yield b">"

        return StreamingResponse(later())

    return app


CHUNKS = [[b"abc"], [b"a", b"bc"], [b"a", b"b", b"c"], [b"a", b"", b"bc", b""], [b"abc", b""]]


@pytest.mark.parametrize("chunks", CHUNKS)
async def test_a_body_that_comes_while_a_response_is_streamed_is_kept_for_it(
    chunks: list[bytes],
) -> None:
    with anyio.fail_after(10):
        answer = await ask(echo_app(), "POST", "/stream", body=chunks)
        assert (answer.body, answer.error) == (b"abc", None)
        answer = await ask(echo_app(), "POST", "/body", body=chunks)
        assert (answer.body, answer.error) == (b"<abc>", None)


@pytest.mark.parametrize("path", ["/stream", "/body"])
async def test_a_body_that_comes_late_is_waited_for(path: str) -> None:
    sender, receiver = anyio.create_memory_object_stream[Message]()
    sent = Sent()
    with sender, receiver, anyio.fail_after(10):
        async with anyio.create_task_group() as group:
            group.start_soon(echo_app(), http_scope("POST", path), receiver.receive, sent)
            for message in (body(b"a", more=True), body(b"b", more=True), body(b"c")):
                await anyio.wait_all_tasks_blocked()
                await sender.send(message)
    assert sent.content in (b"abc", b"<abc>")


async def test_an_echo_is_not_ahead_of_a_client_that_does_not_read() -> None:
    taken: list[int] = []
    full = anyio.Event()

    async def receive() -> Message:
        await anyio.lowlevel.checkpoint()
        taken.append(1)
        return body(b"x" * 100, more=True)

    async def send(message: Message) -> None:
        await anyio.lowlevel.checkpoint()
        if "body" in message:
            await full.wait()

    async with anyio.create_task_group() as group:
        group.start_soon(echo_app(), http_scope("POST", "/stream"), receive, send)
        await anyio.wait_all_tasks_blocked()
        assert len(taken) < 10
        group.cancel_scope.cancel()


async def test_a_stream_that_idles_after_the_body_is_closed_when_the_client_goes() -> None:
    app, ended = App(), list[str]()
    gone = anyio.Event()

    @app.post("/")
    async def idle(request: Request) -> StreamingResponse:
        async def chunks() -> AsyncIterator[bytes]:
            try:
                async for chunk in request.stream():
                    yield chunk
                gone.set()
                await anyio.sleep_forever()
            finally:
                ended.append("closed")

        return StreamingResponse(chunks())

    def client(*messages: Message) -> Receive:
        request = list(messages)

        async def receive() -> Message:
            if request:
                return request.pop(0)
            await gone.wait()
            return DISCONNECT

        return receive

    with anyio.fail_after(10):
        await app(http_scope("POST"), client(body(b"a", more=True), body(b"b")), Sent())
    assert ended == ["closed"]


@pytest.mark.parametrize("chunks", [1, 2])
async def test_a_handler_may_read_the_body_and_then_ask_whether_the_client_is_there(
    chunks: int,
) -> None:
    request = request_of(*[body(b"x", more=True)] * (chunks - 1), body(b"y"), DISCONNECT)
    await request.body()
    assert await request.is_disconnected()
