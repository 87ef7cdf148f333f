from functools import wraps
from typing import Any

import pytest

from framework.exceptions import ConfigError
from framework.openapi import operation
from framework.openapi._operation import NOTHING_SAID, operation_of


def test_the_decorated_function_stays_as_it_is() -> None:
    def handler() -> str:
        return "x"

    assert operation(tags=["a"], responses={404: None})(handler) is handler
    assert handler() == "x"
    said = operation_of(handler, handler)
    assert (said.tags, said.responses, said.hidden) == (["a"], {"404": None}, False)


def test_what_is_said_is_found_through_decorators_and_on_the_class() -> None:
    @operation(hidden=True)
    class Users:
        def get(self) -> None: ...

        @operation(deprecated=True)
        def post(self) -> None: ...

    users = Users()
    assert operation_of(users.get, Users).hidden
    assert operation_of(users.post, Users).deprecated

    @wraps(users.post)
    def wrapped() -> None: ...

    assert operation_of(wrapped, wrapped).deprecated
    assert operation_of(print, print) is NOTHING_SAID


@pytest.mark.parametrize("status", [404, "404", "4XX", "default"])
def test_responses_are_by_status(status: Any) -> None:
    operation(responses={status: None})


@pytest.mark.parametrize("status", [99, 600, "4xx", "", "all", "²00", -404])
def test_what_is_no_status_is_an_error(status: Any) -> None:
    with pytest.raises(ConfigError, match="give a status such as 404, '4XX' or 'default'"):
        operation(responses={status: None})


def test_a_single_tag_is_an_error_that_shows_the_list() -> None:
    with pytest.raises(
        ConfigError, match=r"operation\(tags='users'\): give a list, such as \['users'\]"
    ):
        operation(tags="users")


def test_what_keeps_nothing_is_an_error_that_says_where_to_write_it() -> None:
    with pytest.raises(ConfigError, match="cannot keep anything on <built-in function print>"):
        operation()(print)
