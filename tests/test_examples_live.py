"""The chat and the dashboard on real servers: what members and viewers get, and what they cost."""

import base64
import json
import secrets
import socket
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from tests.leftovers import memory_of
from tests.servers import HOST, Server, serve

# The chat


@pytest.fixture(params=["uvicorn-httptools", "hypercorn-trio"])
def name(request: pytest.FixtureRequest) -> str:
    """Name a server for each backend."""
    return str(request.param)


@pytest.fixture
def chat(name: str) -> Generator[Server]:
    with serve(name, "examples.chat:app") as server:
        yield server
        assert "Traceback" not in server.log()


@contextmanager
def member(server: Server, who: str, room: str = "lobby") -> Generator[ClientConnection]:
    """Be in a room; the block begins when the room has heard of it."""
    url = f"ws://{HOST}:{server.port}/rooms/{quote(room)}?who={quote(who)}"
    origin = {"Origin": f"http://{HOST}:{server.port}"}
    with connect(url, additional_headers=origin) as connection:
        assert heard(connection) == ("joined", who, "")
        yield connection


def heard(connection: ClientConnection) -> tuple[str, str, str]:
    message = json.loads(connection.recv(timeout=10))
    return message["kind"], message["who"], message["text"]


def test_members_of_a_room_hear_each_other_come_speak_and_go(chat: Server) -> None:
    with member(chat, "Åsa") as one:
        with member(chat, "Bob") as two:
            assert heard(one) == ("joined", "Bob", "")
            one.send("né <b>à</b> Nîmes")
            assert heard(one) == heard(two) == ("said", "Åsa", "né <b>à</b> Nîmes")
            two.send('"')
            assert heard(one) == heard(two) == ("said", "Bob", '"')
        assert heard(one) == ("left", "Bob", "")


def test_rooms_hear_nothing_of_each_other(chat: Server) -> None:
    with member(chat, "a", "Küche") as one, member(chat, "b", "lobby") as two:
        two.send("x")
        assert heard(two) == ("said", "b", "x")
        one.send("y")
        assert heard(one) == ("said", "a", "y")


def test_who_has_no_name_is_somebody(chat: Server) -> None:
    url = f"ws://{HOST}:{chat.port}/rooms/lobby?who=%20"
    with connect(url) as connection:
        assert heard(connection) == ("joined", "somebody", "")


def test_a_page_of_another_site_joins_no_room(chat: Server) -> None:
    url = f"ws://{HOST}:{chat.port}/rooms/lobby"
    with pytest.raises(InvalidStatus, match="403"):
        connect(url, additional_headers={"Origin": "https://evil.example"})


def test_who_says_too_much_at_once_is_closed_with_1009(chat: Server) -> None:
    with member(chat, "a") as one:
        one.send("x" * 16_385)
        with pytest.raises(ConnectionClosed) as closed:
            one.recv(timeout=10)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1009


def test_a_chat_that_stops_sends_its_members_away_to_come_again(chat: Server) -> None:
    with member(chat, "a") as one:
        chat.stop()
        with pytest.raises(ConnectionClosed) as closed:
            one.recv(timeout=10)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1012


def test_a_member_that_does_not_read_is_closed_and_takes_no_memory(chat: Server) -> None:
    key = base64.b64encode(secrets.token_bytes(16)).decode()
    handshake = (
        f"GET /rooms/lobby?who=slow HTTP/1.1\r\nhost: {HOST}\r\nconnection: upgrade\r\n"
        f"upgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: {key}\r\n\r\n"
    )
    with member(chat, "loud") as loud, socket.socket() as slow:
        slow.settimeout(10)
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.connect((HOST, chat.port))
        slow.sendall(handshake.encode())
        assert heard(loud) == ("joined", "slow", "")
        before = memory_of(chat.process.pid)
        messages = list[tuple[str, str, str]]()
        for _ in range(400):
            loud.send("x" * 16_000)
            messages.append(heard(loud))
        assert memory_of(chat.process.pid) - before < 4 * 1024**2
        last = b""
        while b"too slow" not in last:
            received = slow.recv(65536)
            assert received
            last = last[-10:] + received
        assert last.endswith((1013).to_bytes(2) + b"too slow")
        # Some servers finish first what they send: there it has left only when it reads again.
        left = ("left", "slow", "")
        assert left in messages or left in iter(lambda: heard(loud), None)


# The dashboard


@pytest.fixture
def dashboard(name: str, monkeypatch: pytest.MonkeyPatch) -> Generator[Server]:
    monkeypatch.setenv("DASHBOARD_INTERVAL", "0.01")
    with serve(name, "examples.dashboard:app") as server:
        yield server
        assert "Traceback" not in server.log()


@contextmanager
def viewer(server: Server, last_id: str | None = None) -> Generator[Iterator[dict[str, Any]]]:
    """Open the stream of events while the block runs; it is read as far as the iterator is."""
    headers = {} if last_id is None else {"last-event-id": last_id}
    url = f"http://{HOST}:{server.port}/events"

    def events(lines: Iterator[str]) -> Iterator[dict[str, Any]]:
        fields = dict[str, str]()
        for line in lines:
            if line:
                field, _, value = line.partition(": ")
                fields[field] = value
            else:
                yield {**fields, "data": json.loads(fields["data"])}

    with httpx.stream("GET", url, headers=headers, timeout=10) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        yield events(answer.iter_lines())


def numbers(events: Iterator[dict[str, Any]], count: int) -> list[int]:
    """The last part of the ids of the next events."""
    return [int(event["id"].partition("-")[2]) for event in islice(events, count)]


def viewers(events: Iterator[dict[str, Any]]) -> Iterator[int]:
    """What the events of the next ten seconds say of how many viewers there are."""
    return (
        event["data"]["viewers"] for event in islice(events, 2000) if event["event"] == "process"
    )


def test_viewers_get_named_events_with_ids(dashboard: Server) -> None:
    with viewer(dashboard) as one, viewer(dashboard) as two:
        orders, process = islice(one, 2)
        assert (orders["event"], process["event"]) == ("orders", "process")
        assert isinstance(orders["data"], int)
        assert process["data"].keys() == {"pid", "processor", "memory", "delay", "viewers"}
        assert process["data"]["memory"] > 10
        assert numbers(one, 20) == [*range(3, 23)]
        assert numbers(two, 20) == [*range(1, 21)]


def test_the_viewers_are_counted(dashboard: Server) -> None:
    with viewer(dashboard) as one:
        with viewer(dashboard):
            assert 2 in viewers(one)
        assert 1 in viewers(one)


def test_a_viewer_that_comes_again_gets_what_it_has_missed(dashboard: Server) -> None:
    with viewer(dashboard) as one:
        seen = [event["id"] for event in islice(one, 10)]
    with viewer(dashboard, seen[4]) as again:
        assert [event["id"] for event in islice(again, 5)] == seen[5:]
        assert numbers(again, 20) == [*range(11, 31)]


def test_a_viewer_that_comes_late_gets_what_is_kept(dashboard: Server) -> None:
    with viewer(dashboard) as one:
        assert numbers(one, 300) == [*range(1, 301)]
    for last_id in (None, "1", "-1", "other-7"):
        with viewer(dashboard, last_id) as late:
            first, *others = numbers(late, 250)
            assert first > 300 - 240
            assert others == [*range(first + 1, first + 250)]


def test_a_server_that_stops_ends_the_stream(dashboard: Server) -> None:
    with viewer(dashboard) as one:
        next(one)
        begun = time.monotonic()
        dashboard.stop()
        assert time.monotonic() - begun < 5
        assert all(event["event"] in ("orders", "process") for event in one)
