"""Server-sent events: a response that a page reads with `new EventSource(url)`.

The format is `_wire/events`; how a stream ends when the client goes or the app stops, `streaming`.
"""

from collections.abc import AsyncIterable, Iterable
from contextlib import suppress
from typing import Any, ClassVar, Final, cast

from framework._until import UntilDisconnect
from framework._wire.events import as_line, format_event, format_rest
from framework._wire.json import JSONCodec
from framework.limits import check_seconds
from framework.responses import STANDARD_JSON, Background, HeadersInit
from framework.streaming import StreamingResponse
from framework.types import Send

__all__ = ["EventSourceResponse", "ServerSentEvent"]

PING = b": ping\n\n"


class ServerSentEvent:
    """One event. `data` is text, or anything else that is sent as JSON; the other fields are optional.

    `id` comes back as `request.last_event_id` when the browser connects again, after `retry`
    milliseconds. Text with several lines is sent as such; `event` and `id` are single lines
    (ValueError), and nothing in any field begins a field of its own.
    """

    __slots__ = ("_rest", "data", "event", "id")

    def __init__(
        self,
        data: Any = None,
        *,
        event: str | None = None,
        id: str | int | None = None,
        retry: int | None = None,
        comment: str | None = None,
    ) -> None:
        # What is printable is a line: for most events there is nothing more to be looked at.
        if event is not None and (type(event) is not str or not event.isprintable()):
            event = as_line("event", event)
        if id is not None and (type(id) is not str or not id.isprintable()):
            id = as_line("id", id)
        self.data: Any = data
        self.event: Final[str | None] = event
        self.id: Final[str | None] = id
        self._rest = "" if retry is None and comment is None else format_rest(retry, comment)

    def encode(self, codec: JSONCodec = STANDARD_JSON) -> bytes:
        """The event as it is sent."""
        data = self.data
        if not (data is None or isinstance(data, str)):
            data = codec.encode(data).decode()
        return format_event(data, self.event, self.id, self._rest)


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

    __slots__ = ("_is_idle", "_ping_by", "codec", "ping")

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
        self._is_idle = False
        super().__init__(content, status_code, headers, media_type, background)
        # Neither kept nor transformed on the way (RFC 9111 section 5.2.2), compressed for instance, which
        # holds events back; the second is what nginx listens to.
        self._default((b"cache-control", b"no-store, no-transform"))
        self._default((b"x-accel-buffering", b"no"))

    def render(self, content: Any) -> bytes:
        """One event."""
        self._is_idle = False
        if type(content) is ServerSentEvent and type(content.data) is str:  # most are: a frame less
            return format_event(content.data, content.event, content.id, content._rest)
        if isinstance(content, ServerSentEvent):
            return content.encode(self.codec)
        if isinstance(content, str):
            return format_event(content)
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
        is_idle, self._is_idle = self._is_idle, True
        return is_idle

    async def _act(self) -> None:
        """Send the comment that keeps the connection."""
        # HTTP spec 2.4: an OSError is a client that has gone, of which the stream learns itself.
        with suppress(OSError):
            await self._ping_by({"type": "http.response.body", "body": PING, "more_body": True})


def _event_of(fields: dict[str, Any]) -> ServerSentEvent:
    is_event = FIELDS.issuperset(fields) and not EFFECTIVE.isdisjoint(fields)
    return ServerSentEvent(**fields) if is_event else ServerSentEvent(fields)
