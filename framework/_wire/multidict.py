"""Mappings in which a key may have several values: query strings and forms.

Only the data structure lives here; what the pairs mean is for those who derive from it.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Generic, TypeVar, cast, overload

from framework.exceptions import MissingField

__all__ = ["MultiMapping", "first_values"]

V_co = TypeVar("V_co", covariant=True)
V = TypeVar("V")
D = TypeVar("D")


def first_values(pairs: list[tuple[str, V]]) -> dict[str, V]:
    """Each key with its first value, in the order in which the keys first occur."""
    first = dict(pairs)
    if len(first) != len(pairs):
        first.update(reversed(pairs))  # what is written last stays, and keys keep their places
    return first


class MultiMapping(Mapping[str, V_co], Generic[V_co]):
    """Ordered pairs, never changed; as a mapping, each key with its first value.

    So does a browser's URLSearchParams (WHATWG URL section 6.2). A key that is missing is a
    MissingField, a KeyError that becomes a 400. Equal to another one of the same pairs in the same
    order; to compare with a mapping take `dict()` of it.

    >>> tags = MultiMapping([("tag", 1), ("page", 2), ("tag", 3)])
    >>> tags["tag"], tags.getlist("tag"), dict(tags)
    (1, [1, 3], {'tag': 1, 'page': 2})
    """

    __slots__ = ("_first", "_pairs")

    def __init__(self, pairs: Iterable[tuple[str, V_co]] = ()) -> None:
        self._pairs = list(pairs)
        self._first = first_values(self._pairs)

    def __getitem__(self, key: str) -> V_co:
        try:
            return self._first[key]
        except KeyError:
            raise MissingField(key) from None

    @overload
    def get(self, key: str, default: None = None) -> V_co | None: ...
    @overload
    def get(self, key: str, default: V_co | D) -> V_co | D: ...
    def get(self, key: str, default: object = None) -> object:
        """The first value of the key, or `default`."""
        return self._first.get(key, default)

    def getlist(self, key: str) -> list[V_co]:
        """All values of the key, in order; empty if there is none."""
        return [value for other, value in self._pairs if other == key]

    def multi_items(self) -> list[tuple[str, V_co]]:
        """All pairs, in order."""
        return list(self._pairs)

    def __contains__(self, key: object) -> bool:
        return key in self._first

    def __iter__(self) -> Iterator[str]:
        return iter(self._first)

    def __len__(self) -> int:
        return len(self._first)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, MultiMapping):
            return NotImplemented
        return self._pairs == cast("MultiMapping[object]", other)._pairs

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._pairs!r})"
