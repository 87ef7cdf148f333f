"""What a recipe is made of: routes, mounts and middleware, checked as they are declared.

Each remembers the line that declared it, for every message that is about it. Nothing here runs while
a request is served; how the pieces are collected is `routing`.
"""

import inspect
import re
from collections.abc import Awaitable, Callable, Iterable, Sequence
from traceback import walk_stack
from typing import Any, Protocol, TypeAlias, TypedDict, runtime_checkable

from typing_extensions import Unpack

from framework._asgi2 import asgi3, can_take, takes_only
from framework._concurrency import is_async
from framework._pattern import Pattern, parse_pattern
from framework._wire.grammar import is_token
from framework.connections import Settings
from framework.exceptions import ConfigError
from framework.limits import Limits, check_seconds
from framework.responses import Response
from framework.types import ASGIApp

__all__ = [
    "CallNext",
    "FunctionMiddleware",
    "GuardsApps",
    "Middleware",
    "Mount",
    "Route",
    "RouteOptions",
    "WebSocketRoute",
]

CallNext: TypeAlias = Callable[[Any], Awaitable[Response]]
FunctionMiddleware: TypeAlias = Callable[[Any, CallNext], Awaitable[Response]]
"""Takes a Request, or the WebSocket where a socket is served, and what calls the next."""

FINAL_STATUSES = frozenset(range(200, 600))
VERBS = ("delete", "get", "head", "options", "patch", "post", "put", "query")

LABEL = re.compile("[a-z0-9_-]+")
ENCODED = re.compile("%[0-9A-Fa-f]{2}")


class Middleware:
    """ASGI middleware, made when the app is compiled: `Middleware(cls, **options)` is `cls(app, **options)`."""

    __slots__ = ("args", "cls", "kwargs", "where")

    def __init__(self, cls: Callable[..., ASGIApp], *args: Any, **kwargs: Any) -> None:
        self.cls: Callable[..., ASGIApp] = checked_class(cls)
        self.args: tuple[Any, ...] = args
        self.kwargs: dict[str, Any] = kwargs
        self.where: str = caller()

    def wrap(self, app: ASGIApp) -> ASGIApp:
        """Make the middleware around `app`; ConfigError names the declaring line if it cannot be made."""
        try:
            wrapped = self.cls(app, *self.args, **self.kwargs)
        except TypeError as error:
            raise ConfigError(f"{self!r}, declared at {self.where}: {error}") from error
        if not callable(wrapped):
            raise ConfigError(f"{self!r}, declared at {self.where}, made no ASGI app: {wrapped!r}")
        return asgi3(wrapped)

    def __repr__(self) -> str:
        # Without the values: one of them may be a secret key, and this goes into logs.
        options = ["..." for _ in self.args] + [f"{name}=..." for name in self.kwargs]
        return f"Middleware({', '.join([name_of(self.cls), *options])})"


AnyMiddleware: TypeAlias = Middleware | FunctionMiddleware


@runtime_checkable
class GuardsApps(Protocol):
    """Function middleware that can stand before a mounted app, too, of which such middleware sees nothing."""

    def guard_app(self, app: ASGIApp, settings: Settings) -> ASGIApp:
        """The app, or what answers instead."""
        ...


class RouteOptions(TypedDict, total=False):
    """What can be said of a route beside its path and its handler."""

    name: str
    """For `url_path_for`; the handler's name unless given."""

    status_code: int
    """The status of a returned value that is no Response; 200 unless given, 204 for None."""

    middleware: Sequence[AnyMiddleware]
    """Around this route alone, the first outermost: `Middleware(...)` or `(request, call_next)`."""

    limits: Limits
    """For this route; the numbers that are not given are those of its router."""

    timeout: float
    """Seconds until the handler is cancelled and 504 answered; what it streams is not counted."""

    cancel_on_disconnect: bool
    """Whether the handler is cancelled when the client goes before its answer."""


class Rings:
    """Middleware of both kinds, each in the order in which it wraps: the outermost first."""

    __slots__ = ("asgi", "functions")

    def __init__(self, middleware: Iterable[AnyMiddleware] = ()) -> None:
        self.asgi: list[Middleware] = []
        self.functions: list[FunctionMiddleware] = []
        for item in checked_items(middleware):
            if isinstance(item, Middleware):
                self.asgi.append(item)
            else:
                self.functions.append(checked_function(item))


