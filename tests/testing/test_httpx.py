"""Where httpx comes from."""

import subprocess
import sys


def test_who_lacks_httpx_is_told_what_to_install() -> None:
    program = "import sys; sys.modules['httpx'] = None; import framework.testing"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert "pip install 'asgi-framework[testing]'" in done.stderr
