"""The Server-Timing field, which browsers show beside a request (W3C Server Timing, section 2)."""

from math import isfinite

from framework._wire.grammar import is_token, quoted_string

__all__ = ["format_server_timing"]


def format_server_timing(
    name: str, seconds: float | None = None, description: str | None = None
) -> str:
    """One metric, its duration in milliseconds as the field has it, to the microsecond.

    ValueError for a name that is no token, for a duration that is negative or not finite, and for a
    description that no field can carry.

    >>> format_server_timing("db", 0.0123, "two queries")
    'db;dur=12.3;desc="two queries"'
    """
    if not is_token(name):
        raise ValueError(f"{name!r:.80} is no name for a metric: use letters, digits and hyphens")
    metric = name
    if seconds is not None:
        if not (isfinite(seconds) and seconds >= 0):
            raise ValueError(f"{name} cannot have taken {seconds!r} seconds")
        metric += ";dur=" + f"{seconds * 1000:.3f}".rstrip("0").rstrip(".")
    if description is not None:
        metric += f";desc={quoted_string(description)}"
    return metric
