"""The verbs of the ledger: promise, move, hand over, keep, settle, cancel.

Each takes the locked row, makes one legal step, and announces it. Nothing is ever deleted, and each promise ends
exactly once, with a reason; until then `next_action_at` says when it is looked at next.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from callbacks import queries, question_queries
from callbacks.public import callback_changed
from callbacks.rooms import Slot
from callbacks.states import CALLBACK, after_missed
from kit.database import Row, Session

CLOSABLE = frozenset({"scheduled", "due", "offered", "missed"})
MERGEABLE = frozenset({"scheduled", "due"})


@dataclass(frozen=True, slots=True)
class Wish:
    """Who wants to be called, by whom, and under which number (E.164, checked as a target)."""

    market_id: str
    customer_id: UUID | None
    advisor_id: UUID | None
    desk_group_id: UUID | None
    number: str
    language: str
    topic: str | None = None
    contact_id: UUID | None = None
    group_because: str | None = None
    """Why the desk group keeps the promise instead of the own advisor; None: the advisor does."""
    asked_by: str | None = None
    """Who asks, as their idempotency keys name them, or `calls:DE`; None where the caller's own number is meant."""
    new_number: bool = False
    """Not a number that we know of this customer."""
    instead_of: UUID | None = None
    """A promise that the same caller has just been given."""
    number_confirmed: bool | None = None
    """Whether the customer has said that this is their number, where they were asked."""
    expected_minutes: int | None = None
    """How long it will take, where somebody knows; else what the market's callbacks take."""
    suits: Slot | None = None
    """What suits the customer, where they have said so; within it we may move the promise ourselves."""


async def promise(session: Session, wish: Wish, window: Slot, new_id: UUID, now: datetime) -> Row:
    """Store a promise for a window that was checked to have room. An earlier open one is merged into it.

    Where the earlier one is being worked on right now (its phone rings), that one stands and is returned.
    """
    earlier = await _earlier(session, wish)
    if earlier is not None and earlier["state"] not in MERGEABLE:
        return earlier
    if earlier is not None:
        await _finish(session, earlier, "merged", "second_wish", now, merged_into=new_id)
    row = await queries.insert(session, _new_row(wish, window, new_id, now))
    session.announce(callback_changed("callback.scheduled", row, now))
    return row


async def _earlier(session: Session, wish: Wish) -> Row | None:
    if wish.customer_id is None:
        return await _just_given(session, wish)
    return await queries.lock_open_of_customer(session, wish.customer_id, wish.market_id)


async def _just_given(session: Session, wish: Wish) -> Row | None:
    """A stranger's promise of the same call, as long as it is open."""
    row = await queries.lock(session, wish.instead_of) if wish.instead_of is not None else None
    return row if row is not None and row["final_at"] is None else None


def _new_row(wish: Wish, window: Slot, new_id: UUID, now: datetime) -> dict[str, Any]:
    row: dict[str, Any] = dict.fromkeys(queries.COLUMNS)
    row.update(
        id=new_id,
        market_id=wish.market_id,
        customer_id=wish.customer_id,
        advisor_id=wish.advisor_id,
        desk_group_id=wish.desk_group_id,
        owner_state="own" if wish.group_because is None else "handed_to_group",
        owner_reason=wish.group_because,
        state="scheduled",
        since=now,
        promised_from=window.starts_at,
        promised_until=window.ends_at,
        window_starts_at=window.starts_at,
        window_ends_at=window.ends_at,
        number=wish.number,
        topic=wish.topic,
        language=wish.language,
        contact_id=wish.contact_id,
        attempts=0,
        asked_by=wish.asked_by,
        new_number=wish.new_number,
        number_confirmed=wish.number_confirmed,
        expected_minutes=wish.expected_minutes,
        wish_from=wish.suits.starts_at if wish.suits is not None else None,
        wish_until=wish.suits.ends_at if wish.suits is not None else None,
        next_action_at=window.starts_at,
        created_at=now,
    )
    return row


async def move(session: Session, row: Mapping[str, Any], window: Slot, now: datetime) -> Row:
    """Another window, with the customer's consent or within their wish: it is the promise from now on."""
    return await _step(
        session,
        row,
        "scheduled",
        "callback.moved",
        now,
        promised_from=window.starts_at,
        promised_until=window.ends_at,
        window_starts_at=window.starts_at,
        window_ends_at=window.ends_at,
        next_action_at=window.starts_at,
        moves=(row["moves"] or 0) + 1,
    )


