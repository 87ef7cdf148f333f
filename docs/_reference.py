"""The pages of the reference, one for each public module, written from the package itself.

docs/conf.py has them written when the site is built; this module needs no Sphinx.
"""

import ast
import inspect
import re
import textwrap
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from typing import Any

import framework

__all__ = ["PUBLIC", "contents", "is_public", "markup", "modules", "signature", "write"]

CODE = re.compile(r"`([^`]+)`(?=(\w)?)")
MARKUP = re.compile(r"[*|\\]|_\b(?!\w)")
DOCTEST = re.compile(r"((?:^ *>>> .*\n(?:^ *[^\s>].*\n)*)+)", re.MULTILINE)


def modules() -> list[str]:
    """The names of all modules without an underscore."""
    found = [name for _, name, _ in walk_packages(framework.__path__, "framework.")]
    return ["framework", *sorted(name for name in found if "._" not in name)]


def exports(module: str) -> list[str]:
    """The names of a module that users may import."""
    names: list[str] = getattr(import_module(module), "__all__", [])
    return [name for name in names if name != "__version__"]


HOMES = {name: module for module in modules()[1:] for name in exports(module)}
"""The module that has a public name; names of the front door that live elsewhere are not here."""

PUBLIC = {name: f"{module}.{name}" for name, module in HOMES.items()} | {
    name: f"framework.{name}" for name in exports("framework")
}
"""What users import for a public name: from the front door, if it is there."""


def write(folder: Path) -> None:
    """Write a page per module; those that have not changed are left alone, others are taken away."""
    pages = {f"{module}.md": page(module) for module in modules()}
    for path in folder.glob("framework*.md"):
        if path.name not in pages:
            path.unlink()
    for name, text in pages.items():
        path = folder / name
        if not path.exists() or path.read_text("utf-8") != text:
            path.write_text(text, "utf-8")


def contents() -> str:
    """A table of all modules, and the first sentence of each."""
    rows = [f"| [{name}]({name}.md) | {summary(name)} |" for name in modules()]
    return "\n".join(["", "| module | what lives there |", "| --- | --- |", *rows, ""])


def summary(module: str) -> str:
    docstring = import_module(module).__doc__ or ""
    return " ".join(docstring.split("\n\n")[0].split()).replace("|", r"\|")


def page(module: str) -> str:
    names = [n for n in exports(module) if HOMES.get(n, "framework") == module]
    front = front_door() if module == "framework" else []
    described = [line for name in names for line in entry(name)]
    lines = [f"# {module}", "", *block([f".. automodule:: {module}"]), *front, *block(described)]
    return "\n".join(lines)


def block(lines: list[str]) -> list[str]:
    return ["```{eval-rst}", *lines, "```", ""]


def entry(name: str) -> list[str]:
    """The directive that documents a name."""
    path = PUBLIC[name]
    value = getattr(import_module(path.rpartition(".")[0]), name)
    if inspect.isclass(value):
        kind = "exception" if issubclass(value, BaseException) else "class"
    else:
        kind = "function" if inspect.isroutine(value) else "data"
    options = ["   :members:", "   :undoc-members:"] if inspect.isclass(value) else []
    if inspect.isclass(value) and any(map(is_public, value.__bases__)):
        options.append("   :show-inheritance:")
    return [f".. auto{kind}:: {path}", *options, ""]


def is_public(base: Any) -> bool:
    """Say whether it tells users something that a class has this base."""
    origin = getattr(base, "__origin__", base)
    return origin is not object and "._" not in origin.__module__


def front_door() -> list[str]:
    """A table of all that `from framework import ...` has."""
    rows = [
        f"| {{py:obj}}`{name} <framework.{name}>` | {{doc}}`{HOMES.get(name, 'framework')}` |"
        for name in sorted(exports("framework"), key=str.lower)
    ]
    return ["| name | its page |", "| --- | --- |", *rows, ""]


# Docstrings


def markup(docstring: str) -> str:
    """The docstring, which is plain text with code in backticks, as reStructuredText."""
    return "".join(
        part if index % 2 else CODE.sub(code, plain(part))
        for index, part in enumerate(DOCTEST.split(docstring))
    )


def plain(text: str) -> str:
    """Have what is not code mean nothing to reStructuredText, and keep the lines of a drawing."""
    if "├" in text:
        paragraphs = text.split("\n\n")
        return "\n\n".join(drawn(each) if "├" in each else plain(each) for each in paragraphs)
    return "".join(
        part if index % 2 else MARKUP.sub(r"\\\g<0>", part)
        for index, part in enumerate(re.split(r"(`[^`]+`)", text))
    )


def drawn(paragraph: str) -> str:
    return "::\n\n" + textwrap.indent(paragraph.replace("`", ""), "    ")


def code(found: re.Match[str]) -> str:
    """Code as a link, if it is a public name."""
    text = " ".join(found[1].split())
    role = f":py:obj:`{text} <{PUBLIC[text]}>`" if text in PUBLIC else f"``{text}``"
    return role + (r"\ " if found[2] else "")


# Signatures


def signature(value: Any) -> tuple[str, str] | None:
    """The parameters and the result as the source has them: types by their names, not what these stand for."""
    if isinstance(value, type) and is_dataclass(value):
        return f"({', '.join(written_fields(value))})", ""
    function = inspect.unwrap(value.__init__ if inspect.isclass(value) else value)
    tree = source(function)
    if not isinstance(tree, ast.FunctionDef | ast.AsyncFunctionDef):
        return None
    given = tree.args.posonlyargs or tree.args.args
    if given and given[0].arg in ("self", "cls"):
        given.pop(0)
    for node in ast.walk(tree.args):
        if isinstance(node, ast.arg) and node.annotation:
            node.annotation = Unquoted().visit(node.annotation)
    result = None if inspect.isclass(value) else tree.returns
    return f"({ast.unparse(tree.args)})", ast.unparse(Unquoted().visit(result)) if result else ""


def written_fields(value: type) -> Iterator[str]:
    """The parameters of a dataclass."""
    lines = {
        ast.unparse(node.target): ast.unparse(node)
        for each in reversed(value.__mro__[:-1])
        for node in source(each).body
        if isinstance(node, ast.AnnAssign)
    }
    given = [field for field in fields(value) if field.init]
    yield from (lines[field.name] for field in given if not field.kw_only)
    yield from ["*"] * any(field.kw_only for field in given)
    yield from (lines[field.name] for field in given if field.kw_only)


def source(value: Any) -> Any:
    """The definition of a class or function, if it has a source."""
    try:
        return ast.parse(textwrap.dedent(inspect.getsource(value))).body[0]
    except (OSError, TypeError):  # what is made when the program runs, what is built in
        return None


class Unquoted(ast.NodeTransformer):
    """Takes the quotes off names of types that are defined below."""

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        return node if ast.unparse(node.value) == "Literal" else self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        return ast.parse(node.value, mode="eval").body if isinstance(node.value, str) else node
