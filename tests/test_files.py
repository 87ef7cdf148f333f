"""Files as responses."""

import os
import re
import socket
from collections.abc import Callable
from email import message_from_bytes
from pathlib import Path
from typing import Any, BinaryIO

import anyio
import anyio.lowlevel
import pytest

from framework import App, FileResponse, Request, Response, Router
from framework import files as files_module
from framework._workers import in_thread
from framework.files import PIECE, OpenFile, open_file
from framework.types import Message
from tests.driver import Answer, ask, exchange, http_scope
from tests.protocols import websocket_scope
from tests.scripted import DISCONNECT, Sent, receiving
from tests.tables.preconditions import (
    IF_RANGES,
    MODIFIED,
    PRECONDITIONS,
    SECONDS,
    STATES,
)
from tests.tables.ranges import RANGES, in_short

PATHSEND: dict[str, Any] = {"http.response.pathsend": {}}
ZEROCOPYSEND: dict[str, Any] = {"http.response.zerocopysend": {}}
BOTH = PATHSEND | ZEROCOPYSEND
WAYS: list[dict[str, Any] | None] = [None, {}, PATHSEND, ZEROCOPYSEND, BOTH]

SIZES = [0, 1, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE, 2 * PIECE + 7]


def pattern(size: int) -> bytes:
    return bytes(range(251)) * (size // 251 + 1)


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., Path]:
    """Make a file of a size, with a name."""

    def write(size: int, name: str = "file.txt") -> Path:
        path = tmp_path / name
        path.write_bytes(pattern(size)[:size])
        os.utime(path, (SECONDS, SECONDS))
        return path

    return write


