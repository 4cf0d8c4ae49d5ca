"""Every figure is explained, listed for operators, and says nothing about people."""

from __future__ import annotations

import re

import pytest
from fastapi import FastAPI

from api import stream
from api.exchange import exchange_of
from api.services import Services
from contacts.meters import Meters
from kit.clock import LiveClock
from kit.database import Database, DatabaseAway
from kit.errors import Conflict
from kit.metrics import Metrics
from kit.settings import Settings
from tests.api.test_doors import clock_of
from tests.api.test_transactional import services_of
from tests.house import metrics_page
from tests.support.api import Client, make_app
from tests.support.builders import a_customer, a_desk_group, a_number, a_private_number, an_advisor

NUMBER = "+493023125900"


def test_the_page_of_figures_names_each_with_its_words_and_no_other() -> None:
    assert metrics_page.PAGE.read_text() == metrics_page.expected(), f"write it anew: {metrics_page.WRITE_IT}"


def test_every_figure_begins_with_our_name_and_has_words() -> None:
    odd = [
        family.name
        for family in metrics_page.families()
        if not family.name.startswith("durchwahl_") or not family.words.endswith(".")
    ]

    assert odd == []


@pytest.mark.database
async def test_call_that_was_routed_is_measured_from_decision_to_answer(client: Client) -> None:
    services, phone = services_of(client), a_private_number()
    async with services.database.transaction() as session:
        anna = await an_advisor(session, group=await a_desk_group(session, general_for="DE"))
        await a_customer(session, advisor=anna, phones=(phone,))
        await a_number(session, number=NUMBER, kind="general")

    for call_id in ("one", "two"):
        call = {"call_id": call_id, "from": phone, "to": NUMBER}
        assert (await client.as_("telephony").post("/v1/telephony/calls", json=call)).status_code == 200

    text = (await client.get("/metrics")).text
    assert "durchwahl_routing_seconds_count 2.0" in text
    assert "durchwahl_decision_seconds_count 2.0" in text
    assert 'durchwahl_claims_total{outcome="won"} 1.0' in text
    assert phone not in text


@pytest.mark.parametrize(
    ("error", "problem", "counted"),
    [
        (DatabaseAway(), "database-away", 1),
        (ValueError("words that may hold a number"), "internal", 1),
        (Conflict(), "conflict", None),
    ],
)
def test_call_that_got_no_decision_counts_as_a_failure_by_its_word(
    error: Exception, problem: str, counted: int | None
) -> None:
    metrics = Metrics()
    meters = Meters(metrics)

    with pytest.raises(type(error)), meters.routing():
        raise error

    failures = metrics.registry.get_sample_value("durchwahl_routing_failures_total", {"problem": problem})
    assert failures == counted
    assert metrics.registry.get_sample_value("durchwahl_routing_seconds_count") == 0


async def test_process_tells_its_build_loops_connections_and_clock(app: FastAPI) -> None:
    services: Services = app.state.services
    services.vitals.heartbeats.beat("dispatch")
    services.vitals.heartbeats.fail("dispatch")

    registry = services.metrics.registry

    assert registry.get_sample_value("durchwahl_loop_failures_total", {"loop": "dispatch"}) == 1
    assert registry.get_sample_value("durchwahl_loop_heartbeat_age_seconds", {"loop": "dispatch"}) is not None
    assert registry.get_sample_value("durchwahl_pool_connections", {"state": "most"}) == services.settings.pool_size
    assert re.search(r'durchwahl_build_info\{python="3\.', services.metrics.exposition().decode())
    assert registry.get_sample_value("durchwahl_clock_offset_seconds") is None, "a virtual clock has none"


async def test_live_clock_tells_its_offset(database: Database, settings: Settings) -> None:
    services: Services = make_app(database, LiveClock(), settings).state.services

    assert services.metrics.registry.get_sample_value("durchwahl_clock_offset_seconds") == 0


async def test_events_are_counted_by_type_and_measured_for_lateness(client: Client) -> None:
    services = services_of(client)
    follower = stream.install(services)
    await follower.follow()
    async with services.database.transaction() as session:
        await an_advisor(session)
    exchange_of(services)
    clock_of(client).advance(2)
    await client.as_("admin").post("/v1/markets/DE/closures", json={"kind": "emergency"})

    await follower.follow()

    text = services.metrics.exposition().decode()
    assert "durchwahl_event_lag_seconds_count" in text
    assert "durchwahl_stream_listeners 0.0" in text
