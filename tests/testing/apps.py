"""Raw ASGI apps for the clients to test; no test lives here."""

from collections.abc import Sequence

import anyio

from framework.types import ASGIApp, Message, Receive, Scope, Send

START: Message = {"type": "http.response.start", "status": 200, "headers": []}
END: Message = {"type": "http.response.body", "body": b""}
ACCEPT: Message = {"type": "websocket.accept"}
CLOSE: Message = {"type": "websocket.close", "code": 4000, "reason": "enough"}


def content(body: bytes, *, more: bool = True) -> Message:
    """A piece of a response."""
    return {"type": "http.response.body", "body": body, "more_body": more}


def sending(*messages: Message) -> ASGIApp:
    """An app that sends these messages, whatever it is called for."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        for message in messages:
            await send(message)

    return app


def raising(error: BaseException, *messages: Message) -> ASGIApp:
    """An app that sends these messages, and then fails."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        for message in messages:
            await send(message)
        raise error

    return app


class Listener:
    """An app that sends its messages, then notes what it receives until its client has gone.

    It has no lifespan.
    """

    def __init__(self, messages: Sequence[Message] = ()) -> None:
        self.messages = messages
        self.heard: list[Message] = []
        self.scopes: list[Scope] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            return
        self.scopes.append(scope)
        for message in self.messages:
            await send(message)
        while not self.has_heard("disconnect"):
            self.heard.append(await receive())

    def has_heard(self, word: str) -> bool:
        """Whether the last message was of this kind."""
        return bool(self.heard) and self.heard[-1]["type"].endswith(word)


async def deaf(scope: Scope, receive: Receive, send: Send) -> None:
    """An app that never answers, and does not care whether its client has gone."""
    await anyio.sleep_forever()
