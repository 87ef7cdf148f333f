"""What the rules of `check` look at, and what they find. The rules are in files of their own."""

from collections.abc import Iterator
from typing import Literal, NamedTuple

from framework._compile import Placed
from framework._dispatch import ResolvedRoute
from framework.app import App
from framework.routes import Middleware, Mount, Route, WebSocketRoute
from framework.routing import Router

__all__ = ["Finding", "Subject", "is_one", "option", "subjects"]


class Finding(NamedTuple):
    """Something that is wrong ("error"), or that is wrong more often than not ("hint")."""

    level: Literal["error", "hint"]
    where: str
    """The line that declared it, or the app where no line did."""
    what: str
    advice: str


class Subject(NamedTuple):
    """An app, the path under which it is mounted, and the ASGI middleware of the apps around it."""

    app: App
    prefix: str
    outer: tuple[Middleware, ...]

    @property
    def places(self) -> dict[ResolvedRoute, Placed]:
        """Its routes, and where they are."""
        return self.app._compiler.places

    def chain(self, place: Placed | None = None) -> tuple[Middleware, ...]:
        """The ASGI middleware around a route, or around the app, the outermost first."""
        levels: list[Router | Route | WebSocketRoute] = [self.app]
        if place is not None:
            levels += place.routers[1:]
            if not isinstance(place.route, Mount):
                levels.append(place.route)
        return (*self.outer, *(each for level in levels for each in level.rings.asgi))

    def chains(self) -> set[tuple[Middleware, ...]]:
        """Every chain that there is."""
        return {self.chain(), *map(self.chain, self.places.values())}


def subjects(app: App, prefix: str = "", outer: tuple[Middleware, ...] = ()) -> Iterator[Subject]:
    """An app and those of this framework that are mounted in it, compiled."""
    app.compile()
    subject = Subject(app, prefix, outer)
    yield subject
    for route, place in subject.places.items():
        if isinstance(place.route, Mount) and isinstance(place.route.app, App):
            yield from subjects(place.route.app, prefix + route.path, subject.chain(place))


def is_one(middleware: Middleware, name: str) -> bool:
    """Whether it is this middleware of ours, or derived from it; nothing is imported for that."""
    classes = getattr(middleware.cls, "__mro__", ())
    return any(c.__name__ == name and c.__module__.startswith("framework.") for c in classes)


def option(middleware: Middleware, name: str) -> object:
    """What an option was given, None if it was not."""
    return middleware.kwargs.get(name)
