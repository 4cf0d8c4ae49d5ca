"""The life of a call as the switch reports it: received once, heard in any order, answered with verbs.

Promises
- A call is stored once under the switch's own id; a repeat gets the answer that holds now.
- An event takes effect once. One that comes before its time is parked, and applied when its predecessor has been;
  so any order of a call's events leads to the same end, as long as news of an advisor's phone names the offer.
- A hang-up of a caller who isn't connected yet is believed after a moment of grace: the news that an advisor has
  answered may still be on its way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from advisors import presences
from callbacks import queries as callback_queries
from contacts import arrivals, offer_queries, parking, queries, switch_queries
from contacts.answers import Answer, answer
from contacts.choices import EXPECTS_DIGITS, typed
from contacts.conversations import answered, ended, not_taken
from contacts.exchange import Exchange
from contacts.placing import place
from contacts.public import contact_changed
from contacts.situation import Case, Scene
from contacts.states import CONTACT
from kit.database import Session
from kit.errors import NotFound
from telephony.inbound import InboundCall, Signal

NOT_TAKEN = {"no_answer": ("timed_out", "timed_out"), "busy": ("rejected", "busy"), "failed": ("rejected", "gone")}


async def receive_call(session: Session, exchange: Exchange, call: InboundCall, now: datetime) -> Answer:
    """One call; see `receive_calls`."""
    return (await receive_calls(session, exchange, [call], now))[0]


async def receive_calls(
    session: Session, exchange: Exchange, calls: Sequence[InboundCall], now: datetime
) -> list[Answer]:
    """Calls that came in at the same time, decided together in one transaction. Call ids differ from each other."""
    situations = await queries.situations(session, calls)
    scene = await arrivals.scene_for(session, exchange, now, situations[0]["version"])
    drafts = [
        None if situation["contact_id"] is not None else arrivals.drafted(scene, call, situation)
        for call, situation in zip(calls, situations, strict=True)
    ]
    await _store(scene, [case for case in drafts if case is not None])
    return [
        await _first_answer(scene, call, case, heard_early=situation["heard_early"])
        for call, case, situation in zip(calls, drafts, situations, strict=True)
    ]


async def _store(scene: Scene, cases: Sequence[Case]) -> None:
    """Place those whose caller is known; ask the others who they are."""
    unknown = [case for case in cases if case.row["state"] == "identifying"]
    if unknown:
        await queries.insert(scene.session, "contacts", [case.row for case in unknown])
        for case in unknown:
            scene.session.announce(contact_changed("contact.identifying", case.row, scene.now))
    known = [case for case in cases if case.row["state"] != "identifying"]
    if known:
        await place(scene, known)


async def _first_answer(scene: Scene, call: InboundCall, case: Case | None, *, heard_early: bool) -> Answer:
    row = case.row if case is not None else await queries.by_call(scene.session, call.call_id)
    assert row is not None
    if case is not None and heard_early:
        row = await _settle_parked(scene, row)
    return await answer(scene, row, case.offer if case is not None else None)


async def standing(session: Session, exchange: Exchange, call_id: str, now: datetime) -> Answer | None:
    """What the switch should be doing with a call now; None for an unknown one. Counts as a sign of life."""
    row = await queries.lock_by_call(session, call_id)
    if row is None or row["direction"] == "out":
        return None
    scene = await arrivals.scene_for(session, exchange, now)
    if row["ended_at"] is None:
        row = await queries.save(session, row, last_signal_at=now, asked_after_at=None)
        if row["state"] == "waiting":
            session.wakes.add("dispatch")
    return await answer(scene, row)


async def register(session: Session, endpoint: str | None, uri: str | None, expires_s: int, now: datetime) -> None:
    """A phone is there: its advisor's lease lasts as long as the registration. Raises `NotFound`."""
    advisor_id = await queries.advisor_of_phone(session, endpoint, uri)
    if advisor_id is None:
        raise NotFound
    await presences.hear_of(session, advisor_id, now, timedelta(seconds=expires_s))


async def still_there(session: Session, call_ids: Sequence[str], tokens: Sequence[UUID], now: datetime) -> None:
    """A switch that tells of all its calls and dials at once: signs of life, without a word on what to do."""
    await queries.alive(session, [*call_ids, *(f"dial:{token}" for token in tokens)], now)
    await callback_queries.signal_attempts(session, tokens, now)


