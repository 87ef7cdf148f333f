"""What the pretended server says of itself, and of a request."""

from collections.abc import Awaitable, Callable
from typing import Any

import anyio
import pytest

from framework import App, Request
from framework.testing import EXTENSIONS, AsyncTestClient
from framework.types import ASGIApp, Receive, Scope, Send
from tests.testing.apps import ACCEPT, END, START, Listener, sending


async def scope_of(path: str = "/", **options: Any) -> Scope:
    """What an app is called with for a GET of this path."""
    app = Listener([START, END])
    await AsyncTestClient(app, **options).get(path)
    return app.scopes[0]


async def test_a_scope_is_what_a_server_makes() -> None:
    scope = await scope_of("/a%2Fb%20%C3%BC%25?c=%26")
    fields = dict(scope.pop("headers"))
    assert scope == {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.5"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": "/a/b ü%",
        "raw_path": b"/a%2Fb%20%C3%BC%25",
        "query_string": b"c=%26",
        "root_path": "",
        "client": ("testclient", 50000),
        "server": ("testserver", 80),
        "state": {},
        "extensions": EXTENSIONS,
    }
    assert fields[b"host"] == b"testserver"
    assert fields[b"user-agent"] == b"testclient"


async def test_a_scope_says_what_the_client_was_told() -> None:
    scope = await scope_of(
        base_url="https://example.org:8443",
        root_path="/root",
        client=None,
        spec_version="2.3",
        extensions={"tls": {"tls_version": 772}},
    )
    assert (scope["scheme"], scope["server"]) == ("https", ("example.org", 8443))
    assert (scope["root_path"], scope["client"]) == ("/root", None)
    assert scope["asgi"]["spec_version"] == "2.3"
    assert scope["extensions"] == {"tls": {"tls_version": 772}}


async def test_host_comes_first_and_names_are_in_lower_case() -> None:
    app = Listener([START, END])
    fields = [("X-A", "1"), ("X-A", "2"), ("Host", "other")]
    await AsyncTestClient(app, headers=fields).get("/")
    names = [name for name, _ in app.scopes[0]["headers"]]
    assert names[0] == b"host"
    assert names.count(b"x-a") == 2
    assert all(name == name.lower() for name in names)


@pytest.mark.parametrize(
    ("base_url", "scheme", "port"),
    [("http://a", "ws", 80), ("https://a", "wss", 443), ("http://a:0", "ws", 0)],
)
async def test_the_scope_of_a_socket(base_url: str, scheme: str, port: int) -> None:
    app = Listener([ACCEPT])
    client = AsyncTestClient(app, base_url=base_url)
    async with client.websocket_connect("/a?b=1", ["x", "y"], params={"c": "2"}):
        pass
    scope = app.scopes[0]
    assert (scope["type"], scope["scheme"], scope["server"]) == ("websocket", scheme, ("a", port))
    assert (scope["path"], scope["query_string"]) == ("/a", b"c=2")
    assert scope["subprotocols"] == ["x", "y"]
    assert "method" not in scope
    fields = dict(scope["headers"])
    assert (fields[b"upgrade"], fields[b"sec-websocket-version"]) == (b"websocket", b"13")


async def test_each_request_has_its_own_copy_of_the_state() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            scope["state"]["shared"] = []
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
            return
        scope["state"]["own"] = "own"
        scope["state"]["shared"].append(len(scope["state"]))
        await sending(START, END)(scope, receive, send)

    async with AsyncTestClient(app) as client:
        await client.get("/")
        await client.get("/")
        assert client.app_state == {"shared": [2, 2]}


async def test_what_is_still_open_at_the_end_is_left() -> None:
    app = Listener([START])
    async with AsyncTestClient(app) as client:
        await client.send(client.build_request("GET", "/"), stream=True)
    assert app.has_heard("disconnect")


async def test_an_app_of_asgi_2_is_called_as_it_wants_to_be() -> None:
    def app(scope: Scope) -> Callable[[Receive, Send], Awaitable[None]]:
        async def instance(receive: Receive, send: Send) -> None:
            await sending(START, END)(scope, receive, send)

        return instance

    old: Any = app
    assert (await AsyncTestClient(old).get("/")).status_code == 200


async def test_requests_may_go_on_side_by_side() -> None:
    app = App()
    both = anyio.Event()
    waiting: list[int] = []

    @app.get("/{number}")
    async def handler(request: Request, number: int) -> int:
        waiting.append(number)
        if len(waiting) == 2:
            both.set()
        await both.wait()
        return number

    async with AsyncTestClient(app) as client, anyio.create_task_group() as group:
        group.start_soon(client.get, "/1")
        group.start_soon(client.get, "/2")
    assert sorted(waiting) == [1, 2]


def test_an_app_is_any_callable() -> None:
    apps: list[ASGIApp] = [App(), Listener(), sending()]
    for app in apps:
        assert AsyncTestClient(app).app is app
