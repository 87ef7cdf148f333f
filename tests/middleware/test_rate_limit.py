"""How many requests are let through, who is one client, and what each answer says of the quota."""

from collections.abc import Callable
from typing import Any

import pytest

from framework import App, ConfigError, Middleware, WebSocket
from framework._wire.structured import InnerList, Item, parse_list
from framework.connections import HTTPConnection
from framework.middleware.rate_limit import RateLimitMiddleware, by_client
from framework.stores import MemoryStore
from framework.types import ASGIApp
from tests.driver import Answer, ask, http_scope
from tests.middleware.around import APPS, calls, raw
from tests.protocols import Conversation, converse, start
from tests.test_stores import Clock

DENIAL: dict[str, dict[str, Any]] = {"websocket.http.response": {}}


def limited(app: ASGIApp = raw, clock: Clock | None = None, **options: Any) -> RateLimitMiddleware:
    clock = clock or Clock()
    given: dict[str, Any] = {
        "store": MemoryStore(clock=clock),
        "limit": 3,
        "window": 60,
        "clock": clock,
    }
    return RateLimitMiddleware(app, **{**given, **options})


def quota(answer: Answer) -> list[tuple[Any, ...]]:
    """What an answer says of each policy: its name, what is left, and the seconds until there is more."""
    members = parse_list(answer.headers.combined("ratelimit") or "")
    return [(member.value, *member.parameters.values()) for member in items(members)]


def items(members: list[Item | InnerList]) -> list[Item]:
    return [member for member in members if isinstance(member, Item)]


# The bucket


@pytest.mark.parametrize("make", APPS.values(), ids=APPS)
async def test_what_is_over_the_limit_is_refused_and_every_answer_says_what_is_left(
    make: Callable[[], ASGIApp],
) -> None:
    app = limited(make())
    answers = [await ask(app) for _ in range(5)]
    assert [answer.status for answer in answers] == [200, 200, 200, 429, 429]
    assert [answer.text for answer in answers[:3]] == ["Hello"] * 3
    for answer in answers:
        assert answer.headers["ratelimit-policy"] == '"default";q=3;w=60'
    assert [answer.headers["ratelimit"] for answer in answers] == [
        '"default";r=2;t=20',
        '"default";r=1;t=40',
        '"default";r=0;t=60',
        '"default";r=0;t=20',
        '"default";r=0;t=20',
    ]


@pytest.mark.parametrize("make", APPS.values(), ids=APPS)
async def test_an_error_of_the_app_says_what_is_left_as_well(make: Callable[[], ASGIApp]) -> None:
    answer = await ask(limited(make()), path="/nowhere")
    assert (answer.status, quota(answer)) == (404, [("default", 2, 20)])


async def test_a_refusal_says_when_to_ask_again() -> None:
    clock = Clock()
    app = limited(clock=clock)
    for _ in range(3):
        await ask(app)
    clock.now += 5.5
    answer = await ask(app)
    assert answer.status == 429
    assert answer.headers["retry-after"] == "15"
    assert quota(answer) == [("default", 0, 15)]
    assert answer.json()["title"] == "Too Many Requests"
    assert "in 15 s" in answer.json()["detail"]
    clock.now += 14.5
    answer = await ask(app)
    assert (answer.status, quota(answer)) == (200, [("default", 0, 60)])


async def test_a_refused_request_takes_nothing_from_the_bucket() -> None:
    clock = Clock()
    app = limited(clock=clock)
    for _ in range(50):
        await ask(app)
    clock.now += 20
    assert [(await ask(app)).status for _ in range(2)] == [200, 429]


async def test_the_bucket_is_full_again_after_the_window_and_never_fuller() -> None:
    clock = Clock()
    app = limited(clock=clock)
    for pause in (0, 60, 10_000):
        clock.now += pause
        assert [(await ask(app)).status for _ in range(4)] == [200, 200, 200, 429]


@pytest.mark.parametrize(("limit", "window"), [(1, 1), (7, 60), (1000, 1), (3, 86_400), (10, 7)])
async def test_over_a_long_time_no_more_gets_through_than_the_limit(
    limit: int, window: int
) -> None:
    clock = Clock()
    app = limited(clock=clock, limit=limit, window=window)
    granted = 0
    for _ in range(3 * 50):
        granted += (await ask(app)).status == 200
        clock.now += window / 50
    assert granted <= 4 * limit
    assert granted >= min(3 * limit, 150)


async def test_a_clock_that_is_put_back_locks_nobody_out_for_longer_than_the_window() -> None:
    clock, time_of_the_store = Clock(), Clock()
    store = MemoryStore(clock=time_of_the_store)
    app = limited(clock=clock, store=store)
    await ask(app)
    clock.now -= 500
    answer = await ask(app)
    assert (answer.status, quota(answer)) == (429, [("default", 0, 20)])
    time_of_the_store.now += 60
    assert (await ask(app)).status == 200


async def test_a_short_time_and_a_long_one_can_both_be_limited() -> None:
    clock = Clock()
    store = MemoryStore(clock=clock)
    day = limited(clock=clock, store=store, name="day", limit=4, window=86_400)
    app = limited(day, clock=clock, store=store, name="burst", limit=2, window=1)
    assert quota(await ask(app)) == [("day", 3, 21_600), ("burst", 1, 1)]
    answer = await ask(app)
    assert answer.headers.getlist("ratelimit-policy") == [
        '"day";q=4;w=86400',
        '"burst";q=2;w=1',
    ]
    assert (await ask(app)).status == 429
    for status in (200, 200, 429):
        clock.now += 1
        assert (await ask(app)).status == status


