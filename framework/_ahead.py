"""Messages of a WebSocket that are received while its handler only sends.

The handler learns by it that the peer has gone: not every server raises in `send` (WebSocket spec 2.4).
They are few, so that no queue grows which is not the server's.
"""

from collections import deque
from collections.abc import Callable

import anyio

from framework.types import Message, Receive

__all__ = ["Ahead"]

MOST = 16  # messages


class Ahead:
    """Receives until the peer goes, enough is kept, or the handler receives again; `limit` is in bytes."""

    __slots__ = (
        "_arrived",
        "_failure",
        "_has_ended",
        "_is_awaited",
        "_left",
        "_messages",
        "_note_disconnect",
        "_receive",
    )

    def __init__(
        self, receive: Receive, note_disconnect: Callable[[Message], object], limit: int
    ) -> None:
        self._receive = receive
        self._note_disconnect = note_disconnect
        self._left = limit  # bytes or characters
        self._messages: deque[Message] = deque()
        self._arrived = anyio.Event()
        self._is_awaited = False
        self._has_ended = False
        self._failure: Exception | None = None

    @property
    def has_some(self) -> bool:
        """Whether some are kept."""
        return bool(self._messages)

    @property
    def is_over(self) -> bool:
        """Whether all was taken, and no more is received."""
        return self._has_ended and not self._messages

    async def receive(self) -> None:
        """Receive ahead, in a task of its own."""
        try:
            while True:
                message = await self._receive()
                self._messages.append(message)
                self._arrived.set()
                self._left -= len(message.get("text") or message.get("bytes") or "")
                if message["type"] == "websocket.disconnect":
                    self._note_disconnect(message)
                    break
                if self._is_awaited or len(self._messages) == MOST or self._left < 0:
                    break
        except Exception as error:  # carried out of the task, to who takes
            self._failure = error
            self._arrived.set()
        self._has_ended = True

    async def take(self) -> Message:
        """The first message that is kept, or the next one."""
        self._is_awaited = True
        try:
            while not self._messages:
                if self._failure is not None:
                    raise self._failure
                self._arrived = anyio.Event()
                await self._arrived.wait()
        finally:
            self._is_awaited = False
        return self._messages.popleft()
