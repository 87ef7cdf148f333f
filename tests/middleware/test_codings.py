"""Bodies in content codings: whole, in pieces, malformed, and as bombs."""

import gzip
import importlib.util
import itertools
import sys
import tracemalloc
import zlib
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework import LimitExceeded, MalformedRequest
from framework.middleware import _codings
from framework.middleware._codings import CHUNK, CODINGS, GRACE, MAX_MEMBERS, CompressedBody

MIB = 1024 * 1024


def raw_deflate(data: bytes) -> bytes:
    return zlib.compress(data, wbits=-zlib.MAX_WBITS)


def zstd_frame(data: bytes, **parameters: int) -> bytes:
    zstd = _codings.zstd
    options = {zstd.CompressionParameter[name]: value for name, value in parameters.items()}
    compressor = zstd.ZstdCompressor(options=options)
    frame: bytes = compressor.compress(data) + compressor.flush()
    return frame


ENCODERS: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "gzip": ("gzip", gzip.compress),
    "zlib": ("deflate", zlib.compress),
    "raw deflate": ("deflate", raw_deflate),
    "brotli": ("br", _codings.brotli.compress),
    "zstd": ("zstd", zstd_frame),
}
MEMBERS = {key: ENCODERS[key] for key in ("gzip", "zstd")}
SKIPPABLE = (
    bytes.fromhex("502a4d18") + (4).to_bytes(4, "little") + b"skip"
)  # RFC 8878 section 3.1.2
NOISE = bytes((i * i * 31 + i // 7) % 251 for i in range(300_000))

encoded = pytest.mark.parametrize(("name", "encode"), ENCODERS.values(), ids=ENCODERS)
in_members = pytest.mark.parametrize(("name", "encode"), MEMBERS.values(), ids=MEMBERS)


def read(
    name: str, pieces: Iterable[bytes], *, max_size: int = 16 * MIB, max_ratio: int = 100
) -> list[bytes]:
    """Read a body that arrives so to its end: its chunks."""
    body = CompressedBody(name, max_size=max_size, max_ratio=max_ratio)
    chunks: list[bytes] = []
    waiting = deque(pieces)
    while not body.is_over:
        if body.needs_input:
            data = waiting.popleft()
            body.feed(data, more=bool(waiting))
        chunks.append(body.read())
    assert not waiting
    return chunks


def decode(name: str, *pieces: bytes) -> bytes:
    return b"".join(read(name, pieces))


def cut(data: bytes, *positions: int) -> list[bytes]:
    places = [0, *sorted(positions), len(data)]
    return [data[start:end] for start, end in itertools.pairwise(places)]


# What is well-formed


@encoded
@pytest.mark.parametrize("content", [b"", b"a", b"hello " * 5, NOISE], ids=len)
def test_a_body_is_what_it_was_before(
    name: str, encode: Callable[[bytes], bytes], content: bytes
) -> None:
    assert decode(name, encode(content)) == content


@encoded
def test_a_body_may_be_cut_anywhere(name: str, encode: Callable[[bytes], bytes]) -> None:
    content = b"To be, or not to be, that is the question: " * 3
    data = encode(content)
    for position in range(len(data) + 1):
        assert decode(name, *cut(data, position)) == content
    assert decode(name, *cut(data, *range(len(data)))) == content


@given(
    st.sampled_from(list(ENCODERS.values())),
    st.lists(st.binary(max_size=40).map(lambda part: part * 700), max_size=9),
    st.lists(st.integers(0, 5000)),
)
def test_whatever_the_content_and_its_cuts(
    encoder: tuple[str, Callable[[bytes], bytes]], parts: list[bytes], positions: list[int]
) -> None:
    name, encode = encoder
    content = b"".join(parts)
    data = encode(content)
    pieces = cut(data, *(min(position, len(data)) for position in positions))
    assert decode(name, *pieces) == content


# The sizes at which brotli has filled its first block, and its second.
@encoded
@pytest.mark.parametrize("size", [32_752, CHUNK, 98_272, 2 * CHUNK])
@pytest.mark.parametrize("more", [-1, 0, 1])
@pytest.mark.parametrize("content", [NOISE, bytes(200_000)], ids=["noise", "zeros"])
def test_a_body_may_end_where_a_chunk_does(
    name: str, encode: Callable[[bytes], bytes], size: int, more: int, content: bytes
) -> None:
    content = content[: size + more]
    data = encode(content)
    assert decode(name, data) == content
    assert decode(name, data[:-1], data[-1:]) == content
    with pytest.raises(MalformedRequest):
        decode(name, data + b"!")


@encoded
def test_pieces_without_bytes_are_not_the_end(name: str, encode: Callable[[bytes], bytes]) -> None:
    data = encode(b"hello")
    assert decode(name, b"", data[:3], b"", data[3:], b"", b"") == b"hello"


@pytest.mark.parametrize("name", CODINGS)
def test_no_bytes_are_no_content(name: str) -> None:
    assert decode(name, b"") == decode(name, b"", b"") == b""


@pytest.mark.parametrize("wbits", range(9, 16))
def test_deflate_may_have_any_window_with_a_wrapper_or_without(wbits: int) -> None:
    assert decode("deflate", zlib.compress(NOISE, wbits=wbits)) == NOISE
    assert decode("deflate", zlib.compress(NOISE, wbits=-wbits)) == NOISE


@in_members
def test_members_follow_one_another(name: str, encode: Callable[[bytes], bytes]) -> None:
    data = encode(b"one") + encode(b"") + encode(b"two")
    for position in range(len(data) + 1):
        assert decode(name, *cut(data, position)) == b"onetwo"


def test_zstd_frames_may_be_skippable() -> None:
    data = SKIPPABLE + zstd_frame(b"one") + SKIPPABLE
    for position in range(len(data) + 1):
        assert decode("zstd", *cut(data, position)) == b"one"


# What is not


@encoded
def test_a_body_that_ends_early_is_refused(name: str, encode: Callable[[bytes], bytes]) -> None:
    data = encode(b"hello")
    for length in range(1, len(data)):
        with pytest.raises(MalformedRequest, match="ends in the middle of its"):
            decode(name, data[:length])
        with pytest.raises(MalformedRequest, match="ends in the middle of its"):
            decode(name, *cut(data[:length], 1), b"")


@encoded
@pytest.mark.parametrize("garbage", [b"\0", b"garbage", bytes(100_000)], ids=len)
def test_what_follows_the_end_is_refused(
    name: str, encode: Callable[[bytes], bytes], garbage: bytes
) -> None:
    data = encode(b"hello")
    for pieces in ([data + garbage], [data, garbage], [data[:-1], data[-1:] + garbage]):
        with pytest.raises(MalformedRequest):
            decode(name, *pieces)


def test_deflate_has_one_stream() -> None:
    data = zlib.compress(b"one")
    with pytest.raises(MalformedRequest, match="goes on after the end of its deflate data"):
        decode("deflate", data + data)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("gzip", b"hello"),
        ("gzip", zlib.compress(b"hello")),
        ("gzip", gzip.compress(b"hello", mtime=0)[:-8] + bytes(8)),  # the wrong checksum
        ("deflate", gzip.compress(b"hello", mtime=0)),
        ("deflate", b"\xff" * 9),
        ("deflate", zlib.compress(b"hello")[:-4] + bytes(4)),
        ("deflate", b"\x78\xbb\x00\x00\x00\x01"),  # a dictionary, which nobody has agreed on
        ("br", b"\xff" * 9),
        ("zstd", b"hello"),
        ("zstd", zstd_frame(b"hello", checksum_flag=1)[:-4] + bytes(4)),
        (
            "zstd",
            zstd_frame(b"hello", window_log=24),
        ),  # more memory than RFC 9659 allows to ask for
    ],
)
def test_what_is_not_in_its_coding_is_refused(name: str, data: bytes) -> None:
    with pytest.raises(MalformedRequest, match=f"400: the body is not valid {name}: "):
        decode(name, data)


