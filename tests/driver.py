"""A minimal ASGI server for tests: one request in process, every message of the answer checked.

It is strict where servers are lenient: an answer that breaks the ASGI specification, or that says
another Content-Length than it has, fails the test.
"""

import json as json_module
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import anyio
import anyio.lowlevel

from framework import Headers
from framework.types import ASGIApp, Message, Scope

Fields = Mapping[str, str] | Iterable[tuple[str, str]]


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
    return await exchange(app, scope, [body] if isinstance(body, bytes) else body)


async def exchange(app: ASGIApp, scope: Scope, chunks: Sequence[bytes] = (b"",)) -> Answer:
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
            answer.messages += take_extension(message, answer.messages)
        if is_complete(answer):
            complete.set()
        await anyio.lowlevel.checkpoint()

    try:
        await app(scope, receive, send)
    except Exception as error:
        answer.error = error
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


def take_extension(message: Message, before: Sequence[Message]) -> list[Message]:
    """Hold a message of an extension against its specification; what it sends of a body, as a body."""
    kind = message["type"]
    if kind in ("http.response.early_hint", "http.response.debug"):
        assert not before, f"{kind} came after the start"
        assert all(type(link) is bytes for link in message.get("links", ()))
        return []
    if kind == "http.response.pathsend":
        assert [each["type"] for each in before] == ["http.response.start"]
        path = Path(message["path"])
        assert path.is_absolute()
        return [{"type": "http.response.body", "body": path.read_bytes()}]
    if kind == "http.response.zerocopysend":
        assert before
        content = os.pread(message["file"].fileno(), message["count"], message["offset"])
        more = message["more_body"]
        return [{"type": "http.response.body", "body": content, "more_body": more}]
    for name, value in message["headers"]:
        assert type(name) is type(value) is bytes, (name, value)
        assert name == name.lower()
    if kind == "http.response.push":
        assert message["path"].startswith("/")
        return []
    assert kind == "http.response.trailers"
    assert before[0]["trailers"], "the start has to announce trailers"
    assert not before[-1].get("more_body", False)
    return []


def check_http(messages: Sequence[Message], method: str, *, finished: bool) -> None:
    """Hold the messages of an answer against the HTTP part of the ASGI specification."""
    types = [message["type"] for message in messages]
    if finished or messages:
        assert types[:1] == ["http.response.start"], types
        assert set(types[1:]) <= {"http.response.body"}, types
        assert all(message.get("more_body", False) for message in messages[1:-1])
    if not finished:
        return
    assert len(messages) > 1, types
    assert not messages[-1].get("more_body", False)
    start = messages[0]
    body = b"".join(message.get("body", b"") for message in messages[1:])
    assert type(start["status"]) is int
    for name, value in start["headers"]:
        assert type(name) is type(value) is bytes, (name, value)
        assert name == name.lower()
        assert not set(name + value) & {0, 10, 13}, (name, value)
    lengths = [value for name, value in start["headers"] if name == b"content-length"]
    assert len(lengths) <= 1
    if method == "HEAD" or start["status"] in (204, 304):
        assert body == b""
    elif lengths:
        assert int(lengths[0]) == len(body)
