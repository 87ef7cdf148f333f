"""What proxies send, and what clients send to be taken for proxies (RFC 7239 sections 4 to 7)."""

from framework._wire.forwarded import Hop, Node

NODES: list[tuple[str, Node | None]] = [
    # RFC 7239 section 6
    ("192.0.2.43", ("192.0.2.43", 0)),
    ("192.0.2.43:47011", ("192.0.2.43", 47011)),
    ("[2001:db8:cafe::17]", ("2001:db8:cafe::17", 0)),
    ("[2001:db8:cafe::17]:47011", ("2001:db8:cafe::17", 47011)),
    ("[2001:DB8:0::17]", ("2001:db8::17", 0)),
    ("unknown", None),
    ("_hidden", None),
    ("_SEVKISEK", None),
    ("192.0.2.43:_port", None),
    ("_gazonk:80", None),
    # X-Forwarded-For
    ("2001:db8::17", ("2001:db8::17", 0)),
    ("::ffff:192.0.2.43", ("192.0.2.43", 0)),
    ("[::ffff:192.0.2.43]:80", ("192.0.2.43", 80)),
    # garbage
    ("", None),
    ("-", None),
    ("localhost", None),
    ("abcd", None),
    ("1", None),
    ("192.0.2", None),
    ("192.0.2.256", None),
    ("192.0.2.043", None),
    ("192.0.2.43:", None),
    ("192.0.2.43:65536", None),
    ("192.0.2.43:123456", None),
    ("192.0.2.43:-1", None),
    ("192.0.2.43/24", None),
    ("192.0.2.43\n", None),
    ("192.0.2.43 evil", None),
    ("192.0.2.43%0a", None),
    ("\xb2.0.2.43", None),
    ("[192.0.2.43]", None),
    ("[2001:db8::17", None),
    ("2001:db8::17]", None),
    ("[]", None),
    ("[fe80::1%eth0]", None),
    ("fe80::1%eth0", None),
    ("2001:db8::17::", None),
    (":", None),
    ("'; DROP TABLE clients", None),
]

A, B, C = ("192.0.2.43", 0), ("198.51.100.17", 0), ("2001:db8:cafe::17", 0)

FORWARDED: list[tuple[str, list[Hop]]] = [
    # RFC 7239 sections 4 and 7.1, the nearest proxy first
    ('for="_gazonk"', [Hop()]),
    ('For="[2001:db8:cafe::17]:4711"', [Hop((C[0], 4711))]),
    ("for=192.0.2.43;proto=http;by=203.0.113.43", [Hop(A, "http")]),
    ("for=192.0.2.43, for=198.51.100.17", [Hop(B), Hop(A)]),
    ('for=192.0.2.43,for="[2001:db8:cafe::17]",for=unknown', [Hop(), Hop(C), Hop(A)]),
    (
        "for=192.0.2.43, for=198.51.100.17;by=203.0.113.60;proto=http;host=example.com",
        [Hop(B, "http", "example.com"), Hop(A)],
    ),
    ('for=192.0.2.43;host="example.com:8080"', [Hop(A, None, "example.com:8080")]),
    # what the grammar allows besides
    ("", []),
    (" , ,", []),
    (" ,for=192.0.2.43 ,, ", [Hop(A)]),
    ("for=192.0.2.43; proto=HTTPS ;", [Hop(A, "https")]),
    ("proto=https", [Hop(None, "https")]),
    ('PROTO="https";FOR="192.0.2.43"', [Hop(A, "https")]),
    ("for=192.0.2.43;secret=egah2CGj55fSJFs;x-y=1", [Hop(A)]),
    ('for=192.0.2.43;x="a, b; c"', [Hop(A)]),
    ('for=192.0.2.43;host=""', [Hop(A, None, "")]),
    # malformed: nothing from there on
    ("192.0.2.43", []),
    ("for", []),
    ("for=", []),
    ("=192.0.2.43", []),
    ("for =192.0.2.43", []),
    ("for= 192.0.2.43", []),
    ("for=192.0.2.43 proto=https", []),
    ("for=192.0.2.43:80", []),
    ("for=[2001:db8:cafe::17]", []),
    ("for=2001:db8:cafe::17", []),
    ('for="192.0.2.43', []),
    ('for=192.0.2.43"', []),
    ('for="192.0.2.43"x', []),
    ('for="192.0.2.\\43"', []),
    ("for=192.0.2.43;for=198.51.100.17", []),
    ("for=192.0.2.43;FOR=192.0.2.43", []),
    ("for=192.0.2.43;proto=http;proto=https", []),
    ("for=\xb2", []),
    # what a client puts in front of what a proxy adds
    ("nonsense, for=198.51.100.17", [Hop(B)]),
    ('for="192.0.2.43, for=198.51.100.17', [Hop(B)]),
    ('for=192.0.2.43;x=", for=198.51.100.17;proto=http', [Hop(B, "http")]),
    ('for=192.0.2.43;x=", for="[2001:db8:cafe::17]"', [Hop(C)]),
    ('for=192.0.2.43;x="\\, for="[2001:db8:cafe::17]"', [Hop(C)]),
    ("for=192.0.2.43;, for=198.51.100.17", [Hop(B), Hop(A)]),
    ("for=192.0.2.43\\, for=198.51.100.17", [Hop(B)]),
    ("for=127.0.0.1, for=127.0.0.1, for=198.51.100.17", [Hop(B), *[Hop(("127.0.0.1", 0))] * 2]),
]

X_FORWARDED: list[tuple[tuple[str, str, str], list[Hop]]] = [
    (("192.0.2.43", "", ""), [Hop(A)]),
    (("192.0.2.43", "https", "example.com"), [Hop(A, "https", "example.com")]),
    (("192.0.2.43, 198.51.100.17", "", ""), [Hop(B), Hop(A)]),
    (
        ("192.0.2.43,198.51.100.17", "https, http", "a,b"),
        [Hop(B, "http", "b"), Hop(A, "https", "a")],
    ),
    (("192.0.2.43, 198.51.100.17", "HTTPS", "a"), [Hop(B, "https", "a"), Hop(A, "https", "a")]),
    (("192.0.2.43", "https, http", ""), [Hop(A, "http")]),
    (("", "https", ""), [Hop(None, "https")]),
    (("", "", ""), [Hop()]),
    ((" , ,", "", ""), [Hop()]),
    (("unknown, 192.0.2.43", "", ""), [Hop(A), Hop()]),
    (("192.0.2.43, garbage", "", ""), [Hop(), Hop(A)]),
    (('"192.0.2.43, 198.51.100.17', "", ""), [Hop(B), Hop()]),
    ((",192.0.2.43,", "", ""), [Hop(A)]),
]

FLOODS = [
    *('for="', '"', ",", ";", "a=b;", '\\"', 'for="a",', " \t", "a", '="', '"a', "[", ":", "1."),
    *("for=1.2.3.4,", "1.2.3.4,", '"\\', 'for="[::1]";', ", ,"),
]
"""What is repeated up to 60 KB by somebody who wants to see how long it takes."""
