from collections.abc import Awaitable, Callable
from functools import partial
from http import HTTPMethod
from typing import Any

import pytest

from framework import (
    App,
    ConfigError,
    Middleware,
    Mount,
    PlainTextResponse,
    Request,
    Route,
    WebSocket,
    WebSocketRoute,
)
from framework.routes import CallNext, Rings, caller, name_of, parse_host
from framework.types import ASGIApp, Receive, Scope, Send
from tests.driver import ask, id_of

THIS_FILE = __file__


def handler() -> None: ...


async def socket(websocket: WebSocket) -> None: ...


async def function(request: Request, call_next: CallNext) -> Any: ...


def untyped(value: Any) -> Any:
    """Hide a type: callers without a type checker get a message for what it would refuse."""
    return value


def by_two(request: Request, call_next: CallNext) -> None: ...


async def function_app(scope: Scope, receive: Receive, send: Send) -> None: ...


def makes_nothing(app: ASGIApp) -> None: ...


class Passing:
    def __init__(self, app: ASGIApp, header: str = "x") -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None: ...


class Items:
    def get(self) -> str:
        return "got"

    async def post(self) -> str:
        return "posted"


class Counting:
    def __init__(self, start: int) -> None:
        self.start = start

    def query(self) -> str:
        return str(self.start)


@pytest.mark.parametrize(
    ("endpoint", "methods", "expected"),
    [
        (handler, None, ["GET"]),
        (handler, ["post", "PUT"], ["POST", "PUT"]),
        (handler, (method for method in ["purge"]), ["PURGE"]),
        (handler, {HTTPMethod.PATCH}, ["PATCH"]),
        (partial(handler), None, ["GET"]),
        (Items, None, ["GET", "POST"]),
        (Items(), None, ["GET", "POST"]),
        (Items().get, ["DELETE"], ["DELETE"]),
        (Counting(1), None, ["QUERY"]),
    ],
)
def test_a_route_has_the_methods_it_is_given_or_those_of_its_class(
    endpoint: Any, methods: Any, expected: list[str]
) -> None:
    assert sorted(Route("/", endpoint, methods).handlers) == expected


async def test_each_verb_of_a_class_answers_its_method() -> None:
    app = App(routes=[Route("/items", Items), Route("/count", Counting(7))])
    assert (await ask(app, "GET", "/items")).text == "got"
    assert (await ask(app, "HEAD", "/items")).status == 200
    assert (await ask(app, "POST", "/items")).text == "posted"
    assert (await ask(app, "QUERY", "/count")).text == "7"
    refused = await ask(app, "PUT", "/items")
    assert (refused.status, refused.headers["allow"]) == (405, "GET, HEAD, OPTIONS, POST")


@pytest.mark.parametrize(
    ("make", "complaint"),
    [
        (lambda: Route("x", handler), "the path 'x' must begin with '/'"),
        (lambda: Route("{x}", handler), "must begin with '/'"),
        (lambda: Route("//x", handler), "must not begin with '//'"),
        (lambda: Route("/a/../b", handler), r"clients resolve '\.\.' away"),
        (lambda: Route("/.", handler), r"clients resolve '\.' away"),
        (lambda: Route("/a?b", handler), r"'\?' ends a URL's path"),
        (lambda: Route("/a#b", handler), "'#' ends a URL's path"),
        (lambda: Route("/%C3%A9", handler), "write it decoded, without %C3"),
        (lambda: Route("/%zz%41", handler), "write it decoded, without %41"),
        (lambda: Route("/{x}%2F", handler), "write it decoded, without %2F"),
        (lambda: Route("/", "handler"), "give a function, or a class"),
        (lambda: Route("/", int), "give a function, or a class"),
        (lambda: Route("/", handler, "GET"), r"methods='GET': give a list, such as \['GET'\]"),
        (lambda: Route("/", handler, []), r"methods=\[\]: give words such as 'GET'"),
        (lambda: Route("/", handler, ["GET POST"]), "give words such as 'GET'"),
        (lambda: Route("/", handler, [""]), "give words such as 'GET'"),
        (lambda: Route("/", Items, ["GET"]), "are its verbs"),
        (lambda: Route("/", handler, status_code=199), "from 200 to 599"),
        (lambda: Route("/", handler, status_code=600), "from 200 to 599"),
        (
            lambda: untyped(Route)("/", handler, tags=[], status=201),
            "there are cancel_on_disconnect, limits, middleware, name, status_code, timeout",
        ),
        (lambda: Route("/", handler, middleware=[untyped(Passing)]), "is ASGI middleware"),
        (lambda: WebSocketRoute("x", socket), "must begin with '/'"),
        (lambda: Mount("x", PlainTextResponse("x")), "must begin with '/'"),
        (lambda: Mount("/x", untyped("app")), r"mount\('/x', 'app'\): that is no ASGI app"),
        (lambda: Middleware(untyped("Passing")), "takes a class and its options, not 'Passing'"),
    ],
)
def test_what_cannot_work_is_refused_where_it_is_declared(
    make: Callable[[], object], complaint: str
) -> None:
    with pytest.raises(ConfigError, match=complaint):
        make()


@pytest.mark.parametrize("path", ["", "/", "/é ü", "/a;b", "/100%", "/a/...", "/{x}..", "/a//b"])
def test_a_path_is_written_as_people_read_it(path: str) -> None:
    assert Route(path, handler).path == path


@pytest.mark.parametrize(
    "middleware",
    [handler, by_two, "x"],
)
def test_function_middleware_is_an_async_function(middleware: Any) -> None:
    with pytest.raises(ConfigError, match="async def"):
        Rings([middleware])


