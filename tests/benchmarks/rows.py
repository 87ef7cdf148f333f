"""What is measured: each row of the table, its requests and the answers without which nobody is
timed.
"""

import json
from typing import Any, NamedTuple

from tests.benchmarks.github import ROUTES

__all__ = ["ROWS", "Call", "Row"]

TEXT = "text/plain"
JSON = "application/json"

REQUEST_ID = "5f9c2a7e41d8"

HEADERS = (
    (b"host", b"api.example.com"),
    (b"user-agent", b"Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0"),
    (b"accept", b"*/*"),
    (b"accept-language", b"en-GB,en;q=0.7,de;q=0.3"),
    (b"accept-encoding", b"gzip, deflate, br, zstd"),
    (b"referer", b"https://www.example.com/dashboard"),
    (b"x-request-id", REQUEST_ID.encode()),
    (b"connection", b"keep-alive"),
)
"""What a browser's fetch() sends, the header that one row reads among them."""

DOCUMENT = {
    "id": 1347,
    "name": "hello-world",
    "tags": ["asgi", "http", "python"],
    "owner": {"login": "octocat", "site_admin": False},
    "size": 10.25,
    "note": None,
}


class Call(NamedTuple):
    """One request and its answer: text, or what JSON must decode to; `None` is any."""

    path: str
    answer: Any
    media_type: str = TEXT
    status: int = 200
    method: str = "GET"
    query: bytes = b""
    body: bytes = b""

    def read(self, body: bytes) -> Any:
        """A body as the value that is compared with the answer."""
        return json.loads(body) if self.media_type == JSON else body.decode()

    def scope(self) -> dict[str, Any]:
        """The 13 keys that uvicorn gives, `state` among them."""
        headers = list(HEADERS)
        if self.body:
            headers += [
                (b"content-type", JSON.encode()),
                (b"content-length", str(len(self.body)).encode()),
            ]
        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "server": ("127.0.0.1", 8000),
            "client": ("127.0.0.1", 51234),
            "scheme": "http",
            "method": self.method,
            "root_path": "",
            "path": self.path,
            "raw_path": self.path.encode(),
            "query_string": self.query,
            "headers": headers,
            "state": {},
        }


class Row(NamedTuple):
    """One line of the table: `app` is what an apps module calls it, `budget` ours, in times raw."""

    key: str
    title: str
    app: str
    calls: tuple[Call, ...]
    budget: float | None = None


HELLO = Call("/", "Hello, World!")
MESSAGE = Call("/json", {"message": "Hello, World!"}, JSON)
ITEM = Call("/items/21", "42")
SEARCH = Call("/search", f"hello world {REQUEST_ID}", query=b"page=2&q=hello+world&sort=asc")
ECHO = Call("/echo", DOCUMENT, JSON, method="POST", body=json.dumps(DOCUMENT).encode())
MISSING = Call("/repos/octocat/hello-world/nowhere", None, status=404)


def github(variants: int) -> tuple[Call, ...]:
    """A call to every route of the GitHub API, `variants` times, always with other values."""
    return tuple(
        Call(route.path(variant), ",".join(("ok", *route.values(variant))), method=route.method)
        for variant in range(variants)
        for route in ROUTES
    )


ROWS = (
    Row("text", "text, static path", "plain", (HELLO,), 2.0),
    Row("json", "JSON", "plain", (MESSAGE,), 1.35),
    Row("param", "one int path parameter", "plain", (ITEM,), 2.3),
    Row("search", "query value + header read", "plain", (SEARCH,), 3.0),
    Row("echo", "JSON body echoed", "plain", (ECHO,), 1.2),
    Row("github", "the 203 routes of the GitHub API, all in turn", "github", github(1), 2.4),
    # More paths than the caches of some routers hold (1024, 1200): the row above finds a cached
    # match there, this one has to find the route.
    Row("fresh", "the same, ten times with other values", "github", github(10)),
    Row("missing", "404 among 208 routes", "github", (MISSING,), 2.0),
    Row("asgi", "five pass-through ASGI middlewares", "wrapped", (HELLO,), 1.5),
    Row("function", "five pass-through function middlewares", "nested", (HELLO,)),
)
