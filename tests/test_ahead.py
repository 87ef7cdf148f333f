"""Messages that are received before the handler asks for them; how a WebSocket uses it is tested there."""

import anyio

from framework._ahead import Ahead
from framework.types import Message
from tests.scripted import receiving
from tests.waiting import become


def text(data: str) -> Message:
    return {"type": "websocket.receive", "text": data}


async def test_who_takes_before_anything_was_received_waits_for_it() -> None:
    taken: list[Message] = []
    ahead = Ahead(receiving(text("a"), text("b")), taken.append, 100)

    async def take() -> None:
        taken.append(await ahead.take())

    async with anyio.create_task_group() as group:
        group.start_soon(take)
        await anyio.sleep(0.001)
        group.start_soon(ahead.receive)
    assert taken == [text("a")]
    assert ahead.is_over


async def test_nothing_more_is_received_once_somebody_has_waited() -> None:
    ahead = Ahead(receiving(text("a"), text("b")), print, 100)
    async with anyio.create_task_group() as group:
        group.start_soon(ahead.receive)
        await become(lambda: ahead._messages and len(ahead._messages) >= 2)
        assert [await ahead.take() for _ in range(2)] == [text("a"), text("b")]
        assert not ahead.is_over
        group.cancel_scope.cancel()
