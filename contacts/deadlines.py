"""Everything that falls due by itself. Each function finds some ids, then treats each in a transaction of its own.

`due_work` lists the finders with their treatments; the worker runs them in a loop, the replay at each due instant.
A treatment looks again under the lock: another replica may have been faster, and then there is nothing left to do.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from advisors import presence_queries, presences
from advisors import queries as advisors
from callbacks import letters, question_queries
from callbacks import queries as callback_queries
from callbacks import service as callbacks
from contacts import arrivals, due_queries, handing_out, keeping, offer_queries, queries, replanning
from contacts.conversations import abandon, complete, lost, not_taken, place_again, promised
from contacts.exchange import Exchange
from contacts.parking import PARKED
from contacts.public import contact_changed
from contacts.service import hear_early_news
from kit.database import ReadSession, Session
from notifications import service as notifications

Find = Callable[[ReadSession, datetime], Awaitable[list[UUID]]]
Treat = Callable[[Session, Exchange, UUID, datetime], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Work:
    """A kind of work that falls due: who is concerned, and what is done about each."""

    name: str
    find: Find
    treat: Treat


async def offer_timed_out(session: Session, exchange: Exchange, offer_id: UUID, now: datetime) -> None:
    """Nobody took it: the contact goes on, the advisor is `not_responding` until they say otherwise."""
    offer = await offer_queries.offer(session, offer_id)
    if offer is None:
        return
    if offer["contact_id"] is not None:
        row = await queries.lock(session, offer["contact_id"])
        offer = await offer_queries.offer(session, offer_id)
        if row is None or offer is None or offer["state"] != "open":
            return
        scene = await arrivals.scene_for(session, exchange, now)
        await not_taken(scene, row, offer, "timed_out", "timed_out")
        return
    promise = await callback_queries.lock(session, offer["callback_id"])
    if promise is not None and promise["state"] == "offered":
        scene = await arrivals.scene_for(session, exchange, now)
        await keeping.not_taken(scene, promise, offer, "timed_out", "timed_out")


async def caller_gone(session: Session, exchange: Exchange, contact_id: UUID, now: datetime) -> None:
    """The grace after a hang-up is over and nothing else was heard: the caller has given up."""
    seen = await queries.by_id(session, contact_id)
    if seen is not None and seen["direction"] == "out":
        await keeping.given_up(session, exchange, seen["callback_id"], now)
        return
    row = await queries.lock(session, contact_id)
    if row is None or row["hung_up_at"] is None or row["state"] in ("connected", "wrapping"):
        return
    if row["ended_at"] is None:
        await abandon(await arrivals.scene_for(session, exchange, now), row)


async def time_is_up(session: Session, exchange: Exchange, contact_id: UUID, now: datetime) -> None:
    """A wait in which something changes now, a wrap-up at its limit, a promise that stands as it was said."""
    row = await queries.lock(session, contact_id)
    if row is None or row["deadline_at"] is None or row["deadline_at"] > now:
        return
    scene = await arrivals.scene_for(session, exchange, now)
    if row["state"] == "wrapping":
        await complete(scene, row)
    elif row["state"] == "waiting" and row["hung_up_at"] is None:
        await place_again(scene, row)
    elif row["state"] == "choosing" and row["step"] == "callback_placed":
        await promised(scene, row)
    elif row["state"] == "choosing":
        # the switch owes an answer to the choices; the watch on silence ends the contact if it stays away
        await queries.save(session, row, deadline_at=None)


async def silent(session: Session, exchange: Exchange, contact_id: UUID, now: datetime) -> None:
    """A call of which nothing was heard: asked after once, ended when it stays silent."""
    row = await queries.lock(session, contact_id)
    if row is None or row["ended_at"] is not None or row["state"] == "wrapping":
        return
    scene = await arrivals.scene_for(session, exchange, now)
    policy = scene.market(row).policy(now)
    quiet_s = (now - row["last_signal_at"]).total_seconds()
    endless = row["received_at"] <= now - due_queries.LONGEST_CALL
    if (quiet_s >= policy.silence_end_s or endless) and row["direction"] == "in":
        await lost(scene, row)
    elif quiet_s >= policy.silence_ask_s and row["asked_after_at"] is None:
        row = await queries.save(session, row, asked_after_at=now)
        session.announce(contact_changed("contact.asked_after", row, now))


async def lapsed(session: Session, exchange: Exchange, advisor_id: UUID, now: datetime) -> None:
    """Nobody has been heard for the length of a lease; a wrap-up that was left alone is over, its contact too."""
    wrapping = [await queries.lock(session, i) for i in await queries.wrapping_of(session, advisor_id)]
    presence = await presences.lock(session, advisor_id)
    heard_of = presence["lease_until"] is not None and now < presence["lease_until"]
    for row in wrapping:
        if row is not None and row["state"] == "wrapping" and not heard_of:
            await complete(await arrivals.scene_for(session, exchange, now), row)
    await presences.lapse(session, advisor_id, now)


async def wrap_up_over(session: Session, _: Exchange, advisor_id: UUID, now: datetime) -> None:
    """A wrap-up whose contact is gone already; the others end with their contact."""
    row = await presences.lock(session, advisor_id)
    if row["deadline_at"] is not None and row["deadline_at"] <= now:
        await presences.wrapped_up(session, advisor_id, now)


async def promise_due(session: Session, _: Exchange, callback_id: UUID, now: datetime) -> None:
    row = await callback_queries.lock(session, callback_id)
    if row is not None and row["state"] == "scheduled" and row["next_action_at"] <= now:
        await callbacks.fall_due(session, row, now)


async def remind(session: Session, exchange: Exchange, callback_id: UUID, now: datetime) -> None:
    """Once for each window; a window that is being asked about has its letter already."""
    row = await callback_queries.lock(session, callback_id)
    if row is not None and row["state"] == "scheduled" and row["customer_id"] is not None:
        await notifications.queue(session, [letters.of_reminder(row)], now, exchange.new_id)


async def promise_overdue(session: Session, exchange: Exchange, callback_id: UUID, now: datetime) -> None:
    row = await callback_queries.lock(session, callback_id)
    if row is not None:
        await keeping.look_after(await arrivals.scene_for(session, exchange, now), row)


async def dial_silent(session: Session, exchange: Exchange, token: UUID, now: datetime) -> None:
    """An attempt of which the switch says nothing: freed, and the promise gets its next chance."""
    await keeping.gone_silent(session, exchange, token, now)


async def find_heard_early(session: ReadSession, now: datetime) -> list[UUID]:
    return await due_queries.heard_early(session, now - PARKED)


DUE_WORK = (
    Work("offers", due_queries.overdue_offers, offer_timed_out),
    Work("heard_early", find_heard_early, hear_early_news),
    Work("hang_ups", due_queries.hung_up, caller_gone),
    Work("deadlines", due_queries.over, time_is_up),
    Work("letters", due_queries.over_in_writing, handing_out.time_is_up),
    Work("wrap_ups", presence_queries.overdue_wrap_ups, wrap_up_over),
    Work("absences", advisors.to_replan, replanning.absence_changed),
    Work("questions", question_queries.unanswered, replanning.unanswered),
    Work("reminders", callback_queries.to_remind, remind),
    Work("promises_due", callback_queries.fallen_due, promise_due),
    Work("promises_overdue", callback_queries.overdue, promise_overdue),
    Work("silent_calls", due_queries.silent, silent),
    Work("silent_dials", due_queries.silent_dials, dial_silent),
    Work("leases", presence_queries.lapsed, lapsed),
)


async def next_due(session: ReadSession, now: datetime) -> Mapping[str, datetime]:
    """Name of the work → the next instant at which there is some; who moves a clock by hand stops there."""
    return await due_queries.next_due(session, now)
