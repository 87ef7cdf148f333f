"""The responses of an operation: what its handler returns, and the errors that are certain (RFC 9457)."""

from collections.abc import (
    AsyncIterable,
    Callable,
    Collection,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from inspect import iscoroutinefunction
from types import UnionType
from typing import Any, Never, NoReturn, Union, cast, get_args, get_origin

from framework._signature import TypeCheckersOnly
from framework.errors import PROBLEM
from framework.exceptions import (
    HTTPException,
    InvalidContent,
    LimitExceeded,
    MalformedRequest,
    NotFound,
    UnsupportedMediaType,
    reason_phrase,
)
from framework.openapi._schemas import HOME, Schema, Schemas, any_of, unaliased
from framework.responses import RedirectResponse, Response, has_no_content

__all__ = ["PROBLEM_SCHEMA", "failure_responses", "said_response", "success_responses"]

JSON = "application/json"
UNKNOWN = (Any, object)
NEVER = (Never, NoReturn)

ERRORS: tuple[HTTPException, ...] = (
    MalformedRequest(""),
    NotFound(),
    LimitExceeded(413, "", 0, ""),
    UnsupportedMediaType(""),
    InvalidContent([]),
)
"""An example of each error that can be certain, to ask who answers it."""

PROBLEM_SCHEMA: Schema = {
    "type": "object",
    "description": "What was wrong (RFC 9457).",
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"detail": {"type": "string"}, "pointer": {"type": "string"}},
                "required": ["detail", "pointer"],
            },
        },
    },
    "required": ["type", "title", "status"],
}


def success_responses(annotation: Any, status_code: int | None, schemas: Schemas) -> dict[str, Any]:
    """The responses by status that a returned value of this type becomes.

    A Response has a status of its own, which its type does not say: `2XX`, or `3XX` of a redirect.
    """
    answers: dict[str, dict[str, list[Any]]] = {}
    for kind in _options(annotation):
        status, media_type = _answer(kind, status_code)
        kinds = answers.setdefault(status, {})
        if media_type is not None:
            kinds.setdefault(media_type, []).append(kind)
    return {
        status: _response(
            status,
            {each: _media(each, kinds, schemas) for each, kinds in found.items()},
        )
        for status, found in answers.items()
    }


def failure_responses(
    statuses: Collection[int], expects: Callable[[HTTPException], bool], *, says_default: bool
) -> dict[str, Any]:
    """The errors with these statuses, and any other; what handlers of the app's own say is not known."""
    problem = {PROBLEM: {"schema": {"$ref": f"{HOME}Problem"}}}
    found = {
        str(each.status_code): _response(str(each.status_code), {} if expects(each) else problem)
        for each in ERRORS
        if each.status_code in statuses
    }
    return {**found, "default": _response("default", problem if says_default else {})}


def said_response(status: str, told: Any, known: Mapping[str, Any], schemas: Schemas) -> Any:
    """The response that `@operation` says: a type, a sentence about what is known, or the object itself."""
    if isinstance(told, Mapping):
        return {**cast("Mapping[str, Any]", told)}
    if isinstance(told, str):
        return {**known, "description": told}
    if told is None:
        return _response(status, {})
    return _response(status, {JSON: {"schema": schemas.of(told)}})


def _options(annotation: Any) -> list[Any]:
    annotation = unaliased(annotation)
    if get_origin(annotation) in (Union, UnionType):
        return [option for each in get_args(annotation) for option in _options(each)]
    return [] if annotation in NEVER else [annotation]


def _answer(kind: Any, status_code: int | None) -> tuple[str, str | None]:
    """The status of a value of one type, and the media type of its content."""
    cls: Any = get_origin(kind) or kind
    if isinstance(cls, type) and issubclass(cls, Response):
        if issubclass(cls, RedirectResponse):
            return "3XX", None
        return "2XX", cls.media_type
    if _is_asgi(cls):
        return "2XX", None
    if kind is None or kind is type(None):
        return str(204 if status_code is None else status_code), None
    if kind in UNKNOWN or isinstance(kind, TypeCheckersOnly):
        return "2XX" if status_code is None else str(status_code), None
    status = 200 if status_code is None else status_code
    return str(status), None if has_no_content(status) else _media_type(cls)


def _is_asgi(cls: Any) -> bool:
    """Whether its instances are ASGI callables, as the responses of other libraries are."""
    return iscoroutinefunction(getattr(cls, "__call__", None))  # noqa: B004 - a method, not callable()


def _media_type(cls: Any) -> str:
    if isinstance(cls, type):
        if issubclass(cls, str):
            return "text/plain"
        if cls is Iterable or issubclass(cls, bytes | AsyncIterable | Iterator):
            return "application/octet-stream"
    return JSON


def _media(media_type: str, kinds: Sequence[Any], schemas: Schemas) -> dict[str, Any]:
    made = [schemas.of(kind) for kind in kinds]
    if media_type != JSON:
        return {}
    return {"schema": any_of(made)}


def _response(status: str, content: dict[str, Any]) -> dict[str, Any]:
    described = {"description": reason_phrase(int(status)) if status.isdigit() else WORDS[status]}
    return {**described, **({"content": content} if content else {})}


WORDS = {
    "1XX": "Information",
    "2XX": "Success",
    "3XX": "Redirection",
    "4XX": "Client error",
    "5XX": "Server error",
    "default": "Any other answer",
}
