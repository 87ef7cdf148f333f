"""Idempotency keys: what runs once, what runs anew, and who gets to see what came of it."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from starlette.applications import Starlette
from starlette.requests import Request as StarletteRequest
from starlette.responses import JSONResponse as StarletteJSON
from starlette.responses import Response as StarletteResponse
from starlette.routing import Route as StarletteRoute

from framework import (
    App,
    BackgroundTask,
    ConfigError,
    HTTPConnection,
    HTTPException,
    JSONResponse,
    Middleware,
    Request,
    Response,
    Router,
    WebSocket,
)
from framework.middleware import idempotency
from framework.middleware.digests import DigestMiddleware
from framework.middleware.idempotency import (
    IdempotencyMiddleware,
    by_authorization,
    by_cookie,
)
from framework.stores import MemoryStore, Store, When
from framework.types import ASGIApp, Message, Receive, Scope, Send
from tests.driver import Answer, ask, http_scope
from tests.middleware.test_passage import Reader, readers
from tests.protocols import converse, running
from tests.scripted import DISCONNECT, Sent, body, receiving

UUID4 = "8e03978e-40d5-43e8-bc93-6894a57f9324"
KEY = {"idempotency-key": f'"{UUID4}"'}


class Counter:
    """An app that counts what it does, and says so; it ends as `finish` does."""

    def __init__(self, finish: Callable[[], Awaitable[None]] = anyio.lowlevel.checkpoint) -> None:
        self.calls = 0
        self.finish = finish
        self.status = 201
        self.headers: list[tuple[bytes, bytes]] = [(b"content-type", b"text/plain")]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.calls += 1
        answer = b"call %d" % self.calls
        await receive()
        await self.finish()
        await send({"type": "http.response.start", "status": self.status, "headers": self.headers})
        await send({"type": "http.response.body", "body": answer})


class Sends:
    """An app that sends these messages, and counts how often."""

    def __init__(self, *messages: Message) -> None:
        self.messages = messages
        self.calls = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.calls += 1
        for message in self.messages:
            await send(message)


START: Message = {"type": "http.response.start", "status": 200, "headers": []}


def chunk(data: bytes, *, more: bool = False) -> Message:
    return {"type": "http.response.body", "body": data, "more_body": more}


def anybody(connection: HTTPConnection) -> str:
    """One client for all."""
    return ""


def guard(app: ASGIApp, *, store: Store | None = None, **options: Any) -> IdempotencyMiddleware:
    """The middleware, with a store of its own unless one is given."""
    options.setdefault("scope_by", anybody)
    return IdempotencyMiddleware(app, store=store or MemoryStore(), **options)


async def post(app: ASGIApp, *, headers: dict[str, str] = KEY, **changes: Any) -> Answer:
    asked: dict[str, Any] = {"body": b"5 EUR", **changes}
    return await ask(app, "POST", "/pay", headers=headers, **asked)


# Once


async def test_a_repetition_gets_the_answer_of_the_first_request() -> None:
    counter = Counter()
    app = guard(counter)
    first, *others = [await post(app) for _ in range(3)]
    assert (first.status, first.body) == (201, b"call 1")
    assert first.headers.multi_items() == [("content-type", "text/plain")]
    for other in others:
        assert (other.status, other.body) == (201, b"call 1")
        assert other.headers.multi_items() == [
            ("content-type", "text/plain"),
            ("idempotency-replayed", "true"),
            ("cache-control", "no-store"),
            ("content-length", "6"),
        ]
    assert counter.calls == 1


@pytest.mark.parametrize("status", [200, 204, 303, 400, 404, 409, 422, 499])
async def test_an_error_of_the_client_is_an_answer_like_any_other(status: int) -> None:
    sends = Sends({**START, "status": status}, chunk(b""))
    app = guard(sends)
    assert [(await post(app)).status for _ in range(2)] == [status, status]
    assert sends.calls == 1


@pytest.mark.parametrize("status", [500, 502, 503, 599, 401, 408, 425, 429])
async def test_what_may_be_otherwise_the_next_time_runs_anew(status: int) -> None:
    counter = Counter()
    app = guard(counter)
    counter.status = status
    assert (await post(app)).status == status
    counter.status = 201
    again = await post(app)
    assert (again.status, again.body) == (201, b"call 2")
    assert "idempotency-replayed" not in again.headers


async def test_an_exception_lets_the_next_request_run() -> None:
    async def fail() -> None:
        if counter.calls == 1:
            raise OSError("no disk")

    counter = Counter(fail)
    app = guard(counter)
    assert isinstance((await post(app)).error, OSError)
    assert (await post(app)).body == b"call 2"


async def test_while_the_first_runs_others_are_told_to_wait() -> None:
    started, finish = anyio.Event(), anyio.Event()

    async def wait() -> None:
        started.set()
        await finish.wait()

    counter = Counter(wait)
    app = guard(counter)
    async with anyio.create_task_group() as group:
        group.start_soon(post, app)
        await started.wait()
        answer = await post(app)
        assert (answer.status, answer.headers["retry-after"]) == (409, "1")
        assert answer.headers["content-type"] == "application/problem+json"
        assert "is being carried out" in answer.json()["detail"]
        assert (await post(app, body=b"6 EUR")).status == 422
        finish.set()
    assert (await post(app)).body == b"call 1"
    assert counter.calls == 1


async def test_of_many_at_the_same_time_one_runs() -> None:
    counter = Counter()
    app = guard(counter)
    answers: list[Answer] = []

    async def ask_once() -> None:
        answers.append(await post(app))

    async with anyio.create_task_group() as group:
        for _ in range(10):
            group.start_soon(ask_once)
    assert counter.calls == 1
    assert {answer.status for answer in answers} <= {201, 409}


OTHERS: dict[str, dict[str, Any]] = {
    "body": {"body": b"6 EUR"},
    "no body": {"body": b""},
    "method": {"method": "PATCH"},
    "path": {"path": "/pay2"},
    "root path": {"root_path": "/v2"},
    "query": {"query_string": b"a=1"},
    "content type": {"headers": {**KEY, "content-type": "application/json"}},
    "content coding": {"headers": {**KEY, "content-encoding": "gzip"}},
    "host": {"headers": {"host": "other", **KEY}},
}


async def test_a_slash_that_is_encoded_makes_another_path() -> None:
    app = guard(Counter())
    for raw, status in ((b"/a%2Fb", 201), (b"/a/b", 422), (b"/a%2Fb", 201)):
        answer = await ask(app, "POST", "/a/b", headers=KEY, raw_path=raw)
        assert answer.status == status


async def test_a_mount_is_part_of_the_path_whether_the_server_repeats_it_or_not() -> None:
    app = guard(Counter())
    for path in ("/v2/pay", "/pay"):
        answer = await ask(app, "POST", path, headers=KEY, root_path="/v2")
        assert answer.body == b"call 1"


@pytest.mark.parametrize("changes", OTHERS.values(), ids=OTHERS)
async def test_another_request_by_the_same_key_is_refused(changes: dict[str, Any]) -> None:
    counter = Counter()
    app = guard(counter)
    await post(app)
    scope = {**http_scope("POST", "/pay"), **changes}
    scope["headers"] = http_scope(headers=changes.get("headers", KEY))["headers"]
    if "host" in changes.get("headers", ()):
        del scope["headers"][0]
    sent = Sent()
    await app(scope, receiving(body(changes.get("body", b"5 EUR"))), sent)
    assert sent.messages[0]["status"] == 422
    assert b"was used for another request" in sent.content
    assert counter.calls == 1
    assert (await post(app)).body == b"call 1"


async def test_the_same_body_in_other_pieces_is_the_same_request() -> None:
    app = guard(Counter())
    for data in (b"5 EUR", [b"5 ", b"EUR"], [b"", b"5 EUR", b""]):
        assert (await post(app, body=data)).body == b"call 1"


async def test_other_methods_and_requests_without_a_key_are_let_be() -> None:
    counter = Counter()
    app = guard(counter)
    for method, headers in (("PUT", KEY), ("GET", KEY), ("POST", {})):
        for _ in range(2):
            assert (await ask(app, method, "/pay", headers=headers)).status == 201
    assert counter.calls == 6
    app = guard(counter, methods=["PUT"])
    for _ in range(2):
        assert (await ask(app, "PUT", "/pay", headers=KEY)).body == b"call 7"


async def test_other_protocols_pass() -> None:
    app = App(middleware=[Middleware(IdempotencyMiddleware, store=MemoryStore(), scope_by=anybody)])

    @app.websocket("/ws")
    async def greet(websocket: WebSocket) -> None:
        await websocket.accept()

    async with running(app) as talk:
        pass
    assert talk.types == ["startup.complete", "shutdown.complete"]
    assert (await converse(app, "/ws", headers=KEY)).types == ["accept", "close"]


# The key


@pytest.mark.parametrize("key", [UUID4, f'"{UUID4}"', f'  "{UUID4}" ', f'"{UUID4}";v=1'])
async def test_a_key_is_a_string_in_quotes_or_bare(key: str) -> None:
    app = guard(Counter())
    await post(app)
    assert (await post(app, headers={"idempotency-key": key})).body == b"call 1"


@pytest.mark.parametrize(
    "key", ["1", "a", "order:17/a+b=~", "x" * 255, f'"{"x" * 255}"', '" "', r'"\""']
)
async def test_a_key_is_of_any_ascii(key: str) -> None:
    app = guard(Counter())
    for _ in range(2):
        assert (await post(app, headers={"idempotency-key": key})).body == b"call 1"


BAD_KEYS = [
    *("", '""', '"a', 'a"', "a b", "a,b", '"a", "b"', "a;b", "ü", '"ü"', "\x7f", '"\t"', "(a b)"),
    *("x" * 256, f'"{"x" * 256}"', '%"a"', "x" * 60_000, '"' + "\\" * 60_000),
]


@pytest.mark.parametrize("key", BAD_KEYS)
async def test_a_malformed_key_is_a_400(key: str) -> None:
    counter = Counter()
    sent = Sent()
    scope = http_scope("POST", "/pay")
    scope["headers"].append((b"idempotency-key", key.encode("latin-1")))
    await guard(counter)(scope, receiving(body(b"")), sent)
    assert sent.messages[0]["status"] == 400
    assert b"Idempotency-Key is one string in quotes" in sent.content
    assert len(sent.content) < 500
    assert counter.calls == 0


async def test_two_keys_are_none() -> None:
    app = guard(Counter())
    headers = [("idempotency-key", "a"), ("idempotency-key", "a")]
    assert (await ask(app, "POST", headers=headers)).status == 400


async def test_where_a_key_is_required_a_request_without_one_is_a_400() -> None:
    app = guard(Counter(), required=True)
    answer = await post(app, headers={})
    assert answer.status == 400
    assert "needs an Idempotency-Key" in answer.json()["detail"]
    assert (await post(app)).status == 201
    assert (await ask(app, "GET")).status == 201


# Whose it is


async def test_whose_a_key_is_has_to_be_said() -> None:
    with pytest.raises(TypeError, match="scope_by"):
        IdempotencyMiddleware(Counter(), store=MemoryStore())  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


async def test_a_key_belongs_to_the_authorization_whatever_the_cookies() -> None:
    app = guard(Counter(), scope_by=by_authorization)
    for token, answer in (("a", b"call 1"), ("b", b"call 2")):
        for cookie in ("_ga=1", "_ga=2"):
            headers = {**KEY, "authorization": f"Bearer {token}", "cookie": cookie}
            assert (await post(app, headers=headers)).body == answer


async def test_a_key_belongs_to_the_cookie_that_is_named_whatever_the_others() -> None:
    app = guard(Counter(), scope_by=by_cookie("id"))
    for value, answer in (("a", b"call 1"), ("b", b"call 2")):
        for other in ("_ga=1", "_ga=2"):
            headers = {**KEY, "cookie": f"{other}; id={value}", "authorization": other}
            assert (await post(app, headers=headers)).body == answer


async def test_a_token_and_a_cookie_of_one_value_are_two_callers() -> None:
    store = MemoryStore()
    headers = {**KEY, "authorization": "a", "cookie": "id=a; sid=a"}
    for scope_by in (by_authorization, by_cookie("id"), by_cookie("sid")):
        answer = await post(guard(Counter(), store=store, scope_by=scope_by), headers=headers)
        assert "idempotency-replayed" not in answer.headers


@pytest.mark.parametrize(
    ("scope_by", "field", "detail"),
    [
        (by_authorization, {"cookie": "id=1"}, "send Authorization with it"),
        (by_authorization, {"authorization": ""}, "send Authorization with it"),
        (by_cookie("id"), {"cookie": "_ga=1"}, "whoever has the cookie id: send it, too"),
        (by_cookie("id"), {"cookie": "id="}, "whoever has the cookie id: send it, too"),
    ],
)
async def test_a_key_that_is_nobody_s_is_a_400(
    scope_by: Callable[[HTTPConnection], str], field: dict[str, str], detail: str
) -> None:
    counter = Counter()
    answer = await post(guard(counter, scope_by=scope_by), headers={**KEY, **field})
    assert (answer.status, answer.error, counter.calls) == (400, None, 0)
    assert detail in answer.json()["detail"]


async def test_an_app_may_know_better_who_it_is() -> None:
    def user(connection: HTTPConnection) -> str:
        if connection.headers.get("x-user") is None:
            raise HTTPException(401)
        return connection.headers["x-user"]

    app = guard(Counter(), scope_by=user)
    for token in ("a", "b"):
        headers = {**KEY, "authorization": token, "x-user": "ann"}
        assert (await post(app, headers=headers)).body == b"call 1"
    assert (await post(app, headers={**KEY, "x-user": "bob"})).body == b"call 2"
    assert (await post(app)).status == 401


class Recording(MemoryStore):
    """A store that remembers what it was asked to keep."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.kept: list[tuple[str, bytes, int]] = []

    async def set(
        self,
        key: str,
        value: bytes,
        *,
        max_age: int,
        when: When = "always",
    ) -> bool:
        self.kept.append((key, value, max_age))
        return await super().set(key, value, max_age=max_age, when=when)


