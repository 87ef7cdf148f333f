"""Cookies: the Cookie field in, the Set-Cookie field out (RFC 6265bis).

Reading is lenient, as the field holds what browsers kept of many servers. Writing is strict: what
a browser would drop, or read as something else, is an error here.
"""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Literal, TypedDict

from framework._wire.dates import format_http_date
from framework._wire.grammar import is_token

__all__ = ["CookieAttributes", "format_set_cookie", "parse_cookies"]

CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")  # RFC 6265bis section 5.6: the tab is none
COOKIE_VALUE = re.compile(r"[!#-+\--:<-\[\]-~]*+")  # *cookie-octet, section 4.1.1
PATH = re.compile(r"/[ -:<-~]*+")
DOMAIN = re.compile(r"[A-Za-z0-9._-]++")
EXPIRES = re.compile(r"[ -:<-~]++")
SAME_SITE = {"lax": "Lax", "strict": "Strict", "none": "None"}
MAX_NAME_AND_VALUE = 4096  # bytes, section 5.6: browsers ignore a larger cookie


class CookieAttributes(TypedDict, total=False):
    """What can be said of a cookie beside its name and value."""

    max_age: int | timedelta | None
    """Seconds until the browser drops it; without it and `expires`, when the browser is closed."""

    expires: datetime | int | str | None
    """When the browser drops it: an aware datetime, seconds from now, or an HTTP date."""

    path: str | None
    """The path below which it is sent; `/` unless given."""

    domain: str | None
    """The host whose subdomains get it, too; only the host that sets it unless given."""

    secure: bool
    """Whether it is sent over encrypted connections only."""

    httponly: bool
    """Whether scripts in the page cannot read it."""

    samesite: Literal["lax", "strict", "none"] | None
    """Whether requests from other sites carry it; `lax` unless given: when a link is followed."""

    partitioned: bool
    """Whether it is kept apart for each site that embeds the page."""


def parse_cookies(values: Iterable[str], *, max_cookies: int) -> dict[str, str]:
    """The cookies of all Cookie fields, by name; what follows the first `max_cookies` is ignored.

    Of one name the first counts: it has the longest path (RFC 6265bis section 5.8.3). A pair
    without a name or with control characters is skipped. Quotes around a value are removed.

    >>> parse_cookies(['a=1; b="2"', "a=3; =__Host-x=4"], max_cookies=10)
    {'a': '1', 'b': '2'}
    """
    cookies: dict[str, str] = {}
    for field in values:
        has_control = CONTROL.search(field)
        for pair in field.split(";"):
            # Only these two are stripped, here and in browsers: were U+00A0 as well, a neighbour's
            # cookie of that name would become the `__Host-` one that browsers keep from it.
            name, equals, value = pair.strip(" \t").partition("=")
            name = name.rstrip(" \t")
            if not (name and equals) or name in cookies or (has_control and CONTROL.search(pair)):
                continue
            if len(cookies) >= max_cookies:
                return cookies
            cookies[name] = _unquote(value.lstrip(" \t"))
    return cookies


