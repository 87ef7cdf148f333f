"""What is shown besides the exception: the request, its route and the versions, as named texts."""

import platform
from dataclasses import dataclass
from importlib.metadata import version

from framework._debug.failures import shown_path
from framework._debug.secrets import REDACTED, without_secrets
from framework._debug.values import Values
from framework.connections import HTTPConnection

__all__ = ["Facts", "parts"]

MOST_FIELDS = 100


@dataclass(frozen=True, slots=True)
class Facts:
    """A titled table of names and texts."""

    title: str
    rows: list[tuple[str, str]]


def parts(connection: HTTPConnection, values: Values) -> list[Facts]:
    """The tables of a page; those without rows are left out."""
    scope = connection.scope
    # Of a form or a query a name may come often, and every cookie may be a session.
    found = [
        Facts(
            "Request", [("method", scope["method"]), ("URL", without_secrets(str(connection.url)))]
        ),
        Facts("Query", _named(connection.query_params.multi_items(), values)),
        Facts("Headers", _named(connection.headers.multi_items(), values)),
        Facts("Cookies", [(name, REDACTED) for name in connection.cookies]),
        Facts("Route", _route(connection)),
        Facts(
            "Path parameters", [(n, values.named(n, v)) for n, v in connection.path_params.items()]
        ),
        Facts("Versions", _versions()),
    ]
    return [Facts(part.title, part.rows[:MOST_FIELDS]) for part in found if part.rows]


def _named(items: list[tuple[str, str]], values: Values) -> list[tuple[str, str]]:
    return [(name, values.named(name, value)) for name, value in items[:MOST_FIELDS]]


def _route(connection: HTTPConnection) -> list[tuple[str, str]]:
    route = connection.scope.get("route")
    if route is None:
        return []
    return [("path", route.path or "/"), ("declared at", shown_path(route.where))]


def _versions() -> list[tuple[str, str]]:
    return [
        ("Python", platform.python_version()),
        ("asgi-framework", version("asgi-framework")),
    ]
