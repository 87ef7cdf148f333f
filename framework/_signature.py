"""How a handler is called: read once from its signature, checked against its path in both directions."""

import inspect
import types
from collections.abc import Awaitable, Callable, Iterable, Mapping
from functools import partial
from typing import Annotated, Any, NewType, TypeAlias, Union, get_args, get_origin

from framework._concurrency import ThreadPool, is_async
from framework._pattern import Parameter, converter_of
from framework.connections import HTTPConnection
from framework.converters import STRING, Converter
from framework.exceptions import ConfigError

__all__ = ["Call", "HandlerSignature", "choose_converter"]

Call: TypeAlias = Callable[[Any, dict[str, Any]], Awaitable[Any]]
"""Calls a handler with the connection (None where it takes none) and the path's parameters."""


class TypeCheckersOnly(type):
    """What stands for a name that does not exist at run time, whatever an annotation does with it."""

    __slots__ = ()

    def __getattr__(cls, name: str) -> "TypeCheckersOnly":
        if name.startswith("__"):
            raise AttributeError(name)
        return TypeCheckersOnly(name, (), {})

    def __getitem__(cls, item: object) -> "TypeCheckersOnly":
        return cls


class HandlerSignature:
    """What a handler takes: perhaps the connection, and path parameters by name."""

    __slots__ = (
        "annotations",
        "connection",
        "connection_is_first",
        "handler",
        "takes_any",
        "title",
    )

    def __init__(
        self,
        handler: Callable[..., Any],
        connection_type: type[HTTPConnection],
        names: Iterable[str],
        title: str,
    ) -> None:
        self.handler = handler
        self.title = title
        self.connection: str | None = None
        self.connection_is_first = False
        self.takes_any = False
        self.annotations: dict[str, type[Any] | None] = {}
        path_names = set(names)
        default_name = connection_type.__name__.lower()
        for index, parameter in enumerate(_signature(handler, title).parameters.values()):
            name, kind = parameter.name, _plain_type(parameter.annotation)
            if parameter.kind is parameter.VAR_KEYWORD:
                self.takes_any = True
            elif parameter.kind is parameter.VAR_POSITIONAL:
                continue
            elif _is_connection(kind, connection_type) or (
                name == default_name and name not in path_names
            ):
                if self.connection is not None or name in path_names:
                    other = self.connection or f"{{{name}}} in the path"
                    raise ConfigError(
                        f"{title} takes the {default_name} as {name!r}, beside {other!r}: rename one"
                    )
                self.connection = name
                self.connection_is_first = (
                    index == 0 and parameter.kind is not parameter.KEYWORD_ONLY
                )
            elif name not in path_names and parameter.default is not parameter.empty:
                continue
            elif name not in path_names:
                raise ConfigError(_unknown_advice(title, name, path_names, connection_type))
            else:
                self.annotations[name] = kind
            by_name = name != self.connection or index > 0
            if by_name and parameter.kind is parameter.POSITIONAL_ONLY:
                raise ConfigError(
                    f"{title}: {name!r} is positional-only; parameters are given by name"
                )
        unused = path_names - self.annotations.keys()
        if unused and self.connection is None and not self.takes_any:
            raise ConfigError(_unused_advice(title, unused, connection_type))

    def call(self, names: Iterable[str], threads: ThreadPool) -> Call:
        """The shortest way to call the handler; a plain function is called in a thread."""
        handler = _awaitable(self.handler, threads)
        wanted = tuple(name for name in names if self.takes_any or name in self.annotations)
        if self.connection is None:
            if not wanted:
                return lambda _, params: handler()
            return lambda _, params: handler(**params)
        if not self.connection_is_first:
            handler = partial(_call_by_name, handler, self.connection)
        if not wanted:
            return lambda request, _: handler(request)
        if set(wanted) == set(names):
            return lambda request, params: handler(request, **params)
        return lambda request, params: handler(request, **{name: params[name] for name in wanted})


def _unknown_advice(
    title: str, name: str, path_names: Iterable[str], connection: type[HTTPConnection]
) -> str:
    if name == "scope":
        return f"{title} is an ASGI app: mount(path, app) takes those"
    if name == "websocket":
        return f"{title} takes a websocket: declare it by @app.websocket(path)"
    has = ", ".join(sorted(path_names))
    return (
        f"{title} takes {name!r}, which its path does not have{has and f' (it has {has})'}: put "
        f"{{{name}}} into the path, or take `{connection.__name__.lower()}: {connection.__name__}` "
        "and read it there"
    )


