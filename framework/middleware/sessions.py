"""Sessions, in a signed cookie or in a store: each request finds its own as `request.session`.

The cookie is written as RFC 6265bis asks for; only what it names, and when it is sent, is decided
here. Values, and what counts as a change of them, are the business of `framework.sessions`.
"""

import hmac
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from hashlib import sha256
from time import time
from typing import Literal

from framework._wire.cookies import MAX_NAME_AND_VALUE, CookieAttributes, format_set_cookie
from framework._wire.headers import add_vary
from framework.connections import HTTPConnection
from framework.exceptions import ConfigError
from framework.middleware._answers import STARTS
from framework.sessions import Session
from framework.stores import Store
from framework.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["SessionMiddleware"]

FOURTEEN_DAYS = 14 * 24 * 60 * 60
CLAIM_SECONDS = 60  # that an empty text stands for a session that gets another id
SHORTEST_KEY = 32  # bytes: as many as a signature has


class SessionMiddleware:
    """Gives each request and socket a session, and keeps it for `max_age` seconds from its last change.

    With `secret_key` the values are in the cookie: signed, but readable, and a copy outlives the
    logout. With `store` they are on the server, and the cookie has a random token. Of several keys
    the first signs, all are accepted. `max_age=None` is until the browser is closed, or 14 days.
    An answer of status 500 or more, and a socket closed before `accept()`, keep nothing. A `cookie`
    that begins with `__Host-` cannot be planted by a subdomain.
    """

    __slots__ = ("_app", "_cookie", "_ended", "_keeper", "_kept")

    def __init__(
        self,
        app: ASGIApp,
        *,
        secret_key: str | bytes | Sequence[str | bytes] | None = None,
        store: Store | None = None,
        cookie: str = "session",
        max_age: int | None = FOURTEEN_DAYS,
        path: str = "/",
        domain: str | None = None,
        samesite: Literal["lax", "strict", "none"] = "lax",
        secure: bool = True,
        partitioned: bool = False,
    ) -> None:
        if max_age is not None and not (type(max_age) is int and max_age > 0):
            raise ConfigError(f"max_age={max_age!r}: give whole seconds, 1 or more, or None")
        kept = CookieAttributes(
            max_age=max_age,
            path=path,
            domain=domain,
            samesite=samesite,
            secure=secure,
            httponly=True,
            partitioned=partitioned,
        )
        try:
            format_set_cookie(cookie, **kept)
        except ValueError as error:
            raise ConfigError(f"SessionMiddleware: {error}") from error
        self._app = app
        self._cookie = cookie
        self._kept: CookieAttributes = kept
        self._ended: CookieAttributes = {**kept, "max_age": 0, "expires": 0}
        self._keeper: _InCookie | _InStore
        lifetime = max_age or FOURTEEN_DAYS
        if secret_key is not None and store is None:
            self._keeper = _InCookie(cookie, lifetime, _checked_keys(secret_key))
        elif store is not None and secret_key is None:
            self._keeper = _InStore(cookie, lifetime, store)
        else:
            raise ConfigError(
                "SessionMiddleware takes either secret_key=..., which keeps sessions in the cookie, "
                "or store=..., which keeps them on the server"
            )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection; any but HTTP and WebSocket is passed on."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        # Of several cookies of the name it has the first, that of the longest path (RFC 6265bis
        # section 5.8.3): were all tried, one request could ask a store for hundreds of sessions.
        connection = HTTPConnection(scope)
        session = scope["session"] = Session(await self._keeper.find(connection))

        def send_with_cookie(message: Message) -> Awaitable[None]:
            if message["type"] in STARTS:
                if session.accessed:
                    return self._send_start(message, send, connection, session)
                session.seal()
            return send(message)

        await self._app(scope, receive, send_with_cookie)

    async def _send_start(
        self, message: Message, send: Send, connection: HTTPConnection, session: Session
    ) -> None:
        fields = [*message.get("headers", ())]
        add_vary(fields, b"Cookie")
        # Half done things are not kept, and what fails below is answered by such a status.
        data = session.changes() if message.get("status", 200) < 500 else None
        if data is not None:
            value = await self._keeper.keep(connection, session, data)
            if value is not None:
                attributes = self._kept if value else self._ended
                cookie = format_set_cookie(self._cookie, value, **attributes)
                fields.append((b"set-cookie", cookie.encode("latin-1")))
        session.seal()
        await send({**message, "headers": fields})


