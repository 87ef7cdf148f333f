"""BlackSheep: https://www.neoteroi.dev/blacksheep/. Request ids are by asgi-correlation-id. Plain
handlers run in the event loop.
"""

import json as json_module
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from asgi_correlation_id import CorrelationIdMiddleware
from blacksheep import (
    Application,
    Content,
    Request,
    Response,
    Router,
    StreamedContent,
    WebSocket,
    WebSocketDisconnectError,
    json,
    text,
)
from blacksheep.exceptions import HTTPException
from blacksheep.server.compression import use_gzip_compression
from blacksheep.server.sse import ServerSentEventsResponse, TextServerSentEvent

from tests.benchmarks.asgi import CHUNK, CHUNKS, EVENTS, LAYERS, PassThrough, where
from tests.benchmarks.assets import FOLDER, LONG, ORDERS, ORIGIN, SECRET
from tests.benchmarks.github import ROUTES

__all__ = [
    "api",
    "bodies",
    "compressed",
    "cors",
    "files",
    "github",
    "many",
    "nested",
    "plain",
    "sessions",
    "streams",
    "threads",
    "wrapped",
]


async def home() -> Response:
    return text("Hello, World!")


async def message() -> Response:
    return json({"message": "Hello, World!"})


async def item(id: int) -> Response:
    return text(str(id * 2))


async def search(request: Request, q: str) -> Response:
    request_id = request.get_first_header(b"x-request-id") or b""
    return text(f"{q} {request_id.decode()}")


async def echo(request: Request) -> Response:
    return json(await request.json())


async def form(request: Request) -> Response:
    form: Any = await request.form()
    return text(form["name"])


async def multipart(request: Request) -> Response:
    form: Any = await request.form()
    return text(str(form["file"][0].size))


async def upload(request: Request) -> Response:
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
    return text(str(size))


async def echo_messages(websocket: WebSocket) -> None:
    await websocket.accept()
    try:
        while True:
            message = await websocket.receive_text()
            await websocket.send_text(message)
    except WebSocketDisconnectError:
        pass


async def ticks() -> AsyncIterator[TextServerSentEvent]:
    for id, data in EVENTS:
        yield TextServerSentEvent(data, event="tick", id=id)


async def events() -> Response:
    return ServerSentEventsResponse(ticks)


async def chunks() -> AsyncIterator[bytes]:
    for _ in range(CHUNKS):
        yield CHUNK


async def stream() -> Response:
    return Response(200, content=StreamedContent(b"application/octet-stream", chunks))


async def long() -> Response:
    return text(LONG)


async def login(request: Request) -> Response:
    request.session["name"] = "Ada Lovelace"
    return text("welcome")


async def name(request: Request) -> Response:
    return text(request.session["name"])


def in_thread() -> Response:
    return text(where())


async def order(request: Request, id: int) -> Response:
    if id > len(ORDERS):
        raise HTTPException(404, "Not Found")
    return json({"user": request.session["name"], "order": ORDERS[id - 1]})


async def orders(request: Request) -> Response:
    return json({"user": request.session["name"], "orders": ORDERS})


async def problem(self: Application, request: Request, error: HTTPException) -> Response:
    details = {"type": "about:blank", "title": str(error), "status": error.status}
    content = Content(b"application/problem+json", json_module.dumps(details).encode())
    return Response(error.status, content=content)


async def show(request: Request) -> Response:
    values = request.route_values or {}
    return text(",".join(("ok", *(value or "" for value in values.values()))))


async def passing(request: Request, handler: Callable[[Request], Awaitable[Response]]) -> Response:
    return await handler(request)


def build() -> Application:
    app = Application(router=Router())
    app.router.add_get("/", home)
    app.router.add_get("/json", message)
    app.router.add_get("/items/{int:id}", item)
    app.router.add_get("/search", search)
    app.router.add_post("/echo", echo)
    return app


plain = build()

github = build()
for route in ROUTES:
    github.router.add(route.method, route.pattern, show)

wrapped: Any = build()
for _ in range(LAYERS):
    wrapped = PassThrough(wrapped)

nested = build()
nested.middlewares.extend([passing] * LAYERS)

bodies = Application(router=Router())
bodies.router.add_post("/form", form)
bodies.router.add_post("/multipart", multipart)
bodies.router.add_post("/upload", upload)

streams = Application(router=Router())
streams.router.add_ws("/ws", echo_messages)
streams.router.add_get("/events", events)
streams.router.add_get("/stream", stream)

files = Application(router=Router())
files.serve_files(FOLDER, root_path="static", extensions={".css", ".bin"}, cache_time=0)

compressed = Application(router=Router())
compressed.router.add_get("/long", long)
use_gzip_compression(compressed)

cors = build()
cors.use_cors(allow_origins=ORIGIN, allow_methods="*")

sessions = Application(router=Router())
sessions.use_sessions(SECRET)
sessions.router.add_get("/login", login)
sessions.router.add_get("/name", name)

threads = Application(router=Router())
threads.router.add_get("/", in_thread)

orders_api = Application(router=Router())
orders_api.use_sessions(SECRET)
orders_api.use_cors(allow_origins=ORIGIN, allow_methods="*")
use_gzip_compression(orders_api)
orders_api.exceptions_handlers[404] = problem
orders_api.router.add_get("/login", login)
orders_api.router.add_get("/orders", orders)
orders_api.router.add_get("/orders/{int:id}", order)

api: Any = CorrelationIdMiddleware(orders_api)


def many(paths: list[str]) -> Application:
    app = Application(router=Router())
    for path in paths:
        app.router.add_get(path.replace("{id}", "{int:id}"), item)
    return app
