"""Flask, Django and Bottle mounted in our app below a path, which it leaves or cuts off."""

import threading
from collections.abc import Iterator
from importlib import import_module
from typing import Any
from wsgiref.types import WSGIApplication

import flask
import pytest

from framework import App
from framework.wsgi import WSGI
from tests.driver import Answer, ask

# Without types; as Any they trouble neither type checker.
bottle: Any = import_module("bottle")
django: Any = import_module("django")
django_conf: Any = import_module("django.conf")
django_wsgi: Any = import_module("django.core.handlers.wsgi")
django_http: Any = import_module("django.http")
django_urls: Any = import_module("django.urls")


def ticks() -> Iterator[str]:
    """What each of them streams, all of it in one thread."""
    thread = threading.get_ident()
    for number in range(3):
        assert threading.get_ident() == thread
        yield f"{number}\n"


# Flask

flask_app = flask.Flask(__name__)


@flask_app.get("/users/<name>")
def flask_user(name: str) -> str:
    return f"{name} {flask.url_for('flask_user', name=name, page=2)}"


@flask_app.get("/go")
def flask_go() -> Any:
    return flask.redirect(flask.url_for("flask_user", name="ann"))


@flask_app.post("/form")
def flask_form() -> str:
    upload = flask.request.files.get("file")
    return f"{flask.request.form['name']} {len(upload.read()) if upload else 'none'}"


@flask_app.post("/raw")
def flask_raw() -> bytes:
    return flask.request.get_data()


@flask_app.get("/ticks")
def flask_ticks() -> Any:
    return flask.Response(flask.stream_with_context(ticks()), mimetype="text/plain")


@flask_app.get("/visits")
def flask_visits() -> Any:
    visits = int(flask.request.cookies.get("visits", "0")) + 1
    response = flask.Response(f"{visits}")
    response.set_cookie("visits", str(visits), path=flask.request.root_path)
    response.set_cookie("second", "a b")
    return response


# Django


def django_user(request: Any, name: str) -> Any:
    url = django_urls.reverse("user", kwargs={"name": name})
    return django_http.HttpResponse(f"{name} {url}?page=2")


def django_go(request: Any) -> Any:
    return django_http.HttpResponseRedirect(django_urls.reverse("user", kwargs={"name": "ann"}))


def django_form(request: Any) -> Any:
    upload = request.FILES.get("file")
    size = len(upload.read()) if upload else "none"
    return django_http.HttpResponse(f"{request.POST['name']} {size}")


def django_raw(request: Any) -> Any:
    return django_http.HttpResponse(request.body)


def django_ticks(request: Any) -> Any:
    return django_http.StreamingHttpResponse(ticks(), content_type="text/plain")


def django_visits(request: Any) -> Any:
    visits = int(request.COOKIES.get("visits", "0")) + 1
    response = django_http.HttpResponse(f"{visits}")
    response.set_cookie("visits", str(visits), path=request.META["SCRIPT_NAME"])
    response.set_cookie("second", "a b")
    return response


urlpatterns = [
    django_urls.path("users/<name>", django_user, name="user"),
    django_urls.path("go", django_go),
    django_urls.path("form", django_form),
    django_urls.path("raw", django_raw),
    django_urls.path("ticks", django_ticks),
    django_urls.path("visits", django_visits),
]

django_conf.settings.configure(
    ALLOWED_HOSTS=["testserver"],
    LOGGING_CONFIG=None,
    MIDDLEWARE=["django.middleware.common.CommonMiddleware"],
    ROOT_URLCONF=__name__,
    SECRET_KEY="secret",
)
django.setup(set_prefix=False)
django_app: WSGIApplication = django_wsgi.WSGIHandler()

# Bottle

bottle_app: Any = bottle.Bottle()


@bottle_app.get("/users/<name>", name="user")  # type: ignore[untyped-decorator]
def bottle_user(name: str) -> str:
    return f"{name} {bottle_app.get_url('user', name=name)}?page=2"


@bottle_app.get("/go")  # type: ignore[untyped-decorator]
def bottle_go() -> None:
    bottle.redirect(f"{bottle.request.script_name}users/ann", 302)


@bottle_app.post("/form")  # type: ignore[untyped-decorator]
def bottle_form() -> str:
    upload = bottle.request.files.get("file")
    return f"{bottle.request.forms['name']} {len(upload.file.read()) if upload else 'none'}"


