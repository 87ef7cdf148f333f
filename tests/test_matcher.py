from collections.abc import Sequence
from random import Random
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework._matcher import Leaf, Matcher
from framework._pattern import Parameter, Pattern, converter_of, parse_pattern
from framework.converters import CONVERTERS, STRING, Converter
from tests.wire.work import count_calls


class Anything(Converter[str]):
    """Any text, even none."""

    __slots__ = ()


class Initial(Converter[str]):
    """A converter that breaks on the empty text."""

    __slots__ = ()

    def convert(self, text: str) -> str:
        return text[0]


def resolved(text: str) -> Pattern:
    converters = {**CONVERTERS, "any": Anything(), "initial": Initial()}

    def choose(parameter: Parameter) -> Converter[Any]:
        return converter_of(parameter, converters) or STRING

    return parse_pattern(text).resolve(choose)


def leaf(text: str, *methods: str, is_mount: bool = False) -> Leaf[str]:
    """A leaf whose entries are the method and the path; a mount's entry is the path."""
    made: Leaf[str] = Leaf(resolved(text), is_mount=is_mount)
    made.methods = {method: f"{method} {text}" for method in methods}
    made.any_method = text if is_mount else None
    return made


def matcher(*texts: str) -> Matcher[str]:
    return Matcher([leaf(text, "GET") for text in texts])


def found(matcher: Matcher[str], path: str, method: str = "GET") -> str:
    """The entry that is found, without its method, or the paths that take other methods."""
    result = matcher.find(path.split("/"), method)
    if isinstance(result, list):
        return " or ".join(near.pattern.text for near in result)
    return result[0].removeprefix(f"{method} ")


# Segments, from the most specific to the least, with the texts of a path that each of them takes.
KINDS = [
    ("", [""]),
    ("a", ["a"]),
    ("b", ["b"]),
    ("{%s}.aa", ["x.aa", "1.aa"]),
    ("{%s}.a", ["x.a"]),
    ("{%s:int}", ["1"]),
    ("{%s:[0-9.]+}", ["1", "1.5"]),
    ("{%s}", ["a", "b", "x.aa", "1.aa", "x.a", "1", "1.5"]),
]
REST: tuple[str, list[str]] = ("{%s:path}", [])
LITERALS = 3
ROUTE_ENDS, MOUNT_ENDS = -1, len(KINDS) + 1

Segments = tuple[int, ...]
"""A pattern as the oracle sees it: the index of each segment's kind, then how it ends."""


def text_of(segments: Segments) -> str:
    kinds = [*KINDS, REST]
    return "".join(
        "/" + (kinds[kind][0] % f"p{i}" if "%" in kinds[kind][0] else kinds[kind][0])
        for i, kind in enumerate(segments[:-1])
    )


def takes(segments: Segments, path: Sequence[str]) -> bool:
    kind, *behind = segments
    if not behind:
        return kind == MOUNT_ENDS or not path
    if kind == len(KINDS):
        tail = len(behind) - 1
        return len(path) > tail and takes(tuple(behind), path[len(path) - tail :])
    return bool(path) and path[0] in KINDS[kind][1] and takes(tuple(behind), path[1:])


def rank(segments: Segments) -> list[tuple[int, int]]:
    """The order of precedence: literals are all alike, and of two rests the one with more behind it."""
    return [
        (max(kind, LITERALS), -len(segments[i:]) if kind == len(KINDS) else 0)
        for i, kind in enumerate(segments)
    ]


@st.composite
def patterns(draw: st.DrawFn) -> Segments:
    """A route, with a rest or without, or a mount."""
    segments = draw(st.lists(st.integers(0, len(KINDS) - 1), min_size=1, max_size=3))
    kind = draw(st.sampled_from(["route", "rest", "mount"]))
    if kind == "rest":
        segments[draw(st.integers(0, len(segments) - 1))] = len(KINDS)
    return (*segments, MOUNT_ENDS if kind == "mount" else ROUTE_ENDS)


declarations = st.lists(
    st.tuples(patterns(), st.sampled_from(["GET", "POST"])), unique=True, max_size=8
)
paths = st.lists(
    st.sampled_from(sorted({text for _, texts in KINDS for text in texts})), min_size=1, max_size=4
)


