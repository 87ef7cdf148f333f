"""The pages of debug mode in a browser, over a real server: no complaint, no overflow, the right text to copy."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from framework import App, Request
from tests.clients.chromium import CHROMIUM, Page, browse
from tests.servers import serve

app = App(debug=True)

COLOURS = """
(() => {
  const canvas = document.createElement("canvas").getContext("2d");
  const parse = colour => {
    canvas.fillStyle = colour;
    const hex = canvas.fillStyle.slice(1);
    return [0, 2, 4].map(at => parseInt(hex.slice(at, at + 2), 16) / 255);
  };
  const luminance = colour => parse(colour)
    .map(c => c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = node => {
    for (; node; node = node.parentElement) {
      const colour = getComputedStyle(node).backgroundColor;
      if (colour != "rgba(0, 0, 0, 0)") return colour;
    }
  };
  const texts = [...document.body.querySelectorAll("*")].filter(
    node => [...node.childNodes].some(child => child.nodeType == 3 && child.data.trim())
      && !["SCRIPT", "STYLE"].includes(node.tagName));
  return Math.min(...texts.map(node => {
    const [a, b] = [getComputedStyle(node).color, behind(node)].map(luminance).sort((x, y) => y - x);
    return (a + 0.05) / (b + 0.05);
  }));
})()
"""
"""The least contrast of a text with what is behind it (WCAG 2.2 section 1.4.3)."""


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


def complaints(page: Page) -> list[dict[str, Any]]:
    """What the browser says against a page, but that its status is no 200."""
    return [
        event
        for event in page.events
        if event["method"] in ("Runtime.exceptionThrown", "Runtime.consoleAPICalled")
        or (event["method"] == "Log.entryAdded" and event["params"]["entry"]["source"] != "network")
    ]


def show(page: Page, width: int, scheme: str) -> None:
    """Have the window, and the taste, of a user."""
    page.command(
        "Emulation.setDeviceMetricsOverride",
        width=width,
        height=844,
        deviceScaleFactor=1,
        mobile=False,
    )
    feature = {"name": "prefers-color-scheme", "value": scheme}
    page.command("Emulation.setEmulatedMedia", features=[feature])


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
    assert browser.evaluate(COLOURS) >= 4.5
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
