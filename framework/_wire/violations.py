"""What a validating codec says was wrong with a value, and where (RFC 9457 section 3, RFC 6901 section 6).

Read from the errors of msgspec and pydantic without importing either. What the client sent is left
out: it knows, and the answer may be logged.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias
from urllib.parse import quote

__all__ = ["Violation", "violations"]

Violation: TypeAlias = dict[str, str]
"""`detail` says what is wrong, `pointer` where: a JSON Pointer as a URI fragment."""

AT_PATH = re.compile(r" - at `(?:key` in `)?+\$([^`]*+)`$")
STEP = re.compile(r"\.([^.\[\]]++)|\[([0-9]++)\]")
MOST = 20  # of a flood of them the first say enough
MOST_LISTED = 1_000
MOST_OF_A_POINTER = 200  # characters; what a client calls its keys is not to be repeated at length


def violations(error: Exception) -> list[Violation]:
    """The list, at least one; empty for an error that is not of a value but of the text: no JSON.

    >>> violations(type("ValidationError", (ValueError,), {})("Expected `int` - at `$.items[0].n`"))
    [{'detail': 'Expected `int`', 'pointer': '#/items/0/n'}]
    """
    if all(cls.__name__ != "ValidationError" for cls in type(error).__mro__):
        return []
    count: Callable[[], int] | None = getattr(error, "error_count", None)
    if count is not None:  # pydantic, whose list takes hundreds of bytes for each
        if count() > MOST_LISTED:
            return [_violation(f"{count()} errors", ())]
        listed: Callable[..., list[Mapping[str, Any]]] = getattr(error, "errors")  # noqa: B009
        found = listed(include_url=False, include_context=False, include_input=False)
        if any(each["type"] == "json_invalid" for each in found):
            return []
        return [_violation(each["msg"], each["loc"]) for each in found[:MOST]]
    message = str(error)  # msgspec
    path = AT_PATH.search(message)
    if path is None:
        return [_violation(message, ())]
    # A path goes no further than to the mapping or set of which a member is wrong: `$.prices[...]`.
    steps = STEP.findall(path[1].partition("[...]")[0])
    return [_violation(message[: path.start()], (name or index for name, index in steps))]


def _violation(detail: str, location: Iterable[object]) -> Violation:
    pointer = "#"
    for step in location:
        longer = f"{pointer}/{quote(str(step)[:MOST_OF_A_POINTER].replace('~', '~0').replace('/', '~1'))}"
        if len(longer) > MOST_OF_A_POINTER:
            break  # at what contains it
        pointer = longer
    return {"detail": detail[:200], "pointer": pointer}
