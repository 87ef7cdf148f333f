"""examples/chat.py by an AsyncTestClient: several sockets at once, in the event loop of the test."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from examples.chat import app
from framework.testing import (
    AsyncTestClient,
    AsyncWebSocketTestSession,
    WebSocketDenialResponse,
)

pytestmark = pytest.mark.anyio


@pytest.fixture
async def client(anyio_backend: str) -> AsyncIterator[AsyncTestClient]:
    """A client of the app, which has started."""
    async with AsyncTestClient(app) as client:
        yield client


async def test_who_comes_is_led_to_a_room(client: AsyncTestClient) -> None:
    response = await client.get("/")
    assert response.url.path == "/rooms/lobby"
    assert "<title>Chat</title>" in response.text


async def test_everybody_in_a_room_hears_what_is_said(client: AsyncTestClient) -> None:
    async with AsyncExitStack() as stack:
        members: list[AsyncWebSocketTestSession] = []
        for who in ("Ann", "Bob"):
            socket = client.websocket_connect("/rooms/lobby", params={"who": who})
            members.append(await stack.enter_async_context(socket))
            for member in members:
                heard = await member.receive_json()
                assert (heard["kind"], heard["who"]) == ("joined", who)
        await members[0].send_text("hello")
        for member in members:
            assert await member.receive_json() == {"kind": "said", "who": "Ann", "text": "hello"}
        await members[1].close()
        assert (await members[0].receive_json())["kind"] == "left"


async def test_a_page_of_another_site_joins_no_room(client: AsyncTestClient) -> None:
    origin = {"origin": "https://evil.example"}
    with pytest.raises(WebSocketDenialResponse) as caught:
        await client.websocket_connect("/rooms/lobby", headers=origin).__aenter__()
    assert caught.value.status_code == 403
