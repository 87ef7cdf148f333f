"""`python -m tests.findings [page]`: check every server and framework, and write docs/checker_findings.md anew.

What servers are sent is in `edges`, what frameworks are asked in `exercises`, and the apps of the
frameworks are those of the benchmarks: the extra "bench" installs them. The tables stand between two
comments; the text around them is written by hand.
"""

import re
import sys
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeAlias

import anyio

from framework.checker import Breach, Clause
from tests.edges import EDGES
from tests.exercises import exercise
from tests.probes import get_json
from tests.servers import COMMANDS, ROOT, Server, serve
from tests.survey import product_of, row, title

__all__ = ["FRAMEWORKS", "PAGE", "of_framework", "of_server", "read", "written"]

PAGE = ROOT / "docs" / "checker_findings.md"
BEGIN = "<!-- The tables are made by `python -m tests.findings`. -->\n"
END = "<!-- From here on the page is written by hand. -->\n"

FRAMEWORKS = {
    "ours": "framework",
    "starlette": "starlette",
    "litestar": "litestar",
    "quart": "quart",
    "falcon": "falcon",
    "blacksheep": "blacksheep",
}
"""The module of each in `tests/benchmarks/apps`, and what the page calls it."""

PORT = re.compile(r"'[0-9]{4,5}'")
MOST_NAMED = 3
PATIENCE = 10.0  # seconds until a server that drops every connection has lost

Rows: TypeAlias = list[str]
"""One line of a table for each thing that was found."""


def rows(found: Iterable[tuple[str, Breach]]) -> Rows:
    """What was found, each once, with what it was seen at."""
    seen: dict[tuple[str, str], dict[str, None]] = {}
    for name, breach in found:
        what = PORT.sub("'50000'", breach.what).replace("|", "\\|")
        clause = f"[{breach.clause.title}]({breach.clause.url})"
        seen.setdefault((f"{breach.culprit}: {what}", clause), {})[name] = None
    return [row(what, clause, _listed([*names])) for (what, clause), names in seen.items()]


def _listed(names: list[str]) -> str:
    others = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f", and {others} more" if others > 0 else "")


def told(server: Server) -> list[dict[str, Any]]:
    """What was found up to now; asked again if the server drops the connection."""
    answers: list[list[dict[str, Any]]] = []
    deadline = time.monotonic() + PATIENCE
    while not answers and time.monotonic() < deadline:
        with suppress(ConnectionError):
            answers.append(get_json(server, "/violations")["found"])
    return answers[0]


def of_server(name: str) -> Rows:
    """What a server does wrong when it is sent each of the edges."""
    found: list[tuple[str, Breach]] = []
    with serve(name, "tests.checked:app", is_checked=False) as server:
        for edge, send in EDGES.items():
            send(server)
            for each in told(server)[len(found) :]:
                clause = Clause(*each.pop("clause"))
                found.append((edge, Breach(clause=clause, **each)))
    return rows(found)


async def of_framework(name: str) -> Rows:
    """What the apps of a framework do wrong."""
    module = import_module(f"tests.benchmarks.apps.{name}")
    return rows([each for app in module.__all__ for each in await exercise(vars(module)[app])])


def section(heading: str, made: Rows) -> str:
    """A heading, and a table if there is something for it."""
    head = row("what", "clause", "seen at") + row("---", "---", "---")
    table = head + "".join(made) if made else "Nothing.\n"
    return f"### {heading}\n\n{table}\n"


def written(page: str, servers: Mapping[str, Rows], frameworks: Mapping[str, Rows]) -> str:
    """The page with new tables."""
    before, _, rest = page.partition(BEGIN)
    products = [*dict.fromkeys(map(product_of, servers)), *list(frameworks)[1:]]
    versions = ", ".join(f"{product} {version(product)}" for product in products)
    parts = [
        "## Servers\n\n",
        *(section(title(name), made) for name, made in servers.items()),
        "## Frameworks\n\n",
        *(section(FRAMEWORKS[name], made) for name, made in frameworks.items()),
        f"Checked with {versions}.\n\n",
    ]
    return f"{before}{BEGIN}\n{''.join(parts)}{END}{rest.partition(END)[2]}"


def read(page: str) -> dict[str, Rows]:
    """The rows of each section, by its heading."""
    made = page.partition(BEGIN)[2].partition(END)[0]
    sections = [each.partition("\n") for each in made.split("### ")[1:]]
    return {
        heading: [f"{line}\n" for line in text.splitlines() if line.startswith("| ")][2:]
        for heading, _, text in sections
    }


def main(page: Path = PAGE) -> None:
    """Check every server and framework, and write the tables into a page."""
    servers = {name: of_server(name) for name in COMMANDS}
    frameworks = {name: anyio.run(of_framework, name) for name in FRAMEWORKS}
    page.write_text(written(page.read_text(), servers, frameworks))


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
