"""The pages of the documentation, their fenced blocks, headings and links; no test lives here."""

import re
from dataclasses import dataclass
from pathlib import Path

__all__ = ["PAGES", "ROOT", "Fence", "anchors", "fences", "links"]

ROOT = Path(__file__).parent.parent
WRITTEN = sorted({*ROOT.glob("docs/**/*.md")} - {*ROOT.glob("docs/reference/framework*")})
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", ROOT / "examples" / "README.md", *WRITTEN]
"""What people write: the pages of the reference are made when the site is built."""

FENCE = re.compile(
    r"^(?P<ticks>`{3,})(?P<language>[^\s`]*)(?P<options>[^\n`]*)\n(?P<text>.*?)^(?P=ticks)$",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Fence:
    """A fenced block: what it holds, and the number of the line of the page on which that begins."""

    language: str
    options: dict[str, str]
    text: str
    line: int


def fences(page: str) -> list[Fence]:
    """The blocks of a page, whose options follow the language: `python file=main.py`."""
    return [
        Fence(
            found["language"],
            {
                name: value
                for name, _, value in (o.partition("=") for o in found["options"].split())
            },
            found["text"],
            page.count("\n", 0, found.start("text")) + 1,
        )
        for found in FENCE.finditer(page)
    ]


def anchors(page: str) -> set[str]:
    """What links to headings of a page end in, as GitHub and the site have it."""
    headings = re.findall(r"^#+ +(.+)$", FENCE.sub("", page), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def links(page: str) -> list[str]:
    """The targets of the links of a page, which are not within code."""
    text = re.sub(r"`[^`]*`", "", FENCE.sub("", page))
    return [a or b for a, b in re.findall(r"\]\(([^)\s]+)\)|<(https?:[^>\s]+)>", text)]
