"""What middleware says itself, to a request and to a socket alike."""

import pytest

from framework import NotFound, PlainTextResponse
from framework.middleware._answers import refuse, respond, send_with_defaults
from framework.types import Message, Receive, Scope, Send
from tests.driver import ask
from tests.protocols import converse
from tests.scripted import Sent


async def gone(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer by 410."""
    await respond(PlainTextResponse("gone", 410), scope, receive, send)


async def missing(scope: Scope, receive: Receive, send: Send) -> None:
    """Refuse by an exception."""
    await refuse(NotFound(), scope, receive, send)


async def test_a_request_gets_the_response() -> None:
    answer = await ask(gone, "GET", "/")
    assert (answer.status, answer.text) == (410, "gone")


async def test_a_socket_is_denied_by_the_same_response() -> None:
    talk = await converse(gone, extensions={"websocket.http.response": {}})
    assert talk.messages[0]["status"] == 410
    assert talk.messages[1]["body"] == b"gone"


async def test_a_socket_is_closed_where_the_server_knows_no_denials() -> None:
    assert (await converse(gone)).types == ["close"]


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [("text/html", "text/html; charset=utf-8"), ("*/*", "application/problem+json")],
)
async def test_a_refusal_is_worded_as_the_client_accepts(accept: str, media_type: str) -> None:
    answer = await ask(missing, "GET", "/", headers={"accept": accept})
    assert answer.status == 404
    assert answer.headers["content-type"] == media_type


async def test_fields_are_added_unless_the_app_has_them_in_any_case() -> None:
    sent = Sent()
    start: Message = {"type": "http.response.start", "status": 200, "headers": [(b"X-A", b"app")]}
    await send_with_defaults(sent, [(b"x-a", b"ours"), (b"x-b", b"ours")], start)
    assert sent.messages[0]["headers"] == [(b"X-A", b"app"), (b"x-b", b"ours")]
    assert start["headers"] == [(b"X-A", b"app")]


async def test_other_messages_are_sent_as_they_are() -> None:
    sent = Sent()
    body: Message = {"type": "http.response.body", "body": b""}
    await send_with_defaults(sent, [(b"x-a", b"ours")], body)
    assert sent.messages[0] is body
