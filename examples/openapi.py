"""A small JSON API that documents itself: read it at `/docs`, or as `/docs/openapi.json`.

Serve it with `uvicorn examples.openapi:app`. Bodies are decoded by msgspec, which knows dataclasses.
"""

from dataclasses import dataclass
from datetime import date
from enum import Enum
from itertools import count
from typing import Annotated

import msgspec

from framework import App, HTTPException, Request, Router
from framework.openapi import OpenAPI, operation


class Priority(Enum):
    """How soon it has to be done."""

    LOW = "low"
    HIGH = "high"


@dataclass(frozen=True, slots=True)
class Draft:
    """A todo that is not kept yet."""

    title: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    priority: Priority = Priority.LOW
    due: date | None = None


@dataclass(frozen=True, slots=True)
class Todo:
    """One thing to do."""

    id: int
    title: str
    priority: Priority
    due: date | None
    done: bool = False


@dataclass(frozen=True, slots=True)
class Filter:
    """Which todos to show."""

    priority: Priority | None = None


app = App(json=msgspec.json)
todos = Router(prefix="/todos")
kept: dict[int, Todo] = {}
numbers = count(1)


@todos.get("")
@operation(query=Filter, responses={400: "There is no such priority."})
async def list_todos(request: Request) -> list[Todo]:
    """All todos.

    Those of one priority, if `priority` is given.
    """
    try:
        asked = msgspec.convert(dict(request.query_params), Filter)
    except msgspec.ValidationError as error:
        raise HTTPException(400, str(error)) from error
    return [todo for todo in kept.values() if asked.priority in (None, todo.priority)]


@todos.post("", status_code=201)
async def add_todo(request: Request) -> Todo:
    """Add a todo."""
    draft = await request.decode(Draft)
    todo = Todo(next(numbers), draft.title, draft.priority, draft.due)
    kept[todo.id] = todo
    return todo


@todos.get("/{id}")
@operation(responses={404: "There is no such todo."})
async def show_todo(id: int) -> Todo:
    """One todo."""
    return known(id)


@todos.put("/{id}")
@operation(responses={404: "There is no such todo."})
async def change_todo(request: Request, id: int) -> Todo:
    """Change a todo; what is not given gets its default."""
    draft = await request.decode(Draft)
    kept[id] = Todo(known(id).id, draft.title, draft.priority, draft.due)
    return kept[id]


@todos.delete("/{id}")
@operation(responses={404: "There is no such todo."})
async def remove_todo(id: int) -> None:
    """Remove a todo."""
    del kept[known(id).id]


def known(id: int) -> Todo:
    """The todo with this id, or 404."""
    if id not in kept:
        raise HTTPException(404, f"there is no todo {id}")
    return kept[id]


app.include(todos)
app.mount(
    "/docs", OpenAPI(app, title="Todos", version="1.0", description="Things to do, kept in memory.")
)
