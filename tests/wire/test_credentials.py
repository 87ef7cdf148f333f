"""Credentials as they are written, each row of the tables."""

import pytest

from framework._wire.credentials import (
    is_token68,
    parse_authorization,
    parse_basic,
    with_parameters,
)
from tests.tables.credentials import BASIC, BEARER, NOT_BASIC, NOT_BEARER, OTHERS


@pytest.mark.parametrize(("field", "username", "password"), BASIC.values(), ids=BASIC)
def test_basic_is_a_name_and_a_password(field: str, username: str, password: str) -> None:
    shown = parse_authorization([field], "basic")
    assert shown is not None
    assert parse_basic(shown) == (username, password)


@pytest.mark.parametrize("fields", NOT_BASIC.values(), ids=NOT_BASIC)
def test_malformed_basic_is_an_error(fields: list[str]) -> None:
    shown = parse_authorization(fields, "basic")
    assert shown is not None
    with pytest.raises(ValueError, match="Authorization"):
        parse_basic(shown)


@pytest.mark.parametrize(("field", "token"), BEARER.values(), ids=BEARER)
def test_bearer_is_a_token(field: str, token: str) -> None:
    assert parse_authorization([field], "bearer") == token
    assert is_token68(token)


@pytest.mark.parametrize("fields", NOT_BEARER.values(), ids=NOT_BEARER)
def test_what_is_no_token_is_told_from_one(fields: list[str]) -> None:
    shown = parse_authorization(fields, "bearer")
    assert shown is not None
    assert not is_token68(shown)


@pytest.mark.parametrize("fields", OTHERS.values(), ids=OTHERS)
def test_another_scheme_is_not_ours(fields: list[str]) -> None:
    assert parse_authorization(fields, "basic") is parse_authorization(fields, "bearer") is None


def test_a_challenge_takes_parameters() -> None:
    assert with_parameters("Bearer", {"error": 'a"b'}) == 'Bearer error="a\\"b"'
