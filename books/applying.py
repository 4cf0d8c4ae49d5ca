"""A plan carried out, and taken back: batch by batch, each a transaction, so that a crash loses nothing.

A batch locks its run (so nobody else carries it out at the same moment), its customers, then the books, in the
order of all verbs on relationships. A move holds where the customer still has the relationship that it was computed
from and the advisor still takes them; otherwise it is skipped with the reason, and the customer keeps whom they
have. A first assignment needs room. Moves between books may fill one beyond its cap, which flags it: others of the
run that leave it come later, and the plan as a whole keeps the caps. Ending one relationship and beginning the next
are one transaction.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

from books import announcing, events, queries
from customers.activation import BooksBusy, place
from customers.beginnings import Pick, Placed, Seeker
from customers.books import Books, Shelf
from customers.letters import Because
from customers.relationships import Wish, lock, seeker_of
from direct_dial.service import NumberPoolEmpty
from kit.database import Row, Session
from kit.errors import Fault
from kit.ids import IdMaker
from routing.activation import Choice, NobodyEligible
from routing.plan import Explanation

BATCH = 100
"""Moves of a transaction: single activations wait for the books that it holds."""
UNDO_FOR = timedelta(days=30)

BUSY = "busy"
NOT_NOW = NobodyEligible(None, {}, Explanation((), (), {}, ()))

FIRST = "assigned"
REASONS = {"assign": FIRST, "rebalance": "rebalanced", "lend": "lent"}
BACK = {"rebalance": "undone", "lend": "given_back"}


@dataclass(frozen=True, slots=True)
class Leg:
    """One move in one direction."""

    customer_id: UUID
    external_ref: str
    ends: UUID | None
    to: UUID
    decision_id: UUID | None
    may_exceed: bool


@dataclass
class Planned:
    """Chooses whom the plan has chosen, once: who can't have them keeps whom they have."""

    legs: Mapping[UUID, Leg]
    asked: set[UUID]

    def __call__(self, shelf: Shelf, seeker: Seeker) -> Pick | NobodyEligible:
        leg = self.legs[seeker.customer_id]
        index = shelf.book.place_of(leg.to)
        if index is None or seeker.customer_id in self.asked:
            return NOT_NOW
        self.asked.add(seeker.customer_id)
        choice = Choice(leg.to, index, (), NOT_NOW.explanation)
        return Pick(seeker, choice, may_exceed=leg.may_exceed, decision_id=leg.decision_id)


async def apply_batch(session: Session, books: Books, run: Row, now: datetime, new_id: IdMaker) -> Row:
    """Carry out the next moves of a locked run; with none left it is applied."""
    moves = await queries.planned(session, run["id"], BATCH)
    if not moves:
        return await _applied(session, run, now, new_id)
    legs = [_there(move) for move in moves]
    outcomes = await _walk(session, books, legs, REASONS[run["kind"]], now, new_id)
    return await _count(session, run, _marks(legs, outcomes, "done", "skipped"), now)


async def undo_batch(session: Session, books: Books, run: Row, now: datetime, new_id: IdMaker) -> Row:
    """Take the next moves of a locked run back; with none left it is undone."""
    moves = await queries.done(session, run["id"], BATCH)
    if not moves:
        return await _undone(session, run, now, new_id)
    legs = [_back(move) for move in moves]
    outcomes = await _walk(session, books, legs, BACK[run["kind"]], now, new_id)
    return await _count(session, run, _marks(legs, outcomes, "undone", "kept"), now)


def _there(move: Row) -> Leg:
    return Leg(
        customer_id=move["customer_id"],
        external_ref=move["external_ref"],
        ends=move["from_relationship"],
        to=move["to_advisor"],
        decision_id=move["decision_id"],
        may_exceed=move["may_exceed"] or move["from_advisor"] is not None,
    )


def _back(move: Row) -> Leg:
    """The same the other way; why the customer is with that advisor is what it was before."""
    return replace(
        _there(move),
        ends=move["relationship_id"],
        to=move["from_advisor"],
        decision_id=move["decision_before"],
    )


