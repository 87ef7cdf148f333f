"""File names in Content-Disposition, read and written, and names that files can be saved by."""

import re
import string
from contextlib import suppress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from framework._wire import disposition
from framework._wire.disposition import (
    format_disposition,
    parse_form_disposition,
    safe_filename,
)
from tests.wire.work import backtracking_quantifiers, count_calls


def utf8(text: str) -> str:
    """As a server sees UTF-8: a character for each byte."""
    return text.encode().decode("latin-1")


VISIBLE = st.one_of(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="%"), st.sampled_from("\r\n")
)

BY_BROWSERS = [
    ('form-data; name="a"', ("a", None)),
    ('form-data; name=""', ("", None)),
    ('form-data; name="a"; filename="b.txt"', ("a", "b.txt")),
    ('form-data; name="a"; filename=""', ("a", "")),
    # WHATWG HTML section 4.10.21.8: these three are escaped, and nothing else is
    ('form-data; name="a%22b%0D%0Ac"; filename="%22.txt"', ('a"b\r\nc', '".txt')),
    ('form-data; name="100%"; filename="a%20b%0d.txt"', ("100%", "a%20b%0d.txt")),
    ('form-data; name="a"; filename="C:\\dir\\f.txt"', ("a", "C:\\dir\\f.txt")),
    ('form-data; name="a\\"; filename="b\\"', ("a\\", "b\\")),
    ('form-data; name="a\\\\b"', ("a\\\\b", None)),
    ('form-data; name="a;b\'c"; filename="d; e=f"', ("a;b'c", "d; e=f")),
    (utf8('form-data; name="名前"; filename="café.png"'), ("名前", "café.png")),
    (utf8('form-data; name="\N{WORD JOINER}"'), ("\N{WORD JOINER}", None)),
]
BY_OTHERS = [
    # RFC 9110 section 5.6.6
    ("form-data; name=a", ("a", None)),
    ("FORM-DATA ;Name = a;FILENAME=b.txt ", ("a", "b.txt")),
    ('form-data; filename="b.txt"; name="a"', ("a", "b.txt")),
    ('form-data; name="a\\"b"; filename="\\"\\\\.txt"', ('a"b', '"\\.txt')),
    ('form-data; name="a"; size=3; filename="b"', ("a", "b")),
    (utf8("form-data; name=é; filename=ü.txt"), ("é", "ü.txt")),
    # RFC 8187: `filename*`
    ("form-data; name=\"a\"; filename*=UTF-8''na%C3%AFve.txt", ("a", "naïve.txt")),
    ('form-data; name="a"; filename="x"; filename*=utf-8\'en\'%e2%82%ac.txt', ("a", "€.txt")),
    ('form-data; name="a"; filename*=iso-8859-1\'\'%e9; filename="x"', ("a", "é")),
    ('form-data; name="a"; filename*=utf-8\'\'%ff; filename="x"', ("a", "x")),
    ('form-data; name="a"; filename*=utf-16\'\'x; filename="y"', ("a", "y")),
    ('form-data; name="a"; filename*=x', ("a", None)),
]


