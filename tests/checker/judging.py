"""A connection of which both sides are scripted, through a checker that lets everything pass."""

from collections.abc import Sequence
from typing import Any

from framework.checker import Breach, Checker
from framework.types import Message, Receive, Scope, Send
from tests.driver import http_scope
from tests.protocols import websocket_scope

__all__ = ["EXTENSIONS", "converse", "ignore", "scope_of"]

EXTENSIONS: dict[str, Any] = {
    name: {}
    for name in (
        "http.response.debug",
        "http.response.early_hint",
        "http.response.pathsend",
        "http.response.push",
        "http.response.trailers",
        "http.response.zerocopysend",
        "websocket.http.response",
    )
}

SCOPES: dict[str, Scope] = {
    "http": http_scope(path="/a", asgi={"version": "3.0", "spec_version": "2.5"}),
    "websocket": websocket_scope("/a", asgi={"version": "3.0", "spec_version": "2.5"}),
    "lifespan": {
        "type": "lifespan",
        "asgi": {"version": "3.0", "spec_version": "2.0"},
        "state": {},
    },
}


def ignore(breach: Breach) -> None:
    """Let it pass."""


def scope_of(protocol: str, changes: dict[str, Any]) -> Scope:
    """A scope that is right, changed; `...` takes a key out."""
    scope: Scope = {**SCOPES[protocol], **changes}
    return {key: value for key, value in scope.items() if value is not ...}


async def converse(scope: Scope, script: Sequence[tuple[str, Message]] = ()) -> list[Breach]:
    """Receive and send by a script, and return what was wrong."""
    incoming = [message for step, message in script if step == "receive"]

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        for step, message in script:
            if step == "receive":
                assert await receive() is message
            else:
                await send(message)

    async def receive() -> Message:
        return incoming.pop(0)

    async def send(message: Message) -> None:
        assert ("send", message) in script

    checker = Checker(app, on_violation=ignore)
    await checker(scope, receive, send)
    return [*checker.violations]
