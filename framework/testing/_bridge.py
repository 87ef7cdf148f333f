"""The way from the thread of a test into the event loop of the app."""

from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from typing import Any, Literal, NoReturn, TypeVar, TypeVarTuple

import anyio.lowlevel
from anyio.from_thread import BlockingPortal, start_blocking_portal

from framework._concurrency import is_being_cancelled
from framework._workers import runs_on_asyncio

T = TypeVar("T")
Args = TypeVarTuple("Args")


class Raised:
    """What was raised over there."""

    __slots__ = ("error",)

    def __init__(self, error: BaseException) -> None:
        self.error = error


def blame(error: BaseException) -> NoReturn:
    """Raise an error as it was, wherever that is done: what is being handled here did not lead to it."""
    context = error.__context__
    try:
        raise error
    finally:
        error.__context__ = context


class Bridge:
    """Calls by a portal, which a `pytest.fail()` in the app, or a `SystemExit`, does not tear down."""

    __slots__ = ("is_open", "portal")

    def __init__(self, portal: BlockingPortal) -> None:
        self.portal: BlockingPortal = portal
        self.is_open: bool = True

    def close(self) -> None:
        """Note that the loop is about to end."""
        self.is_open = False

    def call(self, func: Callable[[*Args], Awaitable[T]], *args: *Args) -> T:
        """Await a function over there; what it raises is raised here. RuntimeError once it is closed."""
        if not self.is_open:
            raise RuntimeError(
                "the app has stopped: use responses and sockets within `with TestClient(app) as client:`"
            )

        async def settle() -> T | Raised:
            try:
                return await func(*args)
            except BaseException as error:
                if is_being_cancelled():
                    raise
                return Raised(error)

        result = self.portal.call(settle)
        if isinstance(result, Raised):
            blame(result.error)
        return result


def open_portal(
    backend: Literal["asyncio", "trio"], options: dict[str, Any]
) -> AbstractContextManager[BlockingPortal]:
    """Start an event loop in a thread of its own; RuntimeError in a task of trio's, where anyio would hang."""
    try:
        anyio.lowlevel.current_token()
    except RuntimeError:  # no event loop runs in this thread, as it should be
        return start_blocking_portal(backend, options)
    if runs_on_asyncio():
        return start_blocking_portal(backend, options)
    raise RuntimeError(
        "a TestClient blocks the event loop that it is used in: use AsyncTestClient in async code"
    )
