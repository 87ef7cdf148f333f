"""What an app sees of third-party ASGI middleware around it."""

from typing import Any

import anyio
import pytest

from framework import (
    App,
    BodyUnavailable,
    LimitExceeded,
    Limits,
    Middleware,
    Request,
    Router,
    StreamingResponse,
)
from framework._exchange import Exchange
from framework.connections import Settings
from framework.types import ASGIApp, Message, Receive, Scope, Send
from tests.driver import ask
from tests.scripted import DISCONNECT, Sent, body, receiving


class Reader:
    """Middleware that reads messages, and shows the app none of them."""

    def __init__(self, app: ASGIApp, messages: int = 1) -> None:
        self.app = app
        self.messages = messages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        for _ in range(self.messages):
            await receive()
        await self.app(scope, receive, send)


class Replayer(Reader):
    """Middleware that reads messages, and passes them on."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        taken = [await receive() for _ in range(self.messages)]

        async def replay() -> Message:
            return taken.pop(0) if taken else await receive()

        await self.app(scope, replay, send)


class PassThrough(Reader):
    """Middleware that does nothing."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)


def app_with(
    *middleware: Middleware, inner: tuple[Middleware, ...] = (), limits: Limits | None = None
) -> App:
    app = App(middleware=middleware, limits=limits)
    router = Router(middleware=inner)

    @router.post("/body")
    async def whole(request: Request) -> bytes:
        return await request.body()

    @router.post("/json")
    async def json(request: Request) -> Any:
        return await request.json()

    @router.post("/stream")
    async def stream(request: Request) -> list[int]:
        return [len(chunk) async for chunk in request.stream()]

    @router.post("/echo")
    async def echo(request: Request) -> StreamingResponse:
        return StreamingResponse(request.stream())

    app.include(router)
    return app


async def test_messages_pass_as_they_are() -> None:
    sent = Sent()
    messages = [body(b"ab", more=True), body(b"c"), DISCONNECT]
    exchange = Exchange({}, receiving(*messages), sent, 9)
    assert [await exchange.receive() for _ in messages] == messages
    assert not exchange.started
    await exchange.send({"type": "http.response.early_hint"})
    assert not exchange.started
    await exchange.send({"type": "http.response.start"})
    assert exchange.started
    assert sent.types == ["http.response.early_hint", "http.response.start"]


async def test_a_message_without_its_optional_keys_is_the_end_of_an_empty_body() -> None:
    exchange = Exchange({}, receiving({"type": "http.request"}), Sent(), 9)
    await exchange.receive()
    exchange.ask(0)
    assert await exchange.receive() == body(b"")


async def test_an_exchange_asks_the_one_around_it() -> None:
    scope: Scope = {}
    outer = Exchange(scope, receiving(body(b"ab")), Sent(), 9)
    await outer.receive()
    Exchange(scope, outer.receive, outer.send, 9).ask(0)
    assert await outer.receive() == body(b"ab")


async def test_an_answer_has_begun_also_if_sending_fails() -> None:
    exchange = Exchange({}, receiving(), Sent(until=0), 9)
    with pytest.raises(ConnectionResetError):
        await exchange.send({"type": "http.response.start"})
    assert exchange.started


class Wrapper(PassThrough):
    """Middleware that puts a function of its own around `receive`."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def wrapped() -> Message:
            return await receive()

        await self.app(scope, wrapped, send)


class Asker(Reader):
    """Middleware that reads the body by a Request of its own, and passes on what it was given."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await Request(scope, receive).body()
        await self.app(scope, receive, send)


