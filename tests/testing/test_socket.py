"""One WebSocket, from handshake to close."""

from typing import Any

import anyio
import pytest

from framework import App, HTTPException, Response, WebSocket
from framework.exceptions import WebSocketDisconnect
from framework.testing import ASGIViolation, AsyncTestClient, WebSocketDenialResponse
from framework.testing._socket import MOST_AHEAD
from framework.types import Message, Receive, Scope, Send
from tests.testing.apps import ACCEPT, CLOSE, Listener, deaf, raising, sending

DENY: Message = {"type": "websocket.http.response.start", "status": 404, "headers": []}
REASON: Message = {"type": "websocket.http.response.body", "body": b"go away"}


def say(data: str | bytes) -> Message:
    return {"type": "websocket.send", "text" if isinstance(data, str) else "bytes": data}


async def test_the_app_chooses_a_subprotocol_and_adds_fields() -> None:
    accept = {**ACCEPT, "subprotocol": "b", "headers": [(b"x-a", b"1")]}
    client = AsyncTestClient(sending(accept))
    async with client.websocket_connect("/", ["a", "b"]) as websocket:
        assert websocket.accepted_subprotocol == "b"
        assert websocket.extra_headers == [(b"x-a", b"1")]
        assert websocket.response.status_code == 101


async def test_a_socket_that_is_closed_at_once_is_refused_with_a_403() -> None:
    with pytest.raises(WebSocketDenialResponse) as caught:
        await AsyncTestClient(sending(CLOSE)).websocket_connect("/").__aenter__()
    assert (caught.value.code, caught.value.reason) == (4000, "enough")
    assert caught.value.response.status_code == 403


async def test_a_denial_carries_its_response() -> None:
    app = App()

    @app.websocket("/")
    async def handler(websocket: WebSocket) -> None:
        await websocket.send_denial_response(Response("go away", 404, {"x-a": "1"}))

    async with AsyncTestClient(app) as client:
        with pytest.raises(WebSocketDisconnect, match="refused the socket with 404") as caught:
            await client.websocket_connect("/").__aenter__()
        assert isinstance(caught.value, WebSocketDenialResponse)
        assert caught.value.status_code == 404
        assert caught.value.content == b"go away"
        assert caught.value.text == "go away"
        assert caught.value.headers["x-a"] == "1"
        assert caught.value.code == 1006


async def test_a_denial_may_come_in_pieces() -> None:
    app = sending(DENY, {**REASON, "more_body": True}, REASON)
    with pytest.raises(WebSocketDenialResponse) as caught:
        await AsyncTestClient(app).websocket_connect("/").__aenter__()
    assert caught.value.response.text == "go awaygo away"


async def test_a_denial_may_be_json() -> None:
    reason = {**REASON, "body": b'{"reason": "no"}'}
    with pytest.raises(WebSocketDenialResponse) as caught:
        await AsyncTestClient(sending(DENY, reason)).websocket_connect("/").__aenter__()
    assert caught.value.json() == {"reason": "no"}


async def test_a_redirect_is_a_denial() -> None:
    redirect = {**DENY, "status": 307, "headers": [(b"location", b"/b")]}
    with pytest.raises(WebSocketDenialResponse):
        await AsyncTestClient(sending(redirect, REASON)).websocket_connect("/").__aenter__()


async def test_what_the_app_raises_instead_of_an_answer_is_raised() -> None:
    with pytest.raises(ValueError, match="broken"):
        await AsyncTestClient(raising(ValueError("broken"))).websocket_connect("/").__aenter__()
    client = AsyncTestClient(raising(ValueError("broken")), raise_server_exceptions=False)
    with pytest.raises(WebSocketDenialResponse) as caught:
        await client.websocket_connect("/").__aenter__()
    assert caught.value.response.text == "Internal Server Error"


async def test_an_error_that_the_app_expects_is_a_denial() -> None:
    app = App()

    @app.websocket("/")
    async def handler(websocket: WebSocket) -> None:
        raise HTTPException(401)

    with pytest.raises(WebSocketDenialResponse) as caught:
        await AsyncTestClient(app).websocket_connect("/").__aenter__()
    assert caught.value.status_code == 401


async def test_what_the_app_raises_later_is_raised_where_it_is_missed() -> None:
    client = AsyncTestClient(raising(ValueError("broken"), ACCEPT, say("a")))
    async with client.websocket_connect("/") as websocket:
        assert await websocket.receive_text() == "a"
        with pytest.raises(ValueError, match="broken"):
            await websocket.receive_text()


