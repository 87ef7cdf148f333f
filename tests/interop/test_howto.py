"""What docs/howto says of other packages, tried.

database.md of PostgreSQL, lambda.md, logging.md of Prometheus and Sentry, mounting.md of an MCP server.
"""

import base64
import logging
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from mangum import Mangum
from prometheus_client import REGISTRY

from framework import App, Request, Response
from framework.testing import TestClient
from tests.servers import free_port
from tests.test_howto import running, save, until_accepts

PROGRAMS = [*Path("/usr/lib/postgresql").glob("*/bin")] or [
    Path(shutil.which("postgres") or "/none").parent
]
needs_postgres = pytest.mark.skipif(
    not (PROGRAMS[-1] / "postgres").exists(), reason="PostgreSQL is not installed"
)


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A server of its own, which refuses to run as root."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        shutil.chown(folder, "postgres")
        run = [
            "setpriv",
            "--reuid=postgres",
            "--regid=postgres",
            "--clear-groups",
            "env",
            "-C",
            folder,
        ]
        initdb = [*run, PROGRAMS[-1] / "initdb", "-D", "data", "--auth=trust", "--no-sync"]
        subprocess.run(initdb, check=True, capture_output=True)
        serve = [*run, PROGRAMS[-1] / "postgres", "-D", "data", "-k", folder, "-p", port]
        with running(" ".join(map(str, serve)), tmp_path):
            until_accepts(port)
            monkeypatch.setenv("DATABASE_URL", f"postgresql://postgres@127.0.0.1:{port}/postgres")
            yield


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where the files of a page are, from which modules are imported anew."""
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    for name, module in list(sys.modules.items()):
        if str(getattr(module, "__file__", "")).startswith(str(tmp_path)):
            del sys.modules[name]


def module(page: str, name: str, folder: Path) -> ModuleType:
    """A module that a page shows."""
    save(page, folder)
    return import_module(name)


# database.md


@needs_postgres
def test_people_are_kept_in_postgresql(database: None, folder: Path) -> None:
    people = module("database.md", "people", folder)
    with TestClient(people.app) as client:
        assert client.post("/people/Ada").json() == {"id": 1, "name": "Ada"}
        assert client.get("/people/1").json() == {"id": 1, "name": "Ada"}
        assert client.get("/people/2").status_code == 404


# lambda.md

aws = App()
NO_CONTEXT: Any = None


@aws.post("/echo")
async def echo(request: Request) -> Response:
    cookies = [("set-cookie", f"{name}=of {name}") for name in request.cookies]
    return Response(await request.body(), media_type="image/png", headers=cookies)


@aws.get("/where")
async def where(request: Request) -> str:
    return f"{request.url}"


@aws.get("/later")
async def later() -> None:
    aws.start_soon(list)


def invoke(handler: Mangum, method: str, path: str, **event: Any) -> dict[str, Any]:
    """What API Gateway gets for an event of an HTTP API."""
    http = {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.7"}
    answer: dict[str, Any] = handler(
        {
            "version": "2.0",
            "routeKey": "$default",
            "rawPath": path,
            "rawQueryString": "",
            "headers": {"host": "example.com", "x-forwarded-proto": "https"},
            "requestContext": {"http": http, "stage": "$default"},
            "isBase64Encoded": False,
            **event,
        },
        NO_CONTEXT,
    )
    return answer


def test_lambda_takes_and_gives_bytes_and_cookies() -> None:
    body = base64.b64encode(b"\x89PNG\xff").decode()
    answer = invoke(
        Mangum(aws), "POST", "/echo", body=body, isBase64Encoded=True, cookies=["a=1", "b=2"]
    )
    assert (answer["statusCode"], answer["body"], answer["isBase64Encoded"]) == (200, body, True)
    assert answer["cookies"] == ["a=of a", "b=of b"]


def test_lambda_has_a_stage_in_the_path() -> None:
    answer = invoke(Mangum(aws, api_gateway_base_path="/prod"), "GET", "/prod/where")
    assert answer["body"] == "https://example.com/where"


def test_lambda_runs_the_lifespan_around_each_invocation() -> None:
    assert invoke(Mangum(aws), "GET", "/later")["statusCode"] == 204
    assert invoke(Mangum(aws, lifespan="off"), "GET", "/later")["statusCode"] == 500


# logging.md


@pytest.fixture
def metrics(folder: Path) -> Iterator[ModuleType]:
    """What has entered itself into registries of the process."""
    metrics = module("logging.md", "metrics", folder)
    yield metrics
    REGISTRY.unregister(metrics.SECONDS)
    metrics.logger.removeHandler(metrics.logger.handlers[-1])
    metrics.logger.setLevel(logging.NOTSET)


def test_prometheus_counts_what_the_access_log_tells(metrics: ModuleType) -> None:
    metrics.app.get("/items/{id}")(item)
    client = TestClient(metrics.app, raise_server_exceptions=False)
    for path in ["/items/2", "/items/1", "/items/0", "/nowhere"]:
        client.get(path)
    lines = client.get("/metrics").text.splitlines()
    assert 'request_seconds_count{route="/items/{id}",status="200"} 2.0' in lines
    assert 'request_seconds_count{route="/items/{id}",status="500"} 1.0' in lines
    assert 'request_seconds_count{route="",status="404"} 1.0' in lines


async def item(id: int) -> dict[str, float]:
    return {"share": 1 / id}


TOLD = """
import sentry_sdk
from reporting import app
from sentry_sdk.transport import Transport

from framework.testing import TestClient


class Printed(Transport):
    def capture_envelope(self, envelope):
        print(*[each["type"] for each in envelope.get_event()["exception"]["values"]])


@app.get("/items/{id}")
async def item(id: int) -> dict[str, float]:
    return {"share": 1 / id}


sentry_sdk.init(dsn="https://key@sentry.invalid/1", transport=Printed())
client = TestClient(app, raise_server_exceptions=False)
assert [client.get(f"/items/{id}").status_code for id in (1, 0, "x")] == [200, 500, 404]
"""
"""A process of its own, as Sentry patches whatever other packages it finds."""


def test_sentry_is_told_of_what_nobody_expected(tmp_path: Path) -> None:
    save("logging.md", tmp_path)
    done = subprocess.run(
        [sys.executable, "-c", TOLD], cwd=tmp_path, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (0, "ZeroDivisionError\n"), done.stderr


# mounting.md

CALL = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "tools/call",
    "params": {"name": "temperature", "arguments": {"city": "Oslo"}},
}


def test_an_mcp_server_answers_by_the_name_it_has(folder: Path) -> None:
    tools = module("mounting.md", "tools", folder)
    accept = {"accept": "application/json, text/event-stream"}
    with TestClient(tools.app, base_url="https://example.com") as client:
        answer = client.post("/tools/mcp", json=CALL, headers=accept)
        assert "18 °C in Oslo" in answer.text
        other = client.post("/tools/mcp", json=CALL, headers={**accept, "host": "example.org"})
        assert other.status_code == 421
