"""`python -m tests.compare [page]`: ask each framework what a careful client would, for docs/compare.md.

The apps are those of `tests/benchmarks/apps/compared`; the extra "bench" installs the frameworks. Each probe is
one conversation in process, by a lenient server that keeps to ASGI itself. It answers "yes", or what happened
instead. The table stands between two comments; the text around it is written by hand.
"""

import logging
import sys
import threading
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeAlias

import anyio
import anyio.lowlevel

from framework import Headers
from framework.types import ASGIApp, Message, Scope
from tests.benchmarks.apps.compared import FOLDER, FRIEND
from tests.benchmarks.measure import started
from tests.driver import Fields, http_scope
from tests.protocols import websocket_scope
from tests.servers import ROOT
from tests.survey import row

__all__ = ["FRAMEWORKS", "PAGE", "PROBES", "YES", "column", "read", "written"]

PAGE = ROOT / "docs" / "compare.md"
BEGIN = "<!-- The table is made by `python -m tests.compare`. -->\n"
END = "<!-- The table of `python -m tests.compare` ends here. -->\n"
FRAMEWORKS = ("ours", "starlette", "fastapi", "litestar", "blacksheep", "falcon", "quart")
YES = "yes"

PATIENCE = 3.0  # seconds for one conversation
A_MOMENT = 0.05  # for what an app does next
PIECE = bytes(64 * 1024)
FILE = "site.css"
JSON = {"content-type": "application/json"}
DENIAL: dict[str, Any] = {"websocket.http.response": {}}

Column: TypeAlias = dict[str, str]
"""By the title of a probe what a framework does."""


@dataclass(slots=True)
class Talk:
    """What an app has sent, and whether it went on for longer than anybody waits."""

    messages: list[Message] = field(default_factory=list[Message])
    error: Exception | None = None
    hangs: bool = False

    @property
    def status(self) -> int:
        """The status; what raises before it would be a 500 of the server."""
        return int(self.messages[0].get("status", 500)) if self.messages else 500

    @property
    def headers(self) -> Headers:
        """The header fields."""
        return Headers(raw=[*self.messages[0].get("headers", ())] if self.messages else [])

    @property
    def body(self) -> bytes:
        """The whole content."""
        return b"".join(message.get("body", b"") for message in self.messages[1:])

    @property
    def text(self) -> str:
        """The content as text."""
        return self.body.decode("utf-8", "replace")

    @property
    def told(self) -> str:
        """What happened, in a word."""
        return "hangs" if self.hangs else str(self.status)


async def talk(
    app: ASGIApp, scope: Scope, incoming: Sequence[Message], *, leaves_after: int | None = None
) -> Talk:
    """Serve one connection. The client leaves when it was answered, or after as many messages."""
    said, over, left = Talk(), anyio.Event(), list(incoming)

    async def receive() -> Message:
        if left:
            return left.pop(0)
        await over.wait()
        await anyio.sleep(A_MOMENT)
        return {"type": f"{scope['type']}.disconnect", "code": 1001}

    async def send(message: Message) -> None:
        said.messages.append(message)
        is_last = message["type"].endswith(".body") and not message.get("more_body")
        if is_last or len(said.messages) == leaves_after:
            over.set()
        await anyio.lowlevel.checkpoint()

    with anyio.move_on_after(PATIENCE) as waiting:
        try:
            await app(scope, receive, send)
        except Exception as error:
            said.error = error
    said.hangs = waiting.cancelled_caught
    return said


async def ask(
    app: ASGIApp,
    path: str,
    method: str = "GET",
    headers: Fields = (),
    body: bytes = b"",
    **changes: Any,
) -> Talk:
    """A request with a body in one message."""
    fields = Headers(headers).multi_items()
    if body:
        fields.append(("content-length", str(len(body))))
    message: Message = {"type": "http.request", "body": body, "more_body": False}
    return await talk(app, http_scope(method, path, fields, **changes), [message])


def verdict(is_right: bool, otherwise: str) -> str:
    """The cell of the table."""
    return YES if is_right else otherwise


# Paths and methods


async def head(app: ASGIApp) -> str:
    answer = await ask(app, "/text", "HEAD")
    if answer.status != 200:
        return answer.told
    length = answer.headers.get("content-length")
    return verdict(not answer.body and length == "5", "sends the content")


async def allow(app: ASGIApp) -> str:
    answer = await ask(app, "/items", "PUT")
    return methods(answer, is_right=answer.status == 405)


async def options(app: ASGIApp) -> str:
    answer = await ask(app, "/items", "OPTIONS")
    return methods(answer, is_right=answer.status < 300)


def methods(answer: Talk, *, is_right: bool) -> str:
    """Whether Allow has those that there are."""
    allowed = sorted(filter(None, answer.headers.get("allow", "").split(", ")))
    is_right = is_right and {"GET", "POST"} <= {*allowed}
    return verdict(is_right, f"{answer.told} {', '.join(allowed)}".strip())


