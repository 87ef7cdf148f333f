"""How a process is told to stop, and by whom; what is done about it is for `lifespan`.

No server tells an app before it waits for the app's connections to end, so an app has to listen for
itself: to signals, beside the server, which goes on to handle them.
"""

import math
import signal
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from multiprocessing.process import current_process
from types import FrameType
from typing import Any, NamedTuple, Protocol

import anyio
import anyio.lowlevel

__all__ = ["WorkerEvent", "on_stop_signal", "until_set", "worker"]

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class WorkerEvent(Protocol):
    """An event of another process."""

    def is_set(self) -> bool:
        """Whether it has been set."""
        ...


@contextmanager
def on_stop_signal(callback: Callable[[], object]) -> Generator[None]:
    """Call `callback` in this event loop when the process gets SIGINT or SIGTERM, and then who handled it.

    Only what somebody handles is listened to: another signal ends the process at once. Python knows
    signals in its main thread only; elsewhere nothing is done.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop: Any = anyio.lowlevel.current_token().native_token
    call_soon = getattr(loop, "call_soon_threadsafe", None) or loop.run_sync_soon  # asyncio, trio
    handlers = {
        number: handler for number in STOP_SIGNALS if callable(handler := signal.getsignal(number))
    }

    is_listening = True

    def handle(number: int, frame: FrameType | None) -> None:
        with suppress(RuntimeError):  # the event loop has ended before its lifespan did
            if is_listening:  # a handler that came later may go on to call this one
                call_soon(callback)
        handlers[signal.Signals(number)](number, frame)

    for number in handlers:
        signal.signal(number, handle)
    try:
        yield
    finally:
        is_listening = False
        for number, handler in handlers.items():
            if signal.getsignal(number) is handle:
                signal.signal(number, handler)


class Worker(NamedTuple):
    """A process that its server tells to stop by other means than a signal."""

    stopping: WorkerEvent
    """Set when it is to stop."""

    patience: float
    """Seconds until the server cancels what is still open."""


def worker() -> Worker | None:
    """What hypercorn has given to this process, if it is one of its workers, among its arguments."""
    arguments: dict[str, Any] = getattr(current_process(), "_kwargs", {})
    event = arguments.get("shutdown_event")
    if event is None:
        return None
    return Worker(event, getattr(arguments.get("config"), "graceful_timeout", math.inf))


async def until_set(event: WorkerEvent) -> None:
    """Wait until another process has set an event."""
    while not event.is_set():  # noqa: ASYNC110 - there is nothing to wait for
        await anyio.sleep(0.1)
