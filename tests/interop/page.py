"""What `docs/interop.md` says: the tables of this folder, whose every word the tests hold against the packages.

The text around the tables is written by hand. Only versions may differ from what is installed.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Any

from tests.interop import hosts, middlewares, starlettes, subapps, theirs, tools, tracers
from tests.interop.ours import OURS
from tests.interop.peers import BACKENDS, WORKS, Peer, peers_of

__all__ = ["PAGE", "without_versions", "written"]

PAGE = Path(__file__).parents[2] / "docs" / "interop.md"
BEGIN = "<!-- The tables are made by `python -m tests.interop`. -->\n"
END = "<!-- From here on the page is written by hand. -->\n"

AROUND = {
    "http": "requests",
    "errors": "errors",
    "stream": "streams",
    "socket": "sockets",
    "lifespan": "lifespan",
    "effect": "its purpose",
}
WITHIN = {WORKS: "requests", "links": "links", **AROUND}
TRIED = {
    WORKS: "everything",
    "failure": "a failure at start-up",
    "refusal": "a refusal",
    "state": "lifespan state",
}
"""The topics of the tests, and how the page calls them."""


def row(*cells: str) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |\n"


def table(*columns: str, rows: Iterable[str]) -> str:
    return row(*columns) + row(*["---"] * len(columns)) + "".join(rows)


def code(text: str) -> str:
    return f"`{text}`"


def of_peer(peer: Peer, topics: Mapping[str, str], *cells: str) -> str:
    works = ["-" if backend in peer.apart else peer.works(topics, backend) for backend in BACKENDS]
    return row(f"{peer.package} {peer.version}", code(peer.line), *cells, *works, peer.notes)


def rows_of(module: Any, topics: Mapping[str, str]) -> Iterator[str]:
    return (of_peer(peer, topics) for peer in peers_of(module))


def traced() -> Iterator[str]:
    for peer in peers_of(tracers):
        names = peer.more.get("records", [["-"]])
        yield of_peer(peer, AROUND, names[0][0] if names[0][0] == "-" else code(names[0][0]))


def mounted() -> Iterator[str]:
    for peer in peers_of(subapps):
        styles = [
            "yes" if peer.more[style].startswith("200") else "no"
            for style in ("mounted", "stripped")
        ]
        yield of_peer(peer, {WORKS: "requests"}, *styles, peer.more["lifespan"])


def matrix() -> Iterator[str]:
    for ours in OURS:
        broken = [{ours.name} & {*peer.but, *peer.apart} for peer in peers_of(theirs)]
        yield row(ours.name, *("no" if each else "yes" for each in broken))


def tables() -> Iterator[tuple[str, str]]:
    """Each heading with its table."""
    both = ("package", "in one line")
    ends = (*BACKENDS, "notes")
    around = chain(rows_of(middlewares, AROUND), rows_of(starlettes, AROUND))
    yield "Their middleware around our app", table(*both, *ends, rows=around)
    yield "Tracers and metrics", table(*both, "names `/users/7`", *ends, rows=traced())
    styles = ("`mount(path, app)`", "`strip=True`", "its lifespan")
    yield "Their apps in ours", table(*both, *styles, *ends, rows=mounted())
    frames = [f"{peer.package} {peer.version}" for peer in peers_of(theirs)]
    notes = "".join(f"- {peer.package}: {peer.notes}\n" for peer in peers_of(theirs) if peer.notes)
    ours = table("middleware", *frames, rows=matrix())
    yield "Our middleware around their apps", f"{ours}\n{notes}"
    yield "Our app in theirs", table(*both, *ends, rows=rows_of(hosts, WITHIN))
    yield "Clients, servers, responses", table(*both, *ends, rows=rows_of(tools, TRIED))


def written(page: str) -> str:
    """The page with new tables."""
    before, _, rest = page.partition(BEGIN)
    made = "".join(f"## {heading}\n\n{text}\n" for heading, text in tables())
    return f"{before}{BEGIN}\n{made}{END}{rest.partition(END)[2]}"


def without_versions(page: str) -> str:
    """A page as it is whatever is installed."""
    return re.sub(r"(?<=[a-z0-9]) \d+\.[\w.]+(?= \|)", "", page)
