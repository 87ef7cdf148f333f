"""The parts of a multipart body, while they arrive."""

import anyio
import pytest

from framework import (
    App,
    BodyUnavailable,
    ClientDisconnect,
    LimitExceeded,
    Limits,
    MalformedRequest,
    Part,
    Request,
    UnsupportedMediaType,
)
from tests.driver import ask, http_scope
from tests.scripted import DISCONNECT, body, receiving

MULTIPART = {"content-type": "multipart/form-data; boundary=B"}
FIELD = b'--B\r\nContent-Disposition: form-data; name="a"\r\n\r\n%b\r\n'
FILE = (
    b'--B\r\nContent-Disposition: form-data; name="f"; filename="../x.txt"\r\n'
    b"Content-Type: text/plain; charset=latin-1\r\n\r\n%b\r\n"
)
END = b"--B--\r\n"


def request(*chunks: bytes, limits: Limits | None = None, complete: bool = True) -> Request:
    messages = [body(chunk, more=True) for chunk in chunks] + [body(b"")] * complete
    receive = receiving(*messages, DISCONNECT)
    settings = App(limits=limits)._settings
    return Request(http_scope("POST", "/", MULTIPART), receive, settings=settings)


async def test_parts_are_handed_out_with_their_header_and_their_chunks() -> None:
    parts = request(FIELD % b"1", FILE[:90], FILE[90:] % b"23", END).multipart()
    got = [(part.name, part.filename, [chunk async for chunk in part]) async for part in parts]
    assert got == [("a", None, [b"1"]), ("f", "../x.txt", [b"23"])]


async def test_a_part_says_what_its_header_says() -> None:
    (part,) = [part async for part in request(FILE % b"", END).multipart()]
    assert (part.name, part.filename, part.safe_filename) == ("f", "../x.txt", "x.txt")
    assert part.content_type == part.headers["content-type"] == "text/plain; charset=latin-1"
    assert repr(part) == "Part('f', filename='../x.txt')"


async def test_chunks_are_handed_out_before_the_rest_has_come() -> None:
    start = FILE.removesuffix(b"%b\r\n")
    parts = request(start[:50], start[50:], b"12", b"3", complete=False).multipart()
    part = await anext(parts)
    assert [await anext(part), await anext(part)] == [b"12", b"3"]
    with pytest.raises(ClientDisconnect):
        await anext(part)


async def test_what_is_not_read_of_a_part_is_skipped() -> None:
    parts = request(FILE % b"12", FIELD % b"3", FILE % (b"4" * 99), FIELD % b"5", END).multipart()
    texts: list[str] = []
    skipped: list[Part] = []
    async for part in parts:
        if part.filename is None:
            texts.append(await part.text())
        else:
            skipped.append(part)
    assert texts == ["3", "5"]
    for part in skipped:
        with pytest.raises(BodyUnavailable, match="was skipped"):
            await part.read()


async def test_a_part_that_was_read_is_empty() -> None:
    async for part in request(FIELD % b"1", END).multipart():
        assert [await part.read(), await part.read()] == [b"1", b""]
        assert [chunk async for chunk in part] == []


async def test_the_text_of_a_part_is_decoded_by_its_charset() -> None:
    parts = request(FILE % b"\xe9", FIELD % "é".encode(), END).multipart()
    assert [await part.text() async for part in parts] == ["é", "é"]


async def test_a_part_that_is_read_at_once_must_be_small() -> None:
    limits = Limits(max_field_size=3)
    async for part in request(FILE % b"1234", END, limits=limits).multipart():
        with pytest.raises(LimitExceeded, match="larger than 3 bytes") as caught:
            await part.read()
        assert (caught.value.status_code, caught.value.name) == (413, "max_field_size")


@pytest.mark.parametrize(
    ("limits", "data", "status"),
    [
        (Limits(max_parts=1), FIELD % b"1" + FILE % b"1", 400),
        (Limits(max_fields=1), FIELD % b"1" + FIELD % b"1", 400),
        (Limits(max_files=1), FILE % b"1" + FILE % b"1", 400),
        (Limits(max_field_size=3), FIELD % b"1234", 413),
        (Limits(max_file_size=3), FILE % b"1234", 413),
        (Limits(max_part_header_size=50), FILE % b"", 413),
        (Limits(max_body_size=50), FILE % b"", 413),
    ],
)
@pytest.mark.parametrize("reads", [True, False])
async def test_limits_are_those_of_forms(
    limits: Limits, data: bytes, status: int, reads: bool
) -> None:
    app = App(limits=limits)

    @app.post("/")
    async def read(request: Request) -> int:
        parts = request.multipart()
        contents = [await part.read() if reads else b"" async for part in parts]
        return len(contents)

    answer = await ask(app, "POST", body=[data[:99], data[99:], END], headers=MULTIPART)
    assert (answer.status, answer.error) == (status, None)
    assert (await ask(app, "POST", body=END, headers=MULTIPART)).text == "0"


async def test_a_body_that_ends_too_early_is_malformed() -> None:
    for data in (b"", FIELD % b"1", FIELD % b"1" + END[:-3]):
        parts = request(data).multipart()
        if data:
            await anext(parts)
        with pytest.raises(MalformedRequest, match="Unexpected end"):
            await anext(parts)


async def test_an_epilogue_is_read_and_ignored() -> None:
    assert [part.name async for part in request(FIELD % b"", END, b"x", b"y").multipart()] == ["a"]


@pytest.mark.parametrize("content_type", ["application/x-www-form-urlencoded", "text/plain", None])
async def test_a_body_of_another_type_has_no_parts(content_type: str | None) -> None:
    headers = {} if content_type is None else {"content-type": content_type}
    with pytest.raises(UnsupportedMediaType, match="expected multipart/form-data, got "):
        Request(http_scope("POST", "/", headers), receiving()).multipart()


async def test_of_a_body_that_was_read_parts_are_the_same() -> None:
    asked = request(FIELD % b"1", END)
    await asked.body()
    assert [await part.read() async for part in asked.multipart()] == [b"1"]
    assert [await part.read() async for part in asked.multipart()] == [b"1"]


async def test_a_handler_can_leave_in_the_middle() -> None:
    with anyio.fail_after(5):
        parts = request(FILE % b"1", complete=False).multipart()
        assert (await anext(parts)).name == "f"
