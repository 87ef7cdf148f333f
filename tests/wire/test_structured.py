"""Structured fields in both directions: what RFC 9651 allows, what it lets fail, and how much work it is."""

import re
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework._wire import structured
from framework._wire.structured import (
    BareItem,
    Date,
    DisplayString,
    InnerList,
    Item,
    Token,
    format_dictionary,
    format_item,
    format_list,
    parse_dictionary,
    parse_item,
    parse_list,
)
from tests.wire.work import backtracking_quantifiers, count_calls

BARE_ITEMS: dict[str, tuple[BareItem, str]] = {
    # text: what it means, and how we write it
    "0": (0, "0"),
    "-0": (0, "0"),
    "007": (7, "7"),
    "-999999999999999": (-999999999999999, "-999999999999999"),
    "999999999999999": (999999999999999, "999999999999999"),
    "1.5": (Decimal("1.5"), "1.5"),
    "-0.010": (Decimal("-0.01"), "-0.01"),
    "2.0": (Decimal(2), "2.0"),
    "999999999999.999": (Decimal("999999999999.999"), "999999999999.999"),
    '""': ("", '""'),
    '"a, b; c"': ("a, b; c", '"a, b; c"'),
    r'"\"\\"': ('"\\', r'"\"\\"'),
    "a": (Token("a"), "a"),
    "*": (Token("*"), "*"),
    "foo123/456:!#$%&'*+-.^_`|~": (
        Token("foo123/456:!#$%&'*+-.^_`|~"),
        "foo123/456:!#$%&'*+-.^_`|~",
    ),
    "::": (b"", "::"),
    ":aGVsbG8=:": (b"hello", ":aGVsbG8=:"),
    ":aGVsbG8:": (b"hello", ":aGVsbG8=:"),
    ":iZ==:": (b"\x89", ":iQ==:"),  # pad bits that are not zero
    ":/+A=:": (b"\xff\xe0", ":/+A=:"),
    "?1": (True, "?1"),
    "?0": (False, "?0"),
    "@0": (Date(0), "@0"),
    "@-62135596800": (Date(-62135596800), "@-62135596800"),
    "@253402214400": (Date(253402214400), "@253402214400"),
    '%""': (DisplayString(""), '%""'),
    '%"f%c3%bc%22 \\ %25"': (DisplayString('fü" \\ %'), '%"f%c3%bc%22 \\ %25"'),
    '%"%f0%9f%98%80"': (DisplayString("😀"), '%"%f0%9f%98%80"'),
}

NO_ITEMS = [
    *("", " ", "\t1", "1\t", "1 1", "1,2", "-", "--1", "+1", "1-", "- 1", "1e3", "0x1", "١"),
    *("1000000000000000", "-1000000000000000", "1234567890123.1", "1.2345", "1.", ".1", "1.-1"),
    *('"', '"a', 'a"', '"a" b', r'"\a"', '"\\"', '"\t"', '"\n"', '"ü"', '"\x7f"', "'a'", "ü"),
    *("[a]", "a b", "(a)", "{", "=", ";a=1", ",", "_a", "~a"),
    *(":", ":a:", ":aGVs", ":aG Vs:", ":=aGVs:", ":aG=Vs:", ":aGVsbG8===:", ":a-_=:"),
    *("?", "?2", "?01", "?true", "? 1"),
    *("@", "@a", "@1.5", "@ 1", "@1000000000000000", "@@1"),
    *("%", '%"', '%"a', '%a"', "%'a'", '%"%C3%BC"', '%"%c"', '%"%"', '%"%ff"', '%"%c3%28"'),
    *('%"%ed%a0%80"', '%"ü"', '%"\t"', '% "a"'),
    *("a;", "a;;b", "a;B=1", "a;1=1", "a;b=", "a;b= 1", "a;b =1", "a ;b", "a;b=(1)", "a;\tb"),
]


@pytest.mark.parametrize(("text", "value", "written"), [(k, *v) for k, v in BARE_ITEMS.items()])
def test_a_bare_item_is_read_by_its_type_and_written_in_one_way(
    text: str, value: BareItem, written: str
) -> None:
    item = parse_item(f"  {text}  ")
    assert item == Item(value)
    assert type(item.value) is type(value)
    assert format_item(Item(value)) == written