async def test_the_store_sees_hashes_of_keys_and_callers_and_no_cookies() -> None:
    store = Recording()
    counter = Counter()
    counter.headers = [(b"set-cookie", b"id=secret"), (b"date", b"now"), (b"x", b"\xff")]
    app = guard(counter, store=store, scope_by=by_authorization)
    headers = {**KEY, "authorization": "Bearer secret"}
    assert (await post(app, headers=headers)).headers["set-cookie"] == "id=secret"
    again = await post(app, headers=headers)
    assert "set-cookie" not in again.headers
    assert "date" not in again.headers
    assert again.headers["x"] == "\xff"
    (first, claim, seconds), (second, record, more), (third, _, _) = store.kept
    assert first == second == third
    assert re.fullmatch(r"idempotency:[0-9a-f]{64}", first)
    assert (seconds, more) == (5 * 60, 24 * 60 * 60)
    for value in (claim, record):
        assert b"secret" not in value
        assert UUID4.encode() not in value
        assert b"5 EUR" not in value


# Bodies


async def test_the_app_reads_the_body_and_then_what_the_server_says() -> None:
    seen: list[Message] = []

    async def reads(scope: Scope, receive: Receive, send: Send) -> None:
        seen.extend([await receive(), await receive()])
        await send(START)
        await send(chunk(b"OK"))

    received = receiving(body(b"a", more=True), body(b"b"), DISCONNECT)
    await guard(reads)(http_scope("POST", headers=KEY), received, Sent())
    assert seen == [body(b"ab"), DISCONNECT]


