"""Work that starts when the response has been sent."""

import threading
from collections.abc import AsyncIterator, Iterator
from contextvars import ContextVar
from functools import partial
from typing import Any

import anyio
import pytest

from framework import (
    App,
    BackgroundTask,
    BackgroundTasks,
    PlainTextResponse,
    Response,
    StreamingResponse,
)
from framework.types import Message
from tests.driver import ask, exchange, http_scope
from tests.scripted import DISCONNECT, Sent, receiving

CALLER: ContextVar[str] = ContextVar("caller")


async def test_an_async_function_is_called_with_its_arguments() -> None:
    calls: list[tuple[Any, ...]] = []

    async def note(*args: int, **kwargs: int) -> None:
        calls.append((args, kwargs, threading.current_thread()))

    await BackgroundTask(note, 1, 2, func=3)()
    await BackgroundTask(partial(note, 4), 5)()
    here = threading.current_thread()
    assert calls == [((1, 2), {"func": 3}, here), ((4, 5), {}, here)]


async def test_a_plain_function_is_called_in_a_thread_with_the_context_of_the_caller() -> None:
    calls: list[tuple[str, str]] = []

    def note(name: str) -> None:
        calls.append((name, CALLER.get()))
        assert threading.current_thread() is not here

    here = threading.current_thread()
    CALLER.set("me")
    await BackgroundTask(note, name="x")()
    assert calls == [("x", "me")]


async def test_an_object_with_an_async_call_is_a_function() -> None:
    inner = BackgroundTasks()
    calls: list[str] = []
    inner.add_task(calls.append, "inner")
    await BackgroundTask(inner)()
    assert calls == ["inner"]


async def test_a_coroutine_that_nobody_awaits_is_an_error_and_not_lost() -> None:
    async def send_mail() -> None: ...

    with pytest.raises(TypeError, match=r"returned a coroutine: an `await` is missing"):
        await BackgroundTask(lambda: send_mail())()


async def test_tasks_are_called_in_the_order_in_which_they_were_added() -> None:
    calls: list[int] = []
    tasks = BackgroundTasks([BackgroundTask(calls.append, 1)])
    tasks.add_task(calls.append, 2)
    tasks.add_task(calls.append, 3)
    await tasks()
    assert calls == [1, 2, 3]


async def test_the_first_task_that_raises_ends_the_row() -> None:
    calls: list[int] = []
    tasks = BackgroundTasks()
    tasks.add_task(calls.append, 1)
    tasks.add_task(int, "x")
    tasks.add_task(calls.append, 2)
    with pytest.raises(ValueError, match="'x'"):
        await tasks()
    assert calls == [1]


def test_a_list_of_tasks_can_be_given_to_two_responses() -> None:
    tasks = [BackgroundTask(print)]
    first = BackgroundTasks(tasks)
    first.add_task(print)
    assert len(BackgroundTasks(tasks).tasks) == 1


async def test_a_task_starts_when_the_whole_response_was_sent() -> None:
    sent = Sent()
    seen: list[list[str]] = []

    async def look() -> None:
        seen.append(sent.types)

    for response in (
        Response("x", background=BackgroundTask(look)),
        StreamingResponse(["x"], background=BackgroundTask(look)),
    ):
        sent.messages.clear()
        await response(http_scope(), receiving(), sent)
        assert seen.pop() == sent.types
        assert sent.messages[-1].get("more_body", False) is False
        assert sent.content == b"x"


@pytest.mark.parametrize("until", [0, 1])
async def test_a_task_is_done_also_if_the_client_has_left_before_the_answer(until: int) -> None:
    calls: list[int] = []
    response = PlainTextResponse("x", background=BackgroundTask(calls.append, 1))
    await response(http_scope(), receiving(DISCONNECT), Sent(until=until))
    assert calls == [1]


async def test_a_task_is_done_also_if_the_client_leaves_while_it_is_streamed_to() -> None:
    calls: list[int] = []
    gone = anyio.Event()

    async def chunks() -> AsyncIterator[str]:
        yield "x"
        gone.set()
        await anyio.sleep_forever()

    async def receive() -> Message:
        await gone.wait()
        return DISCONNECT

    response = StreamingResponse(chunks(), background=BackgroundTask(calls.append, 1))
    await response(http_scope(), receive, Sent())
    assert calls == [1]


async def test_no_task_is_started_after_a_response_that_failed() -> None:
    calls: list[int] = []

    def chunks() -> Iterator[str]:
        yield "x"
        raise LookupError

    response = StreamingResponse(chunks(), background=BackgroundTask(calls.append, 1))
    answer = await exchange(response, http_scope())
    assert type(answer.error) is LookupError
    assert answer.body == b"x"
    assert calls == []


async def test_what_a_task_raises_reaches_the_server_after_a_whole_answer() -> None:
    app = App()

    @app.get("/")
    async def home() -> Response:
        return PlainTextResponse("done", background=BackgroundTask(int, "x"))

    answer = await ask(app)
    assert (answer.status, answer.text) == (200, "done")
    assert type(answer.error) is ValueError
