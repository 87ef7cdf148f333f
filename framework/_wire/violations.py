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


def violations(error: Exception) -> list[Violation]:
    """The list, at least one; empty for an error that is not of a value but of the text: no JSON.

    >>> violations(type("ValidationError", (ValueError,), {})("Expected `int` - at `$.items[0].n`"))
    [{'detail': 'Expected `int`', 'pointer': '#/items/0/n'}]
    """
    if all(cls.__name__ != "ValidationError" for cls in type(error).__mro__):
        return []
    listed: Callable[[], Iterable[Mapping[str, Any]]] | None = getattr(error, "errors", None)
    if callable(listed):  # pydantic
        found = list(listed())
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
    steps = [str(step).replace("~", "~0").replace("/", "~1") for step in location]
    return {"detail": detail[:200], "pointer": "#" + "".join(f"/{quote(step)}" for step in steps)}
