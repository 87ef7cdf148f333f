"""How a body arrives: clients that go, watchers, echoes, and who gets which chunk."""

import tracemalloc
from collections.abc import AsyncIterator

import anyio
import anyio.lowlevel
import pytest

from framework import (
    App,
    BodyUnavailable,
    ClientDisconnect,
    LimitExceeded,
    Limits,
    Request,
    StreamingResponse,
)
from framework.connections import Settings
from framework.types import Message, Receive
from tests.driver import ask, http_scope
from tests.scripted import DISCONNECT, Sent, body, receiving
from tests.test_requests import EVERY_WAY, JSON, Read, read_body, read_json, read_stream, request_of

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


async def test_a_server_that_does_not_say_that_there_is_no_body_is_waited_for_a_moment() -> None:
    request = Request(http_scope(), receiving())
    with anyio.fail_after(10):
        assert not await request.is_disconnected()


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


# In one message


@pytest.mark.parametrize("content", [b"", b"12"])
async def test_a_body_that_came_in_one_message_is_followed_by_the_client_going(
    content: bytes,
) -> None:
    sender, receiver = anyio.create_memory_object_stream[Message](5)
    headers = {"content-length": str(len(content))}
    request = Request(http_scope("POST", "/", headers), receiver.receive)
    with sender, receiver, anyio.fail_after(10):
        await sender.send(body(content))
        assert await request.body() == content
        assert not await request.is_disconnected()
        await sender.send(DISCONNECT)
        assert await request.disconnected() == DISCONNECT
        assert await request.is_disconnected()
        assert await request.body() == content
        assert await read_stream(request) == content


@pytest.mark.parametrize(
    ("messages", "outcome"),
    [
        ([body(b"12")], b"12"),
        ([body(b"1", more=True), body(b"2")], b"12"),
        ([DISCONNECT], ClientDisconnect),
        ([body(b"1", more=True), DISCONNECT], ClientDisconnect),
        ([body(b"1" * 101)], LimitExceeded),
    ],
)
async def test_who_asks_for_the_client_while_the_first_message_is_awaited_takes_nothing_of_it(
    messages: list[Message], outcome: object
) -> None:
    async def read() -> None:
        try:
            outcomes.append(await request.body())
        except (ClientDisconnect, LimitExceeded) as error:
            outcomes.append(type(error))

    outcomes: list[object] = []
    sender, receiver = anyio.create_memory_object_stream[Message](5)
    settings = Settings(limits=Limits(max_body_size=100))
    request = Request(http_scope("POST"), receiver.receive, settings=settings)
    with sender, receiver, anyio.fail_after(10):
        async with anyio.create_task_group() as group:
            group.start_soon(read)
            await anyio.wait_all_tasks_blocked()
            group.start_soon(request.disconnected)
            assert not await request.is_disconnected()
            for message in (*messages, DISCONNECT):
                await sender.send(message)
    assert outcomes == [outcome]


@pytest.mark.parametrize("messages", [[body(b"1" * 51)], [body(b"1", more=True), body(b"1" * 50)]])
@pytest.mark.parametrize("length", [{}, {"content-length": "1"}, {"content-length": "51"}])
@pytest.mark.parametrize("limits", [Limits(max_body_size=50), Limits(max_form_memory=50)])
async def test_a_form_over_a_limit_is_refused_and_leaves_no_body_whatever_was_announced_of_it(
    messages: list[Message], length: dict[str, str], limits: Limits
) -> None:
    headers = {"content-type": "application/x-www-form-urlencoded", **length}
    scope = http_scope("POST", "/", headers)
    request = Request(scope, receiving(*messages), settings=Settings(limits=limits))
    with pytest.raises(LimitExceeded):
        await request.form()
    with pytest.raises(BodyUnavailable):
        await request.body()


async def test_of_two_who_read_at_a_time_the_second_is_refused() -> None:
    sender, receiver = anyio.create_memory_object_stream[Message]()
    request = Request(http_scope("POST"), receiver.receive)
    with sender, receiver, anyio.fail_after(10):
        async with anyio.create_task_group() as group:
            group.start_soon(read_body, request)
            await anyio.wait_all_tasks_blocked()
            for read in (read_body, read_stream):
                with pytest.raises(BodyUnavailable):
                    await read(request)
            await sender.send(body(b"12"))
    assert await request.body() == b"12"


async def test_a_body_whose_reader_was_cancelled_before_anything_came_has_been_given_up() -> None:
    sender, receiver = anyio.create_memory_object_stream[Message](5)
    request = Request(http_scope("POST"), receiver.receive)
    with sender, receiver, anyio.fail_after(10):
        with anyio.move_on_after(0):
            await request.body()
        for message in (body(b"1", more=True), body(b"2"), DISCONNECT):
            await sender.send(message)
        assert await request.disconnected() == DISCONNECT
        with pytest.raises(BodyUnavailable):
            await request.body()


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


# Left early


async def test_a_client_that_leaves_is_noticed_after_a_stream_was_left_early() -> None:
    async def left(request: Request) -> None:
        await anext(request.stream())

    async def refused(request: Request) -> None:
        with pytest.raises(LimitExceeded):
            await request.body()

    messages = [body(b"1" * 60, more=True), body(b"2" * 60, more=True), DISCONNECT]
    for read, limit in ((left, 1_000), (refused, 100)):
        for watched in (False, True):
            request = request_of(*messages, limit=limit)
            if watched:
                with anyio.move_on_after(0):
                    await request.disconnected()
            await read(request)
            with anyio.fail_after(5):
                assert await request.is_disconnected()
                assert await request.disconnected() == DISCONNECT


async def test_a_stream_that_was_given_up_waits_no_longer_for_its_reader() -> None:
    request = request_of(body(b"1", more=True), body(b"2", more=True), DISCONNECT)
    chunks = request.stream()
    await anext(chunks)
    with anyio.fail_after(5):
        async with anyio.create_task_group() as group:
            group.start_soon(request.disconnected)
            await anyio.wait_all_tasks_blocked()
            del chunks


async def test_a_refused_stream_stays_refused() -> None:
    request = request_of(body(b"1" * 60, more=True), body(b"2" * 60))
    chunks = request.stream()
    await anext(chunks)
    other = request.stream()
    for _ in range(2):
        with pytest.raises(BodyUnavailable):
            await anext(other)
    with pytest.raises(LimitExceeded):
        await anext(chunks)


async def test_many_small_chunks_take_little_memory() -> None:
    messages = iter(
        [body(b"12", more=True)] * 100_000 + [body(b"", more=True)] * 100_000 + [body(b"")]
    )

    async def receive() -> Message:
        return next(messages)

    request = Request(http_scope("POST", "/"), receive)
    tracemalloc.start()
    assert len(await request.body()) == 200_000
    assert tracemalloc.get_traced_memory()[1] < 1_000_000
    tracemalloc.stop()
