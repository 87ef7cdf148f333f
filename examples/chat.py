"""A chat over WebSockets: rooms, a queue with an end for each member, several processes through Redis.

Serve it with `uvicorn examples.chat:app` and open it in two tabs. Processes that share a Redis server
share the rooms: `pip install 'asgi-framework[redis]'` and `REDIS_URL=redis://localhost`.
"""

import json
import logging
import os
from collections import defaultdict
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager, suppress
from secrets import token_hex

import anyio
from anyio.streams.memory import MemoryObjectSendStream

from framework import App, HTMLResponse, Limits, Middleware, RedirectResponse, WebSocket
from framework.middleware.csrf import CSRFMiddleware

REDIS_URL = os.environ.get("REDIS_URL")
CHANNEL = "chat"
BACKLOG = 64  # messages that wait for a member; one that falls behind further is closed with 1013
OUTGOING = 1000  # messages that wait for Redis; more are lost to the other processes
PAUSE = 0.01  # seconds between two messages of a member: one that sends faster is read later

PAGE = """<!doctype html>
<html lang=en>
<meta charset=utf-8>
<meta name=viewport content="width=device-width">
<title>Chat</title>
<style>
:root { color-scheme: light dark; --paper: light-dark(#f4f3ef, #15171c); --ink: light-dark(#20232a, #e8e8ec);
  --card: light-dark(#fff, #23262e); --faint: light-dark(#666b75, #9ca1ad); --accent: light-dark(#2857d0, #a9c1ff) }
* { box-sizing: border-box; font: inherit }
body { display: flex; flex-direction: column; height: 100dvh; max-width: 44rem; margin: auto;
  font: 1rem/1.45 system-ui, sans-serif; background: var(--paper); color: var(--ink) }
header, form { display: flex; gap: .6rem; align-items: baseline; padding: .8rem 1rem }
h1 { margin: 0 auto 0 0; font-weight: 650; overflow-wrap: anywhere }
output, .joined, .left, b { color: var(--faint); font-size: .85rem }
main { flex: 1; display: flex; flex-direction: column-reverse; overflow-y: auto }  /* stays at its end */
ol { display: flex; flex-direction: column; gap: .4rem; margin: 0; padding: .4rem 1rem; list-style: none }
li { align-self: start; max-width: 85%; overflow-wrap: anywhere }
li.joined, li.left { align-self: center }
p { width: fit-content; margin: 0; padding: .45rem .8rem; border-radius: .2rem 1rem 1rem; background: var(--card) }
.mine { align-self: end }
.mine p { border-radius: 1rem .2rem 1rem 1rem; background: var(--accent); color: var(--paper) }
.mine b { display: none }
input, button { padding: .6rem 1rem; border: 1px solid var(--faint); border-radius: 2rem }
input { flex: 1; min-width: 0; background: var(--card); color: inherit }
button { border-color: var(--accent); background: var(--accent); color: var(--paper); font-weight: 600 }
button:disabled { opacity: .5 }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 1px }
::placeholder { color: var(--faint); opacity: 1 }
</style>
<header><h1></h1><output></output></header>
<main tabindex=0><ol role=log></ol></main>
<form>
  <input aria-label="Your name" placeholder="Your name" maxlength=40 autofocus autocomplete=off>
  <button>Join</button>
</form>
<script>
const [title, state, log, form, input, button] =
  ["h1", "output", "ol", "form", "input", "button"].map(name => document.querySelector(name))
const AGAIN = [1001, 1006, 1012, 1013]  // the server went, vanished, restarts, or found us too slow
let who = sessionStorage.getItem("who"), socket, pause = 500
title.textContent = document.title = "#" + decodeURIComponent(location.pathname.split("/").at(-1))

function show({kind, who: name, text}) {
  const line = document.createElement("li")
  line.className = kind + (name === who ? " mine" : "")
  if (kind === "said") {
    line.append(document.createElement("b"), document.createElement("p"))
    line.firstChild.textContent = name
    line.lastChild.textContent = text  // as text: nobody's markup runs here
  } else line.textContent = `${name} ${kind}`
  log.append(line)
  if (log.children.length > 500) log.firstChild.remove()
}

function connect() {
  input.placeholder = input.ariaLabel = "Message"
  input.maxLength = 4000
  button.textContent = "Send"
  button.disabled = true
  state.textContent = "connecting …"
  socket = new WebSocket(location.origin.replace("http", "ws") + location.pathname + "?" + new URLSearchParams({who}))
  socket.onopen = () => { state.textContent = who; button.disabled = false; pause = 500 }
  socket.onmessage = event => show(JSON.parse(event.data))
  socket.onclose = ({code, reason}) => {
    button.disabled = true
    state.textContent = `disconnected: ${reason || code}`
    if (AGAIN.includes(code)) setTimeout(connect, pause * (1 + Math.random()))  // not all at once
    pause = Math.min(2 * pause, 10_000)
  }
}

form.addEventListener("submit", event => {
  event.preventDefault()
  const text = input.value.trim()
  if (!text || who && socket.readyState !== WebSocket.OPEN) return
  if (who) socket.send(text)
  else sessionStorage.setItem("who", who = text), connect()
  input.value = ""
})
if (who) connect()
</script>
"""

