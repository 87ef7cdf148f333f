"""Whose word is taken for the client, and whose not."""

from collections.abc import Callable
from typing import Any

import pytest

from framework import App, ConfigError, Middleware, WebSocket
from framework.middleware.proxy_headers import ProxyHeadersMiddleware
from framework.types import ASGIApp, Receive, Scope, Send
from tests.driver import Fields, ask, exchange, http_scope
from tests.middleware.around import APPS, calls, raw
from tests.protocols import converse, running
from tests.tables.forwarded import FLOODS

apps = pytest.mark.parametrize("make", APPS.values(), ids=APPS)

PEER = ("10.0.0.1", 50000)
CLIENT = ("192.0.2.43", 0)
NETWORKS = ["10.0.0.0/8", "2001:db8::/32"]
FOR = "x-forwarded-for"


async def told(fields: Fields, client: tuple[str, int] | None = PEER, /, **options: Any) -> Scope:
    """What an app is told of a request by a peer, behind some options."""
    scope = http_scope(headers=fields, client=client)
    options.setdefault("trusted_hosts", NETWORKS)
    await exchange(ProxyHeadersMiddleware(raw, **options), scope)
    return scope


# Who is believed


@pytest.mark.parametrize(
    ("trusted", "peer"),
    [
        ("10.0.0.1", "10.0.0.1"),
        ("10.0.0.0/8", "10.255.255.255"),
        ("127.0.0.1, 10.0.0.1", "10.0.0.1"),
        (["127.0.0.1", "10.0.0.1"], "10.0.0.1"),
        (["::1"], "0:0::1"),
        (["2001:db8::/32"], "2001:db8:1::1"),
        (["10.0.0.0/8"], "::ffff:10.0.0.1"),
        ("*", "203.0.113.1"),
        ("*", "testclient"),
        ("*", None),
        ("unix", None),
        (["10.0.0.1", "unix"], None),
    ],
)
async def test_a_trusted_peer_is_believed(trusted: Any, peer: str | None) -> None:
    client = None if peer is None else (peer, 50000)
    scope = await told({FOR: "192.0.2.43"}, client, trusted_hosts=trusted)
    assert scope["client"] == CLIENT


@pytest.mark.parametrize(
    ("trusted", "peer"),
    [
        ("10.0.0.1", "10.0.0.2"),
        ("10.0.0.1", "10.0.0.10"),
        ("10.0.0.0/8", "11.0.0.0"),
        ("10.0.0.0/8", "::10.0.0.1"),
        ("unix", "10.0.0.1"),
        ("unix", "unix"),
        ("10.0.0.1", "testclient"),
        ("10.0.0.1", "10.0.0.1.evil.example"),
        ("10.0.0.1", None),
        ("10.0.0.1", ""),
        ("fe80::/10", "fe80::1%eth0"),
        ([], "10.0.0.1"),
    ],
)
async def test_anybody_else_is_not(trusted: Any, peer: str | None) -> None:
    client = None if peer is None else (peer, 50000)
    fields = {FOR: "192.0.2.43", "x-forwarded-proto": "https", "x-forwarded-host": "evil.example"}
    scope = await told(fields, client, trusted_hosts=trusted, host=True)
    assert scope == http_scope(headers=fields, client=client)


async def test_by_default_it_is_a_proxy_on_the_same_host_that_is_believed() -> None:
    for peer, expected in (("127.0.0.1", CLIENT), ("::1", CLIENT), ("10.0.0.1", PEER)):
        scope = http_scope(headers={FOR: "192.0.2.43"}, client=(peer, 50000))
        await exchange(ProxyHeadersMiddleware(raw), scope)
        assert scope["client"] == expected


# What is believed


@pytest.mark.parametrize(
    ("addresses", "client"),
    [
        ("192.0.2.43", CLIENT),
        ("192.0.2.43:4711", ("192.0.2.43", 4711)),
        ("[2001:db9::1]:4711", ("2001:db9::1", 4711)),
        ("203.0.113.9, 192.0.2.43", CLIENT),  # the client has written the first
        ("10.0.0.9, 192.0.2.43", CLIENT),  # also if it looks like a proxy
        ("127.0.0.1, 192.0.2.43", CLIENT),
        ("192.0.2.43, 10.0.0.2", CLIENT),  # two proxies
        ("203.0.113.9, 192.0.2.43, 10.0.0.3, 2001:db8::5", CLIENT),
        ("10.0.0.3, 10.0.0.2", ("10.0.0.3", 0)),  # a client of the own network
        ("", PEER),
        ("unknown", PEER),
        ("evil", PEER),
        ("192.0.2.43, unknown", PEER),
        ("192.0.2.43, _hidden, 10.0.0.2", ("10.0.0.2", 0)),
        ("192.0.2.43 203.0.113.9", PEER),
        ("192.0.2.43\n10.0.0.2", PEER),
        ("192.0.2.43;10.0.0.2", PEER),
    ],
)
async def test_addresses_are_counted_from_the_right(
    addresses: str, client: tuple[str, int]
) -> None:
    scope = http_scope(client=PEER)
    scope["headers"].append((b"x-forwarded-for", addresses.encode()))
    await exchange(ProxyHeadersMiddleware(raw, trusted_hosts=NETWORKS), scope)
    assert scope["client"] == client


