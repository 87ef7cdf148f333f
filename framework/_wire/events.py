"""Server-sent events: from an event's fields to its lines (WHATWG HTML section 9.2.5).

A line ends at CR LF, LF or CR, and only there; no text may begin a line of its own.
"""

import re

__all__ = ["as_line", "format_event", "format_rest"]

LINE_END = re.compile("\r\n|\n|\r")
NOT_IN_A_LINE = re.compile("[\r\n\0]")
DATA, COMMENT = "\ndata: ", "\n: "
"""What begins a further line of the same field."""


def format_event(
    data: str | None, event: str | None = None, id: str | None = None, rest: str = ""
) -> bytes:
    r"""An event; `event` and `id` are lines (`as_line`), `rest` is what `format_rest` gives.

    >>> format_event("two\nlines", "greeting")
    b'event: greeting\ndata: two\ndata: lines\n\n'
    """
    if data is not None and ("\n" in data or "\r" in data):
        data = LINE_END.sub(DATA, data)
    if event is None:
        head = "" if id is None else f"id: {id}\n"
    elif id is None:
        head = f"event: {event}\n"
    elif data is not None:  # all at once: text that is made of texts takes its time
        return f"event: {event}\nid: {id}\n{rest}data: {data}\n\n".encode()
    else:
        head = f"event: {event}\nid: {id}\n"
    return f"{head}{rest}\n".encode() if data is None else f"{head}{rest}data: {data}\n\n".encode()


def format_rest(retry: int | None, comment: str | None) -> str:
    """The lines of the rarer fields; `retry` is in milliseconds. ValueError if it is negative."""
    rest = ""
    if retry is not None:
        if not (isinstance(retry, int) and retry >= 0):  # type: ignore[redundant-expr]
            raise ValueError(f"retry={retry!r}: give milliseconds, an integer of 0 or more")
        rest = f"retry: {retry:d}\n"
    if comment is not None:
        rest += f": {LINE_END.sub(COMMENT, comment)}\n"
    return rest


def as_line(name: str, value: object) -> str:
    """The value of a field that has one line, as text; ValueError for what would end the line."""
    line = str(value)
    if NOT_IN_A_LINE.search(line):
        raise ValueError(
            f"{name}={line!r}: it is a single line, without NUL, for which browsers ignore an id"
        )
    return line
