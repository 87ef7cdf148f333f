"""From the text of a path segment to a value and back. An app's own go into `App(converters={...})`.

A converter sees decoded text. It decides by raising ValueError that a segment is not its own; then
the next best route is tried.
"""

import re
from datetime import date
from decimal import Decimal
from typing import Any, Generic, TypeVar
from uuid import UUID

__all__ = ["Converter", "Regex"]

T = TypeVar("T")


class Converter(Generic[T]):
    """Derive from it, set `value_type`, and override `convert` (and `to_string`, to build URLs).

    >>> class Hex(Converter[int]):
    ...     value_type = int
    ...     def convert(self, text: str) -> int:
    ...         return int(text, 16)
    ...     def to_string(self, value: int) -> str:
    ...         return f"{value:x}"
    """

    __slots__ = ()

    value_type: type[Any] = str
    """What `convert` returns: handlers' annotations are checked against it."""

    specificity: int = 50
    """Which converter is tried first in the same place of two paths: the one with the lowest number."""

    def convert(self, text: str) -> T:
        """The value of a segment; ValueError if this route is not meant."""
        return text  # type: ignore[return-value]  # pyright: ignore[reportReturnType]

    def to_string(self, value: T) -> str:
        """The text of a value, not yet percent-encoded; ValueError if `convert` would not take it."""
        return str(value)


class StringConverter(Converter[str]):
    """`{name}`: any text but the empty one."""

    __slots__ = ()

    specificity = 90

    def convert(self, text: str) -> str:
        """The text as it is."""
        if not text:
            raise ValueError("a path parameter has at least one character")
        return text


class IntConverter(Converter[int]):
    """`{id:int}`: ASCII digits, up to the largest signed 64-bit integer, which is what databases hold."""

    __slots__ = ()

    value_type = int
    specificity = 10

    def convert(self, text: str) -> int:
        """The number."""
        if len(text) > 19 or not (text.isascii() and text.isdigit()):
            raise ValueError(f"{text!r:.40} is not a 64-bit integer in decimal digits")
        value = int(text)
        if value >= 1 << 63:
            raise ValueError(f"{text} is more than 64 bits hold")
        return value


class FloatConverter(Converter[float]):
    """`{x:float}`: ASCII digits, with or without a fraction."""

    __slots__ = ()

    value_type = float
    specificity = 20

    def convert(self, text: str) -> float:
        """The number."""
        whole, point, fraction = text.partition(".")
        digits = whole + fraction
        if not (whole and text.isascii() and digits.isdigit()) or (point and not fraction):
            raise ValueError(f"{text!r:.40} is not a decimal number")
        if len(text) > 64:
            raise ValueError("a decimal number has at most 64 characters")
        return float(text)

    def to_string(self, value: float) -> str:
        """The number in digits, never with an exponent."""
        return f"{Decimal(repr(float(value))):f}"


class UUIDConverter(Converter[UUID]):
    """`{id:uuid}`: 32 hexadecimal digits, with the usual four hyphens or without."""

    __slots__ = ()

    value_type = UUID
    specificity = 10
    _form = re.compile("[0-9a-fA-F]{8}(-?)[0-9a-fA-F]{4}(\\1[0-9a-fA-F]{4}){2}\\1[0-9a-fA-F]{12}")

    def convert(self, text: str) -> UUID:
        """The UUID."""
        if self._form.fullmatch(text) is None:
            raise ValueError(f"{text!r:.40} is not a UUID")
        return UUID(text)


class DateConverter(Converter[date]):
    """`{day:date}`: `YYYY-MM-DD` (RFC 3339 full-date)."""

    __slots__ = ()

    value_type = date
    specificity = 10
    _form = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")

    def convert(self, text: str) -> date:
        """The day; one that the calendar does not have is no match."""
        if self._form.fullmatch(text) is None:
            raise ValueError(f"{text!r:.40} is not a date")
        return date.fromisoformat(text)

    def to_string(self, value: date) -> str:
        """The day."""
        return value.isoformat()[:10]


class PathConverter(Converter[str]):
    """`{rest:path}`: all the segments that are left, slashes included; the empty text too."""

    __slots__ = ()

    specificity = 100


class Regex(Converter[str]):
    """Text that a regular expression matches in full: `{lang:[a-z]{2}}` in a path, or by a name.

    The expression sees one segment, which a client chooses: avoid nested repeats such as `(a+)+`.
    Where several match the same text, the route that was declared first is taken.
    """

    __slots__ = ("_form",)

    specificity = 40

    def __init__(self, pattern: str) -> None:
        self._form = re.compile(pattern)

    def convert(self, text: str) -> str:
        """The text as it is."""
        if not text or self._form.fullmatch(text) is None:
            raise ValueError(f"{text!r:.40} does not match {self._form.pattern!r}")
        return text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Regex) and (type(self), self._form) == (type(other), other._form)

    def __hash__(self) -> int:
        return hash(self._form)


STRING = StringConverter()
PATH = PathConverter()

CONVERTERS: dict[str, Converter[Any]] = {
    "date": DateConverter(),
    "float": FloatConverter(),
    "int": IntConverter(),
    "path": PATH,
    "str": STRING,
    "uuid": UUIDConverter(),
}
"""The converters that every app has, by the name that a path gives them."""