def test_a_window_of_8_mib_is_allowed() -> None:
    assert decode("zstd", zstd_frame(b"hello", window_log=23)) == b"hello"


@given(st.sampled_from(list(CODINGS)), st.binary(max_size=200))
def test_whatever_arrives_is_content_or_refused(name: str, data: bytes) -> None:
    with suppress(MalformedRequest, LimitExceeded):
        decode(name, data)


# Limits


def refusal(name: str, *pieces: bytes, max_size: int = 16 * MIB, max_ratio: int = 100) -> str:
    with pytest.raises(LimitExceeded) as caught:
        read(name, pieces, max_size=max_size, max_ratio=max_ratio)
    assert caught.value.status_code == 413
    limits = {"max_size": max_size, "max_ratio": max_ratio}
    assert caught.value.limit == limits[caught.value.name]
    return caught.value.name


@encoded
def test_the_size_is_limited_decompressed(name: str, encode: Callable[[bytes], bytes]) -> None:
    data = encode(bytes(1000))
    assert read(name, [data], max_size=1000) == [bytes(1000)]
    assert refusal(name, data, max_size=999) == "max_size"


@in_members
def test_the_size_is_limited_compressed(name: str, encode: Callable[[bytes], bytes]) -> None:
    data = encode(b"") * 50
    assert read(name, [data], max_size=len(data)) == [b""] * 50
    assert refusal(name, data, max_size=len(data) - 1) == "max_size"
    assert refusal(name, *cut(data, *range(len(data))), max_size=len(data) - 1) == "max_size"


@encoded
def test_the_ratio_is_limited_above_a_mebibyte(name: str, encode: Callable[[bytes], bytes]) -> None:
    data = encode(bytes(GRACE))
    assert sum(map(len, read(name, [data], max_ratio=1))) == GRACE
    assert refusal(name, encode(bytes(GRACE + 1)), max_ratio=1) == "max_ratio"
    data = encode(NOISE * 4)
    ratio = len(NOISE * 4) // len(data) + 1
    assert sum(map(len, read(name, [data], max_ratio=ratio))) > GRACE
    assert refusal(name, data, max_ratio=ratio - 1) == "max_ratio"


