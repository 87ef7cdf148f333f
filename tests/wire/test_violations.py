"""What validating libraries say was wrong, by the real ones."""

from typing import Any

import msgspec
import pydantic
import pytest

from framework._wire.violations import violations


class Item(msgspec.Struct):
    name: str
    prices: dict[str, int]
    tags: set[int] = set()


class Order(msgspec.Struct):
    items: list[Item]


class Thing(pydantic.BaseModel):
    name: str
    sizes: list[int]
    parts: dict[str, int] = {}


def caught(decode: Any, *arguments: Any, **options: Any) -> Exception:
    with pytest.raises(ValueError, match=r"\w") as error:
        decode(*arguments, **options)
    return error.value


@pytest.mark.parametrize(
    ("text", "detail", "pointer"),
    [
        ("1", "Expected `object`, got `int`", "#"),
        ("{}", "Object missing required field `items`", "#"),
        ('{"items": [1]}', "Expected `object`, got `int`", "#/items/0"),
        ('{"items":[{"name":1}]}', "Expected `str`, got `int`", "#/items/0/name"),
        # A path does not say which member of a mapping it is
        (
            '{"items":[{"name":"","prices":{"a/b":""}}]}',
            "Expected `int`, got `str`",
            "#/items/0/prices",
        ),
        (
            '{"items":[{"name":"","prices":{},"tags":[[]]}]}',
            "Expected `int`, got `array`",
            "#/items/0/tags/0",
        ),
    ],
)
def test_msgspec_names_what_and_where(text: str, detail: str, pointer: str) -> None:
    error = caught(msgspec.json.decode, text, type=Order)
    (found,) = violations(error)
    assert found["pointer"] == pointer
    assert found["detail"].startswith(detail)


def test_a_wrong_key_is_named_by_the_mapping_it_is_in() -> None:
    error = caught(msgspec.json.decode, '{"a": 1}', type=dict[int, int])
    assert [each["pointer"] for each in violations(error)] == ["#"]


def test_pydantic_names_all_of_it() -> None:
    text = '{"sizes": [1, "x"], "parts": {"a/b~ c": "secret"}}'
    error = caught(Thing.model_validate_json, text)
    found = violations(error)
    assert [each["pointer"] for each in found] == ["#/name", "#/sizes/1", "#/parts/a~1b~0%20c"]
    assert found[0]["detail"] == "Field required"
    assert "secret" not in str(found)


def test_of_a_flood_of_errors_the_first_are_told() -> None:
    error = caught(Thing.model_validate_json, '{"name": "", "sizes": ["x"' + ', "x"' * 99 + "]}")
    assert len(violations(error)) == 20


@pytest.mark.parametrize(
    "error",
    [
        ValueError("no"),
        caught(msgspec.json.decode, "[1,"),
        caught(msgspec.json.decode, "{", type=Order),
        caught(Thing.model_validate_json, '{"name": '),
    ],
)
def test_an_error_of_the_text_is_none_of_a_value(error: Exception) -> None:
    assert violations(error) == []


class Strict(pydantic.BaseModel, extra="forbid"):
    pass


def test_what_a_client_calls_its_keys_is_not_repeated_at_length() -> None:
    error = caught(Strict.model_validate_json, '{"' + "é" * 100_000 + '": 1}')
    assert [each["pointer"] for each in violations(error)] == ["#"]


def test_a_flood_of_errors_is_counted() -> None:
    text = '{"name": "", "sizes": ["x"' + ', "x"' * 5_000 + "]}"
    error = caught(Thing.model_validate_json, text)
    assert violations(error) == [{"detail": "5001 errors", "pointer": "#"}]
