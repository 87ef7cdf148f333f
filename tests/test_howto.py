"""The how-to guides, followed: their servers run, and are asked.

servers.md, nginx.md, container.md, mounting.md, workers.md and uploads.md, each in a folder that has the files of
the page.
"""

import json
import os
import re
import shlex
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest
from websockets.sync.client import connect

from tests.pages import ROOT, Fence, fences
from tests.servers import HOST, free_port
from tests.waiting import until

HOWTO = ROOT / "docs/howto"
PATIENCE = 30.0
needs_redis = pytest.mark.skipif(shutil.which("redis-server") is None, reason="no redis-server")
needs_nginx = pytest.mark.skipif(
    None in map(shutil.which, ["nginx", "openssl"]), reason="no nginx, or no openssl"
)


def blocks(page: str) -> list[Fence]:
    """The blocks of a how-to guide."""
    return fences((HOWTO / page).read_text("utf-8"))


def commands(page: str) -> list[str]:
    """What the guide runs by this test, line by line."""
    return [
        line
        for fence in blocks(page)
        if fence.language == "sh" and "by" in fence.options
        for line in fence.text.splitlines()
    ]


def save(page: str, folder: Path, replaced: dict[str, str] | None = None) -> None:
    """Save the files of a guide, with what has to be another on this machine."""
    for fence in blocks(page):
        if name := fence.options.get("file"):
            text = fence.text
            for there, here in (replaced or {}).items():
                text = text.replace(there, here)
            (folder / name).write_text(text, "utf-8")


@contextmanager
def running(command: str, folder: Path, **variables: str) -> Generator[subprocess.Popen[bytes]]:
    """A command that runs in the course of the block, and is ended by SIGTERM."""
    words = shlex.split(command)
    if (script := Path(sys.executable).parent / words[0]).exists():
        words[:1] = [sys.executable, str(script)]
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "PYTHONDONTWRITEBYTECODE": "1",
        **variables,
    }
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(
            words, cwd=folder, env=environment, stdout=log, stderr=log, start_new_session=True
        )
    try:
        yield process
        process.send_signal(signal.SIGTERM)
        process.wait(15)
    finally:
        process.kill()
        process.wait()


def until_accepts(address: int | Path) -> None:
    """Wait for somebody who listens on a port, or on a socket file."""

    def accepts() -> bool:
        family, where = (
            (socket.AF_INET, (HOST, address))
            if isinstance(address, int)
            else (socket.AF_UNIX, str(address))
        )
        with socket.socket(family) as client:
            return client.connect_ex(where) == 0

    until(accepts)


@contextmanager
def served(
    command: str, folder: Path, **variables: str
) -> Generator[tuple[httpx.Client, subprocess.Popen[bytes]]]:
    """The command of a server, on a port that is free instead of 8000, and a client for it."""
    port = free_port()
    with (
        running(re.sub(r"\b8000\b", str(port), command), folder, **variables) as process,
        httpx.Client(base_url=f"http://{HOST}:{port}", timeout=PATIENCE) as client,
    ):
        until_accepts(port)
        if command.startswith(
            "granian"
        ):  # whose worker that is told to stop while it starts does not hear
            until(lambda: (folder / "log").read_text().count("Started worker-") == 2)
        yield client, process


# servers.md

ON_A_PORT = [command for command in commands("servers.md") if "8000" in command]


@pytest.mark.parametrize("command", ON_A_PORT, ids=lambda command: command.split(" --port")[0])
def test_each_server_serves_by_the_command_of_the_guide(command: str, tmp_path: Path) -> None:
    save("servers.md", tmp_path)
    with served(command, tmp_path) as (client, process):
        assert client.get("/").text == "Hello, World!"
    assert process.returncode in (0, -signal.SIGTERM)
    assert "Traceback" not in (tmp_path / "log").read_text()


ON_A_FILE = [command for command in commands("servers.md") if "app.sock" in command]