async def test_several_fields_are_one_list() -> None:
    fields = [(FOR, "203.0.113.9"), (FOR, "192.0.2.43"), ("X-Forwarded-For", "10.0.0.2")]
    assert (await told(fields))["client"] == CLIENT


@pytest.mark.parametrize(
    ("hops", "client"), [(None, "198.51.100.3"), (1, "198.51.100.3"), (2, "198.51.100.2")]
)
async def test_where_all_are_trusted_the_proxies_are_counted(hops: int | None, client: str) -> None:
    addresses = "198.51.100.1, 198.51.100.2, 198.51.100.3"
    scope = await told({FOR: addresses}, trusted_hosts="*", hops=hops)
    assert scope["client"] == (client, 0)


async def test_hops_are_no_more_than_there_are_and_only_those_of_trusted_hosts() -> None:
    assert (await told({FOR: "192.0.2.43"}, trusted_hosts="*", hops=9))["client"] == CLIENT
    fields = {FOR: "203.0.113.9, 192.0.2.43, 10.0.0.2"}
    assert (await told(fields, hops=1))["client"] == ("10.0.0.2", 0)
    assert (await told(fields, hops=9))["client"] == CLIENT


@pytest.mark.parametrize(
    ("addresses", "schemes", "scheme"),
    [
        (None, "https", "https"),
        ("192.0.2.43", "https", "https"),
        ("192.0.2.43", "HTTPS", "https"),
        ("192.0.2.43", "wss", "https"),
        ("192.0.2.43", "https, http", "http"),  # the client has written the first
        ("203.0.113.9, 192.0.2.43", "https, http", "http"),
        ("192.0.2.43, 10.0.0.2", "https, http", "https"),  # as the outer proxy was asked
        ("192.0.2.43, 10.0.0.2", "https", "https"),
        ("unknown", "https", "https"),
        ("192.0.2.43", "", "http"),
        ("192.0.2.43", "ftp", "http"),
        ("192.0.2.43", "https://evil.example", "http"),
        ("192.0.2.43", "https;", "http"),
    ],
)
async def test_the_scheme_is_the_one_of_the_same_hop(
    addresses: str | None, schemes: str, scheme: str
) -> None:
    fields = {"x-forwarded-proto": schemes, **({} if addresses is None else {FOR: addresses})}
    assert (await told(fields))["scheme"] == scheme


@pytest.mark.parametrize("scheme", ["https", "wss"])
async def test_the_scheme_of_a_socket_is_wss(scheme: str) -> None:
    seen: list[Any] = []

    async def look(websocket: WebSocket) -> None:
        seen.extend([websocket.scope["scheme"], websocket.client])
        await websocket.accept()

    app = App(middleware=[Middleware(ProxyHeadersMiddleware, trusted_hosts=NETWORKS)])
    app.websocket("/")(look)
    fields = {FOR: "192.0.2.43", "x-forwarded-proto": scheme}
    await converse(app, headers=fields, client=PEER)
    assert seen == ["wss", CLIENT]


@pytest.mark.parametrize(
    ("said", "host"),
    [
        ("example.com", "example.com"),
        ("Example.com:8443", "Example.com:8443"),
        ("evil.example, example.com", "example.com"),
        ("user@example.com", "testserver"),
        ("example.com/evil", "testserver"),
        ("", "testserver"),
    ],
)
async def test_the_host_is_believed_if_asked_for(said: str, host: str) -> None:
    fields = [("x-forwarded-host", said), (FOR, "192.0.2.43")]
    for wanted, expected in ((True, host), (False, "testserver")):
        scope = http_scope(headers=fields, client=PEER)
        before = scope["headers"]
        unchanged = list(before)
        middleware = ProxyHeadersMiddleware(raw, trusted_hosts=NETWORKS, host=wanted)
        await exchange(middleware, scope)
        hosts = [value.decode() for name, value in scope["headers"] if name == b"host"]
        assert hosts == [expected]
        assert before == unchanged


