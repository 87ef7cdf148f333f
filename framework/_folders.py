"""Which file a path stands for below some folders: decided on the real path, and never one outside of them.

Everything here waits for the disk, so it belongs in a thread. Nothing here knows a request, opens a
file, or looks at what is in one.
"""

import errno
import os
import re
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

__all__ = ["ABSENT", "SUFFIXES", "LocatedFile", "file_names", "find_file", "find_siblings"]

SUFFIXES = {"br": ".br", "zstd": ".zst", "gzip": ".gz"}
"""What is added to the name of a file that was compressed in advance, by content coding; best first."""

WELL_KNOWN = ".well-known"  # RFC 8615: what is in there is public by definition

# A name has no separator of any system, and is no way up: `.`, `..`, and what Windows takes for these.
NAME = re.compile("(?![. ]+\\Z)[^\0/\\\\\ud800-\udfff]+")

ABSENT = frozenset(
    {
        errno.ENOENT,
        errno.ENOTDIR,  # a file is used as a folder
        errno.EACCES,
        errno.EPERM,
        errno.ELOOP,
        errno.ENAMETOOLONG,
        errno.EILSEQ,  # no name on this file system
        errno.EINVAL,
    }
)
"""Errors that say that there is nothing for anybody to see; others are the host's own trouble."""


class LocatedFile(NamedTuple):
    """A regular file as it was found; `path` is the real one where a link had to be judged."""

    folder: str
    path: str
    status: os.stat_result


def file_names(segments: Sequence[str], *, dotfiles: bool = False) -> list[str] | None:
    """The decoded segments of a path, if each can be the name of a file or folder that may be shown.

    Without `dotfiles` none may begin with a dot, but for `.well-known` as the first.

    >>> file_names(["css", "site.css"])
    ['css', 'site.css']
    >>> file_names(["..", "secret"]) is file_names(["a/b"]) is file_names([".env"]) is None
    True
    """
    for index, name in enumerate(segments):
        if not NAME.fullmatch(name):
            return None
        if name[0] == "." and not dotfiles and (index or name != WELL_KNOWN):
            return None
    return [*segments]


def find_file(
    folders: Sequence[str], names: Sequence[str], *, follow_symlink: bool = False
) -> LocatedFile | None:
    """The regular file of this path in the first of the folders that has one.

    What a link leads to out of its folder is not there, unless all links are followed.
    """
    look_up = _follow if follow_symlink else _look_up
    for folder in folders:
        try:
            entry = look_up(folder, names)
        except OSError as error:
            if error.errno not in ABSENT:
                raise
        else:
            if entry is not None and stat.S_ISREG(entry.status.st_mode):
                return entry
    return None


def find_siblings(
    entry: LocatedFile, names: Sequence[str], *, follow_symlink: bool = False
) -> dict[str, LocatedFile]:
    """What was compressed in advance of the file that was found by these names, by content coding.

    One that is older than the file was made of another file. Whole seconds are compared: not every tool
    that keeps the time of a file keeps more of it.
    """
    siblings: dict[str, LocatedFile] = {}
    path = "/".join([entry.folder, *names])
    *parents, name = names
    for coding, suffix in SUFFIXES.items():
        if not os.access(path + suffix, os.R_OK):  # most have none, and this takes the least time
            continue
        sibling = find_file(
            [entry.folder], [*parents, name + suffix], follow_symlink=follow_symlink
        )
        if sibling is not None and int(sibling.status.st_mtime) >= int(entry.status.st_mtime):
            siblings[coding] = sibling
    return siblings


def _follow(folder: str, names: Sequence[str]) -> LocatedFile:
    path = "/".join([folder, *names])
    return LocatedFile(folder, path, Path(path).stat())


def _look_up(folder: str, names: Sequence[str]) -> LocatedFile | None:
    # What is reached without a link is in the folder, as no name leads up: most need no realpath().
    path = f"{folder}/{names[0]}"
    status = os.lstat(path)
    for name in names[1:]:
        if stat.S_ISLNK(status.st_mode):
            break
        path = f"{path}/{name}"
        status = os.lstat(path)
    if not stat.S_ISLNK(status.st_mode):
        return LocatedFile(folder, path, status)
    path = "/".join([folder, *names])
    status = Path(path).stat()  # an error for what is too long to be looked at name by name
    real = os.path.realpath(path)
    is_inside = Path(real).is_relative_to(os.path.realpath(folder))
    return LocatedFile(folder, real, status) if is_inside else None
