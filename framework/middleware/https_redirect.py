"""What comes unencrypted, sent to the same URL by https, and told to come that way at once next time.

Whether it came encrypted, the scope says; behind a proxy that has the TLS, ProxyHeadersMiddleware
around this makes it say so.
"""

from functools import partial

from framework._wire.hsts import hsts_fields
from framework._wire.urls import DEFAULT_PORTS, parse_authority
from framework.connections import HTTPConnection
from framework.errors import default_response
from framework.exceptions import ConfigError, MalformedRequest
from framework.middleware._answers import respond, send_with_defaults
from framework.responses import RedirectResponse, Response
from framework.types import ASGIApp, Receive, Scope, Send

__all__ = ["HTTPSRedirectMiddleware"]

SECURE = {"http": "https", "websocket": "wss"}


class HTTPSRedirectMiddleware:
    """Redirects http to https, and ws to wss; a Host that is missing, double or malformed is a 400.

    `status_code` is 307, or 308, which browsers keep for good: both leave method and body as they
    are. `port` is that of https; unless it is given, Host keeps its port if that is not 80 or 443. With
    `hsts_max_age` (seconds) encrypted responses say Strict-Transport-Security, unless they do already.
    """

    __slots__ = ("_app", "_hsts", "_port", "_status_code")

    def __init__(
        self,
        app: ASGIApp,
        *,
        status_code: int = 307,
        port: int | None = None,
        hsts_max_age: int | None = None,
        hsts_include_subdomains: bool = False,
        hsts_preload: bool = False,
    ) -> None:
        if status_code not in (307, 308):
            raise ConfigError(
                f"HTTPSRedirectMiddleware(status_code={status_code!r}): give 307 or 308, by which a "
                "POST stays a POST"
            )
        if port is not None and not (type(port) is int and 0 < port <= 65535):
            raise ConfigError(f"HTTPSRedirectMiddleware(port={port!r}): give a port, or None")
        self._app = app
        self._status_code = status_code
        self._port = port
        self._hsts = hsts_fields(
            "HTTPSRedirectMiddleware",
            hsts_max_age,
            include_subdomains=hsts_include_subdomains,
            preload=hsts_preload,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection, or redirect it."""
        kind = scope["type"]
        if kind not in ("http", "websocket"):
            await self._app(scope, receive, send)
        elif scope.get("scheme") in ("https", "wss"):
            if self._hsts and kind == "http":
                send = partial(send_with_defaults, send, self._hsts)
            await self._app(scope, receive, send)
        else:
            # Without HSTS, which means nothing here: anybody could have added it (RFC 6797 section 7.2).
            await respond(self._redirect(scope, SECURE[kind]), scope, receive, send)

    def _redirect(self, scope: Scope, scheme: str) -> Response:
        connection = HTTPConnection(scope)
        hosts = connection.headers.getlist("host")
        authority = parse_authority(hosts[0]) if len(hosts) == 1 else None
        if authority is None:
            error = MalformedRequest(
                "a request has one Host, which is well-formed: none to go on to"
            )
            return default_response(error, connection)
        port = authority[1] if self._port is None else self._port
        if port in DEFAULT_PORTS.values():
            port = None
        return RedirectResponse(connection.url.replace(scheme=scheme, port=port), self._status_code)