def format_set_cookie(
    key: str,
    value: str = "",
    *,
    max_age: int | timedelta | None = None,
    expires: datetime | int | str | None = None,
    path: str | None = "/",
    domain: str | None = None,
    secure: bool = False,
    httponly: bool = False,
    samesite: Literal["lax", "strict", "none"] | None = "lax",
    partitioned: bool = False,
) -> str:
    """The value of a Set-Cookie field (RFC 6265bis section 4.1).

    `max_age` is in seconds; `expires` is an aware datetime, seconds from now, or an HTTP date.
    ValueError for what browsers would not accept, TypeError for times of another type.

    >>> format_set_cookie("__Host-id", "38afes7a8", max_age=3600, secure=True, httponly=True)
    '__Host-id=38afes7a8; Max-Age=3600; Path=/; SameSite=Lax; Secure; HttpOnly'
    """
    _check_pair(key, value)
    _check_attribute(key, "path", path, PATH, "a path that starts with '/', percent-encoded")
    _check_attribute(key, "domain", domain, DOMAIN, "a host name in ASCII")
    if samesite is not None and samesite not in SAME_SITE:
        raise ValueError(
            f"cookie {key!r}: samesite={samesite!r:.80} is not lax, strict, none or None"
        )
    if not secure:
        _check_insecure(key, samesite=samesite, partitioned=partitioned)
    if key.lower().startswith("__host-") and (path != "/" or domain is not None):
        raise ValueError(f"cookie {key!r}: the prefix asks for path='/' and no domain")
    attributes = (
        ("Max-Age", None if max_age is None else _seconds(key, max_age)),
        ("Expires", None if expires is None else _date(key, expires)),
        ("Path", path),
        ("Domain", domain),
        ("SameSite", None if samesite is None else SAME_SITE[samesite]),
    )
    flags = (("Secure", secure), ("HttpOnly", httponly), ("Partitioned", partitioned))
    parts = [f"{key}={value}"]
    parts += [f"{name}={given}" for name, given in attributes if given is not None]
    parts += [flag for flag, given in flags if given]
    return "; ".join(parts)


def _unquote(value: str) -> str:
    return value[1:-1] if len(value) > 1 and value[0] == value[-1] == '"' else value


def _check_pair(key: str, value: str) -> None:
    if not is_token(key):
        raise ValueError(
            f"{key!r:.80} is no name for a cookie; "
            "use ASCII letters, digits, hyphens and underscores"
        )
    try:
        is_value = COOKIE_VALUE.fullmatch(value)
    except TypeError:
        raise TypeError(f"cookie {key!r:.80}: its value is a text, not {value!r:.80}") from None
    if not is_value:
        raise ValueError(
            f"cookie {key!r:.80}: the value {value!r:.80} has characters that no cookie may have; "
            "encode it, by urllib.parse.quote (and unquote what comes back) or as base64"
        )
    if len(key) + len(value) > MAX_NAME_AND_VALUE:
        raise ValueError(
            f"cookie {key!r:.80}: name and value have {len(key) + len(value)} bytes, browsers "
            f"ignore more than {MAX_NAME_AND_VALUE}; store the data and send a key to it"
        )


def _check_attribute(
    key: str, name: str, value: str | None, pattern: re.Pattern[str], wanted: str
) -> None:
    if value is not None and not pattern.fullmatch(value):
        raise ValueError(f"cookie {key!r}: {name}={value!r:.80} is not {wanted}")


def _check_insecure(key: str, *, samesite: str | None, partitioned: bool) -> None:
    if key.lower().startswith(("__secure-", "__host-")):  # in any case, as browsers compare
        reason = "the prefix of its name"
    elif samesite == "none":
        reason = "samesite='none'"
    elif partitioned:
        reason = "partitioned=True"
    else:
        return
    raise ValueError(f"cookie {key!r}: {reason} asks for secure=True; browsers drop it otherwise")


def _seconds(key: str, max_age: int | timedelta) -> int:
    if isinstance(max_age, timedelta):
        return max_age // timedelta(seconds=1)
    return _integer(key, "max_age", max_age)


def _date(key: str, expires: datetime | int | str) -> str:
    if isinstance(expires, str):
        _check_attribute(key, "expires", expires, EXPIRES, "an HTTP date")
        return expires
    if not isinstance(expires, datetime):
        seconds = _integer(key, "expires", expires)
        expires = datetime.now(UTC) + timedelta(seconds=seconds)
    return format_http_date(expires)


def _integer(key: str, name: str, value: int) -> int:
    if type(value) is not int:  # True is an int, and one second is not what it means
        raise TypeError(f"cookie {key!r}: {name}={value!r:.80} is no integer of seconds")
    return value
