"""Which Host gets through, which does not, and where a name without its www. is sent."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from framework import App, ConfigError, Middleware, WebSocket
from framework.middleware.trusted_host import TrustedHostMiddleware
from framework.types import ASGIApp, Scope
from tests.driver import Answer, ask, exchange, http_scope
from tests.middleware.around import APPS, calls, raw
from tests.protocols import converse, running
from tests.tables.hosts import ALLOWED, MALFORMED, PATTERNS_REFUSED, TRUSTED, UNKNOWN

DENIAL: dict[str, dict[str, Any]] = {"websocket.http.response": {}}

apps = pytest.mark.parametrize("make", APPS.values(), ids=APPS)


def for_hosts(scope: Scope, *hosts: str) -> Scope:
    """The scope with these Host fields and no other."""
    return {**scope, "headers": [(b"host", host.encode("latin-1")) for host in hosts]}


async def get(
    *hosts: str,
    app: ASGIApp = raw,
    allowed: Sequence[str] = ALLOWED,
    path: str = "/",
    **options: Any,
) -> Answer:
    """Get something from an app that answers for some hosts."""
    wrapped = TrustedHostMiddleware(app, allowed_hosts=allowed, **options)
    return await exchange(wrapped, for_hosts(http_scope(path=path), *hosts))


@pytest.mark.parametrize("host", TRUSTED)
async def test_a_name_that_is_allowed_gets_through(host: str) -> None:
    assert (await get(host)).text == "Hello"


@pytest.mark.parametrize("host", UNKNOWN)
async def test_another_name_is_refused(host: str) -> None:
    answer = await get(host)
    assert (answer.status, answer.error) == (400, None)
    assert "detail" in answer.json()


@pytest.mark.parametrize("hosts", MALFORMED, ids=lambda hosts: ascii(hosts)[:40])
@pytest.mark.parametrize("allowed", [ALLOWED, ["*"]])
async def test_a_host_that_is_none_is_refused_even_where_all_are_allowed(
    hosts: list[str], allowed: list[str]
) -> None:
    answer = await get(*hosts, allowed=allowed)
    assert (answer.status, answer.error) == (400, None)
    assert answer.json()["detail"].startswith("a request has one Host")


async def test_every_host_is_allowed_by_a_star_and_by_default() -> None:
    app = TrustedHostMiddleware(raw)
    for host in ("evil.example", "[::1]:8000", "127.0.0.1"):
        assert (await get(host, allowed=["*", "example.com"])).status == 200
        assert (await exchange(app, for_hosts(http_scope(), host))).status == 200


@pytest.mark.parametrize("pattern", ["Example.COM.", "EXAMPLE.com", "*.COM", "*.com."])
async def test_a_pattern_may_be_in_any_case_and_end_in_a_dot(pattern: str) -> None:
    assert (await get("example.com", allowed=[pattern])).status == 200


@pytest.mark.parametrize("pattern", ["::1", "[::1]", "0:0:0:0:0:0:0:1"])
async def test_an_address_has_several_spellings(pattern: str) -> None:
    assert (await get("[0::1]:80", allowed=[pattern])).status == 200


async def test_the_refusal_says_nothing_that_was_sent_and_is_as_the_client_accepts() -> None:
    scope = for_hosts(http_scope(), "evil.example")
    scope["headers"].append((b"accept", b"text/html"))
    answer = await exchange(TrustedHostMiddleware(raw, allowed_hosts=["example.com"]), scope)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "evil" not in answer.text


# www.


@pytest.mark.parametrize(
    ("host", "path", "location"),
    [
        ("example.net", "/", "http://www.example.net/"),
        ("EXAMPLE.net.", "/a%2Fb/%C3%A9?q=%20&r", "http://www.example.net/a%2Fb/%C3%A9?q=%20&r"),
        ("example.net:8000", "/a", "http://www.example.net:8000/a"),
        ("example.net:80", "//evil.example/", "http://www.example.net//evil.example/"),
        ("example.net", "/\\evil.example", "http://www.example.net/%5Cevil.example"),
    ],
)
async def test_who_leaves_out_the_www_is_sent_there(host: str, path: str, location: str) -> None:
    answer = await get(host, path=path)
    assert (answer.status, answer.headers["location"]) == (307, location)


@pytest.mark.parametrize("host", ["evil.example", "net", "w.example.net", "www.www.example.net"])
async def test_nobody_is_sent_to_a_name_that_is_not_allowed(host: str) -> None:
    assert (await get(host)).status == 400


async def test_the_name_without_it_may_be_allowed_as_well_or_never_redirected() -> None:
    both = ["www.example.net", "example.net"]
    assert (await get("example.net", allowed=both)).status == 200
    assert (await get("example.net", www_redirect=False)).status == 400


# Sockets, lifespans, and around others


def shouting(host: str) -> App:
    """An app that answers for one host, with a socket."""

    async def shout(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.send_text("HELLO")

    app = App(middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=[host])])
    app.websocket("/ws")(shout)
    return app


async def test_a_socket_by_another_name_is_refused_before_it_is_opened() -> None:
    assert (await converse(shouting("testserver"), "/ws")).types == ["accept", "send", "close"]
    assert (await converse(shouting("example.com"), "/ws")).types == ["close"]
    talk = await converse(shouting("example.com"), "/ws", extensions=DENIAL)
    assert talk.types == ["http.response.start", "http.response.body"]
    assert talk.messages[0]["status"] == 400


async def test_a_socket_without_www_is_sent_there() -> None:
    talk = await converse(shouting("www.testserver"), "/ws", extensions=DENIAL)
    assert talk.messages[0]["status"] == 307
    assert (b"location", b"ws://www.testserver/ws") in talk.messages[0]["headers"]


async def test_a_lifespan_passes() -> None:
    async with running(shouting("example.com")) as talk:
        pass
    assert talk.types == ["startup.complete", "shutdown.complete"]


@apps
async def test_it_guards_any_app(make: Callable[[], ASGIApp]) -> None:
    app = make()
    assert (await get("example.com", app=app, path="/long")).status == 200
    assert (await get("evil.example", app=app, path="/long")).status == 400
    assert (await get("example.net", app=app)).status == 307


async def test_it_guards_an_app_from_the_inside() -> None:
    app = App(middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=["example.com"])])
    app.add_route("/", lambda: "Hello")
    assert (await ask(app)).status == 400
    assert (await exchange(app, for_hosts(http_scope(), "example.com"))).text == "Hello"


async def test_what_is_no_request_costs_one_frame() -> None:
    app = TrustedHostMiddleware(raw, allowed_hosts=["example.com"])
    assert await calls(app, http_scope(type="other")) == 3  # once, and on after each of two sends


# Options


@pytest.mark.parametrize("pattern", PATTERNS_REFUSED)
def test_a_pattern_that_is_none_is_refused_at_start(pattern: str) -> None:
    with pytest.raises(ConfigError, match="a host is 'example"):
        TrustedHostMiddleware(raw, allowed_hosts=["example.com", pattern])


def test_a_string_is_no_list_of_hosts() -> None:
    with pytest.raises(ConfigError, match="give a list, such as"):
        TrustedHostMiddleware(raw, allowed_hosts="example.com")


def test_a_site_without_a_name_is_no_site() -> None:
    with pytest.raises(ConfigError, match="it would refuse everything"):
        TrustedHostMiddleware(raw, allowed_hosts=[])
