"""Where unencrypted requests are sent, and which responses tell browsers to come encrypted."""

from collections.abc import Callable
from typing import Any

import pytest

from framework import App, ConfigError, Middleware, WebSocket
from framework.middleware.https_redirect import HTTPSRedirectMiddleware
from framework.types import ASGIApp, Message, Receive, Scope, Send
from tests.driver import Answer, ask, exchange, http_scope
from tests.middleware.around import APPS, calls, raw
from tests.protocols import converse, running, silence
from tests.tables.hosts import MALFORMED

DENIAL: dict[str, dict[str, Any]] = {"websocket.http.response": {}}
HSTS = "strict-transport-security"

apps = pytest.mark.parametrize("make", APPS.values(), ids=APPS)


async def get(*hosts: str, path: str = "/", app: ASGIApp = raw, **options: Any) -> Answer:
    """Get something by http, with these Host fields."""
    scope = http_scope(path=path)
    scope["headers"] = [(b"host", host.encode("latin-1")) for host in hosts]
    return await exchange(HTTPSRedirectMiddleware(app, **options), scope)


@pytest.mark.parametrize(
    ("host", "path", "location"),
    [
        ("example.com", "/", "https://example.com/"),
        ("Example.COM", "/a%2Fb?q=%20&r", "https://example.com/a%2Fb?q=%20&r"),
        ("example.com:80", "/", "https://example.com/"),
        ("example.com:443", "/", "https://example.com/"),
        ("example.com:8000", "/", "https://example.com:8000/"),
        ("[2001:db8::1]:80", "/", "https://[2001:db8::1]/"),
        ("example.com", "//evil.example", "https://example.com//evil.example"),
        ("example.com", "/\\evil.example", "https://example.com/%5Cevil.example"),
        ("example.com", "/%0d%0aset-cookie:a", "https://example.com/%0D%0Aset-cookie:a"),
    ],
)
async def test_http_is_sent_to_the_same_url_by_https(host: str, path: str, location: str) -> None:
    answer = await get(host, path=path)
    assert (answer.status, answer.headers["location"]) == (307, location)
    assert HSTS not in answer.headers


@pytest.mark.parametrize(
    ("port", "location"), [(8443, "https://example.com:8443/"), (443, "https://example.com/")]
)
async def test_https_may_have_a_port_of_its_own(port: int, location: str) -> None:
    for host in ("example.com", "example.com:8000"):
        assert (await get(host, port=port)).headers["location"] == location


@pytest.mark.parametrize("hosts", MALFORMED, ids=lambda hosts: ascii(hosts)[:40])
async def test_nobody_is_sent_to_a_host_that_is_none(hosts: list[str]) -> None:
    answer = await get(*hosts)
    assert (answer.status, answer.error) == (400, None)
    assert "location" not in answer.headers


async def test_the_redirect_may_be_for_good() -> None:
    assert (await get("example.com", status_code=308)).status == 308


async def test_a_path_below_a_root_stays_whole() -> None:
    answer = await ask(HTTPSRedirectMiddleware(raw), path="/a", root_path="/root")
    assert answer.headers["location"] == "https://testserver/root/a"


@apps
async def test_https_passes(make: Callable[[], ASGIApp]) -> None:
    app = HTTPSRedirectMiddleware(make())
    answer = await ask(app, path="/stream", scheme="https")
    assert answer.status == 200
    assert HSTS not in answer.headers
    assert (await ask(app)).status == 307


@apps
async def test_encrypted_answers_say_for_how_long_to_come_encrypted(
    make: Callable[[], ASGIApp],
) -> None:
    app = HTTPSRedirectMiddleware(make(), hsts_max_age=60, hsts_include_subdomains=True)
    for path in ("/", "/stream", "/nothing"):
        answer = await ask(app, path=path, scheme="https")
        assert answer.headers.getlist(HSTS) == ["max-age=60; includeSubDomains"]
    assert HSTS not in (await ask(app)).headers


async def test_what_an_app_says_of_it_itself_stays_and_its_message_is_not_changed() -> None:
    start: Message = {"type": "http.response.start", "status": 200}
    starts = [start, {**start, "headers": [(b"Strict-Transport-Security", b"max-age=1")]}]

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(starts.pop())
        await send({"type": "http.response.body", "body": b""})

    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    wrapped = HTTPSRedirectMiddleware(app, hsts_max_age=60)
    for _ in range(2):
        await wrapped(http_scope(scheme="https"), silence, send)
    assert sent[0]["headers"] == [(b"Strict-Transport-Security", b"max-age=1")]
    assert sent[2]["headers"] == [(b"strict-transport-security", b"max-age=60")]
    assert "headers" not in start


# Sockets and lifespans


async def knock(scheme: str) -> Any:
    """Open a socket of an app of ours, by ws or wss."""

    async def shout(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.send_text("HELLO")

    app = App(middleware=[Middleware(HTTPSRedirectMiddleware, hsts_max_age=60)])
    app.websocket("/ws")(shout)
    return await converse(app, "/ws", scheme=scheme, extensions=DENIAL)


async def test_a_socket_is_sent_to_wss() -> None:
    talk = await knock("ws")
    assert talk.messages[0]["status"] == 307
    assert (b"location", b"wss://testserver/ws") in talk.messages[0]["headers"]
    talk = await knock("wss")
    assert talk.types == ["accept", "send", "close"]
    assert talk.messages[0]["headers"] == []


async def test_a_lifespan_passes() -> None:
    app = App(middleware=[Middleware(HTTPSRedirectMiddleware)])
    async with running(app) as talk:
        pass
    assert talk.types == ["startup.complete", "shutdown.complete"]


async def test_what_is_encrypted_costs_one_frame() -> None:
    app = HTTPSRedirectMiddleware(raw)
    for scope in (http_scope(scheme="https"), http_scope(type="other")):
        assert await calls(app, scope) == 3  # once, and on after each of two sends


# Options


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"status_code": 301}, r"status_code=301\): give 307 or 308"),
        ({"port": 0}, r"port=0\): give a port, or None"),
        ({"port": 65536}, "give a port"),
        ({"port": "443"}, "give a port"),
        ({"hsts_max_age": -1}, "no number of seconds"),
        ({"hsts_max_age": 60, "hsts_preload": True}, "preload needs"),
        ({"hsts_preload": True}, "give hsts_max_age, too"),
        ({"hsts_include_subdomains": True}, "give hsts_max_age, too"),
    ],
)
def test_an_option_that_cannot_work_is_refused_at_start(
    options: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        HTTPSRedirectMiddleware(raw, **options)