async def hear(session: Session, exchange: Exchange, call_id: str, signal: Signal, now: datetime) -> Answer | None:
    """An event of the switch. None for a call that is unknown yet: the event is kept for its predecessor."""
    row = await queries.lock_by_call(session, call_id)
    if row is not None and row["direction"] == "out":
        return None  # a dial is told of under its token
    first = await parking.note(session, call_id, signal, now)
    if row is None:
        return None
    scene = await arrivals.scene_for(session, exchange, now)
    if row["ended_at"] is None:
        # a repeat, too, says that the call is alive
        row = await queries.save(session, row, last_signal_at=now, asked_after_at=None)
    if first:
        told = Told(scene, row)
        await parking.take_in(session, call_id, signal, now, told.apply)
        row = told.row
    return await answer(scene, row)


async def hear_early_news(session: Session, exchange: Exchange, contact_id: UUID, now: datetime) -> None:
    """News that came in the very moment in which its call was received: neither transaction saw the other."""
    row = await queries.lock(session, contact_id)
    if row is not None and row["ended_at"] is None:
        await _settle_parked(await arrivals.scene_for(session, exchange, now), row)


async def _settle_parked(scene: Scene, row: dict[str, Any]) -> dict[str, Any]:
    """What was heard of this call before it was received."""
    told = Told(scene, row)
    await parking.settle(scene.session, row["switch_call_id"], scene.now, told.apply)
    return told.row


@dataclass
class Told:
    """A contact of which news comes in; `row` is how it stands after what was applied last."""

    scene: Scene
    row: dict[str, Any]

    async def apply(self, signal: Signal) -> str:
        effect, self.row = await _apply(self.scene, self.row, signal)
        return effect


async def _apply(scene: Scene, row: dict[str, Any], signal: Signal) -> tuple[str, dict[str, Any]]:
    """The effect of one event (`done`, `late`, `parked`) and the contact after it."""
    if row["state"] in CONTACT.final:
        return "late", row
    match signal.type:
        case "alive":
            return "done", row
        case "digits":
            return await _digits(scene, row, signal)
        case "hangup":
            return await _hung_up(scene, row, signal)
        case _ if signal.leg == "caller":
            return ("done", row) if signal.type != "failed" else await _hung_up(scene, row, signal)
        case _:
            return await _advisor_leg(scene, row, signal)


async def _digits(scene: Scene, row: dict[str, Any], signal: Signal) -> tuple[str, dict[str, Any]]:
    if row["state"] not in EXPECTS_DIGITS:
        return ("late" if row["state"] in ("connected", "wrapping") else "parked"), row
    if signal.ordinal is not None:
        typed_before = await switch_queries.digits_done(scene.session, row["switch_call_id"])
        if signal.ordinal > typed_before + 1:
            return "parked", row
    return "done", await typed(scene, row, signal)


async def _hung_up(scene: Scene, row: dict[str, Any], signal: Signal) -> tuple[str, dict[str, Any]]:
    if row["state"] == "connected":
        return "done", await ended(scene, row)
    if row["state"] == "wrapping":
        return "late", row
    if signal.leg == "advisor":
        return "parked", row
    return "done", await queries.save(scene.session, row, hung_up_at=scene.now)


async def _advisor_leg(scene: Scene, row: dict[str, Any], signal: Signal) -> tuple[str, dict[str, Any]]:
    """What the advisor's phone does; it belongs to the offer named, else to the one that is open."""
    offer = await _offer_meant(scene, row, signal.offer_id or signal.token)
    if offer is None:
        return "parked", row
    if offer["state"] != "open" or offer["contact_id"] != row["id"]:
        return "late", row
    if signal.type == "ringing":
        await offer_queries.note_ringing(scene.session, offer, scene.now)
        return "done", row
    if signal.type == "answered":
        return "done", await answered(scene, row, offer)
    state, reason = NOT_TAKEN[signal.type]
    return "done", await not_taken(scene, row, offer, state, reason)  # type: ignore[arg-type]


async def _offer_meant(scene: Scene, row: Mapping[str, Any], offer_id: UUID | None) -> Mapping[str, Any] | None:
    if offer_id is not None:
        return await offer_queries.offer(scene.session, offer_id)
    return await offer_queries.open_offer(scene.session, row["id"])
