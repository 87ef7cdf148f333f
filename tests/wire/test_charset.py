"""Text out of bytes, by charsets that clients name."""

import encodings
import sys
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework._wire.charset import CHARSETS, decode_text
from tests.wire.work import count_calls


@pytest.mark.parametrize("charset", [None, "", "utf-8", "UTF-8", "utf8", "Utf_8"])
def test_text_is_utf_8_unless_another_charset_is_named(charset: str | None) -> None:
    assert decode_text("Grüße 🎉".encode(), charset) == "Grüße 🎉"


@pytest.mark.parametrize(
    ("charset", "data", "text"),
    [
        ("us-ascii", b"plain", "plain"),
        ("ISO-8859-1", b"\xfc", "ü"),
        ("latin1", b"\xfc", "ü"),
        ("iso-8859-15", b"\xa4", "€"),
        ("windows-1252", b"\x80", "€"),
        ("cp1251", b"\xff", "я"),
        ("koi8-r", b"\xd1", "я"),
        ("UTF-16", b"\xff\xfe\xfc\x00", "ü"),
        ("utf-16le", b"\xfc\x00", "ü"),
        ("utf-16be", b"\x00\xfc", "ü"),
        ("utf-8-sig", b"\xef\xbb\xbfa", "a"),
        ("Shift_JIS", b"\x82\xa0", "あ"),
        ("euc-jp", b"\xa4\xa2", "あ"),
        ("iso-2022-jp", b'\x1b$B$"\x1b(B', "あ"),
        ("euc-kr", b"\xb0\xa1", "가"),
        ("gb2312", b"\xb0\xa1", "啊"),
        ("gbk", b"\xb0\xa1", "啊"),
        ("gb18030", b"\x84\x31\xa4\x37", "�"),
        ("big5", b"\xa4@", "一"),
    ],
)
def test_a_charset_of_documents_is_decoded(charset: str, data: bytes, text: str) -> None:
    assert decode_text(data, charset) == text


@pytest.mark.parametrize(
    "charset",
    [
        "x-unknown",
        "utf 8",
        "utf--8",
        "utf-8\x00",
        "ü",
        "\udcff",
        ".",
        "../../os",
        "utf-7",
        "utf-32",
        "rot13",
        "hex",
        "base64",
        "zlib",
        "bz2",
        "idna",
        "punycode",
        "unicode_escape",
        "raw_unicode_escape",
        "undefined",
        "mbcs",
        "oem",
        "hz",
    ],
)
def test_any_other_codec_of_python_is_refused(charset: str) -> None:
    with pytest.raises(ValueError, match=r"^the charset .* is not supported; send UTF-8$"):
        decode_text(b"+AGE-", charset)


@pytest.mark.parametrize(
    ("charset", "data", "message"),
    [
        (None, b"ab\xff", "the text is not valid UTF-8: invalid start byte at byte 2"),
        ("utf-8", b"\xed\xa0\x80", "the text is not valid utf-8: "),
        ("ascii", b"\x80", "the text is not valid ascii: ordinal not in range"),
        ("utf-16le", b"\x00\xd8", "the text is not valid utf-16le: unexpected end of data"),
        ("utf-16", b"a", "the text is not valid utf-16: truncated data"),
        ("shift_jis", b"\x82", "the text is not valid shift_jis: incomplete multibyte"),
    ],
)
def test_bytes_that_are_not_of_the_charset_are_named(
    charset: str | None, data: bytes, message: str
) -> None:
    with pytest.raises(ValueError, match=f"^{message}") as caught:
        decode_text(data, charset)
    assert type(caught.value) is ValueError


def test_the_message_stays_short_whatever_the_name() -> None:
    with pytest.raises(ValueError, match="is not supported") as caught:
        decode_text(b"", "x" * 60_000)
    assert len(str(caught.value)) < 200


def test_a_name_that_a_client_made_up_is_not_kept() -> None:
    cache: dict[str, object] = vars(encodings)["_cache"]
    modules = len(sys.modules)
    known = len(cache)
    for n in range(100):
        with pytest.raises(ValueError, match="is not supported"):
            decode_text(b"", f"charset-{n}")
    assert len(cache) == known
    assert len(sys.modules) == modules


@given(st.sampled_from(sorted(CHARSETS)), st.binary())
def test_whatever_is_decoded_can_be_encoded(charset: str, data: bytes) -> None:
    with suppress(ValueError):
        decode_text(data, charset).encode()


@pytest.mark.parametrize("charset", sorted(CHARSETS))
def test_the_work_does_not_grow_with_the_text(charset: str) -> None:
    def decode(size: int) -> int:
        text = "a" * size
        data = text.encode(charset)
        assert decode_text(data, charset) == text
        return count_calls(lambda: decode_text(data, charset))

    assert decode(10_000) == decode(10)
