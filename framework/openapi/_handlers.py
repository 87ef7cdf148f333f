"""What a handler says by itself: its docstring, what it returns, and by its source what it reads.

Source is read, never run. Where there is none (a program without its files, a function made at run
time) nothing is known of the body; `@operation(body=...)` says it.
"""

import ast
import builtins
import inspect
from collections.abc import Iterator, Mapping
from textwrap import dedent
from types import FunctionType
from typing import Any, NamedTuple

from framework._content import JSON, MULTIPART, URLENCODED
from framework._signature import _signature

__all__ = ["Reads", "reads_of", "returns_of", "words_of"]


class Reads(NamedTuple):
    """One body that a handler reads: of which media types, and as which type."""

    media_types: tuple[str, ...]
    kind: Any
    decodes: bool = False
    """Whether it is held against the type, so that the answer may be 422."""


READERS = {
    "decode": Reads((JSON,), Any, decodes=True),
    "form": Reads((URLENCODED, MULTIPART), dict),
    "json": Reads((JSON,), Any),
    "multipart": Reads((MULTIPART,), dict),
}
"""By the names of Request's methods; Any is what cannot be known."""


def words_of(handler: Any) -> tuple[str, str]:
    """The first line of the docstring, and the others; either may be empty."""
    text = inspect.getdoc(_inner(handler)) or ""
    first, _, rest = text.partition("\n")
    return first.strip(), rest.strip()


def returns_of(handler: Any, title: str) -> Any:
    """What the handler is annotated to return; Any where it is not."""
    annotation = _signature(handler, title).return_annotation
    return Any if annotation is inspect.Signature.empty else annotation


def reads_of(handler: Any, request: str) -> list[Reads]:
    """The bodies that a handler reads of the parameter called `request`, in the order of its source."""
    function = _function(handler)
    if function is None:
        return []
    found: list[Reads] = []
    for method, args in _calls(function, request):
        read = READERS[method]
        if read.decodes and args:
            read = read._replace(kind=_value(args[0], _names(function)))
        if read not in found:
            found.append(read)
    return found


def _inner(handler: Any) -> Any:
    return inspect.unwrap(getattr(handler, "func", handler))


def _function(handler: Any) -> FunctionType | None:
    inner = _inner(handler)
    for called in (inner, inner.__class__.__call__):
        function = getattr(called, "__func__", called)
        if isinstance(function, FunctionType):
            return function
    return None


def _calls(function: FunctionType, request: str) -> Iterator[tuple[str, list[ast.expr]]]:
    try:
        tree = ast.parse(dedent(inspect.getsource(function)))
    except (OSError, SyntaxError):  # no file, or a lambda within a longer expression
        return
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    for call in sorted(calls, key=lambda call: (call.lineno, call.col_offset)):
        match call.func:
            case ast.Attribute(ast.Name(name), attr) if name == request and attr in READERS:
                yield attr, call.args
            case _:
                pass


def _names(function: FunctionType) -> Mapping[str, Any]:
    """What the names in a function mean that are not its own."""
    closed = inspect.getclosurevars(function)
    names = {**vars(builtins), **function.__globals__, **closed.nonlocals}
    return {name: names[name] for name in names.keys() - {*function.__code__.co_varnames}}


def _value(node: ast.expr, names: Mapping[str, Any]) -> Any:
    """What an expression that names a type stands for; Any for whatever else it is."""
    try:
        return _evaluated(node, names)
    except (LookupError, AttributeError, TypeError):
        return Any


def _evaluated(node: ast.expr, names: Mapping[str, Any]) -> Any:
    match node:
        case ast.Name(name):
            return names[name]
        case ast.Attribute(value, name):
            return getattr(_evaluated(value, names), name)
        case ast.Subscript(value, index):
            return _evaluated(value, names)[_evaluated(index, names)]
        case ast.Tuple(items):
            return tuple(_evaluated(item, names) for item in items)
        case ast.BinOp(left, ast.BitOr(), right):
            return _evaluated(left, names) | _evaluated(right, names)
        case ast.Constant(value):
            return value
        case _:
            raise LookupError(ast.unparse(node))
