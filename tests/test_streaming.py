"""Newline-delimited JSON. How a stream is sent and closed is tested with the other responses."""

from collections.abc import AsyncGenerator
from typing import Any

import anyio
import pytest

from framework import NDJSONResponse, StreamingResponse
from framework.types import Message
from tests.driver import exchange, http_scope
from tests.scripted import DISCONNECT, body, receiving


async def items() -> AsyncGenerator[Any]:
    for item in ({"a": "line\nbreak"}, [1, 2], "ü", None):
        yield item


async def test_each_item_is_a_line_of_json() -> None:
    answer = await exchange(NDJSONResponse(items()), http_scope())
    assert answer.headers["content-type"] == "application/x-ndjson"
    assert answer.chunks == [
        b'{"a":"line\\nbreak"}\n',
        b"[1,2]\n",
        '"ü"\n'.encode(),
        b"null\n",
        b"",
    ]


async def test_plain_iterables_are_sent_too() -> None:
    answer = await exchange(NDJSONResponse(range(3)), http_scope())
    assert answer.body == b"0\n1\n2\n"


async def test_a_codec_that_breaks_lines_is_refused() -> None:
    class Pretty:
        def encode(self, value: object) -> bytes:
            return b"[\n]"

        def decode(self, data: bytes) -> None: ...

    answer = await exchange(NDJSONResponse([[]], codec=Pretty()), http_scope())
    with pytest.raises(ValueError, match="breaks lines"):
        raise answer.error or LookupError


async def test_an_endless_stream_ends_where_nothing_in_it_waits_and_sending_never_fails() -> None:
    async def endless() -> AsyncGenerator[bytes]:
        while True:
            yield b"x"

    async def send(message: Message) -> None:
        """As some servers do once the client has gone."""

    with anyio.fail_after(5):
        await StreamingResponse(endless())(http_scope(), receiving(body(b""), DISCONNECT), send)
