import copy
import pickle
from urllib.parse import unquote, unquote_to_bytes, urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from framework._wire.urls import (
    URL,
    URLParts,
    absolute_url,
    parse_authority,
    quote_path,
    quote_segment,
    redirect_location,
)

any_text = st.text(st.characters(codec=None, exclude_categories=[]))
url_text = st.text(st.sampled_from("ab:/@?#[]1.%=&\\\n é"))


@pytest.mark.parametrize(
    ("text", "authority"),
    [
        ("example.com", ("example.com", None)),
        ("Example.COM:8000", ("example.com", 8000)),
        ("example.com.", ("example.com.", None)),
        ("example.com:", ("example.com", None)),
        ("localhost:0", ("localhost", 0)),
        ("localhost:65535", ("localhost", 65535)),
        ("my_service-1:080", ("my_service-1", 80)),
        ("xn--bcher-kva.example", ("xn--bcher-kva.example", None)),
        ("127.0.0.1:8000", ("127.0.0.1", 8000)),
        ("[::1]", ("::1", None)),
        ("[2001:DB8::1]:443", ("2001:db8::1", 443)),
        ("[::ffff:192.0.2.1]", ("::ffff:192.0.2.1", None)),
        ("a" * 255, ("a" * 255, None)),
    ],
)
def test_a_host_header_is_read(text: str, authority: tuple[str, int | None]) -> None:
    assert parse_authority(text) == authority


@pytest.mark.parametrize(
    "text",
    [
        "",
        ":80",
        ".",
        ".example.com",
        "a..b",
        "example.com:65536",
        "example.com:000080",
        "example.com:-1",
        "example.com:+1",
        "example.com:8o",
        "example.com:80:80",
        "example.com:٨٠",
        "example.com: 80",
        "user@example.com",
        "user:pass@example.com:80",
        "example.com/",
        "example.com/path",
        "example.com?x",
        "example.com#x",
        "example.com\\evil",
        "example.com evil",
        " example.com",
        "example.com\t",
        "example.com\n",
        "example.com\x00",
        "example.com\x7f",
        "example.com,evil.example",
        "example.com;evil",
        "exam%70le.com",
        "example.com%00",
        "bücher.example",
        "example。com",
        "\u212a",  # the Kelvin sign is a k in lower case
        "<script>",
        "a'b",
        'a"b',
        "$(id)",
        "a*b",
        "::1",
        "2001:db8::1",
        "[]",
        "[::1",
        "::1]",
        "[::1]]",
        "[[::1]]",
        "[::1]x",
        "x[::1]",
        "[::1]80",
        "[::1%eth0]",
        "[::1%25eth0]",
        "[::g]",
        "[::1/64]",
        "[127.0.0.1]",
        "[v1.x:y]",
        "[::١]",
        "a" * 256,
        "a." * 30_000,
        ":" * 60_000,
        "[" * 60_000,
        "[" + ":" * 60_000 + "]",
        "@" * 60_000,
        "a:" + "1" * 60_000,
    ],
)
def test_anything_else_is_no_host_header(text: str) -> None:
    assert parse_authority(text) is None


@given(url_text | any_text)
@example("a:1")
def test_a_host_that_is_read_cannot_end_early(text: str) -> None:
    authority = parse_authority(text)
    if authority is not None:
        assert authority[0].isascii()
        assert not set(authority[0]) & set("/\\@?#[]%<>\"' \t\r\n\x00")


@pytest.mark.parametrize(
    ("path", "quoted"),
    [
        ("/", "/"),
        ("/a-b._~/!$&'()*+,;=:@", "/a-b._~/!$&'()*+,;=:@"),
        ("/a b?c#d%e", "/a%20b%3Fc%23d%25e"),
        ("/ü/日本", "/%C3%BC/%E6%97%A5%E6%9C%AC"),
        ("/\\evil", "/%5Cevil"),
        ("/\r\n\t\x00\x7f", "/%0D%0A%09%00%7F"),
        ('/"<>[]^`{|}', "/%22%3C%3E%5B%5D%5E%60%7B%7C%7D"),
        ("/\udcff\udc80", "/%FF%80"),
        ("/\ud83c\udf89", "/%EF%BF%BD%EF%BF%BD"),
        ("/\udc00", "/%EF%BF%BD"),
    ],
)
def test_a_path_is_quoted(path: str, quoted: str) -> None:
    assert quote_path(path) == quoted


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        ("a b", "a%20b"),
        ("a/b", "a%2Fb"),
        (".", "%2E"),
        ("..", "%2E%2E"),
        ("...", "..."),
        ("a.b", "a.b"),
        ("", ""),
    ],
)
def test_a_segment_is_quoted_whole(text: str, quoted: str) -> None:
    assert quote_segment(text) == quoted


