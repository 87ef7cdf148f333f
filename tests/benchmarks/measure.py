"""Asking one app in process: is its answer right, does it really suspend, how long does a request
take.

All are driven alike: awaited one after another by one task of a running asyncio loop, each request
with a copy of the scope and a `state` of its own, as a server gives. An app that never waits never
reaches the loop; one that starts tasks pays for them. Where a call says that the client stays, each
request has one of its own (`clients`), made before the clock starts.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Generator
from contextlib import asynccontextmanager
from itertools import cycle
from time import perf_counter
from typing import Any

from tests.benchmarks.asgi import ASGIApp, Message, Receive
from tests.benchmarks.clients import client_of
from tests.benchmarks.rows import Call

__all__ = [
    "AsksForMore",
    "WrongAnswer",
    "logged_in",
    "repeats",
    "seconds",
    "started",
    "verify",
]

SLICE = 0.010
"""Seconds of one turn: short, so that all frameworks share the machine's moods."""


PATIENCE = 10
"""Seconds until an answer that does not come is given up."""


class WrongAnswer(Exception):
    """An app that does not do the work is not timed."""


class AsksForMore(WrongAnswer):
    """It waits for what a client does after its request."""


@asynccontextmanager
async def started(app: ASGIApp) -> AsyncGenerator[ASGIApp]:
    """The app between its start and its stop, as a server runs its lifespan."""
    events: asyncio.Queue[Message] = asyncio.Queue()
    replies: asyncio.Queue[Message] = asyncio.Queue()

    async def run() -> None:
        scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": {}}
        try:
            await app(scope, events.get, replies.put)
        finally:
            await replies.put({"type": "the app returned"})

    async def exchange(event: str) -> None:
        await events.put({"type": event})
        reply = await replies.get()
        if reply["type"] != f"{event}.complete":
            async with asyncio.timeout(PATIENCE):
                await task  # an app that raised says more than its missing reply
            raise WrongAnswer(f"{event} was answered by {reply}")

    task = asyncio.create_task(run())
    await exchange("lifespan.startup")
    yield app
    await exchange("lifespan.shutdown")
    await task


class Watched(Generator[Any, Any, None]):
    """Awaits what it wraps and counts how often that hands control to the event loop."""

    def __init__(self, awaitable: Awaitable[None]) -> None:
        self.steps: Any = awaitable.__await__()
        self.suspensions = 0

    def __await__(self) -> Generator[Any, Any, None]:
        return self

    def send(self, value: Any, /) -> Any:
        step = self.steps.send(value)
        self.suspensions += 1
        return step

    def throw(self, *error: Any) -> Any:
        step = self.steps.throw(*error)
        self.suspensions += 1
        return step


def body_of(call: Call) -> Receive:
    """A client that has sent everything, and sends it again for the next request.

    So an app has to take all messages of a body and no more, which `verify` looks at.
    """
    chunks = call.body or (b"",)
    messages = cycle([*((chunk, True) for chunk in chunks[:-1]), (chunks[-1], False)])

    async def receive() -> Message:
        body, more_body = next(messages)
        return {"type": "http.request", "body": body, "more_body": more_body}

    return receive


async def discard(message: Message) -> None:
    """A client that reads as fast as one can write."""


async def verify(app: ASGIApp, call: Call) -> bool:
    """Whether the app suspends on this call; a `WrongAnswer` is raised."""
    sent: list[Message] = []
    client = client_of(call) if call.stays else None
    repeating, left = body_of(call), max(1, len(call.body))

    async def receive() -> Message:
        nonlocal left
        left -= 1
        if client is not None:
            return await client.receive()
        if left < 0:
            raise AsksForMore(f"{call.method} {call.path}: asks for more than there is")
        return await repeating()

    async def send(message: Message) -> None:
        sent.append(message)
        if client is not None:
            await client.send(message)

    watched = Watched(app(call.scope(), receive, send))
    async with asyncio.timeout(PATIENCE):
        await watched
    if call.texts:
        check_echoes(call, sent)
    else:
        check_answer(call, sent)
    if call.body and left > 0:
        raise WrongAnswer(f"{call.method} {call.path}: has not taken the last {left} messages")
    return watched.suspensions > 0


async def logged_in(app: ASGIApp, call: Call) -> Call:
    """The call with the cookie that its login gives, if it has one."""
    if call.login is None:
        return call
    headers: list[tuple[bytes, bytes]] = []
    login = call._replace(path=call.login)
    client = client_of(login)

    async def send(message: Message) -> None:
        headers.extend(message.get("headers", ()))
        await client.send(message)

    await app(login.scope(), client.receive, send)
    [cookie] = [
        value.partition(b";")[0] for name, value in headers if name.lower() == b"set-cookie"
    ]
    return call._replace(headers=(*call.headers, (b"cookie", cookie)))


def check_answer(call: Call, sent: list[Message]) -> None:
    """Whether the right response was sent, to its end."""
    start, *rest = sent
    headers = {bytes(name).lower(): bytes(value) for name, value in start["headers"]}
    body = b"".join(message.get("body", b"") for message in rest)
    media_type = headers.get(b"content-type", b"").partition(b";")[0].decode()
    found: tuple[object, ...] = (start["status"],)
    expected: tuple[object, ...] = (call.status,)
    if call.answer is not None:
        found += (media_type, call.read(body))
        expected += (call.media_type, call.answer)
    for name, value in call.expects:
        if name not in headers or value not in (None, headers[name]):
            raise WrongAnswer(f"{call.method} {call.path}: {name!r} is {headers.get(name)!r}")
    length = int(headers.get(b"content-length", len(body))) if call.status != 304 else len(body)
    ended = rest[-1]["type"] == "http.response.body" and not rest[-1].get("more_body")
    if found != expected or length != len(body) or not ended:
        raise WrongAnswer(f"{call.method} {call.path}: {found}, not {expected}; {length=} {ended=}")


def check_echoes(call: Call, sent: list[Message]) -> None:
    """Whether the socket was opened, and each message came back."""
    accept, *rest = sent
    echoes = [message.get("text") for message in rest if message["type"] == "websocket.send"]
    if accept["type"] != "websocket.accept" or echoes != [*call.texts]:
        raise WrongAnswer(f"{call.path}: {accept}, then {len(echoes)} messages: {echoes[:3]}...")


async def seconds(app: ASGIApp, calls: tuple[Call, ...], times: int) -> float:
    """Seconds per request, over all calls in turn, `times` times."""
    if calls[0].stays:
        return await seconds_of_visits(app, calls, times)
    scopes = [call.scope() for call in calls]
    receive = body_of(calls[0])
    start = perf_counter()
    for _ in range(times):
        for template in scopes:
            scope = template.copy()
            scope["state"] = {}
            await app(scope, receive, discard)
    return (perf_counter() - start) / times / len(calls)


async def seconds_of_visits(app: ASGIApp, calls: tuple[Call, ...], times: int) -> float:
    """The same, with a client for each request."""
    templates = [call.scope() for call in calls]
    visits = [
        (template, client_of(call))
        for _ in range(times)
        for template, call in zip(templates, calls, strict=True)
    ]
    start = perf_counter()
    for template, client in visits:
        scope = template.copy()
        scope["state"] = {}
        await app(scope, client.receive, client.send)
    return (perf_counter() - start) / len(visits)


async def repeats(app: ASGIApp, calls: tuple[Call, ...]) -> int:
    """How often to ask so that a turn takes about `SLICE`."""
    await seconds(app, calls, 1)
    return max(1, round(SLICE / len(calls) / await seconds(app, calls, 3)))
