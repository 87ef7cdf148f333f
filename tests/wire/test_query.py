"""Query strings and urlencoded forms."""

from urllib.parse import parse_qsl, unquote_to_bytes

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from framework._wire.query import QueryParams, format_urlencoded, parse_urlencoded
from tests.wire.work import count_calls

SCALARS = st.text(st.characters(exclude_categories=["Cs"]))
NOISE = st.lists(
    st.sampled_from([b"&", b"=", b"+", b"%", b"%4", b"%41", b"%C3", b"\xc3", b"\xa9", b";", b"x"])
)
# What the two decoders read in different ways, and what the parser puts between the fields.
MALFORMED = [b"%", b"%%", b"%4", b"%\r", b"%\n"]
UNUSUAL = [b"%3D", b"%26", b"%0A", b"%1e", b"%C3", b"%A9", b"\xc3", b"\xa9", b"\x1e", b"\r", b"\n"]
PIECES = [*MALFORMED, *UNUSUAL, b"%41", b"_", b"+"]
PARTS = st.lists(st.sampled_from(PIECES), max_size=4).map(b"".join)


def parse(raw: bytes) -> list[tuple[str, str]]:
    return parse_urlencoded(raw, max_fields=100)


@pytest.mark.parametrize(
    ("raw", "pairs"),
    [
        # from the standard's test suite, web-platform-tests/url/urlencoded-parser.any.js
        (b"test", [("test", "")]),
        (b"\xef\xbb\xbftest=\xef\xbb\xbf", [("\ufefftest", "\ufeff")]),
        (b"%EF%BB%BFtest=%EF%BB%BF", [("\ufefftest", "\ufeff")]),
        (b"%EF%BF%BF=%EF%BF%BF", [("\uffff", "\uffff")]),
        (b"%FE%FF", [("\ufffd\ufffd", "")]),
        (b"%FF%FE", [("\ufffd\ufffd", "")]),
        (b"\xe2\x80\xa0&\xe2\x80\xa1=x", [("†", ""), ("‡", "x")]),
        (b"%C2", [("\ufffd", "")]),
        (b"%C2x", [("\ufffdx", "")]),
        (b"_charset_=windows-1252&test=%C2x", [("_charset_", "windows-1252"), ("test", "\ufffdx")]),
        (b"", []),
        (b"a", [("a", "")]),
        (b"a=b", [("a", "b")]),
        (b"a=", [("a", "")]),
        (b"=b", [("", "b")]),
        (b"&", []),
        (b"&a", [("a", "")]),
        (b"a&", [("a", "")]),
        (b"a&a", [("a", ""), ("a", "")]),
        (b"a&b&c", [("a", ""), ("b", ""), ("c", "")]),
        (b"a=b&c=d", [("a", "b"), ("c", "d")]),
        (b"a=b&c=d&", [("a", "b"), ("c", "d")]),
        (b"&&&a=b&&&&c=d&", [("a", "b"), ("c", "d")]),
        (b"a=a&a=b&a=c", [("a", "a"), ("a", "b"), ("a", "c")]),
        (b"a==a", [("a", "=a")]),
        (b"a=a+b+c+d", [("a", "a b c d")]),
        (b"%=a", [("%", "a")]),
        (b"%a=a", [("%a", "a")]),
        (b"%a_=a", [("%a_", "a")]),
        (b"%61=a", [("a", "a")]),
        (b"%61+%4d%4D=", [("a MM", "")]),
        (b"id=0&value=%", [("id", "0"), ("value", "%")]),
        (b"b=%2sf%2a", [("b", "%2sf*")]),
        (b"b=%2%2af%2a", [("b", "%2*f*")]),
        (b"b=%%2a", [("b", "%*")]),
        # ours
        (b"a=1;b=2", [("a", "1;b=2")]),
        (b"a=%2B+%26%3D%3b", [("a", "+ &=;")]),
        (b"a=%E2\x82\xac", [("a", "€")]),
        (b"a=\xe2\x82&b=\xac", [("a", "\ufffd"), ("b", "\ufffd")]),
        (b"a=%00%0d%0a", [("a", "\0\r\n")]),
        (b"a=%D9%A1%u0041", [("a", "١%u0041")]),
    ],
)
def test_fields_are_parsed_as_browsers_parse_them(raw: bytes, pairs: list[tuple[str, str]]) -> None:
    assert parse(raw) == pairs
    assert QueryParams(raw).multi_items() == pairs


@given(NOISE)
def test_with_and_without_percent_encoding_the_same_is_parsed(parts: list[bytes]) -> None:
    raw = b"".join(parts).replace(b"%", b"")
    assert parse(raw) == parse(raw + b"&%")[:-1]


