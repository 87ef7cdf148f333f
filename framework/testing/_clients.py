"""The clients: httpx's own, with the app behind them, its lifespan, and WebSockets."""

import atexit
from collections.abc import AsyncGenerator, Generator, Mapping, Sequence
from contextlib import (
    AbstractContextManager,
    AsyncExitStack,
    ExitStack,
    asynccontextmanager,
    contextmanager,
)
from types import TracebackType
from typing import Any, Literal, Self, TypeAlias

from anyio.from_thread import BlockingPortal

from framework.testing._bridge import Bridge, open_portal
from framework.testing._crew import Crew
from framework.testing._httpx import httpx
from framework.testing._lifespan import PATIENCE
from framework.testing._server import Server
from framework.testing._sessions import (
    AsyncWebSocketTestSession,
    WebSocketDenialResponse,
    WebSocketTestSession,
)
from framework.testing._transports import BRIDGE, AsyncTransport, Transport
from framework.types import ASGIApp

Auth: TypeAlias = httpx.Auth | tuple[str, str]
Fields: TypeAlias = Mapping[str, str] | Sequence[tuple[str, str]]

TIMEOUT = 10.0
"""Seconds: a test that waits in vain shall fail, not hang."""
HANDSHAKE = {
    "connection": "Upgrade",
    "upgrade": "websocket",
    "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",  # RFC 6455 section 1.3
    "sec-websocket-version": "13",
}


class AsyncTestClient(httpx.AsyncClient):
    """An httpx.AsyncClient whose requests go to an app in the same event loop, asyncio's or trio's.

    `async with` runs the app's lifespan; without it there is none. Whatever the app raises is raised here,
    unless `raise_server_exceptions` is False: then it is a 500, or the end of the connection. `timeout` is
    in seconds of silence, None for none. `extensions` are those that the server offers to the app.
    """

    __slots__ = ("_server", "_stack", "_way")
    __test__ = False  # nothing for pytest to collect

    def __init__(
        self,
        app: ASGIApp,
        *,
        base_url: str = "http://testserver",
        raise_server_exceptions: bool = True,
        root_path: str = "",
        client: tuple[str, int] | None = ("testclient", 50000),
        headers: Fields | None = None,
        cookies: Mapping[str, str] | None = None,
        follow_redirects: bool = True,
        timeout: float | None = TIMEOUT,
        spec_version: str = "2.5",
        extensions: Mapping[str, Any] | None = None,
    ) -> None:
        self._server = Server(
            app,
            strict=raise_server_exceptions,
            root_path=root_path,
            client=client,
            spec_version=spec_version,
            extensions=extensions,
            patience=None if timeout is None else PATIENCE,
        )
        self._way = AsyncTransport(self._server)
        self._stack = AsyncExitStack()
        super().__init__(
            base_url=base_url,
            headers=named(headers),
            cookies=dict(cookies or {}),
            follow_redirects=follow_redirects,
            timeout=timeout,
            transport=self._way,
            trust_env=False,
        )

    @property
    def app(self) -> ASGIApp:
        """The app."""
        return self._server.app

    @property
    def app_state(self) -> dict[str, Any]:
        """What the lifespan has put into its state; each request gets a copy."""
        return self._server.state

    async def __aenter__(self) -> Self:
        """Start the app. A failure of its startup is raised here."""
        check_left(self._way.crew)
        self._way.crew = await self._stack.enter_async_context(self._server.running())
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        """Leave what is still open, and shut the app down; the client may be entered again."""
        self._way.crew = None
        await self._stack.__aexit__(exc_type, exc_value, traceback)

    @asynccontextmanager
    async def websocket_connect(
        self,
        url: str,
        subprotocols: Sequence[str] | None = None,
        *,
        headers: Fields | None = None,
        params: Mapping[str, str] | None = None,
        cookies: Mapping[str, str] | None = None,
        auth: Auth | None = None,
    ) -> AsyncGenerator[AsyncWebSocketTestSession]:
        """Open a socket for the block. One that the app refuses is a WebSocketDenialResponse."""
        request = self.build_request(
            "GET", url, headers=headers, params=params, cookies=dict(cookies or {})
        )
        request = handshake(request, subprotocols)
        response = await self.send(
            request, stream=True, auth=auth or self.auth, follow_redirects=False
        )
        try:
            if response.status_code != 101:
                await response.aread()
                raise WebSocketDenialResponse(response)
            yield AsyncWebSocketTestSession(response)
        finally:
            await response.aclose()


