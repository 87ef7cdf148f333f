"""docs/security.md says what is so: its limits are ours, and each attack on it has the test that it names."""

import re
from dataclasses import fields

import pytest

from framework import Limits
from tests.pages import ROOT
from tests.test_threats import TESTED, names_in

PAGE = (ROOT / "docs" / "security.md").read_text("utf-8")
ROWS = [
    [cell.strip() for cell in line.strip("|").split(" | ")]
    for line in PAGE.splitlines()
    if line.startswith("|")
]
LIMITS = {row[0].strip("`"): row for row in ROWS if row[0].startswith("`max_")}
ATTACKS = {row[0]: row[3] for row in ROWS if row[0].isdigit()}
UNITS = {"KiB": 1024, "MiB": 1024**2}
OF_TESTED = {title.partition(" ")[0]: names for title, names in TESTED.items()}


def number(text: str) -> int | None:
    """The value of a cell: `16 MiB`, `1,000` or `None`."""
    figure, _, unit = text.partition(" ")
    return None if figure == "None" else int(figure.replace(",", "")) * UNITS.get(unit, 1)


def test_the_page_has_every_limit_with_its_default() -> None:
    limits = {each.name: each.default for each in fields(Limits) if each.init}
    assert {name: number(row[1]) for name, row in LIMITS.items()} == limits
    assert [*LIMITS] == [*limits]


@pytest.mark.parametrize("name", [name for name, row in LIMITS.items() if row[3].isdigit()])
def test_the_page_says_how_a_limit_is_answered(name: str) -> None:
    source = (ROOT / "framework" / "limits.py").read_text("utf-8")
    said = re.search(rf'{name}: int.*\n    """.*\((\d+)\)', source)
    assert said is not None
    assert said[1] == LIMITS[name][3]


def test_the_page_has_every_attack_in_its_order() -> None:
    assert [*ATTACKS] == [str(number) for number in range(1, 46)]
    assert {*OF_TESTED} <= {*ATTACKS}


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_has_the_test_that_the_page_names(attack: str) -> None:
    file, _, sentence = ATTACKS[attack].partition(": ")
    module = file.strip("`").removesuffix(".py").replace("/", ".")
    test = f"test_{sentence.replace(' ', '_')}"
    assert test in names_in(module)
    assert f"{module}.{test}" in OF_TESTED.get(attack, [f"{module}.{test}"])
