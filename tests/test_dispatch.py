from typing import Any
from urllib.parse import quote, urljoin

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework import (
    App,
    Converter,
    FrameworkError,
    HTTPException,
    Middleware,
    Mount,
    PlainTextResponse,
    Request,
    Route,
    Router,
    WebSocket,
)
from framework.types import ASGIApp, Message, Receive, Scope, Send
from tests.driver import Answer, ask, exchange, http_scope
from tests.wire.work import count_calls


def show(request: Request) -> dict[str, Any]:
    return {"route": request.scope["route"].path, **request.path_params}


async def show_mount(scope: Scope, receive: Receive, send: Send) -> None:
    text = f"{scope['root_path']} {scope['path']} {scope.get('raw_path')} {scope['path_params']}"
    await PlainTextResponse(text)(scope, receive, send)


def app_of(*paths: str, **options: Any) -> App:
    return App(routes=[Route(path, show) for path in paths], **options)


async def found(app: App, path: str, method: str = "GET", **changes: Any) -> Any:
    """The route that answers, or the status of an error or a redirect."""
    answer = await ask(app, method, path, **changes)
    return answer.json()["route"] if answer.status == 200 else answer.status


PATHS = [
    "/users/me",
    "/users/{id:int}",
    "/users/{name}",
    "/users/{name}.json",
    "/{rest:path}",
    "/users/{id:int}/posts",
    "/{kind}/{id:int}/posts",
]


@pytest.mark.parametrize("order", [1, -1])
async def test_the_most_specific_route_answers_whatever_the_order_of_declaration(
    order: int,
) -> None:
    app = app_of(*PATHS[::order])
    for path, route in {
        "/users/me": "/users/me",
        "/users/7": "/users/{id:int}",
        "/users/-7": "/users/{name}",
        "/users/٧": "/users/{name}",
        "/users/1_0": "/users/{name}",
        "/users/+1": "/users/{name}",
        "/users/9223372036854775808": "/users/{name}",
        "/users/" + "1" * 5_000: "/users/{name}",
        "/users/me.json": "/users/{name}.json",
        "/users/7.json": "/users/{name}.json",
        "/users/.json": "/users/{name}",
        "/users/7/posts": "/users/{id:int}/posts",
        "/cats/7/posts": "/{kind}/{id:int}/posts",
        "/users/x/posts": "/{rest:path}",
        "/users/": "/{rest:path}",
        "/": "/{rest:path}",
        "//": "/{rest:path}",
    }.items():
        assert await found(app, quote(path)) == route, path


async def test_another_method_is_looked_for_in_less_specific_routes() -> None:
    app = App()
    app.add_route("/a/b", show, ["GET"])
    app.add_route("/a/{x}", show, ["PUT", "QUERY"])
    app.add_route("/{x:path}", show, ["DELETE", "OPTIONS"])
    assert await found(app, "/a/b", "GET") == "/a/b"
    assert await found(app, "/a/b", "PUT") == "/a/{x}"
    assert await found(app, "/a/b", "QUERY") == "/a/{x}"
    assert await found(app, "/a/b", "OPTIONS") == "/{x:path}"
    assert await found(app, "/a/%62", "DELETE") == "/{x:path}"


@pytest.mark.parametrize("path", ["/a/b", "/a/%62"])
async def test_a_405_tells_the_methods_of_all_routes_that_match(path: str) -> None:
    app = App()
    app.add_route("/a/b", show, ["GET"])
    app.add_route("/a/{x}", show, ["PUT", "QUERY"])
    app.add_route("/{x:path}", show, ["DELETE"])
    app.add_route("/{x:int}/b", show, ["PATCH"])
    refused = await ask(app, "POST", path)
    allow = "DELETE, GET, HEAD, OPTIONS, PUT, QUERY"
    assert (refused.status, refused.headers["allow"]) == (405, allow)
    options = await ask(app, "OPTIONS", path)
    assert (options.status, options.headers["allow"], options.body) == (204, allow, b"")


