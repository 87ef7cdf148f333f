"""Ours."""

from collections.abc import AsyncIterator
from typing import Any

from framework import (
    App,
    EventSourceResponse,
    HTTPException,
    Limits,
    Request,
    Response,
    ServerSentEvent,
    StreamingResponse,
    WebSocket,
)
from framework.middleware.compression import CompressionMiddleware
from framework.middleware.cors import CORSMiddleware
from framework.middleware.request_id import RequestIDMiddleware
from framework.middleware.sessions import SessionMiddleware
from framework.staticfiles import StaticFiles
from framework.wsgi import WSGI
from tests.benchmarks.asgi import CHUNK, CHUNKS, EVENTS, LAYERS, PassThrough, where
from tests.benchmarks.assets import FOLDER, LONG, ORDERS, ORIGIN, SECRET
from tests.benchmarks.github import ROUTES
from tests.benchmarks.wsgi import application

__all__ = [
    "api",
    "bodies",
    "compressed",
    "cors",
    "files",
    "github",
    "kept",
    "many",
    "mounted",
    "nested",
    "plain",
    "sessions",
    "streams",
    "threads",
    "wrapped",
    "wsgi",
]


async def home() -> str:
    return "Hello, World!"


async def message() -> dict[str, str]:
    return {"message": "Hello, World!"}


async def item(id: int) -> str:
    return str(id * 2)


async def search(request: Request) -> str:
    return f"{request.query_params['q']} {request.headers['x-request-id']}"


async def echo(request: Request) -> Any:
    return await request.json()


async def form(request: Request) -> str:
    form = await request.form()
    return str(form["name"])


async def multipart(request: Request) -> str:
    form = await request.form()
    return str(form.files["file"].size)


async def upload(request: Request) -> str:
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
    return str(size)


async def echo_messages(websocket: WebSocket) -> None:
    await websocket.accept()
    async for message in websocket.iter_text():
        await websocket.send_text(message)


async def ticks() -> AsyncIterator[ServerSentEvent]:
    for id, data in EVENTS:
        yield ServerSentEvent(data, event="tick", id=id)


async def events() -> EventSourceResponse:
    return EventSourceResponse(ticks())


async def chunks() -> AsyncIterator[bytes]:
    for _ in range(CHUNKS):
        yield CHUNK


async def stream() -> StreamingResponse:
    return StreamingResponse(chunks())


async def long() -> str:
    return LONG


async def login(request: Request) -> str:
    request.session["name"] = "Ada Lovelace"
    return "welcome"


async def name(request: Request) -> str:
    return str(request.session["name"])


async def order(request: Request, id: int) -> dict[str, Any]:
    if id > len(ORDERS):
        raise HTTPException(404)
    return {"user": request.session["name"], "order": ORDERS[id - 1]}


async def orders(request: Request) -> dict[str, Any]:
    return {"user": request.session["name"], "orders": ORDERS}


async def show(request: Request) -> str:
    return ",".join(("ok", *request.path_params.values()))


async def passing(request: Request, call_next: Any) -> Response:
    response: Response = await call_next(request)
    return response


def build() -> App:
    app = App()
    app.get("/")(home)
    app.get("/json")(message)
    app.get("/items/{id}")(item)
    app.get("/search")(search)
    app.post("/echo")(echo)
    return app


plain = build()

github = build()
for route in ROUTES:
    github.route(route.pattern, methods=[route.method])(show)

wrapped = build()
for _ in range(LAYERS):
    wrapped.add_middleware(PassThrough)

nested = build()
for _ in range(LAYERS):
    nested.middleware(passing)

bodies = App()
bodies.post("/form")(form)
bodies.post("/multipart")(multipart)
bodies.post("/upload", limits=Limits(max_body_size=1 << 30))(upload)

streams = App()
streams.websocket("/ws")(echo_messages)
streams.get("/events")(events)
streams.get("/stream")(stream)

wsgi = WSGI(application)

mounted = App()
mounted.mount("/old", WSGI(application))

files = App()
files.mount("/static", StaticFiles(directory=FOLDER))

kept = App()
kept.mount("/static", StaticFiles(directory=FOLDER, fixed=True))

compressed = App()
compressed.get("/long")(long)
compressed.add_middleware(CompressionMiddleware)

cors = build()
cors.add_middleware(CORSMiddleware, allow_origins=[ORIGIN])

sessions = App()
sessions.get("/login")(login)
sessions.get("/name")(name)
sessions.add_middleware(SessionMiddleware, secret_key=SECRET)

threads = App()
threads.get("/")(where)

api = App()
api.get("/login")(login)
api.get("/orders")(orders)
api.get("/orders/{id}")(order)
api.add_middleware(SessionMiddleware, secret_key=SECRET)
api.add_middleware(CompressionMiddleware)
api.add_middleware(CORSMiddleware, allow_origins=[ORIGIN])
api.add_middleware(RequestIDMiddleware, trust_incoming=True)


def many(paths: list[str]) -> App:
    app = App()
    for path in paths:
        app.get(path)(item)
    return app
