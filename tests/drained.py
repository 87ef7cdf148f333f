"""The app that real servers stop in `test_drain.py`; no test lives here."""

import logging
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import anyio

from framework import App, EventSourceResponse, ServerSentEvent, StreamingResponse, WebSocket

logger = logging.getLogger("framework.drained")
counts: Counter[str] = Counter()


@asynccontextmanager
async def lifespan() -> AsyncGenerator[None]:
    """Say at the end what was ended, in one line on standard error."""
    yield
    logger.warning("ended: %s", " ".join(f"{name}={n}" for name, n in sorted(counts.items())))


app = App(lifespan=lifespan, graceful_timeout=2.0)


async def idle_events() -> AsyncGenerator[ServerSentEvent]:
    """One event, then nothing for ever."""
    try:
        yield ServerSentEvent(comment="hello")
        await anyio.sleep_forever()
    finally:
        counts["events"] += 1


@app.get("/events")
async def events() -> EventSourceResponse:
    """An event stream that idles."""
    return EventSourceResponse(idle_events())


@app.get("/ticks")
async def ticks() -> AsyncGenerator[str]:
    """A stream that goes on for as long as the app runs, and ends with a last word."""
    while not await app.shutting_down.wait(0.05):
        yield "tick\n"
    yield "goodbye\n"
    counts["ticks"] += 1


@app.get("/export")
async def export() -> StreamingResponse:
    """A stream that takes its time, and comes to its end."""

    async def rows() -> AsyncGenerator[str]:
        for number in range(10):
            yield f"{number}\n"
            await anyio.sleep(0.1)
        counts["exports"] += 1

    return StreamingResponse(rows())


@app.get("/stubborn")
async def stubborn() -> StreamingResponse:
    """A stream that does not look at the clock."""

    async def chunks() -> AsyncGenerator[str]:
        try:
            yield "begun\n"
            await anyio.sleep_forever()
        finally:
            counts["stubborn"] += 1

    return StreamingResponse(chunks())


@app.websocket("/listening")
async def listening(websocket: WebSocket) -> None:
    """A socket whose handler waits for messages."""
    await websocket.accept()
    await websocket.send_text("hello")
    assert [message async for message in websocket] == []
    counts["listening"] += 1


@app.websocket("/sending")
async def sending(websocket: WebSocket) -> None:
    """A socket whose handler only sends."""
    await websocket.accept()
    try:
        while True:
            await websocket.send_text("tick")
            await anyio.sleep(0.05)
    finally:
        counts["sending"] += 1
