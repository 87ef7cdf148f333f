"""Starlette: https://www.starlette.io."""

import threading
from collections.abc import AsyncIterator

import anyio
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.websockets import WebSocket

from tests.benchmarks.apps.compared import FOLDER, FRIEND, Mounted

__all__ = ["app", "closed"]

closed: list[str] = []


async def text(request: Request) -> PlainTextResponse:
    return PlainTextResponse("hello")


async def items(request: Request) -> JSONResponse:
    return JSONResponse([1, 2])


async def add_item(request: Request) -> PlainTextResponse:
    return PlainTextResponse("added")


async def user(request: Request) -> PlainTextResponse:
    return PlainTextResponse(str(request.path_params["id"]))


async def name(request: Request) -> PlainTextResponse:
    return PlainTextResponse(request.path_params["name"])


async def json(request: Request) -> JSONResponse:
    return JSONResponse(await request.json())


async def body(request: Request) -> PlainTextResponse:
    return PlainTextResponse(str(len(await request.body())))


async def query(request: Request) -> PlainTextResponse:
    return PlainTextResponse(",".join(request.query_params.getlist("a")))


async def cookie(request: Request) -> PlainTextResponse:
    return PlainTextResponse(request.cookies.get("b", "no cookie"))


async def field(request: Request) -> PlainTextResponse:
    return PlainTextResponse("sent", headers={"x-told": request.query_params["value"]})


async def nothing(request: Request) -> Response:
    return Response(status_code=204)


async def boom(request: Request) -> Response:
    raise LookupError("a secret")


def thread(request: Request) -> PlainTextResponse:
    return PlainTextResponse(str(threading.get_ident()))


async def waiting() -> AsyncIterator[str]:
    try:
        yield "begun"
        await anyio.sleep_forever()
    finally:
        closed.append("wait")


async def wait(request: Request) -> StreamingResponse:
    return StreamingResponse(waiting())


async def echo(websocket: WebSocket) -> None:
    await websocket.accept()
    async for message in websocket.iter_text():
        await websocket.send_text(message)


app = Starlette(
    routes=[
        Route("/text", text),
        Route("/items", items),
        Route("/items", add_item, methods=["POST"]),
        Route("/users/{id:int}", user),
        Route("/names/{name}", name),
        Route("/json", json, methods=["POST"]),
        Route("/body", body, methods=["POST"]),
        Route("/query", query),
        Route("/cookie", cookie),
        Route("/field", field),
        Route("/nothing", nothing),
        Route("/boom", boom),
        Route("/thread", thread),
        Route("/wait", wait),
        WebSocketRoute("/ws", echo),
        Mount("/static", StaticFiles(directory=FOLDER)),
        Mount("/mounted", Mounted()),
    ],
    middleware=[Middleware(CORSMiddleware, allow_origins=[FRIEND])],
)
