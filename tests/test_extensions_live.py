"""The extensions of ASGI on every real server: what those do with them that have them, and the others."""

import hashlib
import json
import socket
from collections.abc import Generator
from pathlib import Path

import httpx
import pytest

from tests.h2c import Client
from tests.leftovers import settled
from tests.servers import COMMANDS, HOST, Server, serve

OVER_HTTP_1: dict[str, list[str]] = {"granian": ["http.response.pathsend"]}

HYPERCORN = ["http.response.early_hint", "http.response.push", "http.response.trailers"]
OVER_HTTP_2 = {
    "granian": ["http.response.pathsend"],
    "hypercorn-asyncio": HYPERCORN,
    "hypercorn-trio": HYPERCORN,
}

CONTENT = b"".join(b"%d\n" % number for number in range(450_000))  # about 3 MiB


@pytest.fixture(scope="module", params=sorted(COMMANDS))
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def server(name: str) -> Generator[Server]:
    with serve(name, "tests.offering:app") as server:
        yield server


@pytest.fixture
def client(server: Server) -> Generator[httpx.Client]:
    with httpx.Client(base_url=f"http://{HOST}:{server.port}", timeout=10) as client:
        yield client


@pytest.fixture
def over_http_2(name: str, server: Server) -> Generator[Client]:
    if name not in OVER_HTTP_2:
        pytest.skip(f"{name} does not speak HTTP/2 without TLS")
    with Client(server.port) as client:
        yield client


def test_what_a_server_offers_over_http_1(name: str, client: httpx.Client) -> None:
    assert client.get("/offered").json() == OVER_HTTP_1.get(name, [])


@pytest.mark.parametrize("size", [0, 1, 300_000, len(CONTENT)])
def test_a_file_arrives_whole(client: httpx.Client, tmp_path: Path, size: int) -> None:
    path = tmp_path / "ä file.css"
    path.write_bytes(CONTENT[:size])
    for method in ("GET", "HEAD", "GET"):
        answer = client.request(method, "/file", params={"path": str(path)})
        assert answer.status_code == 200
        assert answer.headers["content-length"] == str(size)
        assert answer.headers["content-type"] == "text/css; charset=utf-8"
        sent = b"" if method == "HEAD" else CONTENT[:size]
        assert hashlib.sha256(answer.content).digest() == hashlib.sha256(sent).digest()


def times_open(client: httpx.Client, path: Path) -> int:
    """How many times the server has a file open."""
    return int(client.get("/open", params={"path": str(path)}).json()["times"])


def test_a_file_is_closed_when_its_client_goes(
    server: Server, client: httpx.Client, tmp_path: Path
) -> None:
    path = tmp_path / "large"
    path.write_bytes(CONTENT * 10)
    with socket.create_connection((HOST, server.port), timeout=10) as leaving:
        leaving.sendall(f"GET /file?path={path} HTTP/1.1\r\nhost: x\r\n\r\n".encode())
        leaving.recv(1000)
        assert times_open(client, path) == 1
    assert settled(lambda: times_open(client, path), 0) == 0


def test_a_file_that_is_not_there_is_answered_by_its_handler(
    client: httpx.Client, tmp_path: Path
) -> None:
    answer = client.get("/file", params={"path": str(tmp_path / "missing")})
    assert (answer.status_code, answer.text) == (404, "missing")


@pytest.mark.parametrize(
    ("path", "sent"), [("/hints", [False, False]), ("/push", [False]), ("/debug", [False])]
)
def test_over_http_1_a_handler_is_told_that_nothing_was_sent(
    client: httpx.Client, path: str, sent: list[bool]
) -> None:
    assert client.get(path).json()["sent"] == sent


def test_over_http_1_trailers_are_left_out(client: httpx.Client) -> None:
    answer = client.get("/trailers", headers={"te": "trailers"})
    assert answer.content.endswith(b"99\n")
    assert "trailer" not in answer.headers


@pytest.fixture
def offering(name: str, over_http_2: Client) -> Client:
    if OVER_HTTP_2[name] != HYPERCORN:
        pytest.skip(f"{name} has none of these extensions")
    return over_http_2


def test_what_a_server_offers_over_http_2(name: str, over_http_2: Client) -> None:
    assert json.loads(over_http_2.get("/offered").body) == OVER_HTTP_2[name]


def test_early_hints_arrive_before_the_answer(offering: Client) -> None:
    answer = offering.get("/hints")
    assert [(hint[":status"], hint["link"]) for hint in answer.hints] == [
        ("103", "</style.css>; rel=preload; as=style"),
        ("103", "</a.js>; rel=preload; as=script"),
    ]
    assert (answer.headers[":status"], answer.body) == ("200", b'{"sent":[true,true]}')


def test_what_is_pushed_arrives_unasked(offering: Client) -> None:
    answer = offering.get("/push", {"accept-language": "de", "cookie": "a=b"})
    ((stream, promise),) = answer.promises.items()
    assert promise[":path"] == "/style.css?v=%C3%BC"
    assert promise["accept-language"] == "de"
    assert "cookie" not in promise
    pushed = offering.streams[stream]
    assert pushed.body.decode() == '{"v":"ü","accept":"de"}'
    assert answer.body == b'{"sent":[true]}'


def test_trailers_follow_the_content(offering: Client) -> None:
    answer = offering.get("/trailers", {"te": "trailers"})
    assert answer.trailers == {"x-sha256": hashlib.sha256(answer.body).hexdigest()}
    assert answer.body.endswith(b"99\n")


def test_a_client_that_takes_no_trailers_gets_none(over_http_2: Client) -> None:
    answer = over_http_2.get("/trailers")
    assert answer.trailers == {}
    assert answer.body.endswith(b"99\n")


def test_a_file_arrives_whole_over_http_2(over_http_2: Client, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(CONTENT)
    assert over_http_2.get(f"/file?path={path}").body == CONTENT


def test_nothing_went_wrong(server: Server, client: httpx.Client) -> None:
    client.get("/offered")
    assert "Error" not in server.log()
    assert "Traceback" not in server.log()
