"""Being told to stop: by a signal, which goes on to who handled it, or by hypercorn's event."""

import multiprocessing
import signal
import threading
from collections.abc import Generator
from contextlib import contextmanager
from types import FrameType, SimpleNamespace
from typing import Any

import anyio
import pytest

from framework import App
from framework._signals import on_stop_signal, worker
from tests.protocols import running


@contextmanager
def handled(number: int, handler: Any) -> Generator[None]:
    """Have a signal handled in the course of the block."""
    before = signal.signal(number, handler)
    try:
        yield
    finally:
        signal.signal(number, before)


async def test_a_signal_is_heard_and_goes_on_to_who_handled_it() -> None:
    def server(number: int, frame: FrameType | None) -> None:
        seen.append(number)

    seen: list[int] = []
    heard = anyio.Event()
    with handled(signal.SIGTERM, server):
        with on_stop_signal(heard.set):
            signal.raise_signal(signal.SIGTERM)
            with anyio.fail_after(2):
                await heard.wait()
        assert seen == [signal.SIGTERM]
        assert signal.getsignal(signal.SIGTERM) is server


async def test_a_handler_that_a_later_one_still_calls_only_passes_the_signal_on() -> None:
    def server(number: int, frame: FrameType | None) -> None:
        seen.append(number)

    seen: list[int] = []
    told: list[int] = []
    with handled(signal.SIGTERM, server):
        first = on_stop_signal(lambda: told.append(1))
        first.__enter__()
        with on_stop_signal(lambda: told.append(2)):
            first.__exit__(None, None, None)
            signal.raise_signal(signal.SIGTERM)
            await anyio.sleep(0.01)
    assert told == [2]
    assert seen == [signal.SIGTERM]


async def test_a_signal_that_nobody_handles_is_left_alone() -> None:
    with handled(signal.SIGTERM, signal.SIG_DFL), on_stop_signal(lambda: None):
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


async def test_a_handler_that_came_later_stays() -> None:
    def later(number: int, frame: FrameType | None) -> None: ...

    with handled(signal.SIGTERM, signal.default_int_handler):
        with on_stop_signal(lambda: None):
            signal.signal(signal.SIGTERM, later)
        assert signal.getsignal(signal.SIGTERM) is later


def test_in_another_thread_than_the_main_one_nothing_is_done() -> None:
    async def listen() -> None:
        before = signal.getsignal(signal.SIGTERM)
        with on_stop_signal(lambda: None):
            found.append(signal.getsignal(signal.SIGTERM) is before)

    found: list[bool] = []
    thread = threading.Thread(target=anyio.run, args=[listen], kwargs={"backend": "asyncio"})
    thread.start()
    thread.join()
    assert found == [True]


async def test_a_worker_of_hypercorn_learns_by_the_event_of_its_process(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert worker() is None
    event = threading.Event()
    process = multiprocessing.current_process()
    arguments = {"shutdown_event": event, "config": SimpleNamespace(graceful_timeout=3.0)}
    monkeypatch.setattr(process, "_kwargs", arguments, raising=False)
    found = worker()
    assert found is not None
    assert found.patience == 3.0
    app = App()
    async with running(app):
        assert await app.shutting_down.wait(0.01) is False
        event.set()
        with anyio.fail_after(2):
            await app.shutting_down.wait()
