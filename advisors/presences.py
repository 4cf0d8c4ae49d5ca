"""Presence as rows: each verb locks, takes one legal step of the pure machine, saves, and announces it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from advisors import presence as machine
from advisors import presence_queries as queries
from advisors.presence import NotTaken, Presence
from advisors.public import presence_changed
from kit.database import Session
from kit.errors import NotFound

LEASE = timedelta(seconds=25)
"""How long a heartbeat counts; with the look every few seconds nobody stays available 30 s after the last one."""


async def lock(session: Session, advisor_id: UUID) -> Mapping[str, Any]:
    """The presence row, locked until the end of the transaction. Raises `NotFound`."""
    row = await queries.lock(session, advisor_id)
    if row is None:
        raise NotFound
    return row


async def choose(
    session: Session, advisor_id: UUID, state: str, now: datetime, reason: str | None = None
) -> Presence:
    """The advisor chooses a status by hand; during a contact it becomes the next one. Renews the lease."""
    row = await lock(session, advisor_id)
    chosen = machine.chosen(_of(row), state, now, reason)
    if chosen.state != "offline":
        chosen = machine.heard_of(chosen, now + LEASE)
    return await _save(session, row, chosen, now)


async def present(session: Session, advisor_id: UUID) -> Presence:
    """What the advisor is doing now."""
    return _of(await lock(session, advisor_id))


async def hear_of(session: Session, advisor_id: UUID, now: datetime, lease: timedelta = LEASE) -> None:
    """A heartbeat of the desk, or a registration of the phone: a lease, not a change of state, so no event."""
    if not await queries.renew_lease(session, advisor_id, now + lease):
        raise NotFound


async def contact_accepted(session: Session, advisor_id: UUID, now: datetime) -> Presence:
    row = await lock(session, advisor_id)
    return await _save(session, row, machine.accepted(_of(row), now), now)


async def offer_not_taken(session: Session, advisor_id: UUID, reason: NotTaken, now: datetime) -> Presence:
    row = await lock(session, advisor_id)
    if row["state"] != "offered":
        return _of(row)
    return await _save(session, row, machine.not_taken(_of(row), reason, now), now)


async def offer_rescinded(session: Session, advisor_id: UUID, now: datetime) -> Presence:
    row = await lock(session, advisor_id)
    if row["state"] != "offered":
        return _of(row)
    return await _save(session, row, machine.rescinded(_of(row), now), now)


async def contact_ended(session: Session, advisor_id: UUID, now: datetime, *, wrap_up: timedelta) -> Presence:
    """The conversation is over: the status chosen meanwhile, else wrap-up for at most `wrap_up` (0: none)."""
    row = await lock(session, advisor_id)
    if row["state"] != "in_contact":
        return _of(row)
    ended = machine.contact_ended(_of(row), wants_wrap_up=wrap_up > timedelta(0), limit=wrap_up, now=now)
    return await _save(session, row, ended, now)


async def wrapped_up(session: Session, advisor_id: UUID, now: datetime) -> Presence:
    """Wrap-up is done or its limit reached; somebody who has moved on already stays where they are."""
    row = await lock(session, advisor_id)
    if row["state"] != "wrap_up":
        return _of(row)
    return await _save(session, row, machine.wrapped_up(_of(row), now), now)


async def lapse(session: Session, advisor_id: UUID, now: datetime) -> Presence:
    """Nobody has been heard for the length of a lease."""
    row = await lock(session, advisor_id)
    return await _save(session, row, machine.lease_expired(_of(row), now), now)


def _of(row: Mapping[str, Any]) -> Presence:
    return Presence(
        state=row["state"],
        since=row["since"],
        idle_since=row["idle_since"],
        reason=row["reason"],
        next_state=row["next_state"],
        next_reason=row["next_reason"],
        lease_until=row["lease_until"],
        deadline_at=row["deadline_at"],
    )


async def _save(session: Session, before: Mapping[str, Any], after: Presence, now: datetime) -> Presence:
    """Write the step and announce it; free again means that whoever waits should be looked at."""
    if after == _of(before):
        return after
    row = await queries.save(session, before["advisor_id"], after)
    # read again: the lock may have been waited for, and the advisor have moved meanwhile
    group_id = await queries.group_of(session, before["advisor_id"])
    session.announce(presence_changed("presence.changed", {**row, "desk_group_id": group_id}, now))
    if after.state == "available":
        session.wakes.add("dispatch")
    return after
