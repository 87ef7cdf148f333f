"""All use of anyio for threads and tasks in one place; nothing here knows HTTP beyond `http.disconnect`."""

from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from functools import partial
from inspect import iscoroutinefunction
from typing import Any, ParamSpec, TypeVar

import anyio
import anyio.lowlevel
import anyio.to_thread
from anyio.lowlevel import RunVar
from typing_extensions import TypeIs

from framework.types import Receive

__all__ = [
    "ThreadPool",
    "in_thread",
    "is_async",
    "iterate_in_threadpool",
    "run_in_threadpool",
    "until_blocked",
    "until_disconnect",
]

T = TypeVar("T")
P = ParamSpec("P")

DEFAULT_THREADS = 40
DISCONNECTS = ("http.disconnect", "websocket.disconnect")
MOMENT = 4  # turns of the event loop: enough for what has arrived to pass a queue or two


class ThreadPool:
    """Worker threads for synchronous user code, at most `size` at a time in each event loop.

    The limiter is its own: anyio's shared one stays free for files and name look-ups, so a handler
    that waits in a thread for such work cannot starve it.
    """

    __slots__ = ("_limiter", "size")

    def __init__(self, size: int) -> None:
        self.size: int = size
        self._limiter: RunVar[anyio.CapacityLimiter] = RunVar("framework-threads")

    async def run(self, func: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Call `func` in a thread, with the caller's context variables; TypeError if it is async."""
        try:
            limiter = self._limiter.get()
        except LookupError:
            limiter = anyio.CapacityLimiter(self.size)
            self._limiter.set(limiter)
        call = partial(func, *args, **kwargs)
        return await anyio.to_thread.run_sync(_call, call, limiter=limiter)


SHARED_THREADS = ThreadPool(DEFAULT_THREADS)


def is_async(function: object) -> TypeIs[Callable[..., Awaitable[Any]]]:
    """Whether calling it gives an awaitable: `async def`, a partial of it, or an object with such a call."""
    return iscoroutinefunction(function) or iscoroutinefunction(
        getattr(type(function), "__call__", None)  # noqa: B004 - the method is wanted, not callable()
    )


async def in_thread(func: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """Call a function that blocks for a file in one of the threads that are kept for such work."""
    return await anyio.to_thread.run_sync(partial(func, *args, **kwargs))


async def run_in_threadpool(func: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """Call a blocking function in a worker thread without blocking the event loop (40 threads are shared)."""
    return await SHARED_THREADS.run(func, *args, **kwargs)


def iterate_in_threadpool(iterator: Iterator[T]) -> AsyncIterator[T]:
    """Iterate over a blocking iterator, each step in a worker thread; `aclose()` closes it there, too."""
    return _ThreadIterator(iterator)


class _ThreadIterator(AsyncIterator[T]):
    # No generator: closing one that was never started does nothing, and a file would stay open.
    __slots__ = ("_iterator",)

    def __init__(self, iterator: Iterator[T]) -> None:
        self._iterator = iterator

    async def __anext__(self) -> T:
        for item in await run_in_threadpool(_next, self._iterator):
            return item
        raise StopAsyncIteration

    async def aclose(self) -> None:
        close = getattr(self._iterator, "close", None)
        if close is not None:
            await run_in_threadpool(close)


def _next(iterator: Iterator[T]) -> tuple[T, ...]:
    for item in iterator:
        return (item,)
    return ()


def _call(call: partial[T]) -> T:
    result = call()
    if isinstance(result, Coroutine):
        result.close()
        raise TypeError(
            f"{call.func!r} returned a coroutine: an `await` is missing, in an `async def`"
        )
    return result


async def until_disconnect(work: Callable[[], Awaitable[None]], receive: Receive) -> bool:
    """Run `work` to its end, or cancel it when `receive` says that the client has gone.

    Returns whether the work ran to its end. It stays in the caller's task, and what it raises is
    raised as it is, not as a group.
    """

    async def disconnect() -> None:
        ended = False
        while (message := await receive())["type"] not in DISCONNECTS:
            if ended:  # a server that repeats itself would keep this loop spinning
                await anyio.sleep_forever()
            ended = not message.get("more_body", False)

    return await _run_until(disconnect, work)


async def until_blocked(work: Callable[[], Awaitable[object]]) -> None:
    """Run `work` for as long as it goes on with what has arrived, and cancel it where it waits for more.

    A scope that is cancelled already, or has no time left, would not do: trio looks at it first.
    """

    async def moment() -> None:
        for _ in range(MOMENT):
            await anyio.lowlevel.checkpoint()

    await _run_until(moment, work)


async def _run_until(
    stop: Callable[[], Awaitable[None]], work: Callable[[], Awaitable[object]]
) -> bool:
    finished = False
    failure: Exception | None = None

    async def cancel() -> None:
        nonlocal failure
        try:
            await stop()
        except Exception as error:  # carried out of the group, and raised below
            failure = error
        group.cancel_scope.cancel()

    async with anyio.create_task_group() as group:
        group.start_soon(cancel)
        try:
            await work()
            finished = True
        except Exception as error:
            failure = error
        group.cancel_scope.cancel()
    if failure is not None:
        raise failure
    return finished
