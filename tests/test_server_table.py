"""The table of docs/servers.md is what servers do, and can be written anew."""

import runpy
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from tests import probes
from tests.servers import COMMANDS
from tests.survey import PAGE, differences, merged, product_of, read, title, written

SAID, VERSIONS = read(PAGE.read_text())


@pytest.mark.parametrize("name", COMMANDS)
def test_a_server_does_what_its_column_says(name: str) -> None:
    lines = differences(SAID[title(name)], probes.survey(name))
    then, now = VERSIONS[product_of(name)], version(product_of(name))
    assert not lines, "\n".join(
        [
            f"{title(name)} {now} does not do what docs/servers.md says, which was measured with {then}:",
            *lines,
            "If that is right, write the table anew by `python -m tests.survey`, and see which sentences",
            "around it, and in docs/extensions.md, do not hold any more.",
        ]
    )


def test_the_page_has_a_column_for_each_server() -> None:
    assert list(SAID) == [title(name) for name in COMMANDS]
    assert "" not in {cell for each in SAID.values() for facts in each.values() for cell in facts}


def test_what_differs_is_named_with_both_values() -> None:
    said = {"A": {"one": "yes", "two": "2.3"}, "B": {"gone": "x"}}
    found = {"A": {"one": "yes", "two": "2.4", "new": "no"}}
    assert differences({"A": {"one": "a or b"}}, {"A": {"one": "b"}}) == []
    assert differences({"A": {"one": "b"}}, {"A": {"one": "a or b"}}) != []
    assert differences(said, said) == []
    assert differences(said, found) == [
        "A: two: now '2.4', on the page '2.3'",
        "B: gone: now 'not measured', on the page 'x'",
        "A: new: now 'no', on the page 'missing'",
    ]


def test_what_is_seen_only_sometimes_is_on_the_page_as_one_of_several_values() -> None:
    surveys = [{"A": {"one": cell, "two": "yes"}} for cell in ("b", "a", "b", "b or c")]
    assert merged(surveys) == {"A": {"one": "a or b or c", "two": "yes"}}


def test_a_table_that_was_written_is_read_as_it_was_and_the_text_around_it_stays() -> None:
    surveys = {name: {"A": {"one": name, "two": "`x`, `y`"}} for name in COMMANDS}
    page = written(PAGE.read_text(), surveys)
    assert read(page)[0] == {title(name): survey for name, survey in surveys.items()}
    assert written(page, surveys) == page
    assert written(page, surveys_of_the_page()) == written(PAGE.read_text(), surveys_of_the_page())


def test_the_command_measures_every_server_and_writes_the_page(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    page = tmp_path / "servers.md"
    page.write_text(PAGE.read_text().replace("| yes ", "| no "))
    monkeypatch.setattr(probes, "survey", surveys_of_the_page().__getitem__)
    monkeypatch.setattr(sys, "argv", ["survey", str(page)])
    monkeypatch.delitem(sys.modules, "tests.survey")
    runpy.run_module("tests.survey", run_name="__main__")
    assert read(page.read_text())[0] == SAID


def surveys_of_the_page() -> dict[str, probes.Survey]:
    return {name: SAID[title(name)] for name in COMMANDS}
