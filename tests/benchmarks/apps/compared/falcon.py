"""Falcon: https://falcon.readthedocs.io. It mounts no apps; a plain function goes through `sync_to_async`."""

import threading
from collections.abc import AsyncIterator

import anyio
import falcon
from falcon.asgi import App, Request, Response, WebSocket

from tests.benchmarks.apps.compared import FOLDER, FRIEND

__all__ = ["app", "closed"]

closed: list[str] = []


class Text:
    async def on_get(self, req: Request, resp: Response) -> None:
        resp.text = "hello"


class Items:
    async def on_get(self, req: Request, resp: Response) -> None:
        resp.media = [1, 2]

    async def on_post(self, req: Request, resp: Response) -> None:
        resp.text = "added"


class User:
    async def on_get(self, req: Request, resp: Response, id: int) -> None:
        resp.text = str(id)


class Name:
    async def on_get(self, req: Request, resp: Response, name: str) -> None:
        resp.text = name


class Json:
    async def on_post(self, req: Request, resp: Response) -> None:
        resp.media = await req.get_media()


class Body:
    async def on_post(self, req: Request, resp: Response) -> None:
        resp.text = str(len(await req.stream.read()))


class Query:
    async def on_get(self, req: Request, resp: Response) -> None:
        resp.text = ",".join(req.get_param_as_list("a") or [])


class Cookie:
    async def on_get(self, req: Request, resp: Response) -> None:
        resp.text = req.cookies.get("b", "no cookie")


class Field:
    async def on_get(self, req: Request, resp: Response) -> None:
        resp.set_header("x-told", req.get_param("value"))
        resp.text = "sent"


class Nothing:
    async def on_get(self, req: Request, resp: Response) -> None:
        resp.status = falcon.HTTP_204


class Boom:
    async def on_get(self, req: Request, resp: Response) -> None:
        raise LookupError("a secret")


class Thread:
    async def on_get(self, req: Request, resp: Response) -> None:
        resp.text = str(await falcon.util.sync_to_async(threading.get_ident))


class Wait:
    async def on_get(self, req: Request, resp: Response) -> None:
        async def waiting() -> AsyncIterator[bytes]:
            try:
                yield b"begun"
                await anyio.sleep_forever()
            finally:
                closed.append("wait")

        resp.stream = waiting()


class Echo:
    async def on_websocket(self, req: Request, ws: WebSocket) -> None:
        await ws.accept()
        try:
            while True:
                await ws.send_text(await ws.receive_text())
        except falcon.WebSocketDisconnected:
            pass


app = App(middleware=[falcon.CORSMiddleware(allow_origins=FRIEND)])
app.add_route("/text", Text())
app.add_route("/items", Items())
app.add_route("/users/{id:int}", User())
app.add_route("/names/{name}", Name())
app.add_route("/json", Json())
app.add_route("/body", Body())
app.add_route("/query", Query())
app.add_route("/cookie", Cookie())
app.add_route("/field", Field())
app.add_route("/nothing", Nothing())
app.add_route("/boom", Boom())
app.add_route("/thread", Thread())
app.add_route("/wait", Wait())
app.add_route("/ws", Echo())
app.add_static_route("/static", str(FOLDER))
