"""The threads for files: each call is one trip, none is cut short, and none is lost."""

import asyncio
import gc
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import anyio
import anyio.lowlevel
import anyio.to_thread
import pytest

from framework._workers import Workers, in_thread


def nothing() -> None: ...


async def test_a_function_runs_in_a_thread_and_its_value_comes_back() -> None:
    def work(first: str, *, second: str) -> tuple[str, str, bool]:
        return first, second, threading.current_thread() is here

    here = threading.current_thread()
    assert await in_thread(work, "a", second="b") == ("a", "b", False)


@pytest.mark.parametrize("kind", [LookupError, KeyboardInterrupt])
async def test_what_it_raises_comes_back(kind: type[BaseException]) -> None:
    def work() -> None:
        raise kind

    with pytest.raises(kind):
        await in_thread(work)


async def test_the_end_of_an_iterator_does_not_end_the_caller() -> None:
    with pytest.raises(RuntimeError, match="StopIteration"):
        await in_thread(partial(next, iter(())))


async def test_who_is_cancelled_gets_the_value_first() -> None:
    def work() -> str:
        begun.set()
        assert go_on.wait(10)
        return "opened"

    begun, go_on = threading.Event(), threading.Event()
    got: list[str] = []

    async def caller() -> None:
        got.append(await in_thread(work))
        try:
            await anyio.lowlevel.checkpoint()
        finally:
            got.append("ended")

    async with anyio.create_task_group() as group:
        group.start_soon(caller)
        await anyio.to_thread.run_sync(begun.wait)
        group.cancel_scope.cancel()
        with anyio.CancelScope(shield=True):
            await anyio.sleep(0.01)
            go_on.set()
    assert got == ["opened", "ended"]


@pytest.fixture
def workers() -> Workers:
    return Workers(2)


def run(work: Callable[[], Any]) -> None:
    """Run on asyncio, of which the class is."""
    asyncio.run(work())


def test_threads_are_started_as_they_are_needed_and_no_more_than_allowed(workers: Workers) -> None:
    names: list[int] = []
    barrier = threading.Barrier(2)

    def work() -> None:
        names.append(threading.get_ident())

    def meet() -> None:
        barrier.wait(10)
        work()

    async def main() -> None:
        for _ in range(5):
            await workers.run(work)
        assert len({*names}) == 1
        await asyncio.gather(*(workers.run(meet) for _ in range(6)))
        assert len({*names}) == 2

    run(main)


def test_a_caller_who_was_cancelled_by_force_is_not_waited_for(workers: Workers) -> None:
    go_on = threading.Event()

    async def main() -> None:
        task = asyncio.create_task(workers.run(partial(go_on.wait, 10)))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        go_on.set()
        assert await workers.run(partial(int, "7")) == 7

    run(main)


def test_a_loop_that_was_closed_meanwhile_does_not_end_the_thread(workers: Workers) -> None:
    go_on, ended = threading.Event(), threading.Event()

    def work() -> None:
        assert go_on.wait(10)
        ended.set()

    async def leave() -> None:
        task = asyncio.create_task(workers.run(work))
        await asyncio.sleep(0)
        task.cancel()

    async def main() -> None:
        assert await workers.run(threading.active_count) > 1

    run(leave)
    go_on.set()
    assert ended.wait(10)
    run(main)


def test_a_process_that_was_forked_starts_threads_of_its_own(workers: Workers) -> None:
    seen: list[threading.Thread] = []

    async def main() -> None:
        await workers.run(lambda: seen.append(threading.current_thread()))

    run(main)
    workers._process -= 1
    run(main)
    assert len({*seen}) == 2


def test_nothing_of_a_call_is_kept(workers: Workers) -> None:
    class Kept: ...

    async def main() -> None:
        kept = Kept()
        await workers.run(partial(id, kept))

    run(main)
    run(lambda: workers.run(nothing))
    gc.collect()
    assert not [each for each in gc.get_objects() if isinstance(each, Kept)]
