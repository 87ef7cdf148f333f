"""Events as lines, and as a browser reads these lines again."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework._wire.events import format_comment, format_data, format_event

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
    stream = format_event("a\nb", "greeting", "7", 1500, "hi\nthere")
    assert stream == (b"event: greeting\nid: 7\nretry: 1500\n: hi\n: there\ndata: a\ndata: b\n\n")


def test_an_event_may_be_without_data() -> None:
    assert format_event(None, None, "7", None, None) == b"id: 7\n\n"
    assert format_comment("ping") == b": ping\n\n"


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n"])
@pytest.mark.parametrize("name", ["event", "id"])
def test_no_field_begins_another(name: str, end: str) -> None:
    fields: dict[str, Any] = dict.fromkeys(["data", "event", "id", "retry", "comment"])
    fields[name] = f"x{end}data: injected"
    with pytest.raises(ValueError, match=rf"{name}='x.*: each is a single line"):
        format_event(**fields)
    assert parse(format_comment(f"x{end}{end}data: injected")) == [{"": "x\n\ndata: injected"}]


def test_an_id_has_no_nul() -> None:
    with pytest.raises(ValueError, match="NUL"):
        format_event("x", None, "a\0b", None, None)
