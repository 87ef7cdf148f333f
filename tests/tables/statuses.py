"""What is asked, and the status of the answer with the fields that belong to it: RFC 9110 section 15.

The app that they are asked of is made by `tests/test_statuses.py`.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from tests.tables.preconditions import MODIFIED

__all__ = ["ANY", "STATUSES", "Case"]

ANY = "*"
"""In place of a value: the field is there."""

ABSENT = None
NOTHING: Mapping[str, str] = MappingProxyType({})


class Case(NamedTuple):
    """A request, and the answer; of `length` bytes, None for whatever an error says."""

    asked: str
    status: int
    fields: Mapping[str, str | None]
    length: int | None
    headers: Mapping[str, str] = NOTHING
    body: bytes = b""


JSON = {"content-type": "application/json"}

STATUSES: dict[str, Case] = {
    "15.3.1 the target": Case("GET /resource", 200, {"etag": '"v1"', "content-length": "5"}, 5),
    "15.3.1 HEAD has the fields and no content": Case(
        "HEAD /resource", 200, {"etag": '"v1"', "content-length": "5"}, 0
    ),
    "15.3.1 OPTIONS says what is allowed": Case("OPTIONS /resource", 204, {"allow": ANY}, 0),
    "15.3.2 what was made has a place": Case(
        "POST /things", 201, {"location": "/things/1", "content-length": "0"}, 0
    ),
    "15.3.3 accepted, and not done yet": Case("POST /jobs", 202, {"content-length": "2"}, 2),
    "15.3.5 no content, and no length": Case(
        "DELETE /things", 204, {"content-length": ABSENT, "content-type": ABSENT}, 0
    ),
    "15.3.6 a form to be reset, by nothing": Case("POST /form", 205, {"content-type": ABSENT}, 0),
    "15.3.7.1 one part": Case(
        "GET /file",
        206,
        {
            "content-range": "bytes 2-4/100",
            "content-length": "3",
            "etag": ANY,
            "last-modified": MODIFIED,
            "content-type": "text/plain; charset=utf-8",
            "accept-ranges": "bytes",
        },
        3,
        {"range": "bytes=2-4"},
    ),
    "15.3.7.2 parts that take more than the whole": Case(
        "GET /file",
        200,
        {"content-range": ABSENT, "content-length": "100"},
        100,
        {"range": "bytes=0-0,-1"},
    ),
    "14.2 a range is for GET": Case(
        "HEAD /file",
        200,
        {"content-range": ABSENT, "content-length": "100"},
        0,
        {"range": "bytes=2-4"},
    ),
    "15.4.2 moved for good": Case("GET /moved/301", 301, {"location": "/resource"}, 0),
    "15.4.3 found": Case("GET /moved/302", 302, {"location": "/resource"}, 0),
    "15.4.4 see other": Case("POST /moved/303", 303, {"location": "/resource"}, 0),
    "15.4.8 for now, by the same method": Case(
        "POST /moved/307", 307, {"location": "/resource"}, 0
    ),
    "15.4.9 for good, by the same method": Case(
        "POST /moved/308", 308, {"location": "/resource"}, 0
    ),
    "15.4.8 a slash at the end keeps the method": Case(
        "PUT /resource/", 307, {"location": "/resource"}, 0
    ),
    "15.4.5 a file that the client has": Case(
        "GET /file",
        304,
        {
            "etag": ANY,
            "cache-control": "max-age=60",
            "vary": "Cookie",
            "content-location": "/file.txt",
            "content-length": ABSENT,
            "content-type": ABSENT,
            "last-modified": ABSENT,
            "accept-ranges": ABSENT,
        },
        0,
        {"if-modified-since": MODIFIED},
    ),
    "15.4.5 to HEAD likewise": Case(
        "HEAD /file", 304, {"etag": ANY, "content-type": ABSENT}, 0, {"if-modified-since": MODIFIED}
    ),
    "15.4.5 what a handler makes": Case(
        "GET /resource",
        304,
        {"etag": '"v1"', "content-type": ABSENT},
        0,
        {"if-none-match": '"v1"'},
    ),
    "15.5.1 a body that is malformed": Case("POST /json", 400, {}, None, JSON, b"{"),
    "15.5.2 unauthorized, with a challenge": Case(
        "GET /private", 401, {"www-authenticate": 'Basic realm="Restricted", charset="UTF-8"'}, None
    ),
    "15.5.2 credentials that are wrong": Case(
        "GET /private", 401, {"www-authenticate": ANY}, None, {"authorization": "Basic YTpj"}
    ),
    "15.5.4 forbidden to whom we know": Case(
        "GET /private", 403, {"www-authenticate": ABSENT}, None, {"authorization": "Basic YTpi"}
    ),
    "15.5.5 not found": Case("GET /nowhere", 404, {}, None),
    "15.5.6 a method that is not allowed": Case(
        "PATCH /resource", 405, {"allow": "GET, HEAD, OPTIONS, PUT"}, None
    ),
    "15.5.6 a method that nobody knows": Case(
        "BREW /resource", 405, {"allow": "GET, HEAD, OPTIONS, PUT"}, None
    ),
    "9.3.8 TRACE reflects nothing": Case(
        "TRACE /resource", 405, {"allow": "GET, HEAD, OPTIONS, PUT"}, None, {"cookie": "a=secret"}
    ),
    "15.5.7 not acceptable": Case(
        "GET /page", 406, {"vary": "Accept"}, None, {"accept": "image/png"}
    ),
    "15.5.13 a lost update": Case(
        "PUT /resource", 412, {"content-range": ABSENT}, None, {"if-match": '"v0"'}
    ),
    "15.5.13 something where nothing should be": Case(
        "PUT /resource", 412, {}, None, {"if-none-match": "*"}
    ),
    "15.5.13 a file that is another by now": Case(
        "GET /file", 412, {"cache-control": "no-store"}, 0, {"if-match": '"other"'}
    ),
    "15.5.14 content that is too large": Case("POST /json", 413, {}, None, JSON, b"1" * 101),
    "15.5.16 a media type that is not supported": Case(
        "POST /json", 415, {}, None, {"content-type": "text/plain"}, b"{}"
    ),
    "15.5.17 a range beyond the end": Case(
        "GET /file",
        416,
        {"content-range": "bytes */100", "cache-control": "no-store"},
        0,
        {"range": "bytes=100-"},
    ),
    "15.6.1 what nobody expected": Case("GET /boom", 500, {"connection": "close"}, None),
}
