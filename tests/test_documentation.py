"""The documentation as a whole: its links, the reference, and what it says of the project."""

import re
import shlex
import subprocess
import tomllib
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal
from urllib.request import urlopen

import pytest

from docs import _reference as reference
from framework.types import ASGIApp
from tests.pages import PAGES, ROOT, anchors, fences, links
from tests.servers import free_port
from tests.test_docs import ENVIRONMENT

HOSTS = {
    "asgi.readthedocs.io",
    "docs.pydantic.dev",
    "docs.python.org",
    "fetch.spec.whatwg.org",
    "html.spec.whatwg.org",
    "jcristharif.com",
    "mangum.fastapiexpert.com",
    "peps.python.org",
    "www.python-httpx.org",
    "www.rfc-editor.org",
}
"""The sites that pages link to: whether their pages are there, no test can tell without the network."""

PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
EXTRAS: dict[str, list[str]] = PROJECT["optional-dependencies"]
INSTALL = (ROOT / "docs" / "install.md").read_text("utf-8")
MODULES = [
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    for path in ROOT.glob("framework/**/*.py")
]
PUBLIC = {module for module in MODULES if "._" not in module}
FIRST_PAGE = (ROOT / "docs" / "index.md").read_text("utf-8")
SERVE = "framework run main:app"
RUN_ELSEWHERE = {
    SERVE,
    *re.findall("^sphinx-build .*$", (ROOT / "docs" / "contributing.md").read_text(), re.MULTILINE),
    *re.findall("^python3 -m venv .*$", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE),
}
"""Commands that a test below, `tests/clients/test_documentation.py` or `.ci/run` runs."""

INSTALLING = re.compile(
    r"(python3 -m venv \.venv && \.venv/bin/)?pip install "
    r"""(asgi-framework|'asgi-framework\[[a-z,]+\]'|-e "\.\[[a-z,]+\]")"""
)
COMMANDS = [
    pytest.param(line, id=f"{page.stem}: {line}")
    for page in PAGES
    for fence in fences(page.read_text("utf-8"))
    if fence.options.get("by") == "tests/test_documentation.py"
    for line in fence.text.splitlines()
]


# Links


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    assert [link for link in links(page.read_text("utf-8")) if not is_there(link, page)] == []


def is_there(link: str, page: Path) -> bool:
    """Say whether a link leads to a file of ours, and a heading in it, or to a site that we know."""
    if found := re.match(r"https?://([^/:]+)", link):
        return (link.startswith("https://") and found[1] in HOSTS) or found[1] in (
            "127.0.0.1",
            "localhost",
        )
    name, _, anchor = link.partition("#")
    target = (page.parent / name).resolve() if name else page
    if target.parent == ROOT / "docs" / "reference" and target.stem in PUBLIC:
        return anchor in ("", *re.findall(r":: (\S+)", reference.page(target.stem)))
    if not target.exists() or not target.is_relative_to(ROOT):
        return False
    return not anchor or anchor in anchors(target.read_text("utf-8"))


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        ("live.md", True),
        ("live.md#shutdown", True),
        ("#shutdown", True),
        ("middleware/cors.md", True),
        ("middleware/", True),
        ("reference/framework.app.md", True),
        ("https://www.rfc-editor.org/rfc/rfc9110", True),
        ("http://127.0.0.1:8000", True),
        ("gone.md", False),
        ("live.md#gone", False),
        ("#gone", False),
        ("reference/framework._wire.md", False),
        ("/etc/hosts", False),
        ("http://www.rfc-editor.org/rfc/rfc9110", False),
        ("https://www.rfc-editor.org.example/", False),
    ],
)
def test_a_link_is_judged(link: str, expected: bool) -> None:
    assert is_there(link, ROOT / "docs" / "live.md") is expected


# The reference


def test_every_public_module_has_its_page(tmp_path: Path) -> None:
    (tmp_path / "framework.gone.md").write_text("of a module that is no more")
    (tmp_path / "index.md").write_text("written by people")
    reference.write(tmp_path)
    reference.write(tmp_path)
    pages = {path.stem for path in tmp_path.iterdir()}
    assert pages - {"index"} == PUBLIC


def test_the_contents_have_a_sentence_of_each_module() -> None:
    rows = re.findall(r"^\| \[(.+)\]\(\1\.md\) \| .+ \|$", reference.contents(), re.MULTILINE)
    assert set(rows) == PUBLIC
    assert "| [framework.app](framework.app.md) | `App`: a recipe, " in reference.contents()


def test_every_public_name_is_described_once() -> None:
    names = {
        name for module in PUBLIC for name in getattr(import_module(module), "__all__", ())
    } - {"__version__"}
    described = [
        path.rpartition(".")[2]
        for module in PUBLIC
        for path in re.findall(
            r"auto(?:class|exception|function|data):: (\S+)", reference.page(module)
        )
    ]
    assert sorted(described) == sorted(names)