@pytest.mark.parametrize("command", ON_A_FILE, ids=lambda command: command.split()[0])
def test_a_server_listens_on_a_socket_file_that_others_can_write_to(
    command: str, tmp_path: Path
) -> None:
    save("servers.md", tmp_path)
    file = tmp_path / "app.sock"
    with (
        running(command, tmp_path),
        httpx.Client(transport=httpx.HTTPTransport(uds=str(file)), base_url="http://x") as client,
    ):
        until_accepts(file)
        assert client.get("/").text == "Hello, World!"
        assert file.stat().st_mode & 0o002


@pytest.mark.parametrize("command", ON_A_PORT, ids=lambda command: command.split(" --port")[0])
def test_only_uvicorn_believes_a_proxy_by_itself(command: str, tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text(
        "from framework import App, Request\n"
        "app = App()\n"
        "@app.get('/')\n"
        "async def client(request: Request):\n"
        "    return request.client.host\n"
    )
    with served(command, tmp_path) as (client, _):
        answer = client.get("/", headers={"X-Forwarded-For": "192.0.2.7"})
    assert answer.text == ("192.0.2.7" if command.startswith("uvicorn") else HOST)


def test_the_unit_names_a_command_of_the_guide() -> None:
    [unit] = [fence for fence in blocks("servers.md") if fence.language == "ini"]
    started = re.search(r"^ExecStart=/srv/app/.venv/bin/(.*)$", unit.text, re.MULTILINE)
    assert started
    assert started[1].replace("--workers", "--port 8000 --workers") in " ".join(
        commands("servers.md")
    )


# nginx.md


@contextmanager
def behind_nginx(
    folder: Path, configuration: str, url: str, certificate: ssl.SSLContext
) -> Generator[httpx.Client]:
    """nginx with one of the configurations of the guide."""
    (folder / "nginx.conf").write_text(
        f"user root; daemon off; pid nginx.pid; error_log stderr; worker_processes 1; events {{}}\n"
        f"http {{ access_log off; client_body_temp_path body; proxy_temp_path proxy;\n"
        f"fastcgi_temp_path f; uwsgi_temp_path u; scgi_temp_path s; include {configuration}; }}\n"
    )
    with (
        running(f"nginx -p {folder} -c nginx.conf", folder),
        httpx.Client(base_url=url, timeout=PATIENCE, verify=certificate) as client,
    ):
        until_accepts(client.base_url.port or 0)
        yield client


@pytest.fixture
def certificate(tmp_path: Path) -> ssl.SSLContext:
    """One for this machine is in the folder, with its key; a client with this believes no other."""
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *("-subj", "/CN=localhost", "-addext", f"subjectAltName=IP:{HOST}"),
            *("-keyout", "privkey.pem", "-out", "fullchain.pem"),
        ],
        cwd=tmp_path,
        check=True,
        capture_output=True,
    )
    return ssl.create_default_context(cafile=tmp_path / "fullchain.pem")


@needs_nginx
@pytest.mark.parametrize("by_file", [False, True], ids=["port", "socket file"])
def test_nginx_passes_requests_streams_uploads_and_sockets(
    by_file: bool, tmp_path: Path, certificate: ssl.SSLContext
) -> None:
    port, http, https = free_port(), free_port(), free_port()
    file = tmp_path / "app.sock"
    replaced = {
        "listen 80;": f"listen {http};",
        "listen 443 ": f"listen {https} ",
        "server 127.0.0.1:8000": f"server unix:{file}" if by_file else f"server {HOST}:{port}",
        "(ProxyHeadersMiddleware)": '(ProxyHeadersMiddleware, trusted_hosts="127.0.0.1, unix")',
        "/etc/letsencrypt/live/example.com": str(tmp_path),
        "/srv/app": str(tmp_path),
    }
    save("nginx.md", tmp_path, replaced)
    (tmp_path / "static").mkdir()
    (tmp_path / "static" / "a.css").write_text("a {}")
    listening = f"--uds {file}" if by_file else f"--port {port}"
    command = commands("nginx.md")[0].replace("--port 8000", listening)
    url = f"https://{HOST}:{https}/"
    with (
        running(command, tmp_path),
        behind_nginx(tmp_path, "app.conf", url, certificate) as client,
    ):
        until_accepts(file if by_file else port)
        home = client.get("/").json()
        assert home == {"url": url, "client": HOST}
        assert client.post("/upload", content=bytes(1_000_000)).json() == {"size": 1_000_000}
        refused = client.post("/upload", content=bytes(20 * 1024 * 1024 + 1))
        assert refused.json()["detail"] == "the body is larger than 20971520 bytes"
        assert list(moments(client)) == [f"tick {n}" for n in range(3)]
        css = client.get("/static/a.css")
        assert (css.text, css.headers["x-content-type-options"]) == ("a {}", "nosniff")
        with connect(f"wss://{HOST}:{https}/echo", ssl=certificate) as websocket:
            websocket.send("through nginx")
            assert websocket.recv() == "through nginx"
        led = client.get(f"http://{HOST}:{http}/x?y")
        assert (led.status_code, led.headers["location"]) == (301, f"https://{HOST}/x?y")


