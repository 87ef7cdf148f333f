"""`python -m tests.benchmarks.plot results.json docs/speed`: docs/speed-light.svg and docs/speed-dark.svg.

A strip for each row, of what `python -m tests.benchmarks --json results.json` has written: how many
times as long as the raw callable each framework takes, on a logarithmic axis, every dot with its name.
Text stays text, and is large enough on a phone; the fonts are those of the reader.
"""

import argparse
import json
from collections.abc import Iterable, Iterator
from html import escape
from math import log10
from pathlib import Path
from statistics import median
from textwrap import wrap
from typing import Any, NamedTuple

__all__: list[str] = []

ROWS = (
    *("text", "json", "param", "search", "echo"),
    *("github", "missing", "asgi", "function", "api"),
)
"""What is shown, from the top, unless other rows are asked for."""

WIDTH, MARGIN, TOP = 420, 16, 92
TITLE, LANE, GAP = 19, 15, 12
"""Heights: of a row's title, of a lane of names, and between rows."""

LETTER = 6.2
"""The width of a letter of the names, about; in the caption they are smaller."""

TICKS = (0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
OURS = "framework"


class Palette(NamedTuple):
    """The colours of one theme: all have a contrast of at least 4.5 to the ground but the lines."""

    ground: str
    text: str
    faint: str
    line: str
    dot: str
    accent: str


PALETTES = {
    "light": Palette("#ffffff", "#1f2328", "#59636e", "#d8dee4", "#818b98", "#0a5fd8"),
    "dark": Palette("#0d1117", "#f0f6fc", "#9198a1", "#30363d", "#818b98", "#58a6ff"),
}


class Mark(NamedTuple):
    """A framework on a strip: its ratio, where its dot is, in which lane, and on which side its name."""

    name: str
    ratio: float
    x: float
    lane: int
    is_left: bool


class Axis(NamedTuple):
    """From ratios to points, logarithmic."""

    low: float
    high: float

    def x(self, ratio: float) -> float:
        """Where a ratio is."""
        part = log10(ratio / self.low) / log10(self.high / self.low)
        return MARGIN + 4 + part * (WIDTH - 2 * MARGIN - 8)


def ratios(row: dict[str, list[float]]) -> dict[str, float]:
    """How many times as long as the raw callable each takes: medians over rounds."""
    raw = row["raw"]
    return {
        name: median(one / other for one, other in zip(rounds, raw, strict=True))
        for name, rounds in row.items()
        if name != "raw"
    }


def axis_of(rows: list[dict[str, float]]) -> Axis:
    """Wide enough for all, and for 1."""
    found = [1.0, *(ratio for row in rows for ratio in row.values())]
    return Axis(min(found) * 0.92, max(found) * 1.08)


def label(name: str, ratio: float) -> str:
    """What stands beside a dot: ours with its number."""
    return f"{OURS} {ratio:.1f}×" if name == "ours" else name


def placed(row: dict[str, float], axis: Axis) -> list[Mark]:
    """Each in the first lane where its dot and its name hide no other; ours has the first."""
    ends: list[list[tuple[float, float]]] = []
    marks: list[Mark] = []
    for name, ratio in sorted(row.items(), key=lambda item: (item[0] != "ours", item[1])):
        x = axis.x(ratio)
        size = len(label(name, ratio)) * (LETTER + 2.2 * (name == "ours")) + 10
        is_left = x + size > WIDTH - MARGIN
        start, end = (x - size, x + 6) if is_left else (x - 6, x + size)
        lane = 0
        while lane < len(ends) and any(start < b and a < end for a, b in ends[lane]):
            lane += 1
        if lane == len(ends):
            ends.append([])
        ends[lane].append((start, end))
        marks.append(Mark(name, ratio, x, lane, is_left))
    return marks


def text(x: float, y: float, content: str, kind: str, anchor: str = "start") -> str:
    """A line of text."""
    return f'<text x="{x:.1f}" y="{y:.1f}" class="{kind}" text-anchor="{anchor}">{escape(content)}</text>'


def strip(title: str, marks: list[Mark], y: float) -> Iterator[str]:
    """One row: its title, and the dots below."""
    yield text(MARGIN, y + 13, title, "title")
    for mark in reversed(marks):
        middle = y + TITLE + LANE * mark.lane + LANE / 2
        kind = "ours" if mark.name == "ours" else "peer"
        beside = -8 if mark.is_left else 8
        anchor = "end" if mark.is_left else "start"
        yield f'<circle cx="{mark.x:.1f}" cy="{middle:.1f}" r="{5 if kind == "ours" else 3.5}" class="{kind}"/>'
        yield text(mark.x + beside, middle + 4, label(mark.name, mark.ratio), kind, anchor)


def grid(axis: Axis, top: float, bottom: float) -> Iterator[str]:
    """The lines of the axis, labelled at both ends; that of the raw callable is a strong one."""
    for tick in TICKS:
        if axis.low <= tick <= axis.high:
            x, kind = axis.x(tick), "one" if tick == 1 else "line"
            yield f'<line x1="{x:.1f}" y1="{top:.1f}" x2="{x:.1f}" y2="{bottom:.1f}" class="{kind}"/>'
            for y in (top - 6, bottom + 14):
                yield text(x, y, "1×" if tick == 1 else f"{tick:g}", "tick", "middle")


def caption(results: dict[str, Any], rows: dict[str, dict[str, float]]) -> list[str]:
    """What was measured where, in lines that fit."""
    versions = ", ".join(
        f"{OURS if name == 'ours' else name} {version}"
        for name, version in results["versions"].items()
        if any(name in row for row in rows.values())
    )
    said = (
        f"In process, without a server; median of {results['rounds']} interleaved rounds. "
        f"{results['python']}, {results['processor']}. {versions}."
    )
    return wrap(said, 66)


def style(palette: Palette) -> str:
    """The rules of one theme."""
    return (
        "text{font:13px system-ui,-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif;"
        f"fill:{palette.text}}}"
        ".head{font-size:18px;font-weight:700}.title{font-weight:600}"
        f".title,.peer,.ours{{paint-order:stroke;stroke:{palette.ground};stroke-width:3px}}"
        "circle{stroke:none!important}"
        f".note,.tick{{font-size:12px;fill:{palette.faint}}}"
        f"text.peer{{font-size:12px;fill:{palette.faint}}}circle.peer{{fill:{palette.dot}}}"
        f".ours{{font-weight:700;fill:{palette.accent}}}"
        f".line{{stroke:{palette.line}}}.one{{stroke:{palette.faint};stroke-dasharray:3 3}}"
    )


def drawn(results: dict[str, Any], shown: Iterable[str], palette: Palette) -> str:
    """The whole picture."""
    titles = {row["key"]: row["title"] for row in results["rows"]}
    rows = {
        key: ratios(results["seconds_per_request"][key])
        for key in shown
        if "ours" in results["seconds_per_request"].get(key, ())
    }
    axis = axis_of([*rows.values()])
    parts: list[str] = []
    y = TOP + 4.0
    for key, row in rows.items():
        marks = placed(row, axis)
        parts += strip(titles[key], marks, y)
        y += TITLE + LANE * (1 + max(mark.lane for mark in marks)) + GAP
    notes = caption(results, rows)
    height = y + 30 + 16 * len(notes)
    head = [
        text(MARGIN, 32, "Time per request", "head"),
        text(MARGIN, 52, "as a multiple of a hand-written ASGI callable", "note"),
        text(MARGIN, 68, "that does the same; less is better", "note"),
    ]
    foot = [text(MARGIN, y + 36 + 16 * line, note, "note") for line, note in enumerate(notes)]
    size = f'width="{WIDTH}" height="{height:.0f}"'
    name = "Time per request of ASGI frameworks, as a multiple of a hand-written callable"
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" {size}',
            ' role="img" aria-labelledby="name">',
            f'<title id="name">{name}</title>',
            f"<style>{style(palette)}</style>",
            f'<rect {size} rx="8" fill="{palette.ground}"/>',
            *head,
            *grid(axis, TOP, y),
            *parts,
            *foot,
            "</svg>\n",
        ]
    )


def main() -> None:
    """Read the results and write both pictures."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.plot", description=__doc__)
    parser.add_argument("results", type=Path)
    parser.add_argument("target", type=Path, help="the path of the pictures without -light.svg")
    parser.add_argument("--rows", nargs="+", default=ROWS, metavar="ROW")
    asked = parser.parse_args()
    results = json.loads(asked.results.read_text())
    for theme, palette in PALETTES.items():
        picture = asked.target.with_name(f"{asked.target.name}-{theme}.svg")
        picture.write_text(drawn(results, asked.rows, palette))


if __name__ == "__main__":
    main()
