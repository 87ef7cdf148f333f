"""Content codings of a body that arrives in pieces, undone chunk by chunk (RFC 9110 section 8.4).

No more is decompressed than is asked for: a bomb, a few bytes that become gigabytes, is refused before
it is there. br and zstd need the extra `compression`; without it they are not in `CODINGS`. No await.
"""

import zlib
from collections.abc import Callable
from importlib import import_module
from typing import Any, NamedTuple, Protocol

from framework.exceptions import LimitExceeded, MalformedRequest

__all__ = ["CODINGS", "CompressedBody"]

PIECE = 16 * 1024
"""Compressed bytes taken at a time: what is left over of a piece is copied for each chunk."""

CHUNK = 64 * 1024
"""Decompressed bytes handed out at a time; brotli overshoots by half of it."""

GRACE = 1024 * 1024
"""Decompressed bytes up to which no ratio is held against a body."""

MAX_MEMBERS = 10_000
"""Streams in one body: bgzip makes one for each 64 KiB, an attacker a million empty ones."""

WINDOW_LOG_MAX = 23
"""RFC 9659 section 3: Zstandard's window is 8 MiB at most. Brotli's is, by RFC 7932, 16 MiB."""


def optional(*names: str) -> Any:
    """The first of these modules that is installed, or None."""
    for name in names:
        try:
            return import_module(name)
        except ImportError:
            continue
    return None


brotli = optional("brotli")
zstd = optional("compression.zstd", "backports.zstd")


class _Stream(Protocol):
    # In the shape of the standard library's decompressors (bz2, lzma, zstd): until it needs input again
    # it is given none; after `eof`, `unused_data` is what does not belong to it.
    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int) -> bytes: ...


class _Inflate:
    __slots__ = ("_stream", "needs_input")

    def __init__(self, wbits: int) -> None:
        self._stream = zlib.decompressobj(wbits)
        self.needs_input = True

    @property
    def eof(self) -> bool:
        return self._stream.eof

    @property
    def unused_data(self) -> bytes:
        return self._stream.unused_data

    def decompress(self, data: bytes, max_length: int) -> bytes:
        output = self._stream.decompress(self._stream.unconsumed_tail + data, max_length)
        self.needs_input = len(output) < max_length
        return output


class _Brotli:
    __slots__ = ("_stream", "needs_input")

    unused_data = b""  # bytes after the end are an error of brotli's own

    def __init__(self) -> None:
        self._stream = brotli.Decompressor()
        self.needs_input = True

    @property
    def eof(self) -> bool:
        has_ended: bool = self._stream.is_finished()
        return has_ended

    def decompress(self, data: bytes, max_length: int) -> bytes:
        output: bytes = self._stream.process(data, output_buffer_limit=max_length)
        # `can_accept_more_data()` would not do: it can be true while there is more output.
        self.needs_input = len(output) < max_length
        return output


def _gzip(data: bytes) -> _Stream:
    return _Inflate(zlib.MAX_WBITS | 16)


def _deflate(data: bytes) -> _Stream:
    # RFC 9110 section 8.4.1.2: some leave the zlib wrapper out. Its first byte ends in the method, 8
    # (RFC 1950 section 2.2); deflate itself begins so only if padding that should be zero is not.
    return _Inflate(zlib.MAX_WBITS if data[0] & 15 == 8 else -zlib.MAX_WBITS)


def _br(data: bytes) -> _Stream:
    return _Brotli()


def _zstd(data: bytes) -> _Stream:
    limits = {zstd.DecompressionParameter.window_log_max: WINDOW_LOG_MAX}
    stream: _Stream = zstd.ZstdDecompressor(options=limits)
    return stream


class Coding(NamedTuple):
    """How a content coding is undone."""

    open: Callable[[bytes], _Stream]
    """What decompresses a stream that begins with these bytes."""

    error: type[Exception]
    """What it raises for malformed data."""

    max_members: int = 1
    """How many streams may follow one another."""


