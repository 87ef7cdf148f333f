"""FastAPI: https://fastapi.tiangolo.com."""

import threading
from collections.abc import AsyncIterator
from typing import Annotated, Any

import anyio
from fastapi import Body, Cookie, FastAPI, Query, Request, Response, WebSocket
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import PlainTextResponse, StreamingResponse
from fastapi.staticfiles import StaticFiles

from tests.benchmarks.apps.compared import FOLDER, FRIEND, Mounted

__all__ = ["app", "closed"]

closed: list[str] = []
app = FastAPI()
app.add_middleware(CORSMiddleware, allow_origins=[FRIEND])
app.mount("/static", StaticFiles(directory=FOLDER))
app.mount("/mounted", Mounted())


@app.get("/text", response_class=PlainTextResponse)
async def text() -> str:
    return "hello"


@app.get("/items")
async def items() -> list[int]:
    return [1, 2]


@app.post("/items", response_class=PlainTextResponse)
async def add_item() -> str:
    return "added"


@app.get("/users/{id}", response_class=PlainTextResponse)
async def user(id: int) -> str:
    return str(id)


@app.get("/names/{name}", response_class=PlainTextResponse)
async def name(name: str) -> str:
    return name


@app.post("/json")
async def json(data: Annotated[Any, Body()]) -> Any:
    return data


@app.post("/body", response_class=PlainTextResponse)
async def body(request: Request) -> str:
    return str(len(await request.body()))


@app.get("/query", response_class=PlainTextResponse)
async def query(a: Annotated[list[str], Query()]) -> str:
    return ",".join(a)


@app.get("/cookie", response_class=PlainTextResponse)
async def cookie(b: Annotated[str, Cookie()] = "no cookie") -> str:
    return b


@app.get("/field", response_class=PlainTextResponse)
async def field(value: str, response: Response) -> str:
    response.headers["x-told"] = value
    return "sent"


@app.get("/nothing", status_code=204)
async def nothing() -> None:
    pass


@app.get("/boom")
async def boom() -> None:
    raise LookupError("a secret")


@app.get("/thread", response_class=PlainTextResponse)
def thread() -> str:
    return str(threading.get_ident())


async def waiting() -> AsyncIterator[str]:
    try:
        yield "begun"
        await anyio.sleep_forever()
    finally:
        closed.append("wait")


@app.get("/wait")
async def wait() -> StreamingResponse:
    return StreamingResponse(waiting())


@app.websocket("/ws")
async def echo(websocket: WebSocket) -> None:
    await websocket.accept()
    async for message in websocket.iter_text():
        await websocket.send_text(message)
