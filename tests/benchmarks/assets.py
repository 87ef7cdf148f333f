"""The folder of files that is served, and the long text that is compressed: made anew for each run."""

import atexit
import os
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from random import Random
from shutil import rmtree
from tempfile import mkdtemp

__all__ = ["FOLDER", "LARGE", "LAST_MODIFIED", "LONG", "ORDERS", "ORIGIN", "SECRET", "SMALL"]

LAST_CHANGE = datetime(2026, 1, 1, tzinfo=UTC)
LAST_MODIFIED = format_datetime(LAST_CHANGE, usegmt=True).encode()
"""Of all files."""

SMALL = b"".join(b".column-%d { grid-column: span %d; }\n" % (n, n) for n in range(128))
"""`small.css`, 5 KB."""

LARGE = Random(0).randbytes(10 * 1024 * 1024)
"""`large.bin`."""

WORDS = (
    *("a", "an", "the", "one", "some", "of", "to", "in", "and", "or", "but"),
    *("price", "stock", "order", "item", "list", "page", "name", "date", "sum"),
)
CHOOSE = Random(0).choice
LONG = " ".join(CHOOSE(WORDS) for _ in range(5_000))[: 20 * 1024]
"""A text of 20 KiB, about as compressible as a page."""

ORIGIN = "https://www.example.com"
"""Whose page makes a request of another origin."""

SECRET = "0123456789abcdef0123456789abcdef"
"""What sessions are signed with."""


ORDERS = [
    {
        "id": id,
        "item": f"{CHOOSE(WORDS)} {CHOOSE(WORDS)}",
        "price": id * 7 % 1000 / 10,
        "paid": True,
    }
    for id in range(1, 65)
]
"""What an API has in store: 4 KB as JSON."""


def make() -> Path:
    """The folder."""
    folder = Path(mkdtemp(prefix="benchmark-"))
    atexit.register(rmtree, folder)
    for name, content in {"small.css": SMALL, "large.bin": LARGE}.items():
        path = folder / name
        path.write_bytes(content)
        os.utime(path, (LAST_CHANGE.timestamp(), LAST_CHANGE.timestamp()))
    return folder


FOLDER = make()
