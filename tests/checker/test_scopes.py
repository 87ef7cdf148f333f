"""Scopes: every key that is missing or wrong is found, and nothing else."""

from typing import Any

import pytest

from tests.checker.judging import converse, scope_of
from tests.tables.asgi_formats import RIGHT_SCOPES, SCOPES


@pytest.mark.parametrize(("protocol", "changes", "section", "what"), SCOPES)
async def test_a_wrong_scope_is_the_servers_fault(
    protocol: str, changes: dict[str, Any], section: str, what: str
) -> None:
    violations = await converse(scope_of(protocol, changes))
    found = [each for each in violations if each.culprit == "server"]
    matching = [each for each in found if what in each.what and section in each.clause.title]
    assert len(matching) == 1, found
    assert all(each.clause.url.startswith("https://") and each.advice for each in found)


@pytest.mark.parametrize(("protocol", "changes"), RIGHT_SCOPES)
async def test_nothing_is_found_in_a_scope_that_is_right(
    protocol: str, changes: dict[str, Any]
) -> None:
    violations = await converse(scope_of(protocol, changes))
    assert [each for each in violations if each.culprit == "server"] == []


async def test_a_scope_that_is_no_dict_is_the_servers_fault() -> None:
    scope: Any = [("type", "http")]
    (violation,) = await converse(scope)
    assert violation.what == "the scope is [('type', 'http')], not a dict"
