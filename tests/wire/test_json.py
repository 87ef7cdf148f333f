import json
import math
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from functools import partial
from types import MappingProxyType, SimpleNamespace
from typing import Any, cast
from uuid import UUID

import msgspec
import pydantic
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from framework._wire.json import (
    JSONCodec,
    StandardJSON,
    decodes_types,
    is_nested_deeper,
    make_encoder,
)
from tests.wire.work import count_calls

codec: JSONCodec = StandardJSON()

values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**40), 10**40)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


class Colour(Enum):
    RED = "red"
    MIXED = ("red", "green")


class Size(IntEnum):
    BIG = 3


class Kind(StrEnum):
    TREE = "tree"


@dataclass
class Leaf:
    day: date
    colour: Colour


@dataclass(frozen=True, slots=True)
class Tree:
    name: str
    leaves: list[Leaf]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"a": [1, 2.5, True, None, "x"]}, '{"a":[1,2.5,true,null,"x"]}'),
        ("grüße 🎉", '"grüße 🎉"'),
        ((1, 2), "[1,2]"),
        (
            Tree("oak", [Leaf(date(2024, 2, 29), Colour.RED)]),
            '{"name":"oak","leaves":[{"day":"2024-02-29","colour":"red"}]}',
        ),
        ([Colour.MIXED, Size.BIG, Kind.TREE], '[["red","green"],3,"tree"]'),
        (UUID(int=1), '"00000000-0000-0000-0000-000000000001"'),
        (datetime(2024, 2, 29, 12, 30, tzinfo=UTC), '"2024-02-29T12:30:00+00:00"'),
        (time(12, 30), '"12:30:00"'),
        (MappingProxyType({"a": 1}), '{"a":1}'),
    ],
)
def test_a_value_is_encoded_compactly_as_utf_8(value: object, text: str) -> None:
    assert codec.encode(value) == text.encode()


@pytest.mark.parametrize("value", [Decimal(1), {1}, b"x", Tree, object(), {"deep": [1j]}])
def test_an_unknown_type_is_named_with_what_to_do(value: object) -> None:
    with pytest.raises(TypeError, match="has no form in JSON: convert it first"):
        codec.encode(value)


def test_the_message_names_the_type_that_is_unknown() -> None:
    with pytest.raises(TypeError, match=r"^Decimal has no form"):
        codec.encode({"price": Decimal("9.99")})


@pytest.mark.parametrize("value", [math.nan, math.inf, [-math.inf]])
def test_what_is_no_number_is_not_encoded(value: object) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        codec.encode(value)


def test_a_circle_is_not_encoded() -> None:
    circle: list[object] = []
    circle.append(circle)
    with pytest.raises(ValueError, match="nested too deeply"):
        codec.encode(circle)


def test_a_value_nested_too_deeply_is_not_encoded() -> None:
    value: list[object] = []
    for _ in range(100_000):
        value = [value]
    with pytest.raises(ValueError, match="nested too deeply"):
        codec.encode(value)


