"""A recipe as plain data that can be shown: its routes, and what is around them.

For tools: nothing here is imported by an app that serves. What is declared is told as it is, with
the lines of source that one wants to open; which route a request takes is decided elsewhere.
"""

import inspect
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from framework._compile import Placed
from framework._concurrency import is_async
from framework._dispatch import ResolvedRoute
from framework.routes import (
    GuardsApps,
    Middleware,
    Mount,
    Route,
    WebSocketRoute,
    name_of,
)
from framework.routing import Router

__all__ = [
    "CatcherSummary",
    "MiddlewareSummary",
    "RouteSummary",
    "catchers",
    "label",
    "middleware_around",
    "source_of",
    "summary",
]


@dataclass(frozen=True, slots=True)
class RouteSummary:
    """A route, a WebSocket route or a mount, with the whole of its path."""

    kind: Literal["http", "websocket", "mount"]
    methods: tuple[str, ...]
    """Those that it answers, sorted, with the HEAD that a GET handler brings; empty unless `kind` is http."""
    path: str
    """Its pattern, "/" for a mount of everything."""
    name: str | None
    host: str | None
    """The pattern of the hosts that it is for; None: for any."""
    handler: str
    """What the handler or the mounted app is called."""
    source: str
    """Where the handler's code is, `file.py:12`; of what has none, where the route was declared."""
    where: str
    """Where the route was declared."""
    in_thread: bool
    """Whether the handler is a plain function, which runs in a thread."""


@dataclass(frozen=True, slots=True)
class MiddlewareSummary:
    """One middleware around a route."""

    name: str
    kind: Literal["asgi", "function"]
    """ASGI middleware is outside of all function middleware."""
    owner: str
    """Whose it is: `app`, `router /api`, `route`."""
    where: str
    """Where ASGI middleware was added; where the code of a function is."""
    options: str
    """Its options that are numbers, as `seconds=5`; the others, which may be secret, as `key=...`."""


@dataclass(frozen=True, slots=True)
class CatcherSummary:
    """One exception handler that applies to a route."""

    catches: str
    """The class of exceptions, or the status."""
    handler: str
    owner: str
    source: str


def summary(route: ResolvedRoute, place: Placed, method: str | None = None) -> RouteSummary:
    """A route as plain data; of a class with a method for each verb the handler of `method`."""
    declared = place.route
    handlers = declared.handlers if isinstance(declared, Route) else {}
    handler = handlers.get(method or "") or handlers.get("GET") or route.endpoint
    kind: Literal["http", "websocket", "mount"] = "http"
    if not isinstance(declared, Route):
        kind = "mount" if isinstance(declared, Mount) else "websocket"
    return RouteSummary(
        kind=kind,
        methods=tuple(sorted(route.methods)),
        path=route.path or "/",
        name=route.name,
        host=place.host,
        handler=label(handler),
        source=(source_of(handler) if kind != "mount" else None) or route.where,
        where=route.where,
        in_thread=kind == "http" and not is_async(handler),
    )


def middleware_around(
    routers: Sequence[Router],
    route: Route | WebSocketRoute | Mount | None = None,
) -> tuple[MiddlewareSummary, ...]:
    """What is around a route in these routers, from the app inwards: the first is outermost.

    Of function middleware only that which guards apps stands before a mount.
    """
    levels = [(router, _owner(router, is_app=not i)) for i, router in enumerate(routers)]
    rings = [(level.rings, owner) for level, owner in levels]
    if route is not None and not isinstance(route, Mount):
        rings.append((route.rings, "route"))
    asgi = [_asgi(each, owner) for ring, owner in rings for each in ring.asgi]
    functions = [
        _function(each, owner)
        for ring, owner in rings
        for each in ring.functions
        if not isinstance(route, Mount) or isinstance(each, GuardsApps)
    ]
    return (*asgi, *functions)


def catchers(routers: Sequence[Router]) -> tuple[CatcherSummary, ...]:
    """The exception handlers of these routers, the innermost router's first."""
    return tuple(
        CatcherSummary(
            str(key) if isinstance(key, int) else key.__name__,
            label(handler),
            _owner(router, is_app=router is routers[0]),
            source_of(handler) or "unknown",
        )
        for router in reversed(routers)
        for key, handler in router.exception_handlers.items()
    )


def label(function: Any) -> str:
    """What a handler or an app is called: `users`, `Users.get`, `StaticFiles`."""
    inner = getattr(function, "func", function)
    name = getattr(inner, "__qualname__", None) or name_of(inner)
    return str(name).rpartition("<locals>.")[2]


def source_of(function: Any) -> str | None:
    """Where the code of a function is, or of what is called of an instance; None for what has none."""
    inner: object = inspect.unwrap(getattr(function, "func", function))
    method: object = getattr(type(inner), "__call__", None)  # noqa: B004 - its code is wanted
    for called in (inner, method):
        code = getattr(called, "__code__", None)
        if code is not None:
            return f"{code.co_filename}:{code.co_firstlineno}"
    return None


def _owner(router: Router, *, is_app: bool) -> str:
    return "app" if is_app else " ".join(filter(None, ["router", router.host, router.prefix]))


def _asgi(middleware: Middleware, owner: str) -> MiddlewareSummary:
    options = [_option(value) for value in middleware.args]
    options += [f"{name}={_option(value)}" for name, value in middleware.kwargs.items()]
    name = label(middleware.cls)
    return MiddlewareSummary(name, "asgi", owner, middleware.where, ", ".join(options))


def _option(value: object) -> str:
    return repr(value) if value is None or isinstance(value, bool | int | float) else "..."


def _function(function: object, owner: str) -> MiddlewareSummary:
    return MiddlewareSummary(
        label(function), "function", owner, source_of(function) or "unknown", ""
    )
