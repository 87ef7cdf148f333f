from collections.abc import Callable
from typing import Any

import pytest

from framework import (
    App,
    ConfigError,
    HTTPException,
    Middleware,
    Mount,
    PlainTextResponse,
    Request,
    Response,
    Route,
    Router,
    WebSocket,
    WebSocketRoute,
)
from framework.routes import CallNext, FunctionMiddleware
from framework.types import ASGIApp, Receive, Scope, Send
from tests.driver import Answer, ask


def handler() -> str:
    return "x"


async def socket(websocket: WebSocket) -> None: ...


def untyped(value: Any) -> Any:
    """Hide a type: callers without a type checker get a message for what it would refuse."""
    return value


class Noting:
    """ASGI middleware that writes its name into the scope, in the order in which it is passed."""

    made = 0

    def __init__(self, app: ASGIApp, name: str) -> None:
        type(self).made += 1
        self.app = app
        self.name = name

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope.setdefault("noted", []).append(self.name)
        await self.app(scope, receive, send)


def noting(name: str) -> FunctionMiddleware:
    """Function middleware that does the same."""

    async def note(request: Request, call_next: CallNext) -> Response:
        request.scope.setdefault("noted", []).append(name)
        return await call_next(request)

    return note


def show(request: Request) -> str:
    return " ".join(request.scope.get("noted", []))


async def test_a_router_puts_its_prefix_and_that_of_its_include_before_its_paths() -> None:
    inner = Router(prefix="/inner", routes=[Route("/x/{id:int}", show), Route("", show)])
    outer = Router(prefix="/outer")
    outer.include(inner, prefix="/{tenant}")
    app = App()
    app.include(outer, prefix="/api")
    app.include(inner)
    for path, status in {
        "/api/outer/acme/inner/x/7": 200,
        "/api/outer/acme/inner": 200,
        "/inner/x/7": 200,
        "/inner": 200,
        "/x/7": 404,
        "/outer/acme/inner": 404,
        "/api/outer/inner": 404,
    }.items():
        assert (await ask(app, path=path)).status == status, path


async def test_routers_may_be_given_at_once_or_declared_step_by_step() -> None:
    at_once = App(
        routes=[
            Route("/a", handler),
            WebSocketRoute("/ws", socket),
            Mount("/m", PlainTextResponse("m")),
            Router(prefix="/b", routes=[Route("/c", handler)]),
        ]
    )
    step_by_step = App()
    step_by_step.add_route("/a", handler)
    step_by_step.add_websocket_route("/ws", socket)
    step_by_step.mount("/m", PlainTextResponse("m"))
    router = Router(prefix="/b")
    step_by_step.include(router)
    router.get("/c")(handler)
    for app in at_once, step_by_step:
        for path, body in {"/a": "x", "/m/y": "m", "/b/c": "x"}.items():
            assert (await ask(app, path=path)).text == body


async def test_each_verb_has_its_decorator_which_gives_the_handler_back() -> None:
    app = App()
    verbs: dict[str, Callable[..., Any]] = {
        "GET": app.get,
        "POST": app.post,
        "PUT": app.put,
        "PATCH": app.patch,
        "DELETE": app.delete,
        "HEAD": app.head,
        "OPTIONS": app.options,
        "QUERY": app.query,
    }
    for verb, declare in verbs.items():
        assert declare(f"/{verb}", status_code=202)(handler) is handler
    assert app.route("/both", ["PUT", "PURGE"], status_code=202)(handler) is handler
    assert app.websocket("/ws")(socket) is socket
    for method, path in [*((verb, f"/{verb}") for verb in verbs), ("PURGE", "/both")]:
        assert (await ask(app, method, path)).status == 202
    assert (await ask(app, "POST", "/GET")).status == 405


async def answer_of(app: App, path: str = "/r/x", method: str = "GET") -> Answer:
    return await ask(app, method, path)


