"""From the name of a route back to where it is."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from framework._paths import Destination
from framework._pattern import Pattern
from framework._wire.urls import parse_authority, quote_segment
from framework.exceptions import NoMatchFound

__all__ = ["Names"]


class Named(NamedTuple):
    """A route that has a name."""

    pattern: Pattern
    host: Pattern | None
    is_websocket: bool


class Names:
    """The named routes and mounts of one app."""

    __slots__ = ("_mounts", "_routes")

    def __init__(self) -> None:
        self._routes: dict[str, list[Named]] = {}
        self._mounts: dict[str, list[tuple[Pattern, Any]]] = {}

    def add_route(
        self, name: str, pattern: Pattern, host: Pattern | None, *, is_websocket: bool
    ) -> None:
        """Note a route."""
        self._routes.setdefault(name, []).append(Named(pattern, host, is_websocket))

    def add_mount(self, name: str, pattern: Pattern, app: Any) -> None:
        """Note a mount by the app that is mounted."""
        self._mounts.setdefault(name, []).append((pattern, app))

    def find(self, name: str, params: dict[str, Any]) -> Destination:
        """Where a route is: `"user", {"id": 7}`.

        Of a mount: `"static", {"path": "logo.svg"}`; of a route in a mounted app of this framework:
        `"admin:user", {"id": 7}`. The parameters of a host may be left out: then it is that of the
        request. NoMatchFound says what there is instead.
        """
        found = {*self._routes_called(name, params), *self._below_mounts(name, params)}
        if not found:
            raise NoMatchFound(self._advice(name, params))
        paths, hosts, kinds = (set(values) for values in zip(*found, strict=True))
        if len(paths) > 1:
            raise NoMatchFound(f"several routes are called {name!r}: {', '.join(sorted(paths))}")
        return Destination(paths.pop(), _sole(hosts), _sole(kinds))

    def _routes_called(self, name: str, params: dict[str, Any]) -> Iterator[Destination]:
        for pattern, host, is_websocket in self._routes.get(name, ()):
            of_path, of_host = _names(pattern), _names(host)
            if params.keys() == of_path | of_host:
                yield Destination(pattern.format(params), _host(host, params), is_websocket)
            elif params.keys() == of_path:
                yield Destination(pattern.format(params), None, is_websocket)

    def _below_mounts(self, name: str, params: dict[str, Any]) -> Iterator[Destination]:
        mount, colon, inner = name.partition(":")
        for pattern, app in self._mounts.get(mount, ()):
            own = {key: value for key, value in params.items() if key in _names(pattern)}
            rest = {key: value for key, value in params.items() if key not in own}
            if own.keys() != _names(pattern):
                continue
            if colon and hasattr(app, "_find_name"):
                within: Destination = app._find_name(inner, rest)
                yield within._replace(path=pattern.format(own) + within.path)
            elif colon and hasattr(app, "url_path_for"):
                yield Destination(pattern.format(own) + str(app.url_path_for(inner, **rest)))
            elif not colon and rest.keys() == {"path"}:
                segments = str(rest["path"]).lstrip("/").split("/")
                path = "/".join(map(quote_segment, segments))
                yield Destination(f"{pattern.format(own)}/{path}", None, is_websocket=False)

    def _advice(self, name: str, params: dict[str, Any]) -> str:
        wanted = [_names(pattern) | _names(host) for pattern, host, _ in self._routes.get(name, ())]
        wanted += [_names(pattern) | {"path"} for pattern, _ in self._mounts.get(name, ())]
        if wanted:
            known = " or ".join(str(sorted(names)) for names in wanted)
            return f"the route {name!r} takes the parameters {known}, not {sorted(params)}"
        names = ", ".join(sorted({*self._routes, *self._mounts})) or "none"
        return f"no route is called {name!r} with {sorted(params)}; there are {names}"


def _names(pattern: Pattern | None) -> set[str]:
    return set() if pattern is None else {parameter.name for parameter in pattern.parameters()}


def _host(pattern: Pattern | None, params: dict[str, Any]) -> str | None:
    if pattern is None:
        return None
    labels = pattern.format(params)[1:].split("/")
    host = ".".join(labels)
    if host.count(".") >= len(labels) or parse_authority(host) is None:
        raise NoMatchFound(f"{params} does not fit into the host: {host!r} is none of its kind")
    return host


def _sole(values: set[Any]) -> Any:
    return values.pop() if len(values) == 1 else None
