import re

import pytest

from framework import Headers
from framework._wire import conditional
from framework._wire.conditional import conditions, evaluate, is_entity_tag, range_holds
from tests.tables.preconditions import (
    ENTITY_TAGS,
    IF_RANGES,
    NOT_ENTITY_TAGS,
    PRECONDITIONS,
    STATES,
)
from tests.tables.ranges import in_short
from tests.wire.work import backtracking_quantifiers, count_calls

Fields = list[tuple[str, str]]


def asked_by(fields: Fields) -> dict[str, str]:
    return conditions([(name.encode(), value.encode("latin-1")) for name, value in fields])


@pytest.mark.parametrize(("state", "method", "fields", "status", "why"), PRECONDITIONS)
def test_preconditions_are_evaluated_as_by_the_rfc(
    state: str, method: str, fields: Fields, status: int | None, why: str
) -> None:
    etag, last_modified, exists = STATES[state]
    asked = asked_by(fields)
    found = evaluate(method, asked, etag=etag, last_modified=last_modified, exists=exists)
    assert found == status, why


@pytest.mark.parametrize(("state", "now", "fields", "holds", "why"), IF_RANGES)
def test_a_range_counts_if_what_it_is_of_is_still_there(
    state: str, now: float, fields: Fields, holds: bool, why: str
) -> None:
    etag, last_modified, _ = STATES[state]
    asked = asked_by([("range", "bytes=0-1"), *fields])
    found = range_holds(asked, etag=etag, last_modified=last_modified, now=now)
    assert found == holds, why
    assert not range_holds(asked_by(fields), etag=etag, last_modified=last_modified, now=now)


@pytest.mark.parametrize("text", ENTITY_TAGS)
def test_an_entity_tag_is_quoted_text_which_may_be_weak(text: str) -> None:
    assert is_entity_tag(text)
    assert evaluate("GET", {"if-none-match": text}, etag=text, last_modified=None) == 304
    assert evaluate("GET", {"if-none-match": f'"x", {text}'}, etag=text, last_modified=None) == 304


@pytest.mark.parametrize("text", NOT_ENTITY_TAGS)
def test_anything_else_is_no_entity_tag(text: str) -> None:
    assert not is_entity_tag(text)


def test_only_the_fields_that_make_conditions_are_read() -> None:
    raw = Headers([("Host", "x"), ("If-Match", '"a"'), ("range", "r"), ("if-match", '"b"')]).raw
    assert conditions(raw) == {"if-match": '"a", "b"', "range": "r"}
    assert conditions([(b"IF-MATCH", b' "a" ')]) == {"if-match": '"a"'}
    assert conditions([]) == {}


FLOODS = [
    '"v2",' * 20_000,
    "," * 60_000,
    " " * 60_000,
    '"' * 60_000,
    '"' + "," * 60_000,
    "W/" * 30_000,
    ',"' * 30_000,
    ', "a' * 15_000,
    '"a" ' * 15_000,
    "*" * 60_000,
    '"\xff' * 30_000,
]


@pytest.mark.parametrize("name", ["if-match", "if-none-match", "if-range", "if-modified-since"])
@pytest.mark.parametrize("flood", FLOODS, ids=in_short)
def test_a_long_field_takes_no_more_calls_than_a_short_one(name: str, flood: str) -> None:
    def evaluated(value: str) -> int:
        asked = {name: value, "range": "bytes=0-1"}
        return count_calls(
            lambda: (
                evaluate("GET", asked, etag='"v1"', last_modified=1.0),
                range_holds(asked, etag='"v1"', last_modified=1.0, now=9.0),
            )
        )

    assert evaluated(flood) <= evaluated(flood[:100]) + 1


def test_a_field_that_is_repeated_ten_thousand_times_takes_linear_work() -> None:
    def work(times: int) -> int:
        return count_calls(lambda: conditions([(b"if-none-match", b'"x"')] * times))

    assert work(10_000) < 11 * work(1000)


@pytest.mark.parametrize(
    "pattern", [conditional.ENTITY_TAG, conditional.STRONG_TAGS, conditional.OPAQUE_TAGS]
)
def test_the_expressions_never_go_back(pattern: re.Pattern[str]) -> None:
    assert backtracking_quantifiers(pattern) == []