@pytest.mark.parametrize("text", NO_ITEMS)
def test_anything_else_is_no_item(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_item(text)


def test_the_message_quotes_the_field_in_short_and_says_where_it_is_wrong() -> None:
    with pytest.raises(
        ValueError, match=r"^'a b' is no structured field: expected its end at .* 1$"
    ):
        parse_item("a b")
    with pytest.raises(ValueError, match="structured field") as caught:
        parse_item("\x1b" * 10_000)
    assert len(str(caught.value)) < 200
    assert str(caught.value).isprintable()


def test_an_item_has_parameters_of_which_the_last_of_a_name_counts_in_the_place_of_the_first() -> (
    None
):
    item = parse_item('text/html;a;b=1;  c="x;y" ;a=?0'.replace('" ;', '";'))
    assert item == Item(Token("text/html"), {"a": False, "b": 1, "c": "x;y"})
    assert list(item.parameters) == ["a", "b", "c"]
    assert format_item(item) == 'text/html;a=?0;b=1;c="x;y"'
    assert format_item(parse_item("1;*a._-9=?1")) == "1;*a._-9"


LISTS: dict[str, tuple[list[Item | InnerList], str]] = {
    "": ([], ""),
    "a": ([Item(Token("a"))], "a"),
    "1,2 ,\t3\t, 4": ([Item(1), Item(2), Item(3), Item(4)], "1, 2, 3, 4"),
    '"a,b";x=1, ?0': ([Item("a,b", {"x": 1}), Item(False)], '"a,b";x=1, ?0'),
    "()": ([InnerList(())], "()"),
    "(  )": ([InnerList(())], "()"),
    '("a"  b;x );y=1,c': (
        [InnerList((Item("a"), Item(Token("b"), {"x": True})), {"y": 1}), Item(Token("c"))],
        '("a" b;x);y=1, c',
    ),
}


@pytest.mark.parametrize(("text", "members", "written"), [(k, *v) for k, v in LISTS.items()])
def test_a_list_has_items_and_inner_lists(text: str, members: Any, written: str) -> None:
    assert parse_list(text) == members
    assert format_list(members) == written


NO_LISTS = [
    *(",", "a,", "a, ", ",a", "a,,b", "a b", "a;", "a=1", "a, b=1", "\ta"),
    *(
        "(",
        "(a",
        "(a ",
        "(a,b)",
        "(a\tb)",
        "(\ta)",
        "a)",
        '("a""b")',
        "((a))",
        "(a)b",
        "(a) ;x",
        "(a;)",
    ),
]


@pytest.mark.parametrize("text", NO_LISTS)
def test_a_malformed_list_is_refused_as_a_whole(text: str) -> None:
    with pytest.raises(ValueError, match="is no structured field"):
        parse_list(text)


DICTIONARIES: dict[str, tuple[dict[str, Item | InnerList], str]] = {
    "": ({}, ""),
    "a=1": ({"a": Item(1)}, "a=1"),
    "a, b;x=2,c=?0": (
        {"a": Item(True), "b": Item(True, {"x": 2}), "c": Item(False)},
        "a, b;x=2, c=?0",
    ),
    "a=?1;x": ({"a": Item(True, {"x": True})}, "a;x"),
    'a=(1 "?1");q=?0, b=:AQ==:': (
        {"a": InnerList((Item(1), Item("?1")), {"q": False}), "b": Item(b"\x01")},
        'a=(1 "?1");q=?0, b=:AQ==:',
    ),
    "a=1,b=2,a=3": ({"a": Item(3), "b": Item(2)}, "a=3, b=2"),
    "*a-1_b.=x": ({"*a-1_b.": Item(Token("x"))}, "*a-1_b.=x"),
}


@pytest.mark.parametrize(("text", "members", "written"), [(k, *v) for k, v in DICTIONARIES.items()])
def test_a_dictionary_keeps_the_order_and_of_equal_keys_the_last(
    text: str, members: Any, written: str
) -> None:
    found = parse_dictionary(text)
    assert found == members
    assert list(found) == list(members)
    assert format_dictionary(members) == written


NO_DICTIONARIES = [
    *("=1", "a=", "a= 1", "a =1", "A=1", "1=1", "-a=1", "a=1,", "a=1,,b", "a b", "a=1 b=2", "ü=1"),
    *("a;=1", "a=((1))", 'a="', ";a", "a\x00=1"),
]


@pytest.mark.parametrize("text", NO_DICTIONARIES)
def test_a_malformed_dictionary_is_refused_as_a_whole(text: str) -> None:
    with pytest.raises(ValueError, match="is no structured field"):
        parse_dictionary(text)


ROUNDED = {
    "0.0015": "0.002",
    "0.0025": "0.002",
    "-0.0025": "-0.002",
    "9.9995": "10.0",
    "1E+2": "100.0",
    "1E-9": "0.0",
    "999999999999.9994": "999999999999.999",
}


@pytest.mark.parametrize(("value", "written"), ROUNDED.items())
def test_decimals_are_rounded_to_three_places_half_to_even(value: str, written: str) -> None:
    assert format_item(Item(Decimal(value))) == written


UNSAYABLE: list[BareItem] = [
    *(10**15, -(10**15), Date(10**15)),
    *map(Decimal, ("999999999999.9995", "1E+30", "NaN", "-Infinity")),
    *("ü", "a\n", "\x7f"),
    *map(Token, ("", "a b", "1", '"a"', "é", "a,b")),
    DisplayString("\ud800"),
]


@pytest.mark.parametrize("value", UNSAYABLE)
def test_what_no_field_can_say_is_not_written(value: BareItem) -> None:
    with pytest.raises(ValueError, match=r"."):
        format_item(Item(value))


@pytest.mark.parametrize("key", ["", "A", "1a", "ü", "a b", "a=b", "a\n"])
def test_keys_are_checked_when_written(key: str) -> None:
    with pytest.raises(ValueError, match="is no key"):
        format_dictionary({key: Item(1)})
    with pytest.raises(ValueError, match="is no key"):
        format_item(Item(1, {key: 1}))


@pytest.mark.parametrize("value", [1.5, None, bytearray(b"a"), Item(1)])
def test_a_value_of_another_type_is_a_mistake_of_the_caller(value: Any) -> None:
    with pytest.raises(TypeError, match=type(value).__name__):
        format_item(Item(value))


KEYS = st.from_regex(re.compile(r"\A[a-z*][a-z0-9_.*-]{0,9}\Z"))
VALUES: st.SearchStrategy[BareItem] = st.one_of(
    st.integers(-(10**15) + 1, 10**15 - 1),
    st.decimals(-(10**12) + 1, 10**12 - 1, places=3),
    st.text(st.characters(min_codepoint=32, max_codepoint=126)),
    st.from_regex(re.compile(r"\A[A-Za-z*][\w!#$%&'*+.^`|~:/-]{0,9}\Z", re.ASCII)).map(Token),
    st.binary(),
    st.booleans(),
    st.integers(-(10**15) + 1, 10**15 - 1).map(Date),
    st.text(st.characters(exclude_categories=["Cs"])).map(DisplayString),
)
ITEMS = st.builds(Item, VALUES, st.dictionaries(KEYS, VALUES, max_size=3))
MEMBERS = ITEMS | st.builds(
    InnerList, st.lists(ITEMS, max_size=3).map(tuple), st.dictionaries(KEYS, VALUES, max_size=3)
)


@given(st.dictionaries(KEYS, MEMBERS))
def test_what_is_written_is_read_back(members: dict[str, Item | InnerList]) -> None:
    assert parse_dictionary(format_dictionary(members)) == members
    assert parse_list(format_list(members.values())) == list(members.values())


@given(st.text(st.sampled_from('a1"\\:;,=?@%() \t-.b') | st.characters(max_codepoint=255)))
def test_whatever_is_sent_is_read_or_refused(text: str) -> None:
    for parse, write in ((parse_list, format_list), (parse_dictionary, format_dictionary)):
        parse_any: Any = parse
        write_any: Any = write
        try:
            members = parse_any(text)
        except ValueError:
            continue
        assert parse_any(write_any(members)) == members


def test_no_expression_goes_back() -> None:
    patterns: list[re.Pattern[Any]] = [
        value for value in vars(structured).values() if isinstance(value, re.Pattern)
    ]
    assert len(patterns) > 5
    for pattern in patterns:
        if isinstance(pattern.pattern, str):
            assert backtracking_quantifiers(pattern) == []


@pytest.mark.parametrize(
    "piece",
    [",", "a,", "a;b,", "(", "(a ", "a" * 50, '"', "\\", '%"', ":", " ", "\t", ";", "=", "1", "?"],
)
def test_a_long_field_takes_work_in_proportion_to_its_length(piece: str) -> None:
    def work(length: int) -> int:
        text = piece * (length // len(piece))

        def parse() -> None:
            for parser in (parse_item, parse_list, parse_dictionary):
                try:
                    parser(text)
                except ValueError:
                    continue

        return count_calls(parse)

    assert work(60_000) < 12 * work(6_000)
