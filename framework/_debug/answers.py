"""Which form of an error a client gets, and the fields that keep it from being stored or misused."""

import logging
from collections.abc import Callable
from dataclasses import replace
from secrets import token_urlsafe
from typing import TypeAlias

from framework._debug.failures import failures
from framework._debug.page import error_page, policy, text_page
from framework._debug.report import parts
from framework._debug.secrets import without_secrets
from framework._debug.text import error_text, traceback_text
from framework._debug.values import Values
from framework._explain import explain_scope
from framework._wire.json import StandardJSON
from framework._wire.negotiation import best_media_type
from framework.connections import HTTPConnection
from framework.exceptions import HTTPException, reason_phrase
from framework.responses import Response

__all__ = ["Answers"]

logger: logging.Logger = logging.getLogger("framework")

PROBLEM = "application/problem+json"
OFFERS = ("text/plain", "text/html", PROBLEM, "application/json")
"""Text comes first: curl and most programs accept anything."""

Words: TypeAlias = tuple[str, Callable[[str], str], dict[str, object]]
"""The text, the page for a nonce, and the problem's members."""

_encode = StandardJSON().encode


class Answers:
    """The answers of debug mode; None for what is no HTTP request, and where making one failed."""

    __slots__ = ()

    def failed(self, error: Exception, connection: HTTPConnection) -> Response | None:
        """The traceback, the request and the route."""
        return _made(lambda: _failure(error, connection), 500, connection)

    def missed(self, error: HTTPException, connection: HTTPConnection) -> Response | None:
        """Which routes come close; None where a handler raised the error."""
        if error.status_code not in (404, 405) or "app" not in connection.scope:
            return None
        response = _made(lambda: _miss(error, connection), error.status_code, connection)
        if response is not None:
            response.headers.update(error.headers or {})
        return response


def _made(
    words: Callable[[], Words | None], status_code: int, connection: HTTPConnection
) -> Response | None:
    if connection.scope["type"] != "http":
        return None
    try:
        found = words()
    except Exception:
        logger.exception("the page of debug mode could not be made")
        return None
    return None if found is None else _response(found, status_code, connection)


def _response(words: Words, status_code: int, connection: HTTPConnection) -> Response:
    text, page, members = words
    media_type = best_media_type(connection.headers.combined("accept"), OFFERS)
    nonce = token_urlsafe(16)
    body, kind = text, "text/plain; charset=utf-8"
    if media_type == "text/html":
        body, kind = page(nonce), "text/html; charset=utf-8"
    elif media_type in (PROBLEM, "application/json"):
        title = reason_phrase(status_code)
        problem = {"type": "about:blank", "title": title, "status": status_code, **members}
        body, kind = _encode(problem).decode(), PROBLEM
    headers = {
        "cache-control": "no-store",
        "content-security-policy": policy(nonce),
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
    }
    # Paths, names of files and messages may have surrogates, which UTF-8 has not.
    response = Response(body.encode(errors="replace"), status_code, headers, kind)
    response.headers.vary("Accept")
    return response


def _failure(error: Exception, connection: HTTPConnection) -> Words:
    values = Values()
    found, tables = failures(error, values), parts(connection, values)
    asked = f"{connection.scope['method']} {without_secrets(connection.scope['path'])}"
    detail = f"{found[0].kind}: {found[0].message}"
    members: dict[str, object] = {"detail": detail, "traceback": traceback_text(found)}
    return (
        error_text(found, tables),
        lambda nonce: error_page(found, tables, asked, nonce),
        members,
    )


def _miss(error: HTTPException, connection: HTTPConnection) -> Words | None:
    explanation = explain_scope(connection.app, connection.scope)
    if explanation.status != error.status_code or explanation.mounted is not None:
        return None
    explanation = replace(explanation, worded_by="debug mode")
    title, text = reason_phrase(error.status_code), str(explanation)
    members: dict[str, object] = {"detail": explanation.reason, "explanation": text}
    return (
        f"{text}\n",
        lambda nonce: text_page(f"{error.status_code} {title}", text, nonce),
        members,
    )
