from collections.abc import AsyncIterable, AsyncIterator, Iterable
from typing import Annotated, Any, NoReturn

import pytest
from starlette.responses import HTMLResponse as StarletteHTML

from framework import HTMLResponse, JSONResponse, RedirectResponse, Response
from framework._signature import TypeCheckersOnly
from framework.exceptions import NotFound
from framework.openapi._answers import (
    PROBLEM_SCHEMA,
    failure_responses,
    said_response,
    success_responses,
)
from framework.openapi._schemas import Schemas
from framework.sse import EventSourceResponse

INTEGER = {"type": "integer"}
OK = {"description": "OK"}
SUCCESS = {"description": "Success"}


def json(schema: Any) -> Any:
    return {"content": {"application/json": {"schema": schema}}}


RETURNED: list[tuple[Any, int | None, Any]] = [
    (int, None, {"200": OK | json(INTEGER)}),
    (Annotated[int, 1], 201, {"201": {"description": "Created"} | json(INTEGER)}),
    (dict[str, Any], None, {"200": OK | json({"type": "object", "additionalProperties": {}})}),
    (str, None, {"200": OK | {"content": {"text/plain": {}}}}),
    (bytes, None, {"200": OK | {"content": {"application/octet-stream": {}}}}),
    (
        AsyncIterator[bytes],
        None,
        {"200": OK | {"content": {"application/octet-stream": {}}}},
    ),
    (AsyncIterable[bytes], None, {"200": OK | {"content": {"application/octet-stream": {}}}}),
    (Iterable[bytes], None, {"200": OK | {"content": {"application/octet-stream": {}}}}),
    (NoReturn, None, {}),
    (StarletteHTML, None, {"2XX": SUCCESS}),
    (None, None, {"204": {"description": "No Content"}}),
    (None, 202, {"202": {"description": "Accepted"}}),
    (int, 204, {"204": {"description": "No Content"}}),
    (Any, None, {"2XX": SUCCESS}),
    (Any, 201, {"201": {"description": "Created"}}),
    (TypeCheckersOnly("Todo", (), {}), None, {"2XX": SUCCESS}),
    (Response, None, {"2XX": SUCCESS}),
    (JSONResponse, None, {"2XX": SUCCESS | json({})}),
    (HTMLResponse, 201, {"2XX": SUCCESS | {"content": {"text/html": {}}}}),
    (
        EventSourceResponse,
        None,
        {"2XX": SUCCESS | {"content": {"text/event-stream": {}}}},
    ),
    (RedirectResponse, None, {"3XX": {"description": "Redirection"}}),
    (
        int | str | None,
        None,
        {
            "200": {
                "description": "OK",
                "content": {"application/json": {"schema": INTEGER}, "text/plain": {}},
            },
            "204": {"description": "No Content"},
        },
    ),
    (
        int | float | RedirectResponse,
        None,
        {
            "200": OK | json({"anyOf": [INTEGER, {"type": "number"}]}),
            "3XX": {"description": "Redirection"},
        },
    ),
    ("int", None, {"200": OK | json({})}),
]


@pytest.mark.parametrize(("annotation", "status_code", "responses"), RETURNED, ids=str)
def test_what_is_returned_is_what_is_answered(
    annotation: Any, status_code: int | None, responses: Any
) -> None:
    assert success_responses(annotation, status_code, Schemas()) == responses


def test_errors_are_problems_unless_the_app_answers_them() -> None:
    problem = {
        "content": {
            "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
        }
    }
    found = failure_responses(
        {404, 422}, lambda error: isinstance(error, NotFound), says_default=True
    )
    assert found == {
        "404": {"description": "Not Found"},
        "422": {"description": "Unprocessable Content", **problem},
        "default": {"description": "Any other answer", **problem},
    }
    assert failure_responses((), bool, says_default=False) == {
        "default": {"description": "Any other answer"}
    }


def test_a_problem_has_what_the_default_answer_has() -> None:
    assert [*PROBLEM_SCHEMA["properties"]] == ["type", "title", "status", "detail", "errors"]


@pytest.mark.parametrize(
    ("told", "response"),
    [
        (int, {"description": "Not Found", **json(INTEGER)}),
        (None, {"description": "Not Found"}),
        ("It is gone.", {"description": "It is gone.", "content": {"text/plain": {}}}),
        ({"description": "x", "headers": {}}, {"description": "x", "headers": {}}),
    ],
    ids=str,
)
def test_what_is_said_of_a_response_is_a_type_a_sentence_or_all_of_it(
    told: Any, response: Any
) -> None:
    known: dict[str, Any] = {"description": "Not Found", "content": {"text/plain": {}}}
    assert said_response("404", told, known, Schemas()) == response