async def test_what_an_app_sends_twice_is_not_changed() -> None:
    start: dict[str, Any] = {"type": "http.response.start", "status": 204, "headers": []}

    async def reusing(scope: Any, receive: Any, send: Any) -> None:
        await send(start)
        await send({"type": "http.response.body"})

    app = limited(reusing)
    for left in (2, 1):
        assert quota(await ask(app))[0][1] == left
    assert start["headers"] == []


# Who is one client


@pytest.mark.parametrize(
    ("client", "key"),
    [
        (("192.0.2.1", 50_000), "192.0.2.1"),
        (("192.0.2.1", 50_001), "192.0.2.1"),
        (("::ffff:192.0.2.1", 1), "192.0.2.1"),
        (("2001:db8:1:2:3:4:5:6", 1), "2001:db8:1:2::"),
        (("2001:DB8:1:2::1", 1), "2001:db8:1:2::"),
        (("2001:db8:1:3::1", 1), "2001:db8:1:3::"),
        (("fe80::1%eth0", 1), "fe80::"),
        (("unix:", 0), "unix:"),
        (None, ""),
    ],
)
def test_a_client_is_an_address_or_a_network(client: Any, key: str) -> None:
    assert by_client(HTTPConnection(http_scope(client=client))) == key


async def test_each_client_has_a_bucket_and_no_header_gets_him_another() -> None:
    app = limited(limit=1)
    forged = {"x-forwarded-for": "192.0.2.9", "forwarded": "for=192.0.2.9"}
    assert (await ask(app, client=("192.0.2.1", 1))).status == 200
    assert (await ask(app, client=("192.0.2.2", 1))).status == 200
    assert (await ask(app, client=("192.0.2.1", 2), headers=forged)).status == 429
    assert (await ask(app, client=None)).status == 200
    assert (await ask(app, client=None)).status == 429


async def test_a_key_of_ones_own_tells_clients_apart_and_none_is_not_limited() -> None:
    def by_query(connection: HTTPConnection) -> str | None:
        return connection.query_params.get("user")

    app = limited(limit=1, key=by_query)
    for path, status in [("/?user=a", 200), ("/?user=a", 429), ("/?user=b", 200)]:
        assert (await ask(app, path=path)).status == status
    for _ in range(3):
        answer = await ask(app)
        assert answer.status == 200
        assert not {"ratelimit", "ratelimit-policy"} & {*answer.headers}


async def test_a_key_reaches_the_store_as_a_hash() -> None:
    keys: list[str] = []

    class Noting(MemoryStore):
        __slots__ = ()

        async def advance(self, key: str, *args: Any, **options: Any) -> int:
            keys.append(key)
            return await super().advance(key, *args, **options)

    def secret(_: HTTPConnection) -> str:
        return "secret\ud800" * 1000

    await ask(limited(store=Noting(), key=secret))
    (key,) = keys
    assert len(key) < 100
    assert "secret" not in key


# Sockets, and the lifespan


async def shout(websocket: WebSocket) -> None:
    await websocket.accept(headers={"x-a": "1"})


async def knock(app: ASGIApp, **changes: Any) -> Conversation:
    return await converse(app, "/ws", **changes)


async def test_a_handshake_is_a_request() -> None:
    app = App(
        middleware=[Middleware(RateLimitMiddleware, store=MemoryStore(), limit=1, clock=Clock())]
    )
    app.websocket("/ws")(shout)
    talk = await knock(app)
    assert talk.types == ["accept", "close"]
    assert talk.messages[0]["headers"] == [
        (b"x-a", b"1"),
        (b"ratelimit-policy", b'"default";q=1;w=60'),
        (b"ratelimit", b'"default";r=0;t=60'),
    ]
    assert (await knock(app)).types == ["close"]
    talk = await knock(app, extensions=DENIAL)
    assert talk.messages[0]["status"] == 429
    assert (b"retry-after", b"60") in talk.messages[0]["headers"]
    assert (b"ratelimit", b'"default";r=0;t=60') in talk.messages[0]["headers"]


async def test_the_lifespan_and_who_is_not_limited_cost_their_own_frames_only() -> None:
    assert (await start(limited(App()))).types == ["startup.complete", "shutdown.complete"]

    def nobody(_: HTTPConnection) -> None: ...

    app = limited(key=nobody)
    # three steps of its own, as `send` waits twice, and the connection that the key is made of
    assert await calls(app, http_scope()) == 4


# The store


async def test_a_store_that_fails_lets_nothing_through() -> None:
    class Failing(MemoryStore):
        __slots__ = ()

        async def advance(self, *args: Any, **options: Any) -> int:
            raise ConnectionError("no store")

    answer = await ask(limited(store=Failing()))
    assert isinstance(answer.error, ConnectionError)
    assert answer.messages == []


# Options


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"limit": 0}, r"limit=0\): it takes an integer of 1 or more"),
        ({"limit": 1.5}, r"limit=1.5\)"),
        ({"window": 0}, r"window=0\)"),
        ({"limit": 60_000_001}, "more than a million requests a second are no limit"),
        ({"name": "ü"}, "name='ü'"),
    ],
)
def test_options_that_cannot_work_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        limited(**options)


def test_a_key_that_has_to_be_awaited_is_refused() -> None:
    async def key(connection: HTTPConnection) -> None: ...

    with pytest.raises(ConfigError, match="give a plain function"):
        limited(key=key)