@pytest.mark.parametrize(
    ("data", "length", "status"),
    [
        (b"12345", None, 201),
        (b"123456", None, 413),
        ([b"123", b"456", b"7"], None, 413),
        (b"", "6", 413),
        (b"", "9" * 5000, 413),
        (b"", "five", 201),
    ],
)
async def test_a_body_over_the_limit_is_a_413(data: Any, length: str | None, status: int) -> None:
    counter = Counter()
    headers = KEY if length is None else {**KEY, "content-length": length}
    answer = await post(guard(counter, max_body_size=5), headers=headers, body=data)
    assert answer.status == status
    assert counter.calls == (status == 201)


async def test_a_client_that_leaves_before_its_request_is_there_leaves_nothing() -> None:
    store, sent, counter = Recording(), Sent(), Counter()
    app = guard(counter, store=store)
    await app(http_scope("POST", headers=KEY), receiving(body(b"a", more=True), DISCONNECT), sent)
    assert (sent.messages, store.kept, counter.calls) == ([], [], 0)


async def test_a_body_that_middleware_further_out_refuses_claims_nothing() -> None:
    store = Recording()
    app = DigestMiddleware(guard(Counter(), store=store))
    headers = {**KEY, "content-digest": "sha-256=:" + "A" * 43 + "=:"}
    answer = await post(app, headers=headers)
    assert (answer.status, answer.error) == (400, None)
    assert store.kept == []


