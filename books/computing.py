"""From a request to a preview: read the book, solve it apart, check it, write down what would move and why."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, Protocol, TypeVar
from uuid import UUID

from books import events, figures, queries, reading, skills
from books.reading import Reading, Scope
from books.solving import Reasoned, Unsound, moved, planned_greedily, solved
from decisions import service as decisions
from decisions.service import Decision
from kit.apart import Died, TooLong
from kit.clock import Clock
from kit.database import Database, Row
from kit.ids import IdMaker, encode
from kit.logs import facts, logger
from routing.book_plan import BookPlan
from routing.book_problem import NOBODY, Terms
from routing.skill_gaps import SkillReport, skill_report

LEASE = timedelta(minutes=5)
SOLVE_LIMIT_S = 60.0
GREEDY_LIMIT_S = 60.0
SKILLS_LIMIT_S = 30.0
"""Two seconds for a million customers and 3,000 advisors."""
BATCH = 2_000
"""Rows of a transaction; some 15 ms of the event loop."""

log = logger("books")

T = TypeVar("T")


class Elsewhere(Protocol):
    """Runs heavy work where it holds up nobody: a process of its own, or in tests this one.

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


async def compute(shop: Workshop, run_id: UUID) -> Row | None:
    """Bring a run from `computing` to `ready` or `failed`; None where somebody else is at it."""
    now = shop.clock.now()
    lease = now + LEASE
    async with shop.database.transaction() as session:
        run = await queries.lease(session, run_id, now, lease)
        if run is not None:
            await queries.forget(session, run_id)
    if run is None:
        return None
    try:
        found = await reading.read(shop.database, scope_of(run), Terms(), now)
        found = replace(found, problem=replace(found.problem, terms=terms_of(run, len(found.problem.kind))))
        reasoned = await _reasoned(shop.apart, found)
    except Unsound as unsound:
        log.error("plan.unsound", run=encode("run", run_id), faults=[str(fault) for fault in unsound.args])
        return await _fail(shop, run_id, "unsound")
    report = await _skills(shop.apart, found, reasoned.plan)
    await _keep(shop, run, found, reasoned, now)
    if report is not None:
        async with shop.database.transaction() as session:
            await queries.keep_skills(session, run_id, now, skills.told(report))
    return await _ready(shop, run, found, reasoned, lease)


def scope_of(run: Row) -> Scope:
    return Scope(held=run["kind"] != "assign", market_id=run["market_id"], of_advisor=run["advisor_id"])


def terms_of(run: Row, customers: int) -> Terms:
    """A budget given as a share is one of the customers who are in it, rounded down."""
    asked = run["terms"]
    budget, share = asked.get("move_budget"), asked.get("move_budget_share")
    if budget is None and share is not None:
        budget = int(share * customers)
    return Terms(move_budget=budget, seed=asked.get("seed") or 0)


async def _reasoned(apart: Elsewhere, found: Reading) -> Reasoned:
    """The solver's plan; the greedy one where the solver dies or takes too long."""
    try:
        return await apart.run(solved, found.problem, limit_s=SOLVE_LIMIT_S)
    except (TooLong, Died) as error:
        log.warning("plan.without_solver", **facts(error))
        why = "too_long" if isinstance(error, TooLong) else "died"
        return await apart.run(planned_greedily, found.problem, why, limit_s=GREEDY_LIMIT_S)


async def _skills(apart: Elsewhere, found: Reading, plan: BookPlan) -> SkillReport | None:
    """None where that took too long: the plan is as good without it."""
    try:
        return await apart.run(skill_report, found.problem, plan, found.ends, limit_s=SKILLS_LIMIT_S)
    except (TooLong, Died) as error:
        log.warning("plan.without_skills", **facts(error))
        return None


async def _keep(shop: Workshop, run: Row, found: Reading, reasoned: Reasoned, now: datetime) -> None:
    """Decisions, moves and the advisors' books, in short transactions: an attempt that breaks off is forgotten."""
    identifiers = {pair: shop.new_id(now) for pair in reasoned.pairs}
    kept = _decisions(run, found, reasoned, identifiers, now)
    while batch := list(islice(kept, BATCH // 10)):
        async with shop.database.transaction() as session:
            await decisions.keep(session, batch)
    rows = _moves(run["id"], found, reasoned, identifiers)
    while moves := list(islice(rows, BATCH)):
        async with shop.database.transaction() as session:
            await queries.keep_moves(session, moves)
    async with shop.database.transaction() as session:
        await queries.keep_advisors(session, figures.advisors(run["id"], found, reasoned.plan))


def _decisions(
    run: Row, found: Reading, reasoned: Reasoned, identifiers: Mapping[tuple[int, int], UUID], now: datetime
) -> Iterator[Decision]:
    kind = "activation" if run["kind"] == "assign" else "rebalance"
    solver = {"way": reasoned.plan.way, "objective": reasoned.plan.objective, "run": encode("run", run["id"])}
    for pair, record in zip(reasoned.pairs, reasoned.records, strict=True):
        yield Decision(
            id=identifiers[pair],
            at=now,
            market_id=found.market[pair[0]],
            kind=kind,
            subject=encode("run", run["id"]),
            chosen=found.problem.advisors[pair[1]].id,
            policy=run["kind"],
            data={**record, "solver": solver},
        )


def _moves(
    run_id: UUID, found: Reading, reasoned: Reasoned, identifiers: Mapping[tuple[int, int], UUID]
) -> Iterator[Sequence[Any]]:
    problem, plan = found.problem, reasoned.plan
    advisors = [advisor.id for advisor in problem.advisors]
    for place in moved(problem, plan).tolist():
        kind, holder, to = int(problem.kind[place]), int(problem.holder[place]), int(plan.advisor[place])
        has_one = holder != NOBODY
        yield (
            run_id,
            UUID(bytes=found.customer[place].tobytes()),
            found.market[kind],
            advisors[holder] if has_one else None,
            advisors[to],
            UUID(bytes=found.relationship[place].tobytes()) if has_one else None,
            int(problem.expected_s[place]),
            ("forced" if reasoned.forced[place] else "voluntary") if has_one else "first",
            "planned",
            identifiers[kind, to],
        )


async def _ready(shop: Workshop, run: Row, found: Reading, reasoned: Reasoned, lease: datetime) -> Row | None:
    planned = len(moved(found.problem, reasoned.plan))
    now = shop.clock.now()
    async with shop.database.transaction() as session:
        told = figures.summary(found, reasoned)
        row = await queries.computed(session, run["id"], now, found.version, told, planned, lease)
        if row is not None:
            session.announce(events.changed(row, now))
    return row


async def _fail(shop: Workshop, run_id: UUID, failure: str) -> Row | None:
    now = shop.clock.now()
    async with shop.database.transaction() as session:
        row = await queries.failed(session, run_id, now, failure)
        if row is not None:
            session.announce(events.changed(row, now))
    return row
