"""What advisors do at their desk: choose a status, refuse an offer, wrap up; and the heartbeat that keeps them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from advisors import presences
from advisors.presence import Presence
from callbacks import queries as callback_queries
from contacts import arrivals, keeping, offer_queries, queries
from contacts.conversations import complete, not_taken
from contacts.exchange import Exchange
from contacts.situation import Scene
from kit.database import Session
from kit.errors import Conflict, NotFound


class OfferExpired(Conflict):
    """The offer was decided before: taken, timed out or withdrawn."""

    word, title = "offer-expired", "That offer is over."


class NothingToWrapUp(Conflict):
    word, title = "nothing-to-wrap-up", "There is no contact to wrap up."


@dataclass(frozen=True, slots=True)
class WrapUp:
    """What the contact was about, whether it was solved, and a note for the customer's own advisor."""

    disposition: str | None = None
    solved: bool | None = None
    note: str | None = None


async def choose(
    session: Session, exchange: Exchange, advisor_id: UUID, state: str, now: datetime, reason: str | None = None
) -> Presence:
    """A status by hand. Leaving a wrap-up completes its contact; while ringing it refuses the offer."""
    await _lock_what_it_ends(session, advisor_id)
    row = await presences.lock(session, advisor_id)
    if row["state"] == "wrap_up":
        scene = await arrivals.scene_for(session, exchange, now)
        await _complete_wrapping(scene, advisor_id)
    if row["state"] == "offered" and state in ("break", "meeting"):
        await _refuse_open(session, exchange, advisor_id, state, now)
        return await presences.present(session, advisor_id)
    return await presences.choose(session, advisor_id, state, now, reason)


async def _lock_what_it_ends(session: Session, advisor_id: UUID) -> None:
    """Contacts and promises are locked before presences, here as everywhere, so that nobody waits in a circle."""
    offer = await offer_queries.open_offer_of(session, advisor_id)
    if offer is not None:
        await _lock_subject(session, offer)
    for contact_id in await queries.wrapping_of(session, advisor_id):
        await queries.lock(session, contact_id)


async def _lock_subject(session: Session, offer: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The contact or the promise that was offered."""
    if offer["contact_id"] is not None:
        return await queries.lock(session, offer["contact_id"])
    return await callback_queries.lock(session, offer["callback_id"])


async def _complete_wrapping(scene: Scene, advisor_id: UUID) -> None:
    for contact_id in await queries.wrapping_of(scene.session, advisor_id):
        row = await queries.lock(scene.session, contact_id)
        if row is not None and row["state"] == "wrapping":
            await complete(scene, row)


async def _refuse_open(session: Session, exchange: Exchange, advisor_id: UUID, reason: str, now: datetime) -> None:
    offer = await offer_queries.open_offer_of(session, advisor_id)
    if offer is not None:
        await reject(session, exchange, advisor_id, offer["id"], reason, now)


async def reject(
    session: Session, exchange: Exchange, advisor_id: UUID, offer_id: UUID, reason: str | None, now: datetime
) -> None:
    """Refuse an offer: with a reason (`break`, `meeting`) it leads there, else to `not_responding`.

    Raises `NotFound` for an offer that isn't this advisor's, `OfferExpired` for one that is over.
    """
    seen = await offer_queries.offer(session, offer_id)
    if seen is None or seen["advisor_id"] != advisor_id:
        raise NotFound
    subject = await _lock_subject(session, seen)
    offer = await offer_queries.offer(session, offer_id)
    assert subject is not None
    assert offer is not None  # neither is ever deleted
    if offer["state"] != "open":
        raise OfferExpired(present_state=offer["state"])
    scene = await arrivals.scene_for(session, exchange, now)
    why = reason if reason in ("break", "meeting") else "rejected"
    if offer["contact_id"] is not None:
        await not_taken(scene, dict(subject), offer, "rejected", why)  # type: ignore[arg-type]
    else:
        await keeping.not_taken(scene, subject, offer, "rejected", why)  # type: ignore[arg-type]


async def wrap_up(
    session: Session, exchange: Exchange, advisor_id: UUID, contact_id: UUID, done: WrapUp, now: datetime
) -> dict[str, Any]:
    """Store what is to be remembered and end the wrap-up. Notes may still be added to a contact that is over."""
    row = await queries.lock(session, contact_id)
    if row is None or row["advisor_id"] != advisor_id:
        raise NotFound
    if row["state"] not in ("wrapping", "completed"):
        raise NothingToWrapUp(present_state=row["state"])
    row = await queries.save(session, row, disposition=done.disposition, solved=done.solved, note=done.note)
    if row["state"] == "completed":
        return row
    scene = await arrivals.scene_for(session, exchange, now)
    return await complete(scene, row)


async def heartbeat(session: Session, advisor_id: UUID, now: datetime) -> None:
    """The desk is open: the lease is renewed."""
    await presences.hear_of(session, advisor_id, now)


async def current(session: Session, advisor_id: UUID) -> Mapping[str, Any] | None:
    """The phone contact that the advisor is in or wraps up, if there is one."""
    return await queries.active_of(session, advisor_id)
