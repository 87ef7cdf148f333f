from typing import Any

import pytest

from framework.openapi._words import schema_words


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({}, "anything"),
        (True, "anything"),
        (False, "nothing"),
        ({"type": "string"}, "string"),
        ({"type": ["string", "null"]}, "string or null"),
        ({"type": "string", "format": "<b>"}, "string (&lt;b&gt;)"),
        ({"$ref": "#/components/schemas/A_1"}, '<a href="#schema/A_1">A_1</a>'),
        ({"type": "array", "items": {"type": "integer"}}, "array of integer"),
        ({"type": "array", "items": False}, "array"),
        ({"type": "array", "prefixItems": [{}, {"type": "null"}]}, "array of anything, null"),
        ({"type": "object", "additionalProperties": {"type": "number"}}, "object of number"),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, "string or null"),
        ({"allOf": [{"type": "string"}, {}]}, "string and anything"),
        ({"enum": ["<a>", 1]}, "<code>&quot;&lt;a&gt;&quot;</code> or <code>1</code>"),
        ({"const": None}, "<code>null</code>"),
        ({"type": "integer", "format": "int64", "maximum": 2**63 - 1}, "integer (int64)"),
        (
            {"type": "integer", "minimum": 0, "default": "<"},
            'integer<span class="dim">, at least 0</span><span class="dim">, default &quot;&lt;&quot;</span>',
        ),
    ],
    ids=str,
)
def test_a_schema_is_said_in_words(schema: Any, words: str) -> None:
    assert schema_words(schema) == words