def moments(client: httpx.Client) -> Iterator[str]:
    """The events, none of which comes with the one before."""
    last = 0.0
    with client.stream("GET", "/events") as stream:
        for line in stream.iter_lines():
            if line:
                now = time.monotonic()
                assert now > last + 0.1
                last = now
                yield line.removeprefix("data: ")


@needs_nginx
def test_nginx_has_the_app_below_a_path(tmp_path: Path, certificate: ssl.SSLContext) -> None:
    port, outside = free_port(), free_port()
    replaced = {"listen 80;": f"listen {outside};", "127.0.0.1:8000": f"{HOST}:{port}"}
    save("nginx.md", tmp_path, replaced)
    command = commands("nginx.md")[1].replace("8000", str(port))
    url = f"http://{HOST}:{outside}/shop/"
    with (
        running(command, tmp_path),
        behind_nginx(tmp_path, "below.conf", url, certificate) as client,
    ):
        until_accepts(port)
        assert client.get("").json()["url"] == url


# container.md


def test_the_image_starts_is_healthy_and_stops(tmp_path: Path) -> None:
    save("container.md", tmp_path)
    image = (tmp_path / "Dockerfile").read_text()
    start, check = (
        json.loads(found)
        for found in re.findall(r"^(?:CMD|HEALTHCHECK.* CMD) (\[.*\])$", image, re.MULTILINE)[::-1]
    )
    with served(shlex.join(start), tmp_path) as (client, process):
        port = str(client.base_url.port)
        checked = subprocess.run(
            [sys.executable, *check[1:2], check[2].replace("8000", port)], timeout=PATIENCE
        )
        assert checked.returncode == 0
        assert client.get("/healthz").json() == {"ok": True}
    assert process.returncode in (0, -signal.SIGTERM)
    copied = re.findall(r"^COPY (\S+) \.$", image, re.MULTILINE)
    assert copied
    assert all((tmp_path / name).exists() for name in copied)


def test_the_services_beside_the_container_are_declared() -> None:
    [text] = [fence.text for fence in blocks("container.md") if fence.language == "yaml"]
    compose = pytest.importorskip("yaml").safe_load(text)
    assert {*compose["services"]["app"]["depends_on"]} == compose["services"].keys() - {"app"}
    assert compose["volumes"].keys() == {"data"}


# mounting.md


def test_django_is_served_below_a_path(tmp_path: Path) -> None:
    save("mounting.md", tmp_path)
    with served("uvicorn site_asgi:app --port 8000", tmp_path) as (client, _):
        assert client.get("/django/").text == "Django at /django/"
        assert client.get("/elsewhere").status_code == 404


# workers.md


