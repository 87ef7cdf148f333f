from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum, IntEnum
from typing import (
    Annotated,
    Any,
    ClassVar,
    Generic,
    Literal,
    NamedTuple,
    NewType,
    NotRequired,
    Optional,
    TypedDict,
    TypeVar,
)
from uuid import UUID

import msgspec
import pydantic
import pytest
from typing_extensions import Doc, ReadOnly, TypeAliasType

from framework.exceptions import ConfigError
from framework.openapi._schemas import Schema, Schemas, any_of, members_of, unaliased, without_null

T = TypeVar("T")
Number = TypeVar("Number", bound=int)
UserId = NewType("UserId", int)
Alias = TypeAliasType("Alias", list[int])
Told = TypeAliasType("Told", Annotated[str, 1])


class Color(Enum):
    """What it looks like."""

    RED = "red"
    BLUE = "blue"


class Level(IntEnum):
    LOW = 1


class Mixed(Enum):
    ONE = 1
    TWO = "two"


class Odd(Enum):
    PAIR = (1, 2)


class Name(str):
    __slots__ = ()


class Point(NamedTuple):
    x: int
    y: float = 0.0


class Blank(NamedTuple):
    pass


@dataclass
class Plain:
    """A class with
    everything."""

    id: int
    names: list[str] = field(default_factory=list[str])
    color: Color = Color.RED
    ratio: float = float("inf")
    parent: "Plain | None" = None
    hidden: "Nowhere" = None  # type: ignore[name-defined]  # noqa: F821  # pyright: ignore[reportUndefinedVariable]
    made: int = field(init=False, default=0)
    kind: ClassVar[str] = "plain"


@dataclass
class Undocumented:
    pass


@dataclass
class Box(Generic[T]):
    content: T


@dataclass
class Page(Generic[T]):
    """Some of many."""

    items: list[T]
    box: Box[T | None]
    untouched: Undocumented


class Sent(TypedDict):
    id: ReadOnly[int]
    note: NotRequired[str]


class Struct(msgspec.Struct):
    name: str
    next: "Struct | None" = None


class Inner(pydantic.BaseModel):
    n: int


class Model(pydantic.BaseModel):
    inner: Inner


class Node(pydantic.BaseModel):
    children: "list[Node]"


STRING, INTEGER = {"type": "string"}, {"type": "integer"}


@pytest.mark.parametrize(
    ("kind", "schema"),
    [
        (None, {"type": "null"}),
        (Any, {}),
        (object, {}),
        (complex, {}),
        (bool, {"type": "boolean"}),
        (int, INTEGER),
        (float, {"type": "number"}),
        (str, STRING),
        (Name, STRING),
        (bytes, {"type": "string", "contentEncoding": "base64"}),
        (datetime, {"type": "string", "format": "date-time"}),
        (date, {"type": "string", "format": "date"}),
        (time, {"type": "string", "format": "time"}),
        (timedelta, {"type": "string", "format": "duration"}),
        (UUID, {"type": "string", "format": "uuid"}),
        (Decimal, {"type": "string", "format": "decimal"}),
        (list, {"type": "array"}),
        (list[int], {"type": "array", "items": INTEGER}),
        (deque[int], {"type": "array", "items": INTEGER}),
        (Sequence[int], {"type": "array", "items": INTEGER}),
        (set[int], {"type": "array", "items": INTEGER, "uniqueItems": True}),
        (frozenset, {"type": "array", "uniqueItems": True}),
        (tuple, {"type": "array"}),
        (tuple[int, ...], {"type": "array", "items": INTEGER}),
        (
            tuple[int, str],
            {"type": "array", "prefixItems": [INTEGER, STRING], "minItems": 2, "maxItems": 2},
        ),
        (dict, {"type": "object"}),
        (dict[str, int], {"type": "object", "additionalProperties": INTEGER}),
        (Mapping[str, int], {"type": "object", "additionalProperties": INTEGER}),
        (int | str, {"anyOf": [INTEGER, STRING]}),
        (Optional[int], {"anyOf": [INTEGER, {"type": "null"}]}),  # noqa: UP045 - another type
        (Literal["a", "b"], {"type": "string", "enum": ["a", "b"]}),
        (Literal[1, None], {"enum": [1, None]}),
        (Literal[Color.RED], {"type": "string", "enum": ["red"]}),
        (Literal[b"a"], {}),
        (UserId, INTEGER),
        (T, {}),
        (Number, INTEGER),
        (Callable[[], int], {}),
        ("Nowhere", {}),
        (NotRequired[int], INTEGER),
        (Annotated[int, "a note", Doc("How many.")], {**INTEGER, "description": "How many."}),
        (
            Annotated[int, msgspec.Meta(ge=1, lt=9)],
            {**INTEGER, "minimum": 1, "exclusiveMaximum": 9},
        ),
        (
            Annotated[date, msgspec.Meta(title="When"), slice(1)],
            {"type": "string", "format": "date", "title": "When"},
        ),
        (Annotated[str, msgspec.Meta(max_length=9)], {**STRING, "maxLength": 9}),
        (
            Annotated[list[Any], msgspec.Meta(min_length=1)],
            {"type": "array", "items": {}, "minItems": 1},
        ),
        (
            Annotated[dict[str, Any], msgspec.Meta(min_length=1)],
            {"type": "object", "additionalProperties": {}, "minProperties": 1},
        ),
        (Annotated[str, pydantic.Field(max_length=9)], STRING),
    ],
    ids=str,
)
def test_a_type_has_its_schema(kind: Any, schema: Schema) -> None:
    schemas = Schemas()
    assert schemas.of(kind) == schema
    assert schemas.components == {}