@pytest.mark.parametrize(("value", "names"), BY_BROWSERS + BY_OTHERS)
def test_names_are_read_as_their_sender_writes_them(
    value: str, names: tuple[str, str | None]
) -> None:
    assert parse_form_disposition(value) == names


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("", "not form-data"),
        ('attachment; name="a"', "not form-data"),
        ("form-data", "no name"),
        ('form-data; filename="b"', "no name"),
        ('form-data; name="a"; name="b"', "'name' twice"),
        ('form-data; name="a"; filename=a; FILENAME=b', "'filename' twice"),
        ('form-data; name="a', "quotes of 'name'"),
        ('form-data; name="a"b"', "quotes of 'name'"),
        ('form-data; name="\xe9"', "not UTF-8"),
        ('form-data; name="a"; filename="\xff"', "not UTF-8"),
    ],
)
def test_what_names_no_part_is_refused(value: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse_form_disposition(value)


@given(st.text(VISIBLE), st.text(VISIBLE))
def test_what_a_browser_encodes_comes_back(name: str, filename: str) -> None:
    def escaped(text: str) -> str:
        return text.replace("\r", "%0D").replace("\n", "%0A").replace('"', "%22")

    value = f'form-data; name="{escaped(name)}"; filename="{escaped(filename)}"'
    assert parse_form_disposition(utf8(value)) == (name, filename)


@pytest.mark.parametrize(
    ("sent", "safe"),
    [
        ("photo.png", "photo.png"),
        ("Été à Nîmes.jpeg", "Été à Nîmes.jpeg"),
        ("Cafe\N{COMBINING ACUTE ACCENT}.txt", "Café.txt"),
        ("履歴書.pdf", "履歴書.pdf"),
        ("../../etc/passwd", "passwd"),
        ("..\\..\\boot.ini", "boot.ini"),
        ("/etc/cron.d/x", "x"),
        ("C:\\fakepath\\a.txt", "a.txt"),
        ("\\\\server\\share\\a.txt", "a.txt"),
        ("a/", "upload"),
        ("", "upload"),
        (".", "upload"),
        ("..", "upload"),
        (" . ", "upload"),
        ("\x00", "upload"),
        (".htaccess", "htaccess"),
        ("-rf", "rf"),
        ("~root", "root"),
        ("a\x00.php\x00.png", "a.php.png"),
        ("a\r\nb\x1b[31m.txt", "ab[31m.txt"),
        ("cod\N{RIGHT-TO-LEFT OVERRIDE}gpj.exe", "codgpj.exe"),
        ("half\ud800.txt", "half.txt"),
        ("a.txt. . ", "a.txt"),
        ("a.txt::$DATA", "a.txt__$DATA"),
        ('<a>?*|".txt', "_a_____.txt"),
        ("con", "_con"),
        ("NUL.txt", "_NUL.txt"),
        ("com1 .log", "_com1 .log"),
        ("COM¹.txt", "_COM¹.txt"),
        ("conout$", "_conout$"),
        ("console.log", "console.log"),
        ("a" * 254 + " " + "b" * 10, "a" * 254),
        ("a" * 254 + "." + "b" * 20, "a" * 254),
        ("x" * 300, "x" * 255),
        ("x" * 300 + ".png", "x" * 251 + ".png"),
        ("é" * 200 + ".tar.gz", "é" * 126 + ".gz"),
        ("x" * 10 + "." + "y" * 300, "x" * 10 + "." + "y" * 244),
    ],
)
def test_a_safe_name_is_one_visible_component_on_any_system(sent: str, safe: str) -> None:
    assert safe_filename(sent) == safe


@given(st.text())
@example("x" * 251 + "\N{GRINNING FACE}" * 9 + ".png")
def test_no_name_is_dangerous_once_it_is_safe(name: str) -> None:
    safe = safe_filename(name)
    assert 0 < len(safe.encode()) <= 255
    assert not set(safe) & set('/\\:*?"<>|' + "".join(map(chr, range(32))))
    assert safe[0] not in ".-~ "
    assert safe_filename(safe + string.whitespace) == safe_filename(safe)


@pytest.mark.parametrize("pattern", [disposition.AS_BROWSERS_SEND, disposition.EXTENDED_VALUE])
def test_expressions_never_go_back(pattern: re.Pattern[str]) -> None:
    assert backtracking_quantifiers(pattern) == []


@pytest.mark.parametrize("piece", ["; a=", '; a="', '\\"', ";", "%22", '"', "; filename*=utf-8''%"])
def test_parsing_takes_linear_time(piece: str) -> None:
    def work(times: int) -> int:
        def parse() -> None:
            with suppress(ValueError):
                parse_form_disposition('form-data; name="a"; b="' + piece * times)

        return count_calls(parse)

    assert work(4_000) <= 5 * work(1_000)


# Written

NAMES = [
    ("plain.txt", 'attachment; filename="plain.txt"'),
    ("a b; c='d'.txt", "attachment; filename=\"a b; c='d'.txt\""),
    ("ä.txt", "attachment; filename=\"_.txt\"; filename*=UTF-8''%C3%A4.txt"),
    ("名前", "attachment; filename=\"__\"; filename*=UTF-8''%E5%90%8D%E5%89%8D"),
    ('say "hi"', "attachment; filename=\"say _hi_\"; filename*=UTF-8''say%20%22hi%22"),
    # RFC 6266 appendix D: some clients decode what looks percent-encoded.
    ("50%41.txt", "attachment; filename=\"50_41.txt\"; filename*=UTF-8''50%2541.txt"),
    ("é!#$&+-.^_`|~'()*@", None),
    # What can be in no name of a file, or would lead out of the folder.
    ("a\r\nset-cookie: b=c\x00\x7f\x85", 'attachment; filename="a__set-cookie: b=c___"'),
    ("../..\\etc/passwd", 'attachment; filename=".._.._etc_passwd"'),
    ("half \ud800", 'attachment; filename="half _"'),
    ("", 'attachment; filename=""'),
]


@pytest.mark.parametrize(("name", "field"), NAMES)
def test_a_file_name_is_written_so_that_all_clients_read_it_the_same(
    name: str, field: str | None
) -> None:
    written = format_disposition("attachment", name)
    if field is None:
        field = 'attachment; filename="_!#$&+-.^_`|~\'()*@"; '
        field += "filename*=UTF-8''%C3%A9!#$&+-.^_`|~%27%28%29%2A%40"
    assert written == field


@given(st.text())
def test_a_file_name_that_was_written_is_read_as_it_was(name: str) -> None:
    written = format_disposition("form-data", name)
    assert re.fullmatch("[ -~]*", written)
    expected = "".join(disposition.NEVER_IN_FILENAMES.sub("_", name))
    assert parse_form_disposition(f'{written}; name="n"') == ("n", expected)
