"""Ranges of bytes: which parts of a file a request asks for, and how several travel (RFC 9110 section 14).

A field that is malformed or greedy is ignored: the client then gets the whole. Whatever it says, what is
sent is never longer than the whole, parts' headers included.
"""

import re
import sys
from collections.abc import Iterable, Sequence
from typing import NamedTuple

__all__ = ["Span", "length_of", "multipart", "parse_range"]

MAX_RANGES = 100
"""Elements of a list that are looked at. Who asks for more wants the whole, or to make work."""

SPEC = re.compile(r"([0-9]*+)-([0-9]*+)")  # section 14.1.2; ASCII digits only
MOST_DIGITS = 18  # of numbers that are read: no file is that long


class Span(NamedTuple):
    """Bytes of our own, and those of the file that follow them, from `start` to before `stop`."""

    before: bytes
    start: int
    stop: int


def parse_range(field: str, size: int) -> list[tuple[int, int]] | None:
    """The (start, stop) that a Range field asks for of so many bytes; None if it is to be ignored.

    None of them overlap or touch, and they are in the order in which they were asked for. An empty
    list means that nothing there is can be sent: a 416 (section 14.1.2).

    >>> parse_range("bytes=0-499, -500", 10_000), parse_range("bytes=10000-", 10_000)
    ([(0, 500), (9500, 10000)], [])
    """
    unit, _, specs = field.partition("=")
    elements = specs.split(",", MAX_RANGES)
    if unit.lower() != "bytes" or len(elements) > MAX_RANGES:
        return None
    wanted: list[tuple[int, int]] = []
    is_empty = True
    for element in filter(None, (element.strip(" \t") for element in elements)):
        is_empty = False
        found = _resolve(element, size)
        if found is None:
            return None
        if found[0] < found[1]:
            wanted.append(found)
    return None if is_empty else _coalesced(wanted)


def multipart(
    ranges: Iterable[tuple[int, int]], size: int, content_type: bytes, boundary: bytes
) -> list[Span]:
    """A body of type multipart/byteranges (section 14.6)."""
    spans: list[Span] = []
    line = b""
    for start, stop in ranges:
        before = b"%b--%b\r\nContent-Type: %b\r\nContent-Range: bytes %d-%d/%d\r\n\r\n"
        parts = (line, boundary, content_type, start, stop - 1, size)
        spans.append(Span(before % parts, start, stop))
        line = b"\r\n"
    spans.append(Span(b"\r\n--%b--" % boundary, 0, 0))
    return spans


def length_of(spans: Iterable[Span]) -> int:
    """How many bytes are sent."""
    return sum(len(before) + stop - start for before, start, stop in spans)


def _resolve(spec: str, size: int) -> tuple[int, int] | None:
    """Where it begins and stops, with nothing in between if that is not there; None to ignore the field."""
    match = SPEC.fullmatch(spec)
    if match is None or spec == "-":
        return None
    first, last = match.groups()
    if not first:
        length = _number(last)
        if length and not size:  # can be satisfied, but a Content-Range cannot say by what
            return None
        return max(size - length, 0), size
    start = _number(first)
    if not last:
        return start, size
    stop = _number(last) + 1
    return (start, min(stop, size)) if start < stop else None


def _number(digits: str) -> int:
    # Thousands of digits would take quadratic time, or be refused by int().
    digits = digits.lstrip("0")
    return int(digits or "0") if len(digits) <= MOST_DIGITS else sys.maxsize


def _coalesced(ranges: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    # Section 15.3.7.2: the parts are sent "in the same order that the corresponding range-spec
    # appeared", so what several have become stands where the first of them stood.
    merged: list[tuple[int, int, int]] = []
    for start, stop, place in sorted((*each, place) for place, each in enumerate(ranges)):
        if merged and start <= merged[-1][2]:
            before = merged.pop()
            merged.append((min(before[0], place), before[1], max(before[2], stop)))
        else:
            merged.append((place, start, stop))
    return [(start, stop) for _, start, stop in sorted(merged)]
