"""Litestar: https://docs.litestar.dev. It has no middleware of functions: its middlewares are all
ASGI callables.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated, Any

from litestar import Litestar, MediaType, Request, WebSocket, get, post, route, websocket
from litestar.datastructures import UploadFile
from litestar.enums import RequestEncodingType
from litestar.exceptions import WebSocketDisconnect
from litestar.middleware import DefineMiddleware
from litestar.params import Body
from litestar.response import ServerSentEvent, ServerSentEventMessage, Stream

from tests.benchmarks.asgi import CHUNK, CHUNKS, EVENTS, LAYERS, PassThrough
from tests.benchmarks.github import PARAMETER, ROUTES

__all__ = ["bodies", "github", "plain", "streams", "wrapped"]


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
