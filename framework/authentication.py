"""Who asks and what he may do: users, their credentials, how they are read of Authorization, and `requires`.

The schemes are Basic (RFC 7617) and Bearer (RFC 6750), the challenges those of RFC 9110 section 11.6.1.
Nothing here keeps passwords or tokens. When a backend is asked is decided by the middleware.
"""

import hmac
import inspect
import secrets
from collections.abc import Awaitable, Callable, Iterable, Mapping
from functools import partial, update_wrapper
from hashlib import sha256
from typing import Any, Protocol, TypeAlias, TypeVar, overload, runtime_checkable
from urllib.parse import urlencode

from framework._concurrency import is_async, run_in_threadpool
from framework._wire.credentials import (
    is_token68,
    parse_authorization,
    parse_basic,
    with_parameters,
)
from framework._wire.grammar import quoted_string
from framework.connections import HTTPConnection, Settings
from framework.exceptions import ConfigError, HTTPException
from framework.limits import checked_list
from framework.responses import RedirectResponse, Response
from framework.routes import CallNext, name_of
from framework.types import ASGIApp, Receive, Scope, Send

__all__ = [
    "AuthCredentials",
    "AuthenticationBackend",
    "AuthenticationError",
    "BaseUser",
    "BasicBackend",
    "BearerBackend",
    "SimpleUser",
    "UnauthenticatedUser",
    "requires",
]

Handler = TypeVar("Handler", bound=Callable[..., Any])

# Users


class AuthCredentials:
    """What somebody may do: the names of the scopes that he has.

    `challenge` is what a 401 has to say in WWW-Authenticate, None where no backend knows of a scheme.
    """

    __slots__ = ("challenge", "scopes")

    def __init__(self, scopes: Iterable[str] = (), *, challenge: str | None = None) -> None:
        self.scopes: list[str] = checked_list("AuthCredentials", "scopes", scopes)
        self.challenge: str | None = challenge

    def __repr__(self) -> str:
        return f"AuthCredentials({self.scopes!r})"


@runtime_checkable
class BaseUser(Protocol):
    """What every user is asked for."""

    @property
    def is_authenticated(self) -> bool:
        """Whether it is known who this is."""
        ...

    @property
    def display_name(self) -> str:
        """What to call him."""
        ...

    @property
    def identity(self) -> str:
        """What tells him from all others."""
        ...


class SimpleUser:
    """Somebody of whom the name is known."""

    __slots__ = ("username",)

    def __init__(self, username: str) -> None:
        self.username: str = username

    def __repr__(self) -> str:
        return f"SimpleUser({self.username!r})"

    @property
    def is_authenticated(self) -> bool:
        """True."""
        return True

    @property
    def display_name(self) -> str:
        """The name."""
        return self.username

    @property
    def identity(self) -> str:
        """The name."""
        return self.username


class UnauthenticatedUser:
    """Somebody of whom nothing is known."""

    __slots__ = ()

    @property
    def is_authenticated(self) -> bool:
        """False."""
        return False

    @property
    def display_name(self) -> str:
        """Empty."""
        return ""

    @property
    def identity(self) -> str:
        """Empty."""
        return ""


Identity: TypeAlias = tuple[AuthCredentials, BaseUser]


# Backends


class AuthenticationError(HTTPException):
    """What a client has shown is not right: 401 with the challenge, or 400 where there is none.

    A 401 must have a challenge (RFC 9110 section 15.5.2). `status_code` chooses another status.
    """

    def __init__(
        self,
        detail: str | None = None,
        *,
        challenge: str | None = None,
        status_code: int | None = None,
    ) -> None:
        headers = None if challenge is None else {"www-authenticate": challenge}
        super().__init__(status_code or (400 if challenge is None else 401), detail, headers)

    def __str__(self) -> str:
        return self.detail


class AuthenticationBackend(Protocol):
    """Reads of a request who sends it.

    None is for a request that shows nothing of the kind, AuthenticationError for one that shows what is
    not right. A `challenge`, which it may have as well, is what its scheme says in WWW-Authenticate.
    """

    async def authenticate(self, conn: HTTPConnection, /) -> Identity | None:
        """Who it is and what he may do, or None."""
        ...


