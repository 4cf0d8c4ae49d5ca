"""Traces of requests for OpenTelemetry; imported only where `tracing_url` is set.

A request is a span, named by its route's template; under it the verbs of the rooms, the transactions, and each
statement by its name. Values never appear: no URL, no body, no argument of a statement, no words of an exception.
What a transaction announced is told by types (`contact.offered`). Loops begin no traces; their runs would be most
of what there is. Calls that are decided together share a transaction, which hangs under the first of them.
"""

from __future__ import annotations

import functools
import inspect
import re
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from opentelemetry import trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.trace import Span, SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from kit import announcements

SQL = re.compile(r"\s*(?:--.*\n\s*)*(?:WITH|SELECT|INSERT|UPDATE|DELETE)\b")
TABLE = re.compile(r"\b(?:FROM|INTO|UPDATE)\s+\"?([a-z_]+)")
TYPES = 1
"""Which argument of the statement that writes events holds their types."""


class Tracing:
    """One per process."""

    def __init__(self, processor: SpanProcessor, version: str, share: float = 1.0) -> None:
        resource = Resource.create({"service.name": "durchwahl", "service.version": version})
        self._provider = TracerProvider(resource=resource, sampler=ParentBased(TraceIdRatioBased(share)))
        self._provider.add_span_processor(processor)
        self._tracer = self._provider.get_tracer("durchwahl")
        self._names: dict[str, str] = {}

    def close(self) -> None:
        """Send what is still held."""
        self._provider.shutdown()

    @contextmanager
    def request(self, traceparent: str | None) -> Iterator[Span]:
        """The root of a trace, or the caller's child. `tracestate` and baggage are not taken over: anybody may
        write anything there."""
        carrier = {"traceparent": traceparent} if traceparent else {}
        parent = TraceContextTextMapPropagator().extract(carrier)
        with self._open("request", SpanKind.SERVER, {}, parent) as span:
            yield span

    @contextmanager
    def span(self, name: str, **attributes: str | int) -> Iterator[None]:
        """Under the present span; without one nothing."""
        if not trace.get_current_span().is_recording():
            yield
            return
        with self._open(name, SpanKind.INTERNAL, attributes):
            yield

    @contextmanager
    def _open(self, name: str, kind: SpanKind, attributes: Mapping[str, Any], parent: Any = None) -> Iterator[Span]:
        with self._tracer.start_as_current_span(
            name, parent, kind, attributes, record_exception=False, set_status_on_exception=False
        ) as span:
            try:
                yield span
            except BaseException as error:
                span.set_attribute("error.type", type(error).__name__)
                span.set_status(Status(StatusCode.ERROR))
                raise

    def statement(self, record: Any) -> None:
        """What asyncpg says of a statement once it is done: its text is only used to find its name."""
        if not trace.get_current_span().is_recording():
            return
        ended = time.time_ns()
        attributes: dict[str, Any] = {"db.system.name": "postgresql"}
        if record.query == announcements.INSERT:
            attributes["durchwahl.events"] = sorted(set(record.args[TYPES]))
        span = self._tracer.start_span(
            self._name(record.query),
            kind=SpanKind.CLIENT,
            attributes=attributes,
            start_time=ended - int(record.elapsed * 1e9),
        )
        if record.exception is not None:
            span.set_attribute("error.type", getattr(record.exception, "sqlstate", None) or "failed")
            span.set_status(Status(StatusCode.ERROR))
        span.end(ended)

    def _name(self, sql: str) -> str:
        if not self._names:
            self._names.update(names_of_statements(sys.modules))
        return self._names.get(sql) or self._names.setdefault(sql, shape(sql))

    @contextmanager
    def watching(self, modules: Iterable[ModuleType]) -> Iterator[None]:
        """Give each verb of these modules a span, until the end."""
        before = [(module, name, verb) for module in modules for name, verb in verbs(module)]
        for module, name, verb in before:
            setattr(module, name, self._traced(f"{module.__name__}.{name}", verb))
        try:
            yield
        finally:
            for module, name, verb in before:
                setattr(module, name, verb)

    def _traced(self, name: str, verb: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(verb)
        async def traced(*arguments: Any, **options: Any) -> Any:
            with self.span(name):
                return await verb(*arguments, **options)

        return traced


def exporting(url: str, version: str, share: float) -> Tracing:
    """Traces that are sent to `url` by OTLP over HTTP, in batches, beside the work."""
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    return Tracing(BatchSpanProcessor(OTLPSpanExporter(endpoint=url)), version, share)


def verbs(module: ModuleType) -> Iterator[tuple[str, Callable[..., Any]]]:
    """The public coroutine functions that a module defines itself."""
    for name, found in list(vars(module).items()):
        if inspect.iscoroutinefunction(found) and found.__module__ == module.__name__ and not name.startswith("_"):
            yield name, found


def names_of_statements(modules: Mapping[str, ModuleType]) -> dict[str, str]:
    """Text → `room.queries.NAME`, for every constant that holds a statement."""
    return {
        text: f"{module.__name__}.{name}"
        for module in list(modules.values())
        if "queries" in module.__name__ or module is announcements
        for name, text in list(vars(module).items())
        if isinstance(text, str) and SQL.match(text)
    }


def shape(sql: str) -> str:
    """Verb and first table of a statement without a name of its own: `SELECT accounts`."""
    verb = re.match(r"\s*(\w+)", sql)
    table = TABLE.search(sql)
    return f"{verb[1].upper() if verb else 'SQL'} {table[1] if table else ''}".strip()
