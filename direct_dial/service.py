"""The life of a number: taken with an advisor's first customer, redirected when they go, rested, free again.

An advisor keeps the number of a market also while nobody there is their customer. A number that is redirected still
leads known customers to their present advisor; what strangers hear is the call's business.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from direct_dial import events, queries
from direct_dial.queries import Pair
from kit.database import ReadSession, Row, Session
from kit.errors import Conflict
from kit.phone_numbers import display

REDIRECTED = timedelta(days=180)
"""How long the number of somebody who has gone still leads to the present advisors, before its rest begins."""


class NumberPoolEmpty(Conflict):
    """Nobody who fits has a number in the market, and none is left to give them."""

    word, title = "number-pool-empty", "No direct dial number is left in this market."


@dataclass(frozen=True, slots=True)
class Number:
    """An E.164 number and the beginning that its block shares, where known."""

    e164: str
    trunk: str | None = None

    def shown(self, region: str) -> str:
        """As people in `region` write it: `030 23125-017`."""
        return display(self.e164, region, self.trunk)


async def of(session: ReadSession, advisor_id: UUID, market_id: str) -> Number | None:
    """The number of an advisor in a market."""
    return _by_owner(await queries.assigned(session, [(advisor_id, market_id)])).get((advisor_id, market_id))


async def ensure(session: Session, owners: Collection[Pair], now: datetime) -> Mapping[Pair, Number]:
    """The numbers of these advisors in these markets; who has none takes one from the pool.

    Whoever is missing in the answer met an empty pool. The caller holds a lock on each advisor's book, so that
    nobody takes two.
    """
    found = _by_owner(await queries.assigned(session, owners))
    missing: dict[str, list[UUID]] = {}
    for advisor_id, market_id in sorted(set(owners) - found.keys(), key=str):
        missing.setdefault(market_id, []).append(advisor_id)
    for market_id, advisor_ids in missing.items():
        found |= await take(session, market_id, advisor_ids, now)
    return found


async def take(session: Session, market_id: str, advisor_ids: Sequence[UUID], now: datetime) -> dict[Pair, Number]:
    """One free number of the market for each, as far as the pool reaches."""
    taken = await queries.take(session, market_id, advisor_ids, now)
    for row in taken:
        session.announce(events.assigned(row, now))
    return _by_owner(taken)


async def any_free(session: ReadSession, market_id: str) -> bool:
    """Whether the pool has a free number, those included that somebody is taking at this moment."""
    return await queries.any_free(session, market_id)


async def redirect(session: Session, advisor_id: UUID, now: datetime) -> int:
    """The advisor has gone: their numbers lead known customers to the present advisor. Returns how many."""
    rows = await queries.redirect(session, advisor_id, now)
    for row in rows:
        session.announce(events.redirected(row, now))
    return len(rows)


async def quarantine_redirected(
    session: Session, now: datetime, *, after: timedelta = REDIRECTED, limit: int = 500
) -> int:
    """Numbers redirected for long enough begin their rest, as long as the market asks for. Returns how many."""
    rows = await queries.quarantine(session, now - after, now, limit)
    for row in rows:
        session.announce(events.quarantined(row, now))
    return len(rows)


async def release_rested(session: Session, now: datetime, *, limit: int = 500) -> int:
    """Numbers that have rested long enough are free again. Returns how many."""
    rows = await queries.release(session, now, limit)
    for market_id, count in Counter(row["market_id"] for row in rows).items():
        session.announce(events.released(market_id, count, now))
    return len(rows)


def _by_owner(rows: Sequence[Row]) -> dict[Pair, Number]:
    return {(row["advisor_id"], row["market_id"]): Number(row["number"], row["trunk"]) for row in rows}
