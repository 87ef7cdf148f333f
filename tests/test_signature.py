import inspect
import threading
from collections.abc import AsyncIterator, Callable
from contextvars import ContextVar
from datetime import date, datetime
from enum import Enum
from functools import partial
from textwrap import dedent
from typing import Annotated, Any, Literal, NewType, Optional, Protocol, TypeVar, Union
from uuid import UUID

import pytest
from typing_extensions import TypeAliasType, TypedDict

from framework import (
    App,
    ConfigError,
    Converter,
    HTTPConnection,
    Request,
    Route,
    WebSocket,
    WebSocketRoute,
)
from tests.driver import ask

UserId = NewType("UserId", int)
AdminId = NewType("AdminId", UserId)
Alias = TypeAliasType("Alias", UserId)
T = TypeVar("T")


class Point:
    def __init__(self, x: int, y: int) -> None:
        self.x = x
        self.y = y

    def __repr__(self) -> str:
        return f"{self.x},{self.y}"


class PointConverter(Converter[Point]):
    __slots__ = ()

    value_type = Point

    def convert(self, text: str) -> Point:
        x, y = text.split(",")
        return Point(int(x), int(y))


class Colour(Enum):
    RED = "red"


class Sized(Protocol):
    size: int


class Row(TypedDict):
    id: int


def taking(annotation: Any) -> Callable[..., str]:
    """A handler whose parameter `x` has this annotation; it shows what it was given."""

    def handler(x: Any) -> str:
        return repr(x)

    handler.__annotations__["x"] = annotation
    return handler


def written(source: str) -> Callable[..., Any]:
    """The function `handler` of a module that has this text."""
    module: dict[str, Any] = {}
    exec(dedent(source), module)
    handler: Callable[..., Any] = module["handler"]
    return handler


def app_of(path: str, handler: Any) -> App:
    return App(routes=[Route(path, handler)], converters={"point": PointConverter()})


async def text_of(path: str, handler: Any, requested: str) -> str:
    """What is answered: the text, or the status of an error."""
    answer = await ask(app_of(path, handler), path=requested)
    return answer.text if answer.status == 200 else str(answer.status)


@pytest.mark.parametrize(
    "annotation",
    [
        int,
        "int",
        UserId,
        AdminId,
        Alias,
        Annotated[int, "positive"],
        int | None,
        Optional[int],  # noqa: UP045
        Union[None, Annotated[UserId, "x"]],  # noqa: UP007
    ],
    ids=repr,
)
async def test_an_annotation_that_means_int_makes_the_parameter_an_integer(annotation: Any) -> None:
    assert await text_of("/{x}", taking(annotation), "/7") == "7"
    assert await text_of("/{x}", taking(annotation), "/x") == "404"


@pytest.mark.parametrize(
    ("annotation", "requested", "shown"),
    [
        (str, "/7", "'7'"),
        (float, "/7", "7.0"),
        (UUID, f"/{UUID(int=1)}", repr(UUID(int=1))),
        (date, "/2024-02-29", "datetime.date(2024, 2, 29)"),
        (date, "/2023-02-29", "404"),
        (Point, "/1,2", "1,2"),
        (Point, "/1,2,3", "404"),
        (Any, "/7", "'7'"),
        (object, "/7", "'7'"),
        (T, "/7", "'7'"),
        (int | str, "/7", "'7'"),
        (Literal["7"], "/7", "'7'"),
        (inspect.Parameter.empty, "/7", "'7'"),
    ],
    ids=repr,
)
async def test_an_annotation_chooses_the_converter(
    annotation: Any, requested: str, shown: str
) -> None:
    assert await text_of("/{x}", taking(annotation), requested) == shown


async def test_a_path_that_names_a_converter_needs_no_annotation() -> None:
    for annotation in int, UserId, Any, int | None, int | str, "Missing", "missing.Name":
        assert await text_of("/{x:int}", taking(annotation), "/7") == "7"


async def test_a_value_may_be_of_a_class_below_the_annotation() -> None:
    class Lat(Point):
        pass

    class LatConverter(Converter[Lat]):
        __slots__ = ()

        value_type = Lat

        def convert(self, text: str) -> Lat:
            return Lat(int(text), 0)

    app = App(routes=[Route("/{x:lat}", taking(Point))], converters={"lat": LatConverter()})
    assert (await ask(app, path="/7")).text == "7,0"


