"""Apps of the ASGI 2 specification, `app(scope)` and then `await instance(receive, send)`, as those of ASGI 3.

Which of the two an app is, is read off its signature: nothing else says it, and calling it would begin
to serve.
"""

import inspect
from collections.abc import Callable
from typing import Any

from framework._concurrency import is_async
from framework.types import ASGIApp, Receive, Scope, Send

__all__ = ["asgi3", "can_take", "takes_only"]


def asgi3(app: Callable[..., Any]) -> ASGIApp:
    """The app itself if it is one of ASGI 3, or if nothing is known of it; else one that calls it."""
    return _single_callable(app) if _is_double_callable(app) else app


def can_take(function: Callable[..., Any], count: int) -> bool:
    """Whether a function takes so many arguments, as far as is known."""
    signature = _signature(function)
    return signature is None or _binds(signature, count)


def takes_only(function: Callable[..., Any], count: int, *, not_even: int) -> bool:
    """Whether a function takes so many arguments, but not as many as `not_even`."""
    signature = _signature(function)
    return signature is not None and _binds(signature, count) and not _binds(signature, not_even)


def _signature(function: Callable[..., Any]) -> inspect.Signature | None:
    # What a decorator has wrapped does not matter, as it is the decorator's function that is called.
    try:
        return inspect.signature(function, follow_wrapped=False)
    except (TypeError, ValueError):  # some that are written in C have none
        return None


def _single_callable(app: Callable[..., Any]) -> ASGIApp:
    async def single_callable(scope: Scope, receive: Receive, send: Send) -> None:
        await app(scope)(receive, send)

    return single_callable


def _is_double_callable(app: Callable[..., Any]) -> bool:
    if is_async(app) or not takes_only(app, 1, not_even=3):
        return False
    if not inspect.isclass(app):
        return True
    # A class is called for its instance, which has to be a callable of (receive, send).
    calls = (vars(base).get("__call__") for base in app.__mro__)
    call = next(filter(None, calls), None)
    return call is not None and takes_only(call, 3, not_even=4)


def _binds(signature: inspect.Signature, count: int) -> bool:
    try:
        signature.bind(*range(count))
    except TypeError:
        return False
    return True
