"""Work that belongs to the app and to no request: started by anybody, ended with the app's lifespan."""

import logging
import threading
from collections.abc import Callable
from functools import partial
from typing import Any, ParamSpec

import anyio
import anyio.from_thread
import anyio.lowlevel

from framework._concurrency import (
    Attendants,
    OpenScopes,
    check_function,
    is_async,
    is_being_cancelled,
    run_in_threadpool,
)
from framework.exceptions import FrameworkError

__all__ = ["Tasks"]

logger: logging.Logger = logging.getLogger("framework")

P = ParamSpec("P")


class Tasks:
    """The tasks of one app; `start` works between `open` and the end of the task group that is given."""

    __slots__ = ("_group", "_running", "_thread", "_token")

    def __init__(self) -> None:
        self._group: Attendants | None = None
        self._thread: int | None = None
        self._running = OpenScopes()

    def open(self, group: Attendants) -> None:
        """Run tasks in this group from now on."""
        self._group = group
        self._thread = threading.get_ident()
        self._token = anyio.lowlevel.current_token()
        self._running.reset()

    def start(self, func: Callable[P, Any], /, *args: P.args, **kwargs: P.kwargs) -> None:
        """Start a call in a task of its own; a plain function runs in a thread."""
        check_function("start_soon()", func)
        if self._group is None:
            raise FrameworkError(
                "start_soon() needs the app's lifespan, which is not running: the server does not "
                "support it, it was switched off, or the app has not begun or has ended its tasks"
            )
        run = partial(self._run, self._group, partial(func, *args, **kwargs))
        if threading.get_ident() == self._thread:
            run()
        else:  # of a plain handler, or the user's own
            anyio.from_thread.run_sync(run, token=self._token)

    async def finish(self, seconds: float) -> None:
        """Wait for the tasks, cancel those that are not done after some seconds, and run no more."""
        if late := await self._running.end(seconds):
            logger.warning(
                "%d tasks of the app did not end within %g s: cancelled, unless they are in threads, "
                "which are waited for",
                late,
                seconds,
            )
        self.close()

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
        except (Exception, anyio.get_cancelled_exc_class()):
            if is_being_cancelled():
                raise
            logger.exception("the task %r failed", call.func)
        finally:
            self._running.discard(scope)
