"""All use of anyio for threads and tasks in one place; nothing here knows HTTP beyond `http.disconnect`."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from functools import partial
from inspect import iscoroutinefunction
from typing import Any, ParamSpec, TypeVar

import anyio
import anyio.to_thread
from anyio.lowlevel import RunVar
from typing_extensions import TypeIs

from framework.types import Receive

__all__ = [
    "ThreadPool",
    "is_async",
    "iterate_in_threadpool",
    "run_in_threadpool",
    "until_disconnect",
]

T = TypeVar("T")
P = ParamSpec("P")

DEFAULT_THREADS = 40
DISCONNECTS = ("http.disconnect", "websocket.disconnect")


class ThreadPool:
    """Worker threads for synchronous user code, at most `size` at a time in each event loop.

    The limiter is its own: anyio's shared one stays free for files and name look-ups, so a handler
    that waits in a thread for such work cannot starve it.
    """

    __slots__ = ("_limiter", "size")

    def __init__(self, size: int) -> None:
        self.size = size
        self._limiter: RunVar[anyio.CapacityLimiter] = RunVar("framework-threads")

    async def run(self, func: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Call `func` in a thread, with the caller's context variables."""
        try:
            limiter = self._limiter.get()
        except LookupError:
            limiter = anyio.CapacityLimiter(self.size)
            self._limiter.set(limiter)
        return await anyio.to_thread.run_sync(partial(func, *args, **kwargs), limiter=limiter)


SHARED_THREADS = ThreadPool(DEFAULT_THREADS)


def is_async(function: Any) -> TypeIs[Callable[..., Awaitable[Any]]]:
    """Whether calling it gives an awaitable: `async def`, a partial of it, or an object with such a call."""
    return iscoroutinefunction(function) or iscoroutinefunction(
        getattr(type(function), "__call__", None)  # noqa: B004 - the method is wanted, not callable()
    )


async def run_in_threadpool(func: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """Call a blocking function in a worker thread without blocking the event loop (40 threads are shared)."""
    return await SHARED_THREADS.run(func, *args, **kwargs)


async def iterate_in_threadpool(iterator: Iterator[T]) -> AsyncIterator[T]:
    """Iterate over a blocking iterator, each step in a worker thread; a generator is closed at the end."""
    end = object()
    try:
        while (item := await run_in_threadpool(_next, iterator, end)) is not end:
            yield item  # type: ignore[misc]
    finally:
        close = getattr(iterator, "close", None)
        if close is not None:
            with anyio.CancelScope(shield=True):
                await run_in_threadpool(close)


def _next(iterator: Iterator[T], end: object) -> T | object:
    return next(iterator, end)


async def until_disconnect(work: Callable[[], Awaitable[None]], receive: Receive) -> bool:
    """Run `work` to its end, or cancel it when `receive` says that the client has gone.

    Returns whether the work ran to its end. It stays in the caller's task, and what it raises is
    raised as it is, not as a group.
    """
    finished = False
    failure: Exception | None = None

    async def watch() -> None:
        ended = False
        while (message := await receive())["type"] not in DISCONNECTS:
            if ended:  # a server that repeats itself would keep this loop spinning
                return
            ended = not message.get("more_body", False)
        group.cancel_scope.cancel()

    async with anyio.create_task_group() as group:
        group.start_soon(watch)
        try:
            await work()
            finished = True
        except Exception as error:  # carried out of the group, and raised below
            failure = error
        group.cancel_scope.cancel()
    if failure is not None:
        raise failure
    return finished
