from typing import Any

import pytest

from framework._pattern import parse_pattern
from framework.converters import CONVERTERS, Converter, Regex
from framework.openapi._templates import template_of


class Hex(Converter[int]):
    value_type = int


def resolved(path: str) -> Any:
    named = {**CONVERTERS, "hex": Hex()}
    return (
        parse_pattern(path)
        .resolve(lambda p: named.get(p.how or "str") or Regex(p.how or ""))
        .segments
    )


@pytest.mark.parametrize(
    ("how", "schema", "converts"),
    [
        ("str", {"type": "string", "minLength": 1}, False),
        ("path", {"type": "string"}, False),
        ("int", {"type": "integer", "format": "int64", "minimum": 0, "maximum": 2**63 - 1}, True),
        ("float", {"type": "number", "minimum": 0}, True),
        ("uuid", {"type": "string", "format": "uuid"}, True),
        ("date", {"type": "string", "format": "date"}, True),
        ("hex", {"type": "string"}, True),
        ("[a-z]{2}", {"type": "string", "pattern": "^(?:[a-z]{2})$"}, True),
        ("(?:a|b)(?=c)(?<!d).", {"type": "string", "pattern": "^(?:(?:a|b)(?=c)(?<!d).)$"}, True),
        ("(?i)[a-z]+", {"type": "string"}, True),
        ("(?P<x>a)", {"type": "string"}, True),
        ("a++", {"type": "string"}, True),
        (r"a\Z", {"type": "string"}, True),
    ],
)
def test_a_converter_has_its_schema(how: str, schema: Any, converts: bool) -> None:
    template = template_of(resolved(f"/x/{{name:{how}}}"))
    [parameter] = template.parameters
    assert template.path == "/x/{name}"
    assert (parameter["name"], parameter["in"], parameter["required"]) == ("name", "path", True)
    assert parameter["schema"] == schema
    assert template.converts is converts
    assert ("description" in parameter) is (how == "path")


@pytest.mark.parametrize(
    ("path", "template", "shape"),
    [
        ("/", "/", "/"),
        ("/a b/ü", "/a%20b/%C3%BC", "/a%20b/%C3%BC"),
        ("/{name}.{ext}", "/{name}.{ext}", "/{}.{}"),
    ],
)
def test_a_path_is_a_template(path: str, template: str, shape: str) -> None:
    made = template_of(resolved(path))
    assert (made.path, made.shape) == (template, shape)


def test_a_name_that_comes_twice_gets_a_mark() -> None:
    template = template_of((*resolved("/a/{id}"), *resolved("/b/{id:int}")[1:]))
    assert template.path == "/a/{id}/b/{id_}"
    assert [each["name"] for each in template.parameters] == ["id", "id_"]