@pytest.mark.parametrize(
    ("path", "annotation", "complaint"),
    [
        ("/{x:int}", str, "takes x: str, but the path gives int"),
        ("/{x:int}", bool, "takes x: bool, but the path gives int"),
        ("/{x:[a-z]+}", int, "takes x: int, but the path gives str"),
        ("/{x:date}", datetime, "takes x: datetime, but the path gives date"),
        ("/{x}", Colour, "takes x: Colour, but no converter gives that; there are date, float"),
        ("/{x}", bytes, "takes x: bytes, but no converter"),
        ("/{x}", list[int], "takes x: list, but no converter"),
        ("/{x}", dict, "takes x: dict, but no converter"),
        ("/{x}", Sized, "takes x: Sized, but no converter"),
        ("/{x:int}", Sized, "takes x: Sized, but the path gives int"),
        ("/{x:int}", Row, "takes x: Row, but the path gives int"),
        ("/{x}", "Missing", "takes x: Missing, but that name does not exist at run time"),
        ("/{x}", "Missing | None", "that name does not exist at run time"),
        ("/{x}", "missing.Name", "takes x: Name, but that name does not exist at run time"),
        ("/{x}", "int[", "no signature that can be read: '\\[' was never closed"),
        ("/{x}", "int.missing", "no signature that can be read: type object 'int'"),
        ("/{x}", "Missing.__nothing__", "no signature that can be read: __nothing__"),
        ("/{x}", "1 / 0", "no signature that can be read: division by zero"),
        ("/{x}", "next(_ for _ in [int]).missing", "no signature that can be read"),
    ],
)
def test_an_annotation_that_the_path_does_not_give_is_refused(
    path: str, annotation: Any, complaint: str
) -> None:
    with pytest.raises(ConfigError, match=complaint) as caught:
        app_of(path, taking(annotation)).compile()
    assert f"declared at {__file__}:" in str(caught.value)


def test_an_annotation_that_keeps_failing_by_name_is_refused() -> None:
    handler = written(
        """
        def fail():
            raise NameError("made by hand")

        def handler(x: "fail()"):
            pass
        """
    )
    with pytest.raises(ConfigError, match="made by hand"):
        app_of("/{x}", handler).compile()


FUTURE = """
from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Optional

if TYPE_CHECKING:
    import framework
    from collections.abc import AsyncIterator
    from framework import Request
"""


@pytest.mark.parametrize(
    "text",
    [
        "async def handler(req: Request, id: int) -> dict[str, int]: return {'id': id}",
        "def handler(req: framework.Request, id: int) -> dict[str, Missing]: return {'id': id}",
        "def handler(req: Request | None, id: int) -> missing.Missing[int]: return {'id': id}",
        "def handler(req: Optional[Request], *, id: int | None) -> None: return {'id': id}",
        "def handler(id: int) -> Annotated[Missing, Missing.x[0].y]: return {'id': id}",
    ],
)
async def test_annotations_may_be_text_with_names_that_only_type_checkers_see(text: str) -> None:
    handler = written(FUTURE + text)
    assert await text_of("/{id}", handler, "/7") == '{"id":7}'
    assert await text_of("/{id}", handler, "/x") == "404"


async def test_an_iterator_may_be_announced_by_a_name_that_only_type_checkers_see() -> None:
    handler = written(
        FUTURE + "async def handler(id: int) -> AsyncIterator[str]:\n    yield str(id)\n"
    )
    assert await text_of("/{id}", handler, "/7") == "7"
    assert await text_of("/{id}", handler, "/x") == "404"


def by_name(request: Any) -> str:
    return type(request).__name__


def by_annotation(req: Request) -> str:
    return type(req).__name__


def by_annotated(req: Annotated[Request, "ours"]) -> str:
    return type(req).__name__


def by_parent(connection: HTTPConnection) -> str:
    return type(connection).__name__


def by_text(req: "Request") -> str:
    return type(req).__name__


def by_keyword(*args: int, request: Request, **options: int) -> str:
    return type(request).__name__


@pytest.mark.parametrize(
    "handler", [by_name, by_annotation, by_annotated, by_parent, by_text, by_keyword]
)
async def test_a_handler_is_given_the_request_by_name_or_by_annotation(handler: Any) -> None:
    assert await text_of("/", handler, "/") == "Request"


def nothing() -> str:
    return "nothing"


def only_x(x: str) -> str:
    return x


def only_request(request: Request) -> str:
    return "/".join(request.path_params.values())


def request_and_y(request: Request, y: str) -> str:
    return "/".join(request.path_params.values()) + y


def all_three(y: str, request: Request, x: str) -> str:
    return x + y + str(len(request.path_params))


def anything(**params: str) -> str:
    return "/".join(params.values())


def request_and_anything(request: Request, **params: str) -> str:
    return "/".join(params.values())


def by_default(x: str, y: str = "unused") -> str:
    return x + y


def positional_request(request: Request, /) -> str:
    return str(request.scope["path"])


def names_of_ours(name: str, connection: str, request: Request) -> str:
    return name + connection


def request_by_name(x: str, *, request: Request) -> str:
    return f"{x}{request.scope['path']}"


def a_request_called_x(x: str, request: str) -> str:
    return x + request


class Called:
    def __call__(self, x: str) -> str:
        return x


class CalledLater:
    async def __call__(self, x: str) -> str:
        return x


def both(prefix: str, x: str) -> str:
    return prefix + x


async def later(prefix: str, x: str) -> str:
    return prefix + x


