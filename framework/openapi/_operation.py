"""`@operation`: what cannot be read of a handler, said beside it. It changes nothing at run time."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

from framework.exceptions import ConfigError

__all__ = ["Operation", "operation_of"]

Handler = TypeVar("Handler", bound=Callable[..., Any])

KEPT_AS = "__openapi_operation__"
RANGES = frozenset({"1XX", "2XX", "3XX", "4XX", "5XX", "default"})  # OpenAPI 3.1.1 section 4.8.16


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """What was said of a handler; what was not is read of it."""

    body: Any = None
    query: Any = None
    responses: Mapping[str, Any] = field(default_factory=dict[str, Any])
    tags: Sequence[str] | None = None
    summary: str | None = None
    description: str | None = None
    operation_id: str | None = None
    deprecated: bool = False
    hidden: bool = False


NOTHING_SAID = Operation()


def operation(
    *,
    body: Any = None,
    query: Any = None,
    responses: Mapping[int | str, Any] | None = None,
    tags: Sequence[str] | None = None,
    summary: str | None = None,
    description: str | None = None,
    operation_id: str | None = None,
    deprecated: bool = False,
    hidden: bool = False,
) -> Callable[[Handler], Handler]:
    """Say of a handler what its OpenAPI document cannot read of it; the handler itself stays as it is.

    `body` is the type of the JSON that it takes; each field of the class `query` is a parameter of the
    query string. `responses` are by status, or "4XX" and the like, or "default": the type of the JSON,
    a sentence that describes, or a dict, which is a Response Object. A `hidden` one is not documented.
    """
    if isinstance(tags, str):
        raise ConfigError(f"operation(tags={tags!r}): give a list, such as [{tags!r}]")
    said = Operation(
        body=body,
        query=query,
        responses={_checked_status(status): each for status, each in (responses or {}).items()},
        tags=tags,
        summary=summary,
        description=description,
        operation_id=operation_id,
        deprecated=deprecated,
        hidden=hidden,
    )
    return partial(_keep, said)


def operation_of(handler: Any, endpoint: Any) -> Operation:
    """What was said of a handler, or of the class that it is a method of."""
    said: Operation = getattr(handler, KEPT_AS, getattr(endpoint, KEPT_AS, NOTHING_SAID))
    return said


def _keep(said: Operation, handler: Handler) -> Handler:
    try:
        setattr(handler, KEPT_AS, said)
    except AttributeError:
        raise ConfigError(
            f"@operation cannot keep anything on {handler!r}: write it below the decorator that "
            "declares the route, above a function or a method"
        ) from None
    return handler


def _checked_status(status: int | str) -> str:
    text = str(status)
    if text in RANGES or (text.isascii() and text.isdigit() and 100 <= int(text) <= 599):
        return text
    raise ConfigError(
        f"operation(responses={{{status!r}: ...}}): give a status such as 404, '4XX' or 'default'"
    )
