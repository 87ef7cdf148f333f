import pytest

from tests.cli.conftest import APP as SMALL
from tests.cli.conftest import Files, Run

APP = """\
    from framework import App, Middleware, Request, Router, WebSocket
    from framework.middleware.timeout import TimeoutMiddleware

    async def note(request, call_next): ...
    async def served(scope, receive, send): ...

    inner = App()

    @inner.get("/")
    async def start(): ...

    @inner.get("/deep/{x:path}", name="deep")
    async def deep(x): ...

    api = Router(prefix="/api", host="api.test", middleware=[note])

    @api.route("/users/{id:int}", ["GET", "PUT"], middleware=[Middleware(TimeoutMiddleware, seconds=1)])
    def user(id): ...

    app = App(middleware=[Middleware(TimeoutMiddleware, seconds=9), note])
    app.include(api)
    app.mount("/inner", inner)
    app.mount("", served, name="rest")

    @app.websocket("/live")
    async def live(websocket): ...
"""


def test_routes_are_a_table_where_it_fits(files: Files, run: Run) -> None:
    files(main=APP)
    assert run("routes", "main:app", columns=110) == (
        0,
        """\
Around all of it: TimeoutMiddleware (asgi), note (function)
METHODS       PATH                         NAME   HANDLER            MIDDLEWARE
GET HEAD PUT  api.test/api/users/{id:int}  user   user main.py:17    TimeoutMiddleware > note
MOUNT         /inner                              App main.py:22
GET HEAD        /inner/                    start  start main.py:9
GET HEAD        /inner/deep/{x:path}       deep   deep main.py:12
MOUNT         /                            rest   served main.py:23
WEBSOCKET     /live                        live   live main.py:25
6 routes
""",
        "",
    )


def test_routes_are_a_list_where_a_table_does_not_fit(files: Files, run: Run) -> None:
    files(main=APP)
    out = run("routes", "main:app", columns=40)[1]
    assert (
        out
        == """\
Around all of it: TimeoutMiddleware
  (asgi), note (function)
GET HEAD PUT api.test/api/users/{id:int}
  user main.py:17
  called user
  within TimeoutMiddleware > note
MOUNT /inner
  App main.py:22
  GET HEAD /inner/
    start main.py:9
    called start
  GET HEAD /inner/deep/{x:path}
    deep main.py:12
    called deep
MOUNT /
  served main.py:23
  called rest
WEBSOCKET /live
  live main.py:25
  called live
6 routes
"""
    )


@pytest.mark.parametrize("columns", [20, 40, 80, 200])
def test_no_line_is_wider_than_the_terminal(columns: int, files: Files, run: Run) -> None:
    files(main=APP)
    for command in (["routes"], ["explain"], ["check"]):
        request = ["PUT", "/api/users/x/y"] if command == ["explain"] else []
        out = run(*command, "main:app", *request, columns=columns)[1]
        assert max(map(len, out.splitlines())) <= columns


def test_headings_are_coloured_where_colour_is_wanted(
    files: Files, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    files(main=SMALL, empty="from framework import App\napp = App()\n")
    monkeypatch.setenv("FORCE_COLOR", "1")
    lines = run("routes", "main:app")[1].splitlines()
    assert lines[0] == "\x1b[36mMETHODS   PATH             NAME  HANDLER\x1b[0m"
    assert lines[-1] == "\x1b[2m1 route\x1b[0m"
    assert run("routes", "empty:app")[1] == "\x1b[2m0 routes\x1b[0m\n"
