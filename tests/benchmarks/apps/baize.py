"""BáiZé: https://baize.aber.sh, a toolkit without an application object: a router of ASGI callables, which
takes no lifespan. It has no routes by method, no compression, CORS or sessions, and runs no plain
functions in threads.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any

from baize.asgi import (
    Files,
    JSONResponse,
    PlainTextResponse,
    Request,
    Response,
    Router,
    SendEventResponse,
    StreamResponse,
    Subpaths,
    WebSocket,
    WebSocketDisconnect,
    decorator,
    request_response,
    websocket_session,
)
from baize.datastructures import UploadFile
from baize.typing import ServerSentEvent

from tests.benchmarks.asgi import CHUNK, CHUNKS, EVENTS, LAYERS, PassThrough
from tests.benchmarks.assets import FOLDER
from tests.benchmarks.github import ROUTES

__all__ = [
    "bodies",
    "files",
    "github",
    "many",
    "nested",
    "plain",
    "streams",
    "wrapped",
]


async def home(request: Request) -> Response:
    return PlainTextResponse("Hello, World!")


async def message(request: Request) -> Response:
    return JSONResponse({"message": "Hello, World!"})


async def item(request: Request) -> Response:
    return PlainTextResponse(str(request.path_params["id"] * 2))


async def search(request: Request) -> Response:
    q = request.query_params["q"]
    return PlainTextResponse(f"{q} {request.headers['x-request-id']}")


async def echo(request: Request) -> Response:
    return JSONResponse(await request.json)


async def form(request: Request) -> Response:
    form = await request.form
    return PlainTextResponse(str(form["name"]))


async def multipart(request: Request) -> Response:
    file = (await request.form)["file"]
    size = len(await file.aread()) if isinstance(file, UploadFile) else None
    return PlainTextResponse(str(size))


async def upload(request: Request) -> Response:
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
    return PlainTextResponse(str(size))


async def echo_messages(websocket: WebSocket) -> None:
    await websocket.accept()
    try:
        while True:
            message = await websocket.receive_text()
            await websocket.send_text(message)
    except WebSocketDisconnect:
        pass


async def ticks() -> AsyncGenerator[ServerSentEvent, None]:
    for id, data in EVENTS:
        yield {"event": "tick", "id": id, "data": data}


async def events(request: Request) -> Response:
    return SendEventResponse(ticks())


async def chunks() -> AsyncGenerator[bytes, None]:
    for _ in range(CHUNKS):
        yield CHUNK


async def stream(request: Request) -> Response:
    return StreamResponse(chunks())


async def show(request: Request) -> Response:
    return PlainTextResponse(",".join(("ok", *request.path_params.values())))


@decorator
async def passing(
    request: Request, next_call: Callable[[Request], Awaitable[Response]]
) -> Response:
    return await next_call(request)


routes: list[Any] = [
    ("/", request_response(home)),
    ("/json", request_response(message)),
    ("/items/{id:int}", request_response(item)),
    ("/search", request_response(search)),
    ("/echo", request_response(echo)),
]
github_routes = [
    (pattern, request_response(show))
    for pattern in dict.fromkeys(route.pattern for route in ROUTES)
]

plain = Router(*routes)
github = Router(*routes, *github_routes)

wrapped: Any = plain
for _ in range(LAYERS):
    wrapped = PassThrough(wrapped)

layers = home
for _ in range(LAYERS):
    layers = passing(layers)
nested = Router(("/", request_response(layers)))

bodies = Router(
    ("/form", request_response(form)),
    ("/multipart", request_response(multipart)),
    ("/upload", request_response(upload)),
)
streams = Router(
    ("/ws", websocket_session(echo_messages)),
    ("/events", request_response(events)),
    ("/stream", request_response(stream)),
)
files = Subpaths(("/static", Files(FOLDER)))


def many(paths: list[str]) -> Any:
    view = request_response(item)
    return Router(*((path.replace("{id}", "{id:int}"), view) for path in paths))
