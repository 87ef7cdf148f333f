"""How many functions a request costs: what makes us slow fails here, without a clock.

Frames are Python functions of ours that are entered, coroutines included. Calls are
those of functions and methods written in C, from code of ours. The handlers, the middlewares and the
server are the tests'. Where a number shrinks, write the smaller one into the table.
"""

import gc
from collections import Counter
from collections.abc import Callable
from cProfile import Profile
from types import CodeType
from typing import Any, NamedTuple

import pytest

import framework
from framework import App, Request, Response
from framework.middleware.compression import CompressionMiddleware
from framework.middleware.cors import CORSMiddleware
from framework.middleware.request_id import RequestIDMiddleware
from framework.middleware.sessions import SessionMiddleware
from framework.types import ASGIApp, Message, Receive, Scope, Send
from tests.driver import http_scope

PACKAGE = framework.__path__[0]
LAYERS = 5


class PassThrough:
    """The least that an ASGI middleware can do."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)


async def passing(request: Request, call_next: Callable[[Request], Any]) -> Response:
    response: Response = await call_next(request)
    return response


async def text() -> str:
    return "Hello, World!"


async def json() -> dict[str, str]:
    return {"message": "Hello, World!"}


async def item(id: int) -> str:
    return str(id)


async def search(request: Request) -> str:
    return f"{request.query_params['q']} {request.headers['x-request-id']}"


async def echo(request: Request) -> Any:
    return await request.json()


def build() -> App:
    app = App()
    app.get("/")(text)
    app.get("/json")(json)
    app.get("/items/{id}")(item)
    app.get("/search")(search)
    app.post("/echo")(echo)
    return app


def wrapped() -> App:
    app = build()
    for _ in range(LAYERS):
        app.add_middleware(PassThrough)
    return app


def nested() -> App:
    app = build()
    for _ in range(LAYERS):
        app.middleware(passing)
    return app


def realistic() -> App:
    app = build()
    app.add_middleware(SessionMiddleware, secret_key="of this test, and of no other one")
    app.add_middleware(CompressionMiddleware)
    app.add_middleware(CORSMiddleware, allow_origins=["https://app.example.com"])
    app.add_middleware(RequestIDMiddleware, trust_incoming=True)
    return app


async def receive() -> Message:
    return {"type": "http.request", "body": b'{"id": 1}', "more_body": False}


async def send(message: Message) -> None:
    assert message["type"].startswith("http.response.")


def answer(app: App, scope: Scope) -> None:
    """Serve a request that never waits."""
    coroutine = app(scope, receive, send)
    with pytest.raises(StopIteration):
        coroutine.__await__().send(None)


class Cost(NamedTuple):
    """What a request enters, and what it calls of C, by name."""

    frames: Counter[str]
    calls: Counter[str]


def cost(app: App, scope: Scope) -> Cost:
    """Of a request that is not the first one."""
    answer(app, {**scope})
    profile = Profile()
    gc.disable()  # it would call what other tests have left
    try:
        profile.runcall(answer, app, {**scope})
    finally:
        gc.enable()
    found = Cost(Counter(), Counter())
    for entry in profile.getstats():
        if isinstance(entry.code, CodeType) and entry.code.co_filename.startswith(PACKAGE):
            if entry.code.co_name != "<listcomp>":  # which has a frame before Python 3.12 only
                found.frames[entry.code.co_qualname] += entry.callcount
            for called in entry.calls or ():
                if isinstance(called.code, str):
                    found.calls[called.code] += called.callcount
    return found


FIELDS = {
    "accept": "*/*",
    "accept-encoding": "gzip, deflate, br, zstd",
    "content-type": "application/json",
    "origin": "https://app.example.com",
    "x-request-id": "5f9c2a7e41d8",
}

COSTS: list[tuple[str, Callable[[], App], str, str, int, int]] = [
    # request, app, method, path, frames, calls
    ("text", build, "GET", "/", 4, 7),
    ("JSON", build, "GET", "/json", 6, 8),
    ("parameter", build, "GET", "/items/21", 7, 15),
    ("query and header", build, "GET", "/search?q=hello+world", 18, 29),
    ("JSON echoed", build, "POST", "/echo", 15, 15),
    ("404", build, "GET", "/no/where", 6, 7),
    ("five ASGI middlewares", wrapped, "GET", "/", 8, 8),
    ("five function middlewares", nested, "GET", "/", 17, 18),
    ("CORS, compression, sessions, request ids", realistic, "GET", "/json", 34, 34),
]


@pytest.mark.parametrize(
    ("app", "method", "path", "frames", "calls"),
    [row[1:] for row in COSTS],
    ids=[row[0] for row in COSTS],
)
def test_a_request_costs_so_many_frames_and_calls(
    app: Callable[[], App], method: str, path: str, frames: int, calls: int
) -> None:
    found = cost(app(), http_scope(method, path, FIELDS))
    assert (found.frames.total(), found.calls.total()) == (frames, calls), found
