import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework._wire.negotiation import (
    MAX_ELEMENTS,
    best_encoding,
    best_language,
    best_media_type,
)

# RFC 9110 section 12.5.1: the example, and the weights that it says these types have by it.
RFC_ACCEPT = "text/*;q=0.3, text/plain;q=0.7, text/plain;format=flowed, text/plain;format=fixed;q=0.4, */*;q=0.5"
RFC_WEIGHTS = {
    "text/plain;format=flowed": 1.0,
    "text/plain": 0.7,
    "text/html": 0.3,
    "image/jpeg": 0.5,
    "text/plain;format=fixed": 0.4,
    "text/html;level=3": 0.3,
}


@pytest.mark.parametrize("one", RFC_WEIGHTS)
@pytest.mark.parametrize("other", RFC_WEIGHTS)
def test_media_types_rank_as_in_the_table_of_the_rfc(one: str, other: str) -> None:
    liked = one if RFC_WEIGHTS[one] >= RFC_WEIGHTS[other] else other
    assert best_media_type(RFC_ACCEPT, [one, other]) == liked


HTML_AND_JSON = ["text/html", "application/json"]


@pytest.mark.parametrize(
    ("accept", "offers", "best"),
    [
        # without a usable header: anything
        (None, HTML_AND_JSON, "text/html"),
        ("", HTML_AND_JSON, "text/html"),
        (" , ,", HTML_AND_JSON, "text/html"),
        ("gibberish", HTML_AND_JSON, "text/html"),
        # offers decide between equals, weights before that
        ("application/json, text/html", HTML_AND_JSON, "text/html"),
        ("text/html;q=0.9, application/json", HTML_AND_JSON, "application/json"),
        ("text/html;q=0.001, application/json;q=0.002", HTML_AND_JSON, "application/json"),
        ("*/*, application/json", HTML_AND_JSON, "text/html"),
        ("TEXT/HTML;Q=0.5, Application/JSON", HTML_AND_JSON, "application/json"),
        ("text/html\t;\tq=0.5 , application/json ; q=0.6", HTML_AND_JSON, "application/json"),
        # the more specific range decides, wherever it stands
        ("text/html;q=0, */*", HTML_AND_JSON, "application/json"),
        ("*/*, text/html;q=0", HTML_AND_JSON, "application/json"),
        ("text/*;q=0.1, */*;q=0.2", HTML_AND_JSON, "application/json"),
        ("a/b;x=1;q=0.2, a/b;x=1;y=2;q=0.1, a/b;q=0.15", ["a/b;x=1;y=2", "a/b"], "a/b"),
        ('a/b;t="x, y;q=0"', ["a/b", 'a/b;t="X, Y;q=0"'], 'a/b;t="X, Y;q=0"'),
        ("a/b;q=0.5;x=1", ["a/b", "a/b;x=1"], "a/b;x=1"),
        # what the client does not accept
        ("image/*", HTML_AND_JSON, None),
        ("text/html;q=0", HTML_AND_JSON, None),
        ("*/*;q=0.000", HTML_AND_JSON, None),
        ("text/html;level=1", ["text/html"], None),
        ("text/html", [], None),
        (None, [], None),
        # a charset does not select
        ("application/json; charset=utf-8", HTML_AND_JSON, "application/json"),
        ("text/html;charset=latin-1", ["text/html;charset=utf-8"], "text/html;charset=utf-8"),
        # malformed elements are skipped
        ("*/html, text, /json, application/, application/json", HTML_AND_JSON, "application/json"),
        ("text/ html, */*;q=0.1", ["text/html"], "text/html"),
        ("text/html, image/gif, *; q=.2, */*; q=.2", ["image/png"], None),  # Java's default
    ],
)
def test_the_best_media_type(accept: str | None, offers: list[str], best: str | None) -> None:
    assert best_media_type(accept, offers) == best


@pytest.mark.parametrize(
    "weight",
    [
        "2",
        "1.001",
        "1.0000",
        "0.1234",
        "-0",
        "+1",
        ".5",
        "1e0",
        "nan",
        "inf",
        "",
        " 1",
        "٠",
    ],
)
def test_an_element_with_a_malformed_weight_is_skipped(weight: str) -> None:
    header = f"text/html;q={weight}, application/json;q=0.1"
    assert best_media_type(header, HTML_AND_JSON) == "application/json"


@pytest.mark.parametrize("weight", ["q", "q =1", "q= 1", "q;level=1", 'q="'])
def test_a_weight_that_is_no_parameter_is_malformed(weight: str) -> None:
    header = f"application/json;q=0.1, text/html; {weight}"
    assert best_media_type(header, HTML_AND_JSON) == "application/json"


@pytest.mark.parametrize(
    "weight", ["1", "1.", "1.0", "1.000", "0.", "0.9", "0.99", "0.999", '"0.9"']
)
def test_a_weight_has_up_to_three_decimals(weight: str) -> None:
    liked = "application/json" if weight == "0." else "text/html"
    header = f"text/html;q={weight}, application/json;q=0.8"
    assert best_media_type(header, HTML_AND_JSON) == liked


def test_an_offer_that_is_no_media_type_is_refused() -> None:
    with pytest.raises(ValueError, match="'html' is not a media type"):
        best_media_type("*/*", ["html"])


