"""Answers of files that are kept in memory."""

from pathlib import Path

import pytest

from framework._kept import BESIDES, KeptAnswer, KeptAnswers, choose_coding, kept_answer
from framework.files import PIECE, FileResponse
from tests.driver import http_scope


def answer(size: int) -> KeptAnswer:
    return KeptAnswer([(b"etag", b'"1"')], [], b"x" * size, '"1"', 1_000_000.0)


def test_what_is_kept_is_bounded() -> None:
    kept = KeptAnswers(room=3 * BESIDES)
    for number in range(10):
        if kept.wants((str(number),)):
            kept.keep((str(number),), {"identity": answer(10)})
    held = [number for number in range(10) if kept.find((str(number),), http_scope())]
    assert held == [0, 1, 2]


def test_each_form_takes_room() -> None:
    kept = KeptAnswers(room=2 * BESIDES)
    kept.keep(("a",), {"identity": answer(10), "gzip": answer(10)})
    assert not kept.wants(("b",))


def test_what_is_kept_is_not_wanted_again() -> None:
    kept = KeptAnswers(room=2 * BESIDES)
    for _ in range(3):
        kept.keep(("a",), {"identity": answer(1)})
        assert not kept.wants(("a",))
    assert kept.wants(("b",))


@pytest.mark.parametrize(
    ("method", "headers", "status"),
    [
        ("GET", {}, 200),
        ("HEAD", {}, 200),
        ("HEAD", {"range": "bytes=0-1"}, 200),
        ("GET", {"if-none-match": '"1"'}, 304),
        ("HEAD", {"if-none-match": 'W/"1"'}, 304),
        ("GET", {"if-none-match": '"2"'}, 200),
        ("GET", {"if-modified-since": "Mon, 12 Jan 1970 13:46:40 GMT"}, 304),
        ("GET", {"if-modified-since": "Mon, 12 Jan 1970 13:46:39 GMT"}, 200),
        ("GET", {"if-match": '"2"'}, None),
        ("GET", {"range": "bytes=0-1"}, None),
    ],
)
def test_what_takes_more_than_what_is_kept_is_left_to_the_disk(
    method: str, headers: dict[str, str], status: int | None
) -> None:
    kept = KeptAnswers()
    kept.keep(("a",), {"identity": answer(3)})
    response = kept.find(("a",), http_scope(method, headers=headers))
    assert (response and response.status_code) == status


@pytest.mark.parametrize(("size", "is_kept"), [(0, True), (PIECE, True), (PIECE + 1, False)])
def test_a_large_body_is_not_kept(tmp_path: Path, size: int, is_kept: bool) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"x" * size)
    fields, _, body, etag, modified = kept_answer(FileResponse(path))
    assert body == (b"x" * size if is_kept else None)
    assert (b"etag", etag.encode()) in fields
    assert modified == path.stat().st_mtime


@pytest.mark.parametrize(
    ("accept", "codings", "chosen"),
    [
        ("gzip", [], "identity"),
        ("gzip", ["br"], "identity"),
        ("gzip", ["br", "gzip"], "gzip"),
        ("identity;q=0", ["gzip"], "identity"),
        ("*", ["br", "gzip"], "br"),
    ],
)
def test_the_coding_is_one_that_there_is(accept: str, codings: list[str], chosen: str) -> None:
    scope = http_scope(headers={"accept-encoding": accept})
    assert choose_coding(scope, codings) == chosen
