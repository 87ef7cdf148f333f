"""What a returned value becomes."""

import json
from collections import OrderedDict, UserDict, defaultdict
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, NamedTuple

import msgspec
import pytest
from starlette.responses import PlainTextResponse as StarletteText
from starlette.responses import StreamingResponse as StarletteStream

from framework import App, PlainTextResponse, Request, StreamingResponse
from framework._results import ASGIResponse, Results
from framework._wire.json import StandardJSON
from framework.responses import Response
from framework.types import Receive, Scope, Send
from tests.driver import ask, exchange, http_scope, id_of

TEXT = "text/plain; charset=utf-8"
JSON = "application/json"
BYTES = "application/octet-stream"


MSGSPEC: Any = msgspec.json
"""A codec that encodes more than the standard library's."""


class Text(str):
    __slots__ = ()


class Row(msgspec.Struct):
    """What the standard library's codec does not know."""

    id: int


class Pair(NamedTuple):
    left: int
    right: int


@dataclass
class Point:
    x: int
    y: int


class Size(IntEnum):
    LARGE = 3


async def asgi_app(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 202})
    await send({"type": "http.response.body", "body": b"by hand"})


class Callable202:
    __slots__ = ()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await asgi_app(scope, receive, send)


STANDARD = Results(StandardJSON())
ANY = Results(MSGSPEC)


@pytest.mark.parametrize("results", [STANDARD, ANY], ids=["standard", "msgspec"])
@pytest.mark.parametrize(
    ("value", "media_type", "body"),
    [
        ("", TEXT, b""),
        ("Grüße", TEXT, "Grüße".encode()),
        (Text("sub"), TEXT, b"sub"),
        (b"\0\xff", BYTES, b"\0\xff"),
        ({"a": [1, None]}, JSON, b'{"a":[1,null]}'),
        (OrderedDict[str, int](a=1), JSON, b'{"a":1}'),
        (defaultdict(int, a=1), JSON, b'{"a":1}'),
        ([], JSON, b"[]"),
        (Point(1, 2), JSON, b'{"x":1,"y":2}'),
        ([Point(1, 2)], JSON, b'[{"x":1,"y":2}]'),
    ],
    ids=id_of,
)
def test_a_value_becomes_a_whole_response(
    value: Any, media_type: str, body: bytes, results: Results
) -> None:
    response = results.response(value, 201, "it")
    assert type(response) is Response
    assert (response.status_code, response.body) == (201, body)
    assert response.headers["content-type"] == media_type
    assert response.headers["content-length"] == str(len(body))


def test_the_status_of_a_value_is_200_unless_given() -> None:
    assert STANDARD.response("text", None, "it").status_code == 200


@pytest.mark.parametrize(("given", "status"), [(None, 204), (204, 204), (201, 201), (404, 404)])
def test_nothing_is_204_unless_another_status_is_given(given: int | None, status: int) -> None:
    response = STANDARD.response(None, given, "it")
    assert (response.status_code, response.body) == (status, b"")
    assert response.headers.get("content-length") == (None if status == 204 else "0")


@pytest.mark.parametrize("value", ["text", {"a": 1}, b"bytes", None])
@pytest.mark.parametrize("status", [204, 304])
def test_a_status_without_content_drops_the_value(value: Any, status: int) -> None:
    response = STANDARD.response(value, status, "it")
    assert (response.status_code, response.body, response.raw_headers) == (status, b"", [])


def test_a_response_stays_as_it_is() -> None:
    response = PlainTextResponse("as it is", 418)
    assert STANDARD.response(response, 201, "it") is response


@pytest.mark.parametrize("value", [Row(1), 7, 1.5, True, {1, 2} - {2}], ids=id_of)
def test_a_codec_of_the_users_own_decides_what_is_data(value: Any) -> None:
    response = ANY.response(value, None, "it")
    assert response.headers["content-type"] == JSON
    assert response.body == msgspec.json.encode(value)


async def chunks() -> AsyncIterator[bytes]:
    yield b"a"
    yield b"b"


def lines() -> Iterator[str]:
    yield "a"
    yield "b"


@pytest.mark.parametrize("results", [STANDARD, ANY], ids=["standard", "msgspec"])
@pytest.mark.parametrize(
    "make", [chunks, lines, lambda: map(str, "ab"), lambda: iter([b"a", b"b"])]
)
async def test_an_iterator_is_streamed(make: Any, results: Results) -> None:
    response = results.response(make(), 201, "it")
    assert isinstance(response, StreamingResponse)
    answer = await exchange(response, http_scope())
    assert (answer.status, answer.chunks) == (201, [b"a", b"b", b""])
    assert answer.headers["content-type"] == BYTES


