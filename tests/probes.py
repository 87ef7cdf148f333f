"""Facts about a server, each measured by a client while the server runs; no test lives here.

Each group of facts asks `tests.surveyed:app`, and returns what it saw by the names that the page has for
it. Nothing is written down here that was not seen.
"""

import json
import socket
import struct
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

from websockets.exceptions import ConnectionClosed
from websockets.frames import Close
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from tests.h2c import Client, Exchanged
from tests.servers import HOST, Server, serve

__all__ = ["OR", "Facts", "Survey", "survey"]

T = TypeVar("T")
Facts: TypeAlias = dict[str, str]
Survey: TypeAlias = dict[str, Facts]

PATIENCE = 5.0  # seconds until what has not happened is taken not to happen
SOCKETS = 20  # that are open at shutdown: a server may be fast enough for some only
OR = " or "  # between values that were seen at different times
WITHOUT_CODE = (1005, 1006)  # what clients say of a close without code, or of none (RFC 6455 7.1.5)
SETTINGS = b"\4"  # the type of a frame (RFC 9113 section 6.5)
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0" + SETTINGS + bytes(5)
HANDSHAKE = {
    "Connection": "upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
}


def survey(name: str) -> Survey:
    """The facts about a server, in groups."""
    with serve(name, "tests.surveyed:app", is_checked=False) as server:
        return {title: group(server) for title, group in GROUPS.items()}


# How a server is asked


def ask(server: Server, path: str, fields: Mapping[str, str]) -> tuple[int, bytes]:
    """The status and the content of an answer."""
    client = server.connect()
    client.request("GET", path, headers=dict(fields))
    response = client.getresponse()
    content = response.read()
    client.close()
    return response.status, content


def get(server: Server, path: str) -> bytes:
    """The content of an answer."""
    return ask(server, path, {})[1]


def get_json(server: Server, path: str) -> dict[str, Any]:
    """The content of an answer, which is an object of JSON."""
    content: dict[str, Any] = json.loads(get(server, path))
    return content


def send(
    server: Server, path: str, fields: Mapping[str, str], method: str = "GET"
) -> socket.socket:
    """Send a request by hand."""
    raw = socket.create_connection((HOST, server.port), timeout=PATIENCE)
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    raw.sendall(f"{method} {path} HTTP/1.1\r\nHost: {HOST}\r\n{lines}\r\n".encode())
    return raw


def until(raw: socket.socket, wanted: bytes) -> bytes:
    """What is received up to something that is wanted, or to the end of the connection."""
    received = b""
    while wanted not in received and (chunk := raw.recv(65536)):
        received += chunk
    return received


def over_http_1(server: Server, path: str) -> bytes:
    """All that comes over a connection for one request."""
    with send(server, path, {"Connection": "close", "TE": "trailers"}) as raw:
        return until(raw, b"more than will come")


def over_http_2(server: Server, *paths: str) -> list[Exchanged]:
    """The answers over one connection; those of a server that does not speak HTTP/2 have no end."""
    with socket.create_connection((HOST, server.port), timeout=PATIENCE) as raw:
        raw.sendall(PREFACE)
        first = raw.recv(65536)
    if first[3:4] != SETTINGS:
        return [Exchanged() for _ in paths]
    with Client(server.port) as client:
        return [client.get(path, {"te": "trailers"}) for path in paths]


def websocket(server: Server, path: str, *subprotocols: str) -> ClientConnection:
    """Open a socket."""
    names = [Subprotocol(name) for name in subprotocols]
    return connect(f"ws://{HOST}:{server.port}{path}", subprotocols=names or None)


def first_message(server: Server, path: str) -> str | bytes:
    """What a socket says first."""
    with websocket(server, path) as client:
        return client.recv(timeout=PATIENCE)


def closing(client: ClientConnection) -> Close:
    """How a server closes a socket; 1006 if it does without a word (RFC 6455 section 7.1.5)."""
    try:
        while True:
            client.recv(timeout=PATIENCE)
    except ConnectionClosed as error:
        return error.rcvd or Close(1006, "")


def vanish(raw: socket.socket) -> None:
    """Reset a connection, without a word."""
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    raw.close()


def eventually(look: Callable[[], T]) -> T:
    """Look until there is something, or for a while."""
    deadline = time.monotonic() + PATIENCE
    while not (seen := look()) and time.monotonic() < deadline:
        time.sleep(0.02)
    return seen


def noted(server: Server, name: str) -> tuple[bool, bool]:
    """What `receive` and `send` did when a client had left; KeyError if nothing was noted."""
    eventually(lambda: name in get_json(server, "/tell"))
    is_told, raises = get_json(server, "/tell")[name]
    return is_told, raises


# What is told


def yes(fact: object) -> str:
    """A cell for something that is so, or not."""
    return "yes" if fact else "no"


def offered(told: str | bytes) -> str:
    """The names of the extensions in a scope, without what nearly all have in common."""
    names: list[str] = json.loads(told)["extensions"]
    return ", ".join(f"`{name.removeprefix('http.response.')}`" for name in names) or "none"


def arrives(*, over_http_1: bool = False, over_http_2: bool) -> str:
    """The versions of HTTP over which something arrives."""
    versions = {"HTTP/1.1": over_http_1, "HTTP/2": over_http_2}
    return ", ".join(version for version, does in versions.items() if does) or "no"


# What is asked


