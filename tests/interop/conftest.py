"""Warnings are errors here, too, unless they are of a package that we do not write.

What those leave behind unawaited shows at the end of the run only: `-p no:unraisableexception` lets it lie.
"""

import pytest


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("filterwarnings", "ignore:::(?!framework|tests)")
