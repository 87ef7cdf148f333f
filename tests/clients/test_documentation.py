"""The site of the documentation, built without a warning, in a browser: it fits, can be read, asks nobody else."""

import re
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from tests.clients.chromium import CHROMIUM, UNREADABLE, Page, browse, complaints, show
from tests.clients.screenshots import SCHEMES, WIDTHS, serve_folder
from tests.pages import PAGES, ROOT

OVERFLOWING = """
[...document.querySelectorAll("article *")].filter(node => {
  const {width, right} = node.getBoundingClientRect();
  if (!width || right <= document.documentElement.clientWidth + 1 || !node.checkVisibility()) return false;
  for (let box = node.parentElement; box.localName != "article"; box = box.parentElement)
    if (["auto", "scroll"].includes(getComputedStyle(box).overflowX)) return false;
  return true;
}).map(node => `${node.localName}.${node.className}: ${node.textContent.slice(0, 50)}`)
"""
"""What sticks out of the window, and is in no box of the page that can be scrolled."""

CONTRIBUTING = (ROOT / "docs" / "contributing.md").read_text("utf-8")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the site, as contributors do."""
    if find_spec("furo") is None:
        pytest.skip("the extra 'docs' is not installed")
    target = tmp_path_factory.mktemp("site")
    command = re.findall("^sphinx-build (.*) build/docs$", CONTRIBUTING, re.MULTILINE)[0].split()
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", "-q", "--keep-going", *command, str(target)],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return target


@pytest.fixture(scope="module")
def page(site: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Page, str]]:
    if CHROMIUM is None:
        pytest.skip("no chromium on the PATH")
    with serve_folder(site) as origin, browse(tmp_path_factory.mktemp("profile")) as opened:
        for domain in ("Log", "Network", "Runtime"):
            opened.command(f"{domain}.enable")
        yield opened, origin


def requested(page: Page) -> list[str]:
    """The URLs that the browser has asked for."""
    return [
        event["params"]["request"]["url"]
        for event in page.events
        if event["method"] == "Network.requestWillBeSent"
    ]


def test_the_site_has_a_page_for_each_written_one(site: Path) -> None:
    written = [page.relative_to(ROOT / "docs") for page in PAGES if "docs" in page.parts]
    assert [page for page in written if not (site / page.with_suffix(".html")).is_file()] == []


def test_every_page_fits_can_be_read_and_asks_nobody_else(
    site: Path, page: tuple[Page, str]
) -> None:
    browser, origin = page
    found: list[tuple[Any, ...]] = []
    for path in sorted(site.rglob("*.html")):
        name = path.relative_to(site).as_posix()
        browser.events.clear()
        show(browser, WIDTHS["phone"], "light")
        browser.open(f"{origin}/{name}")
        for width in WIDTHS.values():
            show(browser, width, "light")
            found += [(name, width, what) for what in browser.evaluate(OVERFLOWING)]
        for scheme in SCHEMES:
            show(browser, WIDTHS["desktop"], scheme)
            found += [(name, scheme, text) for text in browser.evaluate(UNREADABLE)]
        found += [(name, complaint) for complaint in complaints(browser)]
        found += [
            (name, url) for url in requested(browser) if not url.startswith((origin, "data:"))
        ]
    assert found == []


def test_the_search_finds_what_is_looked_for(page: tuple[Page, str]) -> None:
    browser, origin = page
    browser.open(f"{origin}/search.html?q=idempotency")
    assert browser.wait_for("document.querySelectorAll('ul.search li').length")
