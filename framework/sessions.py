"""What a handler holds of a session: values that stay between the requests of one browser.

How they are kept in between is the business of a middleware; nothing here signs, stores or awaits.
"""

from collections.abc import Callable, Iterator, Mapping, MutableMapping
from typing import Any, cast

from framework._wire.json import StandardJSON
from framework.exceptions import FrameworkError
from framework.types import Scope

__all__ = ["Session", "session_of"]

JSON = StandardJSON()


class Session(MutableMapping[str, Any]):
    """Values by name, kept from one request of a browser to the next, in the form that JSON gives them.

    They are compared when the response starts, so that a change inside a value counts, too. From
    then on they can only be read: to set one is a FrameworkError, what changes inside one is lost.
    Read first before, or the answer lacks `Vary: Cookie`. `load` gives the JSON text, `b""` if none.
    """

    __slots__ = ("_before", "_load", "_sealed", "_values", "is_renewed")

    def __init__(self, load: Callable[[], bytes] = bytes) -> None:
        self._load = load
        self._before = b""
        self._values: MutableMapping[str, Any] | None = None
        self._sealed = False
        self.is_renewed: bool = False

    @property
    def accessed(self) -> bool:
        """Whether anything was read or changed: then the response depends on the cookie."""
        return self._values is not None

    @property
    def is_new(self) -> bool:
        """Whether the client came without a session, or with one that is not valid any more."""
        self._to_read()
        return not self._before

    def regenerate(self) -> None:
        """Give the session a new id, and keep its values: call it at login and at every change of rights.

        Whoever has planted or overheard the old id holds nothing then (session fixation).
        """
        self._to_change("regenerate()")
        self.is_renewed = True

    def clear(self) -> None:
        """End the session: the cookie and what is kept are deleted; values set later begin a new one."""
        self._to_change("clear()").clear()
        self.is_renewed = True

    def changes(self) -> bytes | None:
        """What has to be kept now, as JSON: `b""` for nothing any more, None if nothing has changed.

        A value that JSON cannot say is a TypeError or a ValueError.
        """
        if not self._values:
            return b"" if self._before else None
        after = _encode(self._values, unchanged=self._before)
        return None if after == self._before and not self.is_renewed else after

    def seal(self) -> None:
        """Let nothing be changed any more, as the response starts."""
        self._sealed = True

    def __getitem__(self, name: str) -> Any:
        return self._to_read()[name]

    def __setitem__(self, name: str, value: Any) -> None:
        if not isinstance(name, str):
            raise TypeError(f"session[{name!r:.80}]: a name is a str, as JSON has no others")
        self._to_change(repr(name))[name] = value

    def __delitem__(self, name: str) -> None:
        del self._to_change(repr(name))[name]

    def popitem(self) -> tuple[str, Any]:
        """Remove the value that was set last, and return it with its name; KeyError if there is none."""
        return self._to_change("popitem()").popitem()

    def __ior__(self, values: Mapping[str, Any]) -> "Session":
        """Set several values: `session |= {...}`."""
        self.update(values)
        return self

    def __iter__(self) -> Iterator[str]:
        return iter(self._to_read())

    def __len__(self) -> int:
        return len(self._to_read())

    def __repr__(self) -> str:
        return f"Session({dict(self)!r})"

    def _to_read(self) -> MutableMapping[str, Any]:
        if self._values is None:
            self._before, self._values = _decode(self._load)
        return self._values

    def _to_change(self, what: str) -> MutableMapping[str, Any]:
        if self._sealed:
            raise FrameworkError(
                f"session: {what} comes after the start of the response (of a WebSocket: after "
                "accept()), when its cookie can no longer be set; change the session before"
            )
        return self._to_read()


class _ForeignSession(Session):
    """A mapping that another middleware has made and keeps: what is written here is written there."""

    __slots__ = ()

    def __init__(self, values: MutableMapping[str, Any]) -> None:
        super().__init__()
        self._values = values
        mark_accessed = getattr(values, "mark_accessed", None)
        if mark_accessed is not None:
            mark_accessed()  # starlette's middleware sends `Vary: Cookie` after this

    @property
    def is_new(self) -> bool:
        """Whether it is empty: more is not known of it."""
        return not self._values

    def regenerate(self) -> None:
        """Refuse: only the middleware that keeps a session can give it another id."""
        raise FrameworkError(
            "this session is kept by a middleware that is not framework's SessionMiddleware, and "
            "knows of no regenerate(): renew its id by that middleware's own means"
        )


def session_of(scope: Scope) -> Session:
    """The session of a connection; FrameworkError if no middleware has put one into the scope."""
    session = scope.get("session")
    if session is None:
        raise FrameworkError(
            "there is no session: app.add_middleware(SessionMiddleware, secret_key=...), with "
            "SessionMiddleware from framework.middleware.sessions"
        )
    return session if isinstance(session, Session) else _ForeignSession(session)


def _decode(load: Callable[[], bytes]) -> tuple[bytes, dict[str, Any]]:
    try:
        text = load()
        values = JSON.decode(text)
    except ValueError:
        return b"", {}
    if not (isinstance(values, dict) and values):
        return b"", {}
    return text, cast("dict[str, Any]", values)


def _encode(values: MutableMapping[str, Any], *, unchanged: bytes) -> bytes:
    try:
        text = JSON.encode(values)
        if text != unchanged:
            JSON.decode(
                text
            )  # half a surrogate pair can be written, and would break the next request
        return text
    except (TypeError, ValueError) as error:
        name = next((name for name in values if not _is_json(values[name])), "")
        raise type(error)(f"session[{name!r}] cannot be kept: {error}") from error


def _is_json(value: object) -> bool:
    try:
        JSON.decode(JSON.encode(value))
    except (TypeError, ValueError):
        return False
    return True
