"""The tables about the request."""

from framework._debug.report import MOST_FIELDS, parts
from framework._debug.values import Values
from framework.connections import HTTPConnection
from tests.driver import http_scope


def test_parts_without_rows_are_left_out_and_long_ones_cut() -> None:
    query = "&".join(f"a{n}=1" for n in range(MOST_FIELDS + 1))
    found = parts(HTTPConnection(http_scope(path=f"/?{query}&token=t")), Values())
    assert [part.title for part in found] == ["Request", "Query", "Headers", "Versions"]
    assert len(found[1].rows) == MOST_FIELDS


def test_of_cookies_only_the_names_are_shown() -> None:
    scope = http_scope(headers={"cookie": "a=1; b=2"})
    tables = {part.title: part.rows for part in parts(HTTPConnection(scope), Values())}
    assert tables["Cookies"] == [("a", "[redacted]"), ("b", "[redacted]")]
