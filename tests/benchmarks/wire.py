"""`python -m tests.benchmarks.wire`: requests per second over the wire, as ratios to the raw
callable.

Needs `wrk` and `taskset` (Debian's packages wrk and util-linux) and two cores: the server has the
first one for itself, wrk the second. All servers are up at once, and the frameworks take turns in
short runs.
"""

import argparse
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import ExitStack, contextmanager
from statistics import median, quantiles
from urllib.error import URLError
from urllib.request import urlopen

from tests.benchmarks.measure import WrongAnswer
from tests.benchmarks.peers import NAMES, RAW, load, say, version_of
from tests.benchmarks.rows import ROWS, Call

__all__: list[str] = []

DEFAULT = [RAW, "ours", "blacksheep", "starlette"]
CALLS = {row.key: row.calls[0] for row in ROWS if row.key in ("text", "json", "param")}
BUDGETS = {"uvicorn": 0.95, "granian": 0.88}
CONNECTIONS = 32


def uvicorn(target: str, port: int) -> list[str]:
    """One worker, the fast parser and the fast loop."""
    command = f"uvicorn {target} --port {port} --http httptools --loop uvloop --ws none"
    return f"{command} --no-access-log --log-level warning".split()


def granian(target: str, port: int) -> list[str]:
    """One worker, one thread of its run-time."""
    command = f"granian {target} --port {port} --interface asgi --loop uvloop --no-ws"
    return f"{command} --workers 1 --runtime-threads 1 --log-level error".split()


SERVERS: dict[str, Callable[[str, int], list[str]]] = {"uvicorn": uvicorn, "granian": granian}


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def ask(url: str, call: Call) -> None:
    """Raise `WrongAnswer` unless the server gives the answer of this call."""
    with urlopen(url, timeout=5) as response:
        body = call.read(response.read())
        found = response.status, response.headers.get_content_type(), body
    if found != (call.status, call.media_type, call.answer):
        raise WrongAnswer(f"{url}: {found}, not {call.answer!r}")


@contextmanager
def served(server: str, name: str) -> Generator[str]:
    """The address of a framework's app on the first core, when it answers."""
    port = free_port()
    command = SERVERS[server](f"tests.benchmarks.apps.{name}:plain", port)
    process = subprocess.Popen(["taskset", "-c", "0", sys.executable, "-m", *command])
    try:
        origin = f"http://127.0.0.1:{port}"
        wait_for(origin, process)
        yield origin
    finally:
        process.terminate()
        process.wait(timeout=30)


def wait_for(origin: str, process: subprocess.Popen[bytes]) -> None:
    """Return when the server answers rightly; raise when it ended or took ten seconds."""
    for _ in range(100):
        if process.poll() is not None:
            raise WrongAnswer(f"the server ended with code {process.returncode}")
        try:
            for call in CALLS.values():
                ask(origin + call.path, call)
        except URLError:
            time.sleep(0.1)
        else:
            return
    raise WrongAnswer(f"nobody answered at {origin}")


def requests_per_second(url: str, seconds: int) -> float:
    """One run of wrk on the second core."""
    command = (
        f"taskset -c 1 wrk --threads 1 --connections {CONNECTIONS} --duration {seconds}s {url}"
    )
    output = subprocess.run(command.split(), capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in output or "Socket errors" in output:
        raise WrongAnswer(output)
    found = re.search(r"Requests/sec:\s*([\d.]+)", output)
    if found is None:
        raise WrongAnswer(output)
    return float(found[1])


def measure(
    origins: dict[str, str], path: str, rounds: int, seconds: int
) -> dict[str, list[float]]:
    """Requests per second by framework, a number per round; another one first each round."""
    results: dict[str, list[float]] = {name: [] for name in origins}
    order = list(origins)
    for _ in range(rounds):
        order.append(order.pop(0))
        for name in order:
            results[name].append(requests_per_second(origins[name] + path, seconds))
    return results


def cell(rates: list[float], raw: list[float]) -> str:
    """Median requests per second, and the quartiles of its ratios to raw in the same round."""
    ratios = [rate / other for rate, other in zip(rates, raw, strict=True)]
    low, middle, high = quantiles(ratios, n=4, method="inclusive")
    return f"{median(rates):,.0f}: {middle:.2f} ({low:.2f}-{high:.2f})"


def print_row(line: Sequence[str]) -> None:
    """One line of a Markdown table."""
    print(f"| {' | '.join(line)} |", flush=True)


def benchmark(server: str, names: Sequence[str], asked: argparse.Namespace) -> None:
    """The table of one server."""
    with ExitStack() as stack:
        origins: dict[str, str] = {}
        for name in names:
            try:
                origins[name] = stack.enter_context(served(server, name))
            except WrongAnswer as error:
                say(f"{name} is left out: {error}")
        budget = f"ours at least {BUDGETS[server]} of raw"
        print(
            f"\n{server} {version_of(server)}, requests per second: of raw (half of the rounds); {budget}\n"
        )
        print_row(["work", *origins])
        print_row(["---", *["---:"] * len(origins)])
        for key in asked.rows:
            results = measure(origins, CALLS[key].path, asked.rounds, asked.seconds)
            print_row([key, *(cell(rates, results[RAW]) for rates in results.values())])


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.wire", description=__doc__)
    parser.add_argument("--servers", nargs="+", choices=SERVERS, default=list(SERVERS))
    parser.add_argument("--rows", nargs="+", choices=CALLS, default=list(CALLS), metavar="ROW")
    parser.add_argument("--only", nargs="+", choices=NAMES, default=DEFAULT, metavar="NAME")
    parser.add_argument("--rounds", type=int, default=12, help="at least 2")
    parser.add_argument("--seconds", type=int, default=1, help="of each run of wrk")
    asked = parser.parse_args()
    names = list(load(asked.only))
    for server in asked.servers:
        benchmark(server, names, asked)


if __name__ == "__main__":
    main()
