"""The text of a path (or host) as a recipe gives it, taken apart and resolved; no request is seen here.

`/users/{id:int}/files/{name}.{ext}` becomes segments: literal ones, one parameter, or a mix of both.
A parameter says how it is converted: by a name, by a regular expression, or not at all; then the
handler's annotation or `str` decides.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, TypeAlias

from framework._wire.urls import quote_segment
from framework.converters import PATH, STRING, Converter, Regex
from framework.exceptions import ConfigError, NoMatchFound

__all__ = ["Parameter", "Pattern", "Rank", "Segment", "parse_pattern"]

Rank: TypeAlias = tuple[int, int]
LITERAL, MIXED, CONVERTED, REST, MOUNTED = range(5)


@dataclass(frozen=True, slots=True)
class Parameter:
    """`{name}` or `{name:how}`; `converter` is known once the pattern is resolved."""

    name: str
    how: str | None = None
    converter: Converter[Any] = STRING


Segment: TypeAlias = tuple[str | Parameter, ...]


@dataclass(frozen=True, slots=True)
class Pattern:
    """A parsed path: one Segment for what stands between two separators."""

    text: str = field(compare=False)
    segments: tuple[Segment, ...]

    def parameters(self) -> Iterator[Parameter]:
        """The parameters from left to right."""
        for segment in self.segments:
            for part in segment:
                if isinstance(part, Parameter):
                    yield part

    def resolve(self, choose: Callable[[Parameter], Converter[Any]]) -> "Pattern":
        """The same pattern with the converter of each parameter; ConfigError where that cannot work."""

        def resolved(part: str | Parameter) -> str | Parameter:
            if isinstance(part, str):
                return part
            return Parameter(part.name, part.how, choose(part))

        segments = tuple(tuple(map(resolved, segment)) for segment in self.segments)
        rests = [s for s in segments if any(_is_rest(part) for part in s)]
        if len(rests) > 1 or any(len(segment) > 1 for segment in rests):
            raise ConfigError(
                f"the path {self.text!r} can have one {{...:path}} parameter, as a segment of its own"
            )
        return Pattern(self.text, segments)

    def is_literal(self) -> bool:
        """Whether the pattern has no parameters."""
        return not any(self.parameters())

    def rest_index(self) -> int | None:
        """Where the `{...:path}` segment stands."""
        for index, segment in enumerate(self.segments):
            if any(map(_is_rest, segment)):
                return index
        return None

    def without_converters(self) -> str:
        """The path with its parameters' names alone, `/users/{id}`."""
        return "/".join(
            "".join(part if isinstance(part, str) else f"{{{part.name}}}" for part in segment)
            for segment in self.segments
        )

    def ranks(self) -> tuple[Rank, ...]:
        """How specific each segment is: patterns are tried from the lowest, equals as they were declared."""
        count = len(self.segments)
        return tuple(_rank(segment, count - i) for i, segment in enumerate(self.segments))

    def shape(self) -> tuple[Any, ...]:
        """What the pattern matches, whatever its parameters are called: equal for equal sets of paths."""
        return tuple(
            tuple(part if isinstance(part, str) else part.converter for part in segment)
            for segment in self.segments
        )

    def format(self, params: Mapping[str, Any]) -> str:
        """The path with these values, percent-encoded; NoMatchFound for a value that would not match."""
        path = "/".join(_format(segment, params) for segment in self.segments)
        # Two slashes at the start would make a host of what follows (RFC 3986 section 4.2).
        return f"/%2F{path[2:]}" if path.startswith("//") else path


@lru_cache(maxsize=64)  # of each route its path is asked for several times in a row
def parse_pattern(text: str, separator: str = "/") -> Pattern:
    """Take a path apart; ConfigError says what is wrong in it."""
    segments: list[Segment] = []
    parts: list[str | Parameter] = []
    names: set[str] = set()
    for token in _tokens(text, separator):
        if token == separator:
            segments.append(tuple(parts))
            parts = []
        elif token[0] == "{":
            name, colon, how = token[1:-1].partition(":")
            if not name.isidentifier() or (colon and not how):
                raise ConfigError(
                    f"{token!r} in the path {text!r}: write {{name}} or {{name:converter}}"
                )
            if name in names:
                raise ConfigError(f"the path {text!r} has the parameter {name!r} twice")
            names.add(name)
            if parts and isinstance(parts[-1], Parameter):
                raise ConfigError(
                    f"the path {text!r} needs a text between its parameters before {token!r}"
                )
            parts.append(Parameter(name, how or None))
        else:
            parts.append(token)
    segments.append(tuple(parts))
    return Pattern(text, tuple(segments))


