"""The upload example in a browser, by a real <form> with its script and without, and by curl."""

import hashlib
import json
import shutil
import subprocess
from collections.abc import Generator
from pathlib import Path

import pytest

from tests.clients.chromium import CHROMIUM, Page, browse
from tests.servers import COMMANDS, HOST, serve

CURL = shutil.which("curl")

needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="no chromium on the PATH")

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


@needs_chromium
def test_the_script_sends_the_form_and_shows_the_progress(page: Page, files: list[Path]) -> None:
    fill_in(page, files)
    page.evaluate("document.querySelector('button').click()")
    answer = json.loads(page.wait_for("document.querySelector('pre').textContent"))
    assert answer == {"comment": 'é\N{SNOWMAN} & "co"', "files": EXPECTED}
    assert page.evaluate("[bar.hidden, bar.value]") == [False, 1]


@needs_chromium
def test_the_form_works_without_the_script(page: Page, files: list[Path]) -> None:
    fill_in(page, files)
    page.evaluate("form.submit()")  # fires no event, so the script does not see it
    answer = json.loads(page.wait_for("location.pathname == '/upload' && document.body.innerText"))
    assert answer == {"comment": 'é\N{SNOWMAN} & "co"', "files": EXPECTED}


@needs_chromium
def test_a_form_without_a_chosen_file_has_none(page: Page) -> None:
    page.evaluate("form.submit()")
    answer = json.loads(page.wait_for("location.pathname == '/upload' && document.body.innerText"))
    assert answer == {"comment": "", "files": []}


@needs_chromium
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


@pytest.mark.skipif(CURL is None, reason="no curl on the PATH")
@pytest.mark.parametrize("server", sorted(COMMANDS))
def test_curl_uploads_a_form_and_a_file(server: str, files: list[Path], tmp_path: Path) -> None:
    def curl(*arguments: str) -> object:
        command = ["curl", "--silent", "--show-error", "--max-time", "30", *arguments]
        ran = subprocess.run(command, cwd=tmp_path / "files", check=True, capture_output=True)
        return json.loads(ran.stdout)

    chosen = [f'files=@"{path.name.replace(chr(34), chr(92) + chr(34))}"' for path in files]
    forms = [part for form in (*chosen, "comment=é") for part in ("--form", form)]
    with serve(server, "examples.upload:app") as running:
        url = f"http://{HOST}:{running.port}"
        assert curl(*forms, f"{url}/upload") == {"comment": "é", "files": EXPECTED}
        assert curl(*forms, f"{url}/stream") == {"files": EXPECTED}
        assert curl("--upload-file", "large.bin", f"{url}/files/") == EXPECTED[2]
