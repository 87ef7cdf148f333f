"""What is measured: each row of the table, its requests and the answers without which nobody is
timed.
"""

import gzip
import json
from collections.abc import Callable
from hashlib import sha256
from random import Random
from typing import Any, NamedTuple
from urllib.parse import urlencode

from tests.benchmarks.asgi import CHUNK, CHUNKS, EVENTS, PIECE, PIECES
from tests.benchmarks.assets import LARGE, LAST_MODIFIED, LONG, ORDERS, ORIGIN, SMALL
from tests.benchmarks.github import ROUTES

__all__ = ["ROWS", "Call", "Row"]

TEXT = "text/plain"
CSS = "text/css"
JSON = "application/json"
PROBLEM = "application/problem+json"
BYTES = "application/octet-stream"
EVENT_STREAM = "text/event-stream"
FORM = "application/x-www-form-urlencoded"
BOUNDARY = "----WebKitFormBoundaryq3hBz7pXkAVcT9dE"
MULTIPART = f"multipart/form-data; boundary={BOUNDARY}"

MESSAGE_SIZE = 64 * 1024
"""Bytes of a large body in one message, as servers cut them."""

REQUEST_ID = "5f9c2a7e41d8"

TRACE = b"6bcb954d6c4746fb9244b6cf251ce40a"
"""A request id that every middleware takes over: a UUID of version 4."""

HEADERS = (
    (b"host", b"api.example.com"),
    (b"user-agent", b"Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0"),
    (b"accept", b"*/*"),
    (b"accept-language", b"en-GB,en;q=0.7,de;q=0.3"),
    (b"accept-encoding", b"gzip, deflate, br, zstd"),
    (b"referer", b"https://www.example.com/dashboard"),
    (b"x-request-id", REQUEST_ID.encode()),
    (b"connection", b"keep-alive"),
)
"""What a browser's fetch() sends, the header that one row reads among them."""

DOCUMENT = {
    "id": 1347,
    "name": "hello-world",
    "tags": ["asgi", "http", "python"],
    "owner": {"login": "octocat", "site_admin": False},
    "size": 10.25,
    "note": None,
}

FIELDS = {
    "name": "Ada Lovelace",
    "email": "ada@example.com",
    "company": "Babbage & Co.",
    "street": "12 St James's Square",
    "city": "London",
    "country": "GB",
    "phone": "+44 20 7946 0958",
    "subject": "Notes on the analytical engine",
    "message": "It might act upon other things besides number: café, naïveté, €.",
    "newsletter": "on",
}
"""What a contact form sends."""


def multipart() -> bytes:
    """Three fields and a file of 1 MiB, as a browser sends them (RFC 7578)."""
    parts = [
        f'name="{name}"\r\n\r\n{FIELDS[name]}'.encode() for name in ("name", "email", "message")
    ]
    head = b'name="file"; filename="engine.jpg"\r\nContent-Type: image/jpeg\r\n\r\n'
    parts.append(head + Random(0).randbytes(1024 * 1024))
    lines = [
        b"--%s\r\nContent-Disposition: form-data; %s\r\n" % (BOUNDARY.encode(), part)
        for part in parts
    ]
    return b"".join(lines) + b"--%s--\r\n" % BOUNDARY.encode()


def in_messages(body: bytes) -> tuple[bytes, ...]:
    """The body in messages of `MESSAGE_SIZE`."""
    return tuple(body[start : start + MESSAGE_SIZE] for start in range(0, len(body), MESSAGE_SIZE))


def digest(body: bytes) -> str:
    """What stands for a long body."""
    return sha256(body).hexdigest()


def events(body: bytes) -> str:
    """The digest of what an event stream says, whatever its line ends and the order of fields."""
    blocks = body.decode().replace("\r\n", "\n").removesuffix("\n\n").split("\n\n")
    return digest("\n\n".join("\n".join(sorted(block.split("\n"))) for block in blocks).encode())


def status_of(body: bytes) -> Any:
    """What problem details say (RFC 9457); the other members are as each framework words them."""
    return json.loads(body)["status"]


