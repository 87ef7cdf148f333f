"""Whom Authorization shows, what a client is told that shows it wrong, and what `requires` lets through."""

import hmac
import threading
from typing import Any

import pytest

from framework import App, ConfigError, FrameworkError, Request, Router, WebSocket
from framework.authentication import (
    AuthCredentials,
    AuthenticationError,
    BaseUser,
    BasicBackend,
    BearerBackend,
    SimpleUser,
    UnauthenticatedUser,
    requires,
)
from framework.connections import HTTPConnection
from framework.middleware.authentication import AuthenticationMiddleware
from tests.driver import ask, http_scope
from tests.protocols import converse
from tests.tables.credentials import BASIC, BEARER, NOT_BASIC, NOT_BEARER, OTHERS

BASIC_CHALLENGE = 'Basic realm="Restricted", charset="UTF-8"'
ALADDIN = {"authorization": "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="}


def connection(*authorization: str) -> HTTPConnection:
    return HTTPConnection(http_scope(headers=[("authorization", each) for each in authorization]))


# Users


def test_a_user_is_asked_for_his_name() -> None:
    user, nobody = SimpleUser("me"), UnauthenticatedUser()
    assert (user.is_authenticated, user.display_name, user.identity) == (True, "me", "me")
    assert (nobody.is_authenticated, nobody.display_name, nobody.identity) == (False, "", "")
    assert isinstance(user, BaseUser)
    assert isinstance(nobody, BaseUser)
    assert repr(user) == "SimpleUser('me')"


def test_credentials_are_the_names_of_scopes() -> None:
    assert AuthCredentials().scopes == []
    assert AuthCredentials(("a", "b")).scopes == ["a", "b"]
    assert repr(AuthCredentials(["a"])) == "AuthCredentials(['a'])"
    with pytest.raises(ConfigError, match=r"give a list, such as \['admin'\]"):
        AuthCredentials("admin")


@pytest.mark.parametrize(
    ("error", "status", "headers"),
    [
        (AuthenticationError("no"), 400, None),
        (AuthenticationError("no", challenge="X"), 401, {"www-authenticate": "X"}),
        (AuthenticationError("no", status_code=403), 403, None),
    ],
)
def test_an_error_is_a_401_where_there_is_a_challenge(
    error: AuthenticationError, status: int, headers: dict[str, str] | None
) -> None:
    assert (error.status_code, error.headers, str(error)) == (status, headers, "no")


# Basic


class Seen:
    """Verifies whatever it is shown, and remembers it."""

    def __init__(self) -> None:
        self.shown: list[tuple[str, ...]] = []
        self.threads: list[threading.Thread] = []

    def __call__(self, *shown: str) -> Any:
        self.shown.append(shown)
        self.threads.append(threading.current_thread())
        return AuthCredentials(["seen"]), SimpleUser("me")


@pytest.mark.parametrize(("field", "username", "password"), BASIC.values(), ids=BASIC)
async def test_basic_shows_username_and_password(field: str, username: str, password: str) -> None:
    seen = Seen()
    auth, user = await BasicBackend(seen).authenticate(connection(field)) or (None, None)
    assert seen.shown == [(username, password)]
    assert isinstance(auth, AuthCredentials)
    assert isinstance(user, SimpleUser)
    assert (auth.scopes, user.username) == (["seen"], "me")


@pytest.mark.parametrize("fields", NOT_BASIC.values(), ids=NOT_BASIC)
async def test_malformed_basic_is_a_401_and_not_verified(fields: list[str]) -> None:
    seen = Seen()
    with pytest.raises(AuthenticationError, match="Authorization") as caught:
        await BasicBackend(seen).authenticate(connection(*fields))
    assert caught.value.status_code == 401
    assert caught.value.headers == {"www-authenticate": BASIC_CHALLENGE}
    assert seen.shown == []


@pytest.mark.parametrize("fields", OTHERS.values(), ids=OTHERS)
async def test_what_is_of_no_scheme_shows_nobody(fields: list[str]) -> None:
    seen = Seen()
    for backend in (BasicBackend(seen), BearerBackend(seen)):
        assert await backend.authenticate(connection(*fields)) is None
    assert seen.shown == []


@pytest.mark.parametrize("verified", [False, None])
async def test_a_wrong_password_is_a_401_that_does_not_say_what_is_wrong(verified: Any) -> None:
    backend = BasicBackend(lambda username, password: verified, realm='the "best"')
    with pytest.raises(AuthenticationError) as caught:
        await backend.authenticate(connection(ALADDIN["authorization"]))
    assert (caught.value.status_code, str(caught.value)) == (401, "wrong username or password")
    challenge = 'Basic realm="the \\"best\\"", charset="UTF-8"'
    assert caught.value.headers == {"www-authenticate": challenge}


