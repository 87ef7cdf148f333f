"""Forms as a handler sees them: fields, files, and that nothing of them is left behind."""

import io
import os
import tempfile
import threading
import tracemalloc
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework import (
    App,
    BackgroundTask,
    BodyUnavailable,
    FormData,
    Headers,
    HTTPException,
    JSONResponse,
    LimitExceeded,
    Limits,
    Middleware,
    Request,
    StreamingResponse,
    UploadFile,
)
from framework.forms import parse_form
from framework.types import ASGIApp, Message, Receive, Scope, Send
from tests.driver import Answer, ask, http_scope
from tests.leftovers import descriptors, names
from tests.scripted import DISCONNECT, Sent, body, receiving
from tests.wire.work import count_calls

MULTIPART = {"content-type": "multipart/form-data; boundary=B"}
URLENCODED = {"content-type": "application/x-www-form-urlencoded"}


def field(name: str, value: bytes, *headers: str) -> bytes:
    head = "\r\n".join([f'Content-Disposition: form-data; name="{name}"', *headers])
    return b"--B\r\n" + head.encode() + b"\r\n\r\n" + value + b"\r\n"


def file(name: str, filename: str, content: bytes, *headers: str) -> bytes:
    return field(name + f'"; filename="{filename}', content, *headers)


def multipart(*parts: bytes) -> bytes:
    return b"".join(parts) + b"--B--\r\n"


def cut(data: bytes, size: int) -> list[bytes]:
    return [data[at : at + size] for at in range(0, len(data), size)]