async def test_head_is_answered_like_get_without_its_body() -> None:
    app = app_of("/", "/{x}")
    for path in "/", "/1":
        get, head = await ask(app, "GET", path), await ask(app, "HEAD", path)
        assert (head.status, head.headers, head.body) == (get.status, get.headers, b"")
        assert get.body


async def test_an_unknown_method_is_refused_like_any_other() -> None:
    assert await found(app_of("/"), "/", "BREW") == 405
    assert await found(app_of("/"), "/", "get") == 405


@pytest.mark.parametrize(
    "sent",
    ["/x%0A", "/x%00", "/x;y", "/X", "/x.", "/x%20", "//x", "/x//", "/%2Fx", "/x%2F", "/./x", "x"],
)
async def test_a_path_that_merely_looks_like_that_of_a_route_is_another(sent: str) -> None:
    for app in app_of("/x", trailing_slash="strict"), app_of("/{y:[x]}", trailing_slash="strict"):
        assert await found(app, sent) == 404
        assert await found(app, sent, root_path="/root") == 404


@pytest.mark.parametrize("target", ["*", "x/admin/7", "http://testserver/admin/7", "admin/7"])
async def test_a_target_that_does_not_begin_with_a_slash_is_found_nowhere(target: str) -> None:
    app = app_of("/admin/{id}", "/{rest:path}", "/{a}/{b}/{c}/{d}/{e}")
    app.mount("/mounted", show_mount)
    for method in "GET", "OPTIONS":
        assert await found(app, target, method) == 404
        assert await found(app, target, method, raw_path=None) == 404
        assert await found(app, target, method, root_path="/root") == 404


@pytest.mark.parametrize(
    ("sent", "values"),
    [
        ("/a%2Fb/c", {"route": "/{x}/{y}", "x": "a/b", "y": "c"}),
        ("/%2F/%2F", {"route": "/{x}/{y}", "x": "/", "y": "/"}),
        ("/a%252Fb", {"route": "/{x}", "x": "a%2Fb"}),
        ("/s%2Ft", {"route": "/{x}", "x": "s/t"}),
        ("/s/t", {"route": "/s/t"}),
        ("/%73/t", {"route": "/s/t"}),
        ("/caf%C3%A9", {"route": "/café"}),
        ("/%E6%97%A5", {"route": "/{x}", "x": "日"}),
        ("/a%0A%00;x", {"route": "/{x}", "x": "a\n\x00;x"}),
        ("/a+b%20c", {"route": "/{x}", "x": "a+b c"}),
    ],
)
async def test_a_path_is_decoded_once_after_it_was_split(sent: str, values: object) -> None:
    app = app_of("/{x}", "/{x}/{y}", "/s/t", "/café")
    assert (await ask(app, path=sent)).json() == values
    assert (await ask(app, path="/root" + sent, root_path="/root")).json() == values


@pytest.mark.parametrize("sent", ["/%FF", "/a/%C3%28", "/%ED%A0%80"])
async def test_a_path_that_is_not_utf_8_is_found_nowhere(sent: str) -> None:
    app = app_of("/{rest:path}")
    app.mount("/a", show_mount)
    assert await found(app, sent) == 404


async def test_a_server_that_sends_no_raw_path_is_served_by_path() -> None:
    app = app_of("/s/t", "/{x}", "/{x}/{y}")
    for raw_path in None, b"":
        assert await found(app, "/s/t", raw_path=raw_path) == "/s/t"
        assert await found(app, "/s/t", "POST", raw_path=raw_path) == 405
        assert await found(app, "/a%2Fb", raw_path=raw_path) == "/{x}/{y}"


@pytest.mark.parametrize("missing", ["raw_path", "root_path"])
async def test_optional_keys_of_the_scope_may_be_missing(missing: str) -> None:
    app = app_of("/s/t", "/{x}")
    app.mount("/m", show_mount)
    for path in "/s/t", "/1", "/m/x":
        scope = http_scope(path=path)
        del scope[missing]
        assert (await exchange(app, scope)).status == 200


