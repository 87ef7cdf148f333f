"""From a type to its JSON Schema (draft 2020-12, the dialect of OpenAPI 3.1).

Classes become components, to which their users refer; so types may refer to themselves. Models of
pydantic and msgspec make their own schemas. A type of which nothing is known may be anything: `{}`.
"""

import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import MISSING, fields, is_dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from itertools import count
from math import isfinite
from types import NoneType, UnionType
from typing import (
    Annotated,
    Any,
    ClassVar,
    Final,
    Literal,
    NewType,
    NotRequired,
    Required,
    TypeAlias,
    TypeVar,
    Union,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)
from uuid import UUID

from typing_extensions import ReadOnly

from framework._signature import TypeCheckersOnly
from framework.exceptions import ConfigError

__all__ = ["HOME", "Schema", "Schemas", "any_of", "members_of", "unaliased", "without_null"]

Schema: TypeAlias = dict[str, Any]

SCALARS: dict[type, Schema] = {
    NoneType: {"type": "null"},
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
    str: {"type": "string"},
    bytes: {"type": "string", "contentEncoding": "base64"},
    bytearray: {"type": "string", "contentEncoding": "base64"},
    datetime: {"type": "string", "format": "date-time"},
    date: {"type": "string", "format": "date"},
    time: {"type": "string", "format": "time"},
    timedelta: {"type": "string", "format": "duration"},
    UUID: {"type": "string", "format": "uuid"},
    Decimal: {"type": "string", "format": "decimal"},
}
TYPES = {NoneType: "null", bool: "boolean", int: "integer", float: "number", str: "string"}
WRAPPERS = (ClassVar, Final, NotRequired, ReadOnly, Required)

SAID_BY_METADATA = {
    "ge": "minimum",
    "gt": "exclusiveMinimum",
    "le": "maximum",
    "lt": "exclusiveMaximum",
    "multiple_of": "multipleOf",
    "min_length": "minLength",
    "max_length": "maxLength",
    "pattern": "pattern",
    "title": "title",
    "description": "description",
    "documentation": "description",
}
"""From the attributes of msgspec.Meta, annotated_types and typing_extensions.Doc to keywords."""

LENGTHS = {
    "array": {"minLength": "minItems", "maxLength": "maxItems"},
    "object": {"minLength": "minProperties", "maxLength": "maxProperties"},
}

HOME = "#/components/schemas/"
NOT_IN_A_NAME = re.compile(r"[^A-Za-z0-9._-]")  # OpenAPI 3.1.1 section 4.8.7.2


