"""What docs/migrate says of FastAPI and Quart, run on both sides."""

from typing import Any

import fastapi
import httpx
import pytest
import quart
from pydantic import BaseModel

from framework import App, HTTPException, Request
from framework.testing import TestClient

TEXT = {"content-type": "text/plain"}
JSON = {"content-type": "application/json"}


class Item(BaseModel):
    name: str


class Secretive(Item):
    secret: str = "hidden"


fast = fastapi.FastAPI()
ours = App()


@fast.get("/text")
@ours.get("/text")
async def text() -> str:
    return "hello"


@fast.get("/nothing")
@ours.get("/nothing")
async def nothing() -> None:
    pass


@fast.get("/items/{id}")
@ours.get("/items/{id}")
async def item(id: int) -> int:
    return id


@fast.get("/names/{name}")
@ours.get("/names/{name}")
async def named(name: str) -> str:
    return name


@fast.get("/names/me")
@ours.get("/names/me")
async def me() -> str:
    return "it is me"


@fast.post("/items")
async def fast_add(item: Item) -> str:
    return item.name


@ours.post("/items")
async def our_add(request: Request) -> str:
    return (await request.decode(Item)).name


@fast.get("/items")
@ours.get("/items")
async def items() -> list[int]:
    return [1]


@fast.get("/model", response_model=Item)
@ours.get("/model")
async def model() -> Item:
    return Secretive(name="a")


@fast.get("/detail")
async def fast_detail() -> None:
    raise fastapi.HTTPException(400, detail={"why": "so"})


@ours.get("/detail")
async def our_detail() -> None:
    raise HTTPException(400, {"why": "so"})  # type: ignore[arg-type]


def post(body: bytes, fields: dict[str, str]) -> Any:
    return lambda client: client.post("/items", content=body, headers=fields)


def get(path: str) -> Any:
    return lambda client: client.get(path)


OF_FASTAPI = {
    "a text": (get("/text"), (200, '"hello"'), (200, "hello")),
    "None": (get("/nothing"), (200, "null"), (204, "")),
    "another type": (get("/items/x"), 422, 404),
    "a body that does not fit": (post(b'{"name": 1}', JSON), 422, 422),
    "malformed JSON": (post(b"{", JSON), 422, 400),
    "JSON as text": (post(b'{"name": "a"}', TEXT), 422, 415),
    "HEAD": (lambda client: client.head("/text"), 405, 200),
    "order": (get("/names/me"), (200, '"me"'), (200, "it is me")),
    "a detail": (get("/detail"), 400, 500),
    "a model": (get("/model"), (200, '{"name":"a"}'), (200, '{"name":"a","secret":"hidden"}')),
}


def seen(answer: httpx.Response, wanted: object) -> object:
    return (answer.status_code, answer.text) if isinstance(wanted, tuple) else answer.status_code


def client_of(app: Any) -> TestClient:
    return TestClient(app, raise_server_exceptions=False, follow_redirects=False)


@pytest.mark.parametrize(("asked", "there", "here"), OF_FASTAPI.values(), ids=OF_FASTAPI)
def test_fastapi_answers_the_same_request_otherwise(asked: Any, there: Any, here: Any) -> None:
    assert seen(asked(client_of(fast)), there) == there
    assert seen(asked(client_of(ours)), here) == here


def test_fastapi_allows_the_methods_of_the_first_route() -> None:
    assert client_of(fast).put("/items").headers["allow"] == "POST"
    assert client_of(ours).put("/items").headers["allow"] == "GET, HEAD, OPTIONS, POST"


flaskish = quart.Quart("flaskish")


@flaskish.get("/text")
async def quart_text() -> str:
    return "hello"


@flaskish.get("/tuple")
async def quart_tuple() -> tuple[str, int]:
    return "made", 201


@flaskish.get("/names/<name>")
async def quart_name(name: str) -> str:
    return name


@flaskish.post("/count")
async def quart_count() -> str:
    return f"{len(await quart.request.get_data())}"


@flaskish.get("/slash/")
async def quart_slash() -> str:
    return "slash"


def test_quart_answers_otherwise() -> None:
    client = client_of(flaskish)
    assert client.get("/text").headers["content-type"] == "text/html; charset=utf-8"
    assert client.get("/tuple").status_code == 201
    assert client.get("/names/a%2Fb").status_code == 404
    assert client.post("/count", content=bytes(17 * 1024 * 1024)).status_code == 413
    assert client.get("/slash").status_code == 308
    assert client.get("/text/").status_code == 404
    assert flaskish.config["RESPONSE_TIMEOUT"] == 60
