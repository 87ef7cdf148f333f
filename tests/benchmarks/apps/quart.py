"""Quart: https://quart.palletsprojects.com. Its documentation formats server-sent events by hand. CORS is by
quart-cors. It has no compression, and its middlewares are ASGI callables or functions before and after a
handler.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from quart import Quart, Response, make_response, request, send_from_directory, session, websocket
from quart_cors import cors as with_cors

from tests.benchmarks.asgi import CHUNK, CHUNKS, EVENTS, LAYERS, PassThrough, where
from tests.benchmarks.assets import FOLDER, ORIGIN, SECRET
from tests.benchmarks.github import PARAMETER, ROUTES

__all__ = [
    "bodies",
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

TEXT = {"Content-Type": "text/plain; charset=utf-8"}


async def home() -> tuple[str, dict[str, str]]:
    return "Hello, World!", TEXT


async def message() -> dict[str, str]:
    return {"message": "Hello, World!"}


async def item(id: int) -> tuple[str, dict[str, str]]:
    return str(id * 2), TEXT


async def search() -> tuple[str, dict[str, str]]:
    return f"{request.args['q']} {request.headers['x-request-id']}", TEXT


async def echo() -> Any:
    return await request.get_json()


async def form() -> tuple[str, dict[str, str]]:
    form = await request.form
    return form["name"], TEXT


async def multipart() -> tuple[str, dict[str, str]]:
    files = await request.files
    return str(len(files["file"].read())), TEXT


async def upload() -> tuple[str, dict[str, str]]:
    size = 0
    async for chunk in request.body:
        size += len(chunk)
    return str(size), TEXT


async def file(name: str) -> Response:
    return await send_from_directory(FOLDER, name)


async def login() -> tuple[str, dict[str, str]]:
    session["name"] = "Ada Lovelace"
    return "welcome", TEXT


async def name() -> tuple[str, dict[str, str]]:
    return session["name"], TEXT


def in_thread() -> tuple[str, dict[str, str]]:
    return where(), TEXT


async def show(**params: str) -> tuple[str, dict[str, str]]:
    return ",".join(("ok", *params.values())), TEXT


def build() -> Quart:
    app = Quart(__name__)
    app.get("/")(home)
    app.get("/json")(message)
    app.get("/items/<int:id>")(item)
    app.get("/search")(search)
    app.post("/echo")(echo)
    return app


plain = build()

github = build()
for number, route in enumerate(ROUTES):
    path = PARAMETER.sub(r"<\1>", route.pattern)
    github.add_url_rule(path, f"show-{number}", show, methods=[route.method])

wrapped = build()
for _ in range(LAYERS):
    wrapped.asgi_app = PassThrough(wrapped.asgi_app)  # type: ignore[method-assign]

nested = build()
for _ in range(LAYERS):

    @nested.before_request
    async def before() -> None:
        pass

    @nested.after_request
    async def after(response: Any) -> Any:
        return response


bodies = Quart(__name__)
bodies.config["MAX_CONTENT_LENGTH"] = None
bodies.post("/form")(form)
bodies.post("/multipart")(multipart)
bodies.post("/upload")(upload)

files = Quart(__name__, static_folder=None)
files.get("/static/<path:name>")(file)

cors = with_cors(build(), allow_origin=ORIGIN)

sessions = Quart(__name__)
sessions.secret_key = SECRET
sessions.get("/login")(login)
sessions.get("/name")(name)

threads = Quart(__name__)
threads.get("/")(in_thread)

streams = Quart(__name__)


@streams.websocket("/ws")
async def echo_messages() -> None:
    while True:
        message = await websocket.receive()
        await websocket.send(message)


@dataclass
class ServerSentEvent:
    data: str
    event: str | None = None
    id: str | None = None

    def encode(self) -> bytes:
        message = f"data: {self.data}"
        if self.event is not None:
            message = f"{message}\nevent: {self.event}"
        if self.id is not None:
            message = f"{message}\nid: {self.id}"
        return f"{message}\n\n".encode()


@streams.get("/events")
async def events() -> Response:
    async def ticks() -> AsyncIterator[bytes]:
        for id, data in EVENTS:
            yield ServerSentEvent(data, event="tick", id=id).encode()

    fields = {"Content-Type": "text/event-stream", "Cache-Control": "no-cache"}
    response = await make_response(ticks(), fields)
    response.timeout = None
    return response


@streams.get("/stream")
async def stream() -> tuple[AsyncIterator[bytes], dict[str, str]]:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(CHUNKS):
            yield CHUNK

    return chunks(), {"Content-Type": "application/octet-stream"}


def many(paths: list[str]) -> Quart:
    app = Quart(__name__)
    for number, path in enumerate(paths):
        app.add_url_rule(path.replace("{id}", "<int:id>"), f"item-{number}", item)
    return app
