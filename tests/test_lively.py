"""Connections that go on for long, on every real server: sockets, slow readers, and clients that vanish."""

import json
import socket
import struct
import time
from collections.abc import Callable, Generator
from contextlib import ExitStack, suppress
from random import Random

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from tests.leftovers import descriptors_of, memory_of, settled
from tests.servers import COMMANDS, HOST, Server, serve
from tests.waiting import until

MEGABYTE = 1024 * 1024
HANDSHAKE = (
    "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)
SERVERS = ("uvicorn", "hypercorn", "granian", "daphne")
SOCKETS = ("/chat", "/sender", "/torrent")
STREAMS = ("/flood", "/ticks", "/patient")


@pytest.fixture(scope="module", params=sorted(COMMANDS))
def server(request: pytest.FixtureRequest) -> Generator[Server]:
    with serve(request.param, "tests.lively:app") as server:
        yield server


def name_of(server: Server) -> str:
    """Which server it is."""
    return next(name for name in SERVERS if name in str(server.process.args))


def counted(server: Server, name: str) -> int:
    """What the app has counted."""
    counts: dict[str, int] = httpx.get(f"http://{HOST}:{server.port}/counts", timeout=10).json()
    return counts.get(name, 0)


def wait_for(server: Server, name: str, least: int = 1) -> None:
    """Wait until the app has counted so many."""
    until(lambda: counted(server, name) >= least)


def ask(server: Server, path: str) -> socket.socket:
    """Send a request, or a handshake, by hand."""
    raw = socket.create_connection((HOST, server.port), timeout=10)
    upgrade = HANDSHAKE if path in SOCKETS else ""
    protocol = "Sec-WebSocket-Protocol: chat.v2\r\n" if path == "/chat" else ""
    raw.sendall(f"GET {path} HTTP/1.1\r\nHost: {HOST}\r\n{upgrade}{protocol}\r\n".encode())
    return raw


def vanish(raw: socket.socket) -> None:
    """Go without a word: the connection is reset."""
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    raw.close()


def address(server: Server, path: str) -> str:
    return f"ws://{HOST}:{server.port}{path}"


def test_a_socket_has_a_subprotocol_a_header_and_messages_of_both_kinds(server: Server) -> None:
    with connect(
        address(server, "/chat"), subprotocols=[Subprotocol("chat.v1"), Subprotocol("chat.v2")]
    ) as websocket:
        assert websocket.subprotocol == "chat.v2"
        assert websocket.response is not None
        dropped = "" if name_of(server) in ("uvicorn", "hypercorn") else "blue"
        assert websocket.response.headers.get("x-room", dropped) == "blue"
        messages: list[str | bytes] = ["Grüße", b"\0\xff", "x" * 100_000]
        messages += [] if name_of(server) == "daphne" else [""]  # which it drops
        for message in messages:
            websocket.send(message)
            assert websocket.recv(timeout=10) == message
        websocket.send("enough")
        with pytest.raises(ConnectionClosed) as closed:
            websocket.recv(timeout=10)
    assert closed.value.rcvd is not None
    assert (closed.value.rcvd.code, closed.value.rcvd.reason) in [
        (4001, "as you wish"),
        (4001, ""),  # daphne says no reason
    ]


def test_a_message_over_the_limit_closes_the_socket(server: Server) -> None:
    with connect(address(server, "/chat"), subprotocols=[Subprotocol("chat.v2")]) as websocket:
        websocket.send("x" * (MEGABYTE + 1))
        with pytest.raises(ConnectionClosed) as closed:
            websocket.recv(timeout=10)
    # daphne refuses to send the codes of the protocol itself, and drops the connection.
    code = 1006 if closed.value.rcvd is None else closed.value.rcvd.code
    assert code == (1006 if name_of(server) == "daphne" else 1009)


def test_the_code_of_a_peer_that_leaves_arrives(server: Server) -> None:
    with connect(address(server, "/leaving")) as websocket:
        websocket.close(4002, "bye")
    # Not every server hands on the reason, and hypercorn makes a code of its own.
    names = {"left with 4002 bye", "left with 4002 ", "left with 1006 "}
    assert settled(lambda: not any(counted(server, name) for name in names), most=0) == 0


@pytest.mark.parametrize(("path", "status"), [("/denied", 401), ("/raised", 409), ("/none", 404)])
def test_a_socket_is_denied_by_a_response_where_the_server_offers_it(
    server: Server, path: str, status: int
) -> None:
    with pytest.raises(InvalidStatus) as refusal:
        connect(address(server, path))
    response = refusal.value.response
    if response.status_code == 403:  # without the extension, which daphne lacks
        assert name_of(server) == "daphne"
    else:
        assert response.status_code == status
        assert path != "/denied" or json.loads(response.body or b"") == {"error": "not you"}


def test_a_socket_that_only_sends_learns_that_its_peer_has_vanished(server: Server) -> None:
    before = counted(server, "sender ended")
    raw = ask(server, "/sender")
    while b"tick" not in raw.recv(4096):
        pass
    vanish(raw)
    wait_for(server, "sender ended", before + 1)


def test_a_handler_is_cancelled_when_its_client_goes(server: Server) -> None:
    before = counted(server, "patient begun")
    raw = ask(server, "/patient")
    wait_for(server, "patient begun", before + 1)
    raw.close()
    wait_for(server, "patient cancelled", before + 1)


def test_a_handler_that_takes_too_long_is_a_504(server: Server) -> None:
    assert httpx.get(f"http://{HOST}:{server.port}/late").status_code == 504


@pytest.mark.parametrize("path", ["/flood", "/torrent"])
def test_a_client_that_does_not_read_is_waited_for(server: Server, path: str) -> None:
    if name_of(server) == "daphne":
        pytest.skip("the send of daphne does not wait")
    pid = server.process.pid
    with ExitStack() as stack:
        slow = [stack.enter_context(ask(server, path)) for _ in range(3)]
        before = memory_of(pid)
        for _ in range(10):
            time.sleep(0.1)
            for raw in slow:
                assert raw.recv(4096)
        grown = memory_of(pid) - before
    assert grown < 24 * MEGABYTE


def test_clients_that_vanish_at_random_leave_nothing_behind(server: Server) -> None:
    random = Random(4)
    pid = server.process.pid
    count: Callable[[], int] = lambda: descriptors_of(pid)  # noqa: E731
    paths = [*(path for path in SOCKETS if path != "/torrent"), "/ticks", "/patient"]
    if name_of(server) != "daphne":
        paths += ["/torrent", "/flood"]
    idle = count()
    tasks, threads = counted(server, "tasks"), counted(server, "threads")
    for _ in range(10):
        clients = [ask(server, random.choice(paths)) for _ in range(50)]
        random.shuffle(clients)
        for raw in clients:
            time.sleep(random.random() * 0.004)
            raw.settimeout(0.02)
            with suppress(TimeoutError):  # some say nothing
                raw.recv(random.choice([1, 4096]))
            (vanish if random.random() < 0.5 else socket.socket.close)(raw)
    assert settled(count, idle + 2) <= idle + 2
    assert settled(lambda: counted(server, "tasks"), tasks + 2) <= tasks + 2
    assert counted(server, "threads") <= threads


def test_nothing_was_logged_as_an_error(server: Server) -> None:
    log = server.log()
    assert "Traceback" not in log
    assert "unhandled" not in log
