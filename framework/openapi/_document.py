"""A compiled app as an OpenAPI 3.1 document: its routes, those of its routers and of apps of ours in it.

What such a document has no words for is left out: WebSockets, methods other than the eight, apps of
others, and of two routes that differ only in what their parameters take the one declared later.
"""

from collections.abc import Iterator
from itertools import count
from typing import Any, NamedTuple

from framework._compile import Compiler, Placed
from framework._content import JSON
from framework._pattern import Segment
from framework._signature import HandlerSignature
from framework.app import App
from framework.exceptions import ConfigError
from framework.openapi._answers import (
    PROBLEM_SCHEMA,
    failure_responses,
    said_response,
    success_responses,
)
from framework.openapi._handlers import Reads, reads_of, returns_of, words_of
from framework.openapi._operation import Operation, operation_of
from framework.openapi._schemas import Schema, Schemas, any_of, members_of, without_null
from framework.openapi._templates import Template, template_of
from framework.requests import Request
from framework.routes import Mount, Route, parse_host

__all__ = ["Document"]

METHODS = ("GET", "PUT", "POST", "DELETE", "OPTIONS", "HEAD", "PATCH", "TRACE")
"""OpenAPI 3.1.1 section 4.8.9."""


class Handled(NamedTuple):
    """One method of one route, and where it is."""

    compiler: Compiler
    place: Placed
    route: Route
    method: str
    handler: Any
    template: Template
    prefix: str
    host: str | None
    said: Operation


class Document:
    """Collects the paths and schemas of one app."""

    __slots__ = ("_ids", "_names", "_schemas", "paths", "tags")

    def __init__(self, app: App) -> None:
        self.paths: dict[str, dict[str, Any]] = {}
        self.tags: list[str] = []
        self._ids: set[str] = set()
        self._names: dict[str, Template] = {}
        self._schemas = Schemas()
        self._schemas.components["Problem"] = PROBLEM_SCHEMA
        for each in _handled(app):
            self._add(each)

    @property
    def components(self) -> dict[str, Schema]:
        """The schemas by their names, in the order of these."""
        found = self._schemas.components
        return {name: found[name] for name in sorted(found)}

    def _add(self, each: Handled) -> None:
        first = self._names.setdefault(each.template.shape, each.template)
        item = self.paths.setdefault(first.path, {})
        if each.method.lower() not in item:
            item[each.method.lower()] = self._operation(each, _renamed(each.template, first))

    def _operation(self, each: Handled, parameters: list[dict[str, Any]]) -> dict[str, Any]:
        told, title = each.said, f"the handler {each.route.name} of {each.place.path}"
        summary, description = words_of(each.handler)
        parameters = [*parameters, *self._query(told.query, title)]
        body, statuses = self._body(each, title)
        about: dict[str, Any] = {
            "tags": self._tagged(each),
            "summary": told.summary or summary,
            "description": told.description or description,
            "operationId": self._id(each),
            "parameters": parameters,
            "requestBody": body,
            "responses": self._responses(each, title, statuses),
            "deprecated": told.deprecated,
            "servers": _servers(each.host),
        }
        return {name: value for name, value in about.items() if value}

    def _tagged(self, each: Handled) -> list[str]:
        tags = each.said.tags
        if tags is None:
            prefix = each.prefix + each.place.path.removesuffix(each.route.path)
            literal = [part for part in prefix.split("/") if part and "{" not in part]
            tags = literal[-1:]
        self.tags += [tag for tag in tags if tag not in self.tags]
        return [*tags]

    def _id(self, each: Handled) -> str:
        name = each.said.operation_id or each.route.name
        if len(each.route.handlers) > 1 and not each.said.operation_id:
            name = f"{name}_{each.method.lower()}"
        candidates = (name if number == 1 else f"{name}_{number}" for number in count(1))
        free = next(each_id for each_id in candidates if each_id not in self._ids)
        self._ids.add(free)
        return free

    def _query(self, kind: Any, title: str) -> Iterator[dict[str, Any]]:
        if kind is None:
            return
        schema = members_of(self._schemas.of(kind), self._schemas.components)
        if "properties" not in schema:
            raise ConfigError(
                f"{title}: @operation(query={kind!r}): give a class with fields, such as a dataclass; "
                "each is a parameter"
            )
        required = schema.get("required", ())
        for name, each in schema["properties"].items():
            yield {
                "name": name,
                "in": "query",
                **({"required": True} if name in required else {}),
                "schema": without_null(each),
            }

    def _body(self, each: Handled, title: str) -> tuple[dict[str, Any], set[int]]:
        """The request body, and the statuses of the errors that reading it can have."""
        reads = [Reads((JSON,), each.said.body, decodes=True)]
        if each.said.body is None:
            names = each.compiler._names(each.place)
            request = HandlerSignature(each.handler, Request, names, title).connection
            reads = [] if request is None else reads_of(each.handler, request)
        content: dict[str, list[Schema]] = {}
        for read in reads:
            for media_type in read.media_types:
                content.setdefault(media_type, []).append(self._schemas.of(read.kind))
        if not content:
            return {}, set()
        body = {
            "content": {
                media_type: {"schema": any_of(made)} for media_type, made in content.items()
            },
            "required": JSON in content or len(content) == 1,
        }
        return body, {400, 413, 415} | {422 for read in reads if read.decodes}

    def _responses(self, each: Handled, title: str, statuses: set[int]) -> dict[str, Any]:
        routers = each.place.routers
        outer = each.compiler.wiring(routers[:1]).errors
        inner = each.compiler.wiring(routers, each.route).errors
        known: dict[str, Any] = {
            **success_responses(
                returns_of(each.handler, title), each.route.status_code, self._schemas
            ),
            **failure_responses(
                {*statuses, *([404] if each.template.converts else [])},
                lambda error: (outer if error.status_code == 404 else inner).expects(error),
                says_default=not any(router.exception_handlers for router in routers),
            ),
        }
        responses = {**known}
        for status, told in each.said.responses.items():
            range_ = f"{status[0]}XX"
            responses.pop(range_, None)  # what it is instead
            alike = known.get(range_, known["default"] if status[0] in "45" else {})
            responses[status] = said_response(status, told, known.get(status, alike), self._schemas)
        return {status: responses[status] for status in sorted(responses)}


