"""Why a route does not take a path, segment by segment, and how far it is from doing so.

Here it is only told: whether a route takes a path is asked of the matcher that serves requests, and
what is said here is held against it by the tests.
"""

from collections.abc import Iterable, Iterator, Sequence
from difflib import SequenceMatcher
from typing import Any, Literal, NamedTuple

from framework._matcher import Leaf
from framework._pattern import Parameter, Segment, split_mixed
from framework.converters import STRING

__all__ = ["CLOSE", "Fault", "fault_of", "why_first"]

CLOSE = 0.5
"""From this closeness on a route may have been meant."""
ALIKE = 0.7
"""From this likeness on a text may be a misspelt one."""
LONGEST = 64
"""Characters of a text that is looked at so, or shown: a client may send more, and likeness is not linear."""


class Fault(NamedTuple):
    """What in a path does not fit a pattern."""

    kind: Literal["slash", "path"]
    reason: str
    closeness: float
    """From 0 to 1."""


class Fit(NamedTuple):
    """How a text fits a segment: a literal one says more of what was meant than one that takes any text."""

    weight: float
    earned: float
    misfit: str | None


def why_first(first: Leaf[Any], second: Leaf[Any]) -> str:
    """Why one of two leaves that take the same path is tried before the other."""
    for index, ranks in enumerate(zip(first.ranks(), second.ranks(), strict=False)):
        if ranks[0] != ranks[1]:
            return f"{_written(first, index)} is tried before {_written(second, index)}"
    return "equally specific, but declared later"


def fault_of(leaf: Leaf[Any], segments: Sequence[str]) -> Fault | None:
    """What speaks against a path that was split into segments; None if nothing does."""
    if leaf.fits(len(segments)):
        fits = list(_fits(leaf, segments))
        wrong = [fit for fit in fits if fit.misfit is not None]
        if not wrong:
            return None
        closeness = sum(fit.earned for fit in fits) / sum(fit.weight for fit in fits)
        if len(wrong) == 1 and wrong[0].weight < 1:  # a converter alone
            closeness = max(closeness, CLOSE)
        return Fault("path", _joined(wrong), closeness)
    if leaf.fits(len(segments) + (1 if segments[-1] else -1)):
        twin = [*segments, ""] if segments[-1] else segments[:-1]
        if all(fit.misfit is None for fit in _fits(leaf, twin)):
            how = "with" if segments[-1] else "without"
            return Fault("slash", f"takes the path {how} a slash at its end", 1)
    if len(segments) > 2 * len(leaf.pattern.segments):
        return Fault("path", "is much shorter than the path", 0)
    return _miscounted(leaf, segments)


def _fits(leaf: Leaf[Any], segments: Sequence[str]) -> Iterator[Fit]:
    # The first segment is what is in front of the first slash: always nothing.
    rest, count = leaf.pattern.rest_index(), len(leaf.pattern.segments)
    for index, segment in enumerate(leaf.pattern.segments):
        if index and index != rest:
            is_behind = rest is not None and index > rest
            yield _fit(segment, segments[index - count if is_behind else index])


def _fit(segment: Segment, text: str) -> Fit:
    parameters = [part for part in segment if isinstance(part, Parameter)]
    if not parameters:
        return _literal_fit("".join(map(str, segment)), text)
    weight = 0.25 if len(segment) == 1 and parameters[0].converter is STRING else 0.5
    try:
        split_mixed(segment, text)
    except Exception as error:  # where another segment is wrong, none of these is asked in earnest
        return Fit(weight, 0, f"{_quoted(segment)} does not take {_short(text)}: {error}")
    return Fit(weight, weight, None)


def _literal_fit(literal: str, text: str) -> Fit:
    if literal == text:
        return Fit(1, 1, None)
    alike = 0.0
    if len(text) <= LONGEST:
        matcher = SequenceMatcher(None, literal.lower(), text.lower())
        if matcher.quick_ratio() >= ALIKE:
            alike = matcher.ratio()
    slash = ", whose slash was sent as %2F and separates nothing," if "/" in text else ""
    misfit = f"{_short(text)}{slash} is not {literal!r}"
    if not (text and literal):  # of the segment behind the last slash
        misfit = f"has {_short(literal or text)} where the {'path' if literal else 'route'} ends"
    return Fit(1, alike if alike >= ALIKE else 0, misfit)


def _miscounted(leaf: Leaf[Any], segments: Sequence[str]) -> Fault:
    """The fault of a path with too few segments or too many: they are compared from both ends."""
    wanted, given = leaf.pattern.segments[1:], segments[1:]
    weight = sum(_fit(segment, "").weight for segment in wanted)
    weight += max(0, len(given) - len(wanted))
    shared, surplus = min(len(wanted), len(given)), len(wanted) - len(given)
    head = [_fit(*pair) for pair in zip(wanted, given, strict=False)]
    tail = [
        _fit(*pair)
        for pair in zip(wanted[len(wanted) - shared :], given[len(given) - shared :], strict=True)
    ]
    from_start, from_end = (sum(fit.earned for fit in fits) for fits in (head, tail))
    is_tail = from_end > from_start
    cut = slice(0, abs(surplus)) if is_tail else slice(shared, None)
    if surplus > 0:
        missing = "".join(f"/{_plain(segment)}" for segment in wanted[cut])
        reason = f"has {missing!r} {'in front' if is_tail else 'behind that'}, and the path has not"
    else:
        extra = _short("/" + "/".join(given[cut]))
        reason = f"does not {'begin' if is_tail else 'go on'} with {extra}"
    fits = tail if is_tail else head
    reasons = "; ".join(filter(None, [_joined(fits), reason]))
    return Fault("path", reasons, max(from_start, from_end) / weight)


def _joined(fits: Iterable[Fit]) -> str:
    return "; ".join(fit.misfit for fit in fits if fit.misfit is not None)


def _short(text: str) -> str:
    return repr(text if len(text) <= LONGEST else f"{text[:LONGEST]}...")


def _written(leaf: Leaf[Any], index: int) -> str:
    segments = leaf.pattern.segments
    return _quoted(segments[index]) if index < len(segments) else "a mount"


def _quoted(segment: Segment) -> str:
    return repr(_plain(segment))


def _plain(segment: Segment) -> str:
    return "".join(map(_part, segment))


def _part(part: str | Parameter) -> str:
    if isinstance(part, str):
        return part
    # One without a converter in its path has that of the handler's annotation.
    how = part.how or part.converter.value_type.__name__
    return f"{{{part.name}:{how}}}" if how != "str" else f"{{{part.name}}}"
