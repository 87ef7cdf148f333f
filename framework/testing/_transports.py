"""How httpx gets to the app: in the caller's event loop, or from a thread without one."""

import atexit
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator, Iterator
from contextlib import AbstractContextManager, AsyncExitStack, ExitStack, aclosing
from typing import Any, TypeAlias

from framework._concurrency import is_being_cancelled, iterate_in_threadpool
from framework._extensions import DEBUG
from framework.testing._bridge import Bridge, blame
from framework.testing._crew import Crew
from framework.testing._httpx import httpx
from framework.testing._server import AnyCall, Server

BRIDGE = "framework.bridge"
"""The extension of a response that holds the way into the loop which it comes from."""

Entry: TypeAlias = AbstractContextManager[tuple[Bridge, Crew]]


class AsyncTransport(httpx.AsyncBaseTransport):
    """Calls the app in a task of the client's crew, or of a crew for one request."""

    __slots__ = ("_server", "crew")

    def __init__(self, server: Server) -> None:
        self._server = server
        self.crew: Crew | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer a request, as soon as the response has begun."""
        async with AsyncExitStack() as stack:
            crew = self.crew
            if crew is None:
                crew = await stack.enter_async_context(Crew())
            call = await self._server.call(crew, request, content_of(request))
            stack.push_async_callback(leave, self._server, call)
            return response_of(call, AsyncContent(call, stack.pop_all()))


class Transport(httpx.BaseTransport):
    """Calls the app in another event loop."""

    __slots__ = ("_enter", "_server")

    def __init__(self, server: Server, enter: Callable[[], Entry]) -> None:
        self._server = server
        self._enter = enter

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer a request, as soon as the response has begun."""
        with ExitStack() as stack:
            bridge, crew = stack.enter_context(self._enter())
            call = bridge.call(self._server.call, crew, request, content_in_threads(request))
            stack.callback(self._leave, bridge, call)
            response = response_of(call, Content(bridge, call, stack.pop_all()))
            response.extensions[BRIDGE] = bridge
            return response

    def _leave(self, bridge: Bridge, call: AnyCall) -> None:
        if bridge.is_open:  # else the client was left first, and has left the app
            bridge.call(leave, self._server, call)


class AsyncContent(httpx.AsyncByteStream):
    """The content of a response, as it is sent; closing it leaves the app."""

    __slots__ = ("_call", "_stack")

    def __init__(self, call: AnyCall, stack: AsyncExitStack) -> None:
        self._call = call
        self._stack = stack

    def __aiter__(self) -> AsyncIterator[bytes]:
        """Each piece, then wait for the app to return."""
        return self  # no generator: trio warns of those that are left early

    async def __anext__(self) -> bytes:
        """The next piece."""
        if piece := await self._call.piece():
            return piece
        raise StopAsyncIteration

    async def aclose(self) -> None:
        """Leave, if the app has not returned."""
        await self._stack.aclose()


class Content(httpx.SyncByteStream):
    """The same for a thread."""

    __slots__ = ("_bridge", "_call", "_stack")

    def __init__(self, bridge: Bridge, call: AnyCall, stack: ExitStack) -> None:
        self._bridge = bridge
        self._call = call
        self._stack = stack
        # One that nobody closes is closed here: when it is collected, in whatever thread, or at the end
        # of the program, when threads do not run any more, nobody could wait for the app.
        atexit.register(self.close)

    def __iter__(self) -> Iterator[bytes]:
        """Each piece, then wait for the app to return."""
        while piece := self._bridge.call(self._call.piece):
            yield piece

    def close(self) -> None:
        """Leave, if the app has not returned."""
        atexit.unregister(self.close)
        self._stack.close()


def response_of(
    call: AnyCall, content: httpx.AsyncByteStream | httpx.SyncByteStream
) -> httpx.Response:
    """The response whose head has come; with what a template has told, as everybody knows it."""
    response = httpx.Response(call.status or 0, headers=call.headers, stream=content)
    response.extensions = call.extensions  # itself, no copy: trailers are yet to come
    told: dict[str, Any] = call.extensions.get(DEBUG, {})
    vars(response).update((name, told[name]) for name in ("template", "context") if name in told)
    return response


def content_of(request: httpx.Request) -> bytes | AsyncGenerator[bytes]:
    """The body of a request: bytes, or what gives it piece by piece."""
    if isinstance(request.stream, httpx.ByteStream):
        return request.read()
    return _pieces(request.stream)


async def _pieces(stream: Any) -> AsyncGenerator[bytes]:
    try:
        async with aclosing(aiter(stream)) as pieces:
            async for piece in pieces:
                yield piece
    finally:
        # httpx does not close the generator that it was given, and trio warns of those left open.
        source = getattr(stream, "_stream", None)
        if isinstance(source, AsyncGenerator):
            await source.aclose()


def content_in_threads(request: httpx.Request) -> bytes | AsyncGenerator[bytes]:
    """The same, where the pieces are made by a plain iterator: in threads, as it may wait."""
    if isinstance(request.stream, httpx.ByteStream):
        return request.read()
    return _pieces_in_threads(request.stream)


async def _pieces_in_threads(stream: Any) -> AsyncGenerator[bytes]:
    try:
        async for piece in iterate_in_threadpool(stream):
            yield piece
    finally:
        source = getattr(stream, "_stream", None)
        if isinstance(source, Generator):
            source.close()


async def leave(server: Server, call: AnyCall) -> None:
    """Leave the app, and raise what it has to be blamed for; a test that is being cancelled has enough."""
    failure = await server.leave(call)
    if failure is not None and not is_being_cancelled():
        blame(failure)