def _handled(
    app: App,
    above: tuple[Segment, ...] = (),
    prefix: str = "",
    host: str | None = None,
) -> Iterator[Handled]:
    app.compile()
    compiler: Compiler = app._compiler
    for resolved, place in compiler.places.items():
        route, segments = place.route, resolved.pattern.segments
        segments = (*above, *segments[1:]) if above else segments
        host_here = place.host or host
        if isinstance(route, Mount) and isinstance(route.app, App):
            yield from _handled(route.app, segments, prefix + place.path, host_here)
        if not isinstance(route, Route):
            continue
        template = template_of(segments)
        for method, handler in route.handlers.items():
            told = operation_of(handler, route.endpoint)
            if method in METHODS and not told.hidden:
                yield Handled(
                    compiler, place, route, method, handler, template, prefix, host_here, told
                )


def _renamed(template: Template, first: Template) -> list[dict[str, Any]]:
    """The parameters of a template, called as they are in the first one for the same paths."""
    return [
        {**own, "name": named["name"]}
        for own, named in zip(template.parameters, first.parameters, strict=True)
    ]


def _servers(host: str | None) -> list[dict[str, Any]]:
    """Where a route is that is for some hosts only."""
    if host is None:
        return []
    pattern = parse_host(host)
    labels = pattern.without_converters().split("/")[1:]
    variables = {each.name: {"default": each.name} for each in pattern.parameters()}
    return [{"url": f"//{'.'.join(labels)}", **({"variables": variables} if variables else {})}]
