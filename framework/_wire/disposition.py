"""File names on their way: Content-Disposition read and written, and names that are safe to save by.

What is read is the field of multipart/form-data (RFC 7578 section 4.2). How its values are quoted
depends on who sends them: browsers write `%22`, `%0D` and `%0A` and leave a backslash alone (WHATWG
HTML section 4.10.21.8), others escape as in other fields (RFC 9110 section 5.6.4). What is written is
the field of a response (RFC 6266).
"""

import re
import unicodedata
from urllib.parse import quote, unquote_to_bytes

from framework._wire.grammar import BETWEEN_SEMICOLONS, QUOTED_PAIR, QUOTED_STRING

__all__ = ["format_disposition", "parse_form_disposition", "safe_filename"]

AS_BROWSERS_SEND = re.compile(r'form-data; name="([^"]*+)"(?:; filename="([^"]*+)")?+')
EXTENDED_VALUE = re.compile(
    r"(utf-8|iso-8859-1)'[^']*+'([!#$&+\-.^_`|~0-9A-Za-z%]*+)", re.IGNORECASE
)

RESERVED_ON_WINDOWS = frozenset(
    {"aux", "con", "conin$", "conout$", "nul", "prn"}
    | {f"{port}{digit}" for port in ("com", "lpt") for digit in "0123456789¹²³"}
)
SEPARATORS = re.compile(r"[/\\]")
NOT_IN_FILENAMES = re.compile(r'[<>:"|?*]')
NEVER_IN_FILENAMES = re.compile(r"[\x00-\x1f\x7f-\x9f/\\\ud800-\udfff]")
READ_DIFFERENTLY = re.compile(r'[^ -~]|["%]')  # by this client or that (RFC 6266 appendix D)
NEED_NO_QUOTING = "!#$&+^`|"  # in RFC 8187 section 3.2.1, beside what quote() leaves alone
MAX_FILENAME = 255  # bytes, of common file systems
MAX_SUFFIX = 16


def parse_form_disposition(value: str) -> tuple[str, str | None]:
    r"""The name and the file name of a part; `value` is latin-1, in which each byte is a character.

    `filename*` (RFC 8187) is read where it is sent, though RFC 7578 forbids to send it, and counts
    before `filename`, which is then its substitute in ASCII (RFC 6266 section 4.3). ValueError for
    another disposition, without a name, for a name given twice, and for what is not UTF-8.

    >>> parse_form_disposition('form-data; name="photo"; filename="a%22b\\c.png"')
    ('photo', 'a"b\\c.png')
    """
    if match := AS_BROWSERS_SEND.fullmatch(value):
        name, filename = match.groups()
        extended = None
    else:
        parameters = _parameters(value)
        name, filename = parameters.get("name"), parameters.get("filename")
        extended = _extended(parameters.get("filename*", ""))
    if name is None:
        raise ValueError("a part has no name")
    if extended is None and filename is not None:
        extended = _text(filename)
    return _text(name), extended


def format_disposition(kind: str, filename: str) -> str:
    """The field that names the file of a response; what no file's name can have becomes `_`.

    A name that is not plain ASCII is sent twice, `filename*` (RFC 8187) being the one that counts.

    >>> print(format_disposition("attachment", "report.pdf"))
    attachment; filename="report.pdf"
    >>> print(format_disposition("inline", "50 € note.jpg"))
    inline; filename="50 _ note.jpg"; filename*=UTF-8''50%20%E2%82%AC%20note.jpg
    """
    name = NEVER_IN_FILENAMES.sub("_", filename)
    plain = READ_DIFFERENTLY.sub("_", name)
    field = f'{kind}; filename="{plain}"'
    return field if plain == name else f"{field}; filename*=UTF-8''{quote(name, NEED_NO_QUOTING)}"


def safe_filename(name: str) -> str:
    r"""A name to save a file by, whatever a client calls it: one component, on any system, not hidden.

    >>> safe_filename("../../etc/passwd"), safe_filename("C:\\photos\\Été.png"), safe_filename("..")
    ('passwd', 'Été.png', 'upload')
    """
    last = unicodedata.normalize("NFC", SEPARATORS.split(name)[-1])
    # Of the categories Cc, Cf, Cs, Co and Cn none is for names: controls, reordering, half characters.
    printable = "".join(c for c in last if unicodedata.category(c)[0] != "C")
    text = NOT_IN_FILENAMES.sub("_", printable).lstrip(" .-~").rstrip(" .")
    if text.partition(".")[0].rstrip().lower() in RESERVED_ON_WINDOWS:
        text = f"_{text}"
    return _shortened(text).rstrip(" .") or "upload"


def _parameters(value: str) -> dict[str, str]:
    kind, *pieces = BETWEEN_SEMICOLONS.findall(value) or [""]
    if kind.strip(" \t").lower() != "form-data":
        raise ValueError("the Content-Disposition of a part is not form-data")
    parameters: dict[str, str] = {}
    for piece in pieces:
        key, _, given = piece.strip(" \t").partition("=")
        key, given = key.rstrip(" \t").lower(), given.lstrip(" \t")
        if key in parameters:
            raise ValueError(f"Content-Disposition has {key!r:.40} twice")
        if quoted := QUOTED_STRING.fullmatch(given):
            given = quoted[1]
            if '\\"' in given:  # by somebody who escapes; browsers write %22
                given = QUOTED_PAIR.sub(r"\1", given)
        elif '"' in given:
            raise ValueError(f"the quotes of {key!r:.40} in Content-Disposition do not match")
        parameters[key] = given
    return parameters


def _extended(value: str) -> str | None:
    match = EXTENDED_VALUE.fullmatch(value)
    try:
        return unquote_to_bytes(match[2]).decode(match[1]) if match else None
    except UnicodeDecodeError:
        return None  # RFC 8187 section 3.2.1: ignored when it cannot be decoded


def _text(value: str) -> str:
    if "%" in value:
        value = value.replace("%0D", "\r").replace("%0A", "\n").replace("%22", '"')
    try:
        return value.encode("latin-1").decode()
    except UnicodeDecodeError:
        raise ValueError("a name in Content-Disposition is not UTF-8") from None


def _shortened(name: str) -> str:
    encoded = name.encode()
    if len(encoded) <= MAX_FILENAME:
        return name
    stem, dot, suffix = name.rpartition(".")
    ending = (dot + suffix).encode() if stem and len(suffix) <= MAX_SUFFIX else b""
    return (encoded[: MAX_FILENAME - len(ending)]).decode(errors="ignore") + ending.decode()
