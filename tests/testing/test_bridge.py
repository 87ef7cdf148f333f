"""Calls from a thread into the app's event loop."""

from concurrent.futures import CancelledError

import anyio
import anyio.lowlevel
import pytest
from anyio.from_thread import start_blocking_portal

from framework.testing import TestClient
from framework.testing._bridge import Bridge
from tests.testing.apps import END, START, sending


async def double(number: int) -> int:
    await anyio.lowlevel.checkpoint()
    return 2 * number


async def fail(error: BaseException) -> None:
    raise error


@pytest.mark.parametrize("error", [ValueError("a"), SystemExit(3), KeyboardInterrupt()])
def test_what_is_raised_over_there_is_raised_here_and_tears_nothing_down(
    error: BaseException,
) -> None:
    with start_blocking_portal() as portal:
        bridge = Bridge(portal)
        with pytest.raises(type(error)) as caught:
            bridge.call(fail, error)
        assert caught.value is error
        assert bridge.call(double, 4) == 8


def test_a_call_is_cancelled_with_its_loop() -> None:
    with start_blocking_portal() as portal:

        async def stop() -> None:
            await portal.stop(cancel_remaining=True)
            await anyio.sleep_forever()

        with pytest.raises(CancelledError):
            Bridge(portal).call(stop)


def test_who_calls_when_the_loop_has_ended_is_told_why_he_cannot() -> None:
    with start_blocking_portal() as portal:
        bridge = Bridge(portal)
        bridge.close()
        with pytest.raises(RuntimeError, match="the app has stopped: use responses and sockets"):
            bridge.call(double, 4)


def test_on_asyncio_a_test_that_is_async_may_block_its_loop() -> None:
    async def main() -> int:
        return TestClient(sending(START, END)).get("/").status_code

    assert anyio.run(main) == 200


def test_on_trio_it_is_told_to_await_instead_of_waiting_for_ever() -> None:
    async def main() -> None:
        with pytest.raises(RuntimeError, match="use AsyncTestClient in async code"):
            TestClient(sending(START, END)).get("/")

    anyio.run(main, backend="trio")
