"""A file as a response: sent by the server itself where it can do that, else read in threads, in pieces.

Which part of a file is sent, and whether at all, is not decided here.
"""

import errno
import os
from pathlib import Path
from typing import BinaryIO, Literal

from framework._concurrency import in_thread
from framework._extensions import offers
from framework._until import until_disconnect
from framework._wire.disposition import format_disposition
from framework._wire.file_types import media_type_of
from framework.exceptions import ClientDisconnect
from framework.responses import (
    LENGTH,
    Background,
    HeadersInit,
    Response,
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

PIECE = 256 * 1024  # bytes for each trip to a thread, and in memory at a time


class FileResponse(Response):
    """Sends a file, without ever holding more than a piece of it, and closes it whatever happens.

    A path that is no regular file, or cannot be read, is an OSError such as FileNotFoundError before
    anything is sent: declare an exception handler to make it a 404. Never more is sent than the
    Content-Length says; a file that becomes shorter meanwhile ends the connection. The media type is
    that of `filename`, or else of the path. With a `filename` there is a Content-Disposition, too, by
    which browsers save the file, or show it (`inline`).
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
        content_disposition_type: Literal["attachment", "inline"] = "attachment",
    ) -> None:
        if content_disposition_type not in ("attachment", "inline"):
            raise ValueError(
                f"a file is sent as 'attachment' or 'inline', not {content_disposition_type!r}"
            )
        self.path: Path = Path(path).absolute()
        self.started: bool = False
        self.background = background
        self.body = b""
        self._start(
            status_code,
            headers,
            media_type or media_type_of(filename or self.path.name),
        )
        if filename is not None:
            disposition = format_disposition(content_disposition_type, filename)
            self._default((b"content-disposition", disposition.encode("latin-1")))

    async def _send(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.started = False
        file, size = await in_thread(_open, self.path)
        with file:
            fields = without_length(self.raw_headers)
            if has_no_content(self.status_code):
                size = 0
            else:
                fields.append(LENGTH[size])
            self.started = True
            await send_message(send, self._start_message(fields))
            message: Message
            if size == 0 or scope.get("method") == "HEAD":
                message = {"type": BODY, "body": b""}
            elif offers(scope, PATHSEND):
                message = {"type": PATHSEND, "path": str(self.path)}
            elif offers(scope, ZEROCOPYSEND):
                sent = {"file": file, "offset": 0, "count": size, "more_body": False}
                message = {"type": ZEROCOPYSEND, **sent}
            else:
                last = await self._send_all_but_last(file, size, scope, receive, send)
                message = {"type": BODY, "body": last}
            await send_message(send, message)

    async def _send_all_but_last(
        self, file: BinaryIO, size: int, scope: Scope, receive: Receive, send: Send
    ) -> bytes:
        # The last piece is sent unwatched: servers say that the client has gone once it was.
        before, rest = divmod(size - 1, PIECE)
        if before:
            shutdown = shutdown_of(scope)
            among = None if shutdown is None else shutdown._open
            async with until_disconnect(receive, among) as block:
                for _ in range(before):
                    piece = await in_thread(self._read, file, PIECE)
                    await send_message(send, {"type": BODY, "body": piece, "more_body": True})
            if not block.finished:
                raise ClientDisconnect("the client went away while a file was sent")
        return await in_thread(self._read, file, rest + 1)

    def _read(self, file: BinaryIO, count: int) -> bytes:
        piece = file.read(count)
        if len(piece) < count:
            raise RuntimeError(
                f"{self.path} became shorter than the Content-Length that was sent: "
                "write a file under another name, and rename it when it is complete"
            )
        return piece


def _open(path: Path) -> tuple[BinaryIO, int]:
    # Looked at before it is opened: opening a pipe waits for somebody who writes to it.
    if not path.is_file():
        raise FileNotFoundError(errno.ENOENT, "there is no such file to be sent", str(path))
    file = path.open("rb")
    return file, os.fstat(file.fileno()).st_size
