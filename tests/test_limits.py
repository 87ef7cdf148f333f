"""The bounds on what a client can make an app do."""

import re
from dataclasses import FrozenInstanceError, fields
from functools import partial
from typing import Any

import pytest

from framework import (
    App,
    ConfigError,
    Limits,
    Request,
    Route,
    Router,
    WebSocket,
    WebSocketRoute,
)
from framework.limits import checked_list
from tests.driver import ask
from tests.protocols import converse

NAMES = [field.name for field in fields(Limits) if field.init]


def test_every_limit_is_on_by_default() -> None:
    limits = Limits()
    assert all(getattr(limits, name) > 0 for name in NAMES if name != "max_file_size")
    assert limits.max_file_size is None  # as much as the body may have


@pytest.mark.parametrize(
    ("name", "value"),
    [
        (name, value)
        for name in NAMES
        for value in (-1, 1.5, "16", None, True)
        if (name, value) != ("max_file_size", None)
    ],
)
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


def test_limits_within_others_keep_what_they_were_given() -> None:
    outer = Limits(max_files=9, max_fields=9)
    inner = Limits(max_files=5, max_parts=1_000)
    both = Limits(max_files=5, max_fields=9, max_parts=1_000)
    assert inner.within(outer) == both
    assert both.within(Limits(max_cookies=1, max_parts=1)) == Limits(
        max_cookies=1, max_files=5, max_fields=9, max_parts=1_000
    )
    assert Limits().within(outer) == outer
    assert inner.given == {"max_files", "max_parts"}
    assert Limits(max_parts=1_000) != Limits()  # on a route the one means more than the other


async def test_a_router_and_a_route_change_only_the_limits_that_they_name() -> None:
    async def read(request: Request) -> list[int]:
        return [len(await request.body()), len(request.query_params)]

    router = Router(
        prefix="/router",
        limits=Limits(max_body_size=5),
        routes=[
            Route("/", read, ["POST"]),
            Route("/route", read, ["POST"], limits=Limits(max_query_fields=3)),
        ],
    )
    outer = Router(limits=Limits(max_body_size=4, max_query_fields=1), routes=[router])
    app = App(limits=Limits(max_body_size=3, max_query_fields=2), routes=[outer])
    app.add_route("/", read, ["POST"])

    async def statuses(path: str) -> list[int]:
        sizes = [await ask(app, "POST", path, body=b"x" * size) for size in (3, 4, 5, 6)]
        pairs = [await ask(app, "POST", path + "?a=1" + "&a=1" * more) for more in range(4)]
        return [answer.status for answer in sizes + pairs]

    assert await statuses("/") == [200, 413, 413, 413, 200, 200, 400, 400]
    assert await statuses("/router/") == [200, 200, 200, 413, 200, 400, 400, 400]
    assert await statuses("/router/route") == [200, 200, 200, 413, 200, 200, 200, 400]


async def test_a_socket_has_the_limits_of_its_router() -> None:
    seen: list[int] = []

    async def talk(websocket: WebSocket) -> None:
        seen.append(len(websocket.cookies))
        await websocket.accept()

    router = Router(limits=Limits(max_cookies=1), routes=[WebSocketRoute("/", talk)])
    await converse(App(routes=[router]), headers={"cookie": "a=1; b=2"})
    assert seen == [1]


def test_limits_that_are_none_are_refused_where_they_are_given() -> None:
    wrong: Any = {"limits": 5}
    for declare in (App, Router, partial(Route, "/", print)):
        with pytest.raises(ConfigError, match=re.escape("limits=5: give Limits(...)")):
            declare(**wrong)


def test_a_text_is_no_list_of_an_option() -> None:
    with pytest.raises(ConfigError, match=re.escape("X(names='ab'): give a list, such as ['ab']")):
        checked_list("X", "names", "ab")
    assert checked_list("X", "names", ("a", "b")) == ["a", "b"]
