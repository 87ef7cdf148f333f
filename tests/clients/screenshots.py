"""`python -m tests.clients.screenshots SITE FOLDER [page ...]`: pictures of the built documentation.

Each page (the first one unless named, such as `tutorial/index`) as a phone and a desktop show it, light and dark.
"""

import argparse
import base64
import tempfile
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

from tests.clients.chromium import Page, browse, show

__all__ = ["SCHEMES", "WIDTHS", "main", "serve_folder"]

WIDTHS = {"phone": 390, "desktop": 1280}
SCHEMES = ["light", "dark"]


class Quiet(SimpleHTTPRequestHandler):
    """Files of a folder, without a log."""

    def log_message(self, format: str, *args: Any) -> None: ...


@contextmanager
def serve_folder(folder: Path) -> Generator[str]:
    """Serve a folder while the block runs; the URL is given."""
    handler = partial(Quiet, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def picture(page: Page, path: Path) -> None:
    """Save what the window shows."""
    path.write_bytes(base64.b64decode(page.command("Page.captureScreenshot")["data"]))


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m tests.clients.screenshots", description=__doc__
    )
    parser.add_argument("site", type=Path, help="what sphinx-build has written")
    parser.add_argument("folder", type=Path, help="where the pictures go")
    parser.add_argument("pages", nargs="*", default=["index"])
    given = parser.parse_args(arguments)
    given.folder.mkdir(parents=True, exist_ok=True)
    with (
        serve_folder(given.site) as origin,
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile,
        browse(Path(profile)) as page,
    ):
        for name in given.pages:
            for device, width in WIDTHS.items():
                for scheme in SCHEMES:
                    show(page, width, scheme)
                    page.open(f"{origin}/{name}.html")
                    path = given.folder / f"{name.replace('/', '_')}-{device}-{scheme}.png"
                    picture(page, path)
                    print(path)


if __name__ == "__main__":
    main()
