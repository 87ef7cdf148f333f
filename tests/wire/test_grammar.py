"""What goes into a header field, and what comes out of one."""

import re
import string
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework._wire import grammar
from framework._wire.grammar import (
    check_field_name,
    check_field_value,
    is_token,
    parse_parameters,
    quoted_string,
    split_list,
)
from tests.wire.work import backtracking_quantifiers, count_calls

FIELD_TEXT = st.text(
    st.one_of(st.sampled_from('\t",;\\= '), st.characters(min_codepoint=32, max_codepoint=255))
).filter(lambda text: "\x7f" not in text)


def test_a_token_has_exactly_the_characters_of_the_rfc() -> None:
    tokens = {chr(code) for code in range(0x3000) if is_token(chr(code))}
    assert tokens == set("!#$%&'*+-.^_`|~" + string.digits + string.ascii_letters)


@pytest.mark.parametrize("text", ["", "a b", "a:", "a\n", "\na", "ä", "ａ"])
def test_a_token_is_not_empty_and_nothing_but_token_characters(text: str) -> None:
    assert not is_token(text)


def test_a_field_name_is_given_in_lower_case() -> None:
    assert check_field_name("X-Request-ID") == b"x-request-id"


@pytest.mark.parametrize("name", ["", "a b", "a:b", "x\r\ny", "x\n", "naïve", "\u212a"])
def test_a_field_name_that_is_no_token_is_refused_by_its_name(name: str) -> None:
    with pytest.raises(ValueError, match="is no name for a header field") as caught:
        check_field_name(name)
    assert str(caught.value).startswith(repr(name))


def test_a_field_name_in_bytes_is_refused_as_such() -> None:
    name: Any = b"x-a"
    with pytest.raises(TypeError, match=r"^the name of a header field is a str, not b'x-a'$"):
        check_field_name(name)


@pytest.mark.parametrize(
    ("value", "encoded"),
    [
        ("text/html", b"text/html"),
        ("", b""),
        (" \ta\tb \t", b"a\tb"),
        ("caf\xe9 \x85", b"caf\xe9 \x85"),
        ("\xa0", b"\xa0"),
    ],
)
def test_a_field_value_is_latin_1_without_the_space_around_it(value: str, encoded: bytes) -> None:
    assert check_field_value(value) == encoded


CONTROLS = [chr(code) for code in (*range(9), *range(10, 32), 127)]


@pytest.mark.parametrize("control", CONTROLS)
@pytest.mark.parametrize("value", ["{}", "a{}", "{}a", "a{}b"])
def test_a_control_character_in_a_field_value_is_refused(value: str, control: str) -> None:
    with pytest.raises(ValueError, match="cannot contain") as caught:
        check_field_value(value.format(control))
    assert f"cannot contain {control!a}, as {value.format(control)!a}" in str(caught.value)


@pytest.mark.parametrize("value", ["€", "a\u2028b", "\ud800", "😀"])
def test_what_latin_1_does_not_have_is_refused_in_a_field_value_with_advice(value: str) -> None:
    with pytest.raises(ValueError, match=r"urllib\.parse\.quote"):
        check_field_value(value)


@pytest.mark.parametrize("refuse", [check_field_name, check_field_value, quoted_string])
def test_a_refusal_is_short_and_printable_whatever_the_text(refuse: object) -> None:
    assert callable(refuse)
    with pytest.raises(ValueError, match=r"\\n") as caught:
        refuse("\n" * 60_000)
    assert len(str(caught.value)) < 300
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("text", ["a\nb", "€", "\0"])
def test_a_quoted_string_has_no_characters_that_a_field_cannot_carry(text: str) -> None:
    with pytest.raises(ValueError, match="a quoted string cannot contain"):
        quoted_string(text)


@given(FIELD_TEXT)
def test_a_parameter_written_as_a_quoted_string_is_read_back(text: str) -> None:
    assert parse_parameters(f"; a={quoted_string(text)}; b=c") == {"a": text, "b": "c"}


@given(st.lists(FIELD_TEXT))
def test_a_list_of_quoted_strings_is_split_into_them(texts: list[str]) -> None:
    elements = [quoted_string(text) for text in texts]
    assert split_list(" ,\t".join(elements)) == elements


