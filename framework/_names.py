"""From the name of a route back to its path."""

from typing import Any

from framework._pattern import Pattern
from framework._wire.urls import quote_path
from framework.exceptions import NoMatchFound

__all__ = ["Names"]


class Names:
    """The named routes and mounts of one app."""

    __slots__ = ("_mounts", "_routes")

    def __init__(self) -> None:
        self._routes: dict[str, list[Pattern]] = {}
        self._mounts: dict[str, tuple[Pattern, Any]] = {}

    def add(self, name: str, pattern: Pattern, mounted: Any = None) -> None:
        """Note a route, or a mount by the app that is mounted."""
        if mounted is None:
            self._routes.setdefault(name, []).append(pattern)
        else:
            self._mounts[name] = pattern, mounted

    def path_for(self, name: str, params: dict[str, Any]) -> str:
        """The percent-encoded path of a route: `"user", {"id": 7}`.

        Of a mount: `"static", {"path": "logo.svg"}`; of a route in a mounted app of this framework:
        `"admin:user", {"id": 7}`. NoMatchFound says what there is instead.
        """
        patterns = self._routes.get(name, [])
        paths = {p.format(params) for p in patterns if _names(p) == params.keys()}
        if len(paths) > 1:
            raise NoMatchFound(f"several routes are called {name!r}: {', '.join(sorted(paths))}")
        for path in paths:
            return path
        mount, colon, inner = name.partition(":")
        if mount in self._mounts:
            pattern, app = self._mounts[mount]
            own = {key: value for key, value in params.items() if key in _names(pattern)}
            rest = {key: value for key, value in params.items() if key not in own}
            if own.keys() == _names(pattern):
                if colon and hasattr(app, "url_path_for"):
                    return pattern.format(own) + str(app.url_path_for(inner, **rest))
                if not colon and rest.keys() == {"path"}:
                    return f"{pattern.format(own)}/{quote_path(rest['path'].lstrip('/'))}"
        raise NoMatchFound(self._advice(name, params))

    def _advice(self, name: str, params: dict[str, Any]) -> str:
        known = self._routes.get(name)
        if known is None:
            names = ", ".join(sorted({*self._routes, *self._mounts})) or "none"
            return f"no route is called {name!r} with {sorted(params)}; there are {names}"
        wanted = " or ".join(str(sorted(_names(pattern))) for pattern in known)
        return f"the route {name!r} takes the parameters {wanted}, not {sorted(params)}"


def _names(pattern: Pattern) -> set[str]:
    return {parameter.name for parameter in pattern.parameters()}