@pytest.mark.parametrize(
    ("path", "expected"),
    [("/body", b"[1,2]"), ("/json", b"[1,2]"), ("/stream", None), ("/echo", b"[1,2]")],
)
@pytest.mark.parametrize(
    ("outer", "inner"),
    [
        ((Middleware(Reader),), ()),
        ((Middleware(Reader, messages=2),), ()),
        ((Middleware(Asker),), ()),
        ((Middleware(Asker), Middleware(Asker)), (Middleware(Asker),)),
        ((Middleware(Reader, messages=2), Middleware(Asker)), ()),
        ((Middleware(PassThrough), Middleware(Reader)), ()),
        ((Middleware(Reader), Middleware(PassThrough)), ()),
        ((Middleware(Reader), Middleware(Wrapper)), ()),
        ((Middleware(Reader),), (Middleware(Wrapper),)),
        ((Middleware(PassThrough),), (Middleware(Reader),)),
    ],
)
async def test_a_body_that_a_middleware_has_read_is_read_again(
    path: str,
    expected: bytes | None,
    outer: tuple[Middleware, ...],
    inner: tuple[Middleware, ...],
) -> None:
    app = app_with(*outer, inner=inner)
    headers = {"content-type": "application/json"}
    with anyio.fail_after(10):
        answer = await ask(app, "POST", path, body=[b"[1,", b"2]"], headers=headers)
    assert (answer.status, answer.error) == (200, None)
    assert sum(answer.json()) == 5 if expected is None else answer.body == expected


