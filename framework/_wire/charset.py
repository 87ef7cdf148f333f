"""Text out of bytes, by the charset that a media type names (RFC 9110 section 8.3.2).

Only charsets in the WHATWG Encoding standard's sense: Python's others (`punycode`, `unicode_escape`,
`rot13`) are no charsets of documents, and some of them take quadratic time.
"""

import codecs

__all__ = ["decode_text"]

CHARSETS = frozenset(
    {"ascii", "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "koi8-r", "koi8-u"}
    | {f"iso8859-{n}" for n in (1, 2, 3, 4, 5, 6, 7, 8, 10, 13, 14, 15, 16)}
    | {"cp866", "cp874", "mac-roman"}
    | {f"cp125{n}" for n in range(9)}
    | {"gbk", "gb18030", "big5", "euc_jp", "iso2022_jp", "shift_jis", "euc_kr"}
)


def decode_text(data: bytes, charset: str | None) -> str:
    """Decode strictly; UTF-8 where no charset is named. ValueError says what is wrong, for the client to read."""
    try:
        codec = codecs.lookup(charset or "utf-8").name
    except (LookupError, ValueError):
        codec = ""
    if codec not in CHARSETS:
        raise ValueError(f"the charset {charset!r:.80} is not supported; send UTF-8")
    try:
        return data.decode(codec)
    except UnicodeDecodeError as error:
        raise ValueError(
            f"the body is not valid {charset or 'UTF-8'}: {error.reason} at byte {error.start}"
        ) from None
