"""The app that `tests/survey.py` asks on every server; no test lives here.

What an app sees of the server itself is told by raw ASGI functions, what the framework makes of it by
the apps of the other live tests, which are mounted.
"""

import json
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio

from framework import App
from framework.types import ASGIApp, Message, Receive, Scope, Send
from tests import drained, lively, offering, served

PATHSEND = "http.response.pathsend"

noted: dict[str, Any] = {"lifespan": False}


@asynccontextmanager
async def lifespan() -> AsyncGenerator[dict[str, str]]:
    """Note that it runs, and yield a state."""
    noted["lifespan"] = True
    yield {"greeting": "hello"}


framework = App(lifespan=lifespan)
for module in (drained, lively, offering, served):
    framework.mount(f"/{module.__name__.removeprefix('tests.')}", module.app)


def seen(scope: Scope) -> bytes:
    """What the server says of a connection, and what was noted up to now, as JSON."""
    told = {
        **noted,
        "spec_version": scope["asgi"].get("spec_version"),
        "raw_path": scope.get("raw_path", b"").decode(),
        "state": scope.get("state", {}).get("greeting"),
        "extensions": sorted(scope.get("extensions") or ()),
    }
    return json.dumps(told).encode()


async def respond(send: Send, message: Message) -> None:
    """Send a response with that message as its content."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send(message)


async def tell(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with what is seen of a request."""
    await respond(send, {"type": "http.response.body", "body": seen(scope)})


async def tell_socket(scope: Scope, receive: Receive, send: Send) -> None:
    """Send what is seen of a WebSocket, and close it."""
    await receive()
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.send", "text": seen(scope).decode()})
    await send({"type": "websocket.close", "code": 1000})


async def send_path(scope: Scope, receive: Receive, send: Send) -> None:
    """Have the server send this file, if it offers to."""
    offers = PATHSEND in (scope.get("extensions") or {})
    file = {"type": PATHSEND, "path": str(Path(__file__))}
    await respond(send, file if offers else {"type": "http.response.body"})


async def is_left(scope: Scope, receive: Receive, send: Send) -> None:
    """Send once, then wait for the client to leave, and note what it does to `receive` and `send`."""
    message: Message = {"type": "http.response.body", "body": b"begun", "more_body": True}
    await respond(send, message)
    noted["request"] = await after_the_end("http.disconnect", message, receive, send)


async def is_left_socket(scope: Scope, receive: Receive, send: Send) -> None:
    """The same on a WebSocket."""
    message: Message = {"type": "websocket.send", "bytes": b"begun"}
    await receive()
    await send({"type": "websocket.accept"})
    await send(message)
    noted["socket"] = await after_the_end("websocket.disconnect", message, receive, send)


async def after_the_end(end: str, message: Message, receive: Receive, send: Send) -> list[bool]:
    """Whether `receive` tells of the end within a while, and whether `send` raises then."""
    with anyio.move_on_after(3) as waiting:
        while (await receive())["type"] != end:
            pass
    raised = [await raises(lambda: send(message)) for _ in range(3)]
    return [not waiting.cancelled_caught, any(raised)]


async def raises(function: Callable[[], Awaitable[object]]) -> bool:
    """Whether it raises what tells of a client that has gone (ASGI: an OSError)."""
    try:
        await function()
    except OSError:
        return True
    return False


RAW: dict[tuple[str, str], ASGIApp] = {
    ("http", "/tell"): tell,
    ("websocket", "/tell"): tell_socket,
    ("http", "/path"): send_path,
    ("http", "/left"): is_left,
    ("websocket", "/left"): is_left_socket,
}


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer by a raw function, or else by the framework."""
    raw = RAW.get((scope["type"], scope.get("path", "")), framework)
    await raw(scope, receive, send)
