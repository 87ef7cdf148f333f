"""Where a request's path begins for an app, and what a mounted app is told instead.

Servers send `path` with `root_path` in front (the ASGI specification since 2.4) or without it (before);
`raw_path` is optional, and is believed only where it says the same as `path`.
"""

import re
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

from framework._wire.urls import quote_path, quote_segment
from framework.types import Scope

__all__ = [
    "Destination",
    "encoded_path",
    "local_path",
    "mounted_scope",
    "root_path",
    "split_path",
    "whole_path",
]

UNDECODED = re.compile("[\ufffd\ud800-\udfff]")


class Destination(NamedTuple):
    """Where a name leads; None where several routes of that name and path differ, or nobody knows."""

    path: str
    """Percent-encoded."""
    host: str | None = None
    """Of a route that is served for certain hosts only."""
    is_websocket: bool | None = None


def root_path(scope: Scope) -> str:
    """The path under which the app is mounted, without a slash at its end."""
    root: str = scope.get("root_path") or ""
    return root.rstrip("/")


def whole_path(scope: Scope) -> str:
    """The decoded path from the root of the server."""
    path: str = scope["path"]
    root = root_path(scope)
    return path if _is_below(path, root) else root + path


def encoded_path(scope: Scope) -> str:
    """The path from the root of the server, percent-encoded; `%2F` stays what it was (RFC 3986 2.2)."""
    whole, root = whole_path(scope), root_path(scope)
    segments = split_path(scope)
    if segments is None or whole == root:
        return quote_path(whole)
    return quote_path(root) + "/".join(map(quote_segment, segments))


def split_path(scope: Scope) -> list[str] | None:
    """The decoded segments of the path below `root_path`; the first one is empty.

    They are split before they are decoded, so `%2F` is part of a segment. None for what no route
    matches: a path that is not UTF-8 (RFC 3987 has no text for it), a target that is no path (`*`).
    """
    path = local_path(scope)
    if not path.startswith("/"):
        return None
    raw = scope.get("raw_path")
    if not raw or b"%" not in raw:
        return path.split("/")
    raw_segments = raw.partition(b"?")[0].split(b"/")
    try:
        segments = [unquote_to_bytes(segment).decode() for segment in raw_segments]
    except UnicodeDecodeError:
        return None if UNDECODED.search(path) else path.split("/")
    index, length = len(segments), 0
    while index and length < len(path):
        index -= 1
        length += 1 + len(segments[index])
    local = ["", *segments[index:]]
    # Where they differ, something in between has changed `path`, and only that.
    return local if "/".join(local) == path else path.split("/")


def mounted_scope(scope: Scope, depth: int, *, strip: bool) -> Scope:
    """The scope for an app mounted under the first `depth` segments of this one's path."""
    segments = split_path(scope) or [""]
    root = root_path(scope)
    child = dict(scope)
    child["root_path"] = root + "/".join(segments[:depth])
    if strip:
        rest = segments[depth:] or [""]
        child["path"] = "/" + "/".join(rest)
        child["raw_path"] = ("/" + "/".join(map(quote_segment, rest))).encode()
    elif root and scope["path"] != (path := whole_path(scope)):
        child["path"] = path
        child["raw_path"] = (quote_path(root) + "/".join(map(quote_segment, segments))).encode()
    return child


def local_path(scope: Scope) -> str:
    """The decoded path below `root_path`, "/" for the app's own."""
    path: str = scope["path"]
    root = root_path(scope)
    if root and _is_below(path, root):
        path = path[len(root) :]
    return path or "/"


def _is_below(path: str, root: str) -> bool:
    return path.startswith(root) and path[len(root) : len(root) + 1] in ("", "/")
