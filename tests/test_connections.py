"""What can be read of a scope without awaiting."""

import copy
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from framework import (
    TLS,
    URL,
    Address,
    App,
    FrameworkError,
    Headers,
    HTTPConnection,
    LimitExceeded,
    Limits,
    NoMatchFound,
    RedirectResponse,
    Request,
    Router,
    State,
    WebSocket,
)
from framework._wire.negotiation import best_encoding, best_language, best_media_type
from framework.connections import Settings
from framework.exceptions import NotAcceptable
from framework.sessions import Session
from framework.types import ASGIApp, Receive, Scope, Send
from tests.driver import ask, http_scope
from tests.scripted import Sent, receiving
from tests.tables.negotiation import ENCODINGS, LANGUAGES, MEDIA_TYPES
from tests.wire.work import count_calls


def connection(path: str = "/", headers: Any = (), **changes: Any) -> HTTPConnection:
    return HTTPConnection(http_scope("GET", path, headers, **changes))


def limited(limits: Limits, path: str = "/", headers: Any = ()) -> HTTPConnection:
    return HTTPConnection(http_scope("GET", path, headers), Settings(limits=limits))


# What the scope says


def test_header_fields_are_read_in_any_case() -> None:
    headers = connection(headers=[("X-A", "1"), ("x-a", "2")]).headers
    assert headers["X-a"] == "1"
    assert headers.getlist("x-A") == ["1", "2"]


def test_header_fields_are_bytes_as_latin_1() -> None:
    scope = http_scope(headers=())
    scope["headers"] = [(b"x-name", "ü".encode())]
    assert HTTPConnection(scope).headers["x-name"] == "Ã¼"


def test_query_fields_are_read() -> None:
    params = connection("/?a=1&b=%C3%BC+x&a=2&c").query_params
    assert params.multi_items() == [("a", "1"), ("b", "ü x"), ("a", "2"), ("c", "")]


def test_a_scope_without_a_query_string_has_no_query_fields() -> None:
    scope = http_scope()
    del scope["query_string"]
    assert not HTTPConnection(scope).query_params
    assert str(HTTPConnection(scope).url) == "http://testserver/"


def test_cookies_of_several_fields_are_read_and_malformed_ones_left_out() -> None:
    cookies = connection(headers=[("cookie", "a=1; nonsense"), ("cookie", "=x; b=2")]).cookies
    assert cookies == {"a": "1", "b": "2"}


def test_without_a_cookie_field_there_are_no_cookies() -> None:
    assert connection().cookies == {}


@pytest.mark.parametrize("client", [("10.0.0.1", 4711), ["10.0.0.1", 4711], ("10.0.0.1", "4711")])
def test_the_client_is_an_address(client: Any) -> None:
    address = connection(client=client).client
    assert isinstance(address, Address)
    assert (address.host, address.port) == address == ("10.0.0.1", 4711)


def test_the_client_of_a_unix_socket_is_unknown() -> None:
    for client in (None, ("", "0")):
        assert connection(client=client).client is None
    scope = http_scope()
    del scope["client"]
    assert HTTPConnection(scope).client is None


WHOLE_TLS: dict[str, Any] = {
    "server_cert": "-----BEGIN CERTIFICATE-----",
    "client_cert_chain": ["first", "second"],
    "client_cert_name": "CN=me",
    "client_cert_error": "expired",
    "tls_version": 0x0304,
    "cipher_suite": 0x1301,
}


@pytest.mark.parametrize(
    ("extension", "tls"),
    [
        ({}, TLS()),
        (
            {"server_cert": None, "tls_version": 0x0303, "cipher_suite": None},
            TLS(tls_version=0x0303),
        ),
        ({"client_cert_chain": None, "client_cert_name": None}, TLS()),
        (
            {"client_cert_chain": iter(["a"]), "of_another_version": 1},
            TLS(client_cert_chain=("a",)),
        ),
        (
            WHOLE_TLS,
            TLS(
                server_cert="-----BEGIN CERTIFICATE-----",
                client_cert_chain=("first", "second"),
                client_cert_name="CN=me",
                client_cert_error="expired",
                tls_version=0x0304,
                cipher_suite=0x1301,
            ),
        ),
    ],
)
def test_the_encryption_is_what_the_server_tells_of_it(extension: dict[str, Any], tls: TLS) -> None:
    assert connection(extensions={"tls": extension}).tls == tls


