"""Finds the best of many patterns for a path that was split into segments.

Patterns whose segments have the same ranks (`literal, literal, converted`) share one dict, keyed by
their literal segments. So a look-up is one dict access for each such kind that fits the number of
segments, from the most specific to the least, however many patterns there are. Where the parameters
do not convert, or the method is another, the next kind is tried: backtracking without a walk.
"""

from collections.abc import Callable, Iterator, Sequence
from operator import itemgetter
from typing import Any, Generic, TypeAlias, TypeVar

from framework._pattern import MOUNTED, Parameter, Pattern, Rank, Segment, split_mixed
from framework.converters import STRING

__all__ = ["Leaf", "Matcher"]

E = TypeVar("E")
Slot: TypeAlias = tuple[str, int, Callable[[str], Any] | None]
Key: TypeAlias = Callable[[Sequence[str]], Any]


class Leaf(Generic[E]):
    """The end of one pattern: an entry for each method, or a single one for every method.

    A mount's leaf matches whatever begins with its pattern.
    """

    __slots__ = ("_mixed", "_rest", "_slots", "any_method", "is_mount", "methods", "pattern")

    def __init__(self, pattern: Pattern, *, is_mount: bool = False) -> None:
        self.pattern = pattern
        self.is_mount = is_mount
        self.methods: dict[str, E] = {}
        self.any_method: E | None = None
        self._slots: list[Slot] = []
        self._mixed: list[tuple[int, Segment]] = []
        self._rest: tuple[str, int, int] | None = None
        rest = pattern.rest_index()
        count = len(pattern.segments)
        for index, segment in enumerate(pattern.segments):
            position = index if rest is None or index <= rest else index - count
            if len(segment) > 1:
                self._mixed.append((position, segment))
            elif segment and isinstance(parameter := segment[0], Parameter):
                if index == rest:
                    self._rest = (parameter.name, index, count - index - 1)
                else:
                    plain = parameter.converter is STRING
                    convert = None if plain else parameter.converter.convert
                    self._slots.append((parameter.name, position, convert))

    def ranks(self) -> tuple[Rank, ...]:
        """How specific the pattern is, segment by segment."""
        ranks = self.pattern.ranks()
        return (*ranks, (MOUNTED, 0)) if self.is_mount else ranks

    def fits(self, count: int) -> bool:
        """Whether a path of so many segments could match."""
        if self.is_mount or self._rest is not None:
            return count >= len(self.pattern.segments)
        return count == len(self.pattern.segments)

    def literal_positions(self) -> list[int]:
        """Where the literal segments stand; counted from the end behind a `{...:path}`."""
        rest = self.pattern.rest_index()
        count = len(self.pattern.segments)
        return [
            index if rest is None or index < rest else index - count
            for index, segment in enumerate(self.pattern.segments)
            if index and all(isinstance(part, str) for part in segment)
        ]

    def literal_segments(self) -> list[str]:
        """The pattern's segments as a path would have them, with nothing for the parameters."""
        segments = self.pattern.segments
        return ["".join(part for part in segment if isinstance(part, str)) for segment in segments]

    def parse(self, segments: Sequence[str]) -> dict[str, Any] | None:
        """The values of the parameters, or None where one does not convert."""
        values: dict[str, Any] = {}
        try:
            for name, position, convert in self._slots:
                text = segments[position]
                if convert is not None:
                    values[name] = convert(text)
                elif text:
                    values[name] = text
                else:
                    return None
            for position, segment in self._mixed:
                values.update(split_mixed(segment, segments[position]))
        except ValueError:
            return None
        if self._rest is not None:
            name, start, behind = self._rest
            values[name] = "/".join(segments[start : len(segments) - behind])
        return values


class Matcher(Generic[E]):
    """The leaves of one host, in the order in which they are tried."""

    __slots__ = ("_by_count", "_longer", "static")

    def __init__(self, leaves: Sequence[Leaf[E]]) -> None:
        self.static: dict[str, Leaf[E]] = {
            "/".join(leaf.literal_segments()): leaf for leaf in leaves if _is_static(leaf)
        }
        dynamic = sorted((leaf for leaf in leaves if not _is_static(leaf)), key=Leaf.ranks)
        kinds: dict[tuple[Any, ...], tuple[Leaf[E], Key, dict[Any, Leaf[E]]]] = {}
        for leaf in dynamic:
            ranks, again = leaf.ranks(), 0
            pick = _picker(leaf.literal_positions())
            key = pick(leaf.literal_segments())
            while key in kinds.setdefault((ranks, again), (leaf, pick, {}))[2]:
                again += 1
            kinds[ranks, again][2][key] = leaf
        tables = list(kinds.values())
        longest = max((len(leaf.pattern.segments) for leaf in dynamic), default=0)
        self._by_count = [
            [(pick, leaves) for sample, pick, leaves in tables if sample.fits(count)]
            for count in range(longest + 1)
        ]
        self._longer = [
            (pick, leaves) for sample, pick, leaves in tables if sample.fits(longest + 1)
        ]

    def match(self, segments: Sequence[str], method: str) -> tuple[E, dict[str, Any]] | None:
        """The entry of the most specific dynamic pattern that takes this path and this method."""
        count = len(segments)
        tables = self._by_count[count] if count < len(self._by_count) else self._longer
        for pick, leaves in tables:
            leaf = leaves.get(pick(segments))
            if leaf is not None:
                entry = leaf.methods.get(method, leaf.any_method)
                if entry is not None:
                    values = leaf.parse(segments)
                    if values is not None:
                        return entry, values
        return None

    def find(self, segments: Sequence[str], method: str) -> tuple[E, dict[str, Any]] | None:
        """The entry of the most specific pattern, static ones included."""
        path = "/".join(segments)
        if path in self.static and path.count("/") == len(segments) - 1:
            entry = self.static[path].methods.get(method, self.static[path].any_method)
            if entry is not None:
                return entry, {}
        return self.match(segments, method)

    def find_all(self, segments: Sequence[str]) -> Iterator[tuple[E, dict[str, Any]]]:
        """The entry for any method of each pattern that fits, the most specific first."""
        for leaf in self.leaves(segments):
            if leaf.any_method is not None:
                yield leaf.any_method, leaf.parse(segments) or {}

    def leaves(self, segments: Sequence[str]) -> Iterator[Leaf[E]]:
        """Every leaf that takes this path for some method, the most specific first."""
        path = "/".join(segments)
        if path.count("/") == len(segments) - 1 and path in self.static:
            yield self.static[path]
        count = len(segments)
        tables = self._by_count[count] if count < len(self._by_count) else self._longer
        for pick, leaves in tables:
            leaf = leaves.get(pick(segments))
            if leaf is not None and leaf.parse(segments) is not None:
                yield leaf


def _is_static(leaf: Leaf[Any]) -> bool:
    return leaf.pattern.is_literal() and not leaf.is_mount


def _picker(positions: Sequence[int]) -> Key:
    return itemgetter(*positions) if positions else _no_literals


def _no_literals(segments: Sequence[str]) -> None:
    return None
