"""What every store promises, and how the one in memory keeps it within its bounds."""

import secrets
import time
import tracemalloc
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeAlias

import anyio
import pytest

from framework.stores import MemoryStore, Store
from tests.wire.work import count_calls

Promise: TypeAlias = Callable[[Store], Awaitable[None]]


# The contract: `test_redis.py` holds the other store to it


async def what_was_set_is_got(store: Store) -> None:
    assert await store.set("a", b"\0\xff\r\n", max_age=60)
    assert await store.set("b", b"", max_age=60)
    assert (await store.get("a"), await store.get("b")) == (b"\0\xff\r\n", b"")
    assert await store.get("c") is None


async def what_is_set_again_is_replaced(store: Store) -> None:
    assert await store.set("a", b"1", max_age=60)
    assert await store.set("a", b"2", max_age=60)
    assert await store.get("a") == b"2"


async def what_is_deleted_is_gone(store: Store) -> None:
    await store.set("a", b"1", max_age=60)
    await store.set("b", b"2", max_age=60)
    await store.delete("a")
    await store.delete("a")
    assert (await store.get("a"), await store.get("b")) == (None, b"2")


async def the_first_alone_sets_what_is_absent(store: Store) -> None:
    assert await store.set("a", b"1", max_age=60, when="absent")
    assert not await store.set("a", b"2", max_age=60, when="absent")
    assert await store.get("a") == b"1"
    await store.delete("a")
    assert await store.set("a", b"3", max_age=60, when="absent")


async def nothing_that_is_absent_is_set_when_present(store: Store) -> None:
    assert not await store.set("a", b"1", max_age=60, when="present")
    assert await store.get("a") is None
    await store.set("a", b"2", max_age=60)
    assert await store.set("a", b"3", max_age=60, when="present")
    assert await store.get("a") == b"3"


async def a_value_is_replaced_while_it_is_the_old_one(store: Store) -> None:
    assert not await store.replace("a", b"", b"\0\xff", max_age=60)
    await store.set("a", b"\xfe1", max_age=60)
    assert await store.replace("a", b"\xfe1", b"\0\xff", max_age=60)
    assert not await store.replace("a", b"\xfe1", b"3", max_age=60)
    assert await store.get("a") == b"\0\xff"
    assert await store.replace("a", b"\0\xff", b"", max_age=60)
    assert await store.get("a") == b""


async def a_value_is_deleted_while_it_is_the_old_one(store: Store) -> None:
    await store.set("a", b"1", max_age=60)
    assert not await store.replace("a", b"2", None, max_age=60)
    assert await store.get("a") == b"1"
    assert await store.replace("a", b"1", None, max_age=60)
    assert await store.get("a") is None
    assert not await store.replace("a", b"1", None, max_age=60)


async def a_number_is_raised_from_what_it_is_or_at_least_is(store: Store) -> None:
    assert await store.advance("a", 5, least=100, most=200, max_age=60) == 105
    assert await store.advance("a", 5, least=100, most=200, max_age=60) == 110
    assert await store.get("a") == b"110"
    assert await store.advance("a", 1, least=150, most=200, max_age=60) == 151


async def a_number_that_would_be_too_large_is_told_and_not_kept(store: Store) -> None:
    assert await store.advance("a", 11, least=0, most=10, max_age=60) == 11
    assert await store.get("a") is None
    assert await store.advance("a", 10, least=0, most=10, max_age=60) == 10
    assert await store.advance("a", 1, least=0, most=10, max_age=60) == 11
    assert await store.get("a") == b"10"


async def a_large_number_is_exact(store: Store) -> None:
    last = 2**53 - 1
    for number in range(last - 3, last):
        assert await store.advance("a", 1, least=last - 3, most=last, max_age=60) == number + 1
    assert await store.get("a") == b"%d" % last


PROMISES: list[Promise] = [
    what_was_set_is_got,
    what_is_set_again_is_replaced,
    what_is_deleted_is_gone,
    the_first_alone_sets_what_is_absent,
    nothing_that_is_absent_is_set_when_present,
    a_value_is_replaced_while_it_is_the_old_one,
    a_value_is_deleted_while_it_is_the_old_one,
    a_number_is_raised_from_what_it_is_or_at_least_is,
    a_number_that_would_be_too_large_is_told_and_not_kept,
    a_large_number_is_exact,
]