async def slash(app: ASGIApp) -> str:
    answer = await ask(app, "/names/a%2Fb")
    return verdict(answer.text == "a/b", answer.told if answer.status != 200 else answer.text)


async def digits(app: ASGIApp) -> str:
    answer = await ask(app, f"/users/{'1' * 5000}")
    return verdict(400 <= answer.status < 500, answer.told)


async def root_path(app: ASGIApp) -> str:
    answer = await ask(app, "/api/text", root_path="/api")
    return verdict(answer.text == "hello", answer.told)


async def root_path_of_before(app: ASGIApp) -> str:
    answer = await ask(app, "/text", root_path="/api")
    return verdict(answer.text == "hello", answer.told)


async def mount(app: ASGIApp) -> str:
    answer = await ask(app, "/mounted/")
    if answer.status == 404:
        return "mounts nothing"
    return verdict(answer.text == "started", answer.text)


# What comes in


async def json_of(app: ASGIApp, body: bytes, media_type: str = "application/json") -> str:
    answer = await ask(app, "/json", "POST", {"content-type": media_type}, body)
    return verdict(400 <= answer.status < 500, answer.told)


async def malformed(app: ASGIApp) -> str:
    return await json_of(app, b'{"a":')


async def not_utf_8(app: ASGIApp) -> str:
    return await json_of(app, b'"\xff\xfe"')


async def nested(app: ASGIApp) -> str:
    return await json_of(app, b"[" * 100_000 + b"]" * 100_000)


async def as_text(app: ASGIApp) -> str:
    answer = await ask(app, "/json", "POST", {"content-type": "text/plain"}, b'{"a": 1}')
    return verdict(b'"a"' not in answer.body, "is read")


async def endless(app: ASGIApp) -> str:
    message: Message = {"type": "http.request", "body": PIECE, "more_body": True}
    last: Message = {"type": "http.request", "body": b"", "more_body": False}
    fields = {"transfer-encoding": "chunked"}
    answer = await talk(app, http_scope("POST", "/body", fields), [message] * 1024 + [last])
    return verdict(answer.status == 413, f"{answer.told}, {answer.text} bytes"[:25])


async def repeated(app: ASGIApp) -> str:
    answer = await ask(app, "/query?a=1&a=2")
    return verdict(answer.text == "1,2", f"{answer.told} {answer.text}")


async def cookies(app: ASGIApp) -> str:
    answer = await ask(app, "/cookie", headers={"cookie": 'a={"x": "y"}; b=1'})
    return verdict(answer.text == "1", f"{answer.told} {answer.text}")


# What goes out


async def line_break(app: ASGIApp) -> str:
    answer = await ask(app, "/field?value=a%0d%0ax-evil:%201")
    sent = b"".join(value for _, value in answer.headers.raw)
    return verdict(b"\r" not in sent and b"\n" not in sent, "is sent")


async def no_content(app: ASGIApp) -> str:
    answer = await ask(app, "/nothing")
    if answer.status != 204:
        return answer.told
    is_right = not answer.body and "content-length" not in answer.headers
    return verdict(is_right, f"{len(answer.body)} bytes, with Content-Length")


async def error(app: ASGIApp) -> str:
    answer = await ask(app, "/boom")
    return verdict(answer.status == 500 and "secret" not in answer.text, answer.told)


async def error_of_another_origin(app: ASGIApp) -> str:
    answer = await ask(app, "/boom", headers={"origin": FRIEND})
    fields = [name for name in answer.headers if name.startswith("access-control-allow-origin")]
    return verdict(fields != [] and answer.status == 500, "none")


async def closing(app: ASGIApp, closed: list[str], spec_version: str) -> str:
    closed.clear()
    asgi = {"version": "3.0", "spec_version": spec_version}
    request: Message = {"type": "http.request", "body": b"", "more_body": False}
    answer = await talk(app, http_scope("GET", "/wait", asgi=asgi), [request], leaves_after=2)
    await anyio.sleep(A_MOMENT)
    return verdict(closed == ["wait"] and not answer.hangs, "waits on")


async def thread(app: ASGIApp) -> str:
    answer = await ask(app, "/thread")
    return verdict(answer.text != str(threading.get_ident()), "blocks all others")


# Files


async def unchanged(app: ASGIApp) -> str:
    first = await ask(app, f"/static/{FILE}")
    fields = {"etag": "if-none-match", "last-modified": "if-modified-since"}
    known = {theirs: first.headers.get(name, "") for name, theirs in fields.items()}
    again = await ask(app, f"/static/{FILE}", headers={k: v for k, v in known.items() if v})
    return verdict(again.status == 304, again.told)


async def suffix(app: ASGIApp) -> str:
    answer = await ask(app, f"/static/{FILE}", headers={"range": "bytes=-5"})
    content = (FOLDER / FILE).read_bytes()
    return verdict(answer.status == 206 and answer.body == content[-5:], answer.told)


