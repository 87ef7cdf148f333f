"""The documentation, run: every block of Python in the README and in docs/."""

import re
from pathlib import Path
from typing import Any

import pytest

from framework import App
from tests.driver import ask

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("**/*.md"))]
BLOCKS = [
    pytest.param(block, id=f"{page.stem}-{index}")
    for page in PAGES
    for index, block in enumerate(
        re.findall(r"^```python\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL)
    )
]


@pytest.mark.parametrize("block", BLOCKS)
def test_a_block_of_python_runs(block: str) -> None:
    names = run(block)
    names["app"].compile()


async def test_the_app_of_the_readme_answers_as_it_says() -> None:
    app: App = run(str(BLOCKS[0].values[0]))["app"]
    assert (await ask(app, path="/")).text == "Hello, World!"
    assert (await ask(app, path="/users/7")).json() == {"id": 7}
    assert (await ask(app, path="/users/x")).status == 404
    assert (await ask(app, "POST", "/api/echo", json={"a": [1]})).json() == {"a": [1]}


def test_every_page_is_found() -> None:
    assert {"README", "architecture", "bodies", "extensions", "live", "wsgi"} <= {
        page.stem for page in PAGES
    }


def run(block: str) -> dict[str, Any]:
    """The names that a block of Python defines."""
    names: dict[str, Any] = {}
    exec(compile(block, "<docs>", "exec"), names)
    return names
