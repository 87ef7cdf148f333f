"""The client of one request whose connection stays open until the answer is whole, in process.

As with a server, `receive` waits once everything has come in, and says that the client has gone only
after the answer's end. What is sent is not kept.
"""

import asyncio
from collections.abc import Iterator
from typing import ClassVar

from tests.benchmarks.asgi import Message
from tests.benchmarks.rows import Call

__all__ = ["Client", "SocketClient", "client_of"]


class Client:
    """Sends a request as fast as its body is taken, and goes once it has the answer."""

    __slots__ = ("_messages", "has_gone")

    farewell: ClassVar[Message] = {"type": "http.disconnect"}
    """What the app receives when the client has gone."""

    def __init__(self, call: Call) -> None:
        self._messages = self.messages(call)
        self.has_gone = asyncio.Event()

    def messages(self, call: Call) -> Iterator[Message]:
        """What the app receives before it has answered."""
        left = len(call.body)
        for chunk in call.body or (b"",):
            left -= 1
            yield {"type": "http.request", "body": chunk, "more_body": left > 0}

    async def receive(self) -> Message:
        """The app's `receive`."""
        for message in self._messages:
            return message
        await self.has_gone.wait()
        return {**self.farewell}

    async def send(self, message: Message) -> None:
        """The app's `send`."""
        if message["type"] == "http.response.body" and not message.get("more_body"):
            self.has_gone.set()


class SocketClient(Client):
    """Sends all its messages without waiting for an echo, and closes when it has them all back."""

    __slots__ = ("_missing",)

    farewell: ClassVar[Message] = {"type": "websocket.disconnect", "code": 1000, "reason": ""}

    def __init__(self, call: Call) -> None:
        super().__init__(call)
        self._missing = len(call.texts)

    def messages(self, call: Call) -> Iterator[Message]:
        """The handshake and the messages."""
        yield {"type": "websocket.connect"}
        for text in call.texts:
            yield {"type": "websocket.receive", "text": text}

    async def send(self, message: Message) -> None:
        """The app's `send`."""
        if message["type"] == "websocket.send":
            self._missing -= 1
            if not self._missing:
                self.has_gone.set()


def client_of(call: Call) -> Client:
    """A client for one request."""
    return SocketClient(call) if call.texts else Client(call)
