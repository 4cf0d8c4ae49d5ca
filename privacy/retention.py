"""Once a day, what has been kept long enough goes; one replica works on a rule, the others pass it by.

Each batch is a transaction that holds the rule's row in `retention_progress`. Whoever is killed, or frozen until
the connection is gone, holds it no longer, and the next one goes on from what stands there. The audit's months go
only when they are sealed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from audit import queries as seals
from kit import months
from kit.database import Database, ReadSession, Session
from kit.logs import logger
from kit.settings import Settings
from privacy import queries
from privacy.rules import BATCH, Months, Rows, first_id, rules

log = logger("retention")

EVERY = timedelta(hours=20)
"""A day, less what a loop that looks once an hour may be late."""

STEP = timedelta(days=7)
BEGINNING = datetime(2020, 1, 1, tzinfo=UTC)
"""Before the first contact that any deployment can have had."""


@dataclass(frozen=True, slots=True)
class Treated:
    """What a rule did, or would do: rows, or months by name."""

    rule: str
    what: str
    rows: int = 0
    months: tuple[date, ...] = ()


async def run_once(database: Database, settings: Settings, now: datetime, *, anew: bool = False) -> list[Treated]:
    """Each rule that has not run for a day; `anew`: all of them."""
    treated = []
    for rule in rules(settings):
        async with database.transaction() as session:
            await queries.ensure_rule(session, rule.name)
        done = (
            await _months(database, rule, now, anew)
            if isinstance(rule, Months)
            else await _rows(database, rule, now, anew)
        )
        if done is not None:
            treated.append(done)
    return treated


async def would_do(session: ReadSession, settings: Settings, now: datetime) -> list[Treated]:
    """The same without doing it."""
    told = []
    for rule in rules(settings):
        if isinstance(rule, Months):
            told.append(Treated(rule.name, "dropped", months=tuple(await _due_months(session, rule, now))))
        else:
            count: int = await session.fetch_value(rule.count, now - rule.keep)
            told.append(Treated(rule.name, rule.what, count))
    return told


async def _taken(session: Session, rule: Months | Rows, now: datetime, anew: bool) -> dict[str, Any] | None:
    row = await queries.take_rule(session, rule.name)
    if row is None or (not anew and row["ran_at"] is not None and row["ran_at"] > now - EVERY):
        return None
    return row


async def _rows(database: Database, rule: Rows, now: datetime, anew: bool) -> Treated | None:
    """Batch after batch; the last one says that the rule has run."""
    total = 0
    while True:
        async with database.transaction() as session:
            row = await _taken(session, rule, now, anew)
            if row is None:
                return Treated(rule.name, rule.what, total) if total else None
            count, finished = await _batch(session, rule, row["done_until"] or BEGINNING, now)
            total += count
            if count:
                session.audit(f"retention.{rule.what}", now, rule.table, rows=count)
            if finished:
                await queries.note_progress(session, rule.name, None, now)
                return Treated(rule.name, rule.what, total)


async def _batch(session: Session, rule: Rows, done_until: datetime, now: datetime) -> tuple[int, bool]:
    """How many rows, and whether nothing is left."""
    before = now - rule.keep
    if not rule.walks:
        count = await queries.treat(session, rule.treat, {1: before, 2: BATCH})
        return count, count < BATCH
    until = min(done_until + STEP, before)
    bounds = {3: first_id(done_until), 4: first_id(until)}
    count = await queries.treat(session, rule.treat, {1: before, 2: BATCH, **bounds})
    if count == BATCH:
        return count, False
    await queries.note_progress(session, rule.name, until, None)
    return count, until >= before


async def _months(database: Database, rule: Months, now: datetime, anew: bool) -> Treated | None:
    async with database.transaction() as session:
        if await _taken(session, rule, now, anew) is None:
            return None
        due = await _due_months(session, rule, now)
    dropped = [month for month in due if await _drop(database, rule, month, now)]
    async with database.transaction() as session:
        await queries.note_progress(session, rule.name, None, now)
    return Treated(rule.name, "dropped", months=tuple(dropped))


async def _drop(database: Database, rule: Months, month: date, now: datetime) -> bool:
    """One month in one transaction, since a dropped table keeps others waiting.

    The database has the last word: its own guards keep a month that is too young, or not sealed.
    """
    async with database.transaction() as session:
        if await queries.take_rule(session, rule.name) is None:
            return False
        if rule.parent == "audit" and not await seals.is_sealed(session, month):
            log.warning("retention.unsealed", month=month.isoformat())
            return False
        if not await months.drop(session, rule.parent, month):
            return False
        session.audit("retention.dropped", now, rule.parent, month=month.isoformat())
        return True


async def _due_months(session: ReadSession, rule: Months, now: datetime) -> Sequence[date]:
    before = (now - rule.keep).date()
    return [month for month in await months.months(session, rule.parent) if _end(month) <= before]


def _end(month: date) -> date:
    return (month + timedelta(days=32)).replace(day=1)
