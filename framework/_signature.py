"""How a handler is called: read once from its signature, checked against its path in both directions."""

import inspect
import types
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Annotated, Any, NewType, TypeAlias, Union, get_args, get_origin

from framework._concurrency import ThreadPool, is_async
from framework._pattern import Parameter, converter_of
from framework.connections import HTTPConnection
from framework.converters import STRING, Converter
from framework.exceptions import ConfigError

__all__ = ["Call", "HandlerSignature", "choose_converter"]

Call: TypeAlias = Callable[[Any, dict[str, Any]], Awaitable[Any]]
"""Calls a handler with the connection (None where it takes none) and the path's parameters."""


class HandlerSignature:
    """What a handler takes: perhaps the connection, and path parameters by name."""

    __slots__ = ("annotations", "connection", "handler", "takes_any", "title")

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
        self.takes_any = False
        self.annotations: dict[str, Any] = {}
        path_names = set(names)
        default_name = connection_type.__name__.lower()
        for parameter in _signature(handler, title).parameters.values():
            name, annotation = parameter.name, parameter.annotation
            if parameter.kind is parameter.VAR_KEYWORD:
                self.takes_any = True
            elif parameter.kind is parameter.VAR_POSITIONAL:
                continue
            elif _is_connection(annotation, connection_type) or (
                name == default_name and name not in path_names
            ):
                self.connection = name
            elif name not in path_names:
                raise ConfigError(
                    f"{title} takes {name!r}, which its path does not have: put {{{name}}} into the "
                    f"path, or take `{default_name}: {connection_type.__name__}` and read it there"
                )
            else:
                self.annotations[name] = annotation
            if parameter.kind is parameter.POSITIONAL_ONLY:
                raise ConfigError(
                    f"{title}: {name!r} is positional-only; parameters are given by name"
                )
        unused = path_names - self.annotations.keys()
        if unused and self.connection is None and not self.takes_any:
            raise ConfigError(
                f"{title} does not take {', '.join(sorted(unused))} from its path: add the parameter, "
                f"or take `{default_name}: {connection_type.__name__}` and use its path_params"
            )

    def call(self, names: Iterable[str], threads: ThreadPool) -> Call:
        """The shortest way to call the handler; a plain function is called in a thread."""
        handler = _awaitable(self.handler, threads)
        wanted = tuple(name for name in names if self.takes_any or name in self.annotations)
        connection = self.connection
        if connection is None:
            if not wanted:
                return lambda _, params: handler()
            return lambda _, params: handler(**params)
        if not wanted:
            return lambda request, params: handler(**{connection: request})
        if set(wanted) == set(names):
            return lambda request, params: handler(**{connection: request}, **params)
        return lambda request, params: handler(
            **{connection: request}, **{name: params[name] for name in wanted}
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
        expected = _plain_type(signature.annotations.get(parameter.name, inspect.Parameter.empty))
        if expected is None:
            continue
        if chosen is None:
            chosen = _converter_for(expected, converters)
        if chosen is None or not issubclass(chosen.value_type, expected):
            given = (
                "no converter gives that"
                if chosen is None
                else f"the path gives {chosen.value_type.__name__}"
            )
            raise ConfigError(
                f"{signature.title} takes {parameter.name}: {expected.__name__}, but {given}; "
                f"there are {', '.join(sorted(converters))}, and App(converters={{...}}) for more"
            )
    return STRING if chosen is None else chosen


def _awaitable(handler: Callable[..., Any], threads: ThreadPool) -> Callable[..., Awaitable[Any]]:
    if is_async(handler):
        return handler
    if inspect.isasyncgenfunction(handler):

        async def generate(**arguments: Any) -> Any:
            return handler(**arguments)

        return generate

    def run(**arguments: Any) -> Awaitable[Any]:
        return threads.run(handler, **arguments)

    return run


def _signature(handler: Callable[..., Any], title: str) -> inspect.Signature:
    try:
        return inspect.signature(handler, eval_str=True)
    except NameError:  # annotations that exist for type checkers only
        return inspect.signature(handler)
    except (TypeError, ValueError) as error:
        raise ConfigError(f"{title} has no signature that can be read: {error}") from error


def _is_connection(annotation: Any, connection_type: type[HTTPConnection]) -> bool:
    if isinstance(annotation, str):
        return annotation.rpartition(".")[2] == connection_type.__name__
    return (
        isinstance(annotation, type)
        and issubclass(connection_type, annotation)
        and issubclass(annotation, HTTPConnection)
    )


def _plain_type(annotation: Any) -> type[Any] | None:
    """The class that an annotation asks for, or None where it asks for nothing that can be checked."""
    while True:
        if isinstance(annotation, NewType):
            annotation = annotation.__supertype__
        elif get_origin(annotation) is Annotated:
            annotation = get_args(annotation)[0]
        elif get_origin(annotation) in (Union, types.UnionType):
            options = [arg for arg in get_args(annotation) if arg is not types.NoneType]
            if len(options) != 1:
                return None
            annotation = options[0]
        else:
            break
    if (
        annotation is inspect.Parameter.empty
        or not isinstance(annotation, type)
        or annotation is object
    ):
        return None
    return annotation


def _converter_for(
    expected: type[Any], converters: Mapping[str, Converter[Any]]
) -> Converter[Any] | None:
    for converter in (STRING, *converters.values()):
        if converter.value_type is expected:
            return converter
    return None
