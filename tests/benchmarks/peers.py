"""Who takes part, and with which version; each has a module in `apps`."""

import sys
from collections.abc import Iterable
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from types import ModuleType

__all__ = ["NAMES", "RAW", "distribution_of", "load", "say", "version_of"]

RAW = "raw"
NAMES = (
    RAW,
    "ours",
    "blacksheep",
    "falcon",
    "muffin",
    "starlette",
    "fastapi",
    "litestar",
    "sanic",
    "quart",
    "baize",
    "a2wsgi",
    "asgiref",
    "servestatic",
)


def say(line: str) -> None:
    """Progress and trouble, apart from the table."""
    print(line, file=sys.stderr, flush=True)


def load(names: Iterable[str]) -> dict[str, ModuleType]:
    """The modules of raw and of these; one that cannot be imported is told of and left out."""
    modules: dict[str, ModuleType] = {}
    for name in dict.fromkeys((RAW, *names)):
        try:
            modules[name] = import_module(f"tests.benchmarks.apps.{name}")
        except Exception as error:
            say(f"{name} is left out: {type(error).__name__}: {error}")
    return modules


def distribution_of(name: str) -> str:
    """What `pip install` knows a framework by."""
    return "asgi-framework" if name == "ours" else name


def version_of(name: str) -> str:
    """The installed version."""
    try:
        return version(distribution_of(name))
    except PackageNotFoundError:
        return "from this folder"
