"""The rules of the house: `framework/` keeps each of them, and each finds what breaks it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent

import pytest

from tests import house
from tests.house import HOUSE, House, Source, parse

SOURCE_RULES: list[Callable[[Source], Iterator[str]]] = [
    house.imports_inside_functions,
    house.long_files,
    house.long_functions,
    house.missing_docstrings,
    house.missing_exports,
    house.logic_in_packages,
    house.names_that_say_nothing,
    house.missing_slots,
    house.words_not_to_be_seen,
    house.asserts_and_evals,
]
HOUSE_RULES: list[Callable[[House], Iterator[str]]] = [
    house.upward_imports,
    house.import_cycles,
    house.many_paths,
    house.missing_tests,
]


def name_of(rule: Callable[..., object]) -> str:
    return rule.__name__


@pytest.mark.parametrize("rule", SOURCE_RULES, ids=name_of)
def test_every_module_keeps_the_rule(rule: Callable[[Source], Iterator[str]]) -> None:
    assert [violation for source in HOUSE.values() for violation in rule(source)] == []


@pytest.mark.parametrize("rule", HOUSE_RULES, ids=name_of)
def test_the_house_as_a_whole_keeps_the_rule(rule: Callable[[House], Iterator[str]]) -> None:
    assert list(rule(HOUSE)) == []


GOOD_MODULE = '''
"""A module that keeps every rule."""

import enum
from typing import NamedTuple, overload

from framework.exceptions import HTTPException
from typing_extensions import override

__all__ = ["Colour", "Gone", "Pair", "Point", "Stack"]


class Colour(enum.Enum):
    """A value."""

    RED = 1


class Gone(HTTPException):
    """An exception."""


class Lost(OSError):
    """Another."""


class Pair(NamedTuple):
    """A tuple."""

    left: int


@dataclass(frozen=True, slots=True)
class Point:
    """A dataclass."""

    x: int


class Stack(Base[int]):
    """A class."""

    __slots__ = ("items",)
    items: list[int]

    def __len__(self):
        return len(self.items)

    @overload
    def push(self, item: int) -> int: ...

    def push(self, item):
        """Push."""
        return item  # type: ignore[return-value]  # noqa: F401

    @override
    def pop(self):
        return self.items.pop()


class _Private:
    __slots__ = ()

    def method(self):
        return 1
'''


@pytest.mark.parametrize("rule", SOURCE_RULES, ids=name_of)
def test_a_good_module_breaks_no_rule(rule: Callable[[Source], Iterator[str]]) -> None:
    assert list(rule(parse("framework/good.py", GOOD_MODULE.lstrip()))) == []


@pytest.mark.parametrize(
    ("rule", "path", "text", "violations"),
    [
        (
            house.imports_inside_functions,
            "framework/a.py",
            """\
            async def f():
                if True:
                    import json
                    from os import path
            """,
            ["framework/a.py:3: import inside f()", "framework/a.py:4: import inside f()"],
        ),
        (
            house.long_files,
            "framework/a.py",
            "x = 1\n" * 401,
            ["framework/a.py:401: the file has more than 400 lines"],
        ),
        (
            house.long_functions,
            "framework/a.py",
            "def f():\n" + "    x = 1\n" * 50,
            ["framework/a.py:1: f() has 51 lines"],
        ),
        (
            house.long_functions,
            "framework/a.py",
            'def f():\n    """One.\n\n    Two.\n    """\n' + "    x = 1\n" * 49,
            [],
        ),
        (
            house.missing_docstrings,
            "framework/_a.py",
            """\
            class C:
                async def method(self): return 1
            def f(): return 1
            """,
            [
                "framework/_a.py:1: the module has no docstring",
                "framework/_a.py:1: C has no docstring",
                "framework/_a.py:2: method has no docstring",
                "framework/_a.py:3: f has no docstring",
            ],
        ),
        (
            house.missing_exports,
            "framework/a.py",
            "x = 1",
            ["framework/a.py:1: a public module, and without __all__"],
        ),
        (house.missing_exports, "framework/_wire/a.py", "x = 1", []),
        (
            house.logic_in_packages,
            "framework/__init__.py",
            '"""Front door."""\nimport a\nfrom b import c\n__all__ = ["c"]\nif c:\n    a = c\n',
            ["framework/__init__.py:5: an __init__.py has imports and names, no logic"],
        ),
        (
            house.names_that_say_nothing,
            "framework/_utils/a.py",
            "",
            ["framework/_utils/a.py:1: framework._utils.a does not say what lives here"],
        ),
        (
            house.missing_slots,
            "framework/a.py",
            "class C(Base):\n    x = 1\n@dataclass(frozen=True)\nclass D: ...\n",
            [
                "framework/a.py:1: class C has no __slots__",
                "framework/a.py:4: class D has no __slots__",
            ],
        ),
        (
            house.words_not_to_be_seen,
            "framework/a.py",
            "# TODO\nx = 1  # type: ignore\nx = 2  # noqa\nx = 3  # type: ignore[assignment]\n",
            [
                "framework/a.py:1: 'TODO' is not to be seen here, or lacks its code",
                "framework/a.py:2: 'type: ignore' is not to be seen here, or lacks its code",
                "framework/a.py:3: 'noqa' is not to be seen here, or lacks its code",
            ],
        ),
        (
            house.asserts_and_evals,
            "framework/a.py",
            "assert x\nexec(x)\ny = eval(x)\n",
            [
                "framework/a.py:1: assert vanishes under python -O: raise an exception",
                "framework/a.py:2: calls exec()",
                "framework/a.py:3: calls eval()",
            ],
        ),
    ],
)
def test_a_module_that_breaks_a_rule_is_told_where(
    rule: Callable[[Source], Iterator[str]], path: str, text: str, violations: list[str]
) -> None:
    assert list(rule(parse(path, dedent(text)))) == violations


def house_of(modules: dict[str, str]) -> House:
    return {source.name: source for path, text in modules.items() for source in [parse(path, text)]}


@pytest.mark.parametrize(
    ("path", "statement", "imported"),
    [
        ("framework/app.py", "import os, framework.app", ["framework.app"]),
        ("framework/app.py", "from framework.app import App", ["framework.app"]),
        (
            "framework/app.py",
            "from framework import _wire, app",
            ["framework._wire", "framework.app"],
        ),
        ("framework/app.py", "from . import app", ["framework.app"]),
        ("framework/app.py", "from ._wire.urls import URL", ["framework._wire.urls"]),
        ("framework/_wire/urls.py", "from .urls import URL", ["framework._wire.urls"]),
        ("framework/_wire/urls.py", "from ..app import App", ["framework.app"]),
        ("framework/_wire/__init__.py", "from .urls import URL", ["framework._wire.urls"]),
        ("framework/_wire/__init__.py", "from .. import App", ["framework"]),
    ],
)
def test_an_import_names_its_module(path: str, statement: str, imported: list[str]) -> None:
    modules = ["__init__", "app", "_wire/__init__", "_wire/urls"]
    known = house_of({f"framework/{module}.py": "" for module in modules})
    found = house.imports(parse(path, f"if TYPE_CHECKING:\n    {statement}"), known)
    assert list(found) == [(2, name) for name in imported]


def test_an_import_that_goes_up_is_a_violation() -> None:
    modules = {
        "framework/__init__.py": "from framework.app import App",
        "framework/_wire/urls.py": "from framework.limits import Limits\nimport framework.app",
        "framework/app.py": "import framework._wire.urls",
        "framework/limits.py": "from framework import __version__",
        "framework/unknown.py": "",
    }
    assert list(house.upward_imports(house_of(modules))) == [
        "framework/_wire/urls.py:2: imports framework.app from a storey above its own",
        "framework/limits.py:1: imports framework from a storey above its own",
        "framework/unknown.py:1: framework.unknown has no storey: give it one in tests/house.py",
    ]


def test_imports_in_a_circle_are_a_violation() -> None:
    modules = {
        "framework/files.py": "from framework.forms import FormData",
        "framework/forms.py": "from framework.files import FileResponse",
    }
    (violation,) = house.import_cycles(house_of(modules))
    assert "imports in a circle" in violation


def test_a_name_with_no_path_or_two_is_a_violation() -> None:
    modules = {
        "framework/__init__.py": "__all__ = ['App', 'Lost', '__version__']",
        "framework/_wire/grammar.py": "",
        "framework/app.py": "import os\nx = 1\n__all__ = ['App', 'Twice']",
        "framework/routing.py": "__all__ = ['Twice']",
    }
    lost, twice = house.many_paths(house_of(modules))
    assert lost == "framework/__init__.py:1: Lost is in the __all__ of [], not of one module"
    assert "Twice is in the __all__ of ['framework.app', 'framework.routing']" in twice


def test_a_module_without_its_tests_is_a_violation(tmp_path: Path) -> None:
    modules = {
        "framework/__init__.py": "",
        "framework/types.py": "",
        "framework/_wire/urls.py": "",
        "framework/_matcher.py": "",
    }
    tests = tmp_path / "tests"
    tests.mkdir()
    (tests / "test_matcher.py").touch()
    assert list(house.missing_tests(house_of(modules), tmp_path)) == [
        "framework/_wire/urls.py:1: its tests are missing: tests/wire/test_urls.py"
    ]