@pytest.mark.parametrize(
    ("kind", "schema"),
    [
        (Color, {"type": "string", "enum": ["red", "blue"], "description": "What it looks like."}),
        (Level, {"type": "integer", "enum": [1]}),
        (Mixed, {"enum": [1, "two"]}),
        (Odd, {}),
        (
            Point,
            {
                "type": "array",
                "prefixItems": [INTEGER, {"type": "number"}],
                "minItems": 2,
                "maxItems": 2,
            },
        ),
        (
            Sent,
            {"type": "object", "properties": {"id": INTEGER, "note": STRING}, "required": ["id"]},
        ),
        (Undocumented, {"type": "object", "properties": {}}),
        (Box, {"type": "object", "properties": {"content": {}}, "required": ["content"]}),
        (Alias, {"type": "array", "items": INTEGER}),
        (
            Blank,
            {"type": "array", "minItems": 0, "maxItems": 0},
        ),
        (
            Node,
            {
                "type": "object",
                "title": "Node",
                "properties": {
                    "children": {
                        "type": "array",
                        "title": "Children",
                        "items": {"$ref": "#/components/schemas/Node"},
                    }
                },
                "required": ["children"],
            },
        ),
        (
            Struct,
            {
                "type": "object",
                "title": "Struct",
                "properties": {
                    "name": STRING,
                    "next": {
                        "anyOf": [{"$ref": "#/components/schemas/Struct"}, {"type": "null"}],
                        "default": None,
                    },
                },
                "required": ["name"],
            },
        ),
    ],
    ids=str,
)
def test_a_class_is_a_component_that_is_referred_to(kind: Any, schema: Schema) -> None:
    schemas = Schemas()
    name = kind.__name__
    reference = {"$ref": f"#/components/schemas/{name}"}
    assert schemas.of(kind) == reference
    assert schemas.of(kind) == reference
    assert schemas.components == {name: schema}
    assert members_of(reference, schemas.components) == schema


def test_a_dataclass_says_what_it_needs_and_what_is_there_by_default() -> None:
    schemas = Schemas()
    schemas.of(Plain)
    assert schemas.components["Plain"] == {
        "type": "object",
        "description": "A class with everything.",
        "properties": {
            "id": INTEGER,
            "names": {"type": "array", "items": STRING},
            "color": {"$ref": "#/components/schemas/Color", "default": "red"},
            "ratio": {"type": "number"},
            "parent": {
                "anyOf": [{"$ref": "#/components/schemas/Plain"}, {"type": "null"}],
                "default": None,
            },
            "hidden": {"default": None},
            "made": {"type": "integer", "readOnly": True},
        },
        "required": ["id"],
    }


def test_models_bring_those_that_they_refer_to() -> None:
    schemas = Schemas()
    schemas.of(Model)
    schemas.of(Inner)
    assert [*schemas.components] == ["Inner", "Model"]


def test_classes_of_the_same_name_are_kept_apart() -> None:
    def another(version: int) -> Any:
        class Inner(pydantic.BaseModel):
            other: str = str(version)

        return Inner

    def third() -> Any:
        @dataclass
        class Color:
            shade: int

        return Color

    schemas = Schemas()
    home = "#/components/schemas/"
    assert [schemas.of(each)["$ref"] for each in (Inner, another(1), another(2))] == [
        f"{home}Inner",
        f"{home}tests.openapi.test_schemas.Inner",
        f"{home}2.Inner",
    ]
    assert [schemas.of(each)["$ref"] for each in (Color, third())] == [
        f"{home}Color",
        f"{home}tests.openapi.test_schemas.Color",
    ]


def test_annotations_that_cannot_be_read_are_an_error_that_names_the_class() -> None:
    class Broken(NamedTuple):
        x: int

    Broken.__annotations__["x"] = "1 + 'a'"
    with pytest.raises(
        ConfigError, match=r"the annotations of .*Broken cannot be read: unsupported"
    ):
        Schemas().of(Broken)


@pytest.mark.parametrize(
    ("annotation", "meant"),
    [
        (int, int),
        (Annotated[int, 1], int),
        (Told, str),
        (list[int], list[int]),
    ],
    ids=str,
)
def test_a_type_is_found_behind_its_names(annotation: Any, meant: Any) -> None:
    assert unaliased(annotation) == meant


def test_what_a_query_may_leave_out_is_never_null() -> None:
    null = {"type": "null"}
    assert without_null({"anyOf": [INTEGER, null], "default": None}) == INTEGER
    assert without_null({"anyOf": [INTEGER, STRING, null]}) == {"anyOf": [INTEGER, STRING]}
    assert without_null(INTEGER) == INTEGER


def test_one_of_one_schema_is_that_schema() -> None:
    assert any_of([INTEGER]) == INTEGER
    assert any_of([INTEGER, STRING]) == {"anyOf": [INTEGER, STRING]}


def test_a_generic_dataclass_is_a_component_for_each_of_its_arguments() -> None:
    schemas = Schemas()
    for kind, name in ((Page[int], "Page_int"), (Page[Undocumented], "Page_Undocumented")):
        assert schemas.of(kind) == {"$ref": f"#/components/schemas/{name}"}
    page = schemas.components["Page_int"]
    assert page["description"] == "Some of many."
    assert page["properties"]["items"] == {"type": "array", "items": {"type": "integer"}}
    box = schemas.components[page["properties"]["box"]["$ref"].rpartition("/")[2]]
    assert box["properties"]["content"] == {"anyOf": [{"type": "integer"}, {"type": "null"}]}
