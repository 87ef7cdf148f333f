"""Both directions of a WebSocket, and what its state does not allow."""

from collections.abc import Awaitable, Callable
from typing import Any

import anyio
import pytest
from pydantic import BaseModel

from framework import (
    App,
    FileResponse,
    HTTPException,
    JSONResponse,
    Limits,
    PlainTextResponse,
    Response,
    StreamingResponse,
    WebSocket,
    WebSocketDisconnect,
    WebSocketStateError,
)
from framework.connections import Settings
from framework.types import Message, Scope
from framework.websockets import ReadyState
from tests.driver import http_scope
from tests.protocols import converse
from tests.scripted import Sent, receiving

CONNECT: Message = {"type": "websocket.connect"}
GONE: Message = {"type": "websocket.disconnect", "code": 1001, "reason": "bye"}
DENIAL: dict[str, object] = {"websocket.http.response": {}}


def websocket_scope(path: str = "/", **changes: Any) -> Scope:
    scope = http_scope("GET", path)
    del scope["method"]
    return {**scope, "type": "websocket", "scheme": "ws", "subprotocols": [], **changes}


def text(data: str) -> Message:
    return {"type": "websocket.receive", "text": data}


def binary(data: bytes) -> Message:
    return {"type": "websocket.receive", "bytes": data}


def socket(*messages: Message, until: int = -1, **changes: Any) -> tuple[WebSocket, Sent]:
    """A socket whose peer sends these messages after it has connected."""
    sent = Sent(until=until)
    return WebSocket(websocket_scope(**changes), receiving(CONNECT, *messages), sent), sent


async def opened(*messages: Message, until: int = -1) -> tuple[WebSocket, Sent]:
    """Such a socket, accepted; `sent` has only what came after that."""
    websocket, sent = socket(*messages)
    await websocket.accept()
    sent.messages.clear()
    sent.until = until
    return websocket, sent


# The handshake


async def test_a_socket_is_opened_when_it_was_accepted() -> None:
    websocket, sent = socket()
    states = [websocket.ready_state]
    await websocket.accept()
    states.append(websocket.ready_state)
    assert states == [ReadyState.CONNECTING, ReadyState.OPEN]
    assert sent.messages == [{"type": "websocket.accept", "subprotocol": None, "headers": []}]


async def test_a_socket_is_accepted_with_an_offered_subprotocol_and_headers() -> None:
    websocket, sent = socket(subprotocols=["v2", "v1"])
    assert websocket.subprotocols == ["v2", "v1"]
    await websocket.accept("v1", {"X-A": "1"})
    assert sent.messages == [
        {"type": "websocket.accept", "subprotocol": "v1", "headers": [(b"x-a", b"1")]}
    ]


@pytest.mark.parametrize("offered", [None, [], ["v2"], ["V1"]])
async def test_a_subprotocol_that_was_not_offered_is_refused(offered: list[str] | None) -> None:
    websocket, sent = socket(subprotocols=offered)
    with pytest.raises(ValueError, match=r"^the client offers \[.*\], not 'v1'$"):
        await websocket.accept("v1")
    assert sent.messages == []
    await websocket.accept()


@pytest.mark.parametrize("value", ["\r\n", "a\x00", "a\nb: c"])
async def test_no_control_character_gets_into_the_handshake(value: str) -> None:
    websocket, sent = socket()
    with pytest.raises(ValueError, match="control characters"):
        await websocket.accept(headers={"x-a": value})
    with pytest.raises(ValueError, match="no name for a header field"):
        await websocket.accept(headers=[(value, "a")])
    assert sent.messages == []


async def test_a_socket_that_is_closed_before_it_was_accepted_is_refused() -> None:
    websocket, sent = socket()
    await websocket.close(1008, "no")
    assert sent.messages == [{"type": "websocket.close", "code": 1008, "reason": "no"}]
    assert websocket.ready_state is ReadyState.CLOSED


