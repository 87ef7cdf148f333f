"""Proactive negotiation: which of our offers a client likes best (RFC 9110 section 12).

Malformed elements of an Accept header are skipped; a header that has no others counts as absent.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import NamedTuple

from framework._wire.grammar import is_token, parse_parameters, split_list
from framework._wire.media import MediaType, parse_media_type

__all__ = ["best_encoding", "best_language", "best_media_type"]

MAX_ELEMENTS = 100
"""Elements that are looked at: each is compared with each offer, and browsers send ten at most."""

QVALUE = re.compile(r"0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?")  # RFC 9110 section 12.4.2
ANY_WEIGHT = re.compile(r";[ \t]*q[ \t]*(?:=|;|$)", re.IGNORECASE)  # well-formed or not
QUOTED = re.compile(r'"(?:[^"\\]++|\\.)*+"?+', re.DOTALL)  # to the end if it is never closed
LEAST_WEIGHT = 0.0001  # below every qvalue: acceptable, but anything else is liked better

# RFC 4647 section 2.1, but ten subtags at most: real ones have four.
LANGUAGE_RANGE = re.compile(r"\*|[a-z]{1,8}(?:-[a-z0-9]{1,8}){0,9}")

ALIASES = {"x-gzip": "gzip", "x-compress": "compress"}  # RFC 9110 section 8.4.1


class Element(NamedTuple):
    """One element of an Accept header: `value; name=value; q=weight`, the value in lower case."""

    value: str
    parameters: Mapping[str, str]
    weight: float


def best_media_type(accept: str | None, offers: Sequence[str]) -> str | None:
    """The offer that the client likes best, the first of equals; None if it accepts none of them.

    The most specific range that matches an offer weighs it (RFC 9110 section 12.5.1). A charset
    in a range is ignored: many write one, though everybody reads UTF-8 (section 12.5.2).
    ValueError for an offer that is no media type.

    >>> best_media_type("text/*;q=0.5, application/json", ["text/html", "application/json"])
    'application/json'
    """
    ranges = [
        element for element in _parse_elements(accept or "") if _is_media_range(element.value)
    ]
    return _favourite(offers, partial(_weigh_media_type, ranges=ranges or [ANYTHING]))


def best_encoding(accept_encoding: str | None, offers: Sequence[str]) -> str | None:
    """The offered content coding that the client likes best, or "identity"; None if it refuses all.

    Without the header every coding is acceptable (RFC 9110 section 12.5.3), but only identity is safe.
    """
    codings = {
        ALIASES.get(value, value): weight
        for value, _, weight in _parse_elements(accept_encoding or "")
        if is_token(value)
    }
    others = codings.get("*", 0.0)
    codings.setdefault("identity", codings.get("*", LEAST_WEIGHT))
    return _favourite([*offers, "identity"], lambda offer: codings.get(offer.lower(), others))


def best_language(accept_language: str | None, offers: Sequence[str]) -> str | None:
    """The offered language tag that the client likes best; None if it likes none of them.

    By lookup (RFC 4647 section 3.4): `de-CH` finds `de-CH`, else `de`. A range for which there is
    neither finds the first offer that it begins: `en` finds `en-US`. What `*` finds comes last.
    """
    weights = {
        value: weight
        for value, _, weight in _parse_elements(accept_language or "")
        if LANGUAGE_RANGE.fullmatch(value)
    } or {"*": 1.0}
    tags = {offer.lower(): offer for offer in offers}
    allowed = [tag for tag in tags if _weigh_language(tag, weights) > 0]
    wanted = [value for value, weight in weights.items() if weight > 0]
    for value in sorted(wanted, key=lambda value: (value != "*", weights[value]), reverse=True):
        candidates = [prefix for prefix in _prefixes(value) if prefix in allowed]
        candidates += [tag for tag in allowed if value == "*" or tag.startswith(f"{value}-")]
        if candidates:
            return tags[candidates[0]]
    return None


def _parse_elements(header: str) -> list[Element]:
    """The elements in their order, without those of malformed weight; "q" may stand anywhere."""
    elements: list[Element] = []
    for text in split_list(header)[:MAX_ELEMENTS]:
        value, _, rest = text.partition(";")
        parameters = parse_parameters(rest)
        weight = parameters.pop("q", None)
        if weight is None and not ANY_WEIGHT.search(QUOTED.sub("", text)):
            weight = "1"
        if weight is not None and QVALUE.fullmatch(weight):
            elements.append(Element(value.strip(" \t").lower(), parameters, float(weight)))
    return elements


def _favourite(offers: Sequence[str], weigh: Callable[[str], float]) -> str | None:
    """The first of the offers that weigh most, unless they weigh nothing."""
    best, most = None, 0.0
    for offer in offers:
        weight = weigh(offer)
        if weight > most:
            best, most = offer, weight
    return best


def _is_media_range(value: str) -> bool:
    """Whether it is `type/subtype`, `type/*` or `*/*`."""
    kind, _, subtype = value.partition("/")
    return is_token(kind) and is_token(subtype) and (kind != "*" or subtype == "*")


def _weigh_media_type(offer: str, ranges: Sequence[Element]) -> float:
    """The weight of the most specific range that matches the offer; 0 if none does."""
    media = parse_media_type(offer)
    if media is None:
        raise ValueError(f"{offer!r:.80} is not a media type: offer type/subtype")
    levels = {"*/*": 0, f"{media.type}/*": 1, media.essence: 2}
    weights = [
        ((levels[value], len(parameters)), weight)
        for value, parameters, weight in ranges
        if value in levels and _has_parameters(media, parameters)
    ]
    return max(weights, default=(None, 0.0))[1]


def _has_parameters(media: MediaType, wanted: Mapping[str, str]) -> bool:
    """Whether the media type has all of the parameters, in whatever case their values are."""
    return all(
        name == "charset" or media.parameters.get(name, "").lower() == value.lower()
        for name, value in wanted.items()
    )


def _weigh_language(tag: str, weights: Mapping[str, float]) -> float:
    """The weight of the longest range that is the tag or a prefix of it; 1 without one."""
    return next((weights[prefix] for prefix in _prefixes(tag) if prefix in weights), 1.0)


def _prefixes(tag: str) -> Iterator[str]:
    """The tag, then without its last subtag, and so on (RFC 4647 section 3.4).

    A single letter or digit introduces what follows it: it is not left at the end.
    """
    subtags = tag.split("-")
    for length in range(len(subtags), 0, -1):
        if length == len(subtags) or len(subtags[length - 1]) > 1:
            yield "-".join(subtags[:length])


ANYTHING = Element("*/*", {}, 1.0)
