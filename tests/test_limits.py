"""The bounds on what a client can make an app do."""

from dataclasses import FrozenInstanceError, fields
from typing import Any

import pytest

from framework import App, ConfigError, Limits, Request
from tests.driver import ask

NAMES = [field.name for field in fields(Limits)]


def test_every_limit_is_on_by_default() -> None:
    limits = Limits()
    assert all(getattr(limits, name) > 0 for name in NAMES)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("value", [-1, 1.5, "16", None, True])
def test_a_limit_that_is_no_count_is_refused_by_its_name(name: str, value: object) -> None:
    options: dict[str, Any] = {name: value}
    with pytest.raises(ConfigError) as caught:
        Limits(**options)
    assert str(caught.value) == f"Limits({name}={value!r}): it takes an integer of 0 or more"


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("value", [0, 1, 10**30])
def test_a_limit_is_any_count(name: str, value: int) -> None:
    assert getattr(Limits(**{name: value}), name) == value


@pytest.mark.parametrize("name", NAMES)
def test_a_limit_never_changes(name: str) -> None:
    with pytest.raises(FrozenInstanceError):
        setattr(Limits(), name, 1)


def test_limits_are_given_by_name() -> None:
    limits: Any = Limits
    with pytest.raises(TypeError):
        limits(1)


async def test_an_app_keeps_the_limits_that_it_was_given() -> None:
    app = App(limits=Limits(max_body_size=3, max_query_fields=2, max_cookies=1))

    @app.post("/")
    async def read(request: Request) -> list[int]:
        cookies, params = request.cookies, request.query_params
        return [len(await request.body()), len(cookies), len(params)]

    allowed = await ask(app, "POST", "/?a=1&b=2", body=b"abc", headers={"cookie": "a=1; b=2"})
    assert allowed.json() == [3, 1, 2]
    assert (await ask(app, "POST", "/", body=b"abcd")).status == 413
    assert (await ask(app, "POST", "/?a=1&b=2&c=3")).status == 400
