"""What docs/howto says of other packages, tried: the database.md of PostgreSQL."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from framework.testing import TestClient
from tests.servers import free_port
from tests.test_howto import running, save, until_accepts

PROGRAMS = [*Path("/usr/lib/postgresql").glob("*/bin")] or [
    Path(shutil.which("postgres") or "/none").parent
]
needs_postgres = pytest.mark.skipif(
    not (PROGRAMS[-1] / "postgres").exists(), reason="PostgreSQL is not installed"
)


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A server of its own, which refuses to run as root."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        shutil.chown(folder, "postgres")
        run = [
            "setpriv",
            "--reuid=postgres",
            "--regid=postgres",
            "--clear-groups",
            "env",
            "-C",
            folder,
        ]
        initdb = [*run, PROGRAMS[-1] / "initdb", "-D", "data", "--auth=trust", "--no-sync"]
        subprocess.run(initdb, check=True, capture_output=True)
        serve = [*run, PROGRAMS[-1] / "postgres", "-D", "data", "-k", folder, "-p", port]
        with running(" ".join(map(str, serve)), tmp_path):
            until_accepts(port)
            monkeypatch.setenv("DATABASE_URL", f"postgresql://postgres@127.0.0.1:{port}/postgres")
            yield


@needs_postgres
def test_people_are_kept_in_postgresql(
    database: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save("database.md", tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    import people

    with TestClient(people.app) as client:
        assert client.post("/people/Ada").json() == {"id": 1, "name": "Ada"}
        assert client.get("/people/1").json() == {"id": 1, "name": "Ada"}
        assert client.get("/people/2").status_code == 404
