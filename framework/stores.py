"""Where the server keeps bytes by key for a while: what a store is, and the one in memory.

What the bytes mean is the business of those who keep them: sessions, answers to be repeated, rates.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from sys import getsizeof
from threading import Lock
from typing import Literal, Protocol, TypeAlias

__all__ = ["MemoryStore", "Store", "When"]

When: TypeAlias = Literal["always", "absent", "present"]
"""What has to be the case for a value to be set: nothing, that the key is not there, or that it is."""

OVERHEAD = 512  # bytes that an entry takes beside its key and its value, at most
SLACK = 64  # forgotten entries that may stay in the queue, beside as many as are alive


class Store(Protocol):
    """Bytes by key, each for a time; shared by all who hold it, so every operation is atomic."""

    async def get(self, key: str) -> bytes | None:
        """What was set; None if nothing was, if its time is over, or if the store had to forget it."""
        ...

    async def set(self, key: str, value: bytes, *, max_age: int, when: When = "always") -> bool:
        """Keep the value for `max_age` seconds, 1 or more; False if `when` was not the case."""
        ...

    async def replace(self, key: str, old: bytes, new: bytes | None, *, max_age: int) -> bool:
        """Keep `new` instead of `old`, None to forget the key; False if the value is not `old` any more."""
        ...

    async def advance(self, key: str, step: int, *, least: int, most: int, max_age: int) -> int:
        """Raise the number of the key, or `least` if that is more, by `step`; return what comes of it.

        More than `most` is returned, too, but not kept. Numbers are below 2**53, and kept as decimal text.
        """
        ...

    async def delete(self, key: str) -> None:
        """Forget the key; nothing happens if it is not there."""
        ...


@dataclass(slots=True)
class _Entry:
    deadline: float
    key: str
    value: bytes

    def __lt__(self, other: "_Entry") -> bool:
        return self.deadline < other.deadline


class MemoryStore:
    """Keeps up to `max_bytes` in the memory of this process, for all its threads and event loops.

    When it is full it forgets what has expired, then what was set first. Processes do not share it,
    and a restart empties it: where either matters, take a RedisStore.
    """

    __slots__ = ("_clock", "_entries", "_lock", "_max_bytes", "_queue", "_size")

    def __init__(
        self,
        *,
        max_bytes: int = 64 * 1024 * 1024,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._max_bytes = max_bytes
        self._clock = clock
        self._lock = Lock()
        self._size = 0
        self._entries: dict[str, _Entry] = {}  # what was set first comes first
        self._queue: list[_Entry] = []  # a heap, what expires first on top; some were forgotten

    async def get(self, key: str) -> bytes | None:
        """What was set, or None."""
        with self._lock:
            entry = self._entries.get(key)
            return None if entry is None or entry.deadline <= self._clock() else entry.value

    async def set(self, key: str, value: bytes, *, max_age: int, when: When = "always") -> bool:
        """Keep the value; ValueError if it alone is larger than the store."""
        with self._lock:
            now = self._clock()
            self._forget_expired(now)
            if when != "always" and (key in self._entries) != (when == "present"):
                return False
            self._keep(key, value, now + max_age)
            return True

    async def replace(self, key: str, old: bytes, new: bytes | None, *, max_age: int) -> bool:
        """Keep another value, or none, where the value is `old`; ValueError as by `set`."""
        with self._lock:
            now = self._clock()
            self._forget_expired(now)
            entry = self._entries.get(key)
            if entry is None or entry.value != old:
                return False
            if new is None:
                self._forget(key)
            else:
                self._keep(key, new, now + max_age)
            return True

    async def advance(self, key: str, step: int, *, least: int, most: int, max_age: int) -> int:
        """Raise a number, unless it would be more than `most`; ValueError as by `set`."""
        with self._lock:
            now = self._clock()
            self._forget_expired(now)
            entry = self._entries.get(key)
            number = max(least, least if entry is None else int(entry.value)) + step
            if number <= most:
                self._keep(key, b"%d" % number, now + max_age)
            return number

    async def delete(self, key: str) -> None:
        """Forget the key."""
        with self._lock:
            self._forget(key)

    def _keep(self, key: str, value: bytes, deadline: float) -> None:
        size = _size(key, value)
        if size > self._max_bytes:
            raise ValueError(
                f"MemoryStore(max_bytes={self._max_bytes}) has no room for the {size} bytes of "
                f"{key!r:.80}"
            )
        self._forget(key)
        while self._size + size > self._max_bytes:
            self._forget(next(iter(self._entries)))
        entry = self._entries[key] = _Entry(deadline, key, value)
        heappush(self._queue, entry)
        self._size += size

    def _forget_expired(self, now: float) -> None:
        queue = self._queue
        if len(queue) > 2 * len(self._entries) + SLACK:  # so rarely that a call does little of it
            queue[:] = self._entries.values()
            heapify(queue)
        while queue and queue[0].deadline <= now:
            entry = heappop(queue)
            if self._entries.get(entry.key) is entry:
                self._forget(entry.key)

    def _forget(self, key: str) -> None:
        entry = self._entries.pop(key, None)
        if entry is not None:
            self._size -= _size(key, entry.value)
            entry.key, entry.value = "", b""  # it may stay in the queue for a while


def _size(key: str, value: bytes) -> int:
    return OVERHEAD + getsizeof(key) + getsizeof(value)
