"""From an exception to a response: whose handler answers, and what a client is told by default.

Default bodies are negotiated between problem details (RFC 9457), HTML and text; they say what an
HTTPException says, and of any other exception nothing.
"""

import logging
import traceback
from collections.abc import Awaitable, Callable, Mapping, Sequence
from copy import copy
from functools import cache
from html import escape
from itertools import takewhile
from typing import Any, Protocol, TypeAlias

from framework._concurrency import ThreadPool, is_async
from framework._results import Results
from framework._wire.headers import add_vary, combined_value
from framework._wire.json import StandardJSON
from framework._wire.negotiation import best_media_type
from framework.connections import HTTPConnection
from framework.exceptions import (
    ClientDisconnect,
    HTTPException,
    InvalidContent,
    WebSocketDisconnect,
    reason_phrase,
)
from framework.responses import LENGTH, Field, Response, content_type, whole_response
from framework.types import ASGIApp, Receive, Scope, Send

__all__ = ["DebugAnswers", "ErrorHandlers", "error_response", "log_unhandled"]

logger: logging.Logger = logging.getLogger("framework")

Handlers: TypeAlias = Mapping[int | type[Exception], Callable[[Any, Any], Any]]

PROBLEM = "application/problem+json"
HTML = "text/html"
TEXT = "text/plain"
OFFERS = (PROBLEM, "application/json", HTML, TEXT)
CONTENT_TYPES = {media_type: content_type(media_type) for media_type in (PROBLEM, HTML, TEXT)}
ACCEPTS_ANYTHING: Field = (b"accept", b"*/*")

_encode = StandardJSON().encode


def error_response(
    status_code: int,
    detail: str | None = None,
    headers: Mapping[str, str] | None = None,
    *,
    accept: str | None = None,
    errors: Sequence[Mapping[str, str]] = (),
) -> Response:
    """The default answer to an error, in the form that `accept` (an Accept field) prefers.

    `errors` is a member of the problem details that lists what is wrong with the request.
    """
    body, media_type = error_body(status_code, detail, accept, errors)
    response = whole_response(status_code, [CONTENT_TYPES[media_type], LENGTH[len(body)]], body)
    if headers is not None:
        response.headers.update(headers)
    add_vary(response.raw_headers, b"Accept")
    return response


def error_body(
    status_code: int,
    detail: str | None,
    accept: str | None,
    errors: Sequence[Mapping[str, str]],
) -> tuple[bytes, str]:
    """The body of the default answer in the form that is preferred, and its media type."""
    # RFC 9110 section 12.5.1: where nothing offered is acceptable, an error may be sent all the same.
    offer = None if accept in (None, "*/*") else best_media_type(accept, OFFERS)
    media_type = offer if offer in (HTML, TEXT) else PROBLEM
    if errors or detail not in (None, reason_phrase(status_code)):
        return _encoded(status_code, media_type, detail, errors), media_type
    return _encoded_status(status_code, media_type), media_type


def _encoded(
    status_code: int,
    media_type: str,
    detail: str | None = None,
    errors: Sequence[Mapping[str, str]] = (),
) -> bytes:
    title = reason_phrase(status_code)
    if media_type == HTML:
        return _html(status_code, title, detail).encode(errors="replace")
    if media_type == TEXT:
        text = title if detail is None else f"{title}: {detail}"
        return text.encode(errors="replace")
    problem: dict[str, object] = {"type": "about:blank", "title": title, "status": status_code}
    if detail is not None:
        problem["detail"] = detail
    if errors:
        problem["errors"] = errors
    return _encode(problem)


_encoded_status: Callable[[int, str], bytes] = cache(_encoded)  # of hundreds at most


def plain_error(status_code: int) -> ASGIApp:
    """An endpoint that answers with an error as by default, its bodies made in advance."""
    prepared: dict[str | None, tuple[bytes, list[Field]]] = {
        offer: _prepared(status_code, offer) for offer in OFFERS
    }
    anything = prepared[None] = prepared[PROBLEM]

    async def serve_error(scope: Scope, receive: Receive, send: Send) -> None:
        if ACCEPTS_ANYTHING in scope["headers"]:
            body, fields = anything
        else:
            accept = combined_value(scope["headers"], b"accept")
            body, fields = prepared[best_media_type(accept, OFFERS) if accept else None]
        headers = [*fields]
        if scope["method"] == "HEAD":
            body = b""
        try:
            await send({"type": "http.response.start", "status": status_code, "headers": headers})
            await send({"type": "http.response.body", "body": body})
        except OSError:
            return  # HTTP spec 2.4: the client has gone

    return serve_error


def _prepared(status_code: int, accept: str) -> tuple[bytes, list[Field]]:
    response = error_response(status_code, accept=accept)
    return response.body, response.raw_headers


class DebugAnswers(Protocol):
    """What an app with `debug=True` answers; None where it has nothing to add to the default."""

    async def failed(self, error: Exception, connection: HTTPConnection) -> Response | None:
        """The answer to an exception that nobody expected."""
        ...

    async def missed(self, error: HTTPException, connection: HTTPConnection) -> Response | None:
        """The answer to a request for which the router has no handler."""
        ...


