"""The lifespan of an app, as the clients run it."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import anyio
import pytest

from framework import App
from framework.exceptions import FrameworkError
from framework.testing import ASGIViolation, AsyncTestClient
from framework.types import ASGIApp, Message, Receive, Scope, Send
from tests.testing.apps import deaf, raising, sending

STARTED: Message = {"type": "lifespan.startup.complete"}
STOPPED: Message = {"type": "lifespan.shutdown.complete"}


async def test_it_runs_around_the_block_and_its_state_is_there() -> None:
    seen: list[str] = []

    @asynccontextmanager
    async def lifespan() -> AsyncGenerator[dict[str, int]]:
        seen.append("up")
        yield {"answer": 42}
        seen.append("down")

    client = AsyncTestClient(App(lifespan=lifespan))
    for _ in range(2):  # a client may be entered again
        async with client:
            assert seen.pop() == "up"
            assert client.app_state == {"answer": 42}
        assert seen.pop() == "down"


async def test_what_the_startup_raises_is_raised_as_it_is() -> None:
    @asynccontextmanager
    async def lifespan() -> AsyncGenerator[None]:
        raise LookupError("no database")
        yield

    with pytest.raises(LookupError, match="no database") as caught:
        await AsyncTestClient(App(lifespan=lifespan)).__aenter__()
    assert "without `with`" in caught.value.__notes__[0]


async def test_a_startup_that_is_said_to_have_failed_is_an_error() -> None:
    app = sending({"type": "lifespan.startup.failed", "message": "no database"})
    with pytest.raises(FrameworkError, match="startup failed: no database"):
        await AsyncTestClient(app).__aenter__()


async def fail_to_stop(scope: Scope, receive: Receive, send: Send) -> None:
    """An app that raises when it is to shut down."""
    await receive()
    await send(STARTED)
    await receive()
    raise ValueError("late")


@pytest.mark.parametrize("app", [fail_to_stop, raising(ValueError("late"), STARTED)])
async def test_what_the_app_raises_later_is_raised_at_the_end(app: ASGIApp) -> None:
    with pytest.raises(ValueError, match="late"):
        async with AsyncTestClient(app):
            await anyio.wait_all_tasks_blocked()


async def test_it_hides_no_error_of_the_test() -> None:
    with pytest.raises(LookupError, match="of the test") as caught:
        async with AsyncTestClient(fail_to_stop):
            raise LookupError("of the test")
    assert "ValueError('late')" in caught.value.__notes__[0]


async def test_an_error_of_the_test_goes_through_a_shutdown_without_fault() -> None:
    with pytest.raises(LookupError) as caught:
        async with AsyncTestClient(App()):
            raise LookupError("of the test")
    assert not hasattr(caught.value, "__notes__")


async def test_an_app_that_returns_at_once_has_no_lifespan() -> None:
    async with AsyncTestClient(sending()):
        pass


@pytest.mark.parametrize(
    "messages",
    [
        [STOPPED],
        [STARTED, STARTED],
        [{"type": "http.response.start"}],
        [{}],
    ],
    ids=["shutdown before startup", "startup twice", "another protocol", "no type"],
)
async def test_an_answer_that_is_none_is_a_violation(messages: list[Message]) -> None:
    with pytest.raises(ASGIViolation, match=r"no answer to lifespan\.startup"):
        async with AsyncTestClient(sending(*messages)):
            await anyio.wait_all_tasks_blocked()


async def test_an_app_that_goes_on_after_its_last_word_is_cancelled(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("framework.testing._lifespan.GRACE", 0.01)
    heard: list[Message] = []
    seen: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["asgi"] == {"version": "3.0", "spec_version": "2.0"}
        heard.append(await receive())
        await send(STARTED)
        heard.append(await receive())
        await send(STOPPED)
        try:
            await receive()
        finally:
            seen.append("cancelled")

    async with AsyncTestClient(app):
        pass
    assert [message["type"] for message in heard] == ["lifespan.startup", "lifespan.shutdown"]
    assert seen == ["cancelled"]


async def test_a_test_that_is_cancelled_does_not_wait_long_for_the_shutdown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("framework.testing._lifespan.GRACE", 0.01)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(STARTED)
        await deaf(scope, receive, send)

    with anyio.fail_after(5), anyio.CancelScope() as scope:
        async with AsyncTestClient(app):
            scope.cancel()
            await anyio.sleep_forever()


async def never_stop(scope: Scope, receive: Receive, send: Send) -> None:
    """An app that starts, and hears no word to stop."""
    await send(STARTED)
    await deaf(scope, receive, send)


@pytest.mark.parametrize(("app", "phase"), [(deaf, "startup"), (never_stop, "shutdown")])
async def test_a_test_does_not_wait_for_ever_for_an_app_that_says_nothing(
    app: ASGIApp, phase: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("framework.testing._clients.PATIENCE", 0.01)
    with pytest.raises(TimeoutError, match=rf"answer lifespan\.{phase} within 0\.01 s"):
        async with AsyncTestClient(app):
            pass
