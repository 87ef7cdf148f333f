"""Single values: the limits of what is allowed, and what is not to be used up by looking."""

import sys
from collections.abc import Iterator
from io import BytesIO
from tempfile import TemporaryFile
from typing import IO, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework.checker import _values as values
from framework.checker._values import Check, items, pairs, plain


def closed() -> IO[bytes]:
    """A file that was open."""
    with TemporaryFile() as file:
        return file


LIMITS: list[tuple[Check, list[Any], list[Any]]] = [
    (values.text(), ["", "a"], [b"a", None, 1]),
    (values.byte_string(), [b""], ["a", bytearray(), memoryview(b"")]),
    (values.integer(), [0, -1], [True, 1.0, "1", None]),
    (values.boolean, [True, False], [1, None, "yes"]),
    (values.optional(values.text()), [None, "a"], [1]),
    (values.within(0, 9), [0, 9], [-1, 10]),
    (values.one_of("a", "b"), ["a", "b"], ["c", b"a"]),
    (values.not_empty, ["a"], [""]),
    (values.is_absolute, ["/a", "\\\\host\\a", "C:\\a"], ["a", "", "./a"]),
    (values.is_method, ["GET", "X-Y"], ["get", "", "A B"]),
    (values.is_status, [200, 599], [199, 100, 0, 600]),
    (values.is_slashed, ["", "/a"], ["a"]),
    (values.is_rooted, ["/", "/a"], ["", "a"]),
    (values.is_open_file, [0, sys.__stderr__], [BytesIO(), "a", None, closed()]),
    (values.field_value, [b"", b"a b"], [b" a", b"a\n"]),
    (values.is_short, ["a" * 123], ["a" * 124, "\ud800" * 124]),
    (values.address, [("::1", 0), ["/s", None]], ["ab", ("a", "80"), (b"a", 1), (), 5]),
    (values.list_of(values.text()), [[], ("a",), {"a": 1}], ["a", b"a", 1, [1], None]),
    (values.mapping(), [{}, {"a": 1}], [[], {1: 1}, None]),
]


@pytest.mark.parametrize(("check", "allowed", "refused"), LIMITS)
def test_a_value_at_the_limits(check: Check, allowed: list[Any], refused: list[Any]) -> None:
    assert [value for value in allowed if [*check(value)]] == []
    assert [value for value in refused if not [*check(value)]] == []


def test_an_iterator_is_left_as_it_is() -> None:
    iterator = iter([(b"a", b"b")])
    assert items(iterator) == ()
    assert [*values.list_of(values.field(is_lower=True))(iterator)] == []
    assert pairs(iterator) == []
    assert [*iterator] == [(b"a", b"b")]


class Raising:
    """What cannot be looked at."""

    __slots__ = ()

    def __iter__(self) -> Iterator[object]:
        raise LookupError


def test_what_cannot_be_iterated_is_no_list() -> None:
    assert items(Raising()) is None


def test_well_formed_header_fields_are_found_among_others() -> None:
    assert pairs([(b"a", b"b"), ("c", b"d"), (b"e",), 1, [b"f", b"g"]]) == [
        (b"a", b"b"),
        (b"f", b"g"),
    ]
    assert pairs(None) == []


@pytest.mark.parametrize(
    "value",
    [None, True, 2**63 - 1, -(2**63), 1.5, "a", b"a", [[], ()], {"a": {"b": [b"c"]}}],
)
def test_what_can_be_sent_over_a_network_is_allowed(value: object) -> None:
    assert [*plain(value)] == []


@pytest.mark.parametrize(
    "value",
    [object(), 2**63, float("inf"), {1}, bytearray(), {"a": [{"b": {1: 2}}]}, [set[int]()]],
)
def test_what_cannot_be_sent_over_a_network_is_found_at_any_depth(value: object) -> None:
    assert len([*plain(value)]) == 1


def test_a_list_that_is_in_itself_is_looked_at_once() -> None:
    circle: list[Any] = [object()]
    circle.append(circle)
    assert len([*plain(circle)]) == 1


@given(st.lists(st.tuples(st.binary(), st.binary())))
def test_a_field_is_judged_without_an_error(fields: list[tuple[bytes, bytes]]) -> None:
    for problem in values.list_of(values.field(is_lower=True))(fields):
        assert problem.what.startswith("has an item that ")
