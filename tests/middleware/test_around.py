"""The three apps do the same, and a middleware that does nothing costs its own call."""

from collections.abc import Callable

import pytest

from framework.types import ASGIApp, Receive, Scope, Send
from tests.driver import ask, http_scope
from tests.middleware.around import APPS, LONG, SHORT, Boom, calls, raw


@pytest.mark.parametrize("make", APPS.values(), ids=APPS)
async def test_the_apps_do_the_same(make: Callable[[], ASGIApp]) -> None:
    app = make()
    assert (await ask(app)).text == SHORT
    assert (await ask(app, path="/long")).text == LONG
    stream = await ask(app, path="/stream")
    assert len(stream.chunks) >= 3
    assert stream.text == LONG
    assert (await ask(app, "POST", "/echo", body=[b"a", b"b"])).text == "ab"
    told = (await ask(app, path="/scope", headers={"x": "y"})).json()
    assert told["client"] == ["127.0.0.1", 50000]
    assert told["headers"] == [["host", "testserver"], ["x", "y"]]
    assert (await ask(app, path="/nothing")).status == 404
    assert isinstance((await ask(app, path="/boom")).error, Boom)


async def test_calls_of_the_package_are_counted() -> None:
    async def through(scope: Scope, receive: Receive, send: Send) -> None:
        await raw(scope, receive, send)

    assert await calls(raw, http_scope()) == await calls(through, http_scope()) == 0
    assert await calls(APPS["ours"](), http_scope()) > 0