class Call(NamedTuple):
    """One request and its answer: text, what JSON must decode to, or a digest; `None` is any."""

    path: str
    answer: Any
    media_type: str = TEXT
    status: int = 200
    method: str = "GET"
    query: bytes = b""
    body: tuple[bytes, ...] = ()
    """One message each."""

    content_type: str = JSON
    texts: tuple[str, ...] = ()
    """What is sent over a WebSocket, and comes back."""

    stays: bool = False
    """The client waits for the whole answer and then goes, which the app may wait for."""

    headers: tuple[tuple[bytes, bytes], ...] = ()
    """Sent beside those of every request, or in the place of those of the same name."""

    expects: tuple[tuple[bytes, bytes | None], ...] = ()
    """Fields that the answer must have, with any value where there is None."""

    login: str | None = None
    """A path that is asked for once before, and whose cookie is sent."""

    def read(self, body: bytes) -> Any:
        """A body as the value that is compared with the answer."""
        if (b"content-encoding", b"gzip") in self.expects:
            body = gzip.decompress(body)
        return READERS.get(self.media_type, bytes.decode)(body)

    def scope(self) -> dict[str, Any]:
        """The 13 keys that uvicorn gives, `state` among them."""
        own = {name for name, _ in self.headers}
        headers = [*(field for field in HEADERS if field[0] not in own), *self.headers]
        if self.body:
            headers += [
                (b"content-type", self.content_type.encode()),
                (b"content-length", str(sum(map(len, self.body))).encode()),
            ]
        kind: dict[str, Any] = {"type": "http", "scheme": "http", "method": self.method}
        if self.texts:
            kind = {"type": "websocket", "scheme": "ws", "subprotocols": []}
        return {
            **kind,
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "server": ("127.0.0.1", 8000),
            "client": ("127.0.0.1", 51234),
            "root_path": "",
            "path": self.path,
            "raw_path": self.path.encode(),
            "query_string": self.query,
            "headers": headers,
            "state": {},
        }


READERS: dict[str, Callable[[bytes], Any]] = {
    JSON: json.loads,
    PROBLEM: status_of,
    BYTES: digest,
    EVENT_STREAM: events,
}


class Row(NamedTuple):
    """One line of the table: `app` is what an apps module calls it, `budget` ours, in times raw."""

    key: str
    title: str
    app: str
    calls: tuple[Call, ...]
    budget: float | None = None
    messages: int = 1
    """By how many the time is divided where it is said."""


HELLO = Call("/", "Hello, World!")
MESSAGE = Call("/json", {"message": "Hello, World!"}, JSON)
ITEM = Call("/items/21", "42")
SEARCH = Call("/search", f"hello world {REQUEST_ID}", query=b"page=2&q=hello+world&sort=asc")
ECHO = Call("/echo", DOCUMENT, JSON, method="POST", body=(json.dumps(DOCUMENT).encode(),))
CONTACT = Call(
    "/form",
    FIELDS["name"],
    method="POST",
    body=(urlencode(FIELDS).encode(),),
    content_type=FORM,
)
PHOTO = Call(
    "/multipart",
    str(1024 * 1024),
    method="POST",
    body=in_messages(multipart()),
    content_type=MULTIPART,
)
UPLOAD = Call(
    "/upload",
    str(1024 * MESSAGE_SIZE),
    method="POST",
    body=(bytes(MESSAGE_SIZE),) * 1024,
    content_type="application/octet-stream",
)
MISSING = Call("/repos/octocat/hello-world/nowhere", None, status=404)
ECHOES = Call("/ws", None, texts=tuple(data for _, data in EVENTS), stays=True)
TICKS = Call(
    "/events",
    events(b"".join(f"id: {id}\nevent: tick\ndata: {data}\n\n".encode() for id, data in EVENTS)),
    EVENT_STREAM,
    stays=True,
)
STREAM = Call("/stream", digest(CHUNK * CHUNKS), BYTES, stays=True)

VALIDATED = ((b"last-modified", LAST_MODIFIED),)
SMALL_FILE = Call("/static/small.css", SMALL.decode(), CSS, stays=True, expects=VALIDATED)
LARGE_FILE = Call("/static/large.bin", digest(LARGE), BYTES, stays=True, expects=VALIDATED)
UNCHANGED = Call(
    "/static/small.css",
    None,
    status=304,
    stays=True,
    headers=((b"if-modified-since", LAST_MODIFIED),),
)
RANGE = Call(
    "/static/large.bin",
    digest(LARGE[5_000_000:5_010_000]),
    BYTES,
    status=206,
    stays=True,
    headers=((b"range", b"bytes=5000000-5009999"),),
    expects=((b"content-range", b"bytes 5000000-5009999/%d" % len(LARGE)),),
)
COMPRESSED = Call(
    "/long",
    LONG,
    headers=((b"accept-encoding", b"gzip"),),
    expects=((b"content-encoding", b"gzip"), (b"vary", None)),
)
CROSS_ORIGIN = HELLO._replace(
    headers=((b"origin", ORIGIN.encode()),),
    expects=((b"access-control-allow-origin", ORIGIN.encode()),),
)
SESSION = Call("/name", "Ada Lovelace", login="/login")

THREAD = Call("/", "in a thread", stays=True)