def protocol(server: Server) -> Facts:
    """What a server says of itself and of requests, and when it hands them on."""
    told = get_json(server, "/tel%6C")
    told_of_socket = json.loads(first_message(server, "/tell"))
    return {
        "`spec_version` of HTTP": told["spec_version"] or "none",
        "`spec_version` of WebSocket": told_of_socket["spec_version"] or "none",
        "the lifespan runs": yes(told["lifespan"]),
        "its state reaches requests and sockets": yes(
            told["state"] == told_of_socket["state"] == "hello"
        ),
        "`raw_path` is the path as it was sent": yes(told["raw_path"] == "/tel%6C"),
        "a body is handed on while it arrives": yes(is_handed_on(server)),
    }


def is_handed_on(server: Server) -> bool:
    """Send half a body, and wait for a handler to send that back."""
    with send(server, "/served/echo", {"Content-Length": "10"}, "POST") as raw:
        raw.settimeout(2)
        raw.sendall(b"begun")
        try:
            return b"begun" in until(raw, b"begun")
        except TimeoutError:
            return False


def extensions(server: Server) -> Facts:
    """What a server offers, and what of it arrives."""
    told, hints, push, trailers, path = over_http_2(
        server, "/tell", "/offering/hints", "/offering/push", "/offering/trailers", "/path"
    )
    file = Path(__file__).with_name("surveyed.py").read_bytes()
    return {
        "offered over HTTP/1.1": offered(get(server, "/tell")),
        "offered over HTTP/2": offered(told.body) if told.ended else "no HTTP/2",
        "offered to WebSockets": offered(first_message(server, "/tell")),
        "early hints arrive": arrives(
            over_http_1=b" 103 " in over_http_1(server, "/offering/hints"),
            over_http_2=bool(hints.hints),
        ),
        "a push arrives": arrives(over_http_2=bool(push.promises)),
        "trailers arrive": arrives(
            over_http_1=b"\nx-sha256:" in over_http_1(server, "/offering/trailers"),
            over_http_2=bool(trailers.trailers),
        ),
        "a file is sent by `pathsend`": arrives(
            over_http_1=get(server, "/path") == file, over_http_2=path.body == file
        ),
    }


def leaving(server: Server) -> Facts:
    """What is noticed when the client of an idle stream, or of a handler that works, closes its connection."""
    with send(server, "/left", {}) as raw:
        until(raw, b"begun")
    is_told, raises = noted(server, "request")
    return {
        "`receive` tells of it": yes(is_told),
        "`send` raises from then on": yes(raises),
        "`is_disconnected()` becomes true": yes(
            ends(server, "/served/wait", "/served/events", "waiting", "client gone")
        ),
        "`cancel_on_disconnect` cancels the handler": yes(
            ends(server, "/lively/patient", "/lively/counts", "patient begun", "patient cancelled")
        ),
    }


def ends(server: Server, path: str, counts: str, begun: str, ended: str) -> bool:
    """Leave a handler while it works, and say whether it notices."""
    with send(server, path, {}):
        eventually(lambda: begun in get_json(server, counts))
    return eventually(lambda: ended in get_json(server, counts))


def sockets(server: Server) -> Facts:
    """How sockets begin and end."""
    with websocket(server, "/lively/chat", "chat.v1", "chat.v2") as chat:
        room = chat.response and chat.response.headers.get("x-room")
        chat.send("enough")
        closed = closing(chat)
    with websocket(server, "/lively/leaving") as client:
        client.close(4002, "bye")
    with send(server, "/left", HANDSHAKE) as raw:
        until(raw, b"begun")
        vanish(raw)
    is_told, raises = noted(server, "socket")
    with send(server, "/lively/sender", HANDSHAKE) as raw:
        until(raw, b"tick")
        vanish(raw)
    status, body = ask(server, "/lively/denied", HANDSHAKE)
    return {
        "a subprotocol is agreed on": yes(chat.subprotocol == "chat.v2"),
        "header fields of `accept()` arrive": yes(room == "blue"),
        "a denial response of 401 arrives as": f"{status} {'with' if body else 'without'} body",
        '`close(4001, "as you wish")` arrives as': f"{closed.code} {closed.reason}".strip(),
        "the client's close, `4002 bye`, arrives as": eventually(lambda: left(server)),
        "`receive` tells of a peer that vanished": yes(is_told),
        "`send` to it raises": yes(raises),
        "a handler that only sends learns of it": yes(
            eventually(lambda: "sender ended" in get_json(server, "/lively/counts"))
        ),
    }


def left(server: Server) -> str:
    """The code and the reason that the app was told of."""
    names = (name.partition("left with ")[2] for name in get_json(server, "/lively/counts"))
    return "".join(names).strip()


def stopping(server: Server) -> Facts:
    """How a stream, an event stream and sockets end when the server gets SIGTERM."""
    with ExitStack() as stack:
        ticks, events = (
            stack.enter_context(send(server, path, {}))
            for path in ("/drained/ticks", "/drained/events")
        )
        until(ticks, b"tick")
        until(events, b"hello")
        clients = [
            stack.enter_context(websocket(server, "/drained/listening")) for _ in range(SOCKETS)
        ]
        for client in clients:
            client.recv(timeout=PATIENCE)
        server.process.terminate()
        codes = {closing(client).code for client in clients}
        last_word = until(ticks, b"goodbye")
        end = until(events, b"0\r\n\r\n")
    return {
        "`app.shutting_down` is set while streams are open": yes(b"goodbye" in last_word),
        "an event stream ends in order": yes(end.endswith(b"0\r\n\r\n")),
        "the code that sockets are closed with": OR.join(
            sorted({"none" if code in WITHOUT_CODE else str(code) for code in codes})
        ),
    }


GROUPS: dict[str, Callable[[Server], Facts]] = {
    "The protocol": protocol,
    "Extensions": extensions,
    "A client that leaves": leaving,
    "WebSockets": sockets,
    "SIGTERM": stopping,
}
