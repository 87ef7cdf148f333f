from functools import partial
from typing import Any

import pytest

from framework import App, Middleware, Mount, Route, Router
from framework._cli.checks import findings
from framework.middleware.access_log import AccessLogMiddleware
from framework.middleware.authentication import AuthenticationMiddleware
from framework.middleware.compression import CompressionMiddleware
from framework.middleware.cors import CORSMiddleware
from framework.middleware.csrf import CSRFMiddleware
from framework.middleware.digests import DigestMiddleware
from framework.middleware.https_redirect import HTTPSRedirectMiddleware
from framework.middleware.proxy_headers import ProxyHeadersMiddleware
from framework.middleware.rate_limit import RateLimitMiddleware
from framework.middleware.sessions import SessionMiddleware
from framework.middleware.trusted_host import TrustedHostMiddleware
from framework.stores import MemoryStore
from tests.cli.rules import told

SECRET = "0123456789abcdef0123456789abcdef"


class Backend:
    async def authenticate(self, conn: Any) -> None: ...


class OwnSessions(SessionMiddleware):
    __slots__ = ()


MADE = {
    "access log": Middleware(AccessLogMiddleware),
    "authentication": Middleware(AuthenticationMiddleware, backend=Backend()),
    "compression": Middleware(CompressionMiddleware),
    "cors": Middleware(CORSMiddleware, allow_origins=["https://a.test"]),
    "csrf": Middleware(CSRFMiddleware),
    "digests": Middleware(DigestMiddleware),
    "https": Middleware(HTTPSRedirectMiddleware),
    "proxy": Middleware(ProxyHeadersMiddleware),
    "rate limit": Middleware(RateLimitMiddleware, store=MemoryStore(), limit=5),
    "sessions": Middleware(OwnSessions, secret_key=SECRET),
}


def handler() -> None: ...


@pytest.mark.parametrize(
    ("outer", "inner", "level", "message"),
    [
        (
            "rate limit",
            "proxy",
            "error",
            "RateLimitMiddleware is outside of ProxyHeadersMiddleware",
        ),
        ("https", "proxy", "error", "it sees the proxy's plain HTTP, and redirects for ever"),
        ("access log", "proxy", "hint", "it sees the proxy as the client"),
        (
            "authentication",
            "sessions",
            "hint",
            "its backend finds no session, where it asks for one",
        ),
        ("authentication", "cors", "hint", "preflights carry no credentials"),
        ("rate limit", "cors", "hint", "its 429 lacks the CORS fields"),
        ("csrf", "cors", "hint", "its 403 lacks the CORS fields"),
        ("compression", "digests", "hint", "keeps a response from being compressed"),
    ],
)
def test_middleware_inside_of_what_it_belongs_around_is_found(
    outer: str, inner: str, level: str, message: str
) -> None:
    app = App(middleware=[MADE[outer], MADE[inner]])
    (finding,) = findings(app)
    assert finding.level == level
    assert message in finding.what
    assert finding.where == MADE[outer].where
    assert finding.advice.startswith("add ")
    assert told(App(middleware=[MADE[inner], MADE[outer]])) == []
    within = Router(prefix="/r", middleware=[MADE[inner]])
    within.add_route("/x", handler)
    assert [each.level for each in findings(App(middleware=[MADE[outer]], routes=[within]))] == [
        level
    ]
    mounted = App(middleware=[MADE[inner]], routes=[Route("/x", handler)])
    around = App(middleware=[MADE[outer]], routes=[Mount("/m", mounted)])
    assert [each.level for each in findings(around)] == [level]


def test_middleware_that_is_there_twice_is_found() -> None:
    again = Middleware(CompressionMiddleware)
    route = Route("/x", handler, middleware=[again])
    (finding,) = findings(App(middleware=[MADE["compression"]], routes=[route]))
    assert finding.where == again.where
    assert "Middleware(CompressionMiddleware) is inside of another, declared at" in finding.what


def test_several_that_differ_in_what_they_do_are_meant() -> None:
    limit = Middleware(RateLimitMiddleware, store=MemoryStore(), limit=9, name="other")
    admin = Middleware(OwnSessions, secret_key=SECRET, cookie="admin")
    partly = Middleware(partial(CompressionMiddleware, minimum_size=9))
    middleware = [limit, MADE["rate limit"], admin, MADE["sessions"], partly]
    assert told(App(middleware=[*middleware, MADE["compression"], MADE["compression"]])) == []


@pytest.mark.parametrize(
    ("regex", "credentials", "found"),
    [
        (
            r"https://.*",
            True,
            ("error", "matches any site: each may act as whoever visits it, and read"),
        ),
        (r"https?://.*", False, ("hint", "matches any site: each may read the answers")),
        (r"https://.+\.example.com", True, ("hint", "a dot stands for any character")),
        (r"https://[a-z0-9-]+\.example\.com", True, None),
        (r"https://[.a-z]+\.example\.com", True, None),
        (None, False, None),
    ],
)
def test_an_expression_that_matches_too_many_origins_is_found(
    regex: str | None, credentials: bool, found: tuple[str, str] | None
) -> None:
    options: dict[str, Any] = {} if regex is None else {"allow_origin_regex": regex}
    app = App(middleware=[Middleware(CORSMiddleware, allow_credentials=credentials, **options)])
    all_found = told(app)
    assert len(all_found) == (found is not None)
    for level, what in all_found:
        assert found is not None
        assert (level, found[1] in what) == (found[0], True)


def test_a_dot_is_shown_as_it_was_meant() -> None:
    cors = Middleware(CORSMiddleware, allow_origin_regex=r"https://.+\.example.com")
    (finding,) = findings(App(middleware=[cors]))
    assert finding.advice == r"write r'https://.+\.example\.com'"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"secure": False}, "secure=False: the cookie is sent over plain HTTP"),
        ({"samesite": "none"}, "samesite='none' without CSRFMiddleware"),
    ],
)
def test_sessions_that_others_can_use_are_found(options: dict[str, Any], message: str) -> None:
    sessions = Middleware(SessionMiddleware, secret_key=SECRET, **options)
    ((level, what),) = told(App(middleware=[sessions]))
    assert level == "error"
    assert message in what


def test_sessions_as_they_are_by_default_are_fine() -> None:
    cross_site = Middleware(SessionMiddleware, secret_key=SECRET, samesite="none")
    assert told(App(middleware=[MADE["sessions"]])) == []
    assert told(App(middleware=[MADE["csrf"], cross_site])) == []


@pytest.mark.parametrize(
    ("middleware", "found"),
    [
        (Middleware(TrustedHostMiddleware), True),
        (Middleware(TrustedHostMiddleware, allowed_hosts=["a.test", "*"]), True),
        (Middleware(TrustedHostMiddleware, allowed_hosts=["a.test", "*.b.test"]), False),
        (Middleware(ProxyHeadersMiddleware, trusted_hosts="*"), True),
        (Middleware(ProxyHeadersMiddleware, trusted_hosts=["10.0.0.0/8"]), False),
        (Middleware(ProxyHeadersMiddleware), False),
    ],
)
def test_middleware_that_lets_everything_through_is_found(
    middleware: Middleware, found: bool
) -> None:
    assert [level for level, _ in told(App(middleware=[middleware]))] == ["hint"] * found
