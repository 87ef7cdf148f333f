"""Values as short texts, whatever their repr does."""

import time
from typing import Any

import pytest

from framework._debug.values import LONGEST, MOST_ITEMS, MOST_VARIABLES, Values


class Broken:
    """Its repr raises."""

    def __repr__(self) -> str:
        raise RecursionError


class Slow:
    """Its repr takes its time."""

    def __repr__(self) -> str:
        time.sleep(0.02)
        return "slow"


class Giant:
    """Its repr is long."""

    def __repr__(self) -> str:
        return "x" * 1_000_000


SHOWN: list[tuple[Any, str | None]] = [
    (1, "1"),
    ("a", "'a'"),
    ((1,), "(1,)"),
    ([1, 2], "[1, 2]"),
    ({"a": {"password": "x", b"token": b"y", 3: 4}}, None),
    ([[[[[1]]]]], "[[[[[...]]]]]"),
    ([[[[[]]]]], "[[[[[]]]]]"),
    ([("cookie", "a=b"), (b"host", b"x")], "[('cookie', [redacted]), (b'host', b'x')]"),
    (Broken(), "<Broken: its repr failed with RecursionError>"),
]


@pytest.mark.parametrize(("value", "text"), SHOWN)
def test_a_value_is_shown_without_its_secrets(value: Any, text: str | None) -> None:
    text = text or "{'a': {'password': [redacted], b'token': [redacted], 3: 4}}"
    assert Values().text(value) == text


def test_the_repr_of_a_secret_is_not_made() -> None:
    assert Values().named("password", Broken()) == "[redacted]"


@pytest.mark.parametrize("value", ["x" * 10**6, Giant(), [Giant()] * 5, ["x" * 900] * 9])
def test_a_giant_value_is_cut(value: Any) -> None:
    assert len(Values().text(value)) == LONGEST + len("...")


def test_of_many_items_the_first_are_shown() -> None:
    count = MOST_ITEMS + 3
    assert Values().text(list(range(count))).endswith(", ... 3 more]")
    assert Values().text(dict.fromkeys(range(count))).endswith(", ... 3 more}")


def test_a_container_in_itself_ends() -> None:
    loop: list[Any] = []
    loop.append(loop)
    assert Values().text(loop) == "[[[[[...]]]]]"


def test_when_the_time_is_over_no_repr_is_called() -> None:
    values = Values(seconds=0.01)
    assert values.text(Slow()) == "slow"
    assert values.text(Slow()) == "<Slow: not shown, as the others took too long>"


def test_the_variables_of_a_frame_are_bounded_and_without_dunder_names() -> None:
    assert Values().variables({"a": 1, "__doc__": "", ".0": 2}) == [("a", "1")]
    assert len(Values().variables({f"v{n}": n for n in range(99)})) == MOST_VARIABLES
