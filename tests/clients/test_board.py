"""The board of the tutorial in two windows of a browser."""

from collections.abc import Generator
from pathlib import Path

import pytest

from tests.clients.chromium import CHROMIUM, UNREADABLE, Page, browse, complaints, show
from tests.servers import HOST, serve
from tests.test_tutorial import KEY, blocks, save

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium on the PATH")

SHOWN = "document.querySelector('#todos').innerText"


@pytest.fixture
def page(tmp_path: Path) -> Generator[Page]:
    with browse(tmp_path / "profile") as page:
        yield page


def test_what_is_done_in_one_window_is_seen_in_the_other(
    page: Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for fence in blocks():
        if "file" in fence.options:
            save(fence, tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("BOARD_KEY", KEY)
    monkeypatch.setenv("BOARD_DB", str(tmp_path / "board.sqlite"))
    with serve("uvicorn-httptools", "main:app") as server, page.another() as other:
        url = f"http://{HOST}:{server.port}/"
        for window in (page, other):
            for domain in ("Runtime", "Log"):
                window.command(f"{domain}.enable")
            window.open(url)
        page.type("[name=name]", "Åsa")
        page.wait_for("document.querySelector('[name=title]') !== null")
        page.type("[name=title]", "Call <b>Ben</b>")
        other.wait_for(f"{SHOWN}.includes('Call <b>Ben</b> Åsa')")
        other.evaluate("document.querySelector('#todos button').click()")
        page.wait_for(f"{SHOWN}.includes('☑')")
        for scheme in ("light", "dark"):
            show(page, 390, scheme)
            assert page.evaluate(UNREADABLE) == []
            assert page.evaluate("document.documentElement.scrollWidth") == 390
        assert complaints(page) == complaints(other) == []
