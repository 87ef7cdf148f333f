from dataclasses import dataclass
from typing import Any

import msgspec
import pytest
from openapi_spec_validator import validate

from framework import App, HTMLResponse, Request, Router
from framework.exceptions import ConfigError, HTTPException
from framework.openapi import OpenAPI, operation
from framework.routes import RouteOptions
from framework.types import Receive, Scope, Send
from tests.driver import ask


@dataclass
class Todo:
    title: str


@dataclass
class Paging:
    start: int
    size: int | None = None


def paths_of(app: App) -> dict[str, dict[str, Any]]:
    document = OpenAPI(app, title="Todos", version="1").document()
    validate(document)
    paths: dict[str, dict[str, Any]] = document["paths"]
    return paths


def operations(app: App) -> dict[str, Any]:
    """Each operation by its method and path."""
    return {
        f"{method} {path}": each
        for path, item in paths_of(app).items()
        for method, each in item.items()
    }


async def handler() -> None: ...


async def taking(request: Request) -> None: ...


async def with_id(id: int) -> None: ...


def test_routers_and_apps_are_documented_under_their_prefixes() -> None:
    app, api, users, inner, deep = (
        App(),
        Router(prefix="/api"),
        Router(),
        App(),
        Router(prefix="/deep"),
    )
    app.add_route("/", handler, name="home")
    users.add_route("", handler, name="users")
    users.add_route("/{id}", with_id, name="user")
    api.include(users, prefix="/orgs/{org}/users")
    app.add_route("/plain/{org}", taking, name="plain")
    users.routes.clear()
    users.add_route("", taking, name="users")
    app.include(api)
    deep.add_route("/x", taking, name="x")
    inner.include(deep)
    inner.add_route("/", taking, name="inner")
    app.mount("/inner/{tenant}", inner)
    found = operations(app)
    assert {key: (each.get("tags"), each["operationId"]) for key, each in found.items()} == {
        "get /": (None, "home"),
        "get /plain/{org}": (None, "plain"),
        "get /api/orgs/{org}/users": (["users"], "users"),
        "get /inner/{tenant}/deep/x": (["deep"], "x"),
        "get /inner/{tenant}/": (["inner"], "inner"),
    }
    assert [each["name"] for each in found["get /inner/{tenant}/deep/x"]["parameters"]] == [
        "tenant"
    ]


def test_what_is_not_ours_or_has_no_words_is_left_out() -> None:
    app = App()

    async def foreign(scope: Scope, receive: Receive, send: Send) -> None: ...

    async def socket(websocket: Any) -> None: ...

    @app.get("/hidden")
    @operation(hidden=True)
    async def hidden() -> None: ...

    app.mount("/foreign", foreign)
    app.add_websocket_route("/socket", socket)
    app.add_route("/query", handler, ["QUERY", "PURGE"])
    app.mount("/docs", OpenAPI(app, title="x", version="1"))
    assert paths_of(app) == {}


def test_a_class_and_a_function_of_several_methods_have_an_operation_for_each() -> None:
    app = App()

    class Users:
        """All users."""

        def get(self) -> None:
            """List them."""

        def post(self) -> None:
            """Add one."""

    app.add_route("/users", Users)
    app.add_route("/both", handler, ["GET", "PUT"])
    app.add_route("/other", handler)
    assert {key: each["operationId"] for key, each in operations(app).items()} == {
        "get /users": "Users_get",
        "post /users": "Users_post",
        "get /both": "handler_get",
        "put /both": "handler_put",
        "get /other": "handler",
    }
    assert operations(app)["post /users"]["summary"] == "Add one."


def test_operation_ids_are_unique() -> None:
    app = App()
    for path in "abc":
        app.add_route(f"/{path}", handler)
    assert [each["operationId"] for each in operations(app).values()] == [
        "handler",
        "handler_2",
        "handler_3",
    ]


def test_of_paths_that_differ_in_their_parameters_the_first_is_documented() -> None:
    app = App()

    async def named(name: str) -> None: ...

    app.add_route("/users/{id}", with_id, name="by_id")
    app.add_route("/users/{name}", named, name="by_name")
    app.add_route("/users/{name}", named, ["DELETE"], name="delete")
    found = operations(app)
    assert {key: each["operationId"] for key, each in found.items()} == {
        "get /users/{id}": "by_id",
        "delete /users/{id}": "delete",
    }
    assert found["delete /users/{id}"]["parameters"][0]["name"] == "id"
    assert {*found["get /users/{id}"]["responses"]} == {"204", "404", "default"}
    assert {*found["delete /users/{id}"]["responses"]} == {"204", "default"}


def test_hosts_are_servers_of_their_operations() -> None:
    app, api, tenants = App(), Router(host="api.example.com"), Router(host="{tenant}.example.com")
    inner = App()
    inner.add_route("/z", taking)
    api.add_route("/x", taking)
    tenants.add_route("/y", taking)
    tenants.mount("/inner", inner)
    app.include(api)
    app.include(tenants)
    variables = {"variables": {"tenant": {"default": "tenant"}}}
    assert {key: each["servers"] for key, each in operations(app).items()} == {
        "get /x": [{"url": "//api.example.com"}],
        "get /y": [{"url": "//{tenant}.example.com", **variables}],
        "get /inner/z": [{"url": "//{tenant}.example.com", **variables}],
    }


