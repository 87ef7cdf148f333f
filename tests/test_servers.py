"""The first example behind every server, over real sockets."""

import signal
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPResponse

import pytest

from framework.types import Receive, Scope, Send
from tests.servers import COMMANDS, Server, StartError, serve

TARGET = "examples.hello:app"
CLEAN_EXITS = {0, -signal.SIGTERM}  # uvicorn ends by the signal that stopped it


@pytest.fixture(scope="module", params=COMMANDS)
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    with serve(request.param, TARGET) as running:
        yield running


@pytest.fixture
def client(server: Server) -> Iterator[HTTPConnection]:
    connection = server.connect()
    yield connection
    connection.close()


def ask(client: HTTPConnection, method: str, path: str) -> tuple[HTTPResponse, bytes]:
    client.request(method, path)
    response = client.getresponse()
    return response, response.read()


def test_a_text_route_answers(client: HTTPConnection) -> None:
    response, body = ask(client, "GET", "/")
    assert (response.status, body) == (200, b"Hello, World!")
    assert response.headers.get_content_type() == "text/plain"
    assert response.headers["content-length"] == "13"


def test_an_int_parameter_reaches_the_handler(client: HTTPConnection) -> None:
    response, body = ask(client, "GET", "/users/7")
    assert (response.status, body.replace(b" ", b"")) == (200, b'{"id":7}')
    assert response.headers.get_content_type() == "application/json"


def test_a_parameter_that_is_no_int_is_not_found(client: HTTPConnection) -> None:
    response, _ = ask(client, "GET", "/users/x")
    assert response.status == 404


def test_head_sends_the_headers_of_get_and_no_body(client: HTTPConnection) -> None:
    response, body = ask(client, "HEAD", "/")
    assert (response.status, body) == (200, b"")
    assert response.headers["content-length"] == "13"
    # A body on the wire would stand where the next response begins.
    assert ask(client, "GET", "/")[1] == b"Hello, World!"


def test_a_method_without_a_route_is_refused_with_those_that_have_one(
    client: HTTPConnection,
) -> None:
    response, _ = ask(client, "POST", "/")
    assert response.status == 405
    assert set(response.headers["allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}


def test_the_connection_is_kept_alive_after_answers_and_errors(client: HTTPConnection) -> None:
    ask(client, "GET", "/")
    first = client.sock
    for method, path in [("GET", "/users/7"), ("GET", "/nothing"), ("POST", "/"), ("GET", "/")]:
        ask(client, method, path)
        assert client.sock is first


@pytest.mark.parametrize("name", COMMANDS)
def test_a_server_stops_cleanly_and_logs_no_error(name: str) -> None:
    with serve(name, TARGET) as server:
        client = server.connect()
        for path in ["/", "/users/7", "/users/x"]:
            ask(client, "GET", path)
        client.close()
        assert server.stop() in CLEAN_EXITS
        assert "Traceback" not in server.log()
        assert "error" not in server.log().lower()


def test_a_server_that_exits_at_once_is_reported_with_its_log() -> None:
    with pytest.raises(StartError, match="no_such_module"):
        serve("uvicorn-h11", "examples.no_such_module:app").__enter__()


async def silent(scope: Scope, receive: Receive, send: Send) -> None:
    """Nothing that ASGI allows: not even the lifespan is answered."""


def test_what_an_app_breaks_fails_the_test_when_it_ends() -> None:
    with (
        pytest.raises(AssertionError, match="the app broke 'ASGI Lifespan"),
        serve("uvicorn-h11", "tests.test_servers:silent"),
    ):
        pass
    with serve("uvicorn-h11", "tests.test_servers:silent", is_checked=False):
        pass


def test_a_server_that_takes_too_long_is_reported() -> None:
    with pytest.raises(StartError, match="does not accept"):
        serve("uvicorn-h11", TARGET, patience=0).__enter__()