async def test_an_empty_path_is_the_root() -> None:
    app = app_of("/")
    assert await found(app, "") == "/"
    assert await found(app, "/root", root_path="/root") == "/"
    assert await found(App(routes=[Route("/{rest:path}", show)]), "") == "/{rest:path}"


@pytest.mark.parametrize(
    ("path", "location"),
    [
        ("/a/", "/a"),
        ("/q/r/b", "/q/r/b/"),
        ("/a/?q=1&r=%2F", "/a?q=1&r=%2F"),
        ("/q/r/b?x=é", "/q/r/b/?x=%C3%A9"),
        ("/p/x%2Fy/", "/p/x%2Fy"),
        ("/p/%5C%5Cevil/", "/p/%5C%5Cevil"),
        ("/p/%C3%A9%20%3F/", "/p/%C3%A9%20%3F"),
        ("/%5Cevil.example/", "/%5Cevil.example"),
        ("/\\evil.example/", "/%5Cevil.example"),
        ("/%2Fevil.example/", "/%2Fevil.example"),
        ("/%09/evil.example/", "/%09/evil.example"),
    ],
)
async def test_a_slash_too_much_or_too_few_is_redirected_by_a_relative_path(
    path: str, location: str
) -> None:
    app = app_of("/a", "/q/r/b/", "/p/{x}", "/{x}", "/{x}/{y}")
    for method in "GET", "POST":
        answer = await ask(app, method, path)
        assert (answer.status, answer.headers["location"]) == (307, location)
    answer = await ask(app, "GET", "/root" + path, root_path="/root")
    assert answer.headers["location"] == "/root" + location


@pytest.mark.parametrize("query", [b"a\tb", b"\x00", b"a=\x7f", bytes(range(256))])
async def test_a_redirect_quotes_what_no_url_may_contain(query: bytes) -> None:
    answer = await ask(app_of("/a"), path="/a/", query_string=query)
    assert (answer.status, answer.error) == (307, None)
    assert answer.headers["location"].startswith("/a?")
    assert answer.headers["location"].isprintable()


@pytest.mark.parametrize(
    "path", ["//evil.example/", "///evil.example/", "//evil.example", "//", "//a/"]
)
async def test_a_path_that_begins_with_two_slashes_is_not_redirected(path: str) -> None:
    app = app_of("/evil.example", "/{x}", "/{x}/{y}", "/a")
    assert await found(app, path) == 404
    assert await found(app, "/root" + path, root_path="/root") == 404


@given(st.text(st.sampled_from("/\\.%25fFe\t@:"), max_size=8), st.booleans())
async def test_no_redirect_leaves_the_host(text: str, is_below: bool) -> None:
    app = app_of("/{x:path}/y/", "/{x}", "/{x}/{y}/", "/evil.example/{x}")
    for path in f"/{text}", f"/{text}/", f"/{text}/evil.example/":
        root = "/root" if is_below else ""
        answer = await ask(app, path=root + path, root_path=root)
        location = answer.headers.get("location", "/")
        resolved = urljoin("http://testserver/", location.replace("\\", "/"))
        assert location.startswith("/")
        assert not location.startswith("//")
        assert resolved.startswith("http://testserver/")


async def test_a_strict_app_redirects_nothing() -> None:
    app = app_of("/a", "/b/", trailing_slash="strict")
    assert [await found(app, path) for path in ("/a", "/a/", "/b/", "/b")] == [
        "/a",
        404,
        "/b/",
        404,
    ]