# Responses of other libraries


@pytest.mark.parametrize("results", [STANDARD, ANY], ids=["standard", "msgspec"])
@pytest.mark.parametrize("value", [asgi_app, Callable202()], ids=["function", "object"])
async def test_an_asgi_app_answers_for_itself(value: Any, results: Results) -> None:
    response = results.response(value, None, "it")
    assert isinstance(response, ASGIResponse)
    response.headers["x-from"] = "us"
    answer = await exchange(response, http_scope())
    assert (answer.status, answer.body) == (202, b"by hand")
    assert answer.headers.multi_items() == [("x-from", "us")]


async def test_a_header_is_added_to_those_of_the_other_library() -> None:
    response = STANDARD.response(StarletteText("hi", headers={"vary": "Cookie"}), None, "it")
    response.headers.vary("Accept")
    response.set_cookie("a", "1")
    answer = await exchange(response, http_scope())
    assert answer.headers.getlist("vary") == ["Cookie", "Accept"]
    assert answer.headers["set-cookie"].startswith("a=1;")
    assert answer.headers["content-length"] == "2"


@pytest.mark.parametrize(
    "value", [asgi_app, StarletteText("hello"), StarletteStream(iter(["a", "b"]))], ids=id_of
)
async def test_the_body_of_another_library_is_not_sent_for_head(value: Any) -> None:
    answer = await exchange(STANDARD.response(value, None, "it"), http_scope("HEAD"))
    assert answer.body == b""


async def test_a_route_may_return_the_response_of_another_library() -> None:
    app = App(json=MSGSPEC)

    @app.middleware
    async def tag(request: Request, call_next: Any) -> Any:
        response = await call_next(request)
        response.headers["x-tag"] = "1"
        return response

    @app.get("/")
    async def home() -> StarletteText:
        return StarletteText("hi", 203)

    answer = await ask(app)
    assert (answer.status, answer.text, answer.headers["x-tag"]) == (203, "hi", "1")
    head = await ask(app, "HEAD")
    assert (head.status, head.body, head.headers["content-length"]) == (203, b"", "2")


# Mistakes


def coroutine() -> Any:
    async def work() -> None: ...

    return work()


@pytest.mark.parametrize(
    ("value", "advice"),
    [
        (coroutine(), "returned a coroutine: an `await` is missing"),
        (("text", 201), "returned a tuple: return the value alone, with status_code="),
        (Pair(1, 2), "returned a tuple"),
        (Point, "returned the class Point: return an instance"),
        (Response, "returned the class Response: return an instance"),
        (StarletteText, "returned the class PlainTextResponse: return an instance"),
    ],
    ids=id_of,
)
@pytest.mark.parametrize("results", [STANDARD, ANY], ids=["standard", "msgspec"])
def test_a_mistake_is_told_with_what_to_do(value: Any, advice: str, results: Results) -> None:
    with pytest.raises(TypeError, match=r"^the handler home of / returned") as caught:
        results.response(value, None, "the handler home of /")
    assert advice in str(caught.value)


@pytest.mark.parametrize("value", [{1}, object(), Row(1), bytearray(b"a"), len])
def test_a_value_that_the_codec_does_not_know_is_refused_by_the_name_of_its_type(
    value: Any,
) -> None:
    name = type(value).__name__
    with pytest.raises(TypeError, match=f"^it returned {name}: {name} has no form in JSON"):
        STANDARD.response(value, None, "it")


@pytest.mark.parametrize(
    ("value", "body"), [(7, b"7"), (True, b"true"), (1.5, b"1.5"), (UserDict(a=1), b'{"a":1}')]
)
def test_what_the_codec_knows_is_json(value: Any, body: bytes) -> None:
    response = STANDARD.response(value, None, "it")
    assert (response.body, response.headers["content-type"]) == (body, "application/json")


def test_an_exception_that_is_returned_should_have_been_raised() -> None:
    with pytest.raises(TypeError, match="raise it"):
        STANDARD.response(KeyError("x"), None, "it")


def test_data_that_the_codec_refuses_is_its_error() -> None:
    with pytest.raises(TypeError, match="complex"):
        STANDARD.response({"z": 1j}, None, "it")
    with pytest.raises(ValueError, match="Out of range"):
        STANDARD.response([float("nan")], None, "it")


async def test_a_mistake_is_answered_by_500_and_raised() -> None:
    app = App()

    @app.get("/")
    async def home() -> object:
        return {"a": 1}, 201

    answer = await ask(app)
    assert answer.status == 500
    assert str(answer.error).startswith("the handler home of / returned a tuple")
    assert json.loads(answer.body) == {
        "type": "about:blank",
        "title": "Internal Server Error",
        "status": 500,
    }
