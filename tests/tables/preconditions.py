"""Conditional requests, case by case: RFC 9110 section 13, with the validators of section 8.8."""

from typing import NamedTuple

__all__ = [
    "AFTER",
    "BEFORE",
    "ENTITY_TAGS",
    "IF_RANGES",
    "MODIFIED",
    "NOT_ENTITY_TAGS",
    "PRECONDITIONS",
    "SECONDS",
    "STATES",
    "State",
]

MODIFIED = "Sun, 06 Nov 1994 08:49:37 GMT"
SECONDS = 784111777  # the same moment
BEFORE = "Sun, 06 Nov 1994 08:49:36 GMT"
AFTER = "Sun, 06 Nov 1994 08:49:38 GMT"


class State(NamedTuple):
    """What a resource is now."""

    etag: str | None = None
    last_modified: float | None = None
    exists: bool = True


STATES = {
    "strong": State('"v1"', SECONDS),
    "weak": State('W/"v1"', SECONDS),
    "fraction": State('"v1"', SECONDS + 0.9),
    "undated": State('"v1"'),
    "untagged": State(None, SECONDS),
    "bare": State(),
    "absent": State(exists=False),
}

Fields = list[tuple[str, str]]

GO_ON = None

# (state, method, fields of the request, status to answer with instead, why)
PRECONDITIONS: list[tuple[str, str, Fields, int | None, str]] = [
    ("strong", "GET", [], GO_ON, "nothing is asked"),
    ("strong", "PUT", [("range", "bytes=0-1")], GO_ON, "a Range is no precondition"),
    # section 13.1.1
    ("strong", "PUT", [("if-match", '"v1"')], GO_ON, "13.1.1: the tag matches"),
    ("strong", "PUT", [("if-match", '"v2"')], 412, "13.1.1: a lost update"),
    ("strong", "PUT", [("if-match", '"v2", "v1"')], GO_ON, "13.1.1: one of the list matches"),
    ("strong", "PUT", [("if-match", '"v2","v1","v3"')], GO_ON, "5.6.1: without spaces"),
    ("strong", "PUT", [("if-match", ' , "v2" ,\t,"v1",')], GO_ON, "5.6.1.2: empty elements"),
    ("strong", "PUT", [("if-match", '"v2"'), ("If-Match", '"v1"')], GO_ON, "5.3: two lines"),
    ("strong", "PUT", [("if-match", '"v2"'), ("if-match", '"v3"')], 412, "5.3: two lines"),
    ("strong", "PUT", [("if-match", "*")], GO_ON, "13.1.1: it exists"),
    ("strong", "PUT", [("if-match", " *\t")], GO_ON, "5.5: space around a value is not of it"),
    ("absent", "PUT", [("if-match", "*")], 412, "13.1.1: it does not exist"),
    ("absent", "PUT", [("if-match", '"v1"')], 412, "13.1.1: it does not exist"),
    ("bare", "PUT", [("if-match", "*")], GO_ON, "13.1.1: it exists, if without a tag"),
    ("bare", "PUT", [("if-match", '"v1"')], 412, "13.1.1: no tag matches none"),
    ("strong", "PUT", [("if-match", 'W/"v1"')], 412, "13.1.1: strong comparison, theirs is weak"),
    ("weak", "PUT", [("if-match", 'W/"v1"')], 412, "13.1.1: strong comparison, both are weak"),
    ("weak", "PUT", [("if-match", '"v1"')], 412, "13.1.1: strong comparison, ours is weak"),
    ("strong", "GET", [("if-match", '"v2"')], 412, "13.1.1: for any method"),
    ("strong", "HEAD", [("if-match", '"v2"')], 412, "13.1.1: for any method"),
    ("strong", "DELETE", [("if-match", '"v2"')], 412, "13.1.1: for any method"),
    ("strong", "POST", [("if-match", '"v2"')], 412, "13.1.1: for any method"),
    ("strong", "PUT", [("if-match", "v1")], 412, "8.8.3: no entity tag, so none that matches"),
    ("strong", "PUT", [("if-match", "")], 412, "13.1.1: none of no tags matches"),
    ("strong", "PUT", [("if-match", 'v1, "v1"')], GO_ON, "a malformed tag hides no other"),
    ("strong", "PUT", [("if-match", '"V1"')], 412, "8.8.3.2: character by character"),
    # section 13.1.2
    ("strong", "GET", [("if-none-match", '"v1"')], 304, "13.1.2: the client has it"),
    ("strong", "HEAD", [("if-none-match", '"v1"')], 304, "13.1.2: as for GET"),
    ("strong", "GET", [("if-none-match", '"v2"')], GO_ON, "13.1.2: it has another"),
    ("strong", "GET", [("if-none-match", '"v2", "v1"')], 304, "13.1.2: a list"),
    ("strong", "GET", [("if-none-match", 'W/"v1"')], 304, "13.1.2: weak comparison"),
    ("weak", "GET", [("if-none-match", '"v1"')], 304, "13.1.2: weak comparison"),
    ("weak", "GET", [("if-none-match", 'W/"v1"')], 304, "13.1.2: weak comparison"),
    ("weak", "GET", [("if-none-match", 'W/"v2", "v3"')], GO_ON, "8.8.3.2: W/1 and W/2"),
    ("strong", "GET", [("if-none-match", 'w/"v1"')], GO_ON, "8.8.3: the W is case-sensitive"),
    ("strong", "GET", [("if-none-match", '"v2"'), ("if-none-match", '"v1"')], 304, "5.3: lines"),
    ("strong", "GET", [("if-none-match", "*")], 304, "13.1.2: it exists"),
    ("bare", "GET", [("if-none-match", "*")], 304, "13.1.2: it exists"),
    ("strong", "PUT", [("if-none-match", "*")], 412, "13.1.2: not to be made, it is there"),
    ("absent", "PUT", [("if-none-match", "*")], GO_ON, "13.1.2: to be made, it is not there"),
    ("absent", "PUT", [("if-none-match", '"v1"')], GO_ON, "13.1.2: what is not there has no tag"),
    ("strong", "PUT", [("if-none-match", '"v1"')], 412, "13.1.2: 412 for other methods"),
    ("strong", "DELETE", [("if-none-match", 'W/"v1"')], 412, "13.1.2: 412 for other methods"),
    ("strong", "get", [("if-none-match", '"v1"')], 412, "9.1: methods are case-sensitive"),
    ("strong", "GET", [("if-none-match", "v1")], GO_ON, "malformed: ignored"),
    ("strong", "GET", [("if-none-match", "")], GO_ON, "malformed: ignored"),
    ("strong", "GET", [("if-none-match", '"v1')], GO_ON, "malformed: never closed"),
    ("strong", "GET", [("if-none-match", '"v1" "v2"')], GO_ON, "malformed: no comma"),
    ("strong", "GET", [("if-none-match", '"v 1", "v1"')], 304, "malformed: one of a list"),
    ("strong", "GET", [("if-none-match", '"a,\\", "v1"')], 304, "8.8.3: no escapes, commas"),
    # section 13.1.3
    ("strong", "GET", [("if-modified-since", MODIFIED)], 304, "13.1.3: not since then"),
    ("strong", "HEAD", [("if-modified-since", MODIFIED)], 304, "13.1.3: not since then"),
    ("strong", "GET", [("if-modified-since", AFTER)], 304, "13.1.3: earlier or equal"),
    ("strong", "GET", [("if-modified-since", BEFORE)], GO_ON, "13.1.3: since then"),
    ("untagged", "GET", [("if-modified-since", MODIFIED)], 304, "13.1.3: without a tag"),
    ("fraction", "GET", [("if-modified-since", MODIFIED)], 304, "5.6.7: seconds are whole"),
    ("strong", "GET", [("if-modified-since", "Sunday, 06-Nov-94 08:49:37 GMT")], 304, "5.6.7"),
    ("strong", "GET", [("if-modified-since", "Sun Nov  6 08:49:37 1994")], 304, "5.6.7"),
    ("strong", "GET", [("if-modified-since", "Fri, 01 Jan 9999 00:00:00 GMT")], 304, "future"),
    ("undated", "GET", [("if-modified-since", MODIFIED)], GO_ON, "13.1.3: no date to compare"),
    ("strong", "POST", [("if-modified-since", MODIFIED)], GO_ON, "13.1.3: GET and HEAD only"),
    ("strong", "PUT", [("if-modified-since", BEFORE)], GO_ON, "13.1.3: GET and HEAD only"),
    ("strong", "GET", [("if-modified-since", "yesterday")], GO_ON, "13.1.3: not valid"),
    ("strong", "GET", [("if-modified-since", "")], GO_ON, "13.1.3: not valid"),
    ("strong", "GET", [("if-modified-since", "Sun, 06 Nov 1994 08:49:37 CET")], GO_ON, "5.6.7"),
    ("strong", "GET", [("if-modified-since", "784111777")], GO_ON, "13.1.3: not valid"),
    ("strong", "GET", [("if-modified-since", f"{MODIFIED}; length=9")], GO_ON, "13.1.3"),
    ("strong", "GET", [("if-modified-since", f"{AFTER}, {AFTER}")], GO_ON, "13.1.3: a list"),
    ("strong", "GET", [("if-modified-since", AFTER)] * 2, GO_ON, "13.1.3: more than one"),
    # section 13.1.4
    ("strong", "PUT", [("if-unmodified-since", MODIFIED)], GO_ON, "13.1.4: earlier or equal"),
    ("strong", "PUT", [("if-unmodified-since", AFTER)], GO_ON, "13.1.4: earlier or equal"),
    ("strong", "PUT", [("if-unmodified-since", BEFORE)], 412, "13.1.4: changed since then"),
    ("strong", "GET", [("if-unmodified-since", BEFORE)], 412, "13.1.4: for any method"),
    ("strong", "HEAD", [("if-unmodified-since", BEFORE)], 412, "13.1.4: for any method"),
    ("fraction", "PUT", [("if-unmodified-since", MODIFIED)], GO_ON, "5.6.7: seconds are whole"),
    ("undated", "PUT", [("if-unmodified-since", BEFORE)], GO_ON, "13.1.4: no date to compare"),
    ("absent", "PUT", [("if-unmodified-since", BEFORE)], GO_ON, "13.1.4: no date to compare"),
    ("strong", "PUT", [("if-unmodified-since", "long ago")], GO_ON, "13.1.4: not valid"),
    ("strong", "PUT", [("if-unmodified-since", BEFORE)] * 2, GO_ON, "13.1.4: a list of dates"),
    # section 13.2.2: which comes first
    (
        "strong",
        "PUT",
        [("if-match", '"v1"'), ("if-unmodified-since", BEFORE)],
        GO_ON,
        "13.2.2: If-Unmodified-Since counts only without If-Match",
    ),
    (
        "strong",
        "PUT",
        [("if-match", "garbage"), ("if-unmodified-since", AFTER)],
        412,
        "13.1.4: ignored where there is an If-Match, whatever it says",
    ),
    (
        "strong",
        "GET",
        [("if-none-match", '"v2"'), ("if-modified-since", MODIFIED)],
        GO_ON,
        "13.2.2: If-Modified-Since counts only without If-None-Match",
    ),
    (
        "strong",
        "GET",
        [("if-none-match", '"v1"'), ("if-modified-since", BEFORE)],
        304,
        "13.2.2: If-Modified-Since counts only without If-None-Match",
    ),
    (
        "strong",
        "GET",
        [("if-none-match", "garbage"), ("if-modified-since", MODIFIED)],
        GO_ON,
        "13.1.3: ignored where there is an If-None-Match, whatever it says",
    ),
    (
        "strong",
        "GET",
        [("if-none-match", '"v1"'), ("if-match", '"v2"')],
        412,
        "13.2.2: If-Match comes before If-None-Match",
    ),
    (
        "strong",
        "GET",
        [("if-none-match", '"v1"'), ("if-unmodified-since", BEFORE)],
        412,
        "13.2.2: If-Unmodified-Since comes before If-None-Match",
    ),
    (
        "strong",
        "GET",
        [("if-match", '"v1"'), ("if-none-match", '"v1"')],
        304,
        "13.2.2: when If-Match holds, If-None-Match is next",
    ),
    (
        "strong",
        "GET",
        [("if-unmodified-since", MODIFIED), ("if-modified-since", MODIFIED)],
        304,
        "13.2.2: when If-Unmodified-Since holds, If-Modified-Since is next",
    ),
    (
        "strong",
        "GET",
        [("range", "bytes=0-1"), ("if-range", '"v2"'), ("if-none-match", '"v1"')],
        304,
        "13.2.2: If-Range comes last",
    ),
]

