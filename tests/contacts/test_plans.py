"""The statements of the hot path look into indexes, also where they were planned while nothing was in the tables.

A prepared statement keeps its plan; one that was made of an empty database, and reads whole tables, is fast on the
first day and eats the machine on the second. So each is planned here as a service just installed would plan it.
"""

from __future__ import annotations

import re
from datetime import timedelta

from advisors import presence_queries
from contacts import due_queries, offer_queries, queries, switch_queries
from kit.database import Database, Session

GROWING = (
    "customers",
    "customer_phones",
    "contacts",
    "relationships",
    "direct_dial_numbers",
    "switch_events",
    "offers",
)
BOUNDED = re.compile(r"(ix_contacts_(open|waiting)|ux_offers_open_|ix_offers_deadline)")
"""Indexes that hold only what is going on now; walking along one is cheap on any day."""
SCAN = re.compile(r"(Seq Scan|Index (?:Only )?Scan using \S+) on (\S+)")

HOT = {
    "situations": queries.SITUATIONS,
    "customer": queries.CUSTOMER,
    "waiting before": queries.WAITING_BEFORE,
    "owner of a number": queries.DIALLED_OWNER,
    "most recent of a number": queries.MOST_RECENT_OF_NUMBER,
    "familiar": queries.FAMILIAR,
    "active of": queries.ACTIVE_OF,
    "open offer": offer_queries.OPEN_OFFER,
    "decide offer": offer_queries.DECIDE_OFFER,
    "parked": switch_queries.PARKED,
    "claim": presence_queries.CLAIM,
    "hung up": due_queries.HUNG_UP,
}


async def planned(session: Session, sql: str) -> str:
    """The plan that is kept for a prepared statement."""
    parameters = max((int(n) for n in re.findall(r"\$(\d+)", sql)), default=0)
    await session.execute("SET LOCAL plan_cache_mode = force_generic_plan")
    await session.execute(f"PREPARE asked AS {sql}")
    nothing = f"({', '.join(['NULL'] * parameters)})" if parameters else ""
    lines = await session.raw.fetch(f"EXPLAIN (COSTS OFF) EXECUTE asked{nothing}")
    await session.execute("DEALLOCATE asked")
    return "\n".join(line[0] for line in lines)


def whole_scans(plan: str) -> list[str]:
    """The lines of a plan that read all of a table that grows."""
    lines = [line.strip() for line in plan.splitlines()]
    found = []
    for line, after in zip(lines, [*lines[1:], ""], strict=True):
        scan = SCAN.search(line)
        if scan is None or scan.group(2) not in GROWING or BOUNDED.search(line):
            continue
        if "Index Cond" not in after:
            found.append(line)
    return found


async def test_plans_of_a_service_just_installed_look_into_indexes(database: Database) -> None:
    async with database.transaction() as session:
        for name, sql in HOT.items():
            plan = await planned(session, sql)
            assert "Scan" in plan, name
            assert whole_scans(plan) == [], f"{name}: {plan}"


async def test_a_call_finds_its_way_by_indexes_also_where_statistics_say_that_nothing_is_there(
    owner_session: Session,
) -> None:
    await owner_session.execute(f"ANALYZE {', '.join(GROWING)}")

    assert whole_scans(await planned(owner_session, queries.SITUATIONS)) == []


async def test_a_scan_that_is_found_is_told() -> None:
    whole, bounded = "Seq Scan on contacts c\n", "Index Scan using x on offers\n  Index Cond: (id = 1)\n"
    walked = "Index Scan using y on offers"

    assert whole_scans(whole + bounded + walked) == [whole.strip(), walked]


async def test_a_report_may_read_whole_tables(shared_database: Database) -> None:
    asked = "SELECT current_setting('enable_seqscan')"

    async with shared_database.report(timedelta(seconds=5)) as session:
        assert await session.fetch_value(asked) == "on"
    async with shared_database.reading() as session:
        assert await session.fetch_value(asked) == "off"
