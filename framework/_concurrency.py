"""Threads and tasks: what user code runs in, and what ends together. Nothing here knows HTTP."""

import asyncio
import math
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable, Iterator
from functools import partial
from inspect import iscoroutine, iscoroutinefunction
from types import TracebackType
from typing import Any, ParamSpec, Protocol, TypeAlias, TypeVar

import anyio
import anyio.to_thread
from anyio.lowlevel import RunVar
from typing_extensions import TypeIs

from framework._workers import runs_on_asyncio

__all__ = [
    "DEFAULT_THREADS",
    "MOMENT",
    "TURNS",
    "Attendants",
    "Cancellable",
    "OpenScopes",
    "ThreadPool",
    "is_async",
    "is_being_cancelled",
    "iterate_in_threadpool",
    "race",
    "run_in_threadpool",
]

T = TypeVar("T")
P = ParamSpec("P")

Leave: TypeAlias = Callable[[], Coroutine[Any, Any, None]]

DEFAULT_THREADS = 40
TURNS = 1000
"""Times that one may send in a row before others get their turn, and one learns that the client has gone.

Where it has, the `send` of some servers returns at once, and a loop around it would never end.
"""
MOMENT = 4  # turns of the event loop: enough for what has arrived to pass a queue or two


class ThreadPool:
    """Worker threads for synchronous user code, at most `size` at a time in each event loop.

    The limiter is its own: anyio's shared one stays free for files and name look-ups, so a handler
    that waits in a thread for such work cannot starve it.
    """

    __slots__ = ("_limiter", "_semaphores", "size")

    def __init__(self, size: int) -> None:
        self.size: int = size
        self._limiter: RunVar[anyio.CapacityLimiter] = RunVar("framework-threads")
        self._semaphores: dict[asyncio.AbstractEventLoop, Any] = {}

    async def run(self, func: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Call `func` in a thread, with the caller's context variables; TypeError if it is async."""
        call = partial(func, *args, **kwargs)
        limiter = self._semaphore() if runs_on_asyncio() else self._capacity_limiter()
        return await anyio.to_thread.run_sync(_call, call, limiter=limiter)

    def _semaphore(self) -> Any:
        # anyio enters what it is given, whatever it is; its own limiter waits for a turn of the loop,
        # a fifth of the time of the whole trip, even where nobody is before it.
        loop = asyncio.get_running_loop()
        semaphore = self._semaphores.get(loop)
        if semaphore is None:
            # By hand: a semaphore that was waited for holds its loop, so that weak keys would stay.
            for closed in [each for each in (*self._semaphores,) if each.is_closed()]:
                self._semaphores.pop(closed, None)
            semaphore = self._semaphores[loop] = asyncio.Semaphore(self.size)
        return semaphore

    def _capacity_limiter(self) -> anyio.CapacityLimiter:
        try:
            return self._limiter.get()
        except LookupError:
            limiter = anyio.CapacityLimiter(self.size)
            self._limiter.set(limiter)
            return limiter


SHARED_THREADS = ThreadPool(DEFAULT_THREADS)


def is_async(function: object) -> TypeIs[Callable[..., Awaitable[Any]]]:
    """Whether calling it gives an awaitable: `async def`, a partial of it, or an object with such a call."""
    return iscoroutinefunction(function) or iscoroutinefunction(
        getattr(type(function), "__call__", None)  # noqa: B004 - the method is wanted, not callable()
    )


def check_function(owner: str, function: object) -> None:
    """TypeError for what is no function, such as the coroutine that calling one has made."""
    if iscoroutine(function):
        function.close()
        called = function.__qualname__
        raise TypeError(f"{owner} takes a function and its arguments: {called}, not {called}(...)")
    if not callable(function):
        raise TypeError(f"{owner} takes a function and its arguments, not {function!r:.80}")


async def run_in_threadpool(func: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """Call a blocking function in a worker thread without blocking the event loop (40 threads are shared)."""
    return await SHARED_THREADS.run(func, *args, **kwargs)


def iterate_in_threadpool(iterable: Iterable[T]) -> AsyncIterator[T]:
    """Iterate over what blocks, each step in a worker thread; `aclose()` closes the iterator there, too."""
    return _ThreadIterator(iter(iterable))


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


def is_being_cancelled() -> bool:
    """Whether a scope around the caller is cancelled; if not, a cancellation that is caught came astray.

    On asyncio whoever awaits a task that somebody has cancelled raises its CancelledError as his own.
    """
    return anyio.current_effective_deadline() == -math.inf


async def race(*functions: Callable[[], Awaitable[object]]) -> None:
    """Run async functions at the same time until one of them ends, by return or error; cancel the others."""
    if not functions:
        raise TypeError("race() takes at least one function")
    first, *others = functions
    failures: list[BaseException] = []

    async def run(function: Callable[[], Awaitable[object]]) -> None:
        try:
            await function()
        except (Exception, anyio.get_cancelled_exc_class()) as error:
            if is_being_cancelled():
                raise
            failures.append(error)  # carried out of the group, which would wrap it
        group.cancel_scope.cancel()

    async with anyio.create_task_group() as group:
        for function in others:
            group.start_soon(run, function)
        await run(first)
    if failures:
        raise failures[0]


class Attendants:
    """A task group whose tasks are cancelled when the block ends; what the block raises is not wrapped."""

    __slots__ = ("_group",)

    def __init__(self) -> None:
        self._group = anyio.create_task_group()

    @property
    def cancel_scope(self) -> anyio.CancelScope:
        """The scope of the block and of the tasks."""
        return self._group.cancel_scope

    def start_soon(self, func: Callable[..., Coroutine[Any, Any, None]], *args: Any) -> None:
        """Run something in a task."""
        self._group.start_soon(func, *args)

    async def __aenter__(self) -> "Attendants":
        """Open it."""
        await self._group.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool | None:
        """Cancel what still runs, and wait for it."""
        self._group.cancel_scope.cancel()
        if isinstance(error, Exception | SystemExit | KeyboardInterrupt):
            await self._group.__aexit__(None, None, None)
            return False
        return await self._group.__aexit__(kind, error, trace)


class Cancellable(Protocol):
    """A cancel scope, or what works like one."""

    def cancel(self) -> None:
        """Cancel what runs in it."""


class OpenScopes:
    """What is going on and can be cancelled, each with what is to be awaited to end it politely."""

    __slots__ = ("_emptied", "_has_ended", "_leaves")

    def __init__(self) -> None:
        self._leaves: dict[Cancellable, Leave | None] = {}
        self._emptied: anyio.Event | None = None
        self._has_ended = False

    def __len__(self) -> int:
        return len(self._leaves)

    def add(self, scope: Cancellable, leave: Leave | None = None) -> None:
        """Note what has begun; once all has ended, it is cancelled at once."""
        self._leaves[scope] = leave
        if self._has_ended:
            scope.cancel()

    def discard(self, scope: Cancellable) -> None:
        """Note what has ended."""
        self._leaves.pop(scope, None)
        if self._emptied is not None and not self._leaves:
            self._emptied.set()

    async def end(self, seconds: float) -> int:
        """Ask all to leave, and cancel what is still there after some seconds; returns how many were.

        Those have as long again to clean up.
        """
        with anyio.move_on_after(seconds):
            async with anyio.create_task_group() as group:
                for leave in filter(None, self._leaves.values()):
                    group.start_soon(leave)
            await self._until_empty()
        late = [*self._leaves]
        self._has_ended = True
        for scope in late:
            scope.cancel()
        with anyio.move_on_after(seconds):  # not every server lets go of who waits in its `send`
            await self._until_empty()
        return len(late)

    def reset(self) -> None:
        """Take up work again."""
        self._has_ended = False

    async def _until_empty(self) -> None:
        while self._leaves:
            self._emptied = anyio.Event()
            await self._emptied.wait()
