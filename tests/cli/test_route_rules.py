from collections.abc import Callable
from typing import Any

import pytest

from framework import App, Limits, Middleware, Mount, Request, Route, Router, WebSocketRoute
from framework._cli.checks import findings
from framework.converters import Converter
from framework.middleware.csrf import CSRFMiddleware
from framework.middleware.sessions import SessionMiddleware
from framework.middleware.trusted_host import TrustedHostMiddleware
from framework.types import Receive, Scope, Send
from tests.cli.rules import told
from tests.driver import ask

SESSIONS = Middleware(SessionMiddleware, secret_key="0123456789abcdef0123456789abcdef")


def plain(**values: Any) -> None: ...


def other(**values: Any) -> None: ...


async def served(scope: Scope, receive: Receive, send: Send) -> None: ...


async def live(websocket: Any, **values: Any) -> None: ...


@pytest.mark.parametrize(
    ("route", "mount", "found"),
    [
        ("/static/{name}", "/static", True),
        ("/static/{rest:path}", "/static", True),
        ("/{tenant}/{name}", "/{tenant}", True),
        ("/static/{name}.css", "/static", True),
        ("/api/users/{id}", "/api", False),
        ("/static/logo", "/static", False),
        ("/other/{name}", "/static", False),
        ("/{name}", "", False),
    ],
)
def test_a_route_that_takes_what_looks_like_a_mounts_is_found(
    route: str, mount: str, found: bool
) -> None:
    app = App(routes=[Route(route, plain), Mount(mount, served)])
    assert len(findings(app)) == found
    for finding in findings(app):
        assert f"{route} takes GET/HEAD from the mount of {mount} (" in finding.what


def test_a_mount_of_another_host_loses_nothing() -> None:
    router = Router(host="a.test", routes=[Route("/static/{name}", plain)])
    assert told(App(routes=[router, Mount("/static", served)])) == []


class Hex(Converter[int]):
    __slots__ = ()
    value_type = int

    def convert(self, text: str) -> int:
        return int(text, 16)


class Broken(Converter[str]):
    __slots__ = ()

    def convert(self, text: str) -> str:
        raise OSError(text)


@pytest.mark.parametrize(
    ("first", "second", "text"),
    [
        ("/{a:[a-z]+}", "/{b:[a-z]{2}}", "/en"),
        ("/x/{a:[0-9]+}/y", "/x/{b:.+}/y", "/x/7/y"),
        ("/{a:[0-9]+}", "/{b:[a-z]+}", None),
        ("/{a:int}", "/{b:uuid}", None),
        ("/{a:hex}", "/{b:octal}", "/7"),
        ("/{a:hex}", "/{b:broken}", None),
        ("/x/{a:[0-9]+}", "/z/{b:.+}", None),
        ("/{a:[0-9]+}.{b}", "/{c:.+}.{d}", "/3.5"),
    ],
)
def test_routes_that_only_their_order_tells_apart_are_found(
    first: str, second: str, text: str | None
) -> None:
    converters: dict[str, Converter[Any]] = {"hex": Hex(), "octal": Hex(), "broken": Broken()}
    app = App(routes=[Route(first, plain), Route(second, other)], converters=converters)
    assert len(findings(app)) == (text is not None)
    for finding in findings(app):
        assert finding.what.startswith(f"{second} gets nothing that {first} (")
        assert f"such as {text!r}" in finding.what


def test_routes_with_other_methods_are_told_apart() -> None:
    declared: list[Any] = [
        Route("/{a:[a-z]+}", plain, ["GET"]),
        Route("/{b:[a-z]{2}}", other, ["POST"]),
        Route("/{a:[a-z]+}", other, ["HEAD"]),
    ]
    assert told(App(routes=declared)) == []
    sockets = [WebSocketRoute("/{a:[a-z]+}", live), WebSocketRoute("/{b:[a-z]{2}}", live, name="b")]
    assert len(told(App(routes=sockets))) == 1


def test_a_name_for_two_paths_is_found() -> None:
    app = App(routes=[Route("/a", plain), Route("/b", plain), Route("/b/{x}", plain)])
    ((level, what),) = told(app)
    assert level == "hint"
    assert what.startswith("/b and /a (")
    assert what.endswith("are both called 'plain': url_for('plain') raises NoMatchFound")
    fine: list[Any] = [
        Route("/a", plain),
        Route("/a", plain, ["POST"]),
        Mount("/b", served, name="plain"),
        Mount("/c", served),
        Mount("/d", served),
    ]
    assert told(App(routes=fine)) == []


def test_head_without_get_is_found() -> None:
    ((level, what),) = told(App(routes=[Route("/a", plain, ["HEAD"])]))
    assert level == "hint"
    assert what == "/a answers HEAD, and GET with 405: HEAD is what GET would answer"
    both = [Route("/a", plain, ["HEAD"]), Route("/a", plain), Route("/b", other, ["POST"])]
    assert told(App(routes=both)) == []


async def reads_whole(request: Request) -> None:
    await request.json()


async def reads_pieces(request: Request) -> None:
    async for _ in request.stream():
        pass


async def reads_form(request: Request) -> None:
    await request.form()


async def links(request: Request) -> str:
    return str(request.url_for("links"))


@pytest.mark.parametrize("handler", [reads_whole, reads_pieces, reads_form, links])
async def test_what_is_looked_into_are_handlers_that_work(handler: Callable[..., Any]) -> None:
    answer = await ask(App(routes=[Route("/", handler, ["POST"])]), "POST", json={})
    assert answer.status in (200, 204, 415)


def test_a_body_that_is_read_whole_whatever_its_size_is_found() -> None:
    declared = [Route("/a", reads_whole, ["POST"]), Route("/b", reads_pieces, ["POST"])]
    ((level, what),) = told(App(routes=declared, limits=Limits(max_body_size=2 << 30)))
    assert level == "hint"
    assert what == "reads_whole reads a body of up to 2 GiB into memory"
    assert told(App(routes=declared)) == []


@pytest.mark.parametrize(
    ("middleware", "handler", "method", "found"),
    [
        ([SESSIONS], reads_form, "POST", True),
        ([SESSIONS], reads_form, "GET", False),
        ([SESSIONS], reads_whole, "POST", False),
        ([], reads_form, "POST", False),
        ([SESSIONS, Middleware(CSRFMiddleware)], reads_form, "POST", False),
    ],
)
def test_forms_within_sessions_that_another_site_could_send_are_found(
    middleware: list[Middleware], handler: Callable[..., Any], method: str, found: bool
) -> None:
    app = App(routes=[Route("/a", handler, [method])], middleware=middleware)
    assert [what.partition(":")[0] for _, what in told(app)] == [
        "reads_form reads a form within sessions"
    ] * found


def test_absolute_urls_of_a_host_that_the_client_names_are_found() -> None:
    ((level, what),) = told(App(routes=[Route("/a", links)]))
    assert level == "hint"
    assert what.startswith("links uses url_for, whose host is the one that the client names")
    trusted = Middleware(TrustedHostMiddleware, allowed_hosts=["a.test"])
    assert told(App(routes=[Route("/a", links)], middleware=[trusted])) == []
    assert told(App(routes=[Router(host="a.test", routes=[Route("/a", links)])])) == []


def test_an_app_that_shows_its_insides_is_found() -> None:
    ((level, what),) = told(App(debug=True))
    assert level == "error"
    assert what == "debug=True: whoever meets an error reads source code and variables"


class Called:
    async def __call__(self) -> None: ...


def test_a_handler_without_code_of_its_own_is_not_looked_into() -> None:
    assert told(App(routes=[Route("/a", Called())])) == []