class Passing:
    """ASGI middleware that does nothing."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)


NAMES = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="%") | st.sampled_from("\r\n")
)

app = App(limits=Limits(max_file_memory=1000))


@app.post("/show")
async def show(request: Request) -> list[Any]:
    form = await request.form()
    assert await request.form() is form
    return [
        [name, value if isinstance(value, str) else [value.filename, (await value.read()).decode()]]
        for name, value in form.multi_items()
    ]


async def shown(data: bytes | Sequence[bytes], headers: Any = MULTIPART) -> Any:
    answer = await ask(app, "POST", "/show", body=data, headers=headers)
    assert answer.status == 200, answer.text
    return answer.json()


# Fields


@pytest.mark.parametrize(
    ("data", "fields"),
    [
        (b"", []),
        (b"a=1&b=2&a=3", [["a", "1"], ["b", "2"], ["a", "3"]]),
        (b"a=%C3%A9+%26&=x&y", [["a", "é &"], ["", "x"], ["y", ""]]),
        (b"a=1;b=2", [["a", "1;b=2"]]),
        (b"a=%zz%&%=%", [["a", "%zz%"], ["%", "%"]]),
        (b"a=%ff\xfe", [["a", "\N{REPLACEMENT CHARACTER}" * 2]]),
    ],
)
@pytest.mark.parametrize("charset", ["", "; charset=UTF-8", ";charset=utf8"])
async def test_an_urlencoded_form_is_read(
    data: bytes, fields: list[list[str]], charset: str
) -> None:
    headers = {"content-type": "application/x-www-form-urlencoded" + charset}
    assert await shown([data[:3], data[3:]], headers) == fields


async def test_a_multipart_form_is_read_in_order() -> None:
    data = multipart(
        field("a", b"1"),
        file("f", "x.txt", b"file", "Content-Type: text/plain"),
        field("a", "é".encode()),
        file("f", "", b"", "Content-Type: application/octet-stream"),
        field("j", b"{}", "Content-Type: application/json"),
    )
    expected = [["a", "1"], ["f", ["x.txt", "file"]], ["a", "é"], ["f", ["", ""]], ["j", "{}"]]
    for size in (1, 10, 10_000):
        assert await shown(cut(data, size)) == expected


@pytest.mark.parametrize(
    ("parts", "text"),
    [
        ([field("a", b"\x80"), field("_charset_", b"windows-1252")], "€"),
        ([field("_charset_", b"windows-1252"), field("a", b"\x80")], "€"),
        (
            [
                field("_charset_", b"windows-1252"),
                field("a", "€".encode(), "Content-Type: text/plain; charset=utf-8"),
            ],
            "€",
        ),
        ([file("_charset_", "x", b"windows-1252"), field("a", "€".encode())], "€"),
        ([field("_charset_", b"UTF-8"), field("a", "€".encode())], "€"),
    ],
)
async def test_a_form_may_name_its_charset(parts: list[bytes], text: str) -> None:
    assert ["a", text] in await shown(multipart(*parts))


@pytest.mark.parametrize(
    "parts",
    [
        [field("_charset_", b"utf-7"), field("a", b"+AGE-")],
        [field("_charset_", b"\xff\xfe"), field("a", b"b")],
        [field("_charset_", b"utf-8"), field("a", b"\xff")],
        [field("a", b"\x81", "Content-Type: text/plain; charset=shift_jis")],
    ],
)
async def test_a_charset_that_does_not_fit_is_a_400(parts: list[bytes]) -> None:
    answer = await ask(app, "POST", "/show", body=multipart(*parts), headers=MULTIPART)
    assert (answer.status, answer.error) == (400, None)


async def test_what_clients_encode_is_what_a_handler_reads() -> None:
    files = [
        ("f", ("naïve.txt", b"1", "text/plain")),
        ("f", ('a"b\r\n.txt', b"2", "text/plain")),
    ]
    request = httpx.Request("POST", "http://x", data={"a": ["1", "é\r\n"]}, files=files)
    headers = dict(request.headers)
    assert await shown(request.read(), headers) == [
        ["a", "1"],
        ["a", "é\r\n"],
        ["f", ["naïve.txt", "1"]],
        ["f", ['a"b\r\n.txt', "2"]],
    ]


# What is no form


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 415),
        ({"content-type": "text/plain"}, 415),
        ({"content-type": "application/json"}, 415),
        ({"content-type": "multipart/mixed; boundary=B"}, 415),
        ({"content-type": "nonsense"}, 415),
        ({"content-type": "multipart/form-data"}, 400),
        ({"content-type": "multipart/form-data; boundary=C"}, 400),
        ({"content-type": "application/x-www-form-urlencoded; charset=latin-1"}, 400),
    ],
)
async def test_a_body_of_another_type_is_no_form(headers: dict[str, str], status: int) -> None:
    data = multipart(field("a", b"1"))
    fields = {**headers, "content-length": str(len(data))}
    answer = await ask(app, "POST", "/show", body=data, headers=fields)
    assert (answer.status, answer.error) == (status, None)


async def test_a_request_without_a_body_is_an_empty_form() -> None:
    assert await shown(b"", {}) == []
    assert await shown(b"", {"content-length": "0"}) == []


# Limits


async def statuses(limits: Limits, *bodies: bytes, headers: Any = MULTIPART) -> list[int]:
    limited = App(limits=limits)
    limited.add_route("/", show, ["POST"])
    answers: list[Answer] = []
    for data in bodies:
        answers.append(await ask(limited, "POST", "/", body=cut(data, 7), headers=headers))
        declared = {**headers, "content-length": str(len(data))}
        answers.append(await ask(limited, "POST", "/", body=data, headers=declared))
    assert [answer.error for answer in answers] == [None] * len(answers)
    assert [one.status for one in answers[::2]] == [one.status for one in answers[1::2]]
    return [answer.status for answer in answers[::2]]


async def test_the_limits_of_a_multipart_form() -> None:
    one, two = field("a", b"12"), file("f", "x", b"123")
    for limits, within, above, status in (
        (Limits(max_fields=2), [one, one, two], [one, one, one], 400),
        (Limits(max_files=1), [one, one, two], [two, two], 400),
        (Limits(max_parts=2), [one, two], [one, two, two], 400),
        (Limits(max_field_size=2), [one, two], [field("a", b"123")], 413),
        (Limits(max_file_size=3), [two, field("a", b"1234")], [file("f", "x", b"1234")], 413),
        (Limits(max_form_memory=4), [one, two, one, two], [one, one, field("a", b"1")], 413),
        (Limits(max_body_size=len(multipart(two))), [two], [two, b"x"], 413),
        (Limits(max_part_header_size=50), [one], [file("f", "x" * 50, b"")], 413),
    ):
        assert await statuses(limits, multipart(*within), multipart(*above)) == [200, status]


async def test_the_limits_of_an_urlencoded_form() -> None:
    for limits, within, above, status in (
        (Limits(max_fields=2), b"a=1&b=2", b"a=1&b=2&c=3", 400),
        (Limits(max_field_size=4), b"a=123&b=%31%32%33", b"a=1234", 413),
        (Limits(max_field_size=4), b"a=%C3%A9x", b"a=%C3%A9%C3%A9", 413),
        (Limits(max_field_size=4), b"abcd", b"abcde", 413),
        (Limits(max_field_size=4), b"%61%61%61%61", b"%61%61%61%61%61", 413),
        (Limits(max_form_memory=7), b"a=1&b=2", b"a=1&b=23", 413),
        (Limits(max_body_size=7), b"a=1&b=2", b"a=1&b=23", 413),
    ):
        assert await statuses(limits, within, above, headers=URLENCODED) == [200, status]


async def test_the_fields_of_a_body_that_was_read_before_are_bounded_too() -> None:
    settings = App(limits=Limits(max_form_memory=7))._settings
    scope = http_scope("POST", "/", URLENCODED)
    request = Request(scope, receiving(body(b"a=12&b=34")), settings=settings)
    await request.body()
    with pytest.raises(LimitExceeded, match="more than 7 bytes"):
        await request.form()


async def test_fields_that_are_announced_to_be_too_many_are_not_read() -> None:
    settings = App(limits=Limits(max_form_memory=7))._settings
    headers = {**URLENCODED, "content-length": "8"}
    request = Request(http_scope("POST", "/", headers), receiving(), settings=settings)
    with anyio.fail_after(5), pytest.raises(LimitExceeded, match="more than 7 bytes"):
        await request.form()


@pytest.mark.parametrize("piece", [b"%", b"%1", b"%1A", b"%FF", b"%%4"])
def test_malformed_escapes_take_little_memory(piece: bytes) -> None:
    data = b"a=" + piece * (300_000 // len(piece))
    tracemalloc.start()
    parse_form(data, Limits())
    assert tracemalloc.get_traced_memory()[1] < 128 * len(data)
    tracemalloc.stop()


async def test_an_epilogue_is_discarded_within_the_limit_of_the_body() -> None:
    data = multipart(field("a", b"1"))
    assert await statuses(Limits(max_body_size=1000), data + b"x" * 500, data + b"x" * 1000) == [
        200,
        413,
    ]


@pytest.mark.parametrize("piece", [b"&", b"a=1&", b"%", b"%41", b"+", b"=", b"a=%C3%A9&"])
def test_reading_an_urlencoded_form_takes_linear_time(piece: bytes) -> None:
    limits = Limits(max_fields=10**6)

    def work(times: int) -> int:
        return count_calls(lambda: parse_form(piece * times, limits))

    assert work(4_000) <= 4 * work(1_000) + 50


async def test_a_multipart_body_in_many_chunks_takes_linear_time() -> None:
    data = multipart(file("f", "x", b"y" * 4_000), field("a", b"z" * 4_000))

    async def work(size: int) -> int:
        messages = [body(chunk, more=True) for chunk in cut(data, size)] + [body(b"")]
        calls = 0

        async def receive() -> Message:
            nonlocal calls
            calls += 1
            return messages.pop(0)

        await app(http_scope("POST", "/show", MULTIPART), receive, Sent())
        return calls

    assert await work(1) == len(data) + 1


# Files


async def uploaded(content: bytes, filename: str = "x.txt", memory: int = 1000) -> FormData:
    data = multipart(file("f", filename, content, "Content-Type: text/plain", "X-Own: é"))
    scope = http_scope("POST", "/", MULTIPART)
    settings = App(limits=Limits(max_file_memory=memory))._settings
    receive = receiving(*map(_more, cut(data, 9)), body(b""))
    return await Request(scope, receive, settings=settings).form()


def _more(chunk: bytes) -> Message:
    return body(chunk, more=True)


@pytest.mark.parametrize("memory", [1000, 0])
async def test_a_file_is_read_in_memory_as_on_the_disk(memory: int) -> None:
    form = await uploaded(b"0123456789", memory=memory)
    upload = form.files["f"]
    assert repr(upload) == "UploadFile('x.txt', size=10, content_type='text/plain')"
    assert (upload.size, upload.filename, upload.content_type) == (10, "x.txt", "text/plain")
    assert upload.headers["x-own"].encode("latin-1").decode() == "é"
    assert await upload.read(3) == b"012"
    assert await upload.seek(-2, os.SEEK_END) == 8
    assert await upload.read() == b"89"
    assert await upload.read() == b""
    await upload.seek(0)
    assert [chunk async for chunk in upload] == [b"0123456789"]
    await upload.close()
    with pytest.raises(ValueError, match="closed"):
        await upload.read()
    await form.close()


@pytest.mark.parametrize("memory", [10**6, 0])
async def test_a_file_is_iterated_over_in_pieces(memory: int) -> None:
    content = bytes(range(256)) * 600
    form = await uploaded(content, memory=memory)
    chunks = [chunk async for chunk in form.files["f"]]
    assert b"".join(chunks) == content
    assert [len(chunk) for chunk in chunks] == [65536, 65536, 22528]
    await form.close()


@pytest.mark.parametrize("memory", [1000, 0])
async def test_a_file_is_saved_where_it_is_told(tmp_path: Path, memory: int) -> None:
    form = await uploaded(b"content", "../../evil\\..\\x.txt", memory)
    upload = form.files["f"]
    await upload.read(3)
    assert await upload.save(tmp_path / "own.bin") == tmp_path / "own.bin"
    assert await upload.save(str(tmp_path / "own.bin")) == tmp_path / "own.bin"
    assert (tmp_path / "own.bin").read_bytes() == b"content"
    assert await upload.save(tmp_path) == tmp_path / "x.txt"
    with pytest.raises(FileExistsError):
        await upload.save(tmp_path)
    with pytest.raises(FileNotFoundError):
        await upload.save(tmp_path / "no" / "such")
    assert names(tmp_path) == ["own.bin", "x.txt"]
    await form.close()


async def test_a_file_that_cannot_be_saved_whole_is_not_saved(tmp_path: Path) -> None:
    form = await uploaded(b"content", memory=0)
    await form.close()
    closed = form.files["f"]
    with pytest.raises(ValueError, match="closed"):
        await closed.save(tmp_path / "half")
    assert names(tmp_path) == []


async def test_a_file_can_be_given_to_what_reads_files() -> None:
    form = await uploaded(b"a,b\n1,2\n", memory=0)
    lines = await anyio.to_thread.run_sync(form.files["f"].file.readlines)
    assert lines == [b"a,b\n", b"1,2\n"]
    await form.close()


def test_an_upload_can_be_made_for_a_test() -> None:
    upload = UploadFile(io.BytesIO(b"abc"), size=3, filename="a/b.txt")
    assert (upload.safe_filename, upload.content_type, upload.headers) == ("b.txt", None, Headers())


async def test_fields_and_files_can_be_had_apart() -> None:
    upload = UploadFile(io.BytesIO(), size=0)
    form = FormData([("a", "1"), ("f", upload), ("a", "2")])
    assert form.fields.multi_items() == [("a", "1"), ("a", "2")]
    assert form.files.multi_items() == [("f", upload)]
    assert (form["a"], form.get("f"), form.getlist("a")) == ("1", upload, ["1", "2"])
    await form.close()


# Closed whatever happens


@pytest.mark.parametrize("size", [10, 5_000])
async def test_files_are_open_until_the_request_was_answered(size: int) -> None:
    seen: list[Any] = []
    before = descriptors()
    late = App(limits=Limits(max_file_memory=1000))

    @late.middleware
    async def around(request: Request, call_next: Any) -> Any:
        response = await call_next(request)
        seen.append(len(await (await request.form()).files["f"].read(3)))
        return response

    @late.post("/")
    async def later(request: Request) -> StreamingResponse:
        upload = (await request.form()).files["f"]

        async def read_on() -> None:
            await upload.seek(0)
            seen.append(len(await upload.read()))
            seen.append(upload)

        return StreamingResponse(upload, background=BackgroundTask(read_on))

    data = multipart(file("f", "x", b"x" * size))
    answer = await ask(late, "POST", body=data, headers=MULTIPART)
    assert len(answer.body) == size - 3
    assert seen[:2] == [3, size]
    assert seen[2].file.closed
    assert descriptors() == before


async def test_files_are_closed_early_by_async_with() -> None:
    data = multipart(file("f", "x", b"x" * 5_000))
    request = Request(http_scope("POST", "/", MULTIPART), receiving(body(data)))
    async with request.form() as form:
        upload = form.files["f"]
        assert upload.size == 5_000
    assert upload.file.closed


def failing(message: str) -> App:
    broken = App(limits=Limits(max_file_memory=10, max_fields=1))

    @broken.post("/")
    async def fail(request: Request) -> JSONResponse:
        await request.form()
        raise LookupError(message)

    return broken


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (multipart(file("f", "x", b"x" * 5_000)), 500),
        (multipart(file("f", "x", b"x" * 5_000), field("a", b""), field("a", b"")), 400),
        (multipart(file("f", "x", b"x" * 5_000))[:-3], 400),
        (multipart(file("f", "x", b"x" * 5_000), b"--B\r\nno header"), 400),
    ],
)
async def test_files_are_closed_when_something_fails(data: bytes, status: int) -> None:
    before = descriptors()
    answer = await ask(failing("later"), "POST", body=cut(data, 99), headers=MULTIPART)
    assert answer.status == status
    assert descriptors() == before


async def test_a_client_that_leaves_mid_upload_leaves_nothing_behind() -> None:
    data = multipart(file("f", "x", b"x" * 600_000))
    before = descriptors(), threading.active_count() + 40

    async def leave() -> None:
        messages = [_more(chunk) for chunk in cut(data, 65_536)[:-1]]
        sent = Sent()
        await app(http_scope("POST", "/show", MULTIPART), receiving(*messages, DISCONNECT), sent)
        assert sent.messages == []

    for _ in range(10):
        async with anyio.create_task_group() as group:
            for _ in range(20):
                group.start_soon(leave)
    assert descriptors() <= before[0] + 2  # of the event loop's own, on trio
    assert threading.active_count() <= before[1]


async def test_a_request_that_is_cancelled_leaves_nothing_behind() -> None:
    data = multipart(file("f", "x", b"x" * 600_000))
    before = descriptors()
    with anyio.move_on_after(0.2) as scope:
        messages = [_more(chunk) for chunk in cut(data, 65_536)[:-1]]
        await app(http_scope("POST", "/show", MULTIPART), receiving(*messages), Sent())
    assert scope.cancelled_caught
    assert descriptors() <= before + 2


async def test_temporary_files_have_no_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    form = await uploaded(b"x" * 9, memory=0)
    assert names(tmp_path) == []
    assert await form.files["f"].read() == b"x" * 9
    await form.close()


@pytest.mark.parametrize("takes_request", [True, False])
@pytest.mark.parametrize("middleware", [[], [Passing]])
async def test_files_that_a_handler_of_errors_reads_are_closed(
    takes_request: bool, middleware: list[Any]
) -> None:
    files: list[UploadFile] = []

    def fail() -> str:
        raise HTTPException(409)

    async def with_request(request: Request) -> str:
        raise HTTPException(409)

    async def explain(request: Request, error: HTTPException) -> str:
        files.append((await request.form()).files["f"])
        return "conflict"

    broken = App(exception_handlers={409: explain}, middleware=map(Middleware, middleware))
    broken.add_route("/", with_request if takes_request else fail, ["POST"])
    data = multipart(file("f", "x", b"x" * 2_000_000))
    answer = await ask(broken, "POST", body=data, headers=MULTIPART)
    assert (answer.status, answer.text) == (409, "conflict")
    assert files[0].file.closed


async def test_files_that_middleware_reads_are_closed_when_all_is_over() -> None:
    files: list[UploadFile] = []

    class Reading(Passing):
        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            request = Request(scope, receive)
            await request.body()
            files.append((await request.form()).files["f"])
            await self.app(scope, request.receive, send)

    data = multipart(file("f", "x", b"x" * 2_000_000))
    for route_level in (True, False):
        reading = App(middleware=[] if route_level else [Middleware(Reading)])
        around = [Middleware(Reading)] if route_level else []
        reading.add_route("/", show, ["POST"], middleware=around)
        answer = await ask(reading, "POST", body=data, headers=MULTIPART)
        assert answer.status == 200
        assert files.pop().file.closed


async def test_a_file_can_be_saved_by_two_at_a_time_and_read_on(tmp_path: Path) -> None:
    content = bytes(range(256)) * 8_000
    for memory in (10**7, 0):
        form = await uploaded(content, memory=memory)
        upload = form.files["f"]
        await upload.read(3)
        async with anyio.create_task_group() as group:
            group.start_soon(upload.save, tmp_path / "one")
            group.start_soon(upload.save, tmp_path / "other")
        for name in names(tmp_path):
            assert await anyio.Path(tmp_path / name).read_bytes() == content
        assert await upload.read(3) == content[3:6]
        await form.close()


async def test_a_file_that_was_there_stays_if_another_cannot_be_saved(tmp_path: Path) -> None:
    await anyio.Path(tmp_path / "precious").write_bytes(b"old")
    for memory in (1000, 0):
        form = await uploaded(b"content", memory=memory)
        upload = form.files["f"]
        await form.close()
        with pytest.raises(ValueError, match="closed"):
            await upload.save(tmp_path / "precious")
    for target in (tmp_path / "precious", tmp_path):
        failing = UploadFile(FailsHalfway(b"half"), size=4)
        with pytest.raises(OSError, match="no more"):
            await failing.save(target)
        await failing.close()
    assert names(tmp_path) == ["precious"]
    assert await anyio.Path(tmp_path / "precious").read_bytes() == b"old"


class FailsHalfway(io.FileIO):
    """A file that cannot be read to its end."""

    def __init__(self, content: bytes) -> None:
        super().__init__("/dev/zero")
        self.content = [content]

    def read(self, size: int | None = -1) -> bytes:
        if self.content:
            return self.content.pop()
        raise OSError("no more")

    def seek(self, position: int, whence: int = io.SEEK_SET) -> int:
        return position


# Before and after


async def test_a_form_can_be_read_from_a_body_that_was_read() -> None:
    for headers, data in ((URLENCODED, b"a=1"), (MULTIPART, multipart(field("a", b"1")))):
        request = Request(http_scope("POST", "/", headers), receiving(body(data)))
        assert await request.body() == data
        assert dict(await request.form()) == {"a": "1"}
        assert await request.body() == data


async def test_of_an_urlencoded_form_the_body_is_left_and_of_a_multipart_one_not() -> None:
    request = Request(http_scope("POST", "/", URLENCODED), receiving(body(b"a=1")))
    assert dict(await request.form()) == {"a": "1"}
    assert await request.body() == b"a=1"
    data = multipart(field("a", b"1"))
    request = Request(http_scope("POST", "/", MULTIPART), receiving(body(data)))
    assert dict(await request.form()) == {"a": "1"}
    with pytest.raises(BodyUnavailable):
        await request.body()


@given(st.lists(st.tuples(NAMES, st.text())), st.sampled_from([1, 5, 10**6]))
def test_every_form_comes_back(pairs: list[tuple[str, str]], size: int) -> None:
    def escaped(name: str) -> str:
        return name.replace("\r", "%0D").replace("\n", "%0A").replace('"', "%22")

    async def check() -> None:
        data = multipart(*(field(escaped(name), value.encode()) for name, value in pairs))
        scope = http_scope("POST", "/", MULTIPART)
        request = Request(scope, receiving(*map(_more, cut(data, size)), body(b"")))
        assert (await request.form()).multi_items() == pairs

    anyio.run(check)


async def test_a_field_that_is_missing_is_a_400_unless_it_is_caught() -> None:
    app = App()

    @app.post("/")
    async def home(request: Request) -> str:
        form = await request.form()
        try:
            return str(form["title"])
        except KeyError:
            return str(form.files["picture"])

    @app.get("/")
    async def search(request: Request) -> str:
        return request.query_params["q"]

    fields = {"content-type": "application/x-www-form-urlencoded", "accept": "text/plain"}
    answer = await ask(app, "POST", "/", headers=fields, body=b"other=1")
    assert (answer.status, answer.text) == (400, "Bad Request: the field 'picture' is missing")
    assert (await ask(app, "POST", "/", headers=fields, body=b"title=1")).text == "1"
    answer = await ask(app, path="/", headers=fields)
    assert (answer.status, answer.text) == (400, "Bad Request: the field 'q' is missing")


async def test_a_form_that_is_not_awaited_says_so() -> None:
    app = App()

    @app.post("/")
    async def home(request: Request) -> None:
        form: Any = request.form()
        with pytest.raises(TypeError, match=r"was not read: \(await request.form\(\)\)\[name\]"):
            form["title"]
        with pytest.raises(AttributeError, match=r"so it has no .get.: `await request.form\(\)`"):
            form.get("title")

    assert (await ask(app, "POST", "/")).status == 204
