"""A client of HTTP/2 without TLS, which shows all that belongs to one answer; no test lives here."""

import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import (
    DataReceived,
    Event,
    InformationalResponseReceived,
    PushedStreamReceived,
    ResponseReceived,
    StreamEnded,
    TrailersReceived,
)

from tests.servers import HOST

Fields = dict[str, str]


@dataclass(slots=True)
class Exchanged:
    """One stream: what came before the answer, the answer, and what came after it."""

    hints: list[Fields] = field(default_factory=list[Fields])
    promises: dict[int, Fields] = field(default_factory=dict[int, Fields])
    """The requests that the server answers unasked, by their streams."""
    headers: Fields = field(default_factory=Fields)
    body: bytes = b""
    trailers: Fields = field(default_factory=Fields)
    ended: bool = False


class Client:
    """One connection, on which it is known that the server speaks HTTP/2 (RFC 9113 section 3.3)."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection((HOST, port), timeout=10)
        self.connection = H2Connection(H2Configuration(client_side=True, header_encoding="utf-8"))
        self.connection.initiate_connection()
        self.streams: dict[int, Exchanged] = {}
        self.authority = f"{HOST}:{port}"

    def __enter__(self) -> "Client":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.socket.close()

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> Exchanged:
        """Ask, and wait for the end of the answer and of all that was pushed with it."""
        stream = self.connection.get_next_available_stream_id()
        fields = {
            ":method": "GET",
            ":scheme": "http",
            ":authority": self.authority,
            ":path": path,
            **(headers or {}),
        }
        self.connection.send_headers(stream, [*fields.items()], end_stream=True)
        answer = self.streams[stream] = Exchanged()
        while not (answer.ended and all(self.streams[n].ended for n in answer.promises)):
            self.socket.sendall(self.connection.data_to_send())
            received = self.socket.recv(65536)
            assert received, "the server has closed the connection"
            for event in self.connection.receive_data(received):
                self._take(event)
        return answer

    def _take(self, event: Event) -> None:
        if isinstance(event, InformationalResponseReceived):
            self.streams[event.stream_id].hints.append(fields_of(event))
        elif isinstance(event, PushedStreamReceived):
            stream = event.pushed_stream_id or 0
            self.streams[stream] = Exchanged()
            self.streams[event.parent_stream_id or 0].promises[stream] = fields_of(event)
        elif isinstance(event, ResponseReceived):
            self.streams[event.stream_id].headers = fields_of(event)
        elif isinstance(event, DataReceived):
            self.streams[event.stream_id].body += event.data
            self.connection.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, TrailersReceived):
            self.streams[event.stream_id].trailers = fields_of(event)
        elif isinstance(event, StreamEnded):
            self.streams[event.stream_id].ended = True


def fields_of(
    event: InformationalResponseReceived
    | PushedStreamReceived
    | ResponseReceived
    | TrailersReceived,
) -> Fields:
    """The fields of a message, of each name the last."""
    return {str(name): str(value) for name, value in event.headers or ()}
