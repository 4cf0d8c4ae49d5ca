"""Keeping promises: offer a due callback to whoever keeps it, let the switch dial, and note how it went.

The offer and the attempt to dial are committed together, before the switch hears of either; the token of the
attempt goes with the dial and is handed out once. The advisor's phone rings first: answering it accepts. Then the
customer's phone rings; only that counts as an attempt to reach them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from advisors import presences
from advisors.presence import NotTaken
from advisors.public import presence_changed
from callbacks import queries as callback_queries
from callbacks import service as callbacks
from callbacks.retries import retry_after
from callbacks.rooms import Slot
from contacts import arrivals, guarding, offer_queries, parking, queries
from contacts.conversations import close_offer, ended, lost, step
from contacts.directory import AdvisorEntry
from contacts.exchange import Exchange
from contacts.placing import OFFER_SLACK
from contacts.promises import keeper_calendar, slot_policy
from contacts.public import contact_changed, offer_changed
from contacts.situation import Scene
from kit.database import Session
from kit.errors import NotFound
from routing.problem import Person
from telephony.inbound import Signal

Promise = Mapping[str, Any]
LOOK_AGAIN = timedelta(seconds=60)
DECISIVE = frozenset({"answered", "no_answer", "busy", "failed", "hangup"})
"""What decides about a customer's phone that rings; the rest are signs of life."""
NOT_TAKEN: Mapping[str, tuple[str, NotTaken]] = {
    "no_answer": ("timed_out", "timed_out"),
    "busy": ("rejected", "busy"),
    "failed": ("rejected", "gone"),
}


def may_keep(who: Person, promise: Promise) -> bool:
    """The own advisor; once handed over, whoever of the desk group speaks the customer's language."""
    if promise["market_id"] not in who.markets:
        return False
    if promise["owner_state"] == "own":
        return bool(promise["advisor_id"] == who.id)
    return promise["desk_group_id"] == who.group_id and promise["language"] in who.languages


def member_may_keep(member: AdvisorEntry, promise: Promise) -> bool:
    """Whether somebody of the desk group could keep a promise that was handed over."""
    return promise["market_id"] in member.markets and promise["language"] in member.languages


def urgent(scene: Scene, promise: Promise) -> bool:
    """The window is nearly over: from now on the promise goes before the queue."""
    rules = scene.directory.markets[promise["market_id"]].policy(scene.now).callback
    return bool(scene.now >= promise["window_ends_at"] - timedelta(minutes=rules.urgent_minutes))


def rested_at(scene: Scene, who: Person, promise: Promise) -> datetime:
    """From when on the last one who is free takes a promise that isn't urgent: no call has come meanwhile."""
    rules = scene.directory.markets[promise["market_id"]].policy(scene.now).callback
    return (who.idle_since or who.since) + timedelta(seconds=rules.leave_one_free_s)


def announce_claims(scene: Scene, claimed: Sequence[Mapping[str, Any]]) -> None:
    for row in claimed:
        group_id = scene.directory.advisors[row["advisor_id"]].group_id
        scene.session.announce(presence_changed("presence.changed", {**row, "desk_group_id": group_id}, scene.now))


async def offer(scene: Scene, promise: Promise, who: Person) -> None:
    """Ring the advisor (claimed already) for a due promise: offer and attempt in one transaction."""
    now, session = scene.now, scene.session
    if await callback_queries.number_busy(session, promise["number"]) or await guarding.refused(scene, promise):
        await presences.offer_rescinded(session, who.id, now)
        return
    ring_s = scene.directory.markets[promise["market_id"]].policy(now).routing.ring_timeout_s
    row = {
        "id": scene.exchange.new_id(now),
        "market_id": promise["market_id"],
        "channel": "phone",
        "contact_id": None,
        "callback_id": promise["id"],
        "advisor_id": who.id,
        "state": "open",
        "made_at": now,
        "deadline_at": now + timedelta(seconds=ring_s) + OFFER_SLACK,
        "ringing_at": None,
        "decided_at": None,
        "reason": None,
        "decision_id": None,
    }
    await queries.insert(session, "offers", [row])
    await callback_queries.new_attempt(session, promise, scene.exchange.new_id(now), who.id, now)
    await callbacks.offered(session, promise, now)
    session.announce(offer_changed("offer.made", {**row, "desk_group_id": who.group_id}, now))
    session.wakes.add("dials")


async def hear(session: Session, exchange: Exchange, token: UUID, signal: Signal, now: datetime) -> None:
    """What the switch says of a dial. `leg` tells whose phone: the advisor's first, then the customer's ("caller").

    Any order and any repeats lead to the same end; news of an attempt that has ended changes nothing. Raises
    `NotFound` for an unknown token.
    """
    attempt = await _locked(session, token)
    if attempt is None:
        raise NotFound
    first = await parking.note(session, _call_id(token), signal, now)
    if attempt["ended_at"] is not None:
        return
    await callback_queries.signal_attempt(session, token, now)
    if first:
        scene = await arrivals.scene_for(session, exchange, now)
        await parking.take_in(session, _call_id(token), signal, now, partial(_apply, scene, token))


