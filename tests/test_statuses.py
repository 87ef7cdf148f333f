"""The statuses of RFC 9110 section 15, each with the fields and the content that it has to have."""

import os
from pathlib import Path

import pytest

from framework import App, FileResponse, Limits, Middleware, RedirectResponse, Request, Response
from framework.authentication import BasicBackend, requires
from framework.middleware.authentication import AuthenticationMiddleware
from tests.driver import ask
from tests.tables.preconditions import SECONDS
from tests.tables.statuses import ANY, STATUSES, Case


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> App:
    """The app that the table is for."""
    file = tmp_path_factory.mktemp("statuses") / "file.txt"
    file.write_bytes(b"0123456789" * 10)
    os.utime(file, (SECONDS, SECONDS))
    return make(file)


def make(file: Path) -> App:
    basic = Middleware(AuthenticationMiddleware, backend=BasicBackend({"a": "b"}))
    app = App(middleware=[basic], limits=Limits(max_body_size=100))

    @app.route("/resource", methods=["GET", "PUT"])
    async def resource(request: Request) -> Response:
        unchanged = request.check_preconditions(etag='"v1"')
        return unchanged or Response(b"whole", headers={"etag": '"v1"'})

    @app.get("/file")
    async def whole_file() -> FileResponse:
        headers = {"cache-control": "max-age=60", "vary": "Cookie", "content-location": "/file.txt"}
        return FileResponse(file, headers=headers)

    @app.post("/things")
    async def create() -> Response:
        return Response(status_code=201, headers={"location": "/things/1"})

    @app.delete("/things")
    async def delete() -> None:
        return None

    @app.post("/jobs", status_code=202)
    async def begin() -> str:
        return "ok"

    @app.post("/form")
    async def reset() -> Response:
        return Response(b"never to be seen", 205)

    @app.route("/moved/{status:int}", methods=["GET", "POST"])
    async def moved(status: int) -> RedirectResponse:
        return RedirectResponse("/resource", status)

    @app.get("/page")
    async def page(request: Request) -> str:
        return request.negotiate("text/html", "application/json")

    @app.post("/json")
    async def decoded(request: Request) -> object:
        return await request.json()

    app.add_route("/private", delete, middleware=[requires("admin")])

    @app.get("/boom")
    async def boom() -> None:
        raise RuntimeError("boom")

    return app


@pytest.mark.parametrize("case", STATUSES.values(), ids=STATUSES)
async def test_a_status_has_the_fields_and_the_content_that_belong_to_it(
    app: App, case: Case
) -> None:
    method, _, path = case.asked.partition(" ")
    answer = await ask(app, method, path, headers=case.headers, body=case.body)
    assert answer.status == case.status
    for name, value in case.fields.items():
        found = answer.headers.combined(name)
        assert found == value or (value == ANY and found), name
    if case.length is None:
        assert b"secret" not in answer.body
        assert 0 < len(answer.body) < 300
    else:
        assert len(answer.body) == case.length