@readers
async def test_middleware_inside_that_reads_leaves_the_body_whole(reader: type[Reader]) -> None:
    paid: list[bytes] = []

    async def pay(request: Request) -> str:
        paid.append(await request.body())
        return "paid"

    app = App()
    app.add_route("/pay", pay, methods=["POST"])
    app.add_middleware(reader)
    app.add_middleware(IdempotencyMiddleware, store=MemoryStore(), scope_by=anybody)
    for data in (b"x" * 100, [b"x" * 60, b"x" * 40]):
        answer = await post(app, body=data)
        assert (answer.text, answer.error) == ("paid", None)
    assert paid == [b"x" * 100]


# Streams, and what is too large


async def test_a_stream_is_passed_as_it_comes_and_repeated_as_a_whole() -> None:
    sent = Sent()

    async def stream() -> AsyncIterator[bytes]:
        for number in range(3):
            assert sent.content == b"x" * number
            yield b"x"

    app = App(middleware=[Middleware(IdempotencyMiddleware, store=MemoryStore(), scope_by=anybody)])
    app.add_route("/pay", stream, methods=["POST"])
    await app(http_scope("POST", "/pay", KEY), receiving(body(b"5 EUR")), sent)
    assert sent.types == ["http.response.start", *["http.response.body"] * 4]
    answer = await post(app)
    assert (answer.chunks, answer.headers["content-length"]) == ([b"xxx"], "3")