def _unused_advice(title: str, unused: Iterable[str], connection: type[HTTPConnection]) -> str:
    return (
        f"{title} does not take {', '.join(sorted(unused))} from its path: add the parameter, "
        f"or take `{connection.__name__.lower()}: {connection.__name__}` and use its path_params"
    )


def choose_converter(
    parameter: Parameter,
    signatures: Iterable[HandlerSignature],
    converters: Mapping[str, Converter[Any]],
) -> Converter[Any]:
    """The converter that the path names, or else the one for the handlers' annotation, or else `str`.

    ConfigError if an annotation says another type than the converter gives, or a type that none gives.
    """
    chosen = converter_of(parameter, converters)
    for signature in signatures:
        expected = signature.annotations.get(parameter.name)
        if expected is None:
            continue
        if chosen is None:
            chosen = _converter_for(expected, converters)
        if chosen is None or not _gives(chosen, expected):
            raise ConfigError(
                f"{signature.title} takes {parameter.name}: {expected.__name__}, "
                f"but {_obstacle(chosen, expected)}; "
                f"there are {', '.join(sorted(converters))}, and App(converters={{...}}) for more"
            )
    return STRING if chosen is None else chosen


def _gives(converter: Converter[Any], expected: type[Any]) -> bool:
    return isinstance(expected, TypeCheckersOnly) or expected in converter.value_type.__mro__


def _obstacle(chosen: Converter[Any] | None, expected: type[Any]) -> str:
    if chosen is not None:
        return f"the path gives {chosen.value_type.__name__}"
    if isinstance(expected, TypeCheckersOnly):
        return "that name does not exist at run time: import it, or name a converter in the path"
    return "no converter gives that"


def _awaitable(handler: Callable[..., Any], threads: ThreadPool) -> Callable[..., Awaitable[Any]]:
    if is_async(handler):
        return handler
    if inspect.isasyncgenfunction(handler):

        async def generate(*connection: Any, **arguments: Any) -> Any:
            return handler(*connection, **arguments)

        return generate

    def run(*connection: Any, **arguments: Any) -> Awaitable[Any]:
        return threads.run(handler, *connection, **arguments)

    return run


def _call_by_name(
    handler: Callable[..., Awaitable[Any]], name: str, connection: Any, /, **arguments: Any
) -> Awaitable[Any]:
    return handler(**{name: connection}, **arguments)


def _signature(handler: Callable[..., Any], title: str) -> inspect.Signature:
    missing: dict[str, Any] = {}
    while True:
        try:
            return inspect.signature(handler, eval_str=True, locals=missing)
        except Exception as error:  # of whatever an annotation in quotes does
            name = error.name if isinstance(error, NameError) else None
            if name is None or name in missing:
                raise ConfigError(f"{title} has no signature that can be read: {error}") from error
            missing[name] = TypeCheckersOnly(name, (), {})


def _is_connection(kind: type[Any] | None, connection_type: type[HTTPConnection]) -> bool:
    if isinstance(kind, TypeCheckersOnly):
        return kind.__name__ == connection_type.__name__
    return kind in connection_type.__mro__


def _plain_type(annotation: Any) -> type[Any] | None:
    """The class that an annotation asks for, or None where it asks for nothing that can be checked."""
    while True:
        if isinstance(annotation, NewType):
            annotation = annotation.__supertype__
        elif hasattr(annotation, "__value__"):  # an alias: `type UserId = int`, or its backport
            annotation = annotation.__value__
        elif get_origin(annotation) is Annotated:
            annotation = get_args(annotation)[0]
        elif get_origin(annotation) in (Union, types.UnionType):
            options = [arg for arg in get_args(annotation) if arg is not types.NoneType]
            if len(options) != 1:
                return None
            annotation = options[0]
        else:
            break
    annotation = get_origin(annotation) or annotation
    if annotation in (inspect.Parameter.empty, Any, object) or not isinstance(annotation, type):
        return None
    return annotation


def _converter_for(
    expected: type[Any], converters: Mapping[str, Converter[Any]]
) -> Converter[Any] | None:
    for converter in (STRING, *converters.values()):
        if converter.value_type is expected:
            return converter
    return None
