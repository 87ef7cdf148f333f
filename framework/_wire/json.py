"""JSON text <-> values (RFC 8259): what a codec is, and the one made of the standard library.

Nothing here knows of requests: whoever decodes turns ValueError into the answer of the protocol.
The interpreter's limit on recursion ends nesting both ways, as ValueError.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import date, time
from enum import Enum
from inspect import signature
from itertools import accumulate
from json import JSONDecoder, JSONEncoder, encoder
from math import isfinite
from typing import Any, Protocol, TypeVar, cast, overload
from uuid import UUID

__all__ = ["JSONCodec", "StandardJSON", "decodes_types", "is_nested_deeper"]

T = TypeVar("T")

WHITESPACE = " \t\n\r"  # RFC 8259 section 2
BACKSLASH = ord("\\")

ESCAPE = re.compile(rb"\\.", re.DOTALL)
TEXT = re.compile(rb'"[^"]*+"')
NO_BRACKETS = bytes(set(range(256)) - set(b'[]{}"'))
STEPS = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1, ord('"'): 0}
SHALLOW = 8


class JSONCodec(Protocol):
    """What an app reads and writes JSON with; safe to share between threads.

    `decode` may also take `type=`, the type that the value is to have: then `request.decode()` works.
    """

    def encode(self, value: Any, /) -> bytes:
        """The value as UTF-8; TypeError for an unknown type, ValueError for what JSON cannot say."""
        ...

    def decode(self, data: bytes, /) -> Any:
        """The value of a JSON text; ValueError for anything that is not one."""
        ...


def decodes_types(codec: JSONCodec) -> bool:
    """Whether the codec's `decode` takes `type=`."""
    try:
        parameters = signature(codec.decode).parameters
    except ValueError:  # written in C, and does not say
        return False
    return "type" in parameters or any(p.kind is p.VAR_KEYWORD for p in parameters.values())


def is_nested_deeper(data: bytes, limit: int) -> bool:
    """Whether a JSON text has more than `limit` arrays and objects within each other, in linear time.

    >>> is_nested_deeper(b'[{"[[[": []}, []]', 3), is_nested_deeper(b'[{"": []}]', 2)
    (False, True)
    """
    if len(data) <= limit or data.count(b"[") + data.count(b"{") <= limit:
        return False
    if b"\\" in data:
        data = ESCAPE.sub(b"", data)
    # Two quotes next to each other begin and end a text: what is around them stays inside or outside.
    brackets = TEXT.sub(b"", data.translate(None, NO_BRACKETS).replace(b'""', b""))
    leafless = brackets
    for _ in range(SHALLOW // 2):  # each time at most two levels, and of most texts all
        leafless = leafless.replace(b"[]", b"").replace(b"{}", b"")
    if not leafless and limit >= SHALLOW:
        return False
    return max(accumulate(map(STEPS.__getitem__, brackets)), default=0) > limit


class StandardJSON:
    """The standard library's codec: compact, strict, UTF-8 only.

    Beyond JSON's own types it encodes dataclass instances, enum members (as their value), UUIDs,
    dates, times, mappings such as a session, and pydantic's models. NaN and the infinities, which RFC 8259
    does not have, are refused both ways.

    >>> StandardJSON().encode({"day": date(2024, 2, 29)})
    b'{"day":"2024-02-29"}'
    """

    __slots__ = ()

    def encode(self, value: Any) -> bytes:
        """The value as UTF-8; ValueError also for circles and for nesting too deep to follow.

        A lone surrogate has no UTF-8: a value that contains one is written in ASCII, with escapes.
        """
        try:
            return _encode_text(value).encode()
        except UnicodeEncodeError:
            return _encode_ascii(value).encode()
        except RecursionError:
            raise ValueError("the value is nested too deeply to encode as JSON") from None

    @overload
    def decode(self, data: bytes) -> Any: ...
    @overload
    def decode(self, data: bytes, *, type: type[T]) -> T: ...
    def decode(self, data: bytes, *, type: type[Any] | None = None) -> Any:
        """The value of a JSON text; ValueError for anything else, and for what would fail later.

        That is: escapes of lone surrogates, numbers too large for a float, integers of more digits
        than `sys.get_int_max_str_digits()`, nesting too deep to follow. As `type` it takes a pydantic
        model; other types are for other codecs (TypeError), such as msgspec's.
        """
        try:
            text = data.decode().strip(WHITESPACE)
            value, end = _decode_prefix(text)
            if end != len(text):
                raise ValueError(f"a second value begins at character {end}")
            if BACKSLASH in data and (b"\\ud" in data or b"\\uD" in data):
                _encode_text(value).encode()  # the fastest search for a surrogate without a pair
        except UnicodeEncodeError:
            raise ValueError("a \\u escape is only half of a surrogate pair") from None
        except RecursionError:
            raise ValueError("the JSON text is nested too deeply") from None
        return value if type is None else _validated(data, type)


def _validated(data: bytes, model: Any) -> Any:
    if not hasattr(model, "model_validate_json"):
        raise TypeError(
            f"the standard library's JSON cannot decode {model!r}: give the app a codec that can, "
            "such as App(json=msgspec.json); pydantic's models need none"
        )
    return model.model_validate_json(data)


def _encode_other(value: object) -> object:
    """What stands for a value of none of JSON's own types."""
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in fields(value)}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, Mapping):  # a session, say
        return dict(cast("Mapping[object, object]", value))
    if isinstance(value, date | time):  # a datetime is a date
        return value.isoformat()
    dump = getattr(value, "model_dump", None)
    if dump is not None:
        return dump(mode="json")
    name = type(value).__qualname__
    raise TypeError(
        f"{name} has no form in JSON: convert it first, or give the app a codec that knows {name}"
    )


def _parse_finite(text: str) -> float:
    """A number with a fraction or an exponent; ValueError for 1e999, which would be infinite."""
    number = float(text)
    if isfinite(number):
        return number
    raise ValueError(f"the number {text:.40} is too large")


def _refuse_constant(name: str) -> None:
    """NaN, Infinity and -Infinity are JavaScript, not JSON."""
    raise ValueError(f"{name} is not JSON")


def make_encoder(*, ensure_ascii: bool) -> Callable[[object], str]:
    """A function that encodes, made once: `JSONEncoder.encode` would make its C encoder each time.

    It does not look for circles, which cost time and end in a RecursionError anyway.
    """
    made = JSONEncoder(
        ensure_ascii=ensure_ascii,
        check_circular=False,
        allow_nan=False,
        separators=(",", ":"),
        default=_encode_other,
    )
    quote = encoder.encode_basestring_ascii if ensure_ascii else encoder.encode_basestring
    make: Any = getattr(encoder, "c_make_encoder", None)  # CPython's
    if make is None:
        return made.encode
    chunks = make(None, _encode_other, quote, None, ":", ",", False, False, False)
    return lambda value: "".join(chunks(value, 0))


_encode_text = make_encoder(ensure_ascii=False)
_encode_ascii = make_encoder(ensure_ascii=True)
_decode_prefix = JSONDecoder(parse_float=_parse_finite, parse_constant=_refuse_constant).raw_decode
