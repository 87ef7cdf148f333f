"""Which form of an error a client gets, and the fields that keep it from being stored or misused."""

import logging
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import islice
from secrets import token_urlsafe
from threading import Thread
from typing import TypeAlias

from framework._concurrency import run_in_threadpool
from framework._debug.failures import failures
from framework._debug.page import error_page, miss_page, policy
from framework._debug.report import parts
from framework._debug.secrets import without_secrets
from framework._debug.text import error_text, traceback_text
from framework._debug.values import Values
from framework._explain import explain_scope
from framework._summaries import RouteSummary, summary
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

PATIENCE = 5.0
"""Seconds that the making of an answer may take: it calls the user's code, a `repr` for instance."""
MOST_ROUTES = 200
"""Routes of the app that the page of a 404 lists."""

Words: TypeAlias = tuple[str, Callable[[str], str], dict[str, object]]
"""The text, the page for a nonce, and the problem's members."""

_encode = StandardJSON().encode


class Answers:
    """The answers of debug mode; None for what is no HTTP request, and where making one failed."""

    __slots__ = ()

    async def failed(self, error: Exception, connection: HTTPConnection) -> Response | None:
        """The traceback, the request and the route; without values if these take too long."""
        whole = await _made(partial(_failure, error, connection, Values()), 500, connection)
        return whole or await _made(
            partial(_failure, error, connection, Values(seconds=0)), 500, connection
        )

    async def missed(self, error: HTTPException, connection: HTTPConnection) -> Response | None:
        """Which routes come close; None where a handler raised the error."""
        if error.status_code not in (404, 405) or "app" not in connection.scope:
            return None
        response = await _made(lambda: _miss(error, connection), error.status_code, connection)
        if response is not None:
            response.headers.update(error.headers or {})
        return response


async def _made(
    words: Callable[[], Words | None], status_code: int, connection: HTTPConnection
) -> Response | None:
    """What a thread has made in time: one that never ends is left behind, and does not hold the process."""
    if connection.scope["type"] != "http":
        return None
    made: list[Response] = []

    def make() -> None:
        try:
            found = words()
            if found is not None:
                made.append(_response(found, status_code, connection))
        except Exception:
            logger.exception("the page of debug mode could not be made")

    thread = Thread(target=make, name="framework debug", daemon=True)
    thread.start()
    await run_in_threadpool(thread.join, PATIENCE)
    if thread.is_alive():
        logger.error(
            "the page of debug mode was not made within %g s: a repr() may be endless", PATIENCE
        )
    return made[0] if made else None


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


def _failure(error: Exception, connection: HTTPConnection, values: Values) -> Words:
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
    explanation = replace(explanation, worded_by="")
    title, text = f"{error.status_code} {reason_phrase(error.status_code)}", str(explanation)
    members: dict[str, object] = {"detail": explanation.reason, "explanation": text}
    routes = _routes(connection)
    return f"{text}\n", lambda nonce: miss_page(title, explanation, routes, nonce), members


def _routes(connection: HTTPConnection) -> list[RouteSummary]:
    places = islice(connection.app._compiler.places.items(), MOST_ROUTES)
    return [summary(route, place) for route, place in places]
