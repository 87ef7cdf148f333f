"""multipart/form-data from chunks to parts, without a request around it."""

from collections.abc import Iterable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework import HTTPException, LimitExceeded, Limits, MalformedRequest
from framework._multipart import FormParser, PartHead, boundary_of
from framework._wire.media import MediaType, parse_media_type
from tests.wire.work import count_calls


def part(head: str, content: bytes = b"x") -> bytes:
    return b"--B\r\n" + head.encode() + b"\r\n\r\n" + content + b"\r\n"


def field(name: str, value: bytes = b"x") -> bytes:
    return part(f'Content-Disposition: form-data; name="{name}"', value)


END = b"--B--\r\n"


def parse(chunks: Iterable[bytes], limits: Limits | None = None) -> list[tuple[PartHead, bytes]]:
    parser = FormParser(b"B", limits or Limits())
    parts: list[tuple[PartHead, bytes]] = []
    for chunk in chunks:
        for event in parser.events(chunk):
            if isinstance(event, PartHead):
                parts.append((event, b""))
            elif event is not None:
                parts[-1] = (parts[-1][0], parts[-1][1] + event)
    parser.finish()
    return parts


def media(value: str) -> MediaType:
    parsed = parse_media_type(value)
    assert parsed is not None
    return parsed


@pytest.mark.parametrize(
    "boundary",
    ["x", "x" * 70, "----WebKitFormBoundary7MA4YWxkTrZu0gW", "'()+_,-./:=?", "a b", "=_1"],
)
def test_a_boundary_is_what_rfc_2046_allows(boundary: str) -> None:
    assert boundary_of(media(f'multipart/form-data; boundary="{boundary}"')) == boundary.encode()


@pytest.mark.parametrize(
    "parameter",
    ["", "boundary=", 'boundary="a "', "boundary=" + "x" * 71]
    + [f'boundary="a{odd}"' for odd in ("\r\n", "\x00", "é", "*", "@", '\\"', ";", "{", "\t", "%")],
)
def test_any_other_boundary_is_refused(parameter: str) -> None:
    with pytest.raises(MalformedRequest, match="boundary of 1 to 70 characters"):
        boundary_of(media(f"multipart/form-data; {parameter}"))


BODY = (
    b"preamble\r\n"
    + field("a", b"1\r\n--b\r\n-")
    + part(
        'content-disposition: form-data; name="f"; filename="f.txt"\r\nContent-Type: text/x',
        b"\r\n\r\n--",
    )
    + field("", b"")
    + END
    + b"epilogue"
)
PARTS = [("a", None, b"1\r\n--b\r\n-"), ("f", "f.txt", b"\r\n\r\n--"), ("", None, b"")]


@given(st.lists(st.integers(0, len(BODY)), max_size=9))
def test_parts_are_the_same_however_the_body_is_cut(cuts: list[int]) -> None:
    at = [0, *sorted(cuts), len(BODY)]
    chunks = [BODY[start:end] for start, end in pairwise(at) if start < end]
    assert [(head.name, head.filename, content) for head, content in parse(chunks)] == PARTS


def test_parts_are_the_same_byte_by_byte() -> None:
    chunks = [BODY[n : n + 1] for n in range(len(BODY))]
    assert [(head.name, head.filename, content) for head, content in parse(chunks)] == PARTS


def test_a_form_may_be_empty() -> None:
    assert parse([END]) == []


def test_the_header_of_a_part_can_be_read() -> None:
    head = "Content-Disposition: form-data; name=é\r\nX-Own:  a b\r\nContent-Type: a/b;charset=x"
    ((found, _),) = parse([part(head), END])
    assert found.headers["x-own"] == "a b"
    assert found.headers["Content-Disposition"].encode("latin-1").decode() == "form-data; name=é"
    assert found.content_type == "a/b;charset=x"
    assert (found.bytes_received, found.complete) == (1, True)


NAMED = 'Content-Disposition: form-data; name="a"'


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "Unexpected end"),
        (b"--B", "Unexpected end"),
        (b"--B\r\n", "Unexpected end"),
        (field("a"), "Unexpected end"),
        (field("a") + b"--B-", "Unexpected end"),
        (BODY.partition(END)[0], "Unexpected end"),
        (b"--C\r\n\r\n--C--\r\n", "Unexpected end"),
        (b"x--B\r\n" + END, "in front of first boundary"),
        (b"--B\n" + END, "after first boundary"),
        (b"--BB\r\n" + END, "after first boundary"),
        (field("a").removesuffix(b"\r\n") + b"\r\n--Bxy", "after boundary"),
        (part("no colon") + END, "Malformed segment header"),
        (part("Content Disposition: form-data; name=a") + END, "Invalid segment header name"),
        (b"--B\r\nX: y\n", "line break"),
        (part(NAMED + "\nX: y") + END, "control character"),
        (part(NAMED + "\r\nX: y\nZ: z") + END, "control character"),
        (part('Content-Disposition: form-data; name="a\x00"') + END, "control character"),
        (part('Content-Disposition: form-data; name="a\x7f"') + END, "control character"),
        (part("") + END, "not form-data"),
        (part("Content-Type: text/plain") + END, "not form-data"),
        (part("Content-Disposition: attachment; name=a") + END, "not form-data"),
        (part("Content-Disposition: form-data") + END, "no name"),
        (part('Content-Disposition: form-data; filename="x"') + END, "no name"),
        (part(NAMED + "; name=b") + END, "'name' twice"),
        (part(f"{NAMED}\r\n{NAMED}") + END, "comes twice"),
        (part(NAMED + "\r\nContent-Type: a/b\r\ncontent-type: c/d") + END, "comes twice"),
        (part(NAMED + "\r\nContent-Transfer-Encoding: base64") + END, "send the bytes"),
        (part(NAMED + "\r\nContent-Transfer-Encoding: Quoted-Printable") + END, "send the bytes"),
        (part(NAMED + "\r\nContent-Length: 2") + END, "size does not match"),
        (part(NAMED + "\r\nContent-Length: 0") + END, "Content-Length exceeded"),
        (part(NAMED + "\r\nContent-Length: ٣") + END, "Content-Length header value"),
    ],
)
def test_a_malformed_body_is_refused_by_what_is_wrong(body: bytes, message: str) -> None:
    with pytest.raises(MalformedRequest, match=message) as caught:
        parse([body])
    assert caught.value.detail.startswith("the multipart body is malformed: ")


