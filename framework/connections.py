"""What can be read of a connection's scope without awaiting: common to `Request` and `WebSocket`.

What takes work is computed when it is first asked for, and kept. Nothing here receives or sends.
"""

from collections.abc import Callable, Iterable, Iterator, MutableMapping
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias, TypeVar

from framework._paths import Destination, encoded_path, root_path
from framework._wire.cookies import parse_cookies
from framework._wire.headers import Headers
from framework._wire.json import JSONCodec, StandardJSON, decodes_types
from framework._wire.negotiation import best_language, best_media_type
from framework._wire.query import QueryParams, parse_urlencoded
from framework._wire.urls import URL, absolute_url, quote_path, quote_query
from framework.exceptions import FrameworkError, LimitExceeded, NoMatchFound, NotAcceptable
from framework.limits import Limits
from framework.sessions import Session, session_of
from framework.types import Scope

__all__ = ["TLS", "Address", "HTTPConnection", "Settings", "State"]

T = TypeVar("T")


class Address(NamedTuple):
    """Where a connection comes from or goes to."""

    host: str
    port: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TLS:
    """How a connection is encrypted, as far as the server tells (ASGI TLS extension 0.2)."""

    server_cert: str | None = None
    """The certificate that the server has sent, in PEM."""
    client_cert_chain: tuple[str, ...] = ()
    """The client's certificate, and those that have signed it, in PEM; empty if it has sent none."""
    client_cert_name: str | None = None
    """Whose certificate the client's is, as a distinguished name (RFC 4514)."""
    client_cert_error: str | None = None
    """What is wrong with the client's certificate; never believe one without looking here."""
    tls_version: int | None = None
    """0x0304 is TLS 1.3."""
    cipher_suite: int | None = None
    """0x1301 is TLS_AES_128_GCM_SHA256."""


class State(MutableMapping[str, Any]):
    """Values by name, as attributes or as items: `request.state.db` is `request.state["db"]`.

    A value hides the method of a mapping that has its name: `items` is what was set as that.
    """

    __slots__ = ("_values",)

    _values: MutableMapping[str, Any]

    def __init__(self, values: MutableMapping[str, Any] | None = None) -> None:
        object.__setattr__(self, "_values", {} if values is None else values)

    def __copy__(self) -> "State":
        return State(dict(self._values))

    def __getattribute__(self, name: str) -> Any:
        if not name.startswith("_") and name in self._values:
            return self._values[name]
        return object.__getattribute__(self, name)

    def __getattr__(self, name: str) -> Any:
        try:
            return self._values[name]
        except KeyError:
            raise AttributeError(f"state has no {name!r}; it has {sorted(self._values)}") from None

    def __setattr__(self, name: str, value: Any) -> None:
        if name.startswith("_") and hasattr(State, name):
            raise AttributeError(f"{name!r} is a name of State itself: set state[{name!r}]")
        self._values[name] = value

    def __delattr__(self, name: str) -> None:
        try:
            del self._values[name]
        except KeyError:
            raise AttributeError(f"state has no {name!r}") from None

    def __getitem__(self, name: str) -> Any:
        return self._values[name]

    def __setitem__(self, name: str, value: Any) -> None:
        self._values[name] = value

    def __delitem__(self, name: str) -> None:
        del self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"State({dict(self._values)!r})"


FindName: TypeAlias = Callable[[str, dict[str, Any]], Destination]
"""Where a route is, by its name and its parameters; NoMatchFound if it is nowhere."""

SCHEMES: dict[tuple[str, bool | None], str] = {
    ("http", True): "ws",
    ("https", True): "wss",
    ("ws", False): "http",
    ("wss", False): "https",
}
"""By that of the request and whether the other end is a WebSocket: its scheme, where it differs."""


