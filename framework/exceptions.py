"""The exceptions that are for callers to catch, as one tree.

FrameworkError
├── ConfigError            the recipe is wrong: raised at start-up, never while a request is served
├── NoMatchFound           no route has that name and those parameters
├── HTTPException          becomes the response of that status
│   ├── MalformedRequest   400: the client sent what its media type does not allow
│   ├── MissingField       400: a form, or a query, lacks a field that the handler has asked for
│   ├── NotFound           404: no route matches the path
│   ├── MethodNotAllowed   405: the path has routes, for other methods
│   ├── NotAcceptable      406: the client wants the answer in none of the forms that there are
│   ├── LimitExceeded      413 or 400: larger than one of `Limits`
│   ├── UnsupportedMediaType   415: the body is of another media type than was asked for
│   └── InvalidContent     422: the body is well-formed, but not what was asked for
├── BodyUnavailable        the body was read before, and not by this request
├── ClientDisconnect       the client went away while its request was being served
├── WebSocketDisconnect    the peer closed the socket, or vanished
└── WebSocketStateError    a message that the socket's state does not allow
"""

from collections.abc import Collection, Mapping, Sequence
from http import HTTPStatus

__all__ = [
    "BodyUnavailable",
    "ClientDisconnect",
    "ConfigError",
    "FrameworkError",
    "HTTPException",
    "InvalidContent",
    "LimitExceeded",
    "MalformedRequest",
    "MethodNotAllowed",
    "MissingField",
    "NoMatchFound",
    "NotAcceptable",
    "NotFound",
    "UnsupportedMediaType",
    "WebSocketDisconnect",
    "WebSocketStateError",
]


RAISED_STATUSES = frozenset(range(300, 600))
PHRASES = {status.value: status.phrase for status in HTTPStatus} | {
    413: "Content Too Large",  # RFC 9110; before Python 3.13 these four have older phrases
    414: "URI Too Long",
    416: "Range Not Satisfiable",
    422: "Unprocessable Content",
}


def reason_phrase(status_code: int) -> str:
    """The standard phrase of a status, or the phrase of its class (RFC 9110 section 15)."""
    return PHRASES.get(status_code) or PHRASES[status_code // 100 * 100]


class FrameworkError(Exception):
    """The root: everything below is ours."""


class ConfigError(FrameworkError):
    """A route, handler, middleware or option that cannot work; says which one, where, and what to do."""


class NoMatchFound(FrameworkError, LookupError):
    """No route has the name and the parameters that a URL was asked for."""


class HTTPException(FrameworkError):
    """Ends the request with this status; raise it anywhere.

    `detail` is shown to the client (default: the status's phrase); `headers` are added to the response.
    Of a redirect, `HTTPException(303, headers={"location": "/login"})`, they are all that is sent. A
    status outside 300-599 is a ValueError: return a `Response` for what went well.
    """

    def __init__(
        self,
        status_code: int,
        detail: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        if status_code not in RAISED_STATUSES:
            raise ValueError(f"HTTPException takes a status from 300 to 599, not {status_code!r}")
        if detail is not None and not isinstance(detail, str):
            raise TypeError(
                f"the detail of an HTTPException is a text, not {detail!r:.80}: for data return "
                f"JSONResponse(data, {status_code})"
            )
        self.status_code: int = int(status_code)
        self.detail: str = reason_phrase(self.status_code) if detail is None else detail
        self.headers = headers
        super().__init__(self.status_code, self.detail)

    def __str__(self) -> str:
        return f"{self.status_code}: {self.detail}"


class MalformedRequest(HTTPException):
    """400: the client sent bytes that their media type, charset or grammar does not allow."""

    def __init__(self, detail: str) -> None:
        super().__init__(400, detail)


class MissingField(HTTPException, KeyError):
    """400: a form, or a query, lacks the field `name`, which was asked for by `form[name]`."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(400, f"the field {name!r} is missing")


class NotFound(HTTPException):
    """404: no route matches the path."""

    def __init__(self, detail: str | None = None) -> None:
        super().__init__(404, detail)


class MethodNotAllowed(HTTPException):
    """405: the path has routes, but for other methods; `allow` has them all (RFC 9110 section 15.5.6)."""

    def __init__(self, allow: Collection[str]) -> None:
        self.allow: frozenset[str] = frozenset(allow)
        super().__init__(405, headers={"allow": ", ".join(sorted(allow))})


class NotAcceptable(HTTPException):
    """406: the client wants the answer in none of the forms that there are (RFC 9110 section 15.5.7).

    `offers` are the media types that it could have.
    """

    def __init__(self, offers: Collection[str]) -> None:
        self.offers: tuple[str, ...] = tuple(offers)
        detail = f"there is {', '.join(offers)}, and Accept takes none of it"
        super().__init__(406, detail, {"vary": "Accept"})


class LimitExceeded(HTTPException):
    """The request is larger than a limit; `name` is the field of `Limits`, `limit` its value."""

    def __init__(self, status_code: int, name: str, limit: int, detail: str) -> None:
        self.name = name
        self.limit = limit
        super().__init__(status_code, detail)


class UnsupportedMediaType(HTTPException):
    """415: the body is of another media type than the one that was asked for."""

    def __init__(self, detail: str) -> None:
        super().__init__(415, detail)


class InvalidContent(HTTPException):
    """422: the body is well-formed, but not the type of value that was asked for.

    `errors` lists what is wrong: a `detail`, and a `pointer` to where it is (RFC 9457 section 3).
    """

    def __init__(self, errors: Sequence[Mapping[str, str]]) -> None:
        self.errors = errors
        listed = "; ".join(f"{each['detail']} at {each['pointer']}" for each in errors)
        super().__init__(422, listed)


class BodyUnavailable(FrameworkError, RuntimeError):
    """The body is gone: streamed before, or read by an outer ASGI middleware that did not pass it on."""


class ClientDisconnect(FrameworkError):
    """The client went away while its request was being served."""


class WebSocketDisconnect(FrameworkError):
    """The peer closed the socket with this code and reason (RFC 6455 section 7.4; 1006: it vanished)."""

    def __init__(self, code: int = 1000, reason: str = "") -> None:
        self.code = code
        self.reason = reason
        super().__init__(code, reason)


class WebSocketStateError(FrameworkError, RuntimeError):
    """A message that the state of the socket does not allow, such as sending before `accept()`."""
