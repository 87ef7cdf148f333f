"""The app that real servers serve in `test_servers_live.py`; no test lives here."""

from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import anyio
import anyio.lowlevel

from framework import App, Limits, Request, StreamingResponse, WebSocket

events: Counter[str] = Counter()


@asynccontextmanager
async def lifespan() -> AsyncGenerator[dict[str, str]]:
    """Yield a state, which servers hand to each request."""
    yield {"greeting": "hello"}


app = App(lifespan=lifespan, limits=Limits(max_body_size=100_000))


@app.get("/events")
async def seen() -> dict[str, int]:
    """What has happened so far."""
    return dict(events)


@app.get("/state")
async def state(request: Request) -> str:
    """What the lifespan has yielded."""
    return str(request.state.greeting)


@app.get("/boom")
async def boom() -> None:
    """Fail unexpectedly."""
    raise LookupError("a secret")


@app.get("/ticks")
async def ticks() -> AsyncGenerator[str]:
    """Send without end."""
    try:
        number = 0
        while True:
            yield f"{number}\n"
            number += 1
            await anyio.sleep(0.01)
    finally:
        events["ticks closed"] += 1


@app.get("/idle")
async def idle() -> StreamingResponse:
    """Send once, then wait for what never comes."""

    async def chunks() -> AsyncGenerator[str]:
        try:
            yield "begun\n"
            await anyio.sleep_forever()
        finally:
            events["idle closed"] += 1

    return StreamingResponse(chunks(), media_type="text/plain")


async def late() -> AsyncGenerator[str]:
    """Keep the client waiting for a moment."""
    await anyio.sleep(0.01)
    yield "late"


@app.get("/asked")
async def asked(request: Request) -> StreamingResponse:
    """Ask for the client, and then stream."""
    assert not await request.is_disconnected()
    return StreamingResponse(late())


@app.get("/attended", cancel_on_disconnect=True)
async def attended() -> StreamingResponse:
    """Stream after a handler that was watched, and did not wait for long."""
    await anyio.lowlevel.checkpoint()
    return StreamingResponse(late())


@app.get("/half")
async def half() -> AsyncGenerator[str]:
    """Fail in the middle of a stream."""
    yield "half"
    raise LookupError("no other half")


@app.post("/echo")
async def echo(request: Request) -> StreamingResponse:
    """Send the body back while it comes."""
    return StreamingResponse(request.stream())


@app.post("/size")
async def size(request: Request) -> int | dict[str, int]:
    """How many bytes were sent."""
    return {"size": len(await request.body())}


@app.get("/wait")
async def wait(request: Request) -> None:
    """Poll until the client has gone."""
    events["waiting"] += 1
    while not await request.is_disconnected():  # noqa: ASYNC110 - polling is what is tested
        await anyio.sleep(0.01)
    events["client gone"] += 1


@app.get("/thread/{name}")
def thread(name: str) -> str:
    """Answer from a thread."""
    return name


@app.websocket("/sockets/{room}")
async def socket(websocket: WebSocket, room: str) -> None:
    """Send each message back, with the name of the room."""
    await websocket.accept()
    async for text in websocket.iter_text():
        await websocket.send_text(f"{room}: {text}")
    events["socket closed"] += 1


@app.websocket("/refused")
async def refused(websocket: WebSocket) -> None:
    """Refuse every socket."""
    await websocket.close()
