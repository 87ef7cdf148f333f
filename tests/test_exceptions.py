"""What this package raises, as one tree."""

from http import HTTPStatus

import pytest

import framework
from framework import exceptions
from framework.exceptions import (
    BodyUnavailable,
    ClientDisconnect,
    ConfigError,
    FrameworkError,
    HTTPException,
    InvalidContent,
    LimitExceeded,
    MalformedRequest,
    MethodNotAllowed,
    MissingField,
    NoMatchFound,
    NotAcceptable,
    NotFound,
    UnsupportedMediaType,
    WebSocketDisconnect,
    WebSocketStateError,
    reason_phrase,
)


@pytest.mark.parametrize("name", exceptions.__all__)
def test_whoever_catches_the_root_catches_everything_of_ours(name: str) -> None:
    assert issubclass(getattr(exceptions, name), FrameworkError)
    assert getattr(framework, name) is getattr(exceptions, name)


@pytest.mark.parametrize("name", exceptions.__all__)
def test_the_tree_in_the_docstring_names_every_class(name: str) -> None:
    assert name in (exceptions.__doc__ or "")


@pytest.mark.parametrize(
    ("error", "status", "text"),
    [
        (HTTPException(404), 404, "404: Not Found"),
        (HTTPException(HTTPStatus.GONE), 410, "410: Gone"),
        (HTTPException(403, "members only"), 403, "403: members only"),
        (HTTPException(400, ""), 400, "400: "),
        (HTTPException(499), 499, "499: Bad Request"),
        (NotFound(), 404, "404: Not Found"),
        (NotFound("no such book"), 404, "404: no such book"),
        (MalformedRequest("not JSON"), 400, "400: not JSON"),
        (MissingField("title"), 400, "400: the field 'title' is missing"),
        (UnsupportedMediaType("got text/plain"), 415, "415: got text/plain"),
        (LimitExceeded(413, "max_body_size", 9, "too large"), 413, "413: too large"),
        (InvalidContent([{"detail": "no", "pointer": "#/a"}]), 422, "422: no at #/a"),
        (MethodNotAllowed(["GET"]), 405, "405: Method Not Allowed"),
        (NotAcceptable(["a/b"]), 406, "406: there is a/b, and Accept takes none of it"),
    ],
)
def test_an_http_exception_reads_as_status_and_detail(
    error: HTTPException, status: int, text: str
) -> None:
    assert type(error.status_code) is int
    assert error.status_code == status
    assert str(error) == text


@pytest.mark.parametrize("status_code", [-1, 0, 200, 204, 299, 600, 4040])
def test_a_status_of_success_or_of_no_kind_is_refused(status_code: int) -> None:
    with pytest.raises(ValueError, match=f"from 300 to 599, not {status_code}$"):
        HTTPException(status_code)


def test_an_http_exception_carries_header_fields() -> None:
    assert HTTPException(401, headers={"www-authenticate": "Basic"}).headers == {
        "www-authenticate": "Basic"
    }
    assert HTTPException(401).headers is None


def test_a_method_that_is_not_allowed_carries_those_that_are() -> None:
    error = MethodNotAllowed({"POST", "GET"})
    assert error.allow == {"GET", "POST"}
    assert error.headers == {"allow": "GET, POST"}


def test_what_is_not_acceptable_carries_what_there_is() -> None:
    error = NotAcceptable(["text/html", "text/csv"])
    assert error.offers == ("text/html", "text/csv")
    assert error.headers == {"vary": "Accept"}


def test_an_exceeded_limit_carries_its_name_and_value() -> None:
    error = LimitExceeded(400, "max_query_fields", 1000, "more than 1000 query fields")
    assert (error.name, error.limit) == ("max_query_fields", 1000)


def test_a_closed_websocket_carries_code_and_reason() -> None:
    error = WebSocketDisconnect(1001, "going away")
    assert (error.code, error.reason, error.args) == (1001, "going away", (1001, "going away"))
    assert (WebSocketDisconnect().code, WebSocketDisconnect().reason) == (1000, "")


@pytest.mark.parametrize(
    ("error", "builtin"),
    [
        (NoMatchFound, LookupError),
        (BodyUnavailable, RuntimeError),
        (WebSocketStateError, RuntimeError),
    ],
)
def test_an_exception_is_what_python_would_raise_as_well(
    error: type[Exception], builtin: type[Exception]
) -> None:
    assert issubclass(error, builtin)


@pytest.mark.parametrize("error", [ClientDisconnect, ConfigError, WebSocketDisconnect])
def test_what_no_client_can_be_told_is_no_http_exception(error: type[Exception]) -> None:
    assert not issubclass(error, HTTPException)


@pytest.mark.parametrize(
    ("status_code", "phrase"),
    [
        (100, "Continue"),
        (199, "Continue"),
        (200, "OK"),
        (299, "OK"),
        (399, "Multiple Choices"),
        (413, "Content Too Large"),
        (414, "URI Too Long"),
        (416, "Range Not Satisfiable"),
        (422, "Unprocessable Content"),
        (499, "Bad Request"),
        (599, "Internal Server Error"),
    ],
)
def test_a_status_has_its_standard_phrase_or_that_of_its_class(
    status_code: int, phrase: str
) -> None:
    assert reason_phrase(status_code) == phrase
