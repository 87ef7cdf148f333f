"""Calls from a thread into the app's event loop."""

from concurrent.futures import CancelledError

import anyio
import anyio.lowlevel
import pytest
from anyio.from_thread import start_blocking_portal

from framework.testing._bridge import Bridge


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
