"""What the tables of packages are made of: how a package is used, what comes of it, and what does not work.

Each row of a table is a function that uses the package, under a decorator that says the rest. The page
`docs/interop.md` shows the line that the tests ran.
"""

import ast
import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from textwrap import dedent
from typing import Any

import pytest

__all__ = ["ASYNCIO_ONLY", "BACKENDS", "WORKS", "Peer", "cases", "of_peer", "peer", "peers_of"]

BACKENDS = ("asyncio", "trio")
ASYNCIO_ONLY = "asyncio only"
WORKS = "works"


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """A package, `use` that puts it to use, and what is to be said of it.

    `but` tells for a topic of the tests ("socket"), on one backend perhaps ("socket on trio"), why it does not
    work: the tests see that it does not. For "trio" as a whole one topic is enough, "works". What is not asked
    of it at all is in `apart`. The other values belong to the tests of a table.
    """

    package: str
    use: Callable[..., Any]
    note: str = ""
    but: Mapping[str, str] = field(default_factory=dict[str, str])
    apart: frozenset[str] = frozenset()
    more: Mapping[str, Any] = field(default_factory=dict[str, Any])

    @property
    def name(self) -> str:
        """What the tests call it."""
        return self.use.__name__

    @property
    def version(self) -> str:
        """The version that is installed."""
        return version(self.package)

    @property
    def line(self) -> str:
        """What its function does, on one line, without the functions in it."""
        function = ast.parse(dedent(inspect.getsource(self.use))).body[0]
        done: list[ast.AST] = []
        for each in function.body:
            if isinstance(each, ast.Return) and not isinstance(each.value, ast.Name):
                done.append(each.value)
            elif isinstance(each, ast.Assign) or is_call(each):
                done.append(each)
        return "; ".join(map(ast.unparse, done)).replace("'", '"')

    def works(self, topics: Mapping[str, str], backend: str) -> str:
        """Whether it works on a backend: of these topics, "yes", "no", or what of it does not."""
        if backend in self.but:
            return "no"
        broken = [
            word
            for topic, word in topics.items()
            if topic in self.apart or {topic, f"{topic} on {backend}"} & self.but.keys()
        ]
        return f"not {' and '.join(broken)}" if broken else "yes"

    @property
    def notes(self) -> str:
        """What there is to know: its note, then why it does not work where it does not."""
        whys = [f"{what}: {why}" for what, why in self.but.items() if why != ASYNCIO_ONLY]
        return "; ".join(filter(None, [self.note, *whys]))


def is_call(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call)


def peer(
    package: str,
    *,
    note: str = "",
    but: Mapping[str, str] | None = None,
    apart: str = "",
    **more: Any,
) -> Callable[[Callable[..., Any]], Peer]:
    """Make a row of a table of the function that uses the package; `apart` is a list of words."""
    return lambda use: Peer(
        package=package,
        use=use,
        note=note,
        but=but or {},
        apart=frozenset(apart.split()),
        more=more,
    )


def peers_of(table: object) -> list[Peer]:
    """The rows of a module, in their order."""
    return [value for value in vars(table).values() if isinstance(value, Peer)]


def cases(peers: list[Peer], topic: str) -> pytest.MarkDecorator:
    """The parameters `peer` and `anyio_backend` of a test; what does not work is expected to fail."""
    return pytest.mark.parametrize(
        ("peer", "anyio_backend"), [each for peer in peers for each in of_peer(peer, topic)]
    )


def of_peer(peer: Peer, topic: str) -> Iterator[Any]:
    """The parameters for one of them, on each backend."""
    if topic in peer.apart:
        return
    for backend in BACKENDS:
        if backend in peer.but and topic != WORKS:
            continue
        wheres = (topic, f"{topic} on {backend}", backend)
        why = next((peer.but[where] for where in wheres if where in peer.but), None)
        marks = [pytest.mark.xfail(reason=why, strict=True)] if why else []
        yield pytest.param(peer, backend, id=f"{peer.name}-{backend}", marks=marks)