LARGE: list[list[Message]] = [
    [START, chunk(b"x" * 11)],
    [START, chunk(b"x" * 6, more=True), chunk(b"x" * 6, more=True), chunk(b"x")],
    [START, {"type": "http.response.pathsend", "path": "/nowhere"}],
    [START, {"type": "http.response.zerocopysend", "file": 0}],
    [START, {"type": "http.response.zerocopysend", "file": 0, "more_body": True}, chunk(b"")],
]


@pytest.mark.parametrize("messages", LARGE)
async def test_an_answer_too_large_to_be_kept_is_passed_but_not_made_twice(
    messages: list[Message],
) -> None:
    sends = Sends(*messages)
    app = guard(sends, max_response_size=10)
    sent = Sent()
    await app(http_scope("POST", "/pay", KEY), receiving(body(b"5 EUR")), sent)
    assert sent.messages == messages
    again = await post(app)
    assert again.status == 409
    assert "retry-after" not in again.headers
    assert "too large to be kept" in again.json()["detail"]
    assert sends.calls == 1
    assert (await post(app, body=b"6 EUR")).status == 422


async def test_an_answer_as_large_as_the_limit_is_kept() -> None:
    sends = Sends(START, chunk(b"x" * 4, more=True), chunk(b"x" * 6))
    app = guard(sends, max_response_size=10)
    for _ in range(2):
        assert (await post(app)).body == b"x" * 10


