"""What `app.explain()` returns: plain data, and its words."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from framework._candidates import Candidate
from framework._layout import Section, near, sections, shown
from framework._summaries import CatcherSummary, MiddlewareSummary, RouteSummary
from framework.limits import Limits

__all__ = ["Explanation", "Mounted", "Verdict", "route_line"]

Verdict: TypeAlias = Literal[
    "route", "mount", "redirect", "options", "method not allowed", "not found"
]

WIDTH = 100
"""Of `str()`, which does not know where it is shown."""


@dataclass(frozen=True, slots=True)
class Mounted:
    """A mounted app that decides by itself, and the paths that it finds in its scope."""

    app: str
    root_path: str
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """What an app does with a request; `str()` tells it in words."""

    method: str
    """`WEBSOCKET` for a handshake."""
    path: str
    """The decoded path in the app's scope: for a mounted app the whole one, unless it was stripped."""
    root_path: str
    """Under which path this app is mounted."""
    local_path: str
    """What is left for the routes of this app."""
    verdict: Verdict
    """Who answers: a handler ("route"), a mounted app ("mount"), or, for the others, the router."""
    status: int | None
    """What the router answers by itself, that of a mounted app of this framework too; else None."""
    reason: str
    """The verdict in a sentence."""
    worded_by: str = ""
    """Who words the answer to an error: an exception handler, or the default in a media type."""
    route: RouteSummary | None = None
    """The route that takes the request; for 405 and OPTIONS the first of those that take its path."""
    path_params: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Converted, those of the host included."""
    allow: tuple[str, ...] = ()
    """The methods of the Allow field, for 405 and OPTIONS."""
    location: str | None = None
    """Where a redirect leads."""
    candidates: tuple[Candidate, ...] = ()
    """The other routes that could have been meant, the closest first, eight at most."""
    middleware: tuple[MiddlewareSummary, ...] = ()
    """What is around the answer, the outermost first; what is inside a mounted app is in `mounted`."""
    exception_handlers: tuple[CatcherSummary, ...] = ()
    """Those that apply, the innermost first; of several the one of the closest class is taken."""
    limits: Limits | None = None
    """Those of the route; None where no handler of this app gets the request."""
    timeout: float | None = None
    """Seconds that the handler has."""
    cancel_on_disconnect: bool = False
    """Whether the handler is cancelled when the client goes."""
    mounted: "Explanation | Mounted | None" = None
    """What the mounted app makes of it; of one that is not of this framework, what it is told."""

    def __str__(self) -> str:
        return "\n".join([self.title(), *sections(self.sections(), WIDTH)])

    @property
    def innermost(self) -> "Explanation":
        """The explanation of the app that decides, of all that are mounted in each other."""
        return self.mounted.innermost if isinstance(self.mounted, Explanation) else self

    def title(self) -> str:
        """The first line of the text: the request, and its status if the router answers."""
        status = "" if self.status is None else f": {self.status}"
        return f"{self.method} {shown(self.path)}{status}"

    def sections(self) -> list[Section]:
        """The rest of the text, in labelled parts; those without entries are left out when shown."""
        return [
            Section("answer", [self.reason, *self._answer()]),
            Section("route", list(self._route())),
            Section("parameters", [_parameter(*item) for item in self.path_params.items()]),
            Section("middleware", [_middleware(each) for each in self.middleware]),
            Section("limits", list(self._limits())),
            Section("on errors", [_catcher(each) for each in self.exception_handlers]),
            Section("not taken", [_candidate(each) for each in self.candidates]),
            *self._mounted(),
        ]

    def _answer(self) -> Iterator[str]:
        if self.location is not None:
            yield f"Location: {self.location}"
        if self.allow:
            yield f"Allow: {', '.join(self.allow)}"
        if self.worded_by:
            yield f"worded by {self.worded_by}"

    def _route(self) -> Iterator[str]:
        route = self.route
        if route is not None and self.verdict in ("route", "mount"):
            yield f"{route_line(route)} (declared at {near(route.where)})"
            name = f", called {route.name!r} for url_for" if route.name is not None else ""
            thread = ", in a thread" if route.in_thread else ""
            code = f" at {near(route.source)}" if route.kind != "mount" else ""
            yield f"{route.handler}{code}{thread}{name}"

    def _limits(self) -> Iterator[str]:
        if self.timeout is not None:
            yield f"timeout={self.timeout:g} seconds, then 504"
        if self.cancel_on_disconnect:
            yield "cancel_on_disconnect=True: the handler ends when the client goes"
        if self.limits is not None:
            always = "max_message_size" if self.method == "WEBSOCKET" else "max_body_size"
            for name in sorted(self.limits.given | {always}):
                how = "" if name in self.limits.given else " (by default, as the others)"
                yield f"{name}={getattr(self.limits, name)}{how}"

    def _mounted(self) -> Iterator[Section]:
        if isinstance(self.mounted, Mounted):
            app = self.mounted
            told = f"root_path {app.root_path!r}, path {app.path!r}"
            yield Section("mounted", [f"{app.app} decides by itself: it sees {told}"])
        elif self.mounted is not None:
            inner = self.mounted
            told = f"root_path {inner.root_path!r}, path {inner.path!r}"
            local = f"its routes see {inner.local_path!r}"
            yield Section("mounted", [f"an app of this framework sees {told}; {local}"])
            for section in inner.sections():
                yield Section(f"  {section.label}", section.entries)


def route_line(route: RouteSummary) -> str:
    """A route in short: `GET HEAD /users/{id:int}`."""
    what = " ".join(route.methods) or {"websocket": "WEBSOCKET", "mount": "MOUNT"}[route.kind]
    host = "" if route.host is None else f" on {route.host}"
    return f"{what} {route.path}{host}"


def _parameter(name: str, value: Any) -> str:
    return f"{name} = {shown(repr(value))} ({type(value).__name__})"


def _middleware(each: MiddlewareSummary) -> str:
    options = f"({each.options})" if each.options else ""
    kind = "ASGI middleware" if each.kind == "asgi" else "function"
    return f"{each.name}{options}: {kind} of the {each.owner}, {near(each.where)}"


def _catcher(each: CatcherSummary) -> str:
    return f"{each.catches}: {each.handler} of the {each.owner}, {near(each.source)}"


def _candidate(each: Candidate) -> str:
    return f"{route_line(each.route)}: {each.reason} ({near(each.route.where)})"
