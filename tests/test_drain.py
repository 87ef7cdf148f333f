"""Real servers that are told to stop while streams and sockets are open, with SIGTERM as an operator does."""

import time
from collections import Counter
from collections.abc import Callable
from itertools import product

import anyio
import anyio.to_thread
import httpx
import pytest
from anyio.from_thread import start_blocking_portal
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from tests.servers import HOST, Server, serve
from tests.waiting import become

CLIENTS = 100
"""Of each kind that is to end, streams and sockets."""

SERVERS = [
    "uvicorn-h11",
    "uvicorn-httptools",
    "hypercorn-asyncio",
    "hypercorn-trio",
    "granian",
]
"""daphne runs no lifespan, so that an app on it never learns."""

Outcomes = Counter[tuple[str, object]]


class Clients:
    """Many clients, and what became of each."""

    def __init__(self, server: Server) -> None:
        self.address = f"{HOST}:{server.port}"
        self.begun = 0
        self.outcomes: Outcomes = Counter()

    async def stream(self, path: str) -> None:
        """Read a stream to its end."""
        received = b""
        try:
            async with (
                httpx.AsyncClient(timeout=30) as client,
                client.stream("GET", f"http://{self.address}{path}") as response,
            ):
                async for chunk in response.aiter_raw():
                    self.begun += not received
                    received += chunk
            outcome = received.strip().splitlines()[-1].decode()
        except httpx.RemoteProtocolError:
            outcome = "cut"
        self.outcomes[path, outcome] += 1

    async def socket(self, path: str) -> None:
        """Receive messages until the server closes."""
        try:
            async with connect(f"ws://{self.address}{path}") as websocket:
                await websocket.recv()
                self.begun += 1
                while True:
                    await websocket.recv()
        except ConnectionClosed as error:
            self.outcomes[path, error.rcvd and error.rcvd.code] += 1


def stopped(name: str, *paths: str, times: int) -> tuple[Outcomes, float, str]:
    """What became of so many clients of each path, the seconds until the server exited, and its log."""
    # What is cut off ends without its last message, which ASGI does not know.
    with serve(name, "tests.drained:app", is_checked="/stubborn" not in paths) as server:
        clients = Clients(server)

        async def main() -> float:
            began = 0.0
            async with anyio.create_task_group() as group:
                for path in paths:
                    is_socket = path in ("/listening", "/sending")
                    talk: Callable[..., object] = clients.socket if is_socket else clients.stream
                    for _ in range(times):
                        group.start_soon(talk, path)  # type: ignore[arg-type]
                await become(lambda: clients.begun >= times * len(paths), 30)
                began = time.monotonic()
                server.process.terminate()
            await anyio.to_thread.run_sync(server.process.wait, 30)
            return time.monotonic() - began

        with start_blocking_portal() as portal:
            seconds = portal.call(main)
        return clients.outcomes, seconds, server.log()


@pytest.mark.parametrize("name", SERVERS)
def test_all_that_is_open_ends_in_order_when_the_server_stops(name: str) -> None:
    paths = ("/events", "/ticks", "/export", "/listening", "/sending")
    outcomes, seconds, log = stopped(name, *paths, times=CLIENTS // 5)
    if name == "granian":  # it closes sockets itself at the same time, without a code
        for path, code in product(("/listening", "/sending"), (None, 1005)):
            outcomes[path, 1012] += outcomes.pop((path, code), 0)
    assert outcomes == {
        ("/events", ": hello"): 20,
        ("/ticks", "goodbye"): 20,
        ("/export", "9"): 20,
        ("/listening", 1012): 20,
        ("/sending", 1012): 20,
    }
    assert seconds < 10
    assert "Traceback" not in log
    assert "ERROR" not in log.upper().replace("UVICORN.ERROR", "")
    assert "ended: events=20 exports=20 listening=20 sending=20 ticks=20" in log


@pytest.mark.parametrize("name", SERVERS)
def test_what_does_not_end_is_cut_after_the_graceful_timeout(name: str) -> None:
    outcomes, seconds, log = stopped(name, "/stubborn", times=5)
    assert outcomes == {("/stubborn", "cut"): 5}
    assert 1.9 < seconds < 10
    assert "Traceback" not in log
    assert "5 connections did not end within 2 s: cut off" in log
    assert "ended: stubborn=5" in log
