"""A lenient server in process, and what it asks every framework's app; no test lives here.

It takes whatever an app sends, and keeps to the specification itself: who is judged is the app.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import anyio
import anyio.lowlevel

from framework.checker import Breach, Checker
from framework.types import ASGIApp, Message, Scope
from tests.driver import Fields, http_scope
from tests.protocols import websocket_scope

__all__ = ["CALLS", "Call", "exercise"]

STAYS = 1_000_000  # messages: more than any app sends
A_WHILE = 1.0  # seconds until an app is cut off that does not end by itself
ASGI = {"version": "3.0", "spec_version": "2.5"}
LAST: Message = {"type": "http.request", "body": b"", "more_body": False}
CONNECT: Message = {"type": "websocket.connect"}
LEFT: Message = {"type": "websocket.disconnect", "code": 1001, "reason": ""}


@dataclass(frozen=True, slots=True)
class Call:
    """A scope, what is received at once, and after how many messages of the app the client leaves."""

    scope: Scope
    incoming: Sequence[Message]
    leaves_after: int = STAYS

    @property
    def is_left(self) -> bool:
        """Whether the client leaves before the end."""
        return self.leaves_after < STAYS


def http(
    method: str, path: str, headers: Fields = (), *bodies: bytes, leaves_after: int = STAYS
) -> Call:
    """A request with a body in these pieces."""
    pieces: list[Message] = [
        {"type": "http.request", "body": body, "more_body": True} for body in bodies
    ]
    return Call(http_scope(method, path, headers, asgi=ASGI), [*pieces, LAST], leaves_after)


def cut_short(method: str, path: str, headers: Fields, body: bytes) -> Call:
    """A request whose client leaves in the middle of the body."""
    piece: Message = {"type": "http.request", "body": body, "more_body": True}
    scope = http_scope(method, path, headers, asgi=ASGI)
    return Call(scope, [piece, {"type": "http.disconnect"}])


def socket(path: str, *incoming: Message, leaves_after: int = STAYS, **changes: Any) -> Call:
    """A socket that receives these after its connect."""
    return Call(websocket_scope(path, asgi=ASGI, **changes), [CONNECT, *incoming], leaves_after)


JSON = {"content-type": "application/json"}
OFFERS: dict[str, Any] = {"websocket.http.response": {}}
TEXT: Message = {"type": "websocket.receive", "text": "hello"}
BYTES: Message = {"type": "websocket.receive", "bytes": b"hello"}

CALLS: dict[str, Call] = {
    "GET": http("GET", "/"),
    "HEAD": http("HEAD", "/"),
    "JSON": http("GET", "/json"),
    "HEAD of JSON": http("HEAD", "/json"),
    "a parameter": http("GET", "/items/21"),
    "a parameter that is none": http("GET", "/items/x"),
    "a query": http("GET", "/search?q=a", {"x-request-id": "1"}),
    "a query that is missing": http("GET", "/search"),
    "404": http("GET", "/missing"),
    "HEAD of a 404": http("HEAD", "/missing"),
    "405": http("DELETE", "/"),
    "HEAD of a 405": http("HEAD", "/echo"),
    "OPTIONS": http("OPTIONS", "/"),
    "a preflight": http(
        "OPTIONS",
        "/json",
        {"origin": "https://www.example.com", "access-control-request-method": "GET"},
    ),
    "a body": http("POST", "/echo", JSON, b'{"a": ', b"1}"),
    "a body that is malformed": http("POST", "/echo", JSON, b"{"),
    "a body cut short": cut_short("POST", "/echo", JSON, b"{"),
    "an upload": http("POST", "/upload", (), b"a" * 9, b"b" * 9),
    "an upload cut short": cut_short("POST", "/upload", (), b"a" * 9),
    "a stream": http("GET", "/stream"),
    "HEAD of a stream": http("HEAD", "/stream"),
    "a stream that is left": http("GET", "/stream", leaves_after=3),
    "events": http("GET", "/events"),
    "HEAD of events": http("HEAD", "/events"),
    "events that are left": http("GET", "/events", leaves_after=3),
    "a file": http("GET", "/static/small.css"),
    "HEAD of a file": http("HEAD", "/static/small.css"),
    "a range": http("GET", "/static/small.css", {"range": "bytes=1-3"}),
    "a range that is not there": http("GET", "/static/small.css", {"range": "bytes=99999-"}),
    "several ranges": http("GET", "/static/small.css", {"range": "bytes=1-3,7-9"}),
    "a file that the client has": http(
        "GET", "/static/small.css", {"if-modified-since": "Fri, 01 Jan 2100 00:00:00 GMT"}
    ),
    "a file that is left": http("GET", "/static/large.bin", leaves_after=2),
    "a file that is missing": http("GET", "/static/missing.css"),
    "a long text": http("GET", "/long", {"accept-encoding": "gzip"}),
    "HEAD of a long text": http("HEAD", "/long", {"accept-encoding": "gzip"}),
    "a session": http("GET", "/login"),
    "no session": http("GET", "/name"),
    "a socket": socket("/ws", TEXT, TEXT, LEFT),
    "a socket with bytes": socket("/ws", BYTES, LEFT),
    "a socket left during the handshake": socket("/ws", LEFT),
    "a socket left without notice": socket("/ws", TEXT, leaves_after=1),
    "a socket to nowhere": socket("/missing"),
    "a socket to nowhere that may be denied": socket("/missing", extensions=OFFERS),
    "a socket to a page": socket("/"),
    "a lifespan": Call(
        {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": {}},
        [{"type": "lifespan.startup"}],
    ),
}


@dataclass(slots=True)
class Server:
    """One connection: gives what comes in, and is the client that leaves."""

    call: Call
    sent: int = 0
    is_answered: anyio.Event = field(default_factory=anyio.Event)
    is_over: anyio.Event = field(default_factory=anyio.Event)
    given: int = 0

    async def receive(self) -> Message:
        """The next message; after the last, the end as soon as it has come."""
        if self.given < len(self.call.incoming):
            message = self.call.incoming[self.given]
            self.given += 1
            if message["type"] == "websocket.receive":
                await self.is_answered.wait()
            return {**message}
        await self.is_over.wait()
        if self.call.scope["type"] == "lifespan":
            return {"type": "lifespan.shutdown"}
        return {"type": "http.disconnect"} if self.call.scope["type"] == "http" else {**LEFT}

    async def send(self, message: Message) -> None:
        """Take a message, unless the client has left."""
        self.sent += 1
        self.is_answered.set()
        kind = message["type"]
        is_last = kind == "http.response.body" and not message.get("more_body")
        if is_last or kind.endswith(".complete") or self.sent >= self.call.leaves_after:
            self.is_over.set()
        if self.sent > self.call.leaves_after:
            raise ConnectionResetError("the client has left")
        await anyio.lowlevel.checkpoint()


async def exercise(app: ASGIApp, calls: Mapping[str, Call] = CALLS) -> list[tuple[str, Breach]]:
    """Make these calls, and return what was wrong with each; what the app raises is its own business."""
    found: list[tuple[str, Breach]] = []
    for name, call in calls.items():
        checker = Checker(app, on_violation=lambda breach: None)
        server = Server(call)
        with anyio.move_on_after(A_WHILE):
            try:
                await checker({**call.scope}, server.receive, server.send)
            except Exception:
                server.is_over.set()
        found += [(name, breach) for breach in checker.violations]
    return found
