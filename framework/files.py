"""A file as a response: sent by the server itself where it can do that, else read in threads, in pieces.

Also whether it is sent, and which part of it: conditional requests and ranges (RFC 9110 sections 13, 14).
Which file it is, is not decided here.

A trip to a thread takes longer than everything that is done there for a small file. So there is one: the
file is opened, looked at, and its first piece read on the same trip.
"""

import errno
import os
from collections.abc import Iterator, Mapping, Set
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path
from secrets import token_hex
from stat import S_ISREG
from time import time
from typing import BinaryIO, Literal

from framework._extensions import offers
from framework._until import until_disconnect
from framework._wire.conditional import conditions, evaluate, range_holds
from framework._wire.dates import format_http_date, parse_http_date
from framework._wire.disposition import format_disposition
from framework._wire.file_types import MEDIA_TYPES, UNKNOWN, media_type_of
from framework._wire.ranges import Span, length_of, multipart, parse_range
from framework._workers import in_thread
from framework.exceptions import ClientDisconnect
from framework.responses import (
    LENGTH,
    Background,
    Field,
    HeadersInit,
    SteppedResponse,
    content_type,
    has_no_content,
    send_message,
    without_length,
)
from framework.shutdown import shutdown_of
from framework.types import Message, Receive, Scope, Send

__all__ = ["FileResponse"]

BODY = "http.response.body"
PATHSEND = "http.response.pathsend"
ZEROCOPYSEND = "http.response.zerocopysend"

PIECE = 512 * 1024  # bytes for each trip to a thread

CONTENT_TYPES: Mapping[str, Field] = {
    media_type: content_type(media_type) for media_type in {*MEDIA_TYPES.values(), UNKNOWN}
}
NOSNIFF: Field = (b"x-content-type-options", b"nosniff")
ACCEPT_RANGES: Field = (b"accept-ranges", b"bytes")
NO_STORE: Field = (b"cache-control", b"no-store")

OF_CONTENT = frozenset(
    {
        b"accept-ranges",
        b"content-digest",
        b"content-disposition",
        b"content-encoding",
        b"content-language",
        b"content-type",
        b"last-modified",
    }
)
"""Fields that describe the content: a 304 leaves them out, "since the goal of a 304 response is to
minimize information transfer when the recipient already has one or more cached representations"
(RFC 9110 section 15.4.5)."""

OF_CACHING = frozenset({b"cache-control", b"expires"})

NO_FILE = {errno.EISDIR, errno.EINVAL, errno.ELOOP, errno.ENAMETOOLONG, errno.ENOTDIR, errno.ENXIO}
"""What the system says of a path at which no file can be: for whoever asks, there is none."""

OPENING = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0)
"""Opening a pipe would wait for somebody who writes to it."""


class OpenFile:
    """A regular file that is open, and what is to be sent of it once a FileResponse has prepared that."""

    __slots__ = ("fields", "file", "left", "messages", "path", "pieces", "stat", "status")

    path: str
    file: BinaryIO
    stat: os.stat_result
    left: int
    """How many bytes `pieces` has not given yet."""
    status: int
    fields: list[Field]
    messages: list[Message]
    """What is sent after the start, or the first of it if there is something `left` to be read."""
    pieces: Iterator[bytes]

    def __init__(self, path: str, file: BinaryIO, stat: os.stat_result) -> None:
        self.path = path
        self.file = file
        self.stat = stat
        self.left = 0

    def read(self) -> Message:
        """The next piece as a message; blocks for the disk."""
        piece = next(self.pieces)
        self.left -= len(piece)
        return {"type": BODY, "body": piece, "more_body": self.left > 0}


def open_file(path: str) -> OpenFile:
    """Open a file to be sent; FileNotFoundError if there is no regular one. Blocks for the disk."""
    try:
        file = open(path, "rb", opener=_open_at_once)  # noqa: SIM115 - it is handed on
    except (OSError, ValueError) as error:  # a NUL, say, is in no name of a file
        if isinstance(error, ValueError) or error.errno in NO_FILE:
            raise _no_file(path) from error
        raise
    stat = os.fstat(file.fileno())
    if S_ISREG(stat.st_mode):
        return OpenFile(path, file, stat)
    file.close()
    raise _no_file(path)


