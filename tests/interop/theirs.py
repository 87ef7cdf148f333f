"""One small app, made with each of the other frameworks: what our middleware is put around.

GET `/long` is a long text, `/caller` the scheme and the host of the caller, `/sleep` never answers;
POST `/echo` answers with the body.
"""

from typing import Any

import anyio
import blacksheep
import falcon.asgi
import fastapi
import litestar
import quart
import starlette.applications
from starlette.requests import Request as StarletteRequest
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from framework.types import ASGIApp
from tests.interop import django_site
from tests.interop.app import LONG
from tests.interop.peers import ASYNCIO_ONLY, peer


@peer("starlette")
def starlette_app() -> ASGIApp:
    async def long(request: StarletteRequest) -> Response:
        return PlainTextResponse(LONG)

    async def caller(request: StarletteRequest) -> Response:
        return PlainTextResponse(f"{request.url.scheme} {request.client.host}")

    async def echo(request: StarletteRequest) -> Response:
        return Response(await request.body())

    async def sleep(request: StarletteRequest) -> Response:
        await anyio.sleep_forever()

    paths = {"/long": long, "/caller": caller, "/sleep": sleep}
    routes = [Route(path, endpoint) for path, endpoint in paths.items()]
    return starlette.applications.Starlette(
        routes=[*routes, Route("/echo", echo, methods=["POST"])]
    )


@peer("fastapi")
def fastapi_app() -> ASGIApp:
    app = fastapi.FastAPI(default_response_class=PlainTextResponse)

    @app.get("/long")
    async def long() -> Any:
        return LONG

    @app.get("/caller")
    async def caller(request: fastapi.Request) -> Any:
        return f"{request.url.scheme} {request.client.host}"

    @app.post("/echo")
    async def echo(request: fastapi.Request) -> Any:
        return Response(await request.body())

    @app.get("/sleep")
    async def sleep() -> Any:
        await anyio.sleep_forever()

    return app


@peer("litestar")
def litestar_app() -> ASGIApp:
    @litestar.get("/long")
    async def long() -> str:
        return LONG

    @litestar.get("/caller")
    async def caller(request: litestar.Request[Any, Any, Any]) -> str:
        return f"{request.url.scheme} {request.client.host}"

    @litestar.post("/echo", status_code=200)
    async def echo(request: litestar.Request[Any, Any, Any]) -> bytes:
        return await request.body()

    @litestar.get("/sleep")
    async def sleep() -> None:
        await anyio.sleep_forever()

    return litestar.Litestar([long, caller, echo, sleep], logging_config=None)


@peer(
    "quart",
    but={
        "DigestMiddleware": "streams every body, so its digest is a trailer, if those are taken",
        "trio": ASYNCIO_ONLY,
    },
)
def quart_app() -> ASGIApp:
    app = quart.Quart("theirs")

    @app.get("/long")
    async def long() -> str:
        return LONG

    @app.get("/caller")
    async def caller() -> str:
        return f"{quart.request.scheme} {quart.request.remote_addr}"

    @app.post("/echo")
    async def echo() -> bytes:
        return await quart.request.get_data()

    @app.get("/sleep")
    async def sleep() -> str:
        await anyio.sleep_forever()

    return app


@peer("falcon")
def falcon_app() -> ASGIApp:
    class Long:
        async def on_get(self, request: Any, response: Any) -> None:
            response.text = LONG

    class Caller:
        async def on_get(self, request: Any, response: Any) -> None:
            response.text = f"{request.scheme} {request.remote_addr}"

    class Echo:
        async def on_post(self, request: Any, response: Any) -> None:
            response.data = await request.stream.read()

    class Sleep:
        async def on_get(self, request: Any, response: Any) -> None:
            await anyio.sleep_forever()

    app = falcon.asgi.App()
    for name in (Long, Caller, Echo, Sleep):
        app.add_route(f"/{name.__name__.lower()}", name())
    return app


@peer("blacksheep")
def blacksheep_app() -> ASGIApp:
    app = blacksheep.Application(router=blacksheep.Router())

    @app.router.get("/long")
    async def long() -> Any:
        return blacksheep.text(LONG)

    @app.router.get("/caller")
    async def caller(request: blacksheep.Request) -> Any:
        return blacksheep.text(f"{request.scheme} {request.client_ip}")

    @app.router.post("/echo")
    async def echo(request: blacksheep.Request) -> Any:
        return blacksheep.text(await request.text())

    @app.router.get("/sleep")
    async def sleep() -> Any:
        await anyio.sleep_forever()

    return app


@peer(
    "django",
    but={"trio": ASYNCIO_ONLY},
    apart="TimeoutMiddleware",
    note="TimeoutMiddleware answers 504, but Django does not cancel what it has begun",
)
def django_app() -> ASGIApp:
    return django_site.get_asgi_application()