@pytest.fixture(autouse=True)
def opened(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Every file that was opened to be sent; at the end of the test each must be closed."""
    files: list[BinaryIO] = []

    def noting(path: str) -> OpenFile:
        opened = open_file(path)
        files.append(opened.file)
        return opened

    monkeypatch.setattr(files_module, "open_file", noting)
    yield files
    assert all(file.closed for file in files)


async def answered(response: Response, method: str = "GET", **changes: Any) -> Answer:
    answer = await exchange(response, http_scope(method, **changes))
    assert answer.error is None
    return answer


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("extensions", WAYS)
async def test_a_file_arrives_whole(
    make: Callable[..., Path], size: int, extensions: dict[str, Any] | None
) -> None:
    answer = await answered(FileResponse(make(size)), extensions=extensions)
    assert answer.status == 200
    assert answer.headers["content-length"] == str(size)
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.body == pattern(size)[:size]


@pytest.mark.parametrize(
    ("extensions", "kinds"),
    [
        (PATHSEND, ["http.response.pathsend"]),
        (ZEROCOPYSEND, ["http.response.zerocopysend"]),
        (BOTH, ["http.response.pathsend"]),
        ({}, []),
        (None, []),
    ],
)
async def test_a_server_that_sends_files_itself_is_told_which(
    make: Callable[..., Path], extensions: dict[str, Any] | None, kinds: list[str]
) -> None:
    answer = await answered(FileResponse(make(10)), extensions=extensions)
    assert [message["type"] for message in answer.extras] == kinds


async def test_a_server_is_told_the_absolute_path(
    make: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = make(3)
    monkeypatch.chdir(path.parent)
    answer = await answered(FileResponse("file.txt"), extensions=PATHSEND)
    assert answer.extras == [{"type": "http.response.pathsend", "path": str(path)}]


async def test_a_server_gets_a_file_that_is_open(
    make: Callable[..., Path], opened: list[BinaryIO]
) -> None:
    answer = await answered(FileResponse(make(3)), extensions=ZEROCOPYSEND)
    assert answer.extras == [
        {
            "type": "http.response.zerocopysend",
            "file": opened[0],
            "offset": 0,
            "count": 3,
            "more_body": False,
        }
    ]


async def test_a_large_file_is_sent_in_pieces(make: Callable[..., Path]) -> None:
    answer = await answered(FileResponse(make(2 * PIECE + 7)))
    assert [len(chunk) for chunk in answer.chunks] == [PIECE, PIECE, 7]


@pytest.mark.parametrize("extensions", WAYS)
async def test_a_head_request_gets_the_length_and_nothing_else(
    make: Callable[..., Path], extensions: dict[str, Any] | None
) -> None:
    answer = await answered(FileResponse(make(7)), "HEAD", extensions=extensions)
    assert answer.headers["content-length"] == "7"
    assert (answer.chunks, answer.extras) == ([b""], [])


async def test_a_status_without_content_sends_no_file(make: Callable[..., Path]) -> None:
    answer = await answered(FileResponse(make(7), 304), extensions=BOTH)
    assert (answer.status, answer.chunks, answer.extras) == (304, [b""], [])
    assert answer.headers.multi_items() == [("x-content-type-options", "nosniff")]


@pytest.mark.parametrize(
    ("name", "options", "fields"),
    [
        ("a.css", {}, {"content-type": "text/css; charset=utf-8"}),
        ("a.PNG", {}, {"content-type": "image/png"}),
        ("a.unknown", {}, {"content-type": "application/octet-stream"}),
        ("a.css", {"media_type": "text/x"}, {"content-type": "text/x; charset=utf-8"}),
        ("a.css", {"headers": {"Content-Type": "x/y"}}, {"content-type": "x/y"}),
        (
            "stored",
            {"filename": "Bericht.pdf"},
            {
                "content-type": "application/pdf",
                "content-disposition": 'attachment; filename="Bericht.pdf"',
            },
        ),
        (
            "stored",
            {"filename": "ü.png", "content_disposition_type": "inline"},
            {
                "content-type": "image/png",
                "content-disposition": "inline; filename=\"_.png\"; filename*=UTF-8''%C3%BC.png",
            },
        ),
        (
            "a.txt",
            {"filename": "b", "headers": {"content-disposition": "inline", "x-a": "b"}},
            {
                "content-type": "application/octet-stream",
                "content-disposition": "inline",
                "x-a": "b",
            },
        ),
        (
            "a.css",
            {"headers": {"content-length": "99", "x-content-type-options": "none"}},
            {"content-type": "text/css; charset=utf-8", "x-content-type-options": "none"},
        ),
    ],
)
async def test_the_header_says_what_the_file_is(
    make: Callable[..., Path], name: str, options: dict[str, Any], fields: dict[str, str]
) -> None:
    answer = await answered(FileResponse(make(4, name), 203, **options))
    always = {"content-length": "4", "x-content-type-options": "nosniff"}
    assert dict(answer.headers) == always | fields


def test_a_file_is_an_attachment_or_inline() -> None:
    wrong: Any = "form-data"
    with pytest.raises(ValueError, match="'attachment' or 'inline', not 'form-data'"):
        FileResponse("x", content_disposition_type=wrong)


def no_file(tmp_path: Path, kind: str) -> Path:
    """A path at which there is no file to be sent."""
    path = tmp_path / kind
    match kind:
        case "folder":
            path.mkdir()
        case "pipe":
            os.mkfifo(path)  # opening it would wait for somebody who writes
        case "socket":
            with socket.socket(socket.AF_UNIX) as listener:
                listener.bind(str(path))
        case "device":
            return Path("/dev/null")
        case "loop":
            path.symlink_to(path)
        case "file as folder":
            path.touch()
            return path / "within"
        case _:
            pass
    names = {"nul": "a\0b", "surrogate": "\ud800", "long": "a" * 300}
    return tmp_path / names.get(kind, kind)


NO_FILES = [
    "missing",
    "folder",
    "pipe",
    "socket",
    "device",
    "loop",
    "file as folder",
    "nul",
    "surrogate",
    "long",
]


@pytest.mark.parametrize("kind", NO_FILES)
@pytest.mark.parametrize("extensions", WAYS)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_what_is_no_file_is_an_error_before_anything_is_sent(
    tmp_path: Path, kind: str, extensions: dict[str, Any] | None, method: str
) -> None:
    path = no_file(tmp_path, kind)
    answer = await exchange(FileResponse(path), http_scope(method, extensions=extensions))
    assert type(answer.error) is FileNotFoundError
    assert answer.error.filename == str(path)
    assert (answer.messages, answer.extras) == ([], [])


async def test_a_file_that_must_not_be_read_is_the_error_of_the_system(
    make: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: str, flags: int) -> int:
        raise PermissionError(13, "no", path)

    monkeypatch.setattr(files_module, "_open_at_once", refuse)
    answer = await exchange(FileResponse(make(1)), http_scope())
    assert type(answer.error) is PermissionError


async def test_a_missing_file_is_answered_by_the_handler_of_its_error(tmp_path: Path) -> None:
    router = Router()

    @router.get("/")
    async def download() -> FileResponse:
        return FileResponse(tmp_path / "missing")

    answer = await ask(App(routes=[router]))
    assert (answer.status, type(answer.error)) == (500, FileNotFoundError)
    assert str(tmp_path) not in answer.text

    app = App(routes=[router])

    @app.exception_handler(FileNotFoundError)
    async def not_found(request: Request, error: FileNotFoundError) -> Response:
        return Response("no such file", 404)

    answer = await ask(app)
    assert (answer.status, answer.text, answer.error) == (404, "no such file", None)


async def test_a_handler_sends_a_file_and_then_its_background_task(
    make: Callable[..., Path],
) -> None:
    path = make(300_000)
    done: list[bool] = []

    async def after() -> None:
        done.append(path.exists())

    app = App()

    @app.get("/")
    async def download() -> FileResponse:
        return FileResponse(path, background=after)

    for method in ("GET", "HEAD"):
        answer = await ask(app, method)
        assert answer.headers["content-length"] == "300000"
    assert done == [True, True]


class Shrinking(Sent):
    """A client during whose download the file is cut short."""

    __slots__ = ("path", "size")

    def __init__(self, path: Path, size: int) -> None:
        super().__init__()
        self.path = path
        self.size = size

    async def __call__(self, message: Message) -> None:
        await super().__call__(message)
        os.truncate(self.path, self.size)


@pytest.mark.parametrize(
    ("size", "becomes", "pieces"),
    [
        (2 * PIECE + 7, PIECE + 1, 1),  # in the second piece
        (2 * PIECE + 7, 2 * PIECE + 6, 2),  # in the last one
    ],
)
async def test_a_file_that_becomes_shorter_is_not_passed_off_as_whole(
    make: Callable[..., Path], size: int, becomes: int, pieces: int
) -> None:
    path = make(size)
    sent = Shrinking(path, becomes)
    with pytest.raises(RuntimeError, match=r"file\.txt became shorter while"):
        await FileResponse(path)(http_scope(), receiving(), sent)
    assert all(message["more_body"] for message in sent.messages[1:])
    assert len(sent.messages) == 1 + pieces


async def test_a_file_that_becomes_shorter_before_it_is_sent_is_an_error_in_time(
    make: Callable[..., Path],
) -> None:
    path = make(10)
    opened = files_module.open_file(str(path))
    os.truncate(path, 9)
    with pytest.raises(RuntimeError, match="became shorter"):
        FileResponse(path)._prepare(opened, http_scope())


async def test_of_a_file_that_becomes_longer_no_more_is_sent_than_was_said(
    make: Callable[..., Path],
) -> None:
    path = make(2 * PIECE)
    sent = Shrinking(path, 3 * PIECE)
    await FileResponse(path)(http_scope(), receiving(), sent)
    assert len(sent.content) == 2 * PIECE


async def test_a_file_is_closed_when_the_client_goes(
    make: Callable[..., Path], opened: list[BinaryIO]
) -> None:
    class Slow(Sent):
        __slots__ = ()

        async def __call__(self, message: Message) -> None:
            await super().__call__(message)
            if message["type"] == "http.response.body":
                begun.set()
                await anyio.sleep_forever()

    async def receive() -> Message:
        await begun.wait()
        return DISCONNECT

    begun = anyio.Event()
    sent = Slow()
    with anyio.fail_after(10):
        await FileResponse(make(3 * PIECE))(http_scope(), receive, sent)
    assert sent.types == ["http.response.start", "http.response.body"]
    assert [file.closed for file in opened] == [True]


@pytest.mark.parametrize("until", [0, 1, 2, 3])
@pytest.mark.parametrize("extensions", [None, PATHSEND, ZEROCOPYSEND])
async def test_a_client_that_sending_fails_for_is_let_go(
    make: Callable[..., Path], until: int, extensions: dict[str, Any] | None
) -> None:
    sent = Sent(until=until)
    done: list[int] = []

    async def after() -> None:
        done.append(until)

    response = FileResponse(make(2 * PIECE + 1), background=after)
    await response(http_scope(extensions=extensions), receiving(), sent)
    assert done == [until]


async def test_an_error_after_the_start_is_raised_as_it_is(make: Callable[..., Path]) -> None:
    path = make(PIECE + 10)
    app = App()

    @app.get("/")
    async def download() -> FileResponse:
        return FileResponse(path)

    @app.exception_handler(RuntimeError)
    async def late(request: Request, error: RuntimeError) -> None: ...

    sent = Shrinking(path, 1)
    with pytest.raises(RuntimeError, match="became shorter"):
        await app(http_scope(), receiving(), sent)
    assert sent.types == ["http.response.start", "http.response.body"]


async def test_a_file_denies_a_websocket(make: Callable[..., Path]) -> None:
    scope = websocket_scope(extensions={"websocket.http.response": {}, **BOTH})
    sent = Sent()
    await FileResponse(make(300_000), 403)(scope, receiving(), sent)
    assert set(sent.types) == {"websocket.http.response.start", "websocket.http.response.body"}
    assert sent.content == pattern(300_000)[:300_000]


# Trips to threads


@pytest.mark.parametrize(
    ("size", "method", "fields", "extensions", "trips"),
    [
        (10, "GET", {}, {}, 1),
        (PIECE, "GET", {}, {}, 1),
        (2 * PIECE + 1, "GET", {}, {}, 3),
        (2 * PIECE, "HEAD", {}, {}, 1),
        (2 * PIECE, "GET", {}, PATHSEND, 1),
        (2 * PIECE, "GET", {}, ZEROCOPYSEND, 1),
        (2 * PIECE, "GET", {"if-none-match": "*"}, {}, 1),
        (2 * PIECE, "GET", {"if-match": '"x"'}, {}, 1),
        (2 * PIECE, "GET", {"range": f"bytes={PIECE}-"}, {}, 1),
        (2 * PIECE, "GET", {"range": f"bytes={2 * PIECE}-"}, {}, 1),
        (2 * PIECE, "GET", {"range": "bytes=" + ",".join(f"{n}-{n}" for n in range(0, 200, 2))}, {}, 1),
    ],
)  # fmt: skip
async def test_one_trip_to_a_thread_is_enough_for_a_piece(
    make: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
    size: int,
    method: str,
    fields: dict[str, str],
    extensions: dict[str, Any],
    trips: int,
) -> None:
    made: list[object] = []

    async def counting(function: Callable[..., Any], *args: Any) -> Any:
        made.append(function)
        return await in_thread(function, *args)

    monkeypatch.setattr(files_module, "in_thread", counting)
    await answered(FileResponse(make(size)), method, headers=fields, extensions=extensions)
    assert len(made) == trips


@pytest.mark.parametrize(
    ("method", "fields", "extensions"),
    [
        ("HEAD", {}, {}),
        ("GET", {"if-none-match": "*"}, {}),
        ("GET", {"if-match": '"x"'}, {}),
        ("GET", {"range": "bytes=10-"}, {}),
        ("GET", {}, PATHSEND),
        ("GET", {"range": "bytes=1-2"}, ZEROCOPYSEND),
    ],
)
async def test_a_file_is_not_read_for_nothing(
    make: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
    method: str,
    fields: dict[str, str],
    extensions: dict[str, Any],
) -> None:
    monkeypatch.delattr(files_module, "_pieces")
    await answered(FileResponse(make(10)), method, headers=fields, extensions=extensions)


@pytest.mark.parametrize("extensions", [{}, PATHSEND])
async def test_a_small_file_is_closed_before_it_is_sent(
    make: Callable[..., Path], opened: list[BinaryIO], extensions: dict[str, Any]
) -> None:
    class Looking(Sent):
        __slots__ = ()

        async def __call__(self, message: Message) -> None:
            assert [file.closed for file in opened] == [True]
            await super().__call__(message)

    sent = Looking()
    await FileResponse(make(9))(http_scope(extensions=extensions), receiving(), sent)
    assert len(sent.messages) == 2


async def test_a_response_may_be_sent_to_several_at_a_time(make: Callable[..., Path]) -> None:
    response = FileResponse(make(2 * PIECE + 1))
    fields: list[dict[str, str]] = [{}, {"range": "bytes=1-4"}, {"if-none-match": "*"}, {}]
    answers: dict[int, Answer] = {}

    async def get(number: int) -> None:
        answers[number] = await answered(response, headers=fields[number])

    async with anyio.create_task_group() as group:
        for number in range(4):
            group.start_soon(get, number)
    assert [answers[number].status for number in range(4)] == [200, 206, 304, 200]
    assert [len(answers[number].body) for number in range(4)] == [
        2 * PIECE + 1,
        4,
        0,
        2 * PIECE + 1,
    ]


# Conditional requests


def served(path: Path, **options: Any) -> App:
    """An app that sends a file."""
    app = App()

    @app.get("/")
    async def download() -> FileResponse:
        return FileResponse(path, **options)

    return app


READING = [
    row for row in PRECONDITIONS if row[0] in ("strong", "weak") and row[1] in ("GET", "HEAD")
]


@pytest.mark.parametrize(("state", "method", "fields", "status", "why"), READING)
async def test_a_file_is_sent_unless_a_precondition_is_against_it(
    make: Callable[..., Path],
    state: str,
    method: str,
    fields: list[tuple[str, str]],
    status: int | None,
    why: str,
) -> None:
    given = {"etag": STATES[state].etag, "last-modified": MODIFIED}
    answer = await exchange(served(make(9), headers=given), http_scope(method, headers=fields))
    assert answer.status == (status or 200), why
    assert answer.body == (pattern(9)[:9] if status is None and method == "GET" else b"")


@pytest.mark.parametrize(("state", "now", "fields", "holds", "why"), IF_RANGES)
async def test_a_part_is_sent_only_of_what_the_client_has_the_rest_of(
    make: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
    state: str,
    now: float,
    fields: list[tuple[str, str]],
    holds: bool,
    why: str,
) -> None:
    etag, last_modified, _ = STATES[state]
    given = {"etag": etag or "none", "last-modified": MODIFIED if last_modified else "never"}
    monkeypatch.setattr(files_module, "time", lambda: now)
    answer = await answered(
        FileResponse(make(9), headers=given), headers=[("range", "bytes=1-2"), *fields]
    )
    assert answer.status == (206 if holds else 200), why
    assert len(answer.body) == (2 if holds else 9)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_a_file_has_validators_by_which_it_is_asked_for_again(
    make: Callable[..., Path], method: str
) -> None:
    path = make(9)
    first = await answered(FileResponse(path), method)
    assert first.headers["last-modified"] == MODIFIED
    assert re.fullmatch('"[0-9a-f]{24}"', first.headers["etag"])
    assert first.headers["accept-ranges"] == "bytes"
    for fields in (
        {"if-none-match": first.headers["etag"]},
        {"if-modified-since": first.headers["last-modified"]},
    ):
        again = await answered(FileResponse(path), method, headers=fields)
        assert (again.status, again.body) == (304, b"")
    for fields in (
        {"range": "bytes=1-2", "if-range": first.headers["etag"]},
        {"range": "bytes=1-2", "if-range": first.headers["last-modified"]},
    ):
        part = await answered(FileResponse(path), headers=fields)
        assert (part.status, part.body) == (206, pattern(9)[1:3])
        assert part.headers["etag"] == first.headers["etag"]


async def etag_of(path: Path, **options: Any) -> str:
    return (await answered(FileResponse(path, **options))).headers["etag"]


async def test_a_file_that_was_changed_has_another_etag(make: Callable[..., Path]) -> None:
    path = make(9)
    first = await etag_of(path)
    assert await etag_of(path) == first
    assert await etag_of(make(9, "copy.txt")) == first, "the same on each machine that has it"
    os.utime(path, ns=(0, SECONDS * 10**9 + 1))
    later = await etag_of(path)
    assert await etag_of(make(10)) not in (first, later)
    assert first != later
    coded = await etag_of(make(9), headers={"content-encoding": "br"})
    assert coded not in (first, await etag_of(make(9), headers={"content-encoding": "gzip"}))


@pytest.mark.parametrize(
    ("modified", "now", "says"),
    [
        (SECONDS + 0.9, SECONDS + 5, MODIFIED),
        (SECONDS + 99, SECONDS + 0.5, MODIFIED),  # RFC 9110 section 8.8.2.1: not after the Date
        (2**40, SECONDS, MODIFIED),
        (-5, SECONDS, "Thu, 01 Jan 1970 00:00:00 GMT"),
    ],
)
async def test_a_file_was_modified_at_a_moment_that_can_be_said(
    make: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
    modified: float,
    now: float,
    says: str,
) -> None:
    path = make(9)
    os.utime(path, (modified, modified))
    monkeypatch.setattr(files_module, "time", lambda: now)
    assert (await answered(FileResponse(path))).headers["last-modified"] == says


FIELDS = {
    "cache-control": "max-age=60",
    "content-disposition": "inline",
    "content-encoding": "br",
    "content-language": "de",
    "content-location": "/other",
    "content-security-policy": "default-src 'self'",
    "etag": '"v1"',
    "expires": "0",
    "last-modified": MODIFIED,
    "set-cookie": "a=b",
    "vary": "Accept-Encoding",
}
ALWAYS = {"x-content-type-options": "nosniff"}
CONTENT = {"content-disposition", "content-encoding", "content-language", "last-modified"}
CACHING = {"cache-control", "expires"}


@pytest.mark.parametrize(
    ("fields", "status", "changed"),
    [
        ({}, 200, {"content-type": "text/x", "accept-ranges": "bytes", "content-length": "9"}),
        (
            {"range": "bytes=1-2"},
            206,
            {
                "content-type": "text/x",
                "accept-ranges": "bytes",
                "content-length": "2",
                "content-range": "bytes 1-2/9",
            },
        ),
        ({"if-none-match": '"v1"'}, 304, dict.fromkeys(CONTENT)),
        (
            {"if-match": '"v2"'},
            412,
            dict.fromkeys(CONTENT | CACHING) | {"cache-control": "no-store", "content-length": "0"},
        ),
        (
            {"range": "bytes=9-"},
            416,
            dict.fromkeys(CONTENT | CACHING)
            | {
                "cache-control": "no-store",
                "content-length": "0",
                "content-range": "bytes */9",
            },
        ),
    ],
)
async def test_the_header_is_that_of_the_status(
    make: Callable[..., Path], fields: dict[str, str], status: int, changed: dict[str, str | None]
) -> None:
    response = FileResponse(make(9), headers=FIELDS, media_type="text/x; charset=ascii")
    answer = await answered(response, headers=fields)
    expected = {**FIELDS, **ALWAYS, **changed}
    if expected.get("content-type"):
        expected["content-type"] = "text/x; charset=ascii"
    assert answer.status == status
    assert dict(answer.headers) == {name: value for name, value in expected.items() if value}


@pytest.mark.parametrize(
    ("method", "status"), [("POST", 200), ("PUT", 200), ("GET", 404), ("HEAD", 404), ("GET", 203)]
)
async def test_another_method_or_status_is_answered_without_conditions(
    make: Callable[..., Path], method: str, status: int
) -> None:
    fields = {"if-match": '"x"', "if-none-match": "*", "range": "bytes=1-2"}
    response = FileResponse(make(9), status)
    answer = await answered(response, method, headers=fields)
    assert answer.status == status
    assert answer.headers["content-length"] == "9"
    assert not {"etag", "last-modified", "accept-ranges"} & {*answer.headers}
    assert len(answer.body) == (0 if method == "HEAD" else 9)


async def test_the_status_of_a_file_that_was_looked_at_before_is_taken_and_not_believed(
    make: Callable[..., Path],
) -> None:
    response = FileResponse(make(9), stat_result=make(5, "other").stat())
    assert (await answered(response)).body == pattern(9)[:9]


# Ranges


def parts_of(answer: Answer) -> list[tuple[str, bytes]]:
    """The Content-Range and the content of each part, as the library for mail reads them."""
    head = b"content-type: " + answer.headers["content-type"].encode() + b"\r\n\r\n"
    message = message_from_bytes(head + answer.body)
    assert message.get_content_type() == "multipart/byteranges"
    assert not message.defects
    parts: Any = message.get_payload()
    assert {part["content-type"] for part in parts} == {"image/png"}
    return [(part["content-range"], part.get_payload(decode=True)) for part in parts]


@pytest.mark.parametrize(("field", "size", "ranges", "why"), RANGES, ids=in_short)
async def test_the_parts_that_were_asked_for_are_sent(
    make: Callable[..., Path],
    field: str,
    size: int,
    ranges: list[tuple[int, int]] | None,
    why: str,
) -> None:
    answer = await ask(served(make(size, "a.png")), headers={"range": field})
    content = pattern(size)[:size]
    assert len(answer.body) <= size
    if ranges is None or (len(ranges) > 1 and size < 1000):  # the parts' headers are longer than it
        assert (answer.status, answer.body) == (200, content), why
        assert "content-range" not in answer.headers
    elif not ranges:
        assert (answer.status, answer.body) == (416, b""), why
        assert answer.headers["content-range"] == f"bytes */{size}"
    else:
        assert answer.status == 206, why
        named = [
            (f"bytes {start}-{stop - 1}/{size}", content[start:stop]) for start, stop in ranges
        ]
        if len(ranges) == 1:
            assert [(answer.headers["content-range"], answer.body)] == named
        else:
            assert "content-range" not in answer.headers
            assert parts_of(answer) == named


WANTED = [(3, PIECE + 3), (PIECE + 10, PIECE + 20), (2 * PIECE, 4 * PIECE + 1)]
SEVERAL = {"range": "bytes=" + ",".join(f"{start}-{stop - 1}" for start, stop in WANTED)}


@pytest.mark.parametrize("extensions", WAYS)
async def test_parts_are_sent_in_every_way(
    make: Callable[..., Path], extensions: dict[str, Any] | None
) -> None:
    response = FileResponse(make(5 * PIECE, "a.png"))
    answer = await answered(response, headers=SEVERAL, extensions=extensions)
    content = pattern(5 * PIECE)
    assert [body for _, body in parts_of(answer)] == [content[start:stop] for start, stop in WANTED]
    assert 0 < min(map(len, answer.chunks)) <= max(map(len, answer.chunks)) <= 2 * PIECE + 1
    one = await answered(response, headers={"range": "bytes=7-"}, extensions=extensions)
    assert one.body == content[7 : 5 * PIECE]
    sent = {message["type"] for message in answer.extras + one.extras}
    assert sent == (
        {*ZEROCOPYSEND} if "http.response.zerocopysend" in (extensions or {}) else set()
    )


async def test_a_server_sends_a_part_itself_if_it_can(
    make: Callable[..., Path], opened: list[BinaryIO]
) -> None:
    fields = {"range": "bytes=2-4"}
    answer = await answered(FileResponse(make(9)), headers=fields, extensions=BOTH)
    [message] = answer.extras
    assert message == {
        "type": "http.response.zerocopysend",
        "file": opened[0],
        "offset": 2,
        "count": 3,
        "more_body": False,
    }
    assert answer.chunks == [pattern(9)[2:5]]


async def test_a_server_sends_all_of_a_file_as_a_part_by_its_path(
    make: Callable[..., Path],
) -> None:
    fields = {"range": "bytes=0-"}
    answer = await answered(FileResponse(make(9)), headers=fields, extensions=BOTH)
    assert (answer.status, answer.headers["content-range"]) == (206, "bytes 0-8/9")
    assert [message["type"] for message in answer.extras] == ["http.response.pathsend"]


async def test_a_range_is_for_get_only(make: Callable[..., Path]) -> None:
    answer = await answered(FileResponse(make(9)), "HEAD", headers={"range": "bytes=1-2"})
    assert (answer.status, answer.headers["content-length"]) == (200, "9")


async def test_ranges_can_be_switched_off(make: Callable[..., Path]) -> None:
    response = FileResponse(make(9), headers={"accept-ranges": "none"})
    answer = await answered(response, headers={"range": "bytes=1-2"})
    assert (answer.status, answer.headers.getlist("accept-ranges")) == (200, ["none"])


async def test_each_answer_in_parts_has_a_boundary_of_its_own(make: Callable[..., Path]) -> None:
    response = FileResponse(make(5000))
    fields = {"range": "bytes=0-9,20-29"}
    types = {(await answered(response, headers=fields)).headers["content-type"] for _ in range(3)}
    assert len(types) == 3
    assert all(re.fullmatch("multipart/byteranges; boundary=[0-9a-f]{26}", each) for each in types)


async def test_parts_of_what_has_no_type_are_bytes(make: Callable[..., Path]) -> None:
    response = FileResponse(make(5000))
    del response.headers["content-type"]
    answer = await answered(response, headers={"range": "bytes=0-9,20-29"})
    assert answer.body.count(b"\r\nContent-Type: application/octet-stream\r\n") == 2


@pytest.mark.parametrize(
    "field",
    [
        "bytes=" + ",".join(f"{n}-{n}" for n in range(0, 200, 2)),
        "bytes=" + ",".join(f"{n}-" for n in range(100)),
        "bytes=" + ",".join(f"-{n}" for n in range(1, 100)),
        "bytes=" + ",".join(f"{n * 50}-{n * 50 + 48}" for n in range(100)),
    ],
    ids=in_short,
)
async def test_whatever_is_asked_for_no_more_is_sent_than_there_is(
    make: Callable[..., Path], field: str
) -> None:
    answer = await answered(FileResponse(make(5000)), headers={"range": field})
    assert answer.status in (200, 206)
    assert len(answer.body) <= 5000


async def test_a_client_that_goes_while_parts_are_sent_leaves_nothing_open(
    make: Callable[..., Path],
) -> None:
    sent = Sent(until=2)
    response = FileResponse(make(5 * PIECE))
    await response(http_scope(headers=SEVERAL), receiving(), sent)
    assert len(sent.messages) == 2


async def test_a_file_is_not_read_on_for_who_has_gone(
    make: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where `send` never waits, as that of a server to which nobody listens any more."""

    def read(opened: OpenFile) -> Message:
        pieces.append(1)
        return read_piece(opened)

    async def receive() -> Message:
        while len(pieces) < 3:
            await anyio.lowlevel.checkpoint()
        return DISCONNECT

    async def send(message: Message) -> None: ...

    pieces: list[int] = []
    read_piece = OpenFile.read
    monkeypatch.setattr(OpenFile, "read", read)
    await FileResponse(make(50 * PIECE))(http_scope(), receive, send)
    assert 3 <= len(pieces) < 10


async def test_a_method_in_lower_case_is_taken_for_what_it_means(
    make: Callable[..., Path],
) -> None:
    sent = Sent()
    await FileResponse(make(9))(http_scope("head"), receiving(), sent)
    start, body = sent.messages
    assert (start["status"], body["body"]) == (200, b"")
    assert {b"etag", b"last-modified"} <= {name for name, _ in start["headers"]}
