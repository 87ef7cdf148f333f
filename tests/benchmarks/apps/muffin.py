"""Muffin: https://klen.github.io/muffin/. CORS, compression and sessions in cookies are not in it; plain
functions run in the event loop.
"""

# pyright: reportUnknownMemberType=false

from collections.abc import AsyncIterator
from os import SEEK_END
from typing import Any

from muffin import (
    Application,
    Request,
    ResponseSSE,
    ResponseStream,
    ResponseText,
    ResponseWebSocket,
)

from tests.benchmarks.asgi import CHUNK, CHUNKS, EVENTS, LAYERS, PassThrough, Receive, Send
from tests.benchmarks.github import ROUTES

__all__ = [
    "bodies",
    "github",
    "many",
    "nested",
    "plain",
    "streams",
    "wrapped",
]


async def home(request: Request) -> ResponseText:
    return ResponseText("Hello, World!")


async def message(request: Request) -> dict[str, str]:
    return {"message": "Hello, World!"}


async def item(request: Request) -> ResponseText:
    return ResponseText(str(request.path_params["id"] * 2))


async def search(request: Request) -> ResponseText:
    return ResponseText(f"{request.query['q']} {request.headers['x-request-id']}")


async def echo(request: Request) -> Any:
    return await request.json()


async def form(request: Request) -> ResponseText:
    form = await request.form()
    return ResponseText(form["name"])


async def multipart(request: Request) -> ResponseText:
    form = await request.form()
    return ResponseText(str(form["file"].seek(0, SEEK_END)))


async def upload(request: Request) -> ResponseText:
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
    return ResponseText(str(size))


async def echo_messages(request: Request) -> None:
    ws = ResponseWebSocket(request)
    await ws.accept()
    while ws.connected:
        message = await ws.receive()
        if ws.connected:
            await ws.send(message)


async def ticks() -> AsyncIterator[dict[str, str]]:
    for id, data in EVENTS:
        yield {"id": id, "event": "tick", "data": data}


async def events(request: Request) -> ResponseSSE:
    return ResponseSSE(ticks())


async def chunks() -> AsyncIterator[bytes]:
    for _ in range(CHUNKS):
        yield CHUNK


async def stream(request: Request) -> ResponseStream:
    return ResponseStream(chunks(), content_type="application/octet-stream")


async def show(request: Request) -> ResponseText:
    return ResponseText(",".join(("ok", *request.path_params.values())))


def build() -> Application:
    app = Application()
    app.route("/")(home)
    app.route("/json")(message)
    app.route("/items/{id:int}")(item)
    app.route("/search")(search)
    app.route("/echo", methods=["POST"])(echo)
    return app


plain = build()

github = build()
for route in ROUTES:
    github.route(route.pattern, methods=[route.method])(show)

wrapped: Any = build()
for _ in range(LAYERS):
    wrapped = PassThrough(wrapped)

nested = build()
for _ in range(LAYERS):
    # A function each: the same one twice would be taken once.
    @nested.middleware
    async def passing(app: Any, request: Request, receive: Receive, send: Send) -> Any:
        return await app(request, receive, send)


bodies = Application()
bodies.route("/form", methods=["POST"])(form)
bodies.route("/multipart", methods=["POST"])(multipart)
bodies.route("/upload", methods=["POST"])(upload)

streams = Application()
streams.route("/ws")(echo_messages)
streams.route("/events")(events)
streams.route("/stream")(stream)


def many(paths: list[str]) -> Application:
    app = Application()
    for path in paths:
        app.route(path.replace("{id}", "{id:int}"))(item)
    return app
