"""An ASGI micro-framework: routes, requests, responses and middleware, compiled into one ASGI callable."""

from framework._concurrency import iterate_in_threadpool, run_in_threadpool
from framework._wire.headers import Headers, MutableHeaders
from framework._wire.json import JSONCodec, StandardJSON
from framework._wire.query import QueryParams
from framework._wire.urls import URL
from framework.app import App
from framework.background import BackgroundTask, BackgroundTasks
from framework.connections import TLS, Address, HTTPConnection, State
from framework.converters import Converter, Regex
from framework.exceptions import (
    BodyUnavailable,
    ClientDisconnect,
    ConfigError,
    FrameworkError,
    HTTPException,
    InvalidContent,
    LimitExceeded,
    MalformedRequest,
    MethodNotAllowed,
    MissingField,
    NoMatchFound,
    NotAcceptable,
    NotFound,
    UnsupportedMediaType,
    WebSocketDisconnect,
    WebSocketStateError,
)
from framework.files import FileResponse
from framework.forms import FormData, UploadFile
from framework.limits import Limits
from framework.parts import Part
from framework.requests import Request
from framework.responses import (
    HTMLResponse,
    JSONResponse,
    PlainTextResponse,
    RedirectResponse,
    Response,
)
from framework.routes import CallNext, FunctionMiddleware, Middleware, Mount, Route, WebSocketRoute
from framework.routing import ExceptionHandler, Router
from framework.shutdown import Shutdown
from framework.sse import EventSourceResponse, ServerSentEvent
from framework.streaming import NDJSONResponse, StreamingResponse
from framework.websockets import ReadyState, WebSocket

__version__ = "0.1.0"

__all__ = [
    "TLS",
    "URL",
    "Address",
    "App",
    "BackgroundTask",
    "BackgroundTasks",
    "BodyUnavailable",
    "CallNext",
    "ClientDisconnect",
    "ConfigError",
    "Converter",
    "EventSourceResponse",
    "ExceptionHandler",
    "FileResponse",
    "FormData",
    "FrameworkError",
    "FunctionMiddleware",
    "HTMLResponse",
    "HTTPConnection",
    "HTTPException",
    "Headers",
    "InvalidContent",
    "JSONCodec",
    "JSONResponse",
    "LimitExceeded",
    "Limits",
    "MalformedRequest",
    "MethodNotAllowed",
    "Middleware",
    "MissingField",
    "Mount",
    "MutableHeaders",
    "NDJSONResponse",
    "NoMatchFound",
    "NotAcceptable",
    "NotFound",
    "Part",
    "PlainTextResponse",
    "QueryParams",
    "ReadyState",
    "RedirectResponse",
    "Regex",
    "Request",
    "Response",
    "Route",
    "Router",
    "ServerSentEvent",
    "Shutdown",
    "StandardJSON",
    "State",
    "StreamingResponse",
    "UnsupportedMediaType",
    "UploadFile",
    "WebSocket",
    "WebSocketDisconnect",
    "WebSocketRoute",
    "WebSocketStateError",
    "iterate_in_threadpool",
    "run_in_threadpool",
]
