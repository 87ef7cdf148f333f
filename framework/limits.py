"""Every number that an app can set to bound what a client can make it do, with unit and reason.

And the checks that options have in common, wherever they are given.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, fields

from framework.exceptions import ConfigError, LimitExceeded

__all__ = [
    "Limits",
    "body_too_large",
    "check_integer",
    "check_seconds",
    "checked_list",
    "field_too_large",
    "form_too_large",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds on a request, on by default, for an app, a router or a route: `limits=Limits(max_files=5)`.

    A router or a route keeps the numbers of what is around it, but for those that it was given.
    """

    max_body_size: int = 16 * 1024 * 1024
    """Bytes of a request body, counted as they arrive (413): room for a photograph, not for a flood."""

    max_query_fields: int = 1_000
    """`name=value` pairs in a query string (400): pages use a few, attacks a hundred thousand."""

    max_cookies: int = 200
    """Cookies that are read, the rest is ignored: browsers keep at most 180 for a domain."""

    max_fields: int = 1_000
    """Fields of a form, urlencoded or multipart (400); files are not among them."""

    max_files: int = 100
    """Files of a form (400): each may take a descriptor."""

    max_parts: int = 1_000
    """Parts of a multipart body (400), fields and files alike."""

    max_part_header_size: int = 4 * 1024
    """Bytes of the header of one part (413), without spaces around values: a file name takes a thousand."""

    max_field_size: int = 1024 * 1024
    """Bytes of one field of a form, its name included (413): it is held in memory."""

    max_form_memory: int = 16 * 1024 * 1024
    """Bytes of all fields of a form together (413), however large a body is let in for its files."""

    max_file_size: int | None = None
    """Bytes of one uploaded file (413); None: as many as the body may have."""

    max_file_memory: int = 1024 * 1024
    """Bytes of a form's files together that are held in memory; what is more is written to disk."""

    max_json_depth: int = 500
    """Arrays and objects within each other (400): Python code that follows them recurses, up to 1,000.

    The digits of a number are bounded by Python itself: `sys.set_int_max_str_digits()`.
    """

    max_message_size: int = 1024 * 1024
    """Bytes of one message of a WebSocket (closed with 1009): servers let in 16 MiB and more."""

    given: frozenset[str] = field(init=False, repr=False)
    """The names of those that were given; the others are defaults."""

    def __new__(cls, **given: int | None) -> "Limits":
        """Note what is given."""
        if unknown := given.keys() - NAMES:
            raise ConfigError(
                f"Limits has no {', '.join(sorted(unknown))}; it has {', '.join(sorted(NAMES))}"
            )
        limits = object.__new__(cls)
        object.__setattr__(limits, "given", frozenset(given))
        return limits

    def __post_init__(self) -> None:
        for name in NAMES:
            value = getattr(self, name)
            if value is not None or name != "max_file_size":
                check_integer("Limits", name, value, least=0)

    def within(self, outer: "Limits") -> "Limits":
        """These limits, and those of `outer` where none was given.

        >>> Limits(max_files=5).within(Limits(max_files=9, max_fields=9)).max_fields
        9
        """
        levels = (outer, self)
        return Limits(**{name: getattr(level, name) for level in levels for name in level.given})


def check_integer(owner: str, name: str, value: object, *, least: int) -> None:
    """ConfigError unless an option is an integer of `least` or more."""
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise ConfigError(f"{owner}({name}={value!r}): it takes an integer of {least} or more")


def check_seconds(owner: str, name: str, value: object) -> None:
    """ConfigError unless an option is a number of seconds, more than 0."""
    if not isinstance(value, int | float) or isinstance(value, bool) or not value > 0:
        raise ConfigError(f"{owner}({name}={value!r}): it takes seconds, more than 0")


def checked_list(owner: str, name: str, values: Iterable[str]) -> list[str]:
    """The values of an option; ConfigError for a single text, whose letters nobody means."""
    if isinstance(values, str):
        raise ConfigError(f"{owner}({name}={values!r}): give a list, such as [{values!r}]")
    return [*values]


def body_too_large(limit: int) -> LimitExceeded:
    """What is raised for a body over `Limits.max_body_size`."""
    return LimitExceeded(413, "max_body_size", limit, f"the body is larger than {limit} bytes")


def form_too_large(limit: int) -> LimitExceeded:
    """What is raised for more bytes of fields than `Limits.max_form_memory`."""
    detail = f"the fields of the form have more than {limit} bytes"
    return LimitExceeded(413, "max_form_memory", limit, detail)


def field_too_large(limit: int) -> LimitExceeded:
    """What is raised for a field over `Limits.max_field_size`."""
    detail = f"a field of the form is larger than {limit} bytes"
    return LimitExceeded(413, "max_field_size", limit, detail)


NAMES = [each.name for each in fields(Limits) if each.init]