@given(NOISE)
def test_it_agrees_with_the_standard_library_on_any_noise(parts: list[bytes]) -> None:
    raw = b"".join(part for part in parts if part.isascii())
    assert parse(raw) == parse_qsl(raw.decode(), keep_blank_values=True, errors="replace")


@given(st.lists(st.tuples(PARTS, PARTS), min_size=1))
@example([(b"a", b"%41%")])
@example([(b"a%", b"b"), (b"%41", b"%4")])
@example([(b"a\n", b"%1E")])
@example([(b"%\n%\r", b"%%%%")])
def test_fields_of_a_form_are_decoded_as_each_part_is_alone(
    fields: list[tuple[bytes, bytes]],
) -> None:
    def decoded(part: bytes) -> str:
        return unquote_to_bytes(part.replace(b"+", b" ")).decode("utf-8", "replace")

    raw = b"&".join(name + b"=" + value for name, value in fields)
    assert parse(raw) == [(decoded(name), decoded(value)) for name, value in fields]


@given(st.lists(st.tuples(SCALARS, SCALARS)))
def test_what_was_formatted_is_parsed_back(pairs: list[tuple[str, str]]) -> None:
    text = format_urlencoded(pairs)
    assert text.isascii()
    assert parse(text.encode()) == pairs
    assert QueryParams(text).multi_items() == pairs
    assert str(QueryParams(text)) == text


def test_only_what_the_standard_names_stays_unencoded() -> None:
    every = "".join(map(chr, range(256)))
    kept = "*-._0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"
    encoded = format_urlencoded([(char, "") for char in every]).split("=&")
    assert {char for char, name in zip(every, encoded, strict=True) if char == name} == set(kept)
    assert format_urlencoded([(" ~", "\n")]) == "+%7E=%0A"


@pytest.mark.parametrize(
    ("raw", "limit"), [(b"a", 0), (b"a&b", 1), (b"a&b&c", 2), (b"&" * 100_000, 1_000)]
)
def test_more_fields_than_the_limit_are_refused_before_any_is_parsed(
    raw: bytes, limit: int
) -> None:
    def refused() -> None:
        with pytest.raises(ValueError, match=f"^more than {limit} fields$"):
            parse_urlencoded(raw, max_fields=limit)

    assert count_calls(refused) < 1_000


@pytest.mark.parametrize(
    ("raw", "limit", "fields"),
    [(b"", 0, 0), (b"a", 1, 1), (b"a&b", 2, 2), (b"a=%31&b=2", 2, 2)],
)
def test_as_many_fields_as_the_limit_are_parsed(raw: bytes, limit: int, fields: int) -> None:
    assert len(parse_urlencoded(raw, max_fields=limit)) == fields


@pytest.mark.parametrize(
    "query",
    [
        "a=1&b=2",
        b"a=1&b=2",
        {"a": "1", "b": "2"},
        [("a", "1"), ("b", "2")],
        iter([("a", "1"), ("b", "2")]),
        QueryParams("a=1&b=2"),
    ],
)
def test_query_params_are_made_of_text_bytes_mappings_and_pairs(query: str) -> None:
    params = QueryParams(query)
    assert params == QueryParams([("a", "1"), ("b", "2")])
    assert params["b"] == "2"


@pytest.mark.parametrize("nothing", [None, "", b"", {}, [], QueryParams()])
def test_query_params_of_nothing_are_empty(nothing: str | None) -> None:
    params = QueryParams(nothing)
    assert not params
    assert str(params) == ""


def test_repeated_fields_survive_a_copy() -> None:
    params = QueryParams("tag=a&tag=b")
    assert QueryParams(params).getlist("tag") == ["a", "b"]
    assert params["tag"] == "a"


def test_text_beyond_ascii_may_be_given_as_it_is() -> None:
    assert QueryParams("q=für&r=f%C3%BCr") == QueryParams({"q": "für", "r": "für"})


def test_its_repr_makes_it_again() -> None:
    assert repr(QueryParams("a=%31")) == "QueryParams([('a', '1')])"


@pytest.mark.parametrize("unit", [b"&", b"%", b"=", b"+", b"%41", b"a&", b"a=%41&", b"%&", b"\xff"])
def test_a_hundred_thousand_take_work_in_proportion(unit: bytes) -> None:
    def calls(times: int) -> int:
        return count_calls(lambda: parse_urlencoded(unit * times, max_fields=200_000))

    assert calls(100_000) <= 10 * calls(10_000) + 1_000
