"""`app.explain()`: what would become of a request, and why.

The verdict is the Dispatcher's own: it looks the request up in the tables that serve, and only the
answers where nothing is found are replaced by what says which one it was. Nothing of the user's
runs here but converters.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol, TypeGuard
from urllib.parse import unquote

from framework._candidates import Candidate, Rivals
from framework._compile import Compiler
from framework._dispatch import Dispatcher, Fallbacks, ResolvedRoute
from framework._explanation import Explanation, Mounted, Verdict
from framework._layout import count
from framework._paths import local_path, mounted_scope, root_path, split_path
from framework._summaries import catchers, label, middleware_around, summary
from framework._wire.grammar import is_token
from framework._wire.headers import Headers, encode_headers
from framework._wire.urls import URL, parse_authority, redirect_location
from framework.errors import error_body
from framework.exceptions import HTTPException, MethodNotAllowed, NotFound
from framework.responses import RedirectResponse
from framework.routes import Mount, Route
from framework.routing import Router
from framework.types import ASGIApp, Scope

__all__ = ["explain", "explain_scope"]

MOST_CANDIDATES = 8


class Explainable(Protocol):
    """An App, which this module must not import."""

    _compiler: Compiler
    _dispatcher: Dispatcher

    def compile(self) -> ASGIApp:
        """Make the two."""
        ...


class Fallback(NamedTuple):
    """What stands in for an endpoint where no handler is found; it is never called."""

    verdict: Verdict
    status: int
    route: ResolvedRoute | None = None
    allow: frozenset[str] = frozenset()
    location: str | None = None


def explain(
    app: Explainable, method: str, path: str, headers: Mapping[str, str], root: str
) -> Explanation:
    """Explain a request as a client would send it to a server; ValueError if no client could."""
    return explain_scope(app, request_scope(method, path, headers, root))


def request_scope(method: str, path: str, headers: Mapping[str, str], root: str) -> Scope:
    """The scope that a server makes of a request."""
    method = method.upper()
    if not is_token(method):
        raise ValueError(f"{method!r} is no method: give a word such as GET, or WEBSOCKET")
    fields = {name.lower(): value for name, value in headers.items()}
    if not path.startswith("/") and "://" in path:
        netloc = fields["host"] = URL(path).netloc
        path = path.partition(f"://{netloc}")[2] or "/"
    if not path.startswith("/"):
        raise ValueError(f"{path!r} is no path: it begins with '/'")
    if parse_authority(fields.setdefault("host", "localhost")) is None:
        raise ValueError(f"{fields['host']!r} is no host: write example.com, or one with a port")
    raw, _, query = redirect_location(path.partition("#")[0]).partition("?")
    scope: Scope = {
        "type": "http",
        "method": method,
        "path": unquote(raw),
        "raw_path": raw.encode(),
        "query_string": query.encode(),
        "root_path": root,
        "headers": encode_headers(fields),
    }
    if method == "WEBSOCKET":
        scope["type"] = "websocket"
        del scope["method"]
    return scope


def explain_scope(app: Explainable, scope: Scope) -> Explanation:
    """Explain a request, or a handshake, as the app is told of it; the scope is left as it is."""
    app.compile()
    compiler, dispatcher = app._compiler, app._dispatcher
    # What an app around this one has found is not what this one finds.
    scope = {
        name: scope[name] for name in scope if name not in ("endpoint", "path_params", "route")
    }
    told = telling(dispatcher)
    find = told.find if scope["type"] == "http" else told.find_websocket
    answer: object = find(scope)
    fallback = answer if isinstance(answer, Fallback) else None
    found = scope["route"] if fallback is None else None
    rivals = Rivals(compiler.places, dispatcher, scope, found).candidates()
    asked: dict[str, Any] = {
        "method": scope.get("method", "WEBSOCKET"),
        "path": scope["path"],
        "root_path": root_path(scope),
        "local_path": local_path(scope),
        "path_params": scope["path_params"],
        "candidates": tuple(rivals[:MOST_CANDIDATES]),
    }
    if fallback is None:
        return _found(asked, compiler, scope, rivals)
    asked["reason"] = _reason(fallback, scope, dispatcher, rivals)
    return _missed(asked, compiler, scope, fallback)


def telling(dispatcher: Dispatcher) -> Dispatcher:
    """The same tables, with answers that say which one they are."""

    def not_allowed(route: ResolvedRoute, methods: frozenset[str]) -> Any:
        return Fallback("method not allowed", 405, route, methods)

    def options(route: ResolvedRoute, methods: frozenset[str]) -> Any:
        return Fallback("options", 204, route, methods)

    def redirect(location: str) -> Any:
        return Fallback("redirect", RedirectResponse(location).status_code, location=location)

    missing: Any = Fallback("not found", 404)
    redirects = dispatcher._fallbacks.redirects_slashes
    fallbacks = Fallbacks(missing, missing, not_allowed, options, redirect, redirects)
    return Dispatcher(dispatcher._any_host, dispatcher._hosts, fallbacks, dispatcher._settings)


def _found(
    asked: dict[str, Any], compiler: Compiler, scope: Scope, rivals: Sequence[Candidate]
) -> Explanation:
    found: ResolvedRoute = scope["route"]
    place = compiler.places[found]
    declared = place.route
    route = summary(found, place, asked["method"])
    asked |= {
        "middleware": middleware_around(place.routers, declared),
        "exception_handlers": catchers(place.routers),
        "route": route,
    }
    others = sum(each.kind == "precedence" for each in rivals)
    first = f", before {count(others, 'other')} that could" if others else ""
    if isinstance(declared, Mount):
        child = mounted_scope(scope, len(found.pattern.segments), strip=declared.strip)
        mounted = _mounted(declared.app, child)
        status = mounted.status if isinstance(mounted, Explanation) else None
        reason = f"the mount of {route.path} takes the path{first}"
        return Explanation(**asked, verdict="mount", status=status, reason=reason, mounted=mounted)
    reason = f"{route.handler} takes the path{first}"
    if (
        asked["method"] == "HEAD"
        and isinstance(declared, Route)
        and "HEAD" not in declared.handlers
    ):
        reason += "; to HEAD the handler of GET answers, and the body is not sent"
    return Explanation(
        **asked,
        verdict="route",
        status=None,
        reason=reason,
        limits=compiler.wiring(place.routers, declared).settings.limits,
        timeout=declared.timeout if isinstance(declared, Route) else None,
        cancel_on_disconnect=isinstance(declared, Route) and declared.cancel_on_disconnect,
    )


def _mounted(app: ASGIApp, scope: Scope) -> Explanation | Mounted:
    if _is_app(app):
        return explain_scope(app, scope)
    return Mounted(label(app), scope["root_path"], scope["path"])


def _is_app(app: object) -> TypeGuard[Explainable]:
    return isinstance(app, Router) and callable(app)


def _missed(
    asked: dict[str, Any], compiler: Compiler, scope: Scope, fallback: Fallback
) -> Explanation:
    routers: Sequence[Router] = (compiler._app,)
    around = middleware_around(routers)
    if fallback.route is not None:
        place = compiler.places[fallback.route]
        routers, around = place.routers, middleware_around(place.routers, place.route)
        asked["route"] = summary(fallback.route, place, asked["method"])
    return Explanation(
        **asked,
        verdict=fallback.verdict,
        status=fallback.status,
        worded_by=_wording(fallback, compiler, routers, scope),
        allow=tuple(sorted(fallback.allow)),
        location=fallback.location,
        # The ASGI middleware of routers and routes is around their handlers alone.
        middleware=tuple(m for m in around if m.kind == "function" or m.owner == "app"),
        exception_handlers=catchers(routers),
    )


def _wording(
    fallback: Fallback, compiler: Compiler, routers: Sequence[Router], scope: Scope
) -> str:
    if fallback.status < 400:
        return ""
    error: HTTPException = MethodNotAllowed(fallback.allow) if fallback.allow else NotFound()
    handler = compiler.wiring(routers).errors._handler(error)
    if handler is not None:
        return f"the exception handler {label(handler)}"
    accept = Headers(raw=scope["headers"]).combined("accept")
    return f"the default, as {error_body(fallback.status, None, accept, ())[1]}"


def _reason(
    fallback: Fallback, scope: Scope, dispatcher: Dispatcher, rivals: Sequence[Candidate]
) -> str:
    method, segments = scope.get("method"), split_path(scope)
    if fallback.verdict == "method not allowed":
        return f"the path has routes, but none for {method}"
    if fallback.verdict == "options":
        return "the path has no route for OPTIONS, and the router says which methods there are"
    if fallback.verdict == "redirect":
        how = "without the slash" if scope["path"].endswith("/") else "with a slash"
        return f"no route takes the path as it is, but one takes it {how} at its end"
    if segments is None:
        return "no route takes what is no path in UTF-8 that begins with a slash"
    if not any(each.kind == "slash" for each in rivals):
        return "no route takes the path"
    reason = "no route takes the path as it is"
    if scope["type"] == "websocket":
        return f"{reason}, and a handshake is not redirected"
    if not dispatcher._fallbacks.redirects_slashes:
        return f"{reason}, and trailing_slash='strict' redirects to none"
    return f"{reason}, and a path with two slashes at its start is not redirected"
