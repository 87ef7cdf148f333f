"""What is said on the command line, and which function does it: one for each command.

A command prints and returns what the program exits with: 0, 1 for what was found or not found, 2
for a wrong call. 141 is for a reader that has gone, as of a program that SIGPIPE ends.
"""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from functools import partial
from importlib.metadata import version

from framework._cli.checks import check
from framework._cli.loading import CommandError, compiled, load_app
from framework._cli.routes import route_lines
from framework._cli.serving import serve
from framework._cli.terminal import OutputError, Terminal
from framework._layout import sections

__all__ = ["main"]

READER_HAS_GONE = 141
INTERRUPTED = 130

Command = Callable[[argparse.Namespace, Terminal], int]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; what it could not do is said on stderr."""
    options = _parser().parse_args(arguments)
    command: Command = options.command
    try:
        return command(options, Terminal(sys.stdout))
    except CommandError as error:
        _complain(error)
        return error.code
    except BrokenPipeError:
        _discard_output()
        return READER_HAS_GONE
    except OutputError as error:
        _discard_output()
        _complain(error)
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED


def _complain(error: Exception) -> None:
    terminal = Terminal(sys.stderr)
    terminal.print(f"{terminal.paint('error:', 'bad')} {error}")


def _discard_output() -> None:
    # What is left in the buffer has nowhere to go, and Python would say so at its end.
    if sys.stdout is not None:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def show_help(
    parser: argparse.ArgumentParser, options: argparse.Namespace, terminal: Terminal
) -> int:
    """No command: which there are."""
    terminal.print(parser.format_help().splitlines())
    return 2


def show_routes(options: argparse.Namespace, terminal: Terminal) -> int:
    """`routes`: what there is."""
    app = compiled(load_app(options.app, factory=options.factory), options.app)
    terminal.print(route_lines(app, terminal.width, terminal.paint))
    return 0


def explain(options: argparse.Namespace, terminal: Terminal) -> int:
    """`explain`: what becomes of a request."""
    app = compiled(load_app(options.app, factory=options.factory), options.app)
    headers = dict(map(_header, options.header))
    try:
        explanation = app.explain(
            options.method, options.path, headers, root_path=options.root_path
        )
    except ValueError as error:
        raise CommandError(str(error)) from None
    is_answered = explanation.status is None or explanation.status < 400
    terminal.print(terminal.paint(explanation.title(), "good" if is_answered else "bad"))
    terminal.print(sections(explanation.sections(), terminal.width, terminal.paint))
    return 0 if is_answered else 1


def _header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon:
        raise CommandError(f"-H {text!r}: write 'Name: value'")
    return name.strip(), value.strip()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="framework",
        description="Look at an app, check it, and serve it.",
        epilog="Modules are found in the current folder. framework COMMAND --help says more.",
    )
    parser.add_argument(
        "--version", action="version", version=f"framework {version('asgi-framework')}"
    )
    parser.set_defaults(command=partial(show_help, parser))
    commands = parser.add_subparsers(metavar="COMMAND")

    def add(name: str, command: Command, summary: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=summary, description=f"{summary.capitalize()}.")
        added.add_argument("app", metavar="module:app", help="also module:make_app()")
        added.add_argument("--factory", action="store_true", help="call it: it makes the app")
        added.set_defaults(command=command)
        return added

    add("routes", show_routes, "list the routes")

    asked = add("explain", explain, "say what becomes of a request, and why")
    asked.add_argument("method", metavar="METHOD", help="GET, POST, ..., or WEBSOCKET")
    asked.add_argument("path", metavar="PATH", help="a path, or a whole URL")
    asked.add_argument("-H", "--header", action="append", default=[], metavar="'Name: value'")
    asked.add_argument("--root-path", default="", help="where a proxy has the app")

    checked = add("check", check, "compile the app, and look for mistakes")
    checked.add_argument("--strict", action="store_true", help="exit with 1 for hints, too")

    served = add("run", serve, "serve the app with uvicorn")
    served.add_argument("--host", default="127.0.0.1", help="default: %(default)s")
    served.add_argument(
        "--port", type=partial(_number, 0, 65535), default=8000, help="default: %(default)s"
    )
    served.add_argument("--uds", metavar="PATH", help="a unix socket, instead of host and port")
    served.add_argument("--reload", action="store_true", help="start anew when a file changes")
    served.add_argument(
        "--workers", type=partial(_number, 1, 10_000), default=1, metavar="N", help="processes"
    )
    served.add_argument("--log-level", default="info", choices=LOG_LEVELS)
    served.add_argument(
        "--proxy-headers",
        action="store_true",
        help="let uvicorn read X-Forwarded-*; off, as ProxyHeadersMiddleware does it better",
    )
    return parser


def _number(least: int, most: int, text: str) -> int:
    number = int(text)
    if not least <= number <= most:
        raise argparse.ArgumentTypeError(f"{number} is not from {least} to {most}")
    return number


LOG_LEVELS = ("critical", "error", "warning", "info", "debug", "trace")
