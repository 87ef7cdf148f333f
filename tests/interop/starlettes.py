"""Starlette's middleware around our app, as `middlewares` has that of others."""

from starlette.authentication import AuthCredentials, AuthenticationBackend, SimpleUser
from starlette.middleware.authentication import AuthenticationMiddleware
from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.middleware.httpsredirect import HTTPSRedirectMiddleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response

from framework.types import ASGIApp
from tests.interop.middlewares import ELSEWHERE, SECURED, encoded, visited
from tests.interop.peers import peer


@peer("starlette", **encoded("gzip"))
def gzip(app: ASGIApp) -> ASGIApp:
    return GZipMiddleware(app)


@peer("starlette", asks={"headers": ELSEWHERE}, gets={"access-control-allow-origin": r"\*"})
def cors(app: ASGIApp) -> ASGIApp:
    return CORSMiddleware(app, allow_origins=["*"])


@peer(
    "starlette",
    peek=visited,
    asks={"url": "/peek"},
    gets={"body": "1", "set-cookie": "session=.+"},
)
def sessions(app: ASGIApp) -> ASGIApp:
    return SessionMiddleware(app, secret_key="secret")


@peer("starlette", asks={"headers": {"host": "evil.example"}}, gets={"status": "400"})
def trusted_host(app: ASGIApp) -> ASGIApp:
    return TrustedHostMiddleware(app, allowed_hosts=["testserver"])


@peer("starlette", **SECURED)
def https_redirect(app: ASGIApp) -> ASGIApp:
    return HTTPSRedirectMiddleware(app)


class Tagging(BaseHTTPMiddleware):
    """What most users write on Starlette."""

    async def dispatch(self, request: Request, call_next: RequestResponseEndpoint) -> Response:
        response = await call_next(request)
        response.headers["x-tag"] = request.method
        return response


@peer("starlette", asks={}, gets={"x-tag": "GET"}, note="a subclass of BaseHTTPMiddleware")
def tagging(app: ASGIApp) -> ASGIApp:
    return Tagging(app)


class Ann(AuthenticationBackend):
    """Knows everybody as Ann."""

    async def authenticate(self, conn: HTTPConnection) -> tuple[AuthCredentials, SimpleUser]:
        return AuthCredentials(["authenticated"]), SimpleUser("ann")


@peer(
    "starlette",
    peek=lambda request: request.user.display_name,
    asks={"url": "/peek"},
    gets={"body": "ann"},
)
def authentication(app: ASGIApp) -> ASGIApp:
    return AuthenticationMiddleware(app, backend=Ann())


@peer(
    "starlette",
    asks={"method": "POST", "url": "/echo", "content": b" " * 10_001},
    gets={"status": "413"},
)
def body_limit(app: ASGIApp) -> ASGIApp:
    return RequestBodyLimitMiddleware(app, max_body_size=10_000)
