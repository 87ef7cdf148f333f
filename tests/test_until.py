"""Blocks that are cancelled when the client goes, and attempts that are given up."""

from collections.abc import Awaitable, Callable
from contextvars import ContextVar

import anyio
import anyio.lowlevel
import pytest

from framework._concurrency import OpenScopes
from framework._until import until_blocked, until_disconnect
from framework.types import Message, Receive
from tests.scripted import DISCONNECT, body, receiving
from tests.waiting import become

CALLER: ContextVar[str] = ContextVar("caller")


async def while_connected(work: Callable[[], Awaitable[None]], receive: Receive) -> bool:
    """Do work until the client goes; whether it was finished."""
    async with until_disconnect(receive) as block:
        await work()
    return block.finished


async def test_work_that_ends_before_the_client_goes_is_done() -> None:
    done: list[int] = []

    async def work() -> None:
        await anyio.lowlevel.checkpoint()
        done.append(1)

    assert await while_connected(work, receiving()) is True
    assert await while_connected(work, receiving(body(b"a", more=True), body(b"b"))) is True
    assert done == [1, 1]


async def test_work_that_never_waits_needs_no_task_on_asyncio(anyio_backend_name: str) -> None:
    async def work() -> None:
        return

    async def receive() -> Message:
        calls.append(1)
        return DISCONNECT

    calls: list[int] = []
    assert await while_connected(work, receive) is True
    if anyio_backend_name == "asyncio":
        assert calls == []


@pytest.mark.parametrize("kind", ["http.disconnect", "websocket.disconnect"])
async def test_work_is_cancelled_when_the_client_goes(kind: str) -> None:
    ended: list[int] = []

    async def work() -> None:
        try:
            await anyio.sleep_forever()
        finally:
            ended.append(1)

    receive = receiving(body(b"a", more=True), body(b"b", more=True), body(b"c"), {"type": kind})
    assert await while_connected(work, receive) is False
    assert ended == [1]


async def test_a_server_that_repeats_itself_is_not_listened_to_for_ever() -> None:
    async def work() -> None:
        for _ in range(20):
            await anyio.lowlevel.checkpoint()

    async def receive() -> Message:
        calls.append(1)
        return body(b"")

    calls: list[int] = []
    assert await while_connected(work, receive) is True
    assert len(calls) == 2


async def test_what_work_raises_is_raised_as_it_is() -> None:
    async def work() -> None:
        await anyio.lowlevel.checkpoint()
        raise LookupError

    with pytest.raises(LookupError):
        await while_connected(work, receiving())


async def test_what_receive_raises_is_raised_as_it_is_and_ends_the_work() -> None:
    async def receive() -> Message:
        raise LookupError

    with pytest.raises(LookupError):
        await while_connected(anyio.sleep_forever, receive)


async def test_work_stays_in_the_task_of_the_caller() -> None:
    async def work() -> None:
        tasks.append(anyio.get_current_task().id)
        CALLER.set("work")

    tasks = [anyio.get_current_task().id]
    await while_connected(work, receiving())
    assert tasks[0] == tasks[1]
    assert CALLER.get() == "work"


async def test_a_cancellation_from_outside_passes() -> None:
    with anyio.move_on_after(0.01) as scope:
        await while_connected(anyio.sleep_forever, receiving())
    assert scope.cancelled_caught


async def test_an_attempt_gets_what_has_arrived_and_waits_for_no_more() -> None:
    received: list[Message] = []
    sender, receiver = anyio.create_memory_object_stream[Message](5)

    async def work() -> None:
        while True:
            received.append(await receiver.receive())

    with sender, receiver:
        sender.send_nowait(DISCONNECT)
        await until_blocked(work)
        assert received == [DISCONNECT]
        await until_blocked(work)
        sender.send_nowait(body(b"x"))
        await until_blocked(work)
        assert received == [DISCONNECT, body(b"x")]


async def test_what_an_attempt_raises_is_raised_as_it_is() -> None:
    async def work() -> None:
        raise LookupError

    with pytest.raises(LookupError):
        await until_blocked(work)


# What is done beside the block


class Routine:
    """Counts how often it was asked, and done; it is due every second time."""

    def __init__(self, error: Exception | None = None) -> None:
        self.asked = 0
        self.done = 0
        self.error = error

    def _is_due(self) -> bool:
        self.asked += 1
        return self.asked % 2 == 0

    async def _act(self) -> None:
        self.done += 1
        if self.error is not None:
            raise self.error
        await anyio.sleep(0.001)


async def test_something_is_done_beside_the_block_when_it_is_due() -> None:
    routine = Routine()
    with anyio.fail_after(2):
        async with until_disconnect(receiving()) as block:
            block.every(0.001, routine)
            await become(lambda: routine.done >= 3)
    assert block.finished
    asked = routine.asked
    await anyio.sleep(0.01)
    assert routine.asked == asked >= 6


async def test_what_it_raises_ends_the_block() -> None:
    async def work() -> None:
        async with until_disconnect(receiving()) as block:
            block.every(0.001, Routine(LookupError()))
            await anyio.sleep_forever()

    with pytest.raises(LookupError):
        await work()


async def test_a_block_among_others_is_cancelled_with_them() -> None:
    async def leave_soon() -> None:
        await anyio.sleep(0.01)
        late.append(await scopes.end(0.02))

    scopes, late, finished = OpenScopes(), list[int](), list[bool]()
    for can_leave in (True, False):
        async with anyio.create_task_group() as group:
            group.start_soon(leave_soon)
            async with until_disconnect(receiving(), scopes, can_leave=can_leave) as block:
                await anyio.sleep_forever()
            finished.append(block.finished)
        scopes.reset()
    assert late == [0, 1]
    assert finished == [False, False]


async def test_a_block_that_begins_after_the_end_is_cancelled_at_once() -> None:
    scopes = OpenScopes()
    await scopes.end(0)
    async with until_disconnect(receiving(), scopes) as block:
        await anyio.sleep_forever()
    assert not block.finished


async def test_a_shield_within_the_block_holds() -> None:
    done: list[int] = []
    gone = anyio.Event()

    async def receive() -> Message:
        await gone.wait()
        return DISCONNECT

    async with until_disconnect(receive) as block:
        with anyio.CancelScope(shield=True):
            gone.set()
            await anyio.sleep(0.01)
            done.append(1)
        await anyio.sleep_forever()
    assert done == [1]
    assert not block.finished


async def test_what_receive_raises_does_not_take_the_place_of_what_ended_the_block() -> None:
    failed = anyio.Event()

    async def receive() -> Message:
        failed.set()
        raise LookupError

    async def fail() -> None:
        async with until_disconnect(receive):
            await failed.wait()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    with anyio.CancelScope() as scope:
        async with until_disconnect(receive):
            scope.cancel()
            await anyio.sleep_forever()
    assert scope.cancelled_caught
