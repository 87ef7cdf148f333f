"""The middleware: what passes between a server and an app, held against the formats and the order."""

import inspect
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from itertools import islice
from typing import Any, TypeAlias

from framework.checker import _clauses as clauses
from framework.checker import _values as values
from framework.checker._clauses import (
    MOST_AT_ONCE,
    Breach,
    Clause,
    Culprit,
    Problem,
    Problems,
    SpecViolation,
    show,
    show_whole,
)
from framework.checker._formats import Format, Version, extensions, problems, spec_version
from framework.checker._messages import RECEIVED, SENT
from framework.checker._order import ORDERS, AnyOrder, Order
from framework.checker._scopes import OTHER_SCOPE, SCOPES
from framework.types import ASGIApp, Message, Receive, Scope, Send

OnViolation: TypeAlias = Callable[[Breach], object]

LOGGER = logging.getLogger("framework.checker")
MOST_KEPT = 1_000
"""Of a fault that is made with every request, the last ones."""


def fail(breach: Breach) -> None:
    """Raise it as SpecViolation: out of the app's `send` or `receive`, or out of the call of the app."""
    raise SpecViolation(breach)


def log(breach: Breach) -> None:
    """Log it as a warning of the logger "framework.checker", and let it pass."""
    LOGGER.warning("%s", breach)


class Checker:
    """Holds all that passes between a server and an app against ASGI 3.0, and changes nothing.

    `violations` has what was found, the last thousand. Each is also given to `on_violation` when it is
    found, before the message is passed on: by default that raises SpecViolation, so that the message is
    not; with `on_violation=log`, or with a function of yours that returns, everything passes.
    """

    __slots__ = ("_app", "_on_violation", "_state", "violations")

    def __init__(self, app: ASGIApp, *, on_violation: OnViolation = fail) -> None:
        self._app = app
        self._on_violation = on_violation
        self._state: object = None  # of the lifespan
        self.violations: deque[Breach] = deque(maxlen=MOST_KEPT)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        self.report("server", self._judge_scope(scope), clauses.CONNECTION_SCOPE, scope)
        if _kind(scope) == "lifespan":
            self._state = scope.get("state")
        connection = _Connection(self, scope, receive, send)
        try:
            answer: object = self._app(scope, connection.receive, connection.send)
            if isinstance(answer, Awaitable):
                await answer
            else:
                self._report_call(answer, scope)
        except BaseException:
            connection.has_ended = True
            raise
        connection.end()

    def report(
        self, culprit: Culprit, found: Iterable[Problem], clause: Clause, subject: object
    ) -> bool:
        """Keep what was found, then tell of it; say whether there was anything."""
        made = [
            Breach(culprit, own or clause, what, advice, show_whole(subject))
            for what, advice, own in islice(found, MOST_AT_ONCE)
        ]
        self.violations.extend(made)
        for breach in made:
            self._on_violation(breach)
        return bool(made)

    def _report_call(self, answer: object, scope: Scope) -> None:
        made = "a function" if inspect.isroutine(answer) else show(answer)
        what = f"the app gave {made} when it was called, nothing to await"
        advice = "it has to be one `async def app(scope, receive, send)`"
        self.report("app", [Problem(what, advice)], clauses.APPLICATIONS, scope)

    def _judge_scope(self, scope: Scope) -> Problems:
        if not isinstance(scope, dict):
            yield Problem(f"the scope is {show(scope)}, not a dict", "give a dict")
            return
        yield from values.names_are_texts(scope)
        if not isinstance(scope.get("type"), str):
            what = f"`type` is {show(scope.get('type'))}, not a Unicode string"
            yield Problem(what, "name the protocol, such as 'http'")
            return
        yield from problems(scope, SCOPES.get(scope["type"], OTHER_SCOPE), spec_version(scope))
        yield from self._judge_state(scope)

    def _judge_state(self, scope: Scope) -> Problems:
        """The namespace of the lifespan begins empty, and each request gets a copy of it."""
        state = scope.get("state")
        if scope["type"] != "lifespan":
            if state is not None and state is self._state:
                what = "`state` is the dict of the lifespan itself"
                yield Problem(what, "give each request a copy", clauses.LIFESPAN_STATE)
        elif state:
            what = f"`state` is {show(state)}, not empty"
            yield Problem(what, "give an empty dict", clauses.LIFESPAN_SCOPE)