@pytest.mark.parametrize(
    "response", [PlainTextResponse("no", 403, {"x-a": "1"}), JSONResponse([], 401)]
)
async def test_a_socket_is_denied_by_a_response_where_the_server_can_send_it(
    response: Response,
) -> None:
    websocket, sent = socket(extensions=DENIAL)
    await websocket.send_denial_response(response)
    assert sent.messages == [
        {
            "type": "websocket.http.response.start",
            "status": response.status_code,
            "headers": response.raw_headers,
        },
        {"type": "websocket.http.response.body", "body": response.body},
    ]
    assert websocket.ready_state is ReadyState.CLOSED


@pytest.mark.parametrize("extensions", [None, {}])
async def test_a_socket_is_denied_bare_where_the_server_cannot_send_a_response(
    extensions: object,
) -> None:
    websocket, sent = socket(extensions=extensions)
    await websocket.send_denial_response(StreamingResponse(["n", "o"], 403))
    assert sent.types == ["websocket.close"]
    assert websocket.ready_state is ReadyState.CLOSED


Act = Callable[[WebSocket], Awaitable[object]]
HANDSHAKES: list[tuple[str, Act]] = [
    ("accept()", lambda websocket: websocket.accept()),
    ("send_denial_response()", lambda websocket: websocket.send_denial_response(Response())),
]
CLOSE: tuple[str, Act] = ("close()", lambda websocket: websocket.close())
TALK: list[tuple[str, Act]] = [
    ("receiving", lambda websocket: websocket.receive_text()),
    ("receiving", lambda websocket: websocket.receive_bytes()),
    ("receiving", lambda websocket: websocket.receive_json()),
    ("receiving", lambda websocket: anext(websocket.iter_text())),
    ("send_text()", lambda websocket: websocket.send_text("a")),
    ("send_text()", lambda websocket: websocket.send_json("a")),
    ("send_bytes()", lambda websocket: websocket.send_bytes(b"a")),
]


@pytest.mark.parametrize(("action", "act"), HANDSHAKES)
async def test_a_handshake_is_answered_once(action: str, act: Act) -> None:
    message = f"{action} answers the handshake, and it was answered: the socket is"
    websocket, sent = await opened()
    with pytest.raises(WebSocketStateError) as caught:
        await act(websocket)
    assert str(caught.value) == f"{message} open"
    await websocket.close()
    with pytest.raises(WebSocketStateError) as caught:
        await act(websocket)
    assert str(caught.value) == f"{message} closed"
    assert sent.types == ["websocket.close"]


@pytest.mark.parametrize(("action", "act"), TALK)
async def test_nothing_is_said_before_the_socket_is_accepted(action: str, act: Act) -> None:
    websocket, sent = socket()
    with pytest.raises(WebSocketStateError) as caught:
        await act(websocket)
    assert str(caught.value) == f"{action} on a socket that is connecting; call accept() first"
    assert sent.messages == []


@pytest.mark.parametrize(("action", "act"), TALK)
async def test_nothing_is_said_after_the_socket_was_closed(action: str, act: Act) -> None:
    websocket, sent = await opened(text("late"))
    await websocket.close()
    with pytest.raises(WebSocketStateError) as caught:
        await act(websocket)
    assert str(caught.value) == f"{action} on a socket that is closed; stop"
    assert sent.types == ["websocket.close"]


@pytest.mark.parametrize(("action", "act"), [*HANDSHAKES, CLOSE])
async def test_a_peer_that_leaves_during_the_handshake_has_disconnected(
    action: str, act: Act
) -> None:
    sent = Sent()
    websocket = WebSocket(websocket_scope(), receiving(GONE), sent)
    with pytest.raises(WebSocketDisconnect) as caught:
        await act(websocket)
    assert caught.value.code == 1001, action
    assert websocket.ready_state is ReadyState.CLOSED
    await websocket.close()
    for _, other in [*HANDSHAKES, *TALK[:3], *TALK[4:]]:
        with pytest.raises(WebSocketDisconnect):
            await other(websocket)
    assert sent.messages == []


