"""A store on a Redis server, or on one that speaks its protocol: shared by processes and hosts."""

from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager, nullcontext
from typing import Any, Literal, Self

from anyio import AsyncContextManagerMixin, fail_after

from framework.exceptions import FrameworkError
from framework.stores import When

try:
    from coredis import PureToken, Redis
    from coredis.retry import NoRetryPolicy
except ImportError as _error:
    raise ImportError(
        "framework.redis needs coredis: pip install 'asgi-framework[redis]'"
    ) from _error

__all__ = ["RedisStore"]

CONDITIONS: dict[When, Literal[PureToken.NX, PureToken.XX] | None] = {
    "always": None,
    "absent": PureToken.NX,
    "present": PureToken.XX,
}
REPLACE = """
if redis.call("GET", KEYS[1]) ~= ARGV[1] then return 0 end
if ARGV[2] then redis.call("SET", KEYS[1], ARGV[2], "EX", ARGV[3]) else redis.call("DEL", KEYS[1]) end
return 1
"""
"""Compares and sets in one step, by Lua: SET takes an old value since Redis 8.4 only."""

ADVANCE = """
local number = math.max(tonumber(redis.call("GET", KEYS[1]) or ARGV[2]), ARGV[2]) + ARGV[1]
local text = string.format("%.0f", number)
if number <= tonumber(ARGV[3]) then redis.call("SET", KEYS[1], text, "EX", ARGV[4]) end
return text
"""
"""Raises a number in one step; as text, because Lua has floats, which it prints with 14 digits."""

OPERATION_SECONDS = 10  # for all of one operation: it is deaf to the timeouts of whoever asks
SECONDS = 5  # to wait for a connection, and for an answer
IDLE_SECONDS = 30  # after which a silent connection is dropped: the network may have lost it


class RedisStore(AsyncContextManagerMixin):
    """Keeps bytes on a Redis server, under keys that begin with `prefix`.

    `RedisStore("redis://localhost")` is open within `async with store:`, in the lifespan of the app;
    options of coredis can stand in the URL, such as `?stream_timeout=1`. A coredis client is taken
    as it is, and opened by whoever made it. What fails is raised as coredis raises it; what
    takes ten seconds is a TimeoutError.
    """

    __slots__ = ("_client", "_prefix", "_server")

    def __init__(self, server: str | Redis[Any], *, prefix: str = "framework:") -> None:
        self._server = server
        self._client: Redis[Any] | None = None if isinstance(server, str) else server
        self._prefix = prefix

    @asynccontextmanager
    async def __asynccontextmanager__(self) -> AsyncGenerator[Self]:
        server, before = self._server, self._client
        failure: Exception | None = None
        opened = _client_of(server) if isinstance(server, str) else nullcontext(server)
        async with opened as self._client:
            # An exception is carried out of the client's task group, which would wrap it.
            try:
                yield self
            except Exception as error:
                failure = error
            finally:
                self._client = before
        if failure is not None:
            raise failure

    async def get(self, key: str) -> bytes | None:
        """What was set, or None."""
        with _to_its_end(), self._open().decoding(False) as client:
            return await client.get(self._prefix + key)

    async def set(self, key: str, value: bytes, *, max_age: int, when: When = "always") -> bool:
        """Keep the value, by one SET with NX or XX where that is asked for."""
        with _to_its_end():
            return await self._open().set(
                self._prefix + key, value, ex=max_age, condition=CONDITIONS[when]
            )

    async def replace(self, key: str, old: bytes, new: bytes | None, *, max_age: int) -> bool:
        """Keep another value, or none, by a script: the server compares."""
        arguments: list[bytes | int] = [old] if new is None else [old, new, max_age]
        with _to_its_end():
            return await self._open().eval(REPLACE, [self._prefix + key], arguments) == 1

    async def advance(self, key: str, step: int, *, least: int, most: int, max_age: int) -> int:
        """Raise a number, by a script: the server compares and adds."""
        with _to_its_end():
            number: Any = await self._open().eval(
                ADVANCE, [self._prefix + key], [step, least, most, max_age]
            )
        return int(number)

    async def delete(self, key: str) -> None:
        """Forget the key."""
        with _to_its_end():
            await self._open().delete([self._prefix + key])

    def _open(self) -> Redis[Any]:
        if self._client is None:
            raise FrameworkError(
                "the RedisStore is not open: use it within `async with store:`, which belongs into "
                "the lifespan of the app"
            )
        return self._client


def _client_of(url: str) -> Redis[bytes]:
    return Redis.from_url(
        url,
        decode_components=True,  # a password may be percent-encoded
        connect_timeout=SECONDS,
        stream_timeout=SECONDS,
        max_idle_time=IDLE_SECONDS,
        retry_policy=NoRetryPolicy(),  # an NX that had won would find itself, and lose
    )


@contextmanager
def _to_its_end() -> Generator[None]:
    """What is asked of the server is not cancelled midway; TimeoutError after OPERATION_SECONDS.

    The pool of coredis 6.9 loses a connection each time, and waits forever once it has lost them all.
    """
    with fail_after(OPERATION_SECONDS, shield=True):
        yield
