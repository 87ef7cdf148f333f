"""Requests on their way through middleware that judges the body: who answers, and what is read inside."""

from base64 import b64encode
from collections.abc import Callable
from hashlib import sha256
from typing import Any

import anyio
import httpx
import pytest

from framework import (
    App,
    HTTPException,
    LimitExceeded,
    MalformedRequest,
    Middleware,
    Request,
    UploadFile,
)
from framework._exchange import EXCHANGE
from framework.middleware._passage import Passage
from framework.middleware.digests import DigestMiddleware
from framework.types import ASGIApp, Message, Receive, Scope, Send
from tests.driver import Answer, ask, http_scope
from tests.scripted import DISCONNECT, Sent, body, receiving


class Reader:
    """Middleware that reads the body by a Request of its own, and passes `receive` on as it is."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def read(self, scope: Scope, receive: Receive) -> None:
        """Read what is to be read."""
        await Request(scope, receive).body()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.read(scope, receive)
        await self.app(scope, receive, send)


class RawReader(Reader):
    """The same without a Request."""

    async def read(self, scope: Scope, receive: Receive) -> None:
        while (await receive()).get("more_body", False):
            pass


class Leaver(Reader):
    """One that looks at the first chunk only."""

    async def read(self, scope: Scope, receive: Receive) -> None:
        async for _ in Request(scope, receive).stream():
            break


readers = pytest.mark.parametrize("reader", [Reader, RawReader, Leaver])
"""For each way to read a body and to pass on a `receive` that has it no more."""


class Shouting:
    """A middleware that makes capital letters, and refuses what has a question mark."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await Passage(self.judge, scope, receive, send).run(self.app)

    async def judge(self, receive: Receive) -> Message:
        """Judge a message."""
        message = await receive()
        data: bytes = message.get("body", b"")
        if b"?" in data:
            raise MalformedRequest("no questions")
        return {**message, "body": data.upper() + b"!"} if data else message


async def ask_it(app: ASGIApp, *pieces: bytes) -> Answer:
    return await ask(app, "POST", "/", body=[*pieces])


def an_app(*middleware: Callable[[ASGIApp], ASGIApp]) -> App:
    app = App(middleware=[Middleware(each) for each in middleware])

    @app.post("/")
    async def echo(request: Request) -> bytes:
        return await request.body()

    return app


ORDERS = pytest.mark.parametrize("is_inside", [True, False])


@readers
@ORDERS
async def test_middleware_on_either_side_leaves_the_body_whole(
    reader: type[Reader], is_inside: bool
) -> None:
    app = an_app(*([Shouting, reader] if is_inside else [reader, Shouting]))
    assert (await ask_it(app, b"hello")).body == b"HELLO!"
    answer = await ask_it(app, b"a", b"b", b"c")
    assert answer.body == (b"A!B!C!" if is_inside or reader is Leaver else b"ABC!")
    assert answer.error is None


@readers
async def test_what_is_refused_to_middleware_is_answered(reader: type[Reader]) -> None:
    answer = await ask_it(an_app(Shouting, reader), b"why?")
    assert (answer.status, answer.error) == (400, None)


async def test_a_client_that_goes_early_has_gone() -> None:
    sent = Sent()
    incoming = receiving(body(b"a", more=True), DISCONNECT)
    await an_app(Shouting)(http_scope("POST"), incoming, sent)
    assert sent.messages == []


async def test_outside_the_exchange_is_what_it_was() -> None:
    found: list[object] = []

    class Notes(Reader):
        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            found.append(scope[EXCHANGE])
            await self.app(scope, receive, send)
            found.append(scope[EXCHANGE])

    await ask_it(an_app(Notes, Shouting, Notes), b"a")
    assert found[0] is found[3]
    assert found[1] is found[2] is not found[0]


async def test_an_app_without_an_exchange_gets_none() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        assert EXCHANGE not in scope
        assert await receive() == body(b"A!")
        assert await receive() == DISCONNECT

    scope = http_scope("POST")
    await Shouting(app)(scope, receiving(body(b"a"), DISCONNECT), Sent())


class Refused:
    """An app that reads in task groups; beside one it fails with `beside`, after it has sent `status`."""

    def __init__(self, beside: Exception | None = None, status: int | None = None) -> None:
        self.beside = beside
        self.status = status

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await receive()
        except HTTPException as error:
            if self.status:
                await send({"type": "http.response.start", "status": self.status, "headers": []})
                await send({"type": "http.response.body", "body": b"mine"})
            others = [self.beside] if self.beside else []
            raise ExceptionGroup("", [ExceptionGroup("", [error]), *others]) from None


async def test_a_refusal_in_groups_is_answered() -> None:
    answer = await ask_it(Shouting(Refused()), b"why?")
    assert (answer.status, answer.error) == (400, None)
    assert answer.json()["detail"] == "no questions"


@pytest.mark.parametrize("status", [422, 500])
async def test_a_refusal_in_groups_that_was_answered_is_not_raised(status: int) -> None:
    answer = await ask_it(Shouting(Refused(status=status)), b"why?")
    assert (answer.status, answer.error) == (400 if status == 500 else 422, None)


async def test_what_fails_beside_it_is_raised_though_it_is_answered() -> None:
    answer = await ask_it(Shouting(Refused(LookupError("mine"))), b"why?")
    assert answer.status == 400
    error: Any = answer.error
    assert type(error) is ExceptionGroup
    assert error.subgroup(LookupError) is not None


async def test_another_exception_is_raised_as_it_is() -> None:
    error = LimitExceeded(413, "mine", 1, "too much")

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        raise error

    answer = await ask_it(Shouting(app), b"why?")
    assert answer.error is error
    assert answer.messages == []


async def test_what_was_refused_stays_refused_and_is_the_end_once_an_answer_began() -> None:
    refusals: list[MalformedRequest] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        for _ in range(2):
            with pytest.raises(MalformedRequest) as caught:
                await receive()
            refusals.append(caught.value)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        assert await receive() == DISCONNECT

    with anyio.fail_after(5):
        await Shouting(app)(
            http_scope("POST"), receiving(body(b"?", more=True), body(b"a")), Sent()
        )
    assert refusals[0] is refusals[1]


async def test_one_that_comes_after_an_answer_began_is_a_disconnect() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        assert await receive() == body(b"A!", more=True)
        assert await receive() == DISCONNECT

    sent = Sent()
    await Shouting(app)(http_scope("POST"), receiving(body(b"a", more=True), body(b"?")), sent)
    assert sent.types == ["http.response.start"]


async def test_files_of_a_form_that_is_read_within_are_closed_when_all_is_over() -> None:
    files: list[UploadFile] = []
    app = App(middleware=[Middleware(DigestMiddleware)])

    @app.post("/")
    async def upload(request: Request) -> int:
        files.append((await request.form()).files["f"])
        return files[0].size

    content = b"x" * 2_000_000
    request = httpx.Request("POST", "http://x", files={"f": ("x", content)})
    data = request.read()
    digest = b64encode(sha256(data).digest()).decode()
    headers = {**request.headers, "content-digest": f"sha-256=:{digest}:"}
    answer = await ask(app, "POST", headers=headers, body=data)
    assert (answer.status, answer.text) == (200, "2000000")
    assert files[0].file.closed
