"""Event streams: what is yielded becomes events, and the connection is kept alive."""

import json
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any

import anyio
import pytest

from framework import App, ConfigError, EventSourceResponse, Request, ServerSentEvent
from framework.types import Message
from tests.driver import Answer, ask, exchange, http_scope
from tests.scripted import DISCONNECT, Sent, body, receiving
from tests.waiting import become


class Word(str):
    """Text that is more than text."""

    __slots__ = ()


async def stream(*items: Any) -> AsyncGenerator[Any]:
    for item in items:
        yield item


async def streamed(*items: Any, **options: Any) -> Answer:
    """The answer that sends these items."""
    return await exchange(EventSourceResponse(stream(*items), **options), http_scope())


async def test_events_are_sent_as_they_come_with_the_right_header() -> None:
    answer = await streamed("one", ServerSentEvent("two", event="greeting", id=2, retry=50))
    assert answer.error is None
    assert answer.chunks == [
        b"data: one\n\n",
        b"event: greeting\nid: 2\nretry: 50\ndata: two\n\n",
        b"",
    ]
    assert answer.headers.multi_items() == [
        ("content-type", "text/event-stream; charset=utf-8"),
        ("cache-control", "no-store, no-transform"),
        ("x-accel-buffering", "no"),
    ]


@pytest.mark.parametrize(
    ("item", "sent"),
    [
        (ServerSentEvent(), b"\n"),
        (ServerSentEvent(comment="hi"), b": hi\n\n"),
        (ServerSentEvent(""), b"data: \n\n"),
        (ServerSentEvent({"a": [1, "ü"]}), 'data: {"a":[1,"ü"]}\n\n'.encode()),
        (ServerSentEvent(7), b"data: 7\n\n"),
        (ServerSentEvent(False), b"data: false\n\n"),
        ({"data": "x", "event": "y"}, b"event: y\ndata: x\n\n"),
        ({"data": {"n": 1}}, b'data: {"n":1}\n\n'),
        ({"n": 1}, b'data: {"n":1}\n\n'),
        ({"data": 1, "name": 2}, b'data: {"data":1,"name":2}\n\n'),
        ({"id": 7}, b'data: {"id":7}\n\n'),
        ({"id": 7, "comment": "x"}, b"id: 7\n: x\n\n"),
        ({}, b"data: {}\n\n"),
    ],
)
async def test_an_event_is_text_data_or_fields(item: object, sent: bytes) -> None:
    assert (await streamed(item)).body == sent


@pytest.mark.parametrize(
    ("item", "message"),
    [
        (7, "yields ServerSentEvent, str or dict, not int"),
        (b"x", "not bytes"),
        (None, "not NoneType"),
    ],
)
async def test_what_is_no_event_is_a_mistake_that_is_told(item: object, message: str) -> None:
    answer = await streamed(item)
    with pytest.raises(TypeError, match=message):
        raise answer.error or LookupError


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n", "\0"])
@pytest.mark.parametrize("name", ["event", "id"])
def test_what_would_end_a_line_is_refused_where_an_event_is_made(name: str, end: str) -> None:
    fields: dict[str, Any] = {name: f"a{end}b"}
    with pytest.raises(ValueError, match=f"{name}='a.*: it is a single line"):
        ServerSentEvent("x", **fields)


async def test_a_line_may_have_any_other_character() -> None:
    event = ServerSentEvent(Word("x"), event="a\u2028\xa0b", id="c\td")
    assert (await streamed(event)).body == "event: a\u2028\xa0b\nid: c\td\ndata: x\n\n".encode()


async def test_an_event_of_a_class_of_ones_own_is_encoded_by_it() -> None:
    class Shout(ServerSentEvent):
        def encode(self, codec: object = None) -> bytes:
            return b"data: !\n\n"

    assert (await streamed(Shout("x"))).body == b"data: !\n\n"


@pytest.mark.parametrize("retry", [-1, 1.5, "1"])
def test_retry_is_a_number_of_milliseconds(retry: Any) -> None:
    with pytest.raises(ValueError, match="retry"):
        ServerSentEvent(retry=retry)


