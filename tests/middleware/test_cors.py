"""CORS: what pages of other origins are told, by the tables of the Fetch standard."""

from collections.abc import Callable
from typing import Any

import pytest

from framework import App, ConfigError, WebSocket
from framework.middleware.cors import CORSMiddleware
from framework.middleware.csrf import CSRFMiddleware
from framework.types import ASGIApp, Message, Receive, Scope, Send
from tests.driver import Answer, ask, exchange, http_scope
from tests.middleware.around import APPS, SHORT, Boom, calls, ours, raw
from tests.protocols import converse, running
from tests.scripted import Sent, receiving
from tests.tables.cors import (
    ANY,
    CREDENTIALS,
    FRIEND,
    LISTED,
    NO_ORIGINS,
    ORIGINS,
    OTHER,
    PREFLIGHTS,
    Preflight,
)

PREFLIGHT_VARY = (
    "Origin, Access-Control-Request-Method, Access-Control-Request-Headers, "
    "Access-Control-Request-Private-Network"
)

around = pytest.mark.parametrize("make", APPS.values(), ids=APPS)


async def preflight(
    app: ASGIApp, origin: str, method: str = "GET", headers: str | None = None, **changes: Any
) -> Answer:
    """The answer to a preflight for this method, and for these headers if there are any."""
    fields = [("origin", origin), ("access-control-request-method", method)]
    if headers is not None:
        fields.append(("access-control-request-headers", headers))
    return await exchange(app, scope_with(*fields, method="OPTIONS", **changes))


def scope_with(*fields: tuple[str, str], **changes: Any) -> Scope:
    """A request with fields that nobody has checked."""
    scope = http_scope(**changes)
    scope["headers"] += [(name.encode(), value.encode("latin-1")) for name, value in fields]
    return scope


def told(answer: Answer) -> dict[str, str]:
    """The fields of an answer that are about CORS."""
    return {
        name: value
        for name, value in answer.headers.multi_items()
        if name.startswith("access-control-") or name == "vary"
    }


