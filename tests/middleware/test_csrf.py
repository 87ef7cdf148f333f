"""Cross-site requests: which are let through, which refused, and that nobody is told too much."""

import logging
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request as StarletteRequest
from starlette.responses import PlainTextResponse as StarletteText
from starlette.responses import Response as StarletteResponse
from starlette.routing import Route as StarletteRoute

from framework import App, ConfigError, Middleware, Router, WebSocket
from framework.middleware.csrf import CSRFMiddleware
from framework.types import ASGIApp, Receive, Scope, Send
from tests.driver import Answer, Fields, ask, exchange, http_scope
from tests.protocols import Conversation, converse, running

OWN = "http://testserver"
EVIL = "https://evil.example"
FRIEND = "https://friend.example"

DENIAL: dict[str, dict[str, Any]] = {"websocket.http.response": {}}


async def bare(scope: Scope, receive: Receive, send: Send) -> None:
    """An app of nobody's framework, which says OK to all."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"OK"})


def guard(app: ASGIApp = bare, *trusted: str) -> CSRFMiddleware:
    return CSRFMiddleware(app, trusted_origins=trusted)


async def post(headers: Fields, *, host: str | None = "testserver", **changes: Any) -> Answer:
    """Post to an app that trusts one origin, by this Host."""
    scope = http_scope("POST", "/", headers, **changes)
    scope["headers"] = scope["headers"][1:]
    if host is not None:
        scope["headers"].insert(0, (b"host", host.encode("latin-1")))
    return await exchange(guard(bare, FRIEND), scope)


PASSED: dict[str, Fields] = {
    "no browser": {},
    "a page of the site": {"sec-fetch-site": "same-origin", "origin": OWN},
    "a page that hides its origin from others": {"sec-fetch-site": "same-origin", "origin": "null"},
    "the user's own doing": {"sec-fetch-site": "none"},
    "an old browser": {"origin": OWN},
    "in another spelling": {"origin": "HTTP://TestServer:80"},
    "a trusted page": {"sec-fetch-site": "cross-site", "origin": FRIEND},
    "a trusted page, written otherwise": {"sec-fetch-site": "same-site", "origin": f"{FRIEND}:443"},
    "a trusted page in an old browser": {"origin": FRIEND},
    "a site behind a proxy that has its TLS": {"origin": "https://testserver"},
}

REFUSED: dict[str, Fields] = {
    "another site": {"sec-fetch-site": "cross-site", "origin": EVIL},
    "a subdomain": {"sec-fetch-site": "same-site", "origin": "http://www.testserver"},
    "another site that says our origin": {"sec-fetch-site": "cross-site", "origin": OWN},
    "a word of the future": {"sec-fetch-site": "same-party", "origin": OWN},
    "the word in another case": {"sec-fetch-site": "Same-Origin"},
    "no word": {"sec-fetch-site": ""},
    "two words": [("sec-fetch-site", "same-origin"), ("sec-fetch-site", "cross-site")],
    "two words in one": {"sec-fetch-site": "none, cross-site"},
    "another origin": {"origin": EVIL},
    "no origin at all": {"origin": "null"},
    "an empty one": {"origin": ""},
    "two origins": [("origin", OWN), ("origin", EVIL)],
    "two trusted ones": [("origin", FRIEND), ("origin", FRIEND)],
    "two in one": {"origin": f"{OWN} {EVIL}"},
    "another port": {"origin": "http://testserver:8080"},
    "the port of the other scheme": {"origin": "https://testserver:80"},
    "the trusted host by another scheme": {"origin": "http://friend.example"},
    "the trusted host by another port": {"origin": f"{FRIEND}:8443"},
    "a longer host": {"origin": "http://testserver.evil.example"},
    "a longer trusted host": {"origin": f"{FRIEND}.evil.example"},
    "a prefix of it": {"origin": "http://testserve"},
    "a path": {"origin": f"{OWN}/"},
    "a user": {"origin": "http://testserver@evil.example"},
    "no scheme": {"origin": "testserver"},
    "a page of another scheme": {"origin": "ftp://testserver"},
    "letters of another script": {"origin": "http://te\xc5\xa1tserver"},
}


@pytest.mark.parametrize("headers", PASSED.values(), ids=PASSED)
async def test_what_no_other_site_can_have_sent_is_passed(headers: Fields) -> None:
    answer = await post(headers)
    assert (answer.status, answer.text) == (200, "OK")
    assert "vary" not in answer.headers


@pytest.mark.parametrize("headers", REFUSED.values(), ids=REFUSED)
async def test_what_another_site_may_have_sent_is_refused(headers: Fields) -> None:
    answer = await post(headers)
    assert answer.status == 403
    assert answer.headers["vary"] == "Origin, Sec-Fetch-Site, Accept"
    assert answer.json()["title"] == "Forbidden"
    assert "CSRFMiddleware(trusted_origins=[...])" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("host", "origin", "status"),
    [
        ("example.com", "https://example.com", 200),
        ("EXAMPLE.com:443", "https://example.com", 200),
        ("example.com:80", "http://example.com", 200),
        ("example.com:80", "https://example.com", 403),
        ("example.com:8000", "http://example.com:8000", 200),
        ("example.com:0", "http://example.com", 403),
        ("[::1]:8000", "http://[::1]:8000", 200),
        ("[::1]", "http://[::2]", 403),
        ("user@example.com", "http://example.com", 403),
        ("example.com/", "http://example.com", 403),
        ("", "http://example.com", 403),
        (None, "http://example.com", 403),
    ],
)
async def test_an_origin_without_fetch_metadata_has_to_be_the_host(
    host: str | None, origin: str, status: int
) -> None:
    assert (await post({"origin": origin}, host=host)).status == status


async def test_of_two_hosts_neither_is_believed() -> None:
    assert (await post([("origin", OWN), ("host", "testserver")])).status == 403


@pytest.mark.parametrize(("origin", "status"), [(OWN, 403), ("https://testserver", 200)])
async def test_a_page_that_came_unencrypted_is_none_of_an_encrypted_site(
    origin: str, status: int
) -> None:
    assert (await post({"origin": origin}, scheme="https")).status == status


METHODS = {
    **dict.fromkeys(("GET", "HEAD", "OPTIONS", "QUERY"), 200),
    **dict.fromkeys(("POST", "PUT", "PATCH", "DELETE", "TRACE", "get", "ODD"), 403),
}


@pytest.mark.parametrize(("method", "status"), METHODS.items())
async def test_safe_methods_are_not_looked_at(method: str, status: int) -> None:
    async def empty(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body"})

    headers = {"sec-fetch-site": "cross-site", "origin": EVIL}
    assert (await ask(guard(empty), method, headers=headers)).status == status


async def test_the_refusal_is_in_the_form_that_the_client_accepts() -> None:
    answer = await post({"origin": EVIL, "accept": "text/html"})
    assert answer.headers["content-type"] == "text/html; charset=utf-8"


async def test_what_an_attacker_sends_is_neither_logged_nor_repeated(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG, logger="framework")
    for field in ("origin", "sec-fetch-site"):
        answer = await post({field: "https://" + "x" * 60_000})
        assert answer.status == 403
        assert len(answer.body) < 500
    assert caplog.records == []


# Sockets


async def shout(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.send_text((await websocket.receive_text()).upper())


async def knock(headers: Fields, **changes: Any) -> Conversation:
    """Open a socket to an app of ours that trusts one origin."""
    app = App(middleware=[Middleware(CSRFMiddleware, trusted_origins=[FRIEND])])
    app.websocket("/ws")(shout)
    return await converse(app, "/ws", ["hello"], headers=headers, **changes)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"origin": OWN},
        {"origin": FRIEND},
        {"origin": OWN, "sec-fetch-site": "cross-site"},  # some browsers compare ws: with http:
    ],
)
async def test_a_socket_of_the_site_or_of_no_browser_is_opened(headers: Fields) -> None:
    talk = await knock(headers)
    assert talk.types == ["accept", "send", "close"]
    assert talk.messages[1]["text"] == "HELLO"


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": EVIL},
        {"origin": "null"},
        {"origin": EVIL, "sec-fetch-site": "same-origin"},
        [("origin", OWN), ("origin", EVIL)],
    ],
)
async def test_a_socket_of_another_site_is_refused_before_it_is_opened(headers: Fields) -> None:
    talk = await knock(headers)
    assert talk.types == ["close"]
    talk = await knock(headers, extensions=DENIAL)
    assert talk.types == ["http.response.start", "http.response.body"]
    assert talk.messages[0]["status"] == 403
    assert (b"vary", b"Origin, Sec-Fetch-Site, Accept") in talk.messages[0]["headers"]
    assert b"CSRFMiddleware" in talk.messages[1]["body"]


async def test_a_socket_that_came_encrypted_is_none_of_an_unencrypted_page() -> None:
    assert (await knock({"origin": OWN}, scheme="wss")).types == ["close"]
    assert (await knock({"origin": "https://testserver"}, scheme="wss")).types[0] == "accept"


# Around others


async def test_a_lifespan_passes() -> None:
    app = App(middleware=[Middleware(CSRFMiddleware)])
    async with running(app) as talk:
        pass
    assert talk.types == ["startup.complete", "shutdown.complete"]


def starlette_app() -> Starlette:
    async def change(request: StarletteRequest) -> StarletteResponse:
        return StarletteText("changed")

    return Starlette(routes=[StarletteRoute("/change", change, methods=["POST"])])


@pytest.mark.parametrize("site", ["same-origin", "cross-site"])
async def test_it_guards_any_app_and_any_part_of_one(site: str) -> None:
    def change() -> str:
        return "changed"

    whole = App(routes=[])
    whole.add_route("/change", change, methods=["POST"])
    whole.add_middleware(CSRFMiddleware)
    router = Router(middleware=[Middleware(CSRFMiddleware)])
    router.add_route("/change", change, methods=["POST"])
    mount = App()
    mount.mount("/inner", guard(starlette_app()))
    cases: list[tuple[ASGIApp, str]] = [
        (whole, "/change"),
        (App(routes=[router]), "/change"),
        (guard(starlette_app()), "/change"),
        (mount, "/inner/change"),
    ]
    for app, path in cases:
        answer = await ask(app, "POST", path, headers={"sec-fetch-site": site})
        if site == "same-origin":
            assert (answer.status, answer.text) == (200, "changed")
        else:
            assert answer.status == 403
            assert answer.headers["content-type"] == "application/problem+json"


# Options


NO_ORIGINS = [
    *("", "null", "*", "https://", "example.com", "//example.com", "https://example.com/"),
    *("https://example.com/path", "https://example.com?a", "https://*.example.com", " https://a"),
    *("https://ü.de", "https://me@example.com", "https://example.com:99999", "https://a:x"),
]


@pytest.mark.parametrize("origin", NO_ORIGINS)
def test_an_origin_that_is_none_is_refused_at_start(origin: str) -> None:
    with pytest.raises(ConfigError, match="an origin is scheme://host"):
        guard(bare, origin)


def test_a_string_is_no_list_of_origins() -> None:
    with pytest.raises(ConfigError, match="give a list, such as"):
        CSRFMiddleware(bare, trusted_origins=FRIEND)


@pytest.mark.parametrize(
    ("trusted", "origin"),
    [("app://localhost", "app://localhost"), ("HTTPS://Friend.Example:443", FRIEND)],
)
async def test_a_trusted_origin_may_have_any_scheme_and_case(trusted: str, origin: str) -> None:
    assert (await ask(guard(bare, trusted), "POST", headers={"origin": origin})).status == 200
