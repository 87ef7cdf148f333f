import io
import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from framework._cli.terminal import OutputError, Terminal, takes_colour


class Screen(io.StringIO):
    """A stream that is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("environ", "on_terminal", "in_pipe"),
    [
        ({}, True, False),
        ({"NO_COLOR": "1"}, False, False),
        ({"NO_COLOR": ""}, True, False),
        ({"FORCE_COLOR": "1"}, True, True),
        ({"FORCE_COLOR": "0"}, True, False),
        ({"FORCE_COLOR": ""}, True, False),
        ({"CLICOLOR_FORCE": "1"}, True, True),
        ({"CLICOLOR": "0"}, False, False),
        ({"CLICOLOR": "1"}, True, False),
        ({"CLICOLOR": "0", "FORCE_COLOR": "1"}, True, True),
        ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, False, False),
        ({"TERM": "dumb"}, False, False),
    ],
)
def test_colour_is_for_terminals_unless_the_environment_says_otherwise(
    environ: Mapping[str, str], on_terminal: bool, in_pipe: bool
) -> None:
    assert takes_colour(environ, is_terminal=True) == on_terminal
    assert takes_colour(environ, is_terminal=False) == in_pipe


def test_a_terminal_is_painted_on_and_a_pipe_is_not() -> None:
    screen, pipe = Terminal(Screen(), {}), Terminal(io.StringIO(), {})
    assert screen.paint("no", "bad") == "\x1b[31mno\x1b[0m"
    assert screen.paint("", "bad") == ""
    assert pipe.paint("no", "bad") == "no"


@pytest.mark.parametrize(("columns", "width"), [("200", 200), ("5", 20), ("", 100)])
def test_the_width_is_that_of_the_terminal(
    columns: str, width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    # Where the tests run on a terminal, it would have a width of its own.
    monkeypatch.setattr("sys.__stdout__", None)
    assert Terminal(io.StringIO()).width == width


def test_lines_are_written_without_spaces_at_their_end() -> None:
    stream = io.StringIO()
    Terminal(stream).print(["a  ", "", "b"])
    Terminal(stream).print("c")
    assert stream.getvalue() == "a\n\nb\nc\n"


def test_what_an_encoding_has_no_character_for_is_escaped() -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, "ascii")
    Terminal(stream).print("é漢")
    assert raw.getvalue() == b"\\xe9\\u6f22\n"


def test_a_disk_that_is_full_is_told_as_such() -> None:
    with Path("/dev/full").open("w") as full:
        with pytest.raises(OutputError, match="cannot be written: No space left on device"):
            Terminal(full).print("a line")
        os.dup2(os.open(os.devnull, os.O_WRONLY), full.fileno())  # for what is in the buffer
