"""The yardstick: the same answers by hand, with nothing that they do not need, as a patient author
would write it.
"""

import asyncio
import hmac
import json
import os
import zlib
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, TypeAlias
from urllib.parse import parse_qsl, unquote_to_bytes

from multipart import MultipartSegment, PushMultipartParser, parse_options_header

from tests.benchmarks.asgi import (
    CHUNK,
    CHUNKS,
    EVENTS,
    LAYERS,
    PIECE,
    PIECES,
    ASGIApp,
    PassThrough,
    Receive,
    Scope,
    Send,
    where,
)
from tests.benchmarks.assets import FOLDER, LAST_MODIFIED, LONG, ORDERS, ORIGIN, SECRET
from tests.benchmarks.github import ROUTES

__all__ = [
    "api",
    "bodies",
    "compressed",
    "cors",
    "files",
    "github",
    "kept",
    "mounted",
    "nested",
    "plain",
    "sessions",
    "streams",
    "threads",
    "wrapped",
    "wsgi",
]

TEXT = b"text/plain; charset=utf-8"
JSON = b"application/json"
BYTES = b"application/octet-stream"
EVENT_STREAM = b"text/event-stream"
PIECE_OF_FILE = 256 * 1024


async def lifespan(receive: Receive, send: Send) -> None:
    """Say yes to the start and to the stop."""
    await receive()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await send({"type": "lifespan.shutdown.complete"})


async def read_body(receive: Receive) -> bytes:
    """The whole body."""
    message = await receive()
    body: bytes = message["body"]
    while message["more_body"]:
        message = await receive()
        body += message["body"]
    return body


def query_value(query: bytes, key: bytes) -> str:
    """The first value of `key`."""
    for pair in query.split(b"&"):
        name, _, value = pair.partition(b"=")
        if name == key:
            value = value.replace(b"+", b" ")
            return (unquote_to_bytes(value) if b"%" in value else value).decode()
    return ""


def header_value(scope: Scope, key: bytes) -> str:
    """The first value of the header `key`."""
    for name, value in scope["headers"]:
        if name == key:
            return str(value, "latin-1")
    return ""


async def plain(scope: Scope, receive: Receive, send: Send) -> None:
    """The five basic routes."""
    if scope["type"] == "lifespan":
        await lifespan(receive, send)
        return
    path = scope["path"]
    status, media_type = 200, TEXT
    if path == "/":
        body = b"Hello, World!"
    elif path == "/json":
        body, media_type = json.dumps({"message": "Hello, World!"}).encode(), JSON
    elif path.startswith("/items/"):
        body = str(int(path[7:]) * 2).encode()
    elif path == "/search":
        q = query_value(scope["query_string"], b"q")
        body = f"{q} {header_value(scope, b'x-request-id')}".encode()
    elif path == "/echo":
        body, media_type = json.dumps(json.loads(await read_body(receive))).encode(), JSON
    else:
        status, body = 404, b"Not Found"
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [
                (b"content-type", media_type),
                (b"content-length", b"%d" % len(body)),
            ],
        }
    )
    await send({"type": "http.response.body", "body": body})


def form_value(body: bytes, key: str) -> str:
    """The first value of `key`."""
    for name, value in parse_qsl(body.decode(), keep_blank_values=True):
        if name == key:
            return value
    return ""


async def file_size(scope: Scope, receive: Receive) -> int:
    """The size of the file of a multipart form, of which nothing is kept."""
    _, options = parse_options_header(header_value(scope, b"content-type"))
    size, more = 0, True
    is_file = False
    with PushMultipartParser(options["boundary"]) as parser:
        while more:
            message = await receive()
            more = message["more_body"]
            for event in parser.parse(message["body"]):
                if isinstance(event, MultipartSegment):
                    is_file = event.name == "file"
                elif event and is_file:
                    size += len(event)
    return size