HOSTS: list[Route | Router] = [
    Router(host="example.com", routes=[Route("/a", show), Route("/b/{x}", show)]),
    Router(host="{tenant}.example.com", routes=[Route("/t/{x:int}", show), Route("/a", show)]),
    Router(host="api.example.com", routes=[Route("/api", show)]),
    Router(host="api-{n:int}.example.com", routes=[Route("/n", show)]),
    Route("/a", show, ["GET", "PUT"], name="any"),
    Route("/any", show),
]


async def by_host(path: str, *hosts: str, method: str = "GET") -> Answer:
    scope = http_scope(method, path)
    scope["headers"] = [(b"host", host.encode("latin-1")) for host in hosts]
    return await exchange(App(routes=HOSTS), scope)


@pytest.mark.parametrize(
    ("host", "path", "shown"),
    [
        ("example.com", "/a", {"route": "/a"}),
        ("EXAMPLE.com:8000", "/b/1", {"route": "/b/{x}", "x": "1"}),
        ("acme.example.com", "/t/7", {"route": "/t/{x:int}", "tenant": "acme", "x": 7}),
        ("ACME.example.com:443", "/a", {"route": "/a", "tenant": "acme"}),
        ("api.example.com", "/api", {"route": "/api"}),
        ("api.example.com.", "/api", {"route": "/api"}),
        ("api.example.com", "/t/7", {"route": "/t/{x:int}", "tenant": "api", "x": 7}),
        ("api-7.example.com", "/n", {"route": "/n", "n": 7}),
        ("acme.example.com", "/any", {"route": "/any"}),
        ("elsewhere.example", "/a", {"route": "/a"}),
    ],
)
async def test_the_routes_of_the_host_come_before_those_for_any(
    host: str, path: str, shown: object
) -> None:
    assert (await by_host(path, host)).json() == shown


@pytest.mark.parametrize(
    "hosts",
    [
        (),
        ("",),
        ("example.com", "example.com"),
        ("example.com", "evil.example"),
        ("example.com/",),
        ("user@example.com",),
        ("example.com evil",),
        ("example.com:99999",),
        ("evil.example\\.example.com",),
        ("exämple.com",),
        (".example.com",),
        ("a.b.example.com",),
        ("[::1]",),
        ("api-x.example.org",),
    ],
)
async def test_a_host_that_is_missing_repeated_malformed_or_unknown_has_the_routes_for_any(
    hosts: tuple[str, ...],
) -> None:
    assert (await by_host("/any", *hosts)).status == 200
    assert (await by_host("/b/1", *hosts)).status == 404
    assert (await by_host("/t/1", *hosts)).status == 404


async def test_the_innermost_router_that_names_a_host_decides() -> None:
    inner = Router(host="inner.example.com", routes=[Route("/a", show)])
    app = App(routes=[Router(host="outer.example.com", routes=[inner, Route("/b", show)])])
    for host, path, status in [
        ("inner.example.com", "/a", 200),
        ("inner.example.com", "/b", 404),
        ("outer.example.com", "/a", 404),
        ("outer.example.com", "/b", 200),
    ]:
        scope = {**http_scope(path=path), "headers": [(b"host", host.encode())]}
        assert (await exchange(app, scope)).status == status


async def test_a_405_tells_the_methods_of_the_host_and_of_any() -> None:
    answer = await by_host("/a", "example.com", method="POST")
    assert answer.headers["allow"] == "GET, HEAD, OPTIONS, PUT"
    assert (await by_host("/a", "example.com", method="PUT")).json()["route"] == "/a"
    assert (await by_host("/b/1", "example.com", method="POST")).status == 405
    assert (await by_host("/b/1", "evil.example", method="POST")).status == 404
    assert (await by_host("/b/1/", "example.com")).headers["location"] == "/b/1"
    assert (await by_host("/any/", "example.com")).headers["location"] == "/any"


