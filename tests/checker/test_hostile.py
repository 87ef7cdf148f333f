"""The middleware between those who mean it no good: endless, deep and strange values, floods, and many at once."""

from collections.abc import Iterator, Mapping
from itertools import repeat
from typing import Any

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework.checker import Checker
from framework.checker._clauses import MOST_AT_ONCE
from framework.checker._messages import RECEIVED, SENT
from framework.checker._scopes import SCOPES
from framework.types import Message, Receive, Scope, Send
from tests.checker.judging import EXTENSIONS, converse, ignore, scope_of
from tests.driver import http_scope
from tests.scripted import Sent, receiving

START: Message = {"type": "http.response.start", "status": 200, "headers": []}
BODY: Message = {"type": "http.response.body", "body": b"a"}
MORE: Message = {"type": "http.response.body", "body": b"a", "more_body": True}
WRONG: Message = {"type": "http.response.body", "body": "a"}


async def answer_wrongly(scope: Scope, receive: Receive, send: Send) -> None:
    """Send what is no body."""
    await send(START)
    await send(WRONG)


async def test_a_fault_in_every_request_does_not_fill_the_memory() -> None:
    checker = Checker(answer_wrongly, on_violation=ignore)
    for _ in range(1_005):
        await checker(scope_of("http", {}), receiving(), Sent())
    assert len(checker.violations) == 1_000


async def test_of_a_message_that_is_wrong_all_over_the_first_faults_are_kept() -> None:
    wrong: list[Message] = [
        {"type": "http.response.start", "status": 200, "headers": [(b"A B", b"\n")] * 99},
        {"type": "http.response.start", "status": 200, "x": [object()] * 99},
    ]
    for message in wrong:
        assert len(await converse(scope_of("http", {}), [("send", message)])) == MOST_AT_ONCE + 1


class Endless:
    """A list that never ends."""

    def __iter__(self) -> Iterator[tuple[bytes, bytes]]:
        return repeat((b"a", b"b"))


def nested() -> list[Any]:
    """A list that is too deep for anything that calls itself."""
    value: list[Any] = []
    for _ in range(100_000):
        value = [value]
    return value


def circular() -> dict[str, Any]:
    """A dict that is in itself."""
    value: dict[str, Any] = {"a": object()}
    value["b"] = [value]
    return value


@pytest.mark.parametrize(
    "value",
    [
        Endless(),
        nested(),
        circular(),
        10**10_000,
        b"a" * 10_000_000,
        range(10**15),
        type("dict", (), {})(),
    ],
    ids=type,
)
async def test_what_is_endless_deep_or_in_itself_is_judged_like_anything_else(value: Any) -> None:
    start: Message = {"type": "http.response.start", "status": value, "headers": value, "x": value}
    steps = [
        ("receive", {"type": "http.request", "body": value, "x": value}),
        ("send", start),
        ("send", {"type": value}),
    ]
    changes = {"headers": value, "state": value, "path": value, "extensions": {10**5_000: value}}
    for each in await converse(scope_of("http", changes), steps):
        assert len(each.what) < 1_000
        assert len(each.subject) <= 1_000


async def test_messages_of_tasks_that_send_at_the_same_time_are_told_apart_by_their_connection() -> (
    None
):
    async def send_slowly(send: Send) -> None:
        for _ in range(9):
            await send(MORE)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(START)
        async with anyio.create_task_group() as group:
            group.start_soon(send_slowly, send)
            group.start_soon(send_slowly, send)
        if scope["path"] != "/":
            await send(BODY)

    checker = Checker(app, on_violation=ignore)
    async with anyio.create_task_group() as group:
        for number in range(20):
            path = f"/{number}" if number else "/"
            scope = http_scope(path=path, asgi={"version": "3.0", "spec_version": "2.5"})
            group.start_soon(checker, scope, receiving(), Sent())
    (breach,) = checker.violations
    assert "'path': '/'," in breach.subject


PLAIN = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary()
VALUES = st.recursive(
    PLAIN,
    lambda inner: st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
FORMATS = {**RECEIVED, **SENT, **SCOPES}
KEYS = st.sampled_from(sorted({key for form in FORMATS.values() for key in form.keys}))
KINDS = st.sampled_from([*FORMATS, "other"])


def message_of(keys: dict[str, Any], kind: object) -> dict[str, Any]:
    """A message of that type, if it is one."""
    return {**keys, "type": kind}


MESSAGES = st.builds(message_of, st.dictionaries(KEYS, VALUES), KINDS | VALUES)


@given(
    st.sampled_from(["http", "websocket", "lifespan"]),
    st.dictionaries(KEYS, VALUES),
    st.lists(st.tuples(st.booleans(), MESSAGES), max_size=6),
)
def test_whatever_comes_is_judged_without_an_error(
    protocol: str, changes: Mapping[str, Any], steps: list[tuple[bool, dict[str, Any]]]
) -> None:
    scope = scope_of(protocol, {"extensions": EXTENSIONS, **changes})
    incoming = [message for is_sent, message in steps if not is_sent]

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        for is_sent, message in steps:
            await (send(message) if is_sent else receive())

    checker = Checker(app, on_violation=ignore)
    anyio.run(checker, scope, receiving(*incoming), Sent())
    assert all(str(each) and len(each.subject) <= 1000 for each in checker.violations)
