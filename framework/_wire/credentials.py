"""Credentials and challenges of Authorization and WWW-Authenticate (RFC 9110 section 11, RFC 7617, RFC 6750)."""

import re
from base64 import b64decode
from collections.abc import Mapping, Sequence

from framework._wire.grammar import quoted_string

__all__ = ["is_token68", "parse_authorization", "parse_basic", "with_parameters"]

AUTHORIZATION = re.compile(r"([!#$%&'*+\-.^_`|~0-9A-Za-z]++)(?: ++(.*+))?", re.DOTALL)
TOKEN68 = re.compile(r"[A-Za-z0-9\-._~+/]++=*+")
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def parse_authorization(values: Sequence[str], scheme: str) -> str | None:
    """What follows the scheme in the fields; None for another scheme, empty if there are several fields.

    >>> parse_authorization(["Bearer abc"], "bearer"), parse_authorization(["Basic YTpi"], "bearer")
    ('abc', None)
    """
    shown = [AUTHORIZATION.fullmatch(value) for value in values]
    if not any(match and match[1].lower() == scheme for match in shown):
        return None
    return (shown[0] and len(values) == 1 and shown[0][2]) or ""


def parse_basic(text: str) -> tuple[str, str]:
    """Username and password (RFC 7617 section 2); ValueError for what is none."""
    try:
        decoded = b64decode(text, validate=True).decode()
    except ValueError:
        raise ValueError("Authorization is not `Basic` and UTF-8 text in Base64") from None
    username, colon, password = decoded.partition(":")
    if not colon or CONTROL.search(decoded):
        raise ValueError("Authorization has no colon in it, or control characters")
    return username, password


def is_token68(text: str) -> bool:
    """Whether it is the form that tokens have (RFC 9110 section 11.2)."""
    return TOKEN68.fullmatch(text) is not None


def with_parameters(challenge: str, parameters: Mapping[str, str]) -> str:
    """A challenge with more parameters (RFC 9110 section 11.3).

    >>> with_parameters('Bearer realm="a"', {"error": "invalid_token"})
    'Bearer realm="a", error="invalid_token"'
    """
    text = ", ".join(f"{name}={quoted_string(value)}" for name, value in parameters.items())
    return f"{challenge}{',' if ' ' in challenge else ''} {text}"
