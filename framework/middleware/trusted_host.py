"""Requests by other names than the site's own, refused before anything is made of the name.

Of a name that anybody could have sent, links in mails, caches and redirects would be poisoned. What a
Host may look like is decided in `_wire.urls` (RFC 9110 section 7.2); which of them is ours, here.
"""

from collections.abc import Iterable
from ipaddress import IPv6Address

from framework._wire.urls import parse_authority
from framework.connections import HTTPConnection
from framework.errors import default_response
from framework.exceptions import ConfigError, MalformedRequest
from framework.limits import checked_list
from framework.middleware._answers import respond
from framework.responses import RedirectResponse, Response
from framework.types import ASGIApp, Receive, Scope, Send

__all__ = ["TrustedHostMiddleware"]

MALFORMED = "a request has one Host, which is a name or an address, with or without a port"
UNKNOWN = "this server does not answer for the Host that was asked for"


class TrustedHostMiddleware:
    """Refuses with 400 what is not for one of `allowed_hosts`, or has no Host, two, or a malformed one.

    Names are compared as a whole, in any case; the port is not looked at, nor a dot at the end.
    `*.example.com` is every subdomain, but not `example.com`; `*` is every Host that is well-formed.
    With `www_redirect`, whoever leaves out the `www.` of an allowed name is sent there by 307.
    """

    __slots__ = ("_app", "_is_open", "_names", "_suffixes", "_without_www")

    def __init__(
        self, app: ASGIApp, *, allowed_hosts: Iterable[str] = ("*",), www_redirect: bool = True
    ) -> None:
        listed = {*checked_list("TrustedHostMiddleware", "allowed_hosts", allowed_hosts)}
        if not listed:
            raise ConfigError("TrustedHostMiddleware(allowed_hosts=[]): it would refuse everything")
        wildcards = {name for name in listed if name.startswith("*.")}
        self._app = app
        self._is_open = "*" in listed
        self._names = frozenset(map(_checked_name, listed - wildcards - {"*"}))
        self._suffixes = tuple(f".{_checked_name(name[2:])}" for name in wildcards)
        self._without_www = frozenset(
            name.removeprefix("www.")
            for name in self._names
            if www_redirect and name.startswith("www.")
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection, or refuse it."""
        response = self._objection(scope) if scope["type"] in ("http", "websocket") else None
        if response is None:
            await self._app(scope, receive, send)
        else:
            await respond(response, scope, receive, send)

    def _objection(self, scope: Scope) -> Response | None:
        """What to answer instead of the app, if anything."""
        connection = HTTPConnection(scope)
        hosts = connection.headers.getlist("host")
        authority = parse_authority(hosts[0]) if len(hosts) == 1 else None
        if authority is None:  # RFC 9112 section 3.2
            return default_response(MalformedRequest(MALFORMED), connection)
        name = _normal(authority[0])
        if self._is_open or name in self._names or name.endswith(self._suffixes):
            return None
        if name in self._without_www:
            return RedirectResponse(connection.url.replace(hostname=f"www.{name}"))
        return default_response(MalformedRequest(UNKNOWN), connection)


def _checked_name(text: str) -> str:
    bracketed = f"[{text}]" if text.count(":") > 1 and not text.startswith("[") else text
    authority = parse_authority(bracketed)
    if authority is None or bracketed.endswith(":") or authority[1] is not None:
        raise ConfigError(
            f"TrustedHostMiddleware(allowed_hosts=[{text!r}]): a host is 'example.com', without port "
            "or path, '*.example.com' for its subdomains, or '*' for any; write an international "
            "name in its xn-- form"
        )
    return _normal(authority[0])


def _normal(host: str) -> str:
    """The one spelling of a name or an address."""
    return str(IPv6Address(host)) if ":" in host else host.removesuffix(".")
