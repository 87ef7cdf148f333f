"""Mappings in which a key may have several values."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework._wire.multidict import MultiMapping, first_values
from tests.wire.work import count_calls

PAIRS = st.lists(st.tuples(st.sampled_from("abcd"), st.integers()))


@given(PAIRS)
def test_first_values_are_those_that_a_loop_finds_first(pairs: list[tuple[str, int]]) -> None:
    found: dict[str, int] = {}
    for key, value in pairs:
        found.setdefault(key, value)
    assert list(first_values(pairs).items()) == list(found.items())


@given(PAIRS)
def test_as_a_mapping_it_has_each_key_once_with_its_first_value(
    pairs: list[tuple[str, int]],
) -> None:
    multi = MultiMapping(pairs)
    first = first_values(pairs)
    assert isinstance(multi, Mapping)
    assert dict(multi) == first
    assert list(multi) == list(multi.keys()) == list(first)
    assert list(multi.values()) == list(first.values())
    assert list(multi.items()) == list(first.items())
    assert len(multi) == len(first)
    assert bool(multi) == bool(pairs)


@given(PAIRS)
def test_all_pairs_are_kept_in_order(pairs: list[tuple[str, int]]) -> None:
    multi = MultiMapping(iter(pairs))
    assert multi.multi_items() == pairs
    for key in "abcd":
        assert multi.getlist(key) == [value for other, value in pairs if other == key]
        assert multi.get(key) == next(iter(multi.getlist(key)), None)
        assert (key in multi) == bool(multi.getlist(key))


def test_a_missing_key_is_a_key_error_or_the_default() -> None:
    multi: MultiMapping[int] = MultiMapping()
    with pytest.raises(KeyError, match="page"):
        multi["page"]
    assert multi.get("page") is None
    assert multi.get("page", 1) == 1
    assert multi.get("page", default="x") == "x"
    assert multi.getlist("page") == []


def test_it_does_not_change_with_the_list_it_was_made_of_or_the_one_it_gave() -> None:
    pairs = [("a", 1)]
    multi = MultiMapping(pairs)
    pairs.append(("b", 2))
    multi.multi_items().append(("c", 3))
    assert multi.multi_items() == [("a", 1)]


def test_equal_pairs_in_the_same_order_are_equal() -> None:
    multi = MultiMapping([("a", 1), ("b", 2)])
    assert multi == MultiMapping([("a", 1), ("b", 2)])
    assert multi != MultiMapping([("b", 2), ("a", 1)])
    assert multi != MultiMapping([("a", 1)])
    assert multi != {"a": 1, "b": 2}
    assert dict(multi) == {"a": 1, "b": 2}


def test_it_cannot_be_hashed_as_its_values_may_not_be() -> None:
    with pytest.raises(TypeError, match="unhashable"):
        hash(MultiMapping([("a", 1)]))


def test_its_repr_makes_it_again() -> None:
    assert repr(MultiMapping([("a", 1), ("a", 2)])) == "MultiMapping([('a', 1), ('a', 2)])"


def test_it_takes_no_attributes() -> None:
    with pytest.raises(AttributeError):
        MultiMapping([("a", 1)]).b = 2  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]


@pytest.mark.parametrize("keys", [1, 10_000])
def test_ten_thousand_pairs_are_read_in_proportion(keys: int) -> None:
    multi = MultiMapping([(str(n % keys), n) for n in range(10_000)])
    assert count_calls(lambda: dict(multi)) < 5 * 10_000
    assert count_calls(lambda: multi.getlist("0")) < 10
