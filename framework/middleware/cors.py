"""Which pages of other origins may read answers, told to their browsers (Fetch section 3.2, the CORS protocol).

Nothing is kept from anybody here: it is the browser that does not hand an answer on, or does not send
a request. Requests that have an effect without being read are the business of `csrf`, and so are
WebSockets, which CORS does not apply to.
"""

import re
from collections.abc import Awaitable, Iterable, Sequence
from functools import partial

from framework._wire.grammar import is_token, split_list
from framework._wire.headers import Headers, add_vary, encode_headers
from framework._wire.urls import DEFAULT_PORTS, parse_authority
from framework.exceptions import ConfigError
from framework.limits import check_integer, checked_list
from framework.responses import Field, PlainTextResponse
from framework.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["CORSMiddleware"]

SAFELISTED_METHODS = frozenset({"GET", "HEAD", "POST"})
"""Fetch section 2.2.1: browsers let pages use them whatever the answer to a preflight says."""

METHODS = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "QUERY")
"""What `*` is said as, and the method that was asked for: with credentials browsers know no `*`."""

SAFELISTED_HEADERS = ("Accept", "Accept-Language", "Content-Language", "Content-Type")
"""Fetch section 2.2.2: asked for only with a value that is not safelisted, such as JSON's media type."""

ALLOW_ORIGIN = b"access-control-allow-origin"
ANYBODY = b"*"
CREDENTIALS = {"access-control-allow-credentials": "true"}
PREFLIGHT_VARY = (
    "Origin, Access-Control-Request-Method, Access-Control-Request-Headers, "
    "Access-Control-Request-Private-Network"
)

ORIGIN = re.compile(r"([a-z][a-z0-9+.\-]*+)://([!-~]{1,300})")  # a host has 255 characters at most

MOST_HEADERS = 100
"""Names that are mirrored where any is allowed; pages send a few."""


class CORSMiddleware:
    """Lets pages of other origins read answers, and make requests that need a preflight, as configured.

    An origin is as browsers write it, `https://app.example.com`; `allow_origin_regex` has to match all
    of it. `*` stands for any, in `allow_headers` for any but Authorization. `null`, the origin of
    sandboxed and local pages, is allowed only where it is listed. Preflights are answered here: with
    200, or with 400 for what is not allowed. `max_age` is in seconds. An answer that has
    Access-Control-Allow-Origin already keeps what it has.
    """

    __slots__ = (
        "_app",
        "_credentials",
        "_headers",
        "_methods",
        "_origins",
        "_preflight",
        "_private_network",
        "_regex",
        "_told",
    )

    def __init__(
        self,
        app: ASGIApp,
        *,
        allow_origins: Iterable[str] = (),
        allow_methods: Iterable[str] = ("GET",),
        allow_headers: Iterable[str] = (),
        allow_credentials: bool = False,
        allow_origin_regex: str | None = None,
        expose_headers: Iterable[str] = (),
        max_age: int = 600,
        allow_private_network: bool = False,
    ) -> None:
        origins = checked_list("CORSMiddleware", "allow_origins", allow_origins)
        methods = _checked_tokens("allow_methods", allow_methods)
        headers = _checked_tokens("allow_headers", allow_headers)
        exposed = _checked_tokens("expose_headers", expose_headers)
        for origin in origins:
            _check_origin(origin)
        if allow_credentials:
            _check_with_credentials(origins, exposed)
        check_integer("CORSMiddleware", "max_age", max_age, least=0)
        self._app = app
        self._regex = _compiled(allow_origin_regex)
        self._methods = SAFELISTED_METHODS.union(methods)
        names = {name.lower(): name for name in (*headers, *SAFELISTED_HEADERS)}
        self._headers = frozenset(names)
        self._private_network = allow_private_network
        self._credentials = CREDENTIALS if allow_credentials else {}
        self._preflight = {
            "access-control-allow-methods": ", ".join(METHODS if "*" in methods else methods),
            "access-control-allow-headers": ", ".join(sorted(names.values())),
            "access-control-max-age": str(max_age),
            "vary": PREFLIGHT_VARY,
        }
        exposing = {"access-control-expose-headers": ", ".join(exposed)} if exposed else {}
        self._told = encode_headers({**self._credentials, **exposing})
        listed = (origin.encode("ascii") for origin in origins)
        self._origins = {origin: [(ALLOW_ORIGIN, origin), *self._told] for origin in listed}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection, or answer a preflight; only HTTP is touched."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        origins = [value for name, value in scope["headers"] if name == b"origin"]
        told = self._told_to(origins)
        if origins and scope["method"] == "OPTIONS":
            headers = Headers(raw=scope["headers"])
            method = headers.get("access-control-request-method")
            if method is not None:
                preflight = self._answer_to_preflight(method, headers, told)
                await preflight(scope, receive, send)
                return
        # Fetch section 3.2.5: what everybody is told depends on nothing, and needs no Vary.
        varies = ANYBODY not in self._origins
        await self._app(scope, receive, partial(_send, send, told, varies))

    def _told_to(self, origins: Sequence[bytes]) -> Sequence[Field]:
        """The fields for what pages of this origin ask for; none if it is not allowed."""
        if ANYBODY in self._origins:
            return self._origins[ANYBODY]
        if len(origins) != 1:
            return ()
        told = self._origins.get(origins[0])
        if told is None and self._regex is not None:
            origin = origins[0].decode("latin-1")
            # An origin as browsers write it: a regex for names would let a path or a user slip through.
            if _serialized(origin) == origin and self._regex.fullmatch(origin):
                return [(ALLOW_ORIGIN, origins[0]), *self._told]
        return told or ()

    def _answer_to_preflight(self, method: str, headers: Headers, told: Sequence[Field]) -> ASGIApp:
        names = split_list(headers.combined("access-control-request-headers") or "")
        is_private = headers.get("access-control-request-private-network") is not None
        objections = {
            "origin": not told,
            "method": not self._allows_method(method),
            "headers": len(names) > MOST_HEADERS or not all(map(self._allows_header, names)),
            "private-network": is_private and not self._private_network,
        }
        answer = {**self._preflight}
        if told:
            answer["access-control-allow-origin"] = told[0][1].decode("ascii")
            answer |= self._credentials
        refused = [name for name, is_refused in objections.items() if is_refused]
        if refused:
            # Plain: no page ever sees it. With no status but an ok one does Fetch section 4.8 go on.
            return PlainTextResponse(f"Disallowed CORS {', '.join(refused)}", 400, answer)
        listed = split_list(answer["access-control-allow-methods"])
        answer["access-control-allow-methods"] = ", ".join(dict.fromkeys([*listed, method]))
        if "*" in self._headers and names:
            answer["access-control-allow-headers"] = ", ".join(names)
        if is_private:
            answer["access-control-allow-private-network"] = "true"
        return PlainTextResponse("OK", headers=answer)

    def _allows_method(self, method: str) -> bool:
        return method in self._methods or ("*" in self._methods and is_token(method))

    def _allows_header(self, name: str) -> bool:
        name = name.lower()
        # Fetch section 4.8: a `*` does not stand for Authorization.
        is_any = "*" in self._headers and name != "authorization"
        return name in self._headers or (is_any and is_token(name))


