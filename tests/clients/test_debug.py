"""The page of an error in a browser: no complaint, no overflow, and the right text to copy."""

import base64
from pathlib import Path

import anyio
import pytest

from framework import App, Request
from tests.clients.chromium import CHROMIUM, browse
from tests.driver import ask

app = App(debug=True)


@app.get("/")
async def fail(request: Request) -> None:
    raise ValueError("x" * 300 + "<b>")


@pytest.mark.skipif(CHROMIUM is None, reason="no chromium on the PATH")
@pytest.mark.parametrize("path", ["/", "/nowhere"])
def test_a_page_fits_phones_and_desktops_in_both_schemes(tmp_path: Path, path: str) -> None:
    async def load() -> bytes:
        return (await ask(app, path=path, headers={"accept": "text/html"})).body

    url = "data:text/html;base64," + base64.b64encode(anyio.run(load)).decode()
    with browse(tmp_path) as page:
        for domain in ("Log", "Runtime"):
            page.command(f"{domain}.enable")
        page.open(url)
        for width in (390, 1280):
            page.command(
                "Emulation.setDeviceMetricsOverride",
                width=width,
                height=844,
                deviceScaleFactor=1,
                mobile=False,
            )
            for scheme in ("light", "dark"):
                feature = {"name": "prefers-color-scheme", "value": scheme}
                page.command("Emulation.setEmulatedMedia", features=[feature])
                page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
                root = "document.documentElement"
                assert page.evaluate(f"{root}.scrollWidth <= {root}.clientWidth")
        complaints = {"Log.entryAdded", "Runtime.exceptionThrown"}
        assert not [event for event in page.events if event["method"] in complaints]
        if path == "/":
            page.evaluate("document.querySelector('button').click()")
            page.wait_for("document.querySelector('button').textContent != 'Copy traceback'")
            copied = page.evaluate("document.querySelector('#text').textContent")
            assert copied.endswith("<b>\n")
