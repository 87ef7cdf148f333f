import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework._wire.ranges import SPEC, Span, length_of, multipart, parse_range
from tests.tables.ranges import MULTIPART_EXAMPLE, RANGES, in_short
from tests.wire.work import backtracking_quantifiers, count_calls

Ranges = list[tuple[int, int]]


@pytest.mark.parametrize(("field", "size", "ranges", "why"), RANGES, ids=in_short)
def test_ranges_are_read_as_by_the_rfc(
    field: str, size: int, ranges: Ranges | None, why: str
) -> None:
    assert parse_range(field, size) == ranges, why


positions = st.integers(0, 40)
spans = st.tuples(positions, positions).map(lambda pair: (min(pair), max(pair)))


@given(st.lists(spans, min_size=1, max_size=8), st.lists(positions, max_size=3), st.integers(1, 50))
def test_the_bytes_that_were_asked_for_are_sent_and_each_once(
    asked: list[tuple[int, int]], suffixes: list[int], size: int
) -> None:
    wanted = {byte for first, last in asked for byte in range(size)[first : last + 1]}
    for length in suffixes:
        wanted.update(range(size)[max(size - length, 0) :])
    specs = [f"{first}-{last}" for first, last in asked] + [f"-{length}" for length in suffixes]
    found = parse_range("bytes=" + ",".join(specs), size)
    assert found is not None
    assert sorted(byte for start, stop in found for byte in range(start, stop)) == sorted(wanted)
    assert all(start < stop for start, stop in found)
    assert not {start for start, _ in found} & {stop for _, stop in found}, "neighbours are one"


@given(st.text("bytes=-, 0123456789\t;x", max_size=60), st.integers(0, 50))
def test_whatever_the_field_says_no_byte_is_sent_twice(text: str, size: int) -> None:
    for field in (text, f"bytes={text}"):
        found = parse_range(field, size) or []
        assert sum(stop - start for start, stop in found) <= size
        assert all(0 <= start < stop <= size for start, stop in found)


def test_several_ranges_travel_as_in_the_example_of_the_rfc() -> None:
    ranges, size, content_type, boundary, body = MULTIPART_EXAMPLE
    spans = multipart(ranges, size, content_type, boundary)
    sent = [(before, b"[%d-%d]" % (start, stop)) for before, start, stop in spans]
    assert b"".join(b"".join(parts) for parts in sent[:-1]) + sent[-1][0] == body
    assert spans[-1] == Span(b"\r\n--THIS_STRING_SEPARATES--", 0, 0)


def test_the_length_is_known_ahead() -> None:
    assert length_of([]) == 0
    assert length_of([Span(b"abc", 5, 9), Span(b"de", 0, 0)]) == 9


FLOODS = [
    "0-0," * 15_000,
    "," * 60_000,
    "-" * 60_000,
    " " * 60_000,
    "9" * 60_000,
    "0-" + "0" * 60_000,
]


@pytest.mark.parametrize("flood", FLOODS, ids=in_short)
def test_a_long_field_takes_no_more_calls_than_a_hundred_ranges(flood: str) -> None:
    most = count_calls(lambda: parse_range("bytes=" + "0-0," * 99, 10))
    assert count_calls(lambda: parse_range("bytes=" + flood, 10)) <= most


def test_the_expression_never_goes_back() -> None:
    assert backtracking_quantifiers(SPEC) == []
