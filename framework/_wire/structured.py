"""Structured fields: items, lists and dictionaries <-> text (RFC 9651).

Reading is as strict as the RFC: what it lets fail is a ValueError, never a guess. Each piece is matched
by one possessive expression from where the last one ended, so a field takes linear time. What the
members of a field mean is for others to say.
"""

import re
from binascii import a2b_base64, b2a_base64
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Any, NamedTuple, TypeAlias
from urllib.parse import unquote_to_bytes

__all__ = [
    "BareItem",
    "Date",
    "DisplayString",
    "InnerList",
    "Item",
    "Token",
    "format_dictionary",
    "format_item",
    "format_list",
    "parse_dictionary",
    "parse_item",
    "parse_list",
]


class Token(str):
    """A short word without quotes (section 3.3.4)."""

    __slots__ = ()


class DisplayString(str):
    """Text for people, of any characters but surrogates (section 3.3.8)."""

    __slots__ = ()


class Date(int):
    """Seconds since 1970, without leap seconds (section 3.3.7)."""

    __slots__ = ()


BareItem: TypeAlias = int | Decimal | str | bytes | bool | Token | Date | DisplayString
Parameters: TypeAlias = Mapping[str, BareItem]

NO_PARAMETERS: Parameters = MappingProxyType({})


class Item(NamedTuple):
    """A value with its parameters (section 3.3)."""

    value: BareItem
    parameters: Parameters = NO_PARAMETERS


class InnerList(NamedTuple):
    """A list in parentheses, as a member of a list or a dictionary (section 3.1.1)."""

    items: tuple[Item, ...]
    parameters: Parameters = NO_PARAMETERS


# The digits that a number has too many are left over, and nothing that may follow begins with one.
BARE_ITEM = re.compile(
    r"(?P<decimal>-?+[0-9]{1,12}+\.[0-9]{1,3}+)"
    r"|(?P<integer>-?+[0-9]{1,15}+)"
    r'|"(?P<string>(?:[ !#-\[\]-~]++|\\["\\])*+)"'
    r"|(?P<token>[A-Za-z*][!#$%&'*+\-.^_`|~0-9A-Za-z:/]*+)"
    r"|:(?P<bytes>[A-Za-z0-9+/]*+=?+=?+):"
    r"|\?(?P<boolean>[01])"
    r"|@(?P<date>-?+[0-9]{1,15}+)"
    r'|%"(?P<display>(?:[ !#$&-~]++|%[0-9a-f][0-9a-f])*+)"'
)
KEY = re.compile(r"[a-z*][a-z0-9_\-.*]*+")
COMMA_OR_END = re.compile(r"[ \t]*+(?:(,)[ \t]*+|\Z)")
SEMICOLON = re.compile(r"; *+")
EQUALS = re.compile("=")
OPENING = re.compile(r"\( *+")
CLOSING = re.compile(r" *+\)")
BETWEEN_ITEMS = re.compile(r" ++")
END = re.compile(r"\Z")

ESCAPED = re.compile(r"\\(.)")
TO_ESCAPE = re.compile(r'["\\]')
NOT_IN_DISPLAY = re.compile(rb"[^ !#$&-~]")


def parse_item(text: str) -> Item:
    """The field as an Item; ValueError if it is none."""
    scanner = _Scanner(text)
    item = scanner.item()
    scanner.take(END, "its end")
    return item


def parse_list(text: str) -> list[Item | InnerList]:
    """The field as a List; an empty one is an empty list. ValueError if it is malformed."""
    scanner = _Scanner(text)
    members: list[Item | InnerList] = []
    while scanner.goes_on(bool(members)):
        members.append(scanner.member())
    return members


def parse_dictionary(text: str) -> dict[str, Item | InnerList]:
    """The field as a Dictionary, in order, of equal keys the last; ValueError if it is malformed.

    >>> parse_dictionary('sha-256=:AQI=:, max;unit="s"')["sha-256"].value
    b'\\x01\\x02'
    """
    scanner = _Scanner(text)
    members: dict[str, Item | InnerList] = {}
    while scanner.goes_on(bool(members)):
        key = scanner.take(KEY, "a key")[0]
        members[key] = (
            scanner.member() if scanner.skip(EQUALS) else Item(True, scanner.parameters())
        )
    return members


