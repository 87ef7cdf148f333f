"""Reports: where to read, what is shown of a message, and how the whole reads."""

from collections.abc import Mapping
from typing import Any

import pytest

from framework.checker import Breach, Clause, SpecViolation
from framework.checker import _clauses as clauses
from framework.checker._clauses import show, show_whole
from framework.exceptions import FrameworkError

CLAUSES = {name: each for name, each in vars(clauses).items() if isinstance(each, Clause)}


@pytest.mark.parametrize("clause", CLAUSES.values(), ids=CLAUSES)
def test_a_clause_names_a_section_and_where_to_read_it(clause: Clause) -> None:
    assert clause.title.startswith(("ASGI ", "RFC "))
    assert clause.url.startswith(("https://asgi.readthedocs.io/", "https://www.rfc-editor.org/"))
    assert clause.url.partition("#")[2] == clause.url.partition("#")[2].lower().strip(" -()/&")


def test_the_anchor_of_a_section_is_as_the_documentation_has_it() -> None:
    assert clauses.CLOSE.url.endswith("/latest/specs/www.html#close-send-event")
    assert clauses.rfc(9110, "8.6") == (
        "RFC 9110 section 8.6",
        "https://www.rfc-editor.org/rfc/rfc9110#section-8.6",
    )


def test_a_report_says_who_what_where_and_what_to_do() -> None:
    breach = Breach(
        "app", Clause("ASGI, A", "https://a.example"), "`a` is 1", "make it 2", "{'a': 1}"
    )
    error = SpecViolation(breach)
    assert error.breach is breach
    assert isinstance(error, FrameworkError)
    assert str(error) == (
        "the app broke 'ASGI, A' (https://a.example): `a` is 1; make it 2. Seen in {'a': 1}"
    )


class Unshowable:
    """Something whose own words are an error."""

    __slots__ = ()

    def __repr__(self) -> str:
        raise ValueError("no words")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (b"a" * 40, repr(b"a" * 40)),
        (b"a" * 41, f"{b'a' * 40!r}..."),
        (bytearray(b"a" * 99), f"bytearray({b'a' * 40!r}...)"),
        (10**50, str(10**50)),
    ],
)
def test_what_is_long_is_cut_short(value: object, shown: str) -> None:
    assert show(value) == shown


def test_a_number_with_more_digits_than_python_writes_is_measured() -> None:
    assert show([10**5000]) == "[<int of 16610 bits>]"


def test_what_cannot_be_shown_is_named() -> None:
    assert "Unshowable" in show(Unshowable())


def test_of_a_large_message_only_the_beginning_is_shown() -> None:
    message: Mapping[str, Any] = {str(n): [{"a": "b" * 99}] * 99 for n in range(99)}
    assert len(show_whole(message)) == 1000
