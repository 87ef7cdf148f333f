"""What each middleware is tested around: the same small app, made with ours, with Starlette, and by hand.

GET `/` is a short text, `/long` one of 20 KB, `/stream` the long one in three chunks, `/scope` what the
app has been told of the request, as JSON; POST `/echo` answers with the body; `/sleep` never answers,
`/boom` raises, and anything else is a 404.
"""

import json
from collections.abc import AsyncIterator, Callable
from cProfile import Profile
from pathlib import Path
from types import CodeType

import anyio
from starlette.applications import Starlette
from starlette.requests import Request as StarletteRequest
from starlette.responses import JSONResponse as StarletteJSON
from starlette.responses import PlainTextResponse as StarletteText
from starlette.responses import StreamingResponse as StarletteStream
from starlette.routing import Route as StarletteRoute

import framework
from framework import App, PlainTextResponse, Request, StreamingResponse
from framework.types import ASGIApp, Receive, Scope, Send
from tests.driver import exchange

SHORT = "Hello"
LONG = "All work and no play makes Jack a dull boy.\n" * 465
CHUNKS = [LONG[:7_000], LONG[7_000:14_000], LONG[14_000:]]
TOLD = ("method", "scheme", "path", "root_path", "client", "server")


class Boom(Exception):
    """What nobody expects."""


def told(scope: Scope) -> dict[str, object]:
    """What `/scope` answers with."""
    headers = [
        [name.decode("latin-1"), value.decode("latin-1")] for name, value in scope["headers"]
    ]
    return {**{name: scope.get(name) for name in TOLD}, "headers": headers}


class Chunks(AsyncIterator[bytes]):
    """The long text. No generator: Starlette's response leaves it open if its client goes."""

    def __init__(self) -> None:
        self.left = iter(CHUNKS)

    async def __anext__(self) -> bytes:
        for chunk in self.left:
            return chunk.encode()
        raise StopAsyncIteration


def ours() -> ASGIApp:
    """The app as an App."""
    app = App()
    app.add_route("/", lambda: SHORT)
    app.add_route("/long", lambda: LONG)

    @app.get("/stream")
    async def stream() -> StreamingResponse:
        return StreamingResponse(Chunks(), media_type="text/plain")

    @app.get("/scope")
    async def scope(request: Request) -> dict[str, object]:
        return told(request.scope)

    @app.post("/echo")
    async def echo(request: Request) -> PlainTextResponse:
        return PlainTextResponse((await request.body()).decode())

    @app.get("/sleep")
    async def sleep() -> None:
        await anyio.sleep_forever()

    @app.get("/boom")
    async def boom() -> None:
        raise Boom

    return app


def starlettes() -> ASGIApp:
    """The app as Starlette's."""

    async def short(request: StarletteRequest) -> StarletteText:
        return StarletteText(SHORT)

    async def long(request: StarletteRequest) -> StarletteText:
        return StarletteText(LONG)

    async def stream(request: StarletteRequest) -> StarletteStream:
        return StarletteStream(Chunks(), media_type="text/plain")

    async def scope(request: StarletteRequest) -> StarletteJSON:
        return StarletteJSON(told({**request.scope}))

    async def echo(request: StarletteRequest) -> StarletteText:
        return StarletteText((await request.body()).decode())

    async def sleep(request: StarletteRequest) -> None:
        await anyio.sleep_forever()

    async def boom(request: StarletteRequest) -> None:
        raise Boom

    return Starlette(
        routes=[
            StarletteRoute("/", short),
            StarletteRoute("/long", long),
            StarletteRoute("/stream", stream),
            StarletteRoute("/scope", scope),
            StarletteRoute("/echo", echo, methods=["POST"]),
            StarletteRoute("/sleep", sleep),
            StarletteRoute("/boom", boom),
        ]
    )


async def raw(scope: Scope, receive: Receive, send: Send) -> None:
    """The app by hand."""
    status, kind, parts = 200, b"text/plain; charset=utf-8", [SHORT.encode()]
    match scope["path"]:
        case "/":
            pass
        case "/long":
            parts = [LONG.encode()]
        case "/stream":
            parts = [chunk async for chunk in Chunks()]
        case "/scope":
            kind, parts = b"application/json", [json.dumps(told(scope)).encode()]
        case "/echo":
            parts.clear()
            more = True
            while more:
                message = await receive()
                parts.append(message["body"])
                more = message.get("more_body", False)
            parts[:] = [b"".join(parts)]
        case "/sleep":
            await anyio.sleep_forever()
        case "/boom":
            raise Boom
        case _:
            status, parts = 404, [b"Not Found"]
    headers = [(b"content-type", kind)]
    if len(parts) == 1:
        headers.append((b"content-length", b"%d" % len(parts[0])))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    for part in parts[:-1]:
        await send({"type": "http.response.body", "body": part, "more_body": True})
    body = b"" if scope["method"] == "HEAD" else parts[-1]
    await send({"type": "http.response.body", "body": body})


APPS: dict[str, Callable[[], ASGIApp]] = {
    "ours": ours,
    "starlette": starlettes,
    "raw": lambda: raw,
}
"""For `@pytest.mark.parametrize("make", APPS.values(), ids=APPS)`."""

FOLDER = str(Path(framework.__file__).parent)


async def calls(app: ASGIApp, scope: Scope) -> int:
    """How many functions of the package run while a request is served; each step of a coroutine counts."""
    with Profile() as profile:
        await exchange(app, scope, is_checked=False)
    return sum(
        entry.callcount
        for entry in profile.getstats()
        if isinstance(entry.code, CodeType) and entry.code.co_filename.startswith(FOLDER)
    )
