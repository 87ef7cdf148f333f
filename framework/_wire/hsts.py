"""What tells browsers to come back encrypted only: Strict-Transport-Security (RFC 6797)."""

__all__ = ["format_hsts"]

PRELOAD_MAX_AGE = 31_536_000  # a year: what the browsers' list asks for


def format_hsts(max_age: int, *, include_subdomains: bool, preload: bool) -> str:
    """The field's value (section 6.1); `max_age` is in seconds, and 0 makes browsers forget the host.

    `preload` is the word by which a site agrees to be in the browsers' own list; ValueError where the
    list would refuse the rest.

    >>> format_hsts(31536000, include_subdomains=True, preload=False)
    'max-age=31536000; includeSubDomains'
    """
    if type(max_age) is not int or max_age < 0:
        raise ValueError(f"max-age={max_age!r} is no number of seconds: use an int of 0 or more")
    if preload and not (include_subdomains and max_age >= PRELOAD_MAX_AGE):
        raise ValueError(
            "preload needs include_subdomains=True and a max-age of a year, "
            f"{PRELOAD_MAX_AGE} seconds, or more"
        )
    words = (f"max-age={max_age}", "includeSubDomains" * include_subdomains, "preload" * preload)
    return "; ".join(filter(None, words))
