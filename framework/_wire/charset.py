"""Text out of bytes, by the charset that a media type names (RFC 9110 section 8.3.2).

Only charsets in the WHATWG Encoding standard's sense: Python's others (`punycode`, `unicode_escape`,
`rot13`) are no charsets of documents, and some of them take quadratic time.
"""

from encodings.aliases import aliases

__all__ = ["decode_text"]

CHARSETS = frozenset(
    {"ascii", "utf_8", "utf_8_sig", "utf_16", "utf_16_le", "utf_16_be", "koi8_r", "koi8_u"}
    | {f"iso8859_{n}" for n in (2, 3, 4, 5, 6, 7, 8, 10, 13, 14, 15, 16)}
    | {"latin_1", "cp866", "cp874", "mac_roman"}
    | {f"cp125{n}" for n in range(9)}
    | {"gb2312", "gbk", "gb18030", "big5", "euc_jp", "iso2022_jp", "shift_jis", "euc_kr"}
)

# Not `codecs.lookup`: it keeps every name that it was ever asked for, and clients choose these.
CODECS = {charset: charset for charset in CHARSETS} | {
    alias: codec for alias, codec in aliases.items() if codec in CHARSETS
}


def decode_text(data: bytes | bytearray, charset: str | None) -> str:
    """Decode strictly; UTF-8 where no charset is named. ValueError says what is wrong, for the client to read."""
    codec = CODECS.get((charset or "utf-8").lower().replace("-", "_"))
    if codec is None:
        raise ValueError(f"the charset {charset!r:.80} is not supported; send UTF-8")
    try:
        return data.decode(codec)
    except UnicodeDecodeError as error:
        raise ValueError(
            f"the text is not valid {charset or 'UTF-8'}: {error.reason} at byte {error.start}"
        ) from None
