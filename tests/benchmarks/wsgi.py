"""The WSGI app that all adapters serve: a text, an upload that is read whole, and a download."""

from collections.abc import Iterable
from typing import Any
from wsgiref.types import StartResponse

from tests.benchmarks.asgi import PIECE, PIECES

__all__ = ["application"]


def application(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
    """Three routes."""
    path = environ["PATH_INFO"]
    if path == "/download":
        length = str(PIECES * len(PIECE))
        fields = [("Content-Type", "application/octet-stream"), ("Content-Length", length)]
        start_response("200 OK", fields)
        return (PIECE for _ in range(PIECES))
    if path == "/upload":
        body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        text = str(len(body)).encode()
    else:
        text = b"Hello, World!"
    fields = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(text)))]
    start_response("200 OK", fields)
    return [text]
