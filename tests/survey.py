"""`python -m tests.survey [page]`: measure every server, and write the table of docs/servers.md anew.

How a fact is measured is for `probes`. The table stands between two comments; the text around it is
written by hand.
"""

import re
import sys
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from pathlib import Path

from tests import probes
from tests.probes import OR, Survey
from tests.servers import COMMANDS, ROOT

__all__ = ["PAGE", "differences", "merged", "product_of", "read", "title", "written"]

PAGE = ROOT / "docs" / "servers.md"
TIMES = 10
"""Each server is measured, as a race that it mostly wins is no fact."""
BEGIN = "<!-- The table is measured and written by `python -m tests.survey`. -->\n"
END = "<!-- From here on the page is written by hand. -->\n"


def product_of(name: str) -> str:
    """The package of a server: uvicorn of uvicorn-h11."""
    return name.partition("-")[0]


def title(name: str) -> str:
    """What the table calls a server: uvicorn (h11) for uvicorn-h11."""
    product, _, variant = name.partition("-")
    return f"{product} ({variant})" if variant else product


def row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |\n"


def table(surveys: Mapping[str, Survey]) -> str:
    """A column for each server, a row for each fact."""
    some, *_ = surveys.values()
    lines = [row("", *map(title, surveys)), row(*["---"] * (len(surveys) + 1))]
    for group, facts in some.items():
        lines.append(row(f"**{group}**", *[""] * len(surveys)))
        lines += [row(fact, *(each[group][fact] for each in surveys.values())) for fact in facts]
    products = dict.fromkeys(map(product_of, surveys))
    versions = ", ".join(f"{product} {version(product)}" for product in products)
    return f"{''.join(lines)}\nMeasured with {versions}.\n"


def written(page: str, surveys: Mapping[str, Survey]) -> str:
    """The page with a new table."""
    before, _, rest = page.partition(BEGIN)
    return f"{before}{BEGIN}\n{table(surveys)}\n{END}{rest.partition(END)[2]}"


def read(page: str) -> tuple[dict[str, Survey], dict[str, str]]:
    """What the table says of each server, by its title, and the versions with which it was measured."""
    made = page.partition(BEGIN)[2].partition(END)[0]
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in made.splitlines()
        if line.startswith("|")
    ]
    (_, *titles), _, *rest = rows
    surveys: dict[str, Survey] = {each: {} for each in titles}
    group = ""
    for first, *cells in rest:
        if first.startswith("**"):
            group = first.strip("*")
        else:
            for each, cell in zip(titles, cells, strict=True):
                surveys[each].setdefault(group, {})[first] = cell
    return surveys, dict(re.findall(r"(\w+) (\d[\w.]*)", made.partition("Measured with")[2]))


def merged(surveys: Iterable[Survey]) -> Survey:
    """One survey, with all values of each fact that were seen."""
    first, *others = surveys
    for other in others:
        for group, facts in first.items():
            for fact, cell in facts.items():
                values = {*cell.split(OR), *other[group][fact].split(OR)}
                facts[fact] = OR.join(sorted(values))
    return first


def differences(said: Survey, found: Survey) -> list[str]:
    """A line for each fact that is not as the page says, or that only one of them has.

    Where the page has several values, one of them is as it says.
    """
    before, now = (
        {f"{group}: {fact}": cell for group, facts in each.items() for fact, cell in facts.items()}
        for each in (said, found)
    )
    pairs = {
        fact: (now.get(fact, "not measured"), before.get(fact, "missing"))
        for fact in {**before, **now}
    }
    return [
        f"{fact}: now {seen!r}, on the page {expected!r}"
        for fact, (seen, expected) in pairs.items()
        if not {*seen.split(OR)} <= {*expected.split(OR)}
    ]


def main(page: Path = PAGE) -> None:
    """Measure every server, and write the table into a page."""
    surveys = {name: merged(probes.survey(name) for _ in range(TIMES)) for name in COMMANDS}
    page.write_text(written(page.read_text(), surveys))


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