async def test_middleware_wraps_from_the_app_over_the_routers_to_the_route() -> None:
    inner = Router(prefix="/r", middleware=[noting("inner 1"), Middleware(Noting, "INNER")])
    inner.middleware(noting("inner 0"))
    inner.add_middleware(Noting, name="INNER 0")
    inner.add_route(
        "/x", show, middleware=[noting("route 1"), Middleware(Noting, "ROUTE"), noting("route 2")]
    )
    outer = Router(routes=[inner], middleware=[Middleware(Noting, "OUTER"), noting("outer")])
    app = App(
        routes=[outer],
        middleware=[noting("app 1"), noting("app 2"), Middleware(Noting, "APP 1")],
    )
    app.middleware(noting("app 0"))
    app.add_middleware(Noting, "APP 0")
    assert (await answer_of(app)).text == (
        "APP 0 APP 1 OUTER INNER 0 INNER ROUTE "
        "app 0 app 1 app 2 outer inner 0 inner 1 route 1 route 2"
    )


async def test_middleware_of_a_router_is_around_its_routes_only() -> None:
    router = Router(prefix="/r", middleware=[noting("r"), Middleware(Noting, "R")])
    router.add_route("/x", show)
    app = App(routes=[router, Route("/y", show)])
    assert (await answer_of(app, "/r/x")).text == "R r"
    assert (await answer_of(app, "/y")).text == ""


async def test_middleware_of_a_router_is_made_once_for_all_its_routes_and_places() -> None:
    Noting.made = 0
    router = Router(middleware=[Middleware(Noting, "R")])
    for index in range(5):
        router.add_route(f"/{index}", show, ["GET", "POST"])
    router.add_route("/own", show, middleware=[Middleware(Noting, "own")])
    router.mount("/m", PlainTextResponse("m"))
    app = App()
    app.include(router, prefix="/a")
    app.include(router, prefix="/b")
    for path in ["/a/0", "/b/4", "/a/own"]:
        assert (await answer_of(app, path)).status == 200
        assert (await answer_of(app, path, "HEAD")).status == 200
    assert (await answer_of(app, "/b/own")).text == "R own"
    assert (await answer_of(app, "/b/m/x", "PURGE")).text == "m"
    assert Noting.made == 2


async def test_function_middleware_sees_the_404_and_405_of_the_app_it_is_on() -> None:
    async def stamp(request: Request, call_next: CallNext) -> Response:
        response = await call_next(request)
        response.headers["x-stamp"] = str(response.status_code)
        return response

    router = Router(prefix="/r", routes=[Route("/x", show)], middleware=[stamp])
    app = App(routes=[router, Route("/y", show)], middleware=[])
    assert (await answer_of(app, "/r/x", "POST")).headers["x-stamp"] == "405"
    assert (await answer_of(app, "/r/x", "OPTIONS")).headers["x-stamp"] == "204"
    assert "x-stamp" not in (await answer_of(app, "/y", "POST")).headers
    assert "x-stamp" not in (await answer_of(app, "/r/none")).headers
    app = App(routes=[Route("/y", show)], middleware=[stamp])
    for path, method, status in [
        ("/y", "POST", "405"),
        ("/y", "OPTIONS", "204"),
        ("/none", "GET", "404"),
        ("/y/", "GET", "307"),
    ]:
        assert (await answer_of(app, path, method)).headers["x-stamp"] == status


async def test_exception_handlers_of_a_router_come_before_those_of_the_app() -> None:
    def refuse() -> None:
        raise HTTPException(409)

    async def by_router(request: Request, error: HTTPException) -> str:
        return f"router {error.status_code}"

    async def by_app(request: Request, error: HTTPException) -> str:
        return f"app {error.status_code}"

    router = Router(prefix="/r", exception_handlers={409: by_router})
    router.add_route("/x", refuse)
    app = App(routes=[router, Route("/y", refuse)])
    assert app.exception_handler(HTTPException)(by_app) is by_app
    assert (await answer_of(app, "/r/x")).text == "router 409"
    assert (await answer_of(app, "/y")).text == "app 409"
    assert (await answer_of(app, "/none")).text == "app 404"