@bottle_app.post("/raw")  # type: ignore[untyped-decorator]
def bottle_raw() -> Any:
    return bottle.request.body.read()


@bottle_app.get("/ticks")  # type: ignore[untyped-decorator]
def bottle_ticks() -> Iterator[str]:
    bottle.response.content_type = "text/plain"
    return ticks()


@bottle_app.get("/visits")  # type: ignore[untyped-decorator]
def bottle_visits() -> str:
    visits = int(bottle.request.get_cookie("visits", "0")) + 1
    bottle.response.set_cookie("visits", str(visits), path=bottle.request.script_name)
    bottle.response.set_cookie("second", "b")
    return str(visits)


# Tests

APPS: dict[str, WSGIApplication] = {
    "flask": flask_app,
    "django": django_app,
    "bottle": bottle_app,
}
MULTIPART = (
    b'--b\r\ncontent-disposition: form-data; name="name"\r\n\r\nann\r\n'
    b'--b\r\ncontent-disposition: form-data; name="file"; filename="a.bin"\r\n\r\n'
    + b"\x00\r\n" * 20_000  # more than 100 kB in all would be too much for Bottle
    + b"\r\n--b--\r\n"
)


@pytest.fixture(params=[False, True], ids=["path whole", "path cut"])
def strip(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.fixture(params=APPS)
def mounted(request: pytest.FixtureRequest, strip: bool) -> App:
    app = App()
    app.mount("/old", WSGI(APPS[request.param]), strip=strip)
    return app


async def post(app: App, path: str, content_type: str, body: bytes) -> Answer:
    """Send a body in pieces."""
    headers = {"content-type": content_type, "content-length": str(len(body))}
    pieces = [body[at : at + 20_000] for at in range(0, len(body), 20_000)]
    return await ask(app, "POST", path, headers=headers, body=pieces)


@pytest.mark.parametrize("root_path", ["", "/root"])
async def test_its_routes_are_found_and_its_urls_have_the_path_of_the_mount(
    mounted: App, root_path: str
) -> None:
    answer = await ask(mounted, path="/old/users/ann", root_path=root_path)
    assert answer.text == f"ann {root_path}/old/users/ann?page=2"
    assert answer.headers["content-length"] == str(len(answer.body))
    redirect = await ask(mounted, path="/old/go", root_path=root_path)
    assert redirect.status == 302
    location = redirect.headers["location"].removeprefix("http://testserver")
    assert location == f"{root_path}/old/users/ann"
    assert (await ask(mounted, path="/old/nothing", root_path=root_path)).status == 404
    assert (await ask(mounted, "HEAD", "/old/users/ann")).body == b""


async def test_it_reads_forms_and_bodies(mounted: App) -> None:
    urlencoded = "application/x-www-form-urlencoded"
    assert (await post(mounted, "/old/form", urlencoded, b"name=ann")).text == "ann none"
    multipart = "multipart/form-data; boundary=b"
    assert (await post(mounted, "/old/form", multipart, MULTIPART)).text == "ann 60000"
    raw = await post(mounted, "/old/raw", "application/octet-stream", MULTIPART)
    assert raw.body == MULTIPART


async def test_a_chunked_body_that_comes_at_once_is_read(mounted: App) -> None:
    headers = {"transfer-encoding": "chunked"}
    answer = await ask(mounted, "POST", "/old/raw", headers=headers, body=b"chunk")
    assert answer.body == b"chunk"


async def test_flask_reads_a_chunked_body_of_any_size() -> None:
    headers = {"transfer-encoding": "chunked"}
    answer = await ask(WSGI(flask_app), "POST", "/raw", headers=headers, body=[b"a", b"b", b"c"])
    assert answer.body == b"abc"


async def test_it_streams(mounted: App) -> None:
    answer = await ask(mounted, path="/old/ticks")
    assert answer.chunks == [b"0\n", b"1\n", b"2\n", b""]
    assert answer.headers["content-type"].startswith("text/plain")


async def test_its_cookies_go_both_ways(mounted: App) -> None:
    first = await ask(mounted, path="/old/visits")
    cookies = first.headers.getlist("set-cookie")
    assert len(cookies) == 2
    assert "visits=1" in "".join(cookies)
    assert "Path=/old" in "".join(cookies)
    headers = [("cookie", "visits=1"), ("cookie", "other=x")]
    assert (await ask(mounted, path="/old/visits", headers=headers)).text == "2"
