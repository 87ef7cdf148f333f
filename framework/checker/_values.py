"""What a single value of a scope or message may be, as functions from the value to what is wrong with it.

Nothing is changed or used up: an iterator, which could be read only once, is not looked into.
"""

import math
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any, TypeAlias, cast

from framework._wire.grammar import NOT_FIELD_TEXT, is_token
from framework.checker._clauses import (
    CLOSE_CODES,
    CONTROL_FRAMES,
    EVENTS,
    FIELD_NAMES,
    FIELD_VALUES,
    INTERIM,
    METHODS,
    STATUS_CODES,
    TEXT_FRAMES,
    Problem,
    Problems,
    show,
)

Check: TypeAlias = Callable[[Any], Problems]
"""Yields what is wrong; its texts go on where "`key` " ends."""

CONTAINERS: tuple[type, ...] = (list, tuple, dict)
MOST_ITEMS = 100_000  # of a list; who gives a longer one may mean an endless one

MOST_OF_A_REASON = (
    123  # bytes: a control frame has 125, and two are the code (RFC 6455 section 5.5)
)
SENT_CODES = ((1000, 1003), (1007, 1014), (3000, 4999))  # RFC 6455 section 7.4, IANA
RECEIVED_CODES = ((1000, 4999),)  # 1005 and 1006 are for the app's eyes (section 7.1.5)


# Kinds


def kind(of: type, called: str, advice: str, *further: Check) -> Check:
    """A value of that type, of which the further checks hold; True is no integer."""

    def check(value: Any) -> Problems:
        if not isinstance(value, of) or (of is int and isinstance(value, bool)):
            yield Problem(f"is {show(value)}, not {called}", advice)
            return
        for each in further:
            yield from each(value)

    return check


def optional(check: Check) -> Check:
    """None, or a value of which the check holds."""

    def check_unless_none(value: Any) -> Problems:
        return iter(()) if value is None else check(value)

    return check_unless_none


def one_of(*values: str) -> Check:
    """One of these texts."""
    listed = " or ".join(map(repr, values))

    def check(value: Any) -> Problems:
        if value not in values:
            yield Problem(f"is {show(value)}", f"it has to be {listed}")

    return text(check)


def text(*further: Check) -> Check:
    """A Unicode string."""
    return kind(str, "a Unicode string", "give a str", *further)


def byte_string(*further: Check) -> Check:
    """A byte string."""
    return kind(bytes, "a byte string", "give bytes", *further)


def integer(*further: Check) -> Check:
    """An integer."""
    return kind(int, "an integer", "give an int", *further)


def mapping(*further: Check) -> Check:
    """A dict with Unicode strings for keys."""
    return kind(dict, "a dict", "give a dict", names_are_texts, *further)


boolean = kind(bool, "a Boolean", "give True or False")


def within(least: int, most: int) -> Check:
    """A number of these."""

    def check(value: Any) -> Problems:
        if not least <= value <= most:
            yield Problem(f"is {show(value)}", f"it has to be from {least} to {most}")

    return check


# Texts and numbers


def not_empty(value: Any) -> Problems:
    """A text that is not the empty one."""
    if not value:
        yield Problem("is empty", "leave the key out if there is nothing to say")


def has_no_query(value: Any) -> Problems:
    """A path as it came, up to its query."""
    if b"?" in value:
        yield Problem(f"is {show(value)}, with a query", "cut it off before the question mark")


def is_slashed(value: Any) -> Problems:
    """A root path: empty, or with a slash in front (RFC 3875 section 4.1.13)."""
    if value and not value.startswith("/"):
        yield Problem(f"is {show(value)}", "begin it with a slash, or leave it empty")


def is_method(value: Any) -> Problems:
    """The name of a method."""
    if not is_token(value):
        yield Problem(f"is {show(value)}, which is no token", "refuse such a request", METHODS)
    elif value != value.upper():
        yield Problem(f"is {show(value)}, not in upper case", "use str.upper()")


def is_status(value: Any) -> Problems:
    """The status of a final response."""
    if not 100 <= value <= 599:
        yield Problem(f"is {show(value)}", "a status is from 100 to 599", STATUS_CODES)
    elif value < 200:
        what = f"is {show(value)}, which is no answer but announces one"
        yield Problem(what, "send a status from 200 to 599", INTERIM)


def is_rooted(value: Any) -> Problems:
    """A path of a URL."""
    if not value.startswith("/"):
        yield Problem(f"is {show(value)}, without a slash in front", "begin it with a slash")


def is_open_file(value: Any) -> Problems:
    """What `os.sendfile` takes: a file descriptor, or a file that has one."""
    try:
        if not isinstance(value, int):
            value.fileno()
    except Exception:  # there is none, or it is closed
        what = f"is {show(value)}, which has no file descriptor"
        yield Problem(what, "open a file of the file system, and close it after it was sent")


def is_absolute(value: Any) -> Problems:
    """A path from the root of the file system, on POSIX or Windows."""
    if not value.startswith(("/", "\\")) and value[1:2] != ":":
        yield Problem(f"is {show(value)}, not an absolute path", "use os.path.abspath()")


def code_within(ranges: Iterable[tuple[int, int]], advice: str) -> Check:
    """A close code of these ranges."""

    def check(value: Any) -> Problems:
        if not any(first <= value <= last for first, last in ranges):
            yield Problem(f"is {show(value)}, which is no close code here", advice, CLOSE_CODES)

    return check


