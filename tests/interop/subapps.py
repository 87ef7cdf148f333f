"""Apps of other packages, each as it is mounted in ours, and what it answers there.

`asks` is a path below the mount, `gets` the status and a pattern of the body in each of two styles:
`mount(path, app)`, which leaves the path whole and says what is in front (ASGI's `root_path`), and
`mount(path, app, strip=True)`, which cuts it off. None is an app that does not work in that style.
"""

import functools
import itertools
from pathlib import Path
from typing import Any

import a2wsgi
import ariadne
import ariadne.asgi
import asgiref.wsgi
import blacksheep
import connexion
import datasette.app
import falcon
import falcon.asgi
import fastapi
import fastmcp
import flask
import hypercorn.middleware
import litestar
import mcp.server.mcpserver
import mcp.server.transport_security
import nicegui
import piccolo_admin.endpoints
import prometheus_client
import quart
import sanic
import socketio
import sqladmin
import sqlalchemy
import starlette.applications
import starlette.responses
import starlette.routing
import strawberry.asgi
import whitenoise

from framework.types import ASGIApp
from framework.wsgi import WSGI
from tests.interop import django_site
from tests.interop.peers import ASYNCIO_ONLY, peer

HELLO = {"asks": {"url": "/hello"}, "mounted": "200 Hello", "stripped": "200 Hello"}
HERE = Path(__file__).parent

flask_app = flask.Flask("flask_app")
flask_app.add_url_rule("/hello", "hello", lambda: f"Hello {flask.url_for('hello')}")
LINKED = {
    "asks": {"url": "/hello"},
    "mounted": "200 Hello /pre/hello",
    "stripped": "200 Hello /pre/hello",
}


# Frameworks


@peer("starlette", **LINKED, lifespan="runs")
def starlette_app() -> ASGIApp:
    async def hello(request: Any) -> Any:
        path = request.url_for("hello").path
        return starlette.responses.PlainTextResponse(f"Hello {path}")

    return starlette.applications.Starlette(routes=[starlette.routing.Route("/hello", hello)])


@peer("fastapi", **LINKED, lifespan="runs")
def fastapi_app() -> ASGIApp:
    app = fastapi.FastAPI()

    @app.get("/hello", response_class=fastapi.responses.PlainTextResponse)
    async def hello(request: fastapi.Request) -> str:
        return f"Hello {request.url_for('hello').path}"

    return app


@peer("litestar", **HELLO, lifespan="runs")
def litestar_app() -> ASGIApp:
    @litestar.get("/hello", sync_to_thread=False)
    def hello() -> str:
        return "Hello"

    return litestar.Litestar([hello])


@peer("quart", **{**LINKED, "stripped": "404"}, lifespan="runs", but={"trio": ASYNCIO_ONLY})
def quart_app() -> ASGIApp:
    app = quart.Quart("quart_app")

    @app.get("/hello")
    async def hello() -> str:
        return f"Hello {quart.url_for('hello')}"

    return app


@peer("falcon", **{**HELLO, "mounted": "404"}, lifespan="runs")
def falcon_app() -> ASGIApp:
    class Hello:
        async def on_get(self, request: Any, response: Any) -> None:
            response.text = "Hello"

    app = falcon.asgi.App()
    app.add_route("/hello", Hello())
    return app


numbers = itertools.count()


@peer("sanic", **{**HELLO, "mounted": "404"}, lifespan="runs", but={"trio": ASYNCIO_ONLY})
def sanic_app() -> ASGIApp:
    app = sanic.Sanic(f"interop-{next(numbers)}", configure_logging=False)
    app.config.TOUCHUP = False  # it patches its classes once a process
    app.add_route(lambda request: sanic.text("Hello"), "/hello", name="hello")
    return app


@peer("blacksheep", **HELLO, lifespan="runs")
def blacksheep_app() -> ASGIApp:
    app = blacksheep.Application(router=blacksheep.Router())

    @app.router.get("/hello")
    async def hello() -> Any:
        return blacksheep.text("Hello")

    return app


@peer("django", **LINKED, lifespan="raises", but={"trio": "asgiref runs on asyncio only"})
def django_app() -> ASGIApp:
    return django_site.get_asgi_application()


def hello_of_connexion() -> tuple[str, int, dict[str, str]]:
    return "Hello", 200, {"content-type": "text/plain"}


SPECIFICATION = {
    "openapi": "3.0.0",
    "info": {"title": "Hello", "version": "1"},
    "paths": {
        "/hello": {
            "get": {
                "operationId": f"{__name__}.{hello_of_connexion.__name__}",
                "responses": {"200": {"description": "a greeting", "content": {"text/plain": {}}}},
            }
        }
    },
}


@peer("connexion", **HELLO, lifespan="runs")
def connexion_app() -> ASGIApp:
    app = connexion.AsyncApp("connexion_app")
    app.add_api(SPECIFICATION)
    return app


# WSGI applications, through our adapter and three others


