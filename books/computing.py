"""From a request to a preview: a run that is `computing` is drafted apart, and becomes `ready` or `failed`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeVar
from uuid import UUID

from books import events, queries, service
from books.drafting import Draft, Errand, drafted
from kit import actors
from kit.apart import Died, TooLong
from kit.clock import Clock
from kit.database import Database, Row, Session
from kit.ids import IdMaker, encode
from kit.logs import facts, logger

LEASE = timedelta(minutes=20)
SOLVED_WITHIN = timedelta(minutes=8)
"""A million customers take two to three minutes here, most of it for writing them down."""

WARM = ("books.drafting", "ortools.graph.python.min_cost_flow")
"""What the other process has loaded before the first errand comes."""

log = logger("books")

T = TypeVar("T")


class Elsewhere(Protocol):
    """Runs heavy work where it holds up nobody: a process of its own, or in tests a thread.

    Raises `TooLong`, `Died`, and what the work raises.
    """

    async def run(self, work: Callable[..., T], /, *arguments: Any, limit_s: float) -> T: ...


@dataclass(frozen=True)
class Workshop:
    """What computing takes beside the run."""

    database: Database
    apart: Elsewhere
    clock: Clock
    new_id: IdMaker
    solved_within: timedelta = SOLVED_WITHIN


async def compute(shop: Workshop, run_id: UUID) -> Row | None:
    """Bring a run from `computing` to `ready` or `failed`; None where somebody else is at it."""
    now = shop.clock.now()
    lease = now + LEASE
    async with shop.database.transaction() as session:
        run = await queries.lease(session, run_id, now, lease)
    if run is None:
        return None
    try:
        draft = await _drafted(shop, _errand(shop, run, now))
    except (TooLong, Died) as error:
        log.error("plan.none", run=encode("run", run_id), **facts(error))
        return await _fail(shop, run_id, "no_plan", lease)
    if draft.faults:
        log.error("plan.unsound", run=encode("run", run_id), faults=draft.faults)
        return await _fail(shop, run_id, "unsound", lease)
    if draft.without_skills is not None:
        log.warning("plan.without_skills", run=encode("run", run_id), error=draft.without_skills)
    return await _ready(shop, run_id, draft, lease)


def _errand(shop: Workshop, run: Row, now: datetime) -> Errand:
    return Errand(
        url=shop.database.url,
        settings=shop.database.settings,
        actor=actors.current().who,
        run_id=run["id"],
        kind=run["kind"],
        market_id=run["market_id"],
        advisor_id=run["advisor_id"],
        terms=run["terms"],
        now=now,
    )


async def _drafted(shop: Workshop, errand: Errand) -> Draft:
    """With the solver; with the greedy plan where that dies or takes too long."""
    limit_s = shop.solved_within.total_seconds()
    try:
        return await shop.apart.run(drafted, errand, limit_s=limit_s)
    except (TooLong, Died) as error:
        log.warning("plan.without_solver", run=encode("run", errand.run_id), **facts(error))
        why = "too_long" if isinstance(error, TooLong) else "died"
        return await shop.apart.run(drafted, replace(errand, why_greedy=why), limit_s=limit_s)


async def _ready(shop: Workshop, run_id: UUID, draft: Draft, lease: datetime) -> Row | None:
    """In one transaction with the beginning of carrying it out, where that was asked for: nothing comes between."""
    now = shop.clock.now()
    async with shop.database.transaction() as session:
        row = await queries.computed(session, run_id, now, draft.version, draft.figures or {}, draft.planned, lease)
        if row is None:
            return None
        session.announce(events.changed(row, now))
        return await _at_once(session, row, now) if row["apply_at_once"] else row


async def _at_once(session: Session, run: Row, now: datetime) -> Row:
    """Where the book has changed while it was computed it stays a preview."""
    try:
        return await service.apply(session, run["id"], now)
    except service.BookHasChanged as changed:
        log.warning("plan.overtaken", run=encode("run", run["id"]), **changed.facts)
        return run


async def _fail(shop: Workshop, run_id: UUID, failure: str, lease: datetime) -> Row | None:
    now = shop.clock.now()
    async with shop.database.transaction() as session:
        row = await queries.failed(session, run_id, now, failure, lease)
        if row is not None:
            session.announce(events.changed(row, now))
    return row
