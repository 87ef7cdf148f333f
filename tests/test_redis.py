"""The store on a Redis server: on fakeredis, and on the real one where it is installed."""

import runpy
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import pytest
from coredis import Redis

from framework import App, FrameworkError, Request, redis
from framework.middleware.rate_limit import RateLimitMiddleware
from framework.middleware.sessions import SessionMiddleware
from framework.redis import RedisStore, _client_of
from tests.driver import ask
from tests.middleware.around import raw
from tests.protocols import running
from tests.servers import HOST, Server, _wait_until_it_accepts, free_port
from tests.test_stores import PROMISES, Promise

FAKE = "from fakeredis import TcpFakeServer as S; import sys; S((sys.argv[1], int(sys.argv[2])))"
COMMANDS = [
    [sys.executable, "-c", f"{FAKE}.serve_forever()", "{host}", "{port}"],
    [shutil.which("redis-server") or "", "--bind", "{host}", "--port", "{port}", "--save", ""],
]


@pytest.fixture(scope="module", params=[command for command in COMMANDS if command[0]])
def url(request: pytest.FixtureRequest) -> Generator[str]:
    port = free_port()
    command = [argument.format(host=HOST, port=port) for argument in request.param]
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            command, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
        )
        server = Server(port, process, output)
        try:
            _wait_until_it_accepts(server, time.monotonic() + 30)
            yield f"redis://{HOST}:{port}"
        finally:
            server.stop()


@pytest.fixture
def prefix() -> str:
    """Keep the keys of each test apart."""
    return secrets.token_hex(8)


@pytest.mark.parametrize("promise", PROMISES)
async def test_the_store_keeps_every_promise(url: str, prefix: str, promise: Promise) -> None:
    async with RedisStore(url, prefix=prefix) as store:
        await promise(store)


async def test_the_server_is_told_how_long_to_keep_what_and_finds_it_under_the_prefix(
    url: str, prefix: str
) -> None:
    async with RedisStore(url, prefix=prefix) as store, Redis.from_url(url) as client:
        for when in ("absent", "present", "always"):
            assert await store.set("a", when.encode(), max_age=100, when=when)
            assert 95 <= await client.ttl(f"{prefix}a") <= 100
            assert await client.get(f"{prefix}a") == when.encode()


async def test_what_replaces_a_value_has_time_of_its_own(url: str, prefix: str) -> None:
    async with RedisStore(url, prefix=prefix) as store, Redis.from_url(url) as client:
        await store.set("a", b"1", max_age=1000)
        assert await store.replace("a", b"1", b"2", max_age=100)
        assert 95 <= await client.ttl(f"{prefix}a") <= 100
        await store.advance("b", 1, least=0, most=1, max_age=100)
        assert 95 <= await client.ttl(f"{prefix}b") <= 100


async def test_stores_of_other_prefixes_share_nothing(url: str, prefix: str) -> None:
    async with RedisStore(url, prefix=f"{prefix}1") as one, RedisStore(url, prefix=prefix) as two:
        await one.set("a", b"1", max_age=60)
        assert await two.get("a") is None
        assert await two.get("1a") == b"1"


async def test_a_client_that_is_open_is_used_as_it_is(url: str, prefix: str) -> None:
    async with Redis.from_url(url, decode_responses=True) as client:
        store = RedisStore(client, prefix=prefix)
        await store.set("a", b"\xff", max_age=60)
        async with store:
            assert await store.get("a") == b"\xff"
        assert await store.get("a") == b"\xff"


async def test_of_two_stores_that_race_one_sets_what_is_absent(url: str, prefix: str) -> None:
    won: list[bool] = []

    async def claim(store: RedisStore) -> None:
        won.append(await store.set("a", b"", max_age=60, when="absent"))

    async with (
        RedisStore(url, prefix=prefix) as one,
        RedisStore(url, prefix=prefix) as two,
        anyio.create_task_group() as group,
    ):
        for store in [one, two, one, two]:
            group.start_soon(claim, store)
    assert won.count(True) == 1


async def test_of_many_that_replace_the_same_value_one_does(url: str, prefix: str) -> None:
    won: list[bool] = []

    async def claim(store: RedisStore, value: bytes) -> None:
        won.append(await store.replace("a", b"old", value, max_age=60))

    async with (
        RedisStore(url, prefix=prefix) as one,
        RedisStore(url, prefix=prefix) as two,
        anyio.create_task_group() as group,
    ):
        await one.set("a", b"old", max_age=60)
        for number, store in enumerate([one, two] * 5):
            group.start_soon(claim, store, b"%d" % number)
    assert won.count(True) == 1


