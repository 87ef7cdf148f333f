"""The value of Strict-Transport-Security, and what the browsers' list asks of it."""

import pytest

from framework import ConfigError
from framework._wire.hsts import hsts_fields

YEAR = 31_536_000


@pytest.mark.parametrize(
    ("max_age", "include_subdomains", "preload", "value"),
    [
        (0, False, False, "max-age=0"),
        (60, False, False, "max-age=60"),
        (60, True, False, "max-age=60; includeSubDomains"),
        (YEAR, True, True, "max-age=31536000; includeSubDomains; preload"),
    ],
)
def test_the_value_is_as_rfc_6797_has_it(
    max_age: int, include_subdomains: bool, preload: bool, value: str
) -> None:
    fields = hsts_fields("X", max_age, include_subdomains=include_subdomains, preload=preload)
    assert fields == [(b"strict-transport-security", value.encode())]


def test_without_an_age_there_is_no_field() -> None:
    assert hsts_fields("X", None, include_subdomains=False, preload=False) == []


@pytest.mark.parametrize(("include_subdomains", "preload"), [(True, False), (False, True)])
def test_the_other_words_need_an_age(include_subdomains: bool, preload: bool) -> None:
    with pytest.raises(ConfigError, match="give hsts_max_age, too"):
        hsts_fields("X", None, include_subdomains=include_subdomains, preload=preload)


@pytest.mark.parametrize("max_age", [-1, 1.5, "60", True])
def test_an_age_is_a_whole_number_of_seconds(max_age: int) -> None:
    with pytest.raises(ConfigError, match="no number of seconds"):
        hsts_fields("X", max_age, include_subdomains=False, preload=False)


@pytest.mark.parametrize(("max_age", "include_subdomains"), [(YEAR, False), (YEAR - 1, True)])
def test_what_the_browsers_list_would_refuse_is_refused(
    max_age: int, include_subdomains: bool
) -> None:
    with pytest.raises(ConfigError, match="preload needs include_subdomains=True"):
        hsts_fields("X", max_age, include_subdomains=include_subdomains, preload=True)
