"""Header fields for browsers: what is sent by default, what is refused, and when there is a nonce."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request as StarletteRequest
from starlette.responses import HTMLResponse as StarletteHTML
from starlette.routing import Route as StarletteRoute

from framework import App, ConfigError, HTMLResponse, Request, Response, WebSocket
from framework.exceptions import FrameworkError
from framework.middleware.security_headers import SecurityHeadersMiddleware, csp_nonce
from framework.types import ASGIApp, Receive, Scope, Send
from tests.driver import Answer, ask, http_scope
from tests.middleware.around import APPS, SHORT, calls, ours, raw
from tests.protocols import converse, running
from tests.scripted import Sent, receiving

DEFAULTS = {
    "content-security-policy": "base-uri 'self'; object-src 'none'; frame-ancestors 'none'",
    "x-frame-options": "DENY",
    "referrer-policy": "strict-origin-when-cross-origin",
    "cross-origin-opener-policy": "same-origin-allow-popups",
    "x-content-type-options": "nosniff",
}
NOTHING: dict[str, Any] = dict.fromkeys(
    ("content_security_policy", "frame_options", "referrer_policy", "cross_origin_opener_policy")
)
HSTS = "strict-transport-security"
CSP = "content-security-policy"
NONCES: dict[str, Any] = {
    "content_security_policy": {"script-src": ["'self'", "'nonce'"], "style-src": "'nonce'"}
}

around = pytest.mark.parametrize("make", APPS.values(), ids=APPS)


async def headers_for(path: str = "/", *, scheme: str = "http", **options: Any) -> dict[str, str]:
    """The fields that are added to an answer."""
    answer = await ask(SecurityHeadersMiddleware(raw, **options), path=path, scheme=scheme)
    return {
        name: value
        for name, value in answer.headers.multi_items()
        if name not in ("content-type", "content-length")
    }


@around
@pytest.mark.parametrize("path", ["/", "/stream", "/nothing"])
async def test_every_answer_has_the_fields(make: Callable[[], ASGIApp], path: str) -> None:
    app = SecurityHeadersMiddleware(make())
    answer = await ask(app, path=path)
    assert DEFAULTS.items() <= answer.headers.items()
    assert HSTS not in answer.headers


async def test_so_has_a_500() -> None:
    app = ours()
    assert isinstance(app, App)
    app.add_middleware(SecurityHeadersMiddleware)
    answer = await ask(app, path="/boom")
    assert answer.status == 500
    assert DEFAULTS.items() <= answer.headers.items()


async def test_each_can_be_left_out() -> None:
    assert await headers_for() == DEFAULTS
    assert await headers_for(**NOTHING) == {"x-content-type-options": "nosniff"}


@pytest.mark.parametrize(
    ("options", "name", "value"),
    [
        ({"referrer_policy": "no-referrer"}, "referrer-policy", "no-referrer"),
        ({"frame_options": "SAMEORIGIN"}, "x-frame-options", "SAMEORIGIN"),
        (
            {"cross_origin_opener_policy": "same-origin"},
            "cross-origin-opener-policy",
            "same-origin",
        ),
        (
            {"cross_origin_embedder_policy": "require-corp"},
            "cross-origin-embedder-policy",
            "require-corp",
        ),
        (
            {"cross_origin_resource_policy": "same-site"},
            "cross-origin-resource-policy",
            "same-site",
        ),
        (
            {"permissions_policy": {"camera": [], "fullscreen": "*", "usb": ["self"]}},
            "permissions-policy",
            "camera=(), fullscreen=*, usb=(self)",
        ),
        (
            {"permissions_policy": {"geolocation": ("self", "src", "https://a.example")}},
            "permissions-policy",
            'geolocation=(self src "https://a.example")',
        ),
        (
            {"content_security_policy_report_only": "default-src 'self'"},
            "content-security-policy-report-only",
            "default-src 'self'",
        ),
    ],
)
async def test_each_can_be_another(options: dict[str, Any], name: str, value: str) -> None:
    assert (await headers_for(**options))[name] == value


@pytest.mark.parametrize(
    ("policy", "text"),
    [
        ("default-src 'self'; img-src *", "default-src 'self'; img-src *"),
        (" default-src\n  'self'\n  https://a.example ;; ", "default-src 'self' https://a.example"),
        ({"default-src": "'self' data:"}, "default-src 'self' data:"),
        ({"default-src": ["'self'", "https://*.a.example:443/x%3B?y=1"]}, None),
        ({"script-src": ("'sha256-AbC+/='", "'strict-dynamic'")}, None),
        ({"upgrade-insecure-requests": ()}, "upgrade-insecure-requests"),
        ({"sandbox": "allow-forms allow-scripts"}, "sandbox allow-forms allow-scripts"),
        ({"report-uri": ["/csp?a=b&c"]}, "report-uri /csp?a=b&c"),
        ("", ""),
        ({}, ""),
    ],
)
async def test_a_policy_for_content_is_a_mapping_or_a_text(policy: Any, text: str | None) -> None:
    if text is None:
        text = "; ".join(f"{name} {' '.join(sources)}" for name, sources in policy.items())
    sent = await headers_for(content_security_policy=policy, frame_options=None)
    assert sent.get(CSP, "") == text


@pytest.mark.parametrize(
    ("options", "ancestors"),
    [
        ({"frame_options": "DENY"}, "; frame-ancestors 'none'"),
        ({"frame_options": "SAMEORIGIN"}, "; frame-ancestors 'self'"),
        ({"frame_options": None}, ""),
    ],
)
async def test_who_may_frame_a_page_is_said_in_both_ways(
    options: dict[str, Any], ancestors: str
) -> None:
    sent = await headers_for(content_security_policy="img-src *", **options)
    assert sent[CSP] == f"img-src *{ancestors}"
    own = "frame-ancestors https://a.example"
    assert (await headers_for(content_security_policy=own, **options))[CSP] == own


async def test_what_an_answer_says_itself_is_kept() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        fields = [(b"X-Frame-Options", b"SAMEORIGIN"), (CSP.encode(), b"default-src *")]
        await send({"type": "http.response.start", "status": 200, "headers": fields})
        await send({"type": "http.response.body"})
        assert len(fields) == 2

    cases: list[dict[str, Any]] = [{}, NONCES]
    for options in cases:
        sent = Sent()
        wrapped = SecurityHeadersMiddleware(app, **options)
        await wrapped(http_scope(), receiving(), sent)
        answer = Answer(sent.messages)
        assert answer.headers.getlist("x-frame-options") == ["SAMEORIGIN"]
        assert answer.headers.getlist(CSP) == ["default-src *"]
        assert answer.headers["referrer-policy"] == DEFAULTS["referrer-policy"]


# HSTS


@pytest.mark.parametrize(
    ("options", "value"),
    [
        ({"hsts_max_age": 0}, "max-age=0"),
        ({"hsts_max_age": 300}, "max-age=300"),
        (
            {"hsts_max_age": 300, "hsts_include_subdomains": True},
            "max-age=300; includeSubDomains",
        ),
        (
            {"hsts_max_age": 31536000, "hsts_include_subdomains": True, "hsts_preload": True},
            "max-age=31536000; includeSubDomains; preload",
        ),
    ],
)
async def test_hsts_is_sent_over_https_only(options: dict[str, Any], value: str) -> None:
    assert HSTS not in await headers_for(**options)
    assert await headers_for(scheme="https", **options) == {**DEFAULTS, HSTS: value}
    assert await headers_for(scheme="https") == DEFAULTS


# Nonces


def page_app() -> ASGIApp:
    """Ours: a page that asks for the nonce, one that does not, and a 304."""
    app = App()

    @app.get("/page")
    async def page(request: Request) -> HTMLResponse:
        return HTMLResponse(f"{csp_nonce(request)} {csp_nonce(request)}")

    app.add_route("/plain", lambda: SHORT)
    app.add_route("/same", lambda: Response(None, 304))
    return app


def starlette_page_app() -> ASGIApp:
    """The same, with the nonce out of the scope, as in a template."""

    async def page(request: StarletteRequest) -> StarletteHTML:
        nonce = request.scope["csp_nonce"]
        return StarletteHTML(f"{nonce} {nonce}")

    async def plain(request: StarletteRequest) -> StarletteHTML:
        return StarletteHTML(SHORT)

    return Starlette(routes=[StarletteRoute("/page", page), StarletteRoute("/plain", plain)])


@pytest.mark.parametrize("make", [page_app, starlette_page_app])
async def test_a_page_gets_a_nonce_that_is_in_the_policy_of_its_response(
    make: Callable[[], ASGIApp],
) -> None:
    report: dict[str, Any] = {"content_security_policy_report_only": "script-src 'nonce'"}
    app = SecurityHeadersMiddleware(make(), **NONCES, **report)
    seen: set[str] = set()
    for _ in range(3):
        answer = await ask(app, path="/page")
        nonce, again = answer.text.split()
        assert nonce == again
        assert re.fullmatch(r"[A-Za-z0-9_-]{22}", nonce)  # 128 bits
        assert answer.headers[CSP] == (
            f"script-src 'self' 'nonce-{nonce}'; style-src 'nonce-{nonce}'; frame-ancestors 'none'"
        )
        assert answer.headers[f"{CSP}-report-only"] == f"script-src 'nonce-{nonce}'"
        seen.add(nonce)
    assert len(seen) == 3


@pytest.mark.parametrize("make", [page_app, starlette_page_app])
async def test_where_nobody_asks_there_is_none(make: Callable[[], ASGIApp]) -> None:
    answer = await ask(SecurityHeadersMiddleware(make(), **NONCES), path="/plain")
    assert answer.headers[CSP] == "script-src 'self'; style-src; frame-ancestors 'none'"


async def test_a_304_leaves_the_policy_of_the_copy_as_it_is() -> None:
    answer = await ask(SecurityHeadersMiddleware(page_app(), **NONCES), path="/same")
    assert CSP not in answer.headers
    assert answer.headers["x-frame-options"] == "DENY"
    fixed = await ask(SecurityHeadersMiddleware(page_app()), path="/same")
    assert fixed.headers[CSP] == DEFAULTS[CSP]


@pytest.mark.parametrize("was_asked", [True, False])
async def test_after_the_start_it_is_too_late_for_a_nonce(was_asked: bool) -> None:
    nonces: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if was_asked:
            nonces.append(csp_nonce(Request(scope)))
        await send({"type": "http.response.start", "status": 200, "headers": []})
        nonces.append(csp_nonce(Request(scope)))
        await send({"type": "http.response.body"})

    wrapped = SecurityHeadersMiddleware(app, **NONCES)
    sent = Sent()
    if was_asked:
        await wrapped(http_scope(), receiving(), sent)
        assert nonces[0] == nonces[1]
    else:
        with pytest.raises(FrameworkError, match="ask for csp_nonce"):
            await wrapped(http_scope(), receiving(), sent)


@pytest.mark.parametrize("options", [None, {}])
async def test_without_a_place_for_it_there_is_no_nonce(options: dict[str, Any] | None) -> None:
    app = page_app() if options is None else SecurityHeadersMiddleware(page_app(), **options)
    answer = await ask(app, path="/page")
    assert answer.status == 500
    assert isinstance(answer.error, FrameworkError)
    assert "content_security_policy={'script-src': [\"'nonce'\"]}" in str(answer.error)


# Where it does not apply


async def test_sockets_and_the_lifespan_are_passed_on() -> None:
    app = App()

    @app.websocket("/")
    async def talk(websocket: WebSocket) -> None:
        assert "csp_nonce" not in websocket.scope
        await websocket.accept()

    wrapped = SecurityHeadersMiddleware(app, **NONCES)
    async with running(wrapped) as life:
        conversation = await converse(wrapped)
    assert life.types == ["startup.complete", "shutdown.complete"]
    assert conversation.types[0] == "accept"


async def test_what_it_does_not_concern_costs_one_call_more() -> None:
    scope = http_scope(type="websocket")  # which the app does not look at
    steps = 1 + 2  # each message that is waited for is another step
    assert await calls(SecurityHeadersMiddleware(raw), scope) == steps


# Options


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"frame_options": "ALLOW"}, r"one of \['DENY', 'SAMEORIGIN'\], or None"),
        ({"referrer_policy": "never"}, "'no-referrer', "),
        ({"cross_origin_opener_policy": "same-site"}, "'same-origin', "),
        ({"cross_origin_embedder_policy": "same-origin"}, "'credentialless', "),
        ({"cross_origin_resource_policy": "*"}, "'cross-origin', "),
        ({"content_security_policy": {"script src": "'self'"}}, "'script src' is no directive"),
        ({"content_security_policy": {"Script-Src": "'self'"}}, "'Script-Src' is no directive"),
        ({"content_security_policy": {"a;b": "'self'"}}, "'a;b' is no directive"),
        ({"content_security_policy": "img-src a; img-src b"}, "the second 'img-src'"),
        ({"content_security_policy": {"img-src": ["a b"]}}, "'a b' is no source"),
        ({"content_security_policy": {"img-src": ["a; script-src *"]}}, "is no source"),
        ({"content_security_policy": {"img-src": ["a,b"]}}, "'a,b' is no source"),
        ({"content_security_policy": {"img-src": ["a\r\nset-cookie: b"]}}, "is no source"),
        ({"content_security_policy": {"img-src": [""]}}, "'' is no source"),
        ({"content_security_policy": {"img-src": ["https://ü.de"]}}, "is no source"),
        ({"content_security_policy": "img-src self"}, "write \"'self'\""),
        ({"content_security_policy": "script-src NONCE"}, "write \"'NONCE'\""),
        ({"content_security_policy": "script-src sha256-abc="}, "write \"'sha256-abc='\""),
        ({"content_security_policy": "script-src 'nonce-abc'"}, "worth nothing"),
        ({"content_security_policy": "img-src 'none' a"}, "ignore 'none' beside"),
        ({"content_security_policy_report_only": "img-src self"}, "name of a host"),
        ({"permissions_policy": {"camera": "self"}}, "camera is for a list of origins"),
        ({"permissions_policy": {"camera": ["a.example"]}}, "camera is for a list of origins"),
        ({"permissions_policy": {"Camera": []}}, "'Camera' is no key"),
        ({"permissions_policy": {"camera": ["https://ü.de"]}}, "cannot be written"),
        ({"hsts_max_age": -1}, "an int of 0 or more"),
        ({"hsts_include_subdomains": True}, "give hsts_max_age"),
        ({"hsts_preload": True}, "give hsts_max_age"),
        ({"hsts_max_age": 31536000, "hsts_preload": True}, "needs include_subdomains=True"),
        (
            {"hsts_max_age": 31535999, "hsts_preload": True, "hsts_include_subdomains": True},
            "31536000 seconds, or more",
        ),
    ],
)
def test_what_cannot_work_is_refused_at_start(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        SecurityHeadersMiddleware(raw, **options)
