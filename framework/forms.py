"""Forms: fields and files of a request's body, urlencoded or multipart/form-data.

What a handler gets once all has come is here; parts that are read while they arrive are in `parts`.
Bytes come in as an iterator of chunks; who sends them, and how many may come, is for `requests`.
"""

import io
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Iterable, Iterator
from os import PathLike
from pathlib import Path
from secrets import token_hex
from types import TracebackType
from typing import BinaryIO, NoReturn

from framework._multipart import Event, FormParser, PartHead
from framework._spool import Spool, reopened
from framework._wire.disposition import safe_filename
from framework._wire.headers import Headers
from framework._wire.multidict import MultiMapping, first_values
from framework._wire.query import parse_urlencoded
from framework._workers import in_thread
from framework.exceptions import LimitExceeded
from framework.limits import Limits, field_too_large, form_too_large

__all__ = ["FormData", "FormReader", "UploadFile", "parse_form", "read_multipart"]

READ_SIZE = 64 * 1024


class UploadFile(AsyncIterator[bytes]):
    """A file of a form, open until the request was answered.

    `filename` is as the client sent it ("" where the user chose no file): show it, but save by
    `safe_filename`. `content_type` is the client's claim, too. Iterate over it for its bytes in chunks.
    """

    __slots__ = ("content_type", "file", "filename", "headers", "size")

    def __init__(
        self,
        file: BinaryIO,
        *,
        size: int,
        filename: str = "",
        content_type: str | None = None,
        headers: Headers | None = None,
    ) -> None:
        self.file: BinaryIO = file
        """The file itself, for libraries that read files: give it to them in a thread."""
        self.size: int = size
        self.filename: str = filename
        self.content_type: str | None = content_type
        self.headers: Headers = Headers() if headers is None else headers

    @property
    def safe_filename(self) -> str:
        """A name to save it by: the last component of `filename`, without what file systems read as more."""
        return safe_filename(self.filename)

    async def read(self, size: int = -1) -> bytes:
        """The next `size` bytes, all that are left by default; b"" at the end."""
        if isinstance(self.file, io.BytesIO):
            return self.file.read(size)
        return await in_thread(self.file.read, size)

    async def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a position, as files do; returns it."""
        return self.file.seek(offset, whence)

    async def __anext__(self) -> bytes:
        """The next 64 KiB."""
        if chunk := await self.read(READ_SIZE):
            return chunk
        raise StopAsyncIteration

    async def save(self, path: str | PathLike[str]) -> Path:
        """Write the whole file to `path`, in a thread, and return where it is.

        In a directory it gets its `safe_filename`, and FileExistsError rather than another's place. A
        file of that path is replaced once all was written; whatever fails leaves it as it was.
        """
        return await in_thread(_save, self.file, Path(path), self.safe_filename)

    async def close(self) -> None:
        """Close it before the request is answered: what it holds in memory is freed."""
        self.file.close()

    def __repr__(self) -> str:
        return (
            f"UploadFile({self.filename!r}, size={self.size}, content_type={self.content_type!r})"
        )


def _save(file: BinaryIO, path: Path, name: str) -> Path:
    content = reopened(file)
    if path.is_dir():
        _write(content, path / name)
        return path / name
    written = path.with_name(f".upload-{token_hex(8)}")
    _write(content, written)
    return written.replace(path)


def _write(content: BinaryIO, path: Path) -> None:
    with path.open("xb") as copy:
        try:
            shutil.copyfileobj(content, copy, READ_SIZE)
        except BaseException:
            path.unlink()
            raise


class FormData(MultiMapping[str | UploadFile]):
    """The entries of a form in order: str for fields, UploadFile for files; the first of a name counts."""

    __slots__ = ("_spool",)

    def __init__(
        self, pairs: Iterable[tuple[str, str | UploadFile]] = (), *, spool: Spool | None = None
    ) -> None:
        self._pairs = list(pairs)
        self._first = first_values(self._pairs)
        self._spool = spool

    @property
    def fields(self) -> MultiMapping[str]:
        """Only the fields, so that a type checker knows them as str."""
        return MultiMapping((name, v) for name, v in self._pairs if isinstance(v, str))

    @property
    def files(self) -> MultiMapping[UploadFile]:
        """Only the files."""
        return MultiMapping((name, v) for name, v in self._pairs if isinstance(v, UploadFile))

    async def close(self) -> None:
        """Close the files; an app does so once the request was answered."""
        if self._spool is not None:
            for _, value in self._pairs:
                if isinstance(value, UploadFile):
                    value.file.close()
            await self._spool.close()


class FormReader(Awaitable[FormData]):
    """What `request.form()` returns: `await` it, or close its files early by `async with`."""

    __slots__ = ("_read",)

    def __init__(self, read: Callable[[], Awaitable[FormData]]) -> None:
        self._read = read

    def __await__(self) -> Generator[object, None, FormData]:
        return self._read().__await__()

    def __getattr__(self, name: str) -> NoReturn:
        raise AttributeError(
            f"the form was not read, so it has no {name!r}: `await request.form()`"
        )

    def __getitem__(self, name: str) -> NoReturn:
        raise TypeError("the form was not read: (await request.form())[name]")

    async def __aenter__(self) -> FormData:
        return await self._read()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await (await self._read()).close()


async def read_multipart(chunks: AsyncIterator[bytes], boundary: bytes, limits: Limits) -> FormData:
    """The form of a multipart body. Errors leave no file behind, whatever they are."""
    parser = FormParser(boundary, limits)
    spool = Spool(limits.max_file_memory)
    entries = _Entries(spool, limits.max_form_memory)
    try:
        async for chunk in chunks:
            for event in parser.events(chunk):
                entries.take(event)
            await spool.flush()
        parser.finish()
        await spool.flush(whole=True)
        return FormData(entries.decoded(), spool=spool)
    except BaseException:
        await spool.close()
        raise


class _Entries:
    # What has come of a form: for each part its head, and its bytes or its file.
    __slots__ = ("_content", "_head", "_left", "_limit", "_read", "_spool")

    def __init__(self, spool: Spool, max_memory: int) -> None:
        self._spool = spool
        self._limit = self._left = max_memory
        self._read: list[tuple[PartHead, bytearray | UploadFile]] = []

    def take(self, event: Event) -> None:
        if isinstance(event, PartHead):
            self._head = event
            self._content = bytearray()
        elif event is None:
            self._end_part()
        elif self._head.filename is None:
            self._head.check_size()
            self._left -= len(event)
            if self._left < 0:
                raise form_too_large(self._limit)
            self._content += event
        else:
            self._head.check_size()
            self._spool.write(event)

    def _end_part(self) -> None:
        head = self._head
        if head.filename is None:
            self._read.append((head, self._content))
        else:
            file = UploadFile(
                self._spool.end_file(),
                size=head.bytes_received,
                filename=head.filename,
                content_type=head.content_type,
                headers=head.headers,
            )
            self._read.append((head, file))

    def decoded(self) -> Iterator[tuple[str, str | UploadFile]]:
        charset = None
        for head, value in self._read:
            if head.name == "_charset_" and isinstance(value, bytearray):
                charset = value.decode("latin-1")  # of all the others (RFC 7578 section 4.6)
        for head, value in self._read:
            yield head.name, value if isinstance(value, UploadFile) else head.text(value, charset)


def parse_form(body: bytes, limits: Limits) -> FormData:
    """The form of an urlencoded body, whose fields count as those of a multipart one do."""
    limit = limits.max_field_size
    if len(body) > limits.max_form_memory:
        raise form_too_large(limits.max_form_memory)
    is_large = len(body) > limit
    # Before anything is decoded: escapes are three times as long as what they stand for.
    if is_large and any(len(sequence) > 3 * limit + 1 for sequence in body.split(b"&")):
        raise field_too_large(limit)
    try:
        fields = parse_urlencoded(body, max_fields=limits.max_fields)
    except ValueError as error:
        raise LimitExceeded(
            400, "max_fields", limits.max_fields, f"the form has {error}"
        ) from error
    if is_large and any(len(name.encode()) + len(value.encode()) > limit for name, value in fields):
        raise field_too_large(limit)
    return FormData(fields)
