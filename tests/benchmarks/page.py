"""`python -m tests.benchmarks.page results.json docs/compare.md`: the figures of a run as tables of a page.

`python -m tests.benchmarks --all --json results.json` writes the results. The tables stand between two
comments; the text around them is written by hand.
"""

import argparse
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from textwrap import wrap
from typing import Any

from tests.benchmarks.costs import table_of_costs
from tests.benchmarks.peers import RAW
from tests.benchmarks.plot import ratios
from tests.benchmarks.rows import ROWS

__all__ = ["BEGIN", "END", "tables", "written"]

BEGIN = "<!-- The figures are written by `python -m tests.benchmarks.page`. -->\n"
END = "<!-- The figures of `python -m tests.benchmarks.page` end here. -->\n"
MESSAGES = {row.key: row.messages for row in ROWS}


def figure(ratio: float | None, best: float) -> str:
    """One cell: a dash for who takes no part, and bold for who is the fastest."""
    if ratio is None:
        return "-"
    shown = f"{ratio:.2f}" if ratio < 10 else f"{ratio:.0f}"
    return f"**{shown}**" if ratio == best else shown


def rows_of(results: Mapping[str, Any], names: list[str]) -> Iterator[list[str]]:
    """The lines of the table: what is measured, the raw callable's time, and everybody's multiple of it."""
    for row in results["rows"]:
        rounds = results["seconds_per_request"][row["key"]]
        found = ratios(rounds)
        best = min(found.values(), default=0.0)
        microseconds = min(rounds[RAW]) * 1e6 / MESSAGES.get(row["key"], 1)
        cells = [figure(found.get(name), best) for name in names]
        yield [row["title"], f"{microseconds:.1f}", *cells]


def tables(results: Mapping[str, Any]) -> str:
    """Times per request, what each costs before the first one, and with what it was measured."""
    names = [name for name in results["versions"] if name != RAW]
    lines = [
        ["work", "raw, µs", *names],
        ["---", *["---:"] * (len(names) + 1)],
        *rows_of(results, names),
    ]
    parts = ["\n".join(f"| {' | '.join(line)} |" for line in lines)]
    if results["costs"]:
        parts.append(table_of_costs(results["costs"]))
    versions = ", ".join(f"{name} {results['versions'][name]}" for name in names)
    said = (
        f"Median of {results['rounds']} interleaved rounds. {results['python']}, {results['processor']}. "
        f"{versions}."
    )
    parts.append("\n".join(wrap(said, 120)))
    return "\n\n".join(parts)


def written(page: str, results: Mapping[str, Any]) -> str:
    """The page with new tables."""
    before, _, rest = page.partition(BEGIN)
    return f"{before}{BEGIN}\n{tables(results)}\n\n{END}{rest.partition(END)[2]}"


def main() -> None:
    """Read the results, and write them into the page."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.page", description=__doc__)
    parser.add_argument("results", type=Path)
    parser.add_argument("page", type=Path)
    asked = parser.parse_args()
    results = json.loads(asked.results.read_text("utf-8"))
    asked.page.write_text(written(asked.page.read_text("utf-8"), results), "utf-8")


if __name__ == "__main__":
    main()