@pytest.mark.parametrize(
    ("docstring", "expected"),
    [
        ("Runs `f(*args)`.\n", "Runs ``f(*args)``.\n"),
        ("An `App` of `Limits`.\n", "An :py:obj:`App <framework.App>` of :py:obj:`Limits <framework.Limits>`.\n"),
        ("Two `Route`s, `in two\nlines`.\n", "Two :py:obj:`Route <framework.Route>`\\ s, ``in two lines``.\n"),
        ("2**53 * 2 or name_ | x\n", "2\\*\\*53 \\* 2 or name\\_ \\| x\n"),
        ("A tree:\n\nA\n├── B\n└── C*\n\n*.\n", "A tree:\n\n::\n\n    A\n    ├── B\n    └── C*\n\n\\*.\n"),
        ("So:\n\n>>> f(`x`, *y)\n2 * 2\n\nAnd *so*.\n", "So:\n\n>>> f(`x`, *y)\n2 * 2\n\nAnd \\*so\\*.\n"),
    ],
)  # fmt: skip
def test_a_docstring_is_text_with_code_in_backticks(docstring: str, expected: str) -> None:
    assert reference.markup(docstring) == expected


class Plain:
    def __init__(self, other: "Plain", *, of: list["Plain"], size: int = 2 * 1024) -> None: ...

    async def method(self, app: ASGIApp, how: Literal["a"], /) -> "Plain | None": ...


@dataclass
class Data:
    name: str
    count: int = field(default=0, kw_only=True)
    found: int = field(default=0, init=False)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Plain, ("(other: Plain, *, of: list[Plain], size: int=2 * 1024)", "")),
        (Plain.method, ("(app: ASGIApp, how: Literal['a'], /)", "Plain | None")),
        (Data, ("(name: str, *, count: int = field(default=0, kw_only=True))", "")),
        (reference.write, ("(folder: Path)", "None")),
        (Exception, None),
        (len, None),
    ],
)
def test_a_signature_is_as_the_source_has_it(value: object, expected: object) -> None:
    assert reference.signature(value) == expected


# What pages say of the project


def test_the_extras_are_those_of_the_package() -> None:
    rows = re.findall(r"^\| (`.+`) \| (.+?) \| ", INSTALL, re.MULTILINE)
    shown = {name: brought for names, brought in rows for name in re.findall(r"`([a-z]+)`", names)}
    assert shown.keys() == EXTRAS.keys()
    for extra in EXTRAS.keys() - {"test", "docs", "bench", "interop"}:
        for requirement in EXTRAS[extra]:
            assert re.split(r"[\[>]", requirement)[0] in shown[extra]


def test_the_pythons_are_those_of_the_package() -> None:
    versions = re.findall(r":: (3\.\d+)$", "\n".join(PROJECT["classifiers"]), re.MULTILINE)
    assert f"on CPython {', '.join(versions[:-1])} and {versions[-1]}" in INSTALL
    assert PROJECT["requires-python"] == f">={versions[0]}"
    assert f"Python {versions[0]} or later" in INSTALL


def test_the_dependencies_are_those_of_the_package() -> None:
    for requirement in PROJECT["dependencies"]:
        assert f"`{requirement.split('>')[0]}`" in INSTALL


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_an_extra_that_is_to_be_installed_is_there(page: Path) -> None:
    for extras in re.findall(r"(?:asgi-framework|\.)\[([a-z,]+)\]", page.read_text("utf-8")):
        assert set(extras.split(",")) <= EXTRAS.keys()


@pytest.mark.parametrize("line", COMMANDS)
def test_a_command_is_one_that_can_be_given(line: str) -> None:
    assert can_be_given(line)


@pytest.mark.parametrize("line", ["pip install requests", "python -m tests.gone", "uvicorn x:app"])
def test_a_command_that_nobody_runs_is_found(line: str) -> None:
    assert not can_be_given(line)


def can_be_given(line: str) -> bool:
    """Say whether a command installs this package, is a program of ours, or is run elsewhere."""
    if found := re.fullmatch(r"python -m ([\w.]+)", line):
        return find_spec(found[1]) is not None
    return line in RUN_ELSEWHERE or bool(INSTALLING.fullmatch(line))


def test_the_app_of_the_first_page_is_served_as_it_says(tmp_path: Path) -> None:
    fence = next(f for f in fences(FIRST_PAGE) if f.options.get("file") == "main.py")
    (tmp_path / "main.py").write_text(fence.text)
    port = free_port()
    command = [*shlex.split(SERVE), "--port", str(port)]
    with subprocess.Popen(
        command, cwd=tmp_path, env=ENVIRONMENT, stderr=subprocess.PIPE, text=True
    ) as server:
        assert server.stderr is not None
        next(line for line in server.stderr if "running on" in line)
        with urlopen(f"http://127.0.0.1:{port}/users/1", timeout=10) as answer:
            assert answer.read() == b'{"name":"Ada"}'
        server.terminate()
        assert "Finished server process" in server.stderr.read()