async def test_a_handshake_that_a_server_finds_fault_with_may_be_answered_in_another_way() -> None:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        if message["type"] == "websocket.accept":
            raise LookupError("no such header")
        sent.append(message)

    websocket = WebSocket(websocket_scope(), receiving(CONNECT), send)
    with pytest.raises(LookupError):
        await websocket.accept()
    with anyio.fail_after(10):
        await websocket.close()
    assert sent == [{"type": "websocket.close", "code": 1000, "reason": ""}]


# Messages


@pytest.mark.parametrize("data", ["", "grüße 🎉", "x" * 100_000])
async def test_text_is_received_and_sent(data: str) -> None:
    websocket, sent = await opened(text(data), {**text(data), "bytes": None})
    for _ in range(2):
        assert await websocket.receive_text() == data
    await websocket.send_text(data)
    assert sent.messages == [{"type": "websocket.send", "text": data}]


@pytest.mark.parametrize("data", [b"", b"\x00\xff", b"x" * 100_000])
async def test_bytes_are_received_and_sent(data: bytes) -> None:
    websocket, sent = await opened(binary(data), {**binary(data), "text": None})
    for _ in range(2):
        assert await websocket.receive_bytes() == data
    await websocket.send_bytes(data)
    assert sent.messages == [{"type": "websocket.send", "bytes": data}]


async def test_json_is_received_as_text_or_bytes_and_sent_as_text() -> None:
    websocket, sent = await opened(text('{"a":"ü"}'), binary('["ü"]'.encode()))
    assert await websocket.receive_json() == {"a": "ü"}
    assert await websocket.receive_json() == ["ü"]
    await websocket.send_json({"a": "ü"})
    assert sent.messages == [{"type": "websocket.send", "text": '{"a":"ü"}'}]


async def test_json_is_that_of_the_codec_of_the_app() -> None:
    class Codec:
        def encode(self, value: Any) -> bytes:
            return str(value).encode()

        def decode(self, data: bytes) -> Any:
            return data

    sent = Sent()
    receive = receiving(CONNECT, text("a"))
    websocket = WebSocket(websocket_scope(), receive, sent, Settings(json=Codec()))
    await websocket.accept()
    await websocket.send_json(await websocket.receive_json())
    assert sent.messages[1] == {"type": "websocket.send", "text": "b'a'"}


async def test_messages_are_iterated_until_the_peer_closes() -> None:
    websocket, _ = await opened(text("a"), text("b"), GONE)
    assert [message async for message in websocket.iter_text()] == ["a", "b"]
    websocket, _ = await opened(binary(b"a"), binary(b"b"), GONE)
    assert [message async for message in websocket.iter_bytes()] == [b"a", b"b"]
    websocket, _ = await opened(text("1"), binary(b"[2]"), GONE)
    assert [message async for message in websocket.iter_json()] == [1, [2]]


@pytest.mark.parametrize(
    ("message", "receive", "code", "reason"),
    [
        (binary(b"a"), WebSocket.receive_text, 1003, "expected a text message"),
        (text("a"), WebSocket.receive_bytes, 1003, "expected a binary message"),
        (text("{"), WebSocket.receive_json, 1007, "expected JSON"),
        (text(""), WebSocket.receive_json, 1007, "expected JSON"),
        (text("NaN"), WebSocket.receive_json, 1007, "expected JSON"),
        (text("[" * 100_000), WebSocket.receive_json, 1007, "nested too deep"),
        (text("9" * 10_000), WebSocket.receive_json, 1007, "expected JSON"),
        (text("\ud800"), WebSocket.receive_json, 1007, "expected JSON"),
        (binary(b'"\xff"'), WebSocket.receive_json, 1007, "expected JSON"),
    ],
)
async def test_a_message_of_the_wrong_kind_closes_the_socket(
    message: Message, receive: Act, code: int, reason: str
) -> None:
    websocket, sent = await opened(message, text("more"))
    with pytest.raises(WebSocketDisconnect) as caught:
        await receive(websocket)
    assert (caught.value.code, caught.value.reason) == (code, reason)
    assert sent.messages == [{"type": "websocket.close", "code": code, "reason": reason}]
    assert websocket.ready_state is ReadyState.CLOSED
    with pytest.raises(WebSocketStateError):
        await websocket.receive_text()


