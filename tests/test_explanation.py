import re
from functools import partial
from typing import Any

from framework import (
    App,
    Limits,
    Middleware,
    Mount,
    Request,
    Route,
    Router,
    WebSocket,
    WebSocketRoute,
)
from framework.middleware.timeout import TimeoutMiddleware
from framework.types import Receive, Scope, Send


async def user(request: Request, id: int) -> None: ...


def files(**values: Any) -> None: ...


async def live(websocket: WebSocket) -> None: ...


async def other(scope: Scope, receive: Receive, send: Send) -> None: ...


def on_missing(request: Any, error: Any) -> None: ...


PLACE = re.compile(re.escape(__file__) + ":[0-9]+|tests/test_explanation.py:[0-9]+")

inner = App(routes=[Route("/things/{id:int}", user, name="thing")])
app = App(
    routes=[
        Route("/users/{id:int}", user, timeout=2.5, cancel_on_disconnect=True),
        Route("/users/{name}", files, ["PUT"]),
        Route("/files/{name}", files),
        WebSocketRoute("/live", live),
        Router(host="api.test", routes=[Route("/v1/", files)]),
        Mount("/inner", inner, name="inner"),
        Mount("/other", other),
    ],
    middleware=[
        Middleware(TimeoutMiddleware, seconds=9),
        Middleware(partial(TimeoutMiddleware, seconds=1)),
    ],
    exception_handlers={404: on_missing},
    limits=Limits(max_files=3),
)


AROUND = [
    "TimeoutMiddleware(seconds=9): ASGI middleware of the app, FILE",
    "TimeoutMiddleware: ASGI middleware of the app, FILE",
]
MISSING = ["404: on_missing of the app, FILE"]
BY_DEFAULT = "worded by the default, as application/problem+json"


def told(method: str, path: str, **headers: str) -> dict[str, list[str]]:
    """The parts of the text, without the line that a thing is at."""
    found = app.explain(method, path, headers)
    parts = [part for part in found.sections() if part.entries]
    return {found.title(): []} | {
        part.label: [PLACE.sub("FILE", entry) for entry in part.entries] for part in parts
    }


def test_a_route_is_told_with_all_that_is_around_it() -> None:
    assert told("GET", "/users/7") == {
        "GET /users/7": [],
        "answer": ["user takes the path"],
        "route": [
            "GET HEAD /users/{id:int} (declared at FILE)",
            "user at FILE, called 'user' for url_for",
        ],
        "parameters": ["id = 7 (int)"],
        "middleware": AROUND,
        "limits": [
            "timeout=2.5 seconds, then 504",
            "cancel_on_disconnect=True: the handler ends when the client goes",
            "max_body_size=16777216 (by default, as the others)",
            "max_files=3",
        ],
        "on errors": MISSING,
        "not taken": ["PUT /users/{name}: answers PUT (FILE)"],
    }
    assert told("GET", "/files/x")["route"] == [
        "GET HEAD /files/{name} (declared at FILE)",
        "files at FILE, in a thread, called 'files' for url_for",
    ]


def test_what_the_router_answers_is_told_with_its_fields() -> None:
    assert told("PUT", "/files/x") == {
        "PUT /files/x: 405": [],
        "answer": [
            "the path has routes, but none for PUT",
            "Allow: GET, HEAD, OPTIONS",
            BY_DEFAULT,
        ],
        "middleware": AROUND,
        "on errors": MISSING,
        "not taken": ["GET HEAD /files/{name}: answers GET, HEAD (FILE)"],
    }
    assert told("GET", "/v1", host="api.test") == {
        "GET /v1: 307": [],
        "answer": [
            "no route takes the path as it is, but one takes it with a slash at its end",
            "Location: /v1/",
        ],
        "middleware": AROUND,
        "on errors": MISSING,
        "not taken": [
            "GET HEAD /v1/ on api.test: takes the path with a slash at its end (FILE)",
        ],
    }


def test_a_socket_is_told_with_the_limit_of_its_messages() -> None:
    assert told("WEBSOCKET", "/live")["limits"] == [
        "max_files=3",
        "max_message_size=1048576 (by default, as the others)",
    ]


def test_a_mounted_app_is_told_below_the_mount() -> None:
    parts = told("GET", "/inner/things/x")
    assert parts["route"] == ["MOUNT /inner (declared at FILE)", "App, called 'inner' for url_for"]
    assert parts["mounted"] == [
        "an app of this framework sees root_path '/inner', path '/inner/things/x'; its routes see '/things/x'"
    ]
    assert parts["  answer"] == ["no route takes the path", BY_DEFAULT]
    assert told("GET", "/other/x")["route"] == ["MOUNT /other (declared at FILE)", "other"]
    assert told("GET", "/other/x")["mounted"] == [
        "other decides by itself: it sees root_path '/other', path '/other/x'"
    ]


def test_the_text_is_the_title_and_the_parts() -> None:
    first, second, *_ = str(app.explain("GET", "/other/%1Bx")).splitlines()
    assert first == "GET /other/\\x1bx"
    assert second == "answer      the mount of /other takes the path"