@given(st.text())
def test_what_is_quoted_can_be_unquoted(text: str) -> None:
    assert unquote(quote_path(text)) == text
    assert unquote(quote_segment(text)) == text


@given(st.binary())
def test_bytes_that_are_no_text_survive_quoting(raw: bytes) -> None:
    assert unquote_to_bytes(quote_path(raw.decode("utf-8", "surrogateescape"))) == raw


@given(any_text)
def test_any_text_can_be_quoted(text: str) -> None:
    for quoted in (quote_path(text), quote_segment(text)):
        assert quoted.isascii()
        assert not set(quoted) & set("?#\\ \r\n\x00")


@pytest.mark.parametrize(
    ("url", "location"),
    [
        ("/next?a=1&b=2#top", "/next?a=1&b=2#top"),
        ("https://u@[::1]:80/a;b=c/(d)!", "https://u@[::1]:80/a;b=c/(d)!"),
        ("/a b", "/a%20b"),
        (" //evil.example", "%20//evil.example"),
        ("/ü?q=日", "/%C3%BC?q=%E6%97%A5"),
        ("/%7Euser/%2f%C3%bc", "/%7Euser/%2f%C3%bc"),
        ("/100%", "/100%25"),
        ("/100%zz%2", "/100%25zz%252"),
        ("/%%41", "/%25%41"),
        ("/\\evil.example", "/%5Cevil.example"),
        ("\\\\evil.example", "%5C%5Cevil.example"),
        ('/"<>^`{|}', "/%22%3C%3E%5E%60%7B%7C%7D"),
        ("/\udcff\ud800", "/%FF%EF%BF%BD"),
        ("/\x85\u2028", "/%C2%85%E2%80%A8"),
        ("", ""),
    ],
)
def test_a_location_has_only_what_urls_may_have(url: str, location: str) -> None:
    assert redirect_location(url) == location
    assert redirect_location(location) == location


@pytest.mark.parametrize("control", ["\r", "\n", "\x00", "\t", "\x0b", "\x1f", "\x7f"])
def test_a_location_with_a_control_character_is_refused(control: str) -> None:
    with pytest.raises(ValueError, match="contains a control character"):
        redirect_location(f"/a{control}b")


LOCAL = ("127.0.0.1", 8000)


@pytest.mark.parametrize(
    ("scheme", "host", "server", "url"),
    [
        ("http", "example.com", LOCAL, "http://example.com/p"),
        ("http", "Example.com:8000", LOCAL, "http://example.com:8000/p"),
        ("http", "example.com:80", LOCAL, "http://example.com/p"),
        ("https", "example.com:443", LOCAL, "https://example.com/p"),
        ("ws", "example.com:80", LOCAL, "ws://example.com/p"),
        ("wss", "example.com:443", LOCAL, "wss://example.com/p"),
        ("https", "example.com:80", LOCAL, "https://example.com:80/p"),
        ("http", "[::1]:8000", LOCAL, "http://[::1]:8000/p"),
        ("http", None, LOCAL, "http://127.0.0.1:8000/p"),
        ("http", "", LOCAL, "http://127.0.0.1:8000/p"),
        ("http", None, ("127.0.0.1", 80), "http://127.0.0.1/p"),
        ("http", None, ("::1", 8000), "http://[::1]:8000/p"),
        ("http", None, ("/run/app.sock", None), "/p"),
        ("http", None, ("/run/app.sock", 0), "/p"),
        ("http", None, None, "/p"),
        ("http", "evil.example/?", LOCAL, "http://127.0.0.1:8000/p"),
        ("http", "u@evil.example", LOCAL, "http://127.0.0.1:8000/p"),
        ("http", "evil example", None, "/p"),
    ],
)
def test_the_url_of_a_request_has_a_valid_host_or_none(
    scheme: str, host: str | None, server: tuple[str, int | None] | None, url: str
) -> None:
    assert absolute_url(scheme=scheme, host=host, server=server, path="/p") == url


