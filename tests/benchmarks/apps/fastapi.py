"""FastAPI: https://fastapi.tiangolo.com, whose forms need the package python-multipart, and its sessions
itsdangerous. Its middleware of functions is starlette's BaseHTTPMiddleware. Request ids are by
asgi-correlation-id.
"""

from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable
from typing import Annotated, Any

from a2wsgi import WSGIMiddleware
from asgi_correlation_id import CorrelationIdMiddleware
from fastapi import Body, FastAPI, Form, Header, Request, Response, UploadFile, WebSocket
from fastapi.middleware.cors import CORSMiddleware
from fastapi.middleware.gzip import GZipMiddleware
from fastapi.responses import JSONResponse, PlainTextResponse, StreamingResponse
from fastapi.sse import EventSourceResponse, ServerSentEvent
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException
from starlette.middleware.sessions import SessionMiddleware
from starlette.websockets import WebSocketDisconnect

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
    "many",
    "mounted",
    "nested",
    "plain",
    "sessions",
    "streams",
    "threads",
    "wrapped",
]


async def home() -> str:
    return "Hello, World!"


async def message() -> dict[str, str]:
    return {"message": "Hello, World!"}


async def item(id: int) -> str:
    return str(id * 2)


async def search(q: str, x_request_id: Annotated[str, Header()]) -> str:
    return f"{q} {x_request_id}"


async def echo(document: Annotated[dict[str, Any], Body()]) -> dict[str, Any]:
    return document


async def form(name: Annotated[str, Form()]) -> str:
    return name


async def multipart(file: UploadFile, name: Annotated[str, Form()]) -> str:
    return str(file.size)


async def upload(request: Request) -> str:
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
    return str(size)


async def echo_messages(websocket: WebSocket) -> None:
    await websocket.accept()
    try:
        while True:
            message = await websocket.receive_text()
            await websocket.send_text(message)
    except WebSocketDisconnect:
        pass


async def ticks() -> AsyncIterable[ServerSentEvent]:
    for id, data in EVENTS:
        yield ServerSentEvent(raw_data=data, event="tick", id=id)


async def chunks() -> AsyncIterator[bytes]:
    for _ in range(CHUNKS):
        yield CHUNK


async def stream() -> StreamingResponse:
    return StreamingResponse(chunks(), media_type="application/octet-stream")


async def long() -> str:
    return LONG


async def login(request: Request) -> str:
    request.session["name"] = "Ada Lovelace"
    return "welcome"


async def name(request: Request) -> str:
    return str(request.session["name"])


def in_thread() -> str:
    return where()


async def order(request: Request, id: int) -> dict[str, Any]:
    if id > len(ORDERS):
        raise HTTPException(404)
    return {"user": request.session["name"], "order": ORDERS[id - 1]}


async def orders(request: Request) -> dict[str, Any]:
    return {"user": request.session["name"], "orders": ORDERS}


async def problem(request: Request, error: HTTPException) -> JSONResponse:
    return JSONResponse(
        {"type": "about:blank", "title": error.detail, "status": error.status_code},
        status_code=error.status_code,
        headers=error.headers,
        media_type="application/problem+json",
    )


async def show(request: Request) -> str:
    return ",".join(("ok", *request.path_params.values()))


async def passing(
    request: Request, call_next: Callable[[Request], Awaitable[Response]]
) -> Response:
    return await call_next(request)


def build() -> FastAPI:
    app = FastAPI()
    app.get("/", response_class=PlainTextResponse)(home)
    app.get("/json")(message)
    app.get("/items/{id}", response_class=PlainTextResponse)(item)
    app.get("/search", response_class=PlainTextResponse)(search)
    app.post("/echo")(echo)
    return app


plain = build()

github = build()
for route in ROUTES:
    methods = [route.method]
    github.api_route(route.pattern, methods=methods, response_class=PlainTextResponse)(show)

wrapped = build()
for _ in range(LAYERS):
    wrapped.add_middleware(PassThrough)

nested = build()
for _ in range(LAYERS):
    nested.middleware("http")(passing)

bodies = FastAPI()
bodies.post("/form", response_class=PlainTextResponse)(form)
bodies.post("/multipart", response_class=PlainTextResponse)(multipart)
bodies.post("/upload", response_class=PlainTextResponse)(upload)

streams = FastAPI()
streams.websocket("/ws")(echo_messages)
streams.get("/events", response_class=EventSourceResponse)(ticks)
streams.get("/stream")(stream)

mounted = FastAPI()
mounted.mount("/old", WSGIMiddleware(application))

files = FastAPI()
files.mount("/static", StaticFiles(directory=FOLDER))

compressed = FastAPI()
compressed.get("/long", response_class=PlainTextResponse)(long)
compressed.add_middleware(GZipMiddleware)

cors = build()
cors.add_middleware(CORSMiddleware, allow_origins=[ORIGIN])

sessions = FastAPI()
sessions.get("/login", response_class=PlainTextResponse)(login)
sessions.get("/name", response_class=PlainTextResponse)(name)
sessions.add_middleware(SessionMiddleware, secret_key=SECRET)

threads = FastAPI()
threads.get("/", response_class=PlainTextResponse)(in_thread)

api = FastAPI(exception_handlers={HTTPException: problem})
api.get("/login")(login)
api.get("/orders")(orders)
api.get("/orders/{id}")(order)
api.add_middleware(SessionMiddleware, secret_key=SECRET)
api.add_middleware(GZipMiddleware)
api.add_middleware(CORSMiddleware, allow_origins=[ORIGIN])
api.add_middleware(CorrelationIdMiddleware)


def many(paths: list[str]) -> FastAPI:
    app = FastAPI()
    for path in paths:
        app.get(path, response_class=PlainTextResponse)(item)
    return app
