from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework._layout import Section, cells, count, near, plain, sections, shown, wrap


@given(
    text=st.text(st.sampled_from("ab 漢é\u0301"), max_size=60),
    width=st.integers(4, 40),
    hanging=st.integers(0, 6),
)
def test_no_line_is_wider_than_asked_and_no_word_is_lost(
    text: str, width: int, hanging: int
) -> None:
    lines = wrap(text, width, hanging=hanging)
    assert all(cells(line) <= max(width, hanging + 2) for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("one two three", 8, ["one two", "  three"]),
        ("one two three", 40, ["one two three"]),
        ("abcdefghij kl", 6, ["abcdef", "  ghij", "  kl"]),
        ("漢字漢字", 4, ["漢字", "  漢", "  字"]),
        ("", 10, [""]),
    ],
)
def test_text_is_broken_at_spaces_or_within_a_long_word(
    text: str, width: int, lines: list[str]
) -> None:
    assert wrap(text, width, hanging=2) == lines


PARTS = [
    Section("answer", ["it is answered by somebody", "quickly"]),
    Section("nothing", []),
    Section("not taken", ["others"]),
]


def test_labels_stand_in_a_column_of_their_own() -> None:
    assert list(sections(PARTS, 80)) == [
        "answer     it is answered by somebody",
        "           quickly",
        "not taken  others",
    ]


def test_on_a_narrow_terminal_labels_have_lines_of_their_own() -> None:
    assert list(sections(PARTS, 20)) == [
        "answer",
        "  it is answered by",
        "    somebody",
        "  quickly",
        "not taken",
        "  others",
    ]


def test_labels_are_painted_and_take_no_more_room() -> None:
    painted = sections(PARTS[2:], 80, lambda text, style: f"<{style} {text}>")
    assert list(painted) == ["<label not taken>  others"]
    assert plain("text", "bad") == "text"


def test_what_would_move_the_cursor_is_shown_as_an_escape() -> None:
    assert shown("a\x1b[2Jb\n\u202eü漢") == "a\\x1b[2Jb\\n\\u202eü漢"


def test_characters_are_counted_by_the_columns_that_they_take() -> None:
    assert [cells(text) for text in ("abc", "ü", "漢", "e\u0301")] == [3, 1, 2, 1]


def test_a_count_is_a_number_of_things() -> None:
    assert [count(n, "route") for n in (0, 1, 2)] == ["0 routes", "1 route", "2 routes"]


def test_a_place_is_told_from_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert near(f"{tmp_path / 'app.py'}:3") == "app.py:3"
    assert near("elsewhere.py:3") == "elsewhere.py:3"
