"""A dashboard over server-sent events: one task takes samples, any number of viewers get all of them.

Serve it with `uvicorn examples.dashboard:app`. A viewer that connects again gets what it has missed, as
far as it is kept; the browser does so by itself, and tells the `id` of the last event that it got.
"""

import os
import random
import time
from collections import deque
from collections.abc import AsyncGenerator
from pathlib import Path
from secrets import token_hex

import anyio

from framework import App, EventSourceResponse, HTMLResponse, Request, ServerSentEvent

INTERVAL = float(os.environ.get("DASHBOARD_INTERVAL", "1"))  # seconds
HISTORY = 240  # events that are kept for viewers that come late

PAGE = """<!doctype html>
<html lang=en>
<meta charset=utf-8>
<meta name=viewport content="width=device-width">
<title>Dashboard</title>
<style>
:root { color-scheme: light dark; --paper: light-dark(#f4f3ef, #15171c); --ink: light-dark(#20232a, #e8e8ec);
  --card: light-dark(#fff, #23262e); --faint: light-dark(#666b75, #9ca1ad); --accent: light-dark(#2857d0, #a9c1ff) }
* { box-sizing: border-box; margin: 0; font: inherit }
body { max-width: 56rem; margin: auto; padding: 1rem; font: 1rem/1.45 system-ui, sans-serif;
  background: var(--paper); color: var(--ink) }
header { display: flex; justify-content: space-between; align-items: baseline; gap: 1rem; padding: 0 0 .8rem }
h1 { font-size: 1.2rem; font-weight: 650 }
header output, dt, small { color: var(--faint); font-size: .85rem }
dl { display: grid; grid-template-columns: repeat(2, 1fr); gap: .8rem }
@media (width > 40rem) { dl { grid-template-columns: repeat(4, 1fr) } }
div { padding: .8rem 1rem; border-radius: .8rem; background: var(--card) }
div:first-child { grid-column: 1 / -1 }
dd { font-size: 1.6rem; font-weight: 600; font-variant-numeric: tabular-nums }
small { font-weight: 400 }
svg { display: block; width: 100%; height: 12rem; overflow: visible; color: var(--accent) }
polyline { fill: none; stroke: currentcolor; stroke-width: 2; stroke-linejoin: round;
  vector-effect: non-scaling-stroke }
polygon { fill: currentcolor; opacity: .12 }
</style>
<header><h1>Dashboard</h1><output></output></header>
<dl>
  <div><dt>Orders</dt><dd><output id=orders>…</output> <small>per second</small></dd>
    <svg viewBox="0 0 119 100" preserveAspectRatio=none aria-hidden=true><polygon /><polyline /></svg></div>
  <div><dt>Processor</dt><dd><output id=processor>…</output> <small>%</small></dd></div>
  <div><dt>Memory</dt><dd><output id=memory>…</output> <small>MB</small></dd></div>
  <div><dt>Event loop late by</dt><dd><output id=delay>…</output> <small>ms</small></dd></div>
  <div><dt>Viewers</dt><dd><output id=viewers>…</output></dd></div>
</dl>
<script>
const find = selector => document.querySelector(selector)
const orders = []

function draw() {
  const top = Math.max(...orders) * 1.1 || 1
  const points = orders.map((each, at) => `${120 - orders.length + at},${100 - 100 * each / top}`).join(" ")
  find("polyline").setAttribute("points", points)
  find("polygon").setAttribute("points", `${120 - orders.length},100 ${points} 119,100`)
}

function connect() {
  const source = new EventSource("events")
  const say = text => find("header output").textContent = text
  source.addEventListener("orders", event => {
    orders.push(find("#orders").textContent = JSON.parse(event.data))
    orders.splice(0, orders.length - 120)
    draw()
  })
  source.addEventListener("process", event => {
    const {pid, ...numbers} = JSON.parse(event.data)
    say(`live, process ${pid}`)
    for (const [name, value] of Object.entries(numbers))
      find("#" + name).textContent = value?.toFixed(name === "viewers" ? 0 : 1) ?? "…"
  })
  source.onerror = () => {  // mostly the browser connects again by itself, but not after a 502
    say("connecting again …")
    if (source.readyState === EventSource.CLOSED) setTimeout(connect, 2000)
  }
}
connect()
</script>
"""


class Feed:
    """The last events, for any number of readers: each goes at its own pace, and none holds up another.

    Nothing is queued for a reader. One that is slower than the history is long misses some events.
    """

    __slots__ = ("events", "news", "readers", "run", "size")

    def __init__(self, size: int) -> None:
        self.run = token_hex(4)  # so that an id of the process before this one is told from ours
        self.size = 0
        self.readers = 0
        self.events: deque[tuple[int, ServerSentEvent]] = deque(maxlen=size)
        self.news = anyio.Event()

    def publish(self, event: str, data: object) -> None:
        """Add an event, and wake who waits for one."""
        self.size += 1
        id = f"{self.run}-{self.size}"
        self.events.append((self.size, ServerSentEvent(data, event=event, id=id, retry=1000)))
        self.news.set()
        self.news = anyio.Event()

    async def read(self, last_id: str | None) -> AsyncGenerator[ServerSentEvent]:
        """The events after the one with this id, or all if it is not kept, then each that comes."""
        seen = next((number for number, event in self.events if event.id == last_id), 0)
        self.readers += 1
        try:
            while True:
                news = self.news
                for number, event in [*self.events]:
                    if number > seen:
                        yield event
                        seen = number
                await news.wait()
        finally:
            self.readers -= 1


app = App()
feed = Feed(HISTORY)


@app.on_startup
async def start() -> None:
    """Take samples for as long as the app runs."""
    app.start_soon(sample)


async def sample() -> None:
    """Publish some numbers, again and again."""
    orders = 100.0
    then, used = time.perf_counter(), time.process_time()
    while not await app.shutting_down.wait(INTERVAL):
        orders = max(0.0, orders + random.gauss(0, 5))
        feed.publish("orders", round(orders))
        elapsed = time.perf_counter() - then
        then += elapsed
        processor = time.process_time() - used
        used += processor
        numbers = {
            "pid": os.getpid(),
            "processor": 100 * processor / elapsed,
            "memory": memory(),
            "delay": 1000 * (elapsed - INTERVAL),
            "viewers": feed.readers,
        }
        feed.publish("process", numbers)


def memory() -> float | None:
    """The megabytes of memory in use, where /proc tells: on Linux."""
    try:
        pages = Path("/proc/self/statm").read_text("ascii").split()[1]
    except OSError:
        return None
    return int(pages) * os.sysconf("SC_PAGE_SIZE") / 1e6


@app.get("/")
async def page() -> HTMLResponse:
    """The dashboard."""
    return HTMLResponse(PAGE)


@app.get("/events")
async def events(request: Request) -> EventSourceResponse:
    """What happens, from where the viewer was cut off."""
    return EventSourceResponse(feed.read(request.last_event_id))
