"""Trailers: when they are sent, what they may be."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest

from framework import App, Headers, NDJSONResponse, StreamingResponse
from framework._trailers import Trailers, check_trailers, takes_trailers, with_trailers
from framework.types import Message
from tests.driver import ask, http_scope
from tests.scripted import Sent, receiving

OFFERED: dict[str, Any] = {"extensions": {"http.response.trailers": {}}, "http_version": "2"}
TE = {"te": "trailers"}

START: Message = {"type": "http.response.start", "status": 200, "headers": [(b"a", b"b")]}


WHO_TAKES_THEM: list[tuple[dict[str, str], dict[str, Any], bool]] = [
    (TE, OFFERED, True),
    ({"te": "deflate;q=0.5, Trailers"}, OFFERED, True),
    ({"te": "deflate"}, OFFERED, False),
    ({}, OFFERED, False),
    (TE, OFFERED | {"extensions": {}}, False),
    (TE, OFFERED | {"extensions": None}, False),
    (TE, OFFERED | {"type": "websocket"}, False),
    (TE, OFFERED | {"http_version": "1.1"}, True),
]


@pytest.mark.parametrize(("headers", "changes", "taken"), WHO_TAKES_THEM)
def test_trailers_are_for_servers_that_offer_them_and_clients_that_take_them(
    headers: dict[str, str], changes: dict[str, Any], taken: bool
) -> None:
    assert takes_trailers(http_scope(headers=headers, **changes), Headers()) is taken


@pytest.mark.parametrize(("version", "taken"), [("1.0", False), ("1.1", False), ("2", True)])
def test_trailers_follow_no_known_length_in_http_1(version: str, taken: bool) -> None:
    scope = http_scope(headers=TE, **OFFERED | {"http_version": version})
    assert takes_trailers(scope, Headers({"content-length": "1"})) is taken


@pytest.mark.parametrize(
    "name",
    [
        "Content-Length",
        "Transfer-Encoding",
        "Host",
        "Authorization",
        "Set-Cookie",
        "Content-Encoding",
        "Content-Type",
        "Content-Range",
        "Trailer",
        "Cache-Control",
        "Connection",
        "TE",
    ],
)
def test_what_must_be_known_before_the_content_is_no_trailer(name: str) -> None:
    with pytest.raises(ValueError, match=f"{name.lower()} cannot be a trailer"):
        check_trailers({name: "x"})


@pytest.mark.parametrize("fields", [{"a\r\nb": "c"}, {"a": "b\r\nc: d"}, {":status": "200"}])
def test_what_is_no_field_is_no_trailer(fields: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="header field"):
        check_trailers(fields)


async def sent_with(trailers: Trailers, *messages: Message) -> list[Message]:
    sent = Sent()
    send = with_trailers(sent, trailers)
    for message in messages:
        await send(message)
    return sent.messages


def content(body: bytes, **more: bool) -> Message:
    return {"type": "http.response.body", "body": body, **more}


async def test_trailers_follow_the_last_of_the_content() -> None:
    fields = {"Server-Timing": "db;dur=1", "x-b": "2"}
    messages = await sent_with(fields, START, content(b"1", more_body=True), content(b"2"))
    named = [(b"a", b"b"), (b"trailer", b"server-timing, x-b")]
    assert messages == [
        {**START, "headers": named, "trailers": True},
        content(b"1", more_body=True),
        content(b"2"),
        {
            "type": "http.response.trailers",
            "headers": [(b"server-timing", b"db;dur=1"), (b"x-b", b"2")],
            "more_trailers": False,
        },
    ]
    assert START["headers"] == [(b"a", b"b")]


async def test_trailers_are_what_a_function_returns_once_the_content_was_sent() -> None:
    calls: list[int] = []

    def fields() -> Mapping[str, str]:
        calls.append(1)
        return {"x-sum": str(len(calls))}

    start, *_, last = await sent_with(fields, START, content(b"1"))
    assert start["headers"] == START["headers"]
    assert last["headers"] == [(b"x-sum", b"1")]
    assert calls == [1]


async def test_trailers_may_be_filled_in_while_the_content_is_sent() -> None:
    fields: dict[str, str] = {}
    sent = Sent()
    send = with_trailers(sent, fields)
    await send(START)
    fields["x-sum"] = "1"
    await send(content(b""))
    assert sent.messages[0]["headers"] == START["headers"]
    assert sent.messages[-1]["headers"] == [(b"x-sum", b"1")]


async def test_a_trailer_that_may_not_be_sent_leaves_the_response_without_its_end() -> None:
    sent = Sent()
    send = with_trailers(sent, lambda: {"content-length": "1"})
    await send(START)
    with pytest.raises(ValueError, match="content-length cannot be a trailer"):
        await send(content(b""))
    assert sent.types == ["http.response.start", "http.response.body"]


# Of a StreamingResponse


def streaming(trailers: Trailers | None) -> App:
    app = App()

    @app.get("/")
    async def stream() -> StreamingResponse:
        return StreamingResponse(["a", "b"], trailers=trailers)

    return app


async def test_a_stream_has_trailers_after_its_content() -> None:
    answer = await ask(streaming({"x-a": "1"}), headers=TE, **OFFERED)
    assert (answer.body, answer.error) == (b"ab", None)
    assert answer.headers["trailer"] == "x-a"
    assert [message["headers"] for message in answer.extras] == [[(b"x-a", b"1")]]


@pytest.mark.parametrize(
    ("method", "headers", "changes"),
    [
        ("GET", {}, OFFERED),
        ("GET", TE, {}),
        ("GET", TE, {"extensions": None}),
        ("HEAD", TE, OFFERED),
    ],
)
async def test_a_stream_leaves_its_trailers_out_where_they_cannot_be_sent(
    method: str, headers: dict[str, str], changes: dict[str, Any]
) -> None:
    never = iter(list[dict[str, str]]()).__next__  # fails when it is called
    for trailers in ({"x-a": "1"}, never):
        answer = await ask(streaming(trailers), method, headers=headers, **changes)
        assert answer.error is None
        assert "trailer" not in answer.headers
        assert answer.extras == []


async def test_a_stream_without_trailers_announces_none() -> None:
    answer = await ask(streaming(None), headers=TE, **OFFERED)
    assert "trailers" not in answer.messages[0]
    assert NDJSONResponse([]).trailers is None


def test_a_stream_refuses_trailers_that_cannot_be_sent_when_it_is_made() -> None:
    with pytest.raises(ValueError, match="content-length cannot be a trailer"):
        StreamingResponse([], trailers={"Content-Length": "1"})


async def test_a_stream_that_fails_has_no_trailers() -> None:
    async def failing() -> AsyncIterator[str]:
        yield "a"
        raise LookupError

    response = StreamingResponse(failing(), trailers={"x-a": "1"})
    sent = Sent()
    with pytest.raises(LookupError):
        await response(http_scope(headers=TE, **OFFERED), receiving(), sent)
    assert sent.types == ["http.response.start", "http.response.body"]


@pytest.mark.parametrize("until", [0, 1, 2, 3])
async def test_a_client_that_goes_before_the_trailers_is_let_go(until: int) -> None:
    response = StreamingResponse(["a"], trailers={"x-a": "1"})
    await response(http_scope(headers=TE, **OFFERED), receiving(), Sent(until=until))
