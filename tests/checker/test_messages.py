"""Messages: every key that is missing or wrong is found, and nothing else."""

from typing import Any

import pytest

from framework.checker._formats import problems
from framework.checker._messages import RECEIVED, SENT
from framework.types import Message
from tests.tables.asgi_formats import MESSAGES

RIGHT: list[Message] = [
    {"type": "http.request"},
    {"type": "http.request", "body": b"a", "more_body": True},
    {"type": "websocket.receive", "text": None, "bytes": b""},
    {"type": "websocket.disconnect", "code": 1006, "reason": None},
    {"type": "http.response.start", "status": 200},
    {"type": "http.response.start", "status": 599, "headers": ((b"a", b"b"), [b"c", b"\xfc"])},
    {"type": "http.response.start", "status": 304, "headers": [(b"content-length", b"9")]},
    {"type": "http.response.zerocopysend", "file": 3, "offset": 0, "count": 1},
    {"type": "http.response.pathsend", "path": "C:\\a"},
    {"type": "http.response.debug", "info": {"a": object()}},
    {"type": "websocket.accept", "subprotocol": None, "headers": iter([("a", "b")])},
    {"type": "websocket.send", "text": ""},
    {"type": "websocket.close", "code": 4999, "reason": "ü" * 61},
    {"type": "lifespan.startup.failed", "message": "no database"},
]


@pytest.mark.parametrize(("message", "section", "what"), MESSAGES)
def test_a_wrong_message_is_found(message: dict[str, Any], section: str, what: str) -> None:
    form = (RECEIVED | SENT)[message["type"]]
    found = [*problems(message, form, (2, 5))]
    (problem,) = [each for each in found if what in each.what]
    assert problem.clause is not None
    assert section in problem.clause.title
    assert problem.advice


@pytest.mark.parametrize("message", RIGHT)
def test_nothing_is_found_in_a_message_that_is_right(message: Message) -> None:
    form = (RECEIVED | SENT)[message["type"]]
    assert [*problems(message, form, (2, 5))] == []


@pytest.mark.parametrize(
    ("message", "version", "what"),
    [
        (
            {"type": "websocket.accept", "headers": [(b"a", b"b")]},
            (2, 0),
            "`headers` was added in version 2.1, and the server speaks 2.0",
        ),
        (
            {"type": "websocket.close", "reason": "bye"},
            (2, 2),
            "`reason` was added in version 2.3, and the server speaks 2.2",
        ),
        (
            {"type": "lifespan.startup.failed"},
            (1, 0),
            "it was added in version 2.0, and the server speaks 1.0",
        ),
    ],
)
def test_what_the_version_of_the_server_does_not_have_is_found(
    message: Message, version: tuple[int, ...], what: str
) -> None:
    form = SENT[message["type"]]
    (problem,) = problems(message, form, version)
    assert problem.what == what
    assert [*problems(message, form, form.since or (2, 3))] == [] or form.since == (0,)


def test_a_later_key_that_says_nothing_is_no_fault() -> None:
    message = {"type": "websocket.close", "reason": "", "code": 1000}
    assert [*problems(message, SENT["websocket.close"], (2, 0))] == []
