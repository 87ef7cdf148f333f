from typing import Any
from urllib.parse import quote, unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework._paths import mounted_scope, root_path, split_path, whole_path
from framework.types import Scope
from tests.wire.work import count_calls


def scope(path: str, raw_path: bytes | None = None, root: str | None = "") -> Scope:
    made: Scope = {"type": "http", "path": path, "root_path": root, "raw_path": raw_path}
    return {name: value for name, value in made.items() if value is not None}


@pytest.mark.parametrize(
    ("path", "raw_path", "segments"),
    [
        ("/", b"/", ["", ""]),
        ("", b"", ["", ""]),
        ("/a/b", b"/a/b", ["", "a", "b"]),
        ("/a/b/", b"/a/b/", ["", "a", "b", ""]),
        ("//a//b", b"//a//b", ["", "", "a", "", "b"]),
        ("/a/b", b"/a%2Fb", ["", "a/b"]),
        ("/a/b/c", b"/a/b%2fc", ["", "a", "b/c"]),
        ("//", b"/%2F", ["", "/"]),
        ("/a%2Fb", b"/a%252Fb", ["", "a%2Fb"]),
        ("/a b", b"/a%20b", ["", "a b"]),
        ("/a+b", b"/a+b", ["", "a+b"]),
        ("/é", b"/%C3%A9", ["", "é"]),
        ("/é/x/y", "/é/x%2Fy".encode(), ["", "é", "x/y"]),
        ("/日本/x", b"/%E6%97%A5%E6%9C%AC/x", ["", "日本", "x"]),
        ("/\ufffd", b"/%EF%BF%BD", ["", "\ufffd"]),
        ("/a\x00\n;x", b"/a%00%0A;x", ["", "a\x00\n;x"]),
        ("/100%", b"/100%", ["", "100%"]),
        ("/%zz/", b"/%zz/", ["", "%zz", ""]),
        ("/..//./x", b"/..//./x", ["", "..", "", ".", "x"]),
        ("/a/b", b"/a%2Fb?x=%2F", ["", "a/b"]),
        ("/a/b", b"http://example.com/a%2Fb", ["", "a/b"]),
    ],
    ids=repr,
)
def test_a_path_is_split_before_it_is_decoded(
    path: str, raw_path: bytes, segments: list[str]
) -> None:
    assert split_path(scope(path, raw_path)) == segments


@pytest.mark.parametrize(
    ("path", "raw_path"),
    [
        ("/a/b", None),
        ("/a/b", b""),
        ("/a/b", b"/lie"),
        ("/a/b", b"/%6Cie"),
        ("/a/b", b"/x%2Fa/b"),
        ("/a/b", b"%2Fb"),
        ("/a/b", b"/%FF"),
    ],
)
def test_a_raw_path_that_is_missing_or_lies_is_left_aside(path: str, raw_path: bytes) -> None:
    assert split_path(scope(path, raw_path)) == ["", "a", "b"]


@pytest.mark.parametrize(
    ("path", "raw_path"),
    [
        ("/\ufffd", b"/%FF"),
        ("/x\udcff", b"/x%FF"),
        ("/a/\ufffd\ufffd/b", b"/a/%C3%28/b"),
        ("/\ufffd", b"/%ED%A0%80"),
        ("*", b"*"),
        ("x/admin", b"x/admin"),
        ("http://evil.example/admin", b"http://evil.example/admin"),
    ],
)
def test_what_is_not_utf_8_or_no_path_has_no_segments(path: str, raw_path: bytes) -> None:
    assert split_path(scope(path, raw_path)) is None


@pytest.mark.parametrize(
    ("path", "raw_path", "root", "segments"),
    [
        ("/api/x", b"/api/x", "/api", ["", "x"]),
        ("/x", b"/x", "/api", ["", "x"]),
        ("/api", b"/api", "/api", ["", ""]),
        ("/api/", b"/api/", "/api", ["", ""]),
        ("/api/x", b"/api/x", "/api/", ["", "x"]),
        ("/apix", b"/apix", "/api", ["", "apix"]),
        ("/x", b"/x", None, ["", "x"]),
        ("/x", b"/x", "/", ["", "x"]),
        ("/api/a/b", b"/api/a%2Fb", "/api", ["", "a/b"]),
        ("/a/b", b"/a%2Fb", "/api", ["", "a/b"]),
        ("/a/b", b"/api/a%2Fb", "/api", ["", "a/b"]),
        ("/ü/a/b", b"/%C3%BC/a%2Fb", "/ü", ["", "a/b"]),
        ("/ü", b"/%C3%BC", "/ü", ["", ""]),
        ("/x/y/a/b", b"/x%2Fy/a%2Fb", "/x/y", ["", "a/b"]),
    ],
    ids=repr,
)
def test_root_path_is_taken_off_whether_the_path_has_it_or_not(
    path: str, raw_path: bytes, root: str, segments: list[str]
) -> None:
    assert split_path(scope(path, raw_path, root)) == segments


