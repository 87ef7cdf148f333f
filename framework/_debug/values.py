"""Values as texts that can be shown: short, without secrets, and whatever their `repr` does.

A `repr` is the user's code, and what it has to show is often the client's. It may fail, be slow, be
endless, or be full of markup, which is escaped where the page is made.
"""

import time
from collections.abc import Collection, Iterator, Mapping
from itertools import islice
from typing import Any, cast

from framework._debug.secrets import REDACTED, is_secret, without_secrets

__all__ = ["Values"]

LONGEST = 1_000
"""Characters of one value: more is no longer read, and a page has hundreds of them."""
MOST_VARIABLES = 30
"""Variables of one frame."""
MOST_ITEMS = 20
"""Items of one container."""
DEEPEST = 4
"""Containers within each other."""
PATIENCE = 2.0
"""Seconds for all values of a page together; when they are over, no other `repr` is called."""

BRACKETS: dict[type, str] = {dict: "{}", list: "[]", tuple: "()", set: "{}", frozenset: "{}"}


class Values:
    """Makes texts of values, as many as there is time for."""

    __slots__ = ("_deadline",)

    def __init__(self, seconds: float = PATIENCE) -> None:
        self._deadline = time.monotonic() + seconds

    def variables(self, values: Mapping[str, Any]) -> list[tuple[str, str]]:
        """Names and texts of what a function or a module has; those with dunder names are left out."""
        names = [name for name in values if name.isidentifier() and not name.startswith("__")]
        return [(name, self.named(name, values[name])) for name in names[:MOST_VARIABLES]]

    def named(self, name: str, value: Any) -> str:
        """The text of what is called so; the `repr` of a secret is not even made."""
        return REDACTED if is_secret(name) else self.text(value)

    def text(self, value: Any) -> str:
        """The text of a value."""
        parts: list[str] = []
        length = 0
        for part in self._parts(value, DEEPEST):
            parts.append(part)
            length += len(part)
            if length > 2 * LONGEST:  # a secret that is cut in two may not be known as one
                break
        text = without_secrets("".join(parts))
        return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."

    def _parts(self, value: Any, depth: int) -> Iterator[str]:
        kind = cast("type[object]", type(value))
        brackets = BRACKETS.get(kind)
        if brackets is None:
            yield self._leaf(value)
            return
        yield brackets[0]
        if depth == 0 and value:
            yield "..."
        elif kind is dict:
            yield from self._entries(value, depth - 1)
        elif _is_secret_field(value):
            yield f"{value[0]!r}, {REDACTED}"
        else:
            yield from self._items(value, depth - 1)
        yield brackets[1]

    def _entries(self, values: dict[Any, Any], depth: int) -> Iterator[str]:
        for index, (key, value) in enumerate(list(islice(values.items(), MOST_ITEMS))):
            yield ", " if index else ""
            yield from self._parts(key, 0)
            yield ": "
            if _is_secret_name(key):
                yield REDACTED
            else:
                yield from self._parts(value, depth)
        yield _more(len(values))

    def _items(self, values: Collection[Any], depth: int) -> Iterator[str]:
        for index, value in enumerate(list(islice(values, MOST_ITEMS))):
            yield ", " if index else ""
            yield from self._parts(value, depth)
        yield "," if isinstance(values, tuple) and len(values) == 1 else _more(len(values))

    def _leaf(self, value: Any) -> str:
        if type(value) in (str, bytes):
            return repr(value[: 2 * LONGEST])
        if time.monotonic() >= self._deadline:
            return f"<{type(value).__name__}: not shown, as the others took too long>"
        try:
            return repr(value)[: 2 * LONGEST]
        except Exception as error:
            return f"<{type(value).__name__}: its repr failed with {type(error).__name__}>"


def _is_secret_name(name: object) -> bool:
    if isinstance(name, bytes):
        name = name.decode("latin-1")
    return isinstance(name, str) and is_secret(name)


def _is_secret_field(value: Any) -> bool:
    # A name and its value, as in lists of header fields.
    return type(value) in (list, tuple) and len(value) == 2 and _is_secret_name(value[0])


def _more(count: int) -> str:
    return f", ... {count - MOST_ITEMS} more" if count > MOST_ITEMS else ""
