"""A headless Chromium, driven over the DevTools protocol; no test lives here."""

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any, cast
from urllib.request import urlopen

from websockets.sync.client import ClientConnection, connect

__all__ = ["CHROMIUM", "UNREADABLE", "Page", "browse", "complaints", "show"]

CHROMIUM = shutil.which("chromium")
PATIENCE = 20.0  # seconds

UNREADABLE = """
(() => {
  const canvas = document.createElement("canvas");
  const paint = canvas.getContext("2d", {willReadFrequently: true});
  canvas.width = canvas.height = 1;
  const known = new Map();
  const luminance = colours => {  // of colours painted on each other: any of them may be transparent
    const key = colours.join();
    if (!known.has(key)) {
      for (const colour of ["white", ...colours]) {
        paint.fillStyle = colour;
        paint.fillRect(0, 0, 1, 1);
      }
      known.set(key, [...paint.getImageData(0, 0, 1, 1).data.slice(0, 3)]
        .map(c => c / 255)
        .map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
        .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0));
    }
    return known.get(key);
  };
  const found = [];
  for (const node of document.body.querySelectorAll("*:not(script, style)")) {
    const text = [...node.childNodes].filter(child => child.nodeType == 3).map(child => child.data.trim()).join(" ");
    if (!text.trim() || !node.checkVisibility({visibilityProperty: true, opacityProperty: true})) continue;
    const behind = [];
    for (let each = node; each; each = each.parentElement) {
      const colour = getComputedStyle(each).backgroundColor;
      if (colour != "rgba(0, 0, 0, 0)") behind.unshift(colour);
    }
    const style = getComputedStyle(node);
    const [a, b] = [luminance(behind), luminance([...behind, style.color])].sort((x, y) => y - x);
    const isLarge = parseFloat(style.fontSize) >= (style.fontWeight >= 700 ? 18.66 : 24);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < (isLarge ? 3 : 4.5)) found.push(`${text} (${node.localName}.${node.className}): ${ratio.toFixed(2)}`);
  }
  return found;
})()
"""
"""The texts that have too little contrast with what is behind them (WCAG 2.2 section 1.4.3)."""


class CommandError(Exception):
    """What the browser says it cannot do."""


class Page:
    """One tab; `events` is what the browser has told of, of the domains that were enabled."""

    __slots__ = ("_connection", "_numbers", "events")

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._numbers = count(1)
        self.events: list[dict[str, Any]] = []

    def command(self, method: str, **params: Any) -> dict[str, Any]:
        """Give a command of the protocol, and return its result."""
        number = next(self._numbers)
        self._connection.send(json.dumps({"id": number, "method": method, "params": params}))
        while True:
            answer: dict[str, Any] = json.loads(self._connection.recv(timeout=PATIENCE))
            if answer.get("id") == number:
                if "error" in answer:
                    raise CommandError(answer["error"])
                return cast("dict[str, Any]", answer["result"])
            self.events.append(answer)

    def open(self, url: str) -> None:
        """Go to a URL, and wait until it is loaded."""
        self.command("Page.navigate", url=url)
        self.wait_for("document.readyState == 'complete' && location.href != 'about:blank'")

    def evaluate(self, script: str) -> Any:
        """The value of an expression in the page."""
        result = self.command(
            "Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True
        )
        if "exceptionDetails" in result:
            raise CommandError(result["exceptionDetails"])
        return result["result"].get("value")

    def wait_for(self, script: str) -> Any:
        """The value of an expression once it is true; the page may be left for another meanwhile."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            with suppress(CommandError):
                if value := self.evaluate(script):
                    return value
            time.sleep(0.01)
        raise CommandError(f"{script} is never true")

    def choose_files(self, selector: str, paths: Sequence[Path]) -> None:
        """Choose files in an <input type=file>, as a user does."""
        root = self.command("DOM.getDocument")["root"]["nodeId"]
        found = self.command("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
        self.command("DOM.setFileInputFiles", nodeId=found, files=[str(path) for path in paths])

    def type(self, selector: str, text: str) -> None:
        """Enter text into an element, and press the enter key."""
        self.evaluate(f"document.querySelector({selector!r}).focus()")
        self.command("Input.insertText", text=text)
        for kind in ("keyDown", "keyUp"):
            self.command("Input.dispatchKeyEvent", type=kind, key="Enter", code="Enter", text="\r")

    @contextmanager
    def another(self) -> "Generator[Page]":
        """Open another tab of the same browser while the block runs."""
        target = self.command("Target.createTarget", url="about:blank")["targetId"]
        host, port = self._connection.remote_address[:2]
        with connect(f"ws://{host}:{port}/devtools/page/{target}", max_size=None) as connection:
            yield Page(connection)


@contextmanager
def browse(profile: Path) -> Generator[Page]:
    """Run a browser while the block runs."""
    assert CHROMIUM is not None
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-port=0"]
    command = [CHROMIUM, *flags, f"--user-data-dir={profile}", "about:blank"]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL, start_new_session=True) as process:
        try:
            deadline = time.monotonic() + PATIENCE
            file = profile / "DevToolsActivePort"
            while not (file.exists() and file.read_text().count("\n")):
                assert time.monotonic() < deadline, "the browser does not start"
                time.sleep(0.01)
            port = file.read_text().split()[0]
            with urlopen(f"http://127.0.0.1:{port}/json/list", timeout=PATIENCE) as answer:
                tabs = json.loads(answer.read())
            address = next(tab["webSocketDebuggerUrl"] for tab in tabs if tab["type"] == "page")
            with connect(address, max_size=None) as connection:
                yield Page(connection)
        finally:
            os.killpg(process.pid, signal.SIGKILL)  # asked nicely it may take its time


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