async def test_what_the_app_raises_is_raised_at_the_end_if_not_before() -> None:
    client = AsyncTestClient(raising(ValueError("broken"), ACCEPT))
    with pytest.raises(ValueError, match="broken"):
        async with client.websocket_connect("/"):
            await anyio.wait_all_tasks_blocked()
    client = AsyncTestClient(raising(ValueError("broken"), ACCEPT), raise_server_exceptions=False)
    async with client.websocket_connect("/") as websocket:
        assert (await websocket.receive())["code"] == 1006
        with pytest.raises(WebSocketDisconnect):
            await websocket.receive()


@pytest.mark.parametrize(
    ("messages", "reason"),
    [
        ([], "without an answer to the handshake"),
        ([DENY], "without an answer to the handshake"),
        ([say("a")], "from a socket that is new"),
        ([{"type": "http.response.start"}], "from a socket that is new"),
        ([{**ACCEPT, "subprotocol": "c"}], "the client offers ..a., .b.."),
        ([{**ACCEPT, "headers": [("a", "b")]}], "pairs of bytes"),
        ([DENY, ACCEPT], "from a socket that is denied"),
        ([DENY, REASON, REASON], "from a socket that is closed"),
        ([ACCEPT, ACCEPT], "from a socket that is open"),
        ([ACCEPT, DENY], "from a socket that is open"),
        ([ACCEPT, CLOSE, say("a")], "from a socket that is closed"),
        ([ACCEPT, {"type": "websocket.send"}], "either .text. or .bytes."),
        ([ACCEPT, {**say("a"), "bytes": b""}], "either .text. or .bytes."),
        ([ACCEPT, {"type": "websocket.send", "text": b""}], ".text. has to be a str"),
        ([ACCEPT, {"type": "websocket.send", "bytes": ""}], ".bytes. to be bytes"),
    ],
)
async def test_what_the_specification_does_not_allow_fails_the_test(
    messages: list[Message], reason: str
) -> None:
    with pytest.raises(ASGIViolation, match=reason):
        await converse(AsyncTestClient(sending(*messages)))


async def converse(client: AsyncTestClient) -> None:
    """Open a socket, and hear whatever the app says."""
    async with client.websocket_connect("/", ["a", "b"]) as websocket:
        async for _ in websocket:
            ...


async def test_a_denial_has_to_be_offered() -> None:
    with pytest.raises(ASGIViolation, match=r"does not offer websocket\.http\.response"):
        await AsyncTestClient(sending(DENY), extensions={}).websocket_connect("/").__aenter__()


async def test_the_app_hears_what_the_client_says_until_it_leaves() -> None:
    app = Listener([ACCEPT])
    async with AsyncTestClient(app).websocket_connect("/") as websocket:
        await websocket.send_text("a")
        await websocket.close(4001, "bye")
        await websocket.close(4002)  # once is enough
    assert app.heard == [
        {"type": "websocket.connect"},
        {"type": "websocket.receive", "text": "a"},
        {"type": "websocket.disconnect", "code": 4001, "reason": "bye"},
    ]


async def test_a_socket_that_was_closed_tells_so() -> None:
    async with AsyncTestClient(Listener([ACCEPT])).websocket_connect("/") as websocket:
        await websocket.close(4001)
        for action in (websocket.receive_text, lambda: websocket.send_text("a")):
            with pytest.raises(WebSocketDisconnect) as caught:
                await action()
            assert caught.value.code == 4001


async def test_what_is_said_to_an_app_that_has_closed_the_socket_is_lost() -> None:
    heard: list[Message] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(ACCEPT)
        await send(CLOSE)
        await anyio.wait_all_tasks_blocked()
        heard.extend([await receive(), await receive()])

    async with AsyncTestClient(app).websocket_connect("/") as websocket:
        await websocket.send_text("too late")
        with pytest.raises(WebSocketDisconnect) as caught:
            await websocket.receive_text()
    assert caught.value.code == 4000
    assert [message.get("code") for message in heard] == [None, 4000]


async def test_a_test_does_not_wait_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("framework.testing._call.GRACE", 0.01)
    with pytest.raises(TimeoutError, match=r"the app sent nothing within 0\.01 s"):
        await AsyncTestClient(deaf, timeout=0.01).websocket_connect("/").__aenter__()
    client = AsyncTestClient(Listener([ACCEPT]), timeout=0.01)
    async with client.websocket_connect("/") as websocket:
        with pytest.raises(TimeoutError, match="the app sent nothing"):
            await websocket.receive_text()


async def test_messages_do_not_pile_up_without_end() -> None:
    sent: list[int] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(ACCEPT)
        while True:
            await send(say("a"))
            sent.append(1)

    client = AsyncTestClient(app, timeout=0.05)
    async with client.websocket_connect("/") as websocket:
        await anyio.wait_all_tasks_blocked()
        assert len(sent) == MOST_AHEAD
        with pytest.raises(TimeoutError, match="256 messages to read, and read none"):
            await flood(websocket)


async def flood(websocket: Any) -> None:
    while True:
        await websocket.send_bytes(b"a")
