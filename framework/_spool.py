"""Where the files of one form are kept while it arrives: in memory, or together in one temporary file.

One file for all of them, as a form of a hundred files must not take a hundred descriptors. It has no
name, is written in worker threads, and vanishes when it is closed.
"""

import io
import tempfile
from threading import Lock
from typing import BinaryIO

import anyio
from typing_extensions import Buffer

from framework._workers import in_thread

__all__ = ["Spool", "reopened"]

WRITE_SIZE = 256 * 1024  # bytes for each trip to a thread


class Spool:
    """Takes the content of one file after another; `memory` is for all of them that stay in memory."""

    __slots__ = ("_content", "_disk", "_memory", "_pending", "_start")

    def __init__(self, memory: int) -> None:
        self._memory = memory
        self._disk: Disk | None = None
        self._pending = io.BytesIO()  # what is to be written to the disk
        self._content = io.BytesIO()  # what has come of a file that is still in memory
        self._start = -1  # where on the disk the file begins that is not

    def write(self, chunk: bytes) -> None:
        """Take the next bytes of the file; nothing is written to the disk before `flush()`."""
        if self._start >= 0:
            self._pending.write(chunk)
        elif len(chunk) <= self._memory:
            self._content.write(chunk)
            self._memory -= len(chunk)
        else:
            if self._disk is None:
                self._disk = Disk()
            self._memory += self._content.tell()
            self._start = self._disk.size + self._pending.tell()
            # Not getbuffer(): CPython 3.12.1 crashes where it collects one. Neither makes a copy.
            self._pending.write(self._content.getvalue())
            self._pending.write(chunk)

    def end_file(self) -> BinaryIO:
        """The file that is complete now, to be read once all was flushed; the next one begins."""
        file: BinaryIO = self._content
        if self._disk is not None and self._start >= 0:
            end = self._disk.size + self._pending.tell()
            file = io.BufferedReader(Section(self._disk, self._start, end))
        file.seek(0)
        self._content = io.BytesIO()
        self._start = -1
        return file

    async def flush(self, *, whole: bool = False) -> None:
        """Write to the disk what is worth the trip to a thread, or the `whole` of what is waiting."""
        size = self._pending.tell()
        if self._disk is not None and (size >= WRITE_SIZE or (whole and size)):
            pending, self._pending = self._pending, io.BytesIO()
            await in_thread(self._disk.append, pending.getvalue())

    async def close(self) -> None:
        """Give the disk's space back, also while the task is being cancelled."""
        if self._disk is not None:
            with anyio.CancelScope(shield=True):
                await in_thread(self._disk.close)


def reopened(file: BinaryIO) -> BinaryIO:
    """The content from its start, of our own files by a position apart; ValueError if it is closed."""
    if isinstance(file, io.BytesIO):
        return io.BytesIO(file.getvalue())
    raw: object = getattr(file, "raw", None)
    if isinstance(raw, Section):
        return io.BufferedReader(raw.again())
    file.seek(0)
    return file


class Disk:
    """A temporary file, appended to and read by worker threads."""

    __slots__ = ("_file", "_lock", "size")

    def __init__(self) -> None:
        self._file: io.FileIO | None = None
        self._lock = Lock()
        self.size = 0

    def append(self, data: bytes) -> None:
        """Write at the end; the first call makes the file."""
        with self._lock:
            if self._file is None:
                self._file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115
            self._file.seek(0, io.SEEK_END)
            self.size += len(data)
            view = memoryview(data)
            while view:
                view = view[self._file.write(view) :]

    def read_into(self, buffer: memoryview, position: int) -> int:
        """Read from a position; ValueError once it is closed."""
        with self._lock:
            if self._file is None:
                raise ValueError("the files of this form are closed")
            self._file.seek(position)
            return self._file.readinto(buffer)

    def close(self) -> None:
        """Close it, and with it remove it."""
        with self._lock:
            if self._file is not None:
                self._file.close()
                self._file = None


class Section(io.RawIOBase):
    """Some bytes of a Disk as a file of their own."""

    __slots__ = ("_disk", "_position", "_size", "_start")

    def __init__(self, disk: Disk, start: int, end: int) -> None:
        self._disk = disk
        self._start = start
        self._size = end - start
        self._position = 0

    def readable(self) -> bool:
        """True: it can be read, and only that."""
        return True

    def seekable(self) -> bool:
        """True: wherever it is read next, the lock of the disk keeps readers apart."""
        return True

    def again(self) -> "Section":
        """The same bytes, to be read by somebody else; ValueError if it is closed."""
        self._checkClosed()
        return Section(self._disk, self._start, self._start + self._size)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move, without a look at the disk; ValueError before the start."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}.get(whence)
        if base is None:
            raise ValueError(f"whence={whence!r}: it takes 0, 1 or 2")
        if base + offset < 0:
            raise ValueError(f"a position before the start of the file: {base + offset}")
        self._position = base + offset
        return self._position

    def readinto(self, buffer: Buffer) -> int:
        """Read what fits."""
        left = max(0, self._size - self._position)
        read = self._disk.read_into(memoryview(buffer)[:left], self._start + self._position)
        self._position += read
        return read