class Route:
    """An HTTP path and what handles it: a function, or a class with a method for each verb.

    A class is instantiated once, without arguments; give an instance to choose its arguments.
    """

    __slots__ = (
        "cancel_on_disconnect",
        "endpoint",
        "handlers",
        "limits",
        "name",
        "path",
        "rings",
        "status_code",
        "timeout",
        "where",
    )

    def __init__(
        self,
        path: str,
        endpoint: Any,
        methods: Iterable[str] | None = None,
        **options: Unpack[RouteOptions],
    ) -> None:
        self.where: str = caller()
        self.path: str = path
        parse_path(path)
        if unknown := options.keys() - RouteOptions.__annotations__.keys():
            raise ConfigError(
                f"{path!r}: a route has no option {', '.join(sorted(unknown))}; "
                f"there are {', '.join(sorted(RouteOptions.__annotations__))}"
            )
        self.endpoint: Any = endpoint
        self.handlers: dict[str, Any] = _handlers(path, endpoint, methods)
        self.name: str = options.get("name") or name_of(endpoint)
        self.rings: Rings = Rings(options.get("middleware", ()))
        self.limits: Limits | None = checked_limits(options.get("limits"))
        self.status_code: int | None = options.get("status_code")
        if self.status_code is not None and self.status_code not in FINAL_STATUSES:
            raise ConfigError(
                f"status_code={self.status_code!r}: a response has one from 200 to 599"
            )
        self.timeout: float | None = options.get("timeout")
        if self.timeout is not None:
            check_seconds(f"Route({path!r})", "timeout", self.timeout)
        self.cancel_on_disconnect: bool = options.get("cancel_on_disconnect", False)
        self._check_cancellable()

    def _check_cancellable(self) -> None:
        for handler in self.handlers.values():
            if (self.timeout is not None or self.cancel_on_disconnect) and not is_async(handler):
                raise ConfigError(
                    f"{self.path!r}: {name_of(handler)} runs in a thread, which cannot be cancelled: "
                    "timeout= and cancel_on_disconnect= need an `async def` (which may call "
                    "run_in_threadpool)"
                )

    def __repr__(self) -> str:
        return f"Route({self.path!r}, {self.name}, methods={sorted(self.handlers)})"


class WebSocketRoute:
    """A WebSocket path and its handler."""

    __slots__ = ("endpoint", "limits", "name", "path", "rings", "where")

    def __init__(
        self,
        path: str,
        endpoint: Callable[..., Awaitable[None]],
        *,
        name: str | None = None,
        middleware: Iterable[AnyMiddleware] = (),
        limits: Limits | None = None,
    ) -> None:
        self.where: str = caller()
        self.path: str = path
        parse_path(path)
        self.endpoint: Callable[..., Awaitable[None]] = endpoint
        self.name: str = name or name_of(endpoint)
        self.rings: Rings = Rings(middleware)
        self.limits: Limits | None = checked_limits(limits)

    def __repr__(self) -> str:
        return f"WebSocketRoute({self.path!r}, {self.name})"


class Mount:
    """An ASGI app that answers everything under a path.

    The app sees `root_path` grow by the path and `path` whole, as the ASGI specification says. With
    `strip=True` the path is cut off `path` and `raw_path` too, for apps that ignore `root_path`.
    It may be one of ASGI 2: a double callable, `app(scope)` and then `(receive, send)`.
    """

    __slots__ = ("app", "name", "path", "strip", "where")

    def __init__(
        self, path: str, app: ASGIApp, *, name: str | None = None, strip: bool = False
    ) -> None:
        self.where: str = caller()
        self.path: str = path.rstrip("/")
        parse_path(path)
        if not callable(app):
            raise ConfigError(f"mount({path!r}, {app!r}): that is no ASGI app")
        self.app: ASGIApp = asgi3(app)
        if not can_take(self.app, 3):
            raise ConfigError(
                f"mount({path!r}, {app!r}): an ASGI app is called with (scope, receive, send), and that "
                "cannot be. Mount the instance of a class, and WSGI(app), from framework.wsgi, for a "
                "WSGI app such as Flask's"
            )
        self.name: str | None = name
        # An app of ours looks at `root_path`; to it, a path that was cut off would be ambiguous.
        self.strip: bool = strip and not hasattr(app, "url_path_for")

    def __repr__(self) -> str:
        return f"Mount({self.path or '/'!r}, {self.app!r})"


def caller() -> str:
    """Where the user's code calls into this package: `file.py:12`."""
    outside = (
        f"{frame.f_code.co_filename}:{line}"
        for frame, line in walk_stack(inspect.currentframe())
        if frame.f_globals.get("__name__", "").partition(".")[0] != "framework"
    )
    return next(outside, "unknown")


def name_of(endpoint: Any) -> str:
    """What an endpoint is called; of an instance or a partial, what is behind it."""
    inner = getattr(endpoint, "func", endpoint)
    name: str = getattr(inner, "__name__", type(inner).__name__)
    return name


def parse_path(path: str) -> Pattern:
    """Parse a path as a recipe has it; ConfigError for one that no request could match."""
    if not isinstance(path, str):
        raise ConfigError(f"{path!r} is no path: write a text, such as @app.get('/users/{{id}}')")
    pattern = parse_pattern(path)
    if path and not path.startswith("/"):
        raise ConfigError(f"the path {path!r} must begin with '/'")
    if path.startswith("//"):
        raise ConfigError(f"the path {path!r} must not begin with '//': to clients that is a host")
    for segment in pattern.segments:
        for part in segment:
            if isinstance(part, str):
                _check_literal(path, part, whole=len(segment) == 1)
    return pattern


