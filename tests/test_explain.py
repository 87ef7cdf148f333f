import re
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from framework import (
    App,
    CallNext,
    ConfigError,
    Limits,
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
from framework._explain import explain_scope, request_scope
from framework._explanation import Explanation, Mounted
from framework.types import ASGIApp, Message, Receive, Scope, Send
from tests.driver import ask, exchange, http_scope
from tests.protocols import websocket_scope

SEGMENTS = ["a", "b", "ab", "{x}", "{x:int}", "{x:[ab]+}", "{x}.b", "a-{x:int}", ""]
TEXTS = ["a", "b", "ab", "7", "a.b", "a-7", "a-b", "", "a%2Fb", "%C3%A4", "%FF", "A"]
METHODS = ["GET", "HEAD", "POST", "OPTIONS", "PUT"]
HOSTS = [None, "api.test", "{tenant}.test"]
NUMBERED = "abcdefgh"


async def answer(request: Request) -> dict[str, Any]:
    route = request.scope["route"]
    shown = {name: str(value) for name, value in request.path_params.items()}
    return {"route": route.path, "where": route.where, "params": shown}


async def talk(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.send_json({"route": websocket.scope["route"].path})


def numbered(segments: list[str]) -> str:
    """A path whose parameters have names of their own."""
    return "".join(
        "/" + each.replace("x", name) for each, name in zip(segments, NUMBERED, strict=False)
    )


PATHS = (
    st.lists(st.sampled_from(SEGMENTS), min_size=1, max_size=3)
    .map(numbered)
    .filter(lambda path: not path.startswith("//"))
)
RESTS = st.lists(st.sampled_from(SEGMENTS[:4]), max_size=1).map(
    lambda segments: numbered(segments) + "/{rest:path}"
)
ROUTES = st.lists(
    st.tuples(
        st.one_of(PATHS, RESTS),
        st.sampled_from([["GET"], ["POST"], ["GET", "POST"], ["OPTIONS"], ["HEAD"], ["WEBSOCKET"]]),
        st.sampled_from(HOSTS),
    ),
    max_size=7,
)
MOUNTS = st.lists(st.tuples(st.sampled_from(["/a", "/{m}", "", "/a/b"]), st.booleans()), max_size=2)


class Recorder:
    """ASGI middleware that notes that it was passed."""

    def __init__(self, app: ASGIApp, log: list[str], name: str) -> None:
        self.app = app
        self.log = log
        self.name = name

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.log.append(self.name)
        await self.app(scope, receive, send)


def app_of(routes: list[Any], mounts: list[Any], **options: Any) -> App:
    """An app of what was drawn; what cannot be declared together with the rest is left out."""
    kept: list[Any] = []
    for path, methods, host in routes:
        made = (
            WebSocketRoute(path, talk) if methods == ["WEBSOCKET"] else Route(path, answer, methods)
        )
        add(kept, Router(host=host, routes=[made]))
    for path, is_ours in mounts:
        inner = App(routes=[Route("/{x}", answer), Route("/b/", answer, ["POST"])])
        add(kept, Mount(path, inner if is_ours else show_paths))
    return App(routes=kept, **options)


def add(kept: list[Any], new: Any) -> None:
    try:
        App(routes=[*kept, new]).compile()
    except ConfigError:
        return
    kept.append(new)


async def show_paths(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await send({**scope, "type": "websocket.close"})
        return
    text = f"{scope['root_path']} {scope['path']}"
    await PlainTextResponse(text)(scope, receive, send)


REQUEST: dict[str, Any] = {
    "segments": ["a", "b"],
    "host": "api.test",
    "trailing_slash": "redirect",
    "root_path": "",
}
MIXED = [
    ("/a/b/", ["GET"], None),
    ("/a/b", ["POST"], None),
    ("/{a}/{b}", ["WEBSOCKET"], None),
    ("/{b}/{a}", ["WEBSOCKET"], None),
]


@example(routes=MIXED, mounts=[], method="WEBSOCKET", **REQUEST)
@example(routes=MIXED, mounts=[], method="GET", **REQUEST)
@example(routes=MIXED, mounts=[], method="POST", **REQUEST)
@example(routes=[], mounts=[], method="WEBSOCKET", **REQUEST)
@example(routes=[], mounts=[("/a", False)], method="WEBSOCKET", **REQUEST)
@example(routes=[], mounts=[("/a", False)], method="GET", **REQUEST)
@example(routes=[], mounts=[("/a", True)], method="GET", **REQUEST)
@example(routes=[], mounts=[("/a", True)], method="HEAD", **REQUEST)
@given(
    routes=ROUTES,
    mounts=MOUNTS,
    segments=st.lists(st.sampled_from(TEXTS), min_size=1, max_size=4),
    method=st.sampled_from([*METHODS, "WEBSOCKET"]),
    host=st.sampled_from(["api.test", "x.test", "other"]),
    trailing_slash=st.sampled_from(["redirect", "strict"]),
    root_path=st.sampled_from(["", "/a"]),
)
async def test_the_verdict_is_what_a_request_gets(
    routes: list[Any],
    mounts: list[Any],
    segments: list[str],
    method: str,
    host: str,
    trailing_slash: str,
    root_path: str,
) -> None:
    app = app_of(routes, mounts, trailing_slash=trailing_slash)
    path = "/" + "/".join(segments)
    explanation = app.explain(method, path, {"host": host}, root_path=root_path)
    scope = request_scope(method, path, {"host": host}, root_path)
    if method == "WEBSOCKET":
        await compare_with_socket(app, explanation, scope)
    else:
        await compare_with_answer(app, explanation, scope)
    assert str(explanation).startswith(f"{method} ")


async def compare_with_answer(app: App, explanation: Explanation, scope: Scope) -> None:
    found = await exchange(app, {**http_scope(), **scope})
    inner = explanation.innermost
    if inner.status is not None:
        assert found.status == inner.status
        assert found.headers.get("location") == inner.location
        allow = found.headers.get("allow")
        assert (allow.split(", ") if allow else []) == list(inner.allow)
    elif isinstance(inner.mounted, Mounted):
        paths = f"{inner.mounted.root_path} {inner.mounted.path}"
        assert scope["method"] == "HEAD" or found.text == paths
    else:
        assert found.status == 200
        assert inner.route is not None
        if scope["method"] != "HEAD":
            params = {name: str(value) for name, value in inner.path_params.items()}
            expected = {"route": inner.route.path, "where": inner.route.where, "params": params}
            assert found.json() == expected


async def compare_with_socket(app: App, explanation: Explanation, scope: Scope) -> None:
    incoming: list[Message] = [{"type": "websocket.connect"}, {"type": "websocket.disconnect"}]
    sent: list[Message] = []

    async def receive() -> Message:
        return incoming.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    changes: Scope = {**scope, "extensions": {"websocket.http.response": {}}}
    await app({**websocket_scope(), **changes}, receive, send)
    inner = explanation.innermost
    if isinstance(inner.mounted, Mounted):
        assert sent[0]["root_path"] == inner.mounted.root_path
        assert sent[0]["path"] == inner.mounted.path
    elif inner.status is not None:
        assert sent[0]["status"] == inner.status
    else:
        assert inner.route is not None
        assert inner.route.path in sent[1]["text"]


async def test_the_middleware_is_told_in_the_order_in_which_a_request_passes_it() -> None:
    log: list[str] = []

    def recording(name: str) -> Middleware:
        return Middleware(type(name, (Recorder,), {"__qualname__": name}), log, name)

    def noting(name: str) -> Any:
        async def note(request: Any, call_next: CallNext) -> Response:
            log.append(name)
            return await call_next(request)

        note.__qualname__ = name
        return note

    async def fine(id: str) -> str:
        return id

    inner = App(middleware=[recording("inner")], routes=[Route("/{id}", fine)])
    around = [recording("of the route"), noting("nearest")]
    route = Route("/{id}", fine, middleware=around)
    router = Router(prefix="/r", middleware=[noting("second"), recording("of the router")])
    router.add_route("/{id}", fine, middleware=around)
    router.mount("/m", inner)
    app = App(
        routes=[router, route],
        middleware=[noting("first"), recording("outermost"), recording("next")],
    )
    for method, path in [
        ("GET", "/r/1"),
        ("GET", "/1"),
        ("GET", "/r/m/1"),
        ("GET", "/r/m/1/2"),
        ("GET", "/r/1/2"),
        ("GET", "/1/"),
        ("PUT", "/r/1"),
        ("OPTIONS", "/r/1"),
    ]:
        log.clear()
        explanation: Any = app.explain(method, path)
        await ask(app, method, path)
        told: list[str] = []
        while isinstance(explanation, Explanation):
            told += [each.name for each in explanation.middleware]
            explanation = explanation.mounted
        assert told == log, (method, path)


def plain(**values: Any) -> None: ...


async def socket(websocket: WebSocket) -> None: ...


@pytest.mark.parametrize(
    ("method", "path", "reason"),
    [
        ("GET", "/1", "plain takes the path, before 1 other that could"),
        ("GET", "/x", "plain takes the path"),
        (
            "HEAD",
            "/x",
            "plain takes the path; to HEAD the handler of GET answers, and the body is not sent",
        ),
        ("HEAD", "/own/head", "plain takes the path"),
        ("PUT", "/x", "the path has routes, but none for PUT"),
        (
            "OPTIONS",
            "/x",
            "the path has no route for OPTIONS, and the router says which methods there are",
        ),
        ("GET", "/m/x", "the mount of /m takes the path"),
        (
            "GET",
            "/a/b/",
            "no route takes the path as it is, but one takes it without the slash at its end",
        ),
        (
            "GET",
            "/q/c",
            "no route takes the path as it is, but one takes it with a slash at its end",
        ),
        ("GET", "/x/y/z", "no route takes the path"),
        ("GET", "//a/b/", "no route takes the path"),
        (
            "GET",
            "//d",
            "no route takes the path as it is, and a path with two slashes at its start is not redirected",
        ),
        ("GET", "/%FF/x", "no route takes what is no path in UTF-8 that begins with a slash"),
        ("WEBSOCKET", "/s", "socket takes the path"),
        ("WEBSOCKET", "/s/", "no route takes the path as it is, and a handshake is not redirected"),
    ],
)
def test_the_reason_is_a_sentence(method: str, path: str, reason: str) -> None:
    app = App(
        routes=[
            Route("/{id}", plain),
            Route("/{id:int}", plain),
            Route("/a/b", plain),
            Route("/q/c/", plain),
            Route("/{x:path}/d/", plain),
            Route("/own/head", plain, ["GET", "HEAD"]),
            WebSocketRoute("/s", socket),
            Mount("/m", show_paths),
        ]
    )
    assert app.explain(method, path).reason == reason


def test_an_app_that_redirects_to_no_slash_says_so() -> None:
    app = App(routes=[Route("/a/", plain)], trailing_slash="strict")
    reason = "no route takes the path as it is, and trailing_slash='strict' redirects to none"
    assert app.explain("GET", "/a").reason == reason


def test_limits_and_exception_handlers_are_those_of_the_route() -> None:
    def missing(request: Any, error: Any) -> None: ...

    async def slow() -> None: ...

    router = Router(
        prefix="/r",
        limits=Limits(max_body_size=5),
        exception_handlers={KeyError: missing},
        routes=[Route("/slow", slow, timeout=3, cancel_on_disconnect=True)],
    )
    app = App(
        routes=[router, WebSocketRoute("/s", socket)],
        limits=Limits(max_files=2, max_message_size=9),
        exception_handlers={404: missing},
    )
    found = app.explain("GET", "/r/slow")
    assert found.limits == Limits(max_body_size=5, max_files=2, max_message_size=9)
    assert (found.timeout, found.cancel_on_disconnect) == (3, True)
    told = [(each.catches, each.handler, each.owner) for each in found.exception_handlers]
    assert told == [("KeyError", "missing", "router /r"), ("404", "missing", "app")]
    socket_found = app.explain("WEBSOCKET", "/s")
    assert (socket_found.timeout, socket_found.cancel_on_disconnect) == (None, False)
    assert app.explain("GET", "/x").worded_by == "the exception handler missing"
    assert app.explain("PUT", "/r/slow").worded_by == "the default, as application/problem+json"
    html = app.explain("PUT", "/r/slow", {"Accept": "text/html"})
    assert html.worded_by == "the default, as text/html"
    assert app.explain("OPTIONS", "/r/slow").worded_by == ""


def test_a_mounted_app_explains_itself_with_the_paths_that_it_sees() -> None:
    inner = App(routes=[Route("/things/{id:int}", plain)])
    app = App(
        routes=[
            Mount("/ours", inner),
            Mount("/{x}/bare", show_paths, strip=True),
            Mount("/whole", show_paths),
        ]
    )
    missed = app.explain("GET", "/ours/things/x")
    assert missed.verdict == "mount"
    assert missed.status == 404
    assert isinstance(missed.mounted, Explanation)
    assert missed.innermost is missed.mounted
    assert missed.mounted.route is None
    assert missed.mounted.root_path == "/ours"
    assert missed.mounted.path == "/ours/things/x"
    assert missed.mounted.local_path == "/things/x"
    assert [each.kind for each in missed.mounted.candidates] == ["path"]
    stripped = app.explain("GET", "/7/bare/x")
    assert stripped.status is None
    assert stripped.innermost is stripped
    assert stripped.mounted == Mounted("show_paths", "/7/bare", "/x")
    assert app.explain("GET", "/whole/x").mounted == Mounted("show_paths", "/whole", "/whole/x")


def test_a_scope_is_explained_and_left_as_it_is() -> None:
    app = App(routes=[Route("/{id}", plain)])
    scope = {**http_scope("GET", "/a/b"), "route": None, "path_params": {"of": "another"}}
    before = {**scope}
    assert explain_scope(app, scope).status == 404
    assert scope == before


@pytest.mark.parametrize(
    ("given", "path", "raw_path", "query", "host"),
    [
        ("/a%20b?x=1&y=/z#top", "/a b", b"/a%20b", b"x=1&y=/z", b"localhost"),
        ("/ä b", "/ä b", b"/%C3%A4%20b", b"", b"localhost"),
        ("https://example.com/a?next=http://b/", "/a", b"/a", b"next=http://b/", b"example.com"),
        ("http://[::1]:8000", "/", b"/", b"", b"[::1]:8000"),
        ("/a?next=http://b/", "/a", b"/a", b"next=http://b/", b"localhost"),
    ],
)
def test_a_target_is_what_a_client_sends(
    given: str, path: str, raw_path: bytes, query: bytes, host: bytes
) -> None:
    scope = request_scope("get", given, {}, "")
    assert scope["method"] == "GET"
    assert (scope["path"], scope["raw_path"], scope["query_string"]) == (path, raw_path, query)
    assert scope["headers"] == [(b"host", host)]


@pytest.mark.parametrize(
    ("method", "path", "headers", "message"),
    [
        ("G T", "/", {}, "'G T' is no method: give a word such as GET, or WEBSOCKET"),
        ("GET", "users", {}, "'users' is no path: it begins with '/'"),
        ("GET", "/", {"Host": "a b"}, "'a b' is no host: write example.com, or one with a port"),
        ("GET", "http://[/", {}, "host:port"),
        ("GET", "/\n", {}, "control character"),
        ("GET", "/", {"a b": "c"}, "a b"),
    ],
)
def test_what_no_client_could_send_is_refused(
    method: str, path: str, headers: dict[str, str], message: str
) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        App().explain(method, path, headers)


def test_an_app_that_serves_does_not_load_what_explains() -> None:
    loaded = "import sys, framework; print(*[m for m in sys.modules if m.startswith('framework.')])"
    out = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True)
    assert "framework.app" in out.stdout.split()
    assert not {"framework._explain", "framework._layout", "argparse"} & {*out.stdout.split()}
