import os
import subprocess
import sys
import tomllib
from importlib.metadata import EntryPoint
from pathlib import Path

from framework import __main__ as module
from framework._cli.commands import main

ROOT = Path(__file__).parent.parent


def test_the_package_can_be_run_as_a_program() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "framework", "routes", "examples.hello:app"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "COLUMNS": "100"},
        check=True,
    )
    assert ended.stdout.startswith("METHODS")
    assert vars(module)["main"] is main


def test_the_script_is_the_same_program() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    script = EntryPoint("framework", project["scripts"]["framework"], "console_scripts")
    assert script.load() is main
