"""One line for each request and socket when it is over, for people and for programs.

What a client has sent is escaped and cut, so that it neither ends a line nor makes a long one. Nothing
is formatted, watched or timed if nobody wants the record.
"""

import json
import logging
import re
from collections.abc import Mapping
from enum import StrEnum
from time import perf_counter
from typing import Any

from framework._wire.headers import Headers
from framework.exceptions import ConfigError
from framework.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["AccessLogMiddleware"]

LONGEST = 200  # characters of a value: escaped, the whole line has a few KB at most
PLAIN = re.compile(r"[!#-<>-\[\]-~]++")  # visible, without quotes, equals signs and backslashes

BY_SERVER = ("http.response.pathsend", "http.response.zerocopysend")
ENDS = ("http.response.body", *BY_SERVER, "close")


class End(StrEnum):
    """How it ended."""

    COMPLETE = "complete"
    LEFT = "client left"  # before the answer was complete
    CUT = "cut short"  # by the app, which returned too early, or was cancelled
    FAILED = "failed"  # by an exception, which goes on to the server


class AccessLogMiddleware:
    """Logs what was asked for, by whom, and what came of it: one record of level INFO when all is over.

    The message is `key=value` pairs; the attribute `access` of the record has them as a dict, for
    handlers that write JSON. `duration` is in seconds, `sent` the bytes of the body, or None where the
    server sends a file and of a socket. The query is left out unless `query=True`: it may hold what is secret.
    """

    __slots__ = ("_app", "_logger", "_query")

    def __init__(
        self,
        app: ASGIApp,
        *,
        logger: str | logging.Logger = "framework.access",
        query: bool = False,
    ) -> None:
        if not isinstance(logger, str | logging.Logger):
            raise ConfigError(f"AccessLogMiddleware(logger={logger!r}): give a logger or its name")
        self._app = app
        self._logger = logging.getLogger(logger) if isinstance(logger, str) else logger
        self._query = query

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection; a lifespan is not logged."""
        is_watched = scope["type"] in ("http", "websocket")
        if not (is_watched and self._logger.isEnabledFor(logging.INFO)):
            await self._app(scope, receive, send)
            return
        watch = _Watch(receive, send, sent=0 if scope["type"] == "http" else None)
        asked = self._asked(scope)  # now: middleware further in may change the scope
        started = perf_counter()
        try:
            await self._app(scope, watch.receive, watch.send)
        except Exception:
            if watch.end is not End.LEFT:
                watch.end = End.FAILED
                watch.status = watch.status or 500  # which servers make of it
            raise
        finally:
            duration = round(perf_counter() - started, 6)
            access = {**asked, **watch.seen(), "duration": duration, **_known(scope)}
            self._logger.info("%s", _line(access), extra={"access": access})

    def _asked(self, scope: Scope) -> dict[str, Any]:
        asked = {"method": scope.get("method", "WEBSOCKET"), "path": scope["path"]}
        if self._query:
            asked["query"] = scope.get("query_string", b"").decode("latin-1")
        return {name: value[:LONGEST] for name, value in asked.items()}


class _Watch:
    # What goes by of one connection.
    __slots__ = ("_code", "_receive", "_send", "_sent", "end", "status")

    def __init__(self, receive: Receive, send: Send, *, sent: int | None) -> None:
        self._receive = receive
        self._send = send
        self._sent = sent
        self._code: int | None = None  # of a socket that was closed
        self.status: int | None = None
        self.end = End.CUT

    def seen(self) -> dict[str, Any]:
        """What there is to be told."""
        seen = {"status": self.status, "code": self._code, "sent": self._sent}
        return {**seen, "end": self.end.value}

    async def receive(self) -> Message:
        """Receive, and note who leaves."""
        message = await self._receive()
        if self.end is End.CUT:
            if message["type"] == "http.disconnect":
                self.end = End.LEFT
            elif message["type"] == "websocket.disconnect":
                self._code = message.get("code", 1005)
                self.end = End.COMPLETE if self.status else End.LEFT
        return message

    async def send(self, message: Message) -> None:
        """Send, and note what is being said."""
        kind = message["type"].removeprefix("websocket.")
        if kind == "http.response.start":
            self.status = message["status"]
        elif kind == "accept":
            self.status = 101
        elif kind == "close":
            self.status = self.status or 403
            self._code = message.get("code", 1000)
        elif kind in BY_SERVER:
            self._sent = None
        elif kind == "http.response.body" and self._sent is not None:
            self._sent += len(message.get("body", b""))
        # Before it is sent: a client that has all may leave before `send` returns.
        if kind in ENDS and not message.get("more_body", False) and self.end is End.CUT:
            self.end = End.COMPLETE
        try:
            await self._send(message)
        except OSError:  # HTTP spec 2.4: the client has gone
            self.end = End.LEFT
            raise


def _known(scope: Scope) -> dict[str, str | None]:
    """What is known of the client and the request once all is over: proxies and routes have been looked at."""
    client = scope.get("client")
    state: Mapping[str, Any] = scope.get("state") or {}
    known: dict[str, object] = {
        "client": client and client[0],
        "route": getattr(scope.get("route"), "path", None),
        "user_agent": Headers(raw=scope["headers"]).get("user-agent"),
        "request_id": state.get("request_id"),
    }
    return {name: None if value is None else str(value)[:LONGEST] for name, value in known.items()}


def _line(access: dict[str, Any]) -> str:
    return " ".join(f"{name}={_text(value)}" for name, value in access.items() if value is not None)


def _text(value: object) -> str:
    text = f"{value:.6f}" if isinstance(value, float) else str(value)
    return text if PLAIN.fullmatch(text) else json.dumps(text)
