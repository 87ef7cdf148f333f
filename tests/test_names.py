from pathlib import PurePosixPath
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.routing import Route as StarletteRoute

from framework import (
    App,
    NoMatchFound,
    PlainTextResponse,
    Request,
    Route,
    Router,
    WebSocket,
    WebSocketRoute,
)
from tests.driver import ask, exchange, http_scope
from tests.protocols import converse


def handler(request: Request) -> str:
    return request.url_path_for("user", id=7)


def app() -> App:
    admin = App(
        routes=[Route("/users/{id:int}", handler, name="user"), Route("/{rest:path}", handler)]
    )
    made = App(
        routes=[
            Route("/", handler, name="home"),
            Route("/users/{id:int}", handler, name="user"),
            Route("/users/{id:int}/{tab}", handler, name="user"),
            Route("/files/{rest:path}", handler, name="files"),
            Route("/about", handler, ["GET"], name="about"),
            Route("/about", handler, ["POST"], name="about"),
        ]
    )
    made.mount("/admin", admin, name="admin")
    made.mount("/of/{tenant}", admin, name="tenant")
    made.mount("/static", PlainTextResponse("x"), name="static")
    made.mount("", PlainTextResponse("x"), name="everything")
    made.mount("/unnamed", PlainTextResponse("x"))
    return made


@pytest.mark.parametrize(
    ("name", "params", "path"),
    [
        ("home", {}, "/"),
        ("user", {"id": 7}, "/users/7"),
        ("user", {"id": 7, "tab": "a/b"}, "/users/7/a%2Fb"),
        ("files", {"rest": "a/b c"}, "/files/a/b%20c"),
        ("about", {}, "/about"),
        ("static", {"path": "css/ä.css"}, "/static/css/%C3%A4.css"),
        ("static", {"path": "/logo.svg"}, "/static/logo.svg"),
        ("static", {"path": PurePosixPath("a", "b")}, "/static/a/b"),
        ("static", {"path": "../secret?x#y"}, "/static/%2E%2E/secret%3Fx%23y"),
        ("everything", {"path": "//evil.example"}, "/evil.example"),
        ("tenant", {"tenant": "a b", "path": "x"}, "/of/a%20b/x"),
        ("admin:user", {"id": 7}, "/admin/users/7"),
        ("tenant:user", {"tenant": "acme", "id": 7}, "/of/acme/users/7"),
    ],
)
def test_a_name_and_parameters_become_a_path(name: str, params: dict[str, Any], path: str) -> None:
    assert app().url_path_for(name, **params) == path


@pytest.mark.parametrize(
    ("name", "params", "complaint"),
    [
        ("nobody", {}, r"'nobody' with \[\]; there are about, admin, everything, files, handler"),
        ("user", {}, r"the parameters \['id'\] or \['id', 'tab'\], not \[\]"),
        ("user", {"id": 7, "x": 1}, r"not \['id', 'x'\]"),
        ("user", {"id": -7}, "id=-7 does not fit"),
        ("static", {}, r"'static' takes the parameters \['path'\], not \[\]"),
        ("static", {"path": "x", "y": 1}, r"not \['path', 'y'\]"),
        ("tenant", {"path": "x"}, r"takes the parameters \['path', 'tenant'\]"),
        ("static:user", {"id": 7}, "no route is called 'static:user'"),
        ("tenant:user", {"id": 7}, "no route is called 'tenant:user'"),
        ("admin:nobody", {}, "no route is called 'nobody'"),
    ],
)
def test_a_name_that_leads_nowhere_is_an_error_that_says_what_there_is(
    name: str, params: dict[str, Any], complaint: str
) -> None:
    made = app()
    made.add_route("/other", handler)
    with pytest.raises(NoMatchFound, match=complaint):
        made.url_path_for(name, **params)


def test_an_app_without_names_says_so() -> None:
    with pytest.raises(NoMatchFound, match="there are none"):
        App().url_path_for("home")


def test_a_route_in_two_places_has_no_path_of_its_own() -> None:
    router = Router(routes=[Route("/x", handler, name="x")])
    router.mount("/static", PlainTextResponse("x"), name="static")
    made = App()
    made.include(router, prefix="/a")
    made.include(router, prefix="/b")
    with pytest.raises(NoMatchFound, match=r"several routes are called 'x': /a/x, /b/x"):
        made.url_path_for("x")
    with pytest.raises(NoMatchFound, match=r"'static': /a/static/y, /b/static/y"):
        made.url_path_for("static", path="y")


def test_the_parameter_of_a_route_may_be_called_name_or_self() -> None:
    made = App(routes=[Route("/{name}/{self}", handler, name="x")])
    assert made.url_path_for("x", name="a", self="b") == "/a/b"


@pytest.mark.parametrize(
    ("path", "root_path"), [("/proxy/app/admin/users/1", "/proxy/app"), ("/users/1", "/a b")]
)
async def test_a_request_gives_paths_as_its_client_must_ask_for_them(
    path: str, root_path: str
) -> None:
    answer = await ask(app(), path=path, root_path=root_path)
    expected = {"/proxy/app": "/proxy/app/admin/users/7", "/a b": "/a%20b/users/7"}
    assert answer.text == expected[root_path]


