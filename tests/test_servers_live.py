"""What a client sees of streams, disconnects, errors and sockets, on every real server."""

import re
import socket
from collections.abc import Generator

import httpx
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from tests.servers import COMMANDS, HOST, Server, serve
from tests.waiting import until


@pytest.fixture(scope="module", params=sorted(COMMANDS))
def server(request: pytest.FixtureRequest) -> Generator[Server]:
    with serve(request.param, "tests.served:app") as server:
        yield server


@pytest.fixture
def client(server: Server) -> Generator[httpx.Client]:
    with httpx.Client(base_url=f"http://{HOST}:{server.port}", timeout=10) as client:
        yield client


def wait_for(client: httpx.Client, event: str, times: int = 1) -> None:
    """Wait until the app has counted an event so many times."""
    until(lambda: client.get("/events").json().get(event, 0) >= times)


def leave_after(server: Server, request: bytes, wanted: bytes) -> None:
    """Send a request by hand, wait for a part of the answer, and go."""
    with socket.create_connection((HOST, server.port), timeout=10) as raw:
        raw.sendall(request)
        received = b""
        while wanted not in received:
            received += raw.recv(65536)


def test_a_stream_is_closed_when_its_client_goes(server: Server, client: httpx.Client) -> None:
    leave_after(server, b"GET /ticks HTTP/1.1\r\nhost: x\r\n\r\n", b"3\n")
    wait_for(client, "ticks closed")


@pytest.mark.parametrize("path", ["/asked", "/attended"])
def test_a_client_that_was_watched_is_not_taken_for_gone(server: Server, path: str) -> None:
    for _ in range(20):  # on a new connection each
        answer = httpx.get(f"http://{HOST}:{server.port}{path}")
        assert (answer.status_code, answer.text) == (200, "late")


def test_a_stream_that_idles_is_closed_when_its_client_goes(
    server: Server, client: httpx.Client
) -> None:
    leave_after(server, b"GET /idle HTTP/1.1\r\nhost: x\r\n\r\n", b"begun")
    wait_for(client, "idle closed")


def test_a_handler_that_asks_learns_that_its_client_has_gone(
    server: Server, client: httpx.Client
) -> None:
    with socket.create_connection((HOST, server.port), timeout=10) as raw:
        raw.sendall(b"GET /wait HTTP/1.1\r\nhost: x\r\n\r\n")
        wait_for(client, "waiting")
    wait_for(client, "client gone")


def test_an_unexpected_error_is_a_500_without_detail(client: httpx.Client) -> None:
    answer = client.get("/boom")
    assert answer.status_code == 500
    assert answer.headers["connection"] == "close"
    assert "secret" not in answer.text
    assert client.get("/thread/next").text == "next"


def test_an_unexpected_error_is_logged_with_one_traceback_and_one_line(
    server: Server, client: httpx.Client
) -> None:
    client.get("/boom")
    until(
        lambda: (
            server.log().count("LookupError: a secret")
            >= server.log().count("GET /boom: unhandled")
        )
    )
    log = server.log()
    assert log.count("LookupError: a secret") == log.count("GET /boom: unhandled LookupError")


def test_a_stream_that_fails_does_not_look_complete(server: Server, client: httpx.Client) -> None:
    if "daphne" in str(server.process.args):
        pytest.skip("daphne neither ends a response that has begun nor closes its connection")
    with pytest.raises(httpx.RemoteProtocolError):
        client.get("/half")
    assert client.get("/thread/next").text == "next"


def test_a_body_is_sent_back_while_it_arrives(client: httpx.Client) -> None:
    chunks = [bytes([n]) * 5000 for n in range(10)]
    assert client.post("/echo", content=iter(chunks)).content == b"".join(chunks)


def test_a_body_over_the_limit_is_refused(client: httpx.Client) -> None:
    assert client.post("/size", content=b"x" * 100_000).json() == {"size": 100_000}
    assert client.post("/size", content=b"x" * 100_001).status_code == 413
    assert client.post("/size", content=iter([b"x" * 60_000] * 2)).status_code == 413
    assert client.get("/thread/next").text == "next"


def test_a_percent_encoded_slash_stays_in_its_parameter(client: httpx.Client) -> None:
    assert client.get("/thread/a%2Fb%20%C3%A4").text == "a/b ä"
    assert client.get("/thread/%FF").status_code == 404


def test_the_state_of_the_lifespan_reaches_a_request(client: httpx.Client, server: Server) -> None:
    answer = client.get("/state")
    if "daphne" in str(server.process.args):  # it has no lifespan
        assert answer.status_code == 500
    else:
        assert answer.text == "hello"


def test_a_socket_carries_messages_both_ways(server: Server, client: httpx.Client) -> None:
    before = client.get("/events").json().get("socket closed", 0)
    with connect(f"ws://{HOST}:{server.port}/sockets/blue") as socket:
        socket.send("one")
        socket.send("two")
        assert socket.recv() == "blue: one"
        assert socket.recv() == "blue: two"
    wait_for(client, "socket closed", before + 1)


@pytest.mark.parametrize(("path", "statuses"), [("/refused", {403}), ("/none", {403, 404})])
def test_a_socket_is_refused_by_a_status(server: Server, path: str, statuses: set[int]) -> None:
    with pytest.raises(InvalidStatus) as refusal:
        connect(f"ws://{HOST}:{server.port}{path}")
    assert refusal.value.response.status_code in statuses


def test_no_other_exception_was_logged(server: Server, client: httpx.Client) -> None:
    client.get("/boom")
    logged = set(
        re.findall(
            r"^[ |]*([A-Za-z_.]+(?:Error|Exception|Disconnect)):", server.log(), re.MULTILINE
        )
    )
    assert logged <= {"AttributeError", "LookupError"}
