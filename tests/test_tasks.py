"""Tasks that belong to the app: started by handlers, ended by its shutdown."""

import logging
import threading

import anyio
import anyio.to_thread
import pytest

from framework import App, FrameworkError
from tests.driver import ask
from tests.protocols import running, start


async def test_a_task_goes_on_after_the_request_that_started_it() -> None:
    app = App()
    done = anyio.Event()

    async def work(*words: str, end: str) -> None:
        await answered.wait()
        said.append(" ".join(words) + end)
        done.set()

    @app.get("/")
    async def home() -> str:
        app.start_soon(work, "hello", "world", end="!")
        return "started"

    said: list[str] = []
    answered = anyio.Event()
    async with running(app):
        assert (await ask(app)).text == "started"
        answered.set()
        with anyio.fail_after(2):
            await done.wait()
    assert said == ["hello world!"]


async def test_a_plain_function_runs_in_a_thread_and_may_be_started_from_one() -> None:
    app = App()
    threads: list[int] = []

    def work() -> None:
        threads.append(threading.get_ident())

    @app.get("/")
    def home() -> str:
        app.start_soon(work)
        return "started"

    async with running(app):
        await ask(app)
    assert threads
    assert threading.get_ident() not in threads


async def test_what_a_task_raises_is_logged_and_ends_nothing_else(
    caplog: pytest.LogCaptureFixture,
) -> None:
    app = App()

    async def fail() -> None:
        raise LookupError("lost")

    async with running(app) as talk:
        app.start_soon(fail)
        await anyio.sleep(0.01)
        app.start_soon(fail)
    assert talk.types == ["startup.complete", "shutdown.complete"]
    assert [record.levelno for record in caplog.records] == [logging.ERROR] * 2
    assert "LookupError: lost" in caplog.text


async def test_at_shutdown_a_task_is_waited_for() -> None:
    app = App()
    done: list[int] = []

    async def work() -> None:
        await app.shutting_down.wait()
        await anyio.sleep(0.02)
        done.append(1)

    async with running(app):
        app.start_soon(work)
    assert done == [1]


async def test_a_task_that_does_not_end_is_cancelled_before_what_it_uses_is_closed(
    caplog: pytest.LogCaptureFixture,
) -> None:
    app = App(graceful_timeout=0.02)
    log: list[str] = []
    app.on_shutdown(lambda: log.append("database closed"))

    async def work() -> None:
        try:
            await anyio.sleep_forever()
        finally:
            log.append("task ended")

    async with running(app):
        app.start_soon(work)
    assert log == ["task ended", "database closed"]
    assert "1 tasks of the app did not end within 0.02 s: cancelled" in caplog.text


async def test_a_task_can_be_started_while_the_app_starts() -> None:
    app = App()
    done: list[int] = []

    async def work() -> None:
        done.append(1)

    app.on_startup(lambda: app.start_soon(work))
    async with running(app):
        pass
    assert done == [1]


async def test_without_a_lifespan_there_is_an_error_that_says_so() -> None:
    app = App()
    with pytest.raises(FrameworkError, match=r"start_soon\(\) needs the app's lifespan"):
        app.start_soon(anyio.sleep, 0)
    async with running(app):
        pass
    with pytest.raises(FrameworkError, match="not running"):
        app.start_soon(anyio.sleep, 0)


async def test_any_thread_may_start_a_task() -> None:
    app = App()
    done = anyio.Event()

    async def work() -> None:
        done.set()

    async with running(app):
        thread = threading.Thread(target=app.start_soon, args=[work])
        thread.start()
        with anyio.fail_after(2):
            await done.wait()
        await anyio.to_thread.run_sync(thread.join)


async def test_when_the_tasks_have_ended_no_more_are_started() -> None:
    app = App()
    refused: list[str] = []

    def late() -> None:
        try:
            app.start_soon(anyio.sleep, 0)
        except FrameworkError as error:
            refused.append(str(error))

    app.on_shutdown(late)
    async with running(app):
        pass
    assert "has ended its tasks" in refused[0]


async def test_a_cancellation_that_comes_astray_ends_only_its_task(
    anyio_backend_name: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def await_what_was_cancelled() -> None:
        raise anyio.get_cancelled_exc_class() if anyio_backend_name == "asyncio" else LookupError

    app = App()
    ended: list[int] = []
    app.on_shutdown(lambda: ended.append(1))
    async with running(app):
        app.start_soon(await_what_was_cancelled)
        await anyio.sleep(0.01)
        assert not ended
        app.start_soon(anyio.sleep, 0)
    assert ended == [1]
    assert "failed" in caplog.text


async def test_tasks_are_cancelled_when_the_app_cannot_start() -> None:
    app = App()
    ended: list[int] = []

    async def work() -> None:
        try:
            await anyio.sleep_forever()
        finally:
            ended.append(1)

    async def fail() -> None:
        app.start_soon(work)
        await anyio.sleep(0.01)
        raise LookupError

    app.on_startup(fail)
    talk = await start(app)
    assert talk.types == ["startup.failed"]
    assert ended == [1]
