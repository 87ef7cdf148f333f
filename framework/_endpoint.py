"""From a handler to an ASGI callable: the way of a request once its route is known.

All that can be decided before the first request is decided here, in closures: `serve` and
`serve_socket` run for each connection, `layer` for each function middleware around it.
"""

from collections.abc import Sequence
from typing import NamedTuple

from framework._results import ASGIResponse, Encode, Results
from framework._signature import Call
from framework.connections import HTTPConnection, Settings
from framework.errors import ErrorHandlers, default_response, log_unhandled
from framework.exceptions import ClientDisconnect, HTTPException, WebSocketDisconnect
from framework.requests import Request
from framework.responses import Response, has_no_content
from framework.routes import CallNext, FunctionMiddleware, name_of
from framework.types import ASGIApp, Receive, Scope, Send
from framework.websockets import ReadyState, WebSocket

__all__ = ["Wiring", "http_endpoint", "refuse", "websocket_endpoint"]


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
    is_head: bool = False,
) -> ASGIApp:
    """The ASGI callable of one handler, with its function middleware around it."""
    settings, results, errors, functions = wiring
    if functions:
        call = _nested(call, wiring, title, status_code)
        needs_request = True
    status = 200 if status_code is None else status_code
    encoders: dict[type, Encode] = {} if has_no_content(status) else results.encoders
    encoder = encoders.get

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive, settings) if needs_request else None
        try:
            try:
                value: object = await call(request, scope["path_params"])
                encode = encoder(type(value))
                answer = encode(value) if encode else results.response(value, status_code, title)
            except Exception as error:
                request = request or Request(scope, receive, settings)
                await errors.answer(error, request, send)
                return
            if isinstance(answer, tuple):
                body, fields = answer
                try:
                    await send({"type": "http.response.start", "status": status, "headers": fields})
                    await send({"type": "http.response.body", "body": b"" if is_head else body})
                except OSError:
                    return  # HTTP spec 2.4: the client has gone
            else:
                try:
                    await answer(scope, receive if request is None else request.disconnected, send)
                except Exception as error:
                    if not isinstance(answer, ASGIResponse) or answer.started:
                        log_unhandled(error, scope)
                        raise
                    request = request or Request(scope, receive, settings)
                    await errors.answer(error, request, send)
        finally:
            if request is not None and request._files is not None:
                await request._files.close()

    return serve


def _nested(call: Call, wiring: Wiring, title: str, status_code: int | None) -> Call:
    # Each function sees a Response from its `call_next`, also where an HTTPException was raised
    # further in; only exceptions that nobody expects pass it as such.
    _, results, errors, functions = wiring

    async def innermost(request: Request) -> Response:
        try:
            value = await call(request, request.scope["path_params"])
            return results.response(value, status_code, title)
        except Exception as error:
            return await errors.convert(error, request)

    outermost: CallNext = innermost
    for function in reversed(functions):
        outermost = _layer(function, outermost, results, errors)
    return lambda request, _: outermost(request)


def _layer(
    function: FunctionMiddleware, call_next: CallNext, results: Results, errors: ErrorHandlers
) -> CallNext:
    title = f"the middleware {name_of(function)}"

    async def layer(request: Request) -> Response:
        try:
            response = await function(request, call_next)
            if isinstance(response, Response):
                return response
            if response is None:
                raise TypeError(f"{title} returned None: return the response")
            return results.response(response, None, title)
        except Exception as error:
            return await errors.convert(error, request)

    return layer


def websocket_endpoint(call: Call, settings: Settings) -> ASGIApp:
    """The ASGI callable of a WebSocket handler; it closes the socket that a handler leaves open."""

    async def serve_socket(scope: Scope, receive: Receive, send: Send) -> None:
        websocket = WebSocket(scope, receive, send, settings)
        try:
            await call(websocket, scope["path_params"])
            await websocket.close()
        except WebSocketDisconnect:
            return
        except HTTPException as error:
            await refuse(websocket, error)
        except Exception as error:
            log_unhandled(error, scope)
            await refuse(websocket, HTTPException(500))
            raise

    return serve_socket


async def deny(error: Exception, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer a handshake that ASGI middleware has ended by an exception; raise an unexpected one."""
    if isinstance(error, ClientDisconnect | WebSocketDisconnect):
        return
    is_expected = isinstance(error, HTTPException)
    if not is_expected:
        log_unhandled(error, scope)
    shown = error if isinstance(error, HTTPException) else HTTPException(500)
    await default_response(shown, HTTPConnection(scope))(scope, receive, send)
    if not is_expected:
        raise error


async def refuse(websocket: WebSocket, error: HTTPException) -> None:
    """End a socket for an error: by its status before `accept()`, by code 1011 or 1008 after it."""
    try:
        if websocket.ready_state is ReadyState.CONNECTING:
            await websocket.send_denial_response(default_response(error, websocket))
        else:
            await websocket.close(1011 if error.status_code >= 500 else 1008)
    except WebSocketDisconnect:
        return
