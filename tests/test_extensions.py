"""What servers offer beyond the core of ASGI, each with what happens where they do not."""

from typing import Any

import pytest

from framework import App, ClientDisconnect, FrameworkError, Middleware, Request, Response, Router
from framework._extensions import DEBUG, EARLY_HINT, PUSH, early_hint, offers, push_promise
from framework.types import ASGIApp, Message, Receive, Scope, Send
from tests.driver import ask, http_scope
from tests.scripted import Sent, receiving

NOT_OFFERED: list[dict[str, Any] | None] = [{}, {"tls": {}}, None]
LINK = "</style.css>; rel=preload; as=style"


def test_an_extension_is_offered_by_the_scope_of_a_request() -> None:
    assert offers(http_scope(extensions={PUSH: {}}), PUSH)
    assert not offers(http_scope(extensions={PUSH: {}}), DEBUG)
    assert not offers(http_scope(extensions=None), PUSH)
    assert not offers({"type": "http"}, PUSH)
    assert not offers({"type": "websocket", "extensions": {PUSH: {}}}, PUSH)


router = Router()


@router.get("/hints")
async def hints(request: Request) -> list[bool]:
    return [await request.send_early_hints([LINK, "</a.js>"])]


@router.get("/push")
async def push(request: Request) -> list[bool]:
    return [await request.send_push_promise("/style.css")]


@router.get("/debug")
async def debug(request: Request) -> list[bool]:
    return [await request.send_debug({"template": "home.html"})]


app = App(routes=[router])

HANDED_ON = [
    (b"accept", b"*/*"),
    (b"accept-encoding", b"gzip"),
    (b"accept-language", b"de"),
    (b"cache-control", b"no-cache"),
    (b"user-agent", b"x"),
]

MESSAGES: list[tuple[str, Message]] = [
    ("/hints", {"type": EARLY_HINT, "links": [LINK.encode(), b"</a.js>"]}),
    ("/push", {"type": PUSH, "path": "/style.css", "headers": HANDED_ON}),
    ("/debug", {"type": DEBUG, "info": {"template": "home.html"}}),
]

HEADERS = {
    "Accept": "*/*",
    "Accept-Encoding": "gzip",
    "Accept-Language": "de",
    "Cache-Control": "no-cache",
    "User-Agent": "x",
    "Cookie": "a=b",
    "Authorization": "Basic Og==",
}


@pytest.mark.parametrize(("path", "message"), MESSAGES)
async def test_a_handler_sends_what_the_server_offers(path: str, message: Message) -> None:
    answer = await ask(app, path=path, headers=HEADERS, extensions={message["type"]: {}})
    assert (answer.json(), answer.extras) == ([True], [message])


@pytest.mark.parametrize("extensions", NOT_OFFERED)
@pytest.mark.parametrize(("path", "message"), MESSAGES)
async def test_a_handler_is_told_that_the_server_does_not_offer_it(
    path: str, message: Message, extensions: dict[str, Any] | None
) -> None:
    answer = await ask(app, path=path, extensions=extensions)
    assert (answer.json(), answer.extras) == ([False], [])


@pytest.mark.parametrize(("path", "message"), MESSAGES)
async def test_it_goes_through_asgi_middleware(path: str, message: Message) -> None:
    class Noting:
        def __init__(self, app: ASGIApp) -> None:
            self.app = app

        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            async def noting(message: Message) -> None:
                seen.append(message["type"])
                await send(message)

            await self.app(scope, receive, noting)

    seen: list[str] = []
    wrapped = App(middleware=[Middleware(Noting)], routes=[router])
    await ask(wrapped, path=path, headers=HEADERS, extensions={message["type"]: {}})
    assert seen == [message["type"], "http.response.start", "http.response.body"]


async def test_an_error_after_an_early_hint_is_answered() -> None:
    failing = App()

    @failing.get("/")
    async def fail(request: Request) -> None:
        await request.send_early_hints([LINK])
        raise LookupError

    @failing.exception_handler(LookupError)
    async def answer_hinting(request: Request, error: LookupError) -> Response:
        await request.send_early_hints(["</error.css>"])
        return Response("sorry", 500)

    answer = await ask(failing, extensions={EARLY_HINT: {}})
    assert [message["links"] for message in answer.extras] == [[LINK.encode()], [b"</error.css>"]]
    assert (answer.status, answer.text, answer.error) == (500, "sorry", None)


@pytest.mark.parametrize("extensions", [{EARLY_HINT: {}}, {}])
async def test_what_is_no_link_is_an_error_on_every_server(extensions: dict[str, Any]) -> None:
    request = Request(http_scope(extensions=extensions), receiving(), Sent())
    with pytest.raises(ValueError, match="is no link"):
        await request.send_early_hints(["</a>\r\nset-cookie: a=b"])
    with pytest.raises(TypeError, match=r"a list of links, not a single text: \['</a>'\]"):
        await request.send_early_hints("</a>")


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        ("/a?b=c", "/a?b=c"),
        ("/ü b", "/%C3%BC%20b"),
        ("/%C3%BC", "/%C3%BC"),
        ("/a#b", "/a"),
        ("//a", "//a"),
    ],
)
def test_a_path_is_pushed_as_a_browser_would_ask_for_it(path: str, sent: str) -> None:
    assert push_promise(path, http_scope(), None)["path"] == sent


@pytest.mark.parametrize("path", ["", "a", "https://other.example/", "/a\r\nb", "/a\x00"])
def test_what_is_no_path_is_not_pushed(path: str) -> None:
    with pytest.raises(ValueError, match=r"begins with a slash|control character"):
        push_promise(path, http_scope(), None)


def test_a_push_has_the_fields_that_it_is_given() -> None:
    scope = http_scope(headers=HEADERS)
    assert push_promise("/", scope, {"Accept": "text/css"})["headers"] == [(b"accept", b"text/css")]
    assert push_promise("/", scope, [])["headers"] == []
    for name in (":authority", "a b"):
        with pytest.raises(ValueError, match="no name for a header field"):
            push_promise("/", scope, {name: "x"})


def test_links_may_come_from_any_iterable() -> None:
    links = (f"</{name}.css>" for name in "ab")
    assert early_hint(links)["links"] == [b"</a.css>", b"</b.css>"]


async def test_a_request_without_send_says_so() -> None:
    request = Request(http_scope(extensions={DEBUG: {}}))
    with pytest.raises(FrameworkError, match=r"make it as Request\(scope, receive, send\)"):
        await request.send_debug({})
    assert not await request.send_early_hints([LINK])


async def test_a_client_that_has_gone_ends_the_request() -> None:
    request = Request(http_scope(extensions={DEBUG: {}}), receiving(), Sent(until=0))
    with pytest.raises(ClientDisconnect):
        await request.send_debug({})
