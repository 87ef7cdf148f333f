"""What a format is, and how a scope or message is held against one.

The formats are in `_scopes` and `_messages`; what may come when is for `_order`. Keys that a format does
not name are allowed, as the specification wants (ASGI 3.0, Error Handling).
"""

import re
from collections.abc import Callable, Mapping
from itertools import islice
from typing import Any, NamedTuple, TypeAlias

from framework.checker._clauses import (
    CONTENT_LENGTH,
    MOST_AT_ONCE,
    SPEC_VERSIONS,
    Clause,
    Problem,
    Problems,
    show,
)
from framework.checker._values import Check, as_dict, pairs

Version: TypeAlias = tuple[int, ...]
Rule: TypeAlias = Callable[[Mapping[str, Any]], Problems]
"""What the keys have to do with each other; asked if each is right by itself."""

VERSION = re.compile(r"[0-9]{1,4}\.[0-9]{1,4}")
FIRST: Version = (0,)


class Key(NamedTuple):
    """One key of a format; one that was added later means nothing to a server of an earlier version."""

    check: Check
    is_required: bool = False
    since: Version = FIRST


class Format(NamedTuple):
    """A kind of scope or message; `extension` has to be offered by the server before it is sent."""

    clause: Clause
    keys: Mapping[str, Key] = {}
    rules: tuple[Rule, ...] = ()
    extension: str | None = None
    since: Version = FIRST


def required(check: Check) -> Key:
    """A key that has to be there."""
    return Key(check, is_required=True)


def spec_version(scope: Mapping[str, Any]) -> Version:
    """What the server says it speaks; the first version if it says nothing, or nothing sensible."""
    said = as_dict(scope.get("asgi")).get("spec_version")
    default = (1, 0) if scope.get("type") == "lifespan" else (2, 0)
    if not isinstance(said, str) or not VERSION.fullmatch(said):
        return default
    return tuple(map(int, said.split(".")))


def extensions(scope: Mapping[str, Any]) -> frozenset[str]:
    """The names of what the server offers."""
    offered: dict[Any, Any] = as_dict(scope.get("extensions"))
    return frozenset(name for name in offered if isinstance(name, str))


def problems(subject: Mapping[str, Any], form: Format, version: Version) -> Problems:
    """What is wrong with a scope or message, apart from its place among the others."""
    found = [*islice(problems_of_keys(subject, form, version), MOST_AT_ONCE)]
    for rule in form.rules if not found else ():
        found += rule(subject)
    if version < form.since:
        found.append(_too_new("it", form.since, version))
    for what, advice, clause in found:
        yield Problem(what, advice, clause or form.clause)


def problems_of_keys(subject: Mapping[str, Any], form: Format, version: Version) -> Problems:
    """What is wrong with each key by itself."""
    for name, key in form.keys.items():
        if name in subject:
            for what, advice, clause in key.check(subject[name]):
                yield Problem(f"`{name}` {what}", advice, clause)
            if version < key.since and subject[name]:
                yield _too_new(f"`{name}`", key.since, version)
        elif key.is_required:
            yield Problem(f"`{name}` is missing", "it is not optional: add it")


def _too_new(what: str, since: Version, version: Version) -> Problem:
    since_text, version_text = (".".join(map(str, each)) for each in (since, version))
    return Problem(
        f"{what} was added in version {since_text}, and the server speaks {version_text}",
        'look at scope["asgi"]["spec_version"] before it is sent',
        SPEC_VERSIONS,
    )


def lengths_agree(subject: Mapping[str, Any]) -> Problems:
    """There is one Content-Length, and it is a number (RFC 9110 section 8.6)."""
    lengths = {value for name, value in pairs(subject.get("headers")) if is_length(name.lower())}
    if len(lengths) > 1 or not all(length.isdigit() for length in lengths):
        what = f"Content-Length is {' and '.join(map(show, sorted(lengths)))}"
        yield Problem(what, "it has to be one decimal number", CONTENT_LENGTH)


def is_length(name: bytes) -> bool:
    """Whether it is the name of Content-Length."""
    return name == b"content-length"
