"""From a resolved pattern to a path template (OpenAPI 3.1.1 section 4.8.8.2) and its parameters."""

import re
from collections.abc import Iterable
from typing import Any, NamedTuple

from framework._pattern import Parameter, Segment
from framework._wire.urls import quote_path
from framework.converters import (
    Converter,
    DateConverter,
    FloatConverter,
    IntConverter,
    PathConverter,
    Regex,
    StringConverter,
    UUIDConverter,
)
from framework.openapi._schemas import Schema

__all__ = ["Template", "template_of"]

SCHEMAS: dict[type[Converter[Any]], Schema] = {
    DateConverter: {"type": "string", "format": "date"},
    FloatConverter: {"type": "number", "minimum": 0},
    IntConverter: {"type": "integer", "format": "int64", "minimum": 0, "maximum": (1 << 63) - 1},
    StringConverter: {"type": "string", "minLength": 1},
    UUIDConverter: {"type": "string", "format": "uuid"},
}
ONLY_PYTHONS = re.compile(r"\(\?(?![:=!]|<[=!])|\\[AZ]|[*+?}]\+")
"""What of regular expressions ECMA-262, which JSON Schema names, has not or reads otherwise."""


class Template(NamedTuple):
    """A path with the names of its parameters, and what it matches whatever they are called."""

    path: str
    shape: str
    parameters: list[dict[str, Any]]
    converts: bool
    """Whether there are texts that a parameter does not take, so that the answer is 404."""


def template_of(segments: Iterable[Segment]) -> Template:
    """The template of a path; a name that comes twice, of a mount and within it, gets a mark."""
    paths: list[str] = []
    shapes: list[str] = []
    parameters: dict[str, dict[str, Any]] = {}
    converts = False
    for segment in segments:
        path = shape = ""
        for part in segment:
            if isinstance(part, Parameter):
                name = part.name
                while name in parameters:
                    name += "_"
                parameters[name] = _parameter(name, part.converter)
                converts |= not isinstance(part.converter, StringConverter | PathConverter)
                path, shape = f"{path}{{{name}}}", f"{shape}{{}}"
            else:
                path, shape = path + quote_path(part), shape + quote_path(part)
        paths.append(path)
        shapes.append(shape)
    return Template("/".join(paths), "/".join(shapes), [*parameters.values()], converts)


def _parameter(name: str, converter: Converter[Any]) -> dict[str, Any]:
    parameter: dict[str, Any] = {"name": name, "in": "path", "required": True}
    if isinstance(converter, PathConverter):
        parameter["description"] = "The rest of the path, which may have slashes."
    return {**parameter, "schema": _schema(converter)}


def _schema(converter: Converter[Any]) -> Schema:
    if isinstance(converter, Regex):
        pattern = converter._form.pattern
        told = {} if ONLY_PYTHONS.search(pattern) else {"pattern": f"^(?:{pattern})$"}
        return {"type": "string", **told}
    # A converter of the app's own takes text, whatever it makes of it.
    return {**SCHEMAS.get(type(converter), {"type": "string"})}