def is_utf_8(value: Any) -> Problems:
    """A text that a frame can carry: one without lone surrogates."""
    try:
        value.encode()
    except UnicodeEncodeError:
        what = f"is {show(value)}, which has no UTF-8"
        yield Problem(what, "remove lone surrogates", TEXT_FRAMES)


def is_short(value: Any) -> Problems:
    """A reason that fits into a control frame."""
    if (size := len(value.encode(errors="replace"))) > MOST_OF_A_REASON:
        advice = f"it may have {MOST_OF_A_REASON}"
        yield Problem(f"has {size} bytes of UTF-8", advice, CONTROL_FRAMES)


# Lists


def items(value: Any) -> tuple[Any, ...] | None:
    """What an iterable has, up to a limit; None for what is none.

    Nothing of an iterator, which is not to be used up.
    """
    if isinstance(value, str | bytes):
        return None
    try:
        iterator = iter(value)
        return () if iterator is value else tuple(islice(iterator, MOST_ITEMS))
    except Exception:  # raised by code of its own
        return None


def pairs(fields: Any) -> list[tuple[bytes, bytes]]:
    """The well-formed header fields in what should be a list of them."""
    listed = (items(field) or () for field in items(fields) or ())
    return [
        (pair[0], pair[1])
        for pair in listed
        if len(pair) == 2 and all(isinstance(each, bytes) for each in pair)
    ]


def list_of(check: Check) -> Check:
    """An iterable of values of which the check holds."""

    def check_each(value: Any) -> Problems:
        listed = items(value)
        if listed is None:
            yield Problem(f"is {show(value)}, not a list", "give a list")
        for each in listed or ():
            yield from (
                Problem(f"has an item that {what}", advice, clause)
                for what, advice, clause in check(each)
            )

    return check_each


def field(*, is_lower: bool) -> Check:
    """A header field: its name, in lower case if it has to be, and its value."""

    def check(value: Any) -> Problems:
        pair = items(value)
        if pair is None or len(pair) != 2:
            yield Problem(f"is {show(value)}, not [name, value]", "give a list of two byte strings")
        elif not all(isinstance(each, bytes) for each in pair):
            advice = "give bytes, as from str.encode('latin-1')"
            yield Problem(f"is {show(value)}, not two byte strings", advice)
        else:
            yield from _name(pair[0], is_lower=is_lower)
            for what, advice, clause in field_value(pair[1]):
                yield Problem(f"({show(pair[0])}) {what}", advice, clause)

    return check


def _name(name: bytes, *, is_lower: bool) -> Problems:
    if name.startswith(b":"):
        yield Problem(f"is the pseudo header {show(name)}", "leave it out")
    elif not is_token(name.decode("latin-1")):
        yield Problem(f"has the name {show(name)}, which is no token", "leave it out", FIELD_NAMES)
    elif is_lower and name != name.lower():
        yield Problem(f"has the name {show(name)}, not in lower case", "use bytes.lower()")


def field_value(value: bytes) -> Problems:
    """The value of a header field (RFC 9110 section 5.5)."""
    if NOT_FIELD_TEXT.search(value.decode("latin-1")):
        what = f"has control characters in its value {show(value)}"
        yield Problem(what, "remove them: a line break would end the field", FIELD_VALUES)
    elif value != value.strip(b" \t"):
        what = f"has spaces around its value {show(value)}"
        yield Problem(what, "strip them: they do not belong to the value", FIELD_VALUES)


def address(value: Any) -> Problems:
    """A host and a port; None instead of a port after the path of a Unix socket."""
    pair = items(value)
    if pair is None or len(pair) != 2:
        yield Problem(f"is {show(value)}, not [host, port]", "give a list of a str and an int")
        return
    for name, each, check in zip(("host", "port"), pair, (text(), PORT), strict=True):
        yield from (
            Problem(f"has a {name} that {what}", advice, clause)
            for what, advice, clause in check(each)
        )


PORT = optional(integer(within(0, 65535)))


def has_a_port(value: Any) -> Problems:
    """An address of TCP, not of a Unix socket; one that is malformed is not judged here."""
    if (pair := items(value)) and pair[-1] is None:
        yield Problem(f"is {show(value)}, without a port", "give None if there is no address")


# Dicts, and what is in them


def as_dict(value: Any) -> dict[str, Any]:
    """The dict that it should be; an empty one if it is none."""
    return cast(dict[str, Any], value) if isinstance(value, dict) else {}


def names_are_texts(value: Any) -> Problems:
    """A dict with Unicode strings for keys."""
    for name in value:
        if not isinstance(name, str):
            yield Problem(f"has the key {show(name)}, not a Unicode string", "give a str")


def plain(value: Any) -> Problems:
    """What every event may contain, at any depth: nothing that could not be sent over a network."""
    seen: set[int] = set()
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, CONTAINERS):
            if id(each) not in seen:
                seen.add(id(each))
                waiting.extend(_inner(each))
        elif not _is_plain(each):
            advice = "events have byte strings, Unicode strings, numbers of 64 bits, lists, dicts"
            yield Problem(f"has {show(each)} in it", advice, EVENTS)


def _inner(container: Any) -> Iterator[Any]:
    if isinstance(container, dict):
        # A key that is no text is given in a set, which nothing can be.
        names: dict[Any, Any] = as_dict(container)
        for name, each in names.items():
            yield each if isinstance(name, str) else {name}
    else:
        yield from container


def _is_plain(value: Any) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, int):
        return -(2**63) <= value < 2**63
    return value is None or isinstance(value, str | bytes)
