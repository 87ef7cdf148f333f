"""How what is open for long learns that the app is to stop, and ends in time.

Who tells the app is for `lifespan`; what an event stream or a WebSocket does about it, for `streaming`
and `websockets`. A server waits for what is open, so an endless stream would keep it from stopping.
"""

import anyio

from framework._concurrency import OpenScopes
from framework.types import Scope

__all__ = ["Shutdown", "shutdown_of"]


class Shutdown:
    """Whether the app is about to stop: `while not app.shutting_down`, `await app.shutting_down.wait()`.

    It is from the moment that the server is told to stop, by SIGTERM or SIGINT, as far as the server runs
    the app's lifespan. What is open then has `graceful_timeout` seconds to end.
    """

    __slots__ = ("_followers", "_has_begun", "_open", "_waiting", "graceful_timeout")

    def __init__(self, graceful_timeout: float) -> None:
        self.graceful_timeout: float = graceful_timeout
        self._open: OpenScopes = OpenScopes()
        """Streams and sockets."""
        self._has_begun = False
        self._waiting: set[anyio.Event] = set()
        self._followers: set[Shutdown] = set()

    def __bool__(self) -> bool:
        return self._has_begun

    def is_set(self) -> bool:
        """Whether it has begun."""
        return self._has_begun

    async def wait(self, timeout: float | None = None) -> bool:
        """Wait until it begins, or for so many seconds; returns whether it has begun.

        A task that does something every minute is `while not await app.shutting_down.wait(60): ...`.
        """
        if not self._has_begun:
            event = anyio.Event()
            self._waiting.add(event)
            try:
                with anyio.move_on_after(timeout):
                    await event.wait()
            finally:
                self._waiting.discard(event)
        return self._has_begun

    def _begin(self) -> None:
        """Tell who waits for it, and the apps that are mounted."""
        self._has_begun = True
        for event in self._waiting:
            event.set()
        for follower in self._followers:
            follower._begin()

    def _reset(self) -> None:
        """Be as before: an app may be run more than once, as tests do."""
        self._has_begun = False
        self._followers.clear()
        self._open.reset()

    def _follow(self, other: "Shutdown") -> None:
        """Begin when another begins: that of the app in which this one is mounted."""
        other._followers.add(self)


def shutdown_of(scope: Scope) -> Shutdown | None:
    """The shutdown of the app that serves a connection; None if that is no app of ours."""
    shutdown = getattr(scope.get("app"), "shutting_down", None)
    return shutdown if isinstance(shutdown, Shutdown) else None