@pytest.mark.parametrize("middleware", [Passing, Passing(App()), Middleware])
def test_a_class_of_middleware_needs_its_wrapper(middleware: Any) -> None:
    with pytest.raises(ConfigError, match=r"write Middleware\("):
        Rings([middleware])


@pytest.mark.parametrize("cls", [Passing(App()), function, "x"])
def test_middleware_is_made_of_a_class(cls: Any) -> None:
    with pytest.raises(ConfigError, match="takes a class and its options"):
        Middleware(cls)


def test_a_factory_that_makes_no_app_is_found() -> None:
    with pytest.raises(ConfigError, match=r"Middleware\(makes_nothing\), declared at .*: None"):
        Middleware(untyped(makes_nothing)).wrap(App())


def test_middleware_of_both_kinds_is_kept_in_its_order() -> None:
    first, second = Middleware(Passing), Middleware(Passing)
    rings = Rings([first, function, second])
    assert rings.asgi == [first, second]
    assert rings.functions == [function]


def test_middleware_that_cannot_be_made_is_an_error_that_names_its_line() -> None:
    middleware = Middleware(Passing, headr="y")
    with pytest.raises(ConfigError) as caught:
        middleware.wrap(PlainTextResponse("x"))
    assert "Middleware(Passing, headr=...), declared at" in str(caught.value)
    assert f"{THIS_FILE}:" in str(caught.value)
    assert "unexpected keyword argument 'headr'" in str(caught.value)


def test_middleware_is_made_with_its_options_and_does_not_tell_them() -> None:
    made = Middleware(Passing, "y").wrap(PlainTextResponse("x"))
    assert isinstance(made, Passing)
    assert repr(Middleware(Passing, "y", z=1)) == "Middleware(Passing, ..., z=...)"


@pytest.mark.parametrize(
    ("shown", "text"),
    [
        (Route("/a", handler, ["POST", "GET"]), "Route('/a', handler, methods=['GET', 'POST'])"),
        (Route("/a", handler, name="b"), "Route('/a', b, methods=['GET'])"),
        (WebSocketRoute("/a", socket), "WebSocketRoute('/a', socket)"),
        (Mount("/a/", function_app), f"Mount('/a', {function_app!r})"),
        (Mount("/", function_app), f"Mount('/', {function_app!r})"),
    ],
    ids=id_of,
)
def test_a_route_shows_what_it_is(shown: object, text: str) -> None:
    assert repr(shown) == text


@pytest.mark.parametrize(
    ("endpoint", "name"),
    [
        (handler, "handler"),
        (Items, "Items"),
        (Items(), "Items"),
        (Items().get, "get"),
        (partial(handler), "handler"),
        (partial(partial(Counting, 1)), "Counting"),
    ],
)
def test_an_endpoint_is_called_by_what_is_behind_it(endpoint: Any, name: str) -> None:
    assert name_of(endpoint) == name


def test_a_route_remembers_the_line_that_declared_it() -> None:
    app = App()
    here = caller()
    app.add_route("/", handler)
    app.get("/get")(handler)
    app.mount("/mount", PlainTextResponse("x"))
    file, line = here.rsplit(":", 1)
    assert file == THIS_FILE
    assert [getattr(route, "where", "") for route in app.routes] == [
        f"{file}:{int(line) + offset}" for offset in (1, 2, 3)
    ]


@pytest.mark.parametrize(
    ("host", "labels"),
    [
        ("example.com", (("example",), ("com",))),
        ("EXAMPLE.com", (("example",), ("com",))),
        ("localhost", (("localhost",),)),
        ("my_host-1.xn--bcher-kva.example", (("my_host-1",), ("xn--bcher-kva",), ("example",))),
    ],
)
def test_a_host_is_taken_apart_into_labels_in_lower_case(
    host: str, labels: tuple[Any, ...]
) -> None:
    assert parse_host(host).segments == ((), *labels)


def test_the_parameters_of_a_host_keep_their_case() -> None:
    pattern = parse_host("API-{tenantId:[A-Z]+}.{zone}.example")
    assert [(p.name, p.how) for p in pattern.parameters()] == [
        ("tenantId", "[A-Z]+"),
        ("zone", None),
    ]
    assert pattern.segments[1][0] == "api-"


@pytest.mark.parametrize(
    "host",
    ["", ".", "a..b", "a.", "localhost:8000", "[::1]", "bücher.example", "a b", "https://a", "*.a"],
)
def test_a_host_that_no_client_names_is_refused(host: str) -> None:
    with pytest.raises(ConfigError, match="can never match"):
        parse_host(host)


# Double callables, of ASGI 2


def double_callable(scope: Scope) -> Callable[[Receive, Send], Awaitable[None]]:
    """An app of ASGI 2."""

    async def instance(receive: Receive, send: Send) -> None:
        await PlainTextResponse(f"{scope['root_path']} {scope['path']}")(scope, receive, send)

    return instance


class DoubleMiddleware:
    """Middleware of ASGI 2 around an app of ASGI 3, as was written for a while."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    def __call__(self, scope: Scope) -> Callable[[Receive, Send], Awaitable[None]]:
        return partial(self.app, scope)


async def test_double_callables_are_mounted_and_are_middleware() -> None:
    app = App(middleware=[Middleware(untyped(DoubleMiddleware))])
    app.mount("/old", untyped(double_callable))
    assert (await ask(app, path="/old/x")).text == "/old /old/x"
