"""The upload example on every server, by every kind of client: what arrives is what was sent."""

import hashlib
import socket
from collections.abc import Generator, Iterator
from typing import Any

import httpx
import pytest

from tests.leftovers import descriptors_of, memory_of, names, settled
from tests.servers import COMMANDS, HOST, Server, serve

SMALL = "Été \N{SNOWMAN}.txt", "né à Nîmes\r\n".encode()
LARGE = "large.bin", bytes(range(256)) * 12_000


@pytest.fixture(scope="module", params=sorted(COMMANDS))
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Generator[Server]:
    directory = tmp_path_factory.mktemp("uploads")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("UPLOAD_DIR", str(directory))
        patch.setenv("TMPDIR", str(directory))
        with serve(request.param, "examples.upload:app") as server:
            yield server
            # hypercorn on trio may close a connection that it is sending on, and says so at length.
            assert "Traceback" not in server.log() or "trio.BusyResourceError" in server.log()
    saved = {name.partition("-")[2]: name for name in names(directory)}
    assert {SMALL[0], LARGE[0]} <= saved.keys()
    assert (directory / saved[LARGE[0]]).read_bytes() == LARGE[1]


def described(*files: tuple[str, bytes]) -> list[dict[str, Any]]:
    return [
        {"name": name, "size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        for name, content in files
    ]


def url(server: Server, path: str) -> str:
    return f"http://{HOST}:{server.port}{path}"


def test_httpx_uploads_a_form(server: Server) -> None:
    files = [("files", SMALL), ("files", LARGE)]
    answer = httpx.post(url(server, "/upload"), data={"comment": "é"}, files=files, timeout=30)
    assert answer.json() == {"comment": "é", "files": described(SMALL, LARGE)}
    answer = httpx.post(url(server, "/stream"), data={"comment": "é"}, files=files, timeout=30)
    assert answer.json() == {"files": described(SMALL, LARGE)}


def test_httpx_uploads_in_chunks_of_unknown_length(server: Server) -> None:
    def chunks() -> Iterator[bytes]:
        for at in range(0, len(LARGE[1]), 10_000):
            yield LARGE[1][at : at + 10_000]

    answer = httpx.put(url(server, "/files/large.bin"), content=chunks(), timeout=30)
    assert answer.json() == described(LARGE)[0]


def test_a_raw_socket_uploads_byte_by_byte(server: Server) -> None:
    body = (
        b"preamble\r\n--B\r\n"
        b'content-disposition: form-data; name=files; filename="a%22b.txt"\r\n\r\n'
        b"\r\n--\r\n--b\r\n--B--\r\nepilogue"
    )
    head = (
        f"POST /stream HTTP/1.1\r\nhost: {HOST}\r\ncontent-length: {len(body)}\r\n"
        "content-type: multipart/form-data; boundary=B\r\nconnection: close\r\n\r\n"
    )
    with socket.create_connection((HOST, server.port), timeout=30) as raw:
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in head.encode() + body:
            raw.sendall(bytes([byte]))
        answer = b""
        while chunk := raw.recv(65536):
            answer += chunk
    assert described(('a"b.txt', b"\r\n--\r\n--b"))[0]["sha256"].encode() in answer


def test_a_body_over_the_limit_is_refused_before_it_is_sent(server: Server) -> None:
    if "daphne" in str(server.process.args):
        pytest.skip("daphne calls an app when all of the body has come")
    head = (
        f"PUT /files/x HTTP/1.1\r\nhost: {HOST}\r\ncontent-length: {3 * 1024**3}\r\n"
        "content-type: application/octet-stream\r\n\r\nfirst bytes"
    )
    with socket.create_connection((HOST, server.port), timeout=30) as raw:
        raw.sendall(head.encode())
        answer = b""
        while not answer.endswith(b"}"):
            answer += raw.recv(65536)
        assert b" 413 " in answer.partition(b"\r\n")[0]


@pytest.mark.parametrize("path", ["/upload", "/stream", "/files/x"])
def test_a_large_upload_takes_no_memory(server: Server, path: str) -> None:
    part = b"--B\r\ncontent-disposition: form-data; name=files; filename=x\r\n\r\n"
    start, end = (b"", b"") if path == "/files/x" else (part, b"\r\n--B--\r\n")
    method = "PUT" if path == "/files/x" else "POST"
    chunk = bytes(range(256)) * 4096

    def upload(chunks: int) -> int:
        length = len(start) + chunks * len(chunk) + len(end)
        head = (
            f"{method} {path} HTTP/1.1\r\nhost: {HOST}\r\ncontent-length: {length}\r\n"
            "content-type: multipart/form-data; boundary=B\r\n\r\n"
        )
        most = 0
        with socket.create_connection((HOST, server.port), timeout=30) as raw:
            raw.sendall(head.encode() + start)
            for _ in range(chunks):
                raw.sendall(chunk)
                most = max(most, memory_of(server.process.pid))
            raw.sendall(end)
            answer = b""
            while b"}" not in answer:
                answer += raw.recv(65536)
        digest = hashlib.sha256()
        for _ in range(chunks):
            digest.update(chunk)
        assert digest.hexdigest().encode() in answer
        return most

    upload(4)  # so that what is imported and allocated once is there
    before = memory_of(server.process.pid)
    assert upload(64) - before < 16 * 1024**2


def test_clients_that_leave_mid_upload_leave_nothing_behind(server: Server) -> None:
    body = (
        b"--B\r\ncontent-disposition: form-data; name=files; filename=x\r\n\r\n" + b"x" * 3_000_000
    )
    head = (
        f"POST /upload HTTP/1.1\r\nhost: {HOST}\r\ncontent-length: {10**9}\r\n"
        "content-type: multipart/form-data; boundary=B\r\n\r\n"
    )
    httpx.get(url(server, "/"))
    before = descriptors_of(server.process.pid)
    opened = 0
    for _ in range(10):
        leaving = [socket.create_connection((HOST, server.port), timeout=30) for _ in range(20)]
        for raw in leaving:
            raw.sendall(head.encode() + body)
        opened = max(opened, descriptors_of(server.process.pid))
        for raw in leaving:
            raw.close()
    assert opened >= before + 20  # the sockets, to which most servers add the temporary files
    assert settled(lambda: descriptors_of(server.process.pid), before) <= before
