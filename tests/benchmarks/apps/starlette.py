"""Starlette: https://www.starlette.io, whose forms need the package python-multipart; it names
sse-starlette for server-sent events, and a2wsgi for WSGI. Request ids are by asgi-correlation-id.
"""

from collections.abc import AsyncIterator

from a2wsgi import WSGIMiddleware
from asgi_correlation_id import CorrelationIdMiddleware
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.applications import Starlette
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.websockets import WebSocket

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


async def home(request: Request) -> PlainTextResponse:
    return PlainTextResponse("Hello, World!")


async def message(request: Request) -> JSONResponse:
    return JSONResponse({"message": "Hello, World!"})


async def item(request: Request) -> PlainTextResponse:
    return PlainTextResponse(str(request.path_params["id"] * 2))


async def search(request: Request) -> PlainTextResponse:
    q = request.query_params["q"]
    return PlainTextResponse(f"{q} {request.headers['x-request-id']}")


async def echo(request: Request) -> JSONResponse:
    return JSONResponse(await request.json())


async def form(request: Request) -> PlainTextResponse:
    async with request.form() as form:
        return PlainTextResponse(str(form["name"]))


async def multipart(request: Request) -> PlainTextResponse:
    async with request.form() as form:
        file = form["file"]
        return PlainTextResponse(str(file.size if isinstance(file, UploadFile) else None))


async def upload(request: Request) -> PlainTextResponse:
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
    return PlainTextResponse(str(size))


async def echo_messages(websocket: WebSocket) -> None:
    await websocket.accept()
    async for message in websocket.iter_text():
        await websocket.send_text(message)


async def ticks() -> AsyncIterator[ServerSentEvent]:
    for id, data in EVENTS:
        yield ServerSentEvent(data, event="tick", id=id)


async def events(request: Request) -> EventSourceResponse:
    return EventSourceResponse(ticks())


async def chunks() -> AsyncIterator[bytes]:
    for _ in range(CHUNKS):
        yield CHUNK


async def stream(request: Request) -> StreamingResponse:
    return StreamingResponse(chunks(), media_type="application/octet-stream")


async def long(request: Request) -> PlainTextResponse:
    return PlainTextResponse(LONG)


async def login(request: Request) -> PlainTextResponse:
    request.session["name"] = "Ada Lovelace"
    return PlainTextResponse("welcome")


async def name(request: Request) -> PlainTextResponse:
    return PlainTextResponse(request.session["name"])


def in_thread(request: Request) -> PlainTextResponse:
    return PlainTextResponse(where())


async def order(request: Request) -> JSONResponse:
    id = request.path_params["id"]
    if id > len(ORDERS):
        raise HTTPException(404)
    return JSONResponse({"user": request.session["name"], "order": ORDERS[id - 1]})


async def orders(request: Request) -> JSONResponse:
    return JSONResponse({"user": request.session["name"], "orders": ORDERS})


async def problem(request: Request, error: HTTPException) -> JSONResponse:
    return JSONResponse(
        {"type": "about:blank", "title": error.detail, "status": error.status_code},
        status_code=error.status_code,
        headers=error.headers,
        media_type="application/problem+json",
    )


async def show(request: Request) -> PlainTextResponse:
    return PlainTextResponse(",".join(("ok", *request.path_params.values())))


class Nested(BaseHTTPMiddleware):
    async def dispatch(self, request: Request, call_next: RequestResponseEndpoint) -> Response:
        return await call_next(request)


routes = [
    Route("/", home),
    Route("/json", message),
    Route("/items/{id:int}", item),
    Route("/search", search),
    Route("/echo", echo, methods=["POST"]),
]
github_routes = [Route(route.pattern, show, methods=[route.method]) for route in ROUTES]

plain = Starlette(routes=routes)
github = Starlette(routes=[*routes, *github_routes])
wrapped = Starlette(routes=routes, middleware=[Middleware(PassThrough)] * LAYERS)
nested = Starlette(routes=routes, middleware=[Middleware(Nested)] * LAYERS)
bodies = Starlette(
    routes=[
        Route("/form", form, methods=["POST"]),
        Route("/multipart", multipart, methods=["POST"]),
        Route("/upload", upload, methods=["POST"]),
    ]
)
streams = Starlette(
    routes=[
        WebSocketRoute("/ws", echo_messages),
        Route("/events", events),
        Route("/stream", stream),
    ]
)
mounted = Starlette(routes=[Mount("/old", WSGIMiddleware(application))])
files = Starlette(routes=[Mount("/static", StaticFiles(directory=FOLDER))])
compressed = Starlette(routes=[Route("/long", long)], middleware=[Middleware(GZipMiddleware)])
cors = Starlette(routes=routes, middleware=[Middleware(CORSMiddleware, allow_origins=[ORIGIN])])
sessions = Starlette(
    routes=[Route("/login", login), Route("/name", name)],
    middleware=[Middleware(SessionMiddleware, secret_key=SECRET)],
)
threads = Starlette(routes=[Route("/", in_thread)])
api = Starlette(
    routes=[
        Route("/login", login),
        Route("/orders", orders),
        Route("/orders/{id:int}", order),
    ],
    middleware=[
        Middleware(CorrelationIdMiddleware),
        Middleware(CORSMiddleware, allow_origins=[ORIGIN]),
        Middleware(GZipMiddleware),
        Middleware(SessionMiddleware, secret_key=SECRET),
    ],
    exception_handlers={HTTPException: problem},
)


def many(paths: list[str]) -> Starlette:
    routes = [Route(path.replace("{id}", "{id:int}"), item) for path in paths]
    return Starlette(routes=routes)