async def test_requests_that_are_cancelled_lose_no_connection(url: str, prefix: str) -> None:
    async def give_up(store: RedisStore, seconds: float) -> None:
        with anyio.move_on_after(seconds):
            await store.set("a", b"1", max_age=60)

    async with RedisStore(f"{url}?max_connections=2", prefix=prefix) as store:
        for _ in range(3):
            async with anyio.create_task_group() as group:
                for number in range(20):
                    group.start_soon(give_up, store, number / 4000)
        with anyio.fail_after(5):
            assert await store.get("a") == b"1"


class Silent:
    """A client whose server does not answer."""

    async def delete(self, keys: list[str]) -> None:
        await anyio.sleep_forever()


async def test_an_operation_ends_in_time_though_the_client_never_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(redis, "OPERATION_SECONDS", 0.01)
    silent: Any = Silent()
    with pytest.raises(TimeoutError):
        await RedisStore(silent).delete("a")


async def test_an_error_leaves_the_block_as_it_was_raised(url: str) -> None:
    with pytest.raises(LookupError, match="mine"):
        async with RedisStore(url):
            raise LookupError("mine")


async def test_a_store_that_is_not_open_says_what_to_do(url: str) -> None:
    store = RedisStore(url)
    with pytest.raises(FrameworkError, match=r"use it within `async with store:`"):
        await store.get("a")
    async with store:
        await store.delete("a")
    with pytest.raises(FrameworkError, match=r"use it within `async with store:`"):
        await store.delete("a")


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_store_is_opened_again_in_another_event_loop(url: str, prefix: str, backend: str) -> None:
    store = RedisStore(url, prefix=prefix)

    async def count() -> int:
        async with store:
            number = int(await store.get("number") or 0) + 1
            await store.set("number", b"%d" % number, max_age=60)
            return number

    assert [anyio.run(count, backend=backend) for _ in range(3)] == [1, 2, 3]


def test_a_missing_coredis_is_an_error_that_names_the_extra(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "coredis", None)
    with pytest.raises(ImportError, match=r"pip install 'asgi-framework\[redis\]'"):
        runpy.run_path(redis.__file__)


def test_what_the_url_says_comes_before_our_options() -> None:
    url = "redis://me:a%2Fb%40c@localhost/3?stream_timeout=1&max_connections=7"
    pool = _client_of(url).connection_pool
    options: dict[str, Any] = {**pool.connection_kwargs}
    assert (options["username"], options["password"], options["db"]) == ("me", "a/b@c", 3)
    assert (options["stream_timeout"], options["connect_timeout"]) == (1, 5)
    assert (options["max_idle_time"], pool.max_connections) == (30, 7)


# Sessions of several processes


def an_app(store: RedisStore) -> App:
    """One of several instances of an app."""

    @asynccontextmanager
    async def lifespan() -> AsyncGenerator[None]:
        async with store:
            yield

    app = App(lifespan=lifespan)
    app.add_middleware(SessionMiddleware, store=store)

    @app.post("/login")
    async def login(request: Request) -> None:
        request.session.regenerate()
        request.session["user"] = "me"

    @app.post("/logout")
    async def logout(request: Request) -> None:
        request.session.clear()

    @app.get("/")
    async def home(request: Request) -> dict[str, str]:
        return dict(request.session)

    return app


@pytest.fixture
def apps(url: str, prefix: str) -> tuple[App, App]:
    """Make both instances as modules do, before there is an event loop."""
    return an_app(RedisStore(url, prefix=prefix)), an_app(RedisStore(url, prefix=prefix))


async def test_a_session_is_one_for_all_instances_of_an_app(apps: tuple[App, App]) -> None:
    one, two = apps
    async with running(one), running(two):
        answer = await ask(one, "POST", "/login")
        cookie = {"cookie": answer.headers["set-cookie"].partition(";")[0]}
        assert (await ask(two, headers=cookie)).json() == {"user": "me"}
        await ask(two, "POST", "/logout", headers=cookie)
        assert (await ask(one, headers=cookie)).json() == {}


# Rates of several processes


async def test_a_rate_is_one_for_all_instances_of_an_app(url: str, prefix: str) -> None:
    statuses: list[int] = []

    async def knock(app: RateLimitMiddleware) -> None:
        statuses.append((await ask(app)).status)

    async with RedisStore(url, prefix=prefix) as one, RedisStore(url, prefix=prefix) as two:
        apps = [RateLimitMiddleware(raw, store=store, limit=30, window=600) for store in (one, two)]
        async with anyio.create_task_group() as group:
            for app in apps * 25:
                group.start_soon(knock, app)
    assert (statuses.count(200), statuses.count(429)) == (30, 20)
