import subprocess
import sys
from typing import Any

import pytest
from openapi_spec_validator import validate

from framework import App, Router
from framework.exceptions import ConfigError
from framework.openapi import OpenAPI
from tests.driver import ask, id_of
from tests.protocols import converse


def documented(**options: Any) -> App:
    app = App()

    @app.get("/hello")
    async def hello() -> str:
        """Say hello."""
        return "Hello"

    app.mount("/docs", OpenAPI(app, title="T", version="1", **options))
    return app


async def test_the_app_serves_its_own_document_and_a_page() -> None:
    app = documented()
    answer = await ask(app, path="/docs/openapi.json")
    assert answer.headers["content-type"] == "application/json"
    validate(answer.json())
    assert [*answer.json()["paths"]] == ["/hello"]
    assert "servers" not in answer.json()
    for path in ("/docs", "/docs/"):
        page = await ask(app, path=path)
        assert page.headers["content-type"] == "text/html; charset=utf-8"
        assert "default-src 'none'" in page.headers["content-security-policy"]
        assert "Say hello." in page.text
        assert 'href="/docs/openapi.json"' in page.text
    assert (await ask(app, path="/hello")).text == "Hello"


async def test_to_head_the_body_is_not_sent() -> None:
    answer = await ask(documented(), "HEAD", "/docs")
    assert (answer.status, answer.body) == (200, b"")


async def test_links_and_servers_begin_with_the_root_path() -> None:
    app = documented()
    answer = await ask(app, path="/a%20%22b/docs/openapi.json", root_path='/a "b')
    assert answer.json()["servers"] == [{"url": "/a%20%22b"}]
    page = await ask(app, path="/a%20%22b/docs", root_path='/a "b')
    assert 'href="/a%20%22b/docs/openapi.json"' in page.text
    outer, router = App(), Router(prefix="/outer")
    router.mount("", app)
    outer.include(router)
    answer = await ask(outer, path="/outer/docs/openapi.json")
    assert answer.json()["servers"] == [{"url": "/outer"}]


async def test_in_a_router_of_the_app_it_has_the_roots_path() -> None:
    app, router = App(), Router(prefix="/about/us")
    router.mount("/docs", OpenAPI(app, title="T", version="1"))
    app.include(router)
    answer = await ask(app, path="/x/about/us/docs/openapi.json", root_path="/x")
    assert answer.json()["servers"] == [{"url": "/x"}]


async def test_servers_that_are_given_are_the_servers() -> None:
    servers = ["https://example.com", {"url": "/v1", "description": "x"}]
    app = documented(servers=servers, description="All of it.", path="/api.json")
    answer = await ask(app, path="/x/docs/api.json", root_path="/x")
    assert answer.json()["servers"] == [{"url": "https://example.com"}, servers[1]]
    assert answer.json()["info"] == {"title": "T", "description": "All of it.", "version": "1"}


async def test_it_can_be_mounted_elsewhere_at_the_root_or_served_alone() -> None:
    app = documented()
    beside = App()
    beside.mount("", OpenAPI(app, title="T", version="1"))
    for each in (beside, OpenAPI(app, title="T", version="1")):
        answer = await ask(each, path="/x/openapi.json", root_path="/x")
        assert "servers" not in answer.json()
        assert (await ask(each, path="/")).status == 200


async def test_at_the_root_of_the_app_itself_it_has_the_roots_path() -> None:
    app = App()
    app.mount("", OpenAPI(app, title="T", version="1"))
    assert (await ask(app, path="/x/openapi.json", root_path="/x")).json()["servers"] == [
        {"url": "/x"}
    ]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/docs/other", 404), ("POST", "/docs", 405), ("POST", "/docs/openapi.json", 405)],
)
async def test_other_paths_and_methods_are_errors(method: str, path: str, status: int) -> None:
    answer = await ask(documented(), method, path)
    assert answer.status == status
    assert answer.json()["status"] == status
    assert answer.error is None
    alone = OpenAPI(documented(), title="T", version="1")
    answer = await ask(alone, method, path.removeprefix("/docs") or "/")
    assert (answer.status, answer.json()["status"]) == (status, status)


async def test_a_websocket_is_refused() -> None:
    alone = OpenAPI(documented(), title="T", version="1")
    for app, path in ((alone, "/"), (documented(), "/docs")):
        assert (await converse(app, path)).types == ["close"]


async def test_the_document_is_made_once_by_the_first_request() -> None:
    made: list[int] = []

    class Counting(OpenAPI):
        __slots__ = ()

        def document(self) -> dict[str, Any]:
            made.append(1)
            return {**super().document(), "security": [{}]}

    app = App()
    app.mount("/docs", Counting(app, title="T", version="1"))
    app.compile()
    assert made == []
    for path in ("/docs", "/docs/openapi.json", "/docs/openapi.json"):
        answer = await ask(app, path=path)
    assert made == [1]
    assert answer.json()["security"] == [{}]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"app": Router()}, "it documents an App; include a Router in one"),
        ({"title": ""}, r"OpenAPI\(title=''\): give a text"),
        ({"version": 1.0}, r"OpenAPI\(version=1.0\): give a text, such as version='1.0'"),
        ({"servers": "/v1"}, r"OpenAPI\(servers='/v1'\): give a list, such as \['/v1'\]"),
        (
            {"path": "openapi.json"},
            r"OpenAPI\(path='openapi.json'\): give a path such as '/openapi",
        ),
        ({"path": "/"}, "give a path such as '/openapi"),
    ],
    ids=id_of,
)
def test_options_that_cannot_be_are_errors(options: dict[str, Any], message: str) -> None:
    given: dict[str, Any] = {"app": App(), "title": "T", "version": "1", **options}
    with pytest.raises(ConfigError, match=message):
        OpenAPI(given.pop("app"), **given)


async def test_another_kind_of_scope_is_not_served() -> None:
    answer = await ask(OpenAPI(App(), title="T", version="1"), type="other", is_checked=False)
    assert str(answer.error) == "OpenAPI serves http, not a scope of type 'other'"


def test_the_framework_does_not_import_it() -> None:
    program = "import sys, framework; print([m for m in sys.modules if m.startswith('framework.openapi')])"
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert ended.stdout == "[]\n"


async def test_a_request_for_something_else_runs_no_frame_of_it() -> None:
    app = documented()
    await ask(app, path="/docs")
    frames: set[str] = set()
    sys.setprofile(lambda frame, event, argument: frames.add(frame.f_code.co_filename))
    try:
        await ask(app, path="/hello")
    finally:
        sys.setprofile(None)
    assert any("_dispatch" in each for each in frames)
    assert not any("openapi" in each and "tests" not in each for each in frames)