class Schemas:
    """Makes schemas, and keeps those of classes in `components` by their names."""

    __slots__ = ("_names", "components")

    def __init__(self) -> None:
        self.components: dict[str, Schema] = {}
        self._names: dict[Any, str] = {}

    def of(self, kind: Any) -> Schema:
        """The schema of a type, or the reference to it."""
        if kind is None:
            kind = NoneType
        if isinstance(kind, TypeCheckersOnly):
            return {}
        origin, args = get_origin(kind), get_args(kind)
        if origin is Annotated:
            return _refined(self.of(args[0]), args[1:])
        if origin in WRAPPERS:
            return self.of(args[0])
        if origin in (Union, UnionType):
            return {"anyOf": [self.of(each) for each in args]}
        if origin is Literal:
            return _choice(args)
        if isinstance(kind, NewType):
            return self.of(kind.__supertype__)
        if isinstance(kind, TypeVar):
            return {} if kind.__bound__ is None else self.of(kind.__bound__)
        cls = origin or kind
        if hasattr(cls, "__value__"):  # an alias: `type Tree = dict[str, Tree]`, or its backport
            return self._component(cls, lambda alias: self.of(alias.__value__))
        return self._of_class(kind, cls, args) if isinstance(cls, type) else {}

    def _of_class(self, kind: Any, cls: Any, args: tuple[Any, ...]) -> Schema:
        if hasattr(cls, "model_json_schema") or hasattr(cls, "__struct_fields__"):
            return self._foreign(cls)
        for is_one, make in (
            (issubclass(cls, Enum), _enumeration),
            (is_dataclass(cls), self._of_dataclass),
            (is_typeddict(cls), self._of_typeddict),
            (hasattr(cls, "_fields") and tuple in cls.__mro__, self._of_namedtuple),
        ):
            if is_one:
                return self._component(kind if is_dataclass(cls) else cls, make)
        for each in cls.__mro__:
            if each in SCALARS:
                return {**SCALARS[each]}
        if issubclass(cls, tuple) and args and args[-1] is not ...:
            return _of_length([self.of(each) for each in args])
        if issubclass(cls, Mapping):
            return {"type": "object", **self._within("additionalProperties", args[1:])}
        if issubclass(cls, Sequence | Set):
            unique = {"uniqueItems": True} if issubclass(cls, Set) else {}
            return {"type": "array", **self._within("items", args[:1]), **unique}
        return {}

    def _within(self, keyword: str, args: tuple[Any, ...]) -> Schema:
        return {keyword: self.of(args[0])} if args else {}

    def _component(self, cls: Any, make: Callable[[Any], Schema]) -> Schema:
        if cls not in self._names:
            called = _called(cls)
            name = next(p + called for p in _prefixes(cls) if p + called not in self.components)
            self._names[cls] = name
            self.components[name] = {}  # the name is taken before its members are looked at
            self.components[name] = {**make(cls), **_described(cls)}
        return {"$ref": HOME + self._names[cls]}

    def _of_dataclass(self, kind: Any) -> Schema:
        """That of a class, or of a generic one with its arguments, such as `Page[Todo]`."""
        cls = get_origin(kind) or kind
        given = dict(zip(getattr(cls, "__parameters__", ()), get_args(kind), strict=False))
        hints = _hints(cls)
        properties: dict[str, Schema] = {}
        required: list[str] = []
        for each in fields(cls):
            schema = self.of(_filled(hints[each.name], given))
            if not each.init:
                schema |= {"readOnly": True}
            elif each.default is not MISSING:
                schema |= _default(each.default)
            elif each.default_factory is MISSING:
                required.append(each.name)
            properties[each.name] = schema
        return _object(properties, required)

    def _of_typeddict(self, cls: Any) -> Schema:
        properties = {name: self.of(hint) for name, hint in _hints(cls).items()}
        return _object(properties, [name for name in properties if name in cls.__required_keys__])

    def _of_namedtuple(self, cls: Any) -> Schema:
        """A tuple, which is an array to JSON."""
        hints = _hints(cls)
        return _of_length([self.of(hints.get(name, Any)) for name in cls._fields])

    def _foreign(self, cls: Any) -> Schema:
        """Its own schema; the names that it takes are its own, too, unless another has one of them."""
        prefixes = _prefixes(cls)
        while True:
            prefix = next(prefixes)
            made = _made_by_itself(cls, HOME + prefix)
            found = {prefix + name: schema for name, schema in made.items()}
            if all(self.components.get(name, each) == each for name, each in found.items()):
                self.components |= found
                return {"$ref": f"{HOME}{prefix}{_called(cls)}"}


def members_of(schema: Schema, components: Mapping[str, Schema]) -> Schema:
    """A schema, or the one that it refers to."""
    reference: str = schema.get("$ref", "")
    return components[reference.removeprefix(HOME)] if reference else schema


def any_of(schemas: Sequence[Schema]) -> Schema:
    """What one of these schemas takes."""
    return schemas[0] if len(schemas) == 1 else {"anyOf": [*schemas]}


def without_null(schema: Schema) -> Schema:
    """The schema of what may be left out, in a place that has no null: a query string."""
    if "anyOf" not in schema:
        return schema
    options = [each for each in schema["anyOf"] if each != SCALARS[NoneType]]
    rest = {name: each for name, each in schema.items() if name != "anyOf" and each is not None}
    return {**any_of(options), **rest}


