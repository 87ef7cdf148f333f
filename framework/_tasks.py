"""Work that belongs to the app and to no request: started by anybody, ended with the app's lifespan."""

import logging
import threading
from collections.abc import Callable
from functools import partial
from typing import Any, ParamSpec

import anyio
import anyio.from_thread

from framework._concurrency import Attendants, OpenScopes, is_async, run_in_threadpool
from framework.exceptions import FrameworkError

__all__ = ["Tasks"]

logger: logging.Logger = logging.getLogger("framework")

P = ParamSpec("P")


class Tasks:
    """The tasks of one app; `start` works between `open` and the end of the task group that is given."""

    __slots__ = ("_group", "_running", "_thread")

    def __init__(self) -> None:
        self._group: Attendants | None = None
        self._thread: int | None = None
        self._running = OpenScopes()

    def open(self, group: Attendants) -> None:
        """Run tasks in this group from now on."""
        self._group = group
        self._thread = threading.get_ident()
        self._running.reset()

    def start(self, func: Callable[P, Any], /, *args: P.args, **kwargs: P.kwargs) -> None:
        """Start a call in a task of its own; a plain function runs in a thread."""
        if self._group is None:
            raise FrameworkError(
                "start_soon() needs the app's lifespan, which is not running: the server does not "
                "support it, it was switched off, or the app has not been started"
            )
        run = partial(self._run, self._group, partial(func, *args, **kwargs))
        if threading.get_ident() == self._thread:
            run()
        else:  # a plain handler, in a worker thread
            anyio.from_thread.run_sync(run)

    async def finish(self, seconds: float) -> None:
        """Wait for the tasks, and cancel those that are not done after some seconds."""
        if late := await self._running.end(seconds):
            logger.warning("%d tasks of the app did not end within %g s: cancelled", late, seconds)

    def close(self) -> None:
        """Run no more tasks."""
        self._group = None

    def _run(self, group: Attendants, call: partial[Any]) -> None:
        scope = anyio.CancelScope()
        self._running.add(scope)  # now, so that a shutdown that begins meanwhile waits for it
        group.start_soon(self._guard, scope, call)

    async def _guard(self, scope: anyio.CancelScope, call: partial[Any]) -> None:
        try:
            with scope:
                await (call() if is_async(call.func) else run_in_threadpool(call))
        except Exception:
            logger.exception("the task %r failed", call.func)
        finally:
            self._running.discard(scope)
