"""The site in a browser: no complaint on the console, and the second time nothing is sent again."""

import re
import time
from collections.abc import Generator
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import pytest

from tests import servers
from tests.clients.chromium import CHROMIUM, Page, browse
from tests.leftovers import settled
from tests.servers import HOST, Server, free_port, serve

needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="no chromium on the PATH")

COMPLAINTS = {"Log.entryAdded", "Runtime.exceptionThrown", "Runtime.consoleAPICalled"}
STATUS = re.compile(r"method=(\S+) path=(\S+) status=(\d+)")


class Site(NamedTuple):
    """The pages, and the API that they ask."""

    pages: Server
    api: Server

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.pages.port}/"


@pytest.fixture(params=["uvicorn-httptools", "hypercorn-trio"])
def site(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Generator[Site]:
    """Serve both, each on a port that the other one knows."""
    ports = [free_port(), free_port()]
    monkeypatch.setenv("SITE_ORIGIN", f"http://{HOST}:{ports[0]}")
    monkeypatch.setenv("SITE_API", f"http://{HOST}:{ports[1]}")
    with ExitStack() as stack, monkeypatch.context() as patch:
        patch.setattr(servers, "free_port", iter(ports).__next__)
        pages = stack.enter_context(serve(request.param, "examples.site:app"))
        api = stack.enter_context(serve(request.param, "examples.site:api"))
        patch.undo()
        yield Site(pages, api)
        assert "Traceback" not in pages.log() + api.log()


@pytest.fixture
def page(tmp_path: Path) -> Generator[Page]:
    with browse(tmp_path) as page:
        for domain in ("Log", "Runtime", "Network"):
            page.command(f"{domain}.enable")
        yield page


def requests(server: Server) -> list[tuple[str, str, int]]:
    """What the access log says of method, path and status."""
    return [(method, path, int(status)) for method, path, status in STATUS.findall(server.log())]


def is_ready(page: Page, visits: int) -> None:
    page.wait_for(f"document.querySelector('#visits').textContent === '{visits}'")
    page.wait_for("document.querySelector('#weather').textContent === '19 °C in Nîmes'")
    page.wait_for(
        "document.querySelector('#zone').textContent.length > 1"
    )  # by the script that has a nonce


@needs_chromium
def test_the_site_works_without_complaint_and_is_revalidated(site: Site, page: Page) -> None:
    page.open(site.url)
    is_ready(page, 1)
    # The style is there, and has come compressed.
    assert page.evaluate("getComputedStyle(document.body).maxWidth") == "704px"
    assets = [f"/static/{name}" for name in ("icon.svg", "site.css", "site.js")]
    expected = {("GET", path, 200) for path in ("/", *assets)}
    deadline = time.monotonic() + 10  # the icon may come last
    while not expected <= {*requests(site.pages)} and time.monotonic() < deadline:
        time.sleep(0.05)
    first = requests(site.pages)
    assert expected <= {*first}

    page.command("Page.reload")
    is_ready(page, 2)
    wanted = {("GET", path, 304) for path in assets}
    assert settled(lambda: len(wanted - {*requests(site.pages)[len(first) :]}), 0) == 0

    page.type("input", "<script>alert(1)</script>")
    is_ready(page, 3)
    assert page.evaluate("document.querySelector('li').textContent") == "<script>alert(1)</script>"
    assert (
        page.evaluate("document.querySelector('h2').textContent")
        == "Welcome back, <script>alert(1)</script>"
    )
    assert [event for event in page.events if event["method"] in COMPLAINTS] == []
    codings = {
        (response["url"].rpartition("/")[2], value)
        for event in page.events
        if event["method"] == "Network.responseReceived"
        for response in [event["params"]["response"]]
        for name, value in response["headers"].items()
        if name.lower() == "content-encoding"
    }
    assert {("site.css", "br"), ("site.js", "br"), ("", "zstd")} <= codings


@needs_chromium
def test_a_script_without_the_nonce_does_not_run(site: Site, page: Page) -> None:
    page.open(site.url)
    is_ready(page, 1)
    page.evaluate(
        "document.head.append(Object.assign(document.createElement('script'), {text: 'stolen = 1'}))"
    )
    assert page.evaluate("typeof stolen") == "undefined"
    said = [event["params"] for event in page.events if event["method"] == "Log.entryAdded"]
    assert "Content Security Policy" in str(said)


@needs_chromium
def test_the_api_is_for_the_pages_of_the_site_only(site: Site, page: Page) -> None:
    ask = (
        f"fetch('http://{HOST}:{site.api.port}/weather', {{method: 'POST', body: '{{}}', headers: "
    )
    ask += "{'content-type': 'application/json'}}).then(() => 'answered', error => error.name)"
    with serve("uvicorn-httptools", "examples.hello:app") as other:
        page.open(f"http://{HOST}:{other.port}/")
        assert page.evaluate(ask) == "TypeError"
    assert {method for method, _, _ in requests(site.api)} == {"OPTIONS"}