@pytest.mark.parametrize(
    ("path", "root", "whole"),
    [
        ("/x", "", "/x"),
        ("/x", None, "/x"),
        ("/x", "/api", "/api/x"),
        ("/api/x", "/api", "/api/x"),
        ("/api", "/api/", "/api"),
        ("/apix", "/api", "/api/apix"),
    ],
)
def test_the_whole_path_begins_with_root_path_once(path: str, root: str | None, whole: str) -> None:
    assert whole_path(scope(path, root=root)) == whole


def test_root_path_has_no_slash_at_its_end() -> None:
    assert [root_path(scope("/", root=root)) for root in (None, "", "/", "/a", "/a/")] == [
        "",
        "",
        "",
        "/a",
        "/a",
    ]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (("/admin/x", b"/admin/x", ""), ("/admin/x", b"/admin/x", "/admin")),
        (("/admin", b"/admin", ""), ("/admin", b"/admin", "/admin")),
        (("/a/admin/x", b"/a/admin/x", "/a"), ("/a/admin/x", b"/a/admin/x", "/a/admin")),
        (("/admin/x", b"/admin/x", "/a"), ("/a/admin/x", b"/a/admin/x", "/a/admin")),
        (
            ("/admin/x/y", b"/admin/x%2Fy", "/é"),
            ("/é/admin/x/y", b"/%C3%A9/admin/x%2Fy", "/é/admin"),
        ),
        (("/admin/x/y", b"/admin/x%2Fy", ""), ("/admin/x/y", b"/admin/x%2Fy", "/admin")),
        (("/a/b/x", b"/a%2Fb/x", ""), ("/a/b/x", b"/a%2Fb/x", "/a/b")),
        (("/admin/x", None, ""), ("/admin/x", None, "/admin")),
    ],
    ids=repr,
)
def test_a_mounted_app_sees_root_path_grow_and_the_path_whole(
    before: tuple[Any, ...], after: tuple[Any, ...]
) -> None:
    parent = scope(*before)
    child = mounted_scope(parent, 2, strip=False)
    assert child == scope(*after)
    assert parent == scope(*before)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (("/admin/x", b"/admin/x", ""), ("/x", b"/x", "/admin")),
        (("/admin", b"/admin", ""), ("/", b"/", "/admin")),
        (("/admin/", b"/admin/", ""), ("/", b"/", "/admin")),
        (("/admin//x", b"/admin//x", ""), ("//x", b"//x", "/admin")),
        (("/a/admin/x", b"/a/admin/x", "/a"), ("/x", b"/x", "/a/admin")),
        (("/admin/x", b"/admin/x", "/a"), ("/x", b"/x", "/a/admin")),
        (("/admin/x/y", b"/admin/x%2Fy", ""), ("/x/y", b"/x%2Fy", "/admin")),
        (("/admin/é ?", b"/admin/%C3%A9%20%3F", ""), ("/é ?", b"/%C3%A9%20%3F", "/admin")),
        (("/admin/x", None, ""), ("/x", b"/x", "/admin")),
    ],
    ids=repr,
)
def test_a_mount_that_strips_cuts_its_path_off(
    before: tuple[Any, ...], after: tuple[Any, ...]
) -> None:
    assert mounted_scope(scope(*before), 2, strip=True) == scope(*after)


segments = st.lists(st.text(st.characters(codec="utf-8"), max_size=4), min_size=1, max_size=5)


@given(segments, segments, st.booleans())
def test_every_path_is_split_into_what_it_was_made_of(
    root: list[str], local: list[str], is_whole: bool
) -> None:
    prefix = "/" + "/".join(quote(segment, safe="") for segment in root)
    raw = "/" + "/".join(quote(segment, safe="") for segment in local)
    sent = prefix + raw if is_whole else raw
    made = scope(unquote(sent), sent.encode(), unquote(prefix))
    if is_whole and not unquote(prefix).endswith("/"):
        assert split_path(made) == ["", *local]
    child = mounted_scope(scope(unquote(raw), raw.encode()), 2, strip=True)
    assert split_path({**child, "root_path": ""}) == ["", *(local[1:] or [""])]


def test_a_path_of_sixty_kilobytes_is_split_in_linear_work() -> None:
    def work(count: int) -> int:
        raw = b"/%2F" * count
        return count_calls(lambda: split_path(scope("//" * count, raw)))

    assert work(15_000) < 11 * work(1_500)
