"""Folders of files as an ASGI app: to be mounted, or run on its own.

Which file a path stands for is decided in `_folders`, what of it is sent in `files`; here, what the
answer is where there is none, and what is said about the file. A request takes one trip to a thread.
"""

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from framework._folders import ABSENT, LocatedFile, file_names, find_file, find_siblings
from framework._kept import IDENTITY, KeptAnswers, Variants, choose_coding, kept_answer
from framework._paths import encoded_path, split_path
from framework._wire.conditional import conditions
from framework._wire.file_types import UNKNOWN, media_type_of
from framework._wire.grammar import split_list
from framework._wire.headers import Headers, encode_headers
from framework._wire.urls import quote_query
from framework._workers import in_thread
from framework.app import App
from framework.exceptions import (
    ClientDisconnect,
    ConfigError,
    FrameworkError,
    HTTPException,
    MethodNotAllowed,
    NotFound,
)
from framework.files import FileResponse, open_file
from framework.middleware._answers import refuse
from framework.responses import Field, RedirectResponse, Response, whole_response
from framework.types import ASGIApp, Receive, Scope, Send

__all__ = ["StaticFiles"]

METHODS = ("GET", "HEAD")
INDEX = "index.html"
NOT_FOUND_PAGE = "404.html"
FOLDER_OF_PACKAGE = "statics"

UNCHANGING = "public, max-age=31536000, immutable"  # a year (RFC 8246)


class _Found(NamedTuple):
    # A file that answers; `names` say what it is, wherever a link has led.
    entry: LocatedFile
    names: Sequence[str]
    status: int = 200
    is_fallback: bool = False


class _Fetched(NamedTuple):
    # What a trip to a thread brings: the answer, and what can be kept for others like it.
    answer: ASGIApp
    variants: Variants | None = None