class _InCookie:
    """Keeps a session in the cookie itself.

    As in `_InStore`, `find` returns what gives the text of the session that came in, or `b""`; what
    `keep` returns is the new value of the cookie: `""` to delete it, None to leave it as it is.
    """

    __slots__ = ("_cookie", "_keys", "_lifetime")

    def __init__(self, cookie: str, lifetime: int, keys: Sequence[bytes]) -> None:
        self._cookie = cookie
        self._lifetime = lifetime
        # The name is signed as well: another cookie that is signed with this key is no session.
        salt = f"framework.sessions:{cookie}".encode()
        self._keys = [hmac.digest(key, salt, "sha256") for key in keys]

    async def find(self, connection: HTTPConnection) -> Callable[[], bytes]:
        return partial(self._read, connection)

    def _read(self, connection: HTTPConnection) -> bytes:
        cookie = connection.cookies.get(self._cookie, "").encode("latin-1", "replace")
        signed, _, signature = cookie.rpartition(b".")
        if not any(hmac.compare_digest(signature, _signature(key, signed)) for key in self._keys):
            return b""
        payload, _, moment = signed.rpartition(b".")
        # What a clock that is a little ahead of ours has signed is good, too.
        return urlsafe_b64decode(payload) if time() - int(moment) <= self._lifetime else b""

    async def keep(self, connection: HTTPConnection, session: Session, data: bytes) -> str:
        value = ""
        if data:
            signed = b"%b.%d" % (urlsafe_b64encode(data), time())
            value = (signed + b"." + _signature(self._keys[0], signed)).decode("ascii")
        if len(self._cookie) + len(value) > MAX_NAME_AND_VALUE:
            raise ValueError(
                f"the session takes {len(value)} bytes as a cookie, and browsers ignore one of more "
                f"than {MAX_NAME_AND_VALUE} with its name: keep less in it, or keep it on the server "
                "by SessionMiddleware(store=...)"
            )
        return value


class _InStore:
    """Keeps a session in a store, and in the cookie the token that it is found by."""

    __slots__ = ("_cookie", "_lifetime", "_store")

    def __init__(self, cookie: str, lifetime: int, store: Store) -> None:
        self._cookie = cookie
        self._lifetime = lifetime
        self._store = store

    async def find(self, connection: HTTPConnection) -> Callable[[], bytes]:
        if self._cookie not in connection.cookies:
            return bytes
        text = await self._store.get(self._key(connection.cookies[self._cookie]))
        return lambda: text or b""

    async def keep(self, connection: HTTPConnection, session: Session, data: bytes) -> str | None:
        if session.is_new:
            return await self._begin(data)  # under a token of its own, not under one that came in
        token = connection.cookies[self._cookie]
        key = self._key(token)
        if not data:
            await self._store.delete(key)
            return ""
        # A session that another request has ended meanwhile stays ended.
        if not session.is_renewed:
            kept = await self._store.set(key, data, max_age=self._lifetime, when="present")
            return token if kept else None
        renewed = await self._begin(data)
        # One step both asks whether it was ended and, until it is deleted, makes the old one worthless.
        if not await self._store.set(key, b"", max_age=CLAIM_SECONDS, when="present"):
            await self._store.delete(self._key(renewed))
            return None
        await self._store.delete(key)
        return renewed

    async def _begin(self, data: bytes) -> str:
        token = secrets.token_urlsafe(32)
        await self._store.set(self._key(token), data, max_age=self._lifetime)
        return token

    def _key(self, token: str) -> str:
        # Of a hash: who can read the store cannot take over what is in it.
        return f"session:{self._cookie}:{sha256(token.encode()).hexdigest()}"


def _signature(key: bytes, signed: bytes) -> bytes:
    return urlsafe_b64encode(hmac.digest(key, signed, "sha256")).rstrip(b"=")


def _checked_keys(secret_key: str | bytes | Sequence[str | bytes]) -> list[bytes]:
    listed = [secret_key] if isinstance(secret_key, str | bytes) else secret_key
    keys = [key.encode() if isinstance(key, str) else key for key in listed]
    if min(map(len, keys), default=0) < SHORTEST_KEY:
        raise ConfigError(
            f"secret_key: a key has {SHORTEST_KEY} random bytes or more; make one by "
            "python -c 'import secrets; print(secrets.token_urlsafe(32))'"
        )
    return keys
