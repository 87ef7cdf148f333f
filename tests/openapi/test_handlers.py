import builtins
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial, wraps
from pathlib import Path
from typing import Any

import pytest

from framework.openapi._handlers import Reads, reads_of, returns_of, words_of
from tests.driver import id_of


@dataclass
class Todo:
    title: str


JSON = ("application/json",)
URLENCODED = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"
DECODED = [Reads(JSON, Todo, decodes=True)]
UNKNOWN = [Reads(JSON, Any, decodes=True)]

Program = Callable[[str], dict[str, Any]]


@pytest.fixture
def program(tmp_path: Path) -> Program:
    """The names of a program that has a file."""

    def run(text: str) -> dict[str, Any]:
        file = tmp_path / "program.py"
        file.write_text(text)
        names: dict[str, Any] = {"Todo": Todo, "module": __import__(__name__)}
        exec(compile(text, file, "exec"), names)
        return names

    return run


@pytest.mark.parametrize(
    ("statement", "reads"),
    [
        ("await request.decode(Todo)", DECODED),
        ("await request.decode(list[Todo])", [Reads(JSON, list[Todo], decodes=True)]),
        ("await request.decode(dict[str, Todo])", [Reads(JSON, dict[str, Todo], decodes=True)]),
        ("await request.decode(Todo | None)", [Reads(JSON, Todo | None, decodes=True)]),
        ("await request.decode(module.openapi.test_handlers.Todo)", DECODED),
        ("return (await request.decode(Todo), await request.decode(Todo))", DECODED),
        ("kind = 1; await request.decode(kind); await request.decode(Todo)", [*UNKNOWN, *DECODED]),
        ("Todo = int; await request.decode(Todo)", UNKNOWN),
        ("await request.decode(Nowhere)", UNKNOWN),
        ("await request.decode(Todo.nowhere)", UNKNOWN),
        ("await request.decode(Todo[int])", UNKNOWN),
        ("await request.decode(type(Todo))", UNKNOWN),
        ("await request.decode()", UNKNOWN),
        ("await request.json()", [Reads(JSON, Any)]),
        (
            "await request.form(); request.multipart()",
            [Reads((URLENCODED, MULTIPART), dict), Reads((MULTIPART,), dict)],
        ),
        ("await request.body(); b''.decode('utf-8'); print()", []),
        ("await other.json(); await request.app.json()", []),
    ],
)
def test_the_source_of_a_handler_says_what_it_reads(
    program: Program, statement: str, reads: list[Reads]
) -> None:
    names = program(f"async def handler(request):\n    {statement}\n")
    assert reads_of(names["handler"], "request") == reads
    assert reads_of(names["handler"], "req") == []


def test_every_kind_of_handler_has_its_source(program: Program) -> None:
    names = program(
        "class Handlers:\n"
        "    async def method(self, request):\n"
        "        await request.decode(Todo)\n"
        "    async def __call__(self, request):\n"
        "        await request.decode(Todo)\n"
        "def closing(kind):\n"
        "    async def handler(request):\n"
        "        await request.decode(kind)\n"
        "    return handler\n"
        "short = lambda request: request.decode(Todo)\n"
    )
    handlers = names["Handlers"]()

    @wraps(handlers.method)
    def wrapped(*args: Any) -> Any: ...

    for handler in (
        handlers,
        handlers.method,
        partial(handlers.method),
        wrapped,
        names["closing"](Todo),
        names["short"],
    ):
        assert reads_of(handler, "request") == DECODED


def test_without_source_nothing_is_known(program: Program) -> None:
    made: dict[str, Any] = {}
    exec("async def handler(request): await request.decode(Todo)", made)
    assert reads_of(made["handler"], "request") == []
    assert reads_of(builtins.print, "request") == []
    names = program("both = (\n    lambda request: request.json(), 1)\n")
    assert reads_of(names["both"][0], "request") == []


def documented(id: int) -> str:
    """Show one.

    And so on.
    """
    return str(id)


@pytest.mark.parametrize(
    ("handler", "words"),
    [
        (documented, ("Show one.", "And so on.")),
        (partial(documented, 1), ("Show one.", "And so on.")),
        (lambda: documented(1), ("", "")),
    ],
    ids=id_of,
)
def test_the_docstring_is_a_summary_and_a_description(handler: Any, words: tuple[str, str]) -> None:
    assert words_of(handler) == words


def test_the_annotation_says_what_is_returned() -> None:
    assert returns_of(documented, "a handler") is str
    assert returns_of(lambda: documented(1), "a handler") is Any
    assert documented(1) == "1"
