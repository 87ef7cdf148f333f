"""Files as responses."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import anyio
import pytest

from framework import App, FileResponse, Request, Response, Router
from framework import files as files_module
from framework.files import PIECE
from framework.types import Message
from tests.driver import Answer, ask, exchange, http_scope
from tests.protocols import websocket_scope
from tests.scripted import DISCONNECT, Sent, receiving

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
        return path

    return write


@pytest.fixture(autouse=True)
def opened(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Every file that was opened to be sent; at the end of the test each must be closed."""
    files: list[BinaryIO] = []
    original = files_module._open

    def noting(path: Path) -> tuple[BinaryIO, int]:
        file, size = original(path)
        files.append(file)
        return file, size

    monkeypatch.setattr(files_module, "_open", noting)
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
    assert answer.headers.multi_items() == []


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
            {"headers": {"content-length": "99"}},
            {"content-type": "text/css; charset=utf-8"},
        ),
    ],
)
async def test_the_header_says_what_the_file_is(
    make: Callable[..., Path], name: str, options: dict[str, Any], fields: dict[str, str]
) -> None:
    answer = await answered(FileResponse(make(4, name), **options))
    assert dict(answer.headers) == {"content-length": "4", **fields}


def test_a_file_is_an_attachment_or_inline() -> None:
    wrong: Any = "form-data"
    with pytest.raises(ValueError, match="'attachment' or 'inline', not 'form-data'"):
        FileResponse("x", content_disposition_type=wrong)


def no_file(tmp_path: Path, kind: str) -> Path:
    """A path at which there is no file to be sent."""
    path = tmp_path / kind
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)  # opening it would wait for somebody who writes
    return tmp_path / "a\0b" if kind == "nul" else path


@pytest.mark.parametrize("kind", ["missing", "folder", "pipe", "nul"])
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
        (10, 9, 0),
    ],
)
async def test_a_file_that_becomes_shorter_is_not_passed_off_as_whole(
    make: Callable[..., Path], size: int, becomes: int, pieces: int
) -> None:
    # The first piece is read after the start was sent, so it is cut short only by what was asked for.
    path = make(size)
    sent = Shrinking(path, becomes)
    with pytest.raises(RuntimeError, match=r"file\.txt became shorter than the Content-Length"):
        await FileResponse(path)(http_scope(), receiving(), sent)
    assert all(message["more_body"] for message in sent.messages[1:])
    assert len(sent.messages) == 1 + pieces


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
    path = make(10)
    app = App()

    @app.get("/")
    async def download() -> FileResponse:
        return FileResponse(path)

    @app.exception_handler(RuntimeError)
    async def late(request: Request, error: RuntimeError) -> None: ...

    sent = Shrinking(path, 1)
    with pytest.raises(RuntimeError, match="became shorter"):
        await app(http_scope(), receiving(), sent)
    assert sent.types == ["http.response.start"]


async def test_a_file_denies_a_websocket(make: Callable[..., Path]) -> None:
    scope = websocket_scope(extensions={"websocket.http.response": {}, **BOTH})
    sent = Sent()
    await FileResponse(make(300_000), 403)(scope, receiving(), sent)
    assert set(sent.types) == {"websocket.http.response.start", "websocket.http.response.body"}
    assert sent.content == pattern(300_000)[:300_000]
