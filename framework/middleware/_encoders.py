"""Content codings of an answer, done whole or chunk by chunk (RFC 9110 section 8.4.1). No await.

Which answer is encoded, and in which coding, is not decided here. br and zstd need the extra
`compression`; without it they are not in `ENCODINGS`.
"""

import zlib
from collections.abc import Callable
from typing import NamedTuple, TypeAlias

from framework.middleware._codings import brotli, zstd

__all__ = ["ALL_ENCODINGS", "ENCODINGS", "Encoding", "Step"]

Step: TypeAlias = Callable[[bytes, bool], bytes]
"""Encodes the next chunk so that all of it can be decoded at once; True ends the stream with it."""

GZIP = zlib.MAX_WBITS | 16

WINDOW_LOG = 18
"""Of a stream, which keeps its window for as long as a slow client reads: 256 KiB, and with its tables 1 MiB
a stream instead of the 9 of br and the 3 of zstd. Pages and JSON become no larger by it."""


class Encoding(NamedTuple):
    """How a content coding is done at a level."""

    levels: range
    """Those that there are: what is higher takes longer and makes less."""

    default: int
    """The level from which on the time grows faster than the gain."""

    whole: Callable[[bytes, int], bytes]
    """Encodes what is there in one piece, which is faster than a stream of one chunk."""

    stream: Callable[[int], Step]
    """Begins a stream."""


def _gzip(data: bytes, level: int) -> bytes:
    return zlib.compress(data, level, wbits=GZIP)


def _gzip_stream(level: int) -> Step:
    stream = zlib.compressobj(level, wbits=GZIP)

    def step(data: bytes, last: bool) -> bytes:
        mode = zlib.Z_FINISH if last else zlib.Z_SYNC_FLUSH
        return stream.compress(data) + stream.flush(mode)

    return step


def _br(data: bytes, level: int) -> bytes:
    encoded: bytes = brotli.compress(data, quality=level)
    return encoded


def _br_stream(level: int) -> Step:
    stream = brotli.Compressor(quality=level, lgwin=WINDOW_LOG)

    def step(data: bytes, last: bool) -> bytes:
        encoded: bytes = stream.process(data) + (stream.finish() if last else stream.flush())
        return encoded

    return step


def _zstd(data: bytes, level: int) -> bytes:
    encoded: bytes = zstd.compress(data, level)
    return encoded


def _zstd_stream(level: int) -> Step:
    names = zstd.CompressionParameter
    options = {names.compression_level: level, names.window_log: WINDOW_LOG}
    stream = zstd.ZstdCompressor(options=options)

    def step(data: bytes, last: bool) -> bytes:
        encoded: bytes = stream.compress(data, stream.FLUSH_FRAME if last else stream.FLUSH_BLOCK)
        return encoded

    return step


ALL_ENCODINGS: dict[str, Encoding] = {
    # Above level 19 the window is larger than the 8 MiB that RFC 9659 section 3 allows.
    "zstd": Encoding(range(1, 20), 3, _zstd, _zstd_stream),
    "br": Encoding(range(12), 4, _br, _br_stream),
    "gzip": Encoding(range(1, 10), 4, _gzip, _gzip_stream),
}
"""By preference: at these levels zstd takes a third of the time of the others and makes as little."""

ENCODINGS: dict[str, Encoding] = {
    name: encoding
    for name, encoding in ALL_ENCODINGS.items()
    if {"zstd": zstd, "br": brotli}.get(name, zlib) is not None
}
"""Those that can be done here."""
