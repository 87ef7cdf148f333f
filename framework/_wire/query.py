"""Query strings and urlencoded forms (application/x-www-form-urlencoded, WHATWG URL section 5).

Pairs of text in and out. `&` alone separates: a cache that takes `;` for part of a value must not
disagree with us about what was asked for.
"""

import re
from binascii import a2b_qp
from collections.abc import Iterable, Mapping
from typing import cast
from urllib.parse import quote_plus

from framework._wire.multidict import MultiMapping, first_values

__all__ = ["QueryParams", "format_urlencoded", "parse_urlencoded"]

PERCENT, EQUALS = b"%="
NO_ESCAPE = re.compile(b"%(?![0-9A-Fa-f]{2})")
SEPARATOR = "\x1e"  # what ASCII has to separate records
BUT_SEPARATORS = bytes(set(range(256)) - set(b"&="))
# Line ends, which there belong to an escape, become separators: too many, so that it is noticed.
AS_QUOTED_PRINTABLE = bytes.maketrans(b"%&=+\r\n", b"=\x1e\x1e \x1e\x1e")


def parse_urlencoded(raw: bytes, *, max_fields: int) -> list[tuple[str, str]]:
    """The fields in order; nothing is malformed, bytes that are no UTF-8 become U+FFFD.

    ValueError, before any work is done, if there may be more than `max_fields`.
    """
    if raw and len(raw) >= max_fields <= raw.count(b"&"):
        raise ValueError(f"more than {max_fields} fields")
    return _parse(raw)


def format_urlencoded(pairs: Iterable[tuple[str, str]]) -> str:
    """The fields as a query string, in ASCII; the inverse of `parse_urlencoded`.

    >>> format_urlencoded([("q", "tea & cake"), ("lang", "português")])
    'q=tea+%26+cake&lang=portugu%C3%AAs'
    """
    return "&".join(f"{_encode(name)}={_encode(value)}" for name, value in pairs)


class QueryParams(MultiMapping[str]):
    """The fields of a query string, of a mapping or of pairs; `str()` makes a query string again.

    >>> QueryParams("q=tea&tag=a&tag=b").getlist("tag")
    ['a', 'b']
    >>> str(QueryParams({"q": "50 %"}))
    'q=50+%25'
    """

    __slots__ = ()

    def __init__(
        self, query: str | bytes | Mapping[str, str] | Iterable[tuple[str, str]] | None = None
    ) -> None:
        self._pairs = pairs = _parse(query) if isinstance(query, bytes) else _pairs(query)
        self._first = first_values(pairs)

    def __str__(self) -> str:
        return format_urlencoded(self._pairs)


def _parse(raw: bytes) -> list[tuple[str, str]]:
    if PERCENT in raw:
        return _parse_escaped(raw)
    pairs: list[tuple[str, str]] = []
    for sequence in raw.decode("utf-8", "replace").replace("+", " ").split("&"):
        if sequence:
            name, _, value = sequence.partition("=")
            pairs.append((name, value))
    return pairs


def _parse_escaped(raw: bytes) -> list[tuple[str, str]]:
    ended = raw + b"&"
    separators = ended.translate(None, BUT_SEPARATORS)
    if separators == b"=&" * (len(separators) // 2):  # each field has its `=`, as of browsers
        # Python has one decoder of hexadecimal escapes that is written in C: that of quoted-printable.
        # It leaves the `=` of a malformed one, and shortens each other by two.
        decoded = a2b_qp(ended.translate(AS_QUOTED_PRINTABLE))
        parts = decoded.decode("utf-8", "replace").split(SEPARATOR)
        is_sound = EQUALS not in decoded or len(decoded) + 2 * raw.count(b"%") == len(ended)
        if is_sound and len(parts) == len(separators) + 1:
            part = iter(parts)
            return list(zip(part, part))  # noqa: B905 - after the last `&` comes no pair
    sequences = [part.partition(b"=") for part in raw.replace(b"+", b" ").split(b"&") if part]
    return [(_decode(name), _decode(value)) for name, _, value in sequences]


def _pairs(
    query: str | Mapping[str, str] | Iterable[tuple[str, str]] | None,
) -> list[tuple[str, str]]:
    if not query:
        return []
    if isinstance(query, str):
        return _parse(query.encode())
    if isinstance(query, QueryParams):
        return query.multi_items()
    if isinstance(query, Mapping):
        return list(cast("Mapping[str, str]", query).items())
    return list(query)


def _decode(part: bytes) -> str:
    if PERCENT in part:
        part = NO_ESCAPE.sub(b"%25", part).replace(b"=", b"%3D").replace(b"%", b"=")
        part = a2b_qp(part)
    return part.decode("utf-8", "replace")


def _encode(text: str) -> str:
    return quote_plus(text, safe="*").replace("~", "%7E")  # the one character that Python leaves
