"""The rules of the house as functions from source to violations that name file and line.

docs/architecture.md argues for them; no test lives here. Some rules look at one module, some at
the house as a whole. The order of `__all__` is left to ruff (RUF022).
"""

import ast
import builtins
import re
from collections.abc import Iterator
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import TypeAlias

from framework import exceptions

ROOT = Path(__file__).parent.parent

STOREYS = [
    {"types", "exceptions", "limits"},
    {"_wire"},
    {"_concurrency", "_signals", "_until", "_workers"},
    {"_asgi2", "_exchange", "_paths", "background", "connections", "files", "forms"}
    | {
        "_ahead",
        "_body",
        "_content",
        "_extensions",
        "_multipart",
        "parts",
        "requests",
        "responses",
        "_results",
        "sessions",
        "shutdown",
        "_spool",
        "sse",
        "streaming",
        "_trailers",
        "websockets",
    },
    {"converters", "_pattern", "_matcher", "_names", "_signature", "routes", "routing"},
    {"errors", "_tasks", "lifespan", "_endpoint", "_dispatch", "_compile", "app"}
    | {"_candidates", "_debug", "_explain", "_explanation", "_faults", "_layout", "_summaries"},
    {
        "__main__",
        "_cli",
        "authentication",
        "checker",
        "middleware",
        "openapi",
        "redis",
        "_folders",
        "_kept",
        "staticfiles",
        "stores",
        "templating",
        "testing",
        "wsgi",
        "_wsgi",
    },
    {"__init__"},
]
"""From the ground up: a module imports from its own storey and from those below."""

TESTED_ELSEWHERE = {
    "framework.types": "aliases only, which do nothing at run time: the type checkers test them",
}
"""Modules without a test file of their own, and why."""

MOST_LINES_OF_A_FILE = 400
MOST_LINES_OF_A_FUNCTION = 50
NAMES_THAT_SAY_NOTHING = {"base", "common", "datastructures", "helpers", "utils"}
CLASSES_WITHOUT_SLOTS = {"Enum", "IntEnum", "NamedTuple", "Protocol", "StrEnum", "TypedDict"}
WORDS_NOT_TO_BE_SEEN = re.compile(
    r"\b(TODO|FIXME|XXX|NotImplementedError|pragma)\b"
    r"|type: ignore(?!\[[a-z])|pyright: ignore(?!\[report)|noqa(?!: [A-Z]+\d)"
)

Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef
Definition: TypeAlias = Function | ast.ClassDef


@dataclass(frozen=True, slots=True)
class Source:
    """One module: its dotted name, its path from the root of the project, its text and tree."""

    name: str
    path: str
    text: str
    tree: ast.Module

    def at(self, line: int, message: str) -> str:
        return f"{self.path}:{line}: {message}"


House: TypeAlias = dict[str, Source]


def parse(path: str, text: str) -> Source:
    name = path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    return Source(name, path, text, ast.parse(text))


HOUSE: House = {
    source.name: source
    for path in sorted(ROOT.glob("framework/**/*.py"))
    for source in [parse(path.relative_to(ROOT).as_posix(), path.read_text("utf-8"))]
}


# Imports


def imports(source: Source, house: House) -> Iterator[tuple[int, str]]:
    """Yield the line and the full name of each module of the house that the source imports."""
    package = source.name.split(".")
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            named = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = len(package) + source.path.endswith("/__init__.py") - node.level
            parts = [*package[: above if node.level else 0], *filter(None, [node.module])]
            origin = ".".join(parts)
            members = [f"{origin}.{alias.name}" for alias in node.names]
            named = [member if member in house else origin for member in members]
        else:
            continue
        yield from ((node.lineno, name) for name in named if name in house)


def storey(name: str) -> int:
    """Return how far above the ground a module lives."""
    room = [*name.split("."), "__init__"][1]
    return next((height for height, rooms in enumerate(STOREYS) if room in rooms), -1)


def upward_imports(house: House) -> Iterator[str]:
    for source in house.values():
        if (here := storey(source.name)) < 0:
            yield source.at(1, f"{source.name} has no storey: give it one in tests/house.py")
        for line, name in imports(source, house):
            if storey(name) > here:
                yield source.at(line, f"imports {name} from a storey above its own")


