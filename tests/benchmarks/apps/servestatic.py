"""ServeStatic: https://archmonger.github.io/ServeStatic/, which looks at a folder once, unless told otherwise."""

from typing import Any

from servestatic import ServeStaticASGI

from tests.benchmarks.asgi import Receive, Scope, Send
from tests.benchmarks.assets import FOLDER

__all__ = ["files", "kept"]


async def nothing(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 404, "headers": []})
    await send({"type": "http.response.body", "body": b""})


kept: Any = ServeStaticASGI(nothing, root=str(FOLDER), prefix="static")
files: Any = ServeStaticASGI(nothing, root=str(FOLDER), prefix="static", autorefresh=True)
