"""Our middleware as it is put around the app of another framework, and what a client sees of it.

`asks` is a request, `gets` what its answer has, as patterns: its status, its body, its header fields.
"""

import gzip
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from framework import App
from framework.authentication import BasicBackend
from framework.middleware.access_log import AccessLogMiddleware
from framework.middleware.authentication import AuthenticationMiddleware
from framework.middleware.body_limit import BodyLimitMiddleware
from framework.middleware.compression import CompressionMiddleware
from framework.middleware.cors import CORSMiddleware
from framework.middleware.csrf import CSRFMiddleware
from framework.middleware.decompression import DecompressionMiddleware
from framework.middleware.digests import DigestMiddleware
from framework.middleware.https_redirect import HTTPSRedirectMiddleware
from framework.middleware.idempotency import IdempotencyMiddleware
from framework.middleware.proxy_headers import ProxyHeadersMiddleware
from framework.middleware.rate_limit import RateLimitMiddleware
from framework.middleware.request_id import RequestIDMiddleware
from framework.middleware.security_headers import SecurityHeadersMiddleware
from framework.middleware.timeout import TimeoutMiddleware
from framework.middleware.trusted_host import TrustedHostMiddleware
from framework.stores import MemoryStore
from framework.types import ASGIApp
from tests.interop.app import LONG
from tests.interop.middlewares import ELSEWHERE

__all__ = ["OURS", "Ours"]

POST = {"method": "POST", "url": "/echo"}
READ = {"url": "/long"}
PROXIED = {"x-forwarded-proto": "https", "x-forwarded-for": "192.0.2.7"}


@dataclass(frozen=True, slots=True)
class Ours:
    """A middleware of ours, the request that shows it, and how the answer looks."""

    around: Callable[[ASGIApp], ASGIApp]
    asks: Mapping[str, Any]
    gets: Mapping[str, str]
    times: int = 1
    logs: str = ""

    @property
    def name(self) -> str:
        """What the tests call it."""
        return type(self.around(App())).__name__


OURS = [
    Ours(lambda app: AccessLogMiddleware(app), READ, {}, logs="method=GET path=/long status=200"),
    Ours(
        lambda app: AuthenticationMiddleware(app, backend=BasicBackend({"ann": "secret"})),
        {**READ, "auth": ("ann", "wrong")},
        {"status": "401", "www-authenticate": "Basic"},
    ),
    Ours(
        lambda app: BodyLimitMiddleware(app, max_body_size=100),
        {**POST, "content": LONG},
        {"status": "413"},
    ),
    Ours(
        lambda app: CompressionMiddleware(app),
        {**READ, "headers": {"accept-encoding": "gzip"}},
        {"content-encoding": "gzip", "vary": "(?i)accept-encoding", "body": LONG},
    ),
    Ours(
        lambda app: CORSMiddleware(app, allow_origins=["https://evil.example"]),
        {**READ, "headers": ELSEWHERE},
        {"status": "200", "access-control-allow-origin": "https://evil.example"},
    ),
    Ours(lambda app: CSRFMiddleware(app), {**POST, "headers": ELSEWHERE}, {"status": "403"}),
    Ours(
        lambda app: DecompressionMiddleware(app),
        {**POST, "content": gzip.compress(b"unpacked"), "headers": {"content-encoding": "gzip"}},
        {"status": "20[01]", "body": "unpacked"},
    ),
    Ours(
        lambda app: DigestMiddleware(app, always=True),
        {**POST, "content": b"signed"},
        {"content-digest": "sha-256=:.+:"},
    ),
    Ours(
        lambda app: HTTPSRedirectMiddleware(app),
        READ,
        {"status": "307", "location": "https://testserver/long"},
    ),
    Ours(
        lambda app: IdempotencyMiddleware(app, store=MemoryStore(), scope_by=lambda _: "everybody"),
        {**POST, "content": b"once", "headers": {"idempotency-key": '"1"'}},
        {"body": "once", "idempotency-replayed": ".+"},
        times=2,
    ),
    Ours(
        lambda app: ProxyHeadersMiddleware(app, trusted_hosts="*"),
        {"url": "/caller", "headers": PROXIED},
        {"body": "https 192.0.2.7"},
    ),
    Ours(
        lambda app: RateLimitMiddleware(app, store=MemoryStore(), limit=1),
        READ,
        {"status": "429", "retry-after": r"\d+"},
        times=2,
    ),
    Ours(lambda app: RequestIDMiddleware(app), READ, {"status": "200", "x-request-id": ".{8,}"}),
    Ours(lambda app: SecurityHeadersMiddleware(app), READ, {"x-content-type-options": "nosniff"}),
    Ours(lambda app: TimeoutMiddleware(app, seconds=0.05), {"url": "/sleep"}, {"status": "504"}),
    Ours(
        lambda app: TrustedHostMiddleware(app, allowed_hosts=["example.com"]),
        READ,
        {"status": "400"},
    ),
]