@given(st.text(st.sampled_from('",;\\ a')))
def test_no_text_of_a_list_is_lost_but_commas_and_space(value: str) -> None:
    elements = split_list(value)
    assert re.sub("[ ,]", "", value) == re.sub("[ ,]", "", "".join(elements))


@pytest.mark.parametrize(
    ("value", "elements"),
    [
        ("", []),
        (",", []),
        (", ,\t,", []),
        ("foo,bar", ["foo", "bar"]),
        ("foo ,bar,", ["foo", "bar"]),
        ("foo , ,bar,charlie", ["foo", "bar", "charlie"]),
        ('W/"a,b", "c"', ['W/"a,b"', '"c"']),
        (r'"a\",b", c', [r'"a\",b"', "c"]),
        (r'"a\\",b', [r'"a\\"', "b"]),
        ('a, "b, c', ["a", '"b, c']),
        ('a, "b, c\\', ["a", '"b, c\\']),
        ("a\\,b", ["a\\", "b"]),
        ("a b, c", ["a b", "c"]),
        ("\xa0, a", ["\xa0", "a"]),
        ('"a\nb,c",d', ['"a\nb,c"', "d"]),
    ],
)
def test_a_list_is_split_at_commas_outside_of_quoted_strings(
    value: str, elements: list[str]
) -> None:
    assert split_list(value) == elements


@pytest.mark.parametrize(
    ("text", "parameters"),
    [
        ("", {}),
        (";", {}),
        ("; charset=utf-8", {"charset": "utf-8"}),
        ("charset=utf-8", {"charset": "utf-8"}),
        (";Charset=UTF-8", {"charset": "UTF-8"}),
        (' ; a="b" ;; c=d ;', {"a": "b", "c": "d"}),
        ('; a=""', {"a": ""}),
        (r'; a="b\"c\\d\e"', {"a": r'b"c\de'}),
        ('; a="b;c=d"; e=f', {"a": "b;c=d", "e": "f"}),
        ("; a=1; A=2", {"a": "1"}),
        ("; boundary=a/b=c:d", {"boundary": "a/b=c:d"}),
        ("; a=\xe9", {"a": "\xe9"}),
    ],
)
def test_parameters_are_read_by_name(text: str, parameters: dict[str, str]) -> None:
    assert parse_parameters(text) == parameters


@pytest.mark.parametrize(
    "malformed",
    [
        "a",
        "a=",
        "=b",
        "=",
        "a =b",
        "a= b\n",
        'a="b"c',
        'a=b"c"',
        'a="b\n"',
        "ä=b",
        "a=\u20ac",
        "a b=c",
    ],
)
def test_a_malformed_parameter_is_left_out(malformed: str) -> None:
    assert parse_parameters(f"; {malformed}; x=y") == {"x": "y"}


@pytest.mark.parametrize("unclosed", ['a="b', 'a="b\\', 'a="b\\"', '"'])
def test_a_quote_that_is_never_closed_takes_the_rest(unclosed: str) -> None:
    assert parse_parameters(f"; x=y; {unclosed}; c=d") == {"x": "y"}


PATTERNS = [
    grammar.TOKEN,
    grammar.QUOTED_STRING,
    grammar.BETWEEN_COMMAS,
    grammar.BETWEEN_SEMICOLONS,
]


@pytest.mark.parametrize("pattern", PATTERNS)
def test_no_expression_goes_back(pattern: re.Pattern[str]) -> None:
    assert backtracking_quantifiers(pattern) == []


@pytest.mark.parametrize("parse", [split_list, parse_parameters])
@pytest.mark.parametrize(
    "unit",
    [",", ";", '"', "\\", '\\"', '"\\', '",', '";', "a=", 'a="', ";a=b", ';a="\\"";', " ", "\t,"],
)
def test_60_kb_of_a_field_take_work_in_proportion(parse: object, unit: str) -> None:
    assert callable(parse)
    short, long = unit * (6_000 // len(unit)), unit * (60_000 // len(unit))
    assert count_calls(lambda: parse(long)) <= 10 * count_calls(lambda: parse(short)) + 100


def test_the_counting_sees_an_expression_that_goes_back_and_a_loop_in_a_loop() -> None:
    assert backtracking_quantifiers(re.compile(r"(?:[+*]+a?|\*)*+x{2,}[a-z]++")) == [
        "+",
        "?",
        "{2,}",
    ]
    assert count_calls(lambda: [abs(i) for i in range(30) for _ in range(30)]) >= 900
