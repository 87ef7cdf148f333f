"""How the tests of `check` tell what it finds in an app."""

from framework import App
from framework._cli.checks import findings

__all__ = ["told"]


def told(app: App) -> list[tuple[str, str]]:
    """The level of each finding, and what it says."""
    return [(each.level, each.what) for each in findings(app)]
