"""Formats: what a server says it speaks and offers, whatever that is."""

from typing import Any

import pytest

from framework.checker._formats import extensions, spec_version


@pytest.mark.parametrize(
    ("scope", "version"),
    [
        ({"type": "http", "asgi": {"spec_version": "2.4"}}, (2, 4)),
        ({"type": "http", "asgi": {}}, (2, 0)),
        ({"type": "websocket"}, (2, 0)),
        ({"type": "lifespan", "asgi": {}}, (1, 0)),
        ({"type": "http", "asgi": None}, (2, 0)),
        ({"type": "http", "asgi": {"spec_version": 2.3}}, (2, 0)),
        ({"type": "http", "asgi": {"spec_version": "2.3.1"}}, (2, 0)),
        ({"type": "http", "asgi": {"spec_version": "2." + "9" * 5000}}, (2, 0)),
    ],
)
def test_the_version_is_what_the_server_says_or_the_first(
    scope: dict[str, Any], version: tuple[int, ...]
) -> None:
    assert spec_version(scope) == version


def test_what_is_offered_are_the_names_of_the_extensions() -> None:
    assert extensions({"extensions": {"a": {}, "b": {}}}) == {"a", "b"}
    assert extensions({"extensions": None}) == extensions({"extensions": ["a"]}) == set()