async def test_messages_of_other_kinds_pass() -> None:
    hint: Message = {"type": "http.response.early_hint", "links": []}
    trailers: Message = {"type": "http.response.trailers", "headers": [(b"x", b"y")]}
    messages = [hint, {**START, "trailers": True}, hint, {"type": "http.response.body"}, trailers]
    sends = Sends(*messages)
    app = guard(sends)
    sent = Sent()
    await app(http_scope("POST", "/pay", KEY), receiving(body(b"5 EUR")), sent)
    assert sent.messages == messages
    assert (await post(app)).status == 200


# Ends before the end


async def test_a_client_that_left_gets_what_was_done_when_it_asks_again() -> None:
    for until in (0, 1):
        counter = Counter()
        app = guard(counter)
        scope = http_scope("POST", "/pay", KEY)
        with pytest.raises(ConnectionResetError):
            await app(scope, receiving(body(b"5 EUR")), Sent(until=until))
        assert (await post(app)).body == b"call 1"
        assert counter.calls == 1


async def test_a_stream_that_the_client_left_runs_anew() -> None:
    sends = Sends(START, chunk(b"a", more=True), chunk(b"b", more=True), chunk(b"c"))
    app = guard(sends)
    for until in (0, 1, 2):
        sent = Sent(until=until)
        with pytest.raises(ConnectionResetError):
            await app(http_scope("POST", "/pay", KEY), receiving(body(b"5 EUR")), sent)
    assert (await post(app)).body == b"abc"
    assert sends.calls == 4


async def test_an_answer_without_an_end_is_none() -> None:
    sends = Sends(START, chunk(b"a", more=True))
    app = guard(sends)
    for _ in range(2):
        await app(http_scope("POST", "/pay", KEY), receiving(body(b"5 EUR")), Sent())
    assert sends.calls == 2


async def test_a_request_that_is_cancelled_lets_the_next_one_run() -> None:
    async def hang() -> None:
        if counter.calls == 1:
            scope.cancel()
            await anyio.sleep_forever()

    counter = Counter(hang)
    app = guard(counter)
    with anyio.CancelScope() as scope:
        await post(app)
    assert scope.cancelled_caught
    assert (await post(app)).body == b"call 2"


async def test_a_request_that_is_cancelled_while_it_claims_its_key_gives_it_back() -> None:
    class Slow(MemoryStore):
        async def set(self, *args: Any, **options: Any) -> bool:
            done = await super().set(*args, **options)
            scope.cancel()
            await anyio.lowlevel.checkpoint()
            return done

    counter = Counter()
    app = guard(counter, store=Slow())
    with anyio.CancelScope() as scope:
        await post(app)
    assert scope.cancelled_caught
    answer = await post(app)
    assert answer.status == 201
    assert "idempotency-replayed" not in answer.headers


async def test_a_claim_of_a_process_that_died_expires() -> None:
    now = 0.0
    first = Recording()
    await post(guard(Counter(), store=first))
    key, claim, _ = first.kept[0]
    store = MemoryStore(clock=lambda: now)
    await store.set(key, claim, max_age=60)
    app = guard(Counter(), store=store)
    assert (await post(app)).status == 409
    now = 60.0
    assert (await post(app)).status == 201


