"""`check`: an app is compiled, and held against the rules; what is found is told with its place."""

import argparse
from collections.abc import Iterator

from framework._cli.findings import Finding, subjects
from framework._cli.loading import compiled, load_app
from framework._cli.middleware_rules import MIDDLEWARE_RULES
from framework._cli.route_rules import ROUTE_RULES
from framework._cli.terminal import Terminal
from framework._layout import Paint, count, near, shown, wrap
from framework.app import App

__all__ = ["check", "findings"]


def check(options: argparse.Namespace, terminal: Terminal) -> int:
    """Print what is found: 1 if that is an error, or, if one is strict, anything at all."""
    app = compiled(load_app(options.app, factory=options.factory), options.app)
    found = findings(app)
    for finding in found:
        terminal.print(_lines(finding, terminal.width, terminal.paint))
    errors = sum(finding.level == "error" for finding in found)
    hints = len(found) - errors
    counted = f"{count(errors, 'error')}, {count(hints, 'hint')}"
    terminal.print(terminal.paint(counted, "bad" if errors else "careful" if hints else "good"))
    return 1 if errors or (options.strict and hints) else 0


def findings(app: App) -> list[Finding]:
    """What is found in an app and those that are mounted in it: errors first, by their lines, each once."""
    rules = [*MIDDLEWARE_RULES, *ROUTE_RULES]
    found = {
        finding: None for subject in subjects(app) for rule in rules for finding in rule(subject)
    }
    return sorted(found, key=_order)


def _order(finding: Finding) -> tuple[str, str, int, str]:
    file, _, line = finding.where.rpartition(":")
    return finding.level, file, int(line) if line.isdecimal() else 0, finding.what


def _lines(finding: Finding, width: int, paint: Paint) -> Iterator[str]:
    level = paint(finding.level, "bad" if finding.level == "error" else "careful")
    yield f"{level} {near(finding.where)}"
    for text in (finding.what, f"-> {finding.advice}"):
        yield from ("  " + line for line in wrap(shown(text), width - 2, hanging=2))
