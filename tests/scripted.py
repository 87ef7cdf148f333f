"""A server in two parts, for tests that write both sides of a connection by hand."""

import anyio
import anyio.lowlevel

from framework.types import Message, Receive

__all__ = ["DISCONNECT", "Sent", "body", "receiving"]

DISCONNECT: Message = {"type": "http.disconnect"}


def body(chunk: bytes, *, more: bool = False) -> Message:
    """A piece of a request's body, the last one unless there is `more`."""
    return {"type": "http.request", "body": chunk, "more_body": more}


def receiving(*messages: Message) -> Receive:
    """Each message once, in order; then nothing comes any more."""
    waiting = list(messages)

    async def receive() -> Message:
        if not waiting:
            await anyio.sleep_forever()
        return waiting.pop(0)

    return receive


class Sent:
    """A `send` that keeps the messages, and fails as servers do once `until` have come (never, if -1)."""

    __slots__ = ("messages", "until")

    def __init__(self, *, until: int = -1) -> None:
        self.messages: list[Message] = []
        self.until = until

    async def __call__(self, message: Message) -> None:
        if len(self.messages) == self.until:
            raise ConnectionResetError("the peer vanished")
        self.messages.append(message)
        await anyio.lowlevel.checkpoint()

    @property
    def types(self) -> list[str]:
        """What was sent, in short."""
        return [message["type"] for message in self.messages]

    @property
    def content(self) -> bytes:
        """The bodies of what was sent."""
        return b"".join(message.get("body", b"") for message in self.messages)
