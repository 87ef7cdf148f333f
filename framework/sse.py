"""Server-sent events: a response that a page reads with `new EventSource(url)`.

The format is `_wire/events`; how a stream ends when the client goes or the app stops, `streaming`.
"""

from collections.abc import AsyncIterable, Iterable
from contextlib import suppress
from typing import Any, ClassVar, Final, cast

from framework._until import UntilDisconnect
from framework._wire.events import format_data, format_head
from framework._wire.json import JSONCodec
from framework.limits import check_seconds
from framework.responses import STANDARD_JSON, Background, HeadersInit
from framework.streaming import StreamingResponse
from framework.types import Send

__all__ = ["EventSourceResponse", "ServerSentEvent"]

PING = format_head(None, None, None, "ping").encode() + b"\n"


class ServerSentEvent:
    """One event. `data` is text, or anything else that is sent as JSON; the other fields are optional.

    `id` comes back as `request.last_event_id` when the browser connects again, after `retry`
    milliseconds. Text with several lines is sent as such; `event` and `id` are single lines
    (ValueError), and nothing in any field begins a field of its own.
    """

    __slots__ = ("_head", "data", "event", "id")

    def __init__(
        self,
        data: Any = None,
        *,
        event: str | None = None,
        id: str | int | None = None,
        retry: int | None = None,
        comment: str | None = None,
    ) -> None:
        if not (retry is None or (isinstance(retry, int) and retry >= 0)):  # type: ignore[redundant-expr]
            raise ValueError(f"retry={retry!r}: give milliseconds, an integer of 0 or more")
        self.data: Any = data
        self.event: Final[str | None] = event
        self.id: Final[str | None] = id if id is None or isinstance(id, str) else str(id)
        self._head = format_head(event, self.id, retry, comment)

    def encode(self, codec: JSONCodec = STANDARD_JSON) -> bytes:
        """The event as it is sent."""
        data = self.data
        if data is None:
            return f"{self._head}\n".encode()
        if not isinstance(data, str):
            data = codec.encode(data).decode()
        return format_data(data, self._head)


FIELDS = frozenset({"comment", "data", "event", "id", "retry"})
EFFECTIVE = frozenset({"comment", "data", "retry"})
"""What an event is sent for: of one that has none of these a browser tells nobody."""


class EventSourceResponse(StreamingResponse):
    """Sends what an iterable yields as events: ServerSentEvent, str for mere data, or a dict.

    A dict holds the fields of an event by name (`{"data": ..., "event": ...}`); one with any other key,
    or without data, comment and retry, is itself the data, sent as JSON. Before `ping` seconds of
    silence (None: never) are over a comment is sent, so that proxies keep the connection. The stream
    ends at once when the client goes, or the app is about to stop: a browser then connects again.
    """

    __slots__ = ("_idle_since", "_ping_by", "_rendered", "codec", "ping")

    media_type: ClassVar[str | None] = "text/event-stream"
    ends_at_shutdown: ClassVar[bool] = True

    def __init__(
        self,
        content: AsyncIterable[Any] | Iterable[Any],
        status_code: int = 200,
        headers: HeadersInit | None = None,
        media_type: str | None = None,
        background: Background | None = None,
        *,
        ping: float | None = 15,
        codec: JSONCodec = STANDARD_JSON,
    ) -> None:
        if ping is not None:
            check_seconds("EventSourceResponse", "ping", ping)
        self.codec: JSONCodec = codec
        self.ping: float | None = ping
        self._rendered = 0  # events
        self._idle_since = -1  # that many
        super().__init__(content, status_code, headers, media_type, background)
        # Neither kept nor transformed on the way (RFC 9111 section 5.2.2), compressed for instance, which
        # holds events back; the second is what nginx listens to.
        self._default((b"cache-control", b"no-store, no-transform"))
        self._default((b"x-accel-buffering", b"no"))

    def render(self, content: Any) -> bytes:
        """One event."""
        self._rendered += 1
        if isinstance(content, str):
            return format_data(content)
        if isinstance(content, ServerSentEvent):
            return content.encode(self.codec)
        if isinstance(content, dict):
            return _event_of(cast("dict[str, Any]", content)).encode(self.codec)
        raise TypeError(
            f"an event stream yields ServerSentEvent, str or dict, not {type(content).__name__}: "
            "ServerSentEvent(data=...) sends anything as JSON"
        )

    def _attend(self, send: Send, block: UntilDisconnect) -> None:
        if self.ping is not None:
            self._ping_by = send
            block.every(self.ping / 2, self)

    def _is_due(self) -> bool:
        """Whether there was no event since the last time."""
        is_idle, self._idle_since = self._rendered == self._idle_since, self._rendered
        return is_idle

    async def _act(self) -> None:
        """Send the comment that keeps the connection."""
        # HTTP spec 2.4: an OSError is a client that has gone, of which the stream learns itself.
        with suppress(OSError):
            await self._ping_by({"type": "http.response.body", "body": PING, "more_body": True})


def _event_of(fields: dict[str, Any]) -> ServerSentEvent:
    is_event = FIELDS.issuperset(fields) and not EFFECTIVE.isdisjoint(fields)
    return ServerSentEvent(**fields) if is_event else ServerSentEvent(fields)
