"""Sanic: https://sanic.dev, as an ASGI application; its server is its own. CORS is by sanic-ext. It has
neither compression nor sessions, and runs plain handlers in the event loop. Its middlewares are functions
before and after a handler; they cannot nest.
"""

from typing import Any

from sanic import HTTPResponse, Request, Sanic, Websocket, json, text
from sanic.log import access_logger
from sanic_ext import Extend

from tests.benchmarks.asgi import CHUNK, CHUNKS, EVENTS, LAYERS, PassThrough, where
from tests.benchmarks.assets import FOLDER, ORIGIN
from tests.benchmarks.github import PARAMETER, ROUTES

__all__ = [
    "bodies",
    "cors",
    "files",
    "github",
    "many",
    "nested",
    "plain",
    "streams",
    "threads",
    "wrapped",
]

access_logger.disabled = True


async def home(request: Request) -> HTTPResponse:
    return text("Hello, World!")


async def message(request: Request) -> HTTPResponse:
    return json({"message": "Hello, World!"})


async def item(request: Request, id: int) -> HTTPResponse:
    return text(str(id * 2))


async def search(request: Request) -> HTTPResponse:
    return text(f"{request.args.get('q')} {request.headers['x-request-id']}")


async def echo(request: Request) -> HTTPResponse:
    return json(request.json)


async def form(request: Request) -> HTTPResponse:
    return text(request.form.get("name"))


async def multipart(request: Request) -> HTTPResponse:
    return text(str(len(request.files.get("file").body)))


async def upload(request: Request) -> HTTPResponse:
    size = 0
    async for chunk in request.stream:
        size += len(chunk)
    return text(str(size))


async def echo_messages(request: Request, ws: Websocket) -> None:
    while (message := await ws.recv()) is not None:
        await ws.send(message)


async def events(request: Request) -> None:
    response = await request.respond(content_type="text/event-stream")
    for id, data in EVENTS:
        await response.send(f"id: {id}\nevent: tick\ndata: {data}\n\n")
    await response.eof()


async def stream(request: Request) -> None:
    response = await request.respond(content_type="application/octet-stream")
    for _ in range(CHUNKS):
        await response.send(CHUNK)
    await response.eof()


def in_thread(request: Request) -> HTTPResponse:
    return text(where())


async def show(request: Request, **params: str) -> HTTPResponse:
    return text(",".join(("ok", *params.values())))


def named(name: str) -> Sanic[Any, Any]:
    app = Sanic(name)
    app.config.ACCESS_LOG = False
    # At its start an app rewrites the methods of its class, for all: once, a second time fails.
    app.config.TOUCHUP = name == "plain"
    return app


def build(name: str) -> Sanic[Any, Any]:
    app = named(name)
    app.get("/")(home)
    app.get("/json")(message)
    app.get("/items/<id:int>")(item)
    app.get("/search")(search)
    app.post("/echo")(echo)
    return app


plain = build("plain")

github = build("github")
for number, route in enumerate(ROUTES):
    path = PARAMETER.sub(r"<\1>", route.pattern)
    github.add_route(show, path, methods=[route.method], name=f"show-{number}")

wrapped: Any = build("wrapped")
for _ in range(LAYERS):
    wrapped = PassThrough(wrapped)

nested = build("nested")
for _ in range(LAYERS):
    # Functions of their own: the same one twice would be taken once.
    @nested.on_request
    async def before(request: Request) -> None:
        pass

    @nested.on_response
    async def after(request: Request, response: HTTPResponse) -> None:
        pass


bodies = named("bodies")
bodies.post("/form")(form)
bodies.post("/multipart")(multipart)
bodies.post("/upload", stream=True)(upload)

streams = named("streams")
streams.websocket("/ws")(echo_messages)
streams.get("/events")(events)
streams.get("/stream")(stream)

files = named("files")
files.static("/static", FOLDER, use_content_range=True)

cors = build("cors")
cors.config.CORS_ORIGINS = ORIGIN
Extend(cors)

threads = named("threads")
threads.get("/")(in_thread)


def many(paths: list[str]) -> Sanic[Any, Any]:
    app = named("many")
    for number, path in enumerate(paths):
        app.add_route(item, path.replace("{id}", "<id:int>"), name=f"item-{number}")
    return app
