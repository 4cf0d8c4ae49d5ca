"""A policy before it is in force: what it changes, and how the market's last calls would have gone under it.

What was decided is kept without all that it was decided from, so decisions can't be taken anew; calls can. They are
put before the pure core again, in a process of its own and with no transaction open, under both policies.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial

from contacts import queries
from contacts.directory import AdvisorEntry, Directory
from contacts.exchange import Exchange
from kit.apart import Apart, Died, TooLong
from kit.database import Database, Row
from kit.logs import facts, logger
from markets.policy import Policy
from routing.policy import Need
from routing.problem import Person
from routing.rehearsal import Colleague, Comparison, Past, PastCall, compare

DAYS = timedelta(days=7)
MOST_CALLS = 2_000
WITHIN_S = 25.0
USUAL_TALK_S = 240.0

log = logger("rehearsing")


class Rehearser:
    """One at a time in a process; who asks meanwhile waits for their turn."""

    def __init__(self) -> None:
        self._turn = asyncio.Lock()

    async def rehearse(self, past: Past, before: Policy, after: Policy) -> Comparison | None:
        """None where it takes too long."""
        async with self._turn, Apart(("routing.rehearsal",)) as apart:
            try:
                return await apart.run(compare, past, before.routing, after.routing, limit_s=WITHIN_S)
            except (TooLong, Died) as error:
                log.warning("rehearsal.none", calls=len(past.calls), **facts(error))
                return None


async def past(database: Database, exchange: Exchange, market_id: str, now: datetime) -> Past:
    """The market's inbound calls of the last seven days, up to 2,000 of the newest, and who was to work then."""
    async with database.reading() as session:
        directory = await exchange.directory.current(session)
        rows = await queries.ended_lately(session, market_id, now - DAYS, now, MOST_CALLS)
    begins_at = rows[0]["received_at"] if rows else now
    return Past(
        market=market_id,
        begins_at=begins_at,
        calls=tuple(map(partial(_call, begins_at), rows)),
        people=_people(directory, market_id, begins_at, now),
        neighbours={group.id: group.neighbours for group in directory.groups.values()},
        general_group_id=directory.markets[market_id].general_group_id,
    )


def _call(begins_at: datetime, row: Row) -> PastCall:
    def after(instant: datetime, since: datetime) -> float:
        return (instant - since).total_seconds()

    answered, gave_up = row["answered_at"], row["state"] == "abandoned"
    return PastCall(
        id=row["id"],
        at_s=after(row["received_at"], begins_at),
        own_id=row["own_advisor_id"],
        known=row["own_by"] == "relationship",
        languages=(row["language"],),
        needs=tuple(Need(skill, level) for skill, level in sorted(row["needs"].items())),
        talk_s=USUAL_TALK_S if answered is None else after(row["ended_at"], answered),
        gave_up_after_s=after(row["hung_up_at"] or row["ended_at"], row["received_at"]) if gave_up else None,
        choice=row["choice"],
    )


def _people(directory: Directory, market_id: str, since: datetime, until: datetime) -> tuple[Colleague, ...]:
    """Everybody who serves the market, as planned."""
    serving = (entry for entry in directory.advisors.values() if market_id in entry.markets)
    return tuple(_colleague(entry, since, until) for entry in serving)


def _colleague(entry: AdvisorEntry, since: datetime, until: datetime) -> Colleague:
    shifts: Sequence[tuple[datetime, datetime]] = entry.working.intervals(since, until)
    who = Person(
        id=entry.id,
        group_id=entry.group_id,
        languages=entry.languages,
        skills=entry.levels(until),
        markets=entry.markets,
        state="offline",
        since=since,
    )
    spans = tuple(((begins - since).total_seconds(), (ends - since).total_seconds()) for begins, ends in shifts)
    return Colleague(who, spans)
