"""What may come when: one object for each connection, which is told of every message that passes.

`judge_` asks whether a message may come now, `note_` says that it does. The states are written as they
read in a report: "... came <state>".
"""

from collections.abc import Callable
from typing import Protocol

from framework.checker import _clauses as clauses
from framework.checker._clauses import Problem, Problems, show
from framework.checker._response import Event, Response, Step, length_of, out_of_turn, size_of
from framework.checker._values import items


class Order(Protocol):
    """What is known of one connection; `is_left` once the app knows that the client has gone."""

    is_left: bool

    def judge_received(self, event: Event) -> Problems:
        """What is wrong with receiving this now."""
        ...

    def note_received(self, event: Event) -> None:
        """This was received."""
        ...

    def judge_sent(self, event: Event) -> Problems:
        """What is wrong with sending this now."""
        ...

    def note_sent(self, event: Event) -> None:
        """This was sent."""
        ...

    def judge_end(self) -> Problems:
        """What is wrong with returning now."""
        ...


class AnyOrder:
    """Of a protocol of which nothing is known."""

    __slots__ = ("is_left",)

    def __init__(self, scope: Event) -> None:
        self.is_left = False

    def note_received(self, event: Event) -> None:
        """Nothing follows from it."""

    def judge_end(self, event: Event | None = None) -> Problems:
        """Nothing is known to be wrong."""
        return iter(())

    note_sent = note_received
    judge_received = judge_sent = judge_end


# HTTP

REQUESTING = "before the end of the request"
REQUESTED = "after the end of the request"
LEFT = "after http.disconnect"
REQUEST_STEPS = {
    "http.request": Step((REQUESTING,), REQUESTED),
    "http.disconnect": Step((REQUESTING, REQUESTED, LEFT), LEFT),
}


class HTTPOrder:
    """One request and its response."""

    __slots__ = ("_length", "_received", "_response", "_state", "is_left")

    def __init__(self, scope: Event) -> None:
        self.is_left = False
        self._response = Response(scope)
        self._state = REQUESTING
        self._length = length_of(scope.get("headers"))
        self._received = 0  # bytes of content

    def judge_received(self, event: Event) -> Problems:
        """What is wrong with receiving this now."""
        advice = "after the last http.request, give http.disconnect once the client has gone"
        yield from out_of_turn(event, REQUEST_STEPS, self._state, advice)
        if event["type"] == "http.request" and self._length is not None:
            total = self._received + size_of(event)
            is_last = not event.get("more_body", False)
            if total > self._length or (is_last and total < self._length):
                what = f"Content-Length is {self._length}, and {total} bytes were received"
                advice = "give http.disconnect when a request is cut short"
                yield Problem(what, advice, clauses.CONTENT_LENGTH)

    def note_received(self, event: Event) -> None:
        """This was received."""
        if event["type"] == "http.disconnect":
            self._state = LEFT
            self.is_left = True
        elif event["type"] == "http.request":
            self._received += size_of(event)
            self._state = self._state if event.get("more_body") else REQUESTED

    def judge_sent(self, event: Event) -> Problems:
        """What is wrong with sending this now."""
        return self._response.judge(event)

    def note_sent(self, event: Event) -> None:
        """This is sent."""
        self._response.note(event)

    def judge_end(self) -> Problems:
        """What is wrong with returning now: nothing if there is nobody to answer."""
        return iter(()) if self.is_left else self._response.judge_end()


# WebSockets

CONNECTING = "before websocket.connect was received"
SHAKING_HANDS = "before the socket was accepted"
OPEN = "while the socket was open"
CLOSED = "after the socket was closed"
DENIED = "in a response that denies the socket"
GONE = "after websocket.disconnect"

SOCKET_RECEIVED = {
    "websocket.connect": Step((CONNECTING,), SHAKING_HANDS),
    "websocket.receive": Step((OPEN, CLOSED)),  # what was under way when the app closed it
    "websocket.disconnect": Step((SHAKING_HANDS, OPEN, CLOSED, DENIED, GONE), GONE),
}
SOCKET_SENT = {
    "websocket.accept": Step((SHAKING_HANDS, GONE), OPEN),
    "websocket.send": Step((OPEN, GONE)),
    # Who refuses a socket does not have to look at what it was sent.
    "websocket.close": Step((CONNECTING, SHAKING_HANDS, OPEN, GONE), CLOSED),
    "websocket.http.response.start": Step((CONNECTING, SHAKING_HANDS, GONE), DENIED),
    "websocket.http.response.body": Step((DENIED, GONE)),
}