async def _walk(
    session: Session, books: Books, legs: Sequence[Leg], reason: str, now: datetime, new_id: IdMaker
) -> dict[UUID, Placed | str]:
    """What became of each leg: a new relationship, or why there is none."""
    shelf, standings = await lock(session, books, [leg.external_ref for leg in legs], now)
    outcomes: dict[UUID, Placed | str] = {}
    seekers: list[Seeker] = []
    for leg in legs:
        standing = standings.get(leg.external_ref)
        if standing is None or standing["relationship_id"] != leg.ends:
            outcomes[leg.customer_id] = "changed_meanwhile"
        elif shelf.book.place_of(leg.to) is None:
            outcomes[leg.customer_id] = "advisor_takes_nobody"
        else:
            seekers.append(_seeker(shelf, standing, leg, reason, now))
    chooser = Planned({leg.customer_id: leg for leg in legs}, set())
    for seeker, placed in zip(seekers, await place(session, shelf, seekers, now, new_id, chooser), strict=True):
        outcomes[seeker.customer_id] = _why_not(placed) if isinstance(placed, Fault) else placed
    begun = [one.row["id"] for one in outcomes.values() if isinstance(one, Placed)]
    if reason != FIRST:
        await announcing.tell_customers(session, begun, cast(Because, reason), now, new_id)
    return outcomes


def _seeker(shelf: Shelf, standing: Row, leg: Leg, reason: str, now: datetime) -> Seeker:
    wish = Wish(leg.external_ref, "bulk")
    if leg.ends is None:
        return seeker_of(shelf, standing, wish, now, reason=reason)
    return seeker_of(shelf, standing, wish, now, reason=reason, leaves=reason)


def _why_not(fault: Fault) -> str:
    """`place` says that nobody fits where the one who was planned has no room any more."""
    if isinstance(fault, BooksBusy):
        return BUSY
    return "no_number" if isinstance(fault, NumberPoolEmpty) else "no_room"


def _marks(
    legs: Sequence[Leg], outcomes: Mapping[UUID, Placed | str], made: str, not_made: str
) -> list[dict[str, Any]]:
    """What became of each; whoever met a number that somebody else is taking stays planned, for the next batch."""
    return [
        _mark(leg, outcomes[leg.customer_id], made, not_made) for leg in legs if outcomes[leg.customer_id] != BUSY
    ]


def _mark(leg: Leg, outcome: Placed | str, made: str, not_made: str) -> dict[str, Any]:
    if isinstance(outcome, Placed):
        return {"customer_id": leg.customer_id, "state": made, "reason": None, "relationship_id": outcome.row["id"]}
    return {"customer_id": leg.customer_id, "state": not_made, "reason": outcome, "relationship_id": None}


async def _count(session: Session, run: Row, marks: Sequence[Mapping[str, Any]], now: datetime) -> Row:
    await queries.mark(session, run["id"], marks)
    counts = Counter(mark["state"] for mark in marks)
    row = await queries.count(session, run["id"], counts["done"], counts["skipped"], counts["undone"])
    session.announce(events.changed(row, now))
    return row


async def _applied(session: Session, run: Row, now: datetime, new_id: IdMaker) -> Row:
    """The prices of the solve are activation's from now on; a loan can be given back whenever the owner returns."""
    if run["kind"] != "lend":
        await queries.set_prices(session, run["id"])
    until = now + UNDO_FOR if run["kind"] == "rebalance" else None
    row = await queries.applied(session, run["id"], now, until)
    await announcing.tell_advisors(session, row, "applied", now, new_id)
    session.announce(events.changed(row, now))
    return row


async def _undone(session: Session, run: Row, now: datetime, new_id: IdMaker) -> Row:
    row = await queries.set_state(session, run["id"], "undone", now)
    await announcing.tell_advisors(session, row, "undone", now, new_id)
    session.announce(events.changed(row, now))
    return row
