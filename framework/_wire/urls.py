"""URLs as text: read, changed, quoted and built (RFC 3986; WHATWG URL, as browsers read them).

What a client sent enters a URL only here: a Host that is no authority never does. Nothing is
resolved or fetched.
"""

import re
from collections.abc import Container, Iterable, Mapping
from ipaddress import IPv6Address
from typing import Any, NamedTuple, TypedDict
from urllib.parse import unquote_plus

from typing_extensions import Unpack

from framework._wire.query import format_urlencoded

__all__ = [
    "URL",
    "URLParts",
    "absolute_url",
    "parse_authority",
    "quote_path",
    "quote_query",
    "quote_segment",
    "redirect_location",
]

DEFAULT_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}

# RFC 3986 appendix B: this splits any text, in one pass.
SPLIT = re.compile(
    r"(?:(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*):)?(?://(?P<netloc>[^/?#]*))?"
    r"(?P<path>[^?#]*)(?:\?(?P<query>[^#]*))?(?:#(?P<fragment>.*))?",
    re.DOTALL,
)
IN_BRACKETS = re.compile(r"\[([^\[\]]*)\]")
HOST_PORT = re.compile(r"(?:\[([^\[\]]*)\]|([^:\[\]]*))(?::([0-9]{0,5}))?")

# Names as the DNS has them. By RFC 3986 a host may contain `!$&'()*+,;=` and %XX: no real one
# does, and to whoever reads the URL next they may be syntax.
NAME = re.compile(r"(?!.{256})[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*\.?")

UNRESERVED = r"A-Za-z0-9._~\-"
NOT_IN_PATH = re.compile(rf"[^{UNRESERVED}!$&'()*+,;=:@/]+")  # pchar and "/"
NOT_IN_SEGMENT = re.compile(rf"[^{UNRESERVED}!$&'()*+,;=:@]+")
NOT_IN_URL = re.compile(rf"(?:[^{UNRESERVED}!$&'()*+,;=:@/?#\[\]%]|%(?![0-9A-Fa-f]{{2}}))+")
NOT_IN_QUERY = re.compile(rf"[^{UNRESERVED}!$&'()*+,;=:@/?%\[\]]".encode())
CONTROL = re.compile(r"[\x00-\x1f\x7f]")
UNPAIRED = re.compile("[\ud800-\udc7f\udd00-\udfff]")  # surrogates that stand for no byte


def parse_authority(text: str) -> tuple[str, int | None] | None:
    """Host and port of a Host header (RFC 9110 section 7.2); None if it is malformed.

    The host is a DNS name, an IPv4 address, or an IPv6 address whose brackets are taken off; in
    lower case. Refused: a user, a percent sign, an IPv6 zone, whatever is not ASCII.
    """
    found = _split_host_port(text)
    if found is None:
        return None
    host, port = found
    if "%" in host or not (":" in host or NAME.fullmatch(host)):
        return None
    return host.lower(), port


def _split_host_port(text: str) -> tuple[str, int | None] | None:
    """Host and port, the brackets around an IPv6 address taken off; None if they cannot be told."""
    match = HOST_PORT.fullmatch(text)
    if match is None:
        return None
    literal, name, port = match.groups()
    if (literal is not None and not _is_ipv6(literal)) or int(port or 0) > 65535:
        return None
    return literal or name, int(port) if port else None


def _is_ipv6(text: str) -> bool:
    """Whether it is an IPv6 address."""
    try:
        IPv6Address(text)
    except ValueError:
        return False
    return True


def quote_path(path: str) -> str:
    """A decoded path as it is written in a URL.

    A surrogate stands for the byte that could not be decoded (PEP 383), or else becomes U+FFFD.

    >>> quote_path("/a b/ü?")
    '/a%20b/%C3%BC%3F'
    """
    return NOT_IN_PATH.sub(_percent_encode, path)


def quote_segment(text: str) -> str:
    """One segment of a path: a slash in it is encoded, and so are the dots of "." and "..".

    Browsers resolve "%2E%2E" as they do ".." (WHATWG URL): to them, neither can name anything.
    """
    if text in (".", ".."):
        return text.replace(".", "%2E")
    return NOT_IN_SEGMENT.sub(_percent_encode, text)


