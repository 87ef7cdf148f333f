"""`OpenAPI`: an ASGI app that serves the document of another, and the page that shows it."""

from collections.abc import Iterable, Mapping
from typing import Any

from framework._paths import local_path, root_path
from framework._wire.json import StandardJSON
from framework._wire.urls import quote_path
from framework.app import App
from framework.exceptions import (
    ConfigError,
    FrameworkError,
    HTTPException,
    MethodNotAllowed,
    NotFound,
)
from framework.middleware._answers import refuse
from framework.openapi._document import Document
from framework.openapi._page import HEADERS, page, page_content
from framework.responses import HTMLResponse, Response
from framework.types import Receive, Scope, Send

METHODS = frozenset({"GET", "HEAD"})

_encode = StandardJSON().encode


class OpenAPI:
    """The OpenAPI 3.1 document of an app, to be mounted: in that app itself, or wherever you like.

    Where it is mounted is the page, and below that, at `path`, the document. `servers` are URLs, or
    Server Objects; unless they are given, the server is the one that the document was asked of. It is made
    by the first request for it. A subclass may add to what `document()` returns.
    """

    __slots__ = ("_app", "_info", "_made", "_path", "_servers")

    def __init__(
        self,
        app: App,
        *,
        title: str,
        version: str,
        description: str | None = None,
        servers: Iterable[str | Mapping[str, Any]] = (),
        path: str = "/openapi.json",
    ) -> None:
        if not isinstance(app, App):
            raise ConfigError(f"OpenAPI({app!r}): it documents an App; include a Router in one")
        named: dict[str, Any] = {"title": title, "version": version}
        for name, value in named.items():
            if not isinstance(value, str) or not value:
                raise ConfigError(f"OpenAPI({name}={value!r}): give a text, such as {name}='1.0'")
        if isinstance(servers, str | Mapping):
            raise ConfigError(f"OpenAPI(servers={servers!r}): give a list, such as [{servers!r}]")
        if not path.startswith("/") or path == "/":
            raise ConfigError(f"OpenAPI(path={path!r}): give a path such as '/openapi.json'")
        self._app = app
        described = {} if description is None else {"description": description}
        self._info = {"title": title, **described, "version": version}
        self._servers = [{"url": each} if isinstance(each, str) else {**each} for each in servers]
        self._path = path
        self._made: tuple[bytes, tuple[str, str]] | None = None

    def document(self) -> dict[str, Any]:
        """The document; it compiles the app. ConfigError for what `@operation` says and cannot be."""
        made = Document(self._app)
        return {
            "openapi": "3.1.1",
            "info": {**self._info},
            **({"servers": self._servers} if self._servers else {}),
            **({"tags": [{"name": tag} for tag in made.tags]} if made.tags else {}),
            "paths": made.paths,
            "components": {"schemas": made.components},
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request; a WebSocket is refused."""
        kind = scope["type"]
        if kind not in ("http", "websocket"):
            raise FrameworkError(f"OpenAPI serves http, not a scope of type {kind!r}")
        try:
            answer = self._answer(scope)
        except HTTPException as error:
            if isinstance(scope.get("app"), App):
                raise  # to its handlers, which word the answer
            await refuse(error, scope, receive, send)
            return
        await answer(scope, receive, send)

    def _answer(self, scope: Scope) -> Response:
        path = local_path(scope)
        if scope["type"] == "websocket" or path not in ("/", self._path):
            raise NotFound
        if scope["method"] not in METHODS:
            raise MethodNotAllowed(METHODS)
        if self._made is None:
            self._made = self._make()
        document, content = self._made
        if path == "/":
            link = quote_path(root_path(scope) + self._path)
            return HTMLResponse(page(content, link), headers=HEADERS)
        root = self._root(scope)
        if root and not self._servers:
            document = b'{"servers":' + _encode([{"url": quote_path(root)}]) + b"," + document[1:]
        return Response(document, media_type="application/json")

    def _make(self) -> tuple[bytes, tuple[str, str]]:
        document = self.document()
        return _encode(document), page_content(document)

    def _root(self, scope: Scope) -> str:
        """Where the app is that is documented; empty unless this is mounted in it."""
        route = scope.get("route")
        if scope.get("app") is not self._app or route is None:
            return ""
        return "/".join(root_path(scope).split("/")[: -len(route.pattern.segments) + 1 or None])