@pytest.mark.parametrize("promise", PROMISES)
async def test_the_store_in_memory_keeps_every_promise(promise: Promise) -> None:
    await promise(MemoryStore())


# Time


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


async def test_what_was_set_is_got_until_its_time_is_over() -> None:
    clock = Clock()
    store = MemoryStore(clock=clock)
    await store.set("a", b"1", max_age=60)
    clock.now += 59.9
    assert await store.get("a") == b"1"
    clock.now += 0.1
    assert await store.get("a") is None


async def test_setting_again_gives_new_time() -> None:
    clock = Clock()
    store = MemoryStore(clock=clock)
    await store.set("longer", b"1", max_age=60)
    await store.set("shorter", b"1", max_age=60)
    clock.now += 30
    await store.set("longer", b"2", max_age=60)
    await store.set("shorter", b"2", max_age=10)
    clock.now += 30
    await store.set("other", b"", max_age=60)
    assert (await store.get("longer"), await store.get("shorter")) == (b"2", None)


async def test_replacing_gives_new_time_and_what_has_expired_is_not_replaced() -> None:
    clock = Clock()
    store = MemoryStore(clock=clock)
    await store.set("a", b"1", max_age=60)
    clock.now += 59
    assert await store.replace("a", b"1", b"2", max_age=10)
    clock.now += 9
    assert await store.get("a") == b"2"
    clock.now += 1
    assert not await store.replace("a", b"2", b"3", max_age=10)
    assert await store.get("a") is None


async def test_raising_gives_new_time_unless_it_is_refused() -> None:
    clock = Clock()
    store = MemoryStore(clock=clock)
    assert await store.advance("a", 1, least=0, most=2, max_age=60) == 1
    clock.now += 59
    assert await store.advance("a", 1, least=0, most=2, max_age=10) == 2
    clock.now += 9
    assert await store.advance("a", 1, least=0, most=2, max_age=10) == 3
    clock.now += 1
    assert await store.advance("a", 1, least=0, most=2, max_age=10) == 1


async def test_what_has_expired_is_absent() -> None:
    clock = Clock()
    store = MemoryStore(clock=clock)
    await store.set("a", b"1", max_age=60)
    clock.now += 60
    assert not await store.set("a", b"2", max_age=60, when="present")
    assert await store.set("a", b"3", max_age=60, when="absent")
    assert await store.get("a") == b"3"


async def test_what_was_deleted_takes_nothing_with_it_when_its_time_comes() -> None:
    clock = Clock()
    store = MemoryStore(clock=clock)
    await store.set("", b"1", max_age=60)
    await store.set("a", b"2", max_age=10)
    await store.delete("a")
    await store.set("a", b"3", max_age=60)
    clock.now += 10
    await store.set("b", b"4", max_age=60)
    assert [await store.get(key) for key in ("", "a", "b")] == [b"1", b"3", b"4"]


async def test_what_has_expired_is_absent_however_much_came_and_went_before() -> None:
    clock = Clock()
    store = MemoryStore(clock=clock)
    for max_age in range(90, 0, -1):
        await store.set(str(max_age), b"", max_age=max_age)
    for number in range(1000):
        await come_and_go(store, number)
    clock.now += 45
    again = [await store.set(str(age), b"", max_age=60, when="absent") for age in range(1, 91)]
    assert again == [True] * 45 + [False] * 45


# Bounds


def room_for(entries: int) -> int:
    """Return how many bytes that many entries take, of a name of one character and a kilobyte."""
    return entries * 1700


async def test_a_full_store_forgets_what_was_set_first() -> None:
    store = MemoryStore(max_bytes=room_for(3))
    for key in "abc":
        await store.set(key, bytes(1024), max_age=60)
    await store.set("a", bytes(1024), max_age=60)
    await store.set("d", bytes(1024), max_age=60)
    assert [key for key in "abcd" if await store.get(key)] == ["a", "c", "d"]


async def test_a_full_store_forgets_what_has_expired_before_what_has_not() -> None:
    clock = Clock()
    store = MemoryStore(max_bytes=room_for(3), clock=clock)
    await store.set("a", bytes(1024), max_age=60)
    await store.set("b", bytes(1024), max_age=10)
    await store.set("c", bytes(1024), max_age=60)
    clock.now += 10
    await store.set("d", bytes(1024), max_age=60)
    assert [key for key in "abcd" if await store.get(key)] == ["a", "c", "d"]