class BasicBackend:
    """Users and passwords by the Basic scheme, in UTF-8; whatever is wrong with them is a 401.

    `verify` takes username and password and returns True for a SimpleUser of the scope `authenticated`,
    the AuthCredentials and the user for another, False or None for nobody. A plain function runs in a
    thread, as hashing a password takes long. A mapping has the passwords themselves by username, each
    compared in the same time. Use it over TLS only: every request carries the password.
    """

    __slots__ = ("_verify", "challenge")

    def __init__(
        self,
        verify: Callable[[str, str], Awaitable[Identity | bool | None] | Identity | bool | None]
        | Mapping[str, str],
        *,
        realm: str = "Restricted",
    ) -> None:
        self._verify: Callable[[str, str], Awaitable[Identity | bool | None]] = _awaited(
            "BasicBackend", verify if callable(verify) else _matching(verify)
        )
        self.challenge: str = f'Basic realm={_quoted("BasicBackend", realm)}, charset="UTF-8"'

    async def authenticate(self, conn: HTTPConnection, /) -> Identity | None:
        """Who has that name and that password; None for another scheme."""
        shown = _authorization(conn, "basic")
        if shown is None:
            return None
        try:
            username, password = parse_basic(shown)
        except ValueError as error:
            raise AuthenticationError(str(error), challenge=self.challenge) from None
        verified = await self._verify(username, password)
        if verified is True:
            return AuthCredentials(["authenticated"]), SimpleUser(username)
        if not verified:
            raise AuthenticationError("wrong username or password", challenge=self.challenge)
        return verified


class BearerBackend:
    """Tokens by the Bearer scheme: a malformed one is a 400, one that is not accepted a 401.

    `verify` takes the token and returns the AuthCredentials and the user, or None; a plain function
    runs in a thread. Compare secrets by `hmac.compare_digest`.
    """

    __slots__ = ("_verify", "challenge")

    def __init__(
        self,
        verify: Callable[[str], Awaitable[Identity | None] | Identity | None],
        *,
        realm: str | None = None,
    ) -> None:
        self._verify: Callable[[str], Awaitable[Identity | None]] = _awaited(
            "BearerBackend", verify
        )
        self.challenge: str = "Bearer"
        if realm is not None:
            self.challenge += f" realm={_quoted('BearerBackend', realm)}"

    async def authenticate(self, conn: HTTPConnection, /) -> Identity | None:
        """Whose token it is; None for another scheme."""
        token = _authorization(conn, "bearer")
        if token is None:
            return None
        if not is_token68(token):
            raise self._error("invalid_request", "Authorization is not `Bearer` and a token", 400)
        verified = await self._verify(token)
        if verified is None:
            raise self._error("invalid_token", "the token is not accepted", 401)
        return verified

    def _error(self, code: str, detail: str, status_code: int) -> AuthenticationError:
        challenge = with_parameters(self.challenge, {"error": code, "error_description": detail})
        return AuthenticationError(detail, challenge=challenge, status_code=status_code)


def _authorization(conn: HTTPConnection, scheme: str) -> str | None:
    return parse_authorization(conn.headers.getlist("authorization"), scheme)


def _matching(passwords: Mapping[str, str]) -> Callable[[str, str], Awaitable[bool]]:
    if not isinstance(passwords, Mapping):
        raise ConfigError(
            f"BasicBackend({passwords!r}): give a function that verifies, or a mapping of passwords"
        )
    # As digests all have the same length; nobody has the one of those who are not known.
    digests = {name: sha256(password.encode()).digest() for name, password in passwords.items()}
    nobody = secrets.token_bytes(32)

    async def matches(username: str, password: str) -> bool:
        digest = sha256(password.encode()).digest()
        return hmac.compare_digest(digests.get(username, nobody), digest)

    return matches


def _awaited(owner: str, verify: Callable[..., Any]) -> Callable[..., Awaitable[Any]]:
    if not callable(verify):
        raise ConfigError(f"{owner}({verify!r}): give a function that verifies")
    return verify if is_async(verify) else partial(run_in_threadpool, verify)


def _quoted(owner: str, realm: str) -> str:
    try:
        return quoted_string(realm)
    except ValueError as error:
        raise ConfigError(f"{owner}(realm={realm!r}): {error}") from error


