"""The Server-Timing field."""

from math import inf, nan
from typing import Any

import pytest

from framework._wire.server_timing import format_server_timing


@pytest.mark.parametrize(
    ("metric", "field"),
    [
        (("miss",), "miss"),
        (("db", 0.053), "db;dur=53"),
        (("db", 0), "db;dur=0"),
        (("db", 2), "db;dur=2000"),
        (("db", 0.0000001), "db;dur=0"),
        (("db", 0.0012345678), "db;dur=1.235"),
        (("db", 1e18), "db;dur=1000000000000000000000"),
        (("cache", None, "Cache Read"), 'cache;desc="Cache Read"'),
        (("total", 0.1, ""), 'total;dur=100;desc=""'),
        (("x", 0.1, 'a "b" \\ ü'), 'x;dur=100;desc="a \\"b\\" \\\\ ü"'),
    ],
)
def test_a_metric_is_written_in_milliseconds(metric: tuple[Any, ...], field: str) -> None:
    assert format_server_timing(*metric) == field


@pytest.mark.parametrize(
    ("metric", "message"),
    [
        (("",), "'' is no name for a metric"),
        (("my db",), "'my db' is no name for a metric: use letters, digits and hyphens"),
        (("a;dur",), "no name"),
        (("a\r\nb",), "no name"),
        (("ä",), "no name"),
        (("db", -0.1), "db cannot have taken -0.1 seconds"),
        (("db", inf), "inf"),
        (("db", nan), "nan"),
        (("db", 1, "a\r\nb"), "cannot contain"),
        (("db", 1, "€"), "cannot contain"),
    ],
)
def test_what_the_field_cannot_carry_is_refused(metric: tuple[Any, ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        format_server_timing(*metric)
