"""The parts of a multipart/form-data body (RFC 7578), handed out while they arrive; nothing is kept."""

from collections.abc import AsyncIterator, Iterator

from framework._multipart import Event, FormParser, PartHead
from framework._wire.disposition import safe_filename
from framework._wire.headers import Headers
from framework.exceptions import BodyUnavailable, LimitExceeded
from framework.limits import Limits

__all__ = ["Part", "Parts"]


class Part(AsyncIterator[bytes]):
    """One part of a multipart body while it arrives: its header, then its bytes, chunk by chunk."""

    __slots__ = ("_head", "_limits", "_parts")

    def __init__(self, head: PartHead, parts: "Parts", limits: Limits) -> None:
        self._head = head
        self._parts = parts
        self._limits = limits

    @property
    def name(self) -> str:
        """The name of the field."""
        return self._head.name

    @property
    def filename(self) -> str | None:
        """The file's name as the client sent it; None for a field that is no file."""
        return self._head.filename

    @property
    def safe_filename(self) -> str:
        """A name to save it by; see `UploadFile`."""
        return safe_filename(self._head.filename or "")

    @property
    def content_type(self) -> str | None:
        """The media type that the client claims."""
        return self._head.content_type

    @property
    def headers(self) -> Headers:
        """The header fields of the part."""
        return self._head.headers

    async def __anext__(self) -> bytes:
        """The next bytes, as they arrived; BodyUnavailable once the next part was asked for."""
        return await self._parts.next_chunk(self._head)

    async def read(self) -> bytes:
        """All its bytes, for small parts: LimitExceeded (413) over `Limits.max_field_size`."""
        content = bytearray()
        limit = self._limits.max_field_size
        async for chunk in self:
            content += chunk
            if len(content) > limit:
                detail = f"a part that is read at once is larger than {limit} bytes"
                raise LimitExceeded(413, "max_field_size", limit, detail)
        return bytes(content)

    async def text(self) -> str:
        """`read()` as text, by the charset of its Content-Type, or else UTF-8."""
        return self._head.text(await self.read())

    def __repr__(self) -> str:
        return f"Part({self.name!r}, filename={self.filename!r})"


class Parts(AsyncIterator[Part]):
    """The parts of a multipart body in order; what is not read of one is skipped for the next."""

    __slots__ = ("_chunks", "_events", "_head", "_limits", "_parser")

    def __init__(self, chunks: AsyncIterator[bytes], boundary: bytes, limits: Limits) -> None:
        self._chunks = chunks
        self._limits = limits
        self._parser = FormParser(boundary, limits)
        self._events: Iterator[Event] = iter(())
        self._head: PartHead | None = None

    async def __anext__(self) -> Part:
        """The next part; StopAsyncIteration once the body is complete."""
        while not isinstance(event := await self._next_event(), PartHead):
            pass
        self._head = event
        return Part(event, self, self._limits)

    async def next_chunk(self, head: PartHead) -> bytes:
        """The next bytes of this part, as long as it is the one that arrives."""
        if head is not self._head:
            raise BodyUnavailable("the rest of this part was skipped: read it before the next one")
        if head.complete:
            raise StopAsyncIteration
        event = await self._next_event()
        if not isinstance(event, bytes):  # None, the end of the part
            raise StopAsyncIteration
        return event

    async def _next_event(self) -> Event:
        while True:
            for event in self._events:
                if isinstance(event, bytes) and self._head is not None:
                    self._head.check_size()
                return event
            chunk = await anext(self._chunks, None)
            if chunk is None:
                self._parser.finish()
                raise StopAsyncIteration
            self._events = self._parser.events(chunk)