API = Call(
    "/orders/7",
    {"user": "Ada Lovelace", "order": ORDERS[6]},
    JSON,
    headers=(
        (b"origin", ORIGIN.encode()),
        (b"accept-encoding", b"gzip"),
        (b"x-request-id", TRACE),
    ),
    expects=((b"access-control-allow-origin", ORIGIN.encode()), (b"x-request-id", TRACE)),
    login="/login",
)
"""A page of another origin asks, through a proxy that numbers requests; the answer is too short to
be compressed."""

NO_ORDER = API._replace(path="/orders/100", answer=404, media_type=PROBLEM, status=404)
ORDER_LIST = API._replace(
    path="/orders",
    answer={"user": "Ada Lovelace", "orders": ORDERS},
    expects=(*API.expects, (b"content-encoding", b"gzip"), (b"vary", None)),
)


def github(variants: int) -> tuple[Call, ...]:
    """A call to every route of the GitHub API, `variants` times, always with other values."""
    return tuple(
        Call(route.path(variant), ",".join(("ok", *route.values(variant))), method=route.method)
        for variant in range(variants)
        for route in ROUTES
    )


def through_wsgi(app: str, title: str, prefix: str) -> tuple[Row, ...]:
    """The three rows of a WSGI app below a path."""
    hello = Call(f"{prefix}/", "Hello, World!", stays=True)
    upload = Call(
        f"{prefix}/upload",
        str(PIECES * len(PIECE)),
        method="POST",
        body=(PIECE,) * PIECES,
        content_type=BYTES,
        stays=True,
    )
    download = Call(f"{prefix}/download", digest(PIECE * PIECES), BYTES, stays=True)
    return (
        Row(app, f"{title}: text", app, (hello,)),
        Row(f"{app}-upload", f"{title}: 10 MiB read whole", app, (upload,)),
        Row(f"{app}-download", f"{title}: 10 MiB in pieces of 64 KiB", app, (download,)),
    )


ROWS = (
    Row("text", "text, static path", "plain", (HELLO,), 1.9),
    Row("json", "JSON", "plain", (MESSAGE,), 1.3),
    Row("param", "one int path parameter", "plain", (ITEM,), 2.1),
    Row("search", "query value + header read", "plain", (SEARCH,), 2.8),
    Row("echo", "JSON body echoed", "plain", (ECHO,), 1.15),
    Row("github", "the 203 routes of the GitHub API, all in turn", "github", github(1), 2.2),
    # More paths than the caches of some routers hold (1024, 1200): the row above finds a cached
    # match there, this one has to find the route.
    Row("fresh", "the same, ten times with other values", "github", github(10)),
    Row("missing", "404 among 208 routes", "github", (MISSING,), 1.8),
    Row("asgi", "five pass-through ASGI middlewares", "wrapped", (HELLO,), 1.4),
    Row("function", "five pass-through function middlewares", "nested", (HELLO,), 2.5),
    Row("sync", "a plain function, in a thread", "threads", (THREAD,)),
    Row("form", "urlencoded form of ten fields", "bodies", (CONTACT,)),
    Row("multipart", "multipart form, a file of 1 MiB", "bodies", (PHOTO,)),
    Row("upload", "64 MiB read as they arrive", "bodies", (UPLOAD,)),
    Row(
        "websocket",
        "WebSocket echo, a message of 1000",
        "streams",
        (ECHOES,),
        messages=len(ECHOES.texts),
    ),
    Row("events", "server-sent event, one of 1000", "streams", (TICKS,), messages=len(EVENTS)),
    Row(
        "stream", "streamed chunk of 100 bytes, one of 1000", "streams", (STREAM,), messages=CHUNKS
    ),
    Row("file", "a file of 5 KB", "files", (SMALL_FILE,)),
    Row("file-large", "a file of 10 MiB", "files", (LARGE_FILE,)),
    Row("file-304", "the same of 5 KB, not modified", "files", (UNCHANGED,)),
    Row("file-range", "10,000 bytes of the one of 10 MiB", "files", (RANGE,)),
    Row("kept", "the file of 5 KB, where the folder does not change", "kept", (SMALL_FILE,)),
    Row("kept-304", "the same, not modified", "kept", (UNCHANGED,)),
    Row("gzip", "20 KiB of text, by gzip", "compressed", (COMPRESSED,)),
    Row("cors", "text for a page of another origin", "cors", (CROSS_ORIGIN,)),
    Row("session", "a value of a session in a cookie", "sessions", (SESSION,)),
    # CORS, compression, sessions in cookies, request ids, errors as problem details.
    Row("api", "an API with five features: an order, and a 404", "api", (API, NO_ORDER)),
    Row("api-list", "the same: 64 orders, by gzip", "api", (ORDER_LIST,)),
    *through_wsgi("wsgi", "WSGI", ""),
    *through_wsgi("mounted", "WSGI below a mount", "/old"),
)
