"""The lifespan of an app, as a server runs it (ASGI lifespan specification 2.0)."""

from typing import Any

import anyio
import anyio.lowlevel

from framework._concurrency import is_being_cancelled
from framework.exceptions import FrameworkError
from framework.testing._call import GRACE, violation, within
from framework.types import ASGIApp, Message

PATIENCE = 60.0
"""Seconds that an app has to start, or to shut down: a test that waits in vain shall fail, not hang."""
ANSWERS = {
    "startup": ("lifespan.startup.complete", "lifespan.startup.failed"),
    "shutdown": ("lifespan.shutdown.complete", "lifespan.shutdown.failed"),
}


class LifespanCall:
    """The app's lifespan in a task of its own; an app that returns at once has none."""

    __slots__ = (
        "_answered",
        "_app",
        "_ended",
        "_failure",
        "_patience",
        "_phase",
        "_state",
        "_stopping",
        "_told",
    )

    def __init__(self, app: ASGIApp, state: dict[str, Any], patience: float | None) -> None:
        self._app = app
        self._patience = patience
        self._state = state
        self._phase = "startup"
        self._told = 0  # how many messages the app has received
        self._answered = anyio.Event()
        self._stopping = anyio.Event()
        self._ended = anyio.Event()
        self._failure: BaseException | None = None

    async def run(self) -> None:
        """Call the app, and keep what it raises."""
        scope = {
            "type": "lifespan",
            "asgi": {"version": "3.0", "spec_version": "2.0"},
            "state": self._state,
        }
        try:
            await self._app(scope, self._receive, self._send)
        except BaseException as error:
            if is_being_cancelled():
                raise
            self._failure = error
        finally:
            self._ended.set()
            self._answered.set()

    async def start(self) -> None:
        """Wait for the startup; raises what the app has raised, or that it has failed."""
        await within(self._patience, self._answered.wait, self._late)
        if self._failure is not None:
            await self._end()
            self._failure.add_note(
                "This is of the app's lifespan. An app that has none is tested without `with`."
            )
            raise self._failure

    async def stop(self) -> BaseException | None:
        """Have the app shut down, and wait for it; returns what it has raised, or that it has failed."""
        self._phase, self._answered = "shutdown", anyio.Event()
        self._stopping.set()
        in_haste = is_being_cancelled()
        with anyio.move_on_after(
            GRACE if in_haste else self._patience, shield=in_haste
        ) as patience:
            if not self._ended.is_set():
                await self._answered.wait()
            await self._end()
        if patience.cancelled_caught and not in_haste:
            return self._late(f"within {self._patience} s")
        return self._failure

    async def _end(self) -> None:
        """Wait a moment for an app that has said its last word to return, or to raise."""
        with anyio.move_on_after(GRACE):
            await self._ended.wait()

    def _late(self, time: str) -> Exception:
        return TimeoutError(f"the app did not answer lifespan.{self._phase} {time}")

    async def _receive(self) -> Message:
        self._told += 1
        if self._told == 1:
            return {"type": "lifespan.startup"}
        await self._stopping.wait()
        if self._told > 2:
            await anyio.sleep_forever()
        return {"type": "lifespan.shutdown"}

    async def _send(self, message: Message) -> None:
        if message.get("type") not in ANSWERS[self._phase] or self._answered.is_set():
            self._failure = violation(message, f"this is no answer to lifespan.{self._phase}")
            raise self._failure
        if message["type"].endswith(".failed"):
            reason = message.get("message", "")
            self._failure = FrameworkError(f"the app's {self._phase} failed: {reason}")
        self._answered.set()
        await anyio.lowlevel.checkpoint()
