"""Warnings are errors here, too, unless they are of a package that we do not write."""

import pytest


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("filterwarnings", "ignore:::(?!framework|tests)")
