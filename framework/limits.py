"""Every number that an app can set to bound what a client can make it do, with unit and reason."""

from dataclasses import dataclass, fields

from framework.exceptions import ConfigError

__all__ = ["Limits"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds on a request, on by default; give an app others by `App(limits=Limits(max_body_size=...))`."""

    max_body_size: int = 16 * 1024 * 1024
    """Bytes of a request body, counted as they arrive (413): room for a photograph, not for a flood."""

    max_query_fields: int = 1_000
    """`name=value` pairs in a query string (400): pages use a few, attacks a hundred thousand."""

    max_cookies: int = 200
    """Cookies that are read, the rest is ignored: browsers keep at most 180 for a domain."""

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if not isinstance(value, int) or isinstance(value, bool) or value < 0:
                raise ConfigError(
                    f"Limits({field.name}={value!r}): it takes an integer of 0 or more"
                )
