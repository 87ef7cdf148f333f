import operator
from dataclasses import FrozenInstanceError
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework._wire.grammar import quoted_string
from framework._wire.media import MediaType, is_json, parse_media_type

tokens = st.text("abcxyz019!#$%&'*+-.^_`|~", min_size=1)


@pytest.mark.parametrize(
    ("value", "essence", "parameters"),
    [
        ("application/json", "application/json", {}),
        ("application/x-www-form-urlencoded", "application/x-www-form-urlencoded", {}),
        ("text/html", "text/html", {}),
        (" text/html\t", "text/html", {}),
        # RFC 9110 section 8.3.1: these four are equivalent.
        ("text/html;charset=utf-8", "text/html", {"charset": "utf-8"}),
        ('Text/HTML;Charset="utf-8"', "text/html", {"charset": "utf-8"}),
        ('text/html; charset="utf-8"', "text/html", {"charset": "utf-8"}),
        ("text/html;charset=UTF-8", "text/html", {"charset": "UTF-8"}),
        ("multipart/form-data; boundary=AbC", "multipart/form-data", {"boundary": "AbC"}),
        ('a/b ; x="; y=1"', "a/b", {"x": "; y=1"}),
        ("text/plain;", "text/plain", {}),
        ("text/plain; oops", "text/plain", {}),
    ],
)
def test_a_media_type_is_read(value: str, essence: str, parameters: dict[str, str]) -> None:
    media = parse_media_type(value)
    assert media is not None
    assert media.essence == essence
    assert media.parameters == parameters


@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        "text",
        "text/",
        "/html",
        "text/html/x",
        "text /html",
        "text/ html",
        "text/html, text/plain",
        "text/html charset=utf-8",
        "\u212aext/html",  # the Kelvin sign is a k in lower case
        "téxt/html",
        ";charset=utf-8",
        "text/html\n",
        "/" * 60_000,
    ],
)
def test_anything_else_is_no_media_type(value: str | None) -> None:
    assert parse_media_type(value) is None


@pytest.mark.parametrize(
    ("value", "charset"),
    [
        ("text/html", None),
        ("text/html; charset=", None),
        ("text/html; boundary=utf-8", None),
        ("text/html; charset=ISO-8859-1", "iso-8859-1"),
    ],
)
def test_the_charset_is_in_lower_case_or_absent(value: str, charset: str | None) -> None:
    media = parse_media_type(value)
    assert media is not None
    assert media.charset == charset


@pytest.mark.parametrize(
    ("subtype", "suffix"),
    [("json", ""), ("problem+json", "json"), ("a+b+xml", "xml"), ("+json", "json"), ("odd+", "")],
)
def test_the_suffix_follows_the_last_plus(subtype: str, suffix: str) -> None:
    assert MediaType("application", subtype).suffix == suffix


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("application/json", True),
        ("application/json; charset=utf-8", True),
        ("Text/JSON", True),
        ("application/problem+json", True),
        ("image/svg+json", True),
        ("text/plain", False),
        ("application/jsonp", False),
        ("application/json-seq", False),
        ("application/json+xml", False),
        ("application/x-json", False),
    ],
)
def test_json_is_known_by_its_type(value: str, expected: bool) -> None:
    media = parse_media_type(value)
    assert media is not None
    assert is_json(media) is expected


def test_a_media_type_is_an_immutable_value() -> None:
    media = parse_media_type("text/html; charset=utf-8")
    assert media is not None
    assert media == MediaType("text", "html", {"charset": "utf-8"})
    assert media != MediaType("text", "html")
    assert hash(media) == hash(MediaType("text", "html", {"charset": "utf-8"}))
    with pytest.raises(FrozenInstanceError):
        setattr(media, "type", "image")  # noqa: B010
    with pytest.raises(TypeError, match="does not support item assignment"):
        operator.setitem(cast("dict[str, str]", media.parameters), "charset", "latin-1")


@given(
    tokens,
    tokens,
    st.dictionaries(tokens, st.text(st.characters(codec="latin-1", exclude_categories=["Cc"]))),
)
def test_a_media_type_survives_writing_and_reading(
    kind: str, subtype: str, parameters: dict[str, str]
) -> None:
    text = f"{kind}/{subtype}" + "".join(
        f"; {name}={quoted_string(value)}" for name, value in parameters.items()
    )
    assert parse_media_type(text) == MediaType(kind, subtype, parameters)
