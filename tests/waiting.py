"""Wait for what becomes true in a thread, a task or a process of its own; a test fails if it never does."""

import time
from collections.abc import Callable

import anyio

PATIENCE = 30.0  # seconds
PAUSE = 0.005  # seconds between two looks


def until(true: Callable[[], object], patience: float = PATIENCE) -> None:
    """Wait in a thread; AssertionError after `patience` seconds."""
    deadline = time.monotonic() + patience
    while not true():
        assert time.monotonic() < deadline, "what was waited for has not become true"
        time.sleep(PAUSE)


async def become(true: Callable[[], object], patience: float = PATIENCE) -> None:
    """Wait in a task; TimeoutError after `patience` seconds."""
    with anyio.fail_after(patience):
        while not true():  # noqa: ASYNC110 - nobody tells of it
            await anyio.sleep(PAUSE)