async def test_a_refused_set_makes_no_room() -> None:
    store = MemoryStore(max_bytes=room_for(2))
    for key in "ab":
        await store.set(key, bytes(1024), max_age=60)
    assert not await store.set("c", bytes(1024), max_age=60, when="present")
    assert not await store.set("b", bytes(1024), max_age=60, when="absent")
    assert [key for key in "abc" if await store.get(key)] == ["a", "b"]


async def test_what_is_larger_than_the_store_is_an_error_and_forgets_nothing() -> None:
    store = MemoryStore(max_bytes=room_for(2))
    await store.set("a", b"1", max_age=60)
    with pytest.raises(
        ValueError, match=r"^MemoryStore\(max_bytes=3400\) has no room for the 4\d+ bytes of 'b'$"
    ):
        await store.set("b", bytes(4000), max_age=60)
    with pytest.raises(ValueError, match=r"has no room for the 4\d+ bytes of 'a'$"):
        await store.replace("a", b"1", bytes(4000), max_age=60)
    assert await store.get("a") == b"1"
    with pytest.raises(ValueError, match=r"^MemoryStore\(max_bytes=100\) has no room for the"):
        await MemoryStore(max_bytes=100).advance("a", 1, least=0, most=1, max_age=60)


async def fill(store: Store, number: int) -> None:
    await store.set(secrets.token_urlsafe(32), bytes(number % 100), max_age=1 + number % 999)


async def replace_one_key(store: Store, number: int) -> None:
    await store.replace("key", b"%d" % (number - 1), b"%d" % number, max_age=1_000_000 - number)
    await store.set("key", b"%d" % number, max_age=1000, when="absent")


async def advance_one_key(store: Store, number: int) -> None:
    await store.advance("key", 1, least=0, most=9000, max_age=1_000_000 - number)


async def write_one_key(store: Store, number: int) -> None:
    await store.set("key", bytes(number % 100), max_age=1_000_000 - number)


async def come_and_go(store: Store, number: int) -> None:
    key = secrets.token_urlsafe(32)
    await store.set(key, bytes(number % 100), max_age=1000)
    await store.delete(key)


async def come_and_go_among_many(store: Store, number: int) -> None:
    await store.set(str(number % 500), b"", max_age=1000)
    key = secrets.token_urlsafe(3000)
    await store.set(key, b"", max_age=1000)
    await store.delete(key)


FLOODS = [
    fill,
    write_one_key,
    replace_one_key,
    advance_one_key,
    come_and_go,
    come_and_go_among_many,
]


@pytest.mark.parametrize("flood", FLOODS)
def test_a_flood_takes_no_more_memory_than_was_given(
    flood: Callable[[Store, int], Awaitable[None]],
) -> None:
    async def main(store: Store) -> None:
        for number in range(10_000):
            await flood(store, number)

    store = MemoryStore(max_bytes=500_000)
    tracemalloc.start()
    anyio.run(main, store)
    used, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert used < peak < 500_000


@pytest.mark.parametrize("flood", FLOODS)
def test_a_flood_takes_work_in_proportion(
    flood: Callable[[Store, int], Awaitable[None]],
) -> None:
    async def main(count: int) -> None:
        store = MemoryStore(max_bytes=200_000)
        for number in range(count):
            await flood(store, number)

    assert count_calls(lambda: anyio.run(main, 5000)) < 13 * count_calls(
        lambda: anyio.run(main, 500)
    )


# Sharing


class SlowKey(str):
    """A key that lets other threads run whenever it is looked up."""

    __slots__ = ()

    def __hash__(self) -> int:
        time.sleep(0.0001)
        return str.__hash__(self)


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_of_many_threads_with_loops_of_their_own_one_sets_what_is_absent(backend: str) -> None:
    store = MemoryStore()

    async def claim(value: bytes) -> bool:
        return await store.set(SlowKey("key"), value, max_age=60, when="absent")

    def race(value: bytes) -> bool:
        return anyio.run(claim, value, backend=backend)

    values = [b"%d" % number for number in range(50)]
    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(race, values))
    assert won.count(True) == 1
    assert anyio.run(store.get, "key") == values[won.index(True)]
