"""The middleware: what it raises, keeps, logs and lets pass, and that it finds nothing in our own."""

import logging
from collections.abc import Callable, Mapping
from typing import Any

import anyio
import pytest

from framework.checker import Breach, Checker, SpecViolation, log
from framework.checker import _clauses as clauses
from framework.middleware.access_log import AccessLogMiddleware
from framework.middleware.body_limit import BodyLimitMiddleware
from framework.middleware.compression import CompressionMiddleware
from framework.middleware.cors import CORSMiddleware
from framework.middleware.csrf import CSRFMiddleware
from framework.middleware.decompression import DecompressionMiddleware
from framework.middleware.https_redirect import HTTPSRedirectMiddleware
from framework.middleware.proxy_headers import ProxyHeadersMiddleware
from framework.middleware.request_id import RequestIDMiddleware
from framework.middleware.security_headers import SecurityHeadersMiddleware
from framework.middleware.sessions import SessionMiddleware
from framework.middleware.timeout import TimeoutMiddleware
from framework.middleware.trusted_host import TrustedHostMiddleware
from framework.types import ASGIApp, Message, Receive, Scope, Send
from tests.checker.judging import EXTENSIONS, ignore, scope_of
from tests.exercises import CALLS, Call, exercise
from tests.middleware.around import APPS
from tests.scripted import DISCONNECT, Sent, body, receiving

START: Message = {"type": "http.response.start", "status": 200, "headers": []}
BODY: Message = {"type": "http.response.body", "body": b"a"}
MORE: Message = {"type": "http.response.body", "body": b"a", "more_body": True}
WRONG: Message = {"type": "http.response.body", "body": "a"}