def answers(*headers: tuple[bytes, bytes]) -> ASGIApp:
    """An app that answers with these fields."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b""})

    return app


# Actual requests


@pytest.mark.parametrize(("options", "origin", "allowed"), ORIGINS)
async def test_an_origin_is_allowed_as_a_whole_or_not_at_all(
    options: dict[str, Any], origin: str, allowed: str | None
) -> None:
    app = CORSMiddleware(raw, **options)
    answer = await exchange(app, scope_with(("origin", origin)))
    assert answer.text == SHORT
    assert answer.headers.get("access-control-allow-origin") == allowed
    assert answer.headers.get("vary") == (None if allowed == "*" else "Origin")
    asked = await preflight(app, origin)
    assert asked.headers.get("access-control-allow-origin") == allowed
    assert asked.status == (400 if allowed is None else 200)


@around
@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/", 200), ("GET", "/stream", 200), ("GET", "/nothing", 404), ("POST", "/echo", 200)],
)
async def test_every_answer_is_told(
    make: Callable[[], ASGIApp], method: str, path: str, status: int
) -> None:
    app = CORSMiddleware(make(), **CREDENTIALS, expose_headers=["X-A", "X-B"])
    answer = await ask(app, method, path, headers={"origin": FRIEND, "accept": "text/plain"})
    assert answer.status == status
    fields = told(answer)
    assert "Origin" in fields.pop("vary").split(", ")
    assert fields == {
        "access-control-allow-origin": FRIEND,
        "access-control-allow-credentials": "true",
        "access-control-expose-headers": "X-A, X-B",
    }
    for headers in ({"origin": OTHER}, {}):
        fields = told(await ask(app, method, path, headers=headers))
        assert "Origin" in fields.pop("vary").split(", ")
        assert fields == {}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/nothing", 404), ("PUT", "/", 405), ("GET", "/boom", 500), ("POST", "/guarded", 403)],
)
async def test_so_are_errors_and_the_refusals_of_other_middleware(
    method: str, path: str, status: int
) -> None:
    app = App()
    app.mount("/guarded", CSRFMiddleware(raw))
    app.add_route("/", lambda: SHORT)

    @app.get("/boom")
    async def boom() -> None:
        raise Boom

    app.add_middleware(CORSMiddleware, **LISTED)
    answer = await ask(app, method, path, headers={"origin": FRIEND})
    assert answer.status == status
    assert answer.headers["access-control-allow-origin"] == FRIEND
    assert "Origin" in answer.headers["vary"].split(", ")


async def test_what_everybody_is_told_does_not_vary() -> None:
    app = CORSMiddleware(raw, **ANY, expose_headers=["*"])
    fields = {"access-control-allow-origin": "*", "access-control-expose-headers": "*"}
    for headers in ({"origin": FRIEND}, {}):
        assert told(await ask(app, headers=headers)) == fields


async def test_of_two_origins_neither_is_believed() -> None:
    app = CORSMiddleware(raw, **LISTED)
    answer = await exchange(app, scope_with(("origin", FRIEND), ("origin", FRIEND)))
    assert told(answer) == {"vary": "Origin"}


async def test_what_an_answer_says_itself_is_kept() -> None:
    own = [(b"Access-Control-Allow-Origin", b"*"), (b"vary", b"Cookie")]
    app = CORSMiddleware(answers(*own), **CREDENTIALS, expose_headers=["X-A"])
    answer = await exchange(lowered(app), scope_with(("origin", FRIEND)))
    assert told(answer) == {"access-control-allow-origin": "*", "vary": "Cookie, Origin"}
    exposing = CORSMiddleware(
        answers((b"access-control-expose-headers", b"X-B")), **LISTED, expose_headers=["X-A"]
    )
    answer = await ask(exposing, headers={"origin": FRIEND})
    assert answer.headers.getlist("access-control-expose-headers") == ["X-B"]
    assert answer.headers["access-control-allow-origin"] == FRIEND
    nested = CORSMiddleware(CORSMiddleware(raw, **ANY), **CREDENTIALS)
    answer = await ask(nested, headers={"origin": FRIEND})
    assert told(answer) == {"access-control-allow-origin": "*", "vary": "Origin"}


def lowered(app: ASGIApp) -> ASGIApp:
    """The app behind a server that takes names of fields in any case."""

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        async def lower(message: Message) -> None:
            headers = [(name.lower(), value) for name, value in message.get("headers", ())]
            await send({**message, "headers": headers})

        await app(scope, receive, lower)

    return serve


async def test_what_the_app_sends_is_not_changed_in_its_hands() -> None:
    fields = [(b"x", b"1")]

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": fields})
        await send({"type": "http.response.body"})

    scope = scope_with(("origin", FRIEND))
    sent = Sent()
    await CORSMiddleware(app, **LISTED)(scope, receiving(), sent)
    assert fields == [(b"x", b"1")]
    assert len(sent.messages[0]["headers"]) == 3
    assert sent.messages[1] == {"type": "http.response.body"}


# Preflights


@pytest.mark.parametrize("case", PREFLIGHTS.values(), ids=PREFLIGHTS)
async def test_a_preflight_is_answered(case: Preflight) -> None:
    app = CORSMiddleware(raw, **case.options)
    answer = await preflight(app, case.origin, case.method, case.headers)
    if case.refused:
        assert answer.status == 400
        assert answer.text == f"Disallowed CORS {case.refused}"
    else:
        assert (answer.status, answer.text) == (200, "OK")
    assert answer.headers["vary"] == PREFLIGHT_VARY
    for name, value in case.told.items():
        assert answer.headers.get(name) == value


async def test_another_origin_is_not_told_that_credentials_are_allowed() -> None:
    answer = await preflight(CORSMiddleware(raw, **CREDENTIALS), OTHER)
    assert "access-control-allow-credentials" not in answer.headers
    refused = await preflight(CORSMiddleware(raw, **CREDENTIALS), FRIEND, "PUT")
    assert refused.status == 400
    assert refused.headers["access-control-allow-origin"] == FRIEND


@pytest.mark.parametrize("is_allowed", [True, False])
async def test_a_private_network_is_reached_only_if_that_is_allowed(is_allowed: bool) -> None:
    app = CORSMiddleware(raw, **LISTED, allow_private_network=is_allowed)
    field = "access-control-allow-private-network"
    assert field not in (await preflight(app, FRIEND)).headers
    fields = [("origin", FRIEND), ("access-control-request-method", "GET")]
    private = [*fields, ("access-control-request-private-network", "true")]
    answer = await exchange(app, scope_with(*private, method="OPTIONS"))
    assert answer.headers.get(field) == ("true" if is_allowed else None)
    assert answer.status == (200 if is_allowed else 400)


@pytest.mark.parametrize(
    "fields",
    [
        {"origin": FRIEND},
        {"access-control-request-method": "PUT"},
        {"origin": FRIEND, "access-control-request-headers": "x"},
        {},
    ],
)
async def test_other_requests_for_options_reach_the_app(fields: dict[str, str]) -> None:
    answer = await ask(CORSMiddleware(ours(), **LISTED), "OPTIONS", headers=fields)
    assert answer.headers["allow"] == "GET, HEAD, OPTIONS"
    assert answer.headers.get("access-control-allow-origin") == fields.get("origin")


@around
async def test_a_preflight_does_not_reach_the_app(make: Callable[[], ASGIApp]) -> None:
    answer = await preflight(CORSMiddleware(make(), **LISTED), FRIEND, path="/boom")
    assert (answer.status, answer.error) == (200, None)


async def test_a_long_list_of_names_is_refused_in_linear_time() -> None:
    app = CORSMiddleware(raw, **LISTED, allow_headers=["*"])
    for names in ("x," * 500_000, "," * 1_000_000, '"' * 1_000_000):
        assert (await preflight(app, FRIEND, "GET", names)).status in (200, 400)


# Where it does not apply


async def test_sockets_and_the_lifespan_are_passed_on() -> None:
    app = App()

    @app.websocket("/")
    async def talk(websocket: WebSocket) -> None:
        await websocket.accept()

    wrapped = CORSMiddleware(app, **LISTED)
    async with running(wrapped) as life:
        conversation = await converse(wrapped, headers={"origin": OTHER})
    assert life.types == ["startup.complete", "shutdown.complete"]
    assert conversation.types[0] == "accept"
    assert conversation.messages[0].get("headers", []) == []


async def test_what_it_does_not_concern_costs_one_call_more() -> None:
    scope = http_scope(type="websocket")  # which the app does not look at
    steps = 1 + 2  # each message that is waited for is another step
    assert await calls(CORSMiddleware(raw, **LISTED), scope) == steps


# Options


@pytest.mark.parametrize("origin", NO_ORIGINS)
def test_an_origin_that_no_browser_sends_is_refused_at_start(origin: str) -> None:
    with pytest.raises(ConfigError, match="an origin is scheme://host"):
        CORSMiddleware(raw, allow_origins=[origin])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"allow_origins": ["*"], "allow_credentials": True}, "List the origins, or leave allow_c"),
        ({"allow_origins": [FRIEND, "*"], "allow_credentials": True}, "any site read what its"),
        ({"expose_headers": ["*"], "allow_credentials": True}, "list the names"),
        ({"allow_origins": FRIEND}, "allow_origins='https://friend.example'.: give a list"),
        ({"allow_methods": "GET"}, r"give a list, such as \['GET'\]"),
        ({"allow_headers": "X-A"}, "give a list"),
        ({"expose_headers": "X-A"}, "give a list"),
        ({"allow_methods": ["GET, PUT"]}, "no name of one"),
        ({"allow_headers": ["X A"]}, "no name of one"),
        ({"expose_headers": ["X-A\r\nX-B: 1"]}, "no name of one"),
        ({"allow_origin_regex": "https://("}, "unterminated subpattern"),
        ({"max_age": -1}, "an integer of 0 or more"),
        ({"max_age": "600"}, "an integer of 0 or more"),
    ],
)
def test_what_cannot_work_is_refused_at_start(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        CORSMiddleware(raw, **options)
