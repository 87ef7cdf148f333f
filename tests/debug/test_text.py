"""An error as plain text."""

from framework._debug.failures import OUTERMOST, Failure, Frame, SourceLine
from framework._debug.report import Facts
from framework._debug.text import error_text

FRAME = Frame("a.py", 2, "f", True, [SourceLine(1, "def f():"), SourceLine(2, "  1 / 0", 2, 7)], [])
BARE = Frame("b.py", 1, "g", True, [SourceLine(1, "x")], [])


def test_a_text_has_the_traceback_then_the_tables() -> None:
    failures = [
        Failure("", "ZeroDivisionError", "by zero", ["a note"], [FRAME, BARE], 0),
        Failure("Caused by", "KeyError", "", [], [], 0),
    ]
    assert error_text(failures, [Facts("Query", [("a", "1")])]) == (
        '  File "a.py", line 2, in f\n    1 / 0\n    ^^^^^\n'
        '  File "b.py", line 1, in g\n    x\n'
        "ZeroDivisionError: by zero\na note\n\nCaused by:\n\nKeyError\n\nQuery\n  a: 1\n"
    )


def test_what_is_left_out_is_told_where_it_was() -> None:
    text = error_text([Failure("", "E", "", [], [BARE] * (OUTERMOST + 1), 5)], [])
    assert text.split("  ... 5 calls left out\n")[0].count("File") == OUTERMOST
