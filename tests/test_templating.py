"""Templates: what they are given, what they become, and how they are streamed."""

import runpy
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import anyio
import jinja2
import pytest

from framework import App, ConfigError, FrameworkError, Request, Response, StreamingResponse
from framework import templating as module
from framework.templating import PIECE, Jinja2Templates, RenderedResponse
from tests.driver import ask, http_scope

PAGES = {
    "page.html": "<b>{{ name }}</b>",
    "page.html.j2": "<b>{{ name }}</b>",
    "page": "<b>{{ name }}</b>",
    "page.svg": "<b>{{ name }}</b>",
    "page.txt": "<b>{{ name }}</b>",
    "links.html": "{{ url_for('page', id=id) }} {{ url_path_for('page', id=id) }}",
    "macro.html": "{% macro link() %}{{ url_path_for('page', id=1) }}{% endmacro %}",
    "with.html": "{% from 'macro.html' import link with context %}{{ link() }}",
    "without.html": "{% from 'macro.html' import link %}{{ link() }}",
    "rows.html": "{% for row in rows %}{{ row }};{% endfor %}",
    "boom.html": "{{ 1 // 0 }}",
}
NAMES = [name for name in PAGES if name.startswith("page")]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in PAGES.items():
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.fixture
def templates(folder: Path) -> Jinja2Templates:
    return Jinja2Templates(folder)


def asynchronous() -> Jinja2Templates:
    loader = jinja2.DictLoader(PAGES)
    return Jinja2Templates(
        env=jinja2.Environment(loader=loader, autoescape=True, enable_async=True)
    )


def request(**changes: Any) -> Request:
    return Request(http_scope(**changes))


def serving(*responses: Response) -> App:
    """An app that answers with each of these in turn."""
    app, left = App(), [*responses]

    @app.get("/")
    async def home() -> Response:
        return left.pop(0)

    return app


# Rendering


async def test_a_template_is_rendered_to_a_page(templates: Jinja2Templates) -> None:
    response = templates.TemplateResponse(request(), "page.html", {"name": "World"})
    assert isinstance(response, RenderedResponse)
    answer = await ask(serving(response))
    assert (answer.status, answer.text) == (200, "<b>World</b>")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["content-length"] == "12"
    assert answer.extras == []


async def test_a_page_has_the_status_and_the_fields_that_it_is_given(
    templates: Jinja2Templates,
) -> None:
    ran: list[str] = []

    async def background() -> None:
        ran.append("background")

    def args(*name: str) -> tuple[Any, ...]:
        return (request(), *name, None, 201, {"x-a": "1"}, "text/plain", background)

    for response in (
        templates.TemplateResponse(*args("page.txt")),
        await templates.render(*args("page.txt")),
        templates.stream(*args("page.txt")),
    ):
        answer = await ask(serving(response))
        assert (answer.status, answer.text, answer.headers["x-a"]) == (201, "<b></b>", "1")
        assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert ran == ["background"] * 3


@pytest.mark.parametrize("name", NAMES)
def test_everything_is_escaped_but_plain_text(templates: Jinja2Templates, name: str) -> None:
    response = templates.TemplateResponse(request(), name, {"name": "<i>"})
    assert response.body == (b"<b><i></b>" if name == "page.txt" else b"<b>&lt;i&gt;</b>")


@pytest.mark.parametrize("name", NAMES)
async def test_what_is_not_escaped_is_not_sent_as_html(
    templates: Jinja2Templates, name: str
) -> None:
    kind = "text/plain" if name == "page.txt" else "text/html"
    for response in (
        templates.TemplateResponse(request(), name),
        await templates.render(request(), name),
        templates.stream(request(), name),
    ):
        answer = await ask(serving(response))
        assert answer.headers["content-type"] == f"{kind}; charset=utf-8"


async def test_a_response_tells_what_it_was_made_of(templates: Jinja2Templates) -> None:
    asked = request()
    response = templates.TemplateResponse(asked, "page.html", {"name": "me"})
    assert response.template.name == "page.html"
    assert response.context == {"request": asked, "name": "me"}
    answer = await ask(serving(response), extensions={"http.response.debug": {}})
    assert answer.text == "<b>me</b>"
    assert answer.extras == [
        {
            "type": "http.response.debug",
            "info": {"template": response.template, "context": response.context},
        }
    ]


def test_the_context_that_was_given_is_not_changed(templates: Jinja2Templates) -> None:
    context = {"name": "me"}
    templates.TemplateResponse(request(), "page.html", context)
    assert context == {"name": "me"}


def test_context_processors_add_to_it_and_a_handler_has_the_last_word(folder: Path) -> None:
    templates = Jinja2Templates(
        folder,
        context_processors=[
            lambda request: {"name": "processor", "path": request.url.path},
            lambda request: {"nonce": "n"},
        ],
    )
    response = templates.TemplateResponse(request(path="/a"), "page.html")
    assert response.body == b"<b>processor</b>"
    assert {**response.context, "request": None} == {
        "request": None,
        "name": "processor",
        "path": "/a",
        "nonce": "n",
    }
    response = templates.TemplateResponse(request(), "page.html", {"name": "handler"})
    assert response.body == b"<b>handler</b>"


