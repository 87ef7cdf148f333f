from typing import Any

import pytest

from framework import (
    App,
    ConfigError,
    Converter,
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
from framework.types import ASGIApp, Receive, Scope, Send
from tests.driver import ask
from tests.wire.work import count_calls


def handler(request: Request) -> str:
    return "x"


def other(request: Request) -> None: ...


async def socket(websocket: WebSocket) -> None: ...


async def asgi(scope: Scope, receive: Receive, send: Send) -> None:
    await PlainTextResponse(f"{scope['root_path']} {scope['path']}")(scope, receive, send)


def by_int(x: int) -> str:
    return repr(x)


def by_str(x: str) -> str:
    return repr(x)


class Hex(Converter[int]):
    __slots__ = ()

    value_type = int

    def convert(self, text: str) -> int:
        return int(text, 16)


def app_of(*routes: Any) -> App:
    return App(routes=routes, converters={"hex": Hex()})


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (Route("/a", handler), Route("/a", other)),
        (Route("/{x}", handler), Route("/{y}", other)),
        (Route("/{x:str}", handler), Route("/{x}", other)),
        (Route("/{x:int}", handler), Route("/{x}", by_int)),
        (Route("/{x:[a-z]+}", handler), Route("/{y:[a-z]+}", other)),
        (Route("/{x}.gz", handler), Route("/{y}.gz", other)),
        (Route("/{x:path}", handler), Route("/{y:path}", other)),
        (Route("/a", handler, ["GET", "PUT"]), Route("/a", other, ["PUT", "POST"])),
        (Route("/a", handler, ["HEAD"]), Route("/a", other, ["HEAD"])),
        (Route("/a", handler), Router(prefix="/a", routes=[Route("", other)])),
        (
            Router(host="a.example", routes=[Route("/a", handler)]),
            Router(host="A.Example", routes=[Route("/a", other)]),
        ),
        (
            Router(host="{x}.example", routes=[Route("/a", handler)]),
            Router(host="{y}.example", routes=[Route("/a", other)]),
        ),
        (WebSocketRoute("/{x}", socket), WebSocketRoute("/{y}", socket)),
        (Mount("/a", asgi), Mount("/a/", asgi, strip=True)),
        (Mount("", asgi), Mount("/", asgi)),
    ],
)
def test_two_routes_that_match_the_same_requests_are_refused_by_their_lines(
    first: Any, second: Any
) -> None:
    with pytest.raises(ConfigError, match="two routes match the same requests") as caught:
        app_of(first, second).compile()
    for router in first, second:
        route = router.routes[0] if isinstance(router, Router) else router
        assert f" declared at {route.where}" in str(caught.value)
    assert str(caught.value).count(__file__) == 2


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (Route("/a", handler), Route("/a/", other)),
        (Route("/a", handler), Route("/A", other)),
        (Route("/a", handler), Route("/a", other, ["POST"])),
        (Route("/a", handler), Route("/a", other, ["HEAD"])),
        (Route("/{x}", handler), Route("/{x:int}", other)),
        (Route("/a", handler), WebSocketRoute("/a", socket)),
        (Route("/a", handler), Mount("/a", asgi)),
        (Route("/a/{x:path}", handler), Mount("/a", asgi)),
        (Route("/a", handler), Router(host="a.example", routes=[Route("/a", other)])),
        (Route("/{x:[a-z]}", handler), Route("/{x:[a-y]}", other)),
    ],
)
@pytest.mark.parametrize("is_reversed", [False, True])
def test_routes_that_match_other_requests_live_side_by_side(
    first: Any, second: Any, is_reversed: bool
) -> None:
    app_of(*((second, first) if is_reversed else (first, second))).compile()


