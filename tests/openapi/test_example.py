"""The example, asked as a client of it would, and its document as it is to be."""

import json
from pathlib import Path

from openapi_spec_validator import validate

from examples.openapi import app
from framework.testing import TestClient

GOLDEN = Path(__file__).parent / "todos.json"


def test_the_example_keeps_todos() -> None:
    with TestClient(app) as client:
        made = client.post("/todos", json={"title": "write", "priority": "high"})
        assert made.status_code == 201
        path = f"/todos/{made.json()['id']}"
        assert client.get(path).json() == made.json()
        assert made.json() in client.get("/todos?priority=high").json()
        assert made.json() not in client.get("/todos?priority=low").json()
        assert client.get("/todos?priority=none").status_code == 400
        changed = client.put(path, json={"title": "rewrite", "due": "2030-01-31"})
        assert changed.json() == made.json() | {
            "title": "rewrite",
            "priority": "low",
            "due": "2030-01-31",
        }
        assert client.post("/todos", json={"title": ""}).status_code == 422
        assert client.delete(path).status_code == 204
        assert client.get(path).json()["detail"].startswith("there is no todo")


def test_the_document_of_the_example_is_what_it_is_to_be() -> None:
    with TestClient(app) as client:
        document = client.get("/docs/openapi.json").json()
    validate(document)
    assert document == json.loads(GOLDEN.read_text("utf-8"))
