"""HTTP dates: text <-> aware datetimes (RFC 9110 section 5.6.7).

Nothing here reads a header or a locale.
"""

import re
from datetime import UTC, datetime

__all__ = ["format_http_date", "parse_http_date"]

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

# Every part matches in one way and has a greatest length: matching ends after 33 characters.
DAY = f"(?:{'|'.join(DAYS)})"
LONG_DAY = "(?:(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day)"
MONTH = f"(?P<month>{'|'.join(MONTHS)})"
TIME = "(?P<hour>[0-9]{2}):(?P<minute>[0-9]{2}):(?P<second>[0-9]{2})"
YEAR = "(?P<year>[0-9]{4})"
IMF_FIXDATE = re.compile(f"{DAY}, (?P<day>[0-9]{{2}}) {MONTH} {YEAR} {TIME} GMT")
RFC_850 = re.compile(f"{LONG_DAY}, (?P<day>[0-9]{{2}})-{MONTH}-(?P<year>[0-9]{{2}}) {TIME} GMT")
ASCTIME = re.compile(f"{DAY} {MONTH} (?P<day>[0-9]{{2}}| [0-9]) {TIME} {YEAR}")


def format_http_date(when: datetime) -> str:
    """The moment as an IMF-fixdate in GMT, cut to the second; ValueError for a naive datetime.

    >>> format_http_date(datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC))
    'Sun, 06 Nov 1994 08:49:37 GMT'
    """
    if when.utcoffset() is None:
        raise ValueError(f"{when!r} has no time zone: an HTTP date is in GMT, so give it one")
    when = when.astimezone(UTC)
    day, month = DAYS[when.weekday()], MONTHS[when.month - 1]
    return f"{day}, {when.day:02} {month} {when.year:04} {when:%H:%M:%S} GMT"


def parse_http_date(text: str, *, now: datetime | None = None) -> datetime | None:
    """The moment in UTC, from any of the three formats of RFC 9110; None for anything else.

    The name of the day is not compared with the date. A leap second is read as the one before.
    `now` (aware) is what the two-digit years of RFC 850 are relative to: this moment unless given.
    """
    match = IMF_FIXDATE.fullmatch(text) or RFC_850.fullmatch(text) or ASCTIME.fullmatch(text)
    if match is None:
        return None
    rest = (
        MONTHS.index(match["month"]) + 1,
        int(match["day"]),
        int(match["hour"]),
        int(match["minute"]),
        59 if match["second"] == "60" else int(match["second"]),
    )
    year = int(match["year"])
    try:
        if match.re is RFC_850:
            year = _full_year(year, rest, now or datetime.now(UTC))
        return datetime(year, *rest, tzinfo=UTC)
    except ValueError:
        return None


def _full_year(two_digits: int, rest: tuple[int, int, int, int, int], now: datetime) -> int:
    """The latest year with these last digits in which the moment is at most 50 years in the future.

    "Recipients [...] MUST interpret a timestamp that appears to be more than 50 years in the future
    as representing the most recent year in the past that had the same last two digits."
    """
    horizon = now.astimezone(UTC).timetuple()
    latest = horizon.tm_year + 50
    year = latest - (latest - two_digits) % 100
    return year - 100 if (year, *rest) > (latest, *horizon[1:6]) else year
