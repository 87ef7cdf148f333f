"""What HTTP and WebSockets have in common: errors, and clients that leave."""

import asyncio

import anyio
import anyio.lowlevel
import pytest

from framework.exceptions import ClientDisconnect
from framework.testing import ASGIViolation, AsyncTestClient
from framework.types import Message, Receive, Scope, Send
from tests.testing.apps import END, START, Listener, content, deaf, raising

# httpx iterates over a response by generators that it does not close, which trio warns of.
pytestmark = pytest.mark.filterwarnings("ignore:Async generator 'httpx:ResourceWarning")


async def test_what_the_app_raises_is_raised() -> None:
    error = ValueError("broken")
    for app in (raising(error), raising(error, START), raising(error, START, END)):
        with pytest.raises(ValueError, match="broken") as caught:
            await AsyncTestClient(app).get("/")
        assert caught.value is error


async def test_what_is_no_exception_is_carried_across_too() -> None:
    with pytest.raises(pytest.fail.Exception):
        await AsyncTestClient(raising(pytest.fail.Exception("in the app"))).get("/")


def test_a_cancellation_that_the_app_makes_up_is_an_error() -> None:
    async def main() -> None:
        with pytest.raises(RuntimeError, match="cancellation of its own"):
            await AsyncTestClient(raising(asyncio.CancelledError())).get("/")

    asyncio.run(main())


async def test_a_violation_fails_the_test_even_if_the_app_swallows_it() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        for message in (END, {"type": "nonsense"}):
            with pytest.raises(ASGIViolation):
                await send(message)
        await send(START)
        await send(END)

    with pytest.raises(ASGIViolation, match=r"http\.response\.body.*content follows the start"):
        await AsyncTestClient(app, raise_server_exceptions=False).get("/")


async def test_an_app_is_told_that_its_client_has_left() -> None:
    app = Listener([START])
    async with AsyncTestClient(app).stream("GET", "/"):
        pass
    assert [message["type"] for message in app.heard] == ["http.request", "http.disconnect"]


@pytest.mark.parametrize(("spec_version", "refused"), [("2.3", 0), ("2.4", 1)])
async def test_to_send_to_a_client_that_has_left_is_refused_since_2_4(
    spec_version: str, refused: int
) -> None:
    refusals: list[OSError] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(START)
        await Listener()(scope, receive, send)
        try:
            await send(content(b"late"))
        except OSError as error:
            refusals.append(error)

    client = AsyncTestClient(app, spec_version=spec_version)
    async with client.stream("GET", "/") as response:
        assert response.status_code == 200
    assert len(refusals) == refused


@pytest.mark.parametrize("wrapped", [False, True])
async def test_an_app_that_fails_for_this_is_not_blamed(wrapped: bool) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(START)
        try:
            while True:
                await send(content(b"more"))
        except OSError:
            if wrapped:
                raise ClientDisconnect from None
            raise

    async with AsyncTestClient(app).stream("GET", "/") as response:
        assert await anext(response.aiter_raw()) == b"more"


async def test_an_app_that_fails_for_another_reason_is() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(START)
        await Listener()(scope, receive, send)
        raise ValueError("at the end")

    with pytest.raises(ValueError, match="at the end"):
        async with AsyncTestClient(app).stream("GET", "/"):
            pass


async def test_an_app_that_does_not_care_is_cancelled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("framework.testing._call.GRACE", 0.01)
    with pytest.raises(Exception, match=r"sent nothing within 0\.01 s"):
        await AsyncTestClient(deaf, timeout=0.01).get("/")


async def test_a_request_that_is_cancelled_is_a_client_that_leaves() -> None:
    app = Listener()
    async with AsyncTestClient(app) as client:
        async with anyio.create_task_group() as group:
            group.start_soon(client.get, "/")
            await anyio.wait_all_tasks_blocked()
            group.cancel_scope.cancel()
        assert app.has_heard("disconnect")


async def test_a_request_of_a_client_that_was_not_entered_can_be_cancelled(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("framework.testing._call.GRACE", 0.01)
    with anyio.move_on_after(0.01) as scope:
        await AsyncTestClient(deaf).get("/")
    assert scope.cancelled_caught


async def test_a_stream_that_is_cancelled_is_a_client_that_leaves() -> None:
    app = Listener([START])
    async with AsyncTestClient(app) as client:
        with anyio.CancelScope() as scope:
            async with client.stream("GET", "/"):
                scope.cancel()
                await anyio.lowlevel.checkpoint()
        assert app.has_heard("disconnect")


async def test_a_test_that_is_cancelled_hears_no_more_of_the_app() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await Listener([START])(scope, receive, send)
            raise ValueError("nobody is there to hear it")

    async with AsyncTestClient(app) as client:
        with anyio.CancelScope() as scope:
            async with client.stream("GET", "/"):
                scope.cancel()
                await anyio.lowlevel.checkpoint()
        assert scope.cancelled_caught


async def test_an_app_that_waits_for_its_client_to_read_learns_that_it_has_left() -> None:
    errors: list[type[BaseException]] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(START)
        try:
            while True:
                await send(content(b"more"))
        except BaseException as error:
            errors.append(type(error).__mro__[1])
            raise

    async with AsyncTestClient(app).stream("GET", "/"):
        await anyio.wait_all_tasks_blocked()
    assert errors == [OSError]


@pytest.mark.parametrize("error", [None, ValueError("its own")])
async def test_a_task_group_of_an_app_whose_client_has_left_is_to_be_blamed_for_its_own_errors(
    error: Exception | None,
) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(START)
        async with anyio.create_task_group() as group:
            group.start_soon(tick, send)

    async def tick(send: Send) -> None:
        errors = [] if error is None else [error]
        try:
            while True:
                await send(content(b"more"))
        except OSError as gone:
            errors.append(gone)
        raise ExceptionGroup("what came of it", errors)

    caught: list[BaseException] = []
    try:
        async with AsyncTestClient(app).stream("GET", "/"):
            await anyio.wait_all_tasks_blocked()
    except ExceptionGroup as group:
        caught.append(group)
    assert len(caught) == (error is not None)


async def test_what_the_app_leaves_behind_can_neither_receive_nor_send() -> None:
    got: list[Message] = []

    async with anyio.create_task_group() as group:

        async def linger(receive: Receive, send: Send) -> None:
            await ended.wait()
            got.append(await receive())
            with pytest.raises(OSError, match="has gone"):
                await send(END)

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await send(START)
            await send(END)
            group.start_soon(linger, receive, send)

        ended = anyio.Event()
        await AsyncTestClient(app).get("/")
        ended.set()
    assert got == [{"type": "http.disconnect"}]


async def test_an_error_whose_causes_lead_back_to_it_is_raised() -> None:
    one, other = ValueError("one"), ValueError("other")
    one.__cause__, other.__cause__ = other, one

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        raise one

    with pytest.raises(ValueError, match="one"):
        await AsyncTestClient(app).get("/")
