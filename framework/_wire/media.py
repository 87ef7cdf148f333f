"""Media types: what a Content-Type says (RFC 9110 section 8.3.1).

What a client accepts is in `negotiation`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from framework._wire.grammar import is_token, parse_parameters

__all__ = ["MediaType", "is_json", "parse_media_type"]

NO_PARAMETERS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class MediaType:
    """A media type; everything in lower case but the values of its parameters."""

    type: str
    subtype: str
    parameters: Mapping[str, str] = field(default_factory=lambda: NO_PARAMETERS, hash=False)

    @property
    def essence(self) -> str:
        """`type/subtype`, without parameters (the WHATWG's name for it)."""
        return f"{self.type}/{self.subtype}"

    @property
    def suffix(self) -> str:
        """`json` of `application/problem+json`, "" without one (RFC 6838 section 4.2.8)."""
        return self.subtype.rpartition("+")[2] if "+" in self.subtype else ""

    @property
    def charset(self) -> str | None:
        """The charset parameter in lower case: its case says nothing (RFC 9110 section 8.3.2)."""
        return self.parameters.get("charset", "").lower() or None


# The types that most bodies have: one look-up instead of a parse and a new value.
KNOWN = {
    media.essence: media
    for media in (
        MediaType("application", "json"),
        MediaType("application", "x-www-form-urlencoded"),
    )
}
JSON_ESSENCES = frozenset({"application/json", "text/json"})


def parse_media_type(value: str | None) -> MediaType | None:
    """The media type of a Content-Type; None without one, or for one that is malformed.

    >>> parse_media_type("Text/HTML; Charset=UTF-8").charset
    'utf-8'
    """
    if value is None:
        return None
    known = KNOWN.get(value)
    if known is not None:
        return known
    essence, semicolon, rest = value.partition(";")
    kind, _, subtype = essence.strip(" \t").partition("/")
    if not (is_token(kind) and is_token(subtype)):
        return None
    parameters = MappingProxyType(parse_parameters(semicolon + rest)) if rest else NO_PARAMETERS
    return MediaType(kind.lower(), subtype.lower(), parameters)


def is_json(media: MediaType) -> bool:
    """Whether it is application/json, text/json or a `+json` (WHATWG MIME Sniffing section 4.6)."""
    return media.essence in JSON_ESSENCES or media.suffix == "json"
