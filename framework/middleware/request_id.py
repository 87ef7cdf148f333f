"""An id for each request, by which its log lines are found: on the response, in the state and in logs.

The one context variable of the house: a record of a library that knows nothing of requests is to have
the id as well, and there is no other way to it.
"""

import logging
import re
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from functools import partial
from secrets import token_hex

from framework._wire.grammar import check_field_name, check_field_value
from framework.exceptions import ConfigError
from framework.middleware._answers import STARTS
from framework.responses import Field
from framework.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["RequestIDFilter", "RequestIDMiddleware", "request_id"]

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)
"""The id of the request that is being served, or None; also in threads and tasks that it has started."""

HARMLESS = re.compile(rb"[A-Za-z0-9._~+/=:@-]{1,128}+")
"""What an id from outside may be: nothing that a log, a header, a shell or a page would take for its own."""


def random_id() -> str:
    """32 hexadecimal digits: 128 bits that nobody can guess."""
    return token_hex(16)


class RequestIDMiddleware:
    """Gives each request and socket an id: `request.state.request_id`, and `header` of the response.

    With `trust_incoming` it is the one that the request has in that field, if it is there once, is no
    longer than 128 characters, and has but letters, digits and `._~+/=:@-`; otherwise, and by default,
    it is what `generator` returns.
    """

    __slots__ = ("_app", "_generator", "_header", "_trusts_incoming")

    def __init__(
        self,
        app: ASGIApp,
        *,
        header: str = "x-request-id",
        trust_incoming: bool = False,
        generator: Callable[[], str] = random_id,
    ) -> None:
        try:
            self._header = check_field_name(header)
        except ValueError as error:
            raise ConfigError(f"RequestIDMiddleware: {error}") from error
        self._app = app
        self._trusts_incoming = trust_incoming
        self._generator = generator

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection; a lifespan has no id."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        sent = self._incoming(scope)
        value = self._generator() if sent is None else sent.decode("ascii")
        field = self._header, check_field_value(value) if sent is None else sent
        scope.setdefault("state", {})["request_id"] = value
        token = request_id.set(value)
        try:
            await self._app(scope, receive, partial(_send_with, send, field))
        finally:
            request_id.reset(token)

    def _incoming(self, scope: Scope) -> bytes | None:
        if not self._trusts_incoming:
            return None
        values: list[bytes] = [value for name, value in scope["headers"] if name == self._header]
        return values[0] if len(values) == 1 and HARMLESS.fullmatch(values[0]) else None


class RequestIDFilter(logging.Filter):
    """Gives each record that passes the attribute `request_id`: "-" outside of requests.

    Of a handler it serves all loggers, of a logger only what is logged by that one.
    """

    __slots__ = ()

    def filter(self, record: logging.LogRecord) -> bool:
        """Let everything pass."""
        record.request_id = request_id.get() or "-"
        return True


def _send_with(send: Send, field: Field, message: Message) -> Awaitable[None]:
    if message["type"] in STARTS:
        others = [each for each in message.get("headers", ()) if each[0].lower() != field[0]]
        message = {**message, "headers": [*others, field]}
    return send(message)
