"""The tasks of a client, which end with it. Nothing here knows ASGI."""

import asyncio
from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import Any

import anyio
from anyio.abc import TaskGroup

from framework._workers import runs_on_asyncio


class Crew:
    """A task group that cancels its tasks when the block ends, and whose tasks raise nothing.

    On asyncio the group is in a task of its own, so that one task may enter the block and another
    leave it: pytest-asyncio sets a fixture up in one, and tears it down in the next.
    """

    __slots__ = ("_ended", "_group", "_host")

    _ended: anyio.Event
    _group: TaskGroup
    _host: asyncio.Task[None] | None

    def start_soon(self, func: Callable[..., Coroutine[Any, Any, None]], *args: Any) -> None:
        """Run something in a task."""
        self._group.start_soon(func, *args)

    async def __aenter__(self) -> "Crew":
        """Open it."""
        self._group = anyio.create_task_group()
        if runs_on_asyncio():
            opened, self._ended = anyio.Event(), anyio.Event()
            self._host = asyncio.create_task(self._hold(opened))
            with anyio.CancelScope(shield=True):
                await opened.wait()
        else:
            self._host = None
            await self._group.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Cancel what still runs, and wait for it."""
        self._group.cancel_scope.cancel()
        if self._host is None:
            await self._group.__aexit__(None, None, None)
        else:
            with anyio.CancelScope(shield=True):
                await self._ended.wait()

    async def _hold(self, opened: anyio.Event) -> None:
        try:
            async with self._group:
                opened.set()
                await anyio.sleep_forever()
        finally:
            self._ended.set()
