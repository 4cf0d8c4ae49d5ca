"""What an activation writes: the relationship, the seconds in the book, the decision, the events, all in one go."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from customers import book_queries, events, queries
from customers.book_queries import Booking
from customers.books import Shelf
from decisions import service as decisions
from decisions.service import Decision
from kit.database import Row, Session
from kit.ids import IdMaker, encode
from routing.activation import Choice
from routing.problem import ActivationNeed

NOT_ASKED = "not_already_tried"
"""The core's word for everybody whom it was told to leave aside."""


@dataclass(frozen=True, slots=True)
class Present:
    """The relationship that ends in the moment in which the next begins."""

    id: UUID
    advisor_id: UUID
    booked_s: int
    starts_at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Seeker:
    """A locked customer who gets an advisor. `at` is when it begins: now, and never before what ended last."""

    customer_id: UUID
    market_id: str
    need: ActivationNeed
    at: datetime
    channel: str
    reason: str = "activated"
    on_behalf_by: UUID | None = None
    present: Present | None = None
    numberless: frozenset[UUID] = frozenset()
    """Advisors out of the question because they have no number and the pool is empty."""


@dataclass(frozen=True, slots=True)
class Placed:
    """The relationship that began, and why with this advisor."""

    seeker: Seeker
    row: Mapping[str, Any]
    choice: Choice
    over_cap: bool


@dataclass(frozen=True, slots=True)
class Pick:
    """An advisor chosen for a seeker, and whether that book may exceed its cap.

    `aside`: advisors who were not asked, and the rule that says why, for the record. `decision_id` is the decision
    that was kept already, where it was made for many alike customers at once.
    """

    seeker: Seeker
    choice: Choice
    may_exceed: bool = False
    aside: Mapping[UUID, str] = field(default_factory=dict)
    decision_id: UUID | None = None


async def write(
    session: Session, shelf: Shelf, kept: Mapping[int, Pick], now: datetime, new_id: IdMaker
) -> dict[int, Placed]:
    """Write picks that hold: their books are locked and have room, the numbers are there."""
    if not kept:
        return {}
    endings = [
        (present.id, pick.seeker.at, present.reason)
        for pick in kept.values()
        if (present := pick.seeker.present) is not None
    ]
    ended = await queries.end(session, endings)
    assert ended == len(endings), "the customer is locked, so nobody else can have ended it"
    rows = {n: _relationship(pick, new_id(now), pick.decision_id or new_id(now)) for n, pick in kept.items()}
    await queries.begin(session, list(rows.values()))
    booked = await _book(session, shelf, kept, now)
    own = [(pick, rows[n]) for n, pick in kept.items() if pick.decision_id is None]
    await decisions.keep(session, [_decision(shelf, pick, row, now) for pick, row in own])
    for n, pick in kept.items():
        _announce(session, pick, rows[n], booked)
    return {
        n: Placed(pick.seeker, rows[n], pick.choice, booked[pick.choice.advisor]["over_cap"])
        for n, pick in kept.items()
    }


def _relationship(pick: Pick, relationship_id: UUID, decision_id: UUID) -> dict[str, Any]:
    seeker = pick.seeker
    return {
        "id": relationship_id,
        "market_id": seeker.market_id,
        "customer_id": seeker.customer_id,
        "advisor_id": pick.choice.advisor,
        "starts_at": seeker.at,
        "ends_at": None,
        "channel": seeker.channel,
        "reason": seeker.reason,
        "ended_reason": None,
        "on_behalf_by": seeker.on_behalf_by,
        "decision_id": decision_id,
        "expected_seconds": seeker.need.expected_s,
    }


async def _book(session: Session, shelf: Shelf, kept: Mapping[int, Pick], now: datetime) -> dict[UUID, Row]:
    """Move the seconds and announce the books; returns them by advisor."""
    bookings = _bookings(kept.values())
    rows = await book_queries.book(session, bookings, shelf.book.gain)
    assert len(rows) == len(bookings), "the books are locked and had room"
    for row in rows:
        session.announce(events.book_changed(row, now))
        if row["advisor_id"] in shelf.inside:
            shelf.book.correct(row["advisor_id"], row["load_s"])
    return {row["advisor_id"]: row for row in rows}


def _bookings(picks: Iterable[Pick]) -> list[Booking]:
    """What goes into each book and comes out of it, in one sum."""
    seconds: defaultdict[UUID, int] = defaultdict(int)
    exceeding: set[UUID] = set()
    for pick in picks:
        seconds[pick.choice.advisor] += pick.seeker.need.expected_s
        if pick.may_exceed:
            exceeding.add(pick.choice.advisor)
        if pick.seeker.present is not None:
            seconds[pick.seeker.present.advisor_id] -= pick.seeker.present.booked_s
    return [Booking(advisor, total, advisor in exceeding) for advisor, total in sorted(seconds.items())]


def _decision(shelf: Shelf, pick: Pick, row: Mapping[str, Any], now: datetime) -> Decision:
    return Decision(
        id=row["decision_id"],
        at=row["starts_at"],
        market_id=pick.seeker.market_id,
        kind="activation",
        subject=encode("cus", pick.seeker.customer_id),
        chosen=pick.choice.advisor,
        policy=shelf.policy(pick.seeker.market_id, now)[0],
        data=_data(shelf, pick),
    )


def _data(shelf: Shelf, pick: Pick) -> dict[str, Any]:
    """The core's record, and what the core was not told: why some were not asked, who is out as a whole."""
    data = decisions.data_of(pick.choice.reasons, pick.choice.explanation)
    aside = {**pick.aside, **dict.fromkeys(pick.seeker.numberless, "has_a_number")}
    rules = {encode("adv", advisor): rule for advisor, rule in aside.items()}
    for removed in data["removed"]:
        if removed["rule"] == NOT_ASKED:
            removed["rule"] = rules.get(removed["advisor"], NOT_ASKED)
    counts = Counter(aside.values())
    asked_before = data["removed_by"].pop(NOT_ASKED, 0) - counts.total()
    if asked_before > 0:
        counts[NOT_ASKED] = asked_before
    data["removed_by"] |= {**counts, **shelf.left_out}
    return data


def _announce(session: Session, pick: Pick, row: Mapping[str, Any], booked: Mapping[UUID, Row]) -> None:
    present, at = pick.seeker.present, pick.seeker.at
    if present is not None:
        ended = {**row, "id": present.id, "advisor_id": present.advisor_id, "starts_at": present.starts_at}
        group = booked[present.advisor_id]["desk_group_id"]
        session.announce(events.relationship_ended(ended, present.reason, group, at))
    group = booked[pick.choice.advisor]["desk_group_id"]
    session.announce(events.relationship_began(row, group, present.id if present else None, at))
