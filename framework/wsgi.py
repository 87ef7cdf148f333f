"""WSGI apps (PEP 3333) as ASGI apps: each request in a worker thread, from the call to `close()`.

What the environment says is in `_wire.environ`, how the thread reads and sends in `_wsgi`. An answer
that an app returns whole goes back with the thread; one that it yields is sent piece by piece.
"""

import re
import sys
from collections.abc import Callable, Iterable, Sequence
from io import BufferedReader, BytesIO
from types import TracebackType
from typing import Any, TypeAlias
from wsgiref.types import WSGIApplication
from wsgiref.util import FileWrapper

from framework._concurrency import DEFAULT_THREADS, ThreadPool, is_async
from framework._content import announces_body
from framework._paths import local_path, root_path
from framework._wire.environ import byte_text, field_variables
from framework._wire.headers import encode_headers
from framework._wsgi import Line, RequestBody, deliver
from framework.exceptions import ConfigError, FrameworkError
from framework.limits import check_integer
from framework.responses import LENGTH, has_no_content
from framework.types import Message, Receive, Scope, Send

__all__ = ["WSGI"]

ExcInfo: TypeAlias = (
    tuple[type[BaseException], BaseException, TracebackType] | tuple[None, None, None]
)

STATUS = re.compile(r"([2-9][0-9][0-9])(?: [\t -~\x80-\xff]*+)?")
HOP_BY_HOP = frozenset(  # RFC 2616 section 13.5.1, to which PEP 3333 points
    {
        b"connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"te",
        b"trailer",
        b"trailers",
        b"transfer-encoding",
        b"upgrade",
    }
)
DEFAULT_PORTS = {"http": 80, "https": 443}
PIECE = 64 * 1024  # bytes that are read of the body or of a file at a time


class WSGI:
    """An ASGI app that calls a WSGI app, at most `threads` requests at a time in each event loop.

    What the app raises is raised. When the client goes, `wsgi.input` and `write()` raise
    ConnectionResetError, and no more is asked of the iterable; it is always closed, in the same thread.
    """

    __slots__ = ("_app", "_threads")

    def __init__(self, app: WSGIApplication, *, threads: int = DEFAULT_THREADS) -> None:
        check_integer("WSGI", "threads", threads, least=1)
        if not callable(app) or is_async(app):  # type: ignore[redundant-expr]
            raise ConfigError(
                f"WSGI takes a WSGI app, not {app!r}; an ASGI app is mounted as it is"
            )
        self._app = app
        self._threads = ThreadPool(threads)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request; a WebSocket is refused, and a lifespan is not supported (FrameworkError)."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1000})
            return
        if scope["type"] != "http":
            raise FrameworkError(f"a WSGI app serves http, not {scope['type']!r}")
        line = Line(receive, send)
        start = await line.look_ahead() if announces_body(scope) else []
        if line.is_gone:
            return
        environ = make_environ(scope, line, start)
        answer = Answer(line, scope["method"])
        if rest := await line.run(self._threads, lambda: answer.run(self._app, environ)):
            await deliver(send, rest)


