"""Memory of idle connections: `python -m tests.benchmarks.idle [uvicorn-httptools [10000]]`.

Sockets and event streams on a real server, ours beside a raw callable that does the same: it sends the
events of a generator, and closes it when the client goes.
"""

import asyncio
import sys
from collections.abc import AsyncGenerator

import anyio

from framework import App, EventSourceResponse, WebSocket
from framework.types import Receive, Scope, Send
from tests.leftovers import memory_of
from tests.servers import HOST, serve

WARM = 200
"""Connections that are opened before any is counted, so that what is made once is not."""

AT_A_TIME = 100
HANDSHAKE = (
    "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)

ours = App()


async def events() -> AsyncGenerator[str]:
    """One event, then none."""
    yield "hello"
    await anyio.sleep_forever()


@ours.get("/events")
async def stream() -> EventSourceResponse:
    """An event stream that idles."""
    return EventSourceResponse(events())


@ours.websocket("/socket")
async def echo(websocket: WebSocket) -> None:
    """A socket that waits for messages."""
    await websocket.accept()
    async for text in websocket.iter_text():
        await websocket.send_text(text)


async def raw(scope: Scope, receive: Receive, send: Send) -> None:
    """The same by hand."""
    if scope["type"] == "lifespan":
        for phase in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{phase}.complete"})
    elif scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        while (message := await receive())["type"] == "websocket.receive":
            await send({"type": "websocket.send", "text": message["text"]})
    else:
        task, watched = asyncio.current_task(), asyncio.create_task(_gone(receive))
        watched.add_done_callback(lambda _: task.cancel() if task is not None else None)
        fields = [(b"content-type", b"text/event-stream"), (b"cache-control", b"no-store")]
        await send({"type": "http.response.start", "status": 200, "headers": fields})
        async for data in events():
            body = f"data: {data}\n\n".encode()
            await send({"type": "http.response.body", "body": body, "more_body": True})


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def opened(port: int, path: str) -> asyncio.StreamWriter:
    """A connection whose first answer has come."""
    reader, writer = await asyncio.open_connection(HOST, port, limit=2048)
    upgrade = HANDSHAKE if path == "/socket" else ""
    writer.write(f"GET {path} HTTP/1.1\r\nHost: {HOST}\r\n{upgrade}\r\n".encode())
    await reader.readuntil(b"\r\n\r\n" if upgrade else b"hello\n\n")
    return writer


async def measured(server: str, target: str, path: str, count: int) -> float:
    """Bytes of memory that each of so many connections takes."""
    with serve(server, f"{__spec__.name}:{target}", is_checked=False) as served:
        writers = [await opened(served.port, path) for _ in range(WARM)]
        await asyncio.sleep(1)
        before = memory_of(served.process.pid)
        for _ in range(0, count, AT_A_TIME):
            writers += await asyncio.gather(*[opened(served.port, path) for _ in range(AT_A_TIME)])
        await asyncio.sleep(2)
        each = (memory_of(served.process.pid) - before) / count
        for writer in writers:
            writer.transport.abort()
        await asyncio.sleep(1)
        return each


async def main(server: str, count: int) -> None:
    """Print a row for each kind of connection."""
    for path in ("/socket", "/events"):
        figures = [await measured(server, target, path, count) for target in ("raw", "ours")]
        ratio = figures[1] / figures[0]
        print(f"{server} {path} {count}: {figures[0]:.0f} {figures[1]:.0f} {ratio:.2f}")


if __name__ == "__main__":
    server, count = (*sys.argv[1:], *("uvicorn-httptools", "10000")[len(sys.argv) - 1 :])
    asyncio.run(main(server, int(count)))
