"""Who sends a request, asked of a backend before the app has it: `request.user` and `request.auth`.

What users and credentials are, and which of them a handler requires, is in `framework.authentication`.
"""

from collections.abc import Awaitable, Callable, Sequence
from inspect import isawaitable
from typing import TypeAlias

from framework.authentication import (
    AuthCredentials,
    AuthenticationBackend,
    AuthenticationError,
    UnauthenticatedUser,
)
from framework.connections import HTTPConnection
from framework.errors import default_response
from framework.exceptions import ConfigError, HTTPException
from framework.middleware._answers import respond
from framework.responses import Response
from framework.types import ASGIApp, Receive, Scope, Send

__all__ = ["AuthenticationMiddleware"]

OnError: TypeAlias = Callable[[HTTPConnection, AuthenticationError], Response | Awaitable[Response]]


class AuthenticationMiddleware:
    """Puts into the scope of each request and socket who it is from, as the backend says.

    Of several backends the first that knows decides. Who shows nothing is an UnauthenticatedUser
    without scopes, and goes through: what needs more says so by `requires`. What is shown and not right
    is refused, in words that `on_error` may choose; a socket before it is opened.
    """

    __slots__ = ("_app", "_backends", "_challenge", "_on_error")

    def __init__(
        self,
        app: ASGIApp,
        *,
        backend: AuthenticationBackend | Sequence[AuthenticationBackend],
        on_error: OnError | None = None,
    ) -> None:
        self._backends = [*backend] if isinstance(backend, Sequence) else [backend]
        for each in self._backends:
            if isinstance(each, type) or not callable(getattr(each, "authenticate", None)):
                raise ConfigError(
                    f"AuthenticationMiddleware(backend={each!r}): give an object with "
                    "`async def authenticate(self, conn)`, such as BasicBackend(verify)"
                )
        challenges = (getattr(each, "challenge", None) for each in self._backends)
        self._challenge = ", ".join(filter(None, challenges)) or None
        self._app = app
        self._on_error = on_error

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection, or refuse it; any but HTTP and WebSocket is passed on."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        try:
            await self._authenticate(scope)
        except HTTPException as error:
            response = await self._refusal(error, HTTPConnection(scope))
            await respond(response, scope, receive, send)
            return
        await self._app(scope, receive, send)

    async def _authenticate(self, scope: Scope) -> None:
        connection = HTTPConnection(scope)
        for backend in self._backends:
            identity = await backend.authenticate(connection)
            if identity is not None:
                scope["auth"], scope["user"] = identity
                return
        scope["auth"] = AuthCredentials(challenge=self._challenge)
        scope["user"] = UnauthenticatedUser()

    async def _refusal(self, error: HTTPException, connection: HTTPConnection) -> Response:
        if self._on_error is None or not isinstance(error, AuthenticationError):
            return default_response(error, connection)
        response = self._on_error(connection, error)
        return await response if isawaitable(response) else response
