"""Digests of bodies: those of requests verified, those of responses added (RFC 9530).

Nothing is held back but the start of a response until its first chunk is there: what is whole gets
its digest in the header, what is streamed in a trailer, where server and client take trailers.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from framework._trailers import TRAILERS, takes_trailers
from framework._wire.headers import Headers
from framework._wire.structured import InnerList, Item, format_dictionary, parse_dictionary
from framework.exceptions import MalformedRequest
from framework.middleware._answers import refuse
from framework.middleware._passage import Passage
from framework.responses import Field, has_no_content
from framework.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["DigestMiddleware"]

ALGORITHMS: Mapping[str, Callable[[], Any]] = {"sha-256": hashlib.sha256, "sha-512": hashlib.sha512}
"""The registry's active ones (RFC 9530 section 7.2); of equals, the first is preferred."""

CONTENT, REPRESENTATION = "content-digest", "repr-digest"
FIELDS = frozenset({b"content-digest", b"repr-digest", b"want-content-digest", b"want-repr-digest"})
"""Without any of them a request has nothing to be verified, and wants nothing (RFC 9530)."""

BODY, ZERO_COPY = "http.response.body", "http.response.zerocopysend"


class DigestMiddleware:
    """Verifies Content-Digest and Repr-Digest of requests, and adds them to responses that want them.

    A malformed digest is a 400. So is one that the body does not have: `receive` raises
    MalformedRequest in place of the last chunk, so the app never has the whole body, and a body that
    nobody reads is not verified. Responses get what the request asks for by Want-Content-Digest or
    Want-Repr-Digest, and with `always=True` a Content-Digest unasked. Belongs outside of middleware
    that compresses or decompresses: digests are of the bytes that travel.
    """

    __slots__ = ("_always", "_app")

    def __init__(self, app: ASGIApp, *, always: bool = False) -> None:
        self._app = app
        self._always = always

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection; only HTTP requests are touched."""
        is_concerned = self._always and scope["type"] == "http"
        for name, _ in scope["headers"] if scope["type"] == "http" else ():
            if name.lower() in FIELDS:
                is_concerned = True
                break
        if not is_concerned:
            await self._app(scope, receive, send)
            return
        headers = Headers(raw=scope["headers"])
        wanted = self._wanted(scope["method"], headers)
        if wanted:
            send = _Digesting(wanted, scope, send).send
        try:
            claims = list(_claims(headers))
        except ValueError as error:
            await refuse(MalformedRequest(str(error)), scope, receive, send)
            return
        if not claims:
            await self._app(scope, receive, send)
            return
        await Passage(_Verifying(claims).next, scope, receive, send).run(self._app)

    def _wanted(self, method: str, headers: Headers) -> dict[str, str]:
        """The algorithm for each field that the response is to have.

        To a HEAD nothing is known of the representation, and a digest of no content would say nothing
        (appendix B.2). What the answer to a method other than GET represents only the app knows
        (section 3.1).
        """
        if method == "HEAD":
            return {}
        default = "sha-256" if self._always else None
        chosen = {CONTENT: _choose(headers.combined("want-content-digest"), default)}
        if method == "GET":
            chosen[REPRESENTATION] = _choose(headers.combined("want-repr-digest"), None)
        return {field: algorithm for field, algorithm in chosen.items() if algorithm is not None}


class _Claim(NamedTuple):
    field: str
    algorithm: str
    digest: bytes


def _claims(headers: Headers) -> Iterator[_Claim]:
    """What the request says of its body and can be verified; ValueError for what is malformed.

    RFC 9530 section 2: "A recipient MAY ignore any or all digests", as those of unknown algorithms
    are; RFC 9651 section 4.2 leaves it to us to take a malformed field for a malformed message.
    """
    for field in (CONTENT, REPRESENTATION):
        if field == REPRESENTATION and "content-range" in headers:
            continue  # the body is a part, the digest that of the whole (section 3)
        for algorithm, member in parse_dictionary(headers.combined(field) or "").items():
            if algorithm not in ALGORITHMS:
                continue
            digest = _value(member)
            if type(digest) is not bytes or len(digest) != ALGORITHMS[algorithm]().digest_size:
                raise ValueError(f"{field}: what it has as {algorithm} is no such digest")
            yield _Claim(field, algorithm, digest)


def _choose(want: str | None, default: str | None) -> str | None:
    """The algorithm that is wanted most (section 4): 10 is most, 0 not at all; `default` for no opinion.

    "Integrity preference fields are only a hint": a malformed one is none.
    """
    try:
        members = parse_dictionary(want or "")
    except ValueError:
        return default
    weights: dict[str, int] = {}
    for name in filter(members.__contains__, ALGORITHMS):
        weight = _value(members[name])
        if type(weight) is not int or not 0 <= weight <= 10:
            return default
        weights[name] = weight
    best = max(weights, key=weights.__getitem__, default=None)
    if best is None:
        return default
    return best if weights[best] else None


def _value(member: Item | InnerList) -> object:
    return member.value if isinstance(member, Item) else member.items


class _Verifying:
    # The body of one request, hashed as it passes.
    __slots__ = ("_claims", "_hashes", "_is_over")

    def __init__(self, claims: Sequence[_Claim]) -> None:
        self._claims = claims
        self._hashes = {claim.algorithm: ALGORITHMS[claim.algorithm]() for claim in claims}
        self._is_over = False

    async def next(self, receive: Receive) -> Message:
        """The next message; in place of a last chunk that makes the body another, no chunk at all."""
        message = await receive()
        if message["type"] != "http.request" or self._is_over:
            return message
        for digest in self._hashes.values():
            digest.update(message.get("body", b""))
        if not message.get("more_body", False):
            self._is_over = True
            self._compare()
        return message

    def _compare(self) -> None:
        for field, algorithm, digest in self._claims:
            if self._hashes[algorithm].digest() != digest:
                raise MalformedRequest(f"the body does not have the {algorithm} that {field} says")


class _Digesting:
    # The response to one request on its way out.
    __slots__ = ("_hashes", "_scope", "_send", "_start", "_trails", "_wanted")

    def __init__(self, wanted: dict[str, str], scope: Scope, send: Send) -> None:
        self._wanted = wanted  # the algorithm by field
        self._scope = scope
        self._send = send
        self._start: Message | None = None  # held until the first chunk is there
        self._hashes: dict[str, Any] = {}  # by algorithm, while there is a trailer to be sent
        self._trails = False

    async def send(self, message: Message) -> None:
        """Send, with the digests once they are known."""
        kind = message["type"]
        if kind == "http.response.start":
            self._wanted = _applicable(self._wanted, message)
            if self._wanted:
                self._start = message
                return
        if self._start is not None:
            start, self._start = self._start, None
            await self._send(self._begin(start, message))
        if kind == BODY:
            for digest in self._hashes.values():
                digest.update(message.get("body", b""))
        elif kind == ZERO_COPY:
            self._wanted = {}  # the server sends what is not seen here
        await self._send(message)
        if self._trails and kind in (BODY, ZERO_COPY) and not message.get("more_body", False):
            fields = self._fields(self._hashes)
            await self._send({"type": TRAILERS, "headers": fields, "more_trailers": False})

    def _begin(self, start: Message, message: Message) -> Message:
        """The start as it is to be sent, by what comes next: the whole body, a part of it, or another thing."""
        if message["type"] != BODY:
            return start
        headers = [*start.get("headers", ())]
        hashes = {algorithm: ALGORITHMS[algorithm]() for algorithm in self._wanted.values()}
        if not message.get("more_body", False):
            for digest in hashes.values():
                digest.update(message.get("body", b""))
            return {**start, "headers": [*headers, *self._fields(hashes)]}
        if start.get("trailers") or not takes_trailers(self._scope, Headers(raw=headers)):
            return start
        self._hashes, self._trails = hashes, True
        names = ", ".join(self._wanted).encode()
        return {**start, "headers": [*headers, (b"trailer", names)], "trailers": True}

    def _fields(self, hashes: Mapping[str, Any]) -> list[Field]:
        return [
            (field.encode(), format_dictionary({name: Item(hashes[name].digest())}).encode())
            for field, name in self._wanted.items()
        ]


def _applicable(wanted: Mapping[str, str], start: Message) -> dict[str, str]:
    """What of the wanted fields a response can have, and does not have already."""
    status, names = start["status"], {name.lower() for name, _ in start.get("headers", ())}
    if has_no_content(status):
        return {}
    return {
        field: algorithm
        for field, algorithm in wanted.items()
        # The content of a 206 is a part of the representation (RFC 9530 appendix B.3).
        if field.encode() not in names and not (status == 206 and field == REPRESENTATION)
    }
