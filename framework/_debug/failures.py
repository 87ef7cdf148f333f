"""An exception as data that can be shown: its causes and members, their frames, source and variables.

Nothing is formatted here. What an attacker can make long (a recursion, a chain, a line) is bounded.
"""

import linecache
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from types import CodeType, TracebackType
from typing import TypeAlias

from framework._debug.secrets import without_literals
from framework._debug.values import Values

__all__ = ["Failure", "Frame", "SourceLine", "failures", "is_library", "shown_path"]

MOST_FAILURES = 16
"""Exceptions of a page: causes, and members of groups."""
MOST_FRAMES = 30
"""Frames of one exception; of a recursion the middle is left out."""
OUTERMOST = 8
"""How many of these are the first ones."""
LINES_AROUND = 5
"""Lines of source before the one that failed, and after it."""
LONGEST_LINE = 500
LONGEST_MESSAGE = 5_000

OURS = Path(__file__).parent.parent
LIBRARIES = (f"{Path(os.__file__).parent}{os.sep}", f"{OURS}{os.sep}", "<frozen ")
INSTALLED = frozenset({"site-packages", "dist-packages"})

Position: TypeAlias = tuple[int | None, int | None, int | None, int | None]
UNKNOWN: Position = (None, None, None, None)


@dataclass(frozen=True, slots=True)
class SourceLine:
    """A line of source; what failed is from `start` to `end`, which are equal where it did not."""

    number: int
    text: str
    start: int = 0
    end: int = 0


@dataclass(frozen=True, slots=True)
class Frame:
    """One call: where it was, and what it had. `is_own` tells the user's code from libraries."""

    file: str
    line: int
    function: str
    is_own: bool
    lines: list[SourceLine]
    variables: list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Failure:
    """One exception. `relation` is what it is to the one before it, empty for the first.

    `frames` are in the order of the calls; `left_out` of them are missing after the first OUTERMOST.
    """

    relation: str
    kind: str
    message: str
    notes: list[str]
    frames: list[Frame]
    left_out: int


def failures(error: BaseException, values: Values) -> list[Failure]:
    """The exception, then what it is a group of, what caused it, and what it was raised during."""
    found = islice(_related(error, "", set()), MOST_FAILURES)
    return [_failure(each, relation, values) for relation, each in found]


def is_library(file: str) -> bool:
    """Whether a file is Python's, this framework's or installed, and so not what is being written."""
    return file.startswith(LIBRARIES) or not INSTALLED.isdisjoint(Path(file).parts)


def shown_path(file: str) -> str:
    """A file as a reader wants it: from the folder where the app runs, or from where it is installed."""
    for name in INSTALLED:
        file = file.rpartition(f"{os.sep}{name}{os.sep}")[2]
    for folder in (f"{Path.cwd()}{os.sep}", f"{OURS.parent}{os.sep}", LIBRARIES[0]):
        file = file.removeprefix(folder)
    return file


def _related(
    error: BaseException, relation: str, seen: set[int]
) -> Iterator[tuple[str, BaseException]]:
    if id(error) in seen:
        return
    seen.add(id(error))
    yield relation, error
    if issubclass(type(error), BaseExceptionGroup):
        members: Sequence[BaseException] = getattr(error, "exceptions", ())
        for number, member in enumerate(members, 1):
            yield from _related(
                member, f"Number {number} of {len(members)} in the group above", seen
            )
    if error.__cause__ is not None:
        yield from _related(error.__cause__, "Caused by", seen)
    elif error.__context__ is not None and not error.__suppress_context__:
        yield from _related(error.__context__, "Raised while this was being handled", seen)


def _failure(error: BaseException, relation: str, values: Values) -> Failure:
    calls = _without_ours(list(_calls(error.__traceback__)))
    left_out = max(0, len(calls) - MOST_FRAMES)
    if left_out:
        calls[OUTERMOST : OUTERMOST + left_out] = []
    kind = type(error)
    name = kind.__qualname__
    return Failure(
        relation,
        name if kind.__module__ in ("builtins", "__main__") else f"{kind.__module__}.{name}",
        _message(error),
        _notes(error),
        [_frame(call, values) for call in calls],
        left_out,
    )


def _message(error: BaseException) -> str:
    try:
        return _cut(str(error))
    except Exception as failed:
        return f"<its text failed with {type(failed).__name__}>"


def _notes(error: BaseException) -> list[str]:
    notes: list[object] = getattr(error, "__notes__", [])
    return [_cut(note) for note in notes[:LINES_AROUND] if isinstance(note, str)]


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_MESSAGE else f"{text[:LONGEST_MESSAGE]}..."


def _calls(trace: TracebackType | None) -> Iterator[TracebackType]:
    while trace is not None:
        yield trace
        trace = trace.tb_next


def _without_ours(calls: list[TracebackType]) -> list[TracebackType]:
    """The calls without those by which the framework came to the first that is not its own, if one is."""
    own = [call.tb_frame.f_code.co_filename.startswith(f"{OURS}{os.sep}") for call in calls]
    return calls[own.index(False) :] if False in own else calls


def _frame(call: TracebackType, values: Values) -> Frame:
    frame, code, number = call.tb_frame, call.tb_frame.f_code, call.tb_lineno
    return Frame(
        code.co_filename,
        number,
        code.co_qualname,
        not is_library(code.co_filename),
        _lines(call, number),
        values.variables(frame.f_locals),
    )


def _lines(call: TracebackType, number: int) -> list[SourceLine]:
    file = call.tb_frame.f_code.co_filename
    linecache.checkcache(file)  # it may have been edited since
    source = linecache.getlines(file, call.tb_frame.f_globals)
    first = max(1, number - LINES_AROUND)
    position = _position(call.tb_frame.f_code, call.tb_lasti)
    texts = source[first - 1 : number + LINES_AROUND]
    return [_line(first + index, text, position) for index, text in enumerate(texts)]


def _position(code: CodeType, instruction: int) -> Position:
    return next(islice(code.co_positions(), instruction // 2, None), UNKNOWN)


def _line(number: int, source: str, position: Position) -> SourceLine:
    """A line and what of it the position has, which counts bytes (PEP 657)."""
    written = source.rstrip("\r\n").expandtabs(1)
    text = without_literals(written)
    if text != written:  # its positions are no longer those of what is shown
        return SourceLine(number, text[:LONGEST_LINE])
    first, last, start, end = (each or 0 for each in position)
    indent, length = len(text) - len(text.lstrip()), len(text)
    marked = (0, 0)
    if first <= number <= last:
        marked = (
            _characters(text, start) if number == first else indent,
            _characters(text, end) if number == last else length,
        )
    return SourceLine(number, text[:LONGEST_LINE], *(min(each, LONGEST_LINE) for each in marked))


def _characters(text: str, count: int) -> int:
    return len(text.encode(errors="replace")[:count].decode(errors="replace"))
