"""multipart/form-data (RFC 7578) on the parser of the `multipart` package: chunks in, parts out.

Pure: nothing here awaits or stores. What the package does not say, or says in other words, is said
here: which boundary is one, what a part's header must have, and what each fault is to the client.
"""

import re
from collections.abc import Iterator
from typing import TypeAlias, cast

from multipart import (  # type: ignore[import-untyped]  # pyright: ignore[reportMissingTypeStubs]
    MultipartError,
    ParserError,
    ParserLimitReached,
    PushMultipartParser,
)

from framework._wire.charset import decode_text
from framework._wire.disposition import parse_form_disposition
from framework._wire.grammar import NOT_FIELD_TEXT
from framework._wire.headers import Headers
from framework._wire.media import MediaType, parse_media_type
from framework.exceptions import LimitExceeded, MalformedRequest
from framework.limits import Limits, field_too_large

__all__ = ["Event", "FormParser", "PartHead", "boundary_of"]

BOUNDARY = re.compile(r"[0-9A-Za-z'()+_,\-./:=? ]{0,69}[0-9A-Za-z'()+_,\-./:=?]")
MAX_HEADERS = 16  # of a part; RFC 7578 section 4.8 knows three
PLAIN_ENCODINGS = frozenset({"7bit", "8bit", "binary"})

Event: TypeAlias = "PartHead | bytes | None"
"""What comes of a chunk: the head of a part, bytes of its content, None at the end of it."""


def boundary_of(media: MediaType) -> bytes:
    """The boundary that a Content-Type names; MalformedRequest where it is none (RFC 2046 section 5.1.1)."""
    boundary = media.parameters.get("boundary")
    if boundary is None or not BOUNDARY.fullmatch(boundary):
        raise MalformedRequest(
            "multipart/form-data needs a boundary of 1 to 70 characters in its Content-Type"
        )
    return boundary.encode("ascii")


class PartHead:
    """What the header of a part says; the parser counts the bytes of its content in `bytes_received`.

    It stands in for the package's own class, whose expressions take quadratic time for some headers.
    """

    __slots__ = (
        "_header_list",
        "bytes_received",
        "complete",
        "content_type",
        "filename",
        "max_size",
        "name",
    )

    def __init__(self, header_list: list[tuple[str, str]], limits: Limits) -> None:
        self._header_list = header_list
        self.bytes_received: int = 0
        self.complete: bool = False
        size = sum(len(name) + len(value) + 4 for name, value in header_list)
        if size > limits.max_part_header_size:
            raise ParserLimitReached
        if any(NOT_FIELD_TEXT.search(value) for _, value in header_list):
            raise ParserError("a control character in the header of a part")
        fields = dict(header_list)
        if len(fields) != len(header_list):
            raise ParserError("a header field of a part comes twice")
        self.name: str
        self.filename: str | None
        try:
            disposition = fields.get("Content-Disposition", "")
            self.name, self.filename = parse_form_disposition(disposition)
        except ValueError as error:
            raise ParserError(str(error)) from error
        # Deprecated since RFC 7578 section 4.7; to take the bytes as they are would be a mistake.
        encoding = fields.get("Content-Transfer-Encoding", "binary").strip().lower()
        if encoding not in PLAIN_ENCODINGS:
            raise ParserError("Content-Transfer-Encoding in a part: send the bytes as they are")
        self.content_type: str | None = fields.get("Content-Type")
        is_field = self.filename is None
        self.max_size: int | None = limits.max_field_size if is_field else limits.max_file_size

    def check_size(self) -> None:
        """LimitExceeded (413) when more has come than one field, or one file, may have."""
        limit = self.max_size
        if limit is not None and self.bytes_received > limit:
            if self.filename is None:
                raise field_too_large(limit)
            detail = f"a file of the form is larger than {limit} bytes"
            raise LimitExceeded(413, "max_file_size", limit, detail)

    def text(self, content: bytes | bytearray, charset: str | None = None) -> str:
        """The content as text: by the charset that the part names, or else by `charset`, or else as UTF-8.

        MalformedRequest for what a named charset does not have; without one U+FFFD stands for what is
        not UTF-8, as the WHATWG decodes forms (Fetch, "multipart/form-data parser").
        """
        media = parse_media_type(self.content_type)
        charset = charset if media is None or media.charset is None else media.charset
        if charset is None:
            return content.decode("utf-8", "replace")
        try:
            return decode_text(content, charset)
        except ValueError as error:
            raise MalformedRequest(f"the field {self.name!r:.80}: {error}") from error

    @property
    def headers(self) -> Headers:
        """The header fields of the part; as everywhere a character for each byte, so UTF-8 is not decoded."""
        fields = [(name.lower().encode(), v.encode("latin-1")) for name, v in self._header_list]
        return Headers(raw=fields)


class FormParser(PushMultipartParser):  # type: ignore[misc]
    """One body, fed by `events()` and ended by `finish()`."""

    __slots__ = ("_fields", "_files", "_limits")

    def __init__(self, boundary: bytes, limits: Limits) -> None:
        super().__init__(
            boundary,
            max_header_size=limits.max_part_header_size,
            max_header_count=MAX_HEADERS,
            header_charset="latin-1",
        )
        self._limits = limits
        self._files = self._fields = 0

    def events(self, chunk: bytes) -> Iterator[Event]:
        """What the next chunk brings; it must be asked for all before the next."""
        try:
            yield from cast("Iterator[Event]", self.parse(chunk))
        except ParserLimitReached as error:
            if "count" in str(error):
                raise MalformedRequest(f"a part has more than {MAX_HEADERS} headers") from error
            limit = self._limits.max_part_header_size
            detail = f"the header of a part is larger than {limit} bytes"
            raise LimitExceeded(413, "max_part_header_size", limit, detail) from error
        except MultipartError as error:
            raise _malformed(error) from error

    def finish(self) -> None:
        """MalformedRequest unless the body is complete."""
        try:
            self.close()
        except MultipartError as error:
            raise _malformed(error) from error

    def _create_segment(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, headerlist: list[tuple[str, str]]
    ) -> PartHead:
        # To be overridden, says the package.
        head = PartHead(headerlist, self._limits)
        if head.filename is None:
            self._fields += 1
        else:
            self._files += 1
        limits = self._limits
        _check_count("max_fields", self._fields, limits.max_fields)
        _check_count("max_files", self._files, limits.max_files)
        _check_count("max_parts", self._fields + self._files, limits.max_parts)
        return head


def _check_count(name: str, count: int, limit: int) -> None:
    if count > limit:
        what = name.removeprefix("max_")
        raise LimitExceeded(400, name, limit, f"the form has more than {limit} {what}")


def _malformed(error: MultipartError) -> MalformedRequest:
    return MalformedRequest(f"the multipart body is malformed: {error}")
