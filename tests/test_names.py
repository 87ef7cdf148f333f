from pathlib import PurePosixPath
from typing import Any

import pytest

from framework import App, NoMatchFound, PlainTextResponse, Request, Route, Router
from tests.driver import ask


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
