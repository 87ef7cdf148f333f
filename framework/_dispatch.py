"""What runs for every connection: the look-up of its endpoint, and the answer where there is none."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

from framework._endpoint import responding
from framework._exchange import Exchange
from framework._matcher import Found, Leaf, Matcher
from framework._paths import mounted_scope, root_path, split_path
from framework._pattern import Pattern
from framework._wire.urls import parse_authority, quote_path, quote_query, quote_segment
from framework.connections import Settings
from framework.errors import ErrorHandlers
from framework.exceptions import FrameworkError, MethodNotAllowed
from framework.requests import Request
from framework.types import ASGIApp, Receive, Scope, Send
from framework.websockets import WebSocket

__all__ = [
    "Dispatcher",
    "Entry",
    "Fallbacks",
    "ResolvedRoute",
    "Table",
    "application",
    "by_route",
    "guarded",
    "mounted",
]


class ResolvedRoute:
    """A route with the whole of its path: what `scope["route"]` shows to tools around the app."""

    __slots__ = ("endpoint", "methods", "name", "path", "path_format", "pattern", "where")

    def __init__(
        self,
        pattern: Pattern,
        *,
        name: str | None,
        endpoint: Any,
        methods: Collection[str],
        where: str,
    ) -> None:
        self.pattern = pattern
        self.path = pattern.text
        self.path_format = pattern.without_converters()
        self.name = name
        self.endpoint = endpoint
        self.methods = frozenset(methods)
        self.where = where

    def __repr__(self) -> str:
        return f"{' '.join(sorted(self.methods)) or 'ANY'} {self.path or '/'} ({self.where})"


Entry: TypeAlias = tuple[ASGIApp, Any, ResolvedRoute]
"""What a look-up finds: what serves the connection, the handler as declared, and its route.

