"""Folders of files as an app."""

import errno
import gzip
import importlib
import os
import re
import socket
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount as StarletteMount

from framework import App, ConfigError, Request
from framework import files as files_module
from framework import staticfiles as static_module
from framework._workers import in_thread
from framework.exceptions import FrameworkError, HTTPException
from framework.staticfiles import StaticFiles
from framework.types import ASGIApp
from tests.driver import ask, exchange, http_scope
from tests.protocols import converse, start
from tests.scripted import Sent, receiving
from tests.tables.static_paths import NO_REDIRECTS, REDIRECTS, SERVED, STATIC_PATHS

LONG_AGO = 1_700_000_000
PAGE = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


def write(path: Path, content: str | bytes, when: float = LONG_AGO) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    os.utime(path, (when, when))
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty folder, which has others beside it."""
    folder = tmp_path / "static"
    folder.mkdir()
    return folder


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder that the table of paths is for."""
    around = tmp_path_factory.mktemp("tree")
    root = around / "static"
    secret = "secret"
    write(around / "secret.txt", secret)
    write(around / "static-private" / "secret.txt", secret)
    for name in ["site.css", "deep/er/file.txt", "with space.txt", "über.txt", "a+b.txt"]:
        write(root / name, name)
    for name in ["a;b.txt", "a:b.txt", "~user.txt", "%41.txt", ".well-known/security.txt"]:
        write(root / name, name)
    for name in [".env", ".git/config", "deep/.hidden", "deep/.well-known/security.txt"]:
        write(root / name, secret)
    write(root / ".well-known" / ".env", secret)
    write(root / ".well-knowns" / "security.txt", secret)
    links = {
        "inside.css": "site.css",
        "folder": "deep/er",
        "outside.txt": "../secret.txt",
        "chain.txt": "outside.txt",
        "sibling": "../static-private",
        "deep/up.txt": "../../secret.txt",
        "device": "/dev/null",
        "broken": "nowhere",
        "loop": "loop",
    }
    for name, target in links.items():
        (root / name).symlink_to(target)
    os.mkfifo(root / "pipe")
    with socket.socket(socket.AF_UNIX) as listening:
        before = Path.cwd()
        os.chdir(root)  # the name of a socket is short
        listening.bind("socket")
        os.chdir(before)
        yield root


def mounted(path: str, app: ASGIApp, *, strip: bool = False) -> App:
    outer = App()
    outer.mount(path, app, strip=strip)
    return outer


HOSTS: dict[str, tuple[str, Callable[[ASGIApp], ASGIApp]]] = {
    "bare": ("/", lambda app: app),
    "mounted": ("/static/", lambda app: mounted("/static", app)),
    "stripped": ("/static/", lambda app: mounted("/static", app, strip=True)),
    "at the root": ("/", lambda app: mounted("/", app)),
    "at the root, stripped": ("/", lambda app: mounted("/", app, strip=True)),
    "in Starlette": (
        "/static/",
        lambda app: Starlette(routes=[StarletteMount("/static", app)]),
    ),
    "in Starlette at the root": ("/", lambda app: Starlette(routes=[StarletteMount("/", app)])),
}


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize(("path", "status"), STATIC_PATHS, ids=lambda value: str(value)[:40])
async def test_a_path_leads_to_a_file_of_the_folder_or_to_nothing(
    tree: Path, host: str, path: str, status: int
) -> None:
    before, make = HOSTS[host]
    answer = await ask(make(StaticFiles(directory=tree)), path=before + path)
    assert (answer.status, answer.error) == (status, None)
    assert b"secret" not in answer.body


@pytest.mark.parametrize(("path", "status"), STATIC_PATHS, ids=lambda value: str(value)[:40])
async def test_it_leads_nowhere_else_the_second_time(tree: Path, path: str, status: int) -> None:
    app = StaticFiles(directory=tree, fixed=True)
    answers = [await ask(app, path=f"/{path}") for _ in range(2)]
    assert [answer.status for answer in answers] == [status, status]
    assert answers[0].body == answers[1].body


