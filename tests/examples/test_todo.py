"""examples/todo.py by a TestClient: plain tests, with a database of their own for each."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from examples.todo import app
from framework.testing import TestClient


@pytest.fixture
def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    """A client of the app, which has started, and whose database is empty."""
    monkeypatch.setenv("TODO_DB", str(tmp_path / "todo.sqlite"))
    with TestClient(app, base_url="https://todo.example") as client:
        yield client


def test_what_was_added_can_be_read(client: TestClient) -> None:
    added = client.post("/api/todos", json={"title": "write tests"})
    assert added.status_code == 201
    assert client.get(added.headers["location"]).json() == added.json()


def test_what_was_done_is_found_among_what_is_done(client: TestClient) -> None:
    for title in ("write tests", "run them"):
        client.post("/api/todos", json={"title": title})
    client.patch("/api/todos/2", json={"done": True})
    done = client.get("/api/todos", params={"done": "true"}).json()
    assert done == [{"id": 2, "title": "run them", "done": True}]


@pytest.mark.parametrize("body", [{}, {"title": ""}, {"title": 7}, []])
def test_a_todo_needs_a_title(client: TestClient, body: object) -> None:
    response = client.post("/api/todos", json=body)
    assert response.status_code == 422
    assert "'title', a str" in response.json()["detail"]


def test_each_test_begins_without_todos(client: TestClient) -> None:
    assert client.get("/api/todos").json() == []
    assert client.delete("/api/todos/1").status_code == 404


def test_the_lifespan_has_opened_the_store(client: TestClient) -> None:
    assert client.app_state["store"].path.endswith("todo.sqlite")
