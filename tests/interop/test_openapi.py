"""Schemathesis asks all that the example says of itself, and finds every answer as it is described."""

from typing import Any

import pytest
import schemathesis.openapi
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode

from examples.openapi import app

SCHEMA: Any = schemathesis.openapi.from_asgi("/docs/openapi.json", app)
OPERATIONS = [found.ok() for found in SCHEMA.get_all_operations()]

bounded = settings(
    max_examples=30,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[*HealthCheck],
)


@pytest.mark.parametrize("mode", [*GenerationMode], ids=lambda mode: mode.value)
@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.label)
def test_schemathesis_finds_an_operation_as_it_is_described(
    operation: Any, mode: GenerationMode
) -> None:
    answered: set[bool] = set()

    @bounded
    @given(case=operation.as_strategy(generation_mode=mode))
    def check(case: Any) -> None:
        answered.add(case.call_and_validate().status_code < 500)

    check()
    assert answered == {True}


def test_schemathesis_knows_all_operations_of_the_example() -> None:
    assert [operation.label for operation in OPERATIONS] == [
        "GET /todos",
        "POST /todos",
        "GET /todos/{id}",
        "PUT /todos/{id}",
        "DELETE /todos/{id}",
    ]