def _call_id(token: UUID) -> str:
    """Under which a dial is kept as a contact."""
    return f"dial:{token}"


async def _locked(session: Session, token: UUID) -> Mapping[str, Any] | None:
    """The attempt, locked after its promise: everybody who locks both does it in this order."""
    attempt = await callback_queries.attempt(session, token)
    if attempt is None:
        return None
    await callback_queries.lock(session, attempt["callback_id"])
    return await callback_queries.lock_attempt(session, token)


async def _apply(scene: Scene, token: UUID, signal: Signal) -> str:
    """The effect of one event: `done`, `late` or `parked`."""
    attempt = await callback_queries.attempt(scene.session, token)
    assert attempt is not None  # locked by now
    if attempt["ended_at"] is not None:
        return "late"
    promise = await callback_queries.lock(scene.session, attempt["callback_id"])
    assert promise is not None
    if promise["state"] == "offered":
        return await _advisor_leg(scene, promise, attempt, signal) if signal.leg == "advisor" else "parked"
    if promise["state"] == "dialling":
        return await _customer_leg(scene, promise, attempt, signal)
    return "late"


async def _advisor_leg(scene: Scene, promise: Promise, attempt: Mapping[str, Any], signal: Signal) -> str:
    offer = await offer_queries.open_callback_offer(scene.session, promise["id"])
    if offer is None:
        return "late"
    if signal.type == "hangup":
        return "parked"  # of a phone that has been picked up, as we shall hear; else the offer's deadline comes
    if signal.type == "ringing":
        await offer_queries.note_ringing(scene.session, offer, scene.now)
    elif signal.type == "answered":
        await _accepted(scene, promise, attempt, offer)
    elif signal.type in NOT_TAKEN:
        state, reason = NOT_TAKEN[signal.type]
        await not_taken(scene, promise, offer, state, reason)
    return "done"


async def _accepted(scene: Scene, promise: Promise, attempt: Mapping[str, Any], offer: Mapping[str, Any]) -> None:
    """The advisor is on the line: from here the customer's phone rings."""
    now, session = scene.now, scene.session
    await close_offer(scene, offer, "accepted", None)
    await presences.contact_accepted(session, offer["advisor_id"], now)
    await callbacks.dialling(session, promise, now)
    row: dict[str, Any] = dict.fromkeys(queries.COLUMNS)
    row.update(
        id=scene.exchange.new_id(now),
        market_id=promise["market_id"],
        channel="phone",
        direction="out",
        switch_call_id=_call_id(attempt["token"]),
        state="offered",
        since=now,
        received_at=now,
        age_at=now,
        customer_id=promise["customer_id"],
        language=promise["language"],
        needs={},
        priority=0,
        own_advisor_id=promise["advisor_id"],
        own_by="relationship" if promise["customer_id"] and promise["advisor_id"] else None,
        desk_group_id=scene.directory.advisors[offer["advisor_id"]].group_id,
        advisor_id=offer["advisor_id"],
        choices_asked=0,
        tried=[],
        last_signal_at=now,
        first_offered_at=now,
        callback_id=promise["id"],
    )
    await queries.insert(session, "contacts", [row])
    session.announce(contact_changed("contact.dialling", row, now))


async def not_taken(scene: Scene, promise: Promise, offer: Mapping[str, Any], state: str, reason: NotTaken) -> None:
    """The advisor's phone rang in vain: the promise is due again, the attempt didn't reach the customer's phone."""
    if not await close_offer(scene, offer, state, reason):
        return
    await presences.offer_not_taken(scene.session, offer["advisor_id"], reason, scene.now)
    attempt = await callback_queries.open_attempt(scene.session, promise["id"])
    if attempt is not None:
        await callback_queries.end_attempt(scene.session, attempt["token"], "not_taken", scene.now)
    await callbacks.not_taken(scene.session, promise, scene.now)


async def _customer_leg(scene: Scene, promise: Promise, attempt: Mapping[str, Any], signal: Signal) -> str:
    row = await queries.lock_by_call(scene.session, _call_id(attempt["token"]))
    assert row is not None  # written when the advisor accepted
    row = await queries.save(scene.session, row, last_signal_at=scene.now, asked_after_at=None)
    if signal.type not in DECISIVE or (signal.type == "answered" and signal.leg == "advisor"):
        return "done"
    if row["state"] == "connected" and signal.type in ("hangup", "failed"):
        await _talked(scene, attempt, row)
    elif row["state"] != "offered":
        return "late"
    elif signal.type == "answered":
        await _reached(scene, promise, attempt, row)
    elif signal.type == "hangup":
        # somebody has given up, unless the news that the customer has answered is still on its way
        await queries.save(scene.session, row, hung_up_at=row["hung_up_at"] or scene.now)
    else:
        await missed(scene, promise, attempt, row)
    return "done"