def quote_query(query: bytes) -> str:
    """A query string as it was sent, with what no URL may contain encoded; existing %XX stay."""
    return NOT_IN_QUERY.sub(_percent_encode_byte, query).decode("ascii")


def redirect_location(url: str) -> str:
    """The URL as a Location value: what no URL may contain is encoded, existing %XX stay.

    ValueError for a control character. Where the URL leads is not judged.
    """
    if CONTROL.search(url):
        raise ValueError(f"the URL {url!r:.200} contains a control character: remove or quote it")
    return NOT_IN_URL.sub(_percent_encode, url)


def _percent_encode(match: re.Match[str]) -> str:
    """The UTF-8 of what matched, each byte as %XX."""
    data = UNPAIRED.sub("\ufffd", match[0]).encode("utf-8", "surrogateescape")
    return "".join([f"%{byte:02X}" for byte in data])


def _percent_encode_byte(match: re.Match[bytes]) -> bytes:
    """The byte that matched as %XX."""
    return b"%%%02X" % match[0][0]


def absolute_url(
    *,
    scheme: str,
    host: str | None,
    server: tuple[str, int | None] | None,
    path: str,
    query: bytes = b"",
) -> str:
    """The URL of a request; `host` is the Host header, `path` is decoded, with the root path.

    Without a valid Host the server's address takes its place; without that too, or if it is a unix
    socket (which has no port), the URL is only a path. The scheme's default port is left out.
    """
    authority = (parse_authority(host) if host else None) or _server_authority(server)
    # Without a slash at its start, the path would continue the host.
    url = quote_path(path if path.startswith("/") else "/" + path)
    if authority is not None:
        name, port = authority
        name = f"[{name}]" if ":" in name else name
        suffix = "" if port is None or port == DEFAULT_PORTS.get(scheme) else f":{port}"
        url = f"{scheme}://{name}{suffix}{url}"
    elif url.startswith("//"):
        url = "/." + url  # or its first segment would be the host (WHATWG URL 4.5)
    if query:
        url += "?" + quote_query(query)
    return url


def _server_authority(server: tuple[str, int | None] | None) -> tuple[str, int | None] | None:
    """The scope's `server` as host and port, if it is an address of the network."""
    if server is None or server[1] is None:
        return None
    host, port = server
    return parse_authority(f"[{host}]:{port}" if ":" in host else f"{host}:{port}")


class URLParts(TypedDict, total=False):
    """What `URL.replace` takes; `None` removes a part."""

    scheme: str | None
    netloc: str | None
    username: str | None
    password: str | None
    hostname: str | None
    port: int | None
    path: str
    query: str | None
    fragment: str | None


class Split(NamedTuple):
    """A URL in five (RFC 3986 section 3); None is absent, which is not the same as empty."""

    scheme: str | None
    netloc: str | None
    path: str
    query: str | None
    fragment: str | None

    def __str__(self) -> str:  # RFC 3986 section 5.3
        scheme, netloc, path, query, fragment = self
        return "".join(
            (
                "" if scheme is None else f"{scheme}:",
                "" if netloc is None else f"//{netloc}",
                path,
                "" if query is None else f"?{query}",
                "" if fragment is None else f"#{fragment}",
            )
        )


class Authority(NamedTuple):
    """A netloc in four (RFC 3986 section 3.2); the host without brackets, None without a netloc."""

    username: str | None = None
    password: str | None = None
    hostname: str | None = None
    port: int | None = None

    @property
    def netloc(self) -> str | None:
        """The four as one text again."""
        username, password, host, port = self
        if host is None:
            return None
        return "".join(
            (
                username or "",
                "" if password is None else f":{password}",
                "" if username is None and password is None else "@",
                f"[{host}]" if ":" in host else host,
                "" if port is None else f":{port}",
            )
        )


def _split_netloc(netloc: str | None) -> Authority:
    """The four parts of a netloc; ValueError if its host or port cannot be told."""
    if netloc is None:
        return Authority()
    userinfo, at, rest = netloc.rpartition("@")
    username, colon, password = userinfo.partition(":")
    found = _split_host_port(rest)
    if found is None:
        raise ValueError(f"{rest!r:.200} is not host, host:port or [IPv6]:port")
    return Authority(username if at else None, password if colon else None, *found)