def unaliased(annotation: Any) -> Any:
    """A type without its names and notes: what an alias stands for, or `Annotated`."""
    while True:
        if get_origin(annotation) is Annotated:
            annotation = get_args(annotation)[0]
        elif hasattr(annotation, "__value__") and not isinstance(annotation, type):
            annotation = annotation.__value__
        else:
            return annotation


def _called(kind: Any) -> str:
    arguments = [
        each.__name__ if hasattr(each, "__name__") else f"{each}" for each in get_args(kind)
    ]
    return NOT_IN_A_NAME.sub("_", "_".join([kind.__name__, *arguments]))


def _prefixes(cls: Any) -> Iterator[str]:
    """What is put before the name of a class, should another one be called like it."""
    yield ""
    yield f"{NOT_IN_A_NAME.sub('_', cls.__module__)}."
    yield from (f"{number}." for number in count(2))


def _made_by_itself(cls: Any, home: str) -> dict[str, Schema]:
    """The schema of a model of pydantic's or msgspec's under its name, beside those that it refers to."""
    if hasattr(cls, "__struct_fields__"):
        _, made = sys.modules["msgspec"].json.schema_components(
            [cls], ref_template=f"{home}{{name}}"
        )
        return dict(made)
    schema: Schema = cls.model_json_schema(ref_template=f"{home}{{model}}")
    made = schema.pop("$defs", {})
    return made if _called(cls) in made else {**made, _called(cls): schema}


def _hints(cls: Any) -> dict[str, Any]:
    missing: dict[str, Any] = {}
    while True:
        try:
            return get_type_hints(cls, localns=missing, include_extras=True)
        except Exception as error:  # of whatever an annotation in quotes does
            name = error.name if isinstance(error, NameError) else None
            if name is None or name in missing:
                raise ConfigError(
                    f"the annotations of {cls.__qualname__} cannot be read: {error}"
                ) from error
            missing[name] = TypeCheckersOnly(name, (), {})


def _filled(hint: Any, given: Mapping[Any, Any]) -> Any:
    """A type with arguments in the place of its variables."""
    if isinstance(hint, TypeVar):
        return given.get(hint, hint)
    if isinstance(hint, type):
        return hint
    variables = getattr(hint, "__parameters__", ())
    return hint[tuple(given.get(each, each) for each in variables)] if variables else hint


def _object(properties: dict[str, Schema], required: list[str]) -> Schema:
    schema: Schema = {"type": "object", "properties": properties}
    return {**schema, "required": required} if required else schema


def _of_length(items: list[Schema]) -> Schema:
    size = {"minItems": len(items), "maxItems": len(items)}
    return {"type": "array", **({"prefixItems": items} if items else {}), **size}


def _enumeration(cls: type[Enum]) -> Schema:
    return _choice([member.value for member in cls])


def _choice(values: Sequence[Any]) -> Schema:
    values = [each.value if isinstance(each, Enum) else each for each in values]
    if not all(map(_is_plain, values)):
        return {}
    types = {TYPES[type(each)] for each in values}
    return {**({"type": types.pop()} if len(types) == 1 else {}), "enum": values}


def _default(value: Any) -> Schema:
    if isinstance(value, Enum):
        value = value.value
    return {"default": value} if _is_plain(value) else {}


def _is_plain(value: Any) -> bool:
    return type(value) in TYPES and (type(value) is not float or isfinite(value))


def _described(cls: Any) -> Schema:
    """The docstring, unless it is the one that Python writes of dataclasses and the like."""
    cls = get_origin(cls) or cls
    text = cls.__dict__.get("__doc__") if isinstance(cls, type) else None
    if not text or text.startswith(f"{cls.__name__}("):
        return {}
    return {"description": " ".join(text.split())}


def _refined(schema: Schema, metadata: tuple[Any, ...]) -> Schema:
    lengths = LENGTHS.get(schema.get("type", ""), {})
    for each in metadata:
        for attribute, keyword in SAID_BY_METADATA.items():
            value = getattr(each, attribute, None)
            if value is not None and _is_plain(value):
                schema = {**schema, lengths.get(keyword, keyword): value}
    return schema
