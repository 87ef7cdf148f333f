"""Responses: the lengths that are believed, and what a body counts as."""

import pytest

from framework.checker._response import Response, length_of, size_of


@pytest.mark.parametrize(
    ("fields", "length"),
    [
        ([(b"content-length", b"12")], 12),
        ([(b"Content-Length", b"12"), (b"content-length", b"12")], 12),
        ([(b"content-length", b"1"), (b"content-length", b"2")], None),
        ([(b"content-length", b"-1")], None),
        ([(b"content-length", b"9" * 5000)], None),
        ([(b"content-length", "1")], None),
        ([], None),
        (None, None),
    ],
)
def test_a_length_is_believed_if_it_is_one_number(fields: object, length: int | None) -> None:
    assert length_of(fields) == length


def test_a_body_of_another_type_counts_as_nothing() -> None:
    assert size_of({"body": b"abc"}) == 3
    assert size_of({"body": "abc"}) == size_of({}) == 0


def test_a_length_is_compared_as_soon_as_it_is_passed() -> None:
    response = Response({"method": "GET"})
    response.note(
        {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"3")]}
    )
    body = {"type": "http.response.body", "body": b"ab", "more_body": True}
    assert [*response.judge(body)] == []
    response.note(body)
    assert [problem.what for problem in response.judge(body)] == [
        "Content-Length is 3, and more, 4 bytes, were sent"
    ]
