"""docs/checker_findings.md is what the checker finds, and can be written anew."""

import importlib
import runpy
import sys
from importlib import metadata
from pathlib import Path
from types import ModuleType

import pytest

from framework.checker import Breach, Clause
from tests import findings, servers
from tests.findings import FRAMEWORKS, PAGE, of_framework, of_server, read, rows, written
from tests.middleware.around import raw
from tests.servers import COMMANDS
from tests.survey import title

SAID = read(PAGE.read_text())
ANEW = "the page says something else: write it anew by `python -m tests.findings`"


@pytest.mark.parametrize("name", COMMANDS)
def test_a_server_does_what_the_page_says(name: str) -> None:
    assert of_server(name) == SAID[title(name)], ANEW


async def test_our_own_apps_do_what_the_page_says() -> None:
    assert await of_framework("ours") == SAID["framework"] == [], ANEW


def test_the_page_has_a_section_for_each() -> None:
    assert [*SAID] == [*map(title, COMMANDS), *FRAMEWORKS.values()]


def version_of(distribution: str) -> str:
    """The version of what may not be installed."""
    return f"1.{len(distribution)}"


def test_a_page_that_was_written_is_read_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(findings, "version", version_of)
    of_servers = {name: SAID[title(name)] for name in COMMANDS}
    of_frameworks = {name: SAID[heading] for name, heading in FRAMEWORKS.items()}
    page = written(PAGE.read_text(), of_servers, of_frameworks)
    assert read(page) == SAID
    assert written(page, of_servers, of_frameworks) == page
    assert page.endswith(PAGE.read_text().partition(findings.END)[2])


def test_a_fault_is_listed_once_with_what_it_was_seen_at() -> None:
    fault = Breach("app", Clause("A", "https://a.example"), "`a|b` is '12345'", "", "")
    assert rows((str(n), fault) for n in range(5)) == [
        "| app: `a\\|b` is '50000' | [A](https://a.example) | 0, 1, 2, and 2 more |\n"
    ]


def test_the_command_checks_all_and_writes_the_page(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def import_module(name: str) -> ModuleType:
        module = ModuleType(name)
        vars(module).update(__all__=["app"], app=raw)
        return module

    page = tmp_path / "findings.md"
    page.write_text(f"before\n{findings.BEGIN}{findings.END}after\n")
    monkeypatch.setattr(sys, "argv", ["findings", str(page)])
    monkeypatch.setattr(servers, "COMMANDS", {})
    monkeypatch.setattr(importlib, "import_module", import_module)
    monkeypatch.setattr(metadata, "version", version_of)
    monkeypatch.delitem(sys.modules, "tests.findings")
    runpy.run_module("tests.findings", run_name="__main__")
    assert [*read(page.read_text())] == [*FRAMEWORKS.values()]
    assert page.read_text().startswith("before\n")
    assert "Checked with starlette 1.9, litestar 1.8" in page.read_text()
