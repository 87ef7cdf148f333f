"""This framework."""

import threading
from collections.abc import AsyncIterator
from typing import Any

import anyio

from framework import App, Request, Response, WebSocket
from framework.middleware.cors import CORSMiddleware
from framework.staticfiles import StaticFiles
from tests.benchmarks.apps.compared import FOLDER, FRIEND, Mounted

__all__ = ["app", "closed"]

closed: list[str] = []
app = App()
app.add_middleware(CORSMiddleware, allow_origins=[FRIEND])
app.mount("/static", StaticFiles(directory=FOLDER))
app.mount("/mounted", Mounted())


@app.get("/text")
async def text() -> str:
    return "hello"


@app.get("/items")
async def items() -> list[int]:
    return [1, 2]


@app.post("/items")
async def add_item() -> str:
    return "added"


@app.get("/users/{id:int}")
async def user(id: int) -> str:
    return str(id)


@app.get("/names/{name}")
async def name(name: str) -> str:
    return name


@app.post("/json")
async def json(request: Request) -> Any:
    return await request.json()


@app.post("/body")
async def body(request: Request) -> str:
    return str(len(await request.body()))


@app.get("/query")
async def query(request: Request) -> str:
    return ",".join(request.query_params.getlist("a"))


@app.get("/cookie")
async def cookie(request: Request) -> str:
    return request.cookies.get("b", "no cookie")


@app.get("/field")
async def field(request: Request) -> Response:
    return Response("sent", headers={"x-told": request.query_params["value"]})


@app.get("/nothing", status_code=204)
async def nothing() -> None:
    pass


@app.get("/boom")
async def boom() -> None:
    raise LookupError("a secret")


@app.get("/thread")
def thread() -> str:
    return str(threading.get_ident())


@app.get("/wait")
async def wait() -> AsyncIterator[str]:
    try:
        yield "begun"
        await anyio.sleep_forever()
    finally:
        closed.append("wait")


@app.websocket("/ws")
async def echo(websocket: WebSocket) -> None:
    await websocket.accept()
    async for message in websocket.iter_text():
        await websocket.send_text(message)