def sending(*messages: Message) -> ASGIApp:
    """An app that sends these."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        for message in messages:
            await send(message)

    return app


async def test_what_passes_is_not_changed_or_copied() -> None:
    scope = scope_of("http", {})
    request = body(b"a")
    seen: list[object] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.extend([scope, await receive()])
        await send(START)
        await send(BODY)

    sent = Sent()
    checker = Checker(app)
    await checker(scope, receiving(request), sent)
    assert seen[0] is scope
    assert seen[1] is request
    assert sent.messages[0] is START
    assert sent.messages[1] is BODY
    assert not checker.violations


async def test_a_wrong_message_is_raised_out_of_send_and_not_sent() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        with pytest.raises(SpecViolation, match=r"the app broke .*`status` is missing"):
            await send({"type": "http.response.start"})
        await send(START)
        await send(BODY)

    sent = Sent()
    checker = Checker(app)
    await checker(scope_of("http", {}), receiving(), sent)
    assert sent.messages == [START, BODY]
    assert [each.culprit for each in checker.violations] == ["app"]


async def test_a_wrong_message_of_the_server_is_raised_out_of_receive() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        with pytest.raises(SpecViolation, match=r"the server broke .*`body` is 'a'"):
            await receive()
        await send(START)
        await send(BODY)

    await Checker(app)(scope_of("http", {}), receiving({**WRONG, "type": "http.request"}), Sent())


async def test_a_wrong_scope_is_raised_before_the_app_is_called() -> None:
    with pytest.raises(SpecViolation, match=r"the server broke .*`method` is missing") as caught:
        await Checker(sending(WRONG))(scope_of("http", {"method": ...}), receiving(), Sent())
    assert caught.value.breach.culprit == "server"


async def test_a_missing_end_is_raised_to_the_server_when_the_app_returns() -> None:
    sent = Sent()
    with pytest.raises(SpecViolation, match="the app returned before the last message"):
        await Checker(sending(START, MORE))(scope_of("http", {}), receiving(), sent)
    assert sent.messages == [START, MORE]


async def test_what_the_app_raises_passes_and_excuses_a_missing_end() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        raise LookupError("a fault of its own")

    checker = Checker(app)
    with pytest.raises(LookupError):
        await checker(scope_of("http", {}), receiving(), Sent())
    assert not checker.violations


async def test_violations_can_be_logged_and_everything_passes(
    caplog: pytest.LogCaptureFixture,
) -> None:
    sent = Sent()
    with caplog.at_level(logging.WARNING, "framework.checker"):
        checker = Checker(sending(START, WRONG), on_violation=log)
        await checker(scope_of("http", {}), receiving(), sent)
    assert sent.messages == [START, WRONG]
    assert [str(each) for each in checker.violations] == caplog.messages
    assert "`body` is 'a', not a byte string" in caplog.text


async def test_all_violations_of_a_message_are_kept_though_the_first_is_raised() -> None:
    checker = Checker(sending({"type": "http.response.start", "status": "200", "headers": 1}))
    with pytest.raises(SpecViolation, match="`status`"):
        await checker(scope_of("http", {}), receiving(), Sent())
    assert [each.what.split()[0] for each in checker.violations] == ["`status`", "`headers`"]


@pytest.mark.parametrize("message", [None, "start", [("type", "a")]])
async def test_a_message_that_is_no_dict_is_found(message: Any) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send(message)
        await send(START)
        await send(BODY)

    checker = Checker(app, on_violation=ignore)
    await checker(scope_of("http", {}), receiving(message), Sent())
    assert [each.culprit for each in checker.violations] == ["server", "app"]
    assert all("not a dict" in each.what for each in checker.violations)


async def instance(receive: Receive, send: Send) -> None:
    """What an app of ASGI 2 gives for a scope."""


@pytest.mark.parametrize(
    ("answer", "what"),
    [
        (None, "the app gave None when it was called"),
        (instance, "the app gave a function when it was called"),
    ],
)
async def test_an_app_that_is_not_async_is_found(answer: object, what: str) -> None:
    def app(scope: Scope, receive: Receive, send: Send) -> Any:
        return answer

    with pytest.raises(SpecViolation, match=what) as caught:
        await Checker(app)(scope_of("http", {}), receiving(), Sent())
    assert caught.value.breach.clause == clauses.APPLICATIONS


async def test_calls_after_the_app_has_returned_are_found() -> None:
    kept: list[Any] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        kept.extend([receive, send])
        await send(START)
        await send(BODY)

    checker = Checker(app, on_violation=ignore)
    await checker(scope_of("http", {}), receiving(DISCONNECT), Sent())
    receive, send = kept
    await receive()
    await send({"type": "http.response.body"})
    assert [each.what for each in checker.violations] == [
        "`receive` was called after the app had returned",
        "`send` was called after the app had returned",
        "http.response.body came after the end of the response",
    ]
    assert {each.clause for each in list(checker.violations)[:2]} == {clauses.EXTRA_COROUTINES}


async def test_a_request_with_the_very_state_of_the_lifespan_is_the_servers_fault() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await send(START)
            await send(BODY)
        else:
            await receive()
            await send({"type": "lifespan.startup.complete"})

    checker = Checker(app, on_violation=ignore)
    lifespan = scope_of("lifespan", {"state": {}})
    await checker(lifespan, receiving({"type": "lifespan.startup"}), Sent())
    lifespan["state"]["db"] = 1
    await checker(scope_of("http", {"state": {**lifespan["state"]}}), receiving(), Sent())
    assert not checker.violations
    await checker(scope_of("http", {"state": lifespan["state"]}), receiving(), Sent())
    (breach,) = checker.violations
    assert breach.what == "`state` is the dict of the lifespan itself"
    assert breach.clause == clauses.LIFESPAN_STATE


@pytest.mark.parametrize(
    ("version", "error", "found"),
    [
        ("2.5", BrokenPipeError("gone"), []),
        ("2.5", RuntimeError("gone"), ["after the client had left"]),
        ("2.3", BrokenPipeError("gone"), ["which it does since 2.4"]),
    ],
)
@pytest.mark.parametrize("is_told", [True, False])
async def test_after_the_client_has_left_send_raises_what_its_version_says(
    version: str, error: Exception, found: list[str], *, is_told: bool
) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if is_told:
            await receive()
        with pytest.raises(type(error)):
            await send(START)

    async def send(message: Message) -> None:
        raise error

    checker = Checker(app, on_violation=ignore)
    scope = scope_of("http", {"asgi": {"version": "3.0", "spec_version": version}})
    await checker(scope, receiving(DISCONNECT), send)
    blamed = [each for each in checker.violations if each.culprit == "server"]
    assert {each.clause for each in blamed} <= {clauses.SEND_EXCEPTION}
    told = [each.what for each in blamed]
    assert len(told) == (len(found) if is_told else 0)
    assert all(text in what for text, what in zip(found, told, strict=False))
    # An OSError says as well as http.disconnect that there is nobody to answer.
    owed = [each.what for each in checker.violations if each.culprit == "app"]
    assert bool(owed) == (not is_told and not isinstance(error, OSError))


async def test_an_error_of_send_is_the_apps_fault_if_the_message_was_wrong() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        with pytest.raises(TypeError):
            await send(WRONG)

    async def send(message: Message) -> None:
        raise TypeError("a str is no body")

    checker = Checker(app, on_violation=ignore)
    await checker(scope_of("http", {}), receiving(DISCONNECT), send)
    assert {each.culprit for each in checker.violations} == {"app"}


async def test_a_denial_need_not_be_finished_for_a_client_that_has_left() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        with pytest.raises(BrokenPipeError):
            await send({"type": "websocket.http.response.start", "status": 403})

    async def send(message: Message) -> None:
        raise BrokenPipeError

    checker = Checker(app)
    await checker(scope_of("websocket", {"extensions": EXTENSIONS}), receiving(), send)
    assert not checker.violations


async def wait(receive: Receive) -> None:
    """Wait for what does not come."""
    await receive()


async def test_receive_may_wait_while_the_app_sends() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        async with anyio.create_task_group() as group:
            group.start_soon(wait, receive)
            group.start_soon(wait, receive)
            await send(START)
            await send(BODY)
            group.cancel_scope.cancel()

    checker = Checker(app)
    await checker(scope_of("http", {}), receiving(), Sent())
    assert not checker.violations


MIDDLEWARES: list[Callable[[ASGIApp], ASGIApp]] = [
    AccessLogMiddleware,
    lambda app: BodyLimitMiddleware(app, max_body_size=10),
    CompressionMiddleware,
    lambda app: CORSMiddleware(app, allow_origins=["https://www.example.com"]),
    CSRFMiddleware,
    DecompressionMiddleware,
    HTTPSRedirectMiddleware,
    ProxyHeadersMiddleware,
    RequestIDMiddleware,
    SecurityHeadersMiddleware,
    lambda app: SessionMiddleware(app, secret_key="0123456789abcdef0123456789abcdef"),
    lambda app: TimeoutMiddleware(app, seconds=0.05),
    lambda app: TrustedHostMiddleware(app, allowed_hosts=["other.example"]),
]


# Starlette does not close the iterator of a stream that is left, which trio warns of.
STAYING = {name: call for name, call in CALLS.items() if not call.is_left}


@pytest.mark.parametrize("wrap", MIDDLEWARES)
@pytest.mark.parametrize(("name", "calls"), [("ours", CALLS), ("starlette", STAYING)])
async def test_nothing_is_found_in_our_middlewares(
    wrap: Callable[[ASGIApp], ASGIApp], name: str, calls: Mapping[str, Call]
) -> None:
    found = await exercise(wrap(APPS[name]()), calls)
    assert [(call, each) for call, each in found if each.culprit == "app"] == []


async def test_nothing_is_found_between_a_middleware_and_what_it_wraps() -> None:
    violations: list[Breach] = []
    for wrap in MIDDLEWARES:
        found = await exercise(wrap(Checker(APPS["ours"](), on_violation=violations.append)))
        assert [each for each in found if each[1].culprit == "app"] == []
    assert violations == []
