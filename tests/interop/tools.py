"""Clients, servers, test tools and responses of other packages, each as it is put to use."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import a2wsgi
import asgi_lifespan
import async_asgi_testclient
import channels.testing
import httpx
import mangum
import schemathesis.openapi
import socketio
import sse_starlette
import starlette.responses
import starlette.testclient
from asgiref.testing import ApplicationCommunicator

from framework import App, Request
from framework.types import ASGIApp, Scope
from tests.interop.peers import ASYNCIO_ONLY, peer

# Clients and test tools


@peer("httpx")
def httpx_transport(app: ASGIApp) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://testserver")


@peer(
    "asgi-lifespan",
    but={"failure on trio": "raises an ExceptionGroup around what the startup raised"},
)
def lifespan_manager(app: ASGIApp) -> asgi_lifespan.LifespanManager:
    return asgi_lifespan.LifespanManager(app)


@peer(
    "async-asgi-testclient",
    but={
        "state": "offers no lifespan state: an app whose lifespan yields one says so and does not start",
        "trio": ASYNCIO_ONLY,
    },
)
def async_asgi_test_client(app: ASGIApp) -> async_asgi_testclient.TestClient:
    return async_asgi_testclient.TestClient(app)


@peer("starlette")
def starlette_test_client(app: ASGIApp, backend: str) -> starlette.testclient.TestClient:
    return starlette.testclient.TestClient(app, backend=backend)


@peer("asgiref", but={"trio": ASYNCIO_ONLY})
def asgiref_communicator(app: ASGIApp, scope: Scope) -> ApplicationCommunicator:
    return ApplicationCommunicator(app, scope)


@peer("channels", but={"trio": ASYNCIO_ONLY})
def http_communicator(app: ASGIApp, path: str) -> channels.testing.HttpCommunicator:
    return channels.testing.HttpCommunicator(app, "GET", path)


@peer("channels", but={"trio": ASYNCIO_ONLY})
def websocket_communicator(app: ASGIApp, path: str) -> channels.testing.WebsocketCommunicator:
    return channels.testing.WebsocketCommunicator(app, path)


@peer("schemathesis", apart="trio", note="any schema that the app serves")
def schema_tests(app: ASGIApp) -> Any:
    return schemathesis.openapi.from_asgi("/openapi.json", app)


# Servers


@peer("mangum", apart="trio", note="AWS Lambda: API Gateway v1 and v2, ALB; bodies are whole")
def lambda_handler(app: ASGIApp, lifespan: Any) -> mangum.Mangum:
    return mangum.Mangum(app, lifespan=lifespan)


@peer("a2wsgi", apart="trio", note="our app under a WSGI server: http only, streams both ways")
def under_wsgi(app: Any, loop: asyncio.AbstractEventLoop) -> a2wsgi.ASGIMiddleware:
    return a2wsgi.ASGIMiddleware(app, loop=loop)


# Responses that our handlers return


async def two() -> AsyncIterator[dict[str, str]]:
    for number in ("first", "second"):
        yield {"event": "tick", "data": number}


@peer("sse-starlette", note="our own is `framework.EventSourceResponse`")
async def event_source(request: Request) -> Any:
    return sse_starlette.EventSourceResponse(two())


@peer("starlette", note="any ASGI callable may be returned")
async def response_of_starlette(request: Request) -> Any:
    return starlette.responses.JSONResponse({"id": 7}, status_code=201)


# Realtime


@peer("python-socketio", but={"trio": ASYNCIO_ONLY}, note="around the app; mounted: see above")
def socketio_around(app: App, server: Any) -> Any:
    return socketio.ASGIApp(server, app)
