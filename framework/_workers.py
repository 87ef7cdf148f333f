"""Threads for the package's own work with files and compression, where a trip to one is the cost.

On asyncio anyio takes 50 µs for it, these take 15; trio's own threads are as quick. What users write runs in
anyio's threads (`_concurrency.ThreadPool`), from which `anyio.from_thread` leads back.
"""

import asyncio
import os
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from queue import SimpleQueue
from threading import Lock, Thread
from typing import Any, ParamSpec, TypeAlias, TypeVar

import anyio
import anyio.lowlevel
import anyio.to_thread

__all__ = ["Workers", "in_thread", "runs_on_asyncio"]

T = TypeVar("T")
P = ParamSpec("P")
Job: TypeAlias = tuple[Callable[[], Any], asyncio.Future[Any]]

MOST_THREADS = 40  # as many as anyio has


def runs_on_asyncio() -> bool:
    """Whether the caller runs in a task of asyncio's."""
    try:
        return asyncio.current_task() is not None
    except RuntimeError:
        return False


async def in_thread(func: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """Call a function that blocks, of ours, in one of the threads that are kept for such work.

    It is never cut short: who is cancelled meanwhile gets what it returns, and is cancelled then.
    """
    call = partial(func, *args, **kwargs)
    if runs_on_asyncio():
        # Or a loop of calls and sends, of which none waits, would go on after its client has gone.
        await anyio.lowlevel.checkpoint_if_cancelled()
        return await WORKERS.run(call)
    return await anyio.to_thread.run_sync(call)


class Workers:
    """Threads that wait for work, for all event loops of a process; each is started when the others are busy."""

    __slots__ = ("_jobs", "_lock", "_most", "_process", "_queue", "_threads")

    def __init__(self, most: int) -> None:
        self._most = most
        self._begin()

    def _begin(self) -> None:
        self._process = os.getpid()
        self._lock = Lock()
        self._queue: SimpleQueue[Job] = SimpleQueue()
        self._jobs = 0  # not done yet
        self._threads = 0

    async def run(self, call: Callable[[], T]) -> T:
        """What `call` returns or raises in a thread."""
        if self._process != os.getpid():  # a process that was forked has none of the threads
            self._begin()
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        with self._lock:
            if self._jobs >= self._threads < self._most:
                Thread(
                    target=self._work, args=[self._queue], name="framework worker", daemon=True
                ).start()
                self._threads += 1
            self._jobs += 1
        self._queue.put((call, future))
        with anyio.CancelScope(shield=True):
            await future
        return future.result()

    def _work(self, queue: SimpleQueue[Job]) -> None:
        while True:
            self._do(*queue.get())

    def _do(self, call: Callable[[], T], future: asyncio.Future[T]) -> None:
        try:
            settle = partial(future.set_result, call())
        except StopIteration as error:  # which no future can have
            wrapped = RuntimeError("a function that was called in a thread raised StopIteration")
            wrapped.__cause__ = error
            settle = partial(future.set_exception, wrapped)
        except BaseException as error:
            settle = partial(future.set_exception, error)
        with self._lock:
            self._jobs -= 1
        with suppress(RuntimeError):  # the loop was closed meanwhile
            future.get_loop().call_soon_threadsafe(_unless_done, future, settle)


def _unless_done(future: asyncio.Future[Any], settle: Callable[[], None]) -> None:
    if not future.done():  # by a cancellation that knows no shields
        settle()


WORKERS = Workers(MOST_THREADS)
