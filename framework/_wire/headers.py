"""Header fields: case-insensitive views of ASGI's list of byte pairs (RFC 9110 section 5).

What is written passes `grammar`; what is read is latin-1, in which each byte is a character. ASGI
asks for names in lower case; those of apps and servers that do not care are found all the same.
"""

from collections.abc import ItemsView, Iterable, Iterator, Mapping, ValuesView
from functools import lru_cache
from typing import TypeVar, cast, overload

from framework._wire.grammar import check_field_name, check_field_value, is_token, split_list
from framework._wire.multidict import first_values

__all__ = ["Headers", "MutableHeaders", "add_vary", "combined_value", "encode_headers"]

D = TypeVar("D")


class Headers(Mapping[str, str]):
    """Fields that are only read, by names in any case; as a mapping each name has its first value.

    Made of text, which is checked, or as a view of a `raw` list as servers give it, which is not.

    >>> headers = Headers([("Accept", "text/html"), ("accept", "*/*")])
    >>> headers["ACCEPT"], headers.getlist("accept"), headers.combined("accept")
    ('text/html', ['text/html', '*/*'], 'text/html, */*')
    """

    __slots__ = ("_first", "_raw")

    def __init__(
        self,
        headers: Mapping[str, str] | Iterable[tuple[str, str]] | None = None,
        *,
        raw: Iterable[tuple[bytes, bytes]] | None = None,
    ) -> None:
        self._first: dict[str, str] | None = None
        if raw is None:
            self._raw = [] if headers is None else encode_headers(headers)
        else:
            self._raw = raw if isinstance(raw, list) else list(raw)

    @property
    def raw(self) -> list[tuple[bytes, bytes]]:
        """The list itself, as ASGI wants it."""
        return self._raw

    @overload
    def get(self, key: str, default: None = None) -> str | None: ...
    @overload
    def get(self, key: str, default: str | D) -> str | D: ...
    def get(self, key: str, default: object = None) -> object:
        """The value of the first field of that name, or `default`."""
        wanted = _key(key)
        if self._first is not None:
            return self._first.get(wanted.decode("latin-1"), default)
        for name, value in self._raw:  # for the few reads of a request cheaper than an index
            if name == wanted or name.lower() == wanted:
                return value.decode("latin-1")
        return default

    def __getitem__(self, key: str) -> str:
        value = self.get(key)
        if value is None:
            raise KeyError(key)
        return value

    def getlist(self, key: str) -> list[str]:
        """The values of all fields of that name, in order; empty if there is none."""
        wanted = _key(key)
        return [value.decode("latin-1") for name, value in self._raw if name.lower() == wanted]

    def combined(self, key: str) -> str | None:
        """The values of all fields of that name as one list, or None (RFC 9110 section 5.2).

        Not for Set-Cookie, whose values have commas of their own (section 5.3).
        """
        values = self.getlist(key)
        return ", ".join(values) if values else None

    def multi_items(self) -> list[tuple[str, str]]:
        """All fields in order, the names in lower case."""
        return [
            (name.lower().decode("latin-1"), value.decode("latin-1")) for name, value in self._raw
        ]

    def mutablecopy(self) -> "MutableHeaders":
        """The same fields, to be changed without changing these."""
        return MutableHeaders(raw=list(self._raw))

    def items(self) -> ItemsView[str, str]:
        """Each name with the value of its first field."""
        return self._index().items()

    def values(self) -> ValuesView[str]:
        """The values of the first field of each name."""
        return self._index().values()

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and self.get(key) is not None

    def __iter__(self) -> Iterator[str]:
        return iter(self._index())

    def __len__(self) -> int:
        return len(self._index())

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Headers):
            return self.multi_items() == other.multi_items()
        return NotImplemented

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.multi_items()!r})"

    def _index(self) -> dict[str, str]:
        # Whoever iterates goes on to read each name: kept, so that `dict(headers)` is linear.
        if self._first is None:
            self._first = first_values(self.multi_items())
        return self._first