@encoded
def test_the_ratio_is_to_all_that_has_arrived(name: str, encode: Callable[[bytes], bytes]) -> None:
    content = Random(0).randbytes(2 * GRACE)
    data = encode(content)
    pieces = cut(data, *range(0, len(data), 1000))
    assert b"".join(read(name, pieces, max_ratio=1)) == content


@in_members
def test_the_number_of_members_is_limited(name: str, encode: Callable[[bytes], bytes]) -> None:
    data = encode(b"") * MAX_MEMBERS
    assert decode(name, data) == b""
    with pytest.raises(MalformedRequest, match=f"more than {MAX_MEMBERS} {name} streams"):
        decode(name, data + encode(b""))


# Bombs and floods, in numbers


class Work:
    """What is asked of the decompressors of a coding."""

    def __init__(self, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
        self.calls = 0
        self.data = 0
        self.longest = 0
        self.output = 0
        self.coding = CODINGS[name]
        monkeypatch.setitem(CODINGS, name, self.coding._replace(open=self.open))

    def open(self, data: bytes) -> "Counted":
        return Counted(self.coding.open(data), self)


class Counted:
    """A decompressor whose work is counted."""

    def __init__(self, stream: _codings._Stream, work: Work) -> None:
        self.stream = stream
        self.work = work

    @property
    def eof(self) -> bool:
        return self.stream.eof

    @property
    def needs_input(self) -> bool:
        return self.stream.needs_input

    @property
    def unused_data(self) -> bytes:
        return self.stream.unused_data

    def decompress(self, data: bytes, max_length: int) -> bytes:
        output = self.stream.decompress(data, max_length)
        self.work.calls += 1
        self.work.data += len(data)
        self.work.longest = max(self.work.longest, len(data))
        self.work.output += len(output)
        return output


@encoded
def test_a_bomb_is_refused_after_little_more_than_the_limit(
    name: str, encode: Callable[[bytes], bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    bomb = encode(bytes(32 * MIB))
    work = Work(name, monkeypatch)
    assert refusal(name, bomb) == "max_ratio"
    assert work.output <= max(GRACE, 100 * len(bomb)) + 2 * CHUNK
    work.output = 0
    assert refusal(name, bomb, max_ratio=10**9) == "max_size"
    assert work.output <= 16 * MIB + 2 * CHUNK
    assert work.calls <= 16 * MIB // 32_000 + 10


@encoded
def test_a_bomb_within_the_limits_is_never_in_memory(
    name: str, encode: Callable[[bytes], bytes]
) -> None:
    body = CompressedBody(name, max_size=2**40, max_ratio=2**40)
    body.feed(encode(bytes(32 * MIB)), more=False)
    total = most = 0
    tracemalloc.start()
    while not body.is_over:
        chunk = body.read()
        total += len(chunk)
        most = max(most, len(chunk))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert total == 32 * MIB
    assert most <= CHUNK * 3 // 2
    assert peak < MIB


@encoded
@pytest.mark.parametrize("size", [1, 1000, 10**6])
def test_each_byte_is_worked_on_once(
    name: str, encode: Callable[[bytes], bytes], size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = Random(0).randbytes(100_000)
    data = encode(content)
    work = Work(name, monkeypatch)
    assert decode(name, *cut(data, *range(size, len(data), size))) == content
    assert work.data == len(data)
    assert work.longest <= 16 * 1024  # what is left over of it is copied for every chunk
    pieces = max(-(-len(data) // size), len(data) // _codings.PIECE + 1)
    assert work.calls <= pieces + len(content) // 32_000 + 1


@in_members
def test_members_are_not_read_twice(
    name: str, encode: Callable[[bytes], bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    data = encode(b"") * MAX_MEMBERS
    work = Work(name, monkeypatch)
    assert decode(name, data) == b""
    assert work.calls <= MAX_MEMBERS + 2 * len(data) // _codings.PIECE + 1
    assert work.data <= MAX_MEMBERS * _codings.PIECE


# Without the extra


@pytest.mark.parametrize(
    ("missing", "offered"),
    [
        ([], ["gzip", "deflate", "br", "zstd"]),
        (["brotli"], ["gzip", "deflate", "zstd"]),
        (["compression.zstd", "backports.zstd"], ["gzip", "deflate", "br"]),
        (["brotli", "compression.zstd", "backports.zstd"], ["gzip", "deflate"]),
    ],
)
def test_what_is_not_installed_is_not_offered(
    missing: list[str], offered: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in missing:
        monkeypatch.setitem(sys.modules, module, None)
    spec = importlib.util.find_spec(_codings.__name__)
    assert spec is not None
    assert spec.loader is not None
    again = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(again)
    assert list(again.CODINGS) == offered
    body = again.CompressedBody("gzip", max_size=100, max_ratio=100)
    body.feed(gzip.compress(b"hello"), more=False)
    assert body.read() == b"hello"
