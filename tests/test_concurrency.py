"""Threads, tasks, and the race against a client that goes."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from functools import partial
from typing import Any

import anyio
import anyio.lowlevel
import anyio.to_thread
import pytest

from framework import iterate_in_threadpool, run_in_threadpool
from framework._concurrency import ThreadPool, is_async, race

CALLER: ContextVar[str] = ContextVar("caller")


class AsyncCall:
    async def __call__(self) -> None: ...


class PlainCall:
    def __call__(self) -> None: ...


async def coroutine_function(value: int = 0) -> None: ...


@pytest.mark.parametrize(
    "function",
    [
        coroutine_function,
        partial(coroutine_function, 1),
        partial(partial(coroutine_function), 1),
        AsyncCall(),
    ],
)
def test_what_gives_an_awaitable_is_async(function: Callable[..., Any]) -> None:
    assert is_async(function)


@pytest.mark.parametrize(
    "function", [print, int, partial(int), PlainCall(), AsyncCall, anyio.Event, None, 1]
)
def test_what_gives_anything_else_is_not_async(function: object) -> None:
    assert not is_async(function)


async def test_a_blocking_function_runs_in_a_thread_with_the_context_of_the_caller() -> None:
    def work(first: str, *, second: str) -> tuple[str, str, str, bool]:
        in_thread = threading.current_thread() is not here
        return first, second, CALLER.get(), in_thread

    here = threading.current_thread()
    CALLER.set("me")
    assert await run_in_threadpool(work, "a", second="b") == ("a", "b", "me", True)


async def test_what_a_function_raises_in_its_thread_is_raised_to_the_caller() -> None:
    with pytest.raises(ValueError, match="'x'"):
        await run_in_threadpool(int, "x")


async def test_an_async_function_is_not_run_in_a_thread_and_forgotten() -> None:
    work: Callable[[], object] = coroutine_function
    with pytest.raises(TypeError, match=r"returned a coroutine: an `await` is missing"):
        await run_in_threadpool(work)


async def test_a_pool_runs_no_more_functions_at_a_time_than_its_size() -> None:
    running: list[int] = []
    most: list[int] = []
    together = threading.Barrier(2, timeout=10)

    def work() -> None:
        running.append(1)
        together.wait()
        most.append(len(running))
        together.wait()
        running.pop()

    pool = ThreadPool(2)
    async with anyio.create_task_group() as group:
        for _ in range(6):
            group.start_soon(pool.run, work)
    assert most == [2] * 6


async def test_a_full_pool_keeps_neither_another_nor_the_loop_from_working() -> None:
    full, other = ThreadPool(1), ThreadPool(1)
    release = threading.Event()

    def wait() -> None:
        assert release.wait(10)

    async with anyio.create_task_group() as group:
        group.start_soon(full.run, wait)
        await anyio.lowlevel.checkpoint()
        assert await other.run(int, "1") == 1
        assert await anyio.to_thread.run_sync(int) == 0
        release.set()


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_pool_serves_one_event_loop_after_the_other(backend: str) -> None:
    pool = ThreadPool(1)
    for _ in range(2):
        assert anyio.run(pool.run, int, backend=backend) == 0


def test_event_loops_that_have_ended_are_not_kept() -> None:
    async def crowd() -> None:
        await asyncio.gather(*[pool.run(time.sleep, 0.01) for _ in range(3)])

    pool = ThreadPool(1)
    for _ in range(4):
        asyncio.run(crowd())
        assert len(pool._semaphores) == 1


async def test_each_step_of_an_iterator_is_done_in_a_thread() -> None:
    def count() -> Iterator[int]:
        for n in range(3):
            assert threading.current_thread() is not here
            yield n

    here = threading.current_thread()
    assert [n async for n in iterate_in_threadpool(count())] == [0, 1, 2]
    assert [n async for n in iterate_in_threadpool([0, 1, 2])] == [0, 1, 2]


async def test_an_iterator_may_yield_anything() -> None:
    values = [None, (), StopIteration, False]
    assert [value async for value in iterate_in_threadpool(iter(values))] == values


async def test_what_an_iterator_raises_is_raised_to_the_caller() -> None:
    def fail() -> Iterator[int]:
        yield 1
        raise LookupError

    iterator = iterate_in_threadpool(fail())
    assert await anext(iterator) == 1
    with pytest.raises(LookupError):
        await anext(iterator)


async def test_a_cancellation_that_comes_astray_is_raised_by_a_race_whoever_got_it(
    anyio_backend_name: str,
) -> None:
    astray = anyio.get_cancelled_exc_class() if anyio_backend_name == "asyncio" else LookupError

    async def await_what_was_cancelled() -> None:
        raise astray

    with pytest.raises(astray):
        await race(await_what_was_cancelled, anyio.sleep_forever)
    with pytest.raises(astray):
        await race(anyio.sleep_forever, await_what_was_cancelled)


async def test_a_race_is_cancelled_from_outside() -> None:
    with anyio.move_on_after(0.01) as scope:
        await race(anyio.sleep_forever, anyio.sleep_forever)
    assert scope.cancelled_caught
