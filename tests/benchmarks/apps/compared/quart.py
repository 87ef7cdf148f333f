"""Quart: https://quart.palletsprojects.com. It mounts no apps; CORS is by quart-cors."""

import threading
from collections.abc import AsyncIterator
from typing import Any

import anyio
from quart import Quart, request, websocket
from quart_cors import cors

from tests.benchmarks.apps.compared import FOLDER, FRIEND

__all__ = ["app", "closed"]

closed: list[str] = []
app = cors(Quart(__name__, static_folder=FOLDER, static_url_path="/static"), allow_origin=FRIEND)


@app.get("/text")
async def text() -> str:
    return "hello"


@app.get("/items")
async def items() -> list[int]:
    return [1, 2]


@app.post("/items")
async def add_item() -> str:
    return "added"


@app.get("/users/<int:id>")
async def user(id: int) -> str:
    return str(id)


@app.get("/names/<name>")
async def name(name: str) -> str:
    return name


@app.post("/json")
async def json() -> list[Any]:
    return [await request.get_json()]


@app.post("/body")
async def body() -> str:
    return str(len(await request.get_data()))


@app.get("/query")
async def query() -> str:
    return ",".join(request.args.getlist("a"))


@app.get("/cookie")
async def cookie() -> str:
    return request.cookies.get("b", "no cookie")


@app.get("/field")
async def field() -> tuple[str, dict[str, str]]:
    return "sent", {"x-told": request.args["value"]}


@app.get("/nothing")
async def nothing() -> tuple[str, int]:
    return "", 204


@app.get("/boom")
async def boom() -> str:
    raise LookupError("a secret")


@app.get("/thread")
def thread() -> str:
    return str(threading.get_ident())


@app.get("/wait")
async def wait() -> AsyncIterator[str]:
    async def waiting() -> AsyncIterator[str]:
        try:
            yield "begun"
            await anyio.sleep_forever()
        finally:
            closed.append("wait")

    return waiting()


@app.websocket("/ws")
async def echo() -> None:
    while True:
        await websocket.send(await websocket.receive())