async def test_an_iteration_ends_with_a_message_of_the_wrong_kind() -> None:
    websocket, sent = await opened(text("a"), binary(b"b"), text("c"))
    assert [message async for message in websocket.iter_text()] == ["a"]
    assert sent.messages == [
        {"type": "websocket.close", "code": 1003, "reason": "expected a text message"}
    ]


# The end


@pytest.mark.parametrize(
    "code", [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1014, 3000, 4999]
)
async def test_a_socket_is_closed_with_a_code_that_may_be_sent(code: int) -> None:
    websocket, sent = await opened()
    await websocket.close(code, "ü" * 61)
    assert sent.messages == [{"type": "websocket.close", "code": code, "reason": "ü" * 61}]


@pytest.mark.parametrize("code", [-1, 0, 999, 1004, 1005, 1006, 1015, 2000, 2999, 5000, 65536])
async def test_a_code_that_may_not_be_sent_is_refused(code: int) -> None:
    websocket, sent = await opened()
    with pytest.raises(ValueError, match=f"^{code} is no close code; use 1000 to 1014 or"):
        await websocket.close(code)
    assert sent.messages == []
    assert websocket.ready_state is ReadyState.OPEN


async def test_a_reason_that_does_not_fit_is_refused() -> None:
    websocket, sent = await opened()
    with pytest.raises(ValueError, match="at most 123 bytes, not 124"):
        await websocket.close(1000, "ü" * 62)
    with pytest.raises(ValueError, match="surrogates not allowed"):
        await websocket.close(1000, "\ud800")
    assert sent.messages == []


async def test_closing_twice_is_harmless() -> None:
    websocket, sent = await opened()
    await websocket.close()
    await websocket.close(1001)
    assert sent.messages == [{"type": "websocket.close", "code": 1000, "reason": ""}]


@pytest.mark.parametrize(
    ("message", "code", "reason"),
    [
        (GONE, 1001, "bye"),
        ({"type": "websocket.disconnect"}, 1005, ""),
        ({"type": "websocket.disconnect", "code": 1006, "reason": None}, 1006, ""),
    ],
)
async def test_a_peer_that_closes_is_told_by_code_and_reason_each_time(
    message: Message, code: int, reason: str
) -> None:
    websocket, sent = await opened(message)
    for _, act in [*TALK[:3], *TALK[4:]]:
        with pytest.raises(WebSocketDisconnect) as caught:
            await act(websocket)
        assert (caught.value.code, caught.value.reason) == (code, reason)
    assert websocket.ready_state is ReadyState.CLOSED
    await websocket.close()
    assert [text async for text in websocket.iter_text()] == []
    assert sent.messages == []


@pytest.mark.parametrize("act", [act for _, act in [*TALK[4:], CLOSE]])
async def test_a_peer_that_has_vanished_is_noticed_where_sending_fails(act: Act) -> None:
    websocket, sent = await opened(until=0)
    with pytest.raises(WebSocketDisconnect) as caught:
        await act(websocket)
    assert (caught.value.code, caught.value.reason) == (1006, "the peer vanished")
    assert type(caught.value.__cause__) is ConnectionResetError
    assert websocket.ready_state is ReadyState.CLOSED
    with pytest.raises(WebSocketDisconnect):
        await websocket.receive_text()
    await websocket.close()
    assert sent.messages == []


async def test_a_peer_that_vanishes_before_it_is_accepted_is_noticed() -> None:
    websocket, _ = socket(until=0)
    with pytest.raises(WebSocketDisconnect):
        await websocket.accept()
    assert websocket.ready_state is ReadyState.CLOSED


