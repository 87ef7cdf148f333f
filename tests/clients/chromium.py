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

__all__ = ["CHROMIUM", "Page", "browse"]

CHROMIUM = shutil.which("chromium")
PATIENCE = 20.0  # seconds


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
            time.sleep(0.05)
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
                time.sleep(0.05)
            port = file.read_text().split()[0]
            with urlopen(f"http://127.0.0.1:{port}/json/list", timeout=PATIENCE) as answer:
                tabs = json.loads(answer.read())
            address = next(tab["webSocketDebuggerUrl"] for tab in tabs if tab["type"] == "page")
            with connect(address, max_size=None) as connection:
                yield Page(connection)
        finally:
            os.killpg(process.pid, signal.SIGKILL)  # asked nicely it may take its time
