"""What proxies say of the client: Forwarded (RFC 7239), and the X-Forwarded fields, which have no standard.

Each proxy adds to the end, so everything is read from there: what a client has put in front, such as a
quote that is never closed, cannot reach what a proxy has written. Whom to believe is not decided here.
"""

import re
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address, ip_address
from itertools import chain, repeat
from typing import NamedTuple, TypeAlias

__all__ = ["Hop", "IPAddress", "Node", "parse_address", "parse_forwarded", "parse_x_forwarded"]

IPAddress: TypeAlias = IPv4Address | IPv6Address
Node: TypeAlias = tuple[str, int]
"""Address and port; 0 for a port that is not told."""

# The first two end with a separator, which the callers add. All are possessive: they never go back.
TOKEN = r"[!#$%&'*+\-.^_`|~0-9A-Za-z]++"
PAIR = re.compile(rf'[ \t]*+(?:({TOKEN})=(?:({TOKEN})|"([^"\\]*+)")[ \t]*+)?+;')
# Of the text backwards. A quoted pair (`\"`) would be another thing from there: it is malformed here.
ELEMENT = re.compile(r'((?:[^",]++|"[^"\\]*+")*+),')

NODE = re.compile(
    r"(?:\[([0-9A-Fa-f]*+:[0-9A-Fa-f:.]*+)\]|([0-9.]++))(?::([0-9]{1,5}+))?+"
    r"|([0-9A-Fa-f:.]++)"
)


class Hop(NamedTuple):
    """What one proxy says of the connection that the request came by; None is what it does not say."""

    client: Node | None = None
    scheme: str | None = None
    host: str | None = None


def parse_forwarded(value: str) -> Iterator[Hop]:
    """What Forwarded says, the nearest proxy first; nothing from the first malformed element on.

    >>> for hop in parse_forwarded('for=192.0.2.43;proto=https, for="[2001:db8::1]:80"'):
    ...     print(hop.client, hop.scheme)
    ('2001:db8::1', 80) None
    ('192.0.2.43', 0) https
    """
    backwards, position = f"{value[::-1]},", 0
    while match := ELEMENT.match(backwards, position):
        position = match.end()
        element = match[1][::-1].strip(" \t")
        if not element:
            continue  # a list may have such (RFC 9110 section 5.6.1)
        pairs = _pairs(element)
        if pairs is None:
            return
        scheme = pairs.get("proto")
        yield Hop(parse_node(pairs.get("for", "")), scheme and scheme.lower(), pairs.get("host"))


def parse_x_forwarded(addresses: str, schemes: str, hosts: str) -> Iterator[Hop]:
    """What X-Forwarded-For, -Proto and -Host say, the nearest proxy first.

    Where there are fewer schemes or hosts than addresses, a proxy has replaced what was there instead
    of adding to it: the first is then that of all before.
    """
    return map(
        Hop,
        map(parse_node, _backwards(addresses) or [""]),
        _filled(_backwards(schemes.lower())),
        _filled(_backwards(hosts)),
    )


def parse_node(text: str) -> Node | None:
    """Address and port (RFC 7239 section 6), also of an IPv6 address without its brackets.

    None for what names nobody: `unknown`, a name that a proxy has made up (`_hidden`), and garbage.
    """
    match = NODE.fullmatch(text)
    if match is None:
        return None
    bracketed, plain, port, bare = match.groups()
    address, number = parse_address(bracketed or plain or bare), int(port or 0)
    return None if address is None or number > 65535 else (str(address), number)


def parse_address(text: str) -> IPAddress | None:
    """The address, of several spellings the same; None if it is none, or of one link only (`fe80::1%eth0`)."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if isinstance(address, IPv4Address):
        return address
    # A socket for both versions shows an IPv4 peer as ::ffff:192.0.2.1.
    return None if address.scope_id else address.ipv4_mapped or address


def _pairs(element: str) -> dict[str, str] | None:
    """The parameters by names in lower case; None if one is malformed, or there twice (section 4)."""
    pairs: dict[str, str] = {}
    text, position = f"{element};", 0
    while match := PAIR.match(text, position):
        position = match.end()
        name, token, quoted = match.groups()
        if name is None:
            continue
        if name.lower() in pairs:
            return None
        pairs[name.lower()] = quoted if token is None else token
    return pairs if position == len(text) else None


def _backwards(value: str) -> list[str]:
    return [*filter(None, (each.strip(" \t") for each in reversed(value.split(","))))]


def _filled(values: list[str]) -> Iterator[str | None]:
    return chain(values, repeat(values[-1] if values else None))
