"""The app that `tests/findings.py` asks on every server: a small one in a checker; no test lives here.

It does nothing wrong itself. `/violations` tells what was found up to now.
"""

import json
from dataclasses import asdict

import anyio

from framework.checker import Checker
from framework.types import Message, Receive, Scope, Send

START: Message = {"type": "http.response.start", "status": 200, "headers": []}


async def send_until_it_raises(send: Send, message: Message) -> None:
    """Send to a client that has gone, for a while."""
    for _ in range(5):
        try:
            await send(message)
        except OSError:
            return
        await anyio.sleep(0.02)


async def serve_http(scope: Scope, receive: Receive, send: Send) -> None:
    """Read all, answer with as much; `/stream` goes on until the client leaves, and then some."""
    message: Message = {"more_body": True}
    body = b""
    while message.get("more_body", False):
        message = await receive()
        body += message.get("body", b"")
    if message["type"] == "http.disconnect":
        return
    await send(START)
    if scope["path"] == "/stream":
        chunk: Message = {"type": "http.response.body", "body": b"begun", "more_body": True}
        await send(chunk)
        while message["type"] != "http.disconnect":
            message = await receive()
        await send_until_it_raises(send, chunk)
        return
    await send({"type": "http.response.body", "body": body})


async def serve_socket(scope: Scope, receive: Receive, send: Send) -> None:
    """Send each message back; `/refused` is closed at once, `/left` written to when the client has gone."""
    await receive()
    if scope["path"] == "/refused":
        await send({"type": "websocket.close"})
        return
    await send({"type": "websocket.accept", "subprotocol": next(iter(scope["subprotocols"]), None)})
    while (message := await receive())["type"] == "websocket.receive":
        if message.get("text") == "enough":
            await send({"type": "websocket.close", "code": 4001})
        else:
            await send({**message, "type": "websocket.send"})
    if scope["path"] == "/left":
        await send_until_it_raises(send, {"type": "websocket.send", "text": "?"})


async def serve_lifespan(scope: Scope, receive: Receive, send: Send) -> None:
    """Start, and stop."""
    scope.get("state", {})["greeting"] = "hello"
    await send({"type": f"{(await receive())['type']}.complete"})
    await send({"type": f"{(await receive())['type']}.complete"})


SERVE = {"http": serve_http, "websocket": serve_socket, "lifespan": serve_lifespan}


async def serve(scope: Scope, receive: Receive, send: Send) -> None:
    """Serve one connection."""
    await SERVE[scope["type"]](scope, receive, send)


checker = Checker(serve, on_violation=lambda breach: None)


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Serve one connection, and say what was wrong with it."""
    if scope["type"] != "http" or scope["path"] != "/violations":
        await checker(scope, receive, send)
        return
    found = {"found": [asdict(breach) for breach in checker.violations]}
    await send(START)
    await send({"type": "http.response.body", "body": json.dumps(found).encode()})