@pytest.mark.parametrize("extensions", [{}, DENIAL])
async def test_a_peer_that_vanishes_before_it_is_denied_is_let_go(extensions: object) -> None:
    websocket, sent = socket(until=0, extensions=extensions)
    await websocket.send_denial_response(PlainTextResponse("no", 403))
    assert sent.messages == []


# In an app


async def serve(app: App, *messages: Message, until: int = -1, **changes: Any) -> Sent:
    sent = Sent(until=until)
    with anyio.fail_after(10):
        await app(websocket_scope(**changes), receiving(CONNECT, *messages), sent)
    return sent


async def test_an_app_echoes_until_the_peer_closes() -> None:
    app = App()

    @app.websocket("/{room}")
    async def echo(websocket: WebSocket, room: str) -> None:
        await websocket.accept()
        async for message in websocket.iter_text():
            await websocket.send_text(f"{room}: {message}")

    sent = await serve(app, text("a"), text("b"), GONE, path="/lobby")
    assert [message.get("text") for message in sent.messages] == [None, "lobby: a", "lobby: b"]


async def test_a_handler_that_returns_leaves_its_socket_closed() -> None:
    app = App()

    @app.websocket("/accepts")
    async def accepts(websocket: WebSocket) -> None:
        await websocket.accept()

    @app.websocket("/forgets")
    async def forgets(websocket: WebSocket) -> None: ...

    assert (await serve(app, path="/accepts")).types == ["websocket.accept", "websocket.close"]
    assert (await serve(app, path="/forgets")).types == ["websocket.close"]


@pytest.mark.parametrize("until", [0, 1, 2])
async def test_a_peer_that_vanishes_leaves_no_trace(
    until: int, caplog: pytest.LogCaptureFixture
) -> None:
    app = App()

    @app.websocket("/")
    async def count(websocket: WebSocket) -> None:
        await websocket.accept()
        while True:
            await websocket.send_text("x")

    sent = await serve(app, until=until)
    assert len(sent.messages) == until
    assert caplog.records == []


@pytest.mark.parametrize("extensions", [{}, DENIAL])
async def test_an_error_tells_a_peer_nothing(extensions: object) -> None:
    app = App()

    @app.websocket("/before")
    async def before(websocket: WebSocket) -> None:
        raise LookupError("secret")

    @app.websocket("/after")
    async def after(websocket: WebSocket) -> None:
        await websocket.accept()
        raise LookupError("secret")

    for path in ("/before", "/after"):
        sent = Sent()
        with pytest.raises(LookupError):
            await app(websocket_scope(path, extensions=extensions), receiving(CONNECT), sent)
        assert "secret" not in str(sent.messages)
        last = sent.messages[-1]
        if path == "/after":
            assert last == {"type": "websocket.close", "code": 1011, "reason": ""}


@pytest.mark.parametrize("extensions", [{}, DENIAL])
async def test_an_http_exception_refuses_a_socket_by_its_status(extensions: object) -> None:
    app = App()

    @app.websocket("/")
    async def refuse(websocket: WebSocket) -> None:
        raise HTTPException(401, headers={"www-authenticate": "Basic"})

    sent = await serve(app, extensions=extensions)
    if extensions:
        assert sent.messages[0]["status"] == 401
        assert (b"www-authenticate", b"Basic") in sent.messages[0]["headers"]
    else:
        assert sent.types == ["websocket.close"]


async def test_a_path_that_no_route_has_is_refused() -> None:
    assert (await serve(App())).types == ["websocket.close"]
    sent = await serve(App(), extensions=DENIAL)
    assert sent.messages[0]["status"] == 404


async def test_the_values_of_the_scope_are_read_as_those_of_a_request() -> None:
    websocket, _ = socket(path="/a?b=c", path_params={"x": 1})
    assert str(websocket.url) == "ws://testserver/a?b=c"
    assert websocket.query_params["b"] == "c"
    assert websocket.path_params == {"x": 1}
    assert websocket.headers["host"] == "testserver"


