"""The body of a request: whole, in chunks, as text, as JSON; and clients that go."""

import sys
from collections.abc import Callable
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import anyio
import msgspec
import pydantic
import pytest
from pydantic_core import to_json

from framework import (
    App,
    BodyUnavailable,
    HTTPException,
    JSONResponse,
    LimitExceeded,
    Limits,
    MalformedRequest,
    Request,
    Response,
    UnsupportedMediaType,
)
from framework._wire.json import StandardJSON
from framework.connections import Settings
from framework.types import Message
from tests.driver import ask, http_scope
from tests.scripted import DISCONNECT, body, receiving
from tests.tables.preconditions import MODIFIED, NOT_ENTITY_TAGS, PRECONDITIONS, SECONDS, STATES
from tests.wire.work import count_calls

JSON = {"content-type": "application/json"}


def request_of(*messages: Message, limit: int = 100, headers: Any = ()) -> Request:
    """A request whose body arrives in these messages."""
    settings = Settings(limits=Limits(max_body_size=limit))
    return Request(http_scope("POST", "/", headers), receiving(*messages), settings=settings)


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
    settings = Settings(json=Codec())
    request = Request(http_scope("POST", "/", JSON), receiving(body(b"x")), settings=settings)
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

    settings = Settings(limits=Limits(max_body_size=35))
    request = Request(http_scope("POST"), receive, settings=settings)
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
        request = Request(http_scope("POST", "/", JSON), receiving(body(text)), settings=settings)
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
    request = Request(http_scope("POST", "/", JSON), receiving(body(b"[]")), settings=settings)
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


# Preconditions


@pytest.mark.parametrize(("state", "method", "fields", "status", "why"), PRECONDITIONS)
def test_preconditions_are_checked_for_what_a_handler_answers_with(
    state: str, method: str, fields: list[tuple[str, str]], status: int | None, why: str
) -> None:
    etag, last_modified, exists = STATES[state]
    request = Request(http_scope(method, headers=fields))

    def check() -> int | None:
        answer = request.check_preconditions(etag=etag, last_modified=last_modified, exists=exists)
        return None if answer is None else answer.status_code

    if status == 412:
        with pytest.raises(HTTPException) as caught:
            check()
        assert caught.value.status_code == 412
    else:
        assert check() == status, why


@pytest.mark.parametrize(
    ("validators", "fields"),
    [
        ({"etag": '"v1"'}, {"etag": '"v1"'}),
        ({"etag": 'W/"v1"'}, {"etag": 'W/"v1"'}),
        ({"last_modified": SECONDS}, {"last-modified": MODIFIED}),
        ({"last_modified": SECONDS + 0.9}, {"last-modified": MODIFIED}),
        (
            {"etag": '"v1"', "last_modified": datetime.fromtimestamp(SECONDS, UTC)},
            {"etag": '"v1"', "last-modified": MODIFIED},
        ),
        ({}, {}),
    ],
)
def test_what_has_not_changed_is_answered_with_its_validators_alone(
    validators: dict[str, Any], fields: dict[str, str]
) -> None:
    request = Request(http_scope(headers={"if-none-match": "*"}))
    answer = request.check_preconditions(**validators)
    assert answer is not None
    assert (answer.status_code, answer.body, dict(answer.headers)) == (304, b"", fields)


@pytest.mark.parametrize("etag", NOT_ENTITY_TAGS)
def test_an_etag_without_its_quotes_is_an_error_that_says_so(etag: str) -> None:
    with pytest.raises(ValueError, match="is no entity tag: put it into quotes"):
        Request(http_scope()).check_preconditions(etag=etag)


def test_a_time_without_a_zone_is_an_error_that_says_so() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        Request(http_scope()).check_preconditions(last_modified=datetime(1994, 11, 6))  # noqa: DTZ001


async def test_an_update_of_what_somebody_else_has_changed_is_refused() -> None:
    app = App()
    note = {"text": "one", "version": "1"}

    @app.get("/note")
    async def show(request: Request) -> Response:
        etag = f'"{note["version"]}"'
        return request.check_preconditions(etag=etag) or JSONResponse(note, headers={"etag": etag})

    @app.put("/note")
    async def update(request: Request) -> None:
        request.check_preconditions(etag=f'"{note["version"]}"')
        note.update(text=await request.text(), version=str(int(note["version"]) + 1))

    first = await ask(app, path="/note")
    etag = first.headers["etag"]
    for method in ("GET", "HEAD"):
        again = await ask(app, method, "/note", headers={"if-none-match": etag})
        assert (again.status, again.body, again.headers["etag"]) == (304, b"", etag)
    update_it = {"if-match": etag}
    assert (await ask(app, "PUT", "/note", headers=update_it, body=b"two")).status == 204
    lost = await ask(app, "PUT", "/note", headers=update_it, body=b"three")
    assert (lost.status, lost.json()["status"]) == (412, 412)
    assert note == {"text": "two", "version": "2"}
    assert (await ask(app, path="/note", headers={"if-none-match": etag})).status == 200


async def test_what_is_to_be_made_is_made_once() -> None:
    app = App()
    notes: dict[str, str] = {}

    @app.put("/notes/{name}")
    async def put(request: Request, name: str) -> None:
        request.check_preconditions(exists=name in notes)
        notes[name] = await request.text()

    once = {"if-none-match": "*"}
    assert (await ask(app, "PUT", "/notes/a", headers={"if-match": "*"})).status == 412
    assert (await ask(app, "PUT", "/notes/a", headers=once, body=b"1")).status == 204
    assert (await ask(app, "PUT", "/notes/a", headers=once, body=b"2")).status == 412
    assert (await ask(app, "PUT", "/notes/a", headers={"if-match": "*"}, body=b"3")).status == 204
    assert notes == {"a": "3"}
