"""An error as plain text: for a terminal, for problem details, and for what the copy button copies."""

from collections.abc import Iterator, Sequence

from framework._debug.failures import OUTERMOST, Failure, Frame
from framework._debug.report import Facts

__all__ = ["error_text", "parts_text", "traceback_text"]


def error_text(failures: Sequence[Failure], parts: Sequence[Facts]) -> str:
    """The whole of what a terminal is shown."""
    return f"{traceback_text(failures)}\n{parts_text(parts)}"


def traceback_text(failures: Sequence[Failure]) -> str:
    """The exceptions with the calls that led to each, in the order of Python's own tracebacks."""
    return "\n".join(line for failure in failures for line in _failure(failure)) + "\n"


def parts_text(parts: Sequence[Facts]) -> str:
    """The tables, one line for each row."""
    return "\n".join(line for part in parts for line in _part(part)) + "\n"


def _failure(failure: Failure) -> Iterator[str]:
    if failure.relation:
        yield f"\n{failure.relation}:\n"
    for index, frame in enumerate(failure.frames):
        if index == OUTERMOST and failure.left_out:
            yield f"  ... {failure.left_out} calls left out"
        yield from _frame(frame)
    yield f"{failure.kind}: {failure.message}" if failure.message else failure.kind
    yield from failure.notes


def _frame(frame: Frame) -> Iterator[str]:
    yield f'  File "{frame.file}", line {frame.line}, in {frame.function}'
    for line in frame.lines:
        if line.number == frame.line:
            text = line.text.lstrip()
            indent = len(line.text) - len(text)
            yield f"    {text}"
            if line.end > line.start:
                yield f"    {' ' * (line.start - indent)}{'^' * (line.end - line.start)}"


def _part(part: Facts) -> Iterator[str]:
    yield part.title
    for name, value in part.rows:
        yield f"  {name}: {value}"
