"""Which routes a request could have meant besides the one that it gets, and what speaks against each."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias, TypeVar

from framework._compile import Placed
from framework._dispatch import Dispatcher, Entry, ResolvedRoute, Table
from framework._faults import CLOSE, fault_of, why_first
from framework._matcher import Leaf, Matcher
from framework._paths import split_path
from framework._summaries import RouteSummary, summary
from framework.types import Scope

__all__ = ["Candidate", "Rivals"]

E = TypeVar("E")
Kind: TypeAlias = Literal["method", "precedence", "host", "protocol", "slash", "path"]
Protocol: TypeAlias = Literal["http", "websocket"]

KINDS: list[Kind] = ["method", "precedence", "host", "protocol", "slash", "path"]
"""In the order in which they are told."""
PROTOCOLS: tuple[Protocol, ...] = ("http", "websocket")
OTHER_PROTOCOL: dict[Protocol, str] = {
    "http": "is for HTTP, and this is the handshake of a WebSocket",
    "websocket": "is a WebSocket, and takes nothing but its handshake",
}


@dataclass(frozen=True, slots=True)
class Candidate:
    """A route that could have been meant, and why it does not answer."""

    route: RouteSummary
    kind: Kind
    """What speaks against it; it takes the path unless this is "slash" or "path"."""
    reason: str


class Spot(NamedTuple):
    """A leaf, and the table that it is in."""

    table: Table
    protocol: Protocol
    leaf: Leaf[Entry]

    def routes(self) -> dict[ResolvedRoute, set[str]]:
        """The routes that end here, with their methods; without any where every method is meant."""
        if self.leaf.any_method is not None:
            return {self.leaf.any_method[2]: set()}
        routes: dict[ResolvedRoute, set[str]] = {}
        for method, (_, _, route) in self.leaf.methods.items():
            routes.setdefault(route, set()).add(method)
        return routes


class Rivals:
    """The look for candidates of one request; `found` is the route that it gets, if it gets one."""

    __slots__ = ("_applying", "_found", "_method", "_places", "_protocol", "_segments", "_spots")

    def __init__(
        self,
        places: Mapping[ResolvedRoute, Placed],
        dispatcher: Dispatcher,
        scope: Scope,
        found: ResolvedRoute | None,
    ) -> None:
        self._places = places
        self._found = found
        self._protocol: str = scope["type"]
        self._method: str = scope.get("method", "")
        self._segments = split_path(scope)
        self._applying = [table for table, _ in dispatcher._tables(scope)]
        self._spots = list(_spots(dispatcher))

    def candidates(self) -> list[Candidate]:
        """All that come close, the closest first."""
        if self._segments is None:
            return []
        rated = [each for spot in self._spots for each in self._rated(spot, self._segments)]
        rated.sort(key=lambda each: (KINDS.index(each[1].kind), -each[0]))
        return [candidate for _, candidate in rated]

    def _rated(self, spot: Spot, segments: Sequence[str]) -> Iterator[tuple[float, Candidate]]:
        is_ours = spot.protocol == self._protocol
        applies = spot.table in self._applying
        if spot.leaf.is_mount and not is_ours:  # it is in the other table, too
            return
        fault = fault_of(spot.leaf, segments)
        if fault is not None and (fault.closeness < CLOSE or not (is_ours and applies)):
            return
        for route, methods in spot.routes().items():
            place = self._places[route]
            kind: Kind
            closeness = 1.0
            if route is self._found:
                continue
            if fault is not None:
                kind, reason, closeness = fault
            elif not is_ours:
                kind, reason = "protocol", OTHER_PROTOCOL[spot.protocol]
            elif not applies:
                kind, reason = "host", f"is for the host {place.host}"
            elif methods and self._method not in methods:
                kind, reason = "method", f"answers {', '.join(sorted(methods))}"
            else:
                kind, reason = "precedence", self._why_later(spot)
            yield closeness, Candidate(summary(route, place, self._method), kind, reason)

    def _why_later(self, spot: Spot) -> str:
        route = self._found
        winner = next(s for s in self._spots if s.protocol == spot.protocol and route in s.routes())
        if winner.table is not spot.table:
            return "the routes of the host that is asked for come first"
        return why_first(winner.leaf, spot.leaf)


def _spots(dispatcher: Dispatcher) -> Iterator[Spot]:
    hosts = [] if dispatcher._hosts is None else _leaves(dispatcher._hosts)
    tables = [leaf.any_method for leaf in hosts if leaf.any_method is not None]
    for table in [*tables, dispatcher._any_host]:
        for protocol in PROTOCOLS:
            for leaf in _leaves(table.http if protocol == "http" else table.websocket):
                yield Spot(table, protocol, leaf)


def _leaves(matcher: Matcher[E]) -> list[Leaf[E]]:
    """The leaves of a matcher, the most specific first."""
    tables = [table for by_count in matcher._tables.values() for _, table in by_count]
    dynamic = {id(leaf): leaf for table in tables for leaf in table.values()}
    return sorted([*matcher.static.values(), *dynamic.values()], key=Leaf[E].ranks)