async def test_a_handler_may_annotate_the_parameters_of_its_host() -> None:
    def by_number(n: int) -> dict[str, Any]:
        return {"route": "int", "n": n}

    def by_text(n: str) -> dict[str, Any]:
        return {"route": "str", "n": n}

    router = Router(
        host="{n}.example.com",
        routes=[Route("/x", by_number), Route("/x", by_text, ["PUT"]), Route("/y", by_text)],
    )
    app = App(routes=[router])
    for method, path, host, shown in [
        ("GET", "/x", b"7.example.com", {"route": "int", "n": 7}),
        ("PUT", "/x", b"7.example.com", {"route": "str", "n": "7"}),
        ("GET", "/y", b"seven.example.com", {"route": "str", "n": "seven"}),
    ]:
        answer = await exchange(app, {**http_scope(method, path), "headers": [(b"host", host)]})
        assert answer.json() == shown
    scope = {**http_scope("GET", "/x"), "headers": [(b"host", b"seven.example.com")]}
    assert (await exchange(app, scope)).headers["allow"] == "OPTIONS, PUT"


def mounts() -> App:
    app = app_of("/admin/login", "/{x}", "/of/{x:path}")
    app.mount("/admin", show_mount)
    app.mount("/legacy", show_mount, strip=True)
    app.mount("/of/{tenant}/{n:int}", show_mount)
    app.mount("/é", show_mount, strip=True)
    return app


@pytest.mark.parametrize(
    ("path", "root_path", "seen"),
    [
        ("/admin", "", "/admin /admin b'/admin' {}"),
        ("/admin/", "", "/admin /admin/ b'/admin/' {}"),
        ("/admin/a%2Fb//c", "", "/admin /admin/a/b//c b'/admin/a%2Fb//c' {}"),
        ("/%61dmin/x", "", "/admin /admin/x b'/%61dmin/x' {}"),
        ("/root/admin/x", "/root", "/root/admin /root/admin/x b'/root/admin/x' {}"),
        ("/admin/x%2Fy", "/root", "/root/admin /root/admin/x/y b'/root/admin/x%2Fy' {}"),
        ("/root/admin", "/root/", "/root/admin /root/admin b'/root/admin' {}"),
        ("/legacy", "", "/legacy / b'/' {}"),
        ("/legacy/", "", "/legacy / b'/' {}"),
        ("/legacy/a%2Fb", "", "/legacy /a/b b'/a%2Fb' {}"),
        ("/root/legacy/x", "/root", "/root/legacy /x b'/x' {}"),
        ("/legacy/x", "/root", "/root/legacy /x b'/x' {}"),
        ("/%C3%A9/%C3%BC", "", "/é /ü b'/%C3%BC' {}"),
        (
            "/of/a%2Fb/7/x",
            "",
            "/of/a/b/7 /of/a/b/7/x b'/of/a%2Fb/7/x' {'tenant': 'a/b', 'n': 7}",
        ),
    ],
)
async def test_a_mounted_app_answers_its_path_and_all_below(
    path: str, root_path: str, seen: str
) -> None:
    for method in "GET", "POST", "PROPFIND":
        assert (await ask(mounts(), method, path, root_path=root_path)).text == seen


async def test_a_mounted_app_answers_nothing_else() -> None:
    app = mounts()
    assert await found(app, "/adminfoo") == "/{x}"
    assert await found(app, "/Admin") == "/{x}"
    assert await found(app, "/admin%2Fx") == "/{x}"
    assert await found(app, "/legacyfoo/x") == 404
    assert await found(app, "/of/acme/seven") == "/of/{x:path}"
    assert await found(app, "/admin/login") == "/admin/login"
    assert (await ask(app, "POST", "/admin/login")).text.startswith("/admin /admin/login")


async def test_an_app_mounted_at_the_root_answers_what_no_route_does() -> None:
    app = app_of("/a", "/b/{x:int}")
    app.mount("/", show_mount)
    assert await found(app, "/a") == "/a"
    assert (await ask(app, path="/")).text == " / b'/' {}"
    assert (await ask(app, path="/b/x")).text == " /b/x b'/b/x' {}"
    assert (await ask(app, path="/a/")).text == " /a/ b'/a/' {}"
    assert (await ask(app, "PUT", path="/a")).text == " /a b'/a' {}"


