import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework._faults import CLOSE, fault_of, why_first
from framework._matcher import Matcher
from tests.test_matcher import leaf

SEGMENTS = [
    "a",
    "b",
    "ab",
    "{x}",
    "{x:int}",
    "{x:[ab]+}",
    "{x}.b",
    "{x:any}",
    "",
    "{x:path}",
]


@given(
    pattern=st.lists(st.sampled_from(SEGMENTS), min_size=1, max_size=4),
    path=st.lists(st.sampled_from(["a", "b", "ab", "7", "a.b", "", "a/b"]), min_size=1, max_size=5),
    is_mount=st.booleans(),
)
def test_a_leaf_has_a_fault_unless_the_matcher_finds_it(
    pattern: list[str], path: list[str], is_mount: bool
) -> None:
    rests = [i for i, each in enumerate(pattern) if each == "{x:path}"]
    kept = [
        each
        for i, each in enumerate(pattern)
        if i not in rests[1:] and not (rests and is_mount and i in rests)
    ]
    text = "".join("/" + each.replace("x", name) for each, name in zip(kept, "abcd", strict=False))
    made = leaf(text, "GET", is_mount=is_mount)
    segments = ["", *path]
    taken = Matcher([made]).leaves(segments)
    fault = fault_of(made, segments)
    assert (fault is None) == (taken == [made])


@pytest.mark.parametrize(
    ("pattern", "path", "reason"),
    [
        ("/users", "/user", "'user' is not 'users'"),
        ("/users", "/Users", "'Users' is not 'users'"),
        (
            "/users/{id:int}",
            "/users/x",
            "'{id:int}' does not take 'x': 'x' is not a 64-bit integer in decimal digits",
        ),
        (
            "/{id:int}",
            "/x",
            "'{id:int}' does not take 'x': 'x' is not a 64-bit integer in decimal digits",
        ),
        ("/users/{id}/posts", "/users/7", "has '/posts' behind that, and the path has not"),
        ("/api/users/{id}", "/users/7", "has '/api' in front, and the path has not"),
        ("/users", "/users/7", "does not go on with '/7'"),
        ("/users/{id}", "/v1/users/7", "does not begin with '/v1'"),
        ("/users/{id}", "/users", "has '/{id}' behind that, and the path has not"),
        (
            "/users/all/{id}",
            "/user/all",
            "'user' is not 'users'; has '/{id}' behind that, and the path has not",
        ),
        ("/users/", "/users", "takes the path with a slash at its end"),
        ("/users", "/users/", "takes the path without a slash at its end"),
        ("/files/{rest:path}", "/files", "takes the path with a slash at its end"),
        ("/users/", "/users/7", "has '7' where the route ends"),
        ("/users/me", "/users/", "has 'me' where the path ends"),
        (
            "/users/{id}",
            "/users/",
            "'{id}' does not take '': a path parameter has at least one character",
        ),
        (
            "/{a}.json",
            "/a.xml",
            "'{a}.json' does not take 'a.xml': 'a.xml' does not begin with '' and end with '.json'",
        ),
        ("/users/{rest:path}/edit", "/users/a/b/edi", "'edi' is not 'edit'"),
    ],
)
def test_a_fault_says_what_does_not_fit(pattern: str, path: str, reason: str) -> None:
    fault = fault_of(leaf(pattern), path.split("/"))
    assert fault is not None
    assert fault.reason == reason
    assert fault.closeness >= CLOSE


def test_a_slash_that_was_encoded_is_pointed_out() -> None:
    fault = fault_of(leaf("/users/me"), ["", "users", "me/too"])
    assert fault is not None
    assert (
        fault.reason == "'me/too', whose slash was sent as %2F and separates nothing, is not 'me'"
    )


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("/users/{id}", "/posts/7"),
        ("/{kind}/new", "/cats/old"),
        ("/", "/x"),
        ("/users", "/posts"),
        ("/a/b/c", "/x/y"),
        ("/users", f"/{'users' * 20}"),
        ("/a", "/b/c/d"),
        ("/a", "/b/c/d/e"),
    ],
)
def test_what_differs_in_most_was_not_meant(pattern: str, path: str) -> None:
    fault = fault_of(leaf(pattern), path.split("/"))
    assert fault is not None
    assert fault.closeness < CLOSE


@pytest.mark.parametrize(
    ("first", "second", "reason"),
    [
        ("/a/me", "/a/{id}", "'me' is tried before '{id}'"),
        ("/{id:int}", "/{id}", "'{id:int}' is tried before '{id}'"),
        ("/{id}.json", "/{id}", "'{id}.json' is tried before '{id}'"),
        ("/{id}", "/{id:path}", "'{id}' is tried before '{id:path}'"),
        ("/{a:[a-z]+}", "/{b:[a-y]+}", "equally specific, but declared later"),
    ],
)
def test_the_first_difference_decides_what_is_tried_first(
    first: str, second: str, reason: str
) -> None:
    assert why_first(leaf(first), leaf(second)) == reason


def test_a_route_is_tried_before_a_mount_at_its_path() -> None:
    mount = leaf("/a", is_mount=True)
    assert why_first(leaf("/a/{x:path}"), mount) == "'{x:path}' is tried before a mount"


def test_a_converter_that_breaks_is_no_more_than_one_that_does_not_take_the_text() -> None:
    fault = fault_of(leaf("/{x:initial}/b"), ["", "", "b"])
    assert fault is not None
    assert fault.reason == "'{x:initial}' does not take '': string index out of range"


def test_a_long_text_is_cut() -> None:
    fault = fault_of(leaf("/users/{id:int}"), ["", "users", "x" * 1_000])
    assert fault is not None
    assert f"does not take '{'x' * 64}...': " in fault.reason
