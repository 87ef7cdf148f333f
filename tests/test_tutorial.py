"""The tutorial, followed: each file saved, each command run, against the server that the pages start.

The parts are 1-hello.md, 2-api.md, 3-pages.md, 4-live.md, 5-tests.md and 6-deploy.md. A file of a later
part replaces that of an earlier one, and the last ones are the app.
"""

import re
import subprocess
import tempfile
import time
import tomllib
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from tests.pages import ROOT, Fence, fences
from tests.servers import HOST, Server, _wait_until_it_accepts, free_port, serve
from tests.test_docs import ENVIRONMENT, bash, run_console, run_sh

PARTS = sorted((ROOT / "docs/tutorial").glob("[0-9]-*.md"))
ADDRESS = "127.0.0.1:8000"
KEY = "a key of the test, of 32 bytes or more"


class Reader:
    """Somebody who does what the pages say, in a folder that was empty."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.command = ""
        self.server = ExitStack()
        self.is_served = False

    def follow(self, fence: Fence) -> None:
        """Save a file, run commands, or serve from now on by another one."""
        if "file" in fence.options:
            save(fence, self.folder)
            self.stop()  # as --reload does
        elif fence.language == "console":
            if ADDRESS in fence.text:
                self.start()
            text = fence.text.replace(ADDRESS, f"{HOST}:{self.port}")
            run_console(replace(fence, text=text), self.folder)
        else:
            SCRIPTS[fence.text.split()[0]](self, fence)

    def serve(self, fence: Fence) -> None:
        """Take another command to serve with."""
        self.stop()
        self.command = fence.text.replace("--reload", "").strip()

    def start(self) -> None:
        """Have the server run."""
        if not self.is_served:
            self.server.enter_context(serving(f"{self.command} --port {self.port}", self))
            self.is_served = True

    def stop(self) -> None:
        """Have no server run."""
        self.server.close()
        self.is_served = False


@contextmanager
def serving(command: str, reader: Reader) -> Generator[None]:
    """Run a server; it must have nothing to complain of."""
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            ["bash", "-c", f"exec {command}"],
            cwd=reader.folder,
            env=ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        server = Server(reader.port, process, output)
        try:
            _wait_until_it_accepts(server, time.monotonic() + 30)
            yield
        finally:
            server.stop()
        assert "Traceback" not in server.log()


def install(reader: Reader, fence: Fence) -> None:
    """Look whether the extras that the reader installs are there: the tests do without a network."""
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    found = re.search(r"asgi-framework\[(.*)\]", fence.text)
    assert found is not None
    assert extras["optional-dependencies"].keys() >= set(found[1].split(","))


def export(reader: Reader, fence: Fence) -> None:
    """Set a variable for all commands that follow."""
    name = fence.text.removeprefix("export ").partition("=")[0]
    output, _ = bash(f'{fence.text}printf %s "${name}"', reader.folder)
    ENVIRONMENT[name] = output


def run(reader: Reader, fence: Fence) -> None:
    """Run commands that say by their exit code whether all is well."""
    run_sh(fence, reader.folder)


SCRIPTS: dict[str, Callable[[Reader, Fence], None]] = {
    "export": export,
    "framework": Reader.serve,
    "mkdir": install,
    "pytest": run,
    "uvicorn": Reader.serve,
}
"""What to do with a script, by its first word."""


def blocks() -> Iterator[Fence]:
    """What the pages have for this test, in their order."""
    for part in PARTS:
        for fence in fences(part.read_text("utf-8")):
            if "by" in fence.options:
                yield fence


def save(fence: Fence, folder: Path) -> None:
    path = folder / fence.options["file"]
    path.parent.mkdir(exist_ok=True)
    path.write_text(fence.text, "utf-8")


def test_a_reader_sees_what_the_pages_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".curlrc").write_text("silent")  # as it is for who looks on
    monkeypatch.setitem(ENVIRONMENT, "CURL_HOME", str(tmp_path))
    monkeypatch.setitem(ENVIRONMENT, "BOARD_KEY", "")
    reader = Reader(tmp_path)
    with reader.server:
        for fence in blocks():
            reader.follow(fence)


def test_each_part_leads_to_the_next() -> None:
    texts = [part.read_text("utf-8") for part in PARTS]
    assert len(texts) == 6
    for text, following in zip(texts, PARTS[1:], strict=False):
        assert text.rstrip().splitlines()[-1].endswith(f"]({following.name}).")


# The app


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the files of the app are, as the last part leaves them."""
    for fence in blocks():
        if "file" in fence.options:
            save(fence, tmp_path)
    return tmp_path


@pytest.fixture(params=["uvicorn-httptools", "hypercorn-trio", "granian"])
def server(
    request: pytest.FixtureRequest, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> Generator[Server]:
    monkeypatch.setenv("PYTHONPATH", str(folder))
    monkeypatch.setenv("BOARD_KEY", KEY)
    monkeypatch.setenv("BOARD_DB", str(folder / "board.sqlite"))
    with serve(request.param, "main:app") as server:
        yield server
        server.stop()
        assert "Traceback" not in server.log()


@pytest.fixture
def client(server: Server) -> Generator[httpx.Client]:
    with httpx.Client(base_url=f"http://{HOST}:{server.port}", timeout=10) as client:
        yield client


def test_the_board_is_shared_on_every_server(server: Server, client: httpx.Client) -> None:
    headers = {"accept": "text/event-stream"}
    with client.stream("GET", "/events", headers=headers) as events:
        lines = events.iter_lines()
        assert any("Nothing to do" in line for line in lines)
        joined = client.post("/name", data={"name": "Åsa"})
        assert joined.status_code == 303
        cookie = {"cookie": joined.headers["set-cookie"].partition(";")[0]}
        added = client.post("/todos", data={"title": "Call <b>"}, headers=cookie)
        assert (added.status_code, added.headers["location"]) == (303, "/")
        assert any("Call &lt;b&gt; <small>Åsa</small>" in line for line in lines)
        assert client.patch("/api/todos/1", json={"done": True}).json()["done"] is True
        assert any("☑" in line for line in lines)
        server.process.terminate()
        assert list(lines)[-1] == ""  # a stream that was cut would raise
    assert server.process.wait(timeout=10) in (0, -15)


def test_the_app_is_as_long_as_the_first_page_says(folder: Path) -> None:
    files = [
        path for path in folder.rglob("*.*") if not re.match("test_|conftest|mistake", path.name)
    ]
    lines = sum(path.read_text("utf-8").count("\n") for path in files)
    page = (ROOT / "docs/tutorial/index.md").read_text("utf-8")
    assert f"about {round(lines / 50) * 50} lines" in page