# (state, seconds since 1970, fields of the request, whether the Range counts, why)
LATER = SECONDS + 60
IF_RANGES: list[tuple[str, float, Fields, bool, str]] = [
    ("strong", LATER, [], True, "13.1.5: no condition"),
    ("strong", LATER, [("if-range", '"v1"')], True, "13.1.5: the tag is the same"),
    ("strong", LATER, [("if-range", '"v2"')], False, "13.1.5: the tag is another"),
    ("strong", LATER, [("if-range", 'W/"v1"')], False, "13.1.5: strong comparison"),
    ("weak", LATER, [("if-range", 'W/"v1"')], False, "13.1.5: strong comparison"),
    ("weak", LATER, [("if-range", '"v1"')], False, "13.1.5: strong comparison"),
    ("bare", LATER, [("if-range", '"v1"')], False, "13.1.5: no tag to compare"),
    ("strong", LATER, [("if-range", '"v1", "v2"')], False, "13.1.5: a list is none"),
    ("strong", LATER, [("if-range", '"v1"')] * 2, False, "13.1.5: two are none"),
    ("strong", LATER, [("if-range", "*")], False, "13.1.5: not in the grammar"),
    ("strong", LATER, [("if-range", "v1")], False, "malformed: the whole is always right"),
    ("strong", LATER, [("if-range", "")], False, "malformed: the whole is always right"),
    ("strong", LATER, [("if-range", MODIFIED)], True, "13.1.5: the date is the same"),
    ("fraction", LATER, [("if-range", MODIFIED)], True, "5.6.7: seconds are whole"),
    ("strong", LATER, [("if-range", "Sun Nov  6 08:49:37 1994")], True, "5.6.7: the same date"),
    ("strong", LATER, [("if-range", AFTER)], False, "13.1.5: exactly, not earlier or equal"),
    ("strong", LATER, [("if-range", BEFORE)], False, "13.1.5: exactly"),
    ("undated", LATER, [("if-range", MODIFIED)], False, "13.1.5: no date to compare"),
    ("strong", SECONDS + 1, [("if-range", MODIFIED)], True, "8.8.2.2: the second is over"),
    ("strong", SECONDS + 0.9, [("if-range", MODIFIED)], False, "8.8.2.2: it is not, so it is weak"),
    ("fraction", SECONDS + 0.95, [("if-range", MODIFIED)], False, "8.8.2.2: it is not"),
    ("strong", SECONDS - 9, [("if-range", MODIFIED)], False, "8.8.2.2: the clock is behind"),
]

# section 8.8.3
ENTITY_TAGS = ['"xyzzy"', 'W/"xyzzy"', '""', '"a,b"', '"\\"', '"\xe9"', '"!#$%&\'()*+-./:;<=>?@[]"']
NOT_ENTITY_TAGS = [
    "",
    "v1",
    '"',
    '"v1',
    'v1"',
    'w/"v1"',
    '"a b"',
    '"a"b"',
    '"\x7f"',
    '"€"',
    "*",
    '"a"\n',
]
