"""examples/mounting.py on real servers: each of its parts answers, below its own path."""

import re
from collections.abc import Generator

import httpx
import pytest

from tests.servers import HOST, serve


@pytest.fixture(scope="module", params=["uvicorn-httptools", "hypercorn-trio"])
def client(request: pytest.FixtureRequest) -> Generator[httpx.Client]:
    with (
        serve(request.param, "examples.mounting:app") as server,
        httpx.Client(base_url=f"http://{HOST}:{server.port}") as client,
    ):
        yield client
        assert "Traceback" not in server.log()


def test_every_link_of_the_first_page_leads_somewhere(client: httpx.Client) -> None:
    links = re.findall("<a href=([^>]+)>", client.get("/").text)
    assert len(links) == 4
    for link in links:
        answer = client.get(link)
        assert (answer.status_code, len(answer.headers["x-request-id"])) == (200, 32), link


def test_flask_knows_where_it_is_mounted(client: httpx.Client) -> None:
    [link] = re.findall("<a href=([^>]+)>", client.get("/shop/").text)
    assert link == "/shop/items/7"
    assert client.get(link).text == "Item 7"
    assert client.get("/shop/items/x").status_code == 404


def test_the_lifespan_of_starlette_has_run(client: httpx.Client) -> None:
    assert client.get("/cafe/prices/coffee").json() == {"price": 5}
    assert client.get("/cafe/prices/water").json() == {"price": None}


def test_files_are_served_with_their_conditions(client: httpx.Client) -> None:
    icon = client.get("/static/icon.svg")
    assert icon.headers["content-type"] == "image/svg+xml"
    again = client.get("/static/icon.svg", headers={"if-none-match": icon.headers["etag"]})
    assert again.status_code == 304


def test_what_nobody_answers_has_an_id_too(client: httpx.Client) -> None:
    for path in ("/nowhere", "/shop/nowhere", "/cafe/nowhere", "/static/nowhere"):
        answer = client.get(path)
        assert (answer.status_code, len(answer.headers["x-request-id"])) == (404, 32), path
