"""A JSON API over a SQLite file: routers, middleware, error handlers and a lifespan.

Serve it with `uvicorn examples.todo:app`; the file is `todo.sqlite`, or what `TODO_DB` says.
"""

import os
import sqlite3
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from time import perf_counter
from typing import Any

from framework import (
    App,
    CallNext,
    HTTPException,
    JSONResponse,
    Request,
    Response,
    Router,
    run_in_threadpool,
)


@dataclass(frozen=True, slots=True)
class Todo:
    """One thing to do; returned from a handler, it is sent as JSON."""

    id: int
    title: str
    done: bool


class NoSuchTodo(Exception):
    """There is no todo with this id."""


class Store:
    """The todos in a SQLite file. Its methods block, so they are called in worker threads."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.run("CREATE TABLE IF NOT EXISTS todos (id INTEGER PRIMARY KEY, title TEXT, done INT)")

    def run(self, statement: str, *values: object) -> list[Todo]:
        """Execute one statement in a transaction of its own."""
        with closing(sqlite3.connect(self.path)) as database, database:
            rows = database.execute(statement, values).fetchall()
        return [Todo(id, title, bool(done)) for id, title, done in rows]

    def one(self, statement: str, *values: object) -> Todo:
        """Execute a statement that concerns one todo."""
        for todo in self.run(statement, *values):
            return todo
        raise NoSuchTodo


@asynccontextmanager
async def lifespan(app: App) -> AsyncGenerator[dict[str, Store]]:
    """Open the file before the first request; each request finds the store in its state."""
    yield {"store": await run_in_threadpool(Store, os.environ.get("TODO_DB", "todo.sqlite"))}


app = App(lifespan=lifespan)
api = Router(prefix="/api")


@app.middleware
async def server_timing(request: Request, call_next: CallNext) -> Response:
    """Tell the browser's developer tools how long the handler took."""
    started = perf_counter()
    response = await call_next(request)
    response.headers["server-timing"] = f"app;dur={(perf_counter() - started) * 1000:.1f}"
    return response


@app.exception_handler(NoSuchTodo)
async def no_such_todo(request: Request, error: NoSuchTodo) -> Response:
    """Answer 404 wherever the store finds nothing."""
    problem = {"title": "No such todo", "status": 404, "instance": request.url.path}
    return JSONResponse(problem, 404, media_type="application/problem+json")


@api.get("/todos")
def list_todos(request: Request) -> list[Todo]:
    """All todos; `?done=true` or `?done=false` for some. A plain function runs in a thread."""
    done = request.query_params.get("done")
    if done is None:
        return store_of(request).run("SELECT * FROM todos ORDER BY id")
    return store_of(request).run("SELECT * FROM todos WHERE done = ? ORDER BY id", done == "true")


@api.post("/todos")
async def add_todo(request: Request) -> Response:
    """Add one from `{"title": "..."}`."""
    title = await changes(request, "title", str)
    todo = await run_in_threadpool(
        store_of(request).one, "INSERT INTO todos (title, done) VALUES (?, 0) RETURNING *", title
    )
    location = request.url_path_for("show_todo", id=todo.id)
    return JSONResponse(todo, 201, {"location": location})


@api.get("/todos/{id}")
def show_todo(request: Request, id: int) -> Todo:
    """One todo."""
    return store_of(request).one("SELECT * FROM todos WHERE id = ?", id)


@api.patch("/todos/{id}")
async def mark_todo(request: Request, id: int) -> Todo:
    """Mark one as done, or not, from `{"done": true}`."""
    done = await changes(request, "done", bool)
    statement = "UPDATE todos SET done = ? WHERE id = ? RETURNING *"
    return await run_in_threadpool(store_of(request).one, statement, done, id)


@api.delete("/todos/{id}")
def delete_todo(request: Request, id: int) -> None:
    """Remove one; nothing returned is a 204."""
    store_of(request).one("DELETE FROM todos WHERE id = ? RETURNING *", id)


def store_of(request: Request) -> Store:
    """The store that the lifespan has put into the state of every request."""
    store: Store = request.state.store
    return store


async def changes(request: Request, name: str, kind: type) -> Any:
    """The one field that a body has to have; any other body is a 422."""
    match await request.json():
        case {**fields} if isinstance(fields.get(name), kind) and fields[name] != "":
            return fields[name]
        case _:
            raise HTTPException(422, f"send an object with {name!r}, a {kind.__name__}")


app.include(api)
