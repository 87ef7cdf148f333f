"""What is read of the header of a request about its body."""

import pytest

from framework import MalformedRequest, UnsupportedMediaType
from framework._content import (
    JSON,
    MULTIPART,
    URLENCODED,
    announced_size,
    announces_body,
    checked_type,
    content_fields,
)
from tests.driver import http_scope


@pytest.mark.parametrize(
    ("headers", "announces"),
    [
        ({}, False),
        ({"content-length": "0"}, False),
        ({"content-length": "1"}, True),
        ({"transfer-encoding": "chunked"}, True),
        ({"content-type": "text/plain"}, False),
    ],
)
def test_a_length_or_a_transfer_encoding_announces_a_body(
    headers: dict[str, str], announces: bool
) -> None:
    assert announces_body(http_scope("POST", "/", headers)) == announces


@pytest.mark.parametrize(
    ("length", "size"),
    [(None, 0), (b"", 0), (b"12", 12), (b"-1", 0), (b"1_0", 0), (b"9" * 5_000, 10**20 - 1)],
)
def test_a_size_is_announced_in_digits_of_which_few_are_read(
    length: bytes | None, size: int
) -> None:
    assert announced_size(length) == size


def test_of_several_types_the_first_counts() -> None:
    headers = [("content-type", "a/b"), ("content-length", "7"), ("content-type", "c/d")]
    assert content_fields(http_scope("POST", "/", headers)) == (b"a/b", b"7")
    assert content_fields(http_scope("POST", "/")) == (None, None)


@pytest.mark.parametrize(
    ("sent", "wanted"),
    [
        ("application/json", JSON),
        ("Application/Problem+JSON;charset=utf-8", JSON),
        ("text/json", JSON),
        ("application/x-www-form-urlencoded; charset=utf8", URLENCODED),
        ("multipart/form-data; boundary=x; charset=latin-1", MULTIPART),
    ],
)
def test_a_type_that_is_wanted_is_parsed(sent: str, wanted: str) -> None:
    media = checked_type(sent.encode(), "x/y", wanted)
    assert media.essence == sent.partition(";")[0].lower()


@pytest.mark.parametrize("sent", [None, b"", b"text/plain", b"multipart/mixed", b"json", b"\xff/a"])
def test_another_type_is_refused_by_what_is_wanted(sent: bytes | None) -> None:
    with pytest.raises(UnsupportedMediaType, match=f"expected {URLENCODED} or {MULTIPART}, got "):
        checked_type(sent, URLENCODED, MULTIPART)


@pytest.mark.parametrize("essence", [JSON, URLENCODED])
def test_a_charset_that_the_type_does_not_have_is_refused(essence: str) -> None:
    with pytest.raises(MalformedRequest, match=f"{essence} is sent in UTF-8, not in latin-1"):
        checked_type(f"{essence}; charset=latin-1".encode(), essence)
