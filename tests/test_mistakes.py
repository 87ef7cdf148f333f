"""What people are told of common mistakes: as early as possible, where it was, and what to do."""

import re
from typing import Any

import pytest

from framework import App, ConfigError
from tests.driver import ask
from tests.protocols import converse, running
from tests.tables.mistakes_declared import DECLARED
from tests.tables.mistakes_served import SERVED

FILE = "app.py"
IMPORTS = """
from contextlib import asynccontextmanager

from framework import *
from framework.authentication import requires
from framework.middleware.body_limit import BodyLimitMiddleware
from framework.middleware.cors import CORSMiddleware
from framework.middleware.rate_limit import RateLimitMiddleware
from framework.middleware.sessions import SessionMiddleware
from framework.middleware.timeout import TimeoutMiddleware
from framework.middleware.trusted_host import TrustedHostMiddleware
from framework.staticfiles import StaticFiles
from framework.stores import MemoryStore
from framework.templating import Jinja2Templates

app = App()
"""
DIFFERS = re.compile(r" at 0x[0-9a-fA-F]+|\. Did you mean '\w+'\?")


def says(told: object) -> str:
    """A message, or an exception as it is logged, without what differs from run to run."""
    text = f"{type(told).__name__}: {told}" if isinstance(told, Exception) else str(told)
    return DIFFERS.sub("", text)


def declared(code: str) -> App:
    """The app of a module that has this code, compiled."""
    module: dict[str, Any] = {"__name__": "module"}
    exec(IMPORTS, module)
    exec(compile(code.lstrip(), FILE, "exec"), module)
    app: App = module["app"]
    app.compile()
    return app


async def asked(app: App, method: str) -> object:
    """What becomes of the app when it is started and asked for `/`: a message of it, or what it raises."""
    async with running(app) as life:
        if life.types == ["startup.failed"]:
            return life.messages[0]["message"]
        if method == "WEBSOCKET":
            return (await converse(app, subprotocols=["chat"])).error
        answer = await ask(app, method, json=[1] if method == "POST" else None)
        return answer.error or answer.json()["detail"]


@pytest.mark.parametrize(("code", "told"), DECLARED)
def test_a_mistake_is_told_before_anything_is_served(code: str, told: str) -> None:
    with pytest.raises(ConfigError) as caught:
        declared(code)
    assert says(str(caught.value)) == told


@pytest.mark.parametrize(("method", "code", "told"), SERVED)
async def test_a_mistake_that_only_shows_when_the_app_runs_is_told_then(
    method: str, code: str, told: str
) -> None:
    assert says(await asked(declared(code), method)) == told


def test_there_are_many() -> None:
    assert len(DECLARED) + len(SERVED) > 100
