"""The page of the command line, held against what the commands print."""

import re
from pathlib import Path

import pytest

from tests.cli.conftest import Files, Run

PAGE = (Path(__file__).parent.parent.parent / "docs" / "command_line.md").read_text("utf-8")
MAIN = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)[0]
SHOWN = [
    shown
    for block in re.findall(r"^```console\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    for shown in re.findall(r"^\$ framework (.*)\n((?:(?!\$ ).*\n)*)", block, re.MULTILINE)
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
