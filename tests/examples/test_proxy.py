"""examples/proxy.py between a real client and a real server, which is `tests.behind`."""

import socket
from collections.abc import Generator, Iterator
from contextlib import suppress

import httpx
import pytest

from tests.behind import PIECE, PIECES
from tests.leftovers import memory_of, settled
from tests.servers import HOST, Server, free_port, serve

UPSTREAM = "uvicorn-httptools"


@pytest.fixture(scope="module")
def behind() -> Generator[Server]:
    """The server that the proxy asks."""
    with serve(UPSTREAM, "tests.behind:app") as server:
        yield server


@pytest.fixture(scope="module", params=["uvicorn-httptools", "hypercorn-trio", "granian"])
def proxy(request: pytest.FixtureRequest, behind: Server) -> Generator[Server]:
    """The proxy on servers of both backends."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PROXY_UPSTREAM", f"http://{HOST}:{behind.port}")
        patch.setenv("PROXY_TIMEOUT", "2")
        patch.setenv("FORWARDED_ALLOW_IPS", "10.0.0.1")  # uvicorn believes 127.0.0.1 by default
        with serve(request.param, "examples.proxy:app") as server:
            yield server


@pytest.fixture
def client(proxy: Server) -> Generator[httpx.Client]:
    with httpx.Client(base_url=f"http://{HOST}:{proxy.port}", timeout=10) as client:
        yield client


def left(client: httpx.Client, what: str) -> int:
    """How often clients have left something at the upstream."""
    told: list[str] = client.get("/left").json()
    return told.count(what)


@pytest.mark.parametrize("path", ["/told/", "/told/a%2Fb//c%20%C3%A9/", "/told/;x=1", "/told/%25"])
@pytest.mark.parametrize("query", ["", "a=1&a=%26&b", "next=//evil.example?"])
def test_a_request_arrives_as_it_was_sent(client: httpx.Client, path: str, query: str) -> None:
    url = client.base_url.copy_with(raw_path=f"{path}?{query}".encode())
    told = client.request("GET", url).json()
    assert (told["path"], told["query"]) == (url.raw_path.decode().partition("?")[0], query)
    assert told["body"] == ""


@pytest.mark.parametrize("method", ["DELETE", "OPTIONS", "PATCH", "POST", "PUT", "QUERY"])
def test_methods_and_bodies_go_through(client: httpx.Client, method: str) -> None:
    told = client.request(method, "/told/", content="né").json()
    assert (told["method"], told["body"]) == (method, "né")
    assert dict(told["fields"])["content-length"] == "3"
    assert client.request(method, "/told/").json()["body"] == ""


def test_a_body_of_unknown_length_stays_one(client: httpx.Client) -> None:
    told = client.post("/told/", content=iter([b"a", b"b"])).json()
    assert told["body"] == "ab"
    assert "content-length" not in dict(told["fields"])


def test_what_is_about_the_connection_ends_at_the_proxy(client: httpx.Client) -> None:
    sent = {
        "connection": "x-hop, keep-alive",
        "x-hop": "1",
        "te": "trailers",
        "keep-alive": "timeout=5",
        "proxy-authorization": "Basic YTpi",
        "cookie": "a=1",
        "accept-encoding": "br",
    }
    fields = dict(client.get("/told/", headers=sent).json()["fields"])
    assert {*fields} & {"x-hop", "te", "keep-alive", "proxy-authorization"} == set()
    assert (fields["cookie"], fields["accept-encoding"]) == ("a=1", "br")


def test_the_upstream_learns_who_asked_and_nobody_can_lie_about_it(
    client: httpx.Client, behind: Server, proxy: Server
) -> None:
    lies = {"x-forwarded-for": "6.6.6.6", "forwarded": "for=6.6.6.6", "x-forwarded-proto": "https"}
    fields: list[list[str]] = client.get("/told/", headers=lies).json()["fields"]
    host = f"{HOST}:{proxy.port}"
    said = [(name, value) for name, value in fields if "forwarded" in name or name == "host"]
    assert said == [
        ("host", f"{HOST}:{behind.port}"),
        ("forwarded", f'for={HOST};host="{host}";proto=http'),
        ("x-forwarded-for", HOST),
        ("x-forwarded-host", host),
        ("x-forwarded-proto", "http"),
    ]


def test_an_answer_comes_back_as_it_is(client: httpx.Client) -> None:
    answer = client.get("/fields")
    assert (answer.status_code, answer.content) == (418, b"teapot")
    assert answer.headers.get_list("set-cookie") == ["a=1", "b=2"]
    assert [value for name, value in answer.headers.raw if name.lower() == b"x-end"] == [b"caf\xe9"]
    assert "x-hop" not in answer.headers
    assert len(answer.headers.get_list("date")) == 1


def test_one_client_gets_nothing_of_the_cookies_of_another(client: httpx.Client) -> None:
    client.get("/fields")
    client.cookies.clear()
    assert "cookie" not in dict(client.get("/told/").json()["fields"])


def test_answers_without_a_body_give_their_connection_back(client: httpx.Client) -> None:
    for _ in range(250):  # more than the proxy has
        assert client.head("/told/").headers["content-type"].startswith("application/json")
    assert client.get("/nothing").status_code == 204


def test_large_bodies_take_no_memory_in_either_direction(
    client: httpx.Client, proxy: Server
) -> None:
    client.put("/upload", content=PIECE)
    before = memory_of(proxy.process.pid)
    most = before
    size = PIECES * len(PIECE)

    def pieces() -> Iterator[bytes]:
        nonlocal most
        for _ in range(PIECES):
            yield PIECE
            most = max(most, memory_of(proxy.process.pid))

    assert client.put("/upload", content=pieces()).json() == size
    with client.stream("GET", "/download") as answer:
        received = 0
        for chunk in answer.iter_raw():
            received += len(chunk)
            most = max(most, memory_of(proxy.process.pid))
    assert received == size
    assert most - before < 16 * 1024**2


def test_a_client_that_reads_nothing_stops_the_upstream(
    client: httpx.Client, proxy: Server
) -> None:
    with socket.create_connection((HOST, proxy.port)) as slow:
        slow.sendall(b"GET /download HTTP/1.1\r\nhost: a\r\n\r\n")
        assert slow.recv(1000)
        before = memory_of(proxy.process.pid)
        assert settled(lambda: memory_of(proxy.process.pid) - before, 8 * 1024**2) < 8 * 1024**2


@pytest.mark.parametrize("path", ["/endless", "/slow"])
def test_a_client_that_leaves_ends_the_request_at_the_upstream(
    client: httpx.Client, proxy: Server, path: str
) -> None:
    before = left(client, path[1:])
    with socket.create_connection((HOST, proxy.port)) as going:
        going.sendall(f"GET {path} HTTP/1.1\r\nhost: a\r\n\r\n".encode())
        going.settimeout(0.5)
        with suppress(TimeoutError):
            going.recv(1000)
    assert settled(lambda: before - left(client, path[1:]), -1) == -1


def test_an_upstream_that_takes_too_long_is_a_504(client: httpx.Client) -> None:
    answer = client.get("/slow")
    assert (answer.status_code, answer.json()["title"]) == (504, "Gateway Timeout")


def test_an_answer_that_breaks_off_does_not_look_whole(client: httpx.Client) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        client.get("/broken")


def test_an_upstream_that_is_not_there_is_a_502(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROXY_UPSTREAM", f"http://{HOST}:{free_port()}")
    with serve("uvicorn-h11", "examples.proxy:app") as server:
        answer = httpx.get(f"http://{HOST}:{server.port}/")
        assert (answer.status_code, answer.json()["title"]) == (502, "Bad Gateway")
        assert "Traceback" not in server.log()