logger = logging.getLogger("chat")


class Member:
    """A socket in a room, and what is still to be sent to it."""

    __slots__ = ("fell_behind", "incoming", "outgoing")

    def __init__(self) -> None:
        self.incoming, self.outgoing = anyio.create_memory_object_stream[str](BACKLOG)
        self.fell_behind = anyio.Event()

    def offer(self, message: str) -> None:
        """Have a message sent, or notice that there are too many; this never waits."""
        try:
            self.incoming.send_nowait(message)
        except anyio.WouldBlock:
            self.fell_behind.set()


class Chat:
    """The rooms of this process, and the way to those of the others."""

    __slots__ = ("process", "redis", "rooms")

    def __init__(self) -> None:
        self.process = token_hex(8)  # by which it knows its own messages when Redis returns them
        self.rooms: defaultdict[str, set[Member]] = defaultdict(set)
        self.redis: MemoryObjectSendStream[str] | None = None

    @contextmanager
    def member(self, room: str, who: str) -> Generator[Member]:
        """Be in a room, for as long as the block runs."""
        member = Member()
        with member.incoming, member.outgoing:
            self.rooms[room].add(member)
            self.say(room, "joined", who)
            try:
                yield member
            finally:
                self.rooms[room].discard(member)
                if not self.rooms[room]:
                    del self.rooms[room]
                self.say(room, "left", who)

    def say(self, room: str, kind: str, who: str, text: str = "") -> None:
        """Tell everybody in a room: here at once, elsewhere as soon as Redis has it."""
        message = json.dumps({"kind": kind, "who": who, "text": text})
        self.deliver(room, message)
        if self.redis is not None:
            with suppress(anyio.WouldBlock, anyio.ClosedResourceError):
                self.redis.send_nowait(json.dumps([self.process, room, message]))

    def deliver(self, room: str, message: str) -> None:
        """Tell those in the room who are here."""
        for member in self.rooms.get(room, ()):
            member.offer(message)

    async def relay(self, url: str) -> None:
        """Exchange messages with the other processes; when Redis goes, try again every second."""
        from coredis import Redis

        self.redis, outgoing = anyio.create_memory_object_stream[str](OUTGOING)

        async def publish(redis: Redis[str]) -> None:
            async for message in outgoing:
                await redis.publish(CHANNEL, message)

        with self.redis, outgoing:
            while True:
                try:
                    async with (
                        Redis.from_url(url, decode_responses=True, stream_timeout=5) as redis,
                        redis.pubsub(
                            channels=[CHANNEL], ignore_subscribe_messages=True, retry_policy=None
                        ) as pubsub,
                        anyio.create_task_group() as group,
                    ):
                        group.start_soon(publish, redis)
                        async for event in pubsub:
                            process, room, message = json.loads(str(event["data"]))
                            if process != self.process:
                                self.deliver(room, message)
                        group.cancel_scope.cancel()
                except* Exception as errors:  # those of coredis come in groups
                    logger.warning("cut off from the other processes: %r", errors)
                await anyio.sleep(1)


chat = Chat()


@asynccontextmanager
async def lifespan() -> AsyncGenerator[None]:
    """Belong to the other processes, if there is a Redis server in between."""
    async with anyio.create_task_group() as group:
        if REDIS_URL is not None:
            group.start_soon(chat.relay, REDIS_URL)
        yield
        group.cancel_scope.cancel()


app = App(lifespan=lifespan)


@app.get("/")
async def home() -> RedirectResponse:
    """Lead to a room."""
    return RedirectResponse("/rooms/lobby")


@app.get("/rooms/{room}")
async def page(room: str) -> HTMLResponse:
    """The page of every room."""
    return HTMLResponse(PAGE)


# Other sites must not speak with the visitor's cookies, were there any: the middleware checks Origin.
@app.websocket(
    "/rooms/{room}",
    middleware=[Middleware(CSRFMiddleware)],
    limits=Limits(max_message_size=16 * 1024),
)
async def join(websocket: WebSocket, room: str) -> None:
    """Be in a room: what the socket sends is said there, and it gets all that is said."""
    who = websocket.query_params.get("who", "").strip()[:40] or "somebody"
    await websocket.accept()
    with chat.member(room, who) as member:

        async def read() -> None:
            async for text in websocket.iter_text():
                chat.say(room, "said", who, text)
                await anyio.sleep(PAUSE)

        async def write() -> None:
            async for message in member.outgoing:
                await websocket.send_text(message)

        await websocket.race(read, write, member.fell_behind.wait)
    if member.fell_behind.is_set():
        await websocket.close(1013, "too slow")