@pytest.mark.parametrize(
    ("value", "client", "scheme"),
    [
        ("for=192.0.2.43;proto=https", CLIENT, "https"),
        ('for="192.0.2.43:4711"', ("192.0.2.43", 4711), "http"),
        ("for=203.0.113.9;proto=https, for=192.0.2.43;proto=http", CLIENT, "http"),
        ('for=192.0.2.43;proto=https, for="[2001:db8::5]";proto=http', CLIENT, "https"),
        ("for=unknown;proto=https", PEER, "https"),
        ("proto=https", PEER, "https"),
        ('for=192.0.2.43;x=", for=10.0.0.2;proto=https', ("10.0.0.2", 0), "https"),
        ("for=192.0.2.43;proto=https, garbage", PEER, "http"),
        ("for=192.0.2.43;for=203.0.113.9", PEER, "http"),
        ("", PEER, "http"),
    ],
)
async def test_forwarded_is_believed_likewise(
    value: str, client: tuple[str, int], scheme: str
) -> None:
    scope = await told({"forwarded": value}, headers="forwarded")
    assert (scope["client"], scope["scheme"]) == (client, scheme)


async def test_only_one_family_is_believed() -> None:
    fields = {FOR: "203.0.113.9", "forwarded": "for=192.0.2.43"}
    assert (await told(fields, headers="forwarded"))["client"] == CLIENT
    assert (await told(fields))["client"] == ("203.0.113.9", 0)
    assert (await told({FOR: "203.0.113.9"}, headers="forwarded"))["client"] == PEER
    assert (await told({"forwarded": "for=192.0.2.43"}))["client"] == PEER


@pytest.mark.parametrize("piece", FLOODS)
@pytest.mark.parametrize("family", ["x-forwarded", "forwarded"])
async def test_garbage_is_no_error(piece: str, family: str) -> None:
    flood = (piece * 60_000)[:60_000]
    names = (FOR, "x-forwarded-proto", "x-forwarded-host", "forwarded")
    scope = http_scope(client=PEER)
    scope["headers"] += [(name.encode(), flood.encode()) for name in names]
    middleware = ProxyHeadersMiddleware(raw, trusted_hosts="*", headers=family, host=True)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
    assert (await exchange(middleware, scope)).status == 200


# Around others


@apps
async def test_any_app_sees_the_client(make: Callable[[], ASGIApp]) -> None:
    app = ProxyHeadersMiddleware(make(), trusted_hosts=NETWORKS, host=True)
    fields = {FOR: "192.0.2.43", "x-forwarded-proto": "https", "x-forwarded-host": "example.com"}
    seen = (await ask(app, path="/scope", headers=fields, client=PEER)).json()
    assert seen["client"] == list(CLIENT)
    assert seen["scheme"] == "https"
    assert seen["headers"][0] == ["host", "example.com"]
    seen = (await ask(app, path="/scope", headers=fields)).json()
    assert seen["client"] == ["127.0.0.1", 50000]
    assert seen["headers"][0] == ["host", "testserver"]


async def test_a_server_that_has_done_it_before_is_not_undone() -> None:
    twice = ProxyHeadersMiddleware(
        ProxyHeadersMiddleware(raw, trusted_hosts=NETWORKS), trusted_hosts=NETWORKS
    )
    scope = http_scope(headers={FOR: "203.0.113.9, 192.0.2.43"}, client=PEER)
    await exchange(twice, scope)
    assert scope["client"] == CLIENT


async def test_tools_around_it_see_the_client_too() -> None:
    seen: list[Any] = []

    async def tool(scope: Scope, receive: Receive, send: Send) -> None:
        await ProxyHeadersMiddleware(raw, trusted_hosts=NETWORKS)(scope, receive, send)
        seen.append(scope["client"])

    await ask(tool, headers={FOR: "192.0.2.43"}, client=PEER)
    assert seen == [CLIENT]


async def test_a_lifespan_passes() -> None:
    async with running(ProxyHeadersMiddleware(App())) as talk:
        pass
    assert talk.types == ["startup.complete", "shutdown.complete"]


async def test_a_request_that_came_directly_costs_one_frame() -> None:
    app = ProxyHeadersMiddleware(raw)
    for scope in (http_scope(), http_scope(type="other"), http_scope(headers={"forwarded": "a"})):
        assert await calls(app, scope) == 3  # once, and on after each of two sends


# Options


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"trusted_hosts": ["proxy.example"]},
            r"trusted_hosts=\['proxy.example'\]\): .* give addr",
        ),
        ({"trusted_hosts": "10.0.0.1/8"}, "has host bits set; give addresses"),
        ({"trusted_hosts": ""}, "give addresses"),
        ({"trusted_hosts": "*.example.com"}, "give addresses"),
        ({"headers": "x-real-ip"}, r"headers='x-real-ip'\): give 'x-forwarded' or 'forwarded'"),
        ({"hops": 0}, r"hops=0\): it takes an integer of 1 or more"),
        ({"hops": True}, "it takes an integer"),
    ],
)
def test_an_option_that_cannot_work_is_refused_at_start(
    options: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        ProxyHeadersMiddleware(raw, **options)