A plain tuple: the interpreter takes it apart faster than a named one.
"""


class Table(NamedTuple):
    """The routes of one host, or those for any host."""

    http: Matcher[Entry]
    websocket: Matcher[Entry]


class Fallbacks(NamedTuple):
    """The answers where no handler is found; each goes through the function middleware that applies."""

    not_found: ASGIApp
    no_socket: ASGIApp
    not_allowed: Callable[[ResolvedRoute, frozenset[str]], ASGIApp]
    options: Callable[[ResolvedRoute, frozenset[str]], ASGIApp]
    redirect: Callable[[str], ASGIApp]
    redirects_slashes: bool


class Dispatcher:
    """Finds the endpoint of a connection and writes into its scope what was found.

    Of several hosts' routes, those of the host that the client names come before those for any.
    """

    __slots__ = ("_any_host", "_default", "_fallbacks", "_hosts", "_settings", "dynamic", "static")

    def __init__(
        self,
        any_host: Table,
        hosts: Matcher[Table] | None,
        fallbacks: Fallbacks,
        settings: Settings,
    ) -> None:
        self._any_host = any_host
        self._default: list[tuple[Table, dict[str, Any]]] = [(any_host, {})]
        self._hosts = hosts
        self._fallbacks = fallbacks
        self._settings = settings
        self.static: dict[str, dict[str, Entry]] = {}
        """The entries of paths without parameters, unless a host could have others."""
        self.dynamic: Matcher[Entry] | None = None
        """Finds those of paths with parameters, unless a host could have others."""
        if hosts is None:
            self.static = {path: leaf.methods for path, leaf in any_host.http.static.items()}
            self.dynamic = any_host.http

    def find_websocket(self, scope: Scope) -> ASGIApp:
        """The endpoint of a WebSocket."""
        segments = split_path(scope)
        if segments is not None:
            for table, host_params in self._tables(scope):
                found = table.websocket.find(segments, "")
                if not isinstance(found, list):
                    return _found(scope, found, host_params)
        scope["path_params"] = {}
        return self._fallbacks.no_socket

    def find(self, scope: Scope) -> ASGIApp:
        """The endpoint of any HTTP request."""
        segments = split_path(scope)
        if segments is None:
            scope["path_params"] = {}
            return self._fallbacks.not_found
        others: list[Leaf[Entry]] = []
        for table, host_params in self._tables(scope):
            found = table.http.find(segments, scope["method"])
            if not isinstance(found, list):
                return _found(scope, found, host_params)
            others += found
        return self.missing(scope, segments, others)

    def missing(
        self, scope: Scope, segments: Sequence[str], others: Sequence[Leaf[Entry]]
    ) -> ASGIApp:
        """The answer for a path that no route has, or only `others` for other methods."""
        scope["path_params"] = {}
        fallbacks = self._fallbacks
        if others:
            allow = frozenset({"OPTIONS"}).union(*(leaf.methods for leaf in others))
            _, scope["endpoint"], route = next(iter(others[0].methods.values()))
            scope["route"] = route
            answer = fallbacks.options if scope["method"] == "OPTIONS" else fallbacks.not_allowed
            return answer(route, allow)
        # A second slash at the start would make the Location another host's, by RFC 3986 section 4.2.
        if fallbacks.redirects_slashes and segments[0] == "" != segments[1]:
            for table, _ in self._tables(scope):
                twin = table.http.twin(segments)
                if twin is not None:
                    return fallbacks.redirect(_location(scope, twin))
        return fallbacks.not_found

    def _tables(self, scope: Scope) -> Sequence[tuple[Table, dict[str, Any]]]:
        if self._hosts is None:
            return self._default
        values = [value for name, value in scope["headers"] if name == b"host"]
        authority = parse_authority(values[0].decode("latin-1")) if len(values) == 1 else None
        if authority is None:
            return self._default
        # A dot at the end says that the name is whole (RFC 1034 section 3.1); it is the same host.
        labels = ["", *authority[0].removesuffix(".").split(".")]
        found = [(leaf.any_method, leaf.parse(labels) or {}) for leaf in self._hosts.leaves(labels)]
        return [*((table, params) for table, params in found if table is not None), *self._default]


def _location(scope: Scope, segments: Sequence[str]) -> str:
    location = quote_path(root_path(scope)) + "/".join(map(quote_segment, segments))
    query = scope.get("query_string", b"")
    return f"{location}?{quote_query(query)}" if query else location


def _found(scope: Scope, found: Found[Entry], host_params: dict[str, Any]) -> ASGIApp:
    (serve, scope["endpoint"], scope["route"]), path_params = found
    scope["path_params"] = host_params | path_params
    return serve


def application(owner: Any, dispatcher: Dispatcher, lifespan: ASGIApp) -> ASGIApp:
    """The app itself."""
    static, find, find_websocket = dispatcher.static, dispatcher.find, dispatcher.find_websocket
    match = None if dispatcher.dynamic is None else dispatcher.dynamic.match

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        kind = scope["type"]
        if kind == "http":
            scope["app"] = owner
            serve = None
            path = scope["path"]
            try:
                # Nothing of the path is a mount's, and nothing of it was percent-encoded.
                if not scope["root_path"] and len(scope["raw_path"]) == len(path):
                    methods = static.get(path)
                    if methods is not None:
                        serve, scope["endpoint"], scope["route"] = methods[scope["method"]]
                        scope["path_params"] = {}
                    elif match is not None and path and path[0] == "/":
                        segments = path.split("/")
                        found = match(segments, scope["method"])
                        if isinstance(found, list):
                            serve = dispatcher.missing(scope, segments, found)
                        else:
                            (serve, scope["endpoint"], scope["route"]), scope["path_params"] = found
            except (KeyError, TypeError):
                pass  # another method, or a server without these optional keys
            if serve is None:
                serve = find(scope)
            await serve(scope, receive, send)
        elif kind == "websocket":
            scope["app"] = owner
            await find_websocket(scope)(scope, receive, send)
        elif kind == "lifespan":
            await lifespan(scope, receive, send)
        else:
            raise FrameworkError(
                f"a scope of type {kind!r}: this app serves http, websocket, lifespan"
            )

    return app


def by_route(endpoints: Mapping[Any, ASGIApp]) -> ASGIApp:
    """One app for several endpoints, chosen by what the look-up has written into the scope."""

    async def dispatch(scope: Scope, receive: Receive, send: Send) -> None:
        route, method = scope["route"], scope.get("method")
        serve = endpoints.get((route, method)) or endpoints.get((route, None))
        if serve is None:  # a middleware has changed the method to one that the route does not have
            raise MethodNotAllowed(route.methods)
        await serve(scope, receive, send)

    return dispatch


def mounted(app: ASGIApp, depth: int, state: Mapping[str, Any], *, strip: bool) -> ASGIApp:
    """An app as it is mounted: below its path, with what its own lifespan has put into the state."""

    async def serve_mounted(scope: Scope, receive: Receive, send: Send) -> None:
        child = mounted_scope(scope, depth, strip=strip)
        if state:
            child["state"] = {**scope.get("state", {}), **state}
        await app(child, receive, send)

    return serve_mounted


def guarded(
    owner: Any,
    stack: ASGIApp,
    errors: ErrorHandlers,
    settings: Settings,
    *,
    is_mount: bool = False,
) -> ASGIApp:
    """What is not ours, middleware or a mounted app, watched: it may raise, and may read the body."""
    keep = settings.limits.max_body_size

    async def guard(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await stack(scope, receive, send)
            return
        scope["app"] = owner
        exchange = Exchange(scope, receive, send, keep)
        if is_mount:
            exchange.delegate()
        try:
            await stack(scope, exchange.receive, exchange.send)
        except Exception as error:
            if exchange.started:
                raise
            if scope["type"] == "websocket":
                websocket = WebSocket(scope, exchange.receive, send, settings)
                await errors.answer(error, websocket, lambda r: r(scope, exchange.receive, send))
            else:
                request = Request(scope, exchange.receive, send, settings)
                await errors.answer(error, request, responding(request, send))
        finally:
            for close in exchange.leftovers or ():
                await close()

    return guard
