"""`python -m tests.benchmarks`: the table of ratios to the raw callable, all frameworks interleaved
in one run.
"""

import argparse
import asyncio
import gc
import json
import logging
import platform
import subprocess
import sys
from collections.abc import Iterable
from contextlib import AsyncExitStack
from pathlib import Path
from statistics import median
from types import ModuleType
from typing import Any, NamedTuple

from tests.benchmarks.asgi import ASGIApp
from tests.benchmarks.costs import Figures, measure_costs, table_of_costs
from tests.benchmarks.measure import AsksForMore, logged_in, repeats, seconds, started, verify
from tests.benchmarks.peers import NAMES, RAW, load, say, version_of
from tests.benchmarks.rows import ROWS, Call, Row

__all__: list[str] = []


class Contestant(NamedTuple):
    """One framework on one row: what it is asked, how often in a turn, and whether it suspends."""

    app: ASGIApp
    calls: tuple[Call, ...]
    times: int
    suspends: bool


class Result(NamedTuple):
    """One framework on one row: seconds per request, a number per round."""

    rounds: list[float]
    suspends: bool


def options() -> argparse.Namespace:
    """What the command line asks for."""
    keys = [row.key for row in ROWS]
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--rows", nargs="+", choices=keys, default=keys, metavar="ROW")
    parser.add_argument("--only", nargs="+", choices=NAMES, default=NAMES, metavar="NAME")
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--all", action="store_true", help="and costs, idle connections, the wire")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every number there")
    return parser.parse_args()


async def contestants(row: Row, apps: dict[str, ASGIApp]) -> dict[str, Contestant]:
    """Those whose answers are right; the others are named and left out."""
    ready: dict[str, Contestant] = {}
    for name, app in apps.items():
        try:
            calls = tuple([await logged_in(app, call) for call in row.calls])
            try:
                suspends = [await verify(app, call) for call in calls]
            except AsksForMore:  # it watches the client at every request
                calls = tuple([call._replace(stays=True) for call in calls])
                suspends = [await verify(app, call) for call in calls]
            ready[name] = Contestant(app, calls, await repeats(app, calls), any(suspends))
        except Exception as error:
            say(f"{name} is not timed: {type(error).__name__}: {error}")
    return ready


async def measure(row: Row, apps: dict[str, ASGIApp], rounds: int) -> dict[str, Result]:
    """Let each in turn answer for a moment, `rounds` times, another one first each time."""
    say(row.title)
    order = list((await contestants(row, apps)).items())
    results = {name: Result([], contestant.suspends) for name, contestant in order}
    gc.collect()
    gc.freeze()  # what one framework keeps must not slow the collections of another
    for _ in range(rounds):
        order.append(order.pop(0))
        for name, (app, calls, times, _) in order:
            gc.collect()
            results[name].rounds.append(await seconds(app, calls, times))
    return results


async def measure_all(
    rows: list[Row], modules: dict[str, ModuleType], rounds: int
) -> dict[str, dict[str, Result]]:
    """All rows, each app started once: some cannot be started again."""
    results: dict[str, dict[str, Result]] = {}
    async with AsyncExitStack() as stack:
        apps: dict[str, dict[str, ASGIApp]] = {}
        for kind in dict.fromkeys(row.app for row in rows):
            apps[kind] = {}
            for name, module in modules.items():
                if not hasattr(module, kind):
                    say(f"{name} takes no part in {kind!r}: see its module in apps")
                else:
                    app = apps[kind][name] = getattr(module, kind)
                    try:
                        await stack.enter_async_context(started(app))
                    except Exception as error:  # the specification has it served nevertheless
                        say(f"{name}.{kind} has no lifespan: {type(error).__name__}: {error}")
        for row in rows:
            results[row.key] = await measure(row, apps[row.app], rounds)
    return results


def ratio(result: Result, raw: Result) -> float:
    """The median over rounds of the time against the raw callable's in the same round."""
    return median(one / other for one, other in zip(result.rounds, raw.rounds, strict=True))