class TestClient(httpx.Client):
    """An httpx.Client whose requests go to an app, which runs in an event loop in a thread of its own.

    What is said of AsyncTestClient holds here, too. In a `with` block there is one loop, `portal`; without
    it each request has its own. `backend` is that of anyio, with its options.
    """

    __slots__ = ("_backend", "_backend_options", "_entered", "_server", "_stack")
    __test__ = False

    def __init__(
        self,
        app: ASGIApp,
        *,
        backend: Literal["asyncio", "trio"] = "asyncio",
        backend_options: Mapping[str, Any] | None = None,
        base_url: str = "http://testserver",
        raise_server_exceptions: bool = True,
        root_path: str = "",
        client: tuple[str, int] | None = ("testclient", 50000),
        headers: Fields | None = None,
        cookies: Mapping[str, str] | None = None,
        follow_redirects: bool = True,
        timeout: float | None = TIMEOUT,
        spec_version: str = "2.5",
        extensions: Mapping[str, Any] | None = None,
    ) -> None:
        self._backend: Literal["asyncio", "trio"] = backend
        self._backend_options = dict(backend_options or {})
        self._entered: tuple[Bridge, Crew] | None = None
        self._stack = ExitStack()
        self._server = Server(
            app,
            strict=raise_server_exceptions,
            root_path=root_path,
            client=client,
            spec_version=spec_version,
            extensions=extensions,
            patience=None if timeout is None else PATIENCE,
        )
        super().__init__(
            base_url=base_url,
            headers=named(headers),
            cookies=dict(cookies or {}),
            follow_redirects=follow_redirects,
            timeout=timeout,
            transport=Transport(self._server, self._enter),
            trust_env=False,
        )

    @property
    def app(self) -> ASGIApp:
        """The app."""
        return self._server.app

    @property
    def app_state(self) -> dict[str, Any]:
        """What the lifespan has put into its state; each request gets a copy."""
        return self._server.state

    @property
    def portal(self) -> BlockingPortal:
        """What calls functions in the app's event loop, within the `with` block."""
        if self._entered is None:
            raise RuntimeError("there is no event loop yet: use `with TestClient(app) as client:`")
        return self._entered[0].portal

    def __enter__(self) -> Self:
        """Start the app. A failure of its startup is raised here."""
        check_left(self._entered)
        with ExitStack() as stack:
            portal = stack.enter_context(self._open_portal())
            bridge = Bridge(portal)
            stack.callback(bridge.close)
            running = portal.wrap_async_context_manager(self._server.running())
            self._entered = bridge, stack.enter_context(running)
            self._stack = stack.pop_all()
        atexit.register(self.__exit__)  # for a client that nobody leaves
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        """Leave what is still open, and shut the app down; the client may be entered again."""
        atexit.unregister(self.__exit__)
        self._entered = None
        self._stack.__exit__(exc_type, exc_value, traceback)

    @contextmanager
    def _enter(self) -> Generator[tuple[Bridge, Crew]]:
        if self._entered is not None:
            yield self._entered
            return
        with self._open_portal() as portal, portal.wrap_async_context_manager(Crew()) as crew:
            yield Bridge(portal), crew

    def _open_portal(self) -> AbstractContextManager[BlockingPortal]:
        return open_portal(self._backend, self._backend_options)

    @contextmanager
    def websocket_connect(
        self,
        url: str,
        subprotocols: Sequence[str] | None = None,
        *,
        headers: Fields | None = None,
        params: Mapping[str, str] | None = None,
        cookies: Mapping[str, str] | None = None,
        auth: Auth | None = None,
    ) -> Generator[WebSocketTestSession]:
        """Open a socket for the block. One that the app refuses is a WebSocketDenialResponse."""
        request = self.build_request(
            "GET", url, headers=headers, params=params, cookies=dict(cookies or {})
        )
        request = handshake(request, subprotocols)
        response = self.send(request, stream=True, auth=auth or self.auth, follow_redirects=False)
        try:
            if response.status_code != 101:
                response.read()
                raise WebSocketDenialResponse(response)
            yield WebSocketTestSession(response.extensions[BRIDGE], response)
        finally:
            response.close()


def check_left(entered: object) -> None:
    """RuntimeError for a client whose app is running."""
    if entered is not None:
        raise RuntimeError("this client is in use already: leave it first, or make another one")


def named(headers: Fields | None) -> httpx.Headers:
    """The header fields of a client, which calls itself `testclient` if it is not told otherwise."""
    fields = httpx.Headers(headers)
    fields.setdefault("user-agent", "testclient")
    return fields


def handshake(request: httpx.Request, subprotocols: Sequence[str] | None) -> httpx.Request:
    """A request, made one for a WebSocket (RFC 6455 section 4.1)."""
    secure = request.url.scheme in ("https", "wss")
    request.url = request.url.copy_with(scheme="wss" if secure else "ws")
    request.headers.update(HANDSHAKE)
    if subprotocols:
        request.headers["sec-websocket-protocol"] = ", ".join(subprotocols)
    return request
