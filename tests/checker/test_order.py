"""The order of messages: what comes out of turn is found, and nothing else."""

from typing import Any

import pytest

from tests.checker.judging import EXTENSIONS, converse, scope_of
from tests.tables.asgi_orders import RIGHT, WRONG, Step


@pytest.mark.parametrize(("protocol", "changes", "steps", "culprit", "section", "what"), WRONG)
async def test_what_comes_out_of_turn_is_found(
    protocol: str,
    changes: dict[str, Any],
    steps: list[Step],
    culprit: str,
    section: str,
    what: str,
) -> None:
    violations = await converse(scope_of(protocol, {"extensions": EXTENSIONS, **changes}), steps)
    found = [
        each
        for each in violations
        if (each.culprit, what in each.what, section in each.clause.title) == (culprit, True, True)
    ]
    assert len({each.what for each in found}) == 1, violations
    assert all(each.advice for each in found)


@pytest.mark.parametrize(("protocol", "changes", "steps"), RIGHT)
async def test_nothing_is_found_in_an_order_that_is_right(
    protocol: str, changes: dict[str, Any], steps: list[Step]
) -> None:
    scope = scope_of(protocol, {"extensions": EXTENSIONS, **changes})
    assert await converse(scope, steps) == []