class PassesOn(Reader):
    """Middleware that reads all of a body, and passes on its first byte as if more was to come."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        first = [body((await receive())["body"][:1], more=True)]

        async def partly() -> Message:
            return first.pop() if first else await receive()

        await self.app(scope, partly, send)


@pytest.mark.parametrize("path", ["/body", "/json", "/stream"])
async def test_a_body_that_is_passed_on_in_part_is_an_error_and_not_a_hang(path: str) -> None:
    headers = {"content-type": "application/json"}
    with anyio.fail_after(10):
        answer = await ask(
            app_with(Middleware(PassesOn)), "POST", path, body=b"[1]", headers=headers
        )
    assert answer.status == 500
    assert type(answer.error) is BodyUnavailable
    assert "has read 3 bytes of the body and passed on 1" in str(answer.error)


@pytest.mark.parametrize(
    ("middleware", "error"),
    [(Middleware(PassesOn), BodyUnavailable), (Middleware(Reader, messages=2), LimitExceeded)],
)
async def test_what_is_lost_ends_a_stream_that_had_begun(
    middleware: Middleware, error: type[Exception]
) -> None:
    app = app_with(middleware, limits=Limits(max_body_size=8))
    with anyio.fail_after(10):
        answer = await ask(app, "POST", "/echo", body=[b"12345", b"6789"])
    assert answer.status == 200
    assert type(answer.error) is error


async def test_what_is_lost_is_told_to_who_reads_after_asking_for_the_client() -> None:
    app = App(middleware=[Middleware(PassesOn)])

    @app.post("/")
    async def asks(request: Request) -> bytes:
        assert not await request.is_disconnected()
        return await request.body()

    with anyio.fail_after(10):
        answer = await ask(app, "POST", body=b"[1]", headers={"content-length": "3"})
    assert type(answer.error) is BodyUnavailable


async def test_no_more_of_a_body_is_kept_than_a_request_may_have() -> None:
    for size, status in ((8, 200), (9, 413)):
        app = app_with(Middleware(Reader, messages=2), limits=Limits(max_body_size=8))
        with anyio.fail_after(10):
            answer = await ask(app, "POST", "/body", body=[b"1234", b"x" * (size - 4)])
        assert (answer.status, answer.error) == (status, None)


async def test_what_a_mounted_app_reads_is_not_kept() -> None:
    kept: list[Any] = []

    async def foreign(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        exchange: Exchange | None = scope["framework.exchange"]
        while exchange is not None:
            assert exchange._intake is not None
            kept.append((exchange._intake._taken, exchange._intake._kept))
            exchange = exchange._outer
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})

    app = App(middleware=[Middleware(PassThrough)])
    app.mount("/", foreign)
    assert (await ask(app, "POST", body=b"abc")).status == 204
    assert kept == [(3, None), (3, None)]


async def test_a_mounted_app_that_takes_a_body_from_an_app_within_it_is_named() -> None:
    inner = app_with()
    outer = App()
    outer.mount("/inner", Reader(inner))
    with anyio.fail_after(10):
        answer = await ask(outer, "POST", "/inner/body", body=b"abc")
    assert type(answer.error) is BodyUnavailable


@pytest.mark.parametrize("path", ["/body", "/stream", "/echo"])
async def test_an_empty_body_that_was_swallowed_is_as_good_as_read(path: str) -> None:
    with anyio.fail_after(10):
        answer = await ask(app_with(Middleware(Reader)), "POST", path)
    assert (answer.status, answer.error) == (200, None)
    assert answer.body in (b"", b"[]")


@pytest.mark.parametrize(
    "middleware",
    [
        [Middleware(PassThrough)],
        [Middleware(Replayer, messages=1)],
        [Middleware(Replayer, messages=2)],
        [Middleware(PassThrough), Middleware(Replayer, messages=2), Middleware(PassThrough)],
    ],
)
@pytest.mark.parametrize(
    ("path", "expected"),
    [("/body", b"[1,2]"), ("/json", b"[1,2]"), ("/stream", b"[3,2]"), ("/echo", b"[1,2]")],
)
async def test_a_body_that_was_passed_on_is_read(
    middleware: list[Middleware], path: str, expected: bytes
) -> None:
    headers = {"content-type": "application/json"}
    app = app_with(*middleware)
    with anyio.fail_after(10):
        answer = await ask(app, "POST", path, body=[b"[1,", b"2]"], headers=headers)
    assert (answer.body, answer.error) == (expected, None)


async def test_a_body_is_replayed_through_a_mounted_app() -> None:
    outer = App(middleware=[Middleware(Reader)])
    outer.mount("/inner", app_with(Middleware(PassThrough)))
    with anyio.fail_after(10):
        answer = await ask(outer, "POST", "/inner/body", body=b"abc")
    assert (answer.body, answer.error) == (b"abc", None)


async def test_an_error_handler_reads_a_body_that_middleware_has_read() -> None:
    class Failing(Reader):
        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            await receive()
            raise LookupError

    async def with_body(request: Request, error: LookupError) -> bytes:
        return await request.body()

    app = App(middleware=[Middleware(Failing)], exception_handlers={LookupError: with_body})
    with anyio.fail_after(10):
        answer = await ask(app, "POST", body=b"abc")
    assert answer.body == b"abc"


async def test_a_chunk_that_is_stolen_in_the_middle_is_missed() -> None:
    parts = [body(b"longer than", more=True), body(b"stolen", more=True), body(b"rest")]
    scope: Scope = {}
    exchange = Exchange(scope, receiving(*parts), Sent(), 99)
    exchange.ask(0)
    assert await exchange.receive() == parts[0]
    exchange.ask(None)
    assert await exchange.receive() == parts[1]
    exchange.ask(11)
    with pytest.raises(BodyUnavailable, match="has read 17 bytes of the body and passed on 11"):
        await exchange.receive()


async def test_what_a_request_has_read_is_no_empty_body_to_the_next() -> None:
    class Late(PassThrough):
        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            await self.app(scope, receive, send)
            raise LookupError

    async def read(request: Request, error: LookupError) -> bytes:
        return await request.body()

    async def quiet(scope: Scope, receive: Receive, send: Send) -> None:
        await Request(scope, receive, send, App()._settings).body()

    app = App(middleware=[Middleware(Late)], exception_handlers={LookupError: read})
    app.mount("/", quiet)
    with anyio.fail_after(10):
        answer = await ask(app, "POST", body=b"abc")
    assert type(answer.error) is BodyUnavailable


async def test_a_middleware_of_ours_with_settings_of_its_own_keeps_the_body_too() -> None:
    class Own(PassThrough):
        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            request = Request(scope, receive, send, Settings(limits=Limits(max_body_size=50)))
            await request.body()
            await self.app(scope, request.receive, send)

    for middleware in ([Own, Asker], [Own, Reader], [Asker, Own], [Own, Own]):
        app = app_with(*map(Middleware, middleware))
        with anyio.fail_after(10):
            answer = await ask(app, "POST", "/body", body=b"abc")
        assert (answer.body, answer.error) == (b"abc", None)
