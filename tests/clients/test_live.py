"""The chat and the dashboard in a browser, before and after a restart; and the chat through Redis."""

import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests import servers
from tests.clients.chromium import CHROMIUM, Page, browse
from tests.leftovers import settled
from tests.servers import HOST, Server, _wait_until_it_accepts, free_port, serve
from tests.test_examples_live import heard, member

REDIS = shutil.which("redis-server")

needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="no chromium on the PATH")
needs_redis = pytest.mark.skipif(REDIS is None, reason="no redis-server on the PATH")

SCRIPT = "<script>document.title = 'run'</script> né à Nîmes"


@pytest.fixture
def page(tmp_path: Path) -> Generator[Page]:
    with browse(tmp_path) as page:
        yield page


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch) -> int:
    """Choose the port of every server of a test, so that one can follow another."""
    port = free_port()
    monkeypatch.setattr(servers, "free_port", lambda: port)
    return port


def join(page: Page, url: str, who: str) -> None:
    page.open(url)
    page.type("input", who)
    page.wait_for("!button.disabled && state.textContent === who")


def lines(page: Page, count: int) -> list[str]:
    """The last lines of a chat, as text, once there are so many."""
    page.wait_for(f"log.children.length >= {count}")
    found: list[str] = page.evaluate(f"[...log.children].slice(-{count}).map(l => l.textContent)")
    return found


@needs_chromium
def test_pages_chat_with_each_other_and_after_a_restart(page: Page, port: int) -> None:
    url = f"http://{HOST}:{port}/rooms/K%C3%BCche"
    with page.another() as other:
        with serve("uvicorn-httptools", "examples.chat:app") as server:
            join(page, url, "Åsa")
            join(other, url, "<b>Bob</b>")
            assert lines(page, 2) == ["Åsa joined", "<b>Bob</b> joined"]
            page.type("input", "Grüße!")
            assert lines(other, 2) == ["<b>Bob</b> joined", "ÅsaGrüße!"]
            other.type("input", SCRIPT)
            assert lines(page, 4)[2:] == ["ÅsaGrüße!", f"<b>Bob</b>{SCRIPT}"]
            assert page.evaluate("document.title") == "#Küche"
            assert page.evaluate("log.querySelectorAll('.mine').length") == 2
            assert "Traceback" not in server.log()
        page.wait_for("button.disabled")
        page.type("input", "typed too early")
        with serve("hypercorn-trio", "examples.chat:app") as server:
            for each in (page, other):
                each.wait_for("!button.disabled")
            page.evaluate("button.click()")
            other.wait_for("log.lastChild.textContent === 'Åsatyped too early'")
            assert "Traceback" not in server.log()


@needs_chromium
def test_the_dashboard_goes_on_after_a_restart(
    page: Page, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DASHBOARD_INTERVAL", "0.05")
    points = "find('polyline').points.length"
    for server_name in ("uvicorn-httptools", "hypercorn-trio"):
        with serve(server_name, "examples.dashboard:app") as server:
            if not page.evaluate("location.port"):
                page.open(f"http://{HOST}:{port}/")
            page.wait_for("find('header output').textContent.startsWith('live, process ')")
            before = page.evaluate(points)
            page.wait_for(f"{points} > {before} + 5")
            orders, process = page.evaluate(
                "[find('#orders').textContent, find('#delay').textContent]"
            )
            assert float(orders) >= 0
            page.wait_for(f"find('#orders').textContent !== '{orders}'")
            page.wait_for(f"find('#delay').textContent !== '{process}'")
            assert page.evaluate("find('#viewers').textContent") == "1"
            assert "Traceback" not in server.log()
        page.wait_for("find('header output').textContent === 'connecting again …'")


# The chat of several processes; the fake Redis of the other tests has no push messages (RESP3)


@contextmanager
def redis(port: int) -> Generator[None]:
    assert REDIS is not None
    command = [REDIS, "--bind", HOST, "--port", str(port), "--save", ""]
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(command, stdout=output, start_new_session=True)
        server = Server(port, process, output)
        try:
            _wait_until_it_accepts(server, time.monotonic() + 30)
            yield
        finally:
            server.stop()


def are_subscribed(port: int, count: int) -> bool:
    """Whether at last so many processes listen to the channel of the chat, as Redis says."""

    def missing() -> int:
        with socket.create_connection((HOST, port), timeout=10) as raw:
            raw.sendall(b"PUBSUB NUMSUB chat\r\n")
            answer = b""
            while answer.count(b"\r\n") < 4:
                answer += raw.recv(1024)
            return count - int(answer.rpartition(b":")[2])

    return settled(missing, 0) == 0


@needs_redis
def test_redis_joins_processes_whenever_it_comes_and_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    port = free_port()
    monkeypatch.setenv("REDIS_URL", f"redis://{HOST}:{port}")
    with (
        serve("uvicorn-httptools", "examples.chat:app") as left,
        serve("hypercorn-trio", "examples.chat:app") as right,
        ExitStack() as members,
    ):
        with redis(port):
            assert are_subscribed(port, 2)
            one = members.enter_context(member(left, "a"))
            two = members.enter_context(member(right, "b"))
            assert heard(one) == ("joined", "b", "")
            two.send("first")
            assert heard(one) == ("said", "b", "first")
            assert ("said", "b", "first") in iter(lambda: heard(two), None)
            for text in ("é", "x" * 16_384, "z"):
                one.send(text)
                assert heard(one) == heard(two) == ("said", "a", text)
        one.send("alone")
        assert heard(one) == ("said", "a", "alone")
        with redis(port):
            assert are_subscribed(port, 2)
            two.send("again")
            assert heard(one) == ("said", "b", "again")
            left.stop()
            # What was said while Redis was away may have waited for it.
            assert ("left", "a", "") in iter(lambda: heard(two), None)
        assert "Traceback" not in left.log() + right.log()
