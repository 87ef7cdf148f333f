"""Work that starts when the response has been sent, in the same task: what it raises reaches the server's log."""

from collections.abc import Callable, Iterable
from typing import Any, ParamSpec

from framework._concurrency import check_function, is_async, run_in_threadpool

__all__ = ["BackgroundTask", "BackgroundTasks"]

P = ParamSpec("P")


class BackgroundTask:
    """One call, `func(*args, **kwargs)`, made after the response; a plain function runs in a thread."""

    __slots__ = ("args", "func", "kwargs")

    def __init__(self, func: Callable[P, Any], /, *args: P.args, **kwargs: P.kwargs) -> None:
        self.func: Callable[..., Any] = func
        check_function("BackgroundTask", func)
        self.args: tuple[Any, ...] = args
        self.kwargs: dict[str, Any] = kwargs

    async def __call__(self) -> None:
        """Make the call."""
        if is_async(self.func):
            await self.func(*self.args, **self.kwargs)
        else:
            await run_in_threadpool(self.func, *self.args, **self.kwargs)


class BackgroundTasks:
    """Several calls, made one after the other; the first that raises ends the row."""

    __slots__ = ("tasks",)

    def __init__(self, tasks: Iterable[BackgroundTask] = ()) -> None:
        self.tasks: list[BackgroundTask] = list(tasks)

    def add_task(self, func: Callable[P, Any], /, *args: P.args, **kwargs: P.kwargs) -> None:
        """Append a call."""
        self.tasks.append(BackgroundTask(func, *args, **kwargs))

    async def __call__(self) -> None:
        """Make the calls in order."""
        for task in self.tasks:
            await task()