def _send(send: Send, told: Sequence[Field], varies: bool, message: Message) -> Awaitable[None]:
    if message["type"] == "http.response.start":
        fields = [*message.get("headers", ())]
        names = [name.lower() for name, _ in fields]
        if ALLOW_ORIGIN not in names:
            fields += [field for field in told if field[0] not in names]
        if varies:
            add_vary(fields, b"Origin")
        message = {**message, "headers": fields}
    return send(message)


def _checked_tokens(option: str, values: Iterable[str]) -> list[str]:
    names = checked_list("CORSMiddleware", option, values)
    for name in names:
        if not is_token(name):
            raise ConfigError(f"CORSMiddleware({option}=[{name!r}]): that is no name of one")
    return names


def _check_origin(text: str) -> None:
    """ConfigError for what no browser sends as an Origin: it would never be equal to one."""
    if text not in ("*", "null") and _serialized(text) != text:
        raise ConfigError(
            f"CORSMiddleware(allow_origins=[{text!r}]): an origin is scheme://host or "
            "scheme://host:port in lower case, without a path, a slash at its end, or the port that "
            "the scheme implies; write an international name in its xn-- form, and many hosts as "
            r"allow_origin_regex=r'https://[a-z0-9-]+\.example\.com'"
        )


def _serialized(text: str) -> str | None:
    """The origin as browsers write it (HTML section 7.1.1); None if it is none."""
    match = ORIGIN.fullmatch(text)
    authority = parse_authority(match[2]) if match else None
    if match is None or authority is None:
        return None
    host, port = authority
    suffix = "" if port in (None, DEFAULT_PORTS.get(match[1])) else f":{port}"
    return f"{match[1]}://{f'[{host}]' if ':' in host else host}{suffix}"


def _check_with_credentials(origins: Sequence[str], exposed: Sequence[str]) -> None:
    if "*" in origins:
        raise ConfigError(
            "CORSMiddleware(allow_origins=['*'], allow_credentials=True): browsers refuse this, and to "
            "name every origin instead would let any site read what its visitors may read here. List "
            "the origins, or leave allow_credentials out; while developing, "
            r"allow_origin_regex=r'http://localhost:\d+'"
        )
    if "*" in exposed:
        raise ConfigError(
            "CORSMiddleware(expose_headers=['*'], allow_credentials=True): with credentials browsers "
            "take '*' for the name of a field: list the names"
        )


def _compiled(regex: str | None) -> re.Pattern[str] | None:
    try:
        return None if regex is None else re.compile(regex)
    except re.error as error:
        raise ConfigError(f"CORSMiddleware(allow_origin_regex={regex!r}): {error}") from error
