"""The server that the clients pretend to have: what it says of itself, and how it calls the app."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Any, TypeAlias
from urllib.parse import unquote_to_bytes

from framework._asgi2 import asgi3
from framework._extensions import DEBUG, EARLY_HINT
from framework._trailers import TRAILERS
from framework._wire.grammar import split_list
from framework._wire.urls import DEFAULT_PORTS
from framework.testing._crew import Crew
from framework.testing._http import HTTPCall
from framework.testing._httpx import httpx
from framework.testing._lifespan import LifespanCall
from framework.testing._socket import DENIAL, SocketCall
from framework.types import ASGIApp, Scope

AnyCall: TypeAlias = HTTPCall | SocketCall

EXTENSIONS: Mapping[str, Any] = {DEBUG: {}, EARLY_HINT: {}, TRAILERS: {}, DENIAL: {}}
"""What is offered unless said otherwise; `http.response.pathsend`, `.zerocopysend`, `.push` can be, too."""


class Server:
    """Calls one app, with the state that its lifespan has left."""

    __slots__ = (
        "_calls",
        "_client",
        "_extensions",
        "_patience",
        "_root_path",
        "_spec_version",
        "_strict",
        "app",
        "state",
    )

    def __init__(
        self,
        app: ASGIApp,
        *,
        strict: bool,
        root_path: str,
        client: tuple[str, int] | None,
        spec_version: str,
        extensions: Mapping[str, Any] | None,
        patience: float | None,
    ) -> None:
        self.app = app
        self.state: dict[str, Any] = {}
        self._strict = strict
        self._patience = patience
        self._root_path = root_path
        self._client = client
        self._spec_version = spec_version
        self._extensions = EXTENSIONS if extensions is None else extensions
        self._calls: set[AnyCall] = set()

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[Crew]:
        """Run the lifespan of the app around the block; a failure of it is raised, but hides no other."""
        async with Crew() as crew:
            self.state.clear()
            lifespan = LifespanCall(asgi3(self.app), self.state, self._patience)
            crew.start_soon(lifespan.run)
            await lifespan.start()
            try:
                yield crew
            except BaseException as error:
                failure = await self._stop(lifespan)
                if failure is not None and failure is not error:
                    error.add_note(f"And the app failed when it was told to stop: {failure!r}")
                raise
            failure = await self._stop(lifespan)
        if failure is not None:
            raise failure

    async def _stop(self, lifespan: LifespanCall) -> BaseException | None:
        """End the connections that are still open, then the lifespan; what is left belongs to the crew."""
        failures = [await call.leave() for call in [*self._calls]]
        failures.append(await lifespan.stop())
        return next(filter(None, failures), None)

    async def call(
        self, crew: Crew, request: httpx.Request, body: bytes | AsyncGenerator[bytes]
    ) -> AnyCall:
        """Call the app for a request, and wait for the head of the response."""
        scope = self._scope(request)
        timeout = request.extensions.get("timeout", {}).get("read")
        app, strict = asgi3(self.app), self._strict
        call = (
            SocketCall(app, scope, strict=strict, timeout=timeout)
            if scope["type"] == "websocket"
            else HTTPCall(app, scope, body, strict=strict, timeout=timeout)
        )
        self._calls.add(call)
        call.begin(crew)
        try:
            await call.start()
        except BaseException:
            await self.leave(call)
            raise
        return call

    async def leave(self, call: AnyCall) -> BaseException | None:
        """Leave a call, which may be over; returns what it has to be blamed for."""
        self._calls.discard(call)
        return await call.leave()

    def _scope(self, request: httpx.Request) -> Scope:
        """The scope, as a server makes it (ASGI HTTP specification, "HTTP Connection Scope")."""
        url = request.url
        target, _, query = url.raw_path.partition(b"?")
        fields = [(name.lower(), value) for name, value in request.headers.raw]
        fields.sort(key=lambda field: field[0] != b"host")
        scope: Scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": self._spec_version},
            "http_version": "1.1",
            "method": request.method,
            "scheme": url.scheme,
            "path": unquote_to_bytes(target).decode(errors="replace"),
            "raw_path": target,
            "query_string": query,
            "root_path": self._root_path,
            "headers": fields,
            "client": self._client,
            "server": (url.host, DEFAULT_PORTS.get(url.scheme) if url.port is None else url.port),
            "state": self.state.copy(),
            "extensions": dict(self._extensions),
        }
        if url.scheme in ("ws", "wss"):
            scope["type"] = "websocket"
            del scope["method"]
            scope["subprotocols"] = split_list(request.headers.get("sec-websocket-protocol", ""))
        return scope
