from datetime import date, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework import Converter, Regex
from framework.converters import CONVERTERS, PATH, STRING

USER = UUID("01234567-89ab-cdef-0123-456789abcdef")


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("int", "0", 0),
        ("int", "007", 7),
        ("int", "9223372036854775807", 2**63 - 1),
        ("float", "1", 1.0),
        ("float", "1.5", 1.5),
        ("float", "007.250", 7.25),
        ("uuid", "01234567-89ab-cdef-0123-456789abcdef", USER),
        ("uuid", "01234567-89AB-CDEF-0123-456789ABCDEF", USER),
        ("uuid", "0123456789abcdef0123456789abcdef", USER),
        ("date", "2024-02-29", date(2024, 2, 29)),
        ("date", "0001-01-01", date(1, 1, 1)),
        ("str", "a/b \n\x00ü", "a/b \n\x00ü"),
        ("path", "", ""),
        ("path", "a//b/", "a//b/"),
    ],
)
def test_a_text_becomes_a_value_of_its_type(name: str, text: str, value: object) -> None:
    converted = CONVERTERS[name].convert(text)
    assert (converted, type(converted)) == (value, CONVERTERS[name].value_type)


NOT_NUMBERS = [
    "",
    " 1",
    "1 ",
    "1\n",
    "+1",
    "-1",
    "1_0",
    "0x10",
    "1e3",
    "٣",  # an Arabic digit, which int() takes
    "１",
    "²",
    "nan",
    "inf",
    "Infinity",
    "1" * 5_000,
]


@pytest.mark.parametrize("text", [*NOT_NUMBERS, "1.0", "9223372036854775808", "0" * 20])
def test_an_integer_has_ascii_digits_and_64_bits(text: str) -> None:
    with pytest.raises(ValueError, match=r"64 bits|64-bit"):
        CONVERTERS["int"].convert(text)


@pytest.mark.parametrize("text", [*NOT_NUMBERS, ".", "1.", ".5", "1.2.3", "1.-2", "1,5", "1.٣"])
def test_a_float_has_ascii_digits_and_at_most_one_point(text: str) -> None:
    with pytest.raises(ValueError, match="decimal number"):
        CONVERTERS["float"].convert(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0123456789abcdef0123456789abcde",
        "0123456789abcdef0123456789abcdef0",
        "01234567-89abcdef-0123-456789abcdef",
        "0123456789ab-cdef-0123-456789abcdef",
        "{01234567-89ab-cdef-0123-456789abcdef}",
        "urn:uuid:01234567-89ab-cdef-0123-456789abcdef",
        "01234567-89ab-cdef-0123-456789abcdef\n",
        "0123456789abcdef0123456789abcdeg",
        "٠123456789abcdef0123456789abcdef",
    ],
)
def test_a_uuid_has_32_digits_with_all_its_hyphens_or_none(text: str) -> None:
    with pytest.raises(ValueError, match="not a UUID"):
        CONVERTERS["uuid"].convert(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2023-02-29",
        "2024-13-01",
        "2024-00-01",
        "0000-01-01",
        "20240229",
        "2024-W09-4",
        "2024-2-29",
        "2024-02-29T00:00",
        "2024-02-29\n",
        "２０２４-02-29",
    ],
)
def test_a_date_is_one_that_the_calendar_has(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the calendar's own words
        CONVERTERS["date"].convert(text)


def test_a_text_parameter_is_not_empty() -> None:
    with pytest.raises(ValueError, match="at least one character"):
        STRING.convert("")


@pytest.mark.parametrize("text", ["de", "fr"])
def test_a_regular_expression_takes_what_it_matches_in_full(text: str) -> None:
    assert Regex("[a-z]{2}").convert(text) == text


@pytest.mark.parametrize("text", ["", "d", "deu", "de\n", "\nde", "DE"])
def test_a_regular_expression_refuses_what_it_matches_in_part(text: str) -> None:
    with pytest.raises(ValueError, match="does not match"):
        Regex("[a-z]{2}").convert(text)


def test_a_regular_expression_never_takes_the_empty_text() -> None:
    with pytest.raises(ValueError, match="does not match"):
        Regex("[a-z]*").convert("")


class Word(Regex):
    __slots__ = ()


def test_regular_expressions_are_equal_if_they_match_the_same_by_the_same_class() -> None:
    assert Regex("a+") == Regex("a+")
    assert hash(Regex("a+")) == hash(Regex("a+"))
    assert Regex("a+") != Regex("a*")
    assert Regex("a+") != Word("a+")
    assert Regex("a+") != "a+"


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("int", st.integers(0, 2**63 - 1)),
        ("float", st.floats(0, 1e40, allow_subnormal=False).filter(lambda x: x == 0 or x > 1e-40)),
        ("uuid", st.uuids()),
        ("date", st.dates()),
        ("str", st.text(min_size=1)),
        ("path", st.text()),
    ],
)
def test_every_value_survives_its_way_into_a_url_and_back(
    name: str, values: st.SearchStrategy[Any]
) -> None:
    converter = CONVERTERS[name]

    @given(values)
    def survives(value: object) -> None:
        assert converter.convert(converter.to_string(value)) == value

    survives()


@pytest.mark.parametrize(
    ("value", "text"),
    [(1.0, "1.0"), (3, "3.0"), (1e-7, "0.0000001"), (0.1 + 0.2, "0.30000000000000004")],
)
def test_a_float_is_written_without_an_exponent(value: float, text: str) -> None:
    assert CONVERTERS["float"].to_string(value) == text


def test_a_datetime_is_written_as_its_day() -> None:
    assert CONVERTERS["date"].to_string(datetime(2024, 2, 29, 12, 30)) == "2024-02-29"  # noqa: DTZ001


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("int", -1, ValueError),
        ("int", 2**63, ValueError),
        ("int", True, ValueError),
        ("float", float("nan"), ValueError),
        ("float", float("inf"), ValueError),
        ("float", -0.5, ValueError),
        ("float", 1e-300, ValueError),
        ("float", None, TypeError),
        ("uuid", "x", ValueError),
        ("date", "2024-02-29", AttributeError),
    ],
)
def test_a_value_that_no_path_can_hold_is_refused(
    name: str, value: object, error: type[Exception]
) -> None:
    def there_and_back(converter: Converter[Any]) -> object:
        return converter.convert(converter.to_string(value))

    with pytest.raises(error):
        there_and_back(CONVERTERS[name])


def test_a_converter_of_ones_own_takes_text_as_it_is_unless_it_says_otherwise() -> None:
    class Anything(Converter[str]):
        __slots__ = ()

    assert Anything().convert("x") == "x"
    assert Anything().to_string("x") == "x"
    assert PATH.specificity > STRING.specificity > Anything().specificity
