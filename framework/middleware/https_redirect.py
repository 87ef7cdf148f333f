"""What comes unencrypted, sent to the same URL by https, and told to come that way at once next time.

Whether it came encrypted, the scope says; behind a proxy that has the TLS, ProxyHeadersMiddleware
around this makes it say so.
"""

from functools import partial

from framework._wire.hsts import format_hsts
from framework._wire.urls import DEFAULT_PORTS, parse_authority
from framework.connections import HTTPConnection
from framework.errors import default_response
from framework.exceptions import ConfigError, MalformedRequest
from framework.responses import Field, RedirectResponse, Response
from framework.types import ASGIApp, Message, Receive, Scope, Send
from framework.websockets import WebSocket

__all__ = ["HTTPSRedirectMiddleware"]

HSTS = b"strict-transport-security"


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
        self._hsts: Field | None = None
        if hsts_max_age is not None:
            try:
                value = format_hsts(
                    hsts_max_age, include_subdomains=hsts_include_subdomains, preload=hsts_preload
                )
            except ValueError as error:
                raise ConfigError(f"HTTPSRedirectMiddleware: {error}") from error
            self._hsts = (HSTS, value.encode())
        elif hsts_include_subdomains or hsts_preload:
            raise ConfigError("HTTPSRedirectMiddleware: give hsts_max_age, too")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection, or redirect it."""
        kind = scope["type"]
        if kind not in ("http", "websocket"):
            await self._app(scope, receive, send)
        elif scope.get("scheme") in ("https", "wss"):
            if self._hsts is not None and kind == "http":
                send = partial(_send_with, send, self._hsts)
            await self._app(scope, receive, send)
        elif kind == "websocket":
            await WebSocket(scope, receive, send)._conclude(self._redirect(scope, "wss"))
        else:
            # Without HSTS, which means nothing here: anybody could have added it (RFC 6797 section 7.2).
            await self._redirect(scope, "https")(scope, receive, send)

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


async def _send_with(send: Send, field: Field, message: Message) -> None:
    if message["type"] == "http.response.start":
        headers = [*message.get("headers", ())]
        if not any(name.lower() == HSTS for name, _ in headers):
            message = {**message, "headers": [*headers, field]}
    await send(message)
