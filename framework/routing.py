"""The recipe: how routes, mounts, middleware and handlers of errors are collected, in routers of routers.

Nothing here runs while a request is served. `_compile` reads a recipe once and freezes it.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, TypeAlias, TypeVar

from typing_extensions import Unpack

from framework.exceptions import ConfigError
from framework.limits import Limits
from framework.routes import (
    AnyMiddleware,
    FunctionMiddleware,
    Middleware,
    Mount,
    Rings,
    Route,
    RouteOptions,
    WebSocketRoute,
    caller,
    check_takes_two,
    checked_function,
    checked_limits,
    checked_prefix,
    parse_host,
    parse_path,
)
from framework.types import ASGIApp

__all__ = ["ExceptionHandler", "Router"]

ExceptionHandler: TypeAlias = Callable[[Any, Any], Any]
Handler = TypeVar("Handler", bound=Callable[..., Any])
Function = TypeVar("Function", bound=FunctionMiddleware)
Catcher = TypeVar("Catcher", bound=ExceptionHandler)


class Include:
    """A router inside another, under a further prefix."""

    __slots__ = ("prefix", "router", "where")

    def __init__(self, router: object, prefix: str) -> None:
        if not isinstance(router, Router) or callable(router):
            raise ConfigError(f"include({router!r}): it takes a Router; mount() takes an ASGI app")
        self.where: str = caller()
        self.prefix: str = checked_prefix(prefix)
        self.router: Router = router


AnyRoute: TypeAlias = Route | WebSocketRoute | Mount | Include


class Router:
    """Routes that belong together: a prefix, a host, middleware, limits and exception handlers of their own.

    `host` takes a name or a pattern (`{tenant}.example.com`); its parameters are path parameters.
    Of `middleware`, the first is outermost; what is added later wraps what is there.
    """

    __slots__ = ("_frozen", "exception_handlers", "host", "limits", "prefix", "rings", "routes")

    def __init__(
        self,
        *,
        prefix: str = "",
        host: str | None = None,
        routes: Iterable["Route | WebSocketRoute | Mount | Router"] = (),
        middleware: Iterable[AnyMiddleware] = (),
        exception_handlers: Mapping[int | type[Exception], ExceptionHandler] | None = None,
        limits: Limits | None = None,
    ) -> None:
        self.prefix: str = checked_prefix(prefix)
        self.host: str | None = host
        self.routes: list[AnyRoute] = []
        self.rings: Rings = Rings(middleware)
        self.limits: Limits | None = checked_limits(limits)
        self.exception_handlers: dict[int | type[Exception], ExceptionHandler] = {}
        self._frozen = False
        if host is not None:
            parse_host(host)
        for route in routes:
            self._add(Include(route, "") if isinstance(route, Router) else route)
        for key, handler in (exception_handlers or {}).items():
            self.add_exception_handler(key, handler)

    def add_route(
        self,
        path: str,
        endpoint: Any,
        methods: Iterable[str] | None = None,
        **options: Unpack[RouteOptions],
    ) -> None:
        """Declare an HTTP route; `methods` is GET unless given, or the verbs of a class."""
        self._add(Route(path, endpoint, methods, **options))

    def add_websocket_route(
        self,
        path: str,
        endpoint: Callable[..., Awaitable[None]],
        *,
        name: str | None = None,
        middleware: Iterable[AnyMiddleware] = (),
        limits: Limits | None = None,
    ) -> None:
        """Declare a WebSocket route."""
        route = WebSocketRoute(path, endpoint, name=name, middleware=middleware, limits=limits)
        self._add(route)

    def mount(
        self, path: str, app: ASGIApp, *, name: str | None = None, strip: bool = False
    ) -> None:
        """Let an ASGI app answer everything under `path`; see `Mount` for `strip`."""
        self._add(Mount(path, app, name=name, strip=strip))

    def include(self, router: "Router", *, prefix: str = "") -> None:
        """Take over all that a router declares, now and until the app is compiled."""
        self._add(Include(router, prefix))

    def route(
        self, path: str, methods: Iterable[str] | None = None, **options: Unpack[RouteOptions]
    ) -> Callable[[Handler], Handler]:
        """Declare the decorated function or class as a route."""
        parse_path(path)

        def declare(handler: Handler) -> Handler:
            self.add_route(path, handler, methods, **options)
            return handler

        return declare

    def get(self, path: str, **options: Unpack[RouteOptions]) -> Callable[[Handler], Handler]:
        """Declare a handler for GET, and with it for HEAD."""
        return self.route(path, ["GET"], **options)

    def post(self, path: str, **options: Unpack[RouteOptions]) -> Callable[[Handler], Handler]:
        """Declare a handler for POST."""
        return self.route(path, ["POST"], **options)

    def put(self, path: str, **options: Unpack[RouteOptions]) -> Callable[[Handler], Handler]:
        """Declare a handler for PUT."""
        return self.route(path, ["PUT"], **options)

    def patch(self, path: str, **options: Unpack[RouteOptions]) -> Callable[[Handler], Handler]:
        """Declare a handler for PATCH."""
        return self.route(path, ["PATCH"], **options)

    def delete(self, path: str, **options: Unpack[RouteOptions]) -> Callable[[Handler], Handler]:
        """Declare a handler for DELETE."""
        return self.route(path, ["DELETE"], **options)

    def head(self, path: str, **options: Unpack[RouteOptions]) -> Callable[[Handler], Handler]:
        """Declare a handler for HEAD, in place of the one that a GET handler brings."""
        return self.route(path, ["HEAD"], **options)

    def options(self, path: str, **options: Unpack[RouteOptions]) -> Callable[[Handler], Handler]:
        """Declare a handler for OPTIONS, in place of the automatic one."""
        return self.route(path, ["OPTIONS"], **options)

    def query(self, path: str, **options: Unpack[RouteOptions]) -> Callable[[Handler], Handler]:
        """Declare a handler for QUERY: safe like GET, with a body like POST."""
        return self.route(path, ["QUERY"], **options)

    def websocket(
        self,
        path: str,
        *,
        name: str | None = None,
        middleware: Iterable[AnyMiddleware] = (),
        limits: Limits | None = None,
    ) -> Callable[[Handler], Handler]:
        """Declare a WebSocket handler."""
        parse_path(path)

        def declare(handler: Handler) -> Handler:
            self.add_websocket_route(path, handler, name=name, middleware=middleware, limits=limits)
            return handler

        return declare

    def add_middleware(self, cls: Callable[..., ASGIApp], *args: Any, **options: Any) -> None:
        """Wrap an ASGI middleware, `cls(app, **options)`, around all that was added before."""
        self._check_open()
        self.rings.asgi.insert(0, Middleware(cls, *args, **options))

    def middleware(self, function: Function) -> Function:
        """Wrap an `async def function(request, call_next)` around the handlers and what was added before."""
        self._check_open()
        self.rings.functions.insert(0, checked_function(function))
        return function

    def add_exception_handler(self, key: int | type[Exception], handler: ExceptionHandler) -> None:
        """Let `handler(request, error)` answer for a class of exceptions, or for a status.

        For a WebSocket it gets that; its answer refuses the handshake, or, once the socket was accepted,
        closes it: with 1011 for a status of 500 or more, else with 1008.
        """
        self._check_open()
        is_status = isinstance(key, int) and 400 <= key <= 599
        if not (is_status or (isinstance(key, type) and issubclass(key, Exception))):
            raise ConfigError(
                f"exception_handler({key!r}): give an exception class, or a status from 400 to 599"
            )
        check_takes_two(handler, "(request, error)")
        self.exception_handlers[key] = handler

    def exception_handler(self, key: int | type[Exception]) -> Callable[[Catcher], Catcher]:
        """Declare the decorated `(request, error)` as the handler of a class or a status."""

        def declare(handler: Catcher) -> Catcher:
            self.add_exception_handler(key, handler)
            return handler

        return declare

    def _freeze(self) -> None:
        """Refuse every further declaration, here and in the routers included."""
        self._frozen = True
        for route in self.routes:
            if isinstance(route, Include):
                route.router._freeze()

    def _add(self, route: AnyRoute) -> None:
        self._check_open()
        if not isinstance(route, Route | WebSocketRoute | Mount | Include):
            raise ConfigError(f"routes=[{route!r}]: give Route, WebSocketRoute, Mount or Router")
        self.routes.append(route)

    def _check_open(self) -> None:
        if self._frozen:
            raise ConfigError(
                "this declaration comes too late: the app is compiled when it starts, by its first "
                "request or by compile(); declare everything before"
            )
