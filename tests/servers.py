"""Real ASGI servers as subprocesses on the loopback interface; no test lives here."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import IO

from tests.driver import faults

HOST = "127.0.0.1"
ROOT = Path(__file__).parent.parent

COMMANDS = {
    "uvicorn-h11": "uvicorn --http h11 --host {host} --port {port} {target}",
    "uvicorn-httptools": "uvicorn --http httptools --host {host} --port {port} {target}",
    "hypercorn-asyncio": "hypercorn --worker-class asyncio --bind {host}:{port} {target}",
    "hypercorn-trio": "hypercorn --worker-class trio --bind {host}:{port} {target}",
    "granian": "granian --interface asgi --host {host} --port {port} {target}",
    "daphne": "daphne --bind {host} --port {port} {target}",
}


class StartError(Exception):
    """A server that does not accept connections; the message carries its log."""


@dataclass(slots=True)
class Server:
    """A server process, and the file that holds all that it prints."""

    port: int
    process: subprocess.Popen[bytes]
    output: IO[bytes]

    def connect(self) -> HTTPConnection:
        """Return a client that keeps its one connection alive for as long as the server does."""
        return HTTPConnection(HOST, self.port, timeout=10)

    def log(self) -> str:
        """Return what the server has printed up to now."""
        self.output.seek(0)
        return self.output.read().decode()

    def accepts(self) -> bool:
        """Say whether the server takes a connection now."""
        with socket.socket() as client:
            return client.connect_ex((HOST, self.port)) == 0

    def stop(self) -> int:
        """Stop the server as an operator would, with SIGTERM, and return its exit status."""
        self.process.terminate()
        try:
            return self.process.wait(timeout=15)
        finally:
            with suppress(ProcessLookupError):  # its process group is empty: the usual case
                os.killpg(self.process.pid, signal.SIGKILL)


def free_port() -> int:
    """Return a port of the loopback interface that nobody listens on."""
    with socket.socket() as listener:
        listener.bind((HOST, 0))
        port: int = listener.getsockname()[1]
        return port


@contextmanager
def serve(
    name: str, target: str, *, patience: float = 30.0, is_checked: bool = True
) -> Generator[Server]:
    """Run `target` ("module:attribute") on the server called `name` while the block runs.

    The block starts when the server accepts connections. StartError if it exits before that, or
    if `patience` seconds go by. What the app breaks of ASGI fails the test after the block, as it
    runs in the checker, unless `is_checked` is false.
    """
    port = free_port()
    served = "tests.judged:app" if is_checked else target
    command = COMMANDS[name].format(host=HOST, port=port, target=served).split()
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            [sys.executable, "-m", *command],
            cwd=ROOT,
            env={**os.environ, "SERVED": target},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        server = Server(port, process, output)
        try:
            _wait_until_it_accepts(server, time.monotonic() + patience)
            yield server
        finally:
            server.stop()
        found = faults(server.log().splitlines())
        assert not found, found


def _wait_until_it_accepts(server: Server, deadline: float) -> None:
    while not server.accepts():
        if server.process.poll() is not None or time.monotonic() > deadline:
            raise StartError(f"{server.process.args!r} does not accept:\n{server.log()}")
        time.sleep(0.02)
