"""What a returned value becomes: the one table from a type to a response.

Common values are turned into header fields and bytes without a Response in between; where function
middleware wants to see one, it is made of the same parts.
"""

from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from typing import Any, TypeAlias, cast

from framework._concurrency import is_async
from framework._wire.json import JSONCodec
from framework.responses import (
    BYTES,
    JSON,
    LENGTH,
    TEXT,
    Field,
    Response,
    SteppedResponse,
    has_no_content,
    whole_response,
)
from framework.streaming import StreamingResponse
from framework.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["ASGIResponse", "Results"]

Encode: TypeAlias = Callable[[Any], tuple[bytes, list[Field]]]

NO_DATA = (BaseException, Coroutine, tuple, type)
"""What no codec is asked to encode: returning it is a mistake."""


def encode_text(text: str) -> tuple[bytes, list[Field]]:
    """Text as the body and the header fields of a response."""
    body = text.encode()
    return body, [LENGTH[len(body)], TEXT]


def encode_bytes(body: bytes) -> tuple[bytes, list[Field]]:
    """Bytes, as they are."""
    return body, [LENGTH[len(body)], BYTES]


def json_encoder(codec: JSONCodec) -> Encode:
    """The encoder of whatever a JSON codec takes."""
    encode = codec.encode

    def encode_json(value: Any) -> tuple[bytes, list[Field]]:
        body = encode(value)
        return body, [LENGTH[len(body)], JSON]

    return encode_json


class Results:
    """The conversions of one app; `encoders` is looked up by the exact type of a value first."""

    __slots__ = ("_encode_json", "encoders")

    def __init__(self, codec: JSONCodec) -> None:
        self._encode_json = json_encoder(codec)
        self.encoders: dict[type, Encode] = {
            str: encode_text,
            bytes: encode_bytes,
            dict: self._encode_json,
            list: self._encode_json,
        }

    def response(self, value: object, status_code: int | None, title: str) -> Response:
        """The response that a value stands for; TypeError that names the handler where there is none."""
        if isinstance(value, Response):
            return value
        if value is None:
            return Response(status_code=204 if status_code is None else status_code)
        status = 200 if status_code is None else status_code
        encode = self.encoders.get(type(value))
        if encode is not None:
            body, fields = encode(value)
        elif isinstance(value, AsyncIterator | Iterator):
            return StreamingResponse(cast("Iterator[str | bytes]", value), status)
        elif is_async(value):
            return ASGIResponse(value)
        elif isinstance(value, NO_DATA):
            raise TypeError(_advice(value, title))
        else:
            body, fields = self._encode_other(value, title)
        if has_no_content(status):
            return Response(None, status)
        return whole_response(status, fields, body)

    def _encode_other(self, value: Any, title: str) -> tuple[bytes, list[Field]]:
        for kind, encode in self.encoders.items():
            if isinstance(value, kind):
                return encode(value)
        try:
            return self._encode_json(value)
        except TypeError as error:
            raise TypeError(f"{title} returned {type(value).__name__}: {error}") from error


class ASGIResponse(SteppedResponse):
    """A response of another library: any `async (scope, receive, send)`, with our header fields added."""

    __slots__ = ("app", "started")

    def __init__(self, app: ASGIApp) -> None:
        super().__init__()
        self.raw_headers.clear()
        self.app = app
        self.started = False

    async def _send(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_fields(message: Message) -> None:
            if message["type"] == "http.response.start":
                self.started = True
                fields = [*message.get("headers", ()), *self.raw_headers]
                message = {**message, "headers": fields}
            elif scope.get("method") == "HEAD" and "body" in message:
                message = {**message, "body": b""}
            await send(message)

        await self.app(scope, receive, send_with_fields)


def _advice(value: Any, title: str) -> str:
    if isinstance(value, Coroutine):
        value.close()
        return f"{title} returned a coroutine: an `await` is missing"
    if isinstance(value, BaseException):
        return f"{title} returned {value!r}: raise it"
    if isinstance(value, type):
        return f"{title} returned the class {value.__name__}: return an instance"
    return (
        f"{title} returned a tuple: return the value alone, with status_code= in the decorator, "
        "or JSONResponse(value, status_code, headers)"
    )
