"""The tasks of a client."""

import asyncio

import anyio
import anyio.lowlevel
import pytest

from framework.testing._crew import Crew


async def test_its_tasks_end_with_the_block() -> None:
    seen: list[str] = []

    async def work() -> None:
        seen.append("began")
        try:
            await anyio.sleep_forever()
        finally:
            seen.append("ended")

    async with Crew() as crew:
        crew.start_soon(work)
        await anyio.wait_all_tasks_blocked()
        assert seen == ["began"]
    assert seen == ["began", "ended"]


async def test_it_can_be_left_while_the_caller_is_cancelled() -> None:
    with anyio.CancelScope() as scope:
        async with Crew() as crew:
            crew.start_soon(anyio.sleep_forever)
            scope.cancel()
            await anyio.lowlevel.checkpoint()
    assert scope.cancelled_caught


async def test_what_the_block_raises_is_not_wrapped() -> None:
    with pytest.raises(ValueError, match="as it is"):
        async with Crew():
            raise ValueError("as it is")


def test_on_asyncio_one_task_may_enter_it_and_another_leave_it() -> None:
    async def work(crew: Crew) -> None:
        await crew.__aenter__()
        crew.start_soon(anyio.sleep_forever)

    with asyncio.Runner() as runner:
        crew = Crew()
        runner.run(work(crew))
        runner.run(crew.__aexit__(None, None, None))