async def bodies(scope: Scope, receive: Receive, send: Send) -> None:
    """Two forms and an upload."""
    if scope["type"] == "lifespan":
        await lifespan(receive, send)
        return
    path = scope["path"]
    status = 200
    if path == "/form":
        body = form_value(await read_body(receive), "name").encode()
    elif path == "/multipart":
        body = b"%d" % await file_size(scope, receive)
    elif path == "/upload":
        size, more = 0, True
        while more:
            message = await receive()
            size += len(message["body"])
            more = message["more_body"]
        body = b"%d" % size
    else:
        status, body = 404, b"Not Found"
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [(b"content-type", TEXT), (b"content-length", b"%d" % len(body))],
        }
    )
    await send({"type": "http.response.body", "body": body})


def segment_tree() -> dict[str, Any]:
    """Nested dicts of path segments, `*` for a parameter; under the empty segment the methods."""
    tree: dict[str, Any] = {}
    for route in ROUTES:
        node = tree
        for segment in route.pattern[1:].split("/"):
            node = node.setdefault("*" if segment[0] == "{" else segment, {})
        node.setdefault("", {})[route.method] = "ok"
    return tree


TREE = segment_tree()
NOWHERE: dict[str, Any] = {}


async def github(scope: Scope, receive: Receive, send: Send) -> None:
    """The 203 routes of the GitHub API, of which none needs backtracking."""
    if scope["type"] == "lifespan":
        await lifespan(receive, send)
        return
    node = TREE
    values: list[str] = []
    for segment in scope["path"][1:].split("/"):
        if segment in node:
            node = node[segment]
        elif "*" in node:
            node = node["*"]
            values.append(segment)
        else:
            node = NOWHERE
            break
    word = node.get("", NOWHERE).get(scope["method"])
    if word is None:
        status, body = 404, b"Not Found"
    else:
        status, body = 200, ",".join((word, *values)).encode()
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [(b"content-type", TEXT), (b"content-length", b"%d" % len(body))],
        }
    )
    await send({"type": "http.response.body", "body": body})


wrapped: ASGIApp = plain
for _ in range(LAYERS):
    wrapped = PassThrough(wrapped)


Answer: TypeAlias = Callable[[Scope], Awaitable[bytes]]


async def hello(scope: Scope) -> bytes:
    """The answer in the middle of the function middlewares."""
    return b"Hello, World!"


def layer(inner: Answer) -> Answer:
    """The least that a function middleware can do."""

    async def outer(scope: Scope) -> bytes:
        return await inner(scope)

    return outer


layers: Answer = hello
for _ in range(LAYERS):
    layers = layer(layers)


async def nested(scope: Scope, receive: Receive, send: Send) -> None:
    """The text inside five nested functions."""
    if scope["type"] == "lifespan":
        await lifespan(receive, send)
        return
    body = await layers(scope)
    await send(
        {
            "type": "http.response.start",
            "status": 200,
            "headers": [(b"content-type", TEXT), (b"content-length", b"%d" % len(body))],
        }
    )
    await send({"type": "http.response.body", "body": body})


async def socket(receive: Receive, send: Send) -> None:
    """Echo until the client closes."""
    await receive()
    await send({"type": "websocket.accept"})
    while (message := await receive())["type"] == "websocket.receive":
        await send({"type": "websocket.send", "text": message["text"]})


async def ticks() -> AsyncIterator[bytes]:
    """The events."""
    for id, data in EVENTS:
        yield f"id: {id}\nevent: tick\ndata: {data}\n\n".encode()


async def chunks() -> AsyncIterator[bytes]:
    """The chunks."""
    for _ in range(CHUNKS):
        yield CHUNK


