"""What a process still holds, for tests that nothing is left behind."""

import gc
import time
from collections.abc import Callable, Iterator
from pathlib import Path

__all__ = ["descriptors", "descriptors_of", "names", "settled"]


def descriptors() -> int:
    """How many files and sockets are open."""
    gc.collect()
    return len(list(Path("/proc/self/fd").iterdir()))


def descriptors_of(pid: int) -> int:
    """How many a process and its children have open."""
    pids = [pid]
    for each in pids:
        tasks = Path(f"/proc/{each}/task").glob("*/children")
        pids += [int(child) for task in tasks for child in task.read_text().split()]
    return sum(len(list(Path(f"/proc/{each}/fd").iterdir())) for each in pids)


def settled(count: Callable[[], int], most: int) -> int:
    """The count once it is no more than `most`, or else what it is after twenty seconds."""
    deadline = time.monotonic() + 20

    def counts() -> Iterator[int]:
        while True:
            time.sleep(0.1)
            yield count()

    return next(now for now in counts() if now <= most or time.monotonic() > deadline)


def names(directory: Path) -> list[str]:
    """The names in a directory, sorted."""
    return sorted(path.name for path in directory.iterdir())
