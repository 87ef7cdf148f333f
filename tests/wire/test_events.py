"""Events as lines, and as a browser reads these lines again."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework._wire.events import format_data, format_head

Events = list[dict[str, str]]


def parse(stream: bytes) -> Events:
    """What a browser makes of a stream (WHATWG HTML section 9.2.6)."""
    events: Events = []
    fields: dict[str, list[str]] = {}
    for line in re.split("\r\n|\n|\r", stream.decode())[:-1]:
        if line:
            name, _, value = line.partition(":")
            fields.setdefault(name, []).append(value.removeprefix(" "))
        else:
            events.append({name: "\n".join(values) for name, values in fields.items()})
            fields = {}
    return events


@pytest.mark.parametrize(
    ("text", "stream"),
    [
        ("", b"data: \n\n"),
        ("one", b"data: one\n\n"),
        ("two\nlines", b"data: two\ndata: lines\n\n"),
        ("two\r\nlines", b"data: two\ndata: lines\n\n"),
        ("two\rlines", b"data: two\ndata: lines\n\n"),
        ("\n", b"data: \ndata: \n\n"),
        ("a\n\nevent: b", b"data: a\ndata: \ndata: event: b\n\n"),
        (" padded", b"data:  padded\n\n"),
        ("no\x0bend\u2028of\x85a\x1cline", "data: no\x0bend\u2028of\x85a\x1cline\n\n".encode()),
        ("\0€", "data: \0€\n\n".encode()),
    ],
)
def test_each_line_of_the_data_is_a_field(text: str, stream: bytes) -> None:
    assert format_data(text) == stream


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_data_comes_back_as_it_was_but_for_how_its_lines_end(text: str) -> None:
    expected = re.sub("\r\n|\r", "\n", text)
    assert parse(format_data(text)) == [{"data": expected}]


def test_all_fields_are_sent() -> None:
    head = format_head("greeting", "7", 1500, "hi\nthere")
    assert head == "event: greeting\nid: 7\nretry: 1500\n: hi\n: there\n"
    assert format_data("a\nb", head) == head.encode() + b"data: a\ndata: b\n\n"


@pytest.mark.parametrize(
    ("event", "id", "head"),
    [
        (None, None, ""),
        ("x", None, "event: x\n"),
        (None, "7", "id: 7\n"),
        ("x", "7", "event: x\nid: 7\n"),
        ("", "", "event: \nid: \n"),
    ],
)
def test_a_field_may_be_missing(event: str | None, id: str | None, head: str) -> None:
    assert format_head(event, id, None, None) == head


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n", "\0"])
@pytest.mark.parametrize("name", ["event", "id"])
def test_no_field_begins_another(name: str, end: str) -> None:
    fields: dict[str, Any] = dict.fromkeys(["event", "id", "retry", "comment"])
    fields[name] = f"x{end}data: injected"
    with pytest.raises(ValueError, match=rf"{name}='x.*: each is a single line"):
        format_head(**fields)


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n"])
def test_no_comment_begins_a_field(end: str) -> None:
    head = format_head(None, None, None, f"x{end}{end}data: injected")
    assert parse(f"{head}\n".encode()) == [{"": "x\n\ndata: injected"}]
