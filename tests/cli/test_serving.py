import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from framework._cli import serving
from tests.cli.conftest import APP, Files, Run

ROOT = Path(__file__).parent.parent.parent


class Uvicorn:
    """Notes how it was told to serve."""

    def __init__(self) -> None:
        self.served: list[Any] = []
        self.options: dict[str, Any] = {}

    def run(self, app: Any, **options: Any) -> None:
        self.served.append(app)
        self.options = options


@pytest.fixture
def uvicorn(monkeypatch: pytest.MonkeyPatch) -> Uvicorn:
    made = Uvicorn()

    def import_module(name: str) -> Uvicorn:
        return made

    monkeypatch.setattr(serving, "import_module", import_module)
    return made


MADE = f"{APP}\n    def make(): return app\n"


@pytest.mark.parametrize(
    ("arguments", "served", "factory"),
    [
        (["main:app"], "the app", False),
        (["main:make()"], "the app", False),
        (["main:make", "--factory"], "the app", False),
        (["main:app", "--workers", "2"], "main:app", False),
        (["main:make()", "--workers", "2"], "main:make", True),
        (["main:make", "--factory", "--reload"], "main:make", True),
        (["not_there:app", "--reload"], "not_there:app", False),
    ],
)
def test_one_process_gets_the_app_and_several_get_its_name(
    arguments: list[str], served: str, factory: bool, files: Files, run: Run, uvicorn: Uvicorn
) -> None:
    files(main=MADE)
    assert run("run", *arguments) == (0, "", "")
    (app,) = uvicorn.served
    assert app == served if isinstance(app, str) else served == "the app"
    assert uvicorn.options["factory"] == factory


def test_options_are_passed_on_and_proxies_are_not_believed_by_default(
    files: Files, run: Run, uvicorn: Uvicorn
) -> None:
    files(main=APP, other="async def app(scope, receive, send): ...\n")
    run("run", "other:app")
    assert uvicorn.options == {
        "factory": False,
        "host": "127.0.0.1",
        "port": 8000,
        "uds": None,
        "reload": False,
        "workers": 1,
        "log_level": "info",
        "proxy_headers": False,
        "app_dir": ".",
    }
    given = "--host ::1 --port 9 --uds s --log-level debug --proxy-headers"
    run("run", "main:app", *given.split())
    assert (
        uvicorn.options
        | {
            "host": "::1",
            "port": 9,
            "uds": "s",
            "log_level": "debug",
            "proxy_headers": True,
        }
        == uvicorn.options
    )


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["nothing:app"], 2, "there is no module 'nothing'"),
        (["broken:app"], 1, "'broken:app' cannot be compiled: the handler"),
        (["main:app", "--reload", "--workers", "2"], 2, "only one process can be reloaded"),
        (["main:number"], 2, "'main:number' is 7, which is no ASGI app"),
    ],
)
def test_what_cannot_be_served_is_told_before_a_server_starts(
    arguments: list[str], code: int, message: str, files: Files, run: Run, uvicorn: Uvicorn
) -> None:
    files(
        main=f"{APP}\n    number = 7\n",
        broken='from framework import App\napp = App()\napp.add_route("/{x}", lambda: ...)\n',
    )
    exited, out, err = run("run", *arguments)
    assert (exited, out, uvicorn.served) == (code, "", [])
    assert message in err


def test_without_uvicorn_the_extra_is_named(
    files: Files, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    files(main=APP)
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    message = "error: run needs uvicorn: pip install 'asgi-framework[server]'\n"
    assert run("run", "main:app") == (1, "", message)


def test_an_app_is_served(files: Files, tmp_path: Path) -> None:
    files(
        main="from framework import App\napp = App()\n@app.get('/')\nasync def hi(): return 'hi'\n"
    )
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, "-m", "framework", "run", "main:app", "--port", str(port)],
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    with server:
        assert server.stderr is not None
        next(line for line in server.stderr if "running on" in line)
        answer = httpx.get(f"http://127.0.0.1:{port}/")
        server.send_signal(signal.SIGTERM)
        log = server.stderr.read()
    assert answer.text == "hi"
    assert "Finished server process" in log