async def hand_to_group(session: Session, row: Mapping[str, Any], reason: str, now: datetime) -> Row:
    """The desk group keeps the promise; the reason stays with it, and so does the window."""
    at = row["next_action_at"] if row["state"] == "scheduled" else now
    over = await _nothing_to_ask(session, row, now)
    changes = {"owner_state": "handed_to_group", "owner_reason": reason, "next_action_at": at, "planned_at": None}
    saved = await queries.save(session, row, **changes, **over)
    session.announce(callback_changed("callback.handed_to_group", saved, now, before=row, because=reason))
    session.wakes.add("dispatch")
    return saved


async def look_again(session: Session, row: Mapping[str, Any], at: datetime) -> Row:
    """Nothing to do yet; not a change anybody is told of."""
    return await queries.save(session, row, next_action_at=at)


async def fall_due(session: Session, row: Mapping[str, Any], now: datetime) -> Row:
    """The window has begun: whoever keeps the promise is offered it as soon as they are free."""
    saved = await _step(session, row, "due", "callback.due", now, next_action_at=row["window_ends_at"])
    session.wakes.add("dispatch")
    return saved


async def offered(session: Session, row: Mapping[str, Any], now: datetime) -> Row:
    return await _step(session, row, "offered", "callback.offered", now)


async def not_taken(session: Session, row: Mapping[str, Any], now: datetime) -> Row:
    """The advisor didn't answer: due again, at once."""
    saved = await _step(session, row, "due", "callback.due", now, next_action_at=now)
    session.wakes.add("dispatch")
    return saved


async def dialling(session: Session, row: Mapping[str, Any], now: datetime) -> Row:
    """The advisor is on the line and the customer's phone rings: this counts as an attempt."""
    return await _step(session, row, "dialling", "callback.dialling", now, attempts=row["attempts"] + 1)


async def reached(session: Session, row: Mapping[str, Any], advisor_id: UUID, now: datetime) -> Row:
    """The customer has answered. The promise is kept at this instant, and done when they have spoken."""
    return await queries.save(session, row, reached_at=now, reached_by=advisor_id)


async def done(session: Session, row: Mapping[str, Any], now: datetime) -> Row:
    return await _finish(session, row, "done", "reached", now)


async def not_reached(session: Session, row: Mapping[str, Any], now: datetime) -> Row:
    """Nobody answered; what follows is to be said in the same transaction."""
    return await _step(session, row, "missed", "callback.missed", now)


async def missed(session: Session, row: Mapping[str, Any], retry: Slot | None, now: datetime) -> Row:
    """Nobody answered: tried again in `retry`, or given up after the last attempt, which the customer is told."""
    row = await not_reached(session, row, now)
    if retry is None or after_missed(row["attempts"]) == "failed":
        return await _finish(session, row, "failed", "not_reached", now)
    return await _step(
        session,
        row,
        "scheduled",
        "callback.scheduled",
        now,
        window_starts_at=retry.starts_at,
        window_ends_at=retry.ends_at,
        next_action_at=retry.starts_at,
    )


async def postponed(session: Session, row: Mapping[str, Any], window: Slot, now: datetime) -> Row:
    """It may not be dialled before: another window, as after an attempt that reached nobody."""
    return await _step(
        session,
        row,
        "scheduled",
        "callback.scheduled",
        now,
        window_starts_at=window.starts_at,
        window_ends_at=window.ends_at,
        next_action_at=window.starts_at,
    )


async def settle(session: Session, row: Mapping[str, Any], now: datetime) -> Row:
    """The customer got through first."""
    return await _finish(session, row, "settled", "got_through", now)


async def cancel(session: Session, row: Mapping[str, Any], reason: str, now: datetime) -> Row:
    """By the customer or the staff, with a reason. Raises `IllegalTransition` while the phone rings."""
    CALLBACK.check(row["state"], "cancelled")
    return await _finish(session, row, "cancelled", reason, now)


async def _finish(
    session: Session, row: Mapping[str, Any], state: str, reason: str, now: datetime, **changes: Any
) -> Row:
    return await _step(
        session,
        row,
        state,
        f"callback.{state}",
        now,
        final_reason=reason,
        final_at=now,
        next_action_at=None,
        **changes,
    )


async def _step(
    session: Session, row: Mapping[str, Any], state: str, kind: str, now: datetime, **changes: Any
) -> Row:
    CALLBACK.check(row["state"], state)
    over = await _nothing_to_ask(session, row, now)
    if state == "scheduled":
        over["planned_at"] = None
    saved = await queries.save(session, row, state=state, since=now, **changes, **over)
    session.announce(callback_changed(kind, saved, now, before=row))
    return saved


async def _nothing_to_ask(session: Session, row: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """A promise that has changed is no longer asked about."""
    if row["question_id"] is None:
        return {}
    await question_queries.end(session, row["question_id"], row["market_id"], "void", now)
    return {"question_id": None}