class FileResponse(SteppedResponse):
    """Sends a file, without ever holding more than a piece of it, and closes it whatever happens.

    A path that is no regular file, or cannot be read, is an OSError such as FileNotFoundError before
    anything is sent: declare an exception handler to make it a 404. Never more is sent than the
    Content-Length says; a file that becomes shorter meanwhile ends the connection. The media type is
    that of `filename`, or else of the path. With a `filename` there is a Content-Disposition, too, by
    which browsers save the file, or show it (`inline`).

    With status 200, in answer to GET and HEAD, it has an ETag and a Last-Modified, unless `headers`
    have others, and becomes a 304, 412, 206 or 416 as the request asks (RFC 9110 sections 13 and 14).
    """

    __slots__ = ("path", "started")

    def __init__(
        self,
        path: str | os.PathLike[str],
        status_code: int = 200,
        headers: HeadersInit | None = None,
        media_type: str | None = None,
        background: Background | None = None,
        *,
        filename: str | None = None,
        stat_result: os.stat_result | None = None,
        content_disposition_type: Literal["attachment", "inline"] = "attachment",
    ) -> None:
        """`stat_result` is taken for Starlette's sake: what counts is the file once it was opened."""
        if content_disposition_type not in ("attachment", "inline"):
            raise ValueError(
                f"a file is sent as 'attachment' or 'inline', not {content_disposition_type!r}"
            )
        self.path: str = os.fspath(path)
        self.started: bool = False
        self.background = background
        self.body = b""
        self._start(status_code, headers, media_type or media_type_of(filename or self.path))
        self._default(NOSNIFF)
        if filename is not None:
            disposition = format_disposition(content_disposition_type, filename)
            self._default((b"content-disposition", disposition.encode("latin-1")))

    @classmethod
    def _of_fields(
        cls, path: str, status_code: int, fields: list[Field], media_type: str
    ) -> "FileResponse":
        """A response of fields that are known to be right, without checking them again."""
        response = cls.__new__(cls)
        response.path = path
        response.started = False
        response.background = None
        response.body = b""
        response.status_code = status_code
        response.raw_headers = fields
        response._default(CONTENT_TYPES[media_type])
        response._default(NOSNIFF)
        return response

    async def _send(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.started = False
        opened = await in_thread(self._open, scope)
        await self._send_file(opened, scope, receive, send)

    def _open(self, scope: Scope) -> OpenFile:
        opened = open_file(self.path)
        self._prepare(opened, scope)
        return opened

    def _prepare(
        self, opened: OpenFile, scope: Scope, asked: Mapping[str, str] | None = None
    ) -> None:
        """Decide what is sent, and read the first piece of it; closes what need not be open any more.

        `asked` are the request's `conditions`. Blocks for the disk: it is for the thread that has opened
        the file.
        """
        is_kept_open = False
        try:
            is_kept_open = self._decide(
                opened, scope, conditions(scope["headers"]) if asked is None else asked
            )
        finally:
            if not is_kept_open:
                opened.file.close()

    def _decide(self, opened: OpenFile, scope: Scope, asked: Mapping[str, str]) -> bool:
        size = opened.stat.st_size
        method = str(scope.get("method")).upper()  # tests that call a response write what they like
        status, fields, spans = self._select(opened.stat, method, asked)
        length = length_of(spans)
        if not has_no_content(status):
            fields.append(LENGTH[length])
        opened.status, opened.fields = status, fields
        if length == 0 or method == "HEAD":
            opened.messages = [{"type": BODY, "body": b"", "more_body": False}]
        elif offers(scope, PATHSEND) and spans == [(b"", 0, size)]:
            opened.messages = [{"type": PATHSEND, "path": str(Path(opened.path).absolute())}]
        elif offers(scope, ZEROCOPYSEND):
            opened.messages = _zero_copies(opened.file, spans)
            return True
        else:
            opened.left = length
            opened.pieces = _pieces(opened.file, spans, opened.path)
            opened.messages = [opened.read()]
            return opened.left > 0
        return False

    def _select(
        self, stat: os.stat_result, method: str, asked: Mapping[str, str]
    ) -> tuple[int, list[Field], list[Span]]:
        """The status, the fields but for the Content-Length, and what is sent of the file."""
        status = self.status_code
        fields = without_length(self.raw_headers)
        if has_no_content(status):
            return status, fields, []
        whole = [Span(b"", 0, stat.st_size)]
        # What another method does was done by now: its preconditions were to be checked before
        # (Request.check_preconditions). And what comes with an error is not what was asked for.
        if status != 200 or method not in ("GET", "HEAD"):
            return status, fields, whole
        now = time()
        etag, last_modified = _validators(fields, stat, now)
        instead = evaluate(method, asked, etag=etag, last_modified=last_modified)
        if instead == 304:
            return 304, _without(OF_CONTENT, fields), []
        if instead == 412:
            return 412, _refusal(fields), []
        holds = range_holds(asked, etag=etag, last_modified=last_modified, now=now)
        # Section 14.2: for other methods than GET a Range is ignored.
        if holds and method == "GET" and ACCEPT_RANGES in fields:
            return _select_ranges(asked["range"], stat.st_size, fields)
        return 200, fields, whole

    async def _send_file(
        self, opened: OpenFile, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Send what was prepared, and close the file."""
        self.started = True
        start: Message = {"type": "http.response.start", "status": opened.status}
        try:
            await send_message(send, {**start, "headers": opened.fields})
            messages = opened.messages
            if opened.left:
                messages = [await self._send_all_but_last(opened, scope, receive, send)]
            for message in messages:
                await send_message(send, message)
        finally:
            opened.file.close()

    async def _send_all_but_last(
        self, opened: OpenFile, scope: Scope, receive: Receive, send: Send
    ) -> Message:
        # The last piece is sent unwatched: servers say that the client has gone once it was.
        [message] = opened.messages
        shutdown = shutdown_of(scope)
        among = None if shutdown is None else shutdown._open
        async with until_disconnect(receive, among) as block:
            while message["more_body"]:
                await send_message(send, message)
                message = await in_thread(opened.read)
        if not block.finished:
            raise ClientDisconnect("the client went away while a file was sent")
        return message


def _open_at_once(path: str, flags: int) -> int:
    return os.open(path, flags | OPENING)


def _no_file(path: str) -> FileNotFoundError:
    return FileNotFoundError(errno.ENOENT, "there is no such file to be sent", path)


def _validators(fields: list[Field], stat: os.stat_result, now: float) -> tuple[str, float | None]:
    """The ETag and the moment of the Last-Modified in `fields`, which get those of the file if they lack them."""
    given = dict(fields)
    etag = given.get(b"etag")
    if etag is None:
        etag = _entity_tag(stat, given.get(b"content-encoding", b""))
        fields.append((b"etag", etag))
    date = given.get(b"last-modified")
    if date is not None:
        moment = parse_http_date(date.decode("latin-1"))
        last_modified = None if moment is None else moment.timestamp()
    else:
        # "An origin server with a clock MUST NOT generate a Last-Modified date that is later than
        # the server's time of message origination" (section 8.8.2.1).
        last_modified = max(0, min(stat.st_mtime, now))
        moment = datetime.fromtimestamp(last_modified, UTC)
        fields.append((b"last-modified", format_http_date(moment).encode("ascii")))
    if b"accept-ranges" not in given:
        fields.append(ACCEPT_RANGES)
    return etag.decode("latin-1"), last_modified


def _entity_tag(stat: os.stat_result, coding: bytes) -> bytes:
    """A strong entity tag by what the file system knows (section 8.8.1).

    Strong, or no download could go on where it broke off (section 13.1.5): the clock of today's file
    systems ticks every few milliseconds at most, so only a file that is rewritten in place within the
    same tick, to the same length, could have the tag of another. Not of the inode, which is another one
    on each machine of a cluster. Of the coding, as the same file in another one may have the same length
    and time (section 8.8.3.3). Hashed, so that nothing can be read in it.
    """
    known = b"%d-%d-%b" % (stat.st_size, stat.st_mtime_ns, coding)
    return b'"%b"' % blake2b(known, digest_size=12).hexdigest().encode("ascii")


def _select_ranges(
    field: str, size: int, fields: list[Field]
) -> tuple[int, list[Field], list[Span]]:
    ranges = parse_range(field, size)
    if ranges is not None:
        if not ranges:
            return 416, [*_refusal(fields), (b"content-range", b"bytes */%d" % size)], []
        if len(ranges) == 1:
            [(start, stop)] = ranges
            fields.append((b"content-range", b"bytes %d-%d/%d" % (start, stop - 1, size)))
            return 206, fields, [Span(b"", start, stop)]
        content_type = dict(fields).get(b"content-type", b"application/octet-stream")
        boundary = token_hex(13).encode("ascii")
        spans = multipart(ranges, size, content_type, boundary)
        if length_of(spans) < size:  # else the whole is the shorter answer
            kind = b"multipart/byteranges; boundary=%b" % boundary
            others = _without({b"content-type"}, fields)
            return 206, [*others, (b"content-type", kind)], spans
    return 200, fields, [Span(b"", 0, size)]


def _refusal(fields: list[Field]) -> list[Field]:
    # Not to be kept by a cache that would give it to others, who have asked without conditions.
    return [*_without(OF_CONTENT | OF_CACHING, fields), NO_STORE]


def _without(names: Set[bytes], fields: list[Field]) -> list[Field]:
    return [field for field in fields if field[0] not in names]


def _zero_copies(file: BinaryIO, spans: list[Span]) -> list[Message]:
    messages: list[Message] = []
    for before, start, stop in spans:
        if before:
            messages.append({"type": BODY, "body": before, "more_body": True})
        if start < stop:
            count = stop - start
            sent = {"file": file, "offset": start, "count": count, "more_body": True}
            messages.append({"type": ZEROCOPYSEND, **sent})
    messages[-1]["more_body"] = False
    return messages


def _pieces(file: BinaryIO, spans: list[Span], path: str) -> Iterator[bytes]:
    """What is sent, in pieces: small spans together, so that they need not a trip to a thread each."""
    gathered: list[bytes] = []
    room = PIECE
    for before, start, stop in spans:
        if before:
            gathered.append(before)
        file.seek(start)
        for begin in range(start, stop, PIECE):
            count = min(PIECE, stop - begin)
            piece = file.read(count)
            if len(piece) < count:
                raise RuntimeError(
                    f"{path} became shorter while it was being sent: "
                    "write a file under another name, and rename it when it is complete"
                )
            gathered.append(piece)
            room -= count
            if room <= 0:
                yield b"".join(gathered)
                gathered.clear()
                room = PIECE
    yield b"".join(gathered)
