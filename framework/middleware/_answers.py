"""What middleware says itself: instead of the app, or besides what the app says.

Here is how it is said to a request and to a socket alike. What is said, and when, each middleware knows.
"""

from collections.abc import Awaitable, Iterable

from framework.connections import HTTPConnection
from framework.errors import default_response
from framework.exceptions import HTTPException
from framework.responses import Field, Response
from framework.types import Message, Receive, Scope, Send
from framework.websockets import WebSocket

__all__ = ["STARTS", "refuse", "respond", "send_with_defaults"]

STARTS = ("http.response.start", "websocket.accept", "websocket.http.response.start")
"""Types of the messages that have the fields of an answer."""


async def respond(response: Response, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer instead of the app; a socket is denied, or closed where the server knows no denials."""
    if scope["type"] == "websocket":
        await WebSocket(scope, receive, send)._conclude(response)
    else:
        await response(scope, receive, send)


async def refuse(error: HTTPException, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer as an app without handlers of its own does."""
    await respond(default_response(error, HTTPConnection(scope)), scope, receive, send)


def send_with_defaults(send: Send, fields: Iterable[Field], message: Message) -> Awaitable[None]:
    """Send; a response that begins gets those of the fields, whose names are in lower case, that it lacks."""
    if message["type"] == "http.response.start":
        headers = [*message.get("headers", ())]
        names = {name.lower() for name, _ in headers}
        headers += [field for field in fields if field[0] not in names]
        message = {**message, "headers": headers}
    return send(message)
