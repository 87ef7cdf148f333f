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

AMPERSAND, EQUALS = "\x1e", "\x1f"  # what ASCII has to separate records and units
NO_ESCAPE = re.compile(b"%(?![0-9A-Fa-f]{2})")
# `%` begins no escape there, and stands for what would be mistaken for something else.
AS_QUOTED_PRINTABLE = bytes.maketrans(b"%&=+\x1e\x1f\r\n", b"=\x1e\x1f %%%%")


def parse_urlencoded(raw: bytes, *, max_fields: int) -> list[tuple[str, str]]:
    """The fields in order; nothing is malformed, bytes that are no UTF-8 become U+FFFD.

    ValueError, before any work is done, if there may be more than `max_fields`.
    """
    if raw and raw.count(b"&") >= max_fields:
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
    if b"%" in raw:
        return _parse_escaped(raw)
    pairs: list[tuple[str, str]] = []
    for sequence in raw.decode("utf-8", "replace").replace("+", " ").split("&"):
        if sequence:
            name, _, value = sequence.partition("=")
            pairs.append((name, value))
    return pairs


def _parse_escaped(raw: bytes) -> list[tuple[str, str]]:
    text = _decode_whole(raw)
    if text is None:
        sequences = [part.partition(b"=") for part in raw.replace(b"+", b" ").split(b"&") if part]
        return [(_decode(name), _decode(value)) for name, _, value in sequences]
    pairs: list[tuple[str, str]] = []
    for sequence in text.split(AMPERSAND):
        if sequence:
            name, _, value = sequence.partition(EQUALS)
            pairs.append((name, value.replace(EQUALS, "=") if EQUALS in value else value))
    return pairs


def _decode_whole(raw: bytes) -> str | None:
    """All sequences at once, between them AMPERSAND and EQUALS; None if it must be done one by one.

    Python has one decoder of hexadecimal escapes that is written in C: that of quoted-printable. It
    reads line ends and malformed escapes in ways that this format has not.
    """
    quoted = raw.translate(AS_QUOTED_PRINTABLE)
    if b"%" in quoted or b"%1" in raw:
        return None
    decoded = a2b_qp(quoted)
    if len(decoded) + 2 * raw.count(b"%") != len(raw):
        return None
    try:
        return decoded.decode()
    except UnicodeDecodeError:
        return None


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
    quoted = NO_ESCAPE.sub(b"%25", part).replace(b"=", b"%3D").replace(b"%", b"=")
    return a2b_qp(quoted).decode("utf-8", "replace")


def _encode(text: str) -> str:
    return quote_plus(text, safe="*").replace("~", "%7E")  # the one character that Python leaves
