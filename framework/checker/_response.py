"""The messages of one response, over HTTP or in refusal of a WebSocket: what may come when."""

from collections.abc import Mapping
from typing import Any, NamedTuple, TypeAlias

from framework.checker import _clauses as clauses
from framework.checker._clauses import Clause, Problem, Problems
from framework.checker._formats import extensions, is_length
from framework.checker._values import pairs

Event: TypeAlias = Mapping[str, Any]

WITHOUT_CONTENT = (204, 304)
CONTENT_TYPES = frozenset(
    {"http.response.body", "http.response.pathsend", "http.response.zerocopysend"}
)
COUNTED = ("http.response.body",)  # of files only the system knows how much it sends


class Step(NamedTuple):
    """The states in which a message may come, and the one after it; None: it changes nothing."""

    states: tuple[str, ...]
    after: str | None = None


def out_of_turn(event: Event, steps: Mapping[str, Step], state: str, advice: str) -> Problems:
    """Say that a message may not come in this state; nothing if its kind is not known."""
    step = steps.get(event["type"])
    if step is not None and state not in step.states:
        yield Problem(f"{event['type']} came {state}", advice)


def length_of(fields: Any) -> int | None:
    """What Content-Length says; None if it says nothing sensible."""
    lengths = {value for name, value in pairs(fields) if is_length(name.lower())}
    length = lengths.pop() if len(lengths) == 1 else b""
    return int(length) if length.isdigit() and len(length) < 20 else None


def size_of(event: Event) -> int:
    """How much of a body is in a message."""
    body = event.get("body", b"")
    return len(body) if isinstance(body, bytes) else 0


UNANSWERED = "before http.response.start"
ANSWERING = "while the response was being sent"
TRAILING = "after the content, when trailers were to come"
BY_PATH = "after http.response.pathsend, which is all of the content"
ANSWERED = "after the end of the response"

RESPONSE_STEPS = {
    "http.response.debug": Step((UNANSWERED,)),
    # The section says "after the Response Start", when it would be too late (RFC 8297 section 2).
    "http.response.early_hint": Step((UNANSWERED, ANSWERING)),
    "http.response.start": Step((UNANSWERED,), ANSWERING),
    "http.response.push": Step((ANSWERING,)),
    **dict.fromkeys(CONTENT_TYPES, Step((ANSWERING,), ANSWERED)),
    "http.response.trailers": Step((TRAILING,), ANSWERED),
}
RESPONSE_ADVICE = (
    "send one http.response.start, then the content, of which the last message has no `more_body`"
)
UNFINISHED: dict[str, tuple[str, Clause]] = {
    UNANSWERED: ("without a response", clauses.RESPONSE_START),
    ANSWERING: ("before the last message of the response", clauses.RESPONSE_BODY),
    TRAILING: ("without the trailers that it had announced", clauses.TRAILERS),
}


class Response:
    """The messages of one response."""

    __slots__ = (
        "_is_counted",
        "_is_debugged",
        "_is_mixed",
        "_length",
        "_method",
        "_offers",
        "_sent",
        "_status",
        "_trailers",
        "state",
    )

    def __init__(self, scope: Event) -> None:
        self.state = UNANSWERED
        self._offers = extensions(scope)
        self._method = scope.get("method")
        self._status: object = None
        self._length: int | None = None
        self._sent = 0  # bytes of content
        self._is_counted = True  # False once a file was sent of which the size is not known
        self._is_debugged = False
        self._is_mixed = False  # content was sent, by which pathsend is ruled out
        self._trailers = False

    def judge(self, event: Event) -> Problems:
        """What is wrong with sending this now."""
        yield from out_of_turn(event, RESPONSE_STEPS, self.state, RESPONSE_ADVICE)
        kind = event["type"]
        if kind in CONTENT_TYPES and self.state == ANSWERING:
            yield from self._judge_content(event)
        elif kind == "http.response.debug" and self._is_debugged:
            yield Problem("http.response.debug came twice", "send it once")
        elif event.get("trailers") and "http.response.trailers" not in self._offers:
            what = "`trailers` is true, and the server does not offer to send any"
            yield Problem(what, "look into scope['extensions'] first", clauses.TRAILERS)

    def _judge_content(self, event: Event) -> Problems:
        size = size_of(event)
        if event["type"] == "http.response.pathsend" and self._is_mixed:
            what = "http.response.pathsend came after other content"
            yield Problem(what, "send the file alone, or all of the content yourself")
        if self._status in WITHOUT_CONTENT:
            if size or event["type"] != "http.response.body":
                what = f"a {self._status} was given content"
                yield Problem(what, "send an empty `body`", clauses.CONTENT)
        elif self._length is not None and self._is_counted and event["type"] in COUNTED:
            total = self._sent + size
            is_last = not event.get("more_body", False)
            is_head = self._method == "HEAD" and total == 0
            if total > self._length or (is_last and total < self._length and not is_head):
                bytes_sent = f"{total} bytes" if is_last else f"more, {total} bytes,"
                what = f"Content-Length is {self._length}, and {bytes_sent} were sent"
                yield Problem(what, "send as much as it says", clauses.CONTENT_LENGTH)

    def note(self, event: Event) -> None:
        """This is sent."""
        kind = event["type"]
        if kind == "http.response.debug":
            self._is_debugged = True
        elif kind == "http.response.start":
            self.state = ANSWERING
            self._status = event.get("status")
            self._length = length_of(event.get("headers"))
            self._trailers = bool(event.get("trailers"))
        elif kind in CONTENT_TYPES:
            self._sent += size_of(event)
            self._is_mixed = True
            self._is_counted &= kind in COUNTED
            if not event.get("more_body"):
                self.state = TRAILING if self._trailers else ANSWERED
        elif kind == "http.response.trailers" and not event.get("more_trailers"):
            self.state = ANSWERED

    def judge_end(self) -> Problems:
        """What is wrong with returning now."""
        if unfinished := UNFINISHED.get(self.state):
            when, clause = unfinished
            yield Problem(f"the app returned {when}", "send all of it, or raise", clause)