@pytest.mark.parametrize(
    ("route", "complaint"),
    [
        (Route("", handler), "the path is empty"),
        (WebSocketRoute("", socket), "the path is empty"),
        (Router(routes=[Route("", handler)]), "the path is empty"),
        (Route("/{x:unknown}", handler), "no converter is called 'unknown'; there are date"),
        (Route("/{x:[}", handler), "not a regular expression"),
        (Route("/{x:path}/{y:path}", handler), r"can have one \{\.\.\.:path\} parameter"),
        (Router(prefix="/{x}", routes=[Route("/{x}", handler)]), "has the parameter 'x' twice"),
        (
            Router(host="{x}.example", routes=[Route("/{x}", handler)]),
            "the host '{x}.example' and the path have a parameter in common",
        ),
        (
            Router(host="{x:path}.example", routes=[Route("/", handler)]),
            r"the host '\{x:path\}.example' cannot have a \{\.\.\.:path\}",
        ),
        (Mount("/{x:path}", asgi), r"leave \{\.\.\.:path\} out of it"),
        (Router(prefix="/{x:path}", routes=[Mount("/a", asgi)]), "leave"),
        (Route("/", by_int), "takes 'x'"),
        (
            Route("/", handler, middleware=[Middleware(PlainTextResponse, 1, 2, 3, 4, 5, 6)]),
            r"Middleware\(PlainTextResponse, ..., ..., ..., ..., ..., ...\)",
        ),
    ],
)
def test_what_cannot_work_is_refused_by_the_line_that_declared_it(
    route: Any, complaint: str
) -> None:
    app = app_of(route)
    with pytest.raises(ConfigError, match=complaint) as caught:
        app.compile()
    declared = route.routes[0] if isinstance(route, Router) else route
    assert f"declared at {__file__}:" in str(caught.value)
    assert str(caught.value).count("declared at") <= 2
    assert repr(declared) in str(caught.value) or "Middleware(" in str(caught.value)


def test_an_app_that_was_refused_can_be_mended() -> None:
    app = app_of(Route("/a", handler))
    app.add_route("/a", handler)
    with pytest.raises(ConfigError):
        app.compile()
    app.routes.pop()
    app.add_route("/b", handler)
    assert app.compile() is app.compile()


def test_a_router_that_includes_itself_is_refused() -> None:
    router, middle = Router(prefix="/a"), Router(prefix="/b")
    router.include(middle)
    middle.include(router)
    with pytest.raises(ConfigError, match=f"includes itself: the include declared at {__file__}:"):
        app_of(router).compile()


def test_an_app_cannot_be_in_a_router_of_its_own() -> None:
    app = App()
    with pytest.raises(ConfigError, match="takes a Router"):
        app.include(app)


async def test_the_converters_of_the_app_are_those_of_all_its_routers() -> None:
    app = app_of(Router(prefix="/r", routes=[Route("/{x:hex}", by_int)]))
    assert (await ask(app, path="/r/ff")).text == "255"
    assert (await ask(app, path="/r/fg")).status == 404


async def test_an_app_may_replace_a_built_in_converter() -> None:
    app = App(routes=[Route("/{x:int}", by_int)], converters={"int": Hex()})
    assert (await ask(app, path="/ff")).text == "255"


@pytest.mark.parametrize("is_reversed", [False, True])
async def test_a_handler_for_head_takes_the_place_of_the_automatic_one(is_reversed: bool) -> None:
    def head(request: Request) -> Response:
        return Response(headers={"x-by": "head"})

    routes = [Route("/{x:[a-z]}", handler), Route("/{y:[a-z]}", head, ["HEAD"])]
    app = app_of(*(reversed(routes) if is_reversed else routes))
    assert (await ask(app, "HEAD", "/a")).headers["x-by"] == "head"
    assert "x-by" not in (await ask(app, "GET", "/a")).headers


