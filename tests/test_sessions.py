"""A session as a handler sees it, whoever keeps it."""

import math
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from starlette.middleware.sessions import Session as StarletteSession

from framework import FrameworkError
from framework.sessions import Session, session_of

KEPT = b'{"user":"me","cart":[1,{"n":2}]}'


def kept(text: bytes = KEPT) -> Session:
    return Session(lambda: text)


# Values


def test_a_session_is_a_mapping_of_what_was_kept() -> None:
    session = kept()
    assert session == {"user": "me", "cart": [1, {"n": 2}]}
    assert (len(session), list(session), session["user"]) == (2, ["user", "cart"], "me")
    assert "user" in session
    assert session.get("nothing") is None
    assert repr(session) == "Session({'user': 'me', 'cart': [1, {'n': 2}]})"
    with pytest.raises(KeyError):
        session["nothing"]


def test_values_are_set_and_removed() -> None:
    session = kept()
    session["user"] = "you"
    session.update(a=1, b=2)
    del session["a"]
    assert session.pop("b") == 2
    assert session.setdefault("c", 3) == 3
    assert session == {"user": "you", "cart": [1, {"n": 2}], "c": 3}


def test_several_values_are_set_at_once() -> None:
    session = same = Session()
    session |= {"a": 1, "b": 2}
    assert session is same
    assert dict(session) == {"a": 1, "b": 2}


def test_without_anything_kept_a_session_is_empty_and_new() -> None:
    session = Session()
    assert session == {}
    assert not session
    assert session.is_new


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"null",
        b"[]",
        b'["user"]',
        b"1",
        b'"user"',
        b"{}",
        b"{",
        b"{}{}",
        b"\xff",
        b"[" * 10**6,
    ],
)
def test_what_is_not_a_json_object_with_values_is_no_session(text: bytes) -> None:
    session = kept(text)
    assert session.is_new
    assert session == {}
    assert session.changes() is None


def test_what_cannot_be_loaded_is_no_session() -> None:
    def load() -> bytes:
        raise ValueError

    assert Session(load).is_new


@pytest.mark.parametrize("name", [1, None, b"user", ("a", "b"), True])
def test_a_name_that_is_not_text_is_refused(name: Any) -> None:
    session = kept()
    with pytest.raises(TypeError, match=r"^session\[.*\]: a name is a str"):
        session[name] = 1
    assert session.changes() is None


# What somebody asked for

READS: list[Callable[[Session], object]] = [
    lambda session: session.get("user"),
    lambda session: "user" in session,
    len,
    bool,
    list,
    repr,
    lambda session: session.is_new,
    lambda session: session == {},
]
CHANGES: list[Callable[[Session], object]] = [
    lambda session: session.update(user="you"),
    lambda session: session.pop("user"),
    lambda session: session.pop("user", None),
    lambda session: session.popitem(),
    lambda session: session.setdefault("another", 1),
    lambda session: session.clear(),
    lambda session: session.regenerate(),
]


def test_the_value_that_was_set_last_is_popped_first() -> None:
    session = Session()
    session.update(a=1, b=2)
    assert [session.popitem(), session.popitem()] == [("b", 2), ("a", 1)]
    with pytest.raises(KeyError):
        session.popitem()


def test_nothing_is_loaded_before_somebody_asks() -> None:
    def load() -> bytes:
        loads.append(1)
        return KEPT

    loads: list[int] = []
    session = Session(load)
    assert not session.accessed
    assert session.changes() is None
    session.seal()
    assert loads == []
    assert (session["user"], session["cart"][0]) == ("me", 1)
    assert loads == [1]


@pytest.mark.parametrize("use", READS + CHANGES)
def test_every_use_counts_as_access(use: Callable[[Session], object]) -> None:
    session = kept()
    use(session)
    assert session.accessed
    assert not session.is_new


# What has changed


@pytest.mark.parametrize("read", READS)
def test_what_is_only_read_has_not_changed(read: Callable[[Session], object]) -> None:
    session = kept()
    read(session)
    assert session.changes() is None


def test_what_is_set_to_what_it_was_has_not_changed() -> None:
    session = kept()
    session["user"] = "you"
    session["user"] = "me"
    session["cart"] = [1, {"n": 2}]
    assert session.changes() is None


