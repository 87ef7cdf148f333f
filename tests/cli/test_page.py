"""The page of the command line, held against what the commands print."""

import re

import pytest

from tests.cli.conftest import Files, Run
from tests.pages import ROOT, fences

PAGE = fences((ROOT / "docs" / "command_line.md").read_text("utf-8"))
MAIN = next(fence.text for fence in PAGE if fence.options.get("file") == "main.py")
SHOWN = [
    shown
    for fence in PAGE
    if fence.language == "console"
    for shown in re.findall(r"^\$ framework (.*)\n((?:(?!\$ ).*\n)*)", fence.text, re.MULTILINE)
]


@pytest.mark.parametrize(("command", "output"), SHOWN, ids=[command for command, _ in SHOWN])
def test_a_command_prints_what_the_page_shows(
    command: str, output: str, files: Files, run: Run
) -> None:
    files(main=MAIN)
    _, out, err = run(*command.split())
    assert out + err == output.rstrip("\n") + "\n"


def test_the_page_shows_each_command_that_prints() -> None:
    assert {command.split()[0] for command, _ in SHOWN} == {"routes", "explain", "check"}
