import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from framework import App
from framework._cli.loading import CommandError, compiled, load, load_app
from framework.types import Receive, Scope, Send
from tests.cli.conftest import APP, Files


def test_an_app_is_found_in_the_current_folder(files: Files) -> None:
    files(good=APP, factories="from good import app\ndef make(): return app\nclass Of: app = app\n")
    app = load("good:app")
    assert isinstance(app, App)
    for target in ("factories:make()", "factories:Of.app"):
        assert load_app(target) is app
    assert load("factories:make", factory=True) is app
    assert compiled(app, "good:app") is app


MODULES = {
    "good": APP,
    "other": """\
        from framework import Router
        router = Router()
        wrapped = [router].append
        def make(): ...
        def middleware(app): ...
        class Served:
            def __call__(self, scope, receive, send): ...
        served = Served()
        number = 7
        def broken(): raise OSError("no database")
    """,
    "ends": "import sys\nsys.exit(0)\n",
    "factories": """\
        import sys
        def end(): sys.exit(0)
        async def later(): ...
    """,
    "raises": "import good\nprint(good.app.missing)\n",
    "needs": "import not_installed_anywhere\n",
    "typo": "def f(:\n",
    "wrong_recipe": 'from framework import App\n\napp = App()\napp.get("users")\n',
}


@pytest.mark.parametrize(
    ("target", "message", "code"),
    [
        ("main", "'main' names no app: write module:app, such as main:app", 2),
        (":app", "':app' names no app: write module:app", 2),
        ("good.py:app", "'good.py' is a file: write its module, good:app", 2),
        ("./pkg/web.py:app", "'./pkg/web.py' is a file: write its module, pkg.web:app", 2),
        (
            "goood:app",
            "there is no module 'goood' in HERE or where packages are installed; there is good",
            2,
        ),
        ("xyz:app", "there is ends, factories, good, needs, other, raises, typo, wrong_recipe", 2),
        ("good.sub:app", "there is no module 'good.sub'", 2),
        ("good:ap", "'good:ap': good has no 'ap'; it has app", 2),
        ("other:servedd", "other has no 'servedd'; it has served", 2),
        ("other:zzz", "'other:zzz': other has no 'zzz'", 2),
        ("other:number.zzz", "7 has no 'zzz'", 2),
        (
            "other:router",
            "of framework.routing.Router, not an App of this framework: a router is a part of one; name the App",
            2,
        ),
        (
            "other:make",
            "is the function make, not an App of this framework: if it makes the app, write it with brackets",
            2,
        ),
        (
            "other:middleware",
            "is the function middleware, not an App of this framework: if it wraps one, name the App itself",
            2,
        ),
        ("other:Served", "is the class Served, not an App", 2),
        (
            "other:served",
            "is an object of other.Served, not an App of this framework: if it wraps one",
            2,
        ),
        (
            "other:number",
            "is an object of builtins.int, not an App of this framework: name the variable that App() is assigned to",
            2,
        ),
        (
            "other:number()",
            "'other:number()' is 7, which cannot be called: leave out the brackets and --factory",
            2,
        ),
        (
            "other:broken()",
            "the factory 'other:broken()' raised:\nTraceback (most recent call last):\n  File \"HERE/other",
            1,
        ),
        (
            "raises:app",
            'raised when it was imported:\nTraceback (most recent call last):\n  File "HERE/raises.py", line 2',
            1,
        ),
        ("ends:app", "the module 'ends' raised when it was imported:", 1),
        ("ends:app", "SystemExit: 0", 1),
        ("factories:end()", "SystemExit: 0", 1),
        ("factories:later()", "is `async def`: an app is made by a plain function", 2),
        (".good:app", "'.good:app': write the module as it is imported from here", 2),
        ("needs:app", "ModuleNotFoundError: No module named 'not_installed_anywhere'", 1),
        ("typo:app", "SyntaxError", 1),
        (
            "wrong_recipe:app",
            "wrong_recipe.py:4: the recipe cannot work: the path 'users' must begin with '/'",
            1,
        ),
    ],
)
def test_what_names_no_app_is_told_with_what_to_do(
    target: str, message: str, code: int, files: Files, tmp_path: Path
) -> None:
    files(**MODULES)
    with pytest.raises(CommandError) as raised:
        load_app(target)
    assert message.replace("HERE", str(tmp_path)) in str(raised.value)
    assert raised.value.code == code


def test_in_a_package_its_modules_are_proposed(files: Files, tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    for name in ("__init__", "basket", "orders"):
        (tmp_path / "shop" / f"{name}.py").touch()
    files(other="")
    with pytest.raises(CommandError) as raised:
        load("shop.baskets:app")
    assert str(raised.value).endswith("; there is shop.basket")


def test_in_an_empty_folder_nothing_is_proposed(files: Files, tmp_path: Path) -> None:
    with pytest.raises(CommandError) as raised:
        load("main:app")
    assert str(raised.value).endswith(
        f"no module 'main' in {tmp_path} or where packages are installed"
    )


def raising(app: object) -> Any:
    raise OSError("no database")


async def served(scope: Scope, receive: Receive, send: Send) -> None: ...


def wrong(app: App) -> None:
    app.add_route("/{x}", lambda: ...)


def wrong_middleware(app: App) -> None:
    app.add_middleware(raising)


def wrong_within(app: App) -> None:
    inner = App()
    wrong(inner)
    app.mount("/m", inner)


@pytest.mark.parametrize(
    ("declare", "message"),
    [
        (wrong, "'main:app' cannot be compiled: the handler"),
        (wrong_middleware, r"'main:app' cannot be compiled:\nTraceback"),
        (wrong_within, "'main:app, in what it mounts' cannot be compiled"),
    ],
)
def test_an_app_that_does_not_compile_is_told_why(
    declare: Callable[[App], None], message: str
) -> None:
    app = App()
    app.mount("/fine", App())
    app.mount("/another", served)
    declare(app)
    with pytest.raises(CommandError, match=message) as raised:
        compiled(app, "main:app")
    assert raised.value.code == 1
    assert not re.search("framework/_cli|importlib", str(raised.value))
