"""Litestar: https://docs.litestar.dev. It has no middleware of functions: its middlewares are all
ASGI callables. Its sessions in cookies are encrypted by the package cryptography; request ids are by
asgi-correlation-id.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated, Any

from asgi_correlation_id import CorrelationIdMiddleware
from litestar import Litestar, MediaType, Request, WebSocket, get, post, route, websocket
from litestar.config.compression import CompressionConfig
from litestar.config.cors import CORSConfig
from litestar.datastructures import UploadFile
from litestar.enums import RequestEncodingType
from litestar.exceptions import NotFoundException, WebSocketDisconnect
from litestar.middleware import DefineMiddleware
from litestar.middleware.session.client_side import CookieBackendConfig
from litestar.params import Body
from litestar.plugins.problem_details import ProblemDetailsConfig, ProblemDetailsPlugin
from litestar.response import ServerSentEvent, ServerSentEventMessage, Stream
from litestar.static_files import create_static_files_router

from tests.benchmarks.asgi import CHUNK, CHUNKS, EVENTS, LAYERS, PassThrough, where
from tests.benchmarks.assets import FOLDER, LONG, ORDERS, ORIGIN, SECRET
from tests.benchmarks.github import PARAMETER, ROUTES

__all__ = [
    "api",
    "bodies",
    "compressed",
    "cors",
    "files",
    "github",
    "many",
    "plain",
    "sessions",
    "streams",
    "threads",
    "wrapped",
]


@get("/", media_type=MediaType.TEXT)
async def home() -> str:
    return "Hello, World!"


@get("/json")
async def message() -> dict[str, str]:
    return {"message": "Hello, World!"}


@get("/items/{item_id:int}", media_type=MediaType.TEXT)
async def item(item_id: int) -> str:
    return str(item_id * 2)


@get("/search", media_type=MediaType.TEXT)
async def search(request: Request[Any, Any, Any], q: str) -> str:
    return f"{q} {request.headers['x-request-id']}"


@post("/echo", status_code=200)
async def echo(data: dict[str, Any]) -> dict[str, Any]:
    return data


@post("/form", status_code=200, media_type=MediaType.TEXT)
async def form(
    data: Annotated[dict[str, str], Body(media_type=RequestEncodingType.URL_ENCODED)],
) -> str:
    return data["name"]


@dataclass
class Photo:
    name: str
    email: str
    message: str
    file: UploadFile


@post("/multipart", status_code=200, media_type=MediaType.TEXT)
async def multipart(
    data: Annotated[Photo, Body(media_type=RequestEncodingType.MULTI_PART)],
) -> str:
    return str(len(await data.file.read()))


@post("/upload", status_code=200, media_type=MediaType.TEXT, request_max_body_size=None)
async def upload(request: Request[Any, Any, Any]) -> str:
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
    return str(size)


@websocket("/ws")
async def echo_messages(socket: WebSocket[Any, Any, Any]) -> None:
    await socket.accept()
    try:
        while True:
            message = await socket.receive_text()
            await socket.send_text(message)
    except WebSocketDisconnect:
        pass


async def ticks() -> AsyncIterator[ServerSentEventMessage]:
    for id, data in EVENTS:
        yield ServerSentEventMessage(data, event="tick", id=id)


@get("/events")
async def events() -> ServerSentEvent:
    return ServerSentEvent(ticks())


async def chunks() -> AsyncIterator[bytes]:
    for _ in range(CHUNKS):
        yield CHUNK


@get("/stream", media_type="application/octet-stream")
async def stream() -> Stream:
    return Stream(chunks())


@get("/long", media_type=MediaType.TEXT)
async def long() -> str:
    return LONG


@get("/login", media_type=MediaType.TEXT)
async def login(request: Request[Any, Any, Any]) -> str:
    request.session["name"] = "Ada Lovelace"
    return "welcome"


@get("/name", media_type=MediaType.TEXT)
async def name(request: Request[Any, Any, Any]) -> str:
    return str(request.session["name"])


@get("/", media_type=MediaType.TEXT, sync_to_thread=True)
def in_thread() -> str:
    return where()


@get("/orders/{order_id:int}")
async def order(request: Request[Any, Any, Any], order_id: int) -> dict[str, Any]:
    if order_id > len(ORDERS):
        raise NotFoundException
    return {"user": request.session["name"], "order": ORDERS[order_id - 1]}


@get("/orders")
async def orders(request: Request[Any, Any, Any]) -> dict[str, Any]:
    return {"user": request.session["name"], "orders": ORDERS}


async def show(request: Request[Any, Any, Any]) -> str:
    return ",".join(("ok", *request.path_params.values()))


handlers = [home, message, item, search, echo]
github_handlers = [
    route(
        PARAMETER.sub(r"{\1_:str}", entry.pattern),  # no plain names: it reserves `state`
        http_method=entry.method,  # type: ignore[arg-type]
        status_code=200,
        media_type=MediaType.TEXT,
    )(show)
    for entry in ROUTES
]

plain = Litestar([*handlers])
github = Litestar([*handlers, *github_handlers])
wrapped = Litestar([*handlers], middleware=[DefineMiddleware(PassThrough)] * LAYERS)
bodies = Litestar([form, multipart, upload])
streams = Litestar([echo_messages, events, stream])
files = Litestar([create_static_files_router(path="/static", directories=[FOLDER])])
compressed = Litestar([long], compression_config=CompressionConfig(backend="gzip"))
cors = Litestar([home], cors_config=CORSConfig(allow_origins=[ORIGIN]))
signed = CookieBackendConfig(secret=SECRET.encode())
sessions = Litestar([login, name], middleware=[signed.middleware])
threads = Litestar([in_thread])
problems = ProblemDetailsPlugin(ProblemDetailsConfig(enable_for_all_http_exceptions=True))
api = Litestar(
    [login, order, orders],
    middleware=[DefineMiddleware(CorrelationIdMiddleware), signed.middleware],
    compression_config=CompressionConfig(backend="gzip"),
    cors_config=CORSConfig(allow_origins=[ORIGIN]),
    plugins=[problems],
)


def many(paths: list[str]) -> Litestar:
    handlers = [
        get(path.replace("{id}", "{item_id:int}"), media_type=MediaType.TEXT)(item.fn)
        for path in paths
    ]
    return Litestar(handlers)
