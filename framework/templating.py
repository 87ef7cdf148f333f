"""Jinja2 templates as responses: whole, or streamed while they are rendered.

Everything is escaped but what is named `.txt`. Where templates are, and what they are given by every
request, is said once; how they are rendered is Jinja's business.
"""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import aclosing
from os import PathLike
from pathlib import Path
from typing import Any, TypeAlias

from framework._concurrency import is_async
from framework._extensions import DEBUG, offers
from framework._wire.urls import URL
from framework.connections import HTTPConnection
from framework.exceptions import ConfigError, FrameworkError
from framework.requests import Request
from framework.responses import (
    Background,
    HeadersInit,
    HTMLResponse,
    SteppedResponse,
    send_message,
)
from framework.streaming import StreamingResponse
from framework.types import Receive, Scope, Send

try:
    import jinja2
    from jinja2.runtime import Context
except ImportError as _error:
    raise ImportError(
        "framework.templating needs jinja2: pip install 'asgi-framework[templates]'"
    ) from _error

__all__ = ["Jinja2Templates", "RenderedResponse"]

PLAIN = "txt"
"""The end of the names of templates that are not HTML."""

PIECE = 16 * 1024
"""Characters to collect before they are sent: a template yields by the word."""

Directory: TypeAlias = str | PathLike[str]
Processor: TypeAlias = Callable[[Request], Mapping[str, Any]]


class RenderedResponse(SteppedResponse, HTMLResponse):
    """What a template has been rendered to; `template` and `context` tell a test what it was made of."""

    __slots__ = ("context", "template")

    def __init__(
        self,
        template: jinja2.Template,
        context: Mapping[str, Any],
        content: str,
        status_code: int = 200,
        headers: HeadersInit | None = None,
        media_type: str | None = None,
        background: Background | None = None,
    ) -> None:
        self.template: jinja2.Template = template
        self.context: Mapping[str, Any] = context
        media_type = media_type or _media_type(template)
        super().__init__(content, status_code, headers, media_type, background)

    async def _send(self, scope: Scope, receive: Receive, send: Send) -> None:
        if offers(scope, DEBUG):
            info = {"template": self.template, "context": self.context}
            await send_message(send, {"type": DEBUG, "info": info})
        await super()._send(scope, receive, send)