class ErrorHandlers:
    """The exception handlers that apply to one route: those of its routers inside those of the app."""

    __slots__ = ("_debug", "_levels", "_results", "_threads")

    def __init__(
        self,
        levels: Sequence[Handlers],
        results: Results,
        threads: ThreadPool,
        debug: DebugAnswers | None = None,
    ) -> None:
        self._levels = [handlers for handlers in levels if handlers]
        self._results = results
        self._threads = threads
        self._debug = debug

    def expects(self, error: Exception) -> bool:
        """Whether a handler was declared for such an error."""
        return self._handler(error) is not None

    async def convert(self, error: Exception, connection: HTTPConnection) -> Response:
        """The response to an error that somebody expects; any other is raised again.

        A handler for the status of an HTTPException comes first, then the closest class of any
        exception; between equals the innermost router wins. What a handler raises is converted in
        turn, but not by a handler that has failed before. A handler of `Exception` or of 500 does not
        make an error expected: it only words the answer to an unexpected one. An ExceptionGroup
        around a single exception, as task groups raise it, is looked into.
        """
        error = _sole(error)
        errors, failed = [error], list[object]()
        response: Response | None = None
        while (handler := self._handler(error)) is not None and handler not in failed:
            try:
                response = await self._respond(handler, connection, error)
                break
            except Exception as raised:
                failed.append(handler)
                errors.append(error := raised)
        if response is None:
            if not isinstance(error, HTTPException):
                raise error
            shown = None if self._debug is None else await self._debug.missed(error, connection)
            response = shown or default_response(error, connection)
        for handled in errors:
            # One that is raised again and again, as a constant of a module, would gather the frames,
            # and so the requests, of all who have raised it.
            handled.__traceback__ = None
        return response

    async def answer(
        self,
        error: Exception,
        connection: HTTPConnection,
        respond: Callable[[Response], Awaitable[None]],
    ) -> None:
        """Respond to an error; what nobody expected is logged and raised once it was answered."""
        try:
            response = await self.convert(error, connection)
        except (ClientDisconnect, WebSocketDisconnect):
            return
        except Exception as unexpected:
            log_unhandled(unexpected, connection.scope)
            await respond(await self._unexpected(unexpected, connection))
            raise
        await respond(response)

    async def _unexpected(self, error: Exception, connection: HTTPConnection) -> Response:
        response = None if self._debug is None else await self._debug.failed(error, connection)
        handler = self._find(500) or self._find(Exception)
        if response is None and handler is not None:
            try:
                response = await self._respond(handler, connection, error)
            except Exception:
                logger.exception("the handler of unexpected exceptions failed itself")
        if response is None:
            response = error_response(500, accept=_accept(connection))
        if connection.scope.get("http_version", "1.1").startswith("1"):
            # The exception goes on to the server, and servers close the connection upon it.
            response = copy(response)  # a handler may return one that others get, too
            response.raw_headers = [*response.raw_headers]
            response.headers["connection"] = "close"
        return response

    async def _respond(
        self, handler: Callable[[Any, Any], Any], connection: HTTPConnection, error: Exception
    ) -> Response:
        value: object
        if is_async(handler):
            value = await handler(connection, error)
        else:
            value = await self._threads.run(handler, connection, error)
        title = f"the handler of {type(error).__name__}"
        if not isinstance(error, HTTPException):
            return self._results.response(value, 500, title)
        response = self._results.response(value, error.status_code, title)
        if response is not value and error.headers is not None:
            for name, field in error.headers.items():
                response.headers.setdefault(name, field)
        return response

    def _handler(self, error: Exception) -> Callable[[Any, Any], Any] | None:
        if not self._levels:
            return None
        keys: list[int | type] = [error.status_code] if isinstance(error, HTTPException) else []
        keys += takewhile(lambda cls: cls is not Exception, type(error).__mro__)
        return next(filter(None, map(self._find, keys)), None)

    def _find(self, key: int | type) -> Callable[[Any, Any], Any] | None:
        for handlers in self._levels:
            if key in handlers:
                return handlers[key]
        return None


def _sole(error: Exception) -> Exception:
    is_group = issubclass(type(error), ExceptionGroup)
    inner: Sequence[Exception] = getattr(error, "exceptions", ()) if is_group else ()
    return _sole(inner[0]) if len(inner) == 1 else error


def default_response(error: HTTPException, connection: HTTPConnection) -> Response:
    """What a client is told of an HTTPException that has no handler."""
    if error.status_code < 400:
        return Response(None, error.status_code, error.headers)
    return error_response(
        error.status_code,
        error.detail,
        error.headers,
        accept=_accept(connection),
        errors=error.errors if isinstance(error, InvalidContent) else (),
    )


def _accept(connection: HTTPConnection) -> str | None:
    return combined_value(connection.scope["headers"], b"accept")


def log_unhandled(error: Exception, scope: Scope) -> None:
    """One line that says what was asked for and where it failed; the traceback is logged by the server.

    The exception's own text is left out: it comes with the traceback, and may hold what a client sent.
    """
    last = traceback.extract_tb(error.__traceback__)[-1]
    asked = f"{scope.get('method', scope['type'])} {scope['path']}"
    logger.error(
        "%s: unhandled %s in %s at %s:%s",
        ascii(asked)[1:-1][:200],
        type(error).__name__,
        last.name,
        last.filename,
        last.lineno,
    )


def _html(status_code: int, title: str, detail: str | None) -> str:
    more = "" if detail is None else f"\n<p>{escape(detail)}</p>"
    return (
        "<!doctype html>\n<html lang=en>\n<meta charset=utf-8>\n"
        f"<title>{status_code} {escape(title)}</title>\n<h1>{escape(title)}</h1>{more}\n"
    )