class _Scanner:
    __slots__ = ("_at", "_text")

    def __init__(self, text: str) -> None:
        self._text = text.strip(" ")
        self._at = 0

    def skip(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        match = pattern.match(self._text, self._at)
        if match is not None:
            self._at = match.end()
        return match

    def take(self, pattern: re.Pattern[str], wanted: str) -> re.Match[str]:
        match = self.skip(pattern)
        if match is None:
            place = f"expected {wanted} at character {self._at}"
            raise ValueError(f"{self._text!a:.80} is no structured field: {place}")
        return match

    def goes_on(self, has_members: bool) -> bool:
        """Whether another member follows, as it must after a comma."""
        if has_members:
            return self.take(COMMA_OR_END, "a comma")[1] is not None
        return self._text != ""

    def member(self) -> Item | InnerList:
        if not self.skip(OPENING):
            return self.item()
        items: list[Item] = []
        while not self.skip(CLOSING):
            if items:
                self.take(BETWEEN_ITEMS, "a space or a closing parenthesis")
            items.append(self.item())
        return InnerList(tuple(items), self.parameters())

    def item(self) -> Item:
        return Item(self._bare_item(), self.parameters())

    def parameters(self) -> Parameters:
        parameters: dict[str, BareItem] = {}
        while self.skip(SEMICOLON):
            key = self.take(KEY, "the key of a parameter")[0]
            parameters[key] = self._bare_item() if self.skip(EQUALS) else True
        return parameters or NO_PARAMETERS

    def _bare_item(self) -> BareItem:
        match = self.take(BARE_ITEM, "an item")
        kind = match.lastgroup or ""
        return DECODERS[kind](match[kind])


def _decode_bytes(text: str) -> bytes:
    # Section 4.2.7: "parsers SHOULD NOT fail [...] when padding is not present".
    return a2b_base64(text + "=" * (-len(text) % 4))


DECODERS: Mapping[str, Callable[[str], BareItem]] = {
    "decimal": Decimal,
    "integer": int,
    "string": lambda text: ESCAPED.sub(r"\1", text),
    "token": Token,
    "bytes": _decode_bytes,
    "boolean": "1".__eq__,
    "date": lambda text: Date(int(text)),
    "display": lambda text: DisplayString(unquote_to_bytes(text).decode()),
}


def format_item(item: Item | InnerList) -> str:
    """The text of an Item; ValueError for a value that has none, TypeError for an unknown type."""
    text = (
        _format_value(item.value)
        if isinstance(item, Item)
        else f"({' '.join(map(format_item, item.items))})"
    )
    pairs = (_format_pair(key, _format_value(value)) for key, value in item.parameters.items())
    return ";".join([text, *pairs])


def format_list(members: Iterable[Item | InnerList]) -> str:
    """The text of a List; where it is empty, the field is to be left out (section 4.1)."""
    return ", ".join(map(format_item, members))


def format_dictionary(members: Mapping[str, Item | InnerList]) -> str:
    """The text of a Dictionary; where it is empty, the field is to be left out (section 4.1).

    >>> format_dictionary({"a": Item(b"1"), "b": Item(True, {"q": Decimal("0.5")})})
    'a=:MQ==:, b;q=0.5'
    """
    return ", ".join(_format_pair(key, format_item(member)) for key, member in members.items())


def _format_pair(key: str, text: str) -> str:
    if not KEY.fullmatch(key):
        raise ValueError(f"{key!r:.80} is no key: use a-z, 0-9, '_', '-', '.', '*', a letter first")
    return key + text[2:] if text.startswith("?1") else f"{key}={text}"  # true goes without saying


def _format_value(value: BareItem) -> str:
    if type(value) not in ENCODERS:
        raise TypeError(f"a structured field has no {type(value).__name__}")
    kind, encode = ENCODERS[type(value)]
    text = encode(value)
    match = BARE_ITEM.fullmatch(text)
    if match is None or match.lastgroup != kind:  # what would be read as something else
        raise ValueError(f"{value!a:.80} cannot be written as a structured field's {kind}")
    return text


def _encode_decimal(value: Decimal) -> str:
    whole, _, fraction = f"{value:.3f}".partition(".")
    return f"{whole}.{fraction.rstrip('0') or '0'}"


def _encode_display(value: DisplayString) -> str:
    encoded = NOT_IN_DISPLAY.sub(lambda match: b"%%%02x" % match[0][0], value.encode())
    return f'%"{encoded.decode()}"'


ENCODERS: Mapping[type, tuple[str, Callable[[Any], str]]] = {
    Decimal: ("decimal", _encode_decimal),
    int: ("integer", str),
    str: ("string", lambda value: '"' + TO_ESCAPE.sub(r"\\\g<0>", value) + '"'),
    Token: ("token", str),
    bytes: ("bytes", lambda value: f":{b2a_base64(value, newline=False).decode()}:"),
    bool: ("boolean", lambda value: f"?{value:d}"),
    Date: ("date", lambda value: f"@{value:d}"),
    DisplayString: ("display", _encode_display),
}
