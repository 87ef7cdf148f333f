"""The client, the scheme and the host of requests that come through proxies, as trusted proxies tell them.

What proxies say is read by `_wire.forwarded`; here is decided which of it to believe: nothing that
somebody could have written who is not trusted.
"""

from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Literal, TypeAlias

from framework._wire.forwarded import (
    Hop,
    IPAddress,
    parse_address,
    parse_forwarded,
    parse_x_forwarded,
)
from framework._wire.headers import Headers
from framework._wire.urls import parse_authority
from framework.exceptions import ConfigError
from framework.limits import check_integer
from framework.types import ASGIApp, Receive, Scope, Send

__all__ = ["ProxyHeadersMiddleware"]

Network: TypeAlias = IPv4Network | IPv6Network

FIELDS: dict[str, frozenset[bytes]] = {
    "x-forwarded": frozenset({b"x-forwarded-for", b"x-forwarded-proto", b"x-forwarded-host"}),
    "forwarded": frozenset({b"forwarded"}),
}

SCHEMES = {
    "http": {"http": "http", "https": "https", "ws": "http", "wss": "https"},
    "websocket": {"http": "ws", "https": "wss", "ws": "ws", "wss": "wss"},
}
"""By the type of the scope: what its scheme becomes for what a proxy calls it."""


class ProxyHeadersMiddleware:
    """Puts the client and the scheme that proxies tell of into the scope, if a trusted one is the peer.

    `trusted_hosts` are addresses and networks (`10.0.0.0/8`), `unix` (a peer without an address), or
    `*`: anybody. The entries are read from the last one backwards, for as long as whoever wrote them is
    trusted, `hops` at most; the client is the first address that is not. With `*`, `hops` is 1 unless
    given. Only the fields of the family `headers` are looked at: a proxy that sets the one passes on
    the other as a client has sent it. With `host=True` the Host becomes what the proxies say it was.
    """

    __slots__ = (
        "_addresses",
        "_app",
        "_family",
        "_fields",
        "_hops",
        "_host",
        "_networks",
        "_words",
    )

    def __init__(
        self,
        app: ASGIApp,
        *,
        trusted_hosts: str | Iterable[str] = ("127.0.0.1", "::1"),
        headers: Literal["x-forwarded", "forwarded"] = "x-forwarded",
        hops: int | None = None,
        host: bool = False,
    ) -> None:
        if headers not in FIELDS:
            raise ConfigError(
                f"ProxyHeadersMiddleware(headers={headers!r}): give 'x-forwarded' or 'forwarded', "
                "whichever your proxies write themselves"
            )
        if hops is not None:
            check_integer("ProxyHeadersMiddleware", "hops", hops, least=1)
        listed = trusted_hosts.split(",") if isinstance(trusted_hosts, str) else trusted_hosts
        hosts = {each.strip() for each in listed}
        self._app = app
        self._family = headers
        self._fields = FIELDS[headers]
        self._host = host
        self._words = hosts & {"*", "unix"}
        self._hops = 1 if hops is None and "*" in hosts else hops
        networks = [*map(_checked_network, hosts - self._words)]
        # Most peers are single hosts: those are looked up, not compared with one network after another.
        self._addresses = frozenset(
            each.network_address for each in networks if each.num_addresses == 1
        )
        self._networks = [each for each in networks if each.num_addresses > 1]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection; the scope is changed in place, so that tools around this see the client."""
        if scope["type"] in SCHEMES:
            fields = self._fields
            for name, _ in scope["headers"]:
                if name.lower() in fields:
                    self._rewrite(scope)
                    break
        await self._app(scope, receive, send)

    def _rewrite(self, scope: Scope) -> None:
        peer = scope.get("client")
        if not self._trusts(peer and peer[0]):
            return
        said = Headers(raw=scope["headers"])
        believed = self._believed(said)
        if believed.client is not None:
            scope["client"] = believed.client
        scheme = SCHEMES[scope["type"]].get(believed.scheme or "")
        if scheme is not None:
            scope["scheme"] = scheme
        if self._host and believed.host is not None and parse_authority(believed.host) is not None:
            headers = said.mutablecopy()
            headers["host"] = believed.host
            scope["headers"] = headers.raw

    def _believed(self, said: Headers) -> Hop:
        """What the outermost of the trusted proxies says; its client is the last one that is known."""
        believed = Hop()
        for count, hop in enumerate(self._said(said), 1):
            # Who does not tell an address, or hides it, has still told the truth of the rest.
            believed = hop if hop.client is not None else hop._replace(client=believed.client)
            if hop.client is None or count == self._hops or not self._trusts(hop.client[0]):
                break
        return believed

    def _said(self, said: Headers) -> Iterable[Hop]:
        if self._family == "forwarded":
            return parse_forwarded(said.combined("forwarded") or "")
        names = ("x-forwarded-for", "x-forwarded-proto", "x-forwarded-host")
        return parse_x_forwarded(*(said.combined(name) or "" for name in names))

    def _trusts(self, host: str | None) -> bool:
        if "*" in self._words:
            return True
        if not host:
            return "unix" in self._words
        address: IPAddress | None = parse_address(host)
        return address is not None and (
            address in self._addresses or any(address in network for network in self._networks)
        )


def _checked_network(text: str) -> Network:
    try:
        return ip_network(text)
    except ValueError as error:
        raise ConfigError(
            f"ProxyHeadersMiddleware(trusted_hosts=[{text!r}]): {error}; give addresses "
            "('127.0.0.1'), networks ('10.0.0.0/8'), 'unix' for a proxy that comes through a unix "
            "socket, or '*' where nobody but the proxy can connect"
        ) from error