async def test_methods_of_one_path_have_parameters_of_other_names_and_types() -> None:
    app = app_of(
        Route("/{x}", by_int), Route("/{x}", by_str, ["PUT"]), Route("/{y}", handler, ["POST"])
    )
    assert (await ask(app, "GET", "/7")).text == "7"
    assert (await ask(app, "PUT", "/7")).text == "'7'"
    assert (await ask(app, "POST", "/7")).text == "x"
    assert (await ask(app, "DELETE", "/7")).headers["allow"] == "GET, HEAD, OPTIONS, POST, PUT"
    assert (await ask(app, "DELETE", "/x")).headers["allow"] == "OPTIONS, POST, PUT"
    assert (await ask(app, "GET", "/x")).status == 405


async def test_the_scope_tells_the_tools_around_the_app_what_was_found() -> None:
    scopes: list[Scope] = []

    class Watching:
        def __init__(self, app: ASGIApp) -> None:
            self.app = app

        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            await self.app(scope, receive, send)
            scopes.append(scope)

    app = App(middleware=[Middleware(Watching)])
    app.add_route("/users/{id:int}", handler, ["PUT", "GET"], name="user")
    app.mount("/m/{tenant}", asgi)
    await ask(app, path="/users/7")
    await ask(app, "DELETE", "/users/7")
    await ask(app, path="/m/acme/x")
    await ask(app, path="/none")
    found, refused, mounted, missing = scopes
    route = found["route"]
    assert (route.path, route.path_format, route.name) == (
        "/users/{id:int}",
        "/users/{id}",
        "user",
    )
    assert route.methods == {"GET", "HEAD", "PUT"}
    assert repr(route) == f"GET HEAD PUT /users/{{id:int}} ({route.where})"
    assert (found["app"], found["endpoint"], found["path_params"]) == (app, handler, {"id": 7})
    assert (refused["route"], refused["endpoint"], refused["path_params"]) == (route, handler, {})
    assert (mounted["endpoint"], mounted["path_params"]) == (asgi, {"tenant": "acme"})
    assert repr(mounted["route"]) == f"ANY /m/{{tenant}} ({mounted['route'].where})"
    assert "route" not in missing
    assert missing["path_params"] == {}


async def test_what_a_mounted_app_raises_is_answered_by_the_handlers_around_it() -> None:
    async def refusing(scope: Scope, receive: Receive, send: Send) -> None:
        raise HTTPException(418)

    async def teapot(request: Request, error: HTTPException) -> str:
        return f"router: {error.status_code}"

    router = Router(routes=[Mount("/a", refusing)], exception_handlers={418: teapot})
    answer = await ask(app_of(router, Mount("/b", refusing)), path="/a/x")
    assert (answer.status, answer.text) == (418, "router: 418")
    answer = await ask(app_of(router, Mount("/b", refusing)), path="/b/x")
    assert (answer.status, answer.error) == (418, None)


async def test_a_mounted_app_finds_the_state_of_its_own_lifespan_beside_ours() -> None:
    async def sub(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await receive()
            scope["state"]["own"] = "sub"
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
        else:
            await PlainTextResponse(repr(scope.get("state")))(scope, receive, send)

    app = app_of(Mount("/m", sub), Mount("/plain", asgi))
    assert (await ask(app, path="/m/x")).text == "None"
    events: list[Any] = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]

    async def receive() -> Any:
        if len(events) == 1:
            answer = await ask(app, path="/m/x", state={"ours": 1})
            assert answer.text == "{'ours': 1, 'own': 'sub'}"
        return events.pop(0)

    async def send(message: Any) -> None:
        assert message["type"].endswith(".complete")

    await app({"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}, receive, send)
    assert events == []


def test_routes_are_compiled_in_linear_work() -> None:
    def work(count: int) -> int:
        app = App()
        for index in range(count):
            app.add_route(f"/{index}", handler)
            app.add_route(f"/{index}/{{x:int}}", by_int)
        return count_calls(app.compile)

    assert work(1_000) < 11 * work(100)


def test_ten_thousand_routes_compile() -> None:
    app = App()
    for index in range(5_000):
        app.add_route(f"/{index}", handler)
        app.add_route(f"/{index}/{{x:int}}", by_int)
    assert app.compile() is app.compile()
