"""The pages of debug mode in a browser, over a real server: no complaint, no overflow, the right text to copy."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from framework import App, Request
from tests.clients.chromium import CHROMIUM, UNREADABLE, Page, browse, complaints, show
from tests.servers import serve

app = App(debug=True)


@app.get("/orders/{number:int}")
async def order(request: Request, number: int) -> None:
    markup = "<script>alert(1)</script>"
    raise ValueError("x" * 300 + markup)


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Page, str]]:
    if CHROMIUM is None:
        pytest.skip("no chromium on the PATH")
    target = "tests.clients.test_debug:app"
    with (
        serve("uvicorn-httptools", target) as server,
        browse(tmp_path_factory.mktemp("profile")) as opened,
    ):
        for domain in ("Log", "Runtime"):
            opened.command(f"{domain}.enable")
        yield opened, f"http://127.0.0.1:{server.port}"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("path", ["/orders/7", "/order/7"])
def test_a_page_fits_phones_and_desktops_and_can_be_read(
    page: tuple[Page, str], path: str, width: int, scheme: str
) -> None:
    browser, origin = page
    browser.events.clear()
    show(browser, width, scheme)
    browser.open(origin + path)
    browser.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    root = "document.documentElement"
    assert browser.evaluate(f"{root}.scrollWidth <= {root}.clientWidth")
    assert browser.evaluate(UNREADABLE) == []
    assert complaints(browser) == []


def test_the_button_copies_the_traceback(page: tuple[Page, str]) -> None:
    browser, origin = page
    browser.open(f"{origin}/orders/7")
    browser.command(
        "Browser.grantPermissions",
        origin=origin,
        permissions=["clipboardReadWrite", "clipboardSanitizedWrite"],
    )
    browser.command("Page.bringToFront")
    browser.evaluate("document.querySelector('button').click()")
    browser.wait_for("document.querySelector('button').textContent == 'Copied'")
    copied = browser.evaluate("navigator.clipboard.readText()")
    assert copied.startswith(f'  File "{Path(__file__)}", line ')
    assert copied.endswith("</script>\n")


def test_the_calls_are_opened_by_the_keyboard(page: tuple[Page, str]) -> None:
    browser, origin = page
    browser.open(f"{origin}/orders/7")
    assert browser.evaluate("document.querySelector('details.own').open")
    browser.evaluate("document.querySelector('details.own > summary').focus()")
    for kind in ("keyDown", "keyUp"):
        browser.command(
            "Input.dispatchKeyEvent",
            type=kind,
            key="Enter",
            code="Enter",
            text="\r",
            windowsVirtualKeyCode=13,
        )
    browser.wait_for("!document.querySelector('details.own').open")
