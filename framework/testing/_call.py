"""The app at work on one connection, in a task of its own, and what goes back and forth meanwhile.

What HTTP and WebSockets have in common. The app's side (`receive`, `send`, `run`) runs in the client's
crew, all else in the task of the test.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

import anyio
import anyio.lowlevel

from framework._concurrency import is_being_cancelled
from framework.exceptions import FrameworkError
from framework.testing._crew import Crew
from framework.types import ASGIApp, Message, Scope

GRACE = 1.0
"""Seconds that an app has to come to its end after its client has left; then it is cancelled."""

T = TypeVar("T")
R = TypeVar("R")


class ASGIViolation(FrameworkError):
    """The app sent what the ASGI specification does not allow; raised in the app, and again in the test."""


class ClientGone(OSError):
    """What `send` raises once the client has gone (ASGI HTTP and WebSocket specification 2.4)."""


class Call(Generic[T]):
    """One scope that is served. `T` is what the client takes out, `ahead` how many the app may send ahead."""

    __slots__ = (
        "_app",
        "_error",
        "_farewell",
        "_feed",
        "_inbox",
        "_is_told",
        "_outbox",
        "_patience",
        "_scope",
        "_strict",
        "_taken",
        "_violation",
        "ended",
        "headers",
        "is_complete",
        "is_left",
        "ready",
        "scope",
        "status",
        "timeout",
    )

    def __init__(
        self,
        app: ASGIApp,
        scope: Scope,
        farewell: Message,
        *,
        strict: bool,
        timeout: float | None,
        ahead: int,
        behind: int,
    ) -> None:
        self._app = app
        self._farewell = farewell
        self._strict = strict  # whether the app's exceptions are the test's
        self._feed, self._inbox = anyio.create_memory_object_stream[Message](behind)
        self._outbox, self._taken = anyio.create_memory_object_stream[T](ahead)
        self._scope = anyio.CancelScope()
        self._error: BaseException | None = None
        self._violation: BaseException | None = None
        self._is_told = False
        self._patience: float | None = GRACE
        self.scope = scope
        self.timeout = timeout
        self.ready = anyio.Event()
        """Set once there is an answer, or will be none."""
        self.ended = anyio.Event()
        """Set when the app has returned."""
        self.is_complete = False
        """Whether the app has said all that it has to say."""
        self.is_left = False
        """Whether the client has gone."""
        self.status: int | None = None
        self.headers: list[tuple[bytes, bytes]] = []

    # What the app sees

    async def receive(self) -> Message:
        """The next message of the client, and its farewell ever after."""
        try:
            return await self._inbox.receive()
        except (anyio.EndOfStream, anyio.ClosedResourceError):
            return {**self._farewell}

    async def send(self, message: Message) -> None:
        """Take a message of the app: ASGIViolation for one that is out of turn, or no message."""
        if self.is_left or self.ended.is_set():
            await self._refuse()
            return
        try:
            await self._take(message)
        except ASGIViolation as error:
            self._violation = self._violation or error
            raise

    async def run(self) -> None:
        """Call the app, and keep what it raises."""
        try:
            with self._scope:
                await self._app(self.scope, self.receive, self.send)
                self._check_end()
        except BaseException as error:
            if is_being_cancelled():
                raise
            self._note(error)
        finally:
            self._close()
            self._inbox.close()
            self._outbox.close()
            self.ended.set()
            self.ready.set()

    # What the client does

    def begin(self, crew: Crew) -> None:
        """Start the app."""
        crew.start_soon(self.run)

    async def next(self) -> T:
        """The next of what the app has sent; anyio.EndOfStream when it has returned."""
        return await self._taken.receive()

    async def leave(self) -> BaseException | None:
        """Go away, and see to it that the app comes to its end; returns what it has to be blamed for.

        If the answer was complete, nothing is cut: there may be work to do in the background.
        """
        self._part()
        self._taken.close()
        with anyio.move_on_after(self._patience, shield=True):
            await self.ended.wait()
        self._scope.cancel()
        with anyio.CancelScope(shield=True):
            await self.ended.wait()
        return self.failure()

    def failure(self) -> BaseException | None:
        """What fails the test, if anything does: told once, as the same exception may pass by again."""
        if self._is_told:
            return None
        self._is_told = True
        return self._violation or (self._error if self._strict else None)

    def _part(self) -> None:
        """Be gone, for the app."""
        self.is_left = True
        self._close()

    def _close(self) -> None:
        """Let the app receive no more than what is on its way."""
        self._feed.close()

    # What is left to each protocol

    async def _take(self, message: Message) -> None:
        """Check a message, and do what it says."""

    def _complete(self) -> None:
        """Note that the app has said all: its work in the background is not cut short."""
        self.is_complete = True
        self._patience = self.timeout
        self._close()

    def _check_end(self) -> None:
        """Blame an app that returns too early."""

    def _answer_error(self) -> None:
        """Answer what the app has raised, if nothing was answered yet."""

    async def _put(self, item: T) -> None:
        """Hand something to the client; wait for it to take what it was handed before."""
        try:
            await self._outbox.send(item)
        except anyio.BrokenResourceError:
            await self._refuse()

    async def _refuse(self) -> None:
        await anyio.lowlevel.checkpoint()  # a loop around `send` must not be endless
        if self.scope["asgi"]["spec_version"] >= "2.4":
            raise ClientGone("the client has gone")

    def _note(self, error: BaseException) -> None:
        if isinstance(error, anyio.get_cancelled_exc_class()):
            error = with_cause(RuntimeError("the app raised a cancellation of its own"), error)
        if error is self._violation or stems_from_leaving(error):
            return
        self._error = error
        if not self._strict:
            self._answer_error()


def violation(message: Message, reason: str) -> ASGIViolation:
    """What to raise about a message of the app's."""
    return ASGIViolation(f"the app sent {message!r:.500}: {reason}")


def stems_from_leaving(error: BaseException | None) -> bool:
    """Whether an app that failed did so because its client had gone."""
    seen: set[int] = set()  # a chain may lead back into itself
    while error is not None and id(error) not in seen:
        if isinstance(error, ClientGone):
            return True
        is_group = issubclass(type(error), BaseExceptionGroup)
        inner: Sequence[BaseException] = getattr(error, "exceptions", ()) if is_group else ()
        if inner and all(map(stems_from_leaving, inner)):
            return True
        seen.add(id(error))
        error = error.__cause__ or error.__context__
    return False


def with_cause(error: BaseException, cause: BaseException | None) -> BaseException:
    """The error, as `raise ... from` would leave it."""
    error.__cause__ = cause
    return error


async def within(
    seconds: float | None, wait: Callable[[], Awaitable[R]], error: Callable[[str], Exception]
) -> R:
    """Wait for something for at most some seconds, then raise."""
    with anyio.move_on_after(seconds):
        return await wait()
    raise error(f"within {seconds} s")


def missing(said: str) -> ASGIViolation:
    """What to raise about an app that has returned."""
    return ASGIViolation(f"the app returned without {said}")


def check_fields(message: Message) -> list[tuple[bytes, bytes]]:
    """The header fields of a message; ASGIViolation if they are not pairs of bytes."""
    fields: list[tuple[bytes, bytes]] = []
    for field in message.get("headers") or ():
        match field:
            case [bytes(name), bytes(value)]:
                fields.append((name, value))
            case _:
                raise violation(message, f"{field!r} is no header field: those are pairs of bytes")
    return fields