class Settings:
    """What an app decides for each of its requests: the JSON codec, the limits, how names become paths."""

    __slots__ = ("decodes_types", "find_name", "is_of_an_app", "json", "limits")

    def __init__(
        self,
        *,
        json: JSONCodec | None = None,
        limits: Limits | None = None,
        find_name: FindName | None = None,
    ) -> None:
        self.json: JSONCodec = StandardJSON() if json is None else json
        self.limits: Limits = Limits() if limits is None else limits
        self.find_name: FindName | None = find_name
        self.is_of_an_app: bool = find_name is not None
        """Unless so, the request was made by middleware, and whoever is further in reads it, too."""
        self.decodes_types: bool = decodes_types(self.json)

    def decode(self, data: bytes, kind: type[T]) -> T:
        """Decode JSON of a type by the app's codec; TypeError where it does not decode types."""
        if not self.decodes_types:
            raise TypeError(
                f"{self.json!r} decodes JSON without types: give the app a codec whose decode() takes "
                "`type=`, such as App(json=msgspec.json)"
            )
        codec: Any = self.json
        value: T = codec.decode(data, type=kind)
        return value

    def limited(self, levels: Iterable[Limits | None]) -> "Settings":
        """The same with the limits of routers and a route around them, from the outermost inwards."""
        limits = self.limits
        for level in filter(None, levels):
            limits = level.within(limits)
        if limits is self.limits:
            return self
        return Settings(json=self.json, limits=limits, find_name=self.find_name)


DEFAULT_SETTINGS = Settings()