async def test_what_is_no_message_is_refused_before_it_is_sent() -> None:
    app = App()
    refused: list[str] = []

    @app.websocket("/")
    async def endpoint(websocket: WebSocket) -> None:
        await websocket.accept()
        wrong: list[tuple[Any, object]] = [
            (websocket.send_text, 3),
            (websocket.send_text, "\ud800"),
            (websocket.send_bytes, "x"),
        ]
        for send, data in wrong:
            try:
                await send(data)
            except (TypeError, ValueError) as error:
                refused.append(type(error).__name__)

    talk = await converse(app)
    assert talk.types == ["accept", "close"]
    assert refused == ["TypeError", "UnicodeEncodeError", "TypeError"]


# Messages of both kinds, of a type, and too large


async def test_the_socket_itself_is_iterated_over_messages_of_both_kinds() -> None:
    websocket, _ = await opened(text("a"), binary(b"b"), GONE)
    assert [message async for message in websocket] == ["a", b"b"]


class Move(BaseModel):
    piece: str
    to: int


async def test_json_comes_in_as_the_type_that_is_asked_for() -> None:
    websocket, _ = await opened(text('{"piece": "rook", "to": 8}'))
    assert await websocket.receive_json(Move) == Move(piece="rook", to=8)


async def test_json_of_another_type_closes_the_socket_and_says_why() -> None:
    websocket, sent = await opened(text('{"piece": "rook", "to": "x"}'))
    with pytest.raises(WebSocketDisconnect):
        await websocket.receive_json(Move)
    assert sent.messages[0]["code"] == 1007
    assert sent.messages[0]["reason"].endswith("at #/to")


async def test_a_reason_is_cut_to_what_a_close_can_hold() -> None:
    class Form(BaseModel):
        name: int
        street: int
        city: int

    websocket, sent = await opened(text('{"name": "", "street": "", "city": ""}'))
    with pytest.raises(WebSocketDisconnect):
        await websocket.receive_json(Form)
    assert len(sent.messages[0]["reason"]) == 123


async def test_json_can_be_sent_in_a_binary_message() -> None:
    websocket, sent = await opened()
    await websocket.send_json([1], mode="binary")
    assert sent.messages == [{"type": "websocket.send", "bytes": b"[1]"}]


@pytest.mark.parametrize(
    ("message", "is_let_in"),
    [
        (text("x" * 8), True),
        (text("x" * 9), False),
        (text("ü" * 4), True),
        (text("ü" * 5), False),
        (text("\ud800" * 3), False),
        (binary(b"x" * 8), True),
        (binary(b"x" * 9), False),
    ],
)
async def test_a_message_over_the_limit_closes_the_socket(
    message: Message, is_let_in: bool
) -> None:
    sent = Sent()
    settings = Settings(limits=Limits(max_message_size=8))
    receive = receiving(CONNECT, message)
    websocket = WebSocket(websocket_scope(), receive, sent, settings)
    await websocket.accept()
    if is_let_in:
        assert [await anext(aiter(websocket))] == [message.get("text") or message["bytes"]]
    else:
        with pytest.raises(WebSocketDisconnect) as caught:
            await websocket.receive_text()
        assert caught.value.code == sent.messages[-1]["code"] == 1009


