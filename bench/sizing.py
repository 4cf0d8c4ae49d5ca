"""What a deployment takes: bytes per customer and call, events per call, and how long it takes to look at it.

A made-up company is filled in, some hundred calls go from the first ring to the end of the wrap-up through the
services, and the tables are weighed before and after. Then every kind of measuring and the whole of the doctor are
timed on the full company. Figures of docs/operate/sizing.md come from here.

    python bench/sizing.py [--customers 1000000] [--advisors 3000] [--calls 500]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import asyncpg

sys.path.insert(0, str(Path(__file__).parent.parent))

from bench import company
from cli.doctor.examination import SUBJECTS, examine
from contacts import desk, service
from contacts.exchange import Exchange
from kit import embedded
from kit.catalogue import Catalogue
from kit.clock import LiveClock
from kit.database import Database
from kit.settings import Settings
from migrations import runner
from reporting.measures import kinds
from reporting.measuring import Measuring
from telephony.inbound import InboundCall, Signal
from worker.loops import ensure_months

OF_CUSTOMERS = ("customers", "customer_phones", "relationships")
OF_CALLS = ("contacts", "offers", "events", "decisions", "switch_events")

WEIGHED = """
SELECT c.relname AS name, sum(pg_total_relation_size(coalesce(i.inhrelid, c.oid)))::bigint AS bytes
FROM pg_class c LEFT JOIN pg_inherits i ON i.inhparent = c.oid
WHERE c.relname = ANY($1::text[]) AND c.relnamespace = 'public'::regnamespace
GROUP BY c.relname
"""


async def weigh(connection: Any, tables: tuple[str, ...]) -> int:
    await connection.execute("VACUUM " + ", ".join(tables))
    return sum(row["bytes"] for row in await connection.fetch(WEIGHED, list(tables)))


async def one_call(database: Database, exchange: Exchange, clock: LiveClock, ordinal: int, advisors: int) -> None:
    """Ringing, answered, hung up, wrapped up: what the most usual call leaves behind."""
    call_id, dialled = f"sizing-{ordinal}", company.number_of(1 + ordinal % advisors)
    async with database.transaction() as session:
        call = InboundCall(call_id, company.caller(ordinal), dialled)
        await service.receive_call(session, exchange, call, clock.now())
    for place, (kind, leg) in enumerate((("ringing", "advisor"), ("answered", "advisor"), ("hangup", "caller"))):
        async with database.transaction() as session:
            signal = Signal(f"e-{place}", kind, leg)  # type: ignore[arg-type]
            await service.hear(session, exchange, call_id, signal, clock.now())
    async with database.transaction() as session:
        found = await session.fetch_value("SELECT advisor_id FROM contacts WHERE switch_call_id = $1", call_id)
        await desk.choose(session, exchange, found, "available", clock.now())


async def timed(work: Any) -> tuple[float, Any]:
    began = time.perf_counter()
    done = await work
    return round(time.perf_counter() - began, 3), done


async def measuring(database: Database, clock: LiveClock) -> dict[str, float]:
    """Seconds for each kind, with statements that were never run before."""
    one_by_one = Measuring(database, clock.now)
    seconds = {}
    for kind in kinds():
        seconds[kind.name], _ = await timed(one_by_one._measure(kind))
    return seconds


def memory_mb() -> float:
    """What this process has held at most: a company's directory, the catalogue and the libraries."""
    import resource

    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


async def measure(customers: int, advisors: int, calls: int, data_dir: Path) -> dict[str, Any]:
    server = embedded.start(data_dir)
    connection = await asyncpg.connect(server.get_uri())
    await connection.execute("CREATE DATABASE sizing")
    await connection.close()
    url = server.get_uri("sizing")
    await runner.upgrade(url)
    connection = await asyncpg.connect(url)
    empty = await weigh(connection, OF_CUSTOMERS)
    filling, _ = await timed(company.fill(connection, customers, advisors))
    full = await weigh(connection, OF_CUSTOMERS)

    settings, clock = Settings(environment="test", _env_file=None), LiveClock()
    database = Database(url, settings)
    await ensure_months(database, clock.now())
    exchange = Exchange(catalogue=Catalogue.load())
    before = await weigh(connection, OF_CALLS)
    calling, _ = await timed(_calls(database, exchange, clock, calls, advisors))
    after = await weigh(connection, OF_CALLS)
    events = await connection.fetchval("SELECT count(*) FROM events")
    in_calls = await connection.fetchval("SELECT count(*) FROM events WHERE type NOT LIKE 'presence.began'")
    figures = await measuring(database, clock)
    doctor, findings = await timed(_doctor(settings, database, clock))
    whole = await connection.fetchval("SELECT pg_database_size(current_database())")
    await database.close()
    await connection.close()
    return {
        "customers": customers,
        "advisors": advisors,
        "bytes_per_customer": round((full - empty) / customers),
        "database_mb": round(whole / 2**20),
        "calls": calls,
        "bytes_per_call": round((after - before) / calls),
        "events_per_call": round(in_calls / calls, 2),
        "events": events,
        "ms_per_call_one_after_the_other": round(calling / calls * 1000, 1),
        "fill_s": filling,
        "measuring_s": figures,
        "doctor_s": doctor,
        "findings": findings,
        "rss_mb": memory_mb(),
    }


async def _calls(database: Database, exchange: Exchange, clock: LiveClock, calls: int, advisors: int) -> None:
    for ordinal in range(1, calls + 1):
        await one_call(database, exchange, clock, ordinal, advisors)


async def _doctor(settings: Settings, database: Database, clock: LiveClock) -> list[str]:
    return [finding.code async for finding in examine(settings, database, clock, SUBJECTS)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--advisors", type=int, default=3_000)
    parser.add_argument("--calls", type=int, default=500)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        told = asyncio.run(measure(options.customers, options.advisors, options.calls, Path(folder)))
    print(json.dumps(told))


if __name__ == "__main__":
    main()
