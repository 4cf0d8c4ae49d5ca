"""What has been kept long enough goes, once, whoever works on it; what is not over stays."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from contacts import service as contacts
from kit.actors import acting
from kit.clock import VirtualClock
from kit.database import Database
from kit.settings import Settings
from privacy import retention
from telephony.inbound import InboundCall, Signal
from tests.audit.test_chain import seal
from tests.conftest import MONDAY_MORNING
from tests.support.builders import a_customer, a_desk_group, a_number, an_absence, an_advisor
from tests.support.world import an_exchange
from worker.loops import Worker

pytestmark = pytest.mark.database

PHONE, GENERAL = "+498999998777", "+493023125900"
HALF_A_YEAR = timedelta(days=190)
LONG_AGO = datetime(2023, 5, 8, 9, tzinfo=UTC)


async def a_call_that_is_over(database: Database, call_id: str = "c", *, over: bool = True) -> None:
    exchange = an_exchange()
    async with database.transaction() as session:
        if await session.fetch_value("SELECT count(*) FROM markets") == 0:
            group = await a_desk_group(session, general_for="DE")
            anna = await an_advisor(session, group=group, skills={"hosting": 3})
            await a_customer(session, advisor=anna, phones=(PHONE,))
            await a_number(session, number=GENERAL, kind="general")
    async with database.transaction() as session:
        await contacts.receive_call(session, exchange, InboundCall(call_id, PHONE, GENERAL), MONDAY_MORNING)
        if over:
            gone = Signal(identity="e", type="hangup", leg="caller")
            await contacts.hear(session, exchange, call_id, gone, MONDAY_MORNING)
    if over:
        await Worker(database, exchange, VirtualClock(MONDAY_MORNING + timedelta(seconds=2))).deadlines_once()


async def run(database: Database, settings: Settings, now: datetime, **more: bool) -> dict[str, Any]:
    with acting("loop:retention"):
        return {one.rule: one for one in await retention.run_once(database, settings, now, **more)}


async def value(database: Database, sql: str) -> Any:
    async with database.reading() as session:
        return await session.fetch_value(sql)


async def test_number_of_an_old_call_is_forgotten_and_the_call_stays(
    database: Database, settings: Settings
) -> None:
    await a_call_that_is_over(database)
    assert (await run(database, settings, MONDAY_MORNING + timedelta(days=179)))["contacts"].rows == 0

    done = await run(database, settings, MONDAY_MORNING + HALF_A_YEAR)

    assert done["contacts"].rows == 1
    assert await value(database, "SELECT count(*) FROM contacts WHERE caller_number IS NULL") == 1
    assert await value(database, "SELECT count(*) FROM switch_events") == 0


async def test_what_is_not_over_keeps_its_number(database: Database, settings: Settings) -> None:
    await a_call_that_is_over(database, over=False)

    await run(database, settings, MONDAY_MORNING + HALF_A_YEAR)

    assert await value(database, "SELECT caller_number FROM contacts") == PHONE


async def test_dry_run_tells_the_same_and_does_nothing(database: Database, settings: Settings) -> None:
    await a_call_that_is_over(database)
    later = MONDAY_MORNING + HALF_A_YEAR
    async with database.reading() as session:
        told = {one.rule: one for one in await retention.would_do(session, settings, later)}

    assert told["contacts"].rows == 1
    assert await value(database, "SELECT caller_number FROM contacts") == PHONE
    done = await run(database, settings, later)
    assert {rule: one.rows for rule, one in told.items()} == {rule: one.rows for rule, one in done.items()}


async def test_a_rule_runs_once_a_day_whoever_asks(database: Database, settings: Settings) -> None:
    await a_call_that_is_over(database)
    later = MONDAY_MORNING + HALF_A_YEAR

    runs = await asyncio.gather(*(run(database, settings, later) for _ in range(4)))

    assert sum(one["contacts"].rows for one in runs if "contacts" in one) == 1
    assert await run(database, settings, later) == {}
    assert (await run(database, settings, later + timedelta(days=1)))["contacts"].rows == 0


async def test_what_was_done_is_in_the_audit(database: Database, settings: Settings) -> None:
    await a_call_that_is_over(database)

    await run(database, settings, MONDAY_MORNING + HALF_A_YEAR)

    row = "SELECT actor || ' ' || (changed ->> 'rows') FROM audit WHERE subject = 'contacts'"
    assert await value(database, row) == "loop:retention 1"


async def months_of(database: Database, parent: str) -> int:
    return int(
        await value(database, f"SELECT count(*) FROM pg_inherits WHERE inhparent = '{parent}'::regclass") - 1
    )


async def a_month_of_old(database: Database) -> None:
    async with database.transaction() as session:
        for parent in ("events", "decisions", "audit"):
            await session.execute("SELECT ensure_month($1, $2)", parent, LONG_AGO.date())
        session.audit("toy.moved", LONG_AGO, "toy")


async def test_months_go_and_the_audit_only_when_it_is_sealed(database: Database, settings: Settings) -> None:
    await a_month_of_old(database)

    done = await run(database, settings, MONDAY_MORNING)
    assert (done["events"].months, done["audit"].months) == ((date(2023, 5, 1),), ())
    assert (await months_of(database, "events"), await months_of(database, "audit")) == (0, 1)

    await seal(database)
    done = await run(database, settings, MONDAY_MORNING, anew=True)
    assert done["audit"].months == (date(2023, 5, 1),)
    assert await months_of(database, "audit") == 0


async def test_advisor_who_has_left_is_made_anonymous(database: Database, settings: Settings) -> None:
    async with database.transaction() as session:
        anna = await an_advisor(session, name="Anna", skills={"hosting": 3}, leaving_at=MONDAY_MORNING)
        ben = await an_advisor(session, name="Ben")
        await an_absence(session, anna, kind="sick")

    done = await run(database, settings, MONDAY_MORNING + HALF_A_YEAR)

    assert done["leavers"].rows == 1
    assert await value(database, f"SELECT name || email FROM advisors WHERE id = '{anna.id}'") is None
    assert await value(database, f"SELECT name FROM advisors WHERE id = '{ben.id}'") == "Ben"
    assert await value(database, f"SELECT count(*) FROM absences WHERE advisor_id = '{anna.id}'") == 0
