"""Rules of `check` about routes: what can never be reached, or is reached by another way than it seems.

Two routes that match the same requests are refused when the app is compiled, and need no rule. What a
handler does is read off the names in its own code, not in what it calls.
"""

import inspect
from collections import defaultdict
from collections.abc import Iterator
from itertools import combinations
from typing import Any

from framework._cli.findings import Finding, Subject, is_one
from framework._dispatch import ResolvedRoute
from framework._layout import near
from framework._pattern import Segment, split_mixed
from framework._summaries import label
from framework.routes import Mount, Route

__all__ = ["ROUTE_RULES"]

SAMPLES = ("7", "2024", "3.5", "en", "en-GB", "me", "new", "Ab1", "abc", "a_b", "index.html")
"""Texts as paths have them: that two expressions are alike is shown by one that both take."""
WIDE_BODY = 1 << 30
READ_WHOLE = {"body", "decode", "json", "text"}
UNSAFE = {"DELETE", "PATCH", "POST", "PUT"}


def shadowed_mounts(subject: Subject) -> Iterator[Finding]:
    """Mounts below which a route takes whatever name comes first. One of everything is for the rest."""
    mounts = [each for each in _of(subject, Mount) if each[0].path]
    for route, place in _of(subject, Route):
        for mount, mount_place in mounts:
            depth = len(mount.pattern.segments)
            below = route.pattern.segments[depth : depth + 1]
            is_below = route.pattern.shape()[:depth] == mount.pattern.shape()
            if is_below and place.host == mount_place.host and _parameters(below):
                yield Finding(
                    "hint",
                    route.where,
                    f"{route.path} takes {'/'.join(sorted(route.methods))} from the mount of "
                    f"{mount.path or '/'} ({near(mount.where)}): routes come before mounts",
                    "mount the app at another path, or move the route",
                )


def alike(subject: Subject) -> Iterator[Finding]:
    """Routes that are told apart by the order of their declaration alone."""
    groups: dict[Any, list[ResolvedRoute]] = defaultdict(list)
    for route, place in subject.places.items():
        literals = tuple(s if not _parameters((s,)) else None for s in route.pattern.segments)
        groups[type(place.route), place.host, route.pattern.ranks(), literals].append(route)
    for group in groups.values():
        for first, second in combinations(group, 2):
            text = _shared(first.pattern.segments, second.pattern.segments)
            is_one_pattern = first.pattern.shape() == second.pattern.shape()
            has_own_methods = first.methods and first.methods.isdisjoint(second.methods)
            if text is not None and not is_one_pattern and not has_own_methods:
                yield Finding(
                    "hint",
                    second.where,
                    f"{second.path} gets nothing that {first.path} ({near(first.where)}) takes too, "
                    f"such as {text!r}: they are equally specific, and that one was declared first",
                    "give them different paths, or one expression that excludes the other",
                )


def _shared(first: tuple[Segment, ...], second: tuple[Segment, ...]) -> str | None:
    """A path that both take, if one is found; their literal segments are the same."""
    texts: list[str] = []
    for one, other in zip(first, second, strict=True):
        literal = [] if _parameters((one,)) else ["".join(map(str, one))]
        both = (t for t in SAMPLES if _takes(one, t) and _takes(other, t))
        texts += literal or [next(both, "")]
    return "/".join(texts) if all(texts[1:]) else None


def _takes(segment: Segment, text: str) -> bool:
    try:
        split_mixed(segment, text)
    except Exception:  # a converter may raise what it likes: this is no text of its
        return False
    return True


def same_names(subject: Subject) -> Iterator[Finding]:
    """Names that stand for two paths, of which none can be built."""
    named: dict[Any, list[ResolvedRoute]] = defaultdict(list)
    for route, place in subject.places.items():
        parameters = frozenset(p.name for p in route.pattern.parameters())
        named[route.name, parameters, isinstance(place.route, Mount)].append(route)
    for (name, _, _), (first, *others) in named.items():
        if name is not None:
            for other in others:
                if other.path != first.path:
                    yield Finding(
                        "hint",
                        other.where,
                        f"{other.path} and {first.path} ({near(first.where)}) are both called "
                        f"{name!r}: url_for({name!r}) raises NoMatchFound",
                        "give one of them another name=",
                    )