class Jinja2Templates:
    """The templates of a directory, of the first of several that has one, or of your own environment.

    In each there are `request`, `url_for(name, **params)`, `url_path_for(name, **params)`, and what
    the context processors, plain functions, return for the request; what a handler gives goes before.
    Names that end in `.txt` are text/plain and not escaped, all others are HTML, and are; in an environment
    of your own, what it says.
    """

    __slots__ = ("context_processors", "env")

    def __init__(
        self,
        directory: Directory | Sequence[Directory] | None = None,
        *,
        context_processors: Sequence[Processor] | None = None,
        env: jinja2.Environment | None = None,
    ) -> None:
        if (directory is None) == (env is None):
            raise ConfigError("Jinja2Templates takes either directory=... or env=...")
        self.env: jinja2.Environment = env or _environment(directory)
        names: Any = self.env.globals
        names.setdefault("url_for", _url_for)
        names.setdefault("url_path_for", _url_path_for)
        self.context_processors: list[Processor] = [*(context_processors or ())]
        for processor in self.context_processors:
            if is_async(processor):
                raise ConfigError(
                    f"Jinja2Templates(context_processors=[{processor!r}]): give plain functions; "
                    "what has to be awaited belongs into the handler's context"
                )

    def get_template(self, name: str) -> jinja2.Template:
        """A template by its name; jinja2.TemplateNotFound where there is none."""
        return self.env.get_template(name)

    def TemplateResponse(  # noqa: N802 - the name that everybody knows
        self,
        request: Request,
        name: str,
        context: Mapping[str, Any] | None = None,
        status_code: int = 200,
        headers: HeadersInit | None = None,
        media_type: str | None = None,
        background: Background | None = None,
    ) -> RenderedResponse:
        """Render a template, here and now; of an environment with `enable_async` see `render`."""
        if self.env.is_async:
            raise FrameworkError(
                "TemplateResponse() cannot wait for an environment with enable_async=True: "
                "`await templates.render(...)`, which takes the same"
            )
        values, template = self._context(request, context), self.get_template(name)
        content = template.render(values)
        return RenderedResponse(
            template, values, content, status_code, headers, media_type, background
        )

    async def render(
        self,
        request: Request,
        name: str,
        context: Mapping[str, Any] | None = None,
        status_code: int = 200,
        headers: HeadersInit | None = None,
        media_type: str | None = None,
        background: Background | None = None,
    ) -> RenderedResponse:
        """Render a template, and wait for what it awaits where the environment has `enable_async`."""
        values, template = self._context(request, context), self.get_template(name)
        is_async = self.env.is_async
        content = await template.render_async(values) if is_async else template.render(values)
        return RenderedResponse(
            template, values, content, status_code, headers, media_type, background
        )

    def stream(
        self,
        request: Request,
        name: str,
        context: Mapping[str, Any] | None = None,
        status_code: int = 200,
        headers: HeadersInit | None = None,
        media_type: str | None = None,
        background: Background | None = None,
    ) -> StreamingResponse:
        """Send a template while it is rendered, in pieces of 16 K characters; nothing keeps the whole.

        It is rendered in a thread, so what it iterates over may block, unless the environment has
        `enable_async`. An error in the middle ends the connection: the status has been sent by then.
        """
        values, template = self._context(request, context), self.get_template(name)
        pieces = _async_pieces(template, values) if self.env.is_async else _pieces(template, values)
        media_type = media_type or _media_type(template)
        return StreamingResponse(pieces, status_code, headers, media_type, background)

    def _context(self, request: object, context: Mapping[str, Any] | None) -> dict[str, Any]:
        if not isinstance(request, Request):
            raise TypeError(
                f"the request comes first, then the template's name, not {request!r:.80}"
            )
        values: dict[str, Any] = {"request": request}
        for processor in self.context_processors:
            values.update(processor(request))
        values.update(context or {})
        return values


def _environment(directory: Directory | Sequence[Directory] | None) -> jinja2.Environment:
    listed = [directory] if isinstance(directory, str | PathLike) else directory or ()
    for each in listed:
        if not Path(each).is_dir():
            raise ConfigError(f"Jinja2Templates(directory={each!r}): there is no such directory")
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(listed),
        autoescape=jinja2.select_autoescape((), (PLAIN,), default=True),
    )


def _media_type(template: jinja2.Template) -> str:
    # What is not escaped must not be read as HTML.
    is_plain = (template.name or "").lower().endswith(f".{PLAIN}")
    return "text/plain" if is_plain else "text/html"


class _Piece:
    """What has been rendered and not sent yet."""

    __slots__ = ("_parts", "_size")

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._size = 0

    def add(self, part: str) -> str:
        """All that there is, if with this part it is enough; else nothing."""
        self._parts.append(part)
        self._size += len(part)
        return self.take() if self._size >= PIECE else ""

    def take(self) -> str:
        """All that there is."""
        text = "".join(self._parts)
        self._parts, self._size = [], 0
        return text


def _pieces(template: jinja2.Template, context: Mapping[str, Any]) -> Iterator[str]:
    piece = _Piece()
    for part in template.generate(context):
        if text := piece.add(part):
            yield text
    yield piece.take()


async def _async_pieces(
    template: jinja2.Template, context: Mapping[str, Any]
) -> AsyncIterator[str]:
    piece = _Piece()
    async with aclosing(template.generate_async(context)) as parts:
        async for part in parts:
            if text := piece.add(part):
                yield text
    yield piece.take()


@jinja2.pass_context
def _url_for(context: Context, name: str, /, **path_params: Any) -> URL:
    return _request(context).url_for(name, **path_params)


@jinja2.pass_context
def _url_path_for(context: Context, name: str, /, **path_params: Any) -> str:
    return _request(context).url_path_for(name, **path_params)


def _request(context: Context) -> HTTPConnection:
    request = context.resolve("request")
    if not isinstance(request, HTTPConnection):
        raise FrameworkError(
            f"{context.name}: there is no request here to build a URL by; import a macro that does so "
            "`with context`"
        )
    return request