def test_a_lone_surrogate_is_escaped() -> None:
    assert codec.encode({"name": "ü\udcff"}) == rb'{"name":"\u00fc\udcff"}'


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (b' {"a" : [1, -2.5e3, true, null]}\r\n', {"a": [1, -2500.0, True, None]}),
        ('"grüße 🎉"'.encode(), "grüße 🎉"),
        (b'{"a":1,"a":2}', {"a": 2}),
        (rb'"\ud83c\uDF89 \uD83C\udf89"', "🎉 🎉"),
        (rb'"\\ud800"', r"\ud800"),
        (b"1e-999", 0.0),
        (b"9" * 4_300, int("9" * 4_300)),
    ],
)
def test_a_json_text_is_decoded(data: bytes, value: object) -> None:
    assert codec.decode(data) == value


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b" ",
        b"{",
        b"[1,]",
        b"{'a':1}",
        b'{"a":1}x',
        b"01",
        b"+1",
        b"0x1",
        b'"\x00"',
        b'"\n"',
        b"NaN",
        b"[Infinity]",
        b"-Infinity",
        b"1e999",
        b"[-1e999]",
        b"9" * 4_301,
        b"9" * 400 + b".0",
        b'"\xff"',
        b'"\xed\xa0\x80"',  # a surrogate, in what would be UTF-8
        b'"\xc0\xaf"',
        b"\xef\xbb\xbf1",
        "1".encode("utf-16"),
        "[1]".encode("utf-32"),
        rb'"\ud800"',
        rb'"\uDC00"',
        rb'"\uDC00\uD800"',
        rb'"\ud83c\\udf89"',
        rb'{"\ud800":1}',
        b"[" * 100_000,
        b"[" * 100_000 + b"]" * 100_000,
        b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    ],
)
def test_anything_else_is_a_value_error(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        codec.decode(data)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"[NaN]", "NaN is not JSON"),
        (b"1e999", "the number 1e999 is too large"),
        (rb'"\ud800"', "half of a surrogate pair"),
        (b"[" * 100_000, "nested too deeply"),
    ],
)
def test_the_message_says_what_is_wrong(data: bytes, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        codec.decode(data)


@given(values)
def test_a_value_survives_encoding_and_decoding(value: object) -> None:
    assert codec.decode(codec.encode(value)) == value


@given(values)
def test_what_others_escape_is_decoded(value: object) -> None:
    assert codec.decode(json.dumps(value).encode()) == value


@given(st.binary() | st.text(st.sampled_from('[]{}",:\\ud80c1eE-.')).map(str.encode))
@example(b"1")
@example(b"[")
def test_what_can_be_decoded_can_be_encoded(data: bytes) -> None:
    try:
        value = codec.decode(data)
    except ValueError:
        return
    assert codec.decode(codec.encode(value)) == value


@pytest.mark.parametrize("ensure_ascii", [False, True])
def test_an_interpreter_without_the_c_encoder_encodes_the_same(
    monkeypatch: pytest.MonkeyPatch, ensure_ascii: bool
) -> None:
    value: Any = {"a": [1, 2.5, None, True, "ä"], "b": {}}
    fast = make_encoder(ensure_ascii=ensure_ascii)
    monkeypatch.setattr(json.encoder, "c_make_encoder", None)
    assert make_encoder(ensure_ascii=ensure_ascii)(value) == fast(value)


# Types


class Model(pydantic.BaseModel):
    day: date
    size: int = 1


def test_a_model_of_pydantic_validates_itself() -> None:
    model = StandardJSON().decode(b'{"day": "2024-02-29"}', type=Model)
    assert model == Model(day=date(2024, 2, 29))
    with pytest.raises(ValueError, match="Input should be a valid integer"):
        StandardJSON().decode(b'{"day": "2024-02-29", "size": "x"}', type=Model)


@pytest.mark.parametrize("text", [b"{", b'{"day": "2024-02-29", "size": NaN}', b"\xff"])
def test_what_is_no_json_is_none_for_a_model_either(text: bytes) -> None:
    with pytest.raises(ValueError, match=r"\w") as error:
        StandardJSON().decode(text, type=Model)
    assert not isinstance(error.value, pydantic.ValidationError)


def test_a_type_that_does_not_validate_itself_needs_another_codec() -> None:
    with pytest.raises(TypeError, match=r"cannot decode .*UUID.*App\(json=msgspec\.json\)"):
        StandardJSON().decode(b"{}", type=UUID)


def test_a_model_of_pydantic_is_encoded() -> None:
    assert StandardJSON().encode([Model(day=date(2024, 2, 29))]) == (
        b'[{"day":"2024-02-29","size":1}]'
    )


def test_a_codec_says_by_its_signature_whether_it_knows_types() -> None:
    untyped = SimpleNamespace(encode=repr, decode=bytes.decode)
    in_c = SimpleNamespace(encode=repr, decode=getattr)  # Python cannot read its signature
    passing_on = SimpleNamespace(encode=repr, decode=partial(msgspec.json.decode))
    codecs: list[Any] = [StandardJSON(), msgspec.json, untyped, in_c, passing_on]
    assert [decodes_types(codec) for codec in codecs] == [True, True, False, False, True]


# Nesting


@pytest.mark.parametrize(
    ("text", "depth"),
    [
        (b"", 0),
        (b"1", 0),
        (b"[]", 1),
        (b"[[],[],[[]]]", 3),
        (b'{"a": [{"b": {}}]}', 4),
        (b'["[[[", "]]]", {"{[": "}"}]', 2),
        (b'["\\"[[[", "\\\\", [1]]', 2),
        (b'["a]", "[", [["]"]]]', 3),
        (b"[" * 20 + b"]" * 20, 20),
        (b"[[]," * 20 + b"1" + b"]" * 20, 21),
        (b'[{"a":' * 9 + b"1" + b"}]" * 9, 18),
        (b"[[[", 3),
        (b"]]]", 0),
    ],
)
def test_nesting_is_counted_outside_of_texts(text: bytes, depth: int) -> None:
    assert not is_nested_deeper(text, depth)
    assert depth == 0 or is_nested_deeper(text, depth - 1)


JSON_VALUES = st.recursive(
    st.none() | st.integers() | st.text('[]{}"\\a', max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text('[]{}"\\'), inner),
)


def depth_of(value: object) -> int:
    if isinstance(value, dict):
        value = list(cast("dict[str, object]", value).values())
    if isinstance(value, list):
        return 1 + max(map(depth_of, cast("list[object]", value)), default=0)
    return 0


@given(JSON_VALUES, st.integers(0, 12))
def test_nesting_is_that_of_the_value(value: object, limit: int) -> None:
    assert is_nested_deeper(StandardJSON().encode(value), limit) == (depth_of(value) > limit)


@pytest.mark.parametrize("piece", [b"[", b"[]", b'["', b'"[', b"\\", b'{"a":', b'["\\""],'])
def test_counting_the_nesting_takes_linear_time(piece: bytes) -> None:
    def work(times: int) -> int:
        return count_calls(lambda: is_nested_deeper(piece * times, 9))

    assert work(4_000) <= 4 * work(1_000) + 50
