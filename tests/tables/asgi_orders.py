"""What may not come when: the steps of a connection, and what is said of the last that is wrong."""

from typing import Any

from framework.types import Message

Step = tuple[str, Message]


def receive(kind: str, **keys: Any) -> Step:
    """The app receives this."""
    return "receive", {"type": kind, **keys}


def send(kind: str, **keys: Any) -> Step:
    """The app sends this."""
    return "send", {"type": kind, **keys}


def length(value: bytes) -> dict[str, Any]:
    """The keys of a start with a Content-Length."""
    return {"status": 200, "headers": [(b"content-length", value)]}


REQUEST = receive("http.request")
LEFT = receive("http.disconnect")
START = send("http.response.start", status=200)
BODY = send("http.response.body", body=b"a")
MORE = send("http.response.body", body=b"a", more_body=True)
TRAILERS = send("http.response.trailers", headers=[])
ANNOUNCED = send("http.response.start", status=200, trailers=True)
PATH = send("http.response.pathsend", path="/a")
FILE = send("http.response.zerocopysend", file=3)
HINT = send("http.response.early_hint", links=[])
PUSH = send("http.response.push", path="/", headers=[])
DEBUG = send("http.response.debug", info={})

CONNECT = receive("websocket.connect")
TEXT = receive("websocket.receive", text="a")
GONE = receive("websocket.disconnect", code=1000)
ACCEPT = send("websocket.accept")
SAY = send("websocket.send", text="a")
CLOSE = send("websocket.close")
DENY = send("websocket.http.response.start", status=401)
DENIED = send("websocket.http.response.body")

STARTUP = receive("lifespan.startup")
STARTED = send("lifespan.startup.complete")
FAILED = send("lifespan.startup.failed")
SHUTDOWN = receive("lifespan.shutdown")
STOPPED = send("lifespan.shutdown.complete")

POST = {"headers": [(b"content-length", b"2")]}
HEAD = {"method": "HEAD"}
NOTHING: dict[str, Any] = {}
NO_TEXT: dict[Any, Any] = {1: 2}

