"""From a handler to an ASGI callable: the way of a request once its route is known.

All that can be decided before the first request is decided here, in closures: `serve` and
`serve_socket` run for each connection, `layer` for each function middleware around it.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

import anyio

from framework._concurrency import Attendants
from framework._results import ASGIResponse, Encode, Results
from framework._signature import Call
from framework._until import until_disconnect
from framework.connections import Settings
from framework.errors import ErrorHandlers, log_unhandled
from framework.exceptions import ClientDisconnect, HTTPException, WebSocketDisconnect
from framework.files import FileResponse
from framework.requests import Request
from framework.responses import Response, has_no_content, whole_response
from framework.routes import CallNext, FunctionMiddleware, name_of
from framework.shutdown import shutdown_of
from framework.types import ASGIApp, Message, Receive, Scope, Send
from framework.websockets import SERVED, WebSocket

__all__ = [
    "Wiring",
    "attended",
    "bodiless",
    "http_endpoint",
    "responding",
    "timed",
    "websocket_endpoint",
]


Respond: TypeAlias = Callable[[object], Response]
"""Makes a response of what a handler or a middleware has returned."""


class Wiring(NamedTuple):
    """What the endpoints of one router have in common."""

    settings: Settings
    results: Results
    errors: ErrorHandlers
    functions: Sequence[FunctionMiddleware]
    """The function middleware around each handler, the outermost first."""


def http_endpoint(
    call: Call,
    wiring: Wiring,
    title: str,
    *,
    needs_request: bool = True,
    status_code: int | None = None,
) -> ASGIApp:
    """The ASGI callable of one handler, with its function middleware around it."""
    settings, results, errors, functions = wiring
    status = 200 if status_code is None else status_code
    encoders: dict[type, Encode] = {} if has_no_content(status) else results.encoders
    respond = _responder(encoders, results, status_code, title)
    if functions:
        call, respond = _nested(call, wiring, respond)
        encoders, needs_request = {}, True
    encoder = encoders.get

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive, send, settings) if needs_request else None
        try:
            try:
                value: object = await call(request, scope["path_params"])
                encode = encoder(type(value))
                answer = encode(value) if encode else respond(value)
            except Exception as error:
                request = request or Request(scope, receive, send, settings)
                await errors.answer(error, request, responding(request, send))
                return
            if isinstance(answer, tuple):
                body, fields = answer
                try:
                    await send({"type": "http.response.start", "status": status, "headers": fields})
                    await send({"type": "http.response.body", "body": body})
                except OSError:
                    return  # HTTP spec 2.4: the client has gone
            else:
                try:
                    await answer(scope, receive if request is None else request.disconnected, send)
                except Exception as error:
                    if not isinstance(answer, ASGIResponse | FileResponse) or answer.started:
                        log_unhandled(error, scope)
                        raise
                    request = request or Request(scope, receive, send, settings)
                    await errors.answer(error, request, responding(request, send))
        finally:
            if request is not None and request._files is not None:
                await request._files.close()

    return serve


def bodiless(serve: ASGIApp) -> ASGIApp:
    """The endpoint of a GET, as it answers a HEAD: with the same fields, and no body."""

    async def serve_head(scope: Scope, receive: Receive, send: Send) -> None:
        def send_bodiless(message: Message) -> Awaitable[None]:
            return send({**message, "body": b""} if "body" in message else message)

        await serve(scope, receive, send_bodiless)

    return serve_head


def _responder(
    encoders: Mapping[type, Encode], results: Results, status_code: int | None, title: str
) -> Respond:
    # The shortest ways of `results.response`.
    status = 200 if status_code is None else status_code

    def respond(value: object) -> Response:
        if isinstance(value, Response):
            return value
        encode = encoders.get(type(value))
        if encode is None:
            return results.response(value, status_code, title)
        body, fields = encode(value)
        return whole_response(status, fields, body)

    return respond


def responding(request: Request, send: Send) -> Callable[[Response], Awaitable[None]]:
    """What sends a response to a request, and stops when the client goes."""
    return lambda response: response(request.scope, request.disconnected, send)


def _nested(call: Call, wiring: Wiring, respond: Respond) -> tuple[Call, Respond]:
    # Each function sees a Response from its `call_next`, also where an HTTPException was raised
    # further in; only exceptions that nobody expects pass it as such.
    errors = wiring.errors

    async def innermost(request: Request) -> Response:
        try:
            return respond(await call(request, request.scope["path_params"]))
        except Exception as error:
            return await errors.convert(error, request)

    # To `serve` the outermost is the handler: what it raises or returns is converted there.
    outermost, *inner = wiring.functions
    call_next = _layered(inner, innermost, wiring)
    return (
        lambda request, _: outermost(request, call_next),
        _middleware_responder(outermost, wiring.results),
    )


def _layered(
    functions: Sequence[FunctionMiddleware], innermost: CallNext, wiring: Wiring
) -> CallNext:
    outermost = innermost
    for function in reversed(functions):
        outermost = _layer(function, outermost, wiring.results, wiring.errors)
    return outermost


def _layer(
    function: FunctionMiddleware, call_next: CallNext, results: Results, errors: ErrorHandlers
) -> CallNext:
    respond = _middleware_responder(function, results)

    async def layer(request: Request) -> Response:
        try:
            response: object = await function(request, call_next)
            return response if isinstance(response, Response) else respond(response)
        except Exception as error:
            return await errors.convert(error, request)

    return layer


def _middleware_responder(function: FunctionMiddleware, results: Results) -> Respond:
    title = f"the middleware {name_of(function)}"

    def respond(value: object) -> Response:
        if isinstance(value, Response):
            return value
        if value is None:
            raise TypeError(f"{title} returned None: return the response")
        return results.response(value, None, title)

    return respond


def timed(call: Call, seconds: float) -> Call:
    """The call, cancelled after some seconds, and answered by 504 then."""

    async def call_in_time(request: Any, path_params: dict[str, Any]) -> object:
        with anyio.move_on_after(seconds):
            return await call(request, path_params)
        raise HTTPException(504, f"no answer within {seconds:g} seconds")

    return call_in_time


def attended(call: Call) -> Call:
    """The call, cancelled when the client goes."""

    async def call_while_connected(request: Any, path_params: dict[str, Any]) -> object:
        await request._receive_nothing()
        async with until_disconnect(request.disconnected):
            return await call(request, path_params)
        raise ClientDisconnect("the client went away before its answer")

    return call_while_connected


def websocket_endpoint(call: Call, wiring: Wiring) -> ASGIApp:
    """The ASGI callable of a WebSocket handler; it closes the socket that a handler leaves open.

    Function middleware gets the WebSocket. What it sees of one that was served is a response of 101;
    the response to an error refuses the socket, or closes it if it was accepted.
    """
    settings, errors, functions = wiring.settings, wiring.errors, wiring.functions

    async def innermost(websocket: Any) -> Response:
        try:
            await call(websocket, websocket.scope["path_params"])
        except WebSocketDisconnect:
            pass
        except Exception as error:
            return await errors.convert(error, websocket)
        return Response(None, SERVED)

    outermost = _layered(functions, innermost, wiring)

    async def serve_socket(scope: Scope, receive: Receive, send: Send) -> None:
        websocket: Any = WebSocket(scope, receive, send, settings)
        websocket._shutdown = shutdown = shutdown_of(scope)
        async with Attendants() as group:
            websocket._group = group
            try:
                await websocket._conclude(await outermost(websocket))
            except Exception as error:
                await errors.answer(error, websocket, websocket._conclude)
            finally:
                if shutdown is not None:
                    shutdown._open.discard(group.cancel_scope)

    return serve_socket
