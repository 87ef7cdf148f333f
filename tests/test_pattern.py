from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework._pattern import Parameter, Pattern, converter_of, parse_pattern, split_mixed
from framework.converters import CONVERTERS, PATH, STRING, Converter, Regex
from framework.exceptions import ConfigError, NoMatchFound
from tests.wire.work import count_calls


def resolved(text: str) -> Pattern:
    def choose(parameter: Parameter) -> Converter[Any]:
        return converter_of(parameter, CONVERTERS) or STRING

    return parse_pattern(text).resolve(choose)


@pytest.mark.parametrize(
    ("text", "segments"),
    [
        ("", ((),)),
        ("/", ((), ())),
        ("/users", ((), ("users",))),
        ("/users/", ((), ("users",), ())),
        ("/{id}", ((), (Parameter("id"),))),
        ("/{id:int}/x", ((), (Parameter("id", "int"),), ("x",))),
        ("/{name}.{ext}", ((), (Parameter("name"), ".", Parameter("ext")))),
        ("/v{major:int}", ((), ("v", Parameter("major", "int")))),
        ("/{lang:[a-z]{2}}", ((), (Parameter("lang", "[a-z]{2}"),))),
        ("/{x:a/b}", ((), (Parameter("x", "a/b"),))),
        ("/{x:a:b}", ((), (Parameter("x", "a:b"),))),
        ("/{ü}", ((), (Parameter("ü"),))),
        ("/é b;c", ((), ("é b;c",))),
    ],
)
def test_a_path_is_taken_apart(text: str, segments: tuple[Any, ...]) -> None:
    assert parse_pattern(text).segments == segments


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("/{", "without its '}'"),
        ("/{id", "without its '}'"),
        ("/{id:[a-z]{2}", "without its '}'"),
        ("/}", "without its '{'"),
        ("/{id}}", "without its '{'"),
        ("/{}", "write {name}"),
        ("/{1}", "write {name}"),
        ("/{user-id}", "write {name}"),
        ("/{ id }", "write {name}"),
        ("/{id:}", "write {name}"),
        ("/{:int}", "write {name}"),
        ("/{a}{b}", "a text between"),
        ("/{a}/{a}", "'a' twice"),
        ("/{a}-{a}", "'a' twice"),
    ],
)
def test_a_path_that_makes_no_sense_is_refused(text: str, complaint: str) -> None:
    with pytest.raises(ConfigError, match=complaint):
        parse_pattern(text)


@pytest.mark.parametrize("text", ["/{a:path}/{b:path}", "/x{a:path}", "/{a:path}.json"])
def test_the_rest_of_a_path_is_one_parameter_and_a_segment_of_its_own(text: str) -> None:
    with pytest.raises(ConfigError, match="can have one"):
        resolved(text)


def test_a_pattern_says_what_it_is() -> None:
    pattern = resolved("/a/{id:int}/{rest:path}/{name}.json")
    assert [parameter.name for parameter in pattern.parameters()] == ["id", "rest", "name"]
    assert pattern.without_converters() == "/a/{id}/{rest}/{name}.json"
    assert pattern.rest_index() == 3
    assert not pattern.is_literal()
    assert resolved("/a/b").is_literal()
    assert resolved("/a/{b}").rest_index() is None


def test_patterns_are_of_one_shape_whatever_their_parameters_are_called() -> None:
    assert resolved("/{a:int}/x").shape() == resolved("/{b:int}/x").shape()
    assert resolved("/{a:[a-z]+}").shape() == resolved("/{b:[a-z]+}").shape()
    assert resolved("/{a:int}").shape() != resolved("/{a}").shape()
    assert resolved("/{a}.x").shape() != resolved("/{a}.y").shape()


def test_patterns_are_ranked_from_the_literal_to_the_rest() -> None:
    from_the_best = [
        "/literal",
        "/{a}.tar.gz",
        "/{a}.gz",
        "/{a:int}",
        "/{a:float}",
        "/{a:[a-z]+}",
        "/{a}",
        "/{a:path}/b/c",
        "/{a:path}/b",
        "/{a:path}",
    ]
    ranks = [resolved(text).ranks() for text in from_the_best]
    assert ranks == sorted(ranks)
    assert len(set(ranks)) == len(ranks)


@pytest.mark.parametrize(
    ("how", "converter"),
    [
        (None, None),
        ("int", CONVERTERS["int"]),
        ("path", PATH),
        ("[a-z]{2}", Regex("[a-z]{2}")),
        ("a|b", Regex("a|b")),
    ],
)
def test_a_parameter_is_converted_by_a_name_or_a_regular_expression(
    how: str | None, converter: Converter[Any] | None
) -> None:
    assert converter_of(Parameter("x", how), CONVERTERS) == converter


@pytest.mark.parametrize(
    ("how", "complaint"),
    [
        ("integer", r"\{x:integer\}: no converter is called 'integer'; there are date, float"),
        ("[a-z", r"\{x:\[a-z\}: not a regular expression: unterminated"),
    ],
)
def test_a_converter_that_does_not_exist_is_refused(how: str, complaint: str) -> None:
    with pytest.raises(ConfigError, match=complaint):
        converter_of(Parameter("x", how), CONVERTERS)


