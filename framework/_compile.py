"""From a recipe to tables: each route's path, handler, middleware and error handlers, put together.

A Compiler is used once. What it makes is run by `_dispatch`; what does not depend on a request is
decided here, and what cannot work is refused here, by the line that declared it.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

from framework._concurrency import ThreadPool, is_async
from framework._dispatch import (
    Dispatcher,
    Entry,
    Fallbacks,
    ResolvedRoute,
    Table,
    by_route,
    guarded,
    mounted,
)
from framework._endpoint import Wiring, attended, bodiless, http_endpoint, timed, websocket_endpoint
from framework._matcher import Leaf, Matcher
from framework._names import Names
from framework._pattern import Parameter, Pattern
from framework._results import Results
from framework._signature import Call, HandlerSignature, choose_converter
from framework.connections import Settings
from framework.converters import Converter
from framework.errors import DebugAnswers, ErrorHandlers, plain_error
from framework.exceptions import ConfigError, MethodNotAllowed, NotFound
from framework.requests import Request
from framework.responses import RedirectResponse, Response
from framework.routes import (
    GuardsApps,
    Middleware,
    Mount,
    Route,
    WebSocketRoute,
    parse_host,
    parse_path,
)
from framework.routing import Include, Router
from framework.types import ASGIApp
from framework.websockets import WebSocket

__all__ = ["Compiler", "Placed", "placed", "stacked"]


class Placed(NamedTuple):
    """A route where includes have put it: below these routers, from the app inwards."""

    route: Route | WebSocketRoute | Mount
    path: str
    routers: tuple[Router, ...]

    @property
    def host(self) -> str | None:
        """The host it is for, which the innermost router that names one decides."""
        return next((r.host for r in reversed(self.routers) if r.host is not None), None)


def placed(router: Router, prefix: str = "", above: tuple[Router, ...] = ()) -> Iterator[Placed]:
    """Every route of a router and of the routers in it."""
    prefix += router.prefix
    chain = (*above, router)
    for route in router.routes:
        if isinstance(route, Include):
            if route.router in chain:
                raise ConfigError(
                    f"a router includes itself: the include declared at {route.where}"
                )
            yield from placed(route.router, prefix + route.prefix, chain)
        else:
            yield Placed(route, prefix + route.path, chain)


class Leaves(NamedTuple):
    """The leaves of one host, by what they match and how their parameters are called."""

    http: dict[Any, Leaf[Entry]]
    websocket: dict[Any, Leaf[Entry]]


class Compiler:
    """Reads the recipe of an app."""

    __slots__ = (
        "_app",
        "_converters",
        "_debug",
        "_heads",
        "_hosts",
        "_ringed",
        "_settings",
        "_taken",
        "_threads",
        "_wirings",
        "mounts",
        "names",
        "places",
        "results",
    )

    def __init__(
        self,
        app: Router,
        *,
        settings: Settings,
        converters: Mapping[str, Converter[Any]],
        threads: ThreadPool,
        debug: DebugAnswers | None = None,
    ) -> None:
        self._app = app
        self._settings = settings
        self._converters = converters
        self._threads = threads
        self._debug = debug
        self._hosts: dict[Pattern | None, Leaves] = {None: Leaves({}, {})}
        self._taken: dict[Any, ResolvedRoute] = {}
        self._heads: list[Callable[[], None]] = []
        self._wirings: dict[tuple[int, ...], Wiring] = {}
        self._ringed: dict[int, tuple[ASGIApp, dict[Any, ASGIApp]]] = {}
        self.results = Results(settings.json)
        self.mounts: dict[int, tuple[ASGIApp, dict[str, Any]]] = {}
        self.names = Names()
        self.places: dict[ResolvedRoute, Placed] = {}
        for place in placed(app):
            self._add(place)
        for add_head in self._heads:
            add_head()
        self._heads.clear()
        self._taken.clear()

    def wiring(
        self, routers: Sequence[Router], route: Route | WebSocketRoute | None = None
    ) -> Wiring:
        """What is around the handlers of these routers, or of a route in them, from the app inwards."""
        around: list[Router | Route | WebSocketRoute] = [*routers]
        if route is not None and (route.limits or route.rings.functions):
            around.append(route)
        key = tuple(map(id, around))  # most routes have nothing of their own, and share one
        if key not in self._wirings:
            levels = [router.exception_handlers for router in reversed(routers)]
            self._wirings[key] = Wiring(
                self._settings.limited([level.limits for level in around[1:]]),
                self.results,
                ErrorHandlers(levels, self.results, self._threads, self._debug),
                [function for level in around for function in level.rings.functions],
            )
        return self._wirings[key]

    def dispatcher(self, *, redirects_slashes: bool) -> Dispatcher:
        """The tables, ready to be looked things up in."""
        tables = {
            host: Table(
                Matcher(list(leaves.http.values())), Matcher(list(leaves.websocket.values()))
            )
            for host, leaves in self._hosts.items()
        }
        host_leaves: list[Leaf[Table]] = []
        for host, table in tables.items():
            if host is not None:
                leaf: Leaf[Table] = Leaf(host)
                leaf.any_method = table
                host_leaves.append(leaf)
        return Dispatcher(
            tables[None],
            Matcher(host_leaves) if host_leaves else None,
            self._fallbacks(redirects_slashes=redirects_slashes),
            self._settings,
        )

    def _add(self, place: Placed) -> None:
        route = place.route
        try:
            if isinstance(route, Route):
                self._add_route(place, route)
            elif isinstance(route, WebSocketRoute):
                self._add_websocket_route(place, route)
            else:
                self._add_mount(place, route)
        except ConfigError as error:
            if route.where in str(error):
                raise
            raise ConfigError(f"{error} ({route!r}, declared at {route.where})") from None

    def _add_route(self, place: Placed, route: Route) -> None:
        title = f"the handler {route.name} of {place.path}"
        names = self._names(place)
        signatures = {
            method: HandlerSignature(handler, Request, names, title)
            for method, handler in route.handlers.items()
        }
        host, pattern = self._resolve(place, signatures.values())
        methods = {*route.handlers, *(["HEAD"] if "GET" in route.handlers else [])}
        resolved = self._resolved(place, host, pattern, route.name, route.endpoint, methods)
        wiring = self.wiring(place.routers, route)

        def endpoint(signature: HandlerSignature) -> ASGIApp:
            call = signature.call(names, self._threads)
            if route.cancel_on_disconnect:
                call = attended(call)
            if route.timeout is not None:
                call = timed(call, route.timeout)
            return http_endpoint(
                call,
                wiring,
                title,
                needs_request=signature.connection is not None or route.cancel_on_disconnect,
                status_code=route.status_code,
            )

        def add(method: str, serve: ASGIApp) -> None:
            if method == "HEAD":
                serve = bodiless(serve)
            serve = self._ring(place, resolved, method, serve)
            leaf.methods[method] = (serve, route.endpoint, resolved)

        def add_head() -> None:
            if (*key, "HEAD") not in self._taken:
                add("HEAD", endpoints["GET"])

        key = _key(host, "http", pattern)
        leaf = self._leaf(host, "http", pattern)
        endpoints = {method: endpoint(signature) for method, signature in signatures.items()}
        for method, serve in endpoints.items():
            self._take((*key, method), resolved)
            add(method, serve)
        if "GET" in endpoints:
            self._heads.append(add_head)

    def _add_websocket_route(self, place: Placed, route: WebSocketRoute) -> None:
        names = self._names(place)
        title = f"the handler {route.name} of {place.path}"
        signature = HandlerSignature(route.endpoint, WebSocket, names, title)
        if not is_async(route.endpoint):
            raise ConfigError(f"{title} must be `async def`: a socket cannot be used from a thread")
        host, pattern = self._resolve(place, [signature])
        resolved = self._resolved(place, host, pattern, route.name, route.endpoint, ())
        self._take((*_key(host, "websocket", pattern), None), resolved)
        wiring = self.wiring(place.routers, route)
        serve = websocket_endpoint(signature.call(names, self._threads), wiring)
        serve = self._ring(place, resolved, None, serve)
        self._leaf(host, "websocket", pattern).any_method = (serve, route.endpoint, resolved)

    def _add_mount(self, place: Placed, mount: Mount) -> None:
        host, pattern = self._resolve(place, ())
        if pattern.rest_index() is not None:
            raise ConfigError("a mount answers all below its path: leave {...:path} out of it")
        resolved = self._resolved(place, host, pattern, mount.name, mount.app, ())
        self._take((*_key(host, "mount", pattern), None), resolved)
        state = self.mounts.setdefault(id(mount.app), (mount.app, {}))[1]
        wiring = self.wiring(place.routers)
        serve = mounted(mount.app, len(pattern.segments), state, strip=mount.strip)
        for function in reversed(wiring.functions):
            if isinstance(function, GuardsApps):
                serve = function.guard_app(serve, wiring.settings)
        serve = guarded(self._app, serve, wiring.errors, wiring.settings, is_mount=True)
        entry = (self._ring(place, resolved, None, serve), mount.app, resolved)
        for kind in ("http", "websocket"):
            self._leaf(host, kind, pattern, is_mount=True).any_method = entry

    def _names(self, place: Placed) -> list[str]:
        host = () if place.host is None else parse_host(place.host).parameters()
        names = [p.name for p in (*host, *parse_path(place.path).parameters())]
        if len(names) > len(set(names)):
            raise ConfigError(f"the host {place.host!r} and the path have a parameter in common")
        return names

    def _resolve(
        self, place: Placed, signatures: Collection[HandlerSignature]
    ) -> tuple[Pattern | None, Pattern]:
        def choose(parameter: Parameter) -> Converter[Any]:
            return choose_converter(parameter, signatures, self._converters)

        if not place.path and not isinstance(place.route, Mount):
            raise ConfigError("the path is empty: it begins with '/', or its router has a prefix")
        host = None if place.host is None else parse_host(place.host).resolve(choose)
        if host is not None and host.rest_index() is not None:
            raise ConfigError(f"the host {place.host!r} cannot have a {{...:path}} parameter")
        return host, parse_path(place.path).resolve(choose)

    def _resolved(
        self,
        place: Placed,
        host: Pattern | None,
        pattern: Pattern,
        name: str | None,
        endpoint: Any,
        methods: Collection[str],
    ) -> ResolvedRoute:
        if name is not None and isinstance(place.route, Mount):
            self.names.add_mount(name, pattern, place.route.app)
        elif name is not None:
            is_websocket = isinstance(place.route, WebSocketRoute)
            self.names.add_route(name, pattern, host, is_websocket=is_websocket)
        resolved = ResolvedRoute(
            pattern, name=name, endpoint=endpoint, methods=methods, where=place.route.where
        )
        self.places[resolved] = place
        return resolved

    def _take(self, key: Any, route: ResolvedRoute) -> None:
        other = self._taken.setdefault(key, route)
        if other is not route:
            what = key[3] or key[1]
            raise ConfigError(
                f"two routes match the same requests: {what} {route.path or '/'} declared at "
                f"{route.where}, and {what} {other.path or '/'} declared at {other.where}"
            )

    def _leaf(
        self, host: Pattern | None, kind: str, pattern: Pattern, *, is_mount: bool = False
    ) -> Leaf[Entry]:
        leaves = self._hosts.setdefault(host, Leaves({}, {}))
        names = tuple(p.name for p in pattern.parameters())
        key = (is_mount, pattern.shape(), names)
        table = leaves.http if kind == "http" else leaves.websocket
        if key not in table:
            table[key] = Leaf(pattern, is_mount=is_mount)
        return table[key]

    def _ring(
        self, place: Placed, resolved: ResolvedRoute, method: str | None, serve: ASGIApp
    ) -> ASGIApp:
        """Put the ASGI middleware of routers and route around an endpoint; each is made once."""
        levels: list[Router | Route | WebSocketRoute] = [*place.routers[1:]]
        if not isinstance(place.route, Mount):
            levels.append(place.route)
        ringed = [level for level in reversed(levels) if level.rings.asgi]
        if not ringed:
            return serve
        for level in ringed:
            if id(level) not in self._ringed:
                endpoints: dict[Any, ASGIApp] = {}
                outer = stacked(level.rings.asgi, by_route(endpoints))
                self._ringed[id(level)] = outer, endpoints
            outer, endpoints = self._ringed[id(level)]
            endpoints[resolved, method] = serve
            serve = outer
        wiring = self._wiring_of(resolved)
        return guarded(self._app, serve, wiring.errors, wiring.settings)

    def _wiring_of(self, resolved: ResolvedRoute) -> Wiring:
        route, _, routers = self.places[resolved]
        return self.wiring(routers, None if isinstance(route, Mount) else route)

    def _fallbacks(self, *, redirects_slashes: bool) -> Fallbacks:
        def calling(answer: Callable[[], Response]) -> Call:
            async def call(connection: Any, path_params: dict[str, Any]) -> Response:
                return answer()

            return call

        def endpoint(answer: Callable[[], Response], wiring: Wiring) -> ASGIApp:
            return http_endpoint(calling(answer), wiring, "the router")

        def not_found() -> Response:
            raise NotFound

        # Made once for each route and set of methods, which the recipe bounds.
        @cache
        def not_allowed(route: ResolvedRoute, methods: frozenset[str]) -> ASGIApp:
            def refuse() -> Response:
                raise MethodNotAllowed(methods)

            return endpoint(refuse, self._wiring_of(route))

        @cache
        def options(route: ResolvedRoute, methods: frozenset[str]) -> ASGIApp:
            allow = {"allow": ", ".join(sorted(methods))}
            return endpoint(lambda: Response(None, 204, allow), self._wiring_of(route))

        def redirect(location: str) -> ASGIApp:
            return endpoint(lambda: RedirectResponse(location), wiring)

        wiring = self.wiring([self._app])
        is_plain = not (self._debug or wiring.functions or wiring.errors.expects(NotFound()))
        return Fallbacks(
            plain_error(404) if is_plain else endpoint(not_found, wiring),
            websocket_endpoint(calling(not_found), wiring),
            not_allowed,
            options,
            redirect,
            redirects_slashes,
        )


def _key(host: Pattern | None, kind: str, pattern: Pattern) -> tuple[Any, ...]:
    return (None if host is None else host.shape(), kind, pattern.shape())


def stacked(middleware: Sequence[Middleware], app: ASGIApp) -> ASGIApp:
    """An app within ASGI middleware, the first outermost."""
    for each in reversed(middleware):
        app = each.wrap(app)
    return app
