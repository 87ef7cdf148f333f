"""Sessions from request to request: in a signed cookie, and in a store."""

import time
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator, Callable
from hashlib import sha256
from typing import Any

import pytest
from itsdangerous import Signer
from starlette.applications import Starlette
from starlette.middleware import Middleware as StarletteMiddleware
from starlette.middleware.sessions import SessionMiddleware as StarletteSessions
from starlette.requests import Request as StarletteRequest
from starlette.responses import JSONResponse as StarletteJSON
from starlette.routing import Route as StarletteRoute

from framework import (
    App,
    BackgroundTask,
    ConfigError,
    FrameworkError,
    HTTPException,
    Middleware,
    PlainTextResponse,
    RedirectResponse,
    Request,
    Response,
    StreamingResponse,
    WebSocket,
)
from framework.middleware.sessions import SessionMiddleware
from framework.stores import MemoryStore, Store
from framework.types import ASGIApp, Receive, Scope, Send
from tests.driver import Answer, ask
from tests.protocols import Conversation, converse, running
from tests.test_stores import Clock

KEY = "0123456789abcdef0123456789abcdef"
OLD_KEY = b"fedcba9876543210fedcba9876543210"

KINDS: list[Callable[[], dict[str, Any]]] = [
    lambda: {"secret_key": KEY},
    lambda: {"store": MemoryStore()},
]