@pytest.mark.parametrize(
    ("pattern", "text", "values"),
    [
        ("/{name}.{ext}", "a.b", {"name": "a", "ext": "b"}),
        ("/{name}.{ext}", "a.tar.gz", {"name": "a.tar", "ext": "gz"}),
        ("/{name}.{ext}", "..a", {"name": ".", "ext": "a"}),
        ("/{name}.json", "a.json.json", {"name": "a.json"}),
        ("/@{user}", "@@a", {"user": "@a"}),
        ("/v{x}", "v1v2", {"x": "1v2"}),
        ("/v{major:int}.{minor:int}", "v1.20", {"major": 1, "minor": 20}),
        ("/({x})", "((a))", {"x": "(a)"}),
        ("/{a}--{b}", "x---y", {"a": "x-", "b": "y"}),
        ("/{y:int}-{m:int}-{d:int}", "2024-2-29", {"y": 2024, "m": 2, "d": 29}),
    ],
)
def test_a_mixed_segment_is_cut_at_its_texts_from_the_right(
    pattern: str, text: str, values: dict[str, Any]
) -> None:
    assert split_mixed(resolved(pattern).segments[1], text) == values


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("/{name}.{ext}", "a"),
        ("/{name}.{ext}", ".b"),
        ("/{name}.{ext}", "a."),
        ("/{name}.{ext}", ""),
        ("/{name}.json", "a.jso"),
        ("/{name}.json", ".json"),
        ("/v{x}", "1"),
        ("/v{x}", "v"),
        ("/v{x:int}", "vv1"),
        ("/aa{x}aa", "aaa"),
        ("/aa{x}aa", "aaaa"),
        ("/{y:int}-{m:int}", "1-b"),
    ],
)
def test_a_mixed_segment_with_another_text_is_no_match(pattern: str, text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - by whichever part it is
        split_mixed(resolved(pattern).segments[1], text)


def test_a_long_mixed_segment_costs_no_more_calls_than_a_short_one() -> None:
    segment = resolved("/{a}.{b}-{c}").segments[1]
    short, long = "a.b-c", "a.b-" * 15_000 + "c"
    assert count_calls(lambda: split_mixed(segment, long)) == count_calls(
        lambda: split_mixed(segment, short)
    )


@pytest.mark.parametrize(
    ("pattern", "params", "path"),
    [
        ("", {}, ""),
        ("/", {}, "/"),
        ("/a b/ü", {}, "/a%20b/%C3%BC"),
        ("/{name}", {"name": "a/b?c#d%"}, "/a%2Fb%3Fc%23d%25"),
        ("/{name}", {"name": "\\evil"}, "/%5Cevil"),
        ("/{name}", {"name": "/evil.example"}, "/%2Fevil.example"),
        ("/{name}", {"name": ".."}, "/%2E%2E"),
        ("/{name}.{ext}", {"name": "a", "ext": "b"}, "/a.b"),
        ("/v{n:int}/x", {"n": 7}, "/v7/x"),
        ("/{rest:path}", {"rest": ""}, "/"),
        ("/{rest:path}", {"rest": "a//b c"}, "/a//b%20c"),
        ("/{rest:path}", {"rest": "/evil.example/x"}, "/%2Fevil.example/x"),
        ("/x/{rest:path}", {"rest": "/../a"}, "/x//%2E%2E/a"),
    ],
)
def test_a_pattern_and_values_become_a_path(
    pattern: str, params: dict[str, Any], path: str
) -> None:
    assert resolved(pattern).format(params) == path


@pytest.mark.parametrize(
    ("pattern", "params", "complaint"),
    [
        ("/{name}", {"name": ""}, "name='' does not fit"),
        ("/{n:int}", {"n": -1}, "n=-1 does not fit"),
        ("/{n:int}", {"n": "x"}, "n='x' does not fit"),
        ("/{x:float}", {"x": []}, "does not fit"),
        ("/{day:date}", {"day": "2024-02-29"}, "does not fit"),
        ("/{lang:[a-z]{2}}", {"lang": "deu"}, "does not match"),
        ("/{name}.{ext}", {"name": "a", "ext": "b.c"}, "'a.b.c' is read as"),
        ("/{a}-{b}", {"a": "1", "b": "2-3"}, "'1-2-3' is read as"),
    ],
)
def test_a_value_that_the_path_would_not_give_back_is_refused(
    pattern: str, params: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(NoMatchFound, match=complaint):
        resolved(pattern).format(params)


@given(st.text(st.sampled_from("{}:/.ab\\[]*?"), max_size=12))
def test_any_text_is_a_pattern_or_an_error_that_teaches(text: str) -> None:
    try:
        segments = parse_pattern(text).segments
    except ConfigError as error:
        segments = ()
        complaint = str(error)
    else:
        complaint = ""
    assert (repr(text) in complaint) != (0 < len(segments) <= 1 + text.count("/"))
