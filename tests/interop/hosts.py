"""Our app inside other packages: below `/pre`, or as the whole of what they serve.

`at` is where the app is. What the package does not pass on is in `but`: the tests see that it does not.
"""

from typing import Any
from urllib.parse import unquote

import a2wsgi
import blacksheep
import fastapi
import hypercorn.middleware
import litestar
import quart
import socketio
import starlette.applications
import starlette.routing
from asgiref.compatibility import guarantee_single_callable
from channels.routing import ProtocolTypeRouter, URLRouter
from django.urls import re_path
from litestar.types import Receive, Scope, Send

from framework.types import ASGIApp
from tests.interop import django_site
from tests.interop.peers import ASYNCIO_ONLY, peer

NO_LIFESPAN = "does not run the lifespan of what it mounts: give it to its own"


@peer("starlette", at="/pre", but={"lifespan": NO_LIFESPAN})
def starlette_mount(app: ASGIApp) -> ASGIApp:
    return starlette.applications.Starlette(routes=[starlette.routing.Mount("/pre", app)])


@peer("starlette", at="", but={"lifespan": NO_LIFESPAN})
def starlette_host(app: ASGIApp) -> ASGIApp:
    return starlette.routing.Router(routes=[starlette.routing.Host("testserver", app)])


@peer("fastapi", at="/pre", but={"lifespan": NO_LIFESPAN})
def fastapi_mount(app: ASGIApp) -> ASGIApp:
    host = fastapi.FastAPI()
    host.mount("/pre", app)
    return host


def restored(app: ASGIApp, prefix: str) -> ASGIApp:
    """The app behind a mount of Litestar's, which cuts the prefix off, and puts a slash at the end."""

    async def restoring(scope: Scope, receive: Receive, send: Send) -> None:
        path = unquote(scope["raw_path"].decode())
        await app({**scope, "path": path, "root_path": prefix}, receive, send)

    return restoring


@peer(
    "litestar",
    at="/pre",
    but={"lifespan": NO_LIFESPAN},
    note="cuts the prefix off, puts a slash at the end, and tells of neither: `restored` mends the scope",
)
def litestar_mount(app: ASGIApp) -> ASGIApp:
    mount = litestar.asgi("/pre", is_mount=True, copy_scope=True)
    return litestar.Litestar([mount(restored(app, "/pre"))])


@peer("blacksheep", at="/pre", but={"lifespan": NO_LIFESPAN})
def blacksheep_mount(app: ASGIApp) -> ASGIApp:
    host = blacksheep.Application(router=blacksheep.Router())
    host.mount("/pre", app)
    return host


@peer("hypercorn", at="/pre", but={"trio": "another class, `TrioDispatcherMiddleware`"})
def hypercorn_dispatcher(app: ASGIApp) -> ASGIApp:
    return hypercorn.middleware.DispatcherMiddleware({"/pre": app})


@peer("quart", at="/pre", but={"trio": ASYNCIO_ONLY})
def quart_dispatcher(app: ASGIApp) -> ASGIApp:
    host = quart.Quart("host")
    return hypercorn.middleware.DispatcherMiddleware({"/pre": app, "": host})


@peer(
    "channels",
    at="",
    note="a URLRouter tells nobody what is in front: routes have their whole path",
)
def channels_router(app: ASGIApp) -> ASGIApp:
    http = URLRouter([re_path("^hello$", django_site.get_asgi_application()), re_path("", app)])
    return ProtocolTypeRouter({"http": http, "websocket": app, "lifespan": app})


@peer("python-socketio", at="")
def socketio_around(app: ASGIApp) -> ASGIApp:
    return socketio.ASGIApp(socketio.AsyncServer(async_mode="asgi"), app)


@peer("asgiref", at="")
def asgiref_single_callable(app: ASGIApp) -> ASGIApp:
    return guarantee_single_callable(app)


@peer(
    "a2wsgi",
    at="",
    but={
        "lifespan": "there is none in WSGI",
        "socket": "there are none in WSGI",
        "trio": ASYNCIO_ONLY,
    },
)
def there_and_back_by_a2wsgi(app: Any) -> ASGIApp:
    return a2wsgi.WSGIMiddleware(a2wsgi.ASGIMiddleware(app))