@pytest.mark.parametrize("extensions", [None, {}, {"http.response.push": {}}, {"tls": None}])
def test_without_the_extension_nothing_is_known_of_an_encryption(extensions: Any) -> None:
    assert connection(extensions=extensions).tls is None
    assert HTTPConnection({"type": "http"}).tls is None


def test_a_request_and_a_socket_know_their_encryption() -> None:
    scope = http_scope(extensions={"tls": {"tls_version": 0x0304}})
    assert Request(scope).tls == TLS(tls_version=0x0304)
    websocket = WebSocket({**scope, "type": "websocket"}, receiving(), Sent())
    assert websocket.tls == TLS(tls_version=0x0304)


def test_path_parameters_are_those_that_the_router_found() -> None:
    assert connection(path_params={"id": 1}).path_params == {"id": 1}
    assert connection().path_params == {}


def test_the_app_is_the_one_that_serves() -> None:
    app = App()
    assert connection(app=app).app is app


@pytest.mark.parametrize("name", ["cookies", "headers", "query_params", "state", "url"])
def test_a_value_is_made_once(name: str) -> None:
    found = connection("/?a=1", {"cookie": "a=1"})
    assert getattr(found, name) is getattr(found, name)


# Limits


@pytest.mark.parametrize(
    ("query", "limit", "fields"),
    [("", 0, 0), ("?a", 1, 1), ("?a&b", 2, 2), ("?" + "&".join(["a"] * 1000), 1000, 1000)],
)
def test_a_query_string_may_have_as_many_fields_as_its_limit(
    query: str, limit: int, fields: int
) -> None:
    params = limited(Limits(max_query_fields=limit), "/" + query).query_params
    assert len(params.multi_items()) == fields


@pytest.mark.parametrize(
    ("query", "limit"), [("a", 0), ("a&b", 1), ("&&", 2), ("&" * 100_000, 1000)]
)
def test_a_query_string_with_more_fields_is_a_400_each_time(query: str, limit: int) -> None:
    found = limited(Limits(max_query_fields=limit), "/?" + query)
    for _ in range(2):
        with pytest.raises(LimitExceeded) as caught:
            found.query_params  # noqa: B018
        assert caught.value.status_code == 400
        assert caught.value.detail == f"more than {limit} fields"
        assert (caught.value.name, caught.value.limit) == ("max_query_fields", limit)


def test_cookies_over_their_limit_are_ignored() -> None:
    field = "; ".join(f"c{n}={n}" for n in range(1000))
    assert len(connection(headers={"cookie": field}).cookies) == Limits().max_cookies
    assert limited(Limits(max_cookies=1), headers={"cookie": field}).cookies == {"c0": "0"}


