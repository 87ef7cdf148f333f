"""The words of HTTP's fields: tokens, quoted strings, lists and parameters (RFC 9110 section 5.6).

What goes into any field is checked here; what comes out of one is split here. Fields with rules of
their own (cookies, media types, ranges) have files of their own. The expressions are
possessive: they never go back, so each takes linear time whatever a client sends.
"""

import re

__all__ = [
    "check_field_name",
    "check_field_value",
    "is_token",
    "parse_parameters",
    "quoted_string",
    "split_list",
]

TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]++")
NOT_FIELD_TEXT = re.compile(r"[^\t -~\x80-\xff]")  # controls, and what latin-1 has no byte for
QUOTED_STRING = re.compile(r'"((?:[^"\\]++|\\.)*+)"', re.DOTALL)
QUOTED_PAIR = re.compile(r"\\(.)", re.DOTALL)

# The pieces between separators; one within a quoted string does not separate. A quote that is
# never closed takes the rest.
BETWEEN_COMMAS = re.compile(r'(?:[^",]++|"(?:[^"\\]++|\\.)*+"?+)++', re.DOTALL)
BETWEEN_SEMICOLONS = re.compile(r'(?:[^";]++|"(?:[^"\\]++|\\.)*+"?+)++', re.DOTALL)


def is_token(text: str) -> bool:
    """Whether it is a token (RFC 9110 section 5.6.2), as the names of fields and methods are."""
    return TOKEN.fullmatch(text) is not None


def check_field_name(name: str) -> bytes:
    """The name in lower case, as in ASGI; ValueError if it is no token (RFC 9110 section 5.1)."""
    if not isinstance(name, str):
        raise TypeError(f"the name of a header field is a str, not {name!r:.80}")
    if not is_token(name):
        raise ValueError(
            f"{name!r:.80} is no name for a header field; "
            "use ASCII letters, digits and hyphens, without spaces or colons"
        )
    return name.lower().encode("ascii")


def check_field_value(value: str) -> bytes:
    """The value in latin-1, without the space around it; ValueError if a field cannot carry it.

    RFC 9110 section 5.5: a line break would end the field and begin one of an attacker's choice.
    """
    _refuse_controls(value, "the value of a header field")
    return value.strip(" \t").encode("latin-1")


def quoted_string(text: str) -> str:
    r"""Quote a text for use in a field, whatever it contains (RFC 9110 section 5.6.4).

    ValueError for control characters and for what latin-1 does not have.

    >>> print(quoted_string('the "best" \\ file'))
    "the \"best\" \\ file"
    """
    _refuse_controls(text, "a quoted string")
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def split_list(value: str) -> list[str]:
    """The elements of a comma-separated list, without the empty ones (RFC 9110 section 5.6.1).

    >>> split_list('gzip, "a, b" ,, br;q=0')
    ['gzip', '"a, b"', 'br;q=0']
    """
    pieces = (piece.strip(" \t") for piece in BETWEEN_COMMAS.findall(value))
    return [piece for piece in pieces if piece]


def parse_parameters(text: str) -> dict[str, str]:
    r"""What follows a media type (RFC 9110 section 5.6.6), by names in lower case; the first wins.

    Malformed parameters are left out. An unquoted value may have characters that no token has, as
    browsers read it (WHATWG MIME Sniffing section 4.4): not all clients quote `boundary=a/b`.

    >>> parse_parameters('; charset=utf-8; title="a \\"b\\"; c"; oops; charset=x')
    {'charset': 'utf-8', 'title': 'a "b"; c'}
    """
    parameters: dict[str, str] = {}
    for piece in BETWEEN_SEMICOLONS.findall(text):
        name, _, value = piece.strip(" \t").partition("=")
        name = name.lower()
        if not is_token(name) or name in parameters or NOT_FIELD_TEXT.search(value):
            continue
        if quoted := QUOTED_STRING.fullmatch(value):
            parameters[name] = QUOTED_PAIR.sub(r"\1", quoted[1])
        elif value and '"' not in value:
            parameters[name] = value
    return parameters


def _refuse_controls(text: str, what: str) -> None:
    try:
        found = NOT_FIELD_TEXT.search(text)
    except TypeError:
        raise TypeError(f"{what} is a text, not {text!r:.80}") from None
    if found:
        raise ValueError(
            f"{what} cannot contain {found[0]!a}, as {text!a:.80} does; remove control characters, "
            "and percent-encode what is not latin-1 (urllib.parse.quote)"
        )
