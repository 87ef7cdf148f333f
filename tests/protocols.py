"""WebSocket and lifespan conversations in process.

The counterpart of `driver` for the other two protocols: what an app sends out of turn fails the test.
"""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, cast

import anyio
import anyio.lowlevel

from framework.types import ASGIApp, Message, Receive, Scope
from tests.driver import Fields, http_scope, serve


@dataclass(slots=True)
class Conversation:
    """What the app sent and raised, and the state that it left for requests."""

    messages: list[Message] = field(default_factory=list[Message])
    error: Exception | None = None
    state: dict[str, Any] = field(default_factory=dict[str, Any])

    @property
    def types(self) -> list[str]:
        """The types of the messages, without the protocol's name in front."""
        return [message["type"].partition(".")[2] for message in self.messages]

    async def send(self, message: Message) -> None:
        """What the app is given to send with."""
        self.messages.append(message)
        await anyio.lowlevel.checkpoint()


silence = cast(Receive, anyio.sleep_forever)
"""The `receive` of a client that stays and says nothing more."""


@asynccontextmanager
async def running(app: ASGIApp, **changes: Any) -> AsyncGenerator[Conversation]:
    """Run the lifespan of an app: start it, and shut it down after the block.

    `changes` are put into the scope; one of None leaves the key out.
    """
    talk = Conversation()
    scope: Scope = {
        "type": "lifespan",
        "asgi": {"version": "3.0", "spec_version": "2.0"},
        "state": talk.state,
        **changes,
    }
    incoming = ["lifespan.startup", "lifespan.shutdown"]
    answered, stopping = anyio.Event(), anyio.Event()

    async def receive() -> Message:
        kind = incoming.pop(0)
        if kind == "lifespan.shutdown":
            await stopping.wait()
        return {"type": kind}

    async def send(message: Message) -> None:
        answered.set()
        await talk.send(message)

    async def run() -> None:
        known = {key: scope[key] for key in scope if scope[key] is not None}
        talk.error = await serve(app, known, receive, send)
        answered.set()

    async with anyio.create_task_group() as group:
        group.start_soon(run)
        await answered.wait()
        yield talk
        stopping.set()


async def start(app: ASGIApp, **changes: Any) -> Conversation:
    """Run the whole lifespan of an app, with nothing in between."""
    async with running(app, **changes) as talk:
        pass
    return talk


def websocket_scope(path: str = "/", headers: Fields = (), **changes: Any) -> Scope:
    """A scope as a server makes it for a WebSocket handshake."""
    scope = http_scope("GET", path, headers, type="websocket", scheme="ws", subprotocols=[])
    del scope["method"]
    return {**scope, **changes}


async def converse(
    app: ASGIApp, path: str = "/", incoming: Sequence[str | bytes] = (), **changes: Any
) -> Conversation:
    """Open a socket, send these messages, and leave; the client is patient and closes last."""
    messages: list[Message] = [{"type": "websocket.connect"}]
    for data in incoming:
        kind = "text" if isinstance(data, str) else "bytes"
        messages.append({"type": "websocket.receive", kind: data})
    messages.append({"type": "websocket.disconnect", "code": 1005})
    scope = websocket_scope(path, **changes)
    talk = Conversation()

    async def receive() -> Message:
        return messages.pop(0)

    async def send(message: Message) -> None:
        assert messages, f"{message} was sent to a client that had gone"
        await talk.send(message)

    talk.error = await serve(app, scope, receive, send)
    check_websocket(talk.messages, finished=bool(messages) and talk.error is None)
    return talk


def check_websocket(messages: Sequence[Message], *, finished: bool) -> None:
    """See that an app that is finished has closed the socket, or denied it; ASGI leaves that to the servers."""
    if finished:
        assert messages[-1]["type"] in ("websocket.close", "websocket.http.response.body"), messages
