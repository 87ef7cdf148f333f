"""What all middleware has in common: any app can be inside, and what does not concern it costs nothing."""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from framework import middleware
from framework.authentication import BasicBackend
from framework.stores import MemoryStore
from framework.types import ASGIApp, Message, Receive, Scope, Send
from tests.driver import ask, http_scope
from tests.middleware.around import APPS, LONG, SHORT, Boom, calls, raw
from tests.protocols import converse

EACH: dict[str, tuple[str, dict[str, Any]]] = {
    "access_log": ("AccessLogMiddleware", {}),
    "authentication": ("AuthenticationMiddleware", {"backend": BasicBackend({"a": "b"})}),
    "body_limit": ("BodyLimitMiddleware", {"max_body_size": 100}),
    "compression": ("CompressionMiddleware", {}),
    "cors": ("CORSMiddleware", {"allow_origins": ["https://friend.example"]}),
    "csrf": ("CSRFMiddleware", {}),
    "decompression": ("DecompressionMiddleware", {}),
    "digests": ("DigestMiddleware", {}),
    "https_redirect": ("HTTPSRedirectMiddleware", {}),
    "idempotency": ("IdempotencyMiddleware", {"store": MemoryStore(), "scope_by": str}),
    "proxy_headers": ("ProxyHeadersMiddleware", {}),
    "rate_limit": ("RateLimitMiddleware", {"store": MemoryStore(), "limit": 1000}),
    "request_id": ("RequestIDMiddleware", {}),
    "security_headers": ("SecurityHeadersMiddleware", {}),
    "sessions": ("SessionMiddleware", {"store": MemoryStore()}),
    "timeout": ("TimeoutMiddleware", {"seconds": 60}),
    "trusted_host": ("TrustedHostMiddleware", {"allowed_hosts": ["testserver"]}),
}
"""Class and options by module."""

NOT_CONCERNED: dict[str, dict[str, Any]] = {
    "access_log": {},  # as nobody wants its records
    "body_limit": {},
    "csrf": {},
    "decompression": {},
    "digests": {},
    "https_redirect": {"scheme": "https"},
    "idempotency": {},
    "proxy_headers": {},
}
"""Requests for `/` that some have nothing to do with."""

each = pytest.mark.parametrize("name", EACH)


def around(name: str, app: ASGIApp) -> ASGIApp:
    cls, options = EACH[name]
    made: ASGIApp = getattr(import_module(f"framework.middleware.{name}"), cls)(app, **options)
    return made


def test_all_there_are_are_here() -> None:
    modules = {path.stem for path in Path(middleware.__path__[0]).glob("[!_]*.py")}
    assert modules == {*EACH}


@each
@pytest.mark.parametrize("make", APPS.values(), ids=APPS)
async def test_any_app_can_be_inside(name: str, make: Callable[[], ASGIApp]) -> None:
    app = around(name, make())
    assert (await ask(app, scheme="https")).text == SHORT
    assert (await ask(app, path="/long", scheme="https")).text == LONG
    assert (await ask(app, path="/stream", scheme="https")).text == LONG
    assert (await ask(app, "POST", "/echo", body=[b"a", b"b"], scheme="https")).text == "ab"
    assert (await ask(app, path="/nothing", scheme="https")).status == 404
    assert isinstance((await ask(app, path="/boom", scheme="https")).error, Boom)


@each
async def test_the_lifespan_and_what_is_yet_to_be_invented_are_passed_on_untouched(
    name: str,
) -> None:
    seen: list[object] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.extend([scope, receive, send])

    async def receive() -> Message:
        return {"type": "lifespan.startup"}

    async def send(message: Message) -> None:
        seen.append(message)

    for kind in ("lifespan", "invented"):
        scope: Scope = {"type": kind}
        await around(name, app)(scope, receive, send)
        await send(await receive())
        assert seen == [{"type": kind}, receive, send, {"type": "lifespan.startup"}]
        assert seen[0] is scope
        seen.clear()


@each
async def test_a_socket_gets_through(name: str) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.close"})

    talk = await converse(around(name, app), scheme="wss")
    assert talk.error is None
    assert talk.types == ["accept", "close"]


@each
async def test_what_is_no_request_costs_one_frame(name: str) -> None:
    # Once, and on after each of two sends.
    assert await calls(around(name, raw), http_scope(type="other")) == 3


@pytest.mark.parametrize(("name", "changes"), NOT_CONCERNED.items(), ids=NOT_CONCERNED)
async def test_a_request_that_is_none_of_its_business_costs_one_frame(
    name: str, changes: dict[str, Any]
) -> None:
    assert await calls(around(name, raw), http_scope(**changes)) == 3
