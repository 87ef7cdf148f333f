"""The event stream format (WHATWG HTML section 9.2.5): from an event's fields to its lines.

A line ends at CR LF, LF or CR, and only there; no text may begin a line of its own.
"""

import re

__all__ = ["format_comment", "format_data", "format_event"]

LINE_END = re.compile("\r\n|\n|\r")


def format_data(text: str) -> bytes:
    r"""An event that has only data.

    >>> format_data("two\nlines")
    b'data: two\ndata: lines\n\n'
    """
    if "\n" in text or "\r" in text:
        text = LINE_END.sub("\ndata: ", text)
    return f"data: {text}\n\n".encode()


def format_event(
    data: str | None, event: str | None, id: str | None, retry: int | None, comment: str | None
) -> bytes:
    """An event of these fields, of which `retry` is in milliseconds; ValueError for what would end a line."""
    lines = [] if comment is None else [f": {LINE_END.sub(chr(10) + ': ', comment)}\n"]
    if event is not None:
        lines.append(f"event: {_single_line('event', event)}\n")
    if id is not None:
        if "\0" in id:
            raise ValueError("the id of an event has no NUL: browsers ignore one that has")
        lines.append(f"id: {_single_line('id', id)}\n")
    if retry is not None:
        lines.append(f"retry: {retry:d}\n")
    block = "".join(lines).encode()
    return block + (b"\n" if data is None else format_data(data))


def format_comment(text: str) -> bytes:
    """Lines that a browser ignores."""
    return format_event(None, None, None, None, text)


def _single_line(name: str, value: str) -> str:
    if LINE_END.search(value):
        raise ValueError(f"the {name} of an event is a single line, not {value!r}")
    return value
