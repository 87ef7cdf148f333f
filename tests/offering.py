"""The app that real servers serve in `test_extensions_live.py`; no test lives here."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from framework import App, FileResponse, Request, Response, StreamingResponse

app = App()


@app.get("/offered")
async def offered(request: Request) -> list[str]:
    """The extensions that the server offers for responses."""
    return [
        name
        for name in sorted(request.scope.get("extensions") or ())
        if not name.startswith("websocket.")
    ]


@app.get("/open")
def count(request: Request) -> dict[str, int]:
    """How many times the server has a file open."""
    targets = [str(each.resolve()) for each in Path("/proc/self/fd").iterdir()]
    return {"times": targets.count(request.query_params["path"])}


@app.get("/file")
async def file(request: Request) -> FileResponse:
    """A file of the test's."""
    return FileResponse(request.query_params["path"])


@app.exception_handler(FileNotFoundError)
async def missing(request: Request, error: FileNotFoundError) -> Response:
    """A file that is not there."""
    return Response("missing", 404)


@app.get("/hints")
async def hints(request: Request) -> dict[str, Any]:
    """Tell what comes, then answer."""
    return {
        "sent": [
            await request.send_early_hints(["</style.css>; rel=preload; as=style"]),
            await request.send_early_hints(["</a.js>; rel=preload; as=script"]),
        ]
    }


@app.get("/push")
async def push(request: Request) -> dict[str, Any]:
    """Push a style, then answer."""
    return {"sent": [await request.send_push_promise("/style.css?v=ü")]}


@app.get("/style.css")
async def style(request: Request) -> dict[str, Any]:
    """What was asked for as a style."""
    return {"v": request.query_params["v"], "accept": request.headers.get("accept-language")}


@app.get("/debug")
async def debug(request: Request) -> dict[str, Any]:
    """Tell what no server wants to know."""
    return {"sent": [await request.send_debug({"a": 1})], "tls": request.tls}


@app.get("/trailers")
async def trailers() -> StreamingResponse:
    """A stream whose digest is known at its end."""
    digest = hashlib.sha256()

    def chunks() -> Iterator[bytes]:
        for number in range(100):
            chunk = b"%d\n" % number * 100
            digest.update(chunk)
            yield chunk

    return StreamingResponse(chunks(), trailers=lambda: {"x-sha256": digest.hexdigest()})
