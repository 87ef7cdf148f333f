"""Requests that a client may repeat without doing a thing twice (draft-ietf-httpapi-idempotency-key-header-07).

What is kept, and for whom, is decided here; where it is kept is the business of a `Store`. A key and
whoever it belongs to reach the store as a hash only.
"""

import hashlib
import json
import logging
import re
from collections.abc import Awaitable, Callable, Iterable
from secrets import token_hex
from typing import Any

import anyio

from framework._paths import encoded_path
from framework._wire.structured import parse_item
from framework.connections import HTTPConnection, Settings
from framework.errors import default_response
from framework.exceptions import ClientDisconnect, HTTPException
from framework.limits import Limits, check_integer, checked_list
from framework.middleware._passage import own_exchange
from framework.requests import Request
from framework.responses import Field, Response, whole_response
from framework.stores import Store
from framework.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["IdempotencyMiddleware", "by_authorization", "by_cookie"]

logger: logging.Logger = logging.getLogger("framework")

MAX_KEY_LENGTH = 255
"""Characters of a key: a UUID has 36, and those who bound it (Stripe) take 255."""

STORE_SECONDS = 10
"""Seconds that the store may take for one operation; these run to their end even when cancelled."""

BARE_KEY = re.compile(r"[!#-+\--:<-~]++")
"""What clients send that have not heard of structured fields: visible, and no quote, comma or semicolon."""

ASKING_AGAIN = frozenset({401, 408, 425, 429})
"""Statuses that ask for the same request once more (RFC 9110 section 15.5, RFC 8470, RFC 6585)."""

BODY = "http.response.body"
CONTENT = frozenset({BODY, "http.response.pathsend", "http.response.zerocopysend"})

NOT_KEPT = frozenset({b"connection", b"date", b"set-cookie", b"trailer", b"transfer-encoding"})
"""Fields of one message only, and Set-Cookie: whoever repeats a request a day later gets no old session."""


def by_authorization(connection: HTTPConnection) -> str:
    """Whoever sends the same Authorization; without one a request with a key is a 400."""
    value = connection.headers.combined("authorization")
    if not value:
        raise HTTPException(
            400, "an Idempotency-Key belongs to whoever is logged in: send Authorization with it"
        )
    return f"authorization\n{value}"


def by_cookie(name: str) -> Callable[[HTTPConnection], str]:
    """Whoever sends the same cookie of this name, such as "session"; without one it is a 400.

    A cookie that changes with each answer is no identity: a second try would be somebody else's.
    """

    def scope_by(connection: HTTPConnection) -> str:
        value = connection.cookies.get(name)
        if not value:
            raise HTTPException(
                400, f"an Idempotency-Key belongs to whoever has the cookie {name}: send it, too"
            )
        return f"cookie {name}\n{value}"

    return scope_by


