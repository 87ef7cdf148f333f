"""The documentation, run: what a page shows as code, commands and their output.

The blocks of a page are run in their order, in a folder of its own. What follows the language says how:

- `python`: imported as a module; its `app`, if that is an App, is compiled.
- `console`: the commands behind each `$ ` are run by bash and print the lines below. A line `...`
  stands for any lines, `…` in a line for anything.
- `sh`: run by bash, whatever it prints, without an error.
- `file=NAME`, in any language: saved under that name before; a `test_*.py` is run by pytest.
- `by=tests/test_x.py`: not run here but by that test, which reads the page.
- `needs=sqlalchemy`: run only where that can be imported, as in the environment of the extra `interop`.
"""

import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from importlib import import_module, invalidate_caches
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

import pytest

from framework import App, ConfigError
from tests.driver import ask
from tests.pages import PAGES, ROOT, Fence, fences

OPTIONS = {"by", "file", "needs"}
NEVER_RUN = {"bash", "pycon", "python3", "py", "shell"}
"""Other names of languages that are run: a block must not escape by one."""

HAVE_DIRECTIVES = {"index.md", "changelog.md"}

PATIENCE = 60.0
"""Seconds that a command may take."""

INTEROP: list[str] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"][
    "optional-dependencies"
]["interop"]

