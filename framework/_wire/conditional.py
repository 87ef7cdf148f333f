"""Conditional requests: entity tags, and what a request's preconditions say (RFC 9110 sections 8.8, 13).

Moments are seconds since 1970, of which whole ones count, as in the fields. What is malformed is ignored:
a date makes no condition, an entity tag matches nothing. The expressions are possessive, and are left to
the C code as a whole, however long a field is.
"""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from math import floor
from typing import Literal

from framework._wire.dates import parse_http_date

__all__ = ["conditions", "evaluate", "is_entity_tag", "range_holds"]

NAMES: Mapping[bytes, str] = {
    name.encode(): name
    for name in (
        "if-match",
        "if-modified-since",
        "if-none-match",
        "if-range",
        "if-unmodified-since",
        "range",
    )
}

OPAQUE = r'"[!#-~\x80-\xff]*+"'  # section 8.8.3: a backslash escapes nothing
ENTITY_TAG = re.compile(rf"(?:W/)?+{OPAQUE}")
STRONG_TAGS = re.compile(rf"(?:\A|,)[ \t]*+({OPAQUE})[ \t]*+(?=,|\Z)")
OPAQUE_TAGS = re.compile(rf"(?:\A|,)[ \t]*+(?:W/)?+({OPAQUE})[ \t]*+(?=,|\Z)")  # of weak ones, too


def is_entity_tag(text: str) -> bool:
    """Whether it is `"..."` or `W/"..."` (section 8.8.3)."""
    return ENTITY_TAG.fullmatch(text) is not None


def conditions(raw: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """The fields of a request that are for `evaluate` and for ranges; several of one name are one list."""
    found: dict[str, str] = {}
    for field, value in raw:
        name = NAMES.get(field.lower())
        if name is not None:
            text = value.decode("latin-1").strip(" \t")
            found[name] = f"{found[name]}, {text}" if name in found else text
    return found


def evaluate(
    method: str,
    asked: Mapping[str, str],
    *,
    etag: str | None,
    last_modified: float | None,
    exists: bool = True,
) -> Literal[304, 412] | None:
    """The status to answer with instead of doing what is asked, or None (section 13.2.2, in its order).

    `asked` is what `conditions` returns; the others describe the resource as it is now. It is for
    requests that would be answered by a 2xx otherwise (section 13.2.1).
    """
    if not asked:
        return None
    reads = method in ("GET", "HEAD")
    if (listed := asked.get("if-match")) is not None:
        if not _has(STRONG_TAGS, listed, etag, exists):
            return 412
    elif _is_later(last_modified, asked.get("if-unmodified-since")) is True:
        return 412
    if (listed := asked.get("if-none-match")) is not None:
        if _has(OPAQUE_TAGS, listed, etag and etag.removeprefix("W/"), exists):
            return 304 if reads else 412
    elif reads and _is_later(last_modified, asked.get("if-modified-since")) is False:
        return 304
    return None


def range_holds(
    asked: Mapping[str, str], *, etag: str | None, last_modified: float | None, now: float
) -> bool:
    """Whether a Range is asked for, and of what there is now, if there is an If-Range (section 13.1.5).

    The client puts parts together, so only strong validators count. A date is one if the second that
    it names is over (section 8.8.2.2): nothing can change within it any more.
    """
    field = asked.get("if-range")
    if field is None or "range" not in asked:
        return "range" in asked
    if '"' in field[:3]:
        return field == etag and not field.startswith("W/")
    moment = _seconds(field)
    if moment is None or last_modified is None:
        return False
    return moment == floor(last_modified) <= now - 1


def _has(tags: re.Pattern[str], listed: str, tag: str | None, exists: bool) -> bool:
    return exists if listed == "*" else tag in tags.findall(listed)


def _is_later(moment: float | None, date: str | None) -> bool | None:
    """Whether something was changed after a date; None if either is not known."""
    if moment is None or date is None or (seconds := _seconds(date)) is None:
        return None
    return floor(moment) > seconds


@lru_cache(256)  # of what a site has, browsers send the same few dates again and again
def _seconds(date: str) -> float | None:
    when = parse_http_date(date)
    return None if when is None else when.timestamp()