async def test_a_plain_function_verifies_in_a_thread_and_an_async_one_does_not() -> None:
    seen = Seen()

    async def verify(username: str, password: str) -> bool:
        seen(username, password)
        return True

    field = connection(ALADDIN["authorization"])
    await BasicBackend(seen).authenticate(field)
    auth, user = await BasicBackend(verify).authenticate(field) or (None, None)
    assert [thread is threading.current_thread() for thread in seen.threads] == [False, True]
    assert isinstance(auth, AuthCredentials)
    assert isinstance(user, SimpleUser)
    assert (auth.scopes, user.username) == (["authenticated"], "Aladdin")


PASSWORDS = {"Aladdin": "open sesame", "a": "", "ü": "ü"}


@pytest.mark.parametrize(
    ("field", "username"),
    [
        ("QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "Aladdin"),
        ("YTo=", "a"),
        ("w7w6w7w=", "ü"),
        ("QWxhZGRpbjpvcGVuIHNlc2FtZSE=", None),  # open sesame!
        ("QWxhZGRpbjpvcGVuIHNlc2Ft", None),  # open sesam
        ("QWxhZGRpbjo=", None),  # no password
        ("YWxhZGRpbjpvcGVuIHNlc2FtZQ==", None),  # aladdin
        ("eDo=", None),  # x, without a password
    ],
)
async def test_a_mapping_has_the_passwords_and_each_is_compared_in_the_same_time(
    field: str, username: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[tuple[int, int]] = []
    compare_digest = hmac.compare_digest

    def note(one: bytes, other: bytes) -> bool:
        compared.append((len(one), len(other)))
        return compare_digest(one, other)

    monkeypatch.setattr(hmac, "compare_digest", note)
    backend = BasicBackend(PASSWORDS)
    if username is None:
        with pytest.raises(AuthenticationError, match="wrong username or password"):
            await backend.authenticate(connection(f"Basic {field}"))
    else:
        _, user = await backend.authenticate(connection(f"Basic {field}")) or (None, None)
        assert isinstance(user, SimpleUser)
        assert user.username == username
    assert compared == [(32, 32)]


# Bearer


@pytest.mark.parametrize(("field", "token"), BEARER.values(), ids=BEARER)
async def test_bearer_shows_a_token(field: str, token: str) -> None:
    seen = Seen()
    assert await BearerBackend(seen).authenticate(connection(field)) is not None
    assert seen.shown == [(token,)]


@pytest.mark.parametrize("fields", NOT_BEARER.values(), ids=NOT_BEARER)
async def test_a_malformed_token_is_an_invalid_request(fields: list[str]) -> None:
    seen = Seen()
    with pytest.raises(AuthenticationError) as caught:
        await BearerBackend(seen).authenticate(connection(*fields))
    assert caught.value.status_code == 400
    assert caught.value.headers == {
        "www-authenticate": 'Bearer error="invalid_request", '
        'error_description="Authorization is not `Bearer` and a token"'
    }
    assert seen.shown == []


async def test_a_token_that_is_not_accepted_is_an_invalid_token() -> None:
    async def verify(token: str) -> None: ...

    with pytest.raises(AuthenticationError) as caught:
        await BearerBackend(verify, realm="api").authenticate(connection("Bearer a"))
    assert caught.value.status_code == 401
    assert caught.value.headers == {
        "www-authenticate": 'Bearer realm="api", error="invalid_token", '
        'error_description="the token is not accepted"'
    }


@pytest.mark.parametrize("realm", ["a\nb", "→"])
def test_a_realm_that_no_field_can_carry_is_refused(realm: str) -> None:
    for backend in (BasicBackend, BearerBackend):
        with pytest.raises(ConfigError, match=rf"{backend.__name__}\(realm="):
            backend(Seen(), realm=realm)


def test_what_cannot_verify_is_refused() -> None:
    nothing: Any = None
    with pytest.raises(ConfigError, match="give a function that verifies, or a mapping"):
        BasicBackend(nothing)
    with pytest.raises(ConfigError, match="give a function that verifies"):
        BearerBackend(nothing)


# What is required


USERS: dict[str, tuple[list[str], str]] = {
    "admin": (["authenticated", "admin"], "admin"),
    "user": (["authenticated"], "user"),
    "guest": ([], "guest"),
}
ADMIN, USER, GUEST = ({"authorization": f"Bearer {name}"} for name in USERS)


async def verify(token: str) -> tuple[AuthCredentials, BaseUser] | None:
    scopes, name = USERS[token]
    return AuthCredentials(scopes), SimpleUser(name)


class ByCookie:
    """A backend that knows of no challenge."""

    async def authenticate(self, conn: HTTPConnection) -> tuple[AuthCredentials, BaseUser] | None:
        token = conn.cookies.get("user")
        return await verify(token) if token else None


def an_app(**options: Any) -> App:
    app = App()
    app.add_middleware(AuthenticationMiddleware, **{"backend": BearerBackend(verify), **options})
    return app


def guarded(guard: Any, **options: Any) -> App:
    """An app with one route that the guard is around."""
    app = an_app(**options)

    @app.get("/", middleware=[guard])
    async def home(request: Request) -> str:
        return str(request.user.display_name)

    @app.get("/login")
    async def login() -> None: ...

    return app


@pytest.mark.parametrize(
    ("scopes", "headers", "status"),
    [
        ("authenticated", {}, 401),
        ("authenticated", GUEST, 403),
        ("authenticated", USER, 200),
        ("authenticated", ADMIN, 200),
        ("admin", USER, 403),
        (["authenticated", "admin"], USER, 403),
        (("authenticated", "admin"), ADMIN, 200),
    ],
)
async def test_who_has_all_scopes_is_let_through(
    scopes: Any, headers: dict[str, str], status: int
) -> None:
    answer = await ask(guarded(requires(scopes)), headers=headers)
    assert (answer.status, answer.error) == (status, None)


async def test_who_is_not_logged_in_is_told_how() -> None:
    answer = await ask(guarded(requires("admin")))
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.json()["detail"] == "log in first"
    app = guarded(requires("admin"), backend=[BasicBackend({}), BearerBackend(verify, realm="a")])
    answer = await ask(app)
    assert answer.headers["www-authenticate"] == f'{BASIC_CHALLENGE}, Bearer realm="a"'


async def test_a_token_of_too_few_scopes_is_told_which() -> None:
    answer = await ask(guarded(requires(["a", "b"])), headers=USER)
    assert answer.status == 403
    assert answer.headers["www-authenticate"] == 'Bearer error="insufficient_scope", scope="a b"'


async def test_without_a_challenge_there_is_no_401() -> None:
    app = guarded(requires("admin"), backend=ByCookie())
    for headers in ({}, {"cookie": "user=user"}):
        answer = await ask(app, headers=headers)
        assert answer.status == 403
        assert "www-authenticate" not in answer.headers
    assert (await ask(app, headers={"cookie": "user=admin"})).text == "admin"


@pytest.mark.parametrize("headers", [{}, USER])
@pytest.mark.parametrize("status", [401, 403, 404])
async def test_another_status_can_be_chosen(headers: dict[str, str], status: int) -> None:
    answer = await ask(guarded(requires("admin", status_code=status)), headers=headers)
    assert answer.status == status
    is_challenged = status == 401 and not headers
    assert ("www-authenticate" in answer.headers) == is_challenged


async def test_who_is_refused_can_be_sent_to_log_in() -> None:
    answer = await ask(guarded(requires("admin", redirect="login")), path="/?a=1&b=2")
    assert answer.status == 303
    assert (
        answer.headers["location"]
        == "http://testserver/login?next=http%3A%2F%2Ftestserver%2F%3Fa%3D1%26b%3D2"
    )


async def test_a_router_guards_its_routes_and_no_path_that_it_does_not_have() -> None:
    app = an_app()
    router = Router(prefix="/admin", middleware=[requires("admin")])
    router.add_route("/a", lambda: "a")
    app.include(router)
    assert (await ask(app, path="/admin/a")).status == 401
    assert (await ask(app, path="/admin/a", headers=ADMIN)).text == "a"
    assert (await ask(app, "POST", "/admin/a")).status == 401
    assert (await ask(app, path="/admin/b")).status == 404


async def test_an_app_guards_what_it_does_not_have_as_well() -> None:
    app = an_app()
    app.middleware(requires("admin"))
    assert (await ask(app, path="/nowhere")).status == 401
    assert (await ask(app, path="/nowhere", headers=ADMIN)).status == 404


async def shout(websocket: WebSocket) -> None:
    await websocket.accept()


@pytest.mark.parametrize("guard", [requires("admin"), requires("admin", redirect="login")])
async def test_a_socket_is_refused_before_it_is_opened(guard: Any) -> None:
    app = an_app()
    app.websocket("/ws", middleware=[guard])(shout)
    talk = await converse(app, "/ws", extensions={"websocket.http.response": {}})
    assert talk.messages[0]["status"] == 401
    assert (b"www-authenticate", b"Bearer") in talk.messages[0]["headers"]
    assert (await converse(app, "/ws")).types == ["close"]
    assert (await converse(app, "/ws", headers=ADMIN)).types == ["accept", "close"]


async def test_without_the_middleware_a_guard_says_what_is_missing() -> None:
    app = App()
    app.add_route("/", lambda: "", middleware=[requires("admin")])
    answer = await ask(app)
    assert isinstance(answer.error, FrameworkError)
    assert "app.add_middleware(AuthenticationMiddleware" in str(answer.error)
    assert answer.status == 500


# As a decorator


def decorated() -> App:
    app = an_app()

    @app.get("/async/{id}")
    @requires("admin")
    async def by_name(request: Request, id: int) -> int:
        """What it does."""
        return id

    assert by_name.__doc__ == "What it does."

    @app.get("/sync/{id}")
    @requires("admin")
    def by_type(id: int, asked: Request) -> str:
        return f"{id} {asked.user.display_name}"

    @app.route("/class")
    class Page:
        @requires("admin")
        async def get(self, request: Request) -> str:
            return "page"

    @app.websocket("/ws")
    @requires("admin")
    async def talk(websocket: WebSocket) -> None:
        await websocket.accept()

    return app


@pytest.mark.parametrize(
    ("path", "text"), [("/async/1", "1"), ("/sync/1", "1 admin"), ("/class", "page")]
)
async def test_a_handler_can_be_guarded_by_itself(path: str, text: str) -> None:
    app = decorated()
    assert (await ask(app, path=path)).status == 401
    assert (await ask(app, path=path, headers=USER)).status == 403
    assert (await ask(app, path=path, headers=ADMIN)).text == text


async def test_a_handler_of_a_socket_can_be_guarded_by_itself() -> None:
    app = decorated()
    assert (await converse(app, "/ws", headers=USER)).types == ["close"]
    assert (await converse(app, "/ws", headers=ADMIN)).types == ["accept", "close"]


def test_a_handler_that_takes_no_request_cannot_be_guarded() -> None:
    async def home(id: int) -> None: ...

    with pytest.raises(ConfigError, match=r"home takes no request.* add the parameter `request`"):
        requires("admin")(home)


async def test_a_router_and_an_app_guard_what_is_mounted_in_them() -> None:
    inner = App()
    inner.add_route("/", lambda: "secret")

    @inner.websocket("/socket")
    async def socket(websocket: WebSocket) -> None:
        await websocket.accept()

    router = Router(prefix="/admin", middleware=[requires("admin")])
    router.mount("/inner", inner)
    guarded, open_to_all = App(middleware=[requires("authenticated")]), App()
    for app in (guarded, open_to_all):
        app.add_middleware(AuthenticationMiddleware, backend=BasicBackend({"a": "b"}))
    guarded.mount("/inner", inner)
    open_to_all.include(router)
    open_to_all.mount("/inner", inner)
    shown = {"authorization": "Basic YTpi"}
    assert (await ask(open_to_all, path="/inner/")).text == "secret"
    assert (await ask(open_to_all, path="/admin/inner/")).status == 401
    assert (await ask(open_to_all, path="/admin/inner/", headers=shown)).status == 403
    assert (await ask(guarded, path="/inner/")).status == 401
    assert (await ask(guarded, path="/inner/", headers=shown)).text == "secret"
    refused = await converse(guarded, path="/inner/socket")
    assert [message["type"] for message in refused.messages] == ["websocket.close"]
    accepted = await converse(guarded, path="/inner/socket", headers=shown)
    assert accepted.messages[0]["type"] == "websocket.accept"


async def test_who_is_refused_a_mounted_app_can_be_sent_to_log_in() -> None:
    app = App(middleware=[requires("authenticated", redirect="login")])
    app.add_middleware(AuthenticationMiddleware, backend=BasicBackend({}))
    app.add_route("/login", lambda: "who?", name="login")
    app.mount("/inner", App())
    answer = await ask(app, path="/inner/x")
    assert answer.status == 303
    assert answer.headers["location"].endswith("/login?next=http%3A%2F%2Ftestserver%2Finner%2Fx")


def test_a_guard_that_asks_for_nothing_is_refused() -> None:
    with pytest.raises(ConfigError, match="let everybody through"):
        requires([])
