"""Requests at the edges of HTTP and WebSocket, which servers are sent by hand; no test lives here.

Each is a function of the server. What comes back does not matter: what the app is told does.
"""

import socket
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial

from websockets.exceptions import WebSocketException

from tests.probes import HANDSHAKE, over_http_2, until, vanish, websocket
from tests.servers import HOST, Server

__all__ = ["EDGES"]

A_WHILE = 0.3  # seconds until a server has told its app what it was sent

UPGRADE = "".join(f"{name}: {value}\r\n" for name, value in HANDSHAKE.items())


def send(head: str, body: bytes, server: Server) -> None:
    """Send a request as it stands, read for a while, and leave without a word."""
    with socket.create_connection((HOST, server.port), timeout=A_WHILE) as raw:
        raw.sendall(head.encode("latin-1") + b"\r\n" + body)
        with suppress(OSError):
            until(raw, b"more than will come")
        vanish(raw)


def request(line: str, *fields: str, body: bytes = b"") -> Callable[[Server], None]:
    """A request with these fields, and a Host."""
    return partial(
        send, "\r\n".join([line, f"Host: {HOST}", *(fields or ("Connection: close",)), ""]), body
    )


def talk(path: str, server: Server, *, closing: tuple[int, str] | None, last: str = "") -> None:
    """Open a socket, say something, and close it as told; if with nothing, vanish."""
    with suppress(WebSocketException, OSError), websocket(server, path, "a", "b") as client:
        client.send("text")
        client.send(b"bytes")
        client.recv(timeout=A_WHILE)
        if last:
            client.send(last)
            time.sleep(A_WHILE)
        if closing is None:
            vanish(client.socket)
        else:
            client.close(*closing)
    time.sleep(A_WHILE)


def close_without_a_code(server: Server) -> None:
    """Send an empty close frame, which is masked as all of a client's are."""
    with socket.create_connection((HOST, server.port), timeout=A_WHILE) as raw:
        raw.sendall(f"GET / HTTP/1.1\r\nHost: {HOST}\r\n{UPGRADE}\r\n".encode())
        until(raw, b"\r\n\r\n")
        raw.sendall(b"\x88\x80\0\0\0\0")
        with suppress(OSError):
            until(raw, b"more than will come")


EDGES: dict[str, Callable[[Server], object]] = {
    "GET": request("GET /a?b=c HTTP/1.1"),
    "HEAD": request("HEAD / HTTP/1.1"),
    "HTTP/1.0": request("GET / HTTP/1.0"),
    "HTTP/2 over TCP": partial(send, "PRI * HTTP/2.0\r\n", b"SM\r\n\r\n"),
    "HTTP/2": lambda server: over_http_2(server, "/a?b=c"),
    "a method in lower case": request("get / HTTP/1.1"),
    "a method of our own": request("X-Y / HTTP/1.1"),
    "`OPTIONS *`": request("OPTIONS * HTTP/1.1"),
    "CONNECT": request("CONNECT a.example:443 HTTP/1.1"),
    "a target with a host": request(f"GET http://{HOST}/a?b HTTP/1.1"),
    "a target with a host and no path": request(f"GET http://{HOST} HTTP/1.1"),
    "a target without a slash": request("GET a HTTP/1.1"),
    "a target with a fragment": request("GET /a#b HTTP/1.1"),
    "two slashes in front": request("GET //a.example/b HTTP/1.1"),
    "`%2F` and `%3F` in the path": request("GET /a%2Fb%3Fc HTTP/1.1"),
    "`%25` in the path": request("GET /a%2525 HTTP/1.1"),
    "UTF-8 in the path": request("GET /%C3%BC HTTP/1.1"),
    "a path that is not UTF-8": request("GET /%FF HTTP/1.1"),
    "bytes above 127 in the path": request("GET /\xfc HTTP/1.1"),
    "a bare `%` in the path": request("GET /100% HTTP/1.1"),
    "a field in upper case": request("GET / HTTP/1.1", "X-UPPER: 1"),
    "a field with spaces around": request("GET / HTTP/1.1", "X-A: \t b \t "),
    "an empty field": request("GET / HTTP/1.1", "X-A:"),
    "bytes above 127 in a field": request("GET / HTTP/1.1", "X-A: \xfc"),
    "a control character in a field": request("GET / HTTP/1.1", "X-A: a\x01b"),
    "a folded field": request("GET / HTTP/1.1", "X-A: a", " b"),
    "a body": request("POST / HTTP/1.1", "Content-Length: 3", body=b"abc"),
    "an empty body": request("POST / HTTP/1.1", "Content-Length: 0"),
    "a body cut short": request("POST / HTTP/1.1", "Content-Length: 9", body=b"abc"),
    "a body in chunks": request(
        "POST / HTTP/1.1", "Transfer-Encoding: chunked", body=b"1\r\na\r\n2\r\nbc\r\n0\r\n\r\n"
    ),
    "chunks cut short": request("POST / HTTP/1.1", "Transfer-Encoding: chunked", body=b"9\r\nabc"),
    "chunks with trailers": request(
        "POST / HTTP/1.1", "Transfer-Encoding: chunked", body=b"1\r\na\r\n0\r\nX-A: b\r\n\r\n"
    ),
    "two equal Content-Lengths": request(
        "POST / HTTP/1.1", "Content-Length: 3", "Content-Length: 3", body=b"abc"
    ),
    "chunks and a Content-Length": request(
        "POST / HTTP/1.1",
        "Transfer-Encoding: chunked",
        "Content-Length: 3",
        body=b"1\r\na\r\n0\r\n\r\n",
    ),
    "an upgrade to something else": request(
        "GET / HTTP/1.1", "Connection: upgrade", "Upgrade: h2c"
    ),
    "a client that leaves a stream": request("GET /stream HTTP/1.1"),
    "a socket closed with a code": partial(talk, "/", closing=(4002, "bye")),
    "a socket closed by the app": partial(talk, "/", closing=(1000, ""), last="enough"),
    "a socket that vanishes": partial(talk, "/left", closing=None),
    "a socket that is written to after it was closed": partial(talk, "/left", closing=(1000, "")),
    "a socket that is refused": partial(talk, "/refused", closing=None),
    "a socket with a path that is not UTF-8": partial(
        send, f"GET /%FF HTTP/1.1\r\nHost: {HOST}\r\n{UPGRADE}", b""
    ),
    "a socket by a target with a host": partial(
        send, f"GET http://{HOST}/a HTTP/1.1\r\nHost: {HOST}\r\n{UPGRADE}", b""
    ),
    "a socket closed without a code": close_without_a_code,
}