async def test_a_template_that_fails_is_a_500_and_one_that_is_missing_says_so(
    templates: Jinja2Templates,
) -> None:
    app = App()

    @app.get("/")
    def boom(request: Request) -> Response:
        return templates.TemplateResponse(request, "boom.html")

    answer = await ask(app)
    assert (answer.status, type(answer.error)) == (500, ZeroDivisionError)
    with pytest.raises(jinja2.TemplateNotFound, match=r"missing\.html"):
        templates.TemplateResponse(request(), "missing.html")
    with pytest.raises(jinja2.TemplateNotFound, match=r"secret"):
        templates.get_template("../secret")


# URLs


@pytest.mark.parametrize("name", ["links.html", "with.html"])
async def test_a_template_builds_urls(templates: Jinja2Templates, name: str) -> None:
    app = App()

    @app.get("/")
    async def home(request: Request) -> Response:
        return templates.TemplateResponse(request, name, {"id": 1})

    @app.get("/pages/{id}")
    async def page(id: int) -> None: ...

    path = "/mount/pages/1"
    texts = {"links.html": f"http://testserver{path} {path}", "with.html": path}
    assert (await ask(app, path="/mount/", root_path="/mount")).text == texts[name]


def test_a_url_needs_the_request(templates: Jinja2Templates) -> None:
    with pytest.raises(FrameworkError, match=r"^macro\.html: .* `with context`"):
        templates.TemplateResponse(request(), "without.html")


# Streaming


async def test_a_stream_comes_in_pieces_of_some_size(templates: Jinja2Templates) -> None:
    threads: set[threading.Thread] = set()

    def rows() -> Iterator[str]:
        for _ in range(100):
            threads.add(threading.current_thread())
            yield "<" + "x" * 1000

    expected = ("&lt;" + "x" * 1000 + ";") * 100
    response = templates.stream(request(), "rows.html", {"rows": rows()})
    assert type(response) is StreamingResponse
    answer = await ask(serving(response))
    assert answer.text == expected
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert threading.current_thread() not in threads
    sizes = [len(chunk) for chunk in answer.chunks]
    assert len(sizes) == 7
    assert all(PIECE <= size < PIECE + 1100 for size in sizes[:5])


async def numbers(count: int, closed: list[bool]) -> AsyncIterator[int]:
    try:
        for number in range(count):
            await anyio.lowlevel.checkpoint()
            yield number
    finally:
        closed.append(True)


async def test_an_async_environment_awaits_what_it_is_given() -> None:
    templates, closed = asynchronous(), list[bool]()
    response = await templates.render(request(), "rows.html", {"rows": numbers(3, closed)})
    assert response.body == b"0;1;2;"
    stream = templates.stream(request(), "rows.html", {"rows": numbers(9000, closed)})
    answer = await ask(serving(stream))
    assert answer.text == "".join(f"{number};" for number in range(9000))
    assert len(answer.chunks) == 4
    assert closed == [True, True]


def test_an_async_environment_cannot_render_at_once() -> None:
    with pytest.raises(FrameworkError, match=r"`await templates\.render\(\.\.\.\)`"):
        asynchronous().TemplateResponse(request(), "page.html")


@pytest.mark.parametrize("is_async", [False, True])
async def test_a_stream_that_fails_is_not_ended_as_if_it_were_whole(
    templates: Jinja2Templates, is_async: bool
) -> None:
    templates = asynchronous() if is_async else templates
    answer = await ask(serving(templates.stream(request(), "boom.html")))
    assert isinstance(answer.error, ZeroDivisionError)
    assert answer.status == 200
    assert answer.chunks == []


# Options


def test_directories_are_looked_into_in_turn(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / f"{name}.html").write_text(name)
        (tmp_path / name / "both.html").write_text(name)
    templates = Jinja2Templates([tmp_path / "one", str(tmp_path / "two")])
    names = ["one.html", "two.html", "both.html"]
    bodies = [templates.TemplateResponse(request(), name).body for name in names]
    assert bodies == [b"one", b"two", b"one"]


def test_an_environment_of_ones_own_is_used_as_it_is() -> None:
    env = jinja2.Environment(loader=jinja2.DictLoader(PAGES))
    names: Any = env.globals
    names["url_for"] = "mine"
    templates = Jinja2Templates(env=env)
    assert templates.env is env
    assert env.globals["url_for"] == "mine"
    assert "url_path_for" in env.globals
    assert templates.TemplateResponse(request(), "page.html", {"name": "<i>"}).body == b"<b><i></b>"


def test_options_that_cannot_work_are_refused(folder: Path) -> None:
    with pytest.raises(ConfigError, match=r"either directory=\.\.\. or env=\.\.\."):
        Jinja2Templates()
    with pytest.raises(ConfigError, match=r"either directory=\.\.\. or env=\.\.\."):
        Jinja2Templates(folder, env=jinja2.Environment())
    for missing in (folder / "missing", [folder, folder / "page.html"]):
        with pytest.raises(ConfigError, match="there is no such directory"):
            Jinja2Templates(missing)

    async def processor(request: Request) -> None: ...

    processors: list[Any] = [processor]
    with pytest.raises(ConfigError, match="give plain functions"):
        Jinja2Templates(folder, context_processors=processors)


def test_a_missing_jinja_is_an_error_that_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jinja2", None)
    with pytest.raises(ImportError, match=r"pip install 'asgi-framework\[templates\]'"):
        runpy.run_path(module.__file__)
