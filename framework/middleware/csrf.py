"""Requests that other sites make a visitor's browser send, refused by what the browser says of them.

No tokens and no state: browsers since 2023 send Sec-Fetch-Site (W3C Fetch Metadata section 2.3), all
of them send Origin (Fetch section 3.2), and no page can set either. A client that sends neither is
no browser, so nobody's cookies are abused through it.
"""

import re
from collections.abc import Iterable
from typing import NamedTuple

from framework._wire.headers import Headers
from framework._wire.urls import DEFAULT_PORTS, parse_authority
from framework.exceptions import ConfigError, HTTPException
from framework.limits import checked_list
from framework.middleware._answers import refuse
from framework.types import ASGIApp, Receive, Scope, Send

__all__ = ["CSRFMiddleware"]

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "QUERY"})
"""RFC 9110 section 9.2.1, and QUERY, which is safe by definition and which no form can send.

TRACE is safe as well, but Fetch forbids it to pages: one that has an Origin is not to be believed.
"""

OWN_SITE = frozenset({"same-origin", "none"})  # none: the user's own doing, such as a bookmark
ORIGIN = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]*+)://(.++)", re.DOTALL)

CROSS_SITE = (
    "a page of another origin made the browser send this (Sec-Fetch-Site), and such requests are "
    "refused; an origin that may send them belongs in CSRFMiddleware(trusted_origins=[...])"
)
OTHER_ORIGIN = (
    "the Origin of this request is not the Host that it is for, and such requests are refused; an "
    "origin that may send them belongs in CSRFMiddleware(trusted_origins=[...]), as does the site's "
    "own where a proxy changes Host"
)


class CSRFMiddleware:
    """Refuses with 403 what a page of another origin sends, unless that origin is trusted.

    Checked are all methods that are not safe, so handlers of GET must change nothing, and WebSocket
    handshakes, which a page of any site may make with the visitor's cookies. `trusted_origins` are
    compared as a whole (`https://admin.example.com:8443`): a subdomain is another origin. Only the
    refusals have `Vary: Origin, Sec-Fetch-Site`; what passes does not depend on these fields.
    """

    __slots__ = ("_app", "_trusted")

    def __init__(self, app: ASGIApp, *, trusted_origins: Iterable[str] = ()) -> None:
        listed = checked_list("CSRFMiddleware", "trusted_origins", trusted_origins)
        self._app = app
        self._trusted = frozenset(map(_checked_origin, listed))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection, or refuse it."""
        kind = scope["type"]
        is_checked = kind == "websocket" or (kind == "http" and scope["method"] not in SAFE_METHODS)
        objection = self._objection(scope) if is_checked else None
        if objection is None:
            await self._app(scope, receive, send)
            return
        error = HTTPException(403, objection, {"vary": "Origin, Sec-Fetch-Site"})
        await refuse(error, scope, receive, send)

    def _objection(self, scope: Scope) -> str | None:
        """Why to refuse the connection, or None; a field that is there twice says nothing good."""
        headers = Headers(raw=scope["headers"])
        origins = headers.getlist("origin")
        origin = _parse_origin(origins[0]) if len(origins) == 1 else None
        if origin in self._trusted:
            return None
        # A browser names the Origin in every handshake (RFC 6455 section 4.1), but Sec-Fetch-Site not.
        sites = headers.getlist("sec-fetch-site") if scope["type"] == "http" else ()
        if sites:
            return None if OWN_SITE.issuperset(sites) else CROSS_SITE
        if not origins or (origin is not None and _is_own(origin, scope, headers)):
            return None
        return OTHER_ORIGIN


class _Origin(NamedTuple):
    scheme: str
    host: str
    port: int | None


def _checked_origin(text: str) -> _Origin:
    origin = _parse_origin(text)
    if origin is None:
        raise ConfigError(
            f"CSRFMiddleware(trusted_origins=[{text!r}]): an origin is scheme://host or "
            "scheme://host:port, without a path; write an international name in its xn-- form"
        )
    return origin


def _parse_origin(text: str) -> _Origin | None:
    """The origin, in lower case and with the port that its scheme implies; None for `null` and the like."""
    match = ORIGIN.fullmatch(text)
    if match is None:
        return None
    scheme, authority = match[1].lower(), parse_authority(match[2])
    if authority is None:
        return None
    host, port = authority
    return _Origin(scheme, host, DEFAULT_PORTS.get(scheme) if port is None else port)


def _is_own(origin: _Origin, scope: Scope, headers: Headers) -> bool:
    """Whether the origin is that of the request, as far as Host and the scope tell.

    An `http` in the scope may be what a proxy made of `https`, but not the other way round.
    """
    hosts = headers.getlist("host")
    own = _parse_origin(f"{origin.scheme}://{hosts[0]}") if len(hosts) == 1 else None
    is_encrypted = scope.get("scheme") in ("https", "wss")
    return origin == own and origin.scheme in (("https",) if is_encrypted else ("http", "https"))
