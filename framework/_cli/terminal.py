"""Where the output goes: how wide it is, whether it takes colour, and what if nobody reads on.

Colour is for terminals, unless the environment says otherwise: NO_COLOR (no-color.org), FORCE_COLOR,
CLICOLOR=0 and CLICOLOR_FORCE (bixense.com/clicolors).
"""

import os
import shutil
from collections.abc import Callable, Iterable, Mapping
from typing import TextIO

from framework._layout import Style

__all__ = ["OutputError", "Terminal"]

CODES: dict[Style, str] = {
    "title": "1",
    "label": "36",
    "good": "32",
    "careful": "33",
    "bad": "31",
    "quiet": "2",
}

PIPE_WIDTH = 100
"""Columns where nobody says how wide it is; COLUMNS does."""


class OutputError(Exception):
    """What was to be said cannot be written."""


class Terminal:
    """A stream that is written for people to read; OutputError if it cannot be written."""

    __slots__ = ("_has_colour", "_stream", "width")

    def __init__(self, stream: TextIO | None, environ: Mapping[str, str] = os.environ) -> None:
        if stream is None:  # the shell has closed it: `>&-`
            raise OutputError("there is no standard output")
        self._stream: TextIO = stream
        self._has_colour = takes_colour(environ, is_terminal=stream.isatty())
        # What its encoding has no character for is written as an escape, not raised about.
        reconfigure: Callable[..., None] | None = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")
        self.width: int = max(20, shutil.get_terminal_size((PIPE_WIDTH, 24)).columns)

    def paint(self, text: str, style: Style) -> str:
        """The text in the colour of a style, where colours are wanted."""
        return f"\x1b[{CODES[style]}m{text}\x1b[0m" if text and self._has_colour else text

    def print(self, lines: Iterable[str] | str) -> None:
        """Write lines."""
        text = "".join(
            f"{line.rstrip()}\n" for line in ([lines] if isinstance(lines, str) else lines)
        )
        try:
            self._stream.write(text)
            self._stream.flush()
        except BrokenPipeError:
            raise
        except OSError as error:
            raise OutputError(f"the output cannot be written: {error.strerror}") from None


def takes_colour(environ: Mapping[str, str], *, is_terminal: bool) -> bool:
    """Whether to colour what is written. An empty variable is as none."""
    if environ.get("NO_COLOR"):
        return False
    for name in ("FORCE_COLOR", "CLICOLOR_FORCE"):
        if environ.get(name, "0") not in ("", "0"):
            return True
    return is_terminal and environ.get("CLICOLOR") != "0" and environ.get("TERM") != "dumb"
