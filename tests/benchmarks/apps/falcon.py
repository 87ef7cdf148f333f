"""Falcon: https://falcon.readthedocs.io. It has neither compression nor sessions; a plain function is run
in a thread by its `sync_to_async`.
"""

from collections.abc import AsyncIterator
from typing import Any

import falcon
from falcon.asgi import App, Request, Response, SSEvent, WebSocket

from tests.benchmarks.asgi import CHUNK, CHUNKS, EVENTS, LAYERS, PassThrough, where
from tests.benchmarks.assets import FOLDER, ORIGIN
from tests.benchmarks.github import ROUTES

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


class Home:
    async def on_get(self, req: Request, resp: Response) -> None:
        resp.content_type = falcon.MEDIA_TEXT
        resp.text = "Hello, World!"


class Message:
    async def on_get(self, req: Request, resp: Response) -> None:
        resp.media = {"message": "Hello, World!"}


class Item:
    async def on_get(self, req: Request, resp: Response, id: int) -> None:
        resp.content_type = falcon.MEDIA_TEXT
        resp.text = str(id * 2)


class Search:
    async def on_get(self, req: Request, resp: Response) -> None:
        resp.content_type = falcon.MEDIA_TEXT
        resp.text = f"{req.get_param('q')} {req.get_header('x-request-id')}"


class Echo:
    async def on_post(self, req: Request, resp: Response) -> None:
        resp.media = await req.get_media()


class Form:
    async def on_post(self, req: Request, resp: Response) -> None:
        form = await req.get_media()
        resp.content_type = falcon.MEDIA_TEXT
        resp.text = form["name"]


class Multipart:
    """There is no mapping of the parts: they are read one after another."""

    async def on_post(self, req: Request, resp: Response) -> None:
        form: dict[str, str | int] = {}
        async for part in await req.get_media():
            if part.filename is None:
                form[part.name] = await part.text
            else:
                size = 0
                async for chunk in part.stream:
                    size += len(chunk)
                form[part.name] = size
        resp.content_type = falcon.MEDIA_TEXT
        resp.text = str(form["file"])


class Upload:
    async def on_post(self, req: Request, resp: Response) -> None:
        size = 0
        async for chunk in req.stream:
            size += len(chunk)
        resp.content_type = falcon.MEDIA_TEXT
        resp.text = str(size)


class Echoes:
    async def on_websocket(self, req: Request, ws: WebSocket) -> None:
        await ws.accept()
        try:
            while True:
                message = await ws.receive_text()
                await ws.send_text(message)
        except falcon.WebSocketDisconnected:
            pass


class Events:
    async def on_get(self, req: Request, resp: Response) -> None:
        async def ticks() -> AsyncIterator[SSEvent]:
            for id, data in EVENTS:
                yield SSEvent(text=data, event="tick", event_id=id)

        resp.sse = ticks()


class Stream:
    async def on_get(self, req: Request, resp: Response) -> None:
        async def chunks() -> AsyncIterator[bytes]:
            for _ in range(CHUNKS):
                yield CHUNK

        resp.content_type = "application/octet-stream"
        resp.stream = chunks()


class InThread:
    async def on_get(self, req: Request, resp: Response) -> None:
        resp.content_type = falcon.MEDIA_TEXT
        resp.text = await falcon.util.sync_to_async(where)


class Show:
    """One resource per path pattern, with a responder for each of its methods."""

    def __init__(self, methods: list[str]) -> None:
        for method in methods:
            setattr(self, f"on_{method.lower()}", self.show)

    async def show(self, req: Request, resp: Response, **params: str) -> None:
        resp.content_type = falcon.MEDIA_TEXT
        resp.text = ",".join(("ok", *params.values()))


class Nested:
    """A middleware component: Falcon has hooks before and after instead of functions that nest."""

    async def process_request(self, req: Request, resp: Response) -> None:
        pass

    async def process_response(
        self, req: Request, resp: Response, resource: object, req_succeeded: bool
    ) -> None:
        pass


def build(*middleware: Any) -> App[Request, Response]:
    app = App(middleware=list(middleware))
    app.add_route("/", Home())
    app.add_route("/json", Message())
    app.add_route("/items/{id:int}", Item())
    app.add_route("/search", Search())
    app.add_route("/echo", Echo())
    return app


plain = build()

github = build()
for pattern in dict.fromkeys(route.pattern for route in ROUTES):
    methods = [route.method for route in ROUTES if route.pattern == pattern]
    github.add_route(pattern, Show(methods))

wrapped: Any = build()
for _ in range(LAYERS):
    wrapped = PassThrough(wrapped)

nested = build(*(Nested() for _ in range(LAYERS)))

bodies = App()
bodies.add_route("/form", Form())
bodies.add_route("/multipart", Multipart())
bodies.add_route("/upload", Upload())

streams = App()
streams.add_route("/ws", Echoes())
streams.add_route("/events", Events())
streams.add_route("/stream", Stream())

files = App()
files.add_static_route("/static", str(FOLDER))

cors = App(middleware=[falcon.CORSMiddleware(allow_origins=ORIGIN)])
cors.add_route("/", Home())

threads = App()
threads.add_route("/", InThread())


def many(paths: list[str]) -> App[Request, Response]:
    app = App()
    for path in paths:
        app.add_route(path.replace("{id}", "{id:int}"), Item())
    return app
