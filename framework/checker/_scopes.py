"""The scopes: what a server says of a connection before its first message."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from framework.checker import _clauses as clauses
from framework.checker import _values as values
from framework.checker._clauses import Problem, Problems, show
from framework.checker._formats import (
    FIRST,
    VERSION,
    Format,
    Key,
    Rule,
    lengths_agree,
    problems,
    problems_of_keys,
    required,
    spec_version,
)
from framework.checker._values import byte_string, integer, list_of, mapping, optional, text

# What is in dicts


def is_version(value: str) -> Problems:
    """Two numbers."""
    if not VERSION.fullmatch(value):
        yield Problem(f"is {show(value)}", "it has to be like '2.5'")


def versions(value: Mapping[str, Any]) -> Problems:
    """The versions of ASGI and of the protocol."""
    for what, advice, clause in problems_of_keys(value, VERSIONS, FIRST):
        yield Problem(f"is wrong: {what}", advice, clause)


def dicts(value: Mapping[str, Any]) -> Problems:
    """Each extension is a dict of what there is to know about it."""
    for name, each in value.items():
        if not isinstance(each, dict):
            yield Problem(f"has {show(each)} for {show(name)}, not a dict", "give an empty dict")


# Rules


def path_is_rooted(scope: Mapping[str, Any]) -> Problems:
    """A path begins with a slash, unless the target is another thing (RFC 9112 section 3.2)."""
    path, raw = scope["path"], scope.get("raw_path")
    if scope.get("method") == "CONNECT" or (scope.get("method") == "OPTIONS" and path == "*"):
        return
    if not path.startswith("/") and "://" not in path:
        what = f"`path` is {show(path)}, without a slash in front"
        yield Problem(what, "give what follows the authority", clauses.REQUEST_TARGET)
    if raw is not None and not raw.startswith(b"/"):
        what = f"`raw_path` is {show(raw)}, which is no path"
        yield Problem(what, "give the path of the target as it was sent")


def paths_agree(scope: Mapping[str, Any]) -> Problems:
    """The path is the raw path, decoded, and may have the root path in front."""
    raw: bytes | None = scope.get("raw_path")
    if raw is None:
        return
    try:
        path = unquote(raw, errors="strict")
    except UnicodeDecodeError:
        return  # what is made of other encodings is not said anywhere
    if scope["path"] not in (path, scope.get("root_path", "") + path):
        what = f"`path` is {show(scope['path'])}, and `raw_path` {show(raw)} decodes to another one"
        yield Problem(what, "percent-decode it once, as UTF-8, and give both or only `path`")


def port_may_be_none(scope: Mapping[str, Any]) -> Problems:
    """Servers of before 2.2 have no addresses of Unix sockets."""
    if spec_version(scope) < (2, 2):
        for what, advice, _ in values.has_a_port(scope.get("server")):
            yield Problem(f"`server` {what}", advice, clauses.SPEC_VERSIONS)


def tls_is_used(scope: Mapping[str, Any]) -> Problems:
    """The extension tells of a connection over TLS, and of nothing else."""
    offered: Mapping[str, Any] = scope.get("extensions") or {}
    if "tls" not in offered:
        return
    tls: Mapping[str, Any] = offered["tls"]
    for what, advice, clause in problems(tls, TLS, FIRST):
        yield Problem(f'`extensions["tls"]`: {what}', advice, clause)
    if scope.get("scheme", "http") in ("http", "ws"):
        what = f'`extensions` has "tls", and `scheme` is {show(scope.get("scheme", "http"))}'
        yield Problem(what, "leave it out if there is no TLS", clauses.TLS_USE)


def chain_has_a_name(tls: Mapping[str, Any]) -> Problems:
    """Whoever gives a client's certificate says whose it is."""
    if values.items(tls.get("client_cert_chain")) and tls.get("client_cert_name") is None:
        what = "`client_cert_chain` has certificates, and `client_cert_name` is missing"
        yield Problem(what, "give the subject of the first certificate (RFC 4514)")


# Formats

VERSIONS = Format(
    clauses.CONNECTION_SCOPE,
    {"version": required(values.one_of("3.0")), "spec_version": Key(text(is_version))},
)

TLS = Format(
    clauses.TLS_SCOPE,
    {
        "server_cert": required(optional(text())),
        "client_cert_chain": Key(list_of(text())),
        "client_cert_name": Key(optional(text())),
        "client_cert_error": Key(optional(text(values.not_empty))),
        "tls_version": required(optional(integer(values.within(0, 0xFFFF)))),
        "cipher_suite": required(optional(integer(values.within(0, 0xFFFF)))),
    },
    (chain_has_a_name,),
)

CONNECTION: dict[str, Key] = {
    "asgi": required(mapping(versions)),
    "scheme": Key(text(values.not_empty)),
    "path": required(text()),
    "raw_path": Key(optional(byte_string(values.has_no_query))),
    "root_path": Key(text(values.is_slashed)),
    "headers": required(list_of(values.field(is_lower=False))),
    "client": Key(optional(values.address)),
    "server": Key(optional(values.address)),
    "state": Key(mapping()),
    "extensions": Key(optional(mapping(dicts))),
}
CONNECTION_RULES: tuple[Rule, ...] = (
    path_is_rooted,
    paths_agree,
    lengths_agree,
    port_may_be_none,
    tls_is_used,
)

SCOPES: dict[str, Format] = {
    "http": Format(
        clauses.HTTP_SCOPE,
        {
            **CONNECTION,
            "http_version": required(values.one_of("1.0", "1.1", "2")),
            "method": required(text(values.is_method)),
            "query_string": required(byte_string()),
        },
        CONNECTION_RULES,
    ),
    "websocket": Format(
        clauses.WEBSOCKET_SCOPE,
        {
            **CONNECTION,
            "http_version": Key(values.one_of("1.1", "2")),
            "query_string": Key(optional(byte_string())),
            "subprotocols": Key(list_of(text())),
        },
        CONNECTION_RULES,
    ),
    "lifespan": Format(
        clauses.LIFESPAN_SCOPE, {"asgi": required(mapping(versions)), "state": Key(mapping())}
    ),
}
OTHER_SCOPE = Format(clauses.PROTOCOLS, {"asgi": required(mapping(versions))})
"""Of a protocol that the documentation does not know."""
