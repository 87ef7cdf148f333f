"""A folder of the user's own, in which a command runs."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent

import pytest

from framework._cli.commands import main

Files = Callable[..., None]
Run = Callable[..., tuple[int, str, str]]

APP = """\
    from framework import App

    app = App()

    @app.get("/users/{id:int}")
    async def user(id: int) -> dict[str, int]: ...
"""


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Files]:
    """Write modules, by their names, into the folder where the command runs."""
    modules = {*sys.modules}
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.chdir(tmp_path)

    def write(**texts: str) -> None:
        for name, text in texts.items():
            (tmp_path / f"{name}.py").write_text(dedent(text))

    yield write
    for name in {*sys.modules} - modules:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(str(tmp_path)):
            del sys.modules[name]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command on a terminal of 100 columns; what it exits with, and what it has written."""

    def run_command(*arguments: str, columns: int = 100) -> tuple[int, str, str]:
        monkeypatch.setenv("COLUMNS", str(columns))
        code = main(arguments)
        written = capsys.readouterr()
        return code, written.out, written.err

    return run_command