async def streams(scope: Scope, receive: Receive, send: Send) -> None:
    """What is sent piece by piece."""
    if scope["type"] == "lifespan":
        await lifespan(receive, send)
        return
    if scope["type"] == "websocket":
        await socket(receive, send)
        return
    is_stream = scope["path"] == "/stream"
    media_type = BYTES if is_stream else EVENT_STREAM
    await send(
        {
            "type": "http.response.start",
            "status": 200,
            "headers": [(b"content-type", media_type)],
        }
    )
    async for chunk in chunks() if is_stream else ticks():
        await send({"type": "http.response.body", "body": chunk, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


async def wsgi(scope: Scope, receive: Receive, send: Send) -> None:
    """What the WSGI app does, without WSGI and without threads."""
    if scope["type"] == "lifespan":
        await lifespan(receive, send)
        return
    path = scope["path"].removeprefix("/old")
    media_type, body, length = TEXT, b"Hello, World!", None
    if path == "/upload":
        pieces: list[bytes] = []
        more = True
        while more:
            message = await receive()
            pieces.append(message["body"])
            more = message["more_body"]
        body = b"%d" % len(b"".join(pieces))
    elif path == "/download":
        media_type, body, length = BYTES, b"", PIECES * len(PIECE)
    await send(
        {
            "type": "http.response.start",
            "status": 200,
            "headers": [
                (b"content-type", media_type),
                (b"content-length", b"%d" % (length or len(body))),
            ],
        }
    )
    if length:
        for _ in range(PIECES):
            await send({"type": "http.response.body", "body": PIECE, "more_body": True})
    await send({"type": "http.response.body", "body": body})


mounted = wsgi


MEMORY = (FOLDER / "small.css").read_bytes()


async def kept(scope: Scope, receive: Receive, send: Send) -> None:
    """The small file, looked at and read once."""
    if scope["type"] == "lifespan":
        await lifespan(receive, send)
        return
    headers = [(b"content-type", b"text/css"), (b"last-modified", LAST_MODIFIED)]
    status, body = 200, MEMORY
    if header_value(scope, b"if-modified-since") == LAST_MODIFIED.decode():
        status, body = 304, b""
    else:
        headers.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def read_file(name: str, start: int, count: int) -> bytes:
    """A part of a file."""
    with (FOLDER / name).open("rb") as file:
        file.seek(start)
        return file.read(count)


async def files(scope: Scope, receive: Receive, send: Send) -> None:
    """The files of a folder whose names and types are known, each looked at and read in a thread."""
    if scope["type"] == "lifespan":
        await lifespan(receive, send)
        return
    name = scope["path"].removeprefix("/static/")
    headers = [
        (b"content-type", b"text/css" if name.endswith(".css") else BYTES),
        (b"last-modified", LAST_MODIFIED),
    ]
    status, start, count = 200, 0, PIECE_OF_FILE
    if header_value(scope, b"if-modified-since") == LAST_MODIFIED.decode():
        await asyncio.to_thread(os.stat, FOLDER / name)
        await send({"type": "http.response.start", "status": 304, "headers": headers})
        await send({"type": "http.response.body", "body": b""})
        return
    if wanted := header_value(scope, b"range"):
        first, _, last = wanted.removeprefix("bytes=").partition("-")
        status, start, count = 206, int(first), int(last) - int(first) + 1
        size = (await asyncio.to_thread(os.stat, FOLDER / name)).st_size
        headers.append((b"content-range", f"bytes {first}-{last}/{size}".encode()))
        body = await asyncio.to_thread(read_file, name, start, count)
    elif name == "large.bin":
        size = (await asyncio.to_thread(os.stat, FOLDER / name)).st_size
        headers.append((b"content-length", str(size).encode()))
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        with (FOLDER / name).open("rb") as file:
            while body := await asyncio.to_thread(file.read, PIECE_OF_FILE):
                await send({"type": "http.response.body", "body": body, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
        return
    else:
        body = await asyncio.to_thread(read_file, name, 0, PIECE_OF_FILE)
    headers.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def compressed(scope: Scope, receive: Receive, send: Send) -> None:
    """The long text, at zlib's own level."""
    if scope["type"] == "lifespan":
        await lifespan(receive, send)
        return
    headers = [(b"content-type", TEXT), (b"vary", b"Accept-Encoding")]
    body = LONG.encode()
    if "gzip" in header_value(scope, b"accept-encoding"):
        body = zlib.compress(body, wbits=31)
        headers.append((b"content-encoding", b"gzip"))
    headers.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def cors(scope: Scope, receive: Receive, send: Send) -> None:
    """A text that the pages of one other origin may read."""
    if scope["type"] == "lifespan":
        await lifespan(receive, send)
        return
    headers = [(b"content-type", TEXT), (b"content-length", b"13"), (b"vary", b"Origin")]
    origin = header_value(scope, b"origin")
    if origin == ORIGIN:
        headers.append((b"access-control-allow-origin", origin.encode()))
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"Hello, World!"})


def signature(text: bytes) -> bytes:
    """What only we can have signed it with."""
    return b64encode(hmac.digest(SECRET.encode(), text, "sha256"))


def session_of(scope: Scope) -> dict[str, str]:
    """What the cookie has, if it is signed by us."""
    text, _, mark = header_value(scope, b"cookie").removeprefix("session=").partition(".")
    if hmac.compare_digest(mark.encode(), signature(text.encode())):
        session: dict[str, str] = json.loads(b64decode(text))
        return session
    return {}


def session_cookie(session: dict[str, str]) -> bytes:
    """The cookie, signed."""
    text = b64encode(json.dumps(session).encode())
    return b"session=%s.%s; Path=/; HttpOnly" % (text, signature(text))


async def sessions(scope: Scope, receive: Receive, send: Send) -> None:
    """One value, in a cookie that is signed."""
    if scope["type"] == "lifespan":
        await lifespan(receive, send)
        return
    headers = [(b"content-type", TEXT), (b"vary", b"Cookie")]
    body = b"welcome"
    if scope["path"] == "/login":
        headers.append((b"set-cookie", session_cookie({"name": "Ada Lovelace"})))
    else:
        body = session_of(scope)["name"].encode()
    headers.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def threads(scope: Scope, receive: Receive, send: Send) -> None:
    """A function in a thread."""
    if scope["type"] == "lifespan":
        await lifespan(receive, send)
        return
    body = (await asyncio.to_thread(where)).encode()
    headers = [(b"content-type", TEXT), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def order_or_orders(path: str, session: dict[str, str]) -> tuple[int, bytes, bytes]:
    """What the API answers: a status, a media type and a body."""
    if path == "/orders":
        return 200, JSON, json.dumps({"user": session["name"], "orders": ORDERS}).encode()
    id = int(path.removeprefix("/orders/"))
    if id > len(ORDERS):
        problem = {"type": "about:blank", "title": "Not Found", "status": 404}
        return 404, b"application/problem+json", json.dumps(problem).encode()
    return 200, JSON, json.dumps({"user": session["name"], "order": ORDERS[id - 1]}).encode()


async def api(scope: Scope, receive: Receive, send: Send) -> None:
    """CORS, compression, sessions, request ids and problem details in one function."""
    if scope["type"] == "lifespan":
        await lifespan(receive, send)
        return
    headers = [
        (b"vary", b"Origin, Accept-Encoding, Cookie"),
        (b"x-request-id", header_value(scope, b"x-request-id").encode()),
    ]
    origin = header_value(scope, b"origin")
    if origin == ORIGIN:
        headers.append((b"access-control-allow-origin", origin.encode()))
    if scope["path"] == "/login":
        headers.append((b"set-cookie", session_cookie({"name": "Ada Lovelace"})))
        status, media_type, body = 200, JSON, b"{}"
    else:
        status, media_type, body = order_or_orders(scope["path"], session_of(scope))
    if len(body) >= 500 and "gzip" in header_value(scope, b"accept-encoding"):
        body = zlib.compress(body, wbits=31)
        headers.append((b"content-encoding", b"gzip"))
    headers += [(b"content-type", media_type), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
