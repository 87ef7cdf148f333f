"""The rules: those that docs/checker.md lists are those that a row of the tables breaks."""

import re

from framework.checker import Breach, Clause
from framework.checker import _clauses as clauses
from framework.checker._messages import RECEIVED
from tests.checker.judging import EXTENSIONS, converse, scope_of
from tests.servers import ROOT
from tests.tables.asgi_formats import MESSAGES, SCOPES
from tests.tables.asgi_orders import WRONG

ROW = re.compile(r"^\| \[(.+)\]\((https://.+)\) \| .+ \|$", re.MULTILINE)
PAGE = (ROOT / "docs" / "checker.md").read_text()

ELSEWHERE = {
    clauses.APPLICATIONS,
    clauses.EXTRA_COROUTINES,
    clauses.LIFESPAN_STATE,
    clauses.SEND_EXCEPTION,
}
"""What no row can do; `test_checker.py` does."""


async def broken() -> list[Breach]:
    """What the rows of all tables break."""
    found: list[Breach] = []
    for protocol, changes, *_ in SCOPES:
        found += await converse(scope_of(protocol, changes))
    for protocol, changes, steps, *_ in WRONG:
        scope = scope_of(protocol, {"extensions": EXTENSIONS, **changes})
        found += await converse(scope, steps)
    for message, *_ in MESSAGES:
        step = "receive" if message["type"] in RECEIVED else "send"
        scope = scope_of(message["type"].partition(".")[0], {"extensions": EXTENSIONS})
        found += await converse(scope, [(step, message)])
    return found


async def test_each_rule_on_the_page_is_broken_by_a_row_of_the_tables() -> None:
    told = {Clause(*each) for each in ROW.findall(PAGE)}
    assert told == {breach.clause for breach in await broken()} | ELSEWHERE


def test_each_section_is_on_the_page_but_one_that_nobody_can_break() -> None:
    known = {each for each in vars(clauses).values() if isinstance(each, Clause)}
    told = [Clause(*each) for each in ROW.findall(PAGE)]
    assert known - set(told) == {clauses.DISCONNECT}
    assert len(told) == len(set(told))
