"""From the name of a route back to its path."""

from collections.abc import Iterator
from typing import Any

from framework._pattern import Pattern
from framework._wire.urls import quote_segment
from framework.exceptions import NoMatchFound

__all__ = ["Names"]


class Names:
    """The named routes and mounts of one app."""

    __slots__ = ("_mounts", "_routes")

    def __init__(self) -> None:
        self._routes: dict[str, list[Pattern]] = {}
        self._mounts: dict[str, list[tuple[Pattern, Any]]] = {}

    def add(self, name: str, pattern: Pattern, mounted: Any = None) -> None:
        """Note a route, or a mount by the app that is mounted."""
        if mounted is None:
            self._routes.setdefault(name, []).append(pattern)
        else:
            self._mounts.setdefault(name, []).append((pattern, mounted))

    def path_for(self, name: str, params: dict[str, Any]) -> str:
        """The percent-encoded path of a route: `"user", {"id": 7}`.

        Of a mount: `"static", {"path": "logo.svg"}`; of a route in a mounted app of this framework:
        `"admin:user", {"id": 7}`. NoMatchFound says what there is instead.
        """
        paths = {*self._route_paths(name, params), *self._mount_paths(name, params)}
        if len(paths) > 1:
            raise NoMatchFound(f"several routes are called {name!r}: {', '.join(sorted(paths))}")
        for path in paths:
            return path
        raise NoMatchFound(self._advice(name, params))

    def _route_paths(self, name: str, params: dict[str, Any]) -> Iterator[str]:
        for pattern in self._routes.get(name, ()):
            if _names(pattern) == params.keys():
                yield pattern.format(params)

    def _mount_paths(self, name: str, params: dict[str, Any]) -> Iterator[str]:
        mount, colon, inner = name.partition(":")
        for pattern, app in self._mounts.get(mount, ()):
            own = {key: value for key, value in params.items() if key in _names(pattern)}
            rest = {key: value for key, value in params.items() if key not in own}
            if own.keys() != _names(pattern):
                continue
            if colon and hasattr(app, "url_path_for"):
                yield pattern.format(own) + str(app.url_path_for(inner, **rest))
            elif not colon and rest.keys() == {"path"}:
                segments = str(rest["path"]).lstrip("/").split("/")
                yield pattern.format(own) + "/" + "/".join(map(quote_segment, segments))

    def _advice(self, name: str, params: dict[str, Any]) -> str:
        wanted = [_names(pattern) for pattern in self._routes.get(name, ())]
        wanted += [_names(pattern) | {"path"} for pattern, _ in self._mounts.get(name, ())]
        if wanted:
            known = " or ".join(str(sorted(names)) for names in wanted)
            return f"the route {name!r} takes the parameters {known}, not {sorted(params)}"
        names = ", ".join(sorted({*self._routes, *self._mounts})) or "none"
        return f"no route is called {name!r} with {sorted(params)}; there are {names}"


def _names(pattern: Pattern) -> set[str]:
    return {parameter.name for parameter in pattern.parameters()}
