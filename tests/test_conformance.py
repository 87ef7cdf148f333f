"""An app with a bit of everything, driven by whatever servers may send: it always says what ASGI allows.

Scopes and messages are drawn from the ASGI specification, their optional keys present or missing; the
client may leave at any point. Only what the app raises on purpose comes out of it.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import quote

import anyio
import anyio.lowlevel
import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework import (
    App,
    BackgroundTask,
    HTTPException,
    Middleware,
    RedirectResponse,
    Request,
    Response,
    Router,
    StreamingResponse,
    WebSocket,
)
from framework.checker import Breach, Checker
from framework.routes import CallNext
from framework.types import ASGIApp, Message, Receive, Scope, Send
from tests.driver import check_http, faults, http_scope
from tests.protocols import Conversation, check_websocket, websocket_scope


class Boom(Exception):
    """What the app raises on purpose."""


# The app


class Stamping:
    """ASGI middleware that changes what passes in both directions."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def stamp(message: Message) -> None:
            if message["type"].endswith("http.response.start"):
                message["headers"] = [*message["headers"], (b"x-stamp", b"1")]
            await send(message)

        await self.app(dict(scope), receive, stamp)


class Reading(Stamping):
    """ASGI middleware that needs the body itself, and passes it on."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        body = await Request(scope, receive).body()
        if len(body) > 4:
            raise HTTPException(413)
        again: list[Message] = [{"type": "http.request", "body": body}]

        async def replay() -> Message:
            return again.pop() if again else await receive()

        await self.app(scope, replay, send)


async def raw(scope: Scope, receive: Receive, send: Send) -> None:
    """An app by hand, that knows of HTTP only and fails for a body."""
    if scope["type"] != "http":
        raise HTTPException(403)
    message = await receive()
    if message.get("body"):
        raise Boom
    start: Message = {"type": "http.response.start", "status": 200, "headers": []}
    text = b"" if scope["method"] == "HEAD" else scope["path"].encode()
    body: Message = {"type": "http.response.body", "body": text}
    try:
        for message in (start, {**body, "more_body": True}, {"type": "http.response.body"}):
            await send(message)
    except BrokenPipeError:
        return


async def tag(request: Request, call_next: CallNext) -> Response:
    response = await call_next(request)
    response.headers["x-tag"] = request.url.path.encode("ascii", "ignore").decode()[:9]
    return response


async def strict(request: Request, call_next: CallNext) -> Response:
    if "x-refuse" in request.headers:
        raise HTTPException(403, "You <said> so", {"x-why": "refused"})
    return await call_next(request)


async def text(request: Request) -> str:
    return f"{request.method} {request.url} {request.client} {dict(request.cookies)}"


def plain(request: Request) -> dict[str, Any]:
    return {"query": request.query_params.multi_items(), "base": str(request.base_url)}


async def item(id: int) -> list[int]:
    return [id]


async def tenant_name(tenant: str) -> str:
    return tenant


async def rest(rest: str) -> str:
    return rest


async def body(request: Request) -> bytes:
    return await request.body()


async def parsed(request: Request) -> Any:
    return {"you sent": await request.json()}


async def upload(request: Request) -> AsyncIterator[bytes]:
    yield b"<"
    async for chunk in request.stream():
        yield chunk
    yield b">"


def lines() -> Iterator[str]:
    yield from ("a", "", "b")


async def forever() -> AsyncIterator[bytes]:
    while True:
        yield b"tick"
        await anyio.lowlevel.checkpoint()


async def teapot(status: int) -> None:
    raise HTTPException(status if 400 <= status <= 599 else 418)


async def boom() -> None:
    raise Boom


async def late() -> AsyncIterator[str]:
    yield "begun"
    raise Boom


async def work() -> Response:
    return Response("working", background=BackgroundTask(anyio.lowlevel.checkpoint))


async def failing_work() -> Response:
    async def fail() -> None:
        raise Boom

    return StreamingResponse(["working"], background=fail)


async def somewhere(request: Request) -> Response:
    return RedirectResponse(request.url_for("item", id=7))


def expected(request: Request, error: Exception) -> Any:
    return {"error": type(error).__name__, "path": request.url.path}


class Thing:
    """A handler with a method for each verb."""

    async def get(self) -> None:
        raise LookupError

    def post(self, request: Request) -> list[str]:
        return list(request.headers)

    async def options(self) -> str:
        return "anything"


async def echo(websocket: WebSocket) -> None:
    await websocket.accept(next(iter(websocket.subprotocols), None), {"x-hello": "you"})
    async for message in websocket.iter_text():
        await websocket.send_text(message)


async def echo_json(websocket: WebSocket) -> None:
    await websocket.accept()
    while True:
        await websocket.send_json(await websocket.receive_json())


async def one_of_each(websocket: WebSocket, id: int) -> None:
    await websocket.accept()
    await websocket.send_bytes(await websocket.receive_bytes())
    await websocket.close(3000 + id % 1000, "enough")


async def unanswered(websocket: WebSocket) -> None: ...


async def refused(websocket: WebSocket) -> None:
    raise HTTPException(401, str(websocket.url))


async def accepted_and_refused(websocket: WebSocket) -> None:
    await websocket.accept()
    raise HTTPException(503)


async def socket_boom(websocket: WebSocket) -> None:
    if websocket.query_params:
        await websocket.accept()
    raise Boom


@asynccontextmanager
async def lifespan(app: App) -> AsyncGenerator[dict[str, Any]]:
    yield {"started": True}


def everything(**options: Any) -> App:
    """An app with every kind of route, once with this and once with that around it."""
    router = Router(prefix="/r", middleware=[strict, Middleware(Reading)])
    router.add_route("/text", text, methods=["GET", "PURGE"])
    router.add_route("/body", body, methods=["POST"])
    router.add_websocket_route("/ws", echo)
    tenant = Router(host="{tenant}.example.com")
    tenant.add_route("/text", tenant_name)
    app = App(**options)
    app.exception_handler(LookupError)(expected)
    app.exception_handler(405)(expected)
    app.add_route("/", text)
    app.add_route("/text", text, middleware=[tag, strict])
    app.add_route("/plain", plain, status_code=201)
    app.add_route("/items/{id:int}", item, name="item")
    app.add_route("/rest/{rest:path}", rest)
    app.add_route("/body", body, ["POST", "QUERY"])
    app.add_route("/json", parsed, ["POST", "PUT"])
    app.add_route("/upload", upload, ["POST"], middleware=[tag])
    app.add_route("/lines/", lines)
    app.add_route("/forever", forever)
    app.add_route("/teapot/{status:int}", teapot)
    app.add_route("/boom", boom, ["GET", "POST"])
    app.add_route("/late", late)
    app.add_route("/work", work)
    app.add_route("/failing", failing_work)
    app.add_route("/somewhere", somewhere)
    app.add_route("/thing", Thing)
    app.add_websocket_route("/ws", echo)
    app.add_websocket_route("/ws/json", echo_json)
    app.add_websocket_route("/ws/{id:int}", one_of_each)
    app.add_websocket_route("/unanswered", unanswered)
    app.add_websocket_route("/refused", refused)
    app.add_websocket_route("/then/refused", accepted_and_refused)
    app.add_websocket_route("/boom", socket_boom)
    app.include(router)
    app.include(tenant)
    inner = App(lifespan=lifespan)
    inner.add_route("/text", text)
    inner.add_route("/boom", boom)
    inner.add_websocket_route("/ws", echo)
    app.mount("/inner", inner)
    app.mount("/raw", raw)
    app.mount("/stripped", raw, strip=True)
    return app


APPS = [
    everything(),
    everything(
        middleware=[Middleware(Stamping), tag, strict], lifespan=lifespan, trailing_slash="strict"
    ),
    everything(middleware=[Middleware(Reading), Middleware(Stamping)]),
]


# What servers send

PATHS = [
    "/",
    "/text",
    "/plain",
    "/items/7",
    "/items/x",
    "/rest/",
    "/rest/a/b",
    "/body",
    "/json",
    "/upload",
    "/lines",
    "/lines/",
    "/forever",
    "/teapot/404",
    "/teapot/7",
    "/boom",
    "/late",
    "/work",
    "/failing",
    "/somewhere",
    "/thing",
    "/r/text",
    "/r/body",
    "/inner",
    "/inner/text",
    "/inner/boom",
    "/inner/nothing",
    "/raw",
    "/raw/x",
    "/stripped",
    "/stripped/x",
    "/ws",
    "/ws/",
    "/ws/json",
    "/ws/7",
    "/unanswered",
    "/refused",
    "/then/refused",
    "/r/ws",
    "/inner/ws",
    "/nothing",
    "//text",
    "*",
]
SEGMENTS = st.one_of(
    st.sampled_from(["", ".", "..", "text", "items", "7", "rest", "ws", "inner", "raw"]),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=4),
)
ANY_PATH = st.lists(SEGMENTS, max_size=4).map(lambda segments: "/" + "/".join(segments))
HEADERS = st.tuples(
    st.sampled_from(
        [
            "host",
            "accept",
            "content-length",
            "content-type",
            "cookie",
            "x-refuse",
            "expect",
            "x-forwarded-host",
        ]
    ).map(str.encode),
    st.one_of(
        st.sampled_from(
            [
                b"example.com",
                b"a.example.com:80",
                b"user@evil/",
                b"text/html",
                b"*/*;q=0.5, text/plain",
                b"application/json",
                b"application/json; charset=latin-1",
                b"3",
                b"99999999999",
                b"a=1; b=2; __Host-c=3",
            ]
        ),
        st.binary(max_size=6).map(lambda value: value.translate(None, b"\0\r\n").strip()),
    ),
)
EXTENSIONS: list[dict[str, dict[str, Any]] | None] = [{}, None, {"websocket.http.response": {}}]
ENDS: list[dict[str, Any]] = [
    {},
    {"code": 1000},
    {"code": 1006, "reason": None},
    {"reason": "bye"},
]
BODY = st.one_of(
    st.sampled_from([b"", b'{"a": 1}', b"[", b'"\\ud800"', b"[NaN]"]), st.binary(max_size=6)
)


@st.composite
def scopes(draw: st.DrawFn, kind: str) -> Scope:
    """A scope of the specification; what is optional there may be missing."""
    path = draw(st.one_of(st.sampled_from(PATHS), ANY_PATH))
    raw_path = quote(path, safe=draw(st.sampled_from(["/", "/:@!$&'()*+,;="]))).encode()
    root_path = draw(st.sampled_from(["", "/root", "/root/"]))
    if root_path and draw(st.booleans()):
        path, raw_path = root_path.rstrip("/") + path, root_path.rstrip("/").encode() + raw_path
    pair = draw(st.sampled_from([tuple, list]))
    optional: dict[str, Any] = {
        "raw_path": draw(st.sampled_from([raw_path, None])),
        "root_path": root_path,
        "scheme": draw(st.sampled_from(["http", "https"] if kind == "http" else ["ws", "wss"])),
        "query_string": draw(st.one_of(st.just(b"a=1&b=%ff&=&c"), st.binary(max_size=5))),
        "client": draw(st.sampled_from([("127.0.0.1", 1), ["::1", 2], None])),
        "server": draw(st.sampled_from([("localhost", 80), ("/run/app.sock", None), None])),
        "state": {},
        "extensions": draw(st.sampled_from(EXTENSIONS)),
        "subprotocols": draw(st.sampled_from([[], ["a", "b"]])),
    }
    needed = {"query_string"} if kind == "http" else set[str]()
    if root_path:
        needed.add("root_path")
    for key in draw(st.sets(st.sampled_from(sorted(optional.keys() - needed)))):
        del optional[key]
    if kind == "http":
        optional.pop("subprotocols", None)
        optional["method"] = draw(
            st.sampled_from(
                [
                    "GET",
                    "HEAD",
                    "POST",
                    "PUT",
                    "OPTIONS",
                    "QUERY",
                    "PURGE",
                    "get",
                    "CONNECT",
                    "TRACE",
                ]
            )
        )
    return {
        "type": kind,
        "asgi": draw(
            st.sampled_from([{"version": "3.0"}, {"version": "3.0", "spec_version": "2.5"}])
        ),
        "http_version": draw(st.sampled_from(["1.0", "1.1", "2", "3"])),
        "path": path,
        "headers": [pair(field) for field in draw(st.lists(HEADERS, max_size=5))],
        **optional,
    }


@st.composite
def requests(draw: st.DrawFn) -> list[Message]:
    """The messages of a request; the client may leave before their end."""
    chunks = draw(st.lists(BODY, min_size=1, max_size=3))
    messages: list[Message] = []
    for index, chunk in enumerate(chunks):
        message: Message = {"type": "http.request"}
        if chunk or draw(st.booleans()):
            message["body"] = chunk
        more = index + 1 < len(chunks)
        if more or draw(st.booleans()):
            message["more_body"] = more
        messages.append(message)
    left = draw(st.integers(0, len(messages)))
    return [*messages[:left], {"type": "http.disconnect"}] if draw(st.booleans()) else messages


@st.composite
def frames(draw: st.DrawFn) -> list[Message]:
    """The messages of a socket, to its end."""
    data = st.one_of(st.sampled_from(["", "hello", '{"a": 1}']), st.binary(max_size=3))
    messages: list[Message] = [{"type": "websocket.connect"}]
    for value in draw(st.lists(data, max_size=3)):
        key, other = ("text", "bytes") if isinstance(value, str) else ("bytes", "text")
        message: Message = {"type": "websocket.receive", key: value}
        if draw(st.booleans()):
            message[other] = None
        messages.append(message)
    messages.append({"type": "websocket.disconnect", **draw(st.sampled_from(ENDS))})
    return messages[draw(st.sampled_from([0, 0, 0, len(messages) - 1])) :]


class Server:
    """Hands out messages; when `patience` messages were sent, the client is gone and sending fails."""

    def __init__(self, messages: list[Message], patience: int) -> None:
        self.incoming = list(messages)
        self.patience = patience
        self.talk = Conversation()
        self.violations: list[Breach] = []
        self.is_left = False

    async def receive(self) -> Message:
        await anyio.lowlevel.checkpoint()
        if not self.incoming:
            await anyio.sleep_forever()
        message = self.incoming.pop(0)
        self.is_left = self.is_left or message["type"].endswith(".disconnect")
        return message

    async def send(self, message: Message) -> None:
        if len(self.talk.messages) == self.patience:
            self.is_left = True
            raise BrokenPipeError
        await self.talk.send(message)

    async def serve(self, app: ASGIApp, scope: Scope) -> None:
        """Serve one connection; the app may hang only where a stream has no end."""
        with anyio.fail_after(5):
            try:
                await Checker(app, on_violation=self.violations.append)(
                    scope, self.receive, self.send
                )
            except Boom as error:
                self.talk.error = error
        assert not faults(map(str, self.violations))

    @property
    def is_finished(self) -> bool:
        """Whether the app must have said everything."""
        return self.talk.error is None and not self.is_left


REQUESTS: list[tuple[list[tuple[bytes, bytes]], bytes]] = [
    ([], b""),
    ([(b"x-refuse", b"1")], b"a"),
    ([(b"host", b"a.example.com"), (b"content-type", b"application/json")], b'{"a": 1}'),
]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("patience", [1, 20])
async def test_every_path_answers_every_method(path: str, patience: int) -> None:
    for app in APPS:
        for method in ("GET", "POST", "OPTIONS"):
            for headers, body in REQUESTS:
                server = Server([{"type": "http.request", "body": body}], patience)
                await server.serve(app, {**http_scope(method, path), "headers": headers})
                check_http(server.talk.messages, method, finished=server.is_finished)


@pytest.mark.parametrize("path", PATHS)
async def test_every_path_answers_every_handshake(path: str) -> None:
    for app in APPS:
        for query in (b"", b"a=1"):
            for data in ({"text": "{}"}, {"bytes": b"{}"}):
                server = Server(
                    [
                        {"type": "websocket.connect"},
                        {"type": "websocket.receive", **data},
                        {"type": "websocket.disconnect"},
                    ],
                    20,
                )
                scope = websocket_scope(path, query_string=query)
                await server.serve(app, scope)
                check_websocket(server.talk.messages, finished=server.is_finished)


PATIENCE = st.sampled_from([0, 1, 2, 3, 20, 20, 20])


@given(st.sampled_from(APPS), scopes("http"), requests(), PATIENCE)
async def test_every_request_gets_a_conforming_answer(
    app: App, scope: Scope, messages: list[Message], patience: int
) -> None:
    server = Server(messages, patience)
    await server.serve(app, scope)
    check_http(server.talk.messages, scope["method"], finished=server.is_finished)


@given(st.sampled_from(APPS), scopes("websocket"), frames(), PATIENCE)
async def test_every_socket_has_a_conforming_conversation(
    app: App, scope: Scope, messages: list[Message], patience: int
) -> None:
    server = Server(messages, patience)
    await server.serve(app, scope)
    check_websocket(server.talk.messages, finished=server.is_finished)


@given(
    st.sampled_from([App, *(lambda app=app: app for app in APPS), lambda: App(lifespan=lifespan)]),
    st.sampled_from([{}, {"state": {}}, {"state": {"of": "the server"}}]),
    st.sampled_from(["3.0", "2.0"]),
)
async def test_every_lifespan_is_a_conforming_conversation(
    make: Any, optional: dict[str, Any], version: str
) -> None:
    server = Server([{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}], 2)
    scope = {"type": "lifespan", "asgi": {"version": version}, **optional}
    try:
        await server.serve(make(), scope)
    except Exception as error:
        server.talk.error = error
        assert "state" not in scope
