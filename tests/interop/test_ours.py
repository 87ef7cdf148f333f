"""Our middleware around the apps of other frameworks."""

import logging
import re

import pytest
from starlette.applications import Starlette
from starlette.authentication import requires
from starlette.requests import Request as StarletteRequest
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Route

from framework.authentication import BasicBackend
from framework.middleware.authentication import AuthenticationMiddleware
from framework.middleware.sessions import SessionMiddleware
from framework.testing import AsyncTestClient
from tests.interop import theirs
from tests.interop.ours import OURS, Ours
from tests.interop.peers import Peer, of_peer, peers_of


@pytest.mark.parametrize(
    ("ours", "peer", "anyio_backend"),
    [
        pytest.param(ours, *case.values, marks=case.marks, id=f"{ours.name}-{case.id}")
        for ours in OURS
        for peer in peers_of(theirs)
        for case in of_peer(peer, ours.name)
    ],
)
async def test_ours_does_around_theirs_what_it_is_for(
    ours: Ours, peer: Peer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    app = ours.around(peer.use())
    client = AsyncTestClient(app, follow_redirects=False)
    asks = {"method": "GET", **ours.asks}
    answer = [await client.request(**asks) for _ in range(ours.times)][-1]
    found = {"status": str(answer.status_code), "body": answer.text, **answer.headers}
    for name, pattern in ours.gets.items():
        assert re.match(pattern, found[name]), (name, found)
    assert re.search(ours.logs, caplog.text)


async def test_starlette_reads_and_writes_our_session() -> None:
    async def visits(request: StarletteRequest) -> JSONResponse:
        request.session["visits"] = request.session.get("visits", 0) + 1
        return JSONResponse(request.session["visits"])

    app = SessionMiddleware(
        Starlette(routes=[Route("/", visits)]), secret_key="0123456789abcdef" * 2, secure=False
    )
    client = AsyncTestClient(app)
    assert [(await client.get("/")).json() for _ in range(3)] == [1, 2, 3]


async def test_starlette_asks_our_user_and_his_scopes() -> None:
    @requires("authenticated")
    async def me(request: StarletteRequest) -> PlainTextResponse:
        return PlainTextResponse(request.user.display_name)

    async def verify(username: str, password: str) -> bool:
        return (username, password) == ("ann", "secret")

    app = AuthenticationMiddleware(Starlette(routes=[Route("/", me)]), backend=BasicBackend(verify))
    client = AsyncTestClient(app)
    assert (await client.get("/", auth=("ann", "secret"))).text == "ann"
    assert (await client.get("/")).status_code == 403
