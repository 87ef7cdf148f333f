"""What a WSGI app is told of a request: CGI's meta-variables (RFC 3875 section 4.1, PEP 3333).

Text is what PEP 3333 calls native strings: each character is a byte, in latin-1.
"""

from collections.abc import Iterable

__all__ = ["byte_text", "field_variables"]

OWN_NAMES = {b"content-type": "CONTENT_TYPE", b"content-length": "CONTENT_LENGTH"}

LEFT_OUT = frozenset(
    {
        b"proxy",  # HTTP_PROXY is where libraries look for their own proxy (CVE-2016-5385)
        b"transfer-encoding",  # was undone by the server (RFC 3875 section 4.1.18)
    }
)


def byte_text(text: str) -> str:
    """The bytes of a text in UTF-8, each as a character.

    >>> byte_text("/\u00e4")
    '/Ã¤'
    """
    return text if text.isascii() else text.encode("utf-8", "surrogateescape").decode("latin-1")


def field_variables(fields: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """The variables of a request's header fields, whose names are in lower case; several of one name are joined.

    A name with an underscore is left out, as it would pass for the one with a hyphen (CVE-2026-3902).
    """
    variables: dict[str, str] = {}
    repeated: dict[
        str, list[str]
    ] = {}  # joined at the end: ten thousand equal names are linear work
    for name, value in fields:
        if variable := OWN_NAMES.get(name):
            variables.setdefault(variable, value.decode("latin-1"))
        elif b"_" not in name and name not in LEFT_OUT:
            variable = "HTTP_" + name.decode("latin-1").upper().replace("-", "_")
            text = value.decode("latin-1")
            if variable in variables:
                repeated.setdefault(variable, [variables[variable]]).append(text)
            else:
                variables[variable] = text
    for variable, texts in repeated.items():
        variables[variable] = ("; " if variable == "HTTP_COOKIE" else ",").join(texts)
    return variables
