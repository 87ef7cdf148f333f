"""`run`: the app under uvicorn, which the extra `server` brings."""

import argparse
from importlib import import_module
from typing import Any

from framework._cli.loading import CommandError, compiled, load
from framework._cli.terminal import Terminal
from framework.app import App

__all__ = ["serve"]


def serve(options: argparse.Namespace, terminal: Terminal) -> int:
    """Serve until the process is told to stop.

    An app that one process serves is loaded here, so that what is wrong is told as by the other
    commands; with --reload and --workers each process loads its own, --reload again and again.
    """
    if options.reload and options.workers > 1:
        raise CommandError("--reload and --workers: only one process can be reloaded")
    try:
        uvicorn: Any = import_module("uvicorn")
    except ModuleNotFoundError:
        raise CommandError("run needs uvicorn: pip install 'asgi-framework[server]'", 1) from None
    target, factory = options.app, options.factory
    if target.endswith("()"):
        target, factory = target[:-2], True
    app: Any = target
    if not options.reload:
        app = load(target, factory=factory)
        if not callable(app):
            raise CommandError(f"{target!r} is {app!r}, which is no ASGI app")
        if isinstance(app, App):
            compiled(app, target)
        if options.workers > 1:
            app = target
        else:
            factory = False
    uvicorn.run(
        app,
        factory=factory,
        host=options.host,
        port=options.port,
        uds=options.uds,
        reload=options.reload,
        workers=options.workers,
        log_level=options.log_level,
        proxy_headers=options.proxy_headers,
        app_dir=".",
    )
    return 0
