"""The server behind `examples/proxy.py`, of which `tests/examples/test_proxy.py` asks; no test lives here."""

from collections.abc import AsyncGenerator
from typing import Any

import anyio

from framework import App, Limits, Request, Response, StreamingResponse

app = App(trailing_slash="strict")
left: list[str] = []

PIECE = bytes(64 * 1024)
PIECES = 1024
LARGE = Limits(max_body_size=PIECES * len(PIECE))
FIELDS = [
    ("set-cookie", "a=1"),
    ("set-cookie", "b=2"),
    ("x-end", "caf\xe9"),
    ("connection", "x-hop"),
    ("x-hop", "not for you"),
    ("content-encoding", "identity"),
]


@app.route("/told/{rest:path}", ["DELETE", "GET", "OPTIONS", "PATCH", "POST", "PUT", "QUERY"])
async def told(request: Request, rest: str) -> dict[str, Any]:
    """What came in."""
    return {
        "method": request.method,
        "path": request.scope["raw_path"].decode(),
        "query": request.scope["query_string"].decode(),
        "fields": request.headers.multi_items(),
        "body": (await request.body()).decode(),
    }


@app.get("/fields")
async def fields() -> Response:
    """Fields for the client, and for the proxy."""
    return Response(b"teapot", 418, FIELDS)


@app.get("/nothing")
async def nothing() -> None:
    """An answer without a body."""


@app.put("/upload", limits=LARGE)
async def upload(request: Request) -> int:
    """How much arrived."""
    return sum([len(chunk) async for chunk in request.stream()])


@app.get("/download")
async def download() -> StreamingResponse:
    """As much as the upload takes."""
    return StreamingResponse(PIECE for _ in range(PIECES))


@app.get("/endless")
async def endless() -> AsyncGenerator[bytes]:
    """Begin, and say when nobody listens any more."""
    try:
        while True:
            yield b"tick\n"
            await anyio.sleep(0.01)
    finally:
        left.append("endless")


@app.get("/slow", cancel_on_disconnect=True)
async def slow() -> None:
    """Answer nothing, and say when nobody waits any more."""
    try:
        await anyio.sleep_forever()
    finally:
        left.append("slow")


@app.get("/broken")
async def broken() -> AsyncGenerator[bytes]:
    """Break off in the middle."""
    yield PIECE
    raise LookupError


@app.get("/left")
async def who_left() -> list[str]:
    """What clients have left."""
    return left
