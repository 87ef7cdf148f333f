"""Content codings made: whole and in chunks, each of which can be decoded at once."""

import gzip
import importlib.util
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework.middleware import _codings, _encoders
from framework.middleware._codings import CompressedBody
from framework.middleware._encoders import ALL_ENCODINGS, ENCODINGS, Encoding

encodings = pytest.mark.parametrize(("name", "encoding"), ENCODINGS.items(), ids=ENCODINGS)


def decode(name: str, *pieces: bytes) -> bytes:
    """What a client makes of the pieces of a body."""
    body = CompressedBody(name, max_size=2**24, max_ratio=2**20)
    decoded = b""
    for index, piece in enumerate(pieces):
        body.feed(piece, more=index + 1 < len(pieces))
        while not body.needs_input:
            decoded += body.read()
    assert body.is_over
    return decoded


@encodings
@pytest.mark.parametrize("content", [b"", b"a", b"hello " * 5_000], ids=len)
def test_what_is_encoded_whole_is_decoded_to_what_it_was(
    name: str, encoding: Encoding, content: bytes
) -> None:
    for level in encoding.levels:
        assert decode(name, encoding.whole(content, level)) == content


@encodings
@given(chunks=st.lists(st.binary(max_size=50).map(lambda part: part * 40), max_size=5))
def test_each_chunk_of_a_stream_can_be_decoded_at_once(
    name: str, encoding: Encoding, chunks: list[bytes]
) -> None:
    step = encoding.stream(encoding.default)
    body = CompressedBody(name, max_size=2**24, max_ratio=2**20)
    for chunk in chunks:
        body.feed(step(chunk, False), more=True)
        decoded = b""
        while not body.needs_input:
            decoded += body.read()
        assert decoded == chunk
    body.feed(step(b"the end", True), more=False)
    assert body.read() == b"the end"


@encodings
def test_a_stream_is_smaller_than_what_it_is_made_of(name: str, encoding: Encoding) -> None:
    chunks = [b"To be, or not to be, that is the question: " * 20] * 20
    step = encoding.stream(encoding.default)
    pieces = [*(step(chunk, False) for chunk in chunks), step(b"", True)]
    assert decode(name, *pieces) == b"".join(chunks)
    assert sum(map(len, pieces)) < 2_000


def test_gzip_says_nothing_of_when_it_was_made() -> None:
    data = ENCODINGS["gzip"].whole(b"hello", 4)
    assert data[4:8] == bytes(4)
    assert gzip.decompress(data) == b"hello"


def test_zstd_asks_for_no_larger_window_than_browsers_have() -> None:
    assert 20 not in ALL_ENCODINGS["zstd"].levels
    step = ENCODINGS["zstd"].stream(19)
    descriptor = step(b"hello", False)[5]  # RFC 8878 section 3.1.1.1.2
    assert (descriptor >> 3) + 10 <= _codings.WINDOW_LOG_MAX


@pytest.mark.parametrize("level", [0, 4, 11])
def test_the_window_of_a_br_stream_is_as_small_at_any_level(level: int) -> None:
    first = ENCODINGS["br"].stream(level)(b"hello" * 99, False)[0]
    assert first & 0b1111 == 0b0011  # RFC 7932 section 9.1: 18 bits


@pytest.mark.parametrize("level", [1, 3, 19])
def test_the_window_of_a_zstd_stream_is_as_small_at_any_level(level: int) -> None:
    descriptor = ENCODINGS["zstd"].stream(level)(b"hello" * 99, False)[5]
    assert (descriptor >> 3) + 10 == _encoders.WINDOW_LOG


@pytest.mark.parametrize(
    ("missing", "offered"),
    [
        (["brotli"], ["zstd", "gzip"]),
        (["zstd"], ["br", "gzip"]),
        (["brotli", "zstd"], ["gzip"]),
    ],
)
def test_what_is_not_installed_is_not_offered(
    missing: list[str], offered: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in missing:
        monkeypatch.setattr(_codings, module, None)
    spec = importlib.util.find_spec(_encoders.__name__)
    assert spec is not None
    assert spec.loader is not None
    again = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(again)
    assert list(again.ENCODINGS) == offered
    assert zlib.decompress(again.ENCODINGS["gzip"].whole(b"hello", 1), 31) == b"hello"