async def test_the_limit_of_a_route_counts() -> None:
    app = App()

    @app.websocket("/", limits=Limits(max_message_size=2))
    async def home(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.receive_text()

    talk = await converse(app, "/", ["abc"])
    assert talk.messages[-1]["code"] == 1009


def test_the_method_of_a_handshake_is_get() -> None:
    assert socket()[0].method == "GET"


# Two directions at a time


async def test_one_task_may_receive_while_another_sends() -> None:
    websocket, sent = await opened(text("a"), text("b"), GONE)

    async def read() -> None:
        received.extend([message async for message in websocket.iter_text()])

    async def write() -> None:
        try:
            while True:
                await websocket.send_text("tick")
        finally:
            received.append("cancelled")

    received: list[str] = []
    await websocket.race(write, read)
    assert sorted(received) == ["a", "b", "cancelled"]
    assert sent.messages[0] == {"type": "websocket.send", "text": "tick"}


async def test_what_one_of_them_raises_is_raised_as_it_is() -> None:
    websocket, _ = await opened()

    async def fail() -> None:
        raise LookupError

    with pytest.raises(LookupError):
        await websocket.race(websocket.receive_text, fail)
    with pytest.raises(LookupError):
        await websocket.race(fail, websocket.receive_text)


async def test_two_tasks_that_receive_are_a_mistake_that_is_told() -> None:
    websocket, _ = await opened()
    with pytest.raises(WebSocketStateError, match="another task is receiving"):
        await websocket.race(websocket.receive_text, websocket.receive_text)


# A handler that only sends


async def test_a_handler_that_only_sends_learns_that_the_peer_has_gone() -> None:
    app = App()
    codes: list[int] = []
    leaving = anyio.Event()

    @app.websocket("/")
    async def home(websocket: WebSocket) -> None:
        await websocket.accept()
        try:
            while True:
                await websocket.send_text("tick")
                leaving.set()
                await anyio.sleep(0.001)
        except WebSocketDisconnect as error:
            codes.append(error.code)
            raise

    incoming = [CONNECT, GONE]

    async def receive() -> Message:
        if len(incoming) == 1:
            await leaving.wait()
        return incoming.pop(0)

    with anyio.fail_after(2):
        await app(websocket_scope(), receive, Sent())
    assert codes == [1001]


@pytest.mark.parametrize(("size", "kept"), [(1, 16), (300, 4)])
async def test_what_comes_in_meanwhile_is_not_lost_and_is_bounded(size: int, kept: int) -> None:
    app = App(limits=Limits(max_message_size=1000))
    taken: list[Message] = []
    received: list[str] = []

    @app.websocket("/")
    async def home(websocket: WebSocket) -> None:
        await websocket.accept()
        for _ in range(40):
            await websocket.send_text("tick")
            await anyio.sleep(0.001)
        assert len(taken) == 1 + kept  # the connect, and some messages
        received.extend([message async for message in websocket.iter_text()])

    messages = [chr(ord("a") + number) * size for number in range(20)]
    incoming = [CONNECT, *map(text, messages), GONE]

    async def receive() -> Message:
        taken.append(incoming[0])
        return incoming.pop(0)

    await app(websocket_scope(), receive, Sent())
    assert received == messages


async def test_a_peer_that_goes_is_noticed_behind_what_it_has_said() -> None:
    app = App()
    codes: list[int] = []

    @app.websocket("/")
    async def home(websocket: WebSocket) -> None:
        await websocket.accept()
        try:
            while True:
                await websocket.send_text("tick")
                await anyio.sleep(0.001)
        except WebSocketDisconnect as error:
            codes.append(error.code)

    with anyio.fail_after(2):
        await app(websocket_scope(), receiving(CONNECT, text("a"), text("b"), GONE), Sent())
    assert codes == [1001]


async def test_waiting_for_it_can_be_given_up_and_begun_again() -> None:
    app = App()
    received: list[str] = []
    may_speak = anyio.Event()

    @app.websocket("/")
    async def home(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.send_text("tick")
        await websocket.send_text("tick")
        with anyio.move_on_after(0.01):
            received.append(await websocket.receive_text())
        received.append("nothing yet")
        may_speak.set()
        received.append(await websocket.receive_text())

    incoming = [CONNECT, text("a")]

    async def receive() -> Message:
        if len(incoming) == 1:
            await may_speak.wait()
        return incoming.pop(0)

    await app(websocket_scope(), receive, Sent())
    assert received == ["nothing yet", "a"]


async def test_a_handler_that_sends_without_end_learns_where_sending_neither_waits_nor_fails() -> (
    None
):
    app = App()

    @app.websocket("/")
    async def home(websocket: WebSocket) -> None:
        await websocket.accept()
        while True:
            await websocket.send_bytes(b"x")

    async def send(message: Message) -> None:
        """As some servers do once the peer has gone."""

    with anyio.fail_after(5):
        await app(websocket_scope(), receiving(CONNECT, GONE), send)


async def test_a_socket_does_not_receive_ahead_while_a_task_receives() -> None:
    app = App()
    calls: list[int] = []

    @app.websocket("/")
    async def home(websocket: WebSocket) -> None:
        async def write() -> None:
            for _ in range(5):
                await websocket.send_text("tick")
                await anyio.sleep(0.001)

        await websocket.accept()
        await websocket.race(websocket.receive_text, write)

    async def receive() -> Message:
        calls.append(1)
        if len(calls) > 1:
            await anyio.sleep_forever()
        return CONNECT

    await app(websocket_scope(), receive, Sent())
    assert len(calls) == 2  # the connect, and what the reader waits for


async def test_what_receiving_ahead_raises_is_raised_to_who_receives() -> None:
    app = App()
    caught: list[str] = []

    @app.websocket("/")
    async def home(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.send_text("tick")
        await websocket.send_text("tick")
        try:
            await websocket.receive_text()
        except LookupError as error:
            caught.append(str(error))

    incoming = [CONNECT]

    async def receive() -> Message:
        if not incoming:
            raise LookupError("a server that fails")
        return incoming.pop()

    await app(websocket_scope(), receive, Sent())
    assert caught == ["a server that fails"]


async def test_a_mode_is_text_or_binary() -> None:
    websocket, _ = await opened()
    mode: Any = "bytes"
    with pytest.raises(ValueError, match="mode='bytes': give 'text' or 'binary'"):
        await websocket.send_json(1, mode=mode)


async def test_a_race_has_runners() -> None:
    websocket, _ = await opened()
    with pytest.raises(TypeError, match="at least one function"):
        await websocket.race()


async def test_a_denial_that_fails_before_it_begins_is_answered_by_the_handler_of_its_error() -> (
    None
):
    app = App()

    @app.exception_handler(FileNotFoundError)
    async def missing(websocket: WebSocket, error: FileNotFoundError) -> Response:
        return PlainTextResponse("none", 404)

    @app.websocket("/")
    async def home(websocket: WebSocket) -> None:
        await websocket.send_denial_response(FileResponse("/nowhere"))

    talk = await converse(app, extensions=DENIAL)
    assert talk.messages[0]["status"] == 404


@pytest.mark.parametrize(
    ("message", "data"),
    [({"bytes": bytearray(b"a")}, b"a"), ({}, b""), ({"text": None, "bytes": b"b"}, b"b")],
)
async def test_odd_messages_of_servers_are_binary_ones(message: Message, data: bytes) -> None:
    websocket, _ = await opened({"type": "websocket.receive", **message})
    assert await websocket.receive_bytes() == data


async def test_what_a_peer_has_said_before_it_went_is_not_lost() -> None:
    app = App()
    received: list[str] = []

    @app.websocket("/")
    async def home(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.send_text("tick")
        await websocket.send_text("tick")
        await anyio.sleep(0.01)  # meanwhile all is received ahead, and that the peer has gone
        assert websocket.ready_state is ReadyState.CLOSED
        with pytest.raises(WebSocketDisconnect):
            await websocket.send_text("tick")
        received.extend([message async for message in websocket.iter_text()])
        with pytest.raises(WebSocketDisconnect):
            await websocket.receive_text()

    await app(websocket_scope(), receiving(CONNECT, text("a"), text("b"), GONE), Sent())
    assert received == ["a", "b"]


async def test_after_a_close_of_ones_own_nothing_is_handed_out() -> None:
    app = App()

    @app.websocket("/")
    async def home(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.send_text("tick")
        await websocket.send_text("tick")
        await anyio.sleep(0.01)
        await websocket.close()
        with pytest.raises(WebSocketStateError):
            await websocket.receive_text()

    await app(websocket_scope(), receiving(CONNECT, text("a")), Sent())


async def test_many_messages_in_a_row_are_all_sent() -> None:
    websocket, sent = await opened()
    for _ in range(2500):
        await websocket.send_text("x")
    assert len(sent.messages) == 2500