@pytest.mark.parametrize(("path", "status"), STATIC_PATHS, ids=lambda value: str(value)[:40])
async def test_pages_of_a_site_open_no_way_out(tree: Path, path: str, status: int) -> None:
    app = StaticFiles(directory=tree, html=True, check_dir=False, fallback="index.html")
    answer = await ask(app, path=f"/{path}", headers=PAGE)
    assert (answer.status, answer.error) == (status, None)
    assert b"secret" not in answer.body


@pytest.mark.parametrize("path", SERVED)
async def test_what_is_served_is_the_file_of_that_name(tree: Path, path: str) -> None:
    answer = await ask(StaticFiles(directory=tree), path=f"/{path}")
    assert (tree / os.fsdecode(answer.body)).read_bytes() == answer.body


@pytest.mark.parametrize("path", ["/\ud800", "/site.css\udcff", "site.css", "*"])
async def test_a_path_that_no_client_can_send_leads_nowhere(tree: Path, path: str) -> None:
    scope = {**http_scope(), "path": path, "raw_path": None}
    assert (await exchange(StaticFiles(directory=tree), scope)).status == 404


async def test_links_out_of_the_folder_are_followed_if_asked_for(tree: Path) -> None:
    app = StaticFiles(directory=tree, follow_symlink=True)
    statuses = {
        path: (await ask(app, path=path)).status
        for path in ("/outside.txt", "/chain.txt", "/sibling/secret.txt", "/inside.css", "/loop")
    }
    assert [*statuses.values()] == [200, 200, 200, 200, 404]
    assert (await ask(app, path="/device")).status == 404
    assert (await ask(app, path="/../secret.txt")).status == 404


async def test_hidden_files_are_shown_if_asked_for(tree: Path) -> None:
    app = StaticFiles(directory=tree, dotfiles=True)
    for path in ("/.env", "/.git/config", "/deep/.hidden"):
        assert (await ask(app, path=path)).text == "secret"
    for path in ("/.", "/..", "/../secret.txt", "/..."):
        assert (await ask(app, path=path)).status == 404


async def test_the_folder_itself_may_be_a_link_that_changes(tmp_path: Path) -> None:
    write(tmp_path / "1" / "a.txt", "one")
    write(tmp_path / "2" / "a.txt", "two")
    (tmp_path / "2" / "b.txt").symlink_to("a.txt")
    current = tmp_path / "current"
    current.symlink_to("1")
    app = StaticFiles(directory=current)
    assert (await ask(app, path="/a.txt")).text == "one"
    current.unlink()
    current.symlink_to("2")
    assert (await ask(app, path="/a.txt")).text == "two"
    assert (await ask(app, path="/b.txt")).text == "two"


