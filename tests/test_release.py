"""What is released: the wheel holds the package and nothing else, the sdist all that its tests need."""

import re
import subprocess
import sys
import tarfile
import zipfile
from email.message import Message
from email.parser import Parser
from pathlib import Path

import pytest

import framework
from tests.pages import ROOT

NAME = f"asgi_framework-{framework.__version__}"
INFO = f"{NAME}.dist-info"


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build both packages, the wheel from the sdist, without the network."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return folder


@pytest.fixture(scope="module")
def wheel(dist: Path) -> zipfile.Path:
    return zipfile.Path(dist / f"{NAME}-py3-none-any.whl")


@pytest.fixture(scope="module")
def metadata(wheel: zipfile.Path) -> Message:
    return Parser().parsestr((wheel / INFO / "METADATA").read_text("utf-8"))


def package() -> set[str]:
    """The files that users import, and the mark that they are typed."""
    files = [*ROOT.glob("framework/**/*.py"), ROOT / "framework" / "py.typed"]
    return {file.relative_to(ROOT).as_posix() for file in files}


def test_the_wheel_holds_the_package_and_nothing_else(wheel: zipfile.Path) -> None:
    files = {name for name in wheel.root.namelist() if not name.endswith("/")}
    assert {name for name in files if not name.startswith(f"{INFO}/")} == package()


def test_the_wheel_has_the_licence_and_the_command(wheel: zipfile.Path) -> None:
    assert (wheel / INFO / "licenses" / "LICENSE").read_bytes() == (ROOT / "LICENSE").read_bytes()
    assert (
        "framework = framework._cli.commands:main"
        in (wheel / INFO / "entry_points.txt").read_text()
    )


def test_the_sdist_holds_what_its_tests_need_and_no_files_that_are_made(dist: Path) -> None:
    with tarfile.open(dist / f"{NAME}.tar.gz") as archive:
        names = {member.name.removeprefix(f"{NAME}/") for member in archive if member.isfile()}
    assert package() < names
    assert {"README.md", "CHANGELOG.md", "LICENSE", "pyproject.toml", "PKG-INFO", ".ci/run"} < names
    assert {
        "tests/conftest.py",
        "docs/conf.py",
        "docs/_static/site.css",
        "examples/hello.py",
    } < names
    assert {
        name for name in names if re.search(r"__pycache__|\.pyc$|docs/reference/framework", name)
    } == set()
    folders = {name.split("/")[0] for name in names if "/" in name}
    assert folders == {".ci", "docs", "examples", "framework", "tests"}


def test_the_version_is_in_one_place(metadata: Message) -> None:
    assert metadata["Version"] == framework.__version__
    newest = re.findall(r"^## (.+)$", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)[0]
    assert newest in ("Unreleased", framework.__version__)


def test_the_metadata_says_what_the_package_is(metadata: Message) -> None:
    classifiers = metadata.get_all("Classifier", [])
    assert metadata["Name"] == "asgi-framework"
    assert metadata["Requires-Python"] == ">=3.11"
    assert metadata["License-Expression"] == "MIT"
    assert metadata["Description-Content-Type"] == "text/markdown"
    assert "Typing :: Typed" in classifiers
    assert not [each for each in classifiers if each.startswith("License ::")]