async def test_a_request_gives_absolute_urls() -> None:
    def absolute(request: Request) -> str:
        return str(request.url_for("user", id=7))

    made = App(routes=[Route("/users/{id}", absolute, name="user")])
    answer = await ask(made, path="/root/users/1", root_path="/root", scheme="https")
    assert answer.text == "https://testserver/root/users/7"


def with_hosts() -> App:
    """An app whose routes are all asked for the URL of a route: `/?name=...&<parameter>=...`."""

    async def url(request: Request) -> list[str]:
        name, params = request.query_params["name"], dict(request.query_params)
        del params["name"]
        return [request.url_path_for(name, **params), str(request.url_for(name, **params))]

    async def socket(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.send_text(str(websocket.url_for("page")))

    inner = App(routes=[WebSocketRoute("/room", socket, name="room"), Route("/x", url, name="x")])
    app = App(routes=[Route("/page", url, name="page"), Route("/", url, name="url")])
    app.websocket("/both", name="both")(socket)
    app.get("/both", name="both")(url)
    app.websocket("/ws", name="ws")(socket)
    app.mount("/inner", inner, name="inner")
    api = Router(host="api.example.org")
    api.get("/users", name="users")(url)
    tenant = Router(host="{tenant}.example.org")
    tenant.get("/{page}", name="tenant")(url)
    twins = [Router(host="a.org"), Router(host="b.org")]
    for twin in twins:
        twin.get("/twin", name="twin")(url)
    for router in (api, tenant, *twins):
        app.include(router)
    return app


@pytest.mark.parametrize(
    ("query", "path", "url"),
    [
        ("name=page", "/page", "https://testserver:8443/page"),
        ("name=users", "/users", "https://api.example.org:8443/users"),
        ("name=tenant&tenant=acme&page=a", "/a", "https://acme.example.org:8443/a"),
        ("name=tenant&page=a", "/a", "https://testserver:8443/a"),
        ("name=twin", "/twin", "https://testserver:8443/twin"),
        ("name=ws", "/ws", "wss://testserver:8443/ws"),
        ("name=both", "/both", "https://testserver:8443/both"),
        ("name=inner:room", "/inner/room", "wss://testserver:8443/inner/room"),
        ("name=inner:x", "/inner/x", "https://testserver:8443/inner/x"),
        ("name=inner&path=x", "/inner/x", "https://testserver:8443/inner/x"),
    ],
)
async def test_a_url_has_the_host_and_the_scheme_of_its_route(
    query: str, path: str, url: str
) -> None:
    scope = http_scope(path=f"/?{query}", scheme="https")
    scope["headers"] = [(b"host", b"testserver:8443")]
    assert (await exchange(with_hosts(), scope)).json() == [path, url]


def test_a_route_of_another_framework_that_is_mounted_has_its_url() -> None:
    app = App()
    app.mount(
        "/old", Starlette(routes=[StarletteRoute("/x/{id:int}", Starlette, name="x")]), name="old"
    )
    assert app.url_path_for("old:x", id=7) == "/old/x/7"


@pytest.mark.parametrize("tenant", ["a.b", "a/b", "ä", "a:1", "a b", "a@b"])
async def test_a_url_never_has_a_host_that_is_not_the_routes(tenant: str) -> None:
    app = with_hosts()
    with pytest.raises(NoMatchFound, match="does not fit into the host"):
        app.url_path_for("tenant", tenant=tenant, page="a")


@pytest.mark.parametrize(
    ("scheme", "url"), [("ws", "http://testserver/page"), ("wss", "https://testserver/page")]
)
async def test_a_page_is_not_asked_for_by_the_scheme_of_a_socket(scheme: str, url: str) -> None:
    conversation = await converse(with_hosts(), "/ws", scheme=scheme)
    assert conversation.messages[1]["text"] == url


async def test_a_url_without_a_host_of_its_own_has_that_of_the_route() -> None:
    scope = http_scope(path="/?name=users", server=None)
    scope["headers"] = []
    assert (await exchange(with_hosts(), scope)).json() == ["/users", "//api.example.org/users"]


async def test_the_url_of_the_rest_of_a_path_is_never_another_host() -> None:
    def absolute(request: Request, rest: str) -> dict[str, str]:
        return {
            "path": request.url_path_for("page", rest=rest),
            "url": str(request.url_for("page", rest=rest)),
            "rest": rest,
        }

    made = App(routes=[Route("/{rest:path}", absolute, name="page")])
    seen = (await ask(made, path="//evil.example/x")).json()
    assert seen == {
        "path": "/%2Fevil.example/x",
        "url": "http://testserver/%2Fevil.example/x",
        "rest": "/evil.example/x",
    }
    assert (await ask(made, path=seen["path"])).json() == seen
