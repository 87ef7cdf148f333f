from collections.abc import Awaitable, Callable
from functools import partial, wraps
from typing import Any

import pytest

from framework._asgi2 import asgi3
from framework.types import Message, Receive, Scope, Send
from tests.driver import ask

Instance = Callable[[Receive, Send], Awaitable[None]]


async def answer(scope: Scope, receive: Receive, send: Send) -> None:
    """What all of these do in the end: send back the body, after the path."""
    message = await receive()
    body = scope["path"].encode() + b" " + message["body"]
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": body})


# ASGI 2


def function(scope: Scope) -> Instance:
    async def instance(receive: Receive, send: Send) -> None:
        await answer(scope, receive, send)

    return instance


def function_with_options(scope: Scope, debug: bool = False) -> Instance:
    return function(scope)


class Class:
    def __init__(self, scope: Scope) -> None:
        self.scope = scope

    async def __call__(self, receive: Receive, send: Send) -> None:
        await answer(self.scope, receive, send)


class Derived(Class):
    pass


class Plain:
    """Its instances return an awaitable, and are no coroutine functions."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope

    def __call__(self, receive: Receive, send: Send) -> Awaitable[None]:
        return answer(self.scope, receive, send)


class Router:
    """As the routers of Channels 2: an instance is the app."""

    def __call__(self, scope: Scope) -> Instance:
        return function(scope)

    def method(self, scope: Scope) -> Instance:
        return function(scope)


def configured(option: str, scope: Scope) -> Instance:
    return function(scope)


@pytest.mark.parametrize(
    "app",
    [
        function,
        function_with_options,
        Class,
        Derived,
        Plain,
        Router(),
        Router().method,
        partial(configured, "x"),
    ],
)
async def test_an_app_of_asgi_2_is_served(app: Callable[..., Any]) -> None:
    single = asgi3(app)
    assert single is not app
    assert asgi3(single) is single
    assert (await ask(single, "POST", "/path", body=b"body")).text == "/path body"


# ASGI 3


class Callable3:
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await answer(scope, receive, send)

    async def method(self, scope: Scope, receive: Receive, send: Send) -> None:
        await answer(scope, receive, send)

    def plain_method(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        return answer(scope, receive, send)


class Awaited:
    """As the endpoints of Starlette: a class that is called with all three, and awaited."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.awaitable = answer(scope, receive, send)

    def __await__(self) -> Any:
        return self.awaitable.__await__()


def plain(scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
    return answer(scope, receive, send)


def forgiving(scope: Scope, receive: Any = None, send: Any = None) -> Awaitable[None]:
    return answer(scope, receive, send)


def anything(*args: Any, **kwargs: Any) -> Awaitable[None]:
    return answer(*args, **kwargs)


@wraps(answer)
def decorated(*args: Any) -> Awaitable[None]:
    return answer(*args)


def handler(request: object) -> None: ...


@wraps(handler)
def wrapping_one(scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
    return answer(scope, receive, send)


def configured3(option: str, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
    return answer(scope, receive, send)


class Uninspectable:
    """Its signature is a lie that cannot be read, as those of some extensions are."""

    __signature__ = "what is this?"

    def __call__(self, *args: Any) -> Awaitable[None]:
        return answer(*args)


@pytest.mark.parametrize(
    "app",
    [
        answer,
        Callable3(),
        Callable3().method,
        Callable3().plain_method,
        Awaited,
        plain,
        forgiving,
        anything,
        decorated,
        wrapping_one,
        partial(configured3, "x"),
        partial(answer),
        Uninspectable(),
    ],
)
async def test_an_app_of_asgi_3_is_what_it_was(app: Callable[..., Any]) -> None:
    assert asgi3(app) is app
    assert (await ask(app, "POST", "/path", body=b"body")).text == "/path body"


class NotYetMade:
    """A middleware's class, which somebody forgot to call."""

    def __init__(self, app: object) -> None: ...

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None: ...


class Data:
    def __init__(self, value: object) -> None: ...


async def async_factory(scope: Scope) -> None: ...


@pytest.mark.parametrize("app", [NotYetMade, Data, async_factory, print, type, dict])
def test_what_is_no_app_is_left_alone(app: Callable[..., Any]) -> None:
    assert asgi3(app) is app


async def test_the_scope_is_handed_over_before_anything_is_received() -> None:
    log: list[str] = []

    def app(scope: Scope) -> Instance:
        log.append(scope["path"])
        return Class(scope)

    async def receive() -> Message:
        log.append("received")
        return {"type": "http.request", "body": b""}

    async def send(message: Message) -> None:
        log.append(message["type"])

    await asgi3(app)({"type": "http", "path": "/"}, receive, send)
    assert log == ["/", "received", "http.response.start", "http.response.body"]
