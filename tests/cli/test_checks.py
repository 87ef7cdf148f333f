from tests.cli.conftest import APP, Files, Run

HINTED = """\
    from framework import App
    app = App()

    @app.head("/a")
    async def a(): ...
"""
WRONG = """\
    from framework import App
    from framework.middleware.sessions import SessionMiddleware

    app = App()
    app.add_middleware(SessionMiddleware, secret_key="0123456789abcdef0123456789abcdef", secure=False)

    @app.head("/a")
    async def a(): ...
"""


def test_what_is_found_is_told_with_its_place_and_what_to_do(files: Files, run: Run) -> None:
    files(main=WRONG)
    assert run("check", "main:app", columns=70) == (
        1,
        """\
error main.py:5
  secure=False: the cookie is sent over plain HTTP, where everybody on
    the way reads it
  -> leave secure out: Chrome and Firefox keep such a cookie from
    http://localhost, too
hint main.py:7
  /a answers HEAD, and GET with 405: HEAD is what GET would answer
  -> declare the handler for GET, which answers HEAD too
1 error, 1 hint
""",
        "",
    )


def test_hints_fail_where_one_is_strict(files: Files, run: Run) -> None:
    files(main=HINTED, fine=APP)
    assert run("check", "main:app")[0] == 0
    assert run("check", "main:app", "--strict")[0] == 1
    assert run("check", "fine:app", "--strict")[0] == 0


def test_an_app_that_cannot_be_compiled_fails(files: Files, run: Run) -> None:
    files(main='from framework import App\napp = App()\napp.add_route("/{x}", lambda: ...)\n')
    code, out, err = run("check", "main:app")
    assert (code, out) == (1, "")
    assert "'main:app' cannot be compiled: the handler <lambda> of /{x}" in err
    assert "main.py:3" in err
