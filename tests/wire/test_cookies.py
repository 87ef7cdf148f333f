"""Cookies, in and out."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework._wire import cookies
from framework._wire.cookies import format_set_cookie, parse_cookies
from framework._wire.dates import parse_http_date
from tests.wire.work import backtracking_quantifiers, count_calls

NAMES = st.from_regex(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,9}", fullmatch=True).filter(
    lambda name: not name.lower().startswith("__")
)
VALUES = st.from_regex(r"[!#-+\--:<-\[\]-~]{0,9}", fullmatch=True)


def parse(*values: str) -> dict[str, str]:
    return parse_cookies(values, max_cookies=100)


@pytest.mark.parametrize(
    ("field", "found"),
    [
        ("SID=31d4d96e407aad42; lang=en-US", {"SID": "31d4d96e407aad42", "lang": "en-US"}),
        ("", {}),
        (";;; ;", {}),
        ("a=1;b=2;\tc = 3 ", {"a": "1", "b": "2", "c": "3"}),
        ("a=", {"a": ""}),
        ("a==b=", {"a": "=b="}),
        ("a=b c, d", {"a": "b c, d"}),
        ("A=1; a=2", {"A": "1", "a": "2"}),
        ('a="b c"; d="; e="f', {"a": "b c", "d": '"', "e": '"f'}),
        ('a=""; b="\\"\\\\"; c="\\054\\073"', {"a": "", "b": '\\"\\\\', "c": "\\054\\073"}),
        ('a="1; b=2"', {"a": '"1', "b": '2"'}),
        ("caf\xe9=\xe9; [x]=1; a,b=2", {"caf\xe9": "\xe9", "[x]": "1", "a,b": "2"}),
        ("a=%20", {"a": "%20"}),
    ],
)
def test_a_cookie_field_is_read_as_browsers_write_it(field: str, found: dict[str, str]) -> None:
    assert parse(field) == found


@pytest.mark.parametrize(
    "bad", ["bare", "=nameless", "=__Host-x=bad", " = ", "\t=x", "a\0=1", "a=\r\n", "\x7f=1"]
)
def test_a_bad_pair_is_skipped_and_hides_nothing(bad: str) -> None:
    assert parse(f"first=1; {bad}; last=2") == {"first": "1", "last": "2"}


@pytest.mark.parametrize("space", ["\xa0", "\x85", "\u2000", "\u3000", "\ufeff"])
def test_no_space_but_that_of_the_rfc_is_stripped_from_a_name(space: str) -> None:
    assert "__Host-x" not in parse(f"{space}__Host-x=bad; __Host-x{space}=bad")


@pytest.mark.parametrize("space", ["\x0b", "\x0c", "\x1c", "\n", "\r"])
def test_a_name_with_a_control_character_is_no_cookie(space: str) -> None:
    assert parse(f"{space}__Host-x=bad; __Host-x{space}=bad") == {}


def test_of_one_name_the_first_cookie_counts() -> None:
    assert parse("a=1; b=2; a=3", "a=4; c=5") == {"a": "1", "b": "2", "c": "5"}


@pytest.mark.parametrize(
    ("limit", "names"), [(0, ""), (1, "a"), (2, "ab"), (3, "abc"), (9, "abcd")]
)
def test_cookies_beyond_the_limit_are_ignored(limit: int, names: str) -> None:
    found = parse_cookies(["a=1; a=1; b=2", "c=3; d=4"], max_cookies=limit)
    assert "".join(found) == names


@given(st.dictionaries(NAMES, VALUES, max_size=9))
def test_what_was_set_is_sent_back_and_read(jar: dict[str, str]) -> None:
    pairs = [format_set_cookie(name, value).partition(";")[0] for name, value in jar.items()]
    assert parse("; ".join(pairs)) == parse(*pairs) == jar


ATTACKS = [
    ";", "=", '"', "\\", '"\\', "a;", "=;", "a=b;", 'a="\\";', " ", "; ", "\0;",
]  # fmt: skip


@pytest.mark.parametrize("unit", ATTACKS)
def test_48_kb_of_anything_take_work_in_proportion(unit: str) -> None:
    def calls(size: int) -> int:
        field = f'a="{unit * (size // len(unit))}"'
        return count_calls(lambda: parse_cookies([field], max_cookies=200))

    assert calls(48_000) <= 10 * calls(4_800) + 100


def test_ten_thousand_cookie_fields_take_work_in_proportion() -> None:
    assert count_calls(lambda: parse(*["a=b"] * 10_000)) < 30 * 10_000


def test_a_flood_of_cookies_is_left_at_the_limit() -> None:
    field = ";".join(f"c{n}=" for n in range(10_000))
    assert count_calls(lambda: parse_cookies([field], max_cookies=10)) < 500


@pytest.mark.parametrize(
    "pattern", [cookies.COOKIE_VALUE, cookies.PATH, cookies.DOMAIN, cookies.EXPIRES]
)
def test_no_expression_goes_back(pattern: Any) -> None:
    assert backtracking_quantifiers(pattern) == []


set_cookie: Callable[..., str] = format_set_cookie  # for what its types do not allow

WHEN = datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC)


@pytest.mark.parametrize(
    ("options", "attributes"),
    [
        ({}, "Path=/; SameSite=Lax"),
        ({"path": None, "samesite": None}, ""),
        ({"path": "/a b%20", "samesite": "strict"}, "Path=/a b%20; SameSite=Strict"),
        ({"domain": "example.org"}, "Path=/; Domain=example.org; SameSite=Lax"),
        ({"max_age": 0}, "Max-Age=0; Path=/; SameSite=Lax"),
        ({"max_age": -1}, "Max-Age=-1; Path=/; SameSite=Lax"),
        ({"max_age": timedelta(hours=1, milliseconds=9)}, "Max-Age=3600; Path=/; SameSite=Lax"),
        ({"expires": WHEN}, "Expires=Sun, 06 Nov 1994 08:49:37 GMT; Path=/; SameSite=Lax"),
        ({"expires": "Thu, 01 Jan 1970 00:00:00 GMT", "path": None, "samesite": None},
         "Expires=Thu, 01 Jan 1970 00:00:00 GMT"),
        ({"secure": True, "httponly": True, "samesite": "none", "partitioned": True},
         "Path=/; SameSite=None; Secure; HttpOnly; Partitioned"),
    ],
)  # fmt: skip
def test_a_cookie_is_set_with_its_attributes(options: dict[str, Any], attributes: str) -> None:
    assert format_set_cookie("a", "b", **options) == "; ".join(filter(None, ["a=b", attributes]))


def test_a_cookie_may_be_empty() -> None:
    assert format_set_cookie("a", samesite=None, path=None) == "a="


@pytest.mark.parametrize("seconds", [0, 3600, -3600])
def test_an_integer_expires_so_many_seconds_from_now(seconds: int) -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    field = format_set_cookie("a", "b", expires=seconds, path=None, samesite=None)
    moment = parse_http_date(field.removeprefix("a=b; Expires="))
    assert moment is not None
    assert before <= moment - timedelta(seconds=seconds) <= datetime.now(UTC)


INJECTED = [
    "x; Domain=evil.example",
    "x\r\nset-cookie: a=b",
    "x\n",
    "x\0",
    "x\x7f",
    "x\t",
    "caf\xe9",
    "€",
]


@pytest.mark.parametrize("injected", INJECTED)
@pytest.mark.parametrize("place", ["key", "value", "path", "domain", "expires", "samesite"])
def test_nothing_breaks_out_of_its_place(place: str, injected: str) -> None:
    text = f"/{injected}" if place == "path" else injected
    with pytest.raises(ValueError, match=place if place not in ("key", "value") else "cookie"):
        set_cookie(**{"key": "a", place: text})


@pytest.mark.parametrize("value", ["a b", "a,b", 'a"b', '"ab"', "a\\b", "a;b", '{"a":1}'])
def test_a_value_that_no_cookie_may_have_is_refused_with_advice(value: str) -> None:
    with pytest.raises(ValueError, match=r"cookie 'k': the value .*urllib\.parse\.quote.*base64"):
        format_set_cookie("k", value)


@pytest.mark.parametrize("name", ["", "a b", "a=b", "a,b", '"a"', "(a)"])
def test_a_name_that_is_no_token_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="is no name for a cookie"):
        format_set_cookie(name)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"path": ""}, r"path='' is not a path that starts with '/'"),
        ({"path": "relative"}, r"path='relative' is not a path"),
        ({"domain": ""}, r"domain='' is not a host name"),
        ({"domain": "exämple.org"}, r"domain='exämple.org' is not a host name"),
        ({"expires": ""}, r"expires='' is not an HTTP date"),
        ({"expires": WHEN.replace(tzinfo=None)}, r"has no time zone"),
        ({"samesite": "Lax"}, r"samesite='Lax' is not lax, strict, none or None"),
        ({"samesite": "none"}, r"samesite='none' asks for secure=True"),
        ({"partitioned": True}, r"partitioned=True asks for secure=True"),
    ],
)
def test_what_browsers_would_not_accept_is_refused(options: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        format_set_cookie("a", "b", **options)


@pytest.mark.parametrize("option", ["max_age", "expires"])
@pytest.mark.parametrize("value", [True, False, 1.5, b"1", WHEN.date()])
def test_times_of_other_types_are_refused(option: str, value: object) -> None:
    options: dict[str, Any] = {option: value}
    with pytest.raises(TypeError, match=f"cookie 'a': {option}=.* is no integer of seconds"):
        format_set_cookie("a", "b", **options)


@pytest.mark.parametrize("name", ["__Host-id", "__host-id", "__HOST-id"])
@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"secure": False}, "the prefix of its name asks for secure=True"),
        ({"domain": "example.org"}, "the prefix asks for path='/' and no domain"),
        ({"path": "/app"}, "the prefix asks for path='/' and no domain"),
        ({"path": None}, "the prefix asks for path='/' and no domain"),
    ],
)
def test_a_host_cookie_belongs_to_one_secure_host(
    name: str, options: dict[str, Any], reason: str
) -> None:
    with pytest.raises(ValueError, match=reason):
        set_cookie(name, "b", **{"secure": True, **options})
    assert format_set_cookie(name, "b", secure=True).endswith("=b; Path=/; SameSite=Lax; Secure")


@pytest.mark.parametrize("name", ["__Secure-id", "__secure-id"])
def test_a_secure_cookie_is_secure(name: str) -> None:
    with pytest.raises(ValueError, match="the prefix of its name asks for secure=True"):
        format_set_cookie(name, "b")
    field = format_set_cookie(name, "b", secure=True, domain="example.org", path="/app")
    assert field == f"{name}=b; Path=/app; Domain=example.org; SameSite=Lax; Secure"


def test_a_cookie_larger_than_browsers_keep_is_refused() -> None:
    assert format_set_cookie("name", "v" * 4092).startswith("name=vvv")
    with pytest.raises(ValueError, match="have 4097 bytes, browsers ignore more than 4096"):
        format_set_cookie("name", "v" * 4093)


@pytest.mark.parametrize("place", ["key", "value", "path", "domain", "expires", "samesite"])
def test_a_refusal_is_short_and_printable_whatever_the_text(place: str) -> None:
    with pytest.raises(ValueError, match=r"\\n") as caught:
        set_cookie(**{"key": "a", place: "\n" * 60_000})
    assert len(str(caught.value)) < 400
    assert str(caught.value).isprintable()
