"""From `module:app` to the app. What goes wrong on the way is told without our own frames.

Modules are looked for in the current folder first, as servers do it.
"""

import inspect
import sys
import traceback
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any

from framework._layout import near
from framework.app import App
from framework.exceptions import ConfigError
from framework.routing import Router

__all__ = ["CommandError", "compiled", "load", "load_app"]

NOT_THEIRS = ("framework", "importlib", "runpy")


class CommandError(Exception):
    """A command cannot go on: `code` is what the program exits with, 2 if it was called wrongly."""

    def __init__(self, message: str, code: int = 2) -> None:
        self.code = code
        super().__init__(message)


def load(target: str, *, factory: bool = False) -> Any:
    """What a `module:attribute` names; a factory, also written `module:make()`, is called."""
    module_name, colon, path = target.partition(":")
    if path.endswith("()"):
        path, factory = path[:-2], True
    if not (module_name and colon and path):
        raise CommandError(f"{target!r} names no app: write module:app, such as main:app")
    if module_name.endswith(".py") or "/" in module_name:
        dotted = module_name.removesuffix(".py").strip("./").replace("/", ".")
        raise CommandError(f"{module_name!r} is a file: write its module, {dotted}:{path}")
    if module_name.startswith("."):
        raise CommandError(
            f"{target!r}: write the module as it is imported from here, without a dot"
        )
    value: Any = _module(module_name)
    for name in path.split("."):
        value = _attribute(value, name, target)
    if not factory:
        return value
    if not callable(value):
        raise CommandError(
            f"{target!r} is {value!r}, which cannot be called: leave out the brackets and --factory"
        )
    if inspect.iscoroutinefunction(value):
        raise CommandError(f"{target!r} is `async def`: an app is made by a plain function")
    try:
        return value()
    except (Exception, SystemExit) as error:
        raise _raised(f"the factory {target!r} raised", error) from None


def load_app(target: str, *, factory: bool = False) -> App:
    """An app of this framework, not yet compiled."""
    value = load(target, factory=factory)
    if isinstance(value, App):
        return value
    raise CommandError(
        f"{target!r} is {_article(value)}, not an App of this framework: {_advice(value)}"
    )


def compiled(app: App, target: str) -> App:
    """The app and those mounted in it, compiled; CommandError says what does not work."""
    try:
        app.compile()
    except ConfigError as error:
        raise CommandError(f"{target!r} cannot be compiled: {error}", 1) from None
    except Exception as error:
        raise _raised(f"{target!r} cannot be compiled", error) from None
    for mounted, _ in app._compiler.mounts.values():
        if isinstance(mounted, App):
            compiled(mounted, f"{target}, in what it mounts")
    return app


def _module(name: str) -> ModuleType:
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{name}.".startswith(f"{error.name}."):
            raise _raised(f"the module {name!r} raised when it was imported", error) from None
        package, dot, _ = error.name.rpartition(".")
        folder = Path.cwd().joinpath(*package.split("."))
        there = sorted(f"{package}{dot}{path.stem}" for path in folder.glob("*.py"))
        close = get_close_matches(name, there, 1) or there[:8]
        known = f"; there is {', '.join(close)}" if close else ""
        raise CommandError(
            f"there is no module {error.name!r} in {here} or where packages are installed{known}"
        ) from None
    except ConfigError as error:
        raise CommandError(f"{_place(error)}the recipe cannot work: {error}", 1) from None
    except (Exception, SystemExit) as error:
        raise _raised(f"the module {name!r} raised when it was imported", error) from None


def _attribute(owner: Any, name: str, target: str) -> Any:
    try:
        return getattr(owner, name)
    except AttributeError:
        label = getattr(owner, "__name__", repr(owner))
        apps = [
            key for key, value in getattr(owner, "__dict__", {}).items() if isinstance(value, App)
        ]
        names = [key for key in dir(owner) if not key.startswith("_")]
        close = apps or get_close_matches(name, names, 3)
        known = f"; it has {', '.join(close)}" if close else ""
        raise CommandError(f"{target!r}: {label} has no {name!r}{known}") from None


def _article(value: object) -> str:
    if inspect.isroutine(value):
        return f"the function {value.__name__}"
    if isinstance(value, type):
        return f"the class {value.__name__}"
    return f"an object of {type(value).__module__}.{type(value).__qualname__}"


def _advice(value: object) -> str:
    if inspect.isfunction(value) and not inspect.signature(value).parameters:
        return "if it makes the app, write it with brackets, or give --factory"
    if isinstance(value, Router):
        return "a router is a part of one; name the App that includes it"
    if callable(value):
        return "if it wraps one, name the App itself; any other ASGI app can only be run"
    return "name the variable that App() is assigned to"


def _raised(what: str, error: BaseException) -> CommandError:
    """An error with the traceback from the user's code on."""
    trace = error.__traceback__
    while trace is not None and _is_ours(trace.tb_frame):
        trace = trace.tb_next
    text = "".join(traceback.format_exception(type(error), error, trace)).rstrip()
    return CommandError(f"{what}:\n{text}", 1)


def _place(error: Exception) -> str:
    """The last line of the user's on the way to an error."""
    steps = traceback.walk_tb(error.__traceback__)
    theirs = [(frame.f_code.co_filename, line) for frame, line in steps if not _is_ours(frame)]
    return "".join(f"{near(file)}:{line}: " for file, line in theirs[-1:])


def _is_ours(frame: FrameType) -> bool:
    name: str = frame.f_globals.get("__name__", "")
    return name.partition(".")[0] in NOT_THEIRS
