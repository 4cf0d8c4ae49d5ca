"""The schema: up, down, up again; no drift from the models; the guards say what the pure machines say."""

from __future__ import annotations

from datetime import UTC, datetime

import asyncpg
import pytest

from advisors.presence import PRESENCE
from callbacks.states import CALLBACK
from contacts.states import CONTACT, OFFER
from direct_dial.states import NUMBER
from kit.database import Session
from kit.states import Machine
from migrations import runner
from notifications.states import MESSAGE


async def test_schema_goes_up_down_and_up_again_without_drift(owner_uri: str) -> None:
    await runner.downgrade(owner_uri, "base")
    await runner.upgrade(owner_uri)

    await runner.drift(owner_uri)


@pytest.mark.parametrize(
    ("table", "machine"),
    [
        ("presences", PRESENCE),
        ("contacts", CONTACT),
        ("offers", OFFER),
        ("callbacks", CALLBACK),
        ("direct_dial_numbers", NUMBER),
        ("messages", MESSAGE),
    ],
)
async def test_database_allows_exactly_the_transitions_of_the_machine(
    session: Session, table: str, machine: Machine
) -> None:
    raw = await session.fetch_value(
        "SELECT tgargs FROM pg_trigger WHERE tgname = 'legal_transition' AND tgrelid = $1::text::regclass", table
    )

    in_database = {pair.decode() for pair in raw.split(b"\0") if pair}
    in_code = {f"{a}>{b}" for a, following in machine.transitions.items() for b in following if a != b}
    assert in_database == in_code


async def test_month_partition_is_made_once(session: Session) -> None:
    for _ in range(2):
        await session.execute("SELECT ensure_month('events', '1999-01-31')")

    assert await session.fetch_value("SELECT to_regclass('events_1999_01') IS NOT NULL")


async def test_month_that_began_without_its_partition_gets_its_rows(session: Session) -> None:
    insert = "INSERT INTO events (at, type, subject, data) VALUES ($1, 'a.b', 's', '{}') RETURNING id"
    at = datetime(1999, 1, 31, 23, 59, tzinfo=UTC)
    identifier = await session.fetch_value(insert, at)

    await session.execute("SELECT ensure_month('events', '1999-01-01')")

    found = await session.fetch_value("SELECT id FROM events WHERE tableoid = 'events_1999_01'::regclass")
    assert found == identifier
    assert await session.fetch_value(insert, at) > identifier


async def test_only_logs_are_kept_by_month(session: Session) -> None:
    with pytest.raises(asyncpg.RaiseError):
        await session.execute("SELECT ensure_month('customers', '1999-01-31')")