class MutableHeaders(Headers):
    """Fields that can be changed; given a `raw` list, that very list is.

    What is set is checked: ValueError for a name or a value that would break out of its line.
    """

    __slots__ = ()

    def __setitem__(self, key: str, value: str) -> None:
        """Make this the only field of its name, in the place of the first."""
        field = check_field_name(key), check_field_value(value)
        raw = self._raw
        for place, (name, _) in enumerate(raw):
            if name.lower() == field[0]:
                raw[place:] = [field, *_without({field[0]}, raw[place + 1 :])]
                return
        raw.append(field)

    def __delitem__(self, key: str) -> None:
        """Remove all fields of that name; nothing happens if there is none."""
        self._raw[:] = _without({_key(key)}, self._raw)

    def append(self, key: str, value: str) -> None:
        """Add a field, whether or not there are others of that name."""
        self._raw.append((check_field_name(key), check_field_value(value)))

    def setdefault(self, key: str, value: str) -> str:
        """The value of the first field of that name; it is set to `value` if there is none."""
        if key not in self:
            self.append(key, value)
        return self[key]

    def update(self, headers: Mapping[str, str] | Iterable[tuple[str, str]]) -> None:
        """Add these fields in the place of all that have one of their names."""
        fields = encode_headers(headers)
        self._raw[:] = [*_without({name for name, _ in fields}, self._raw), *fields]

    def vary(self, *names: str) -> None:
        """Add names to Vary, which has each once; `*` stands for all (RFC 9110 section 12.5.5)."""
        for name in names:
            if not is_token(name):
                raise ValueError(f"Vary takes names of header fields or '*', not {name!r:.80}")
        for name in names:
            add_vary(self._raw, name.encode("ascii"))

    def _index(self) -> dict[str, str]:
        return first_values(self.multi_items())  # not kept: others may hold the list, and change it


def combined_value(fields: Iterable[tuple[bytes, bytes]], name: bytes) -> str | None:
    """As `Headers.combined`, of fields whose names are in lower case, as those of a scope are."""
    values = [value for key, value in fields if key == name]
    return b", ".join(values).decode("latin-1") if values else None


def add_vary(fields: list[tuple[bytes, bytes]], name: bytes) -> None:
    """Add a name, as `MutableHeaders.vary` does, to the Vary of these fields."""
    places = [place for place, (key, _) in enumerate(fields) if key.lower() == b"vary"]
    if not places:
        fields.append((b"vary", name))
        return
    before = b", ".join([fields[place][1] for place in places])
    fields[places[0]] = (b"vary", _varying_also(before, name))
    for place in places[:0:-1]:
        del fields[place]


@lru_cache(256)  # the answers of an app have few
def _varying_also(before: bytes, name: bytes) -> bytes:
    names = [*split_list(before.decode("latin-1")), name.decode("ascii")]
    varying = first_values([(each.lower(), each) for each in names])
    return ("*" if "*" in varying else ", ".join(varying.values())).encode("latin-1")


def encode_headers(
    headers: Mapping[str, str] | Iterable[tuple[str, str]],
) -> list[tuple[bytes, bytes]]:
    """The fields as ASGI wants them, checked; several of one name stay several."""
    pairs: Iterable[tuple[str, str]]
    if isinstance(headers, Headers):
        pairs = headers.multi_items()
    elif isinstance(headers, Mapping):
        pairs = cast("Mapping[str, str]", headers).items()
    else:
        pairs = headers
    return [(check_field_name(name), check_field_value(value)) for name, value in pairs]


def _key(key: str) -> bytes:
    # Not `str.lower`, which makes a k of the Kelvin sign; and no field has a question mark.
    return key.encode("latin-1", "replace").lower()


def _without(
    names: set[bytes], fields: Iterable[tuple[bytes, bytes]]
) -> Iterator[tuple[bytes, bytes]]:
    return (field for field in fields if field[0].lower() not in names)