class StaticFiles:
    """Serves the files below `directory` and below folders of installed `packages`, and nothing else.

    `packages` are names, or pairs of a name and a folder in it ("statics" unless given). With `html` a
    folder is its `index.html`, and what is missing is `404.html`; `fallback` is the page of an app that
    routes in the browser. Paths in which `immutable` (a regular expression) finds something may be kept
    for a year, all others as `cache_control` says. With `fixed` a file that was served once is taken not
    to change. ConfigError for what cannot work.
    """

    __slots__ = (
        "_dotfiles",
        "_fallback",
        "_fields",
        "_folders",
        "_follow_symlink",
        "_given",
        "_html",
        "_immutable",
        "_kept",
        "_unchanging",
    )

    def __init__(
        self,
        *,
        directory: str | os.PathLike[str] | None = None,
        packages: Iterable[str | tuple[str, str]] | None = None,
        html: bool = False,
        check_dir: bool = True,
        follow_symlink: bool = False,
        dotfiles: bool = False,
        fallback: str | None = None,
        cache_control: str | None = "no-cache",
        immutable: str | re.Pattern[str] | None = None,
        headers: Mapping[str, str] | None = None,
        fixed: bool = False,
    ) -> None:
        self._html = html
        self._follow_symlink = follow_symlink
        self._dotfiles = dotfiles
        self._folders = _folders(directory, packages, check_dir=check_dir)
        self._fallback = self._checked_fallback(fallback, check_dir=check_dir)
        try:
            self._given = encode_headers(headers or {})
            self._immutable = None if immutable is None else re.compile(immutable)
            self._fields = _with_caching(self._given, cache_control)
        except (re.error, ValueError) as error:
            raise ConfigError(f"StaticFiles(): {error}") from error
        self._unchanging = _with_caching(self._given, UNCHANGING)
        self._kept = KeptAnswers() if fixed else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request; a WebSocket is refused."""
        kind = scope["type"]
        if kind not in ("http", "websocket"):
            raise FrameworkError(f"StaticFiles serves http, not a scope of type {kind!r}")
        try:
            if kind == "websocket":
                raise NotFound
            if scope["method"] not in METHODS:
                raise MethodNotAllowed(METHODS)
            answer = await self._answer(scope)
        except HTTPException as error:
            if isinstance(scope.get("app"), App):
                raise  # to its handlers, which word the answer
            await refuse(error, scope, receive, send)
            return
        try:
            await answer(scope, receive, send)
        except ClientDisconnect:
            return  # nobody is left to be answered

    async def _answer(self, scope: Scope) -> ASGIApp:
        names = _names(scope, dotfiles=self._dotfiles)
        if self._kept is None or names is None:
            return (await in_thread(self._fetch, names, scope)).answer
        path = (*names, "") if _is_folder(scope) else (*names,)
        kept = self._kept.find(path, scope)
        if kept is not None:
            return kept
        keeps = self._kept.wants(path)
        answer, variants = await in_thread(self._fetch, names, scope, keeps=keeps)
        if variants is not None:
            self._kept.keep(path, variants)
        return answer

    def _fetch(self, names: Sequence[str] | None, scope: Scope, *, keeps: bool = False) -> _Fetched:
        # The trip to a thread: the file is found, opened, and read if it is small.
        try:
            found = self._find(names, scope)
            if isinstance(found, _Found):
                return self._open(found, scope, keeps=keeps)
        except OSError as error:  # gone since it was found, or nobody may read it
            if error.errno not in ABSENT:
                raise
            found = None
        if found is None:
            raise NotFound
        return _Fetched(found)

    def _find(self, names: Sequence[str] | None, scope: Scope) -> _Found | Response | None:
        if names is not None:
            is_folder = _is_folder(scope)
            if names and not is_folder and (entry := self._entry(names)):
                return _Found(entry, names)
            index = [*names, INDEX]
            if self._html and (entry := self._entry(index)):
                return _Found(entry, index) if is_folder else RedirectResponse(_with_slash(scope))
            page = self._fallback
            if page and _is_navigation(names, scope) and (entry := self._entry(page)):
                return _Found(entry, page, is_fallback=True)
        if self._html and (entry := self._entry([NOT_FOUND_PAGE])):
            return _Found(entry, [NOT_FOUND_PAGE], 404)
        return None

    def _entry(self, names: Sequence[str]) -> LocatedFile | None:
        return find_file(self._folders, names, follow_symlink=self._follow_symlink)

    def _open(self, found: _Found, scope: Scope, *, keeps: bool) -> _Fetched:
        siblings = find_siblings(found.entry, found.names, follow_symlink=self._follow_symlink)
        coding = choose_coding(scope, [*siblings])
        response = self._response(found, siblings, coding)
        variants = None
        if keeps and found.status == 200 and not found.is_fallback:
            codings = [IDENTITY, *siblings]
            variants = {
                each: kept_answer(self._response(found, siblings, each)) for each in codings
            }
        asked = conditions(scope["headers"])
        if "if-none-match" in asked or "if-modified-since" in asked:
            # Most of these are a 304, for which no file need be opened.
            entry = siblings.get(coding, found.entry)
            status, fields, _ = response._select(entry.status, scope["method"], asked)
            if status == 304:
                return _Fetched(whole_response(304, fields, b""), variants)
        opened = open_file(response.path)
        response._prepare(opened, scope, asked)
        return _Fetched(partial(response._send_file, opened), variants)

    def _response(
        self, found: _Found, siblings: Mapping[str, LocatedFile], coding: str
    ) -> FileResponse:
        entry, names, status, is_fallback = found
        fields = [*(self._fields_of(names) if status == 200 else self._given)]
        if coding != IDENTITY:
            entry = siblings[coding]
            fields.append((b"content-encoding", coding.encode()))
        if is_fallback or (status == 404 and self._fallback):
            fields.append((b"vary", b"Accept"))
        if siblings:
            fields.append((b"vary", b"Accept-Encoding"))
        return FileResponse._of_fields(entry.path, status, fields, media_type_of(names[-1]))

    def _fields_of(self, names: Sequence[str]) -> list[Field]:
        is_unchanging = self._immutable is not None and self._immutable.search("/".join(names))
        return self._unchanging if is_unchanging else self._fields

    def _checked_fallback(self, path: str | None, *, check_dir: bool) -> Sequence[str] | None:
        if path is None:
            return None
        names = file_names(path.split("/"), dotfiles=self._dotfiles)
        if names is None or (check_dir and self._entry(names) is None):
            raise ConfigError(
                f"StaticFiles(fallback={path!r}): there is no such file in {self._folders}; "
                'name it by its path in the folder, such as "index.html"'
            )
        return names


def _folders(
    directory: str | os.PathLike[str] | None,
    packages: Iterable[str | tuple[str, str]] | None,
    *,
    check_dir: bool,
) -> list[str]:
    folders: list[str] = []
    if directory is not None:
        path = Path(directory).absolute()
        if check_dir and not path.is_dir():
            raise ConfigError(
                f"StaticFiles(directory={directory!r}): the directory {str(path)!r} does not exist; "
                "make it, or let it come later with check_dir=False"
            )
        folders.append(str(path))
    if isinstance(packages, str):
        raise ConfigError(f"StaticFiles(packages={packages!r}): give a list of packages")
    folders += map(_folder_of_package, packages or ())
    if not folders:
        raise ConfigError("StaticFiles(): give it a directory=, packages=[...], or both")
    return folders


def _folder_of_package(package: str | tuple[str, str]) -> str:
    name, folder = (package, FOLDER_OF_PACKAGE) if isinstance(package, str) else package
    try:
        spec = find_spec(name)
    except (ImportError, ValueError):
        spec = None
    places = (spec and spec.submodule_search_locations) or ()
    found = next(filter(Path.is_dir, (Path(place, folder) for place in places)), None)
    if found is None:
        raise ConfigError(
            f"StaticFiles(packages=[{package!r}]): there is no installed package {name!r} with a "
            f"folder {folder!r}; another folder is named by a pair, (name, folder)"
        )
    return str(found.absolute())


def _with_caching(fields: list[Field], cache_control: str | None) -> list[Field]:
    """The fields, with a Cache-Control unless they have one; ValueError if it cannot be sent."""
    if cache_control is None or any(name == b"cache-control" for name, _ in fields):
        return fields
    return [*fields, *encode_headers({"cache-control": cache_control})]


def _is_folder(scope: Scope) -> bool:
    """Whether a path stands for a folder: one has a slash at its end."""
    path: str = scope["path"]
    return not path or path.endswith("/")


def _names(scope: Scope, *, dotfiles: bool) -> list[str] | None:
    """The names of folders and file that a path stands for; None if it can stand for none."""
    segments = split_path(scope)
    if segments is None:
        return None
    names = segments[1:] if segments[-1] else segments[1:-1]
    return file_names(names, dotfiles=dotfiles)


def _with_slash(scope: Scope) -> str:
    """The path with a slash at its end; relative to the origin, and with one slash at its start.

    RFC 3986 section 4.2: what follows a second one would be a host, and to browsers a backslash is one.
    """
    path = encoded_path(scope).lstrip("/")
    query = scope.get("query_string", b"")
    return f"/{path}/?{quote_query(query)}" if query else f"/{path}/"


def _is_navigation(names: Sequence[str], scope: Scope) -> bool:
    """Whether a visitor wants to see a page there: no script, style or picture that was left out."""
    if names and media_type_of(names[-1]) != UNKNOWN:
        return False
    accepted = split_list(Headers(raw=scope["headers"]).combined("accept") or "")
    return any(each.partition(";")[0].strip().lower() == "text/html" for each in accepted)
