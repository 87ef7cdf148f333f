"""The app of `test_lively.py`, whose connections go on for long; no test lives here."""

import threading
from collections import Counter
from collections.abc import AsyncGenerator

import anyio

from framework import (
    App,
    EventSourceResponse,
    HTTPException,
    JSONResponse,
    StreamingResponse,
    WebSocket,
    WebSocketDisconnect,
)

counts: Counter[str] = Counter()
CHUNK = b"x" * 64 * 1024

app = App()


@app.get("/counts")
async def seen() -> dict[str, int]:
    """What has happened, and what is going on."""
    tasks = len(anyio.get_running_tasks())
    return {**counts, "tasks": tasks, "threads": threading.active_count()}


async def flood() -> AsyncGenerator[bytes]:
    """More than anybody reads."""
    try:
        while True:
            yield CHUNK
    finally:
        counts["floods closed"] += 1


@app.get("/flood")
async def stream() -> StreamingResponse:
    """An endless download."""
    return StreamingResponse(flood())


async def ticks() -> AsyncGenerator[str]:
    """An event now and then."""
    try:
        while True:
            yield "tick"
            await anyio.sleep(0.05)
    finally:
        counts["ticks closed"] += 1


@app.get("/ticks")
async def events() -> EventSourceResponse:
    """An endless event stream."""
    return EventSourceResponse(ticks())


@app.get("/patient", cancel_on_disconnect=True)
async def patient() -> None:
    """Work that nobody needs once the client has gone."""
    counts["patient begun"] += 1
    try:
        await anyio.sleep_forever()
    finally:
        counts["patient cancelled"] += 1


@app.get("/late", timeout=0.05)
async def late() -> None:
    """Work that takes too long."""
    await anyio.sleep_forever()


@app.websocket("/chat")
async def chat(websocket: WebSocket) -> None:
    """A subprotocol, a header, then each message back, until one says that it is enough."""
    await websocket.accept(subprotocol="chat.v2", headers={"x-room": "blue"})
    async for message in websocket:
        if message == "enough":
            await websocket.close(4001, "as you wish")
            return
        if isinstance(message, str):
            await websocket.send_text(message)
        else:
            await websocket.send_bytes(message)


@app.websocket("/leaving")
async def leaving(websocket: WebSocket) -> None:
    """A socket that notes how its peer left."""
    await websocket.accept()
    try:
        await websocket.receive_text()
    except WebSocketDisconnect as error:
        counts[f"left with {error.code} {error.reason}"] += 1


@app.websocket("/denied")
async def denied(websocket: WebSocket) -> None:
    """A socket that is refused by a response."""
    await websocket.send_denial_response(JSONResponse({"error": "not you"}, 401))


@app.websocket("/raised")
async def raised(websocket: WebSocket) -> None:
    """A socket that is refused by an exception."""
    raise HTTPException(409)


@app.websocket("/sender")
async def sender(websocket: WebSocket) -> None:
    """A socket that only sends."""
    await websocket.accept()
    try:
        while True:
            await websocket.send_text("tick")
            await anyio.sleep(0.02)
    except WebSocketDisconnect:
        counts["sender ended"] += 1


@app.websocket("/torrent")
async def torrent(websocket: WebSocket) -> None:
    """A socket that sends more than anybody reads."""
    await websocket.accept()
    try:
        while True:
            await websocket.send_bytes(CHUNK)
    finally:
        counts["torrent ended"] += 1
