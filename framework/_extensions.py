"""What servers offer beyond the core of ASGI: whether they do, and the messages that they take then.

Trailers are in `_trailers`, what sends a file in `files`.
"""

from collections.abc import Iterable, Mapping

from framework._wire.headers import encode_headers
from framework._wire.links import check_link
from framework._wire.urls import redirect_location
from framework.types import Message, Scope

__all__ = ["DEBUG", "EARLY_HINT", "PUSH", "early_hint", "offers", "push_promise"]

DEBUG = "http.response.debug"
EARLY_HINT = "http.response.early_hint"
PUSH = "http.response.push"

HANDED_ON = (b"accept", b"accept-encoding", b"accept-language", b"cache-control", b"user-agent")
"""What a client would send again with a request for what the page refers to."""


def offers(scope: Scope, extension: str) -> bool:
    """Whether the server takes an extension's messages in answer to this request; not to a WebSocket's."""
    return scope["type"] == "http" and extension in (scope.get("extensions") or {})


def early_hint(links: Iterable[str]) -> Message:
    """A 103 with these links (RFC 8297); ValueError for what is no link."""
    if isinstance(links, str):
        raise TypeError(f"early hints are a list of links, not a single text: [{links!a:.200}]")
    return {"type": EARLY_HINT, "links": [check_link(link) for link in links]}


def push_promise(
    path: str, scope: Scope, headers: Mapping[str, str] | Iterable[tuple[str, str]] | None
) -> Message:
    """The promise to answer a GET for this path (RFC 9113 section 8.4), as if the client had asked.

    ValueError for a path that does not begin with a slash, and for fields that cannot be sent.
    """
    if not path.startswith("/"):
        raise ValueError(f"{path!a:.200} cannot be pushed: give a path that begins with a slash")
    if headers is None:
        fields = [field for field in scope["headers"] if field[0].lower() in HANDED_ON]
    else:
        fields = encode_headers(headers)
    # Encoded, though the specification wants it decoded: servers send it as it is.
    path = redirect_location(path).partition("#")[0]
    return {"type": PUSH, "path": path, "headers": fields}
