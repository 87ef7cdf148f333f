"""Litestar: https://litestar.dev."""

import threading
from collections.abc import AsyncIterator
from typing import Annotated, Any

import anyio
from litestar import Litestar, MediaType, Request, Response, WebSocket, asgi, get, post, websocket
from litestar.config.cors import CORSConfig
from litestar.exceptions import WebSocketDisconnect
from litestar.params import Parameter
from litestar.response import Stream
from litestar.static_files import create_static_files_router

from tests.benchmarks.apps.compared import FOLDER, FRIEND, Mounted

__all__ = ["app", "closed"]

closed: list[str] = []
TEXT = MediaType.TEXT


@get("/text", media_type=TEXT)
async def text() -> str:
    return "hello"


@get("/items")
async def items() -> list[int]:
    return [1, 2]


@post("/items", media_type=TEXT)
async def add_item() -> str:
    return "added"


@get("/users/{id_:int}", media_type=TEXT)
async def user(id_: int) -> str:
    return str(id_)


@get("/names/{name:str}", media_type=TEXT)
async def name(name: str) -> str:
    return name


@post("/json")
async def json(data: Any) -> Any:
    return data


@post("/body", media_type=TEXT)
async def body(request: Request[Any, Any, Any]) -> str:
    return str(len(await request.body()))


@get("/query", media_type=TEXT)
async def query(a: list[str]) -> str:
    return ",".join(a)


@get("/cookie", media_type=TEXT)
async def cookie(b: Annotated[str, Parameter(cookie="b")] = "no cookie") -> str:
    return b


@get("/field")
async def field(value: str) -> Response[str]:
    return Response("sent", media_type=TEXT, headers={"x-told": value})


@get("/nothing", status_code=204)
async def nothing() -> None:
    pass


@get("/boom")
async def boom() -> None:
    raise LookupError("a secret")


@get("/thread", media_type=TEXT, sync_to_thread=True)
def thread() -> str:
    return str(threading.get_ident())


async def waiting() -> AsyncIterator[str]:
    try:
        yield "begun"
        await anyio.sleep_forever()
    finally:
        closed.append("wait")


@get("/wait")
async def wait() -> Stream:
    return Stream(waiting())


@websocket("/ws")
async def echo(socket: WebSocket[Any, Any, Any]) -> None:
    await socket.accept()
    try:
        while True:
            await socket.send_text(await socket.receive_text())
    except WebSocketDisconnect:
        pass


app = Litestar(
    [
        text,
        items,
        add_item,
        user,
        name,
        json,
        body,
        query,
        cookie,
        field,
        nothing,
        boom,
        thread,
        wait,
        echo,
        asgi("/mounted", is_mount=True, copy_scope=True)(Mounted()),
        create_static_files_router(path="/static", directories=[FOLDER]),
    ],
    cors_config=CORSConfig(allow_origins=[FRIEND]),
)