def test_a_change_within_a_value_is_a_change() -> None:
    session = kept()
    session["cart"][1]["n"] += 1
    assert session.changes() == b'{"user":"me","cart":[1,{"n":3}]}'


def test_new_values_are_a_change() -> None:
    session = Session()
    session["day"] = datetime(2024, 2, 29, tzinfo=UTC)
    session["id"] = UUID(int=1)
    assert session.changes() == (
        b'{"day":"2024-02-29T00:00:00+00:00","id":"00000000-0000-0000-0000-000000000001"}'
    )


def test_a_new_session_that_stays_empty_has_not_changed() -> None:
    session = Session()
    session["a"] = 1
    del session["a"]
    session.regenerate()
    session.clear()
    assert session.changes() is None


def test_a_new_id_is_a_change() -> None:
    session = kept()
    assert not session.is_renewed
    session.regenerate()
    assert session.is_renewed
    assert session.changes() == KEPT


def test_the_end_of_a_session_is_a_change_to_nothing() -> None:
    session = kept()
    session.clear()
    assert session == {}
    assert session.is_renewed
    assert session.changes() == b""


def test_a_session_whose_last_value_is_removed_ends() -> None:
    session = kept(b'{"a":1}')
    del session["a"]
    assert session.changes() == b""


def test_values_after_the_end_begin_a_new_session() -> None:
    session = kept()
    session.clear()
    session["notice"] = "bye"
    assert session.is_renewed
    assert session.changes() == b'{"notice":"bye"}'


@pytest.mark.parametrize(
    ("value", "error"),
    [
        (object(), TypeError),
        (b"bytes", TypeError),
        ({1, 2}, TypeError),
        ({(1, 2): 3}, TypeError),
        (math.nan, ValueError),
        ([math.inf], ValueError),
        ("half a pair: \ud800", ValueError),
    ],
)
def test_a_value_that_json_cannot_say_is_an_error_that_names_it(
    value: object, error: type[Exception]
) -> None:
    session = kept()
    session["good"] = 1
    session["bad"] = value
    with pytest.raises(error, match=r"^session\['bad'\] cannot be kept: "):
        session.changes()


# After the start of the response


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_after_the_response_has_started_is_an_error_that_says_so(
    change: Callable[[Session], object],
) -> None:
    session = kept()
    session.seal()
    with pytest.raises(FrameworkError, match="after the start of the response"):
        change(session)
    assert session == {"user": "me", "cart": [1, {"n": 2}]}
    assert not session.is_renewed


@pytest.mark.parametrize("read", READS)
def test_a_session_can_be_read_after_the_response_has_started(
    read: Callable[[Session], object],
) -> None:
    session = kept()
    expected = read(kept())
    session.seal()
    assert read(session) == expected


# From the scope


def test_the_session_is_what_the_middleware_has_put_into_the_scope() -> None:
    session = Session()
    assert session_of({"session": session}) is session


@pytest.mark.parametrize("scope", [{}, {"session": None}])
def test_a_missing_session_is_an_error_that_says_what_to_do(scope: dict[str, Any]) -> None:
    with pytest.raises(
        FrameworkError, match=r"app\.add_middleware\(SessionMiddleware, secret_key=\.\.\.\)"
    ):
        session_of(scope)


@pytest.mark.parametrize("kind", [dict, StarletteSession])
def test_what_another_middleware_keeps_is_read_and_written_there(
    kind: type[dict[str, Any]],
) -> None:
    values = kind(user="me", old=1)
    session = session_of({"session": values})
    assert isinstance(session, Session)
    assert (session.accessed, session.is_new) == (True, False)
    assert session == {"user": "me", "old": 1}
    session["new"] = 2
    del session["old"]
    assert values == {"user": "me", "new": 2}
    session.clear()
    assert values == {}
    assert session.is_new


def test_what_another_middleware_keeps_gets_no_new_id_in_silence() -> None:
    session = session_of({"session": {}})
    with pytest.raises(FrameworkError, match=r"knows of no regenerate\(\)"):
        session.regenerate()
