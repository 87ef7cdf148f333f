"""The how-to guides, followed: their servers run, and are asked.

servers.md, nginx.md, container.md, mounting.md and workers.md, each in a folder that has the files of the page.
"""

import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from websockets.sync.client import connect

from tests.pages import ROOT, Fence, fences
from tests.servers import HOST, free_port

HOWTO = ROOT / "docs/howto"
PATIENCE = 30.0
needs_redis = pytest.mark.skipif(shutil.which("redis-server") is None, reason="no redis-server")
needs_nginx = pytest.mark.skipif(shutil.which("nginx") is None, reason="nginx is not installed")


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


def save(page: str, folder: Path, **ports: int) -> None:
    """Save the files of a guide; in those that name a port, it is one of `ports`, such as `_8000`."""
    for fence in blocks(page):
        if name := fence.options.get("file"):
            text = re.sub(
                r"\b80\d\d\b", lambda found: str(ports.get(f"_{found[0]}", found[0])), fence.text
            )
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
    family, where = (
        (socket.AF_INET, (HOST, address))
        if isinstance(address, int)
        else (socket.AF_UNIX, str(address))
    )
    end = time.monotonic() + PATIENCE
    while True:
        with socket.socket(family) as client:
            if client.connect_ex(where) == 0:
                return
        assert time.monotonic() < end, f"nobody listens on {address}"
        time.sleep(0.02)


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


def test_a_server_listens_on_a_socket_file(tmp_path: Path) -> None:
    save("servers.md", tmp_path)
    [command] = [command for command in commands("servers.md") if "app.sock" in command]
    transport = httpx.HTTPTransport(uds=str(tmp_path / "app.sock"))
    with (
        running(command, tmp_path),
        httpx.Client(transport=transport, base_url="http://x") as client,
    ):
        until_accepts(tmp_path / "app.sock")
        assert client.get("/").text == "Hello, World!"


def test_the_unit_names_a_command_of_the_guide() -> None:
    [unit] = [fence for fence in blocks("servers.md") if fence.language == "ini"]
    started = re.search(r"^ExecStart=/srv/app/.venv/bin/(.*)$", unit.text, re.MULTILINE)
    assert started
    assert started[1].replace("--workers", "--port 8000 --workers") in " ".join(
        commands("servers.md")
    )


# nginx.md


@contextmanager
def behind_nginx(folder: Path, configuration: str, port: int) -> Generator[httpx.Client]:
    """nginx with one of the configurations of the guide."""
    (folder / "nginx.conf").write_text(
        f"daemon off; pid nginx.pid; error_log stderr; worker_processes 1; events {{}}\n"
        f"http {{ access_log off; client_body_temp_path body; proxy_temp_path proxy;\n"
        f"fastcgi_temp_path f; uwsgi_temp_path u; scgi_temp_path s; include {configuration}; }}\n"
    )
    with (
        running(f"nginx -p {folder} -c nginx.conf", folder),
        httpx.Client(base_url=f"http://{HOST}:{port}", timeout=PATIENCE) as client,
    ):
        until_accepts(port)
        yield client


@needs_nginx
def test_nginx_passes_requests_streams_uploads_and_sockets(tmp_path: Path) -> None:
    port, outside = free_port(), free_port()
    save("nginx.md", tmp_path, _8000=port, _8080=outside)
    command = commands("nginx.md")[0].replace("8000", str(port))
    with running(command, tmp_path), behind_nginx(tmp_path, "app.conf", outside) as client:
        until_accepts(port)
        home = client.get("/").json()
        assert home == {"url": f"http://{HOST}:{outside}/", "client": HOST}
        assert client.post("/upload", content=bytes(1_000_000)).json() == {"size": 1_000_000}
        refused = client.post("/upload", content=bytes(20 * 1024 * 1024 + 1))
        assert refused.json()["detail"] == "the body is larger than 20971520 bytes"
        assert list(moments(client)) == [f"tick {n}" for n in range(3)]
        with connect(f"ws://{HOST}:{outside}/echo") as websocket:
            websocket.send("through nginx")
            assert websocket.recv() == "through nginx"


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
def test_nginx_has_the_app_below_a_path(tmp_path: Path) -> None:
    port, outside = free_port(), free_port()
    save("nginx.md", tmp_path, _8000=port, _8081=outside)
    command = commands("nginx.md")[1].replace("8000", str(port))
    with running(command, tmp_path), behind_nginx(tmp_path, "below.conf", outside) as client:
        until_accepts(port)
        assert client.get("/shop/").json()["url"] == f"http://{HOST}:{outside}/shop/"


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
    assert all((tmp_path / name).exists() for name in copied)


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
        until_accepts(redis)
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


def visit(url: str, cookies: httpx.Cookies) -> dict[str, int]:
    """A visit over a connection of its own, so that any worker may take it."""
    with httpx.Client(base_url=url, cookies=cookies) as client:
        answer = client.get("/visits")
        cookies.update(answer.cookies)
        seen: dict[str, int] = answer.json()
        return seen
