"""Forwarded and X-Forwarded fields as proxies and liars write them, row by row."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework._wire.forwarded import (
    ELEMENT,
    NODE,
    PAIR,
    Hop,
    Node,
    parse_address,
    parse_forwarded,
    parse_node,
    parse_x_forwarded,
)
from tests.tables.forwarded import FLOODS, FORWARDED, NODES, X_FORWARDED
from tests.wire.work import backtracking_quantifiers, count_calls

any_field = st.text(st.sampled_from('for=by;,"\\ :[]._1aé\t'), max_size=60)


@pytest.mark.parametrize(("text", "node"), NODES)
def test_a_node_is_an_address_or_nobody(text: str, node: Node | None) -> None:
    assert parse_node(text) == node


@pytest.mark.parametrize(("value", "hops"), FORWARDED)
def test_forwarded_is_read_from_its_end(value: str, hops: list[Hop]) -> None:
    assert list(parse_forwarded(value)) == hops


@pytest.mark.parametrize(("values", "hops"), X_FORWARDED)
def test_x_forwarded_is_read_from_its_end(values: tuple[str, str, str], hops: list[Hop]) -> None:
    assert list(parse_x_forwarded(*values)) == hops


@given(any_field)
def test_nothing_in_front_changes_what_the_last_proxy_says(front: str) -> None:
    first, *_ = parse_forwarded(f'{front}, for="[2001:db8::1]:80";proto=https;host="a"')
    assert first == Hop(("2001:db8::1", 80), "https", "a")
    first, *_ = parse_x_forwarded(f"{front}, 192.0.2.1", f"{front},https", f"{front} ,a")
    assert first == Hop(("192.0.2.1", 0), "https", "a")


@given(st.text())
def test_nothing_is_an_error(text: str) -> None:
    for hop in [*parse_forwarded(text), *parse_x_forwarded(text, text, text)]:
        assert hop.client is None or parse_address(hop.client[0]) is not None


@pytest.mark.parametrize("pattern", [ELEMENT, NODE, PAIR])
def test_no_expression_ever_goes_back(pattern: re.Pattern[str]) -> None:
    assert backtracking_quantifiers(pattern) == []


@pytest.mark.parametrize("piece", FLOODS)
def test_a_flood_is_read_in_steps_that_grow_with_it(piece: str) -> None:
    def steps(length: int) -> int:
        text = (piece * length)[:length]
        values = text, text, text
        return count_calls(lambda: [*parse_forwarded(text), *parse_x_forwarded(*values)])

    assert steps(20_000) <= 11 * steps(2_000)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("::ffff:127.0.0.1", "127.0.0.1"),
        ("0:0::1", "::1"),
        ("fe80::1%eth0", "None"),
        ("testclient", "None"),
        ("", "None"),
    ],
)
def test_an_address_has_one_spelling(text: str, address: str) -> None:
    assert str(parse_address(text)) == address