async def _reached(scene: Scene, promise: Promise, attempt: Mapping[str, Any], row: dict[str, Any]) -> None:
    """The customer has answered."""
    await callbacks.reached(scene.session, promise, row["advisor_id"], scene.now)
    row = await step(scene, row, "connected", "contact.connected", answered_at=scene.now)
    if row["hung_up_at"] is not None:
        await _talked(scene, attempt, row)


async def _talked(scene: Scene, attempt: Mapping[str, Any], row: dict[str, Any]) -> None:
    await callback_queries.end_attempt(scene.session, attempt["token"], "reached", scene.now)
    await ended(scene, row)


async def given_up(session: Session, exchange: Exchange, callback_id: UUID, now: datetime) -> None:
    """The grace after a hang-up is over, and nothing was heard of the customer's having answered."""
    promise = await callback_queries.lock(session, callback_id)
    attempt = await callback_queries.open_attempt(session, callback_id)
    if promise is None or attempt is None or promise["state"] != "dialling":
        return
    row = await queries.lock_by_call(session, _call_id(attempt["token"]))
    if row is not None and row["state"] == "offered" and row["hung_up_at"] is not None:
        await missed(await arrivals.scene_for(session, exchange, now), promise, attempt, row)


async def missed(scene: Scene, promise: Promise, attempt: Mapping[str, Any], row: dict[str, Any]) -> None:
    """The customer didn't answer: the advisor is free at once, and the promise gets another window or an end.

    Somebody who doesn't answer because they have got through to us meanwhile has what was promised.
    """
    now, session = scene.now, scene.session
    await callback_queries.end_attempt(session, attempt["token"], "missed", now)
    await presences.contact_ended(session, row["advisor_id"], now, wrap_up=timedelta(0))
    await step(scene, row, "abandoned", "contact.abandoned", ended_at=now, ended_reason="not_reached")
    if await queries.got_through(session, promise["customer_id"], promise["market_id"], promise["created_at"]):
        await callbacks.settle(session, await callbacks.not_reached(session, promise, now), now)
        return
    await callbacks.missed(session, promise, await _retry(scene, promise), now)


async def _retry(scene: Scene, promise: Promise) -> Slot | None:
    """The next window, within the market's number of retries."""
    market = scene.directory.markets[promise["market_id"]]
    rules = market.policy(scene.now).callback
    if promise["attempts"] > rules.retries:
        return None
    calendar = await keeper_calendar(scene, promise)
    tried = await callback_queries.tried_at(scene.session, promise["id"])
    gap = timedelta(minutes=rules.retry_minutes)
    return retry_after(tried, scene.now, calendar, slot_policy(market, scene.now), gap=gap)


async def look_after(scene: Scene, promise: Promise) -> None:
    """A due promise whose window is over: its owner keeps it late if at work, else the desk group takes it."""
    if promise["state"] != "due" or promise["next_action_at"] > scene.now:
        return
    owner = scene.directory.advisors.get(promise["advisor_id"]) if promise["advisor_id"] else None
    patience = promise["window_ends_at"] - promise["window_starts_at"]
    over = scene.now >= promise["window_ends_at"]
    gone = owner is None or owner.absent_until(scene.now) is not None or not owner.working.at_work(scene.now)
    too_late = scene.now >= promise["window_ends_at"] + patience
    if promise["owner_state"] == "own" and over and (gone or too_late):
        reason = "own_advisor_away" if gone else "own_advisor_not_free"
        await callbacks.hand_to_group(scene.session, promise, reason, scene.now)
        return
    await callbacks.look_again(scene.session, promise, scene.now + LOOK_AGAIN)
    scene.session.wakes.add("dispatch")


async def gone_silent(session: Session, exchange: Exchange, token: UUID, now: datetime) -> None:
    """The switch says nothing of an attempt: the advisor is free, and the promise gets its next chance.

    Whether the customer's phone rang is not known, so it counts as an attempt if the advisor had answered.
    """
    attempt = await _locked(session, token)
    if attempt is None or attempt["ended_at"] is not None:
        return
    scene = await arrivals.scene_for(session, exchange, now)
    promise = await callback_queries.lock(session, attempt["callback_id"])
    row = await queries.lock_by_call(session, _call_id(token))
    assert promise is not None
    if promise["state"] == "offered":
        offer = await offer_queries.open_callback_offer(session, promise["id"])
        if offer is not None:
            await not_taken(scene, promise, offer, "timed_out", "timed_out")
    elif row is not None and row["state"] == "offered":
        await missed(scene, promise, attempt, row)
    elif row is not None and row["state"] == "connected":
        await callback_queries.end_attempt(session, token, "lost_signal", now)
        await lost(scene, row)