class WebSocketOrder:
    """One socket, from its handshake to its end."""

    __slots__ = ("_denial", "_state", "_subprotocols", "is_left")

    def __init__(self, scope: Event) -> None:
        self.is_left = False
        self._state = CONNECTING
        self._denial = Response(scope)
        self._subprotocols = items(scope.get("subprotocols", ())) or ()

    def judge_received(self, event: Event) -> Problems:
        """What is wrong with receiving this now."""
        advice = (
            "give websocket.connect, the frames once the socket is accepted, websocket.disconnect"
        )
        return out_of_turn(event, SOCKET_RECEIVED, self._state, advice)

    def note_received(self, event: Event) -> None:
        """This was received."""
        if event["type"] == "websocket.disconnect":
            self.is_left = True
            # What the app has ended itself stays so.
            self._state = self._state if self._state == CLOSED else GONE
        elif event["type"] == "websocket.connect":
            self._state = SHAKING_HANDS

    def judge_sent(self, event: Event) -> Problems:
        """What is wrong with sending this now."""
        advice = (
            "receive websocket.connect, accept or close the socket, and send nothing after a close"
        )
        yield from out_of_turn(event, SOCKET_SENT, self._state, advice)
        chosen = event.get("subprotocol")
        if event["type"] == "websocket.accept" and chosen not in (None, *self._subprotocols):
            what = f"`subprotocol` is {show(chosen)}, which the client did not offer"
            yield Problem(what, "choose one of scope['subprotocols'], or none", clauses.SUBPROTOCOL)
        if event["type"].startswith("websocket.http.") and not self.is_left:
            yield from self._denial.judge(_as_http(event))

    def note_sent(self, event: Event) -> None:
        """This is sent."""
        step = SOCKET_SENT.get(event["type"])
        if step is not None and not self.is_left:
            self._state = step.after or self._state
        if event["type"].startswith("websocket.http."):
            self._denial.note(_as_http(event))

    def judge_end(self) -> Problems:
        """What is wrong with returning now: nothing if there is nobody to answer."""
        if self.is_left:
            return
        if self._state == DENIED:
            yield from self._denial.judge_end()
        elif self._state in (CONNECTING, SHAKING_HANDS):
            what = "the app returned and has neither accepted nor closed the socket"
            yield Problem(what, "send websocket.close to refuse it", clauses.CONNECT)


def _as_http(event: Event) -> Event:
    return {**event, "type": event["type"].removeprefix("websocket.")}


# Lifespan

NEW = "before lifespan.startup was received"
STARTING = "during the startup"
RUNNING = "after the startup, and before lifespan.shutdown was received"
STOPPING = "during the shutdown"
STOPPED = "after the end of the lifespan"

LIFESPAN_STEPS = {
    "lifespan.startup": Step((NEW,), STARTING),
    "lifespan.startup.complete": Step((STARTING,), RUNNING),
    "lifespan.startup.failed": Step((STARTING,), STOPPED),
    "lifespan.shutdown": Step((RUNNING,), STOPPING),
    "lifespan.shutdown.complete": Step((STOPPING,), STOPPED),
    "lifespan.shutdown.failed": Step((STOPPING,), STOPPED),
}
UNANSWERED_EVENTS = {
    NEW: ("before it received lifespan.startup", clauses.LIFESPAN_SCOPE),
    STARTING: ("without an answer to lifespan.startup", clauses.STARTUP_COMPLETE),
    STOPPING: ("without an answer to lifespan.shutdown", clauses.SHUTDOWN_COMPLETE),
}


class LifespanOrder:
    """The startup and the shutdown, each with one answer."""

    __slots__ = ("_state", "is_left")

    def __init__(self, scope: Event) -> None:
        self.is_left = False
        self._state = NEW

    def judge_received(self, event: Event) -> Problems:
        """What is wrong with receiving this now."""
        advice = "give lifespan.startup, and lifespan.shutdown after lifespan.startup.complete"
        return out_of_turn(event, LIFESPAN_STEPS, self._state, advice)

    def judge_sent(self, event: Event) -> Problems:
        """What is wrong with sending this now."""
        advice = "answer each of lifespan.startup and lifespan.shutdown once, by complete or failed"
        return out_of_turn(event, LIFESPAN_STEPS, self._state, advice)

    def note_sent(self, event: Event) -> None:
        """This passes."""
        step = LIFESPAN_STEPS.get(event["type"])
        self._state = (step and step.after) or self._state

    note_received = note_sent

    def judge_end(self) -> Problems:
        """What is wrong with returning now."""
        if unanswered := UNANSWERED_EVENTS.get(self._state):
            when, clause = unanswered
            advice = "answer it, or raise if the app has no lifespan"
            yield Problem(f"the app returned {when}", advice, clause)


ORDERS: dict[str, Callable[[Event], Order]] = {
    "http": HTTPOrder,
    "websocket": WebSocketOrder,
    "lifespan": LifespanOrder,
}
