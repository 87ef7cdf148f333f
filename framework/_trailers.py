"""Fields that follow the content of a response, for what is known only once it was sent (RFC 9110 section 6.5)."""

from collections.abc import Callable, Mapping
from typing import TypeAlias

from framework._extensions import offers
from framework._wire.grammar import split_list
from framework._wire.headers import Headers, encode_headers
from framework.types import Message, Scope, Send

__all__ = ["TRAILERS", "Trailers", "check_trailers", "takes_trailers", "with_trailers"]

Trailers: TypeAlias = Mapping[str, str] | Callable[[], Mapping[str, str]]

TRAILERS = "http.response.trailers"

FORBIDDEN = frozenset(
    # framing
    {"connection", "content-length", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"}
    # routing
    | {"forwarded", "host", "max-forwards", "via"}
    # authentication
    | {"authorization", "cookie", "proxy-authenticate", "proxy-authorization", "set-cookie"}
    | {"www-authenticate"}
    # request modifiers and response controls
    | {"age", "cache-control", "clear-site-data", "date", "expect", "expires", "location"}
    | {"range", "retry-after", "strict-transport-security", "vary", "warning"}
    # the format of the content
    | {"content-disposition", "content-encoding", "content-language", "content-location"}
    | {"content-range", "content-type"}
)
"""What must be known before the content, and may not follow it (RFC 9110 section 6.5.1)."""


def takes_trailers(scope: Scope, headers: Headers) -> bool:
    """Whether the server offers trailers, and the client takes them, after a response with these headers."""
    if not offers(scope, TRAILERS):
        return False
    # RFC 9110 section 6.5.1: whoever cannot take trailers may drop them, or worse.
    accepted = (Headers(raw=scope["headers"]).combined("te") or "").lower()
    if "trailers" not in split_list(accepted):
        return False
    # In HTTP/1.1 trailers come after chunks, not after a known length (RFC 9112 section 7.1.2).
    is_http1 = scope.get("http_version", "1.1").startswith("1")
    return not (is_http1 and "content-length" in headers)


def check_trailers(fields: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    """The fields as they are sent; ValueError for those that cannot be, or may not follow the content."""
    encoded = encode_headers(fields)
    for name, _ in encoded:
        if name.decode("ascii") in FORBIDDEN:
            raise ValueError(
                f"{name.decode('ascii')} cannot be a trailer: it must be known before the content, "
                "so send it with the header fields"
            )
    return encoded


def with_trailers(send: Send, trailers: Trailers) -> Send:
    """A `send` that announces trailers in the start of a response, and sends them after its content.

    Fields that are known are named in the header (RFC 9110 section 6.6.2); a function is called at the end.
    """

    async def send_both(message: Message) -> None:
        if message["type"] == "http.response.start":
            fields = [*message["headers"]]
            if trailers and not callable(trailers):
                names = (name for name, _ in check_trailers(trailers))
                fields.append((b"trailer", b", ".join(names)))
            message = {**message, "headers": fields, "trailers": True}
        await send(message)
        if message["type"] == "http.response.body" and not message.get("more_body", False):
            last = check_trailers(trailers() if callable(trailers) else trailers)
            await send({"type": TRAILERS, "headers": last, "more_trailers": False})

    return send_both