async def flood(app: ASGIApp) -> str:
    answer = await ask(app, f"/static/{FILE}", headers={"range": f"bytes={'0-,' * 500}0-"})
    times = len(answer.body) / (FOLDER / FILE).stat().st_size
    return verdict(times < 3 and answer.status < 500, f"{answer.told}, {times:.0f} times the file")


async def posted(app: ASGIApp) -> str:
    answer = await ask(app, f"/static/{FILE}", "POST")
    return verdict(400 <= answer.status < 500, answer.told)


# Sockets


async def nowhere(app: ASGIApp) -> str:
    answer = await talk(app, websocket_scope("/nowhere"), [{"type": "websocket.connect"}])
    kinds = [message["type"] for message in answer.messages]
    return verdict(kinds == ["websocket.close"], ", ".join(kinds) or answer.told)


async def denied(app: ASGIApp) -> str:
    scope = websocket_scope("/nowhere", extensions=DENIAL)
    answer = await talk(app, scope, [{"type": "websocket.connect"}])
    kinds = [message["type"] for message in answer.messages]
    return verdict(answer.status == 404, "403" if kinds == ["websocket.close"] else answer.told)


Probe: TypeAlias = Callable[[ASGIApp], Awaitable[str]]

PROBES: dict[str, Probe] = {
    "HEAD where there is GET, without content": head,
    "405 with every method of the path in Allow": allow,
    "OPTIONS answers with Allow": options,
    "`%2F` is part of a segment: `/names/a%2Fb`": slash,
    "an int parameter of 5,000 digits is a 4xx": digits,
    "`root_path`, where `path` has it in front (ASGI now)": root_path,
    "`root_path`, where the server has cut it off (before)": root_path_of_before,
    "the lifespan of a mounted app runs": mount,
    "malformed JSON is a 4xx": malformed,
    "JSON that is not UTF-8 is a 4xx": not_utf_8,
    "JSON of 100,000 nested arrays is a 4xx": nested,
    "JSON under `text/plain` is refused (CSRF)": as_text,
    "a body of 64 MiB without a length is a 413": endless,
    "every value of a repeated query key": repeated,
    "a cookie behind a malformed one is read": cookies,
    "CR LF in a response field is not sent": line_break,
    "204 without content and Content-Length": no_content,
    "a 500 tells nothing of the exception": error,
    "a 500 has its CORS field": error_of_another_origin,
    "a plain `def` handler does not block the event loop": thread,
    "304 for a file that the client has": unchanged,
    "the last bytes of a file: `bytes=-5`": suffix,
    "500 ranges of a file are not 500 files": flood,
    "POST to a file is refused": posted,
    "an unknown socket is closed": nowhere,
    "and is a 404, where the server can say so": denied,
}

STREAMS = {
    "a waiting stream ends when its client goes (ASGI 2.3)": "2.3",
    "the same where `send` raises (ASGI 2.5)": "2.5",
}


async def column(name: str) -> Column:
    """What a framework does."""
    module = import_module(f"tests.benchmarks.apps.compared.{name}")
    found: Column = {}
    async with started(module.app) as app:
        for title, probe in PROBES.items():
            found[title] = await probe(app)
        for title, spec_version in STREAMS.items():
            found[title] = await closing(app, module.closed, spec_version)
    return found


def table(columns: Mapping[str, Column]) -> str:
    """A column for each framework, a row for each probe, and how many are as they should be."""
    lines = [row("", *columns), row(*["---"] * (len(columns) + 1))]
    titles = [*PROBES, *STREAMS]
    lines += [row(title, *(each[title] for each in columns.values())) for title in titles]
    counts = [f"{[*each.values()].count(YES)} of {len(titles)}" for each in columns.values()]
    versions = ", ".join(f"{name} {version(name)}" for name in columns if name != "ours")
    return f"{''.join(lines)}{row('**yes**', *counts)}\nAsked of {versions}.\n"


def written(page: str, columns: Mapping[str, Column]) -> str:
    """The page with a new table."""
    before, _, rest = page.partition(BEGIN)
    return f"{before}{BEGIN}\n{table(columns)}\n{END}{rest.partition(END)[2]}"


def read(page: str) -> dict[str, Column]:
    """What the table says of each framework, by what it is called there."""
    made = page.partition(BEGIN)[2].partition(END)[0]
    (_, *names), _, *rows = (
        [cell.strip() for cell in line.strip("|").split(" | ")]
        for line in made.splitlines()
        if line.startswith("|")
    )
    return {
        name: {title: cells[place] for title, *cells in rows[:-1]}
        for place, name in enumerate(names)
    }


def main(page: Path = PAGE) -> None:
    """Ask all of them, and write the table into a page."""
    logging.disable(logging.CRITICAL)  # of what is provoked here
    columns = {name: anyio.run(column, name) for name in FRAMEWORKS}
    page.write_text(written(page.read_text(), columns))


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