async def test_the_folder_is_where_it_was_when_the_app_was_made(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(folder / "a.txt", "a")
    monkeypatch.chdir(folder.parent)
    app = StaticFiles(directory="static")
    monkeypatch.chdir("/")
    assert (await ask(app, path="/a.txt")).text == "a"


async def test_a_file_is_described(folder: Path) -> None:
    write(folder / "site.css", "body{}")
    answer = await ask(StaticFiles(directory=folder), path="/site.css")
    fields = dict(answer.headers)
    assert re.fullmatch('"[0-9a-f]{8,}"', fields.pop("etag"))
    assert fields == {
        "accept-ranges": "bytes",
        "cache-control": "no-cache",
        "content-length": "6",
        "content-type": "text/css; charset=utf-8",
        "last-modified": "Tue, 14 Nov 2023 22:13:20 GMT",
        "x-content-type-options": "nosniff",
    }


async def test_a_file_is_sent_as_it_is_now(folder: Path) -> None:
    path = write(folder / "a.txt", "one")
    app = StaticFiles(directory=folder)
    first = await ask(app, path="/a.txt")
    write(path, "changed", LONG_AGO + 1)
    second = await ask(app, path="/a.txt")
    path.unlink()
    assert (first.text, second.text) == ("one", "changed")
    assert first.headers["etag"] != second.headers["etag"]
    assert (await ask(app, path="/a.txt")).status == 404


@pytest.fixture
def trips(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The functions that were called in threads."""
    called: list[str] = []

    async def noting(func: Any, /, *args: Any, **kwargs: Any) -> Any:
        called.append(func.__name__)
        return await in_thread(func, *args, **kwargs)

    monkeypatch.setattr(static_module, "in_thread", noting)
    monkeypatch.setattr(files_module, "in_thread", noting)
    return called


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/site.css", {}, 200),
        ("/site.css", {"accept-encoding": "br, gzip"}, 200),
        ("/site.css", {"if-none-match": "*"}, 304),
        ("/site.css", {"if-match": '"another"'}, 412),
        ("/site.css", {"range": "bytes=1-2"}, 206),
        ("/site.css", {"range": "bytes=7-"}, 416),
        ("/folder", {}, 307),
        ("/folder/", {}, 200),
        ("/view", PAGE, 200),
        ("/missing.css", {}, 404),
        ("/../site.css", {}, 404),
    ],
)
async def test_a_request_takes_one_trip_to_a_thread(
    folder: Path, trips: list[str], path: str, headers: dict[str, str], status: int
) -> None:
    write(folder / "site.css", "body{}")
    write(folder / "site.css.gz", gzip.compress(b"body{}"))
    write(folder / "folder" / "index.html", "index")
    app = StaticFiles(directory=folder, html=True, fallback="folder/index.html")
    assert (await ask(app, path=path, headers=headers)).status == status
    assert len(trips) == 1


# What is no GET


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "QUERY", "get"])
async def test_files_can_only_be_read(tree: Path, trips: list[str], host: str, method: str) -> None:
    before, make = HOSTS[host]
    answer = await ask(make(StaticFiles(directory=tree)), method, before + "site.css")
    assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD")
    assert (answer.error, trips) == (None, [])


async def test_head_is_answered_as_get_without_a_body(tree: Path) -> None:
    app = StaticFiles(directory=tree)
    get, head = [await ask(app, method, "/site.css") for method in ("GET", "HEAD")]
    assert (head.status, head.headers, head.body) == (200, get.headers, b"")


async def test_sockets_are_refused(tree: Path) -> None:
    app = StaticFiles(directory=tree)
    for each in (app, mounted("/static", app)):
        talk = await converse(each, "/static/site.css", extensions={"websocket.http.response": {}})
        assert talk.messages[0]["status"] == 404
        talk = await converse(each, "/static/site.css")
        assert talk.types == ["close"]


async def test_there_is_no_lifespan_to_wait_for(tree: Path) -> None:
    app = StaticFiles(directory=tree)
    assert isinstance((await start(app)).error, FrameworkError)
    assert (await start(mounted("/static", app))).error is None


# Errors


async def test_the_app_around_words_the_errors(tree: Path) -> None:
    app = mounted("/static", StaticFiles(directory=tree))

    @app.exception_handler(404)
    async def missing(request: Request, error: HTTPException) -> str:
        return f"no {request.url.path}"

    @app.exception_handler(405)
    async def refused(request: Request, error: HTTPException) -> str:
        return "read only"

    answer = await ask(app, path="/static/missing.css")
    assert (answer.status, answer.text) == (404, "no /static/missing.css")
    answer = await ask(app, "POST", "/static/site.css")
    assert (answer.status, answer.text) == (405, "read only")


@pytest.mark.parametrize("host", ["bare", "in Starlette"])
async def test_elsewhere_errors_are_as_the_client_accepts(tree: Path, host: str) -> None:
    before, make = HOSTS[host]
    app = make(StaticFiles(directory=tree))
    answer = await ask(app, path=before + "missing", headers={"accept": "text/plain"})
    assert (answer.status, answer.text) == (404, "Not Found")


@pytest.mark.parametrize(
    ("number", "status"),
    [(errno.EACCES, 404), (errno.EPERM, 404), (errno.ENOENT, 404), (errno.ENFILE, None)],
)
async def test_what_nobody_may_read_is_not_there_and_trouble_is_no_404(
    tree: Path, monkeypatch: pytest.MonkeyPatch, number: int, status: int | None
) -> None:
    error = OSError(number, os.strerror(number))

    def failing(path: str) -> None:
        raise error

    monkeypatch.setattr(static_module, "open_file", failing)
    answer = await ask(StaticFiles(directory=tree), path="/site.css")
    if status is None:
        assert answer.error is error
    else:
        assert answer.status == status


async def test_a_file_is_not_opened_to_say_that_the_client_has_it(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = StaticFiles(directory=tree)
    first = await ask(app, path="/site.css")
    changed = await ask(app, path="/site.css", headers={"if-none-match": '"another"'})
    assert (changed.status, changed.headers) == (200, first.headers)

    def failing(path: str) -> None:
        raise OSError(errno.EIO, "the disk is broken")

    monkeypatch.setattr(static_module, "open_file", failing)
    for name, field in [("if-none-match", "etag"), ("if-modified-since", "last-modified")]:
        answer = await ask(app, path="/site.css", headers={name: first.headers[field]})
        assert (answer.status, answer.headers["etag"]) == (304, first.headers["etag"])
    assert isinstance((await ask(app, path="/site.css")).error, OSError)


async def test_a_client_that_has_gone_is_no_error(tree: Path) -> None:
    scope = http_scope(path="/site.css")
    for until in (0, 1):
        sent = Sent(until=until)
        await StaticFiles(directory=tree)(scope, receiving(), sent)
        assert len(sent.messages) == until


# Pages


@pytest.fixture
def site(folder: Path) -> Path:
    """A folder of pages."""
    write(folder / "index.html", "home")
    write(folder / "about.html", "about")
    write(folder / "deep" / "index.html", "deep")
    write(folder / "empty" / "file.txt", "file")
    return folder


@pytest.mark.parametrize(
    ("path", "status", "text"),
    [
        ("/", 200, "home"),
        ("/index.html", 200, "home"),
        ("/about.html", 200, "about"),
        ("/deep/", 200, "deep"),
        ("/deep/index.html", 200, "deep"),
        ("/empty", 404, ""),
        ("/empty/", 404, ""),
        ("/about.html/", 404, ""),
        ("/about", 404, ""),
    ],
)
async def test_a_folder_is_its_index(site: Path, path: str, status: int, text: str) -> None:
    answer = await ask(StaticFiles(directory=site, html=True), path=path)
    assert answer.status == status
    if text:
        assert answer.text == text
        assert answer.headers["content-type"] == "text/html; charset=utf-8"


@pytest.mark.parametrize(("root_path", "path", "location"), REDIRECTS)
async def test_a_folder_without_its_slash_is_a_redirect_to_this_origin(
    folder: Path, root_path: str, path: str, location: str
) -> None:
    for name in ["", "deep", "with space", "über", "evil.example", "\t", "a?b#c"]:
        write(folder / name / "index.html", "index")
    app = StaticFiles(directory=folder, html=True)
    answer = await ask(app, path=path, root_path=root_path)
    assert (answer.status, answer.headers["location"]) == (307, location)
    assert re.match(r"/[^/\\]", location)


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("path", NO_REDIRECTS)
async def test_nothing_else_is_redirected(folder: Path, host: str, path: str) -> None:
    for name in ["", "deep", "evil.example", "\t/evil.example"]:
        write(folder / name / "index.html", "index")
    before, make = HOSTS[host]
    app = make(StaticFiles(directory=folder, html=True))
    answer = await ask(app, path=before.rstrip("/") + path)
    if path == "/%09/evil.example":
        assert answer.headers["location"] == f"{before}%09/evil.example/"
    else:
        assert answer.status == 404


async def test_the_place_of_the_mount_is_a_folder_too(site: Path) -> None:
    app = mounted("/static", StaticFiles(directory=site, html=True, fixed=True))
    assert (await ask(app, path="/static/")).text == "home"
    assert (await ask(app, path="/static")).headers["location"] == "/static/"
    bare = StaticFiles(directory=site, html=True)
    assert (await ask(bare, path="")).text == "home"


async def test_what_is_missing_is_the_page_for_that(site: Path) -> None:
    write(site / "404.html", "nothing here")
    app = StaticFiles(directory=site, html=True, fixed=True, headers={"X-Served-By": "files"})
    for path in ("/missing", "/missing.css", "/../404.html", "/.env", "/empty/"):
        answer = await ask(app, path=path, headers={"if-none-match": "*", "range": "bytes=0-1"})
        assert (answer.status, answer.text) == (404, "nothing here")
        assert answer.headers["x-served-by"] == "files"
        assert "etag" not in answer.headers
        assert "cache-control" not in answer.headers


@pytest.mark.parametrize(
    ("path", "accept", "status"),
    [
        ("/", "text/html", 200),
        ("/users/7", "text/html,*/*;q=0.8", 200),
        ("/users/7/", "application/xhtml+xml , Text/HTML;q=0.9", 200),
        ("/users/john.doe", "text/html", 200),
        ("/users/7", "*/*", 404),
        ("/users/7", "application/json", 404),
        ("/users/7", "text/html-like", 404),
        ("/users/7", None, 404),
        ("/assets/gone.js", "text/html", 404),
        ("/old/picture.PNG", "text/html", 404),
        ("/.env", "text/html", 404),
        ("/../users", "text/html", 404),
        ("//evil.example", "text/html", 404),
    ],
)
async def test_what_a_visitor_navigates_to_is_the_page_of_the_app(
    folder: Path, path: str, accept: str | None, status: int
) -> None:
    write(folder / "app" / "page.html", "app")
    app = StaticFiles(directory=folder, fallback="app/page.html", fixed=True)
    headers = {} if accept is None else {"accept": accept}
    for method in ("HEAD", "GET"):
        answer = await ask(app, method, path, headers=headers)
        assert (answer.status, answer.headers["vary"]) == (status, "Accept")
        if status == 200:
            assert answer.headers["content-type"] == "text/html; charset=utf-8"
            assert answer.headers["cache-control"] == "no-cache"
            assert answer.text == ("app" if method == "GET" else "")


async def test_the_page_of_the_app_is_not_sent_again_if_it_is_the_same(folder: Path) -> None:
    write(folder / "index.html", "app")
    app = StaticFiles(directory=folder, fallback="index.html")
    etag = (await ask(app, path="/", headers=PAGE)).headers["etag"]
    answer = await ask(app, path="/users", headers={**PAGE, "if-none-match": etag})
    assert (answer.status, answer.headers["vary"]) == (304, "Accept")


# What was compressed in advance


@pytest.fixture
def compressed(folder: Path) -> Path:
    """A folder with a style in all forms."""
    write(folder / "site.css", "plain")
    write(folder / "site.css.br", "brotli!")
    write(folder / "site.css.zst", "zstandard")
    write(folder / "site.css.gz", "gzip")
    write(folder / "only.js", "plain")
    write(folder / "only.js.gz", "gzip")
    write(folder / "alone.txt", "plain")
    return folder


@pytest.mark.parametrize("fixed", [False, True])
@pytest.mark.parametrize(
    ("path", "accept", "coding"),
    [
        ("/site.css", "br, gzip, zstd", "br"),
        ("/site.css", "gzip, deflate, br, zstd", "br"),
        ("/site.css", "gzip, zstd", "zstd"),
        ("/site.css", "br;q=0.5, gzip;q=0.9", "gzip"),
        ("/site.css", "br;q=0, *", "zstd"),
        ("/site.css", "x-gzip", "gzip"),
        ("/site.css", "identity", None),
        ("/site.css", "gzip;q=0.5, identity", None),
        ("/site.css", "deflate", None),
        ("/site.css", "", None),
        ("/site.css", None, None),
        ("/site.css", "identity;q=0, compress", None),
        ("/only.js", "br", None),
        ("/only.js", "br, gzip;q=0.1", "gzip"),
    ],
)
async def test_the_form_is_sent_that_the_client_likes_best(
    compressed: Path, fixed: bool, path: str, accept: str | None, coding: str | None
) -> None:
    app = StaticFiles(directory=compressed, fixed=fixed)
    headers = {} if accept is None else {"accept-encoding": accept}
    texts = {None: "plain", "br": "brotli!", "zstd": "zstandard", "gzip": "gzip"}
    for _ in range(2):
        answer = await ask(app, path=path, headers=headers)
        assert answer.text == texts[coding]
        assert answer.headers.get("content-encoding") == coding
        assert answer.headers["vary"] == "Accept-Encoding"
        kinds = {
            "/site.css": "text/css; charset=utf-8",
            "/only.js": "text/javascript; charset=utf-8",
        }
        assert answer.headers["content-type"] == kinds[path]


@pytest.mark.parametrize("fixed", [False, True])
async def test_each_form_has_its_own_validator(compressed: Path, fixed: bool) -> None:
    write(compressed / "site.css.gz", "PLAIN")  # as long and as old
    app = StaticFiles(directory=compressed, fixed=fixed)
    etags: dict[str, str] = {}
    for coding in ("identity", "br", "zstd", "gzip"):
        accepts = {"accept-encoding": coding}
        etags[coding] = (await ask(app, path="/site.css", headers=accepts)).headers["etag"]
        answer = await ask(
            app, path="/site.css", headers={**accepts, "if-none-match": etags[coding]}
        )
        assert (answer.status, answer.headers["vary"]) == (304, "Accept-Encoding")
        assert answer.headers["etag"] == etags[coding]
        assert "content-encoding" not in answer.headers
    assert len(set(etags.values())) == 4


@pytest.mark.parametrize("fixed", [False, True])
async def test_a_part_is_one_of_the_form_that_is_chosen(compressed: Path, fixed: bool) -> None:
    app = StaticFiles(directory=compressed, fixed=fixed)
    headers = {"accept-encoding": "br", "range": "bytes=0-1"}
    for _ in range(2):
        answer = await ask(app, path="/site.css", headers=headers)
        assert (answer.status, answer.text) == (206, "br")
        assert answer.headers["content-range"] == "bytes 0-1/7"
        assert answer.headers["content-encoding"] == "br"
        assert answer.headers["vary"] == "Accept-Encoding"


async def test_what_is_asked_for_by_its_own_name_is_a_file_like_others(compressed: Path) -> None:
    app = StaticFiles(directory=compressed)
    answer = await ask(app, path="/site.css.gz", headers={"accept-encoding": "gzip"})
    assert (answer.text, answer.headers["content-type"]) == ("gzip", "application/gzip")
    assert "content-encoding" not in answer.headers
    assert "vary" not in answer.headers
    answer = await ask(app, path="/alone.txt", headers={"accept-encoding": "gzip"})
    assert "vary" not in answer.headers


async def test_pages_are_sent_compressed_too(site: Path) -> None:
    write(site / "index.html.gz", "gzip")
    write(site / "404.html", "missing")
    write(site / "404.html.gz", "gzip 404")
    app = StaticFiles(directory=site, html=True, fallback="index.html")
    answer = await ask(app, path="/", headers={"accept-encoding": "gzip"})
    assert (answer.text, answer.headers["content-encoding"]) == ("gzip", "gzip")
    answer = await ask(app, path="/missing", headers={"accept-encoding": "gzip"})
    assert (answer.status, answer.text) == (404, "gzip 404")
    # Who accepts pages gets the fallback, as below.
    assert answer.headers.getlist("vary") == ["Accept", "Accept-Encoding"]
    answer = await ask(app, path="/view", headers={**PAGE, "accept-encoding": "gzip"})
    assert (answer.status, answer.text) == (200, "gzip")
    assert answer.headers.getlist("vary") == ["Accept", "Accept-Encoding"]


# Caching, and other fields


@pytest.mark.parametrize(
    ("options", "path", "expected"),
    [
        ({}, "/site.css", "no-cache"),
        ({"cache_control": "public, max-age=60"}, "/site.css", "public, max-age=60"),
        ({"cache_control": None}, "/site.css", None),
        ({"headers": {"Cache-Control": "private"}}, "/site.css", "private"),
        ({"immutable": "^assets/"}, "/assets/app.js", static_module.UNCHANGING),
        ({"immutable": re.compile("^assets/")}, "/assets/app.js", static_module.UNCHANGING),
        ({"immutable": "^assets/"}, "/site.css", "no-cache"),
        (
            {"immutable": r"\.[0-9a-f]{8}\.", "cache_control": None},
            "/app.0123abcd.js",
            static_module.UNCHANGING,
        ),
        ({"immutable": "", "headers": {"cache-control": "private"}}, "/site.css", "private"),
    ],
)
async def test_a_file_says_how_long_it_may_be_kept(
    folder: Path, options: dict[str, Any], path: str, expected: str | None
) -> None:
    for name in ["site.css", "assets/app.js", "app.0123abcd.js"]:
        write(folder / name, "content")
    app = StaticFiles(directory=folder, **options)
    answer = await ask(app, path=path)
    assert answer.headers.get("cache-control") == expected
    headers = {"if-none-match": answer.headers["etag"]}
    answer = await ask(app, path=path, headers=headers)
    assert (answer.status, answer.headers.get("cache-control")) == (304, expected)
    assert "cache-control" not in (await ask(app, path="/assets/gone.js")).headers


async def test_fields_are_added_to_every_file(folder: Path) -> None:
    write(folder / "a.txt", "a")
    headers = {"Access-Control-Allow-Origin": "*", "Vary": "X-Theme"}
    app = StaticFiles(directory=folder, headers=headers)
    answer = await ask(app, path="/a.txt")
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["vary"] == "X-Theme"


# Files that do not change


async def test_files_that_do_not_change_take_no_trip_to_a_thread(
    compressed: Path, trips: list[str]
) -> None:
    app = mounted("/static", StaticFiles(directory=compressed, fixed=True))
    first = await ask(app, path="/static/site.css", headers={"accept-encoding": "br"})
    assert len(trips) == 1
    second = await ask(app, path="/static/site.css", headers={"accept-encoding": "br"})
    assert (second.status, second.headers, second.body) == (200, first.headers, first.body)
    plain = await ask(app, path="/static/site.css")
    assert plain.text == "plain"
    head = await ask(app, "HEAD", "/static/site.css")
    assert (head.headers, head.body) == (plain.headers, b"")
    for field in ({"if-none-match": plain.headers["etag"]}, {"if-none-match": "*"}):
        answer = await ask(app, path="/static/site.css", headers=field)
        assert (answer.status, answer.headers["etag"]) == (304, plain.headers["etag"])
        assert "content-length" not in answer.headers
    assert len(trips) == 1
    write(compressed / "site.css", "changed")
    assert (await ask(app, path="/static/site.css")).text == "plain"


async def test_what_comes_later_is_found_also_where_files_do_not_change(folder: Path) -> None:
    app = StaticFiles(directory=folder, fixed=True)
    assert (await ask(app, path="/a.txt")).status == 404
    write(folder / "a.txt", "a")
    assert (await ask(app, path="/a.txt")).text == "a"


async def test_middleware_that_changes_an_answer_does_not_change_the_next(folder: Path) -> None:
    write(folder / "a.txt", "a")
    app = StaticFiles(directory=folder, fixed=True)
    for _ in range(3):
        answer = await ask(app, path="/a.txt")
        assert len(answer.headers.getlist("etag")) == 1
        answer.messages[0]["headers"].append((b"etag", b'"another"'))


@pytest.mark.parametrize("extensions", [{}, {"http.response.pathsend": {}}])
async def test_large_files_are_read_from_the_disk_each_time(
    folder: Path, trips: list[str], extensions: dict[str, Any]
) -> None:
    content = b"x" * (files_module.PIECE + 1)
    write(folder / "large.bin", content)
    app = StaticFiles(directory=folder, fixed=True)
    await ask(app, path="/large.bin", extensions=extensions)
    trips.clear()
    answer = await ask(app, path="/large.bin", extensions=extensions)
    assert (answer.body, trips[0]) == (content, "_fetch")
    trips.clear()
    etag = {"if-none-match": answer.headers["etag"]}
    assert (await ask(app, path="/large.bin", headers=etag)).status == 304
    assert (await ask(app, "HEAD", "/large.bin")).headers["content-length"] == str(len(content))
    assert trips == []


# Packages, and what cannot work


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of an installed package with files."""
    write(tmp_path / "shop_of_tests" / "__init__.py", "")
    write(tmp_path / "shop_of_tests" / "statics" / "shop.css", "shop")
    write(tmp_path / "shop_of_tests" / "statics" / "both.css", "of the package")
    write(tmp_path / "shop_of_tests" / "docs" / "shop.html", "docs")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    importlib.invalidate_caches()
    return "shop_of_tests"


async def test_files_of_packages_are_served_after_those_of_the_directory(
    folder: Path, package: str
) -> None:
    write(folder / "both.css", "of the directory")
    app = StaticFiles(directory=folder, packages=[package, (package, "docs")])
    assert (await ask(app, path="/shop.css")).text == "shop"
    assert (await ask(app, path="/shop.html")).text == "docs"
    assert (await ask(app, path="/both.css")).text == "of the directory"
    assert (await ask(app, path="/__init__.py")).status == 404
    assert (await ask(app, path="/../__init__.py")).status == 404
    assert package not in sys.modules


OPTIONS: list[tuple[Mapping[str, Any], str]] = [
    ({}, "give it a directory="),
    ({"directory": "no-such"}, "does not exist"),
    ({"directory": "file"}, "does not exist"),
    ({"packages": "shop_of_tests"}, "give a list of packages"),
    ({"packages": ["no_such_package"]}, "no installed package 'no_such_package'"),
    ({"packages": ["no_such.package"]}, "no installed package 'no_such.package'"),
    ({"packages": [""]}, "no installed package ''"),
    ({"packages": ["this"]}, "no installed package 'this'"),
    ({"packages": [("shop_of_tests", "nowhere")]}, "folder 'nowhere'"),
    ({"directory": ".", "fallback": "missing.html"}, "no such file"),
    ({"directory": ".", "fallback": "/file"}, "no such file"),
    ({"directory": ".", "fallback": "../file"}, "no such file"),
    ({"directory": ".", "cache_control": "a\nb"}, "header field"),
    ({"directory": ".", "headers": {"a b": "c"}}, "header field"),
    ({"directory": ".", "immutable": "("}, "unterminated"),
]


@pytest.mark.parametrize(("options", "message"), OPTIONS)
def test_what_cannot_work_is_said_at_once(
    tmp_path: Path,
    package: str,
    monkeypatch: pytest.MonkeyPatch,
    options: Mapping[str, Any],
    message: str,
) -> None:
    write(tmp_path / "file", "")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match=re.escape(message)):
        StaticFiles(**options)


async def test_a_directory_may_come_later(tmp_path: Path) -> None:
    app = StaticFiles(directory=tmp_path / "later", fallback="index.html", check_dir=False)
    assert (await ask(app, path="/", headers=PAGE)).status == 404
    write(tmp_path / "later" / "index.html", "here")
    assert (await ask(app, path="/", headers=PAGE)).text == "here"