class HTTPConnection:
    """A read-only view of an ASGI scope of type `http` or `websocket`."""

    __slots__ = ("_cookies", "_headers", "_query_params", "_settings", "_state", "_url", "scope")

    def __init__(self, scope: Scope, settings: Settings = DEFAULT_SETTINGS) -> None:
        self.scope: Scope = scope
        self._settings = settings
        self._cookies: dict[str, str] | None = None
        self._headers: Headers | None = None
        self._query_params: QueryParams | None = None
        self._state: State | None = None
        self._url: URL | None = None

    @property
    def app(self) -> Any:
        """The app that serves this connection."""
        return self.scope["app"]

    @property
    def path_params(self) -> dict[str, Any]:
        """The path's parameters, converted."""
        params: dict[str, Any] = self.scope.get("path_params", {})
        return params

    @property
    def headers(self) -> Headers:
        """The request's header fields."""
        if self._headers is None:
            self._headers = Headers(raw=self.scope["headers"])
        return self._headers

    @property
    def query_params(self) -> QueryParams:
        """The query string's fields; more than `Limits.max_query_fields` is a 400."""
        if self._query_params is None:
            limit = self._settings.limits.max_query_fields
            try:
                fields = parse_urlencoded(self.scope.get("query_string", b""), max_fields=limit)
            except ValueError as error:
                raise LimitExceeded(400, "max_query_fields", limit, str(error)) from error
            self._query_params = QueryParams(fields)
        return self._query_params

    @property
    def cookies(self) -> dict[str, str]:
        """The request's cookies; malformed ones are left out (RFC 6265bis section 5.8)."""
        if self._cookies is None:
            fields = self.scope["headers"]
            values = [
                value.decode("latin-1") for name, value in fields if name.lower() == b"cookie"
            ]
            limit = self._settings.limits.max_cookies
            self._cookies = parse_cookies(values, max_cookies=limit)
        return self._cookies

    @property
    def client(self) -> Address | None:
        """The peer's address, or None where the server does not say (a unix socket)."""
        # Of granian a port is text, and a unix socket has an empty host.
        host, port = self.scope.get("client") or ("", 0)
        return Address(host, int(port or 0)) if host else None

    @property
    def tls(self) -> TLS | None:
        """The encryption of the connection, or None where there is none or the server does not say."""
        extensions: dict[str, Any] = self.scope.get("extensions") or {}
        extension = extensions.get("tls")
        if extension is None:
            return None
        told: dict[str, Any] = {name: extension.get(name) for name in TLS.__slots__}
        told["client_cert_chain"] = tuple(told["client_cert_chain"] or ())
        return TLS(**told)

    @property
    def url(self) -> URL:
        """The absolute URL of the request; a Host header that is no valid authority is not in it."""
        if self._url is None:
            query = self.scope.get("query_string", b"")
            self._url = self._absolute_url(encoded_path(self.scope), query)
        return self._url

    @property
    def base_url(self) -> URL:
        """The absolute URL under which the app is mounted, with a slash at its end."""
        return self._absolute_url(quote_path(root_path(self.scope)) + "/")

    @property
    def state(self) -> State:
        """Values for the rest of this request; starts with what the lifespan yielded."""
        if self._state is None:
            self._state = State(self.scope.setdefault("state", {}))
        return self._state

    @property
    def session(self) -> Session:
        """What is kept of this browser between its requests; FrameworkError without a SessionMiddleware."""
        return session_of(self.scope)

    @property
    def user(self) -> Any:
        """Who asks, as the AuthenticationMiddleware says; FrameworkError without one."""
        return self._authenticated("user")

    @property
    def auth(self) -> Any:
        """What the user may do: `AuthCredentials` with `scopes`; FrameworkError without a middleware."""
        return self._authenticated("auth")

    def accepts(self, *media_types: str) -> str | None:
        """The one of these that the client likes best, the first of equals; None if it wants none.

        By Accept (RFC 9110 section 12.5.1), so the response is to have `Vary: Accept`:
        `response.headers.vary("Accept")`. ValueError for what is no media type.
        """
        return best_media_type(self.headers.combined("accept"), media_types)

    def negotiate(self, *media_types: str) -> str:
        """The same, but NotAcceptable, which is a 406, where the client wants none of them."""
        accepted = self.accepts(*media_types)
        if accepted is None:
            raise NotAcceptable(media_types)
        return accepted

    def accepts_languages(self, *tags: str) -> str | None:
        """The one of these language tags that the client likes best; None if it wants none of them.

        By Accept-Language and the lookup of RFC 4647; the response is to have `Vary: Accept-Language`.
        """
        return best_language(self.headers.combined("accept-language"), tags)

    def url_path_for(self, name: str, /, **path_params: Any) -> str:
        """The path of a route as this client must ask for it, the path of a mount included."""
        return self._path_to(self._find_name(name, path_params))

    def url_for(self, name: str, /, **path_params: Any) -> URL:
        """The absolute URL of a route; NoMatchFound if no route has that name and those parameters.

        It is on the request's host, unless the route is served for another, and as secure as the
        request: `wss` for a WebSocket where this came by `https`.
        """
        found = self._find_name(name, path_params)
        url = self._absolute_url(self._path_to(found))
        if found.host is not None:
            url = url.replace(hostname=found.host)
        scheme = SCHEMES.get((url.scheme, found.is_websocket), url.scheme)
        return url if scheme == url.scheme else url.replace(scheme=scheme)

    def _find_name(self, name: str, path_params: dict[str, Any]) -> Destination:
        settings = self._settings
        of_app = getattr(self.scope.get("app"), "_settings", None)
        if settings.find_name is None and isinstance(of_app, Settings):
            settings = of_app  # this object was made by a middleware of the app
        if settings.find_name is None:
            raise NoMatchFound(
                f"cannot build the URL of {name!r}: this object was made outside of an app; "
                "use the request that the app hands to the handler"
            )
        return settings.find_name(name, path_params)

    def _path_to(self, found: Destination) -> str:
        return quote_path(root_path(self.scope)) + found.path

    def _authenticated(self, name: str) -> Any:
        if name not in self.scope:
            raise FrameworkError(
                f"there is no {name}: app.add_middleware(AuthenticationMiddleware, backend=...), with "
                "AuthenticationMiddleware from framework.middleware.authentication"
            )
        return self.scope[name]

    def _absolute_url(self, path: str, query: bytes = b"") -> URL:
        hosts = self.headers.getlist("host")
        origin = absolute_url(
            scheme=self.scope.get("scheme", "http"),
            host=hosts[0] if len(hosts) == 1 else None,
            server=self.scope.get("server"),
            path="/",
        )[:-1]
        if not path.startswith("/"):
            path = f"/{path}"  # a target such as `*` or `.evil.example` would be more of the host
        if not origin and path.startswith("//"):
            path = f"/.{path}"  # or its first segment would be the host (WHATWG URL 4.5)
        return URL(f"{origin}{path}?{quote_query(query)}" if query else origin + path)
