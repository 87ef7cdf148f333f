"""Tracers, error reporters and metrics around our app, and what they have recorded of it."""

from typing import Any, NamedTuple

import elasticapm.contrib.asgi
import elasticapm.transport.base
import newrelic.agent
import sentry_sdk
import sentry_sdk.transport
import starlette.middleware.opentelemetry
import starlette_exporter
from ddtrace.contrib.asgi import TraceMiddleware
from ddtrace.trace import TraceFilter
from ddtrace.trace import tracer as ddtracer
from opentelemetry import trace
from opentelemetry.instrumentation.asgi import OpenTelemetryMiddleware
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from sentry_sdk.integrations.asgi import SentryAsgiMiddleware

from framework import CallNext, Request, Response
from framework.types import ASGIApp
from tests.interop.peers import peer

__all__ = ["SEEN", "Recorded", "name_span", "recorded"]


class Recorded(NamedTuple):
    """A request as a tracer has named it, or an error with its type, and what else is known of it."""

    kind: str
    name: str
    detail: object = None


SEEN: list[Recorded] = []
"""What the tracers have recorded; each test empties it."""

# OpenTelemetry

spans = InMemorySpanExporter()
provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(spans))


async def name_span(request: Request, call_next: CallNext) -> Response:
    """The function middleware that tells OpenTelemetry of the route: it runs when that is known."""
    span, route = trace.get_current_span(), request.scope.get("route")
    if route is not None:
        template = request.scope["root_path"] + route.path_format
        span.update_name(f"{request.method} {template}")
        span.set_attribute("http.route", template)
    return await call_next(request)


@peer(
    "opentelemetry-instrumentation-asgi",
    records=[("GET /users/7", None), ("GET /nothing", None), ("GET /boom", None)],
    note="names a span by its path; a function middleware tells it of the route, see below",
)
def opentelemetry(app: ASGIApp) -> ASGIApp:
    return OpenTelemetryMiddleware(app, tracer_provider=provider)


@peer(
    "starlette",
    records=[("GET /users/{id}", "/users/{id}"), ("GET", None), ("GET /boom", "/boom")],
    note="`http.route` and the name of the span are the template of the route",
)
def opentelemetry_of_starlette(app: ASGIApp) -> ASGIApp:
    return starlette.middleware.opentelemetry.OpenTelemetryMiddleware(app, tracer_provider=provider)


# Sentry


class Envelopes(sentry_sdk.transport.Transport):
    """Keeps what would be sent."""

    def capture_envelope(self, envelope: Any) -> None:
        for each in (item.payload.json for item in envelope.items):
            if "exception" in each:
                kinds = [value["type"] for value in each["exception"]["values"]]
                SEEN.append(Recorded("error", f"{','.join(kinds)} in {each['transaction']}"))
            else:
                data = each["contexts"]["trace"]["data"]
                status = data.get("http.response.status_code")
                SEEN.append(Recorded("request", each["transaction"], status))


sentry_sdk.init(
    dsn="http://key@localhost/1",
    transport=Envelopes,
    traces_sample_rate=1.0,
    default_integrations=False,
    auto_session_tracking=False,
)


@peer(
    "sentry-sdk",
    records=[("/users/{id:int}", 200), ("http://testserver/nothing", 404), ("/boom", 500)],
    error="Boom in /boom",
    note="names transactions by the template of the route",
)
def sentry(app: ASGIApp) -> ASGIApp:
    return SentryAsgiMiddleware(app, transaction_style="url")


HANDLERS = "tests.interop.app"


@peer(
    "sentry-sdk",
    records=[
        (f"{HANDLERS}.user", 200),
        ("http://testserver/nothing", 404),
        (f"{HANDLERS}.boom", 500),
    ],
    error=f"Boom in {HANDLERS}.boom",
    note="names transactions by the handler",
)
def sentry_by_endpoint(app: ASGIApp) -> ASGIApp:
    return SentryAsgiMiddleware(app)


# Elastic APM


class Queue(elasticapm.transport.base.Transport):
    """Keeps what would be sent."""

    def start_thread(self, pid: int | None = None) -> None:
        """None is needed."""

    def queue(self, event_type: str, data: dict[str, Any], flush: bool = False) -> None:
        if event_type == "error":
            SEEN.append(Recorded("error", data["exception"]["type"]))
        else:
            status = data["context"]["response"]["status_code"]
            SEEN.append(Recorded("request", data["name"], status))


UNKNOWN = "unknown route"
ELASTIC = {
    "service_name": "interop",
    "transport_class": f"{__name__}.{Queue.__name__}",
    "metrics_interval": "0ms",
    "central_config": False,
    "cloud_provider": "none",
    "instrument": False,
    "disable_log_record_factory": True,
}


@peer(
    "elastic-apm",
    records=[(f"GET {UNKNOWN}", 200), (f"GET {UNKNOWN}", 404), (f"GET {UNKNOWN}", 500)],
    error="Boom",
    note="asks only frameworks that it knows for routes; `elasticapm.set_transaction_name` in a function middleware",
)
def elastic(app: ASGIApp) -> ASGIApp:
    return elasticapm.contrib.asgi.ASGITracingMiddleware(app, **ELASTIC)


# Datadog


class Traces(TraceFilter):
    """Keeps what would be sent."""

    def process_trace(self, trace: list[Any]) -> None:
        for span in trace:
            if span.error:
                SEEN.append(Recorded("error", span.get_tag("error.type")))
            status = span.get_tag("http.status_code")
            if status is not None:
                SEEN.append(Recorded("request", span.resource, int(status)))


ddtracer.configure(trace_processors=[Traces()])


@peer(
    "ddtrace",
    records=[("GET /users/7", 200), ("GET /nothing", 404), ("GET /boom", 500)],
    error="tests.interop.app.Boom",
    note="names requests by their path",
)
def datadog(app: ASGIApp) -> ASGIApp:
    return TraceMiddleware(app)


# New Relic


@peer("newrelic", note="records nothing without an account: seen is only that everything passes")
def new_relic(app: ASGIApp) -> ASGIApp:
    return newrelic.agent.ASGIApplicationWrapper(app)


# Prometheus


@peer(
    "starlette-exporter",
    note="knows only Starlette's routes: paths are counted as asked, and by default not at all",
)
def prometheus(app: ASGIApp) -> ASGIApp:
    return starlette_exporter.PrometheusMiddleware(app, filter_unhandled_paths=False)


def recorded() -> list[Recorded]:
    """What was recorded since the last time, OpenTelemetry's spans of requests among it."""
    seen = SEEN.copy()
    for span in spans.get_finished_spans():
        if span.kind is trace.SpanKind.SERVER:
            seen.append(Recorded("request", span.name, span.attributes.get("http.route")))
    SEEN.clear()
    spans.clear()
    return seen