async def test_the_apps_codec_encodes_data() -> None:
    class Codec:
        def encode(self, value: object) -> bytes:
            return b"<%s>" % json.dumps(value).encode()

        def decode(self, data: bytes) -> object: ...

    assert (await streamed(ServerSentEvent([1]), codec=Codec())).body == b"data: <[1]>\n\n"


async def test_a_header_of_its_own_replaces_the_default() -> None:
    answer = await streamed(headers={"cache-control": "no-cache"})
    assert answer.headers.getlist("cache-control") == ["no-cache"]


async def test_a_comment_is_sent_while_nothing_else_is() -> None:
    async def events() -> AsyncIterator[str]:
        yield "one"
        await anyio.sleep_forever()

    sent = Sent()
    response = EventSourceResponse(events(), ping=0.01)
    with anyio.move_on_after(2):
        async with anyio.create_task_group() as group:
            group.start_soon(response, http_scope(), receiving(body(b"")), sent)
            await become(lambda: sent.content.count(b": ping\n\n") >= 2)
            group.cancel_scope.cancel()
    assert sent.content.startswith(b"data: one\n\n: ping\n\n")


async def test_no_comment_is_sent_while_events_are() -> None:
    async def events() -> AsyncIterator[str]:
        for _ in range(20):
            yield "x"
            await anyio.sleep(0.01)

    answer = await exchange(EventSourceResponse(events(), ping=0.05), http_scope())
    assert answer.body == b"data: x\n\n" * 20


async def test_no_comment_comes_before_the_response_starts() -> None:
    async def slow(message: Message) -> None:
        if message["type"].endswith("start"):
            await anyio.sleep(0.03)
        await sent(message)

    sent = Sent()
    response = EventSourceResponse(stream("x"), ping=0.005)
    await response(http_scope(), receiving(body(b"")), slow)
    assert sent.types[0] == "http.response.start"


async def test_without_ping_there_is_no_comment() -> None:
    async def events() -> AsyncIterator[str]:
        await anyio.sleep(0.02)
        yield "x"

    answer = await exchange(EventSourceResponse(events(), ping=None), http_scope())
    assert answer.body == b"data: x\n\n"


@pytest.mark.parametrize("ping", [0, -1])
def test_ping_is_in_seconds(ping: float) -> None:
    with pytest.raises(ConfigError, match="ping"):
        EventSourceResponse(stream(), ping=ping)


async def test_the_generator_is_closed_at_once_when_the_client_goes() -> None:
    closed: list[int] = []
    begun = anyio.Event()

    async def events() -> AsyncIterator[str]:
        try:
            yield "one"
            begun.set()
            await anyio.sleep_forever()
        finally:
            closed.append(1)

    async def receive() -> Message:
        await begun.wait()
        return DISCONNECT

    await EventSourceResponse(events())(http_scope(), receive, Sent())
    assert closed == [1]


async def test_a_comment_for_a_client_that_has_gone_is_no_error() -> None:
    async def events() -> AsyncIterator[str]:
        yield "one"
        await anyio.sleep(0.05)

    sent = Sent(until=2)
    await EventSourceResponse(events(), ping=0.01)(http_scope(), receiving(body(b"")), sent)
    assert sent.content == b"data: one\n\n"


async def test_the_id_of_the_last_event_comes_back() -> None:
    app = App()

    @app.get("/")
    async def home(request: Request) -> EventSourceResponse:
        return EventSourceResponse(stream(f"after {request.last_event_id}"))

    assert (await ask(app, headers={"last-event-id": "41"})).text == "data: after 41\n\n"
    assert (await ask(app)).text == "data: after None\n\n"


async def test_head_has_the_header_and_starts_nothing() -> None:
    events = stream("x")
    answer = await exchange(EventSourceResponse(events), http_scope("HEAD"))
    assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert answer.body == b""
    assert [event async for event in events] == []