@pytest.fixture(params=KINDS, ids=["cookie", "store"])
def options(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Keep sessions in each of the two places."""
    made: dict[str, Any] = request.param()
    return made


class Browser:
    """Sends the cookies that it was given, as browsers do."""

    def __init__(self, app: ASGIApp, cookies: dict[str, str] | None = None) -> None:
        self.app = app
        self.cookies = dict(cookies or {})

    @property
    def headers(self) -> dict[str, str]:
        """The Cookie field, if there is a cookie."""
        pairs = [f"{name}={value}" for name, value in self.cookies.items()]
        return {"cookie": "; ".join(pairs)} if pairs else {}

    async def ask(self, method: str, path: str, **changes: Any) -> Answer:
        """Send a request, and keep the cookies of the answer."""
        answer = await ask(self.app, method, path, headers=self.headers, **changes)
        self.keep(answer.headers.getlist("set-cookie"))
        return answer

    def keep(self, fields: list[str]) -> None:
        """Set and delete cookies."""
        for field in fields:
            pair, _, attributes = field.partition("; ")
            name, _, value = pair.partition("=")
            self.cookies[name] = value
            if "Max-Age=0" in attributes:
                del self.cookies[name]

    async def values(self) -> Any:
        """What the session has now."""
        return (await self.ask("GET", "/")).json()


def an_app(*middleware: Middleware, **options: Any) -> App:
    """An app that does with a session what apps do."""
    around = middleware or (Middleware(SessionMiddleware, **options),)
    app = App(middleware=around)

    @app.get("/")
    async def home(request: Request) -> dict[str, Any]:
        return dict(request.session)

    @app.get("/untouched")
    async def untouched() -> str:
        return "untouched"

    @app.get("/new")
    async def new(request: Request) -> bool:
        return request.session.is_new

    @app.post("/set/{name}/{value}")
    async def put(request: Request, name: str, value: str) -> None:
        request.session[name] = value

    @app.post("/cart/{item}")
    async def add(request: Request, item: str) -> None:
        request.session.setdefault("cart", []).append(item)

    @app.post("/remove/{name}")
    async def remove(request: Request, name: str) -> None:
        del request.session[name]

    @app.post("/login")
    async def login(request: Request) -> None:
        request.session.regenerate()
        request.session["user"] = "me"

    @app.post("/logout")
    async def logout(request: Request) -> None:
        request.session.clear()

    @app.post("/leave")
    async def leave(request: Request) -> None:
        request.session.clear()
        request.session["notice"] = "bye"

    return app


def attributes(answer: Answer) -> str:
    """What was said of the one cookie, beside its name and value."""
    (field,) = answer.headers.getlist("set-cookie")
    return field.partition("; ")[2]


# From request to request


async def test_what_is_set_is_there_in_the_next_request(options: dict[str, Any]) -> None:
    browser = Browser(an_app(**options))
    assert (await browser.ask("GET", "/new")).json() is True
    await browser.ask("POST", "/set/user/me")
    await browser.ask("POST", "/set/lang/%C3%BC")
    assert await browser.values() == {"user": "me", "lang": "ü"}
    assert (await browser.ask("GET", "/new")).json() is False


async def test_browsers_have_sessions_of_their_own(options: dict[str, Any]) -> None:
    app = an_app(**options)
    one, two = Browser(app), Browser(app)
    await one.ask("POST", "/set/user/one")
    await two.ask("POST", "/set/user/two")
    assert await one.values() == {"user": "one"}
    assert await two.values() == {"user": "two"}


async def test_the_cookie_is_out_of_the_reach_of_scripts_and_of_other_sites(
    options: dict[str, Any],
) -> None:
    answer = await Browser(an_app(**options)).ask("POST", "/set/a/1")
    assert attributes(answer) == "Max-Age=1209600; Path=/; SameSite=Lax; Secure; HttpOnly"


async def test_the_cookie_is_as_the_app_wants_it(options: dict[str, Any]) -> None:
    app = an_app(
        **options,
        cookie="sid",
        max_age=60,
        path="/shop",
        domain="example.com",
        samesite="strict",
        secure=False,
    )
    browser = Browser(app)
    answer = await browser.ask("POST", "/set/a/1")
    assert list(browser.cookies) == ["sid"]
    assert attributes(answer) == (
        "Max-Age=60; Path=/shop; Domain=example.com; SameSite=Strict; HttpOnly"
    )
    gone = attributes(await browser.ask("POST", "/logout"))
    assert "; Path=/shop; Domain=example.com; SameSite=Strict; HttpOnly" in gone
    assert browser.cookies == {}


async def test_the_cookie_of_a_page_in_a_frame_may_be_partitioned(options: dict[str, Any]) -> None:
    browser = Browser(an_app(**options, samesite="none", partitioned=True))
    answer = await browser.ask("POST", "/set/a/1")
    assert attributes(answer) == (
        "Max-Age=1209600; Path=/; SameSite=None; Secure; HttpOnly; Partitioned"
    )


async def test_a_cookie_until_the_browser_is_closed_has_no_age(options: dict[str, Any]) -> None:
    browser = Browser(an_app(**options, max_age=None))
    answer = await browser.ask("POST", "/set/a/1")
    assert attributes(answer) == "Path=/; SameSite=Lax; Secure; HttpOnly"
    assert await browser.values() == {"a": "1"}


async def test_a_change_inside_a_value_is_kept(options: dict[str, Any]) -> None:
    browser = Browser(an_app(**options))
    for item in "abc":
        await browser.ask("POST", f"/cart/{item}")
    assert await browser.values() == {"cart": ["a", "b", "c"]}


@pytest.mark.parametrize(
    ("path", "vary"), [("/untouched", None), ("/", "Cookie"), ("/new", "Cookie")]
)
async def test_without_a_change_no_cookie_is_set(
    options: dict[str, Any], path: str, vary: str | None
) -> None:
    browser = Browser(an_app(**options))
    for _ in range(2):
        for method in ("GET", "HEAD"):
            answer = await browser.ask(method, path)
            assert answer.status == 200
            assert answer.headers.getlist("set-cookie") == []
            assert answer.headers.get("vary") == vary
        await browser.ask("POST", "/set/a/1")


async def test_setting_what_is_there_sets_no_cookie(options: dict[str, Any]) -> None:
    browser = Browser(an_app(**options))
    first = await browser.ask("POST", "/set/a/1")
    again = await browser.ask("POST", "/set/a/1")
    assert [len(answer.headers.getlist("set-cookie")) for answer in (first, again)] == [1, 0]


# Who depends on it says so


async def not_modified(request: Request) -> Response:
    return Response(status_code=304, headers={"etag": f'"{request.session.get("a")}"'})


async def redirected(request: Request) -> Response:
    return RedirectResponse(f"/{request.session.get('a')}", 303)


async def refused(request: Request) -> None:
    raise HTTPException(403, f"not for {request.session.get('a')}")


async def failed(request: Request) -> None:
    raise LookupError(request.session.get("a"))


async def varied(request: Request) -> Response:
    return Response(str(request.session), headers={"vary": "Accept, cookie"})


@pytest.mark.parametrize(
    ("handler", "status", "vary"),
    [
        (not_modified, 304, "Cookie"),
        (redirected, 303, "Cookie"),
        (refused, 403, "Accept, Cookie"),
        (failed, 500, "Accept, Cookie"),
        (varied, 200, "Accept, cookie"),
    ],
)
async def test_every_answer_that_depends_on_the_session_says_so(
    options: dict[str, Any], handler: Callable[..., Any], status: int, vary: str
) -> None:
    app = an_app(**options)
    app.add_route("/answer", handler)
    for method in ("GET", "HEAD"):
        answer = await ask(app, method, "/answer")
        assert (answer.status, answer.headers.getlist("vary")) == (status, [vary])


async def test_an_answer_of_a_middleware_says_so_too(options: dict[str, Any]) -> None:
    app = an_app(**options)

    @app.middleware
    async def members_only(request: Request, call_next: Any) -> Response:
        if "user" not in request.session:
            return PlainTextResponse("who are you?", 401)
        response: Response = await call_next(request)
        request.session["seen"] = True
        return response

    assert (await ask(app, path="/untouched")).headers["vary"] == "Cookie"
    browser = Browser(app)
    assert (await browser.ask("POST", "/login")).status == 401
    browser = Browser(app, (await logged_in(options)).cookies)
    assert (await browser.ask("GET", "/untouched")).headers["vary"] == "Cookie"
    assert await browser.values() == {"user": "me", "seen": True}


async def logged_in(options: dict[str, Any]) -> Browser:
    browser = Browser(an_app(**options))
    await browser.ask("POST", "/login")
    return browser


# Login and logout


async def test_a_login_gives_a_new_id_and_makes_the_old_one_worthless() -> None:
    browser = Browser(an_app(store=MemoryStore()))
    await browser.ask("POST", "/set/basket/1")
    planted = Browser(browser.app, browser.cookies)
    await browser.ask("POST", "/login")
    assert browser.cookies != planted.cookies
    assert await browser.values() == {"basket": "1", "user": "me"}
    assert await planted.values() == {}


async def test_a_login_sets_the_cookie_though_no_value_changes(options: dict[str, Any]) -> None:
    browser = await logged_in(options)
    answer = await browser.ask("POST", "/login")
    assert len(answer.headers.getlist("set-cookie")) == 1
    assert await browser.values() == {"user": "me"}


@pytest.mark.parametrize("path", ["/logout", "/remove/user"])
async def test_an_end_deletes_the_cookie(options: dict[str, Any], path: str) -> None:
    browser = await logged_in(options)
    answer = await browser.ask("POST", path)
    assert answer.headers["set-cookie"].startswith("session=; Max-Age=0; Expires=")
    assert attributes(answer).endswith("; Path=/; SameSite=Lax; Secure; HttpOnly")
    assert answer.headers["vary"] == "Cookie"
    assert browser.cookies == {}


@pytest.mark.parametrize("path", ["/logout", "/leave", "/remove/user"])
async def test_after_a_logout_the_old_cookie_is_worth_nothing(path: str) -> None:
    browser = await logged_in({"store": MemoryStore()})
    copy = Browser(browser.app, browser.cookies)
    await browser.ask("POST", path)
    assert await copy.values() == {}


async def test_what_is_set_after_the_end_is_a_new_session(options: dict[str, Any]) -> None:
    browser = await logged_in(options)
    before = browser.cookies["session"]
    await browser.ask("POST", "/leave")
    assert browser.cookies["session"] != before
    assert await browser.values() == {"notice": "bye"}


async def test_nothing_is_deleted_where_nothing_was(options: dict[str, Any]) -> None:
    for cookies in ({}, {"session": "unknown"}):
        answer = await Browser(an_app(**options), cookies).ask("POST", "/logout")
        assert answer.headers.getlist("set-cookie") == []


# What comes from outside


def cookie_signer(name: str = "session", key: str | bytes = KEY) -> Signer:
    """Sign as the middleware does."""
    salt = f"framework.sessions:{name}"
    return Signer(key, salt, key_derivation="hmac", digest_method=sha256)


def signed(text: bytes, age: int = 0, **how: Any) -> str:
    """The cookie that the middleware has made of this text `age` seconds ago."""
    dated = b"%b.%d" % (urlsafe_b64encode(text), time.time() - age)
    return cookie_signer(**how).sign(dated).decode()


GOOD = b'{"user":"me"}'

FORGED = {
    "empty": "",
    "no signature": urlsafe_b64encode(GOOD).decode(),
    "dots": "...",
    "huge": "x" * 100_000,
    "huge number": "a.ZZZZZZZZZZZZZZZZZZZZZZZZZZZ.b",
    "not ASCII": "\xe9\xff\x80.\xe9.\xe9",
    "another key": signed(GOOD, key=OLD_KEY),
    "another cookie": signed(GOOD, name="other"),
    "another purpose": Signer(KEY).sign(b"%b.1" % urlsafe_b64encode(GOOD)).decode(),
    "no time": cookie_signer().sign(urlsafe_b64encode(GOOD)).decode(),
    "a time that is no number": cookie_signer().sign(urlsafe_b64encode(GOOD) + b".now").decode(),
    "expired": signed(GOOD, age=14 * 24 * 3600 + 1),
    "no base64": cookie_signer().sign("a.9999999999").decode(),
    "no JSON": signed(b"user=me"),
    "no object": signed(b'["user"]'),
    "no values": signed(b"{}"),
    "quoted twice": f'""{signed(GOOD)}""',
}


async def test_the_tests_sign_as_the_middleware_does() -> None:
    browser = Browser(an_app(secret_key=KEY), {"session": signed(GOOD)})
    assert await browser.values() == {"user": "me"}


@pytest.mark.parametrize("cookie", FORGED.values(), ids=FORGED.keys())
async def test_a_cookie_that_is_not_ours_is_no_session_and_no_error(cookie: str) -> None:
    app = an_app(secret_key=KEY)
    answer = await Browser(app, {"session": cookie}).ask("GET", "/")
    assert (answer.status, answer.json()) == (200, {})
    assert answer.headers.getlist("set-cookie") == []
    browser = Browser(app, {"session": cookie})
    await browser.ask("POST", "/set/a/1")
    assert await browser.values() == {"a": "1"}


async def test_a_cookie_of_which_anything_is_changed_is_no_session() -> None:
    app = an_app(secret_key=KEY)
    cookie = signed(GOOD)
    changed = [cookie[:end] for end in range(len(cookie))]
    for at, character in enumerate(cookie[:-1]):  # the last has bits that stand for nothing
        changed.append(f"{cookie[:at]}{'A' if character != 'A' else 'B'}{cookie[at + 1 :]}")
    for other in changed:
        assert await Browser(app, {"session": other}).values() == {}


async def test_a_cookie_is_good_until_its_age() -> None:
    app = an_app(secret_key=KEY, max_age=100)
    ages = [-60, 0, 90, 110]  # -60: signed by another server, whose clock is ahead
    found = [await Browser(app, {"session": signed(GOOD, age=age)}).values() for age in ages]
    assert found == [{"user": "me"}] * 3 + [{}]


async def test_a_session_until_the_browser_is_closed_ends_all_the_same() -> None:
    app = an_app(secret_key=KEY, max_age=None)
    old = signed(GOOD, age=15 * 24 * 3600)
    assert await Browser(app, {"session": old}).values() == {}


async def test_the_first_of_several_keys_signs_and_all_are_accepted() -> None:
    new, old = an_app(secret_key=[KEY]), an_app(secret_key=OLD_KEY)
    both = an_app(secret_key=[KEY, OLD_KEY])
    browser = Browser(old)
    await browser.ask("POST", "/set/a/1")
    browser.app = both
    assert await browser.values() == {"a": "1"}
    await browser.ask("POST", "/set/b/2")
    assert await Browser(new, browser.cookies).values() == {"a": "1", "b": "2"}
    assert await Browser(old, browser.cookies).values() == {}


async def test_of_two_cookies_of_one_name_the_first_counts(options: dict[str, Any]) -> None:
    browser = await logged_in(options)
    cookie = f"session={browser.cookies['session']}"
    first = await ask(browser.app, headers={"cookie": f"{cookie}; session=planted"})
    second = await ask(browser.app, headers={"cookie": f"session=planted; {cookie}"})
    assert (first.json(), second.json()) == ({"user": "me"}, {})


async def test_an_id_from_outside_is_not_adopted() -> None:
    browser = Browser(an_app(store=MemoryStore()), {"session": "planted"})
    assert await browser.values() == {}
    await browser.ask("POST", "/set/user/me")
    assert len(browser.cookies["session"]) == 43  # 256 bits
    assert await Browser(browser.app, {"session": "planted"}).values() == {}


class Spy:
    """A store that tells what it was asked for."""

    def __init__(self) -> None:
        self.store: Store = MemoryStore()
        self.calls: list[str] = []
        self.values: dict[str, bytes] = {}
        self.ages: set[int] = set()

    async def get(self, key: str) -> bytes | None:
        self.calls.append("get")
        return await self.store.get(key)

    async def set(self, key: str, value: bytes, *, max_age: int, when: Any = "always") -> bool:
        self.calls.append(f"set {when}")
        self.ages.add(max_age)
        self.values[key] = value
        return await self.store.set(key, value, max_age=max_age, when=when)

    async def delete(self, key: str) -> None:
        self.calls.append("delete")
        await self.store.delete(key)


async def test_what_is_in_the_store_does_not_give_sessions_away() -> None:
    spy = Spy()
    browser = await logged_in({"store": spy})
    (key,) = spy.values
    assert key == f"session:session:{sha256(browser.cookies['session'].encode()).hexdigest()}"
    for stolen in (key, key.rpartition(":")[2]):
        assert await Browser(browser.app, {"session": stolen}).values() == {}


async def test_the_store_is_asked_only_for_what_is_needed() -> None:
    spy = Spy()
    browser = Browser(an_app(store=spy))
    expected = {
        "GET /untouched": [],
        "GET /": [],
        "POST /set/a/1": ["set always"],
        "GET /new": ["get"],
        "POST /set/b/2": ["get", "set present"],
        "POST /login": ["get", "set always", "set present", "delete"],
        "POST /logout": ["get", "delete"],
    }
    for request, calls in expected.items():
        await browser.ask(*request.split())
        assert spy.calls == calls, request
        spy.calls.clear()


@pytest.mark.parametrize(("max_age", "kept"), [(100, 100), (None, 14 * 24 * 3600)])
async def test_the_store_keeps_a_session_from_its_last_change_for_its_age(
    max_age: int | None, kept: int
) -> None:
    spy, clock = Spy(), Clock()
    spy.store = MemoryStore(clock=clock)
    browser = Browser(an_app(store=spy, max_age=max_age))
    await browser.ask("POST", "/login")
    for _ in range(2):
        clock.now += kept - 1
        assert await browser.values() == {"user": "me"}
        await browser.ask("POST", "/login")
    clock.now += kept
    assert await browser.values() == {}
    assert spy.ages == {kept, 60}  # the other is of the old id, until it is deleted


@pytest.mark.parametrize("value", [b"", b"{", b"[]", b"null", b"\xff", b"\x80\x04\x95"])
async def test_what_is_malformed_in_the_store_is_no_session(value: bytes) -> None:
    spy = Spy()
    browser = await logged_in({"store": spy})
    (key,) = spy.values
    await spy.store.set(key, value, max_age=60)
    assert await browser.values() == {}
    await browser.ask("POST", "/set/a/1")
    assert await browser.values() == {"a": "1"}


@pytest.mark.parametrize("path", ["/set/a/1", "/login", "/leave", "/logout"])
async def test_a_session_that_another_request_has_ended_is_not_brought_back(path: str) -> None:
    app = an_app(store=MemoryStore())

    @app.middleware
    async def another_tab(request: Request, call_next: Any) -> Response:
        response: Response = await call_next(request)
        if "meanwhile" in request.query_params:
            await Browser(app, request.cookies).ask("POST", "/logout")
        return response

    browser = Browser(app)
    await browser.ask("POST", "/login")
    before = Browser(app, browser.cookies)
    await browser.ask("POST", f"{path}?meanwhile")
    assert await browser.values() == await before.values() == {}


@pytest.mark.parametrize("step", ["set always", "set present"])
async def test_an_end_in_the_middle_of_a_renewal_is_the_end(step: str) -> None:
    victims: list[Browser] = []

    class Interrupted(Spy):
        async def set(self, key: str, value: bytes, *, max_age: int, when: Any = "always") -> bool:
            if f"set {when}" == step and victims:
                await victims.pop().ask("POST", "/logout")
            return await super().set(key, value, max_age=max_age, when=when)

    spy = Interrupted()
    browser = await logged_in({"store": spy})
    victims.append(Browser(browser.app, browser.cookies))
    await browser.ask("POST", "/login")
    assert await browser.values() == {}
    for key in spy.values:
        assert await spy.store.get(key) is None


# What cannot be kept


async def test_a_session_too_large_for_a_cookie_is_an_error_that_says_what_to_do() -> None:
    browser = Browser(an_app(secret_key=KEY))
    largest = 3000
    while True:
        answer = await browser.ask("POST", f"/set/a/{'x' * largest}")
        if answer.error is not None:
            break
        largest += 1
    assert (answer.status, type(answer.error)) == (500, ValueError)
    assert "more than 4096" in str(answer.error)
    assert "SessionMiddleware(store=...)" in str(answer.error)
    assert answer.headers.getlist("set-cookie") == []
    assert 4090 < len("session") + len(browser.cookies["session"]) <= 4096
    assert await browser.values() == {"a": "x" * (largest - 1)}


async def test_a_store_takes_a_session_of_any_size() -> None:
    browser = Browser(an_app(store=MemoryStore()))
    await browser.ask("POST", f"/set/a/{'x' * 50_000}")
    assert await browser.values() == {"a": "x" * 50_000}


async def test_a_value_that_json_cannot_say_is_an_error_that_names_it(
    options: dict[str, Any],
) -> None:
    app = an_app(**options)

    @app.post("/bad")
    async def bad(request: Request) -> None:
        request.session.update(good=1, bad={"deep": object()})

    browser = Browser(app, (await logged_in(options)).cookies)
    answer = await browser.ask("POST", "/bad")
    assert (answer.status, type(answer.error)) == (500, TypeError)
    assert "session['bad'] cannot be kept" in str(answer.error)
    assert await browser.values() == {"user": "me"}


@pytest.mark.parametrize(("status", "kept"), [(200, True), (303, True), (409, True), (503, False)])
async def test_an_answer_that_tells_of_a_failure_keeps_nothing(
    options: dict[str, Any], status: int, kept: bool
) -> None:
    app = an_app(**options)

    @app.post("/half")
    async def half(request: Request) -> Response:
        request.session["half"] = "done"
        return Response(status_code=status)

    browser = Browser(app)
    answer = await browser.ask("POST", "/half")
    assert (answer.status, answer.headers["vary"]) == (status, "Cookie")
    assert await browser.values() == ({"half": "done"} if kept else {})


async def test_an_app_that_raises_keeps_nothing(options: dict[str, Any]) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        scope["session"]["half"] = "done"
        raise LookupError

    answer = await ask(SessionMiddleware(app, **options))
    assert isinstance(answer.error, LookupError)
    assert answer.messages == []


# When it is too late


async def test_after_the_response_a_session_can_be_read_and_not_be_changed(
    options: dict[str, Any],
) -> None:
    app = an_app(**options)
    seen: list[str] = []

    def afterwards(request: Request) -> None:
        seen.append(request.session["user"])
        with pytest.raises(FrameworkError, match="its cookie can no longer be set"):
            request.session["user"] = "you"
        seen.append(request.session["user"])

    @app.get("/work")
    async def work(request: Request) -> Response:
        return PlainTextResponse("begun", background=BackgroundTask(afterwards, request))

    browser = Browser(app, (await logged_in(options)).cookies)
    assert (await browser.ask("GET", "/work")).error is None
    assert seen == ["me", "me"]


async def test_a_stream_starts_with_the_cookie_and_cannot_set_it_later(
    options: dict[str, Any],
) -> None:
    app = an_app(**options)

    @app.post("/stream")
    async def stream(request: Request) -> Response:
        async def lines() -> AsyncIterator[str]:
            yield str(request.session["a"])
            with pytest.raises(FrameworkError):
                request.session.clear()
            yield str(request.session["a"])

        request.session["a"] = 1
        return StreamingResponse(lines())

    browser = Browser(app)
    answer = await browser.ask("POST", "/stream")
    assert (answer.error, answer.text) == (None, "11")
    assert await browser.values() == {"a": 1}


# Sockets


def a_socket(**options: Any) -> App:
    app = an_app(**options)

    @app.websocket("/counter")
    async def counter(websocket: WebSocket) -> None:
        websocket.session["count"] = websocket.session.get("count", 0) + 1
        await websocket.accept(headers={"x-a": "b"})
        with pytest.raises(FrameworkError, match=r"of a WebSocket: after accept\(\)"):
            websocket.session["count"] = 0
        await websocket.send_json(dict(websocket.session))

    @app.websocket("/denied")
    async def denied(websocket: WebSocket) -> None:
        websocket.session["count"] = 10
        await websocket.send_denial_response(PlainTextResponse("no", 403))

    @app.websocket("/closed")
    async def closed(websocket: WebSocket) -> None:
        websocket.session["count"] = 20
        await websocket.close()

    return app


async def connect(browser: Browser, path: str, **changes: Any) -> Conversation:
    talk = await converse(browser.app, path, headers=browser.headers, **changes)
    headers = dict(talk.messages[0].get("headers", ()))
    if b"set-cookie" in headers:
        assert headers[b"vary"] == b"Cookie"
        browser.keep([headers[b"set-cookie"].decode()])
    return talk


async def test_a_socket_sets_the_cookie_when_it_is_accepted(options: dict[str, Any]) -> None:
    browser = Browser(a_socket(**options))
    for count in (1, 2):
        talk = await connect(browser, "/counter")
        assert (talk.error, talk.types) == (None, ["accept", "send", "close"])
        assert (b"x-a", b"b") in talk.messages[0]["headers"]
        assert talk.messages[1]["text"] == f'{{"count":{count}}}'
    assert await browser.values() == {"count": 2}


async def test_a_socket_that_is_denied_sets_the_cookie_where_the_server_can(
    options: dict[str, Any],
) -> None:
    browser = Browser(a_socket(**options))
    await connect(browser, "/denied")
    assert await browser.values() == {}
    await connect(browser, "/denied", extensions={"websocket.http.response": {}})
    assert await browser.values() == {"count": 10}


async def test_a_socket_that_is_closed_at_once_keeps_nothing(options: dict[str, Any]) -> None:
    browser = Browser(a_socket(**options))
    assert (await connect(browser, "/closed")).types == ["close"]
    assert await browser.values() == {}


# Among others


async def test_sessions_of_other_cookies_are_others(options: dict[str, Any]) -> None:
    app = an_app(
        Middleware(SessionMiddleware, **options, cookie="outer"),
        Middleware(SessionMiddleware, **options, cookie="inner"),
    )
    browser = Browser(app)
    answer = await browser.ask("POST", "/set/a/1")
    assert answer.headers["vary"] == "Cookie"
    assert list(browser.cookies) == ["inner"]
    assert await browser.values() == {"a": "1"}
    other = Browser(an_app(**options, cookie="outer"), {"outer": browser.cookies["inner"]})
    assert await other.values() == {}


async def test_each_of_two_nested_sessions_is_kept(options: dict[str, Any]) -> None:
    async def counting(scope: Scope, receive: Receive, send: Send) -> None:
        scope["session"]["outer"] = scope["session"].get("outer", 0) + 1
        await inner(scope, receive, send)

    inner = an_app(**options, cookie="inner")
    browser = Browser(SessionMiddleware(counting, **options, cookie="outer"))
    await browser.ask("POST", "/set/a/1")
    await browser.ask("POST", "/set/b/2")
    assert await browser.values() == {"a": "1", "b": "2"}
    browser.app = an_app(**options, cookie="outer")
    assert await browser.values() == {"outer": 3}


async def test_any_asgi_app_can_be_inside(options: dict[str, Any]) -> None:
    async def visits(request: StarletteRequest) -> StarletteJSON:
        request.session["visits"] = request.session.get("visits", 0) + 1
        return StarletteJSON(dict(request.session))

    app = Starlette(
        routes=[StarletteRoute("/", visits)],
        middleware=[StarletteMiddleware(SessionMiddleware, **options)],
    )
    browser = Browser(app)
    assert [await browser.values() for _ in range(3)] == [{"visits": n} for n in (1, 2, 3)]


async def test_an_app_that_sends_no_headers_gets_a_cookie(options: dict[str, Any]) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        scope["session"]["a"] = 1
        await send({"type": "http.response.start", "status": 200})
        await send({"type": "http.response.body", "body": b""})

    answer = await ask(SessionMiddleware(app, **options))
    assert [name for name, _ in answer.headers.multi_items()] == ["vary", "set-cookie"]


async def test_the_message_of_the_app_is_not_changed(options: dict[str, Any]) -> None:
    headers: list[tuple[bytes, bytes]] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        scope["session"]["a"] = 1
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b""})

    assert len((await ask(SessionMiddleware(app, **options))).headers) == 2
    assert headers == []


async def test_starlettes_sessions_are_read_and_written_as_ours() -> None:
    app = an_app(Middleware(StarletteSessions, secret_key=KEY))
    browser = Browser(app)
    answer = await browser.ask("POST", "/set/a/1")
    assert "httponly" in attributes(answer)
    await browser.ask("POST", "/set/b/2")
    assert await browser.values() == {"a": "1", "b": "2"}
    assert (await browser.ask("GET", "/")).headers["vary"] == "Cookie"
    await browser.ask("POST", "/logout")
    assert await browser.values() == {}


async def test_other_scopes_are_passed_on(options: dict[str, Any]) -> None:
    async with running(an_app(**options)) as talk:
        assert talk.types == ["startup.complete"]
    assert talk.error is None


# Configuration


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({}, "either secret_key="),
        ({"secret_key": KEY, "store": MemoryStore()}, "either secret_key="),
        ({"secret_key": ""}, "32 random bytes or more"),
        ({"secret_key": b""}, "32 random bytes or more"),
        ({"secret_key": []}, "32 random bytes or more"),
        ({"secret_key": "short"}, "32 random bytes or more"),
        ({"secret_key": KEY[:31]}, "32 random bytes or more"),
        ({"secret_key": [KEY, "short"]}, "32 random bytes or more"),
        ({"secret_key": KEY, "max_age": 0}, "max_age=0: give whole seconds"),
        ({"secret_key": KEY, "max_age": -1}, "max_age=-1"),
        ({"secret_key": KEY, "max_age": 1.5}, "max_age=1.5"),
        ({"secret_key": KEY, "max_age": True}, "max_age=True"),
        ({"secret_key": KEY, "cookie": "a b"}, "'a b' is no name for a cookie"),
        ({"secret_key": KEY, "cookie": ""}, "'' is no name for a cookie"),
        ({"secret_key": KEY, "path": "shop"}, "path='shop'"),
        ({"secret_key": KEY, "path": "/; HttpOnly"}, "path='/; HttpOnly'"),
        ({"secret_key": KEY, "domain": "ü.example"}, "domain='ü.example'"),
        ({"secret_key": KEY, "samesite": "Lax"}, "samesite='Lax'"),
        ({"secret_key": KEY, "samesite": "none", "secure": False}, "secure=True"),
        ({"secret_key": KEY, "cookie": "__Host-s", "path": "/shop"}, "path='/'"),
        ({"secret_key": KEY, "cookie": "__Host-s", "secure": False}, "secure=True"),
    ],
)
def test_what_cannot_work_is_refused_when_the_app_is_made(
    wrong: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        an_app(**wrong).compile()
    assert KEY[:31] not in str(caught.value)


async def test_the_prefix_that_keeps_subdomains_out_works(options: dict[str, Any]) -> None:
    browser = Browser(an_app(**options, cookie="__Host-session"))
    await browser.ask("POST", "/set/a/1")
    assert await browser.values() == {"a": "1"}
    await browser.ask("POST", "/logout")
    assert browser.cookies == {}
