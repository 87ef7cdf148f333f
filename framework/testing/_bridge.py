"""The way from the thread of a test into the event loop of the app."""

from collections.abc import Awaitable, Callable
from typing import TypeVar, TypeVarTuple

from anyio.from_thread import BlockingPortal

from framework._concurrency import is_being_cancelled

T = TypeVar("T")
Args = TypeVarTuple("Args")


class Raised:
    """What was raised over there."""

    __slots__ = ("error",)

    def __init__(self, error: BaseException) -> None:
        self.error = error


class Bridge:
    """Calls by a portal, which a `pytest.fail()` in the app, or a `SystemExit`, does not tear down."""

    __slots__ = ("portal",)

    def __init__(self, portal: BlockingPortal) -> None:
        self.portal: BlockingPortal = portal

    def call(self, func: Callable[[*Args], Awaitable[T]], *args: *Args) -> T:
        """Await a function over there; what it raises is raised here."""

        async def settle() -> T | Raised:
            try:
                return await func(*args)
            except BaseException as error:
                if is_being_cancelled():
                    raise
                return Raised(error)

        result = self.portal.call(settle)
        if isinstance(result, Raised):
            raise result.error
        return result