def head_alone(subject: Subject) -> Iterator[Finding]:
    """Paths that answer HEAD, but not GET."""
    methods: dict[Any, set[str]] = defaultdict(set)
    for route, place in _of(subject, Route):
        methods[place.host, route.path] |= route.methods
    for route, place in _of(subject, Route):
        if "HEAD" in route.methods and "GET" not in methods[place.host, route.path]:
            yield Finding(
                "hint",
                route.where,
                f"{route.path} answers HEAD, and GET with 405: HEAD is what GET would answer",
                "declare the handler for GET, which answers HEAD too",
            )


def wide_bodies(subject: Subject) -> Iterator[Finding]:
    """Bodies that are read into memory whatever their size."""
    for route, place in _of(subject, Route):
        limits = subject.app._compiler.wiring(place.routers, place.route).settings.limits
        for handler in dict.fromkeys(place.route.handlers.values()):
            if limits.max_body_size >= WIDE_BODY and READ_WHOLE & _names(handler):
                yield Finding(
                    "hint",
                    route.where,
                    f"{label(handler)} reads a body of up to {limits.max_body_size >> 30} GiB into "
                    "memory",
                    "lower max_body_size for this route, or read it by stream()",
                )


def forged_forms(subject: Subject) -> Iterator[Finding]:
    """Forms that are sent with a session, which another site can do too."""
    for route, place in _of(subject, Route):
        chain = subject.chain(place)
        if any(is_one(each, "CSRFMiddleware") for each in chain) or not any(
            is_one(each, "SessionMiddleware") for each in chain
        ):
            continue
        for method, handler in place.route.handlers.items():
            if method in UNSAFE and {"form", "multipart"} & _names(handler):
                yield Finding(
                    "hint",
                    route.where,
                    f"{label(handler)} reads a form within sessions: a page on another subdomain, "
                    "and in an old browser any page, can send it in the visitor's name",
                    "add CSRFMiddleware",
                )


def any_host(subject: Subject) -> Iterator[Finding]:
    """Absolute URLs of a host that the client chooses."""
    for route, place in _of(subject, Route):
        chain = subject.chain(place)
        if place.host is None and not any(is_one(e, "TrustedHostMiddleware") for e in chain):
            for handler in dict.fromkeys(place.route.handlers.values()):
                if found := {"url_for", "base_url"} & _names(handler):
                    yield Finding(
                        "hint",
                        route.where,
                        f"{label(handler)} uses {min(found)}, whose host is the one that the client "
                        "names: a link in a mail, or in a cache, leads where an attacker wants",
                        "add TrustedHostMiddleware, or use url_path_for",
                    )


def debugging(subject: Subject) -> Iterator[Finding]:
    """Apps that show their insides."""
    if subject.app.debug:
        yield Finding(
            "error",
            f"the app at {subject.prefix or '/'}",
            "debug=True: whoever meets an error reads source code and variables",
            "leave it out; for a developer's machine, read it from the environment",
        )


def _of(subject: Subject, kind: type[Any]) -> list[tuple[ResolvedRoute, Any]]:
    return [(r, place) for r, place in subject.places.items() if isinstance(place.route, kind)]


def _parameters(segments: tuple[Segment, ...]) -> bool:
    return any(not isinstance(part, str) for segment in segments for part in segment)


def _names(handler: Any) -> set[str]:
    code = getattr(inspect.unwrap(handler), "__code__", None)
    return set(code.co_names) if code is not None else set()


ROUTE_RULES = [
    shadowed_mounts,
    alike,
    same_names,
    head_alone,
    wide_bodies,
    forged_forms,
    any_host,
    debugging,
]
