from typing import Any

from framework import App, Route, Router, WebSocket, WebSocketRoute


def names(app: App, path: str, method: str = "GET", **headers: str) -> list[tuple[str, str, str]]:
    """The candidates of a request in short."""
    found = app.explain(method, path, headers).candidates
    return [(each.route.path, each.kind, each.reason) for each in found]


def plain(**values: Any) -> None: ...


async def socket(websocket: WebSocket) -> None: ...


def test_a_candidate_says_what_speaks_against_it() -> None:
    app = App(
        routes=[
            Route("/users/{id:int}", plain),
            Route("/users/{id}", plain),
            Route("/users/", plain, ["POST"]),
            Route("/items/{id}", plain, ["PUT", "PATCH"]),
            Route("/items/{id}", plain, ["DELETE"]),
            WebSocketRoute("/live", socket),
            Route("/page", plain),
            Router(host="api.test", routes=[Route("/page", plain), Route("/only", plain)]),
        ]
    )
    assert names(app, "/users/7")[0] == (
        "/users/{id}",
        "precedence",
        "'{id:int}' is tried before '{id}'",
    )
    assert names(app, "/users/x")[0] == (
        "/users/{id:int}",
        "path",
        "'{id:int}' does not take 'x': 'x' is not a 64-bit integer in decimal digits",
    )
    assert names(app, "/users")[0] == (
        "/users/",
        "slash",
        "takes the path with a slash at its end",
    )
    assert names(app, "/items/1") == [
        ("/items/{id}", "method", "answers PATCH, PUT"),
        ("/items/{id}", "method", "answers DELETE"),
    ]
    assert names(app, "/live") == [
        ("/live", "protocol", "is a WebSocket, and takes nothing but its handshake")
    ]
    assert (
        names(app, "/page", "WEBSOCKET", host="api.test")
        == [
            ("/page", "protocol", "is for HTTP, and this is the handshake of a WebSocket"),
        ]
        * 2
    )
    assert names(app, "/page", host="api.test") == [
        ("/page", "precedence", "the routes of the host that is asked for come first")
    ]
    assert names(app, "/page") == [("/page", "host", "is for the host api.test")]
    assert names(app, "/only") == [("/only", "host", "is for the host api.test")]
    assert names(app, "/quite/another/path") == names(app, "/%FF") == []


def test_the_candidates_are_few() -> None:
    app = App(routes=[Route(f"/pages/{number}", plain) for number in range(20)])
    assert len(app.explain("GET", "/pages/x").candidates) == 8


def test_a_converter_that_the_handler_asks_for_is_told_as_one_of_the_path() -> None:
    def typed(id: int) -> None: ...

    app = App(routes=[Route("/users/{id}", typed), Route("/users/{name}", plain)])
    assert names(app, "/users/7") == [
        ("/users/{name}", "precedence", "'{id:int}' is tried before '{name}'")
    ]