WRONG: list[tuple[str, dict[str, Any], list[Step], str, str, str]] = [
    # protocol, changes to the scope, steps, who, the section, what is said
    ("http", NOTHING, [REQUEST], "app", "Response Start", "returned without a response"),
    ("http", NOTHING, [START], "app", "Response Body", "returned before the last message"),
    ("http", NOTHING, [START, MORE], "app", "Response Body", "returned before the last message"),
    ("http", NOTHING, [BODY, START, BODY], "app", "Response Body", "came before http.response.st"),
    ("http", NOTHING, [START, START, BODY], "app", "Response Start", "while the response was"),
    ("http", NOTHING, [START, BODY, BODY], "app", "Response Body", "after the end of the resp"),
    ("http", NOTHING, [START, BODY, START], "app", "Response Start", "after the end of the resp"),
    ("http", NOTHING, [ANNOUNCED, BODY], "app", "HTTP Trailers", "without the trailers"),
    ("http", NOTHING, [ANNOUNCED, BODY, BODY, TRAILERS], "app", "Response B", "when trailers were"),
    ("http", NOTHING, [ANNOUNCED, TRAILERS, BODY], "app", "HTTP Trailers", "while the response"),
    ("http", NOTHING, [START, BODY, TRAILERS], "app", "HTTP Trailers", "after the end of the resp"),
    ("http", {"extensions": {}}, [ANNOUNCED, BODY], "app", "HTTP Trailers", "does not offer to"),
    ("http", {"extensions": {}}, [START, PATH], "app", "Path Send", "does not offer 'http.respon"),
    ("http", {"extensions": {}}, [START, FILE], "app", "Zero Copy Send", "does not offer"),
    ("http", {"extensions": {}}, [HINT, START, BODY], "app", "Early Hints", "does not offer"),
    ("http", {"extensions": None}, [DEBUG, START, BODY], "app", "Debug", "does not offer"),
    ("http", {"extensions": 1}, [START, PUSH, BODY], "app", "Server Push", "does not offer"),
    ("http", NOTHING, [DEBUG, DEBUG, START, BODY], "app", "Debug", "came twice"),
    ("http", NOTHING, [START, DEBUG, BODY], "app", "Debug", "while the response was being sent"),
    ("http", NOTHING, [PUSH, START, BODY], "app", "Server Push", "before http.response.start"),
    ("http", NOTHING, [START, BODY, HINT], "app", "Early Hints", "after the end of the response"),
    ("http", NOTHING, [START, MORE, PATH], "app", "Path Send", "came after other content"),
    ("http", NOTHING, [START, PATH, BODY], "app", "Response Body", "after the end of the response"),
    (
        "http",
        NOTHING,
        [send("http.response.start", status=204), BODY],
        "app",
        "RFC 9110 section 6.4.1",
        "a 204 was given content",
    ),
    (
        "http",
        NOTHING,
        [send("http.response.start", status=304), FILE],
        "app",
        "RFC 9110 section 6.4.1",
        "a 304 was given content",
    ),
    (
        "http",
        NOTHING,
        [send("http.response.start", **length(b"2")), BODY],
        "app",
        "RFC 9110 section 8.6",
        "Content-Length is 2, and 1 bytes were sent",
    ),
    (
        "http",
        NOTHING,
        [send("http.response.start", **length(b"1")), MORE, BODY],
        "app",
        "RFC 9110 section 8.6",
        "Content-Length is 1, and 2 bytes were sent",
    ),
    (
        "http",
        NOTHING,
        [send("http.response.start", **length(b"0")), MORE],
        "app",
        "RFC 9110 section 8.6",
        "Content-Length is 0, and more, 1 bytes, were sent",
    ),
    (
        "http",
        HEAD,
        [send("http.response.start", **length(b"2")), BODY],
        "app",
        "RFC 9110 section 8.6",
        "Content-Length is 2, and 1 bytes were sent",
    ),
    ("http", NOTHING, [send("http.request")], "app", "Error Handling", "no 'http.request' to send"),
    ("http", NOTHING, [SAY], "app", "Error Handling", "no 'websocket.send' to send on a connec"),
    ("http", NOTHING, [send("mine")], "app", "Error Handling", "there is no 'mine' to send"),
    ("http", NOTHING, [("send", {})], "app", "Events", "`type` is None, not a Unicode string"),
    ("http", NOTHING, [("send", {"type": []})], "app", "Events", "`type` is [], not a Unicode"),
    (
        "http",
        NOTHING,
        [send("http.response.start", status=200, x=object())],
        "app",
        "Events",
        "`x`",
    ),
    ("http", NOTHING, [receive("http.request", x={1: 2})], "server", "Events", "`x` has {1} in"),
    ("http", NOTHING, [receive("http.request", x=[2**63])], "server", "Events", "`x` has 922337"),
    ("http", NOTHING, [receive("http.request", x=float("nan"))], "server", "Events", "`x` has nan"),
    (
        "http",
        NOTHING,
        [("receive", {"type": "http.request", **NO_TEXT})],
        "server",
        "Events",
        "key 1",
    ),
    ("http", NOTHING, [receive("http.mine")], "server", "Protocol Spec", "no 'http.mine' to rec"),
    ("http", NOTHING, [receive("http.response.body")], "server", "Protocol Spec", "to receive"),
    ("http", NOTHING, [REQUEST, REQUEST], "server", "Request", "after the end of the request"),
    ("http", NOTHING, [LEFT, REQUEST], "server", "Request", "came after http.disconnect"),
    (
        "http",
        POST,
        [receive("http.request", body=b"abc", more_body=True)],
        "server",
        "RFC 9110 section 8.6",
        "Content-Length is 2, and 3 bytes were received",
    ),
    ("http", POST, [REQUEST], "server", "RFC 9110 section 8.6", "and 0 bytes were received"),
    ("websocket", NOTHING, [CONNECT], "app", "Connect", "neither accepted nor closed"),
    ("websocket", NOTHING, [], "app", "Connect", "neither accepted nor closed the socket"),
    ("websocket", NOTHING, [ACCEPT], "app", "Accept", "came before websocket.connect was rec"),
    ("websocket", NOTHING, [CONNECT, SAY, CLOSE], "app", "Send", "before the socket was accepted"),
    ("websocket", NOTHING, [CONNECT, ACCEPT, ACCEPT], "app", "Accept", "while the socket was open"),
    ("websocket", NOTHING, [CONNECT, ACCEPT, CLOSE, SAY], "app", "Send", "after the socket was cl"),
    ("websocket", NOTHING, [CONNECT, CLOSE, CLOSE], "app", "Close", "after the socket was closed"),
    ("websocket", NOTHING, [CONNECT, CLOSE, GONE, SAY], "app", "Send", "after the socket was clo"),
    ("websocket", NOTHING, [CONNECT, DENY], "app", "Response Body", "returned before the last"),
    ("websocket", NOTHING, [CONNECT, DENY, DENIED, CLOSE], "app", "Close", "denies the socket"),
    (
        "websocket",
        NOTHING,
        [CONNECT, DENY, DENIED, DENIED],
        "app",
        "Denial",
        "after the end of the",
    ),
    ("websocket", NOTHING, [CONNECT, ACCEPT, DENY], "app", "Denial", "while the socket was open"),
    ("websocket", {"extensions": {}}, [CONNECT, DENY, DENIED], "app", "Denial", "does not offer"),
    (
        "websocket",
        {"subprotocols": ["a"]},
        [CONNECT, send("websocket.accept", subprotocol="b")],
        "app",
        "RFC 6455 section 4.2.2",
        "`subprotocol` is 'b', which the client did not offer",
    ),
    ("websocket", NOTHING, [START], "app", "Error Handling", "no 'http.response.start' to send"),
    ("websocket", NOTHING, [TEXT, CLOSE], "server", "Receive", "before websocket.connect was"),
    ("websocket", NOTHING, [CONNECT, TEXT, CLOSE], "server", "Receive", "before the socket was ac"),
    ("websocket", NOTHING, [CONNECT, CONNECT, CLOSE], "server", "Connect", "before the socket was"),
    ("websocket", NOTHING, [CONNECT, ACCEPT, GONE, TEXT], "server", "Receive", "websocket.discon"),
    ("websocket", NOTHING, [GONE, CLOSE], "server", "Disconnect", "before websocket.connect was"),
    ("lifespan", NOTHING, [], "app", "Lifespan 2.0, Scope", "before it received lifespan.startup"),
    ("lifespan", NOTHING, [STARTUP], "app", "Startup Complete", "without an answer to lifespan.s"),
    ("lifespan", NOTHING, [STARTUP, STARTED, SHUTDOWN], "app", "Shutdown Complete", "without an"),
    (
        "lifespan",
        NOTHING,
        [STARTED, STARTUP, STARTED],
        "app",
        "Startup Complete",
        "before lifespan",
    ),
    ("lifespan", NOTHING, [STARTUP, STARTED, STARTED], "app", "Startup Complete", "after the star"),
    ("lifespan", NOTHING, [STARTUP, STARTED, FAILED], "app", "Startup Failed", "after the startup"),
    ("lifespan", NOTHING, [STARTUP, STARTED, STOPPED], "app", "Shutdown Complete", "before lifesp"),
    ("lifespan", NOTHING, [STARTUP, STOPPED, STARTED], "app", "Shutdown Complete", "during the st"),
    ("lifespan", NOTHING, [SHUTDOWN, STARTUP, STARTED], "server", "Shutdown", "before lifespan.st"),
    ("lifespan", NOTHING, [STARTUP, SHUTDOWN, STARTED], "server", "Shutdown", "during the startup"),
    ("lifespan", NOTHING, [STARTUP, FAILED, SHUTDOWN], "server", "Shutdown", "after the end of th"),
    ("lifespan", NOTHING, [STARTUP, STARTUP, STARTED], "server", "Startup", "during the startup"),
]

