"""The CORS protocol (Fetch sections 2.2, 3.2 and 4.8): which request is told what."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

FRIEND = "https://friend.example"
OTHER = "https://other.example"
LOCAL = "http://localhost:5173"


class Preflight(NamedTuple):
    """A question of a browser, and the answer: what is refused, and what the fields say else."""

    options: dict[str, Any]
    origin: str
    method: str
    headers: str | None = None
    refused: str = ""
    told: Mapping[str, str | None] = MappingProxyType({})


LISTED: dict[str, Any] = {"allow_origins": [FRIEND, LOCAL, "http://[::1]:8000", "app://localhost"]}
ANY: dict[str, Any] = {"allow_origins": ["*"]}
REGEX: dict[str, Any] = {"allow_origin_regex": r"https://[a-z]+\.example"}
CREDENTIALS: dict[str, Any] = {**LISTED, "allow_credentials": True}

ORIGINS: list[tuple[dict[str, Any], str, str | None]] = [
    # the options, the Origin, and the Access-Control-Allow-Origin
    ({}, FRIEND, None),
    (LISTED, FRIEND, FRIEND),
    (LISTED, LOCAL, LOCAL),
    (LISTED, "http://[::1]:8000", "http://[::1]:8000"),
    (LISTED, "app://localhost", "app://localhost"),
    (LISTED, OTHER, None),
    (LISTED, "null", None),
    (LISTED, "", None),
    (LISTED, "*", None),
    (LISTED, "http://friend.example", None),
    (LISTED, "https://friend.example:443", None),
    (LISTED, "https://friend.example:8443", None),
    (LISTED, "https://friend.example/", None),
    (LISTED, "https://friend.example.evil.example", None),
    (LISTED, "https://evilfriend.example", None),
    (LISTED, "https://friend.exampl", None),
    (LISTED, "https://sub.friend.example", None),
    (LISTED, "HTTPS://FRIEND.EXAMPLE", None),
    (LISTED, "https://friend.example https://friend.example", None),
    (LISTED, "https://fri\xebnd.example", None),
    (LISTED, "http://localhost", None),
    ({"allow_origins": ["null"]}, "null", "null"),
    ({"allow_origins": ["null"]}, FRIEND, None),
    (ANY, FRIEND, "*"),
    (ANY, "null", "*"),
    ({"allow_origins": ["*", FRIEND]}, FRIEND, "*"),
    (REGEX, FRIEND, FRIEND),
    (REGEX, "https://friend.example.evil.example", None),
    (REGEX, "https://friend.example\n", None),
    (REGEX, "xhttps://friend.example", None),
    (REGEX, "https://friendxexample", None),
    ({"allow_origin_regex": "https://a|https://b"}, "https://b", "https://b"),
    ({"allow_origin_regex": "https://a|https://b"}, "https://a.evil.example", None),
    ({"allow_origin_regex": ".*"}, "null", None),
    ({"allow_origin_regex": ".*"}, OTHER, OTHER),
    ({"allow_origin_regex": ".*"}, "https://a\xff", None),
    ({"allow_origin_regex": ".*"}, "https://" + "a" * 301, None),
    ({"allow_origin_regex": r"https://.*\.example"}, "https://a.b.example", "https://a.b.example"),
    ({"allow_origin_regex": r"https://.*\.example"}, "https://evil.test/.example", None),
    ({"allow_origin_regex": r"https://.*\.example"}, "https://evil.test?.example", None),
    ({"allow_origin_regex": r"https://.*\.example"}, "https://evil.test\\.example", None),
    ({"allow_origin_regex": r"https://.*\.example"}, "https://user@a.example", None),
    ({"allow_origin_regex": r"https://.*\.example"}, "https://A.example", None),
    ({"allow_origin_regex": r"https://.*"}, "https://a.example:443", None),
    ({**LISTED, **REGEX}, LOCAL, LOCAL),
    ({**LISTED, **REGEX}, OTHER, OTHER),
]

METHODS = "access-control-allow-methods"
HEADERS = "access-control-allow-headers"
ALL_METHODS = "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT, QUERY"
SAFE = "Accept, Accept-Language, Content-Language, Content-Type"

PREFLIGHTS: dict[str, Preflight] = {
    "a safelisted method": Preflight(LISTED, FRIEND, "POST", "content-type"),
    "GET": Preflight(LISTED, FRIEND, "GET", told={METHODS: "GET", HEADERS: SAFE}),
    "a safelisted method beside others": Preflight(
        {**LISTED, "allow_methods": ["PUT"]}, FRIEND, "HEAD", told={METHODS: "PUT, HEAD"}
    ),
    "a safelisted method beside none": Preflight(
        {**LISTED, "allow_methods": []}, FRIEND, "POST", told={METHODS: "POST"}
    ),
    "a listed method": Preflight({**LISTED, "allow_methods": ["PUT", "QUERY"]}, FRIEND, "QUERY"),
    "another method": Preflight(LISTED, FRIEND, "DELETE", refused="method"),
    "a method in another case": Preflight(
        {**LISTED, "allow_methods": ["PATCH"]}, FRIEND, "patch", refused="method"
    ),
    "any method": Preflight(
        {**LISTED, "allow_methods": ["*"]},
        FRIEND,
        "CHICKEN",
        told={METHODS: ALL_METHODS + ", CHICKEN"},
    ),
    "any method, and a usual one": Preflight(
        {**CREDENTIALS, "allow_methods": ["*"]}, FRIEND, "PATCH", told={METHODS: ALL_METHODS}
    ),
    "no method at all": Preflight(
        {**LISTED, "allow_methods": ["*"]}, FRIEND, "no token", refused="method"
    ),
    "an empty method": Preflight({**LISTED, "allow_methods": ["*"]}, FRIEND, "", refused="method"),
    "safelisted headers": Preflight(
        LISTED, FRIEND, "GET", "accept,accept-language,content-language,content-type"
    ),
    "a listed header": Preflight(
        {**LISTED, "allow_headers": ["X-Custom"]},
        FRIEND,
        "GET",
        "X-CUSTOM",
        told={HEADERS: SAFE + ", X-Custom"},
    ),
    "another header": Preflight(LISTED, FRIEND, "GET", "content-type, x-custom", refused="headers"),
    "a part of a listed header": Preflight(
        {**LISTED, "allow_headers": ["X-Custom"]}, FRIEND, "GET", "x-cust", refused="headers"
    ),
    "any header": Preflight(
        {**LISTED, "allow_headers": ["*"]}, FRIEND, "GET", "x-a,x-b", told={HEADERS: "x-a, x-b"}
    ),
    "any header, with credentials": Preflight(
        {**CREDENTIALS, "allow_headers": ["*"]}, FRIEND, "GET", "x-a", told={HEADERS: "x-a"}
    ),
    "any header, and none asked for": Preflight({**LISTED, "allow_headers": ["*"]}, FRIEND, "GET"),
    "Authorization, which is not any": Preflight(
        {**LISTED, "allow_headers": ["*"]}, FRIEND, "GET", "authorization", refused="headers"
    ),
    "Authorization, listed": Preflight(
        {**LISTED, "allow_headers": ["*", "Authorization"]},
        FRIEND,
        "GET",
        "authorization,x-a",
        told={HEADERS: "authorization, x-a"},
    ),
    "a header that is none": Preflight(
        {**LISTED, "allow_headers": ["*"]}, FRIEND, "GET", "x-a, x b", refused="headers"
    ),
    "too many headers": Preflight(
        {**LISTED, "allow_headers": ["*"]}, FRIEND, "GET", ",".join(["x"] * 101), refused="headers"
    ),
    "another origin": Preflight(LISTED, OTHER, "GET", refused="origin"),
    "nothing is right": Preflight(LISTED, OTHER, "PUT", "x", refused="origin, method, headers"),
    "any origin": Preflight(ANY, OTHER, "GET"),
    "an origin by its pattern": Preflight(REGEX, OTHER, "GET"),
    "credentials": Preflight(
        CREDENTIALS, FRIEND, "GET", told={"access-control-allow-credentials": "true"}
    ),
    "how long": Preflight(
        {**LISTED, "max_age": 0}, FRIEND, "GET", told={"access-control-max-age": "0"}
    ),
    "exposed headers, which are for answers": Preflight(
        {**LISTED, "expose_headers": ["X-A"]},
        FRIEND,
        "GET",
        told={"access-control-expose-headers": None, "access-control-max-age": "600"},
    ),
}

NO_ORIGINS = [
    *(
        "",
        "example.com",
        "//example.com",
        "https://",
        "https://example.com/",
        "HTTPS://example.com",
    ),
    *("https://Example.com", "https://example.com:443", "http://example.com:80", "https://a/b"),
    *("https://*.example.com", "https://ü.example", "https://me@example.com", "https://a:99999"),
    *(" https://a", "https://a\n", "NULL", "https://a:"),
]
"""What no browser sends as an Origin."""