def import_cycles(house: House) -> Iterator[str]:
    graph = {source.name: {name for _, name in imports(source, house)} for source in house.values()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        cycle: list[str] = error.args[1]
        yield house[cycle[0]].at(1, f"imports in a circle: {' <- '.join(cycle)}")


def imports_inside_functions(source: Source) -> Iterator[str]:
    for function in functions(source):
        for node in ast.walk(function):
            if isinstance(node, ast.Import | ast.ImportFrom):
                yield source.at(node.lineno, f"import inside {function.name}()")


# Sizes


def functions(source: Source) -> Iterator[Function]:
    for node in ast.walk(source.tree):
        if isinstance(node, Function):
            yield node


def long_files(source: Source) -> Iterator[str]:
    if (lines := source.text.count("\n")) > MOST_LINES_OF_A_FILE:
        yield source.at(lines, f"the file has more than {MOST_LINES_OF_A_FILE} lines")


def long_functions(source: Source) -> Iterator[str]:
    for function in functions(source):
        first = function.body[0]
        docstring = span(first) if ast.get_docstring(function) else 0
        if (lines := span(function) - docstring) > MOST_LINES_OF_A_FUNCTION:
            yield source.at(function.lineno, f"{function.name}() has {lines} lines")


def span(node: ast.stmt) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


# Names and promises


def public_definitions(body: list[ast.stmt]) -> Iterator[Definition]:
    """Yield the public classes, functions and methods, each once: not overloads or overrides."""
    for node in body:
        if not isinstance(node, Definition) or node.name.startswith("_"):
            continue
        decorators = {ast.unparse(decorator).split(".")[-1] for decorator in node.decorator_list}
        if not decorators & {"overload", "override", "setter", "deleter"}:
            yield node
        if isinstance(node, ast.ClassDef):
            yield from public_definitions(node.body)


def missing_docstrings(source: Source) -> Iterator[str]:
    if not ast.get_docstring(source.tree):
        yield source.at(1, "the module has no docstring")
    for node in public_definitions(source.tree.body):
        if not ast.get_docstring(node):
            yield source.at(node.lineno, f"{node.name} has no docstring")


def exports(source: Source) -> list[str] | None:
    """Return `__all__`, or None if there is none."""
    for node in source.tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            names: list[str] = ast.literal_eval(node.value)
            return names
    return None


def missing_exports(source: Source) -> Iterator[str]:
    if "._" not in source.name and exports(source) is None:
        yield source.at(1, "a public module, and without __all__")


def many_paths(house: House) -> Iterator[str]:
    """Find names that are exported by several modules, or at the front door by nobody else."""
    front = house["framework"]
    owners: dict[str, list[str]] = {name: [] for name in exports(front) or ()}
    for source in house.values():
        for name in exports(source) or () if source is not front else ():
            owners.setdefault(name, []).append(source.name)
    for name, modules in owners.items():
        if len(modules) != 1 and name != "__version__":
            yield front.at(1, f"{name} is in the __all__ of {modules}, not of one module")


def logic_in_packages(source: Source) -> Iterator[str]:
    if source.path.endswith("/__init__.py"):
        for node in source.tree.body:
            if not isinstance(node, ast.Import | ast.ImportFrom | ast.Assign | ast.Expr):
                yield source.at(node.lineno, "an __init__.py has imports and names, no logic")


def names_that_say_nothing(source: Source) -> Iterator[str]:
    if NAMES_THAT_SAY_NOTHING.intersection(source.name.replace("_", "").split(".")):
        yield source.at(1, f"{source.name} does not say what lives here")


def missing_slots(source: Source) -> Iterator[str]:
    for node in ast.walk(source.tree):
        if isinstance(node, ast.ClassDef) and not (has_slots(node) or needs_no_slots(node)):
            yield source.at(node.lineno, f"class {node.name} has no __slots__")


def has_slots(node: ast.ClassDef) -> bool:
    assigned = [
        ast.unparse(statement.targets[0])
        for statement in node.body
        if isinstance(statement, ast.Assign)
    ]
    return "__slots__" in assigned or any(
        "slots=True" in ast.unparse(decorator) for decorator in node.decorator_list
    )


def needs_no_slots(node: ast.ClassDef) -> bool:
    bases = [ast.unparse(base).split("[")[0].split(".")[-1] for base in node.bases]
    return any(base in CLASSES_WITHOUT_SLOTS or is_exception(base) for base in bases)


def is_exception(name: str) -> bool:
    value = getattr(exceptions, name, getattr(builtins, name, None))
    return isinstance(value, type) and issubclass(value, BaseException)


# Words


def words_not_to_be_seen(source: Source) -> Iterator[str]:
    for number, line in enumerate(source.text.splitlines(), 1):
        if found := WORDS_NOT_TO_BE_SEEN.search(line):
            yield source.at(number, f"{found[0]!r} is not to be seen here, or lacks its code")


def asserts_and_evals(source: Source) -> Iterator[str]:
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Assert):
            yield source.at(node.lineno, "assert vanishes under python -O: raise an exception")
        if isinstance(node, ast.Call) and ast.unparse(node.func) in {"eval", "exec"}:
            yield source.at(node.lineno, f"calls {ast.unparse(node.func)}()")


# Tests


def mirror(name: str) -> Path:
    """Return where the tests of a module are: framework._wire.urls -> tests/wire/test_urls.py."""
    *folders, module = (part.strip("_") for part in name.split(".")[1:])
    return Path("tests", *folders, f"test_{module}.py")


def missing_tests(house: House, root: Path = ROOT) -> Iterator[str]:
    for source in house.values():
        untested = source.name not in TESTED_ELSEWHERE and not source.path.endswith("__init__.py")
        if untested and not (root / mirror(source.name)).exists():
            yield source.at(1, f"its tests are missing: {mirror(source.name).as_posix()}")
