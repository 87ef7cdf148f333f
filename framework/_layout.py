"""Text for a terminal of any width: labelled paragraphs and tables, from plain data.

Nothing here knows what it shows or where it goes. A column of the terminal is a cell: East Asian
characters take two (Unicode Standard Annex 11), combining ones none.
"""

import os
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate
from pathlib import Path
from typing import Literal, NamedTuple, TypeAlias

__all__ = [
    "Paint",
    "Section",
    "Style",
    "cells",
    "count",
    "near",
    "plain",
    "sections",
    "shown",
    "wrap",
]

Style: TypeAlias = Literal["title", "label", "good", "careful", "bad", "quiet"]
Paint: TypeAlias = Callable[[str, Style], str]

NARROW = 60
"""Below so many columns a label has a line of its own."""


class Section(NamedTuple):
    """A label, and what is said under it: each entry begins a line of its own."""

    label: str
    entries: Sequence[str]


def plain(text: str, style: Style) -> str:
    """Text without colour."""
    return text


def sections(parts: Iterable[Section], width: int, paint: Paint = plain) -> Iterator[str]:
    """The lines of labelled paragraphs; sections without entries are left out."""
    said = [part for part in parts if part.entries]
    column = max((len(part.label) for part in said), default=0) + 2
    for part in said:
        indent = column
        if width < NARROW:
            yield paint(part.label, "label")
            indent = 2
        for index, entry in enumerate(part.entries):
            lines = wrap(entry, width - indent, hanging=2)
            for number, line in enumerate(lines):
                is_labelled = index == number == 0 and width >= NARROW
                lead = part.label if is_labelled else ""
                yield paint(lead, "label") + " " * (indent - len(lead)) + line


def wrap(text: str, width: int, *, hanging: int = 0) -> list[str]:
    """The text in lines of so many cells at most, broken at spaces, or within a word that is longer."""
    lines: list[str] = []
    line, indent = "", ""
    for word in text.split(" "):
        tried = f"{line} {word}" if line.strip() else line + word
        if cells(tried) > width and line.strip():
            lines.append(line)
            indent = " " * hanging
            tried = indent + word
        while cells(tried) > max(width, len(indent) + 2):
            cut = _fitting(tried, max(width, len(indent) + 2))
            lines.append(tried[:cut])
            indent = " " * hanging
            tried = indent + tried[cut:]
        line = tried
    return [*lines, line]


def cells(text: str) -> int:
    """How many columns a text takes."""
    return len(text) if text.isascii() else sum(map(_cell, text))


def count(number: int, word: str) -> str:
    """A number of things: `1 route`, `2 routes`."""
    return f"{number} {word}{'' if number == 1 else 's'}"


def shown(text: str) -> str:
    """A text without what would move the cursor, end the line or change the colour."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def near(where: str) -> str:
    """A `file.py:12` as one wants it: from the current folder, if it is in there."""
    return where.removeprefix(f"{Path.cwd()}{os.sep}")


def _cell(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _fitting(text: str, width: int) -> int:
    """How many characters of a text that is wider than that fit."""
    taken = accumulate(map(_cell, text))
    return next(index for index, columns in enumerate(taken) if columns > width)
