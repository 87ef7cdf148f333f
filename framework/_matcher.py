"""Finds the best of many patterns for a path that was split into segments.

Patterns whose segments have the same ranks (`literal, literal, converted`) share one dict, keyed by
their literal segments. So a look-up is one dict access for each such kind that fits the number of
segments, from the most specific to the least, however many patterns there are. Where the parameters
do not convert, or the method is another, the next kind is tried: backtracking without a walk.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Any, Generic, TypeAlias, TypeVar

from framework._pattern import MOUNTED, Parameter, Pattern, Rank, Segment, split_mixed
from framework.converters import STRING

__all__ = ["Found", "Leaf", "Matcher"]

E = TypeVar("E")
Slot: TypeAlias = tuple[str, int, Callable[[str], Any] | None]
Key: TypeAlias = Callable[[Sequence[str]], Any]


class Leaf(Generic[E]):
    """The end of one pattern: an entry for each method, or a single one for every method.

    A mount's leaf matches whatever begins with its pattern.
    """

    __slots__ = (
        "_mixed",
        "_only",
        "_rest",
        "_slots",
        "any_method",
        "is_mount",
        "methods",
        "pattern",
    )

    def __init__(self, pattern: Pattern, *, is_mount: bool = False) -> None:
        self.pattern = pattern
        self.is_mount = is_mount
        self.methods: dict[str, E] = {}
        self.any_method: E | None = None
        self._slots: list[Slot] = []
        self._mixed: list[tuple[int, Segment]] = []
        self._only: tuple[str, int, Callable[[str], Any]] | None = None
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
        if len(self._slots) == 1 and not self._mixed and self._rest is None:
            name, position, value_of = self._slots[0]
            if value_of is not None:
                self._only = (name, position, value_of)  # such as {id:int} alone: it needs no loop

    def ranks(self) -> tuple[Rank, ...]:
        """How specific the pattern is, segment by segment."""
        ranks = self.pattern.ranks()
        return (*ranks, (MOUNTED, 0)) if self.is_mount else ranks

    def fits(self, count: int) -> bool:
        """Whether a path of so many segments could match."""
        if self.is_mount or self._rest is not None:
            return count >= len(self.pattern.segments)
        return count == len(self.pattern.segments)

    def takes_slash(self) -> bool:
        """Whether a path with a slash at its end could match."""
        if self.is_mount or self._rest is not None:
            return True
        last = self.pattern.segments[-1]
        try:
            return not last or bool(split_mixed(last, ""))
        except Exception:  # a converter of the user's own may not expect the empty text
            return False

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
            if self._only is not None:
                name, position, value_of = self._only
                return {name: value_of(segments[position])}
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


Found: TypeAlias = tuple[E, dict[str, Any]]
Tables: TypeAlias = list[tuple[Key, dict[Any, Leaf[E]]]]


class TablesByCount(dict[int, Tables[E]]):
    """What to try for a path of so many segments; of more than any pattern, those of the largest number."""

    __slots__ = ("_longest",)

    def __init__(self, tables: Sequence[Tables[E]]) -> None:
        super().__init__(enumerate(tables))
        self._longest = tables[-1]

    def __missing__(self, count: int) -> Tables[E]:
        return self._longest


class Matcher(Generic[E]):
    """The leaves of one host, in the order in which they are tried."""

    __slots__ = ("_has_slashes", "_tables", "_tables_slashed", "static")

    def __init__(self, leaves: Sequence[Leaf[E]]) -> None:
        self.static: dict[str, Leaf[E]] = {
            "/".join(leaf.literal_segments()): leaf for leaf in leaves if _is_static(leaf)
        }
        dynamic = sorted((leaf for leaf in leaves if not _is_static(leaf)), key=Leaf[E].ranks)
        longest = max((len(leaf.pattern.segments) for leaf in dynamic), default=0)
        self._tables = _tables_by_count(dynamic, longest)
        slashed = [leaf for leaf in dynamic if leaf.takes_slash()]
        self._tables_slashed = _tables_by_count(slashed, longest)
        self._has_slashes = bool(slashed) or any(
            path.endswith("/") for path in self.static if path != "/"
        )

    def match(self, segments: Sequence[str], method: str) -> Found[E] | list[Leaf[E]]:
        """The entry of the most specific dynamic pattern for this path and method, and its parameters.

        Where there is none, the leaves that take the path for other methods.
        """
        is_near = False
        tables = self._tables if segments[-1] else self._tables_slashed
        for pick, leaves in tables[len(segments)]:
            leaf = leaves.get(pick(segments))
            if leaf is not None:
                entry = leaf.methods.get(method, leaf.any_method)
                if entry is None:
                    is_near = True
                else:
                    values = leaf.parse(segments)
                    if values is not None:
                        return entry, values
        return self._dynamic_leaves(segments) if is_near else []

    def find(self, segments: Sequence[str], method: str) -> Found[E] | list[Leaf[E]]:
        """The same for all patterns, static ones included."""
        leaf = self._static_leaf(segments)
        if leaf is None:
            return self.match(segments, method)
        entry = leaf.methods.get(method, leaf.any_method)
        if entry is not None:
            return entry, {}
        found = self.match(segments, method)
        return [leaf, *found] if isinstance(found, list) else found

    def leaves(self, segments: Sequence[str]) -> list[Leaf[E]]:
        """Every leaf that takes this path for some method, the most specific first."""
        leaf = self._static_leaf(segments)
        return [*([] if leaf is None else [leaf]), *self._dynamic_leaves(segments)]

    def twin(self, segments: Sequence[str]) -> list[str] | None:
        """The path with a slash at its end instead of none, or without it, if a pattern takes that."""
        if not segments[-1]:
            other = [*segments[:-1]]
        elif self._has_slashes:
            other = [*segments, ""]
        else:
            return None
        return other if self.leaves(other) else None

    def _static_leaf(self, segments: Sequence[str]) -> Leaf[E] | None:
        path = "/".join(segments)
        # A slash within a segment was percent-encoded, and separates nothing.
        return self.static.get(path) if path.count("/") == len(segments) - 1 else None

    def _dynamic_leaves(self, segments: Sequence[str]) -> list[Leaf[E]]:
        tables = self._tables if segments[-1] else self._tables_slashed
        leaves = [leaves.get(pick(segments)) for pick, leaves in tables[len(segments)]]
        return [leaf for leaf in leaves if leaf is not None and leaf.parse(segments) is not None]


def _tables_by_count(leaves: Sequence[Leaf[E]], longest: int) -> TablesByCount[E]:
    """The tables of these leaves, which are in their order.

    Those with the same ranks and the same literal segments, whose parameters differ, go into tables
    behind each other.
    """
    kinds: dict[tuple[Any, int], tuple[Leaf[E], Key, dict[Any, Leaf[E]]]] = {}
    repeats: Counter[tuple[Any, Any]] = Counter()
    for leaf in leaves:
        ranks = leaf.ranks()
        pick = _picker(leaf.literal_positions())
        key = pick(leaf.literal_segments())
        again = repeats[ranks, key]
        kinds.setdefault((ranks, again), (leaf, pick, {}))[2][key] = leaf
        repeats[ranks, key] += 1
    return TablesByCount(
        [
            [(pick, table) for sample, pick, table in kinds.values() if sample.fits(count)]
            for count in range(longest + 2)
        ]
    )


def _is_static(leaf: Leaf[Any]) -> bool:
    return leaf.pattern.is_literal() and not leaf.is_mount


def _picker(positions: Sequence[int]) -> Key:
    return itemgetter(*positions) if positions else _no_literals


def _no_literals(segments: Sequence[str]) -> None:
    return None
