"""Where the files of a form are kept: how much in memory, and that one descriptor is enough."""

import io
import os
import tempfile
import threading
from typing import Any, BinaryIO

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework._spool import WRITE_SIZE, Section, Spool
from tests.leftovers import descriptors

BIG = bytes(range(256)) * (WRITE_SIZE // 128)  # two writes


async def kept(spool: Spool, *files: list[bytes]) -> list[BinaryIO]:
    """Give the files to the spool as a form does."""
    opened: list[BinaryIO] = []
    for chunks in files:
        for chunk in chunks:
            spool.write(chunk)
            await spool.flush()
        opened.append(spool.end_file())
    await spool.flush(whole=True)
    return opened


def is_on_disk(file: BinaryIO) -> bool:
    return isinstance(getattr(file, "raw", None), Section)


@pytest.fixture
def writes(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, str]]:
    """The size of each write to a temporary file, and the thread that it is made in."""
    seen: list[tuple[int, str]] = []
    temporary = tempfile.TemporaryFile

    class Recorded:
        def __init__(self, **options: Any) -> None:
            self.file: Any = temporary(**options)

        def write(self, data: memoryview) -> int:
            half = data[: (len(data) + 1) // 2]  # as a system may that is interrupted
            seen.append((len(half), threading.current_thread().name))
            return int(self.file.write(half))

        def __getattr__(self, name: str) -> Any:
            return getattr(self.file, name)

    monkeypatch.setattr(tempfile, "TemporaryFile", Recorded)
    return seen


async def test_small_files_stay_in_memory() -> None:
    before = descriptors()
    spool = Spool(6)
    files = await kept(spool, [b"ab", b"c"], [], [b"def"])
    assert [file.read() for file in files] == [b"abc", b"", b"def"]
    assert [is_on_disk(file) for file in files] == [False] * 3
    assert descriptors() == before
    await spool.close()


async def test_what_does_not_fit_into_memory_is_on_the_disk_in_one_file() -> None:
    before = descriptors()
    spool = Spool(4)
    files = await kept(spool, [b"ab"], [b"cd", b"efg"], [b"hi"], [b"j" * 9], [b"k"], [BIG])
    assert [is_on_disk(file) for file in files] == [False, True, False, True, True, True]
    assert descriptors() == before + 1
    assert [file.read() for file in files] == [b"ab", b"cdefg", b"hi", b"j" * 9, b"k", BIG]
    await spool.close()
    assert descriptors() == before


async def test_the_event_loop_never_writes(writes: list[tuple[int, str]]) -> None:
    spool = Spool(4)
    chunk = WRITE_SIZE // 4
    (file,) = await kept(spool, [BIG[at : at + chunk] for at in range(0, len(BIG), chunk)])
    assert file.read() == BIG
    assert sum(size for size, _ in writes) == len(BIG)
    assert max(size for size, _ in writes) == WRITE_SIZE // 2
    assert threading.main_thread().name not in {name for _, name in writes}
    await spool.close()


@given(
    files=st.lists(st.lists(st.binary(max_size=9), max_size=4), max_size=6),
    memory=st.integers(0, 40),
)
def test_files_are_what_was_written(files: list[list[bytes]], memory: int) -> None:
    async def check() -> None:
        spool = Spool(memory)
        opened = await kept(spool, *files)
        assert [file.read() for file in opened] == [b"".join(chunks) for chunks in files]
        in_memory = sum(
            len(b"".join(c)) for c, f in zip(files, opened, strict=True) if not is_on_disk(f)
        )
        assert in_memory <= memory
        await spool.close()

    anyio.run(check)


async def test_a_section_is_read_like_a_file() -> None:
    spool = Spool(0)
    _, file, _ = await kept(spool, [b"before"], [b"0123456789"], [b"after"])
    assert file.readable()
    assert file.seekable()
    assert file.read(3) == b"012"
    assert file.tell() == 3
    assert file.seek(2, os.SEEK_CUR) == 5
    assert file.read(2) == b"56"
    assert file.seek(-1, os.SEEK_END) == 9
    assert file.read() == b"9"
    assert file.read() == b""
    assert file.seek(99) == 99
    assert file.read() == b""
    with pytest.raises(ValueError, match="before the start of the file: -1"):
        file.seek(-1)
    raw: object = getattr(file, "raw", None)
    assert isinstance(raw, Section)
    with pytest.raises(ValueError, match="whence=5"):
        raw.seek(0, 5)
    file.seek(0)
    assert list(file) == [b"0123456789"]
    await spool.close()
    file.seek(0)
    with pytest.raises(ValueError, match="the files of this form are closed"):
        file.read()


async def test_a_file_that_is_closed_does_not_close_its_neighbours() -> None:
    spool = Spool(0)
    one, other = await kept(spool, [b"one"], [b"other"])
    one.close()
    assert other.read() == b"other"
    await spool.close()


async def test_closing_twice_or_before_anything_was_written_does_nothing() -> None:
    spool = Spool(0)
    await spool.close()
    spool.write(b"a")
    await spool.close()
    await spool.flush(whole=True)
    await spool.close()
    await spool.close()


async def test_a_spool_is_closed_also_while_its_task_is_cancelled() -> None:
    before = descriptors()
    spool = Spool(0)
    await kept(spool, [b"a"])
    with anyio.CancelScope() as scope:
        scope.cancel()
        await spool.close()
    assert descriptors() == before


async def test_a_full_disk_is_an_error_of_the_system() -> None:
    spool = Spool(0)
    await kept(spool, [b"a"])
    disk = spool._disk
    assert disk is not None
    disk.close()
    disk._file = io.FileIO("/dev/full", "wb")
    with pytest.raises(OSError, match=r"No space left|Illegal seek"):
        await kept(spool, [b"b"])
    await spool.close()
