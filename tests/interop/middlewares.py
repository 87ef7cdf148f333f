"""Middleware of other packages, each as it is put around our app, and what a client sees of it.

`asks` is a request, `gets` what its answer has: its status, its body, its header fields, as patterns.
Where a package shows itself to handlers only, `peek` is what the handler of `/peek` finds.
"""

import logging
import sqlite3
from pathlib import Path
from typing import Any

import asgi_babel
import asgi_background
import asgi_correlation_id
import asgi_cors
import asgi_cross_origin_protection
import asgi_csrf
import asgi_gzip
import asgi_htmx
import asgi_log_to_sqlite
import asgi_logger
import asgi_sessions
import asgi_tools
import asgi_user_agents
import brotli_asgi
import connexion
import hypercorn.middleware
import idempotency_header_middleware
import idempotency_header_middleware.backends
import ratelimit
import ratelimit.backends.simple
import secure.middleware
import servestatic
import starlette_compress
import starlette_context
import starlette_context.middleware
import starlette_context.plugins
import starsessions
import timing_asgi
import zstd_asgi
from channels.routing import ProtocolTypeRouter
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from framework.types import ASGIApp, Scope
from tests.interop.peers import peer

HERE = Path(__file__).parent
ELSEWHERE = {"origin": "https://evil.example", "sec-fetch-site": "cross-site"}
PROXIED = {
    "peek": lambda request: f"{request.url.scheme} {request.client.host}",
    "asks": {
        "url": "/peek",
        "headers": {"x-forwarded-proto": "https", "x-forwarded-for": "192.0.2.7"},
    },
    "gets": {"body": "https 192.0.2.7"},
}
SECURED = {
    "base_url": "https://testserver",
    "asks": {"url": "http://testserver/long"},
    "gets": {"status": "307", "location": "https://testserver/long"},
}


def encoded(coding: str) -> dict[str, Any]:
    return {
        "asks": {"url": "/long", "headers": {"accept-encoding": coding}},
        "gets": {"content-encoding": coding, "vary": "(?i)accept-encoding"},
    }


@peer("asgi-correlation-id", asks={}, gets={"x-request-id": "[0-9a-f]{32}"})
def correlation_id(app: ASGIApp) -> ASGIApp:
    return asgi_correlation_id.CorrelationIdMiddleware(app)


@peer(
    "starlette-context",
    peek=lambda request: starlette_context.context["X-Request-ID"],
    asks={"url": "/peek", "headers": {"x-request-id": "0123456789abcdef0123456789abcdef"}},
    gets={"body": "0123456789abcdef0123456789abcdef"},
)
def context(app: ASGIApp) -> ASGIApp:
    plugins = [starlette_context.plugins.RequestIdPlugin()]
    return starlette_context.middleware.RawContextMiddleware(app, plugins=plugins)


@peer("brotli-asgi", **encoded("br"))
def brotli(app: ASGIApp) -> ASGIApp:
    return brotli_asgi.BrotliMiddleware(app)


@peer("zstd-asgi", **encoded("zstd"))
def zstd(app: ASGIApp) -> ASGIApp:
    return zstd_asgi.ZstdMiddleware(app)


@peer("starlette-compress", **encoded("zstd"))
def compress(app: ASGIApp) -> ASGIApp:
    return starlette_compress.CompressMiddleware(app)


@peer("asgi-gzip", **encoded("gzip"))
def gzip(app: ASGIApp) -> ASGIApp:
    return asgi_gzip.GZipMiddleware(app)


class Timings(timing_asgi.TimingClient):
    def timing(self, metric_name: str, timing: float, tags: list[str]) -> None:
        logging.getLogger("interop").info("%s %s", metric_name, tags)


@peer(
    "timing-asgi",
    asks={},
    gets={},
    logs="unnamed.*http_method:GET",
    note="names the path: its namer for routes asks Starlette's router",
)
def timing(app: ASGIApp) -> ASGIApp:
    return timing_asgi.TimingMiddleware(app, Timings())


@peer(
    "asgi-csrf",
    asks={"method": "POST", "url": "/echo", "headers": {"cookie": "a=b"}},
    gets={"status": "403"},
    note="does not look at Sec-Fetch-Site; a request without cookies passes",
)
def csrf(app: ASGIApp) -> ASGIApp:
    return asgi_csrf.asgi_csrf(app, signing_secret="secret")


@peer(
    "asgi-cross-origin-protection",
    asks={"method": "POST", "url": "/echo", "headers": ELSEWHERE},
    gets={"status": "403"},
)
def cross_origin_protection(app: ASGIApp) -> ASGIApp:
    return asgi_cross_origin_protection.CrossOriginProtection(app)


@peer("asgi-cors", asks={"headers": ELSEWHERE}, gets={"access-control-allow-origin": r"\*"})
def cors(app: ASGIApp) -> ASGIApp:
    return asgi_cors.asgi_cors(app, allow_all=True)


@peer("secure", asks={}, gets={"x-frame-options": "(?i)sameorigin|deny"})
def secure_headers(app: ASGIApp) -> ASGIApp:
    return secure.middleware.SecureASGIMiddleware(app)


def visited(request: Any) -> object:
    session = request.scope["session"]
    session["visits"] = session.get("visits", 0) + 1
    return session["visits"]


@peer(
    "asgi-sessions",
    peek=visited,
    asks={"url": "/peek"},
    gets={"body": "1", "set-cookie": "session=.+"},
)
def sessions_in_a_cookie(app: ASGIApp) -> ASGIApp:
    return asgi_sessions.SessionMiddleware(app, secret_key="0123456789abcdef")


