"""A schema in words, as HTML: `array of <a>Todo</a>`, `integer, 0 to 9`."""

import json
from collections.abc import Callable, Iterator, Mapping
from html import escape
from typing import Any, cast
from urllib.parse import quote

__all__ = ["schema_words"]

CHOICES = {"anyOf": " or ", "oneOf": " or ", "allOf": " and "}
NOTES: dict[str, Callable[[Any], str]] = {
    "minimum": "at least {}".format,
    "exclusiveMinimum": "more than {}".format,
    "maximum": "at most {}".format,
    "exclusiveMaximum": "less than {}".format,
    "multipleOf": "a multiple of {}".format,
    "minLength": "at least {} long".format,
    "maxLength": "at most {} long".format,
    "minItems": "at least {} items".format,
    "maxItems": "at most {} items".format,
    "pattern": "matches {}".format,
    "default": lambda value: f"default {json.dumps(value, ensure_ascii=False)}",
}


def schema_words(schema: Any) -> str:
    """The words; other schemas are linked to, not repeated."""
    if not isinstance(schema, Mapping):
        return "nothing" if schema is False else "anything"
    known = cast("Mapping[str, Any]", schema)
    notes = [escape(word(known[name])) for name, word in NOTES.items() if _is_news(known, name)]
    return _kind(known) + "".join(f'<span class="dim">, {note}</span>' for note in notes)


def _is_news(schema: Mapping[str, Any], name: str) -> bool:
    return name in schema and not (schema.get("format") == "int64" and name == "maximum")


def _kind(schema: Mapping[str, Any]) -> str:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f'<a href="#schema/{escape(quote(name))}">{escape(name)}</a>'
    for keyword, word in CHOICES.items():
        if keyword in schema:
            return word.join(map(schema_words, schema[keyword]))
    if "enum" in schema:
        return " or ".join(_literal(value) for value in schema["enum"])
    if "const" in schema:
        return _literal(schema["const"])
    return " ".join(_named(schema))


def _named(schema: Mapping[str, Any]) -> Iterator[str]:
    kind = schema.get("type", "anything")
    yield escape(kind if isinstance(kind, str) else " or ".join(kind))
    if "format" in schema:
        yield f"({escape(schema['format'])})"
    if "prefixItems" in schema:
        yield f"of {', '.join(map(schema_words, schema['prefixItems']))}"
    for keyword in ("items", "additionalProperties"):
        if isinstance(schema.get(keyword), Mapping):
            yield f"of {schema_words(schema[keyword])}"


def _literal(value: Any) -> str:
    return f"<code>{escape(json.dumps(value, ensure_ascii=False))}</code>"
