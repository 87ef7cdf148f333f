"""The examples, each on a real server with a real client."""

import re
from collections.abc import Generator
from pathlib import Path

import httpx
import pytest

from tests.servers import HOST, ROOT, serve


@pytest.fixture(params=["uvicorn-httptools", "hypercorn-trio"])
def todo(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Generator[httpx.Client]:
    monkeypatch.setenv("TODO_DB", str(tmp_path / "todo.sqlite"))
    with (
        serve(request.param, "examples.todo:app") as server,
        httpx.Client(base_url=f"http://{HOST}:{server.port}") as client,
    ):
        yield client
        assert "Traceback" not in server.log()


def test_the_todo_example_keeps_todos(todo: httpx.Client) -> None:
    created = todo.post("/api/todos", json={"title": "write tests"})
    assert created.status_code == 201
    assert created.headers["location"] == "/api/todos/1"
    assert todo.get(created.headers["location"]).json() == created.json()
    assert todo.post("/api/todos", json={"title": "run them"}).json()["id"] == 2
    marked = todo.patch("/api/todos/1", json={"done": True})
    assert marked.json() == {"id": 1, "title": "write tests", "done": True}
    assert [each["id"] for each in todo.get("/api/todos").json()] == [1, 2]
    assert [each["id"] for each in todo.get("/api/todos?done=true").json()] == [1]
    assert [each["id"] for each in todo.get("/api/todos?done=false").json()] == [2]
    assert todo.delete("/api/todos/1").status_code == 204
    assert [each["id"] for each in todo.get("/api/todos").json()] == [2]


def test_the_todo_example_answers_mistakes_with_problems(todo: httpx.Client) -> None:
    missing = todo.get("/api/todos/7")
    assert missing.status_code == 404
    assert missing.json() == {"title": "No such todo", "status": 404, "instance": "/api/todos/7"}
    assert todo.get("/api/todos/x").status_code == 404
    assert todo.get("/api/todos/99999999999999999999").status_code == 404
    assert todo.put("/api/todos/7").headers["allow"] == "DELETE, GET, HEAD, OPTIONS, PATCH"
    untitled = todo.post("/api/todos", json={"title": ""})
    assert untitled.status_code == 422
    assert untitled.json()["detail"] == "send an object with 'title', a str"
    assert todo.post("/api/todos", content=b'{"title": "x"}').status_code == 415
    assert todo.post(
        "/api/todos", content=b"{", headers={"content-type": "application/json"}
    ).is_client_error


def test_the_todo_example_tells_how_long_it_took(todo: httpx.Client) -> None:
    for path in ("", "/7", "/x"):
        assert todo.get(f"/api/todos{path}").headers["server-timing"].startswith("app;dur=")


def test_the_readme_lists_every_example_the_smallest_first() -> None:
    folder = ROOT / "examples"
    rows = re.findall(
        r"^\| \[(\w+)\.py\]\(\1\.py\) \| .+ \| `uvicorn examples\.\1:app` \|$",
        (folder / "README.md").read_text("utf-8"),
        re.MULTILINE,
    )
    sizes = {path.stem: path.read_text("utf-8").count("\n") for path in folder.glob("*.py")}
    assert sorted(rows) == sorted(sizes)
    assert rows == sorted(rows, key=lambda name: sizes[name] // 50)  # a few lines change nothing