class IdempotencyMiddleware:
    """Runs a request with an Idempotency-Key once, and answers its repetitions with what came of it.

    For `max_age` seconds a repetition gets the response again, with `Idempotency-Replayed: true` and
    without Set-Cookie; 409 while the first runs (or for `claim_max_age` seconds if its process died);
    422 if it is another request, be it by a byte. It runs anew after exceptions, responses that did
    not come to their end, 5xx, 401, 408, 425 and 429. Of a response over `max_response_size` bytes
    only the fact is kept: repetitions get 409.

    Keys belong to whom `scope_by` names, who is the same from one try to the next and nobody else:
    `by_authorization`, `by_cookie("session")`, or what the app knows better (HTTPException refuses).
    What authenticates belongs around this: who may no longer ask must not be answered from the store,
    and up to `max_body_size` bytes (413) are held before the app has a say.
    """

    __slots__ = (
        "_app",
        "_claim_max_age",
        "_max_age",
        "_max_response_size",
        "_methods",
        "_required",
        "_scope_by",
        "_settings",
        "_store",
    )

    def __init__(
        self,
        app: ASGIApp,
        *,
        store: Store,
        scope_by: Callable[[HTTPConnection], str],
        methods: Iterable[str] = ("POST", "PATCH"),
        max_age: int = 24 * 60 * 60,
        claim_max_age: int = 5 * 60,
        required: bool = False,
        max_body_size: int = 1024 * 1024,
        max_response_size: int = 1024 * 1024,
    ) -> None:
        for name, value in (
            ("max_age", max_age),
            ("claim_max_age", claim_max_age),
            ("max_body_size", max_body_size),
            ("max_response_size", max_response_size),
        ):
            check_integer("IdempotencyMiddleware", name, value, least=1)
        self._app = app
        self._store = store
        self._methods = frozenset(checked_list("IdempotencyMiddleware", "methods", methods))
        self._max_age = max_age
        self._claim_max_age = claim_max_age
        self._required = required
        self._settings = Settings(limits=Limits(max_body_size=max_body_size))
        self._max_response_size = max_response_size
        self._scope_by = scope_by

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection; only HTTP requests with a key are touched, and those that need one."""
        if scope["type"] != "http" or scope["method"] not in self._methods:
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive, send, self._settings)
        keys = request.headers.getlist("idempotency-key")
        if not (keys or self._required):
            await self._app(scope, receive, send)
            return
        try:
            entry = await self._enter(request, keys)
        except ClientDisconnect:
            return
        if isinstance(entry, Response):
            await entry(scope, receive, send)
            return
        recording = _Recording(entry, send, max_size=self._max_response_size, max_age=self._max_age)
        try:
            with own_exchange(scope, request.receive, recording.send) as (inner, send):
                await self._app(scope, inner, send)
        finally:
            if not recording.is_settled:
                await entry.release()

    async def _enter(self, request: Request, keys: list[str]) -> "_Entry | Response":
        """The claim of a request that is to be run; or the response to any other."""
        try:
            key = _hash(self._scope_by(request), _parse_key(keys))
            fingerprint = _fingerprint(request, await request.body())
            entry = _Entry(self._store, f"idempotency:{key}", fingerprint)
            found = await entry.claim(self._claim_max_age)
            return entry if found is None else _repetition(found, fingerprint)
        except HTTPException as error:
            return default_response(error, request)


def _parse_key(values: list[str]) -> str:
    """The one key of a request, a String (RFC 9651 section 3.3.3) or a bare word."""
    if not values:
        raise HTTPException(
            400, "this request needs an Idempotency-Key: a string of its own, such as a UUID"
        )
    try:
        key = values[0] if BARE_KEY.fullmatch(values[0]) else parse_item(values[0]).value
    except ValueError:
        key = None
    if len(values) > 1 or type(key) is not str or not 0 < len(key) <= MAX_KEY_LENGTH:
        raise HTTPException(
            400,
            "Idempotency-Key is one string in quotes, of at most "
            f"{MAX_KEY_LENGTH} characters of ASCII, such as a UUID",
        )
    return key


def _fingerprint(connection: HTTPConnection, body: bytes) -> str:
    """What tells one request from another that has the same key: method, target URI, type and body."""
    scope, headers = connection.scope, connection.headers
    return _hash(
        scope["method"],
        headers.get("host", ""),
        encoded_path(scope),
        scope.get("query_string", b""),
        headers.get("content-type", ""),
        headers.get("content-encoding", ""),
        body,
    )


def _hash(*parts: str | bytes) -> str:
    total = hashlib.sha256()
    for part in parts:
        data = part.encode(errors="surrogatepass") if isinstance(part, str) else part
        total.update(len(data).to_bytes(8))  # so that no part can pass for another
        total.update(data)
    return total.hexdigest()


def _encode(head: dict[str, Any], body: bytes = b"") -> bytes:
    return json.dumps(head).encode() + b"\n" + body


def _repetition(found: bytes, fingerprint: str) -> Response:
    """The response to a request whose key is taken, by what is found under it."""
    head, _, body = found.partition(b"\n")
    record = json.loads(head or b"{}")
    if record.get("fingerprint", fingerprint) != fingerprint:
        raise HTTPException(
            422, "this Idempotency-Key was used for another request: take a new one for each"
        )
    if record.get("is_lost"):
        raise HTTPException(
            409, "this request was carried out, but its answer was too large to be kept for you"
        )
    if "status" not in record:
        raise HTTPException(
            409, "a request with this Idempotency-Key is being carried out", {"retry-after": "1"}
        )
    fields = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in record["fields"]]
    response = whole_response(record["status"], fields, body)
    response.headers["idempotency-replayed"] = "true"
    # It is older than it says: a cache that keeps it for its max-age would keep it for too long.
    response.headers["cache-control"] = "no-store"
    return response


class _Entry:
    # The place of one request in the store.
    __slots__ = ("_claim", "_key", "_store", "fingerprint")

    def __init__(self, store: Store, key: str, fingerprint: str) -> None:
        self._store = store
        self._key = key
        self._claim = _encode({"fingerprint": fingerprint, "claim": token_hex()})
        self.fingerprint = fingerprint

    async def claim(self, max_age: int) -> bytes | None:
        """Take the key; if it is taken, what is found there instead (nothing, if that has just gone)."""
        store, key = self._store, self._key
        try:
            with anyio.fail_after(STORE_SECONDS, shield=True):
                if await store.set(key, self._claim, max_age=max_age, when="absent"):
                    return None
                return await store.get(key) or b""
        except BaseException:  # it may have been taken all the same
            await self.release()
            raise

    async def keep(self, record: bytes, max_age: int) -> None:
        """Put what came of the request in the place of the claim, unless another has the key by now."""
        await _reliably(self._replace(record, max_age))

    async def release(self) -> None:
        """Let the next request have the key, unless another has it already."""
        await _reliably(self._forget())

    async def _replace(self, record: bytes, max_age: int) -> None:
        found = await self._store.get(self._key)
        if found is None:  # the claim has expired
            await self._store.set(self._key, record, max_age=max_age, when="absent")
        elif found == self._claim:
            await self._store.set(self._key, record, max_age=max_age)

    async def _forget(self) -> None:
        if await self._store.get(self._key) == self._claim:
            await self._store.delete(self._key)


async def _reliably(work: Awaitable[object]) -> None:
    """Let the store do its work though the request is cancelled; one that fails spoils no answer."""
    try:
        with anyio.fail_after(STORE_SECONDS, shield=True):
            await work
    except Exception as error:
        reason = ascii(f"{type(error).__name__}: {error}")[1:-1]
        logger.error("the store of IdempotencyMiddleware failed: %.200s", reason)


class _Recording:
    # The response, copied on its way out; it is kept before its end is sent, as a client that has seen
    # the end may ask again, and one that has gone must not make a failure of what was done.
    __slots__ = (
        "_body",
        "_entry",
        "_fields",
        "_held",
        "_max_age",
        "_max_size",
        "_send",
        "_status",
        "is_settled",
    )

    def __init__(self, entry: _Entry, send: Send, *, max_size: int, max_age: int) -> None:
        self._entry = entry
        self._send = send
        self._max_size = max_size
        self._max_age = max_age
        self._status = 500
        self._fields: list[Field] = []
        self._body: bytearray | None = bytearray()  # None: too large, or never seen here
        self._held: Message | None = None
        self.is_settled = False

    async def send(self, message: Message) -> None:
        """Send; the start goes out with the first chunk, as in servers, so that it may wait for the store."""
        kind = message["type"]
        if kind == "http.response.start":
            self._status, self._fields = message["status"], [*message.get("headers", ())]
            self._held = message
            return
        if kind in CONTENT:
            self._copy(message)
            if not message.get("more_body", False):
                await self._settle()
        if self._held is not None:
            start, self._held = self._held, None
            await self._send(start)
        await self._send(message)

    def _copy(self, message: Message) -> None:
        body = self._body
        if body is not None:
            body += message.get("body", b"")
            if message["type"] != BODY or len(body) > self._max_size:
                self._body = None

    async def _settle(self) -> None:
        self.is_settled = True
        if self._status >= 500 or self._status in ASKING_AGAIN:
            await self._entry.release()
            return
        head: dict[str, Any] = {"fingerprint": self._entry.fingerprint}
        if self._body is None:
            head["is_lost"] = True
        else:
            head["status"] = self._status
            head["fields"] = [
                (name.decode("latin-1"), value.decode("latin-1"))
                for name, value in self._fields
                if name.lower() not in NOT_KEPT
            ]
        await self._entry.keep(_encode(head, bytes(self._body or b"")), self._max_age)
