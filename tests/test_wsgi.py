"""WSGI apps behind the bridge; `validator` is the standard library's opinion of both sides."""

import asyncio
import hashlib
import io
import socket
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextvars import ContextVar
from pathlib import Path
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication
from wsgiref.validate import validator

import anyio
import anyio.to_thread
import pytest

from framework import App, ConfigError
from framework._wsgi import AHEAD, AT_ONCE, UNSENT
from framework.exceptions import FrameworkError
from framework.types import Message
from framework.wsgi import WSGI
from tests.driver import ask, http_scope
from tests.leftovers import descriptors_of, settled
from tests.protocols import converse, start
from tests.scripted import DISCONNECT, Sent, body, receiving
from tests.servers import COMMANDS, HOST, Server, serve
from tests.waiting import become, until

Environ = dict[str, Any]
PATIENCE = 10  # seconds until a test that waits in a thread has failed
TEXT = [("Content-Type", "text/plain")]
PIECE = bytes(range(256)) * 256


def hello(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    start_response("200 OK", TEXT)
    return [b"Hello, ", b"World!"]


def saying(*chunks: Any, status: str = "200 OK", headers: Any = ()) -> WSGIApplication:
    """An app that yields these chunks."""

    def app(environ: Environ, start_response: StartResponse) -> Iterator[bytes]:
        start_response(status, [*TEXT, *headers])
        yield from chunks

    return app


def starting(*args: Any) -> WSGIApplication:
    """An app that calls start_response with these arguments, and has no more to say."""

    def app(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        start_response(*args)
        return []

    return app


def reading(read: Callable[[Any], object]) -> WSGIApplication:
    """An app that answers with what it has read."""

    def app(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        result = read(environ["wsgi.input"])
        start_response("200 OK", TEXT)
        return [repr(result).encode()]

    return app


async def environ_of(path: str = "/", headers: Any = (), **changes: Any) -> Environ:
    """The environment that an app gets for a request."""
    seen: Environ = {}

    def app(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        seen.update(environ, body=environ["wsgi.input"].read())
        return hello(environ, start_response)

    assert (await ask(WSGI(app), path=path, headers=headers, **changes)).status == 200
    return seen


# The environment


async def test_the_environment_says_what_the_request_is() -> None:
    headers = [("content-type", "a/b"), ("x-a", "1"), ("X-A", "2"), ("x_a", "evil")]
    environ = await environ_of("/a%20b?q=%20", [*headers, ("proxy", "http://evil")], method="PUT")
    assert (environ.pop("body"), environ.pop("asgi.scope")["path"]) == (b"", "/a b")
    assert environ.pop("wsgi.input").readable()
    assert callable(environ.pop("wsgi.file_wrapper"))
    assert environ == {
        "REQUEST_METHOD": "PUT",
        "SCRIPT_NAME": "",
        "PATH_INFO": "/a b",
        "QUERY_STRING": "q=%20",
        "CONTENT_TYPE": "a/b",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "REMOTE_PORT": "50000",
        "HTTP_HOST": "testserver",
        "HTTP_X_A": "1,2",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }


@pytest.mark.parametrize(
    ("scheme", "server", "name", "port"),
    [
        ("https", ("example.com", 8443), "example.com", "8443"),
        ("https", None, "localhost", "443"),
        ("http", None, "localhost", "80"),
        ("http", ("/run/app.sock", None), "localhost", "80"),
    ],
)
async def test_a_server_without_a_port_has_that_of_the_scheme(
    scheme: str, server: Any, name: str, port: str
) -> None:
    environ = await environ_of(scheme=scheme, server=server, client=None, http_version="2")
    assert environ["wsgi.url_scheme"] == scheme
    assert (environ["SERVER_NAME"], environ["SERVER_PORT"]) == (name, port)
    assert environ["SERVER_PROTOCOL"] == "HTTP/2"
    assert "REMOTE_ADDR" not in environ


@pytest.mark.parametrize(
    ("root_path", "path", "script_name", "path_info"),
    [
        ("", "/", "", "/"),
        ("/root", "/root/a", "/root", "/a"),
        ("/root", "/a", "/root", "/a"),
        ("/root/", "/root/", "/root", "/"),
        ("/root", "/root", "/root", "/"),
        ("/root", "/rooted", "/root", "/rooted"),
        ("/ä", "/ä/€", "/\xc3\xa4", "/\xe2\x82\xac"),
    ],
)
async def test_the_path_is_split_where_the_app_begins(
    root_path: str, path: str, script_name: str, path_info: str
) -> None:
    environ = await environ_of(root_path=root_path, path=path)
    assert (environ["SCRIPT_NAME"], environ["PATH_INFO"]) == (script_name, path_info)


@pytest.mark.parametrize("strip", [False, True])
@pytest.mark.parametrize("root_path", ["", "/root"])
async def test_the_path_of_a_mount_is_its_script_name(root_path: str, strip: bool) -> None:
    def paths(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", TEXT)
        return [f"{environ['SCRIPT_NAME']} {environ['PATH_INFO']}".encode("latin-1")]

    app = App()
    app.mount("/old/{year}", WSGI(paths), strip=strip)
    for prefix in {"", root_path}:
        for path, expected in [
            ("/old/7/a%2Fb", "/a/b"),
            ("/old/7/%C3%A4", "/ä"),
            ("/old/7/", "/"),
            ("/old/7", "/"),
        ]:
            answer = await ask(app, path=prefix + path, root_path=root_path)
            assert answer.text == f"{root_path}/old/7 {expected}"


# The answer


APPS: list[WSGIApplication] = [
    hello,
    saying(b"Hello, ", b"World!"),
    saying(b"Hello, World!", headers=[("Content-Length", "13")]),
    saying(b"Hello, ", b"", b"World!", headers=[("Content-Length", "13")]),
]


@pytest.mark.parametrize("app", APPS)
@pytest.mark.parametrize("method", ["GET", "POST", "HEAD"])
async def test_both_sides_are_valid(app: WSGIApplication, method: str) -> None:
    def drained(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        while environ["wsgi.input"].read(2):
            pass
        return app(environ, start_response)

    answer = await ask(WSGI(validator(drained)), method, "/path?query", body=[b"some ", b"body"])
    assert answer.error is None
    assert answer.headers["content-type"] == "text/plain"
    assert answer.body == (b"" if method == "HEAD" else b"Hello, World!")


async def test_a_list_is_sent_at_once_with_its_length() -> None:
    answer = await ask(WSGI(hello))
    assert answer.chunks == [b"Hello, World!"]
    assert answer.headers.multi_items() == [
        ("content-type", "text/plain"),
        ("content-length", "13"),
    ]


async def test_an_empty_list_is_an_empty_answer() -> None:
    answer = await ask(WSGI(starting("404 Not Found", [("X-A", " 1 "), ("Set-Cookie", "ä")])))
    assert (answer.status, answer.chunks) == (404, [b""])
    assert answer.headers.multi_items() == [
        ("x-a", "1"),
        ("set-cookie", "ä"),
        ("content-length", "0"),
    ]


async def test_what_an_app_yields_is_sent_piece_by_piece() -> None:
    answer = await ask(WSGI(saying(b"one", b"", b"two")))
    assert answer.chunks == [b"one", b"two", b""]
    assert "content-length" not in answer.headers
    assert (await ask(WSGI(saying()))).chunks == [b""]


async def test_the_last_piece_ends_an_answer_whose_length_is_known() -> None:
    app = saying(b"one", b"two", headers=[("Content-Length", "6")])
    assert (await ask(WSGI(app))).chunks == [b"one", b"two"]


async def test_what_is_longer_than_its_content_length_is_cut_and_not_asked_for() -> None:
    asked: list[int] = []

    def app(environ: Environ, start_response: StartResponse) -> Iterator[bytes]:
        start_response("200 OK", [("Content-Length", "5")])
        while True:
            asked.append(len(asked))
            yield b"abc"

    assert (await ask(WSGI(app))).chunks == [b"abc", b"ab"]
    assert asked == [0, 1]

    def at_once(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Length", "5")])
        return [b"abc", b"abc"]

    assert (await ask(WSGI(at_once))).chunks == [b"abcab"]


@pytest.mark.parametrize(
    ("method", "status", "length"),
    [
        ("HEAD", "200 OK", "5"),
        ("HEAD", "404 Not Found", None),
        ("GET", "204 No Content", "5"),
        ("GET", "304 Not Modified", None),
    ],
)
async def test_an_answer_without_content_has_none(
    method: str, status: str, length: str | None
) -> None:
    headers = [("content-length", length)] if length else []

    def returning(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        start_response(status, headers)
        return [b"12345"]

    for app in (returning, saying(b"12", b"345", status=status, headers=headers)):
        answer = await ask(WSGI(app), method)
        assert answer.chunks == [b""]
        assert answer.headers.get("content-length") == (length if method == "HEAD" else None)


async def test_a_piece_is_sent_before_the_next_one_is_made() -> None:
    seen, went_on = threading.Event(), threading.Event()

    def app(environ: Environ, start_response: StartResponse) -> Iterator[bytes]:
        start_response("200 OK", TEXT)
        yield b"one"
        assert seen.wait(PATIENCE)
        yield b"two"
        went_on.set()

    class Watched(Sent):
        __slots__ = ()

        async def __call__(self, message: Message) -> None:
            await super().__call__(message)
            if message.get("body") == b"one":
                assert not went_on.is_set()
                seen.set()

    sent = Watched(until=-1)
    await WSGI(app)(http_scope(), receiving(body(b"")), sent)
    assert (sent.content, went_on.is_set()) == (b"onetwo", True)


async def test_nothing_is_sent_before_the_first_piece() -> None:
    def app(environ: Environ, start_response: StartResponse) -> Iterator[bytes]:
        start_response("200 OK", TEXT)
        yield b""
        raise LookupError("too late?")

    answer = await ask(WSGI(app))
    assert isinstance(answer.error, LookupError)
    assert answer.messages == []


async def test_write_sends_before_what_is_returned() -> None:
    def app(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        write = start_response("200 OK", [("Content-Length", "12")])
        write(b"one ")
        write(b"")
        write(b"two ")
        return [b"three"]

    assert (await ask(WSGI(app))).chunks == [b"one ", b"two ", b"thre"]
    assert (await ask(WSGI(app), "HEAD")).chunks == [b""]


async def test_a_file_is_sent_in_large_pieces_and_closed(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(PIECE * 3)
    files: list[io.BufferedReader] = []

    def app(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", TEXT)
        files.append(path.open("rb"))
        wrapped: Iterable[bytes] = environ["wsgi.file_wrapper"](files[-1], 512)
        return wrapped

    answer = await ask(WSGI(app))
    assert answer.chunks == [PIECE, PIECE, PIECE, b""]
    assert files[0].closed


# start_response


def fail(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    """Begin to answer, and then tell of an error, as PEP 3333 shows it."""
    try:
        start_response("200 OK", TEXT)
        raise LookupError("oh no")
    except LookupError:
        start_response("500 Oh No", [("X-Error", "yes")], sys.exc_info())
    return [b"error"]


async def test_an_error_replaces_an_answer_that_has_not_begun() -> None:
    answer = await ask(WSGI(fail))
    assert (answer.status, answer.text, answer.error) == (500, "error", None)
    assert answer.headers.multi_items() == [("x-error", "yes"), ("content-length", "5")]


async def test_an_error_may_be_told_of_by_name() -> None:
    def app(environ: Environ, start_response: Any) -> Iterable[bytes]:
        start_response("500 Oh No", TEXT, exc_info=None)
        return [b"error"]

    assert (await ask(WSGI(app))).status == 500


async def test_an_error_is_raised_when_the_answer_has_begun() -> None:
    def app(environ: Environ, start_response: StartResponse) -> Iterator[bytes]:
        start_response("200 OK", TEXT)
        yield b"begun"
        try:
            raise LookupError("oh no")
        except LookupError:
            start_response("500 Oh No", TEXT, sys.exc_info())

    answer = await ask(WSGI(app))
    assert isinstance(answer.error, LookupError)
    assert (answer.status, answer.chunks) == (200, [b"begun"])


@pytest.mark.parametrize("exc_info", [None, (None, None, None)])
async def test_start_response_is_called_once(exc_info: Any) -> None:
    def app(environ: Environ, start_response: StartResponse) -> Any:
        start_response("200 OK", TEXT)
        return [start_response("404 Not Found", TEXT, exc_info)]

    answer = await ask(WSGI(app))
    assert isinstance(answer.error, RuntimeError)
    assert "called once" in str(answer.error)


@pytest.mark.parametrize(
    ("status", "headers", "message"),
    [
        ("", [], "a status is '200 OK'"),
        ("OK", [], "a status is '200 OK'"),
        ("100 Continue", [], "from 200"),
        ("2000 Many", [], "a status is '200 OK'"),
        ("200 OK\r\nx: y", [], "a status is '200 OK'"),
        ("200 O\x00K", [], "not '200 O\\x00K'"),
        ("٢٠٠ OK", [], "a status is '200 OK'"),
        ("200 OK", [("x", "a\r\ny: b")], "cannot contain '\\r'"),
        ("200 OK", [("x", "a\n")], "cannot contain '\\n'"),
        ("200 OK", [("x", "\x00")], "cannot contain '\\x00'"),
        ("200 OK", [("x", "€")], "cannot contain '\\u20ac'"),
        ("200 OK", [("x y", "a")], "no name for a header field"),
        ("200 OK", [("", "a")], "no name for a header field"),
        ("200 OK", [("Connection", "close")], "connection is not the app's to send"),
        ("200 OK", [("Transfer-Encoding", "chunked")], "transfer-encoding is not the app's"),
        ("200 OK", [("Content-Length", "-1")], "Content-Length is a number of bytes, said once"),
        ("200 OK", [("Content-Length", "1"), ("Content-Length", "2")], "not '1, 2'"),
        ("200 OK", [("Content-Length", "1, 1")], "not '1, 1'"),
    ],
)
async def test_what_would_break_the_answer_is_refused(
    status: str, headers: list[tuple[str, str]], message: str
) -> None:
    answer = await ask(WSGI(starting(status, headers)))
    assert isinstance(answer.error, ValueError)
    assert message in str(answer.error)
    assert answer.messages == []


@pytest.mark.parametrize("status", ["200", "200 ", "299 Ünusual\tReason", "999 Beyond"])
async def test_a_status_may_have_any_reason(status: str) -> None:
    code = int(status[:3])
    assert (await ask(WSGI(starting(status, [])), is_checked=code < 600)).status == code


BROKEN: list[tuple[Callable[..., Any], type[Exception], str]] = [
    (lambda *_: [], RuntimeError, "has not called start_response"),
    (lambda *_: iter([b"a"]), RuntimeError, "has not called start_response"),
    (lambda *_: iter([]), RuntimeError, "has not called start_response"),
    (saying("text"), TypeError, "is bytes, not str"),
    (lambda *_: ["text"], TypeError, "is bytes, not str"),
    (lambda *_: b"text", TypeError, "is bytes, not int"),
    (lambda *_: None, TypeError, "not iterable"),
    (starting(b"200 OK", []), TypeError, "string pattern"),
]


@pytest.mark.parametrize(("app", "error", "message"), BROKEN)
async def test_an_app_that_breaks_the_rules_is_told(
    app: Any, error: type[Exception], message: str
) -> None:
    answer = await ask(WSGI(app))
    assert isinstance(answer.error, error)
    assert message in str(answer.error)


async def test_an_error_before_the_answer_is_a_500_below_a_mount() -> None:
    def broken(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        raise LookupError("a secret")

    app = App()
    app.mount("/old", WSGI(broken))
    answer = await ask(app, path="/old/")
    assert isinstance(answer.error, LookupError)
    assert answer.status == 500
    assert "secret" not in answer.text


# The body of the request


def in_lines(stream: Any) -> list[bytes]:
    return list(stream)


def byte_by_byte(stream: Any) -> list[bytes]:
    return list(iter(lambda: stream.read(1), b""))


READS: list[Callable[[Any], object]] = [
    lambda stream: stream.read(),
    lambda stream: (stream.read(3), stream.read(0), stream.read(4), stream.read(99)),
    lambda stream: (stream.read(2), stream.read(), stream.read()),
    lambda stream: (stream.read(-1), stream.readline()),
    lambda stream: (stream.readline(), stream.readline(2), stream.readline(99)),
    lambda stream: (stream.readlines(), stream.readlines()),
    lambda stream: (stream.readlines(5), stream.read()),
    in_lines,
    byte_by_byte,
]


@pytest.mark.parametrize("read", READS)
@pytest.mark.parametrize(
    "chunks",
    [
        [b""],
        [b"one line"],
        [b"", b"one\ntwo\n", b"", b"three", b"\n\n", b"four", b""],
        [b"x" * 5000, b"y", b"\n" * 3, b"z" * 4096],
    ],
)
@pytest.mark.parametrize("announced", [False, True])
async def test_a_body_reads_like_a_file(
    read: Callable[[Any], object], chunks: Sequence[bytes], announced: bool
) -> None:
    whole = b"".join(chunks)
    headers = {"content-length": str(len(whole))} if announced else {}
    answer = await ask(WSGI(reading(read)), "POST", headers=headers, body=chunks)
    assert answer.text == repr(read(io.BytesIO(whole)))


async def test_a_chunked_body_has_a_length_when_it_is_known() -> None:
    def app(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        assert "HTTP_TRANSFER_ENCODING" not in environ
        start_response("200 OK", TEXT)
        return [environ.get("CONTENT_LENGTH", "unknown").encode(), environ["wsgi.input"].read()]

    headers = {"transfer-encoding": "chunked"}
    assert (await ask(WSGI(app), "POST", headers=headers, body=b"ab")).text == "2ab"
    answer = await ask(WSGI(app), "POST", headers=headers, body=[b"ab", b"c"])
    assert answer.text == "unknownabc"


async def test_a_body_in_tiny_pieces_is_put_together() -> None:
    answer = await ask(WSGI(reading(len_of_rest)), "POST", body=[b"ab"] * 20_000)
    assert answer.text == "40000"


def len_of_rest(stream: Any) -> int:
    return sum(len(piece) for piece in iter(lambda: stream.read(1000), b""))


async def test_another_thread_of_the_app_may_read() -> None:
    def app(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        read: list[bytes] = []
        thread = threading.Thread(target=lambda: read.append(environ["wsgi.input"].read()))
        thread.start()
        thread.join()
        start_response("200 OK", TEXT)
        return read

    assert (await ask(WSGI(app), "POST", body=[b"ab", b"c"])).text == "abc"


async def test_nobody_reads_when_the_request_is_over() -> None:
    environ = await environ_of()
    assert environ["wsgi.input"].read() == b""
    left: list[Environ] = []

    def app(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        left.append(environ)
        return hello(environ, start_response)

    assert (await ask(WSGI(app), "POST", body=[b"ab", b"c"])).status == 200
    with pytest.raises(ConnectionResetError):
        await anyio.to_thread.run_sync(left[0]["wsgi.input"].read)


async def test_a_body_is_not_received_before_it_is_asked_for() -> None:
    received = 0
    most = 0
    read = 0
    total = 4 * (AHEAD + AT_ONCE)

    async def receive() -> Message:
        nonlocal received, most
        if received == total:
            await anyio.sleep_forever()
        received += len(PIECE)
        most = max(most, received - read)
        return body(PIECE, more=received < total)

    def app(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        nonlocal read
        asked_for.set()
        assert go_on.wait(PATIENCE)
        before = received
        while piece := environ["wsgi.input"].read(10_000):
            read += len(piece)
        start_response("200 OK", TEXT)
        return [str(before).encode()]

    asked_for, go_on = threading.Event(), threading.Event()
    sent = Sent()
    scope = http_scope("POST", headers={"content-length": str(total)})
    async with anyio.create_task_group() as group:
        group.start_soon(WSGI(app), scope, receive, sent)
        assert await anyio.to_thread.run_sync(asked_for.wait, PATIENCE)
        await anyio.sleep(0.01)
        go_on.set()
    assert int(sent.content) == len(PIECE)
    assert read == received == total
    assert most <= AHEAD + AT_ONCE + 3 * len(PIECE)


async def test_a_conversation_goes_back_and_forth() -> None:
    said = [b"one\n", b"two\n", b"three\n"]
    heard = [anyio.Event() for _ in said]

    def app(environ: Environ, start_response: StartResponse) -> Iterator[bytes]:
        start_response("200 OK", TEXT)
        for line in environ["wsgi.input"]:
            yield line.upper()

    async def receive() -> Message:
        if not said:
            await anyio.sleep_forever()
        if len(said) < len(heard):
            await heard[-len(said) - 1].wait()  # the answer to what was said before
        return body(said.pop(0), more=bool(said))

    class Hearing(Sent):
        __slots__ = ()

        async def __call__(self, message: Message) -> None:
            await super().__call__(message)
            if message.get("body"):
                heard[len(self.messages) - 2].set()

    sent = Hearing()
    scope = http_scope("POST", headers={"transfer-encoding": "chunked"})
    with anyio.fail_after(PATIENCE):
        await WSGI(app)(scope, receive, sent)
    assert sent.content == b"ONE\nTWO\nTHREE\n"


async def test_a_server_that_repeats_the_end_of_the_body_is_not_asked_for_ever() -> None:
    received = 0

    async def receive() -> Message:
        nonlocal received
        received += 1
        return body(b"")

    sent = Sent()
    with anyio.fail_after(PATIENCE):
        await WSGI(saying(*[b"x"] * 50))(http_scope(), receive, sent)
    assert (sent.content, received) == (b"x" * 50, 2)


async def test_an_error_of_receive_reaches_who_reads() -> None:
    caught: list[Exception] = []

    async def receive() -> Message:
        raise LookupError("no more than that")

    def app(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        for _ in range(2):
            try:
                environ["wsgi.input"].read(1)
            except LookupError as error:
                caught.append(error)
        start_response("413 Too Large", TEXT)
        return iter([b"sorry"])

    sent = Sent()
    await WSGI(app)(http_scope("POST"), receive, sent)
    assert [str(error) for error in caught] == ["no more than that"] * 2
    assert (sent.messages[0]["status"], sent.content) == (413, b"sorry")


# The end


class Chunks:
    """An iterable that notes what happens to it, and in which thread."""

    def __init__(self, *chunks: Any, log: list[object], endless: bool = False) -> None:
        self.chunks = chunks
        self.log = log
        self.endless = endless

    def __iter__(self) -> Iterator[bytes]:
        while True:
            for chunk in self.chunks:
                if isinstance(chunk, Exception):
                    raise chunk
                self.log.append(threading.get_ident())
                yield chunk
            if not self.endless:
                return

    def close(self) -> None:
        self.log += [threading.get_ident(), "closed"]


def logging(log: list[object], *chunks: Any, **options: Any) -> WSGIApplication:
    """An app whose iterable is logged."""

    def app(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        log.append(threading.get_ident())
        start_response("200 OK", options.pop("headers", TEXT))
        return Chunks(*chunks, log=log, **options)

    return app


@pytest.mark.parametrize(
    ("chunks", "options", "error"),
    [
        ([b"one", b"two"], {}, None),
        ([], {}, None),
        ([b"one", b"two"], {"headers": [("Content-Length", "3")]}, None),
        ([LookupError()], {}, LookupError),
        ([b"one", LookupError()], {}, LookupError),
        (["text"], {}, TypeError),
    ],
)
async def test_an_iterable_is_closed_in_the_thread_that_has_made_it(
    chunks: list[Any], options: dict[str, Any], error: type[Exception] | None
) -> None:
    log: list[object] = []
    answer = await ask(WSGI(logging(log, *chunks, **options)))
    assert type(answer.error) is (error or type(None))
    assert log.count("closed") == 1
    assert log.pop() == "closed"
    assert len(set(log)) == 1
    assert log[0] != threading.get_ident()


async def test_an_answer_is_sent_before_close_is_through() -> None:
    sent = Sent()

    class Slow(Chunks):
        def close(self) -> None:
            until(lambda: sent.content == b"all")
            log.append(sent.content)

    log: list[object] = []

    def app(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Length", "3")])
        return Slow(b"all", log=log)

    await WSGI(app)(http_scope(), receiving(body(b"")), sent)
    assert log[-1] == b"all"


async def test_what_close_raises_is_raised() -> None:
    class Broken(Chunks):
        def close(self) -> None:
            raise LookupError("not closed")

    def app(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", TEXT)
        return Broken(b"all", log=[])

    answer = await ask(WSGI(app))
    assert isinstance(answer.error, LookupError)
    assert answer.body == b"all"


async def leave(app: WSGIApplication, *messages: Message, sent: Sent | None = None) -> Sent:
    """Send these messages, and go; what the app raises is raised."""
    sent = sent or Sent()
    scope = http_scope("POST", headers={"transfer-encoding": "chunked"})
    with anyio.fail_after(PATIENCE):
        await WSGI(app)(scope, receiving(*messages), sent)
    return sent


async def test_who_leaves_before_anything_is_known_is_not_served() -> None:
    log: list[object] = []
    assert (await leave(logging(log), DISCONNECT)).messages == []
    assert log == []


@pytest.mark.parametrize("messages", [[body(b"", more=True)], [body(b"ab", more=True)]])
async def test_who_leaves_while_his_body_is_read_is_an_os_error(messages: list[Message]) -> None:
    caught: list[Exception] = []

    def app(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        try:
            return [environ["wsgi.input"].read()]
        except ConnectionResetError as error:
            caught.append(error)
            raise

    assert (await leave(app, *messages, DISCONNECT)).messages == []
    assert "the client went away" in str(caught[0])


async def test_an_app_may_answer_who_has_left() -> None:
    log: list[object] = []

    def app(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        try:
            environ["wsgi.input"].read()
        except OSError:
            start_response("400 Bad Request", TEXT)
        return Chunks(b"who is there?", log=log)

    assert (await leave(app, body(b"a", more=True), DISCONNECT)).messages == []
    assert log[-1] == "closed"


async def test_an_error_of_an_app_whose_client_has_left_is_raised() -> None:
    def app(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        try:
            return [environ["wsgi.input"].read()]
        except OSError as error:
            raise LookupError("half a form") from error

    with pytest.raises(LookupError):
        await leave(app, body(b"a", more=True), DISCONNECT)


async def test_a_connection_error_of_the_app_itself_is_raised() -> None:
    def app(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        raise ConnectionRefusedError("no database")

    with pytest.raises(ConnectionRefusedError):
        await leave(app, body(b""))


async def test_an_endless_answer_ends_when_its_client_goes() -> None:
    log: list[object] = []
    sent = await leave(logging(log, b"tick", endless=True), body(b""), DISCONNECT)
    assert log[-1] == "closed"
    assert sent.types[:1] in ([], ["http.response.start"])


async def test_an_answer_that_only_marks_time_ends_when_its_client_goes() -> None:
    marked = threading.Event()

    def app(environ: Environ, start_response: StartResponse) -> Iterator[bytes]:
        start_response("200 OK", TEXT)
        yield b"begun"
        while True:
            yield b""
            marked.set()

    incoming = receiving(body(b""), DISCONNECT)

    async def receive() -> Message:
        message = await incoming()
        if message is DISCONNECT:
            await become(marked.is_set)
        return message

    with anyio.fail_after(PATIENCE):
        await WSGI(app)(http_scope(), receive, Sent())


@pytest.mark.parametrize("until", [0, 1, 5])
async def test_an_endless_answer_ends_when_nobody_takes_it(until: int) -> None:
    log: list[object] = []
    await leave(logging(log, b"tick", endless=True), body(b""), sent=Sent(until=until))
    assert log[-1] == "closed"
    assert (await leave(hello, body(b""), sent=Sent(until=until))).types[until:] == []


async def test_an_answer_waits_for_its_client() -> None:
    log: list[object] = []
    sent, gate = Sent(), anyio.Event()

    async def slow(message: Message) -> None:
        await gate.wait()
        await sent(message)

    app = logging(log, *[b"x"] * 100)
    large = logging(log, *[PIECE] * 100)
    for inner, most in [(app, UNSENT + 3), (large, AHEAD // len(PIECE) + 3)]:
        log.clear()
        sent.messages.clear()
        gate = anyio.Event()
        async with anyio.create_task_group() as group:
            group.start_soon(WSGI(inner), http_scope(), receiving(body(b"")), slow)
            await anyio.sleep(0.2)
            assert 1 < len(log) <= most
            gate.set()
        assert len(sent.messages) == 102


async def test_an_error_of_send_is_raised_and_ends_the_app() -> None:
    log: list[object] = []

    async def send(message: Message) -> None:
        raise LookupError("the server is broken")

    with pytest.raises(LookupError):
        await WSGI(logging(log, b"tick", endless=True))(http_scope(), receiving(body(b"")), send)
    assert log[-1] == "closed"


@pytest.mark.parametrize("reads", [False, True])
async def test_a_request_that_is_cancelled_ends_its_app(reads: bool) -> None:
    log: list[object] = []

    def app(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", TEXT)
        if reads:
            try:
                environ["wsgi.input"].read()
            except ConnectionResetError:
                log.append("reset")
        return Chunks(b"tick", log=log, endless=True)

    with anyio.fail_after(PATIENCE), anyio.move_on_after(0.1) as scope:
        await WSGI(app)(http_scope("POST"), receiving(body(b"a", more=True)), Sent())
    assert scope.cancel_called
    assert log[-1] == "closed"
    assert ("reset" in log) is reads


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_a_task_that_is_cancelled_is_so_at_once_and_its_app_ends_later() -> None:
    log: list[object] = []
    app = WSGI(logging(log, b"tick", endless=True))
    task = asyncio.create_task(app(http_scope(), receiving(body(b"")), Sent()))
    await anyio.sleep(0.1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await anyio.to_thread.run_sync(settled, lambda: log[-1] != "closed", 0) == 0


# Threads and protocols


async def test_the_context_of_the_caller_is_seen() -> None:
    def app(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", TEXT)
        return [name.get().encode()]

    name = ContextVar("name", default="nobody")
    name.set("somebody")
    assert (await ask(WSGI(app))).text == "somebody"


async def test_as_many_requests_are_served_at_a_time_as_there_are_threads() -> None:
    running = 0
    most: list[int] = []

    def app(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        nonlocal running
        running += 1
        most.append(running)
        time.sleep(0.02)
        running -= 1
        return hello(environ, start_response)

    for threads in (1, 3):
        most.clear()
        wsgi = WSGI(app, threads=threads)
        async with anyio.create_task_group() as group:
            for _ in range(6):
                group.start_soon(ask, wsgi)
        assert max(most) == threads


@pytest.mark.parametrize("threads", [0, -1, True, "4", None])
def test_threads_are_a_positive_integer(threads: Any) -> None:
    with pytest.raises(ConfigError, match="threads"):
        WSGI(hello, threads=threads)


async def asgi(scope: object, receive: object, send: object) -> None: ...


@pytest.mark.parametrize("app", [asgi, App(), None, "module:app"])
def test_what_is_no_wsgi_app_is_refused(app: Any) -> None:
    with pytest.raises(ConfigError, match="mounted as it is"):
        WSGI(app)


async def test_a_websocket_is_refused() -> None:
    assert (await converse(WSGI(hello))).types == ["close"]


async def test_it_has_no_lifespan_and_disturbs_none() -> None:
    with pytest.raises(FrameworkError, match="not 'lifespan'"):
        await WSGI(hello)({"type": "lifespan"}, receiving(), Sent())
    app = App()
    app.mount("/old", WSGI(hello))
    assert (await start(app)).types == ["startup.complete", "shutdown.complete"]


# Real servers

SIZE = 3 * 1024 * 1024


def served_app(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    """What the servers serve: digests of uploads, downloads of a known content, and an endless one."""
    path: str = environ["PATH_INFO"]
    if path == "/digest":
        digest = hashlib.sha256()
        while piece := environ["wsgi.input"].read(50_000):
            digest.update(piece)
        start_response("200 OK", TEXT)
        return [digest.hexdigest().encode()]
    if path == "/whole":
        start_response("200 OK", TEXT)
        return [content()]
    start_response("200 OK", TEXT)
    if path == "/pieces":
        whole = content()
        return (whole[at : at + 10_000] for at in range(0, SIZE, 10_000))
    if path == "/endless":
        return endless()
    return [str(threading.active_count()).encode(), b" ", str(counts).encode()]


counts = {"begun": 0, "closed": 0}


def endless() -> Iterator[bytes]:
    counts["begun"] += 1
    try:
        while True:
            yield PIECE
    finally:
        counts["closed"] += 1


def content() -> bytes:
    return (PIECE * (SIZE // len(PIECE) + 1))[:SIZE]


served = App()
served.mount("/old", WSGI(served_app, threads=4))


@pytest.fixture(scope="module", params=sorted(COMMANDS))
def server(request: pytest.FixtureRequest) -> Generator[Server]:
    with serve(request.param, "tests.test_wsgi:served") as server:
        yield server


def fetch(server: Server, path: str, *, upload: Any = None) -> bytes:
    client = server.connect()
    try:
        client.request("GET" if upload is None else "POST", f"/old{path}", upload)
        return client.getresponse().read()
    finally:
        client.close()


def test_bodies_arrive_whole_over_real_servers(server: Server) -> None:
    digest = hashlib.sha256(content()).hexdigest()
    assert fetch(server, "/digest", upload=content()).decode() == digest
    chunked = (content()[at : at + 70_000] for at in range(0, SIZE, 70_000))
    assert fetch(server, "/digest", upload=chunked).decode() == digest
    for path in ("/whole", "/pieces"):
        assert hashlib.sha256(fetch(server, path)).hexdigest() == digest


def test_clients_that_leave_leave_nothing_behind(server: Server) -> None:
    fetch(server, "/counts")
    before = descriptors_of(server.process.pid)
    for _ in range(3):
        with socket.create_connection((HOST, server.port), timeout=10) as raw:
            raw.sendall(b"GET /old/endless HTTP/1.1\r\nhost: x\r\n\r\n")
            assert raw.recv(1000)
        with socket.create_connection((HOST, server.port), timeout=10) as raw:
            raw.sendall(b"POST /old/digest HTTP/1.1\r\nhost: x\r\ncontent-length: 9999\r\n\r\nhalf")
            time.sleep(0.05)

    def waiting() -> int:
        log = fetch(server, "/counts").decode()
        return 0 if log.endswith("{'begun': 3, 'closed': 3}") else 1

    assert settled(waiting, 0) == 0, (fetch(server, "/counts"), server.log())
    assert settled(lambda: descriptors_of(server.process.pid), before + 4) <= before + 4
    assert "Traceback" not in server.log(), server.log()
