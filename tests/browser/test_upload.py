"""The upload example in a browser: a real <form>, with its script and without."""

import hashlib
import json
from collections.abc import Generator
from pathlib import Path

import pytest

from tests.browser.chromium import CHROMIUM, Page, browse
from tests.servers import HOST, serve

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium on the PATH")

FILES = {
    "Été \N{SNOWMAN}.txt": "né à Nîmes\r\n".encode(),
    'quo"te;semi=colon%41.bin': bytes(range(256)) * 9,
    "large.bin": bytes(range(256)) * 12_000,
    "empty": b"",
}


@pytest.fixture
def page(tmp_path: Path) -> Generator[Page]:
    with serve("uvicorn-httptools", "examples.upload:app") as server, browse(tmp_path) as page:
        page.open(f"http://{HOST}:{server.port}/")
        yield page
        assert "Traceback" not in server.log()


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    directory = tmp_path / "files"
    directory.mkdir()
    for name, content in FILES.items():
        (directory / name).write_bytes(content)
    return [directory / name for name in FILES]


EXPECTED = [
    {"name": name, "size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    for name, content in FILES.items()
]


def fill_in(page: Page, files: list[Path]) -> None:
    page.choose_files("input[type=file]", files)
    page.evaluate("document.querySelector('[name=comment]').value = 'é\\u2603 & \"co\"'")


def test_the_script_sends_the_form_and_shows_the_progress(page: Page, files: list[Path]) -> None:
    fill_in(page, files)
    page.evaluate("document.querySelector('button').click()")
    answer = json.loads(page.wait_for("document.querySelector('pre').textContent"))
    assert answer == {"comment": 'é\N{SNOWMAN} & "co"', "files": EXPECTED}
    assert page.evaluate("[bar.hidden, bar.value]") == [False, 1]


def test_the_form_works_without_the_script(page: Page, files: list[Path]) -> None:
    fill_in(page, files)
    page.evaluate("form.submit()")  # fires no event, so the script does not see it
    answer = json.loads(page.wait_for("location.pathname == '/upload' && document.body.innerText"))
    assert answer == {"comment": 'é\N{SNOWMAN} & "co"', "files": EXPECTED}


def test_no_chosen_file_is_an_empty_file_without_a_name(page: Page) -> None:
    page.evaluate("form.submit()")
    answer = json.loads(page.wait_for("location.pathname == '/upload' && document.body.innerText"))
    nothing = {"name": "", "size": 0, "sha256": hashlib.sha256(b"").hexdigest()}
    assert answer == {"comment": "", "files": [nothing]}


def test_form_data_of_a_script_arrives(page: Page) -> None:
    script = """
    (async () => {
      const data = new FormData()
      data.append("files", new Blob(["\\u20ac"]), 'a"b\\r\\nc\\\\d.txt')
      const answer = await fetch("/stream", {method: "POST", body: data})
      return await answer.text()
    })()
    """
    (file,) = json.loads(page.evaluate(script))["files"]
    assert file["name"] == 'a"b\r\nc\\d.txt'
    assert file["sha256"] == hashlib.sha256("€".encode()).hexdigest()