@given(declarations, paths, st.randoms(use_true_random=False))
def test_the_most_specific_pattern_is_found_in_whatever_order_they_are_declared(
    declared: list[tuple[Segments, str]], path: list[str], chance: Random
) -> None:
    chance.shuffle(declared)
    methods: dict[Segments, set[str]] = {}
    for segments, method in declared:
        both = {"GET", "POST"} if segments[-1] == MOUNT_ENDS else {method}
        methods.setdefault(segments, set()).update(both)
    leaves = [
        leaf(text_of(segments), *methods[segments], is_mount=segments[-1] == MOUNT_ENDS)
        for segments in methods
    ]
    fitting = [segments for segments in methods if takes(segments, path)]
    best = min((s for s in fitting if "GET" in methods[s]), key=rank, default=None)

    answer = Matcher(leaves).find(["", *path], "GET")

    if best is None:
        assert isinstance(answer, list)
        assert sorted(near.pattern.text for near in answer) == sorted(map(text_of, fitting))
    else:
        assert isinstance(answer, tuple)
        entry, values = answer
        assert entry == f"GET {text_of(best)}"
        covered = path[: len(best) - 1] if best[-1] == MOUNT_ENDS else path
        assert unquote(resolved(text_of(best)).format(values)) == "/" + "/".join(covered)


@pytest.mark.parametrize(
    ("path", "entry"),
    [
        ("/a/b", "/a/b"),
        ("/a/1", "/a/{x:int}"),
        ("/a/x.gz", "/a/{x}.gz"),
        ("/a/x", "/a/{x}"),
        ("/c/b", "/{x}/b"),
        ("/a/", "/{x:path}"),
        ("/a/d/c", "/{x:path}/c"),
        ("/a/b/b/c", "/{x:path}/b/c"),
        ("/a/b/", "/{x:path}"),
        ("/", "/{x:path}"),
        ("/a/1/edit", "/a/{x:path}/edit"),
    ],
)
@pytest.mark.parametrize("is_reversed", [False, True])
def test_precedence_is_by_specificity_from_left_to_right(
    path: str, entry: str, is_reversed: bool
) -> None:
    texts = [
        "/{x:path}",
        "/{x:path}/c",
        "/{x:path}/b/c",
        "/{x}/b",
        "/a/{x:path}/edit",
        "/a/{x}",
        "/a/{x}.gz",
        "/a/{x:int}",
        "/a/b",
    ]
    assert found(matcher(*(reversed(texts) if is_reversed else texts)), path) == entry


def test_what_does_not_convert_is_tried_further_on() -> None:
    table = matcher("/{x:int}/{y:int}/z", "/{x:int}/{y}/z", "/{x}/{y:int}/{z}")
    assert found(table, "/1/2/z") == "/{x:int}/{y:int}/z"
    assert found(table, "/1/b/z") == "/{x:int}/{y}/z"
    assert found(table, "/a/2/z") == "/{x}/{y:int}/{z}"
    assert found(table, "/a/b/z") == ""


def test_the_method_is_part_of_the_match() -> None:
    table = Matcher(
        [leaf("/a/b", "GET"), leaf("/a/{x}", "POST"), leaf("/{x:path}", "PUT", "DELETE")]
    )
    assert found(table, "/a/b", "GET") == "/a/b"
    assert found(table, "/a/b", "POST") == "/a/{x}"
    assert found(table, "/a/b", "PUT") == "/{x:path}"
    assert found(table, "/a/b", "PATCH") == "/a/b or /a/{x} or /{x:path}"
    assert found(table, "/c", "GET") == "/{x:path}"


def test_methods_of_one_path_may_call_its_parameters_differently() -> None:
    table = Matcher([leaf("/{user}", "GET"), leaf("/{name}", "PUT"), leaf("/{x}", "DELETE")])
    assert table.find(["", "1"], "GET") == ("GET /{user}", {"user": "1"})
    assert table.find(["", "1"], "PUT") == ("PUT /{name}", {"name": "1"})
    assert found(table, "/1", "POST") == "/{user} or /{name} or /{x}"


