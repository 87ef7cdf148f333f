"""Bodies that are too large: known before they come, and found out while they do."""

from collections.abc import Callable

import pytest

from framework import App, ConfigError, LimitExceeded, Middleware, Request
from framework.middleware.body_limit import BodyLimitMiddleware
from framework.types import ASGIApp, Message, Receive, Scope, Send
from tests.driver import Answer, ask, exchange, http_scope
from tests.middleware.around import APPS, calls, raw
from tests.protocols import converse, running
from tests.scripted import DISCONNECT, Sent, body, receiving

apps = pytest.mark.parametrize("make", APPS.values(), ids=APPS)

LIMIT = 10


async def post(app: ASGIApp, *chunks: bytes, length: str | None = None) -> Answer:
    headers = {} if length is None else {"content-length": length}
    return await ask(
        BodyLimitMiddleware(app, max_body_size=LIMIT), "POST", "/echo", headers=headers, body=chunks
    )


@apps
async def test_a_body_within_the_limit_passes(make: Callable[[], ASGIApp]) -> None:
    for chunks in ([b""], [b"0123456789"], [b"01234", b"", b"56789"]):
        answer = await post(make(), *chunks)
        assert (answer.status, answer.body) == (200, b"".join(chunks))
        answer = await post(make(), *chunks, length=str(len(b"".join(chunks))))
        assert (answer.status, answer.body) == (200, b"".join(chunks))


@apps
@pytest.mark.parametrize("length", [None, "3", "0", "", "-1", "x", "\xb2"])
async def test_a_body_over_it_is_refused_whatever_it_says(
    make: Callable[[], ASGIApp], length: str | None
) -> None:
    for chunks in ([b"0123456789a"], [b"01234", b"56789", b"a"], [b"0"] * 11):
        answer = await post(make(), *chunks, length=length)
        assert (answer.status, answer.error) == (413, None)
        assert answer.json()["detail"] == "the body is larger than 10 bytes"


@pytest.mark.parametrize("length", ["11", "9" * 5_000])
async def test_one_that_says_so_is_refused_before_the_app_is_called(length: str) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        raise LookupError

    answer = await post(app, b"", length=length)
    assert (answer.status, answer.error) == (413, None)
    assert isinstance((await post(app, b"", length="10")).error, LookupError)


async def test_the_app_never_gets_what_is_too_much() -> None:
    seen: list[bytes] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        while True:
            seen.append((await receive())["body"])

    assert (await post(app, b"01234", b"56789", b"abcde", b"fghij")).status == 413
    assert seen == [b"01234", b"56789"]


async def test_an_app_may_answer_itself() -> None:
    app = App(middleware=[Middleware(BodyLimitMiddleware, max_body_size=LIMIT)])

    @app.post("/echo")
    async def echo(request: Request) -> bytes:
        return await request.body()

    @app.exception_handler(LimitExceeded)
    async def explain(request: Request, error: LimitExceeded) -> str:
        return f"{error.name}={error.limit}"

    answer = await ask(app, "POST", "/echo", body=[b"0123456789", b"a"])
    assert answer.text == "max_body_size=10"


async def test_an_answer_that_has_begun_is_cut_short() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        seen.append(await receive())

    seen: list[Message] = []
    sent = Sent()
    wrapped = BodyLimitMiddleware(app, max_body_size=LIMIT)
    await wrapped(http_scope("POST"), receiving(body(bytes(11))), sent)
    assert seen == [{"type": "http.disconnect"}]
    assert sent.types == ["http.response.start"]


async def test_a_client_that_goes_has_gone() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.extend([await receive(), await receive()])

    seen: list[Message] = []
    wrapped = BodyLimitMiddleware(app, max_body_size=LIMIT)
    await wrapped(http_scope("POST"), receiving(body(b"a", more=True), DISCONNECT), Sent())
    assert seen == [body(b"a", more=True), DISCONNECT]


async def test_nothing_is_received_that_the_app_does_not_ask_for() -> None:
    answer = await ask(BodyLimitMiddleware(raw, max_body_size=0), "POST", body=bytes(11))
    assert answer.text == "Hello"


@pytest.mark.parametrize(
    ("method", "version", "headers"),
    [
        ("POST", "1.1", {}),
        ("GET", "2", {}),
        ("GET", "1.1", {"transfer-encoding": "chunked"}),
        ("GET", "1.1", {"content-length": "5"}),
        ("QUERY", "1.1", {}),
    ],
)
async def test_every_request_that_can_have_a_body_is_counted(
    method: str, version: str, headers: dict[str, str]
) -> None:
    wrapped = BodyLimitMiddleware(raw, max_body_size=LIMIT)
    scope = http_scope(method, "/echo", headers, http_version=version)
    assert (await exchange(wrapped, scope, [bytes(11)])).status == 413


async def test_sockets_and_lifespans_pass() -> None:
    app = App(middleware=[Middleware(BodyLimitMiddleware, max_body_size=0)])
    async with running(app) as talk:
        pass
    assert talk.types == ["startup.complete", "shutdown.complete"]
    assert (await converse(app, "/nothing")).types == ["close"]


async def test_a_request_without_a_body_costs_one_frame() -> None:
    app = BodyLimitMiddleware(raw, max_body_size=0)
    for scope in (http_scope(), http_scope("HEAD"), http_scope(type="other")):
        assert await calls(app, scope) == 3  # once, and on after each of two sends


@pytest.mark.parametrize("value", [-1, True, 1.5, "1", None])
def test_a_limit_that_is_no_number_is_refused_at_start(value: int) -> None:
    with pytest.raises(ConfigError, match=r"it takes an integer of 0 or more"):
        BodyLimitMiddleware(raw, max_body_size=value)
