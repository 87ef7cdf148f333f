"""What a process still holds, for tests that nothing is left behind."""

import gc
import resource
import time
from collections.abc import Callable, Iterator
from pathlib import Path

__all__ = ["descriptors", "descriptors_of", "memory_of", "names", "settled"]


def descriptors() -> int:
    """How many files and sockets are open."""
    gc.collect()
    return len(list(Path("/proc/self/fd").iterdir()))


def family(pid: int) -> list[Path]:
    """What /proc has of a process and its children."""
    found = [Path(f"/proc/{pid}")]
    for each in found:
        children = [task.read_text().split() for task in each.glob("task/*/children")]
        found += [Path(f"/proc/{child}") for line in children for child in line]
    return found


def descriptors_of(pid: int) -> int:
    """How many a process and its children have open."""
    return sum(len(list((each / "fd").iterdir())) for each in family(pid))


def memory_of(pid: int) -> int:
    """The bytes of memory that a process and its children occupy."""
    pages = sum(int((each / "statm").read_text().split()[1]) for each in family(pid))
    return pages * resource.getpagesize()


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
