"""One request's `receive` and `send` in the hands of an app that blocks in a worker thread.

Nothing here knows WSGI's words. A way from the thread to the event loop and back takes longer than
the work there, so the thread gets much at a time of a body, and goes on while its answer is sent;
what is in memory meanwhile is bounded, in both directions.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from io import RawIOBase
from threading import Condition
from typing import TypeVar

import anyio
import anyio.lowlevel
from anyio import from_thread
from typing_extensions import Buffer

from framework._concurrency import MOMENT, ThreadPool
from framework.types import Message, Receive, Send

__all__ = ["Line", "RequestBody", "deliver"]

T = TypeVar("T")

AHEAD = 256 * 1024  # bytes that wait to be read, or to be sent; and a message more
AT_ONCE = 1024 * 1024  # bytes of a body that the app gets at a time, if they are there
UNSENT = 8  # messages that wait to be sent
SMALL = (
    4096  # bytes of a message; smaller ones are put together, or each would take more than it has
)
GONE = "the client went away before the end of its request and the answer"


class Line:
    """The line to the client: `read` and `write` are for the thread, the rest is for the event loop."""

    __slots__ = (
        "_arrived",
        "_broken",
        "_chunks",
        "_failure",
        "_group",
        "_is_sending",
        "_listening",
        "_receive",
        "_send",
        "_size",
        "_taken",
        "_token",
        "_unsent",
        "_unsent_changed",
        "_unsent_size",
        "has_ended",
        "is_gone",
    )

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send
        self._token = anyio.lowlevel.current_token()  # a thread of the app's own may read, too
        self._group = anyio.create_task_group()
        self._listening: anyio.CancelScope | None = None
        self._chunks: list[bytes | bytearray] = []
        self._size = 0  # bytes in the chunks
        # Set when there is something to read, or never will be.
        self._arrived: anyio.Event | None = None
        self._taken: anyio.Event | None = None  # set when it was read
        self._failure: Exception | None = None  # what `receive` has raised
        self._broken: Exception | None = None  # what `send` has raised
        # These are for both, and guarded by the condition.
        self._unsent_changed = Condition()
        self._unsent: deque[Message] = deque()
        self._unsent_size = 0  # bytes of bodies
        self._is_sending = False
        self.has_ended: bool = False
        """The last message of the body has come in."""
        self.is_gone: bool = False
        """The client has gone, or the request is over: nothing more is sent or received."""

    async def look_ahead(self) -> list[bytes | bytearray]:
        """Wait for the first message of the body, before a thread would have to; its bytes."""
        message = await self._receive()
        if message["type"] == "http.disconnect":
            self.is_gone = True
        else:
            self._note(message)
        return self._take_all()

    async def run(self, threads: ThreadPool, work: Callable[[], T]) -> T | None:
        """Run the work in a thread, and send what it has written; None if the client has gone."""
        result: T | None = None
        failure: Exception | None = None
        async with self._group:
            try:
                result = await threads.run(work)
            except Exception as error:  # carried out of the group, which would wrap it
                if not (self.is_gone and isinstance(error, ConnectionError)):
                    failure = error
            except BaseException:
                self._hang_up()
                raise
            self.is_gone = True
            if self._listening is not None:
                self._listening.cancel()
        failure = self._broken or failure
        if failure is not None:
            raise failure
        return result

    def read(self) -> tuple[Sequence[bytes | bytearray], bool]:
        """What has arrived of the body, at least a byte of it, and whether that was the end.

        ConnectionResetError if the client has gone; else what `receive` has raised.
        """
        return from_thread.run(self._take, token=self._token)

    def write(self, *messages: Message) -> None:
        """Send these, and wait while too much is unsent; ConnectionResetError if the client has gone."""
        with self._unsent_changed:
            while self._is_full() and not self.is_gone:
                self._unsent_changed.wait()
            if self.is_gone:
                raise ConnectionResetError(GONE)
            self._unsent += messages
            self._unsent_size += len(messages[-1]["body"])
            was_sending, self._is_sending = self._is_sending, True
        if not was_sending:
            more: bool = messages[-1]["more_body"]
            from_thread.run_sync(self._start_sending, more, token=self._token)

    def _is_full(self) -> bool:
        return len(self._unsent) >= UNSENT or self._unsent_size >= AHEAD

    async def _take(self) -> tuple[Sequence[bytes | bytearray], bool]:
        self._start_listening()
        # Whoever cancels the request ends `_listen`, which hangs up, so that the thread gets an
        # OSError, which apps expect.
        with anyio.CancelScope(shield=True):
            while not self._is_readable():
                self._arrived = anyio.Event()
                await self._arrived.wait()
            turns = 0
            while turns < MOMENT and self._size < AT_ONCE and not self.has_ended:
                before = self._size
                if before >= AHEAD:
                    _set(self._taken)
                await anyio.lowlevel.checkpoint()
                turns = turns + 1 if self._size == before else 0
        if self._size or self.has_ended:
            return self._take_all(), self.has_ended
        raise self._failure or ConnectionResetError(GONE)

    def _start_sending(self, is_watched: bool) -> None:
        if not self.is_gone:
            self._group.start_soon(self._send_all, is_watched)

    async def _send_all(self, is_watched: bool) -> None:
        if is_watched:
            self._start_listening()
        try:
            while message := self._next_unsent():
                await self._send(message)
        except BaseException as error:
            self._hang_up()
            if not isinstance(error, Exception):
                raise
            if not isinstance(error, OSError):  # HTTP spec 2.4: nobody listens
                self._broken = error

    def _next_unsent(self) -> Message | None:
        with self._unsent_changed:
            self._is_sending = bool(self._unsent)
            if not self._is_sending:
                return None
            message = self._unsent.popleft()
            self._unsent_size -= len(message.get("body", b""))
            # Not for each message, as the thread would come back after one more.
            if len(self._unsent) <= UNSENT // 2 and self._unsent_size <= AHEAD // 2:
                self._unsent_changed.notify_all()
            return message

    def _start_listening(self) -> None:
        if self._listening is None and not self.is_gone:
            self._listening = anyio.CancelScope()
            self._group.start_soon(self._listen, self._listening)

    async def _listen(self, scope: anyio.CancelScope) -> None:
        with scope:
            try:
                while not self.is_gone:
                    if self._size >= AHEAD:
                        self._taken = anyio.Event()
                        await self._taken.wait()
                    had_ended = self.has_ended
                    message = await self._receive()
                    self._note(message)
                    if had_ended and not self.is_gone:
                        await (
                            anyio.sleep_forever()
                        )  # a server that repeats itself, or we would spin
            except Exception as error:
                self._failure = error
                _set(self._arrived)
            except BaseException:
                if not scope.cancel_called:  # whoever has called the app no longer wants it
                    self._hang_up()
                raise

    def _note(self, message: Message) -> None:
        if message["type"] == "http.disconnect":
            self._hang_up()
            return
        chunk: bytes = message.get("body", b"")
        self._size += len(chunk)
        if len(chunk) >= SMALL:
            self._chunks.append(chunk)
        elif chunk:
            if not (self._chunks and isinstance(self._chunks[-1], bytearray)):
                self._chunks.append(bytearray())
            self._chunks[-1] += chunk
        self.has_ended = self.has_ended or not message.get("more_body", False)
        _set(self._arrived)

    def _is_readable(self) -> bool:
        return bool(self._size or self.has_ended or self.is_gone or self._failure)

    def _take_all(self) -> list[bytes | bytearray]:
        taken, self._chunks = self._chunks, []
        self._size = 0
        _set(self._taken)
        return taken

    def _hang_up(self) -> None:
        with self._unsent_changed:
            self.is_gone = True
            self._unsent.clear()
            self._unsent_changed.notify_all()
        _set(self._arrived)
        self._group.cancel_scope.cancel()


class RequestBody(RawIOBase):
    """The body as it arrives, as a raw stream to be buffered; begins with what was looked ahead."""

    __slots__ = ("_chunks", "_has_ended", "_line", "_rest")

    def __init__(self, line: Line, start: Sequence[bytes | bytearray]) -> None:
        self._line = line
        self._chunks: Iterator[bytes | bytearray] = iter(start)
        self._rest = memoryview(b"")
        self._has_ended = False

    def readable(self) -> bool:
        """Whether it is for reading: yes."""
        return True

    def readinto(self, buffer: Buffer, /) -> int:
        """Fill the buffer with what has arrived, and return the number of bytes; 0 is the end."""
        while not self._rest:
            self._rest = memoryview(next(self._chunks, b""))
            if not self._rest and not self._fetch():
                return 0
        view = memoryview(buffer)
        size = min(len(view), len(self._rest))
        view[:size] = self._rest[:size]
        self._rest = self._rest[size:]
        return size

    def readall(self) -> bytes:
        """The rest of the body."""
        parts: list[bytes | bytearray | memoryview] = [self._rest, *self._chunks]
        while self._fetch():
            parts += self._chunks
        self._rest = memoryview(b"")
        return b"".join(parts)

    def _fetch(self) -> bool:
        if self._has_ended:
            return False
        chunks, self._has_ended = self._line.read()
        self._chunks = iter(chunks)
        return True


async def deliver(send: Send, messages: Sequence[Message]) -> bool:
    """Send the messages, and say whether somebody took them (HTTP spec 2.4: OSError if nobody listens)."""
    try:
        for message in messages:
            await send(message)
    except OSError:
        return False
    return True


def _set(event: anyio.Event | None) -> None:
    if event is not None:
        event.set()
