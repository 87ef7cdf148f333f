"""How often a client may ask: a bucket for each, kept in a store, and 429 for who has emptied his.

The bucket is the generic cell rate algorithm: all that it has to remember is the moment at which it
will be full again, one number, which moves on with each request. What it lets through is what a token
bucket does, and the store moves the number on in one step, so that processes can share it. The fields
are those of draft-ietf-httpapi-ratelimit-headers-11, the status is that of RFC 6585 section 4.
"""

import time
from collections.abc import Callable
from functools import partial
from hashlib import sha256
from ipaddress import IPv6Address, ip_address
from typing import NamedTuple

from framework._concurrency import is_async
from framework._wire.structured import Item, format_item
from framework.connections import HTTPConnection
from framework.exceptions import ConfigError, HTTPException
from framework.limits import check_integer
from framework.middleware._answers import STARTS, refuse
from framework.responses import Field
from framework.stores import Store
from framework.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["RateLimitMiddleware", "by_client"]

SECOND = 1_000_000
"""Times are kept as whole microseconds: sums of them are exact."""


def by_client(connection: HTTPConnection) -> str:
    """The peer's address, of IPv6 the network of 64 bits, which is what one customer has.

    All whose address the server does not know are one client.
    """
    client = connection.client
    if client is None:
        return ""
    try:
        address = ip_address(client.host)
    except ValueError:  # the path of a socket, a name
        return client.host
    if not isinstance(address, IPv6Address):
        return str(address)
    return str(address.ipv4_mapped or IPv6Address(int(address) >> 64 << 64))


class RateLimitMiddleware:
    """Lets `limit` requests through at once, and as many in every `window` seconds after; else 429.

    A socket's handshake counts as a request. `key` says who asks, None for those who are not limited;
    each key has a bucket, and `name` tells this policy from others that share the store. A header is
    no identity, unless what authenticates has checked it. Every answer says what is left of the quota
    in RateLimit and RateLimit-Policy. A store that fails lets nothing through: its exception is raised.
    """

    __slots__ = ("_app", "_clock", "_interval", "_key", "_name", "_policy", "_store", "_window")

    def __init__(
        self,
        app: ASGIApp,
        *,
        store: Store,
        limit: int,
        window: int = 60,
        name: str = "default",
        key: Callable[[HTTPConnection], str | None] = by_client,
        clock: Callable[[], float] = time.time,
    ) -> None:
        check_integer("RateLimitMiddleware", "limit", limit, least=1)
        check_integer("RateLimitMiddleware", "window", window, least=1)
        self._interval = window * SECOND // limit  # after which there is room for one more
        if not self._interval:
            raise ConfigError(
                f"RateLimitMiddleware(limit={limit}, window={window}): more than a million requests "
                "a second are no limit; leave it out"
            )
        if is_async(key):
            raise ConfigError(f"RateLimitMiddleware(key={key!r}): give a plain function")
        try:
            self._name = format_item(Item(name))
        except ValueError as error:
            raise ConfigError(f"RateLimitMiddleware(name={name!r}): {error}") from error
        policy = format_item(Item(name, {"q": limit, "w": window}))
        self._policy: Field = (b"ratelimit-policy", policy.encode())
        self._window = self._interval * limit
        self._app = app
        self._store = store
        self._key = key
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection, or refuse it."""
        is_request = scope["type"] in ("http", "websocket")
        key = self._key(HTTPConnection(scope)) if is_request else None
        if key is None:
            await self._app(scope, receive, send)
            return
        room = await self._take(key)
        service = f"{self._name};r={room.left};t={room.seconds}"
        fields = [self._policy, (b"ratelimit", service.encode())]
        send = partial(_send_with, fields, send)
        if room.is_granted:
            await self._app(scope, receive, send)
            return
        error = HTTPException(
            429,
            f"too many requests; there is room for the next in {room.seconds} s",
            {"retry-after": str(room.seconds)},
        )
        await refuse(error, scope, receive, send)

    async def _take(self, key: str) -> "_Room":
        """Take one request out of the bucket, unless it is empty."""
        # Of a hash: a key may be long, and a secret.
        place = f"rate:{self._name}:{sha256(key.encode(errors='surrogatepass')).hexdigest()}"
        now, window, interval = int(self._clock() * SECOND), self._window, self._interval
        most = now + window
        full = await self._store.advance(
            place, interval, least=now, most=most, max_age=_seconds(window)
        )
        if full <= most:
            return _Room(True, (most - full) // interval, _seconds(full - now))
        # A clock that was put back leaves a bucket emptier than empty, but not for longer than a window.
        return _Room(False, 0, _seconds(min(full - most, interval)))


class _Room(NamedTuple):
    is_granted: bool
    left: int  # requests
    seconds: int  # until all of the bucket is there again, or, where it is empty, room for one


def _seconds(duration: int) -> int:
    return -(-duration // SECOND)


async def _send_with(fields: list[Field], send: Send, message: Message) -> None:
    if message["type"] in STARTS:
        message = {**message, "headers": [*message.get("headers", ()), *fields]}
    await send(message)
