"""Rules of `check` about ASGI middleware: how it is configured, and in which order it is.

What a middleware refuses itself, such as `*` with credentials or a short secret, comes as an error
of the compile step, and needs no rule.
"""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from framework._cli.findings import Finding, Subject, is_one, option
from framework._layout import near
from framework.routes import Middleware

__all__ = ["MIDDLEWARE_RULES"]

STRANGERS = ("https://stranger.invalid", "http://stranger.invalid:8080")
"""Origins that no app means to trust."""
CHARACTER_CLASS = re.compile(r"\[[^\]]*\]")
BARE_DOT = re.compile(r"(?<!\\)\.(?=[A-Za-z0-9])")


class Order(NamedTuple):
    """Two middlewares of ours of which one belongs outside of the other."""

    outer: str
    inner: str
    is_error: bool
    why: str


PROXY = "sees the proxy as the client, for whom all requests are one's"
ORDERS = [
    Order("ProxyHeadersMiddleware", "RateLimitMiddleware", True, f"it {PROXY}"),
    Order(
        "ProxyHeadersMiddleware",
        "HTTPSRedirectMiddleware",
        True,
        "it sees the proxy's plain HTTP, and redirects for ever",
    ),
    Order("ProxyHeadersMiddleware", "AccessLogMiddleware", False, f"it {PROXY}"),
    Order(
        "SessionMiddleware",
        "AuthenticationMiddleware",
        False,
        "its backend finds no session, where it asks for one",
    ),
    Order(
        "CORSMiddleware",
        "AuthenticationMiddleware",
        False,
        "preflights carry no credentials, and a refusal is not readable for the page",
    ),
    Order(
        "CORSMiddleware",
        "RateLimitMiddleware",
        False,
        "its 429 lacks the CORS fields, and the page sees a network error",
    ),
    Order(
        "CORSMiddleware",
        "CSRFMiddleware",
        False,
        "its 403 lacks the CORS fields, and the page sees a network error",
    ),
    Order(
        "DigestMiddleware",
        "CompressionMiddleware",
        False,
        "a digest further in keeps a response from being compressed",
    ),
    Order(
        "DigestMiddleware",
        "DecompressionMiddleware",
        False,
        "digests are of the bytes that travel, not of what they are decompressed to",
    ),
]


def wrong_order(subject: Subject) -> Iterator[Finding]:
    """Middleware inside of what it belongs around."""
    for chain in subject.chains():
        for order in ORDERS:
            outer = _index(chain, order.outer)
            inner = _index(chain, order.inner)
            if outer is not None and inner is not None and inner < outer:
                yield Finding(
                    "error" if order.is_error else "hint",
                    chain[inner].where,
                    f"{order.inner} is outside of {order.outer}: {order.why}",
                    f"add {order.outer} ({near(chain[outer].where)}) after it: what is added later "
                    "is outside; in a list the first is",
                )


def _index(chain: Iterable[Middleware], name: str) -> int | None:
    return next((i for i, each in enumerate(chain) if is_one(each, name)), None)


def twice(subject: Subject) -> Iterator[Finding]:
    """The same middleware of ours around a route twice. Several rate limits are meant."""
    for chain in subject.chains():
        seen: dict[object, Middleware] = {}
        for each in chain:
            is_ours = str(getattr(each.cls, "__module__", "")).startswith("framework.middleware")
            if is_ours and not is_one(each, "RateLimitMiddleware"):
                first = seen.setdefault((each.cls, option(each, "cookie")), each)
                if first is not each:
                    yield Finding(
                        "hint",
                        each.where,
                        f"{each!r} is inside of another, declared at {near(first.where)}",
                        "leave one of them out",
                    )


def broad_cors(subject: Subject) -> Iterator[Finding]:
    """A regular expression of origins that lets in more than was meant."""
    for each in _all(subject, "CORSMiddleware"):
        regex = str(option(each, "allow_origin_regex") or "")
        if any(re.fullmatch(regex, origin) for origin in STRANGERS):
            with_credentials = bool(option(each, "allow_credentials"))
            may = "act as whoever visits it, and read" if with_credentials else "read"
            yield Finding(
                "error" if with_credentials else "hint",
                each.where,
                f"allow_origin_regex=r'{regex}' matches any site: each may {may} the answers",
                "list the origins in allow_origins, or name the host in the expression",
            )
        elif found := BARE_DOT.search(CHARACTER_CLASS.sub(lambda m: "_" * len(m[0]), regex)):
            meant = f"{regex[: found.start()]}\\{regex[found.start() :]}"
            yield Finding(
                "hint",
                each.where,
                f"in allow_origin_regex=r'{regex}' a dot stands for any character, also in a host "
                "that somebody else can register",
                f"write r'{meant}'",
            )


def insecure_sessions(subject: Subject) -> Iterator[Finding]:
    """Sessions whose cookie others can read or use."""
    for each in _all(subject, "SessionMiddleware"):
        if option(each, "secure") is False:
            yield Finding(
                "error",
                each.where,
                "secure=False: the cookie is sent over plain HTTP, where everybody on the way reads it",
                "leave secure out: Chrome and Firefox keep such a cookie from http://localhost, too",
            )
        if option(each, "samesite") == "none" and not _all(subject, "CSRFMiddleware"):
            yield Finding(
                "error",
                each.where,
                "samesite='none' without CSRFMiddleware: forms on any site act as the visitor",
                "add CSRFMiddleware, or leave samesite out",
            )


def open_doors(subject: Subject) -> Iterator[Finding]:
    """Middleware that is there and lets everything through."""
    for each in _all(subject, "TrustedHostMiddleware"):
        if "*" in _listed(option(each, "allowed_hosts") or "*"):
            yield Finding(
                "hint",
                each.where,
                "TrustedHostMiddleware lets in any host",
                "list the hosts in allowed_hosts, or leave it out",
            )
    for each in _all(subject, "ProxyHeadersMiddleware"):
        if "*" in _listed(option(each, "trusted_hosts") or ()):
            yield Finding(
                "hint",
                each.where,
                "trusted_hosts='*': whoever can connect to the server says who it is",
                "name the addresses of the proxies, unless nobody but they can connect",
            )


def _all(subject: Subject, name: str) -> list[Middleware]:
    found = {each: None for chain in subject.chains() for each in chain if is_one(each, name)}
    return [*found]


def _listed(value: object) -> list[object]:
    return [*value] if isinstance(value, list | tuple | set | frozenset) else [value]


MIDDLEWARE_RULES = [wrong_order, twice, broad_cors, insecure_sessions, open_doors]