async def test_bodies_are_read_of_the_source_or_said() -> None:
    app = App(json=msgspec.json)

    @app.post("/read")
    async def read(req: Request) -> None:
        await req.decode(Todo)

    @app.post("/said")
    @operation(body=list[Todo])
    async def said() -> None: ...

    @app.post("/form")
    async def form(request: Request) -> None:
        await request.form()

    @app.post("/either")
    async def either(request: Request) -> None:
        await request.json()
        await request.form()

    @app.post("/none")
    async def none(request: Request) -> None: ...

    found = operations(app)
    reference = {"$ref": "#/components/schemas/Todo"}
    bodies = {key.split("/")[1]: each.get("requestBody") for key, each in found.items()}
    form_type = "application/x-www-form-urlencoded"
    assert bodies["read"] == {
        "content": {"application/json": {"schema": reference}},
        "required": True,
    }
    assert bodies["said"]["content"]["application/json"]["schema"]["items"] == reference
    assert [*bodies["form"]["content"]] == [form_type, "multipart/form-data"]
    assert bodies["form"]["required"] is False
    assert [*bodies["either"]["content"]] == ["application/json", form_type, "multipart/form-data"]
    assert bodies["none"] is None
    statuses = {key.split("/")[1]: [*each["responses"]] for key, each in found.items()}
    assert statuses == {
        "read": ["204", "400", "413", "415", "422", "default"],
        "said": ["204", "400", "413", "415", "422", "default"],
        "form": ["204", "400", "413", "415", "default"],
        "either": ["204", "400", "413", "415", "default"],
        "none": ["204", "default"],
    }
    for path, documented in statuses.items():
        answer = await ask(app, "POST", f"/{path}", json={"title": "x"})
        assert str(answer.status) in documented


async def test_what_is_documented_is_what_is_sent() -> None:
    app = App()
    sent: list[tuple[Any, Any, int | None]] = [
        (str, "x", None),
        (bytes, b"x", 201),
        (dict[str, int], {"x": 1}, None),
        (list[Todo], [Todo("x")], 202),
        (Todo, Todo("x"), None),
        (int, 7, None),
        (None, None, None),
        (None, None, 202),
    ]
    for number, (kind, value, status) in enumerate(sent):

        async def answer(value: Any = value) -> Any:
            return value

        answer.__annotations__["return"] = kind
        options: RouteOptions = {} if status is None else {"status_code": status}
        app.add_route(f"/{number}", answer, **options)
    for number, documented in enumerate(operations(app).values()):
        got = await ask(app, path=f"/{number}")
        response = documented["responses"][str(got.status)]
        content_type = got.headers.get("content-type", "").partition(";")[0]
        assert [*response.get("content", ())] == [*filter(None, [content_type])]


def test_a_query_is_a_parameter_for_each_field() -> None:
    app = App()

    @app.get("/{id}")
    @operation(query=Paging)
    async def show(request: Request, id: str) -> None: ...

    assert operations(app)["get /{id}"]["parameters"][1:] == [
        {"name": "start", "in": "query", "required": True, "schema": {"type": "integer"}},
        {"name": "size", "in": "query", "schema": {"type": "integer"}},
    ]


def test_a_query_without_fields_is_an_error_that_names_the_handler() -> None:
    app = App()

    @app.get("/")
    @operation(query=int)
    async def show() -> None: ...

    with pytest.raises(ConfigError, match=r"the handler show of /: .* give a class with fields"):
        paths_of(app)


def test_what_is_said_replaces_what_is_read() -> None:
    app = App()

    def make() -> HTMLResponse: ...  # type: ignore[empty-body]

    make.__doc__ = "Another summary."
    say = operation(
        tags=["a", "b"],
        summary="Summary",
        description="Description",
        operation_id="id",
        deprecated=True,
        responses={201: "Made.", 202: "Begun.", 404: "Not there.", "5XX": None, "default": "Else."},
    )
    app.add_route("/", say(make), ["POST"])
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    assert operations(app)["post /"] == {
        "tags": ["a", "b"],
        "summary": "Summary",
        "description": "Description",
        "operationId": "id",
        "deprecated": True,
        "responses": {
            "201": {"description": "Made.", "content": {"text/html": {}}},
            "202": {"description": "Begun.", "content": {"text/html": {}}},
            "404": {"description": "Not there.", "content": problem},
            "5XX": {"description": "Server error"},
            "default": {"description": "Else.", "content": problem},
        },
    }


def test_a_success_that_is_only_described_is_no_problem() -> None:
    app = App()

    @app.get("/")
    @operation(responses={202: "Begun."})
    def begin() -> int: ...  # type: ignore[empty-body]

    assert operations(app)["get /"]["responses"]["202"] == {"description": "Begun."}


def test_what_the_apps_own_handlers_answer_is_not_known() -> None:
    app = App()

    @app.exception_handler(404)
    async def missing(request: Request, error: HTTPException) -> None: ...

    @app.post("/{id}")
    @operation(body=Todo)
    async def show(id: int) -> None: ...

    responses = operations(app)["post /{id}"]["responses"]
    assert "content" in responses["415"]
    assert "content" not in responses["404"]
    assert "content" not in responses["default"]


def test_tags_are_listed_in_the_order_of_the_routes() -> None:
    app = App()
    for prefix in ("/b", "/a", "/b/c"):
        router = Router(prefix=prefix)
        router.add_route("/x", handler)
        app.include(router)
    document = OpenAPI(app, title="x", version="1").document()
    assert document["tags"] == [{"name": "b"}, {"name": "a"}, {"name": "c"}]