async def test_an_answer_is_kept_for_a_day_or_as_long_as_is_said() -> None:
    now = 0.0
    app = guard(Counter(), store=MemoryStore(clock=lambda: now))
    brief = guard(Counter(), store=MemoryStore(clock=lambda: now), max_age=60)
    for moment, usual, short in ((0, 1, 1), (59, 1, 1), (61, 1, 2), (86399, 1, 3), (86400, 2, 3)):
        now = moment
        assert (await post(app)).body == b"call %d" % usual
        assert (await post(brief)).body == b"call %d" % short


async def test_who_was_too_slow_leaves_the_claim_of_the_next_alone() -> None:
    now = 0.0

    async def outlast() -> None:
        nonlocal now
        if counter.calls == 1:
            now = 301.0
            slow.append(await post(app))
            counter.status = 500

    slow: list[Answer] = []
    counter = Counter(outlast)
    app = guard(counter, store=MemoryStore(clock=lambda: now))
    assert (await post(app)).status == 500
    assert slow[0].body == b"call 2"
    assert (await post(app)).body == b"call 2"


async def test_who_was_too_slow_does_not_replace_the_answer_that_others_have_seen() -> None:
    now = 0.0

    async def outlast() -> None:
        nonlocal now
        if counter.calls == 1:
            now = 301.0
            await post(app)

    counter = Counter(outlast)
    app = guard(counter, store=MemoryStore(clock=lambda: now))
    assert (await post(app)).body == b"call 1"
    assert (await post(app)).body == b"call 2"


async def test_the_answer_of_who_was_slow_is_kept_where_nobody_else_came() -> None:
    now = 0.0

    async def outlast() -> None:
        nonlocal now
        now = 301.0

    counter = Counter(outlast)
    app = guard(counter, store=MemoryStore(clock=lambda: now))
    for _ in range(2):
        assert (await post(app)).body == b"call 1"


async def test_a_key_is_given_back_once() -> None:
    class Deletes(MemoryStore):
        async def delete(self, key: str) -> None:
            deleted.append(key)
            await super().delete(key)

        async def get(self, key: str) -> bytes | None:
            read.append(key)
            return await super().get(key)

    deleted: list[str] = []
    read: list[str] = []
    counter = Counter()
    counter.status = 503
    await post(guard(counter, store=Deletes()))
    assert (len(read), len(deleted)) == (1, 1)


async def test_what_runs_after_the_answer_is_not_waited_for_by_a_repetition() -> None:
    done: list[bytes] = []

    async def later() -> None:
        done.append((await post(app)).body)

    async def pay() -> Response:
        return JSONResponse("paid", background=BackgroundTask(later))

    app = App(middleware=[Middleware(IdempotencyMiddleware, store=MemoryStore(), scope_by=anybody)])
    app.add_route("/pay", pay, methods=["POST"])
    assert (await post(app)).body == b'"paid"'
    assert done == [b'"paid"']


# The store


async def test_a_claim_that_has_just_gone_is_worth_another_try() -> None:
    class Forgetful(MemoryStore):
        async def get(self, key: str) -> bytes | None:
            return None

    app = guard(Counter(), store=Forgetful())
    await post(app)
    answer = await post(app)
    assert (answer.status, answer.headers["retry-after"]) == (409, "1")


class Failing(MemoryStore):
    """A store that does what it is told, and then fails where it is said."""

    def __init__(self, where: str) -> None:
        super().__init__()
        self.where = where

    async def set(self, *args: Any, **options: Any) -> bool:
        done = await super().set(*args, **options)
        if options.get("when", "always") == self.where:
            raise OSError("the store is\ndown")
        return done

    async def delete(self, key: str) -> None:
        if self.where == "delete":
            raise OSError("the store is\ndown")
        await super().delete(key)


