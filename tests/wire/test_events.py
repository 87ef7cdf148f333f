"""Events as lines, and as a browser reads these lines again."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework._wire.events import as_line, format_event, format_rest

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
    assert format_event(text) == stream


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_data_comes_back_as_it_was_but_for_how_its_lines_end(text: str) -> None:
    expected = re.sub("\r\n|\r", "\n", text)
    assert parse(format_event(text)) == [{"data": expected}]


def test_all_fields_are_sent() -> None:
    rest = format_rest(1500, "hi\nthere")
    assert rest == "retry: 1500\n: hi\n: there\n"
    head = b"event: greeting\nid: 7\nretry: 1500\n: hi\n: there\n"
    assert format_event("a\nb", "greeting", "7", rest) == head + b"data: a\ndata: b\n\n"


@pytest.mark.parametrize(
    ("event", "id", "head"),
    [
        (None, None, b""),
        ("x", None, b"event: x\n"),
        (None, "7", b"id: 7\n"),
        ("x", "7", b"event: x\nid: 7\n"),
        ("", "", b"event: \nid: \n"),
    ],
)
def test_a_field_may_be_missing(event: str | None, id: str | None, head: bytes) -> None:
    assert format_event("x", event, id) == head + b"data: x\n\n"
    assert format_event(None, event, id) == head + b"\n"
    assert format_event(None, event, id, format_rest(0, None)) == head + b"retry: 0\n\n"


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n", "\0"])
def test_no_line_begins_another(end: str) -> None:
    with pytest.raises(ValueError, match=r"id='x.*: it is a single line"):
        as_line("id", f"x{end}data: injected")


@pytest.mark.parametrize("value", ["", "x", "\x0b\u2028\x85\x1c", "a\tb", "\ud83d", 7])
def test_a_line_is_text_without_line_ends(value: object) -> None:
    assert as_line("id", value) == str(value)


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n"])
def test_no_comment_begins_a_field(end: str) -> None:
    rest = format_rest(None, f"x{end}{end}data: injected")
    assert parse(f"{rest}\n".encode()) == [{"": "x\n\ndata: injected"}]
