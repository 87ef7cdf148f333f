"""The event stream format (WHATWG HTML section 9.2.5): from an event's fields to its lines.

A line ends at CR LF, LF or CR, and only there; no text may begin a line of its own.
"""

import re

__all__ = ["format_data", "format_head"]

LINE_END = re.compile("\r\n|\n|\r")
DATA, COMMENT = "\ndata: ", "\n: "
"""What begins a further line of the same field."""


def format_data(text: str, head: str = "") -> bytes:
    r"""An event of data, after the lines of its other fields.

    >>> format_data("two\nlines")
    b'data: two\ndata: lines\n\n'
    """
    if "\n" in text or "\r" in text:
        text = LINE_END.sub(DATA, text)
    return f"{head}data: {text}\n\n".encode()


def format_head(event: str | None, id: str | None, retry: int | None, comment: str | None) -> str:
    """The lines of an event but its data; `retry` is in milliseconds. ValueError for what would end a line."""
    if event is None:
        head, lines = ("", 0) if id is None else (f"id: {id}\n", 1)
    elif id is None:
        head, lines = f"event: {event}\n", 1
    else:
        head, lines = f"event: {event}\nid: {id}\n", 2
    if head.count("\n") != lines or "\r" in head or "\0" in head:
        raise ValueError(
            f"event={event!r}, id={id!r}: each is a single line, without NUL, for which browsers "
            "ignore an id"
        )
    if retry is not None:
        head += f"retry: {retry:d}\n"
    if comment is not None:
        head += f": {LINE_END.sub(COMMENT, comment)}\n"
    return head