def parse_host(host: str) -> Pattern:
    """Parse a host as a recipe has it, its labels as segments; ConfigError for one that no client names."""
    pattern = parse_pattern("." + host, ".")
    segments = tuple(
        tuple(part.lower() if isinstance(part, str) else part for part in segment)
        for segment in pattern.segments
    )
    for label in segments[1:]:
        if not label or any(isinstance(part, str) and not LABEL.fullmatch(part) for part in label):
            raise ConfigError(
                f"the host {host!r} can never match: write a DNS name without a port, such as "
                "'api.example.com' or '{tenant}.example.com', in ASCII ('xn--...')"
            )
    return Pattern(host, segments)


def checked_limits(limits: object) -> Limits | None:
    """Limits, or None where none are given."""
    if limits is None or isinstance(limits, Limits):
        return limits
    raise ConfigError(f"limits={limits!r}: give Limits(...)")


def checked_prefix(prefix: str) -> str:
    """A prefix as it is put before paths."""
    parse_path(prefix)
    if prefix.endswith("/"):
        raise ConfigError(
            f"the prefix {prefix!r} must not end in '/': each path begins with its own"
        )
    return prefix


def checked_items(middleware: Any) -> Iterable[AnyMiddleware]:
    """A list of middleware; ConfigError for a single one."""
    if isinstance(middleware, str) or not hasattr(middleware, "__iter__"):
        raise ConfigError(f"middleware={middleware!r}: give a list, such as [{middleware!r}]")
    items: Iterable[AnyMiddleware] = middleware
    return items


def checked_class(cls: Any) -> Callable[..., ASGIApp]:
    """What makes ASGI middleware: a class, or a function that returns one."""
    if not callable(cls) or is_async(cls):
        raise ConfigError(
            f"Middleware takes a class and its options, not {cls!r}; function middleware goes "
            "into middleware=[...] as it is, or below @app.middleware"
        )
    made: Callable[..., ASGIApp] = cls
    return made


def checked_function(function: Any) -> FunctionMiddleware:
    """A function middleware that can be awaited with `(request, call_next)`."""
    if isinstance(function, type) or (is_async(function) and takes_only(function, 3, not_even=4)):
        raise ConfigError(f"{function!r} is ASGI middleware: write Middleware(cls, **options)")
    if isinstance(function, str):
        raise ConfigError(
            f"{function!r} is no middleware: write @app.middleware, without brackets, above "
            "`async def name(request, call_next)`"
        )
    if not is_async(function):
        raise ConfigError(
            f"{function!r} is no middleware: write `async def name(request, call_next)`"
        )
    check_takes_two(function, "(request, call_next)")
    checked: FunctionMiddleware = function
    return checked


def check_takes_two(function: Callable[..., Any], what: str) -> None:
    """ConfigError if a function cannot be called with two arguments."""
    try:
        inspect.signature(function).bind(None, None)
    except TypeError as error:
        raise ConfigError(f"{name_of(function)} must take {what}: {error}") from error


def _check_literal(path: str, text: str, *, whole: bool) -> None:
    if whole and text in (".", ".."):
        raise ConfigError(f"the path {path!r} can never match: clients resolve {text!r} away")
    for character in "?#":
        if character in text:
            raise ConfigError(f"the path {path!r} can never match: {character!r} ends a URL's path")
    if found := ENCODED.search(text):
        raise ConfigError(
            f"the path {path!r} can never match: write it decoded, without {found[0]}"
        )


def _handlers(path: str, endpoint: Any, methods: Iterable[str] | None) -> dict[str, Any]:
    if isinstance(methods, str):
        raise ConfigError(f"methods={methods!r}: give a list, such as [{methods!r}]")
    verbs = [verb for verb in VERBS if callable(getattr(endpoint, verb, None))]
    if inspect.isroutine(endpoint) or not verbs:
        if not callable(endpoint) or isinstance(endpoint, type):
            raise ConfigError(
                f"the handler of {path!r} is {endpoint!r}: give a function, or a class with a "
                "method named get, post, ..."
            )
        names = ["GET"] if methods is None else [method.upper() for method in methods]
        if not names or not all(map(is_token, names)):
            raise ConfigError(f"methods={names!r}: give words such as 'GET', at least one")
        return dict.fromkeys(names, endpoint)
    if methods is not None:
        raise ConfigError(f"methods={methods!r}: the methods of {endpoint!r} are its verbs")
    try:
        instance = endpoint() if isinstance(endpoint, type) else endpoint
    except TypeError as error:
        made = f"{name_of(endpoint)}(...)"
        raise ConfigError(
            f"the handler of {path!r} cannot be made without arguments ({error}): write "
            f"add_route({path!r}, {made}), an instance"
        ) from error
    return {verb.upper(): getattr(instance, verb) for verb in verbs}