CODINGS: dict[str, Coding] = {
    # RFC 1952 section 2.2: members follow one another; so do frames in RFC 8878 section 3.
    "gzip": Coding(_gzip, zlib.error, MAX_MEMBERS),
    "deflate": Coding(_deflate, zlib.error),
}
if brotli is not None:
    CODINGS["br"] = Coding(_br, brotli.error)
if zstd is not None:
    CODINGS["zstd"] = Coding(_zstd, zstd.ZstdError, MAX_MEMBERS)


class CompressedBody:
    """A body between what has arrived of it and what was asked for; its limits are in bytes and times.

    Raises LimitExceeded (413) for more than `max_size` bytes, compressed or decompressed, and for more
    than `max_ratio` decompressed bytes for each that has arrived, once they are over 1 MiB;
    MalformedRequest (400) for what is not in the coding, is made of too many streams, or ends too
    early or too late. No bytes at all are an empty body.
    """

    __slots__ = (
        "_coding",
        "_data",
        "_has_arrived",
        "_max_ratio",
        "_max_size",
        "_members",
        "_name",
        "_position",
        "_produced",
        "_stream",
        "arrived",
    )

    def __init__(self, name: str, *, max_size: int, max_ratio: int) -> None:
        self._name = name
        self._coding = CODINGS[name]
        self._max_size = max_size
        self._max_ratio = max_ratio
        self.arrived = 0
        """Compressed bytes until now."""
        self._produced = 0  # decompressed bytes
        self._data = b""  # what has arrived last
        self._position = 0  # how much of it was decompressed
        self._has_arrived = False  # nothing comes after it
        self._stream: _Stream | None = None
        self._members = 0

    @property
    def needs_input(self) -> bool:
        """Whether everything that has arrived was read."""
        is_drained = self._stream is None or self._stream.needs_input
        return is_drained and self._position == len(self._data)

    @property
    def is_over(self) -> bool:
        """Whether the whole body was read."""
        return self._has_arrived and self.needs_input

    def feed(self, data: bytes, *, more: bool) -> None:
        """Take what has arrived, when it needs input."""
        self.arrived += len(data)
        self.check_size(self.arrived)
        self._data, self._position, self._has_arrived = data, 0, not more

    def read(self) -> bytes:
        """The next chunk; b"" if input made no output, which is not the end."""
        chunk = b"" if self.needs_input else self._decompress()
        if self.is_over and self._stream is not None:
            raise MalformedRequest(f"the body ends in the middle of its {self._name} data")
        return chunk

    def check_size(self, size: int) -> None:
        """Raise LimitExceeded if that is more than `max_size`."""
        limit = self._max_size
        if size > limit:
            detail = f"the body, compressed or decompressed, is larger than {limit} bytes"
            raise LimitExceeded(413, "max_size", limit, detail)

    def _decompress(self) -> bytes:
        data, stream = b"", self._stream
        if stream is None or stream.needs_input:
            data = self._data[self._position : self._position + PIECE]
            self._position += len(data)
        if stream is None:
            stream = self._stream = self._next_member(data)
        try:
            chunk = stream.decompress(data, CHUNK)
        except self._coding.error as error:
            raise MalformedRequest(f"the body is not valid {self._name}: {error}") from error
        if stream.eof:
            self._position -= len(stream.unused_data)
            self._stream = None
        self._produced += len(chunk)
        self.check_size(self._produced)
        self._check_ratio()
        return chunk

    def _next_member(self, data: bytes) -> _Stream:
        limit = self._coding.max_members
        if self._members == limit == 1:
            raise MalformedRequest(f"the body goes on after the end of its {self._name} data")
        if self._members == limit:
            raise MalformedRequest(f"the body is made of more than {limit} {self._name} streams")
        self._members += 1
        return self._coding.open(data)

    def _check_ratio(self) -> None:
        limit = self._max_ratio
        if self._produced > max(GRACE, limit * self.arrived):
            detail = f"the body decompresses to more than {limit} times its size"
            raise LimitExceeded(413, "max_ratio", limit, detail)