@pytest.mark.parametrize(
    ("path", "query", "url"),
    [
        ("/", b"", "http://h/"),
        ("", b"", "http://h/"),
        ("/a b?c", b"x=1&y=%20", "http://h/a%20b%3Fc?x=1&y=%20"),
        ("*", b"", "http://h/*"),
        (".evil.example", b"", "http://h/.evil.example"),
        ("@evil.example", b"", "http://h/@evil.example"),
        (":1/", b"", "http://h/:1/"),
        ("//evil.example", b"", "http://h//evil.example"),
        ("/", b"\xff\r\n\x00#<'a'>", "http://h/?%FF%0D%0A%00%23%3C'a'%3E"),
    ],
)
def test_path_and_query_stay_in_their_place(path: str, query: bytes, url: str) -> None:
    assert absolute_url(scheme="http", host="h", server=None, path=path, query=query) == url


def test_a_path_alone_never_starts_with_a_host() -> None:
    url = absolute_url(scheme="http", host=None, server=None, path="//evil.example/x", query=b"q")
    assert url == "/.//evil.example/x?q"


@given(url_text, any_text, st.binary())
def test_no_request_makes_a_url_of_another_shape(host: str, path: str, query: bytes) -> None:
    text = absolute_url(scheme="http", host=host, server=LOCAL, path=path, query=query)
    url = URL(text)
    authority = parse_authority(host) or LOCAL
    assert text.isascii()
    assert (url.hostname, url.port or 80) == (authority[0], authority[1] or 80)
    assert url.path == quote_path(path if path.startswith("/") else f"/{path}")
    assert (url.username, url.fragment) == (None, "")
    assert unquote_to_bytes(url.query) == unquote_to_bytes(query)


def test_a_url_has_the_parts_that_are_written() -> None:
    url = URL("HTTPS://u:p%40@Example.com:8000/a%20b?x=1#f")
    assert url.scheme == "https"
    assert url.netloc == "u:p%40@Example.com:8000"
    assert url.username == "u"
    assert url.password == "p%40"
    assert url.hostname == "example.com"
    assert url.port == 8000
    assert url.path == "/a%20b"
    assert url.query == "x=1"
    assert url.fragment == "f"
    assert url.is_secure


def test_a_relative_url_has_no_netloc() -> None:
    url = URL("a/b")
    assert (url.scheme, url.netloc, url.path, url.query, url.fragment) == ("", "", "a/b", "", "")
    assert (url.username, url.password, url.hostname, url.port) == (None, None, None, None)
    assert not url.is_secure


@pytest.mark.parametrize(
    ("text", "hostname", "port"),
    [
        ("http://h", "h", None),
        ("http://h:", "h", None),
        ("http://[::1]:80", "::1", 80),
        ("http://a@b@h:1", "h", 1),
        ("http:///path", None, None),
        ("//h:1/", "h", 1),
    ],
)
def test_hostname_and_port_are_told_apart(text: str, hostname: str, port: int | None) -> None:
    url = URL(text)
    assert (url.hostname, url.port) == (hostname, port)


@pytest.mark.parametrize(
    "text",
    [
        "http://h:x/",
        "http://h:65536/",
        "http://[::1",
        "http://::1/",
        "http://[x]/",
        "//" + "@[" * 9_000,
    ],
)
def test_a_url_whose_host_cannot_be_told_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not host, host:port"):
        URL(text)


@given(st.text(st.sampled_from("ab:/@?#[]1.%=&\\é")).map("http://{}".format))
@example("http://[")
def test_a_url_is_read_as_the_standard_library_reads_it(text: str) -> None:
    try:
        url, other = URL(text), urlsplit(text)
    except ValueError:  # which user names may have brackets: there the two differ
        return
    assert (url.scheme, url.netloc, url.path, url.query, url.fragment) == other
    assert (url.username, url.password) == (other.username, other.password)
    assert (url.hostname, url.port) == (other.hostname, other.port)


BASE = URL("http://u:p@h:1/a?x=1#f")


