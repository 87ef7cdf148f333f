"""Our app under servers that are not ASGI's: AWS Lambda by Mangum, WSGI by a2wsgi."""

import asyncio
import base64
import io
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from tests.interop import tools
from tests.interop.app import LONG, an_app
from tests.interop.peers import Peer

LAMBDA = pytest.mark.parametrize("peer", [tools.lambda_handler], ids=lambda peer: peer.name)
WSGI = pytest.mark.parametrize("peer", [tools.under_wsgi], ids=lambda peer: peer.name)


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    """The current loop, which Mangum asks for."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    yield loop
    asyncio.set_event_loop(None)
    loop.close()


def gateway_1(method: str, path: str, body: str | None = None, *, packed: bool = False) -> Any:
    """An event of API Gateway's REST API."""
    return {
        "resource": "/{proxy+}",
        "path": path,
        "httpMethod": method,
        "headers": {"Host": "example.com", "X-Forwarded-Proto": "https"},
        "multiValueHeaders": {"Host": ["example.com"], "X-Forwarded-Proto": ["https"]},
        "queryStringParameters": {"q": "a b"},
        "multiValueQueryStringParameters": {"q": ["a b"]},
        "requestContext": {"identity": {"sourceIp": "192.0.2.7"}, "stage": "live"},
        "body": body,
        "isBase64Encoded": packed,
    }


def gateway_2(method: str, path: str, body: str | None = None, *, packed: bool = False) -> Any:
    """An event of API Gateway's HTTP API."""
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": "q=a%20b",
        "headers": {"host": "example.com", "x-forwarded-proto": "https"},
        "requestContext": {
            "http": {
                "method": method,
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": "192.0.2.7",
            }
        },
        "body": body,
        "isBase64Encoded": packed,
    }


def load_balancer(method: str, path: str, body: str = "", *, packed: bool = False) -> Any:
    """An event of an Application Load Balancer."""
    return {
        "requestContext": {"elb": {"targetGroupArn": "arn:aws:elasticloadbalancing"}},
        "httpMethod": method,
        "path": path,
        "queryStringParameters": {"q": "a%20b"},
        "headers": {"host": "example.com", "x-forwarded-proto": "https"},
        "body": body,
        "isBase64Encoded": packed,
    }


EVENTS = pytest.mark.parametrize("event", [gateway_1, gateway_2, load_balancer])


@LAMBDA
@EVENTS
@pytest.mark.usefixtures("loop")
def test_an_event_is_answered(peer: Peer, event: Any) -> None:
    answer = peer.use(an_app(), "auto")(event("GET", "/users/7"), {})
    assert answer["statusCode"] == 200
    assert '"url":"https://example.com/users/7?q=a%20b"' in answer["body"].replace("+", "%20")
    missing = peer.use(an_app(), "auto")(event("GET", "/nothing"), {})
    assert missing["statusCode"] == 404


@LAMBDA
@EVENTS
@pytest.mark.usefixtures("loop")
def test_a_binary_body_goes_in_and_comes_out(peer: Peer, event: Any) -> None:
    packed = base64.b64encode(b"\xff\x00").decode()
    answer = peer.use(an_app(), "auto")(event("POST", "/echo", packed, packed=True), {})
    assert (answer["isBase64Encoded"], answer["body"]) == (True, packed)


@LAMBDA
@pytest.mark.parametrize("lifespan", ["auto", "on", "off"])
@pytest.mark.usefixtures("loop")
def test_the_lifespan_runs_around_each_event_unless_it_is_off(peer: Peer, lifespan: str) -> None:
    app = an_app()
    handler = peer.use(app, lifespan)
    greeting = handler(gateway_2("GET", "/greeting"), {})
    ran = lifespan != "off"
    assert greeting["statusCode"] == (200 if ran else 500)
    assert app.state.log == (["started", "stopped"] if ran else [])


@pytest.fixture
def busy_loop() -> Iterator[asyncio.AbstractEventLoop]:
    """A loop that runs in a thread, as a2wsgi's does."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    yield loop
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


def environ(method: str, path: str, body: bytes = b"") -> dict[str, Any]:
    return {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "/pre",
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "SERVER_NAME": "testserver",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "testserver",
        "REMOTE_ADDR": "127.0.0.1",
        "REMOTE_PORT": "50000",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
    }


@WSGI
@pytest.mark.parametrize(
    ("method", "path", "body", "expected"),
    [
        ("GET", "/users/7", b"", ("200", '"url":"http://testserver/pre/users/7"')),
        ("POST", "/echo", LONG.encode(), ("200", LONG)),
        ("GET", "/nothing", b"", ("404", "Not Found")),
    ],
)
def test_a_wsgi_server_gets_the_answer(
    peer: Peer,
    busy_loop: asyncio.AbstractEventLoop,
    method: str,
    path: str,
    body: bytes,
    expected: tuple[str, str],
) -> None:
    statuses: list[str] = []

    def start_response(status: str, *_: Any) -> None:
        statuses.append(status)

    app = peer.use(an_app(), busy_loop)
    text = b"".join(app(environ(method, path, body), start_response)).decode()
    assert (statuses[0][:3], expected[1] in text) == (expected[0], True)
