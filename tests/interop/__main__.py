"""`python -m tests.interop`: run the tests of this folder, and write docs/interop.md if they pass."""

import subprocess
import sys
from pathlib import Path

from tests.interop.page import PAGE, written

FOLDER = Path(__file__).parent

if __name__ == "__main__":
    tests = [
        "pytest",
        "-q",
        "-p",
        "no:unraisableexception",
        str(FOLDER),
        f"--ignore={FOLDER / 'test_page.py'}",
    ]
    subprocess.run([sys.executable, "-m", *tests], check=True)
    PAGE.write_text(written(PAGE.read_text("utf-8")), "utf-8")
