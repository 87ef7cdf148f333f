"""An exception as data: its relatives, frames and the source where it failed."""

import traceback
from collections.abc import Callable

import pytest

from framework._debug.failures import (
    LONGEST_MESSAGE,
    MOST_FAILURES,
    MOST_FRAMES,
    Failure,
    SourceLine,
    _line,
    failures,
    is_library,
    shown_path,
)
from framework._debug.values import Values
from framework.exceptions import ConfigError


class Textless(Exception):
    """Has no text."""

    def __str__(self) -> str:
        raise ValueError


def raised(function: Callable[[], object]) -> list[Failure]:
    """What is known of the exception that a function raises."""
    with pytest.raises(Exception) as caught:  # noqa: PT011 - which one is the function's affair
        function()
    return failures(caught.value, Values())


def recurse() -> None:
    recurse()


def caused() -> None:
    try:
        int("x")
    except ValueError as error:
        raise ConfigError("é" * 3) from error


def handling() -> None:
    try:
        int("x")
    finally:
        dict[str, int]()["a"]


def hiding() -> None:
    try:
        int("x")
    except ValueError:
        raise KeyError("a") from None


def multiline() -> float:
    zero = 0
    return (
        1
        /
        zero
    )  # fmt: skip


@pytest.mark.parametrize(
    ("function", "relations"),
    [
        (caused, ["", "Caused by"]),
        (handling, ["", "Raised while this was being handled"]),
        (hiding, [""]),
    ],
)
def test_causes_are_told_as_python_tells_them(
    function: Callable[[], object], relations: list[str]
) -> None:
    assert [failure.relation for failure in raised(function)] == relations


def test_a_kind_names_its_module_unless_it_is_built_in() -> None:
    assert [failure.kind for failure in raised(caused)] == [
        "framework.exceptions.ConfigError",
        "ValueError",
    ]


def test_members_of_a_group_are_numbered_and_loops_end() -> None:
    inner = ValueError("a")
    group = ExceptionGroup("g", [inner, TypeError("b")])
    inner.__cause__ = group
    found = failures(group, Values())
    assert [failure.relation for failure in found] == [
        "",
        "Number 1 of 2 in the group above",
        "Number 2 of 2 in the group above",
    ]
    many = ExceptionGroup("g", [ValueError("a") for _ in range(99)])
    assert len(failures(many, Values())) == MOST_FAILURES


def test_a_recursion_loses_its_middle() -> None:
    (failure,) = raised(recurse)
    assert len(failure.frames) == MOST_FRAMES
    assert failure.left_out > MOST_FRAMES


def test_what_failed_is_marked_over_all_of_its_lines() -> None:
    frame = raised(multiline)[0].frames[-1]
    marked = [line.text[line.start : line.end] for line in frame.lines if line.end]
    assert marked == ["1", "/", "zero"]
    assert ("zero", "0") in frame.variables
    assert frame.is_own


def test_a_frame_of_code_without_a_file_has_no_source() -> None:
    code = compile("1 / 0", "<nowhere>", "exec")
    frame = raised(lambda: exec(code))[0].frames[-1]
    assert (frame.file, frame.lines) == ("<nowhere>", [])


def test_a_line_without_columns_has_no_mark() -> None:
    assert _line(1, "1 / 0", (1, 1, None, None)) == SourceLine(1, "1 / 0")


def test_texts_and_notes_are_bounded_and_may_fail() -> None:
    long = ValueError("x" * 10**6)
    long.add_note("y" * 10**6)
    (failure,) = failures(long, Values())
    assert len(failure.message) == len(failure.notes[0]) == LONGEST_MESSAGE + 3
    assert failures(Textless(), Values())[0].message == "<its text failed with ValueError>"


def test_libraries_are_told_from_own_code_and_paths_are_short() -> None:
    assert is_library(traceback.__file__)
    assert not is_library(__file__)
    assert is_library("/x/site-packages/y/z.py")
    assert shown_path("/x/site-packages/y/z.py") == "y/z.py"
    assert shown_path(traceback.__file__) == "traceback.py"
