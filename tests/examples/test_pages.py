"""examples/pages.py as browsers use it: in process by a TestClient, and on real servers."""

from collections.abc import Iterator
from itertools import count

import httpx
import pytest

from examples.pages import MOST_NOTES, app, notes, passwords
from framework.testing import TestClient
from tests.servers import HOST, serve

ANN = {"name": "Ann <b>", "password": "open sesame"}
addresses = (f"192.0.2.{n}" for n in count(1))


@pytest.fixture
def client() -> Iterator[TestClient]:
    """A browser at an address of its own, by https, as the cookie is not sent by plain http."""
    with TestClient(app, base_url="https://notes.example", client=(next(addresses), 5)) as client:
        yield client
    passwords.clear()
    notes.clear()


def test_who_is_not_logged_in_is_asked_to(client: TestClient) -> None:
    assert "type=password" in client.get("/").text
    assert client.post("/notes", data={"text": "x"}).status_code == 403


def test_who_logs_in_has_notes(client: TestClient) -> None:
    page = client.post("/login", data=ANN)
    assert page.url.path == "/"
    assert "<title>Notes of Ann &lt;b&gt;</title>" in page.text
    assert "No notes yet." in page.text
    page = client.post("/notes", data={"text": "<script>"})
    assert "<li>&lt;script&gt;</li>" in page.text


def test_a_message_is_shown_once(client: TestClient) -> None:
    client.post("/login", data=ANN)
    assert "Kept." in client.post("/notes", data={"text": "x"}).text
    assert "Kept." not in client.get("/").text


def test_only_so_many_notes_are_kept(client: TestClient) -> None:
    client.post("/login", data=ANN)
    for number in range(MOST_NOTES + 1):
        client.post("/notes", data={"text": f"note {number}"})
    page = client.get("/")
    assert page.text.count("<li>") == MOST_NOTES
    assert "<li>note 0</li>" not in page.text


def test_who_logs_out_is_nobody_and_needs_the_password_again(client: TestClient) -> None:
    client.post("/login", data=ANN)
    client.post("/notes", data={"text": "mine"})
    assert "type=password" in client.post("/logout").text
    page = client.post("/login", data=ANN | {"password": "x"})
    assert "That is not the password." in page.text
    assert "mine" not in page.text
    assert "<li>mine</li>" in client.post("/login", data=ANN).text


@pytest.mark.parametrize(
    "data", [{}, {"name": "a"}, ANN | {"name": " "}, ANN | {"name": "a" * 201}]
)
def test_a_field_has_to_be_there_and_not_too_long(client: TestClient, data: dict[str, str]) -> None:
    answer = client.post("/login", data=data)
    assert answer.status_code == 422
    assert "1 to 200 characters" in answer.text


def test_who_tries_passwords_is_slowed_down(client: TestClient) -> None:
    client.post("/login", data=ANN)
    tried = [client.post("/login", data=ANN | {"password": "x"}).status_code for _ in range(10)]
    assert tried == [200] * 9 + [429]


def test_a_form_of_another_site_is_refused(client: TestClient) -> None:
    elsewhere = {"origin": "https://evil.example", "sec-fetch-site": "cross-site"}
    assert client.post("/login", data=ANN, headers=elsewhere).status_code == 403


@pytest.mark.parametrize("name", ["uvicorn-httptools", "hypercorn-trio"])
def test_a_notebook_on_a_real_server(name: str) -> None:
    with serve(name, "examples.pages:app") as server, httpx.Client() as client:
        url = f"http://{HOST}:{server.port}"
        answer = client.post(f"{url}/login", data=ANN)
        assert (answer.status_code, answer.headers["location"]) == (303, "/")
        cookie = answer.headers["set-cookie"]
        assert {"HttpOnly", "SameSite=Lax", "Secure"} <= {*cookie.split("; ")}
        # As a browser does for localhost; httpx does not.
        page = client.get(url, headers={"cookie": cookie.partition(";")[0]})
        assert "Notes of Ann &lt;b&gt;" in page.text
        assert page.headers["vary"] == "Cookie"
        assert "Traceback" not in server.log()