def converter_of(
    parameter: Parameter, named: Mapping[str, Converter[Any]]
) -> Converter[Any] | None:
    """The converter that a path names, or None where it names none; ConfigError for an unknown one."""
    how = parameter.how
    if how is None:
        return None
    if how in named:
        return named[how]
    if how.isidentifier():
        known = ", ".join(sorted(named))
        raise ConfigError(
            f"{{{parameter.name}:{how}}}: no converter is called {how!r}; there are {known}"
        )
    try:
        return Regex(how)
    except re.error as error:
        raise ConfigError(
            f"{{{parameter.name}:{how}}}: not a regular expression: {error}"
        ) from error


def split_mixed(segment: Segment, text: str) -> dict[str, Any]:
    """The values in a segment such as `{name}.{ext}`; ValueError if it does not match.

    What stands between two parameters is looked for once, from the right: `a.b.c` is `a.b` and `c`,
    and a long segment costs no more than its length.
    """
    texts = _cut(segment, text)
    return {
        part.name: part.converter.convert(texts[part.name])
        for part in segment
        if isinstance(part, Parameter)
    }


def _cut(segment: Segment, text: str) -> dict[str, str]:
    start, end = (part if isinstance(part, str) else "" for part in (segment[0], segment[-1]))
    if not (text.startswith(start) and text.endswith(end, len(start))):
        raise ValueError(f"{text!r:.40} does not begin with {start!r} and end with {end!r}")
    text = text[len(start) : len(text) - len(end)]
    texts: list[str] = []
    for part in reversed(segment[1:-1]):
        if isinstance(part, str):
            text, found, behind = text.rpartition(part)
            if not found:
                raise ValueError(f"{part!r} is not in {text!r:.40}")
            texts.append(behind)
    names = [part.name for part in segment if isinstance(part, Parameter)]
    return dict(zip(names, [text, *reversed(texts)], strict=True))


def _tokens(text: str, separator: str) -> Iterator[str]:
    start = depth = 0
    for index, character in enumerate(text):
        if character == "{":
            if depth == 0 and index > start:
                yield text[start:index]
            if depth == 0:
                start = index
            depth += 1
        elif character == "}":
            depth -= 1
            if depth < 0:
                raise ConfigError(f"the path {text!r} has a '}}' without its '{{'")
            if depth == 0:
                yield text[start : index + 1]
                start = index + 1
        elif character == separator and depth == 0:
            if index > start:
                yield text[start:index]
            yield separator
            start = index + 1
    if depth:
        raise ConfigError(f"the path {text!r} has a '{{' without its '}}'")
    if start < len(text):
        yield text[start:]


def _is_rest(part: str | Parameter) -> bool:
    return isinstance(part, Parameter) and part.converter is PATH


def _rank(segment: Segment, segments_left: int) -> Rank:
    literal = sum(len(part) for part in segment if isinstance(part, str))
    parameters = [part for part in segment if isinstance(part, Parameter)]
    if not parameters:
        return (LITERAL, 0)
    if literal:
        return (MIXED, -literal)
    if _is_rest(parameters[0]):
        return (REST, -segments_left)
    return (CONVERTED, parameters[0].converter.specificity)


def _format(segment: Segment, params: Mapping[str, Any]) -> str:
    texts = {
        part.name: _text(part, params[part.name]) for part in segment if isinstance(part, Parameter)
    }
    text = "".join(part if isinstance(part, str) else texts[part.name] for part in segment)
    if any(map(_is_rest, segment)):
        return "/".join(map(quote_segment, text.split("/")))
    if len(segment) > 1 and (read := _cut(segment, text)) != texts:
        raise NoMatchFound(f"{texts} does not fit into the path: {text!r} is read as {read}")
    return quote_segment(text)


def _text(parameter: Parameter, value: Any) -> str:
    try:
        text = parameter.converter.to_string(value)
        parameter.converter.convert(text)
    except (ValueError, TypeError, AttributeError) as error:
        raise NoMatchFound(
            f"{parameter.name}={value!r} does not fit into the path: {error}"
        ) from error
    return text
