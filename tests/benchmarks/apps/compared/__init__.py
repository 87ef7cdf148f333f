"""One module per framework for `tests.compare`, written as its own documentation would, with nothing configured
that the documentation's first pages do not.

Each has an `app` with the routes that `tests.compare` names, as far as the framework can, and `closed`: a list to
which the stream `/wait` appends when it is closed. `/mounted` is a `Mounted`, where apps can be mounted.
"""

from pathlib import Path
from typing import Any

__all__ = ["FOLDER", "FRIEND", "Mounted"]

FRIEND = "https://friend.example"
"""The origin that CORS is for."""

FOLDER = Path(__file__).parents[4] / "examples" / "site_assets" / "static"


class Mounted:
    """An ASGI app that tells whether its lifespan runs."""

    def __init__(self) -> None:
        self.has_started = False

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await receive()
            self.has_started = True
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
        else:
            text = "started" if self.has_started else "does not run"
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": text.encode()})
