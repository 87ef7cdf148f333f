"""A deadline for the beginning of answers, for apps whose routes have none (`timeout=` of ours)."""

import math
from functools import partial

import anyio
import anyio.lowlevel

from framework.exceptions import HTTPException
from framework.limits import check_seconds
from framework.middleware._answers import refuse
from framework.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["TimeoutMiddleware"]


class TimeoutMiddleware:
    """Cancels an app that has not begun to answer after some `seconds`, and answers with 504.

    An answer that has begun may take as long as it takes. The time to receive the body counts. What
    runs in a thread cannot be cancelled: it is waited for, and then answered by 504.
    """

    __slots__ = ("_app", "_seconds")

    def __init__(self, app: ASGIApp, *, seconds: float) -> None:
        check_seconds("TimeoutMiddleware", "seconds", seconds)
        self._app = app
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection; only HTTP requests have a deadline."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        with anyio.move_on_after(self._seconds) as limit:
            await self._app(scope, receive, partial(_send_in_time, limit, send))
        if limit.cancelled_caught and limit.deadline != math.inf:
            error = HTTPException(504, f"no answer within {self._seconds:g} seconds")
            await refuse(error, scope, receive, send)


async def _send_in_time(limit: anyio.CancelScope, send: Send, message: Message) -> None:
    if message["type"] == "http.response.start":
        if limit.cancel_called:
            await anyio.lowlevel.checkpoint()  # too late: ends here, unless the app is shielded
        limit.deadline = math.inf
    await send(message)
