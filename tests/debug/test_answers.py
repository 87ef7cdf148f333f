"""The forms of the answers of debug mode, and what they must never do."""

import json
import logging
import re
import subprocess
import sys
import threading
from functools import partial
from pathlib import Path

import anyio
import pytest

from framework import App, HTTPException, Request
from framework._debug import answers
from tests.driver import ask
from tests.protocols import converse

ROOT = Path(__file__).parent.parent.parent
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
PROBLEM = "application/problem+json"
TEXT = "text/plain; charset=utf-8"
HTML = "text/html; charset=utf-8"


@pytest.mark.parametrize("path", ["/orders/7", "/nowhere"])
@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("*/*", TEXT),
        ("", TEXT),
        ("image/png", TEXT),
        ("text/plain", TEXT),
        ("application/json", PROBLEM),
        (PROBLEM, PROBLEM),
        (BROWSER, HTML),
    ],
)
async def test_the_form_is_negotiated(
    debugged: App, path: str, accept: str, media_type: str
) -> None:
    answer = await ask(debugged, path=path, headers={"accept": accept})
    assert answer.headers["content-type"] == media_type
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-security-policy"].startswith("default-src 'none'; style-src 'n")


async def test_the_exception_goes_on_to_the_server_and_its_traceback_to_the_client(
    debugged: App,
) -> None:
    answer = await ask(debugged, path="/orders/7", headers={"accept": PROBLEM})
    assert isinstance(answer.error, ValueError)
    assert answer.status == 500
    assert "raise ValueError(f" in json.loads(answer.body)["traceback"]


async def test_a_page_escapes_everything_and_hides_secrets(debugged: App) -> None:
    headers = {
        "accept": "text/html",
        "x-a": "<script>",
        "cookie": "a=concealed",
        "authorization": "concealed",
    }
    answer = await ask(debugged, path="/orders/7?<script>=<script>", headers=headers)
    page = answer.body.decode()
    assert page.count("<script") == 1
    assert "concealed" not in page
    assert "http://testserver" in page
    assert "src=" not in page


async def test_head_has_no_body(debugged: App) -> None:
    answer = await ask(debugged, "HEAD", "/orders/7")
    assert (answer.status, answer.body) == (500, b"")


async def test_404_and_405_say_which_routes_come_close(debugged: App) -> None:
    missed = await ask(debugged, path="/order/7")
    assert (missed.status, missed.error) == (404, None)
    assert b"'order' is not 'orders'" in missed.body
    refused = await ask(debugged, "POST", "/orders/7")
    assert refused.status == 405
    assert refused.headers["allow"] == "GET, HEAD, OPTIONS"


@pytest.mark.parametrize("status_code", [404, 405, 418])
async def test_what_a_handler_raises_on_purpose_is_answered_as_without_debug(
    status_code: int,
) -> None:
    bodies: list[bytes] = []
    for debug in (False, True):
        app = App(debug=debug)

        @app.get("/")
        async def refuse(request: Request) -> None:
            raise HTTPException(status_code)

        bodies.append((await ask(app)).body)
    assert bodies[0] == bodies[1]


async def test_the_page_wins_over_a_handler_of_500() -> None:
    def worded(request: Request, error: Exception) -> str:
        return "worded"

    bodies: list[bytes] = []
    for debug in (False, True):
        app = App(debug=debug, exception_handlers={500: worded})

        @app.get("/")
        async def fail(request: Request) -> None:
            raise KeyError("a")

        bodies.append((await ask(app)).body)
    assert bodies[0] == b"worded"
    assert b"KeyError: 'a'" in bodies[1]


async def test_a_page_that_cannot_be_made_is_logged_and_the_default_answers(
    debugged: App, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(answers, "failures", None)
    monkeypatch.setattr(answers, "explain_scope", None)
    for path, status in (("/orders/7", 500), ("/nowhere", 404)):
        answer = await ask(debugged, path=path)
        assert (answer.status, answer.headers["content-type"]) == (status, PROBLEM)
        assert "could not be made" in caplog.text


class Endless:
    """What is never shown."""

    def __init__(self) -> None:
        self.left = threading.Event()

    def __repr__(self) -> str:
        while not self.left.wait(0.01):
            pass
        return "shown at last"


async def test_an_endless_repr_costs_the_values_but_not_the_page(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(answers, "PATIENCE", 0.3)
    endless = Endless()
    app = App(debug=True)

    @app.get("/")
    async def fail() -> None:
        value = endless
        raise ValueError(type(value))

    try:
        answer = await ask(app, headers={"accept": "text/html"})
    finally:
        endless.left.set()
    assert "not shown, as the others took too long" in answer.text
    assert "a repr() may be endless" in caplog.text


class EndlessError(Exception):
    """What nobody can word."""

    def __init__(self, endless: Endless) -> None:
        self.endless = endless

    def __str__(self) -> str:
        return repr(self.endless)


async def test_an_error_that_is_never_worded_is_answered_by_default(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(answers, "PATIENCE", 0.1)
    endless = Endless()
    app = App(debug=True)

    @app.get("/")
    async def fail() -> None:
        raise EndlessError(endless)

    try:
        answer = await ask(app)
    finally:
        endless.left.set()
    assert answer.json() == {"type": "about:blank", "title": "Internal Server Error", "status": 500}


async def test_the_way_through_the_framework_is_left_out(debugged: App) -> None:
    text = (await ask(debugged, path="/orders/7")).text
    assert text.startswith(f'  File "{Path(__file__).parent / "conftest.py"}", line ')
    assert "errors.py" not in text


async def test_a_literal_secret_in_the_source_is_not_shown(debugged: App) -> None:
    page = (await ask(debugged, path="/orders/7", headers={"accept": "text/html"})).text
    assert "api_key = [redacted]" in page


async def test_the_page_of_a_miss_lists_what_there_is(debugged: App) -> None:
    page = (await ask(debugged, path="/order/7", headers={"accept": "text/html"})).text
    assert "Routes that come close" in page
    assert "&#x27;order&#x27; is not &#x27;orders&#x27;" in page
    assert "Routes of the app" in page
    refused = await ask(debugged, "PUT", "/orders/7", headers={"accept": "text/html"})
    assert "Allow: GET, HEAD, OPTIONS" in refused.text


def test_the_text_of_the_documentation_is_what_is_answered() -> None:
    page = (ROOT / "docs" / "debug.md").read_text()
    (block,) = re.findall(r"^```python\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    (text,) = re.findall(r"^```text\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    names: dict[str, App] = {}
    exec(compile(block, "shop.py", "exec"), names)
    answer = anyio.run(partial(ask, names["app"], path="/order/7"))
    assert answer.text == text


async def test_a_websocket_is_refused_as_without_debug(debugged: App) -> None:
    assert await converse(debugged, "/nowhere") == await converse(App(), "/nowhere")


def test_debug_is_off_unless_asked_for_and_loud(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "framework"):
        App().compile()
        assert not caplog.records
        app = App(debug=True)
        app.compile()
        app.compile()
    assert [record.message[:10] for record in caplog.records] == ["debug=True"]
    assert (App().debug, app.debug) == (False, True)


def test_without_debug_nothing_of_it_is_imported() -> None:
    code = "import sys, framework; framework.App().compile(); print(*sys.modules)"
    names = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "framework.app" in names.stdout.split()
    assert "framework._debug" not in names.stdout
