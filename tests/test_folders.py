"""Which file a path stands for below some folders."""

import errno
import os
from pathlib import Path

import pytest

from framework._folders import SUFFIXES, LocatedFile, file_names, find_file, find_siblings

LONG_AGO = 1_700_000_000.75


def write(path: Path, when: float = LONG_AGO) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(path.name)
    os.utime(path, (when, when))
    return path


@pytest.mark.parametrize(
    ("segments", "dotfiles", "is_fine"),
    [
        ([], False, True),
        (["a.css"], False, True),
        (["a", "b", "ü c;d:e"], False, True),
        ([".well-known", "x"], False, True),
        (["a", ".well-known"], False, False),
        ([".a"], False, False),
        ([".a"], True, True),
        (["a", ".b"], True, True),
        ([""], True, False),
        (["a", "", "b"], True, False),
        (["."], True, False),
        ([".."], True, False),
        (["..."], True, False),
        (["a", "..", "b"], True, False),
        ([".. "], True, False),
        ([" ."], True, False),
        ([" "], True, False),
        (["..\n"], False, False),
        (["a/b"], True, False),
        (["a\\b"], True, False),
        (["a\0"], True, False),
        (["a\ud800"], True, False),
    ],
)
def test_a_segment_is_a_name_or_the_path_is_none(
    segments: list[str], dotfiles: bool, is_fine: bool
) -> None:
    assert file_names(segments, dotfiles=dotfiles) == (segments if is_fine else None)


def found(folders: list[Path], *names: str, follow_symlink: bool = False) -> str | None:
    entry = find_file([*map(str, folders)], names, follow_symlink=follow_symlink)
    return entry and entry.path


def test_the_first_folder_that_has_the_file_counts(tmp_path: Path) -> None:
    first, second = tmp_path / "1", tmp_path / "2"
    write(first / "a")
    write(second / "a")
    write(second / "b" / "c")
    (first / "b").mkdir()
    (second / "x").mkdir()
    assert found([first, second], "a") == str(first / "a")
    assert found([first, second], "b", "c") == str(second / "b" / "c")
    assert found([first, second], "x") is None
    assert found([tmp_path / "none", second], "a") == str(second / "a")
    assert found([], "a") is None


@pytest.mark.parametrize("follow_symlink", [False, True])
def test_links_that_stay_in_the_folder_are_followed(tmp_path: Path, follow_symlink: bool) -> None:
    root = tmp_path / "root"
    real = write(root / "v2" / "a")
    (root / "current").symlink_to("v2")
    (root / "v2" / "b").symlink_to(real)
    (root / "again").symlink_to(".")
    for names in (["current", "a"], ["current", "b"], ["v2", "b"], ["again", "again", "v2", "a"]):
        path = found([root], *names, follow_symlink=follow_symlink)
        assert path is not None
        assert os.path.realpath(path) == os.path.realpath(real)


def test_whoever_leaves_by_a_link_must_be_allowed_to(tmp_path: Path) -> None:
    root = tmp_path / "root"
    secret = write(tmp_path / "root-private" / "secret")
    root.mkdir()
    (root / "file").symlink_to(secret)
    (root / "folder").symlink_to(secret.parent)
    for names in (["file"], ["folder", "secret"]):
        assert found([root], *names) is None
        assert found([root], *names, follow_symlink=True) is not None


def test_paths_that_are_too_long_for_any_file_cost_little(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "again").symlink_to(".")
    resolved: list[str] = []
    monkeypatch.setattr(os.path, "realpath", resolved.append)
    for follow_symlink in (False, True):
        names = ["again", *["x"] * 100_000]
        assert found([tmp_path], *names, follow_symlink=follow_symlink) is None
    assert resolved == []


def test_trouble_of_the_host_is_raised(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(path: str) -> os.stat_result:
        raise OSError(errno.EIO, "the disk is broken")

    monkeypatch.setattr(os, "lstat", failing)
    with pytest.raises(OSError, match="broken"):
        found([tmp_path], "a")


def siblings(root: Path, *names: str) -> dict[str, str]:
    entry = find_file([str(root)], names)
    assert isinstance(entry, LocatedFile)
    return {coding: each.path for coding, each in find_siblings(entry, names).items()}


def test_siblings_stand_beside_the_file_that_was_asked_for(tmp_path: Path) -> None:
    write(tmp_path / "css" / "a.css")
    for suffix in SUFFIXES.values():
        write(tmp_path / "css" / f"a.css{suffix}")
    write(tmp_path / "real.js")
    write(tmp_path / "real.js.gz")
    write(tmp_path / "b.js.gz")
    (tmp_path / "b.js").symlink_to("real.js")
    expected = {coding: str(tmp_path / f"css/a.css{end}") for coding, end in SUFFIXES.items()}
    assert siblings(tmp_path, "css", "a.css") == expected
    assert list(expected) == ["br", "zstd", "gzip"]
    assert siblings(tmp_path, "b.js") == {"gzip": str(tmp_path / "b.js.gz")}
    assert siblings(tmp_path, "css", "a.css.gz") == {}


@pytest.mark.parametrize(
    ("when", "is_taken"),
    [(LONG_AGO, True), (LONG_AGO + 9, True), (LONG_AGO - 0.7, True), (LONG_AGO - 1, False)],
)
def test_a_sibling_that_is_older_was_made_of_another_file(
    tmp_path: Path, when: float, is_taken: bool
) -> None:
    write(tmp_path / "a.css")
    write(tmp_path / "a.css.br", when)
    assert ("br" in siblings(tmp_path, "a.css")) is is_taken


def test_a_sibling_has_to_be_a_file_of_the_folder(tmp_path: Path) -> None:
    root = tmp_path / "root"
    write(root / "a.css")
    write(tmp_path / "secret")
    (root / "a.css.br").mkdir()
    (root / "a.css.gz").symlink_to("../secret")
    assert siblings(root, "a.css") == {}


def test_a_sibling_that_nobody_may_read_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ["a.css", "a.css.br", "a.css.gz"]:
        write(tmp_path / name)

    def may_read(path: str, mode: int) -> bool:
        return mode == os.R_OK and path.endswith(".gz")

    monkeypatch.setattr(os, "access", may_read)
    assert [*siblings(tmp_path, "a.css")] == ["gzip"]