@needs_redis
def test_workers_share_sessions_rates_and_news(tmp_path: Path) -> None:
    save("workers.md", tmp_path)
    [command] = commands("workers.md")
    redis = free_port()
    with (
        running(f"redis-server --bind {HOST} --port {redis} --save ''", tmp_path),
        served(command, tmp_path, REDIS_URL=f"redis://{HOST}:{redis}") as (client, _),
    ):
        until(lambda: both_follow(redis))
        seen = [visit(str(client.base_url), client.cookies) for _ in range(10)]
        assert [each["visits"] for each in seen] == [*range(1, 11)]
        assert len({each["worker"] for each in seen}) == 2
        with (
            httpx.stream("GET", f"{client.base_url}/news") as one,
            httpx.stream("GET", f"{client.base_url}/news") as other,
        ):
            heard = [filter(None, stream.iter_lines()) for stream in (one, other)]
            assert [next(lines) for lines in heard] == ["data: listening"] * 2
            assert client.post("/news/hello").status_code == 202
            assert [next(lines) for lines in heard] == ["data: hello"] * 2
        statuses = [client.get("/visits").status_code for _ in range(10)]
        assert statuses[0] == 200
        assert statuses[-1] == 429


@needs_redis
def test_workers_hear_news_again_when_redis_is_back(tmp_path: Path) -> None:
    save("workers.md", tmp_path)
    port = free_port()
    redis = f"redis-server --bind {HOST} --port {port} --save ''"

    with ExitStack() as stack:
        with running(redis, tmp_path):
            url = f"redis://{HOST}:{port}"
            client, _ = stack.enter_context(
                served(commands("workers.md")[0], tmp_path, REDIS_URL=url)
            )
            until(lambda: both_follow(port))
        assert client.get("/visits").status_code == 500
        with running(redis, tmp_path):
            until(lambda: both_follow(port))
            assert client.get("/visits").status_code == 200
            with client.stream("GET", "/news") as stream:
                lines = filter(None, stream.iter_lines())
                assert next(lines) == "data: listening"
                assert httpx.post(f"{client.base_url}/news/again").status_code == 202
                assert next(lines) == "data: again"


def both_follow(port: int) -> bool:
    """Whether both workers are subscribed to the news."""
    ask = ["redis-cli", "-p", str(port), "PUBSUB", "NUMSUB", "news"]
    return subprocess.run(ask, capture_output=True).stdout == b"news\n2\n"


def visit(url: str, cookies: httpx.Cookies) -> dict[str, int]:
    """A visit over a connection of its own, so that any worker may take it."""
    with httpx.Client(base_url=url, cookies=cookies) as client:
        answer = client.get("/visits")
        cookies.update(answer.cookies)
        seen: dict[str, int] = answer.json()
        return seen


# uploads.md

FILE = "/files/6f1c6f8e-3a0e-4f4e-9a53-0d1f8a1f0a11"
BEGUN = f"PUT {FILE} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 200000\r\n\r\n"


def begin(port: int, half: bytes, folder: Path) -> socket.socket:
    """Send half of a file, and wait until the server has it."""
    before = {*folder.iterdir()}
    client = socket.create_connection((HOST, port), PATIENCE)
    client.sendall(BEGUN.encode() + half)
    until(lambda: any(file.stat().st_size == len(half) for file in {*folder.iterdir()} - before))
    return client


def test_large_uploads_that_break_off_leave_nothing_and_do_not_mix(tmp_path: Path) -> None:
    save("uploads.md", tmp_path)
    folder = tmp_path / "large"
    with served("uvicorn large:app --port 8000", tmp_path) as (server, _):
        port = server.base_url.port or 0
        begin(port, b"x" * 100_000, folder).close()
        until(lambda: [*folder.iterdir()] == [])
        with (
            begin(port, b"a" * 100_000, folder) as first,
            begin(port, b"b" * 100_000, folder) as second,
        ):
            for client, byte in [(first, b"a"), (second, b"b")]:
                client.sendall(byte * 100_000)
                assert client.makefile("rb").readline() == b"HTTP/1.1 201 Created\r\n"
                [file] = [file for file in folder.iterdir() if not file.suffix]
                assert file.read_bytes() == byte * 200_000
        assert [file.name for file in folder.iterdir()] == [Path(FILE).name]
