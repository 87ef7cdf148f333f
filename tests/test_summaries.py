from functools import partial, wraps
from typing import Any

from framework import App, Middleware, Mount, Request, Response, Route, Router, WebSocket
from framework._summaries import catchers, label, middleware_around, source_of, summary
from framework.middleware.timeout import TimeoutMiddleware
from framework.types import ASGIApp, Receive, Scope, Send


class Things:
    def get(self) -> None: ...

    async def post(self) -> None: ...


class Served:
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None: ...


class Guard:
    """Function middleware that stands before mounts, too."""

    async def __call__(self, request: Any, call_next: Any) -> Response: ...  # type: ignore[empty-body]

    def guard_app(self, app: ASGIApp, settings: Any) -> ASGIApp: ...  # type: ignore[empty-body]


async def note(request: Any, call_next: Any) -> Response: ...  # type: ignore[empty-body]


async def live(websocket: WebSocket) -> None: ...


def fine() -> None: ...


def test_a_route_is_told_with_the_whole_of_its_path() -> None:
    router = Router(prefix="/api", host="api.test")
    router.add_route("/fine/{x:int}", partial(show), name="special")
    router.add_route("/things", Things)
    router.add_websocket_route("/live", live)
    router.mount("/served", Served())
    app = App(routes=[router, Mount("", Served())])
    app.compile()
    special, things, socket, mount, rest = (
        summary(route, place, "POST") for route, place in app._compiler.places.items()
    )
    assert (special.kind, special.methods, special.path) == (
        "http",
        ("GET", "HEAD"),
        "/api/fine/{x:int}",
    )
    assert (special.host, special.name) == ("api.test", "special")
    assert (special.handler, special.in_thread) == ("show", True)
    assert special.source.startswith(__file__)
    assert special.source != special.where
    assert (things.handler, things.methods) == ("Things.post", ("GET", "HEAD", "POST"))
    assert not things.in_thread
    assert (socket.kind, socket.handler, socket.methods) == ("websocket", "live", ())
    assert (mount.kind, mount.handler, mount.path) == ("mount", "Served", "/api/served")
    assert mount.source == mount.where
    assert rest.path == "/"


def show(request: Request, **rest: Any) -> None: ...


def test_of_a_class_the_handler_of_get_is_told_where_no_method_is_asked_for() -> None:
    app = App(routes=[Route("/things", Things)])
    app.compile()
    ((route, place),) = app._compiler.places.items()
    assert summary(route, place).handler == "Things.get"


def test_middleware_is_told_from_outside_to_inside() -> None:
    router = Router(prefix="/r", middleware=[note, Middleware(TimeoutMiddleware, seconds=3)])
    app = App(middleware=[Guard(), Middleware(partial(Wrapped, "secret"), limit=5, key="s")])
    route = Route("/x", fine, middleware=[note])
    around = middleware_around([app, router], route)
    assert [(each.name, each.kind, each.owner, each.options) for each in around] == [
        ("Wrapped", "asgi", "app", "limit=5, key=..."),
        ("TimeoutMiddleware", "asgi", "router /r", "seconds=3"),
        ("Guard", "function", "app", ""),
        ("note", "function", "router /r", ""),
        ("note", "function", "route", ""),
    ]
    assert all(each.where.startswith(__file__) for each in around)
    guarding = middleware_around([app, router], Mount("/m", Served()))
    assert [each.name for each in guarding] == ["Wrapped", "TimeoutMiddleware", "Guard"]


class Wrapped(Served):
    def __init__(self, secret: str, app: ASGIApp, **options: Any) -> None: ...


def test_options_without_names_are_told_too() -> None:
    app = App(middleware=[Middleware(Wrapped, 7, "secret", None)])
    (only,) = middleware_around([app])
    assert only.options == "7, ..., None"


def test_exception_handlers_are_told_from_inside_to_outside() -> None:
    def on_error(request: Any, error: Any) -> None: ...

    router = Router(host="a.test", exception_handlers={KeyError: on_error})
    app = App(exception_handlers={404: on_error, OSError: len_of_two})
    told = [(each.catches, each.owner, each.handler) for each in catchers([app, router])]
    assert told == [
        ("KeyError", "router a.test", "on_error"),
        ("404", "app", "on_error"),
        ("OSError", "app", "pow"),
    ]
    assert catchers([app, router])[2].source == "unknown"


len_of_two: Any = pow


def test_the_source_is_where_the_code_is_whatever_wraps_it() -> None:
    @wraps(fine)
    def wrapped() -> None: ...

    assert source_of(wrapped) == source_of(partial(wrapped)) == source_of(fine)
    assert source_of(Served()) == source_of(Served.__call__)
    assert source_of(pow) is None
    assert label(wrapped) == "fine"
    assert label(Served()) == "Served"
