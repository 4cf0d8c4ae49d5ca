"""Runs of the book: asked for, looked at, applied, undone, discarded. The work itself is the loop's (`work.py`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from advisors import service as advisors
from books import events, queries
from books.states import RUN
from customers import books as shelves
from kit.database import ReadSession, Row, Session
from kit.errors import Conflict, NotFound
from kit.ids import IdMaker, encode
from markets import service as markets


class RunInProgress(Conflict):
    """Told with the id of the run that is worked on."""

    word, title = "book-run-in-progress", "Another run of the book is being worked on."


class BookHasChanged(Conflict):
    """`customers` is how many no longer stand where they stood; `because` what has changed."""

    word, title = "book-has-changed", "The book is no longer the one from which this was computed; compute it anew."


class TooLateToUndo(Conflict):
    """`undo_until` is when the time was over."""

    word, title = "too-late-to-undo", "This can no longer be undone."


class OwnerIsAway(Conflict):
    """`because` is the rule by which the owner takes nobody now; `gone`: they have left."""

    word, title = "owner-is-away", "The owner can't take the book back yet; give it back when they are there again."


class NoSkillReport(Conflict):
    """`present_state` is that of the run; reports are made with the plan and kept for 90 days."""

    word, title = "no-skill-report", "This plan has no report on skills: it isn't computed yet, failed, or is old."


@dataclass(frozen=True, slots=True)
class Asked:
    """What a run shall do. `advisor_id`: whose book is lent; `terms` as the core knows them."""

    kind: str
    market_id: str | None = None
    advisor_id: UUID | None = None
    apply_at_once: bool = False
    terms: Mapping[str, Any] | None = None


async def request(session: Session, asked: Asked, now: datetime, new_id: IdMaker) -> Row:
    """A run to be computed. Raises `RunInProgress`, `NotFound` for an unknown market or advisor."""
    if asked.market_id is not None:
        await markets.get(session, asked.market_id)
    if asked.advisor_id is not None:
        await advisors.get(session, asked.advisor_id)
    await _nobody_else(session)
    run_id = new_id(now)
    try:
        async with session.savepoint():
            await queries.insert(session, _row(run_id, asked, session.actor.who, now))
    except asyncpg.UniqueViolationError:
        raise RunInProgress from None
    row = await get(session, run_id)
    session.announce(events.changed(row, now))
    session.wakes.add("books")
    return row


def _row(run_id: UUID, asked: Asked, by: str, now: datetime) -> dict[str, Any]:
    zeros = dict.fromkeys(("planned", "done", "skipped", "undone"), 0)
    return {
        "id": run_id,
        "lane": "book",
        "kind": asked.kind,
        "state": "computing",
        "since": now,
        "market_id": asked.market_id,
        "advisor_id": asked.advisor_id,
        "requested_by": by,
        "requested_at": now,
        "terms": dict(asked.terms or {}),
        "apply_at_once": asked.apply_at_once,
        "figures": {},
        **zeros,
    }


async def _nobody_else(session: Session) -> None:
    if (busy := await queries.busy(session)) is not None:
        raise RunInProgress(run=encode("run", busy["id"]))


async def get(session: ReadSession, run_id: UUID) -> Row:
    row = await queries.one(session, run_id)
    if row is None:
        raise NotFound
    return row


async def skills(session: ReadSession, run_id: UUID) -> Row:
    """What the run says of skills. Raises `NotFound`, `NoSkillReport` where the run has none, or not any more."""
    run, report = await get(session, run_id), await queries.skills(session, run_id)
    if report is None:
        raise NoSkillReport(present_state=run["state"])
    return report


async def newest_skills(session: ReadSession) -> Row:
    """The same of the newest run that has a report. Raises `NotFound`."""
    report = await queries.newest_skills(session)
    if report is None:
        raise NotFound
    return report


async def locked(session: Session, run_id: UUID) -> Row:
    row = await queries.locked(session, run_id)
    if row is None:
        raise NotFound
    return row


async def apply(session: Session, run_id: UUID, now: datetime) -> Row:
    """Begin to carry out what was previewed. Raises `IllegalTransition`, `RunInProgress`, `BookHasChanged`."""
    run = await locked(session, run_id)
    RUN.check(run["state"], "applying")
    await _check_version(session, run)
    return await _begin(session, run, "applying", now)


async def _check_version(session: Session, run: Row) -> None:
    """A first assignment harms nobody by being late: each of its moves is looked at alone when it is made."""
    if run["kind"] == "assign":
        return
    if await queries.overtaken(session, run["id"], run["computed_at"]):
        raise BookHasChanged(because="another_run")
    version = await session.fetch_value("SELECT version FROM directory_version")
    if version != run["directory_version"]:
        raise BookHasChanged(because="people_or_rules")
    if customers := await queries.changed(session, run["id"]):
        raise BookHasChanged(because="customers", customers=customers)


async def undo(session: Session, run_id: UUID, now: datetime) -> Row:
    """Begin to take back what was applied. Raises `IllegalTransition`, `RunInProgress`, `TooLateToUndo`,
    `OwnerIsAway`."""
    run = await locked(session, run_id)
    RUN.check(run["state"], "undoing")
    if run["kind"] == "assign":
        raise TooLateToUndo(undo_until=None)
    if run["undo_until"] is not None and run["undo_until"] < now:
        raise TooLateToUndo(undo_until=run["undo_until"].isoformat())
    if run["kind"] == "lend":
        await _check_owner_is_back(session, run["advisor_id"], now)
    return await _begin(session, run, "undoing", now)


async def _check_owner_is_back(session: Session, advisor_id: UUID, now: datetime) -> None:
    """Given back too early every customer would stay with the colleague, and there is no second time."""
    company = await shelves.everybody(session, now)
    there = {advisor.id for advisor in company.advisors}
    because = company.closed.get(advisor_id) if advisor_id in there else "gone"
    if because is not None:
        raise OwnerIsAway(because=because)


async def discard(session: Session, run_id: UUID, now: datetime) -> Row:
    """Let a preview go, or stop one that is computed. Raises `IllegalTransition`."""
    run = await locked(session, run_id)
    RUN.check(run["state"], "discarded")
    row = await queries.set_state(session, run_id, "discarded", now)
    session.announce(events.changed(row, now))
    return row


async def _begin(session: Session, run: Row, state: str, now: datetime) -> Row:
    await _nobody_else(session)
    try:
        async with session.savepoint():
            row = await queries.set_state(session, run["id"], state, now)
    except asyncpg.UniqueViolationError:
        raise RunInProgress from None
    session.announce(events.changed(row, now))
    session.wakes.add("books")
    return row