READS: list[Callable[[int], object]] = [
    lambda size: connection("/?" + "%" * size).query_params,
    lambda size: connection("/?" + "&=" * (size // 2)).url,
    lambda size: connection("/" + "%2e/" * size).url,
    lambda size: connection(headers={"cookie": '"' * size}).cookies,
    lambda size: connection(headers={"cookie": "\\" * size}).cookies,
    lambda size: connection(headers={"host": "a." * size}).url,
    lambda size: connection(headers=[("a", "b")] * size).headers["host"],
]


@pytest.mark.parametrize("read", READS)
def test_reading_is_linear_whatever_a_client_sends(read: Callable[[int], object]) -> None:
    assert count_calls(lambda: read(5000)) < 11 * count_calls(lambda: read(500))


# URLs


@pytest.mark.parametrize(
    ("path", "changes", "url"),
    [
        ("/a/b?c=d", {}, "http://testserver/a/b?c=d"),
        ("/a%20b/%C3%BC", {}, "http://testserver/a%20b/%C3%BC"),
        ("/", {"scheme": "https"}, "https://testserver/"),
        ("/a", {"root_path": "/root"}, "http://testserver/root/a"),
        ("/root/a", {"root_path": "/root"}, "http://testserver/root/a"),
        ("/root", {"root_path": "/root/"}, "http://testserver/root"),
        ("//evil.example/", {}, "http://testserver//evil.example/"),
    ],
)
def test_the_url_is_built_from_the_scope(path: str, changes: dict[str, Any], url: str) -> None:
    found = connection(path, **changes).url
    assert isinstance(found, URL)
    assert str(found) == url


@pytest.mark.parametrize(
    "host",
    [
        "evil.example/path",
        "user@evil.example",
        "evil.example:80:80",
        "evil example",
        "evil.example?",
        "evil.example#",
        "[evil]",
        "evil.example:99999",
        "",
        "ü.example",
    ],
)
def test_a_host_that_is_no_authority_is_not_in_the_url(host: str) -> None:
    scope = http_scope()
    scope["headers"] = [(b"host", host.encode())]
    assert str(HTTPConnection(scope).url) == "http://127.0.0.1/"


def test_two_hosts_are_as_good_as_none() -> None:
    found = connection(headers={"host": "evil.example"})
    assert found.headers.getlist("host") == ["testserver", "evil.example"]
    assert str(found.url) == "http://127.0.0.1/"


def test_without_host_and_server_a_url_is_a_path() -> None:
    scope = http_scope("GET", "/a?b", server=None)
    scope["headers"] = []
    assert str(HTTPConnection(scope).url) == "/a?b"
    for name in ("server", "scheme"):
        del scope[name]
    assert str(HTTPConnection(scope).url) == "/a?b"
    assert str(HTTPConnection(scope).base_url) == "/"


@pytest.mark.parametrize(("root", "url"), [("", "/"), ("/root", "/root/"), ("/root/", "/root/")])
def test_the_base_url_is_where_the_app_is_mounted(root: str, url: str) -> None:
    assert str(connection("/a?b", root_path=root).base_url) == f"http://testserver{url}"


async def test_the_url_of_a_route_is_built_by_its_name() -> None:
    app = App()

    @app.get("/users/{name}", name="user")
    async def user(request: Request, name: str) -> list[str]:
        return [
            request.url_path_for("user", name=name),
            str(request.url_for("user", name=name)),
        ]

    plain = await ask(app, path="/users/a%20%2F%C3%BC")
    assert plain.json() == ["/users/a%20%2F%C3%BC", "http://testserver/users/a%20%2F%C3%BC"]
    mounted = await ask(app, path="/r%20t/users/x", root_path="/r t")
    assert mounted.json() == ["/r%20t/users/x", "http://testserver/r%20t/users/x"]


async def test_the_url_of_a_route_in_a_mounted_app_has_the_path_of_the_mount() -> None:
    inner, outer = App(), App()
    router = Router(prefix="/v1")

    @router.get("/here", name="here")
    async def here(request: Request) -> str:
        return request.url_path_for("here")

    inner.include(router)
    outer.mount("/inner", inner)
    assert (await ask(outer, path="/inner/v1/here")).text == "/inner/v1/here"


async def test_a_name_that_no_route_has_is_a_lookup_error() -> None:
    app = App()

    @app.get("/")
    async def home(request: Request) -> str:
        with pytest.raises(NoMatchFound, match="nowhere"):
            request.url_for("nowhere")
        return "home"

    assert (await ask(app)).text == "home"


@pytest.mark.parametrize("app", [None, object(), SimpleNamespace(_settings="another's")])
def test_a_connection_outside_of_an_app_knows_no_routes(app: object) -> None:
    with pytest.raises(NoMatchFound, match=r"'home': this object was made outside of an app"):
        connection(app=app).url_for("home")


async def test_a_middleware_of_an_app_knows_its_routes() -> None:
    class ToLogin:
        def __init__(self, app: ASGIApp) -> None:
            self.app = app

        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            login = str(HTTPConnection(scope).url_for("login"))
            await RedirectResponse(login)(scope, receive, send)

    app = App()
    app.add_middleware(ToLogin)

    @app.get("/login")
    async def login() -> None: ...

    answer = await ask(app)
    assert answer.headers["location"] == "http://testserver/login"


# The session


def test_the_session_is_what_a_middleware_has_put_into_the_scope() -> None:
    session = Session()
    assert connection(session=session).session is session


def test_the_session_of_another_middleware_is_written_through() -> None:
    scope = http_scope(session={"a": 1})
    HTTPConnection(scope).session["b"] = 2
    assert HTTPConnection(scope).session == scope["session"] == {"a": 1, "b": 2}


def test_without_a_middleware_there_is_no_session() -> None:
    with pytest.raises(FrameworkError, match="there is no session"):
        connection().session  # noqa: B018


# Who asks


def test_user_and_auth_are_what_a_middleware_has_put_into_the_scope() -> None:
    found = connection(user="me", auth=None)
    assert (found.user, found.auth) == ("me", None)


@pytest.mark.parametrize("name", ["user", "auth"])
def test_without_a_middleware_there_is_nobody(name: str) -> None:
    with pytest.raises(FrameworkError, match=rf"^there is no {name}: app.add_middleware\("):
        getattr(connection(), name)


# What the client accepts


@pytest.mark.parametrize(("fields", "offers", "best"), MEDIA_TYPES.values(), ids=MEDIA_TYPES)
def test_a_request_accepts_one_of_several_media_types(
    fields: list[str], offers: list[str], best: str | None
) -> None:
    found = connection(headers=[("accept", field) for field in fields])
    assert found.accepts(*offers) == best
    assert best_media_type(", ".join(fields) if fields else None, offers) == best


@pytest.mark.parametrize(("fields", "offers", "best"), LANGUAGES.values(), ids=LANGUAGES)
def test_a_request_accepts_one_of_several_languages(
    fields: list[str], offers: list[str], best: str | None
) -> None:
    found = connection(headers=[("accept-language", field) for field in fields])
    assert found.accepts_languages(*offers) == best
    assert best_language(", ".join(fields) if fields else None, offers) == best


@pytest.mark.parametrize(("field", "offers", "best"), ENCODINGS.values(), ids=ENCODINGS)
def test_a_content_coding_is_chosen_as_the_standard_says(
    field: str | None, offers: list[str], best: str | None
) -> None:
    assert best_encoding(field, offers) == best


async def test_what_a_client_does_not_accept_is_a_406_that_names_what_there_is() -> None:
    app = App()

    @app.get("/")
    async def home(request: Request) -> str:
        return request.negotiate("text/html", "text/csv")

    assert (await ask(app)).text == "text/html"
    assert (await ask(app, headers={"accept": "text/csv, */*;q=0.1"})).text == "text/csv"
    answer = await ask(app, headers={"accept": "image/png, application/problem+json;q=0.1"})
    assert (answer.status, answer.headers["vary"]) == (406, "Accept")
    assert answer.json()["detail"] == "there is text/html, text/csv, and Accept takes none of it"


def test_a_406_carries_what_there_is() -> None:
    with pytest.raises(NotAcceptable) as caught:
        connection(headers={"accept": "image/png"}).negotiate("text/html", "text/csv")
    assert caught.value.offers == ("text/html", "text/csv")


def test_an_offer_that_is_no_media_type_is_an_error() -> None:
    with pytest.raises(ValueError, match="'html' is not a media type"):
        connection().accepts("html")


# State


def test_state_starts_with_what_the_server_passes_and_is_written_there() -> None:
    scope = http_scope(state={"db": 1})
    state = HTTPConnection(scope).state
    assert state.db == state["db"] == 1
    state.user = "me"
    assert scope["state"] == {"db": 1, "user": "me"}


def test_state_is_shared_by_all_who_hold_the_scope() -> None:
    scope = http_scope()
    HTTPConnection(scope).state.user = "me"
    assert HTTPConnection(scope).state.user == "me"


def test_state_is_attributes_and_items() -> None:
    state = State({"a": 1})
    state.b = 2
    state["c"] = 3
    assert dict(state) == {"a": 1, "b": 2, "c": 3}
    assert len(state) == 3
    assert (state.c, state["b"]) == (3, 2)
    del state.a
    del state["b"]
    assert repr(state) == "State({'c': 3})"
    assert state == {"c": 3}


def test_state_that_is_not_there_is_named() -> None:
    state = State({"b": 1, "a": 2})
    with pytest.raises(AttributeError, match=r"^state has no 'c'; it has \['a', 'b'\]$"):
        state.c  # noqa: B018
    with pytest.raises(AttributeError, match=r"^state has no 'c'$"):
        del state.c
    with pytest.raises(KeyError):
        state["c"]
    assert not hasattr(state, "c")
    assert getattr(State(), "c", None) is None


@pytest.mark.parametrize("name", ["items", "keys", "values", "get", "pop", "update", "clear"])
def test_a_value_hides_the_method_that_has_its_name(name: str) -> None:
    assert callable(getattr(State(), name))
    state = State({name: 1})
    assert getattr(state, name) == state[name] == 1
    setattr(state, name, 2)
    assert getattr(state, name) == state[name] == 2
    delattr(state, name)
    assert callable(getattr(state, name))


@pytest.mark.parametrize("name", ["_values", "__class__", "__iter__"])
def test_a_name_that_could_not_be_read_back_is_refused_as_an_attribute(name: str) -> None:
    state = State()
    with pytest.raises(AttributeError, match=f"set state\\['{name}'\\]"):
        setattr(state, name, 1)
    state[name] = 1
    assert state == {name: 1}
    state._mine = 1
    assert state._mine == 1


def test_a_view_of_the_scope_holds_no_other_attributes() -> None:
    found: Any = connection()
    with pytest.raises(AttributeError):
        found.user = "me"
    assert isinstance(found.headers, Headers)


def test_a_copy_of_a_state_is_a_state_of_its_own() -> None:
    state = State({"a": 1})
    other = copy.copy(state)
    other.a = 2
    assert (state.a, other.a) == (1, 2)


@pytest.mark.parametrize(
    ("path", "url"),
    [
        ("/files/a%2Fb", "http://testserver/files/a%2Fb"),
        ("/files/..%2F..%2Fetc", "http://testserver/files/..%2F..%2Fetc"),
        ("/files/%ff", "http://testserver/files/%EF%BF%BD"),
    ],
)
def test_an_encoded_slash_stays_encoded_in_the_url(path: str, url: str) -> None:
    assert str(HTTPConnection(http_scope(path=path)).url) == url


def test_a_url_without_a_host_never_begins_like_one() -> None:
    scope = http_scope(path="//evil.example/", server=None)
    scope["headers"] = []
    assert str(HTTPConnection(scope).url) == "/.//evil.example/"


def test_the_url_of_the_root_of_a_mount_has_no_slash_that_was_not_sent() -> None:
    assert str(HTTPConnection(http_scope(path="/pre", root_path="/pre")).url).endswith("/pre")


@pytest.mark.parametrize(
    ("path", "url"),
    [("*", "http://testserver/*"), (".evil.example", "http://testserver/.evil.example")],
)
def test_a_target_that_is_no_path_is_no_part_of_the_host(path: str, url: str) -> None:
    scope = http_scope("OPTIONS")
    scope.update(path=path, raw_path=path.encode())
    assert str(HTTPConnection(scope).url) == url