class URL:
    """An immutable URL, absolute or relative, equal to its text; ValueError for a malformed host or port.

    The parts are as written, not decoded, but scheme and hostname in lower case and the hostname
    without brackets. An absent part is "", of those that make up the netloc it is None.

    >>> URL("https://example.com/a?page=1&q=x").include_query_params(page=2)
    URL('https://example.com/a?q=x&page=2')
    """

    __slots__ = ("_authority", "_split", "_text")

    def __init__(self, url: str) -> None:
        self._text = url
        self._split = Split(*next(SPLIT.finditer(url)).groups())
        self._authority = _split_netloc(self._split.netloc)

    @property
    def scheme(self) -> str:
        """`https`, in lower case; empty in a path."""
        return (self._split.scheme or "").lower()

    @property
    def netloc(self) -> str:
        """User, password, host and port, as written."""
        return self._split.netloc or ""

    @property
    def path(self) -> str:
        """The path, as written."""
        return self._split.path

    @property
    def query(self) -> str:
        """What stands between `?` and `#`, as written."""
        return self._split.query or ""

    @property
    def fragment(self) -> str:
        """What stands behind `#`, as written."""
        return self._split.fragment or ""

    @property
    def username(self) -> str | None:
        """The user before the host, or None."""
        return self._authority.username

    @property
    def password(self) -> str | None:
        """The password before the host, or None."""
        return self._authority.password

    @property
    def hostname(self) -> str | None:
        """The host in lower case, without the brackets of IPv6; or None."""
        return (self._authority.hostname or "").lower() or None

    @property
    def port(self) -> int | None:
        """The port that is written; None for the scheme's default."""
        return self._authority.port

    @property
    def is_secure(self) -> bool:
        """Whether the connection is encrypted: https or wss."""
        return self.scheme in ("https", "wss")

    def replace(self, **parts: Unpack[URLParts]) -> "URL":
        """Another URL with these parts, as they are written in a URL; None removes one.

        ValueError for a text that would be read as more than its part, such as a path with a "?".
        """
        given: dict[str, Any] = dict(parts)
        of_netloc = {name: given.pop(name) for name in Authority._fields if name in given}
        if bracketed := IN_BRACKETS.fullmatch(of_netloc.get("hostname") or ""):
            of_netloc["hostname"] = bracketed[1]
        split = self._split._replace(**given)
        authority = _split_netloc(split.netloc)._replace(**of_netloc)
        if of_netloc:
            split = split._replace(netloc=authority.netloc)
        url = URL(str(split))
        if (url._split, url._authority) != (split, authority):
            raise ValueError(f"{parts!r:.200} would change other parts of {self!r:.200}: quote it")
        return url

    def include_query_params(self, /, **params: object) -> "URL":
        """Another URL with these parameters, each in place of all that have its name."""
        return self._with_query([*self._params_except(params), _format_params(params)])

    def replace_query_params(self, /, **params: object) -> "URL":
        """Another URL with these parameters only."""
        return self._with_query([_format_params(params)])

    def remove_query_params(self, names: str | Iterable[str]) -> "URL":
        """Another URL without the parameters of this name, or these names."""
        unwanted = {names} if isinstance(names, str) else set(names)
        return self._with_query(self._params_except(unwanted))

    def _params_except(self, names: Container[str]) -> list[str]:
        return [param for param in self.query.split("&") if _param_name(param) not in names]

    def _with_query(self, params: Iterable[str]) -> "URL":
        return self.replace(query="&".join(filter(None, params)) or None)

    def __str__(self) -> str:
        return self._text

    def __repr__(self) -> str:
        shown = self._text if self.password is None else self.replace(password="********")
        return f"URL({str(shown)!r})"

    def __eq__(self, other: object) -> bool:
        return self._text == str(other) if isinstance(other, URL | str) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._text)


def _param_name(param: str) -> str:
    return unquote_plus(param.partition("=")[0])


def _format_params(params: Mapping[str, object]) -> str:
    return format_urlencoded((name, str(value)) for name, value in params.items())