def cells(row: Row, results: dict[str, Result], names: Iterable[str]) -> Iterable[str]:
    """One line of the table."""
    raw = results[RAW]
    yield row.title
    yield f"{min(raw.rounds) * 1e6 / row.messages:.2f}"
    yield str(row.budget or "-")
    for name in names:
        result = results.get(name)
        yield f"{ratio(result, raw):.2f}{'*' * result.suspends}" if result else "-"


def table(results: dict[str, dict[str, Result]], names: list[str]) -> str:
    """The Markdown table, without those who take part in none of its rows."""
    names = [name for name in names if any(name in row for row in results.values())]
    lines = [["work", "raw, µs", "budget", *names], ["---", *["---:"] * (len(names) + 2)]]
    lines += [list(cells(row, results[row.key], names)) for row in ROWS if row.key in results]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def processor() -> str:
    """The model of the CPU, where the system tells."""
    path = Path("/proc/cpuinfo")
    lines = path.read_text().splitlines() if path.exists() else []
    models = [line.partition(": ")[2] for line in lines if line.startswith("model name")]
    return models[0] if models else platform.processor() or platform.machine()


def written(
    rounds: int,
    names: list[str],
    rows: list[Row],
    results: dict[str, dict[str, Result]],
    costs: dict[str, Figures],
) -> dict[str, Any]:
    """Every number, and what a picture of them says."""
    compared = [name for name in names if any(name in row for row in results.values())]
    return {
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "processor": processor(),
        "rounds": rounds,
        "versions": {name: version_of(name) for name in compared},
        "rows": [{"key": row.key, "title": row.title, "budget": row.budget} for row in rows],
        "seconds_per_request": {
            key: {name: result.rounds for name, result in row.items()}
            for key, row in results.items()
        },
        "costs": costs,
    }


def main() -> None:
    """Measure and print."""
    asked = options()
    logging.disable(logging.INFO)  # what a server that is asked for speed does
    modules = load(asked.only)
    names = [name for name in modules if name != RAW]
    rows = [row for row in ROWS if row.key in asked.rows]
    results = asyncio.run(measure_all(rows, modules, asked.rounds))
    print(table(results, names))
    print(
        f"\nTimes the raw callable's, median of {asked.rounds} interleaved rounds; less is better. "
        "In µs: the fastest round of the raw callable; a message where the row says so."
    )
    if any(result.suspends for row in results.values() for result in row.values()):
        print("\\* suspends: it starts tasks or waits, and that is in its time.")
    versions = ", ".join(f"{name} {version_of(name)}" for name in names)
    print(f"\n{platform.python_implementation()} {platform.python_version()}, {processor()}")
    print(versions)
    print(
        "JSON: muffin by orjson, litestar by msgspec, sanic by ujson, fastapi's answers by pydantic, "
        "the others by the standard library."
    )
    print(
        "Compiled by Cython: most of blacksheep, the router of muffin, the query parser of falcon."
    )
    print("The multipart file: raw and falcon count it as it passes, the others keep it.")
    print(
        f"With starlette: server-sent events by sse-starlette {version_of('sse-starlette')}, WSGI "
        f"below a mount by a2wsgi {version_of('a2wsgi')}, as its documentation says."
    )
    costs: dict[str, Figures] = {}
    if asked.all:
        costs = measure_costs(
            [name for name in names if hasattr(modules[name], "many")], min(asked.rounds, 5)
        )
        print(f"\n{table_of_costs(costs)}")
    if asked.json is not None:
        asked.json.write_text(
            json.dumps(written(asked.rounds, names, rows, results, costs), indent=1)
        )
    if asked.all:
        for program in ("idle", "wire"):
            subprocess.run([sys.executable, "-m", f"tests.benchmarks.{program}"], check=False)


if __name__ == "__main__":
    main()
