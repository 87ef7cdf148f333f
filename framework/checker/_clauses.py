"""What can be broken: the sections of the ASGI documentation and of the RFCs, and a report of one that was.

No rule lives here.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from reprlib import Repr
from typing import Any, Literal, NamedTuple, TypeAlias

from framework.exceptions import FrameworkError

Culprit: TypeAlias = Literal["app", "server"]


class Clause(NamedTuple):
    """A section of a specification, and where to read it."""

    title: str
    url: str


@dataclass(frozen=True, slots=True)
class Breach:
    """One broken rule.

    `culprit` is who broke it: "app" is what the checker wraps, "server" what calls it. `clause` is
    the section that has the rule, `what` says what is wrong, `advice` what to do instead, and
    `subject` is the scope or message in which it was seen, cut short.
    """

    culprit: Culprit
    clause: Clause
    what: str
    advice: str
    subject: str

    def __str__(self) -> str:
        return (
            f"the {self.culprit} broke {self.clause.title!r} ({self.clause.url}): "
            f"{self.what}; {self.advice}. Seen in {self.subject}"
        )


class SpecViolation(FrameworkError):
    """ASGI does not allow what the app or the server has just done; `breach` says what that was."""

    def __init__(self, breach: Breach) -> None:
        self.breach = breach
        super().__init__(breach)


class Problem(NamedTuple):
    """What is wrong, and what to do; `clause` if it is another one than that of the message."""

    what: str
    advice: str
    clause: Clause | None = None


Problems: TypeAlias = Iterator[Problem]

MOST_AT_ONCE = 20
"""Problems of one scope or message: who makes more has made one many times."""


SHOWN_SHORT = frozenset({dict, list, tuple, set, frozenset, str, bytes, bytearray, int})


class _Short(Repr):
    """Shows the beginning of a value: so many items, and so many characters.

    The time that takes does not depend on how much there is of it, if it is built in and no set.
    """

    __slots__ = ("_most",)

    def __init__(self, *, items: int, most: int) -> None:
        super().__init__()
        self.maxdict = self.maxlist = self.maxtuple = self.maxset = self.maxfrozenset = items
        self.maxlevel = 3
        self.maxstring = self.maxother = 60
        self._most = most

    def repr(self, x: Any) -> str:
        """The beginning of a value."""
        return f"{super().repr(x):.{self._most}}"

    def repr1(self, x: Any, level: int) -> str:
        """The beginning of a value, by its type; another type of the same name is shown by itself."""
        return super().repr1(x, level) if type(x) in SHOWN_SHORT else self.repr_instance(x, level)

    def repr_dict(self, x: dict[Any, Any], level: int) -> str:
        """The beginning of a dict, in its own order."""
        shown = [
            f"{self.repr1(name, level - 1)}: {self.repr1(value, level - 1)}"
            for name, value in islice(x.items(), self.maxdict if level > 0 else 0)
        ]
        return f"{{{', '.join([*shown, '...'][: len(x)])}}}"

    def repr_int(self, x: int, level: int) -> str:
        """A number, unless it has more digits than Python itself would write."""
        return repr(x) if x.bit_length() <= 200 else f"<int of {x.bit_length()} bits>"

    def repr_bytes(self, x: bytes, level: int) -> str:
        """The beginning of a byte string."""
        return repr(x) if len(x) <= 40 else f"{x[:40]!r}..."

    def repr_bytearray(self, x: bytearray, level: int) -> str:
        """The beginning of a byte string that can be changed."""
        return f"bytearray({self.repr_bytes(bytes(x[:41]), level)})"


show = _Short(items=6, most=200).repr
"""The beginning of a value."""

show_whole = _Short(items=20, most=1_000).repr
"""The beginning of a scope or message, on one line."""


def _asgi(document: str, page: str) -> "_Sections":
    return _Sections(f"ASGI {document}", f"https://asgi.readthedocs.io/en/latest/{page}.html#")


class _Sections(NamedTuple):
    document: str
    page: str

    def __call__(self, section: str, anchor: str = "") -> Clause:
        anchor = anchor or section.lower().replace(" - ", "-").replace(" ", "-")
        return Clause(f"{self.document}, {section}", f"{self.page}{anchor}")


_CORE = _asgi("3.0", "specs/main")
APPLICATIONS = _CORE("Applications")
CONNECTION_SCOPE = _CORE("Connection Scope")
ERROR_HANDLING = _CORE("Error Handling")
EVENTS = _CORE("Events")
EXTRA_COROUTINES = _CORE("Extra Coroutines")
PROTOCOLS = _CORE("Protocol Specifications")

_WWW = _asgi("HTTP & WebSocket 2.5", "specs/www")
ACCEPT = _WWW("Accept - send event")
CLOSE = _WWW("Close - send event")
CONNECT = _WWW("Connect - receive event")
DISCONNECT = _WWW("Disconnect - receive event")
DISCONNECT_WS = _WWW("Disconnect - receive event (WebSocket)", "disconnect-receive-event-ws")
HTTP_SCOPE = _WWW("HTTP Connection Scope")
RECEIVE = _WWW("Receive - receive event")
REQUEST = _WWW("Request - receive event")
RESPONSE_BODY = _WWW("Response Body - send event")
RESPONSE_START = _WWW("Response Start - send event")
SEND = _WWW("Send - send event")
SEND_EXCEPTION = _WWW("Disconnected Client - send exception")
SPEC_VERSIONS = _WWW("Spec Versions")
WEBSOCKET_SCOPE = _WWW("WebSocket Connection Scope")

_LIFESPAN = _asgi("Lifespan 2.0", "specs/lifespan")
LIFESPAN_SCOPE = _LIFESPAN("Scope")
LIFESPAN_STATE = _LIFESPAN("Lifespan State")
SHUTDOWN = _LIFESPAN("Shutdown - receive event")
SHUTDOWN_COMPLETE = _LIFESPAN("Shutdown Complete - send event")
SHUTDOWN_FAILED = _LIFESPAN("Shutdown Failed - send event")
STARTUP = _LIFESPAN("Startup - receive event")
STARTUP_COMPLETE = _LIFESPAN("Startup Complete - send event")
STARTUP_FAILED = _LIFESPAN("Startup Failed - send event")

_TLS = _asgi("TLS 0.2", "specs/tls")
TLS_SCOPE = _TLS("TLS Connection Scope")
TLS_USE = _TLS("When to use this extension")

_EXTENSIONS = _asgi("Extensions", "extensions")
DEBUG = _EXTENSIONS("Debug")
DENIAL = _EXTENSIONS("Websocket Denial Response")
EARLY_HINTS = _EXTENSIONS("Early Hints")
PATH_SEND = _EXTENSIONS("Path Send")
PUSH = _EXTENSIONS("HTTP/2 Server Push", "http-2-server-push")
TRAILERS = _EXTENSIONS("HTTP Trailers")
ZERO_COPY_SEND = _EXTENSIONS("Zero Copy Send")


def rfc(number: int, section: str) -> Clause:
    """A section of an RFC."""
    url = f"https://www.rfc-editor.org/rfc/rfc{number}#section-{section}"
    return Clause(f"RFC {number} section {section}", url)


CLOSE_CODES = rfc(6455, "7.4")
CONTENT = rfc(9110, "6.4.1")
CONTENT_LENGTH = rfc(9110, "8.6")
CONTROL_FRAMES = rfc(6455, "5.5")
FIELD_NAMES = rfc(9110, "5.1")
FIELD_VALUES = rfc(9110, "5.5")
INTERIM = rfc(9110, "15.2")
METHODS = rfc(9110, "9.1")
REQUEST_TARGET = rfc(9112, "3.2")
STATUS_CODES = rfc(9110, "15")
SUBPROTOCOL = rfc(6455, "4.2.2")
TEXT_FRAMES = rfc(6455, "5.6")