@pytest.mark.parametrize("strip", [False, True])
@pytest.mark.parametrize("root_path", ["", "/root"])
async def test_an_app_of_ours_works_wherever_it_is_mounted(strip: bool, root_path: str) -> None:
    inner = app_of("/", "/{x}", "/{x}/{y}", "/s/t")
    middle = App(routes=[Mount("/inner", inner, strip=strip)])
    app = App(routes=[Mount("/of/{tenant}", middle, strip=strip)])
    for prefix in {root_path, ""}:
        base = prefix + "/of/a%2Fb/inner"
        for path, shown in {
            "": {"route": "/"},
            "/": {"route": "/"},
            "/s/t": {"route": "/s/t"},
            "/s%2Ft": {"route": "/{x}", "x": "s/t"},
            "/a%2Fb/%C3%A9": {"route": "/{x}/{y}", "x": "a/b", "y": "é"},
        }.items():
            answer = await ask(app, path=base + path, root_path=root_path)
            assert answer.json() == shown, (prefix, path)
        answer = await ask(app, path=base + "/s/t/", root_path=root_path)
        assert answer.headers["location"] == f"{root_path}/of/a/b/inner/s/t"


async def test_a_mount_within_the_asgi_middleware_of_its_router_may_be_a_websocket() -> None:
    class Passing:
        def __init__(self, app: ASGIApp) -> None:
            self.app = app

        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            await self.app(scope, receive, send)

    inner = App()

    @inner.websocket("/{x:int}")
    async def closing(websocket: WebSocket, x: int) -> None:
        await websocket.close(4000 + x)

    router = Router(middleware=[Middleware(Passing)], routes=[Mount("/m", inner)])
    router.add_websocket_route("/own/{x:int}", closing, middleware=[Middleware(Passing)])
    app = App(routes=[router])
    assert await connect(app, "/m/7") == [("websocket.close", 4007)]
    assert await connect(app, "/own/8") == [("websocket.close", 4008)]


async def connect(app: ASGIApp, path: str, **changes: Any) -> list[tuple[str, Any]]:
    """Open a websocket; the messages that the app sends, with their code or status."""
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    async def send(message: Message) -> None:
        sent.append(message)

    await app({**http_scope("GET", path), "type": "websocket", **changes}, receive, send)
    return [(message["type"], message.get("code", message.get("status"))) for message in sent]


async def test_a_websocket_is_found_by_its_path_and_host() -> None:
    async def closing(websocket: WebSocket) -> None:
        await websocket.close(4000 + len(websocket.path_params))

    router = Router(host="{tenant}.example.com")
    router.add_websocket_route("/{x}", closing)
    app = App(routes=[router, Route("/http", show)])
    app.add_websocket_route("/any", closing)
    headers = [(b"host", b"acme.example.com")]
    assert await connect(app, "/any") == [("websocket.close", 4000)]
    assert await connect(app, "/any", headers=headers) == [("websocket.close", 4002)]
    assert await connect(app, "/other", headers=headers) == [("websocket.close", 4002)]


@pytest.mark.parametrize("path", ["/none", "/http", "/any/", "/%FF", "any", "*"])
async def test_a_websocket_that_is_found_nowhere_is_refused(path: str) -> None:
    async def closing(websocket: WebSocket) -> None: ...

    app = app_of("/http", "/{x}")
    app.add_websocket_route("/any", closing)
    assert [kind for kind, _ in await connect(app, path, extensions={})] == ["websocket.close"]
    denied = await connect(app, path, extensions={"websocket.http.response": {}})
    assert denied[0] == ("websocket.http.response.start", 404)


async def never() -> Any: ...


async def nowhere(message: Message) -> None: ...


