"""Tracers, error reporters and metrics around our app: they see routes by their names, and errors once."""

import prometheus_client
import pytest

from framework.testing import AsyncTestClient
from tests.interop import tracers
from tests.interop.app import an_app
from tests.interop.peers import Peer, cases, peers_of
from tests.interop.tracers import Recorded, recorded

TRACERS = [peer for peer in peers_of(tracers) if "records" in peer.more]


@pytest.fixture(autouse=True)
def nothing_recorded() -> None:
    recorded()


async def visit(app: object, *paths: str) -> list[Recorded]:
    async with AsyncTestClient(app, raise_server_exceptions=False) as client:
        for path in paths:
            await client.get(path)
    return recorded()


@cases(TRACERS, "effect")
async def test_a_request_is_recorded_under_its_name(peer: Peer) -> None:
    found = await visit(peer.use(an_app()), "/users/7", "/nothing", "/boom")
    requests = [(each.name, each.detail) for each in found if each.kind == "request"]
    assert requests == peer.more["records"]


@cases([peer for peer in TRACERS if "error" in peer.more], "effect")
async def test_an_error_is_reported_once_and_a_refusal_is_none(peer: Peer) -> None:
    found = await visit(peer.use(an_app()), "/boom", "/refused", "/nothing")
    assert [each.name for each in found if each.kind == "error"] == [peer.more["error"]]


@pytest.mark.parametrize("peer", [tracers.opentelemetry, tracers.opentelemetry_of_starlette])
async def test_a_span_of_an_error_says_so(peer: Peer) -> None:
    async with AsyncTestClient(peer.use(an_app()), raise_server_exceptions=False) as client:
        await client.get("/boom")
    spans = [span for span in tracers.spans.get_finished_spans() if span.name == "GET /boom"]
    assert [span.status.status_code.name for span in spans] == ["ERROR"]


async def test_a_function_middleware_names_a_span_by_the_route() -> None:
    app = an_app()
    app.middleware(tracers.name_span)
    found = await visit(tracers.opentelemetry.use(app), "/users/7", "/nothing")
    assert found == [
        ("request", "GET /users/{id}", "/users/{id}"),
        ("request", "GET /nothing", None),
    ]


async def test_a_request_of_a_mounted_app_is_named_by_the_mount_unless_that_app_says_more() -> None:
    outer, inner = an_app(), an_app()
    outer.mount("/inner", inner)
    found = await visit(tracers.sentry.use(outer), "/inner/users/7")
    assert found == [("request", "/inner", 200)]
    found = await visit(tracers.opentelemetry_of_starlette.use(outer), "/inner/users/7")
    assert found == [("request", "GET /inner", "/inner")]


async def test_a_function_middleware_of_a_mounted_app_names_a_span_by_the_whole_template() -> None:
    outer, inner = an_app(), an_app()
    inner.middleware(tracers.name_span)
    outer.mount("/inner", inner)
    found = await visit(tracers.opentelemetry.use(outer), "/inner/users/7")
    assert found == [("request", "GET /inner/users/{id}", "/inner/users/{id}")]


async def test_requests_are_counted_by_their_path_and_status(anyio_backend: str) -> None:
    async with AsyncTestClient(tracers.prometheus.use(an_app())) as client:
        await client.get(f"/nothing/{anyio_backend}")
    labels = {"method": "GET", "path": f"/nothing/{anyio_backend}", "status_code": "404"}
    counted = prometheus_client.REGISTRY.get_sample_value(
        "starlette_requests_total", {"app_name": "starlette", **labels}
    )
    assert counted == 1.0
