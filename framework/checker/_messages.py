"""The messages: those that an app receives from the server, and those that it sends."""

from collections.abc import Mapping
from typing import Any

from framework.checker import _clauses as clauses
from framework.checker import _values as values
from framework.checker._clauses import Problem, Problems
from framework.checker._formats import Format, Key, is_length, lengths_agree, required
from framework.checker._values import byte_string, integer, list_of, mapping, optional, text

# Rules


def one_content(message: Mapping[str, Any]) -> Problems:
    """A frame has bytes or a text."""
    if [message.get("bytes"), message.get("text")].count(None) != 1:
        yield Problem("not exactly one of `bytes` and `text` is there", "give one, or None for one")


def no_subprotocol_header(message: Mapping[str, Any]) -> Problems:
    """The subprotocol has a key of its own."""
    for name, _ in values.pairs(message.get("headers")):
        if name == b"sec-websocket-protocol":
            yield Problem("`headers` has Sec-WebSocket-Protocol", "use `subprotocol` instead")


def length_is_allowed(message: Mapping[str, Any]) -> Problems:
    """A 204 says nothing of its length (RFC 9110 section 8.6)."""
    fields = values.pairs(message.get("headers"))
    if message["status"] == 204 and any(is_length(name) for name, _ in fields):
        yield Problem("a 204 has a Content-Length", "leave it out", clauses.CONTENT_LENGTH)


# Formats

SENT_FIELDS = list_of(values.field(is_lower=True))
BODY = {"body": Key(byte_string()), "more_body": Key(values.boolean)}
STARTED = {"status": required(integer(values.is_status)), "headers": Key(SENT_FIELDS)}
START_RULES = (lengths_agree, length_is_allowed)
FRAME = {
    "bytes": Key(optional(byte_string())),
    "text": Key(optional(text(values.is_utf_8))),
}
FAILED = {"message": Key(text())}

RECEIVED: dict[str, Format] = {
    "http.request": Format(clauses.REQUEST, BODY),
    "http.disconnect": Format(clauses.DISCONNECT),
    "websocket.connect": Format(clauses.CONNECT),
    "websocket.receive": Format(clauses.RECEIVE, FRAME, (one_content,)),
    "websocket.disconnect": Format(
        clauses.DISCONNECT_WS,
        {
            "code": required(
                integer(values.code_within(values.RECEIVED_CODES, "give 1005 if there was none"))
            ),
            "reason": Key(optional(text())),
        },
    ),
    "lifespan.startup": Format(clauses.STARTUP),
    "lifespan.shutdown": Format(clauses.SHUTDOWN),
}

SENT: dict[str, Format] = {
    "http.response.start": Format(
        clauses.RESPONSE_START, {**STARTED, "trailers": Key(values.boolean)}, START_RULES
    ),
    "http.response.body": Format(clauses.RESPONSE_BODY, BODY),
    "http.response.trailers": Format(
        clauses.TRAILERS,
        {"headers": required(SENT_FIELDS), "more_trailers": Key(values.boolean)},
        extension="http.response.trailers",
    ),
    "http.response.push": Format(
        clauses.PUSH,
        {"path": required(text(values.is_rooted)), "headers": required(SENT_FIELDS)},
        extension="http.response.push",
    ),
    "http.response.early_hint": Format(
        clauses.EARLY_HINTS,
        {"links": required(list_of(byte_string(values.field_value)))},
        extension="http.response.early_hint",
    ),
    "http.response.pathsend": Format(
        clauses.PATH_SEND,
        {"path": required(text(values.is_absolute))},
        extension="http.response.pathsend",
    ),
    "http.response.zerocopysend": Format(
        clauses.ZERO_COPY_SEND,
        {
            "file": required(values.is_open_file),
            "offset": Key(integer(values.within(0, 2**63 - 1))),
            "count": Key(integer(values.within(0, 2**63 - 1))),
            "more_body": Key(values.boolean),
        },
        extension="http.response.zerocopysend",
    ),
    "http.response.debug": Format(
        clauses.DEBUG, {"info": required(mapping())}, extension="http.response.debug"
    ),
    "websocket.accept": Format(
        clauses.ACCEPT,
        {"subprotocol": Key(optional(text())), "headers": Key(SENT_FIELDS, since=(2, 1))},
        (no_subprotocol_header,),
    ),
    "websocket.send": Format(clauses.SEND, FRAME, (one_content,)),
    "websocket.close": Format(
        clauses.CLOSE,
        {
            "code": Key(
                integer(values.code_within(values.SENT_CODES, "use 1000, or one from 4000 to 4999"))
            ),
            "reason": Key(optional(text(values.is_utf_8, values.is_short)), since=(2, 3)),
        },
    ),
    "websocket.http.response.start": Format(
        clauses.DENIAL, STARTED, START_RULES, extension="websocket.http.response"
    ),
    "websocket.http.response.body": Format(
        clauses.DENIAL, BODY, extension="websocket.http.response"
    ),
    "lifespan.startup.complete": Format(clauses.STARTUP_COMPLETE),
    "lifespan.startup.failed": Format(clauses.STARTUP_FAILED, FAILED, since=(2, 0)),
    "lifespan.shutdown.complete": Format(clauses.SHUTDOWN_COMPLETE),
    "lifespan.shutdown.failed": Format(clauses.SHUTDOWN_FAILED, FAILED, since=(2, 0)),
}