@pytest.mark.parametrize(
    ("parts", "text"),
    [
        ({}, "http://u:p@h:1/a?x=1#f"),
        ({"scheme": "https"}, "https://u:p@h:1/a?x=1#f"),
        ({"scheme": None}, "//u:p@h:1/a?x=1#f"),
        ({"netloc": "other"}, "http://other/a?x=1#f"),
        ({"netloc": None}, "http:/a?x=1#f"),
        ({"netloc": "other", "port": 2}, "http://other:2/a?x=1#f"),
        ({"hostname": "Other"}, "http://u:p@Other:1/a?x=1#f"),
        ({"hostname": "::1"}, "http://u:p@[::1]:1/a?x=1#f"),
        ({"port": None}, "http://u:p@h/a?x=1#f"),
        ({"port": 8000}, "http://u:p@h:8000/a?x=1#f"),
        ({"username": "x"}, "http://x:p@h:1/a?x=1#f"),
        ({"password": None}, "http://u@h:1/a?x=1#f"),
        ({"username": None, "password": None}, "http://h:1/a?x=1#f"),
        ({"path": "/b/c"}, "http://u:p@h:1/b/c?x=1#f"),
        ({"path": ""}, "http://u:p@h:1?x=1#f"),
        ({"query": "y=2"}, "http://u:p@h:1/a?y=2#f"),
        ({"query": None, "fragment": None}, "http://u:p@h:1/a"),
        ({"query": "", "fragment": ""}, "http://u:p@h:1/a?#"),
        ({"hostname": "[::1]"}, "http://u:p@[::1]:1/a?x=1#f"),
    ],
)
def test_parts_can_be_replaced(parts: URLParts, text: str) -> None:
    assert BASE.replace(**parts) == text
    assert BASE == "http://u:p@h:1/a?x=1#f"


def test_a_netloc_can_be_removed_part_by_part() -> None:
    url = BASE.replace(username=None, password=None, hostname=None, port=None)
    assert url == "http:/a?x=1#f"


@pytest.mark.parametrize(
    "parts",
    [
        {"scheme": "1http"},
        {"scheme": "ht/tp"},
        {"netloc": "evil/"},
        {"netloc": "h:x"},
        {"netloc": None, "path": "//evil"},
        {"hostname": "evil/"},
        {"hostname": "u@evil"},
        {"hostname": "evil:1"},
        {"hostname": None},
        {"port": 65536},
        {"port": -1},
        {"username": "a:b"},
        {"username": "a/b"},
        {"username": None},
        {"password": "p/"},
        {"path": "b"},
        {"path": "/b?c"},
        {"path": "/b#c"},
        {"query": "a#b"},
    ],
)
def test_a_part_that_would_change_another_part_is_refused(parts: URLParts) -> None:
    with pytest.raises(ValueError, match=r"quote it|is not host"):
        BASE.replace(**parts)


def test_query_parameters_are_included_in_place_of_their_namesakes() -> None:
    url = URL("/?a=1&b=%FF&a=2&flag&&%61=3#f")
    assert url.include_query_params(a="x y&z", c=4) == "/?b=%FF&flag&a=x+y%26z&c=4#f"


def test_a_query_parameter_may_be_called_self() -> None:
    assert URL("/").include_query_params(self=1).replace_query_params(self=2) == "/?self=2"


def test_query_parameters_are_replaced_by_others() -> None:
    assert URL("/?a=1&b=2").replace_query_params(c="ü") == "/?c=%C3%BC"
    assert URL("/?a=1&b=2").replace_query_params() == "/"


def test_query_parameters_are_removed_by_name() -> None:
    assert URL("/?a=1&b=2&a=3").remove_query_params("a") == "/?b=2"
    assert URL("/?a=1&b+c=2&d=3").remove_query_params(["a", "b c"]) == "/?d=3"
    assert URL("/?a=1").remove_query_params(("a", "missing")) == "/"


def test_a_url_equals_its_text_and_hashes_like_it() -> None:
    url = URL("/a")
    assert url == URL("/a")
    assert url == "/a"
    assert url != URL("/b")
    assert url != 1
    assert {url: 1}[URL("/a")] == 1
    assert hash(url) == hash("/a")
    assert str(url) == "/a"


def test_a_representation_hides_the_password() -> None:
    assert repr(BASE) == "URL('http://u:********@h:1/a?x=1#f')"
    assert repr(URL("http://u@h/")) == "URL('http://u@h/')"
    assert "secret" not in repr(URL("http://u:secret:@secret@[::1]/"))


def test_a_url_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        setattr(BASE, "path", "/b")  # noqa: B010


def test_a_url_can_be_copied_and_pickled() -> None:
    assert copy.copy(BASE) == BASE
    assert pickle.loads(pickle.dumps(BASE)).port == 1