RIGHT: list[tuple[str, dict[str, Any], list[Step]]] = [
    ("http", NOTHING, [REQUEST, START, BODY, LEFT, LEFT]),
    ("http", NOTHING, [START, MORE, BODY]),
    ("http", NOTHING, [LEFT]),
    ("http", NOTHING, [START, LEFT]),
    ("http", NOTHING, [HINT, DEBUG, START, HINT, PUSH, MORE, BODY]),
    ("http", NOTHING, [START, PATH]),
    ("http", NOTHING, [send("http.response.start", **length(b"9")), MORE, FILE]),
    ("http", NOTHING, [send("http.response.start", **length(b"9")), PATH]),
    ("http", NOTHING, [ANNOUNCED, BODY, TRAILERS]),
    (
        "http",
        NOTHING,
        [ANNOUNCED, BODY, send("http.response.trailers", headers=[], more_trailers=True), TRAILERS],
    ),
    ("http", HEAD, [send("http.response.start", **length(b"9")), send("http.response.body")]),
    ("http", HEAD, [send("http.response.start", **length(b"1")), BODY]),
    ("http", NOTHING, [send("http.response.start", status=204), send("http.response.body")]),
    (
        "http",
        POST,
        [
            receive("http.request", body=b"a", more_body=True),
            receive("http.request", body=b"b"),
            START,
            BODY,
        ],
    ),
    ("http", POST, [receive("http.request", body=b"a", more_body=True), LEFT]),
    ("http", {"extensions": {"mine": {}}}, [send("mine.too"), send("mine"), START, BODY]),
    ("http", {"extensions": {"http.mine": {}}}, [receive("http.mine"), START, BODY]),
    ("http", NOTHING, [receive("mychat.message", text="a"), START, BODY]),
    ("websocket", NOTHING, [CONNECT, ACCEPT, TEXT, SAY, CLOSE, TEXT, GONE, GONE]),
    ("websocket", NOTHING, [CONNECT, ACCEPT]),
    ("websocket", NOTHING, [CLOSE]),
    ("websocket", NOTHING, [DENY, DENIED]),
    ("websocket", NOTHING, [CONNECT, GONE]),
    ("websocket", NOTHING, [CONNECT, GONE, ACCEPT, SAY, CLOSE]),
    ("websocket", NOTHING, [CONNECT, GONE, DENY, DENIED]),
    ("websocket", NOTHING, [CONNECT, DENY, DENIED, GONE]),
    (
        "websocket",
        {"subprotocols": ["a", "b"]},
        [CONNECT, send("websocket.accept", subprotocol="b", headers=[(b"a", b"b")])],
    ),
    ("lifespan", NOTHING, [STARTUP, STARTED, SHUTDOWN, STOPPED]),
    ("lifespan", NOTHING, [STARTUP, STARTED]),
    ("lifespan", NOTHING, [STARTUP, FAILED]),
    ("lifespan", NOTHING, [STARTUP, STARTED, SHUTDOWN, send("lifespan.shutdown.failed")]),
    ("http", {"type": "mine"}, [receive("mine.a"), send("mine.b"), send("http.response.start")]),
]
