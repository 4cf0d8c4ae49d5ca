"""A whole book from the database and back: read, solved apart, written down, carried out; and what the loop feels.

A company without relationships is made; then a run of kind `assign` goes through the same code as the service's
worker, beside a task that looks at the event loop every millisecond.

    python bench/assigning.py [--customers 1000000] [--advisors 3000] [--apply 20000]

The last line is one JSON object: seconds of computing and its parts, how many a second are carried out, the longest
stall of the event loop in both phases, and the memory of this process. `--apply` moves are carried out; the rest is
the same again.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import resource
import sys
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

import asyncpg
import uvloop

sys.path.insert(0, str(Path(__file__).parent.parent))

from bench import company
from books import service, work
from books.computing import WARM, Workshop
from books.service import Asked
from customers.books import Books
from kit import actors, embedded
from kit.apart import Apart
from kit.clock import LiveClock
from kit.database import Database
from kit.ids import new_id
from kit.settings import Settings
from migrations import runner

TICK_S = 0.001

VARIETY = (
    "TRUNCATE relationships",
    "UPDATE books SET load_s = 0, cap_s = $cap, target_s = $target, price = NULL",
    """INSERT INTO products SELECT s, s, s, 1 + (i % 3)::int, '{"default": 360}'
       FROM unnest('{dns,mail,shop,server}'::text[]) WITH ORDINALITY AS p (s, i)""",
    """INSERT INTO advisor_skills SELECT a.id, p.id, 1 + (ord * i % 5)::int, NULL
       FROM (SELECT id, row_number() OVER (ORDER BY id) AS ord FROM advisors) a,
            (SELECT id, row_number() OVER (ORDER BY id) AS i FROM products WHERE id <> 'hosting') p
       WHERE (a.ord + i) % 3 > 0""",
    """UPDATE customers c SET
         products = (ARRAY['{hosting}', '{dns}', '{mail,hosting}', '{shop}', '{server,dns}'])[1 + n % 5]::text[],
         tier = (ARRAY['standard', 'standard', 'gold'])[1 + n % 3],
         languages = (ARRAY['{de}', '{de,en}', '{en}'])[1 + n % 3]::text[],
         expected_seconds = 120 + 60 * (n % 13)
       FROM (SELECT id, row_number() OVER (ORDER BY id)::int AS n FROM customers) o WHERE o.id = c.id""",
    "ANALYZE customers",
)


@dataclass
class Stall:
    """The longest time between two turns of the event loop, in milliseconds."""

    worst_ms: float = 0.0


@contextlib.asynccontextmanager
async def watched() -> AsyncIterator[Stall]:
    stall = Stall()

    async def look() -> None:
        while True:
            begin = perf_counter()
            await asyncio.sleep(TICK_S)
            stall.worst_ms = max(stall.worst_ms, 1000 * (perf_counter() - begin - TICK_S))

    task = asyncio.create_task(look())
    try:
        yield stall
    finally:
        task.cancel()


async def _made(folder: Path, customers: int, advisors: int) -> str:
    server = embedded.start(folder)
    connection = await asyncpg.connect(server.get_uri())
    await connection.execute('CREATE DATABASE "assigning"')
    await connection.close()
    url: str = server.get_uri("assigning")
    await runner.upgrade(url)
    connection = await asyncpg.connect(url)
    await company.fill(connection, customers, advisors)
    target = 480 * customers // advisors
    for statement in VARIETY:
        sized = statement.replace("$cap", str(target * 5 // 4)).replace("$target", str(target))
        await connection.execute(sized, timeout=1800)
    await connection.close()
    return url


async def measure(folder: Path, customers: int, advisors: int, moves: int) -> dict[str, Any]:
    actors.become(actors.Actor("cli"))
    database = Database(await _made(folder, customers, advisors), Settings(environment="test"))
    clock, books = LiveClock(), Books()
    async with Apart(WARM) as apart:
        shop = Workshop(database, apart, clock, new_id)
        async with database.transaction() as session:
            run = await service.request(session, Asked("assign"), clock.now(), new_id)
        begin = perf_counter()
        async with watched() as computing:
            computed = await work.step(shop, books)
        seconds = perf_counter() - begin
        assert computed is not None
        async with database.transaction() as session:
            await service.apply(session, run["id"], clock.now())
        begin, made = perf_counter(), 0
        async with watched() as applying:
            while made < min(moves, customers):
                row = await work.step(shop, books)
                assert row is not None
                made = row["done"] + row["skipped"]
        rate = made / (perf_counter() - begin)
    await database.close()
    figures = computed["figures"]
    return {
        "customers": customers,
        "advisors": advisors,
        "kinds": figures["kinds"],
        "planned": computed["planned"],
        "way": figures["way"],
        "spread": figures["spread_after"],
        "compute_seconds": round(seconds, 1),
        "stall_ms_computing": round(computing.worst_ms, 1),
        "applied": made,
        "applied_per_second": round(rate),
        "stall_ms_applying": round(applying.worst_ms, 1),
        "rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "seconds_for_all": round(seconds + customers / rate),
    }


def _arguments() -> tuple[int, int, int]:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--advisors", type=int, default=3_000)
    parser.add_argument("--apply", type=int, default=20_000)
    given = parser.parse_args()
    return given.customers, given.advisors, given.apply


def main() -> None:
    customers, advisors, moves = _arguments()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        print(json.dumps(uvloop.run(measure(Path(folder), customers, advisors, moves))))


if __name__ == "__main__":
    main()
