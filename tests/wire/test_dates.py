from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework._wire.dates import format_http_date, parse_http_date

NOVEMBER = datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC)  # the moment of all examples in RFC 9110


def test_a_moment_is_written_as_imf_fixdate() -> None:
    assert format_http_date(NOVEMBER) == "Sun, 06 Nov 1994 08:49:37 GMT"


def test_a_moment_elsewhere_is_written_in_gmt_without_fractions() -> None:
    zone = timezone(timedelta(hours=-5))
    when = datetime(2023, 12, 31, 23, 30, 59, 999_999, tzinfo=zone)
    assert format_http_date(when) == "Mon, 01 Jan 2024 04:30:59 GMT"


def test_an_early_year_is_written_with_four_digits() -> None:
    assert format_http_date(datetime(33, 4, 3, tzinfo=UTC)) == "Sun, 03 Apr 0033 00:00:00 GMT"


def test_a_naive_datetime_is_refused() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        format_http_date(datetime(1994, 11, 6))  # noqa: DTZ001


@pytest.mark.parametrize(
    "text",
    [
        "Sun, 06 Nov 1994 08:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994",
        "Mon, 06 Nov 1994 08:49:37 GMT",  # which day of the week it was says nothing
    ],
)
def test_the_three_formats_of_the_rfc_are_read(text: str) -> None:
    assert parse_http_date(text) == NOVEMBER


def test_asctime_may_have_a_day_of_two_digits() -> None:
    assert parse_http_date("Wed Nov 16 08:49:37 1994") == NOVEMBER + timedelta(days=10)


def test_a_leap_second_is_read_as_the_second_before() -> None:
    assert parse_http_date("Sat, 31 Dec 2016 23:59:60 GMT") == datetime(
        2016, 12, 31, 23, 59, 59, tzinfo=UTC
    )


@pytest.mark.parametrize(
    ("text", "now", "year"),
    [
        ("Sunday, 06-Nov-94 08:49:37 GMT", datetime(2024, 1, 1, tzinfo=UTC), 1994),
        ("Sunday, 06-Nov-24 08:49:37 GMT", datetime(2024, 1, 1, tzinfo=UTC), 2024),
        ("Sunday, 06-Nov-73 08:49:37 GMT", datetime(2024, 1, 1, tzinfo=UTC), 2073),
        ("Sunday, 06-Nov-75 08:49:37 GMT", datetime(2024, 1, 1, tzinfo=UTC), 1975),
        # The fiftieth year is decided to the second.
        ("Sunday, 06-Nov-74 08:49:37 GMT", datetime(2024, 11, 6, 8, 49, 37, tzinfo=UTC), 2074),
        ("Sunday, 06-Nov-74 08:49:37 GMT", datetime(2024, 11, 6, 8, 49, 36, tzinfo=UTC), 1974),
        ("Sunday, 06-Nov-10 08:49:37 GMT", datetime(2090, 1, 1, tzinfo=UTC), 2110),
        # What "now" is does not depend on the zone that it is told in.
        (
            "Sunday, 06-Nov-74 08:49:37 GMT",
            datetime(2024, 11, 6, 3, 49, 37, tzinfo=timezone(timedelta(hours=-5))),
            2074,
        ),
    ],
)
def test_a_year_of_two_digits_is_at_most_fifty_years_ahead(
    text: str, now: datetime, year: int
) -> None:
    parsed = parse_http_date(text, now=now)
    assert parsed is not None
    assert parsed.year == year


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0",
        "Sun, 06 Nov 1994 08:49:37",
        "Sun, 06 Nov 1994 08:49:37 UTC",
        "Sun, 06 Nov 1994 08:49:37 GMT ",
        " Sun, 06 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37 GMT\n",
        "sun, 06 nov 1994 08:49:37 gmt",
        "Sun, 6 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 8:49:37 GMT",
        "Sun, 06 Nov 94 08:49:37 GMT",
        "Sun, 06-Nov-94 08:49:37 GMT",
        "Sunday, 06-Nov-1994 08:49:37 GMT",
        "Sun, ٠٦ Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 0000 08:49:37 GMT",
        "Sun, 00 Nov 1994 08:49:37 GMT",
        "Sun, 31 Nov 1994 08:49:37 GMT",
        "Wed, 29 Feb 2023 08:49:37 GMT",
        "Sun, 06 Nov 1994 24:00:00 GMT",
        "Sun, 06 Nov 1994 08:60:37 GMT",
        "Sun, 06 Nov 1994 08:49:61 GMT",
        "Sun, 06 Nov 1994 -8:49:37 GMT",
        "Sun Nov 6 08:49:37 1994",
        "Sun Nov  6 08:49:37 1994 GMT",
        "1994-11-06T08:49:37Z",
        "Sun, " * 12_000,
        " " * 60_000,
        "0" * 60_000,
    ],
)
def test_anything_else_is_no_date(text: str) -> None:
    assert parse_http_date(text) is None


@given(st.datetimes(timezones=st.just(UTC)))
def test_a_moment_survives_writing_and_reading(when: datetime) -> None:
    assert parse_http_date(format_http_date(when)) == when.replace(microsecond=0)


@given(st.datetimes(timezones=st.just(UTC)))
def test_a_moment_survives_asctime(when: datetime) -> None:
    assert parse_http_date(when.ctime()) == when.replace(microsecond=0)


@given(st.text())
def test_no_text_raises(text: str) -> None:
    assert parse_http_date(text) is None