def test_of_equally_specific_patterns_the_one_declared_first_is_tried_first() -> None:
    assert found(matcher("/{x:[ab]}", "/{x:[bc]}"), "/b") == "/{x:[ab]}"
    assert found(matcher("/{x:[bc]}", "/{x:[ab]}"), "/b") == "/{x:[bc]}"


def test_an_encoded_slash_separates_nothing() -> None:
    table = matcher("/a/b", "/{x}", "/{x}/b")
    assert table.find(["", "a/b"], "GET") == ("GET /{x}", {"x": "a/b"})
    assert table.find(["", "a/b", "b"], "GET") == ("GET /{x}/b", {"x": "a/b"})
    assert matcher("/a/b").find(["", "a/b"], "GET") == []


@pytest.mark.parametrize("path", ["/admin", "/admin/", "/admin/x/y"])
def test_a_mount_takes_its_path_and_all_below(path: str) -> None:
    table = Matcher([leaf("/admin", is_mount=True), leaf("/admin/login", "GET")])
    assert found(table, path) == "/admin"
    assert found(table, path, "PROPFIND") == "/admin"


def test_a_mount_takes_nothing_beside_it() -> None:
    table = Matcher([leaf("/admin", is_mount=True), leaf("/admin/login", "GET")])
    assert found(table, "/adminfoo") == ""
    assert found(table, "/admin/login") == "/admin/login"
    assert found(table, "/admin/login", "POST") == "/admin"


@pytest.mark.parametrize(
    ("texts", "path", "twin"),
    [
        (["/a"], "/a/", "/a"),
        (["/a/"], "/a", "/a/"),
        (["/a"], "/b/", None),
        (["/a"], "/b", None),
        (["/a", "/c/"], "/b", None),
        (["/{x}"], "/1/", "/1"),
        (["/{x}/"], "/1", "/1/"),
        (["/{x:int}/"], "/a", None),
        (["/a/{x:any}"], "/a", "/a/"),
        (["/a/{x}.gz"], "/a", None),
        (["/a/{x:initial}"], "/a", None),
        (["/a/{x:initial}"], "/a/b/", "/a/b"),
        (["/a/{x:path}"], "/a", "/a/"),
        (["/{x:path}/b"], "/a/b/", "/a/b"),
    ],
)
def test_a_path_with_or_without_a_slash_at_its_end_has_a_twin_if_a_pattern_takes_that(
    texts: list[str], path: str, twin: str | None
) -> None:
    other = matcher(*texts).twin(path.split("/"))
    assert (None if other is None else "/".join(other)) == twin


def test_the_twin_of_a_path_may_be_in_a_mount() -> None:
    assert Matcher([leaf("/a", is_mount=True)]).twin(["", "b"]) is None
    assert Matcher([leaf("/{x:int}", is_mount=True)]).twin(["", "1", ""]) == ["", "1"]


def test_a_look_up_costs_the_same_among_ten_routes_and_ten_thousand() -> None:
    def work(count: int, path: str) -> int:
        table = matcher(*(f"/{i}/{{x:int}}/{kind}" for i in range(count) for kind in "abc"))
        return count_calls(lambda: table.find(path.split("/"), "GET"))

    for path in ["/9/1/c", "/9/x/c", "/none/1/c"]:
        assert work(10, path) == work(10_000 // 3, path)


def test_a_path_of_a_hundred_thousand_segments_costs_no_more_calls_than_a_short_one() -> None:
    table = matcher("/{x:int}/{y}/z", "/{x}/{y:path}/z", "/{x:path}", "/a/{y}.gz")

    def work(count: int) -> int:
        segments = [""] + ["a"] * count
        return count_calls(lambda: (table.find(segments, "GET"), table.find(segments, "POST")))

    assert work(100_000) == work(10)


def test_many_patterns_of_one_place_are_sorted_in_linear_work() -> None:
    def work(count: int) -> int:
        leaves = [leaf(f"/{{x:[a-z]{{{i + 1}}}}}", "GET") for i in range(count)]
        return count_calls(lambda: Matcher(leaves))

    assert work(400) < 11 * work(40)
