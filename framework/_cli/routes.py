"""`routes`: what an app answers, as a table, or as a list where a table would not fit."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from framework._layout import Paint, cells, count, near, wrap
from framework._summaries import RouteSummary, middleware_around, summary
from framework.app import App
from framework.routes import Mount

__all__ = ["route_lines"]

HEADINGS = ("METHODS", "PATH", "NAME", "HANDLER", "MIDDLEWARE")
GAP = 2


class Row(NamedTuple):
    """One line of the table; what is within a mounted app is further in."""

    depth: int
    cells: tuple[str, ...]


def route_lines(app: App, width: int, paint: Paint) -> Iterator[str]:
    """The routes in the order in which they were declared, and how many there are."""
    around = [f"{each.name} ({each.kind})" for each in middleware_around([app])]
    if around:
        for line in wrap(f"Around all of it: {', '.join(around)}", width, hanging=2):
            yield paint(line, "quiet")
    rows = list(_rows(app, "", 0))
    if rows:
        yield from _table(rows, width, paint) or _list(rows, width, paint)
    yield paint(count(len(rows), "route"), "quiet")


def _rows(app: App, prefix: str, depth: int) -> Iterator[Row]:
    for route, place in app._compiler.places.items():
        seen = summary(route, place)
        around = [
            each.name
            for each in middleware_around(place.routers, place.route)
            if each.owner != "app"
        ]
        yield Row(depth, _cells(seen, prefix, " > ".join(around)))
        if isinstance(place.route, Mount) and isinstance(place.route.app, App):
            inner = place.route.app
            inner.compile()
            yield from _rows(inner, prefix + route.path, depth + 1)


def _cells(route: RouteSummary, prefix: str, around: str) -> tuple[str, ...]:
    methods = {"http": " ".join(route.methods), "websocket": "WEBSOCKET", "mount": "MOUNT"}
    path = (prefix + route.path if route.path != "/" or not prefix else f"{prefix}/") or "/"
    where = route.where if route.kind == "mount" else route.source
    return (
        methods[route.kind],
        (route.host or "") + path,
        route.name or "",
        f"{route.handler} {near(where)}",
        around,
    )


def _table(rows: Sequence[Row], width: int, paint: Paint) -> list[str]:
    """The lines of the table; none if they would not fit."""
    shown = [HEADINGS, *(_indented(row) for row in rows)]
    used = [index for index in range(len(HEADINGS)) if any(row[index] for row in shown[1:])]
    widths = {index: max(cells(row[index]) for row in shown) for index in used}
    if sum(widths.values()) + GAP * (len(used) - 1) > width:
        return []
    lines: list[str] = []
    for row in shown:
        line = (" " * GAP).join(
            row[index] + " " * (widths[index] - cells(row[index])) for index in used
        )
        lines.append(paint(line.rstrip(), "label") if row is HEADINGS else line.rstrip())
    return lines


def _indented(row: Row) -> tuple[str, ...]:
    methods, path, *rest = row.cells
    return (methods, " " * GAP * row.depth + path, *rest)


def _list(rows: Sequence[Row], width: int, paint: Paint) -> Iterator[str]:
    for row in rows:
        methods, path, name, handler, around = row.cells
        margin = " " * GAP * row.depth
        room = width - len(margin)
        first, *more = wrap(f"{methods} {path}", room, hanging=GAP)
        yield margin + paint(first, "title")
        about = [handler, f"called {name}" if name else "", f"within {around}" if around else ""]
        for text in filter(None, about):
            more += [" " * GAP + line for line in wrap(text, room - GAP, hanging=GAP)]
        yield from (margin + line for line in more)