@peer("flask", **LINKED, lifespan="raises")
def flask_by_ours() -> ASGIApp:
    return WSGI(flask_app)


@peer(
    "whitenoise",
    asks={"url": "/static/app.py"},
    mounted='200 """The app that',
    stripped='200 """The app that',
    lifespan="raises",
)
def whitenoise_by_ours() -> ASGIApp:
    return WSGI(whitenoise.WhiteNoise(flask_app, root=HERE, prefix="static"))


@peer("a2wsgi", **LINKED, lifespan="runs", but={"trio": ASYNCIO_ONLY})
def flask_by_a2wsgi() -> ASGIApp:
    return a2wsgi.WSGIMiddleware(flask_app)


@peer("asgiref", **LINKED, lifespan="raises", but={"trio": ASYNCIO_ONLY})
def flask_by_asgiref() -> ASGIApp:
    return asgiref.wsgi.WsgiToAsgi(flask_app)


@peer(
    "hypercorn",
    **{**LINKED, "stripped": "404"},
    lifespan="is left alone",
    but={"trio": "another class, `TrioWSGIMiddleware`"},
)
def flask_by_hypercorn() -> ASGIApp:
    return hypercorn.middleware.AsyncioWSGIMiddleware(flask_app)


# Services

HELLO_OF_GRAPHQL = {
    "asks": {"method": "POST", "url": "/", "json": {"query": "{hello}"}},
    "mounted": '200 .*"Hello"',
    "stripped": '200 .*"Hello"',
}


@strawberry.type
class Query:
    @strawberry.field
    def hello(self) -> str:
        return "Hello"


@peer("strawberry-graphql", **HELLO_OF_GRAPHQL, lifespan="raises")
def strawberry_app() -> ASGIApp:
    return strawberry.asgi.GraphQL(strawberry.Schema(Query))


query = ariadne.QueryType()
query.set_field("hello", lambda *_: "Hello")
schema = ariadne.make_executable_schema("type Query { hello: String }", query)


@peer("ariadne", **HELLO_OF_GRAPHQL, lifespan="raises")
def ariadne_app() -> ASGIApp:
    return ariadne.asgi.GraphQL(schema)


@peer(
    "prometheus-client",
    asks={"url": "/"},
    mounted="200 # HELP",
    stripped="200 # HELP",
    lifespan="raises",
)
def prometheus_app() -> ASGIApp:
    return prometheus_client.make_asgi_app()


INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": {"name": "interop", "version": "1"},
    },
}
TOOLS = {
    "asks": {
        "method": "POST",
        "url": "/mcp",
        "json": INITIALIZE,
        "headers": {"accept": "application/json, text/event-stream", "host": "localhost:8000"},
    },
    "mounted": '200 .*"interop"',
    "stripped": '200 .*"interop"',
    "lifespan": "is needed",
    "note": "answers 500 where its lifespan does not run",
}


@peer("mcp", **TOOLS)
def mcp_app() -> ASGIApp:
    return mcp.server.mcpserver.MCPServer("interop").streamable_http_app()


@peer("fastmcp", **TOOLS)
def fastmcp_app() -> ASGIApp:
    return fastmcp.FastMCP("interop").http_app()


@peer(
    "python-socketio",
    asks={"url": "/socket.io/?EIO=4&transport=polling"},
    mounted="404",
    stripped='200 0{"sid":',
    lifespan="runs",
    but={"trio": ASYNCIO_ONLY},
    note='or `socketio_path="/pre/socket.io"` without `strip`',
)
def socketio_app() -> ASGIApp:
    return socketio.ASGIApp(socketio.AsyncServer(async_mode="asgi"))


# Pages


@peer(
    "datasette",
    asks={"url": "/-/versions.json"},
    mounted='200 .*"asgi"',
    stripped='200 .*"asgi"',
    lifespan="runs",
    but={"trio": ASYNCIO_ONLY},
)
def datasette_app() -> ASGIApp:
    return datasette.app.Datasette(memory=True, settings={"base_url": "/pre/"}).app()


@peer(
    "piccolo-admin",
    asks={"url": "/"},
    mounted="200 <!DOCTYPE html>",
    stripped="200 <!DOCTYPE html>",
    lifespan="runs",
)
def piccolo_app() -> ASGIApp:
    return piccolo_admin.endpoints.create_admin([])


@peer("sqladmin", asks={"url": "/admin/"}, mounted="200 .*", stripped="200", lifespan="runs")
def sqladmin_app() -> ASGIApp:
    host = starlette.applications.Starlette()
    sqladmin.Admin(host, sqlalchemy.create_engine("sqlite://"))
    return host


@peer(
    "nicegui",
    asks={"url": "/"},
    mounted="200 .*Hello",
    stripped="200 .*Hello",
    lifespan="runs",
    but={"trio": ASYNCIO_ONLY},
)
@functools.cache
def nicegui_app() -> ASGIApp:
    host = fastapi.FastAPI()
    nicegui.ui.run_with(host, root=lambda: nicegui.ui.label("Hello"))
    return host