@pytest.mark.parametrize(
    ("header", "offers", "best"),
    [
        (None, ["br", "gzip"], "identity"),
        ("", ["br", "gzip"], "identity"),
        ("gzip", [], "identity"),
        ("gzip", ["br", "gzip"], "gzip"),
        ("GZip", ["br", "gzip"], "gzip"),
        ("x-gzip", ["br", "gzip"], "gzip"),
        ("gzip, br", ["br", "gzip"], "br"),
        ("gzip, br;q=0.9", ["br", "gzip"], "gzip"),
        ("gzip;q=0.001", ["gzip"], "gzip"),
        ("deflate", ["br", "gzip"], "identity"),
        ("gzip;q=0", ["gzip"], "identity"),
        ("*", ["br", "gzip"], "br"),
        ("br;q=0, *", ["br", "gzip"], "gzip"),
        ("*;q=0.5, gzip", ["br", "gzip"], "gzip"),
        ("*;q=0, gzip", ["br", "gzip"], "gzip"),
        ("identity, gzip", ["gzip"], "gzip"),
        ("identity, gzip;q=0.5", ["gzip"], "identity"),
        ("identity;q=0.5, gzip;q=0.8", ["gzip"], "gzip"),
        ("compress;q=0.5, gzip;q=1.0", ["compress", "gzip"], "gzip"),  # RFC 9110 section 12.5.3
        ("gzip;q=1.0, identity; q=0.5, *;q=0", ["br"], "identity"),
        ("identity;q=0", ["gzip"], None),
        ("identity;q=0, *;q=0.1", ["gzip"], "gzip"),
        ("*;q=0", ["gzip"], None),
        ("identity;q=0, gzip", ["br"], None),
        ("gzip;q=2, br b, ,;q=1", ["gzip", "br"], "identity"),
    ],
)
def test_the_best_encoding(header: str | None, offers: list[str], best: str | None) -> None:
    assert best_encoding(header, offers) == best


@pytest.mark.parametrize(
    ("header", "offers", "best"),
    [
        (None, ["en", "de"], "en"),
        ("", ["en", "de"], "en"),
        ("en_US, a-, 1", ["en", "de"], "en"),
        (None, [], None),
        ("da, en-gb;q=0.8, en;q=0.7", ["en", "en-GB", "da"], "da"),  # RFC 9110 section 12.5.4
        ("da, en-gb;q=0.8, en;q=0.7", ["en", "en-GB"], "en-GB"),
        ("da, en-gb;q=0.8, en;q=0.7", ["en-US"], "en-US"),
        ("de, en", ["en", "de"], "de"),  # a priority list: the client's order decides
        ("en;q=0.5, de", ["en", "de"], "de"),
        ("FR-ch", ["de", "fr-CH"], "fr-CH"),
        # RFC 4647 section 3.4: the fallbacks of this range, in their order
        (
            "zh-Hant-CN-x-private1-private2",
            ["zh-Hant-CN-x-private1", "zh"],
            "zh-Hant-CN-x-private1",
        ),
        ("zh-Hant-CN-x-private1-private2", ["zh-Hant-CN-x", "zh-Hant-CN"], "zh-Hant-CN"),
        ("zh-Hant-CN-x-private1-private2", ["zh-Hant-CN-x", "zh-Hant"], "zh-Hant"),
        ("zh-Hant-CN-x-private1-private2", ["zh-Hant-CN-x", "zh"], "zh"),
        ("zh-Hant-CN-x-private1-private2", ["zh-Hant-CN-x", "en"], None),
        ("fr-FR, zh-Hant;q=0.5", ["zh-Hant", "ja-JP"], "zh-Hant"),
        # prefixes are whole subtags
        ("de", ["den", "de-CH"], "de-CH"),
        ("de-CH", ["de-AT"], None),
        ("de", ["en", "fr"], None),
        # wildcard: last, whatever its weight (RFC 4647 section 3.4)
        ("*", ["en", "de"], "en"),
        ("*, de;q=0.1", ["en", "de"], "de"),
        ("fr, *;q=0.1", ["en", "de"], "en"),
        ("fr, *;q=0", ["en", "de"], None),
        # what the client refuses
        ("en;q=0, *", ["en", "en-US", "de"], "de"),
        ("en;q=0, en-US", ["en", "en-US"], "en-US"),
        ("en-US, en;q=0", ["en"], None),
        ("en, en-US;q=0", ["en-US", "en-GB"], "en-GB"),
    ],
)
def test_the_best_language(header: str | None, offers: list[str], best: str | None) -> None:
    assert best_language(header, offers) == best


def test_only_so_many_elements_are_looked_at() -> None:
    others = ", ".join(["a/b"] * (MAX_ELEMENTS - 1))
    assert best_media_type(f"{others}, text/html", ["text/html"]) == "text/html"
    assert best_media_type(f"{others}, a/b, text/html", ["text/html"]) is None


FLOODS = [
    "," * 60_000,
    "a" * 60_000,
    "a-" * 30_000,
    "a," * 30_000,
    "a/b;q=1," * 7_500,
    "a/b" + ";q=1" * 15_000,
    "a/b" + "; q " * 15_000,
    "a/b;" + " " * 60_000,
    '"' * 60_001,
    '"\\' * 30_000,
    "*/*;" + "a=b;" * 15_000,
]


@pytest.mark.parametrize("header", FLOODS)
def test_a_flood_is_answered_as_any_header(header: str) -> None:
    assert best_media_type(header, ["text/html"]) in ("text/html", None)
    assert best_encoding(header, ["gzip"]) == "identity"
    assert best_language(header, ["de"]) in ("de", None)


@given(st.text(st.sampled_from('ab/*;q=01.,- "\\')))
def test_no_header_raises(header: str) -> None:
    assert best_media_type(header, ["a/b"]) in ("a/b", None)
    assert best_encoding(header, ["a"]) in ("a", "identity", None)
    assert best_language(header, ["a-b"]) in ("a-b", None)