async def test_a_scope_of_another_type_is_an_error_that_names_it() -> None:
    with pytest.raises(FrameworkError, match="a scope of type 'sse': this app serves http"):
        await app_of("/")({"type": "sse"}, never, nowhere)


class Faulty:
    """ASGI middleware that raises before the app, or after it."""

    def __init__(self, app: ASGIApp, error: Exception, *, is_late: bool) -> None:
        self.app = app
        self.error = error
        self.is_late = is_late

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.is_late:
            await self.app(scope, receive, send)
        raise self.error


async def test_what_asgi_middleware_raises_is_answered() -> None:
    refusing = Middleware(Faulty, HTTPException(418), is_late=False)
    answer = await ask(App(middleware=[refusing]))
    assert (answer.status, answer.error) == (418, None)
    broken = Middleware(Faulty, KeyError("x"), is_late=False)
    answer = await ask(App(middleware=[broken]))
    assert (answer.status, type(answer.error)) == (500, KeyError)


async def test_what_asgi_middleware_raises_after_the_answer_began_is_raised_as_it_is() -> None:
    app = app_of("/", middleware=[Middleware(Faulty, HTTPException(418), is_late=True)])
    answer = await ask(app)
    assert (answer.status, type(answer.error)) == (200, HTTPException)
    assert len(answer.messages) == 2


async def test_asgi_middleware_sees_the_lifespan_and_leaves_it_to_the_app() -> None:
    seen: list[str] = []

    def watching(app: ASGIApp) -> ASGIApp:
        async def watch(scope: Scope, receive: Receive, send: Send) -> None:
            seen.append(scope["type"])
            await app(scope, receive, send)

        return watch

    async def send(message: Message) -> None:
        seen.append(message["type"])

    events: list[Message] = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]

    async def receive() -> Message:
        return events.pop(0)

    app = App(middleware=[Middleware(watching)])
    await app({"type": "lifespan", "asgi": {"version": "3.0"}}, receive, send)
    assert seen == ["lifespan", "lifespan.startup.complete", "lifespan.shutdown.complete"]


class Counting(Converter[str]):
    """A converter that takes nothing, and counts what it was asked."""

    __slots__ = ()

    calls = 0
    value_type = str

    def convert(self, text: str) -> str:
        type(self).calls += 1
        raise ValueError


async def test_a_path_of_a_hundred_thousand_segments_is_looked_up_in_bounded_steps() -> None:
    paths = ["/{a:counting}/{rest:path}", "/{rest:path}/{z:counting}", "/a/{b:counting}/c"]
    app = app_of(*paths, converters={"counting": Counting()})
    for path in ["/a" * 100_000, "/" * 100_000, "/%2F" * 15_000, "/a" + "%61" * 20_000]:
        Counting.calls = 0
        assert await found(app, path) == 404
        assert Counting.calls <= 12


def test_the_work_for_a_long_path_grows_no_faster_than_the_path() -> None:
    app = app_of("/{x:int}/{rest:path}", "/{name}.{ext}", "/{a}-{b}", trailing_slash="redirect")
    compiled = app.compile()

    def work(sent: str) -> int:
        return count_calls(lambda: drive(compiled, http_scope(path=sent)))

    for unit in ["/a", "/%2F", ".", "-", "%C3%A9", "/"]:
        assert work("/" + unit * 20_000) < 11 * work("/" + unit * 2_000), unit


def drive(app: ASGIApp, scope: Scope) -> None:
    """Run the app to its end without an event loop: nothing in it waits."""

    running = app(scope, never, nowhere)
    with pytest.raises(StopIteration):
        running.__await__().send(None)


async def test_a_mounted_app_of_ours_sees_the_whole_path_also_where_others_would_not() -> None:
    inner = App()
    inner.add_route("/t/x", lambda: "inner")
    app = App()
    app.mount("/t", inner, strip=True)
    assert (await ask(app, path="/t/t/x")).text == "inner"
    assert (await ask(app, path="/t/t/t/x")).status == 404