async def test_a_store_that_fails_before_the_app_runs_fails_the_request_and_is_cleared() -> None:
    counter = Counter()
    store = Failing("absent")
    app = guard(counter, store=store)
    assert isinstance((await post(app)).error, OSError)
    assert counter.calls == 0
    store.where = ""
    assert (await post(app)).body == b"call 1"


@pytest.mark.parametrize(("where", "status"), [("always", 201), ("delete", 500)])
async def test_a_store_that_fails_afterwards_spoils_no_answer_and_is_logged_in_a_line(
    where: str, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    counter = Counter()
    counter.status = status
    answer = await post(guard(counter, store=Failing(where)))
    assert (answer.status, answer.body, answer.error) == (status, b"call 1", None)
    messages = {record.getMessage() for record in caplog.records}
    assert messages == {r"the store of IdempotencyMiddleware failed: OSError: the store is\ndown"}


class Hanging(MemoryStore):
    """A store that does not answer."""

    async def set(self, *args: Any, **options: Any) -> Any:
        await anyio.sleep_forever()


async def test_a_store_that_does_not_answer_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(idempotency, "STORE_SECONDS", 0.01)
    assert isinstance((await post(guard(Counter(), store=Hanging()))).error, TimeoutError)


# Around others


def starlette_app() -> Starlette:
    calls: list[bytes] = []

    async def pay(request: StarletteRequest) -> StarletteResponse:
        calls.append(await request.body())
        return StarletteJSON(len(calls))

    return Starlette(routes=[StarletteRoute("/pay", pay, methods=["POST"])])


async def test_it_works_around_any_app_and_any_part_of_one() -> None:
    async def pay(request: Request) -> dict[str, str]:
        calls.append((await request.body()).decode())
        return {"paid": calls[-1], "id": str(len(calls))}

    def by_case(connection: HTTPConnection) -> str:
        return str(len(cases))

    calls: list[str] = []
    options: dict[str, Any] = {"store": MemoryStore(), "scope_by": by_case}
    whole = App()
    whole.add_route("/pay", pay, methods=["POST"])
    whole.add_middleware(IdempotencyMiddleware, **options)
    router = Router(middleware=[Middleware(IdempotencyMiddleware, **options)])
    router.add_route("/pay", pay, methods=["POST"])
    mount = App()
    mount.mount("/", guard(starlette_app()), strip=True)
    cases: list[ASGIApp] = [whole, App(routes=[router]), mount, guard(starlette_app())]
    while cases:
        app = cases.pop()
        first, second = await post(app), await post(app)
        assert (first.status, first.error) == (200, None)
        assert (second.body, second.headers["idempotency-replayed"]) == (first.body, "true")
    assert calls == ["5 EUR", "5 EUR"]


async def test_an_unexpected_exception_in_an_app_of_ours_runs_anew() -> None:
    calls: list[int] = []

    def pay() -> str:
        calls.append(1)
        return f"paid {1 // (len(calls) - 1)}"

    app = App(middleware=[Middleware(IdempotencyMiddleware, store=MemoryStore(), scope_by=anybody)])
    app.add_route("/pay", pay, methods=["POST"])
    first = await post(app)
    assert (first.status, type(first.error)) == (500, ZeroDivisionError)
    assert (await post(app)).text == "paid 1"


# Options


@pytest.mark.parametrize(
    "options",
    [
        {name: value}
        for name in ("max_age", "claim_max_age", "max_body_size", "max_response_size")
        for value in (0, -1, 1.5, True, None, "1")
    ],
)
def test_a_number_that_is_none_is_refused_at_start(options: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="it takes an integer of 1 or more"):
        guard(Counter(), **options)


def test_a_string_is_no_list_of_methods() -> None:
    with pytest.raises(ConfigError, match="give a list, such as"):
        guard(Counter(), methods="POST")
