"""What the header of a request says of its body: whether there is one, how long it is, of which type."""

from framework._wire.media import MediaType, is_json, parse_media_type
from framework.exceptions import MalformedRequest, UnsupportedMediaType
from framework.types import Scope

__all__ = [
    "JSON",
    "MULTIPART",
    "URLENCODED",
    "announced_size",
    "announces_body",
    "checked_type",
    "content_fields",
]

JSON = "application/json"
URLENCODED = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"


def announces_body(scope: Scope) -> bool:
    """Whether a body comes, as far as HTTP/1 says it (RFC 9112 section 6.3)."""
    return any(
        (name == b"content-length" and value != b"0") or name == b"transfer-encoding"
        for name, value in scope["headers"]
    )


def announced_size(content_length: bytes | None) -> int:
    """The bytes that a Content-Length promises; 0 if there is none, or it is no number."""
    return int(content_length[:20]) if content_length and content_length.isdigit() else 0


def content_fields(scope: Scope) -> tuple[bytes | None, bytes | None]:
    """Content-Type and Content-Length, in one go over the header."""
    content_type = content_length = None
    for name, value in scope["headers"]:
        if name == b"content-type" and content_type is None:
            content_type = value
        elif name == b"content-length":
            content_length = value
    return content_type, content_length


def checked_type(content_type: bytes | None, *wanted: str) -> MediaType:
    """The type if it is one of those that are wanted, of which `JSON` stands for all that are JSON.

    UnsupportedMediaType for another one or none; MalformedRequest for a charset that it cannot have.
    """
    sent = None if content_type is None else content_type.decode("latin-1")
    media = parse_media_type(sent)
    essence = None
    if media is not None:
        essence = JSON if is_json(media) else media.essence
    if media is None or essence not in wanted:
        got = "no Content-Type" if sent is None else f"{sent:.80}"
        raise UnsupportedMediaType(f"expected {' or '.join(wanted)}, got {got}")
    # RFC 8259 section 8.1; WHATWG URL section 5.1
    if essence != MULTIPART and media.charset not in (None, "utf-8", "utf8"):
        raise MalformedRequest(f"{essence} is sent in UTF-8, not in {media.charset:.80}")
    return media
