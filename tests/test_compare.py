"""The table of docs/compare.md is what we answer, and each probe of it can fail."""

import importlib
import logging
import re
import runpy
import sys
import threading
from collections.abc import Iterator
from functools import partial
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

import anyio
import pytest

from framework.types import ASGIApp, Message, Receive, Scope, Send
from tests import compare
from tests.benchmarks.apps.compared import ours
from tests.compare import FRAMEWORKS, PAGE, PROBES, YES, closing, column, read, talk, written
from tests.driver import http_scope
from tests.pages import fences

SAID = read(PAGE.read_text())


def test_the_commands_of_compare_md_are_there() -> None:
    [commands] = [each.text for each in fences(PAGE.read_text()) if each.language == "sh"]
    modules = re.findall(r"^python -m (\S+)", commands, re.MULTILINE)
    assert modules == ["tests.compare", "tests.benchmarks", "tests.benchmarks.page"]
    assert all(map(find_spec, modules))


@pytest.fixture
def unheard() -> Iterator[None]:
    """Log nothing of what is provoked; the command does the same, for good."""
    yield
    logging.disable(logging.NOTSET)


def version_of(distribution: str) -> str:
    """The version of what may not be installed."""
    return f"1.{len(distribution)}"


def test_we_do_what_the_page_says() -> None:
    assert anyio.run(column, "ours") == SAID["ours"]
    assert {*SAID["ours"].values()} == {YES}


def test_the_page_has_a_column_for_each() -> None:
    assert [*SAID] == [*FRAMEWORKS]
    assert all(all(each.values()) for each in SAID.values())


def answering(path: str, ranges: bool) -> bytes:
    """What is wrong on each path."""
    if path == "/thread":
        return str(threading.get_ident()).encode()
    return b'"a": a secret' * (10_000 if ranges else 1)


async def wrong(scope: Scope, receive: Receive, send: Send) -> None:
    """Accept whatever comes, and answer it wrongly."""
    start: Message = {"type": "websocket.accept"}
    content: list[Message] = []
    if scope["type"] == "http":
        ranges = any(name == b"range" for name, _ in scope["headers"])
        fields = [(b"x-told", b"a\r\nb")]
        start = {"type": "http.response.start", "status": 200, "headers": fields}
        body = answering(scope["path"], ranges)
        content = [{"type": "http.response.body", "body": body}]
    for message in [start, *content]:
        await send(message)


@pytest.mark.parametrize("title", PROBES)
async def test_a_probe_finds_what_is_wrong(title: str) -> None:
    assert await PROBES[title](wrong) != YES


async def absent(status: int, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer everything alike, without content."""
    await send({"type": "http.response.start", "status": status, "headers": []})
    await send({"type": "http.response.body"})


@pytest.mark.parametrize(
    ("status", "title", "cell"),
    [
        (405, "HEAD where there is GET, without content", "405"),
        (404, "`%2F` is part of a segment: `/names/a%2Fb`", "404"),
        (404, "the lifespan of a mounted app runs", "mounts nothing"),
        (404, "405 with every method of the path in Allow", "404"),
    ],
)
async def test_a_cell_says_what_happened(status: int, title: str, cell: str) -> None:
    app: ASGIApp = partial(absent, status)
    assert await PROBES[title](app) == cell


async def test_what_goes_on_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    async def waits(scope: Scope, receive: Receive, send: Send) -> None:
        await anyio.sleep_forever()

    monkeypatch.setattr(compare, "PATIENCE", 0.05)
    assert (await talk(waits, http_scope(), [])).told == "hangs"
    assert await closing(waits, [], "2.3") == "waits on"


async def test_an_error_without_an_answer_is_a_500() -> None:
    async def fails(scope: Scope, receive: Receive, send: Send) -> None:
        raise LookupError

    said = await talk(fails, http_scope(), [])
    assert isinstance(said.error, LookupError)
    assert (said.told, said.headers.raw) == ("500", [])


def test_a_table_that_was_written_is_read_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compare, "version", version_of)
    page = written(PAGE.read_text(), SAID)
    assert read(page) == SAID
    assert written(page, SAID) == page


@pytest.mark.usefixtures("unheard")
def test_the_command_asks_all_and_writes_the_page(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def import_module(name: str) -> ModuleType:
        return ours

    page = tmp_path / "compare.md"
    page.write_text(f"before\n{compare.BEGIN}{compare.END}after\n")
    monkeypatch.setattr(sys, "argv", ["compare", str(page)])
    monkeypatch.setattr(importlib, "import_module", import_module)
    monkeypatch.setattr(metadata, "version", version_of)
    monkeypatch.delitem(sys.modules, "tests.compare")
    runpy.run_module("tests.compare", run_name="__main__")
    assert read(page.read_text()) == dict.fromkeys(SAID, SAID["ours"])
    assert page.read_text().startswith("before\n")
    assert page.read_text().endswith("after\n")
