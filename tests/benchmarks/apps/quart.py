"""Quart: https://quart.palletsprojects.com. Its documentation formats server-sent events by hand."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

from quart import Quart, Response, make_response, websocket

from tests.benchmarks.asgi import CHUNK, CHUNKS, EVENTS

__all__ = ["streams"]

streams = Quart(__name__)


@streams.websocket("/ws")
async def echo_messages() -> None:
    while True:
        message = await websocket.receive()
        await websocket.send(message)


@dataclass
class ServerSentEvent:
    data: str
    event: str | None = None
    id: str | None = None

    def encode(self) -> bytes:
        message = f"data: {self.data}"
        if self.event is not None:
            message = f"{message}\nevent: {self.event}"
        if self.id is not None:
            message = f"{message}\nid: {self.id}"
        return f"{message}\n\n".encode()


@streams.get("/events")
async def events() -> Response:
    async def ticks() -> AsyncIterator[bytes]:
        for id, data in EVENTS:
            yield ServerSentEvent(data, event="tick", id=id).encode()

    fields = {"Content-Type": "text/event-stream", "Cache-Control": "no-cache"}
    response = await make_response(ticks(), fields)
    response.timeout = None
    return response


@streams.get("/stream")
async def stream() -> tuple[AsyncIterator[bytes], dict[str, str]]:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(CHUNKS):
            yield CHUNK

    return chunks(), {"Content-Type": "application/octet-stream"}
