"""Answers of files that do not change, kept in memory: they take no trip to a thread.

What is kept is bounded in bytes. What is not, such as a part of a file, or a file that is large, is for
whoever asks to read from the disk.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, TypeAlias

from framework._wire.conditional import conditions, evaluate
from framework._wire.headers import Headers
from framework._wire.negotiation import best_encoding
from framework.files import OF_CONTENT, FileResponse, open_file
from framework.responses import Field, Response, whole_response
from framework.types import Scope

__all__ = ["IDENTITY", "KeptAnswer", "KeptAnswers", "Variants", "choose_coding", "kept_answer"]

ROOM = 16 * 1024 * 1024
"""Bytes that are kept of one folder: the style, scripts and icons of a site, not its pictures."""

BESIDES = 4 * 1024
"""Bytes that an answer takes besides its body: its fields, its key, the objects themselves."""

IDENTITY = "identity"
PLAIN: Scope = {"type": "http", "method": "GET", "headers": []}


class KeptAnswer(NamedTuple):
    """The 200 of a file in one coding, with the fields of its 304; `body` is None if it is large."""

    fields: Sequence[Field]
    fields_of_304: Sequence[Field]
    body: bytes | None
    etag: str
    modified: float


Variants: TypeAlias = Mapping[str, KeptAnswer]
"""The answers of a path by content coding; there is always one for `identity`."""


def kept_answer(response: FileResponse) -> KeptAnswer:
    """What the response answers to a plain GET. Blocks for the disk."""
    opened = open_file(response.path)
    response._prepare(opened, PLAIN)
    opened.file.close()
    [message] = opened.messages
    body = None if message.get("more_body", False) else message["body"]
    etag = Headers(raw=opened.fields)["etag"]
    fields_of_304 = [field for field in opened.fields if field[0] not in OF_CONTENT]
    return KeptAnswer(opened.fields, fields_of_304, body, etag, opened.stat.st_mtime)


def choose_coding(scope: Scope, codings: Sequence[str]) -> str:
    """The coding to answer in, of those that there are besides the file as it is."""
    if not codings:
        return IDENTITY
    accepted = Headers(raw=scope["headers"]).combined("accept-encoding")
    # RFC 9110 section 12.5.3: who accepts none gets the file as it is.
    return best_encoding(accepted, codings) or IDENTITY


class KeptAnswers:
    """Answers by path, for as long as there is room."""

    __slots__ = ("_by_path", "_room")

    def __init__(self, room: int = ROOM) -> None:
        self._by_path: dict[Sequence[str], Variants] = {}
        self._room = room

    def wants(self, path: Sequence[str]) -> bool:
        """Whether the answers of this path are missing, and would have room."""
        return self._room > 0 and path not in self._by_path

    def keep(self, path: Sequence[str], variants: Variants) -> None:
        """Keep what is wanted; the last that is kept may take more than there is room."""
        if self.wants(path):  # not two of who asked at the same time
            self._by_path[path] = variants
            self._room -= sum(BESIDES + len(each.body or b"") for each in variants.values())

    def find(self, path: Sequence[str], scope: Scope) -> Response | None:
        """The answer to a request for this path, unless it takes more than what is kept."""
        variants = self._by_path.get(path)
        if variants is None:
            return None
        codings = [coding for coding in variants if coding != IDENTITY]
        fields, fields_of_304, body, etag, modified = variants[choose_coding(scope, codings)]
        method: str = scope["method"]
        asked = conditions(scope["headers"])
        status = evaluate(method, asked, etag=etag, last_modified=modified)
        if status == 304:
            return whole_response(304, [*fields_of_304], b"")
        if status is not None or (method == "GET" and ("range" in asked or body is None)):
            return None
        return whole_response(200, [*fields], body or b"")