class Answer:
    """The answer to one request while the app makes it, in its thread."""

    __slots__ = ("_fields", "_is_head", "_is_over", "_is_started", "_left", "_line", "_status")

    def __init__(self, line: Line, method: str) -> None:
        self._line = line
        self._is_head = method == "HEAD"
        self._status: int | None = None
        self._fields: list[tuple[bytes, bytes]] = []
        self._left: int | None = None  # bytes of the body that may still be sent, if that is known
        self._is_started = False  # the status and the header were sent
        self._is_over = False  # all that there was to send was sent

    def run(self, app: WSGIApplication, environ: dict[str, Any]) -> Sequence[Message] | None:
        """Call the app, and send what it yields; a list is not sent, but returned as messages."""
        result = app(environ, self.start_response)
        try:
            if type(result) in (list, tuple) and not self._is_started:
                return self._whole(b"".join(map(_checked, result)))
            for chunk in result:
                self.write(chunk)
                if self._is_over or self._line.is_gone:
                    break
            if not self._is_over:
                self._line.write(*self._start(), _body(b""))
        finally:
            close: Callable[[], object] | None = getattr(result, "close", None)
            if close is not None:
                close()
        return None

    def start_response(
        self,
        status: str,
        headers: Iterable[tuple[str, str]],
        /,
        exc_info: ExcInfo | None = None,
    ) -> Callable[[bytes], None]:
        """Note the status and the header, which are sent with the first piece of the body.

        With `exc_info` they replace those that were noted; its exception is raised if these were sent.
        """
        error = None if exc_info is None else exc_info[1]
        if error is not None and self._is_started:
            try:
                raise error
            finally:
                del error, exc_info  # or its traceback would be part of a circle
        if error is None and self._status is not None:
            raise RuntimeError("start_response is called once; again only with exc_info (PEP 3333)")
        found = STATUS.fullmatch(status)
        if found is None:
            raise ValueError(
                f"a status is '200 OK', a number from 200 to 999 and a reason, not {status!a:.80}"
            )
        code, fields = int(found[1]), encode_headers(headers)
        if refused := HOP_BY_HOP.intersection(name for name, _ in fields):
            raise ValueError(
                f"{min(refused).decode()} is not the app's to send, but the server's (PEP 3333)"
            )
        self._left = _content_length(fields)
        if has_no_content(code):
            fields = [field for field in fields if field[0] != b"content-length"]
        if has_no_content(code) or self._is_head:
            self._left = 0
        self._status, self._fields = code, fields
        return self.write

    def write(self, data: bytes, /) -> None:
        """Send a piece of the body; what is longer than Content-Length says is left out (PEP 3333)."""
        if not _checked(data) or self._is_over:
            return
        messages = self._start()
        if self._left is not None:
            data = data[: self._left]
            self._left -= len(data)
        self._is_over = self._left == 0
        self._line.write(*messages, _body(data, more=not self._is_over))

    def _whole(self, body: bytes) -> list[Message]:
        start = self._start()
        if self._left is None:
            self._fields.append(LENGTH[len(body)])
        return [*start, _body(body[: self._left])]

    def _start(self) -> list[Message]:
        """The message that begins the answer, unless it was sent."""
        if self._is_started:
            return []
        if self._status is None:
            raise RuntimeError(
                "the WSGI app has a body, but has not called start_response (PEP 3333)"
            )
        self._is_started = True
        return [{"type": "http.response.start", "status": self._status, "headers": self._fields}]


class LargeFileWrapper(FileWrapper):
    """Yields a file in larger pieces than most apps ask for, as each takes a way to the event loop."""

    __slots__ = ()

    def __init__(self, filelike: Any, blksize: int = PIECE) -> None:
        super().__init__(filelike, max(blksize, PIECE))


def make_environ(scope: Scope, line: Line, start: Sequence[bytes | bytearray]) -> dict[str, Any]:
    """The environment of a request (PEP 3333, "environ Variables"), of whose body `start` has come."""
    scheme: str = scope.get("scheme") or "http"
    name, port = scope.get("server") or ("", None)
    client = scope.get("client")
    environ: dict[str, Any] = field_variables(scope["headers"])
    if line.has_ended:
        body = b"".join(start)
        if body:  # RFC 3875 section 4.1.2: the length of what it was without Transfer-Encoding
            environ["CONTENT_LENGTH"] = str(len(body))
        environ["wsgi.input"] = BytesIO(body)
    else:
        environ["wsgi.input"] = BufferedReader(RequestBody(line, start), PIECE)
    if client is not None:
        environ["REMOTE_ADDR"], environ["REMOTE_PORT"] = client[0], str(client[1] or "")
    environ |= {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": byte_text(root_path(scope)),
        "PATH_INFO": byte_text(local_path(scope)),
        "QUERY_STRING": scope.get("query_string", b"").decode("latin-1"),
        "SERVER_NAME": "localhost" if port is None else name,  # without a port it is a unix socket
        "SERVER_PORT": str(DEFAULT_PORTS.get(scheme, 80) if port is None else port),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scheme,
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
        "wsgi.file_wrapper": LargeFileWrapper,
        "asgi.scope": scope,
    }
    return environ


def _content_length(fields: Iterable[tuple[bytes, bytes]]) -> int | None:
    lengths = [value for name, value in fields if name == b"content-length"]
    if not lengths:
        return None
    if len(lengths) > 1 or not lengths[0].isdigit():  # RFC 9112 section 6.3
        sent = b", ".join(lengths).decode("latin-1")
        raise ValueError(f"Content-Length is a number of bytes, said once, not {sent!a:.80}")
    return int(lengths[0])


def _checked(chunk: object) -> bytes:
    if not isinstance(chunk, bytes):
        raise TypeError(f"the body of a WSGI app is bytes, not {type(chunk).__name__} (PEP 3333)")
    return chunk


def _body(body: bytes, *, more: bool = False) -> Message:
    return {"type": "http.response.body", "body": body, "more_body": more}
