"""Blocks that are cancelled when something else happens: when the client goes, or the app stops.

A server may hold ten thousand idle streams, each in such a block. So what waits beside it is, on asyncio,
a bare task and a timer, which take much less memory than tasks of an anyio group.
"""

import asyncio
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Protocol

import anyio
import anyio.lowlevel

from framework._concurrency import MOMENT, Attendants, OpenScopes
from framework._workers import runs_on_asyncio
from framework.types import Receive

__all__ = ["Routine", "UntilDisconnect", "until_blocked", "until_disconnect"]

DISCONNECTS = ("http.disconnect", "websocket.disconnect")


async def until_blocked(work: Callable[[], Awaitable[object]]) -> None:
    """Run `work` for as long as it goes on with what has arrived, and cancel it where it waits for more.

    A scope that is cancelled already, or has no time left, would not do: trio looks at it first.
    """

    async def moment() -> None:
        for _ in range(MOMENT):
            await anyio.lowlevel.checkpoint()
        group.cancel_scope.cancel()

    async with Attendants() as group:
        group.start_soon(moment)
        await work()


def until_disconnect(
    receive: Receive, among: OpenScopes | None = None, *, can_leave: bool = False
) -> "UntilDisconnect":
    """Cancels the block when `receive` says that the client has gone.

    Meanwhile the block is `among` what is open; it is cancelled, too, as soon as all that is asked to
    leave, if it `can_leave`.
    """
    kind = UntilDisconnectOnAsyncio if runs_on_asyncio() else UntilDisconnect
    return kind(receive, among, can_leave=can_leave)


class Routine(Protocol):
    """What is done now and again."""

    def _is_due(self) -> bool:
        """Whether it is to be done now."""
        ...

    async def _act(self) -> None:
        """Do it."""


class UntilDisconnect:
    """`async with until_disconnect(...) as block:`; a block that was cancelled is not `block.finished`.

    It stays in the caller's task. What it raises is not wrapped in a group, nor is what `receive` raises.
    """

    __slots__ = ("_among", "_can_leave", "_failure", "_group", "_receive", "finished")

    def __init__(self, receive: Receive, among: OpenScopes | None, *, can_leave: bool) -> None:
        self._receive = receive
        self._among = among
        self._can_leave = can_leave
        self._failure: Exception | None = None
        self.finished = False

    async def __aenter__(self) -> "UntilDisconnect":
        """Begin to wait for the client to go, in a task of its own."""
        await self._open()
        if self._among is not None:
            self._among.add(self, self._leave if self._can_leave else None)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool | None:
        """Wait no more."""
        self.finished = error is None
        if self._among is not None:
            self._among.discard(self)
        is_handled = await self._close(kind, error, trace)
        if self._failure is not None and is_handled and not self.finished:
            raise self._failure
        return is_handled

    def cancel(self) -> None:
        """Cancel the block."""
        self._group.cancel_scope.cancel()

    def every(self, seconds: float, routine: Routine) -> None:
        """Do something beside the block now and again, each time if it is due."""

        async def repeat() -> None:
            while True:
                await anyio.sleep(seconds)
                if routine._is_due():
                    await self._perform(routine)

        self._group.start_soon(repeat)

    async def _open(self) -> None:
        self._group = await Attendants().__aenter__()
        self._group.start_soon(self._watch)

    async def _close(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool | None:
        return await self._group.__aexit__(kind, error, trace)

    async def _watch(self) -> None:
        receive = self._receive
        ended = False
        try:
            while (message := await receive())["type"] not in DISCONNECTS:
                if ended:  # a server that repeats itself would keep this loop spinning
                    await anyio.sleep_forever()
                ended = not message.get("more_body", False)
        except Exception as error:  # carried out of the task, and raised at the end of the block
            self._failure = error
        self.cancel()

    async def _perform(self, routine: Routine) -> None:
        try:
            await routine._act()
        except Exception as error:
            self._failure = error
            self.cancel()

    async def _leave(self) -> None:
        self.cancel()


class UntilDisconnectOnAsyncio(UntilDisconnect):
    """The same with a task and a timer of asyncio's own beside the block, for the sake of memory."""

    __slots__ = ("_routine", "_scope", "_seconds", "_task", "_timer", "_watcher")

    _scope: anyio.CancelScope
    _task: asyncio.Task[None] | None
    _timer: asyncio.TimerHandle | None
    _watcher: asyncio.Handle | asyncio.Task[None]

    def cancel(self) -> None:
        """Cancel the block."""
        self._scope.cancel()

    def every(self, seconds: float, routine: Routine) -> None:
        """Do something beside the block now and again, each time if it is due."""
        self._seconds, self._routine = seconds, routine
        self._start_timer()

    def _start_timer(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(self._seconds, self._tick)

    def _tick(self) -> None:
        if self._routine._is_due():
            self._task = asyncio.create_task(self._perform(self._routine))
        else:
            self._start_timer()

    async def _perform(self, routine: Routine) -> None:
        await super()._perform(routine)
        self._start_timer()

    async def _open(self) -> None:
        self._timer = self._task = None
        # The task begins where the block first waits: one that never does is over before.
        self._watcher = asyncio.get_running_loop().call_soon(self._start_watcher)
        self._scope = anyio.CancelScope().__enter__()

    def _start_watcher(self) -> None:
        self._watcher = asyncio.create_task(self._watch())

    async def _close(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool | None:
        is_handled = self._scope.__exit__(kind, error, trace)
        if self._timer is not None:
            self._timer.cancel()
        self._watcher.cancel()
        if self._task is not None:
            self._task.cancel()
        if tasks := [each for each in (self._watcher, self._task) if asyncio.isfuture(each)]:
            await asyncio.wait(tasks)
        return is_handled
