"""What tells browsers to come back encrypted only: Strict-Transport-Security (RFC 6797)."""

from framework.exceptions import ConfigError

__all__ = ["hsts_fields"]

PRELOAD_MAX_AGE = 31_536_000  # a year: what the browsers' list asks for


def hsts_fields(
    owner: str, max_age: int | None, *, include_subdomains: bool, preload: bool
) -> list[tuple[bytes, bytes]]:
    """The field (section 6.1), none for None; `max_age` is in seconds, 0 makes browsers forget the host.

    `preload` is the word by which a site agrees to be in the browsers' own list; ConfigError where the
    list would refuse the rest. `owner` is whose options these are.

    >>> hsts_fields("X", 31536000, include_subdomains=True, preload=False)
    [(b'strict-transport-security', b'max-age=31536000; includeSubDomains')]
    """
    if max_age is None:
        if include_subdomains or preload:
            raise ConfigError(f"{owner}: give hsts_max_age, too, in seconds")
        return []
    if type(max_age) is not int or max_age < 0:
        raise ConfigError(
            f"{owner}: max-age={max_age!r} is no number of seconds: use an int of 0 or more"
        )
    if preload and not (include_subdomains and max_age >= PRELOAD_MAX_AGE):
        raise ConfigError(
            f"{owner}: preload needs include_subdomains=True and a max-age of a year, "
            f"{PRELOAD_MAX_AGE} seconds, or more"
        )
    words = (f"max-age={max_age}", "includeSubDomains" * include_subdomains, "preload" * preload)
    return [(b"strict-transport-security", "; ".join(filter(None, words)).encode())]