@pytest.mark.parametrize(
    ("path", "handler", "requested", "text"),
    [
        ("/", nothing, "/", "nothing"),
        ("/{x}", only_x, "/1", "1"),
        ("/{x}/{y}", only_request, "/1/2", "1/2"),
        ("/{x}/{y}", request_and_y, "/1/2", "1/22"),
        ("/{x}/{y}", all_three, "/1/2", "122"),
        ("/{x}/{y}", anything, "/1/2", "1/2"),
        ("/{x}/{y}", request_and_anything, "/1/2", "1/2"),
        ("/{x}/{y}", by_default, "/1/2", "12"),
        ("/{x}", by_default, "/1", "1unused"),
        ("/", positional_request, "/", "/"),
        ("/{name}/{connection}", names_of_ours, "/1/2", "12"),
        ("/{x}", request_by_name, "/1", "1/1"),
        ("/{x}/{request}", a_request_called_x, "/1/2", "12"),
        ("/{x}", Called(), "/1", "1"),
        ("/{x}", CalledLater(), "/1", "1"),
        ("/{x}", partial(both, "<"), "/1", "<1"),
        ("/{x}", partial(later, "<"), "/1", "<1"),
    ],
)
async def test_a_handler_is_given_the_parameters_that_it_takes(
    path: str, handler: Any, requested: str, text: str
) -> None:
    assert await text_of(path, handler, requested) == text


def positional(x: str, /) -> None: ...


def two_requests(one: Request, two: Request) -> None: ...


def request_in_the_path(request: Request, **params: str) -> None: ...


@pytest.mark.parametrize(
    ("path", "handler", "complaint"),
    [
        ("/{x}", nothing, r"the handler nothing of /\{x\} does not take x from its path"),
        ("/{x}/{y}", nothing, "does not take x, y from its path: add the parameter, or take `req"),
        ("/{x}/{y}", only_x, "does not take y from its path"),
        ("/", only_x, r"takes 'x', which its path does not have: put \{x\} into the path"),
        ("/{x}", positional, "'x' is positional-only"),
        ("/", two_requests, "takes the request as 'two', beside 'one'"),
        ("/{request}", request_in_the_path, r"as 'request', beside '\{request\} in the path'"),
    ],
)
def test_a_handler_and_a_path_that_disagree_are_refused(
    path: str, handler: Any, complaint: str
) -> None:
    with pytest.raises(ConfigError, match=complaint) as caught:
        app_of(path, handler).compile()
    assert f"declared at {__file__}:" in str(caught.value)


class Mixed:
    def get(self, x: int) -> str:
        return repr(x)

    def put(self, request: Request) -> str:
        return repr(request.path_params["x"])


class Torn:
    def get(self, x: int) -> None: ...

    def put(self, x: str) -> None: ...


async def test_the_verbs_of_a_class_share_the_type_of_a_parameter() -> None:
    app = app_of("/{x}", Mixed)
    assert (await ask(app, "GET", "/7")).text == "7"
    assert (await ask(app, "PUT", "/7")).text == "7"
    assert (await ask(app, "PUT", "/x")).status == 404
    with pytest.raises(ConfigError, match="takes x: str, but the path gives int"):
        app_of("/{x}", Torn).compile()


current = ContextVar("current", default="nobody")


async def test_a_plain_function_runs_in_a_thread_with_the_context_of_the_request() -> None:
    def handler() -> dict[str, Any]:
        return {"current": current.get(), "thread": threading.get_ident()}

    async def set_current(request: Request, call_next: Any) -> Any:
        current.set("somebody")
        return await call_next(request)

    app = App(routes=[Route("/", handler)], middleware=[set_current])
    seen = (await ask(app)).json()
    assert seen["current"] == "somebody"
    assert seen["thread"] != threading.get_ident()


async def test_an_async_function_runs_in_the_event_loop() -> None:
    async def handler() -> str:
        return str(threading.get_ident())

    assert await text_of("/", handler, "/") == str(threading.get_ident())


async def test_an_async_generator_is_streamed_in_the_event_loop() -> None:
    async def handler(x: int) -> AsyncIterator[str]:
        for _ in range(x):
            yield str(threading.get_ident())

    assert await text_of("/{x}", handler, "/2") == str(threading.get_ident()) * 2


async def by_websocket_name(websocket: Any, x: int) -> None: ...


async def by_websocket_annotation(socket: WebSocket, x: int) -> None: ...


async def by_request(req: Request, x: int) -> None: ...


def plain(websocket: WebSocket, x: int) -> None: ...


@pytest.mark.parametrize("handler", [by_websocket_name, by_websocket_annotation])
def test_a_websocket_handler_is_given_the_socket(handler: Any) -> None:
    App(routes=[WebSocketRoute("/{x}", handler)]).compile()


@pytest.mark.parametrize(
    ("handler", "complaint"),
    [
        (by_request, "takes 'req', which its path does not have.*or take `websocket: WebSocket`"),
        (plain, "must be `async def`"),
    ],
)
def test_a_websocket_handler_that_cannot_work_is_refused(handler: Any, complaint: str) -> None:
    with pytest.raises(ConfigError, match=complaint):
        App(routes=[WebSocketRoute("/{x}", handler)]).compile()