# What is required


class Requirement(partial[Awaitable[Response]]):
    """A function middleware, `(request, call_next)`, which as a decorator is put before one handler."""

    __slots__ = ()

    @overload
    def __call__(self, handler: Handler, /) -> Handler: ...
    @overload
    def __call__(self, request: Any, call_next: CallNext, /) -> Awaitable[Response]: ...
    def __call__(self, *args: Any) -> Any:
        """Serve a request, or guard a handler."""
        return super().__call__(*args) if len(args) > 1 else _guarded(self.args[0], *args)

    def guard_app(self, app: ASGIApp, settings: Settings) -> ASGIApp:
        """The same before an app that is mounted, of which function middleware sees nothing."""
        refuse: Refuse = self.args[0]

        async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
            response = refuse(HTTPConnection(scope, settings))
            await (app if response is None else response)(scope, receive, send)

        return guarded


def requires(
    scopes: str | Iterable[str], status_code: int | None = None, redirect: str | None = None
) -> Requirement:
    """Lets only those through who have all of these scopes.

    As function middleware, `middleware=[requires("admin")]`, on a route, a router or the app; or as a
    decorator, of a handler that takes the request or the socket, below that of the route. Who is not
    logged in gets a 401, if a backend knows of a challenge for it, anybody else a 403; `status_code`
    is for both. `redirect` is the name of a route, where they are sent instead, with `?next=` and the
    URL that was asked for; a login that goes back to it must check that it is of this site.
    """
    wanted = [scopes] if isinstance(scopes, str) else [*scopes]
    if not wanted:
        raise ConfigError("requires([]): it would let everybody through; name a scope")
    return Requirement(_require, partial(_refuse, wanted, status_code, redirect))


Refuse: TypeAlias = Callable[[HTTPConnection], Response | None]


async def _require(refuse: Refuse, request: HTTPConnection, call_next: CallNext) -> Response:
    return refuse(request) or await call_next(request)


def _guarded(refuse: Refuse, handler: Any) -> Callable[..., Any]:
    if not any(map(_may_be_connection, inspect.signature(handler).parameters.values())):
        raise ConfigError(
            f"requires(): {name_of(handler)} takes no request, so nobody can be asked for: add the "
            "parameter `request`, or use middleware=[requires(...)]"
        )

    async def call_async(*args: Any, **kwargs: Any) -> Any:
        return refuse(_connection(args, kwargs)) or await handler(*args, **kwargs)

    def call(*args: Any, **kwargs: Any) -> Any:
        return refuse(_connection(args, kwargs)) or handler(*args, **kwargs)

    guarded: Callable[..., Any] = call_async if is_async(handler) else call
    return update_wrapper(guarded, handler)


def _may_be_connection(parameter: inspect.Parameter) -> bool:
    kind = parameter.annotation
    is_typed = isinstance(kind, type) and issubclass(kind, HTTPConnection)
    return is_typed or parameter.name in ("request", "websocket")


def _connection(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> HTTPConnection:
    given = (*args, *kwargs.values())
    return next(value for value in given if isinstance(value, HTTPConnection))


def _refuse(
    wanted: list[str], status_code: int | None, redirect: str | None, connection: HTTPConnection
) -> Response | None:
    """A redirect, or an HTTPException, for who has not all scopes; None for who has."""
    auth = connection.auth
    if all(scope in auth.scopes for scope in wanted):
        return None
    if redirect is not None and connection.scope["type"] == "http":
        query = urlencode({"next": str(connection.url)})
        return RedirectResponse(f"{connection.url_for(redirect)}?{query}", 303)
    challenge = getattr(auth, "challenge", None)
    if challenge is not None and not connection.user.is_authenticated:
        if status_code is None or status_code == 401:
            raise AuthenticationError("log in first", challenge=challenge)
    elif status_code is None and _authorization(connection, "bearer"):
        # RFC 6750 section 3.1, of whatever backend the token was for.
        lacks = {"error": "insufficient_scope", "scope": " ".join(wanted)}
        raise HTTPException(403, headers={"www-authenticate": with_parameters("Bearer", lacks)})
    raise HTTPException(status_code or 403)
