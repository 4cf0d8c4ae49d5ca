"""A draft of a run: the book read, solved, checked and written down, in a process of its own.

Everything that is heavy happens here, so that the service that asked answers calls meanwhile: a million rows are
read, solved and written without one of them passing through its event loop. What is written are the run's moves,
its advisors' books and its decisions, in short transactions; the run's own row is left to who asked, so a draft
that is not finished, or comes too late, is nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from typing import Any
from uuid import UUID

from pydantic_core import from_json

from books import figures, queries, reading, skills
from books.lending import lent
from books.reading import Reading, Scope
from books.reasons import Reasoned, moved
from books.solving import Unsound, planned_greedily, solved
from decisions import service as decisions
from decisions.service import Decision
from kit import actors
from kit.database import Database
from kit.ids import encode, new_id
from kit.settings import Settings
from routing.book_problem import NOBODY, Terms
from routing.skill_gaps import skill_report

BATCH = 2_000
"""Rows of a transaction: some tens of milliseconds, so that nobody's stream is held back."""
DECISIONS = 200


@dataclass(frozen=True, slots=True)
class Errand:
    """What is to be drafted, as it goes to the other process. `why_greedy`: without the solver, and why."""

    url: str
    settings: Settings
    actor: str
    run_id: UUID
    kind: str
    market_id: str | None
    advisor_id: UUID | None
    terms: Mapping[str, Any]
    now: datetime
    why_greedy: str | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """What came out; or `faults`, where the check found some in the last plan that could be made."""

    version: int = 0
    planned: int = 0
    figures: Mapping[str, Any] | None = None
    faults: tuple[str, ...] = ()
    without_skills: str | None = None


def drafted(errand: Errand) -> Draft:
    """Draft the run. What an earlier attempt has left is forgotten first."""
    actors.become(actors.Actor(errand.actor))
    return asyncio.run(_drafted(errand))


async def _drafted(errand: Errand) -> Draft:
    database = Database(errand.url, errand.settings, application="durchwahl book")
    try:
        async with database.transaction() as session:
            await queries.forget(session, errand.run_id)
        found = await _found(database, errand)
        try:
            reasoned = _reasoned(errand, found)
        except Unsound as unsound:
            return Draft(faults=tuple(str(fault) for fault in unsound.args))
        await _keep(database, errand, found, reasoned)
        without_skills = await _keep_skills(database, errand, found, reasoned)
        planned = len(moved(found.problem, reasoned.plan))
        return Draft(found.version, planned, figures.summary(found, reasoned), without_skills=without_skills)
    finally:
        await database.close()


async def _found(database: Database, errand: Errand) -> Reading:
    scope = Scope(held=errand.kind != "assign", market_id=errand.market_id, of_advisor=errand.advisor_id)
    found = await reading.read(database, scope, Terms(), errand.now)
    terms = terms_of(errand.terms, len(found.problem.kind))
    return replace(found, problem=replace(found.problem, terms=terms))


def terms_of(asked: Mapping[str, Any], customers: int) -> Terms:
    """A budget given as a share is one of the customers who are in it, rounded down."""
    budget, share = asked.get("move_budget"), asked.get("move_budget_share")
    if budget is None and share is not None:
        budget = int(share * customers)
    return Terms(move_budget=budget, seed=asked.get("seed") or 0)


def _reasoned(errand: Errand, found: Reading) -> Reasoned:
    if errand.why_greedy is not None and errand.kind != "lend":
        return planned_greedily(found.problem, errand.why_greedy)
    return lent(found.problem) if errand.kind == "lend" else solved(found.problem)


async def _keep(database: Database, errand: Errand, found: Reading, reasoned: Reasoned) -> None:
    identifiers = {pair: new_id(errand.now) for pair in reasoned.pairs}
    kept = _decisions(errand, found, reasoned, identifiers)
    while batch := list(islice(kept, DECISIONS)):
        async with database.transaction() as session:
            await decisions.keep(session, batch)
    rows = _moves(errand.run_id, found, reasoned, identifiers)
    while moves := list(islice(rows, BATCH)):
        async with database.transaction() as session:
            await queries.keep_moves(session, moves)
    async with database.transaction() as session:
        await queries.keep_advisors(session, figures.advisors(errand.run_id, found, reasoned.plan))


async def _keep_skills(database: Database, errand: Errand, found: Reading, reasoned: Reasoned) -> str | None:
    """The plan is as good without the report; returns what kind of error it was."""
    try:
        report = skill_report(found.problem, reasoned.plan, found.ends)
    except Exception as error:
        return type(error).__name__
    async with database.transaction() as session:
        await queries.keep_skills(session, errand.run_id, errand.now, skills.told(report))
    return None


def _decisions(
    errand: Errand, found: Reading, reasoned: Reasoned, identifiers: Mapping[tuple[int, int], UUID]
) -> Iterator[Decision]:
    kind = "activation" if errand.kind == "assign" else "rebalance"
    run = encode("run", errand.run_id)
    solver = {"way": reasoned.plan.way, "objective": reasoned.plan.objective, "run": run}
    for pair, record in zip(reasoned.pairs, reasoned.records, strict=True):
        yield Decision(
            id=identifiers[pair],
            at=errand.now,
            market_id=found.market[pair[0]],
            kind=kind,
            subject=run,
            chosen=found.problem.advisors[pair[1]].id,
            policy=errand.kind,
            data={**from_json(record), "solver": solver},
        )


def _moves(
    run_id: UUID, found: Reading, reasoned: Reasoned, identifiers: Mapping[tuple[int, int], UUID]
) -> Iterator[Sequence[Any]]:
    """Rows of `book_moves`."""
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
            bool(plan.beyond_cap[place]),
            "planned",
            identifiers[kind, to],
        )
