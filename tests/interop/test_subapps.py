"""Apps of other packages mounted in ours, with their lifespans."""

import re
from typing import Any

import pytest

from framework import App
from framework.testing import AsyncTestClient
from framework.types import ASGIApp, Message
from tests.interop import subapps
from tests.interop.peers import WORKS, Peer, cases, peers_of

MOUNTED = peers_of(subapps)
STYLES: dict[str, dict[str, bool]] = {"mounted": {}, "stripped": {"strip": True}}
LINK = re.compile(r'(?:href|src)="([^"]+\.(?:css|js))["?]')


async def asked(client: AsyncTestClient, asks: dict[str, Any]) -> str:
    """The status and the body of the answer; of a page, the worst status of it and all that it links."""
    answer = await client.request(**{"method": "GET", **asks, "url": f"/pre{asks['url']}"})
    is_page = "html" in answer.headers.get("content-type", "")
    links = LINK.findall(answer.text) if is_page else []
    linked = [(await client.get(str(answer.url.join(link)))).status_code for link in links]
    return f"{max(answer.status_code, *linked, 0)} {answer.text}"


async def in_style(peer: Peer, style: str) -> bool:
    app = App()
    app.mount("/pre", peer.use(), **STYLES[style])
    async with AsyncTestClient(app, raise_server_exceptions=False) as client:
        found = await asked(client, peer.more["asks"])
    return bool(re.match(peer.more[style], found, re.DOTALL | re.IGNORECASE))


@cases(MOUNTED, WORKS)
async def test_it_answers_below_the_mount(peer: Peer) -> None:
    style = next(style for style in STYLES if peer.more[style].startswith("200"))
    assert await in_style(peer, style)


@cases(MOUNTED, "styles")
@pytest.mark.parametrize("style", STYLES)
async def test_each_style_answers_as_the_table_says(peer: Peer, style: str) -> None:
    assert await in_style(peer, style)


async def alone(app: ASGIApp) -> str:
    """What an app does with a lifespan of its own."""
    messages: list[Message] = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]
    sent: list[str] = []

    async def receive() -> Message:
        return messages.pop(0)

    async def send(message: Message) -> None:
        sent.append(message["type"])

    try:
        await app({"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}, receive, send)
    except Exception:
        return "raises"
    return "runs" if "lifespan.startup.complete" in sent else "is left alone"


@cases(MOUNTED, "lifespan")
async def test_ours_starts_and_stops_whatever_its_lifespan_does(peer: Peer) -> None:
    app = App()
    app.mount("/pre", peer.use())
    async with AsyncTestClient(app) as client:
        assert (await client.get("/")).status_code == 404
    assert await alone(peer.use()) == peer.more["lifespan"].replace("is needed", "runs")


@cases([peer for peer in MOUNTED if peer.more["lifespan"] == "is needed"], "lifespan")
async def test_without_its_lifespan_it_cannot_answer(peer: Peer) -> None:
    app = App()
    app.mount("/pre", peer.use())
    client = AsyncTestClient(app, raise_server_exceptions=False)
    assert (await asked(client, peer.more["asks"])).startswith("500")
