"""Traces tell route, verbs, statements and events by name, and nothing of what was said or dialled."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from api.services import Services
from cli import assembly
from cli.assembly import TracingMissing, rooms_with_verbs
from kit.clock import VirtualClock
from kit.database import Database
from kit.settings import Settings
from kit.tracing import Tracing, shape
from tests.support.api import Client, make_app, make_client
from tests.support.builders import a_customer, a_desk_group, a_number, a_private_number, an_advisor

NUMBER = "+493023125900"
CANARY = "Kanarienvogel"
OURS = "4bf92f3577b34da6a3ce929d0e0e4736"  # pragma: allowlist secret


@pytest.fixture
def exporter() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def tracing(exporter: InMemorySpanExporter) -> Iterator[Tracing]:
    tracing = Tracing(SimpleSpanProcessor(exporter), "1")
    with tracing.watching(rooms_with_verbs()):
        yield tracing
    tracing.close()


@pytest.fixture
async def client(
    database_uri: str, clock: VirtualClock, settings: Settings, tracing: Tracing
) -> AsyncIterator[Client]:
    database = Database(database_uri, settings, application="tests", tracing=tracing)
    yield await make_client(make_app(database, clock, settings))
    await database.close()


async def a_company(client: Client) -> str:
    """Anna, her customer and the market's number; returns the customer's phone."""
    services: Services = client.app.state.services
    phone = a_private_number()
    async with services.database.transaction() as session:
        anna = await an_advisor(session, name=CANARY, group=await a_desk_group(session, general_for="DE"))
        await a_customer(session, advisor=anna, phones=(phone,), name=CANARY)
        await a_number(session, number=NUMBER, kind="general")
    return phone


async def traced(client: Client, exporter: InMemorySpanExporter, call_id: str = "c-1") -> list[ReadableSpan]:
    """One call, and the spans that it left."""
    phone = await a_company(client)
    exporter.clear()
    call = {"call_id": call_id, "from": phone, "to": NUMBER}
    headers = {"traceparent": f"00-{OURS}-00f067aa0ba902b7-01", "tracestate": f"x={CANARY}"}
    answer = await client.as_("telephony").post("/v1/telephony/calls", json=call, headers=headers)
    assert answer.status_code == 200
    return list(exporter.get_finished_spans())


def by_name(spans: list[ReadableSpan]) -> dict[str, ReadableSpan]:
    return {span.name: span for span in spans}


@pytest.mark.database
async def test_call_leaves_route_verb_transaction_and_statements_under_each_other(
    client: Client, exporter: InMemorySpanExporter
) -> None:
    spans = by_name(await traced(client, exporter))

    root = spans["POST /v1/telephony/calls"]
    assert root.attributes is not None
    assert root.attributes["http.response.status_code"] == 200
    transaction, verb = spans["transaction"], spans["contacts.service.receive_calls"]
    statement = spans["kit.announcements.INSERT"]
    assert root.context is not None
    assert {span.context.trace_id for span in spans.values() if span.context} == {int(OURS, 16)}
    assert transaction.parent is not None
    assert transaction.parent.span_id == root.context.span_id
    assert verb.parent is not None
    assert verb.parent.span_id == transaction.context.span_id
    assert {name for name in spans if name.startswith("contacts.queries.")}
    assert statement.attributes is not None
    assert "contact.offered" in statement.attributes["durchwahl.events"]  # type: ignore[operator]


@pytest.mark.database
async def test_no_span_holds_a_number_a_name_or_an_argument(client: Client, exporter: InMemorySpanExporter) -> None:
    spans = await traced(client, exporter, call_id=CANARY)
    phone = "+49"
    for path in (f"/v1/customers/{CANARY}/advisor", f"/v1/telephony/calls/{CANARY}/wait"):
        await client.as_("telephony").get(path)
    spans = list(exporter.get_finished_spans())

    everything = " ".join(span.to_json() for span in spans)

    assert "/v1/customers/{external_ref}/advisor" in everything
    assert CANARY not in everything
    assert phone not in everything


@pytest.mark.database
async def test_failure_is_told_by_its_kind_and_not_by_its_words(
    client: Client, exporter: InMemorySpanExporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    phone = await a_company(client)

    def fail(*_: object) -> None:
        raise ValueError(CANARY)

    monkeypatch.setattr("contacts.placing.problem", fail)
    call = {"call_id": "c-1", "from": phone, "to": NUMBER}
    answer = await client.as_("telephony").post("/v1/telephony/calls", json=call)

    spans = by_name(list(exporter.get_finished_spans()))
    verb = spans["contacts.service.receive_calls"]
    assert answer.status_code == 500
    assert verb.attributes is not None
    assert verb.attributes["error.type"] == "ValueError"
    assert verb.events == ()
    assert CANARY not in " ".join(span.to_json() for span in spans.values())


@pytest.mark.database
async def test_work_outside_of_a_request_leaves_no_trace(client: Client, exporter: InMemorySpanExporter) -> None:
    services: Services = client.app.state.services
    exporter.clear()

    async with services.database.transaction() as session:
        await an_advisor(session)

    assert exporter.get_finished_spans() == ()


def test_verbs_are_as_they_were_when_tracing_ends(exporter: InMemorySpanExporter) -> None:
    from contacts import service

    before = service.receive_calls
    with Tracing(SimpleSpanProcessor(exporter), "1").watching(rooms_with_verbs()):
        assert service.receive_calls is not before

    assert service.receive_calls is before


@pytest.mark.parametrize(
    ("sql", "name"),
    [
        ("SELECT accounts.id FROM accounts WHERE email = 'x'", "SELECT accounts"),
        ("\n  insert INTO offers VALUES ($1)", "INSERT offers"),
        ("UPDATE presences SET state = $1", "UPDATE presences"),
        ("COMMIT;", "COMMIT"),
    ],
)
def test_statement_without_a_name_is_told_by_verb_and_table(sql: str, name: str) -> None:
    assert shape(sql) == name


def test_without_a_place_to_send_traces_to_nothing_is_loaded() -> None:
    assert assembly._tracing(Settings(_env_file=None)) is None


def test_asking_for_traces_without_their_libraries_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "kit.tracing", None)
    monkeypatch.delattr("kit.tracing", raising=False)

    with pytest.raises(TracingMissing, match="durchwahl\\[tracing\\]"):
        assembly._tracing(Settings(tracing_url="http://collector:4318/v1/traces", _env_file=None))