class _Connection:
    """One call of the app."""

    __slots__ = (
        "_checker",
        "_kind",
        "_offers",
        "_order",
        "_receive",
        "_scope",
        "_send",
        "_version",
        "has_ended",
    )

    def __init__(self, checker: Checker, scope: Scope, receive: Receive, send: Send) -> None:
        known = values.as_dict(scope)
        self.has_ended = False
        self._checker = checker
        self._scope = scope
        self._receive = receive
        self._send = send
        self._kind = _kind(known)
        self._offers = extensions(known)
        self._version: Version = spec_version(known)
        self._order: Order = ORDERS.get(self._kind, AnyOrder)(known)

    async def receive(self) -> Message:
        """Receive for the app, and hold the message against the specification."""
        if self.has_ended:
            self._report_late("receive", None)
        message = await self._receive()
        self._checker.report("server", self._judge_received(message), clauses.EVENTS, message)
        if _kind(message):
            self._order.note_received(message)
        return message

    def _judge_received(self, message: Message) -> Problems:
        yield from _judge_message(message)
        if not (kind := _kind(message)):
            return
        form = RECEIVED.get(kind) if kind.startswith(f"{self._kind}.") else None
        if form is None:
            # Others may be given to each other by applications (section Events).
            if (
                kind.startswith(f"{self._kind}.")
                and self._is_known()
                and not self._is_offered(kind)
            ):
                advice = "give what the specification or an extension names"
                yield Problem(f"there is no {show(kind)} to receive", advice, clauses.PROTOCOLS)
            return
        yield from problems(message, form, self._version)
        yield from _by_default(self._order.judge_received(message), form)

    async def send(self, message: Message) -> None:
        """Hold a message of the app against the specification, and send it."""
        if self.has_ended:
            self._report_late("send", message)
        is_wrong = self._checker.report("app", self._judge_sent(message), clauses.EVENTS, message)
        if _kind(message):
            self._order.note_sent(message)
        was_left = self._order.is_left
        try:
            await self._send(message)
        except Exception as error:
            self._order.is_left |= isinstance(error, OSError)
            if was_left and not is_wrong:
                found = _judge_exception(error, self._version)
                self._checker.report("server", found, clauses.SEND_EXCEPTION, message)
            raise

    def _judge_sent(self, message: Message) -> Problems:
        yield from _judge_message(message)
        if not (kind := _kind(message)):
            return
        form = SENT.get(kind) if kind.startswith(f"{self._kind}.") else None
        if form is None:
            if self._is_known() and not self._is_offered(kind):
                what = f"there is no {show(kind)} to send on a connection of {show(self._kind)}"
                yield Problem(what, "see which messages the protocol has", clauses.ERROR_HANDLING)
            return
        if form.extension not in (None, *self._offers):
            what = f"the server does not offer {show(form.extension)}"
            yield Problem(what, "look into scope['extensions'] first", form.clause)
        yield from problems(message, form, self._version)
        yield from _by_default(self._order.judge_sent(message), form)

    def end(self) -> None:
        """The app has returned."""
        self.has_ended = True
        self._checker.report("app", self._order.judge_end(), clauses.EVENTS, self._scope)

    def _is_known(self) -> bool:
        return self._kind in SCOPES

    def _is_offered(self, kind: str) -> bool:
        return any(kind == name or kind.startswith(f"{name}.") for name in self._offers)

    def _report_late(self, function: str, message: Message | None) -> None:
        what = f"`{function}` was called after the app had returned"
        advice = "end every task that uses it before that"
        subject = self._scope if message is None else message
        self._checker.report("app", [Problem(what, advice)], clauses.EXTRA_COROUTINES, subject)


def _kind(subject: Any) -> str:
    """The type of a scope or message; empty if it has none."""
    kind = values.as_dict(subject).get("type")
    return kind if isinstance(kind, str) else ""


def _judge_message(message: Message) -> Problems:
    """What holds for the messages of all protocols (section Events)."""
    if not isinstance(message, dict):
        yield Problem(f"the message is {show(message)}, not a dict", "give a dict")
        return
    kind = message.get("type")
    if not isinstance(kind, str):
        yield Problem(f"`type` is {show(kind)}, not a Unicode string", "name the kind of message")
    yield from values.names_are_texts(message)
    known: Format | None = RECEIVED.get(_kind(message)) or SENT.get(_kind(message))
    for name, value in message.items():
        if known is None or name not in known.keys:
            for what, advice, clause in values.plain(value):
                yield Problem(f"`{name}` {what}", advice, clause)


def _by_default(found: Problems, form: Format) -> Problems:
    """The section of the message, where a problem has none of its own."""
    for what, advice, clause in found:
        yield Problem(what, advice, clause or form.clause)


def _judge_exception(error: Exception, version: Version) -> Problems:
    """What `send` may raise once the client has left: an OSError, and before 2.4 nothing."""
    if version < (2, 4):
        what = f"`send` raised {show(error)} after the client had left, which it does since 2.4"
        yield Problem(what, 'do nothing, or announce 2.4 as scope["asgi"]["spec_version"]')
    elif not isinstance(error, OSError):
        what = f"`send` raised {show(error)} after the client had left"
        yield Problem(what, "raise a subclass of OSError")
