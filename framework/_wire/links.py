"""The value of a Link field, in which early hints name what a page will need (RFC 8288 section 3)."""

import re

from framework._wire.grammar import TOKEN

__all__ = ["check_link"]

SPACE = r"[ \t]*+"
QUOTED = r'"(?:[\t !#-\[\]-~\x80-\xff]|\\[\t -~\x80-\xff])*+"'
PARAMETER = rf"{TOKEN.pattern}(?:{SPACE}={SPACE}(?:{TOKEN.pattern}|{QUOTED}))?+"
LINK_VALUE = re.compile(rf"<[!#-;=?-Z\[\]_a-z~]++>(?:{SPACE};{SPACE}{PARAMETER})*+")


def check_link(value: str) -> bytes:
    """The link as it is sent; ValueError for anything but one target in angle brackets and its parameters.

    >>> check_link('</style.css>; rel=preload; as="style"')
    b'</style.css>; rel=preload; as="style"'
    """
    if LINK_VALUE.fullmatch(value) is None:
        raise ValueError(
            f"{value!a:.200} is no link: write it as '</style.css>; rel=preload; as=style', "
            "with a percent-encoded URL in the angle brackets"
        )
    return value.encode("latin-1")
