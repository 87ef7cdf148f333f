"""`python -m tests.benchmarks.costs`: what a framework costs before the first request: to install it, to
import it, to declare 10,000 routes, and the memory that each keeps.

Installed is what `pip install` of its name alone brings, all that it requires included, without bytecode.

Each figure is taken in a process of its own, the frameworks in turn. asyncio is imported before, as by
any server. A route has one int parameter; its start-up ends with a first right answer.
"""

import argparse
import asyncio
import atexit
import gc
import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from shutil import rmtree
from statistics import median
from tempfile import mkdtemp
from time import perf_counter
from typing import TypeAlias

from tests.benchmarks.asgi import ASGIApp
from tests.benchmarks.measure import AsksForMore, started, verify
from tests.benchmarks.peers import distribution_of, load, say, version_of
from tests.benchmarks.rows import Call
from tests.leftovers import memory_of

__all__ = ["Figures", "measure_costs", "table_of_costs"]

IMPORTS = {
    "ours": "from framework import App, Request, Response",
    "blacksheep": "from blacksheep import Application, Request, Response",
    "falcon": "from falcon.asgi import App, Request, Response",
    "muffin": "from muffin import Application, Request, Response",
    "starlette": "from starlette.applications import Starlette; from starlette.routing import Route; "
    "from starlette.requests import Request; from starlette.responses import Response",
    "fastapi": "from fastapi import FastAPI, Request, Response",
    "litestar": "from litestar import Litestar, Request, Response, get",
    "sanic": "from sanic import HTTPResponse, Request, Sanic",
    "quart": "from quart import Quart, Response, request",
    "baize": "from baize.asgi import Request, Response, Router",
}
"""What the first lines of an application say."""

IMPORTING = """
import asyncio, json, sys, time
before, start = len(sys.modules), time.perf_counter()
{}
print(json.dumps([time.perf_counter() - start, len(sys.modules) - before]))
"""

ROUTES = 10_000
PATIENCE = 120
"""Seconds after which a process is given up."""

PATHS = [f"/section-{n % 100}/resource-{n}/{{id}}" for n in range(ROUTES)]

BYTECODE = mkdtemp(prefix="benchmark-")
"""Where all find their compiled modules, which the first of the rounds, not counted, writes."""

atexit.register(rmtree, BYTECODE)

Figures: TypeAlias = dict[str, list[float]]
"""By name of the figure a number per round."""

SIZES = """
import json, sys
from importlib.metadata import distribution
from pathlib import Path
from packaging.requirements import Requirement

def size(path):
    return sum(file.stat().st_size for file in path.rglob("*") if file.suffix != ".pyc" and file.is_file())

found, asked = {}, [sys.argv[1]]
for name in asked:
    installed = distribution(name)
    if (key := installed.name.lower()) in found:
        continue
    files = [Path(file.locate()) for file in installed.files or []]
    found[key] = sum(file.stat().st_size for file in files if file.suffix != ".pyc" and file.exists())
    if name == "asgi-framework":  # it may be installed as a link to this folder
        found[key] = size(Path("framework"))
    for requirement in map(Requirement, installed.requires or []):
        if not requirement.marker or requirement.marker.evaluate({"extra": ""}):
            asked.append(requirement.name)
print(json.dumps([sum(found.values()), len(found)]))
"""

TITLES: dict[str, tuple[str, Callable[[float], str]]] = {
    "size": ("installed, MB", lambda size: f"{size / 1e6:.1f}"),
    "packages": ("packages", lambda count: f"{count:.0f}"),
    "import": ("import, ms", lambda seconds: f"{seconds * 1e3:.0f}"),
    "modules": ("modules", lambda count: f"{count:.0f}"),
    "start-up": ("start-up with 10,000 routes, s", lambda seconds: f"{seconds:.2f}"),
    "memory": ("memory of a route, bytes", lambda size: f"{size:,.0f}"),
}


async def start_up(name: str) -> tuple[float, float]:
    """Seconds until the first answer, and bytes of memory per route: in this process."""
    build = load([name])[name].many
    gc.collect()
    call, memory = Call(PATHS[ROUTES // 2].format(id=21), "42"), memory_of(os.getpid())
    start = perf_counter()
    app = build(PATHS)
    try:
        async with started(app):
            await ask(app, call)
            seconds = perf_counter() - start
    except RuntimeError:  # it takes no lifespan
        await ask(app, call)
        seconds = perf_counter() - start
    gc.collect()
    return seconds, (memory_of(os.getpid()) - memory) / ROUTES


async def ask(app: ASGIApp, call: Call) -> None:
    """One right answer."""
    try:
        await verify(app, call)
    except AsksForMore:
        await verify(app, call._replace(stays=True))


def run(*command: str) -> list[float]:
    """The numbers that a Python process prints as JSON in its last line."""
    done = subprocess.run(
        [sys.executable, *command],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        env={**os.environ, "PYTHONPYCACHEPREFIX": BYTECODE, "PYTHONDONTWRITEBYTECODE": ""},
    )
    if done.returncode:
        raise RuntimeError((done.stderr.strip().splitlines() or ["no output"])[-1])
    numbers: list[float] = json.loads(done.stdout.splitlines()[-1])
    return numbers


def measure_costs(names: Sequence[str], rounds: int) -> dict[str, Figures]:
    """All figures by framework; what fails is told of and left out."""
    results: dict[str, Figures] = {name: {key: [] for key in TITLES} for name in names}
    processes: list[tuple[str, tuple[str, str], tuple[str, ...]]] = []
    for name in names:
        processes += [
            (name, ("size", "packages"), ("-c", SIZES, distribution_of(name))),
            (name, ("import", "modules"), ("-c", IMPORTING.format(IMPORTS[name]))),
            (name, ("start-up", "memory"), ("-m", "tests.benchmarks.costs", "--start-up", name)),
        ]
    for round in range(rounds + 1):
        for process in [*processes]:
            name, keys, command = process
            if round == 0 and keys[0] != "import":
                continue
            say(f"{name}: {keys[0]}")
            try:
                numbers = run(*command)
            except Exception as error:
                say(f"{name} has no {keys[0]}: {type(error).__name__}: {error}"[:200])
                processes.remove(process)
                continue
            if round:
                for key, number in zip(keys, numbers, strict=True):
                    results[name][key].append(number)
    return results


def table_of_costs(results: dict[str, Figures]) -> str:
    """The Markdown table."""
    lines = [["", *(title for title, _ in TITLES.values())], ["---", *["---:"] * len(TITLES)]]
    lines += [
        [
            name,
            *(
                shown(median(figures[key])) if figures[key] else "-"
                for key, (_, shown) in TITLES.items()
            ),
        ]
        for name, figures in results.items()
    ]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.costs", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=IMPORTS, default=[*IMPORTS], metavar="NAME")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--start-up", choices=IMPORTS, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.start_up:
        print(json.dumps(asyncio.run(start_up(asked.start_up))))
        return
    print(table_of_costs(measure_costs(asked.only, asked.rounds)))
    print(", ".join(f"{name} {version_of(name)}" for name in asked.only))


if __name__ == "__main__":
    main()
