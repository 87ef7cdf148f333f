"""The app that the packages are tried with: a path for each way in which an answer comes about."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from inspect import isawaitable

import anyio

from framework import (
    App,
    EventSourceResponse,
    HTTPException,
    Request,
    Router,
    ServerSentEvent,
    WebSocket,
)

__all__ = ["LONG", "Boom", "Peek", "an_app"]

LONG = "All work and no play makes Jack a dull boy.\n" * 100

Peek = Callable[[Request], object]
"""What a package has left for a handler, as the handler finds it."""


class Boom(Exception):
    """What nobody expects."""


STATE = {"greeting": "Hello"}


def an_app(peek: Peek = repr, *, yields: dict[str, str] | None = STATE) -> App:
    """The app, whose `/peek` answers with what `peek` sees of the request, and whose lifespan `yields`.

    Its `state` has the `gate` that `/events` waits for before the second event, and a `log`.
    """

    @asynccontextmanager
    async def lifespan(app: App) -> AsyncGenerator[dict[str, str] | None]:
        app.state.log.append("started")
        yield yields
        app.state.log.append("stopped")

    app = App(lifespan=lifespan)
    app.state.gate = anyio.Event()
    app.state.log = []
    app.include(texts)
    app.include(streams)

    @app.get("/peek")
    @app.post("/peek")
    async def peeked(request: Request) -> str:
        seen = peek(request)
        return str(await seen if isawaitable(seen) else seen)

    return app


texts = Router()
texts.add_route("/", lambda: "Hello")
texts.add_route("/long", lambda: LONG)


@texts.get("/users/{id:int}")
async def user(request: Request, id: int) -> dict[str, object]:
    return {"id": id, "self": request.url_path_for("user", id=id), "url": str(request.url)}


@texts.get("/greeting")
async def greeting(request: Request) -> str:
    return str(request.state.greeting)


@texts.get("/refused")
async def refused() -> None:
    raise HTTPException(403, "no")


@texts.get("/boom")
async def boom() -> None:
    raise Boom("what nobody expects")


streams = Router()


@streams.post("/echo")
async def echo(request: Request) -> bytes:
    return b"".join([chunk async for chunk in request.stream()])


@streams.get("/events")
async def events(request: Request) -> EventSourceResponse:
    async def two() -> AsyncIterator[ServerSentEvent]:
        yield ServerSentEvent("first")
        await request.app.state.gate.wait()
        yield ServerSentEvent("second")

    return EventSourceResponse(two())


@streams.websocket("/shout")
async def shout(websocket: WebSocket) -> None:
    await websocket.accept()
    async for message in websocket:
        await websocket.send_text(str(message).upper())