@pytest.mark.parametrize(
    ("declare", "complaint"),
    [
        (lambda: Router(prefix="api"), "must begin with '/'"),
        (lambda: Router().get(untyped(handler)), r"<function handler.* is no path: write a text"),
        (lambda: Router().websocket(untyped(socket)), "is no path"),
        (lambda: Router().get("x"), "must begin with '/'"),
        (lambda: Router(prefix="/api/"), "must not end in '/'"),
        (lambda: Router(prefix="/"), "must not end in '/'"),
        (lambda: Router(prefix="/{"), "without its '}'"),
        (lambda: Router(host="localhost:8000"), "without a port"),
        (lambda: Router(host="{"), "without its '}'"),
        (lambda: Router(routes=[untyped(handler)]), r"routes=\[<function handler.*give Route"),
        (lambda: Router(routes=[App()]), r"it takes a Router; mount\(\) takes an ASGI app"),
        (lambda: Router().include(App()), r"mount\(\) takes an ASGI app"),
        (lambda: Router().include(untyped(PlainTextResponse("x"))), r"mount\(\) takes an ASGI app"),
        (lambda: Router().include(Router(), prefix="x"), "must begin with '/'"),
        (lambda: Router().add_middleware(untyped("Noting")), "takes a class"),
        (lambda: Router().middleware(untyped(Noting)), "is ASGI middleware"),
        (lambda: Router().exception_handler(200)(untyped(handler)), r"exception_handler\(200\)"),
        (lambda: Router().exception_handler(600)(untyped(handler)), "400 to 599"),
        (
            lambda: Router().exception_handler(untyped(KeyboardInterrupt))(untyped(handler)),
            "an exception class",
        ),
        (lambda: Router(exception_handlers=untyped({"404": handler})), "an exception class"),
    ],
)
def test_what_cannot_work_is_refused_where_it_is_declared(
    declare: Callable[[], object], complaint: str
) -> None:
    with pytest.raises(ConfigError, match=complaint):
        declare()


LATE: list[Callable[[Any], object]] = [
    lambda r: r.add_route("/x", handler),
    lambda r: r.get("/x")(handler),
    lambda r: r.add_websocket_route("/x", socket),
    lambda r: r.mount("/x", App()),
    lambda r: r.include(Router()),
    lambda r: r.add_middleware(Noting, "x"),
    lambda r: r.middleware(noting("x")),
    lambda r: r.add_exception_handler(404, handler),
]


@pytest.mark.parametrize("declare", LATE)
def test_a_declaration_after_the_app_was_compiled_is_refused(
    declare: Callable[[Any], object],
) -> None:
    inner = Router()
    app = App(routes=[Router(prefix="/r", routes=[inner])])
    app.compile()
    for router in app, inner:
        with pytest.raises(ConfigError, match="comes too late"):
            declare(router)


async def test_the_first_request_compiles_the_app() -> None:
    app = App(routes=[Route("/", handler)])
    assert (await ask(app)).text == "x"
    with pytest.raises(ConfigError, match="comes too late"):
        app.add_route("/late", handler)


async def test_a_router_that_is_frozen_in_one_app_may_be_included_in_another() -> None:
    router = Router(routes=[Route("/x", handler)])
    App(routes=[router]).compile()
    assert (await ask(App(routes=[router]), path="/x")).text == "x"


@pytest.mark.parametrize(
    ("declare", "complaint"),
    [
        (
            lambda: Router().exception_handler(404)(untyped(lambda: "x")),
            r"must take \(request, error\)",
        ),
        (lambda: Router().middleware(untyped(one_argument)), r"must take \(request, call_next\)"),
    ],
)
def test_a_function_of_other_arguments_is_refused_where_it_is_declared(
    declare: Callable[[], object], complaint: str
) -> None:
    with pytest.raises(ConfigError, match=complaint):
        declare()


async def one_argument(request: Request) -> None: ...


async def test_a_method_that_middleware_has_changed_to_one_without_route_is_a_405() -> None:
    class Override:
        def __init__(self, app: ASGIApp, method: str) -> None:
            self.app, self.method = app, method

        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            await self.app({**scope, "method": self.method}, receive, send)

    for method, status in (("PUT", 200), ("PATCH", 405)):
        router = Router(middleware=[Middleware(Override, method)])
        router.add_route("/", lambda: "text", ["POST", "PUT"])
        answer = await ask(App(routes=[router]), "POST")
        assert (answer.status, answer.error) == (status, None)