@peer(
    "starsessions",
    peek=visited,
    asks={"url": "/peek"},
    gets={"body": "1", "set-cookie": "session=.+"},
)
def sessions_in_a_store(app: ASGIApp) -> ASGIApp:
    store = starsessions.InMemoryStore()
    return starsessions.SessionMiddleware(
        starsessions.SessionAutoloadMiddleware(app), store=store, cookie_https_only=False
    )


async def by_host(scope: Scope) -> tuple[str, str]:
    return scope["client"][0], "default"


@peer(
    "asgi-ratelimit",
    asks={"url": "/limited"},
    gets={"status": "429", "retry-after": ".+"},
    but={"effect on trio": "its memory backend asks asyncio for the running loop"},
)
def rate_limit(app: ASGIApp) -> ASGIApp:
    rules = {"/limited": [ratelimit.Rule(second=0)]}
    return ratelimit.RateLimitMiddleware(
        app, by_host, ratelimit.backends.simple.MemoryBackend(), rules
    )


@peer(
    "asgi-idempotency-header",
    asks={"url": "/users/7", "headers": {"idempotency-key": "1"}, "twice": True},
    gets={"idempotent-replayed": "true"},
    note="keeps JSON only",
)
def idempotency(app: ASGIApp) -> ASGIApp:
    return idempotency_header_middleware.IdempotencyHeaderMiddleware(
        app,
        backend=idempotency_header_middleware.backends.MemoryBackend(),
        applicable_methods=["GET"],
    )


@peer("asgi-logger", asks={}, gets={}, logs='"GET / HTTP/1.1" 200')
def logger(app: ASGIApp) -> ASGIApp:
    return asgi_logger.AccessLoggerMiddleware(app, logger=logging.getLogger("interop"))


NO_LIFESPAN = "asks a lifespan for its path: KeyError, so servers take the app for one without"


LOG = sqlite3.connect(":memory:")


@peer(
    "asgi-log-to-sqlite",
    asks={},
    gets={"status": "200"},
    leaves=lambda: LOG.execute("select method, http_status from requests").fetchall()[-1],
    left=("GET", 200),
    but={"lifespan": NO_LIFESPAN, "socket": "asks a socket for its method: KeyError"},
)
def log_to_sqlite(app: ASGIApp) -> ASGIApp:
    return asgi_log_to_sqlite.AsgiLogToSqlite(app, LOG)


@peer(
    "asgi-user-agents",
    peek=lambda request: request.scope["ua"].is_mobile,
    asks={"url": "/peek", "headers": {"user-agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0)"}},
    gets={"body": "True"},
)
def user_agents(app: ASGIApp) -> ASGIApp:
    return asgi_user_agents.UAMiddleware(app)


@peer(
    "asgi-babel",
    peek=lambda request: asgi_babel.current_locale.get(),
    asks={"url": "/peek", "headers": {"accept-language": "de"}},
    gets={"body": "de"},
)
def babel(app: ASGIApp) -> ASGIApp:
    return asgi_babel.BabelMiddleware(app)


@peer(
    "asgi-htmx",
    peek=lambda request: request.scope["htmx"].target,
    asks={"url": "/peek", "headers": {"hx-request": "true", "hx-target": "here"}},
    gets={"body": "here"},
)
def htmx(app: ASGIApp) -> ASGIApp:
    return asgi_htmx.HtmxMiddleware(app)


async def note_it(request: Any) -> object:
    async def later() -> None:
        request.app.state.log.append("later")

    await asgi_background.BackgroundTasks(request.scope).add_task(later)
    return "soon"


@peer(
    "asgi-background",
    peek=note_it,
    asks={"url": "/peek"},
    gets={"body": "soon"},
    logs="started later stopped",
    but={"lifespan": "says lifespan.shutdown.complete twice, which servers let pass"},
)
def background(app: ASGIApp) -> ASGIApp:
    return asgi_background.BackgroundTaskMiddleware(app)


@peer("asgi-tools", asks={"url": "/static/app.py"}, gets={"body": '"""The app that'})
def static_files(app: ASGIApp) -> ASGIApp:
    return asgi_tools.StaticFilesMiddleware(app, folders=[HERE], url_prefix="/static")


@peer(
    "servestatic", asks={"url": "/static/app.py"}, gets={"body": '"""The app that', "etag": '".+"'}
)
def serve_static(app: ASGIApp) -> ASGIApp:
    return servestatic.ServeStaticASGI(app, root=HERE, prefix="static")


@peer("uvicorn", **PROXIED)
def uvicorn_proxy(app: ASGIApp) -> ASGIApp:
    return ProxyHeadersMiddleware(app, trusted_hosts="*")


@peer("hypercorn", **PROXIED)
def hypercorn_proxy(app: ASGIApp) -> ASGIApp:
    return hypercorn.middleware.ProxyFixMiddleware(app, mode="legacy", trusted_hops=1)


@peer("hypercorn", **SECURED)
def hypercorn_redirect(app: ASGIApp) -> ASGIApp:
    return hypercorn.middleware.HTTPToHTTPSRedirectMiddleware(app, host="testserver")


@peer(
    "connexion",
    asks={},
    gets={"body": "Hello"},
    apart="errors",
    note="its own handler of errors fails with this Starlette, so the server gets another error than the app's",
)
def connexion_around(app: ASGIApp) -> ASGIApp:
    return connexion.ConnexionMiddleware(app)


@peer("channels", asks={}, gets={"body": "Hello"})
def channels(app: ASGIApp) -> ASGIApp:
    return ProtocolTypeRouter({"http": app, "websocket": app, "lifespan": app})
