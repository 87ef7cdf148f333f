"""A minimal ASGI server for tests: one request in process, every message of the answer checked.

It is strict where servers are lenient: an app that breaks the ASGI specification fails the test. The
app runs in the checker, unless a test says `is_checked=False`.
"""

import json as json_module
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import anyio
import anyio.lowlevel

from framework import Headers
from framework.checker import Breach, Checker
from framework.types import ASGIApp, Message, Receive, Scope, Send

Fields = Mapping[str, str] | Iterable[tuple[str, str]]

DEVIATIONS = (
    # of accept() and close(), on daphne, which names no version and leaves them out
    "was added in version",
    # so that it comes before what refers to it (RFC 9113 section 8.4.1)
    "http.response.push came before http.response.start",
)
"""Where we break the letter of ASGI on purpose, in the words of the checker."""


@dataclass(slots=True)
class Answer:
    """What the app sent, and what it raised."""

    messages: list[Message] = field(default_factory=list[Message])
    extras: list[Message] = field(default_factory=list[Message])
    """The messages of extensions; those that send a file are in `messages`, too, as its content."""
    error: Exception | None = None

    @property
    def status(self) -> int:
        """The status of the response."""
        return int(self.messages[0]["status"])

    @property
    def headers(self) -> Headers:
        """The response's header fields."""
        return Headers(raw=list(self.messages[0]["headers"]))

    @property
    def chunks(self) -> list[bytes]:
        """The body, message by message."""
        return [message["body"] for message in self.messages[1:]]

    @property
    def body(self) -> bytes:
        """The whole body."""
        return b"".join(self.chunks)

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode()

    def json(self) -> Any:
        """The body as JSON."""
        return json_module.loads(self.body)


def http_scope(method: str = "GET", path: str = "/", headers: Fields = (), **changes: Any) -> Scope:
    """A scope as a server makes it for a request line and its fields; `path` is as it was sent."""
    path, _, query = path.partition("?")
    scope: Scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": unquote(path),
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(b"host", b"testserver"), *Headers(headers).raw],
        "client": ("127.0.0.1", 50000),
        "server": ("127.0.0.1", 80),
        "extensions": {},
    }
    return {**scope, **changes}


async def ask(
    app: ASGIApp,
    method: str = "GET",
    path: str = "/",
    *,
    headers: Fields = (),
    body: bytes | Sequence[bytes] = b"",
    json: Any = None,
    is_checked: bool = True,
    **changes: Any,
) -> Answer:
    """Send a request and wait for the whole answer. What the app raises is in `answer.error`.

    `body` may come in several messages; after it the client stays until it was answered. `changes`
    are put into the scope.
    """
    if json is not None:
        body = json_module.dumps(json).encode()
        headers = [*Headers(headers).multi_items(), ("content-type", "application/json")]
    scope = http_scope(method, path, headers, **changes)
    chunks = [body] if isinstance(body, bytes) else body
    return await exchange(app, scope, chunks, is_checked=is_checked)


async def serve(
    app: ASGIApp, scope: Scope, receive: Receive, send: Send, *, is_checked: bool = True
) -> Exception | None:
    """Serve one connection, and return what the app raises. What it breaks of ASGI fails the test."""
    violations: list[Breach] = []
    judged = Checker(app, on_violation=violations.append) if is_checked else app
    error = None
    try:
        await judged(scope, receive, send)
    except Exception as raised:
        error = raised
    found = faults(map(str, violations))
    assert not found, found
    return error


def faults(reports: Iterable[str]) -> str:
    """What the checker has reported of the app, but for what is argued for."""
    return "\n".join(
        report
        for report in reports
        if "the app broke" in report and not any(known in report for known in DEVIATIONS)
    )


async def exchange(
    app: ASGIApp, scope: Scope, chunks: Sequence[bytes] = (b"",), *, is_checked: bool = True
) -> Answer:
    """Serve one HTTP scope, and check what the app sends."""
    answer = Answer()
    complete = anyio.Event()
    parts: list[Message] = [
        {"type": "http.request", "body": chunk, "more_body": index + 1 < len(chunks)}
        for index, chunk in enumerate(chunks)
    ]

    async def receive() -> Message:
        if not parts:
            await complete.wait()
            return {"type": "http.disconnect"}
        return parts.pop(0)

    async def send(message: Message) -> None:
        kind = message["type"]
        if kind in ("http.response.start", "http.response.body"):
            answer.messages.append(message)
        else:
            assert kind in (scope["extensions"] or ()), f"nobody takes a {kind}"
            answer.extras.append(message)
            answer.messages += take_extension(message)
        if is_complete(answer):
            complete.set()
        await anyio.lowlevel.checkpoint()

    answer.error = await serve(app, scope, receive, send, is_checked=is_checked)
    check_http(answer.messages, scope["method"], finished=answer.error is None)
    assert answer.error or is_complete(answer)
    return answer


def is_complete(answer: Answer) -> bool:
    """Whether the content was sent, and the trailers if there are to be any."""
    kinds = [message["type"] for message in answer.extras]
    trailers = kinds.count("http.response.trailers")
    *_, last = answer.messages or [{"type": "nothing"}]
    has_ended = last["type"] == "http.response.body" and not last.get("more_body", False)
    return has_ended and trailers == answer.messages[0].get("trailers", False)


def take_extension(message: Message) -> list[Message]:
    """What a message of an extension sends of a body, as a body."""
    if message["type"] == "http.response.pathsend":
        return [{"type": "http.response.body", "body": Path(message["path"]).read_bytes()}]
    if message["type"] == "http.response.zerocopysend":
        content = os.pread(message["file"].fileno(), message["count"], message["offset"])
        more = message["more_body"]
        return [{"type": "http.response.body", "body": content, "more_body": more}]
    return []


def check_http(messages: Sequence[Message], method: str, *, finished: bool) -> None:
    """See that nothing is sent as content where there is none; ASGI leaves that to the servers."""
    if finished and (method == "HEAD" or messages[0]["status"] in (204, 304)):
        assert not any(message.get("body") for message in messages[1:]), messages


def id_of(value: object) -> str:
    """The id of a test by its parameter: without addresses, so that each process has the same."""
    return re.sub(r" at 0x[0-9a-f]+", "", repr(value))
