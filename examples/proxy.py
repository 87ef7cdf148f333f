"""A reverse proxy: requests go on to another server, and its answers come back, both as they arrive.

Serve it with `PROXY_UPSTREAM=http://127.0.0.1:8001 uvicorn examples.proxy:app`; it needs httpx, which
comes with `pip install 'asgi-framework[testing]'`. Whatever the size of a body, little of it is in memory:
who reads slowly slows down who sends. The body is sent to its end before the answer is read. WebSockets
are refused.
"""

import os
import sys
from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager

import httpx

from framework import (
    App,
    BackgroundTask,
    HTTPException,
    Limits,
    Request,
    Response,
    StreamingResponse,
)

UPSTREAM = httpx.URL(os.environ.get("PROXY_UPSTREAM", "http://127.0.0.1:8001"))
PATIENCE = float(os.environ.get("PROXY_TIMEOUT", "60"))  # seconds without any progress
METHODS = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "QUERY"]

HOP_BY_HOP = {
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
}
"""Fields that are about one connection, not about the message (RFC 9110 section 7.6.1)."""

REPLACED = {
    "expect",  # answered by the server in front
    "forwarded",  # anybody could have written it
    "host",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
}
ADDED_BY_SERVERS = {"date", "server"}  # by the one in front, whose name and clock these are

Field = tuple[str, str]


@asynccontextmanager
async def lifespan() -> AsyncGenerator[dict[str, httpx.AsyncHTTPTransport]]:
    """Keep connections for as long as the app runs.

    A transport of httpx is all that a proxy needs: a client would keep the cookies of everybody.
    """
    limits = httpx.Limits(max_connections=200, max_keepalive_connections=50)
    async with httpx.AsyncHTTPTransport(limits=limits, trust_env=False) as transport:
        yield {"transport": transport}


app = App(lifespan=lifespan, trailing_slash="strict")


# The size of a body is for the upstream to limit. Who leaves while he waits ends the request there.
@app.route(
    "/{path:path}", METHODS, limits=Limits(max_body_size=sys.maxsize), cancel_on_disconnect=True
)
async def relay(request: Request) -> Response:
    """Ask the upstream, and answer as it does; 502 if it does not, 504 if it takes too long."""
    asked = httpx.Request(
        request.method,
        UPSTREAM.copy_with(raw_path=target(request)),
        headers=[*end_to_end(request.headers.multi_items(), REPLACED), *forwarded(request)],
        content=request.stream() if has_body(request) else None,
        extensions={"timeout": httpx.Timeout(PATIENCE).as_dict()},
    )
    try:
        answer = await request.state.transport.handle_async_request(asked)
    except httpx.TimeoutException as error:
        raise HTTPException(504) from error
    except httpx.TransportError as error:
        raise HTTPException(502) from error
    fields = [(name.decode(), value.decode("latin-1")) for name, value in answer.headers.raw]
    return StreamingResponse(
        answer.aiter_raw(),  # as it is, compressed or not
        answer.status_code,
        end_to_end(fields, ADDED_BY_SERVERS),
        background=BackgroundTask(answer.aclose),  # also for HEAD, and for a client that left
    )


def target(request: Request) -> bytes:
    """The path and the query, escaped as they came."""
    query = f"?{request.url.query}" if request.url.query else ""
    return f"{request.url.path}{query}".encode()


def has_body(request: Request) -> bool:
    """Whether one is announced; HTTP/2 and later need not announce it."""
    fields = request.headers.keys() & {"content-length", "transfer-encoding"}
    return bool(fields) or request.scope["http_version"] >= "2"


def end_to_end(fields: Iterable[Field], without: set[str]) -> list[Field]:
    """The fields that are meant for the other end."""
    fields = [(name.lower(), value) for name, value in fields]
    named = {
        option.strip().lower()
        for name, value in fields
        if name == "connection"
        for option in value.split(",")
    }
    left_out = HOP_BY_HOP | named | without
    return [field for field in fields if field[0] not in left_out]


def forwarded(request: Request) -> list[Field]:
    """Who asked, for what, and how, in both ways to say it; the client's own word is replaced.

    Behind a further proxy, add ProxyHeadersMiddleware: then this is what that one says.
    """
    client = request.client.host if request.client else "unknown"
    node = f'"[{client}]"' if ":" in client else client  # RFC 7239 section 6
    host, scheme = request.url.netloc, request.url.scheme
    return [
        ("host", UPSTREAM.netloc.decode()),
        ("forwarded", f'for={node};host="{host}";proto={scheme}'),
        ("x-forwarded-for", client),
        ("x-forwarded-host", host),
        ("x-forwarded-proto", scheme),
        ("via", f"{request.scope['http_version']} proxy"),
    ]