ENVIRONMENT = {
    **{name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")},
    "COLUMNS": "100",
    "NO_COLOR": "1",
    "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
    "PYTEST_ADDOPTS": "-W error -p no:cacheprovider -p anyio",
    "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",  # some take seconds to load
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONPATH": str(ROOT),
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where a page is run: the current folder, of which modules are imported anew for each block."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    yield tmp_path
    forget(tmp_path)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_what_a_page_shows_runs(page: Path, folder: Path) -> None:
    assert list(mistakes(page)) == []
    run(page.read_text("utf-8"), folder)


async def test_the_app_of_the_readme_answers_as_it_says(folder: Path) -> None:
    first = next(
        fence for fence in fences(PAGES[0].read_text("utf-8")) if fence.language == "python"
    )
    app: App = run_python(first, folder).app
    assert (await ask(app, path="/")).text == "Hello, World!"
    assert (await ask(app, path="/users/7")).json() == {"id": 7}
    assert (await ask(app, path="/users/x")).status == 404
    assert (await ask(app, "POST", "/api/echo", json={"a": [1]})).json() == {"a": [1]}


# Running


def run(text: str, folder: Path) -> None:
    """Run the blocks of a page."""
    for fence in fences(text):
        if name := fence.options.get("file"):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(fence.text, "utf-8")
        if "by" not in fence.options and can_be_imported(fence.options.get("needs", "sys")):
            RUNNERS.get(fence.language, leave)(fence, folder)


def run_python(fence: Fence, folder: Path) -> ModuleType:
    name = fence.options.get("file", f"line_{fence.line}.py")
    path = folder / name
    path.write_text(fence.text, "utf-8")
    forget(folder)
    invalidate_caches()
    module = import_module(name.removesuffix(".py").replace("/", "."))
    if isinstance(app := getattr(module, "app", None), App):
        app.compile()
    if path.name.startswith("test_"):
        output, code = bash(f"python -m pytest '{name}'", folder)
        assert code == 0, output
    return module


def run_console(fence: Fence, folder: Path) -> None:
    shown = re.compile(r"^\$ ((?:.*\\\n)*.*)\n((?:(?!\$ ).*\n)*)", re.MULTILINE)
    for command, expected in shown.findall(fence.text):
        output, _ = bash(command, folder)
        assert agree(output, expected), f"line {fence.line}: $ {command}\n{output}"


def run_sh(fence: Fence, folder: Path) -> None:
    output, code = bash(fence.text, folder)
    assert code == 0, f"line {fence.line}: exit code {code}\n{output}"


def leave(fence: Fence, folder: Path) -> None:
    """Run nothing: the language is one to be read only."""


RUNNERS: dict[str, Callable[[Fence, Path], object]] = {
    "console": run_console,
    "python": run_python,
    "sh": run_sh,
}


def bash(script: str, folder: Path) -> tuple[str, int]:
    """What a script prints, on both streams, and its exit code."""
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=folder,
        env=ENVIRONMENT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=PATIENCE,
    )
    return done.stdout, done.returncode


def agree(output: str, expected: str) -> bool:
    """Say whether the output is what a page shows, up to the spaces at its end."""
    lines = [
        r"(.*\n)*" if line == "..." else re.escape(line).replace("…", ".*") + "\n"
        for line in expected.rstrip().splitlines()
    ]
    return bool(re.fullmatch("".join(lines), output.rstrip() + "\n" if output.strip() else ""))


def forget(folder: Path) -> None:
    """Have the modules of a folder imported anew."""
    for name, module in list(sys.modules.items()):
        if str(getattr(module, "__file__", "")).startswith(str(folder)):
            del sys.modules[name]


def can_be_imported(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:  # of the package that it is in
        return False


# What would not be run


def mistakes(page: Path) -> Iterator[str]:
    """The blocks of a page that nobody would run, and why."""
    text = page.read_text("utf-8")
    for found in re.finditer(r"^[ >]+```.+|^~~~.+", text, re.MULTILINE):
        yield f"{found[0]!r} is not at the margin, or has no backticks"
    for fence in fences(text):
        where = f"{page.name}:{fence.line}:"
        if fence.language.startswith("{"):
            if page.name not in HAVE_DIRECTIVES:
                yield f"{where} only {HAVE_DIRECTIVES} have directives: others read well anywhere"
            continue
        for option in fence.options.keys() - OPTIONS:
            yield f"{where} there is no option {option!r}"
        if fence.language in NEVER_RUN:
            yield f"{where} {fence.language} is called python, console or sh here"
        if (by := fence.options.get("by")) and not names(ROOT / by, page):
            yield f"{where} {by} is not there, or does not name {page.name}"
        if (module := fence.options.get("needs")) and not is_in_interop(module):
            yield f"{where} {module} is not in the extra 'interop'"


def names(test: Path, page: Path) -> bool:
    return test.is_file() and page.name in test.read_text("utf-8")


def is_in_interop(module: str) -> bool:
    distribution = re.sub("[._]", "-", module)
    return any(re.match(rf"(python-)?{distribution}\b(?!-)", line) for line in INTEROP)


# The rules of this module


BLOCKS_THAT_RUN = {
    "an app is compiled": "```python\nfrom framework import App\napp = App()\n```\n",
    "a file is imported": "```python file=a.py\nX = 1\n```\n```python\nfrom a import X\nassert X == 1\n```\n",
    "a file is saved anew": "```python file=a.py\nX = 1\n```\n```python file=a.py\nX = 2\n```\n"
    "```python\nfrom a import X\nassert X == 2\n```\n",
    "a file in a folder": "```python file=b/a.py\nX = 1\n```\n```python\nfrom b.a import X\n```\n",
    "a file of text": "```toml file=a.toml\nx = 1\n```\n```console\n$ cat a.toml\nx = 1\n```\n",
    "tests": "```python file=test_a.py\ndef test_a():\n    pass\n```\n",
    "shell": '```sh\ntest -x "$(command -v python)"\n```\n',
    "several commands": "```console\n$ echo a \\\n    b\na b\n\n$ echo c >&2; false\nc\n$ true\n```\n",
    "any lines": "```console\n$ printf 'a\\nb\\nc\\n'\n...\nc\n```\n",
    "anything in a line": "```console\n$ echo '(at 12:01)'\n(at …)\n```\n",
    "by another test": "```sh by=tests/test_x.py\nfalse\n```\n",
    "of a module not here": "```python needs=no_such.module\nimport no_such.module\n```\n",
    "other languages": "```json\n{\n```\n",
    "within four backticks": "````text\n```python\nraise\n```\n````\n",
}

BLOCKS_THAT_FAIL = {
    "an app that cannot be compiled": "```python\nfrom framework import App\napp = App()\n"
    "app.get('/{a}')(lambda: None)\n```\n",
    "an exception": "```python file=a.py\n1 / 0\n```\n",
    "an exception where a module is": "```python needs=sys\n1 / 0\n```\n",
    "a failing test": "```python file=test_a.py\ndef test_a():\n    assert False\n```\n",
    "a failing command": "```sh\nfalse\ntrue\n```\n",
    "another output": "```console\n$ echo b\na\n```\n",
    "more output": "```console\n$ true\n$ echo b\n```\n",
    "no output": "```console\n$ true\na\n```\n",
}

BLOCKS_NOT_RUN = {
    "indented": " ```python\n ```\n",
    "quoted": "> ```python\n> ```\n",
    "with tildes": "~~~python\n~~~\n",
    "misspelt": "```python files=a.py\n```\n",
    "renamed": "```bash\n```\n",
    "a directive": "```{note}\n```\n",
    "by nobody": "```sh by=tests/test_x.py\n```\n",
    "by a test of another page": "```sh by=tests/house.py\n```\n",
    "never": "```python needs=no_such.module\n```\n",
}


@pytest.mark.parametrize("text", BLOCKS_THAT_RUN.values(), ids=BLOCKS_THAT_RUN)
def test_blocks_are_run(text: str, folder: Path) -> None:
    run(text, folder)


@pytest.mark.parametrize("text", BLOCKS_THAT_FAIL.values(), ids=BLOCKS_THAT_FAIL)
def test_blocks_fail(text: str, folder: Path) -> None:
    with pytest.raises((AssertionError, ConfigError, ZeroDivisionError)):
        run(text, folder)


@pytest.mark.parametrize("text", BLOCKS_NOT_RUN.values(), ids=BLOCKS_NOT_RUN)
def test_blocks_that_nobody_would_run_are_found(text: str, tmp_path: Path) -> None:
    (tmp_path / "no-page.md").write_text(text)
    assert len(list(mistakes(tmp_path / "no-page.md"))) == 1


def test_a_block_that_another_test_runs_is_no_mistake(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("```sh by=.ci/run\n```\n```python needs=mangum\n```\n")
    assert list(mistakes(tmp_path / "README.md")) == []


def test_directives_are_left_to_the_first_page_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "index.md").write_text("```{toctree}\n:glob:\n\n*\n```\n")
    assert list(mistakes(tmp_path / "index.md")) == []