@pytest.mark.parametrize("encoding", ["7bit", "8BIT", " binary "])
def test_an_encoding_that_encodes_nothing_is_ignored(encoding: str) -> None:
    body = part(f"{NAMED}\r\nContent-Transfer-Encoding: {encoding}") + END
    assert [content for _, content in parse([body])] == [b"x"]


FILE = part('Content-Disposition: form-data; name="f"; filename="f"')


@pytest.mark.parametrize(
    ("limit", "body", "more"),
    [
        (Limits(max_fields=2), field("a") * 2 + FILE * 3, field("a")),
        (Limits(max_files=2), field("a") * 3 + FILE * 2, FILE),
        (Limits(max_parts=4), field("a") * 2 + FILE * 2, FILE),
        (Limits(max_parts=4), field("a") * 2 + FILE * 2, field("a")),
        (Limits(max_part_header_size=64), field("a"), field("a" * 40)),
        (Limits(max_part_header_size=64), field("a"), part(NAMED + "\r\nX-Own: " + "y" * 20)),
    ],
)
def test_the_shape_of_a_form_is_bounded(limit: Limits, body: bytes, more: bytes) -> None:
    parse([body, END], limit)
    with pytest.raises(LimitExceeded) as caught:
        parse([body, more, END], limit)
    (name,) = limit.given
    status = 413 if name.endswith("size") else 400
    assert (caught.value.status_code, caught.value.name) == (status, name)
    assert caught.value.limit == getattr(limit, name)


def test_a_part_has_a_few_headers_only() -> None:
    parse([part(NAMED + "\r\nX: y"), END])
    with pytest.raises(MalformedRequest, match="more than 16 headers"):
        parse([part(NAMED + "".join(f"\r\nX-{n}: y" for n in range(16))), END])


def test_the_size_of_a_part_is_bounded_by_its_kind() -> None:
    limits = Limits(max_field_size=2, max_file_size=3)
    for body, name, limit in ((field("a"), "max_field_size", 2), (FILE, "max_file_size", 3)):
        parser = FormParser(b"B", limits)
        head = next(iter(parser.events(body)))
        assert isinstance(head, PartHead)
        head.bytes_received = limit
        head.check_size()
        head.bytes_received += 1
        with pytest.raises(LimitExceeded, match=f"larger than {limit} bytes") as caught:
            head.check_size()
        assert (caught.value.status_code, caught.value.name) == (413, name)


@pytest.mark.parametrize(
    ("content_type", "charset", "content", "text"),
    [
        ("", None, "é".encode(), "é"),
        ("", None, b"\xe9", "\N{REPLACEMENT CHARACTER}"),
        ("", None, "\N{BOM}é".encode(), "\N{BOM}é"),
        ("", "windows-1252", b"\x80", "€"),
        ("text/plain; charset=utf-8", "windows-1252", "é".encode(), "é"),
        ("text/plain; charset=ISO-8859-15", None, b"\xa4", "€"),
        ("text/plain", "koi8-r", b"\xc1", "а"),
        ("nonsense", None, b"a", "a"),
    ],
)
def test_text_is_decoded_by_the_charset_of_the_part_or_of_the_form(
    content_type: str, charset: str | None, content: bytes, text: str
) -> None:
    head = NAMED + (f"\r\nContent-Type: {content_type}" if content_type else "")
    ((found, _),) = parse([part(head), END])
    assert found.text(content, charset) == text


@pytest.mark.parametrize("charset", ["utf-7", "punycode", "utf-8", "rot13", "x" * 99, "a b"])
def test_a_charset_that_is_none_or_does_not_fit_is_refused(charset: str) -> None:
    ((head, _),) = parse([field("n"), END])
    with pytest.raises(MalformedRequest, match="the field 'n': the "):
        head.text(b"+AGE-\xff", charset)


@pytest.mark.parametrize(
    "piece",
    [
        b"\r\n--",
        b"\r",
        b"\r\n",
        b"\r\n--B",
        b"-",
        b"\r\n--B-",
        b"a" * 9,
    ],
)
@pytest.mark.parametrize("start", [b"", field("a") + field("b").partition(b"x")[0], BODY])
@pytest.mark.parametrize("size", [1, 7, 100_000])
def test_floods_take_linear_time(piece: bytes, start: bytes, size: int) -> None:
    def work(times: int) -> int:
        body = start + piece * times

        def read() -> None:
            try:
                parse([body[n : n + size] for n in range(0, len(body), size)])
            except HTTPException:
                return

        return count_calls(read)

    assert work(2_000) <= 5 * work(500)


def test_a_header_in_many_lines_takes_linear_time() -> None:
    def work(parts: int) -> int:
        body = part('Content-Disposition: form-data; name="a' + "\r\n x" * 900 + '"') * parts
        return count_calls(lambda: parse([body, END]))

    assert work(8) <= 5 * work(2)
