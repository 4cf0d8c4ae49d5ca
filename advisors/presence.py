"""What an advisor is doing now: a pure machine over frozen values.

Promises
- Every function returns a new `Presence` one legal step further, or raises `IllegalTransition`; nothing else
  changes a state. A function that finds nothing to do returns the very same object.
- The phone is the truth while `offered` or `in_contact`: a desk that falls silent ends neither. The offer's
  deadline, the contact's end or the watchdog lead out of them, and then the lapsed lease is noticed.
- A status chosen during a contact waits in `next_state`; chosen while ringing it is a refusal of the offer, which
  the caller of `chosen` must end in the same transaction.
- `deadline_at` is the limit of a wrap-up and empty otherwise; an offer carries its own deadline.
- `idle_since` orders the longest idle: it starts anew after a contact, at sign-in, after a long pause and after an
  offer that was not taken; a rescinded offer and a short pause leave it alone.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from kit.states import IllegalTransition, machine

PRESENCE = machine(
    "presence",
    {"offline"},
    offline="available",
    available="offered break meeting training offline",
    offered="in_contact available not_responding break meeting",
    in_contact="wrap_up available break meeting offline",
    wrap_up="available break meeting training offline",
    **dict.fromkeys(("break", "meeting", "training"), "available offline"),
    not_responding="available break offline",
)

CHOOSABLE = frozenset({"available", "break", "meeting", "training", "offline"})
"""What a person may choose by hand; whether it may be chosen now is the machine's to say."""

PAUSES = frozenset({"break", "meeting", "training"})
SHORT_BREAK = timedelta(minutes=10)
"""A pause up to this long does not put anybody back behind those who stayed."""

NotTaken = Literal["timed_out", "rejected", "busy", "gone", "break", "meeting"]
PublicState = Literal["free", "talking", "soon_free", "not_at_desk", "not_there"]


@dataclass(frozen=True, slots=True)
class Presence:
    """One advisor's presence. Instants are aware and in UTC; `next_…` is the status chosen during a contact."""

    state: str
    since: datetime
    idle_since: datetime
    reason: str | None = None
    next_state: str | None = None
    next_reason: str | None = None
    lease_until: datetime | None = None
    deadline_at: datetime | None = None


def signed_off(now: datetime) -> Presence:
    """How everybody begins."""
    return Presence("offline", since=now, idle_since=now)


def ready(presence: Presence, now: datetime) -> bool:
    """Whether an offer may be made: available, and heard of lately."""
    return presence.state == "available" and has_lease(presence, now)


def has_lease(presence: Presence, now: datetime) -> bool:
    return presence.lease_until is not None and now < presence.lease_until


def heard_of(presence: Presence, lease_until: datetime) -> Presence:
    """A heartbeat of the desk or a registration of the phone; a late one never shortens the lease."""
    if presence.lease_until is not None and lease_until <= presence.lease_until:
        return presence
    return replace(presence, lease_until=lease_until)


def offered(presence: Presence, now: datetime) -> Presence:
    return _step(presence, "offered", now)


def rescinded(presence: Presence, now: datetime) -> Presence:
    """The offer was withdrawn, through no doing of the advisor: the place among the idle is kept."""
    return _step(presence, "available", now, only="offered")


def accepted(presence: Presence, now: datetime) -> Presence:
    return _step(presence, "in_contact", now, only="offered")


def not_taken(presence: Presence, reason: NotTaken, now: datetime) -> Presence:
    """The offer ended unanswered; refused with a reason (`break`, `meeting`) it leads there."""
    if reason in PAUSES:
        return _step(presence, reason, now, only="offered")
    return _step(presence, "not_responding", now, reason=reason, only="offered")


def after_contact(next_state: str | None, wants_wrap_up: bool, limit: timedelta) -> str:
    """The state that follows a contact: the one chosen meanwhile, else wrap-up where there is any."""
    if next_state is not None:
        return next_state
    return "wrap_up" if wants_wrap_up and limit > timedelta(0) else "available"


def contact_ended(presence: Presence, *, wants_wrap_up: bool, limit: timedelta, now: datetime) -> Presence:
    """The contact is over; a wrap-up ends at the latest after `limit`."""
    following = after_contact(presence.next_state, wants_wrap_up, limit)
    ended = _step(presence, following, now, reason=presence.next_reason, only="in_contact")
    return replace(ended, idle_since=now, deadline_at=now + limit if following == "wrap_up" else None)


def wrapped_up(presence: Presence, now: datetime) -> Presence:
    """The wrap-up is done, or its limit is reached."""
    return replace(_step(presence, "available", now, only="wrap_up"), idle_since=now)


def chosen(presence: Presence, state: str, now: datetime, reason: str | None = None) -> Presence:
    """The advisor chooses a status by hand; chosen during a contact it becomes the next one.

    While ringing only `break` and `meeting` may be chosen: that refuses the offer.
    """
    if state not in CHOOSABLE or (presence.state == "offered" and state not in PAUSES):
        raise IllegalTransition(PRESENCE.name, presence.state, state)
    if state == presence.state:
        return presence
    if presence.state == "in_contact":
        PRESENCE.check("in_contact", state)
        return replace(presence, next_state=state, next_reason=reason)
    idle_since = _idle_since(presence, now) if state == "available" else presence.idle_since
    return replace(_step(presence, state, now, reason=reason), idle_since=idle_since)


def no_longer_chosen(presence: Presence) -> Presence:
    """The status chosen during a contact is taken back: wrap-up follows as usual."""
    return replace(presence, next_state=None, next_reason=None)


def lease_expired(presence: Presence, now: datetime) -> Presence:
    """Nobody has been heard for the length of a lease: offline, unless the phone says otherwise."""
    if presence.state in {"offline", "offered", "in_contact"} or has_lease(presence, now):
        return presence
    return _step(presence, "offline", now, reason="lease_expired")


def public_state(state: str) -> PublicState:
    """What a customer may know. Breaks, meetings, trainings and missed calls all sound alike."""
    return _PUBLIC.get(state, "not_at_desk")


_PUBLIC: dict[str, PublicState] = {
    "available": "free",
    "offered": "talking",
    "in_contact": "talking",
    "wrap_up": "soon_free",
    "offline": "not_there",
}


def _step(
    presence: Presence, state: str, now: datetime, *, reason: str | None = None, only: str | None = None
) -> Presence:
    """One legal step; `only` names the state it must start from where the table alone would allow more."""
    if only is not None and presence.state != only:
        raise IllegalTransition(PRESENCE.name, presence.state, state)
    PRESENCE.check(presence.state, state)
    return replace(
        presence, state=state, since=now, reason=reason, next_state=None, next_reason=None, deadline_at=None
    )


def _idle_since(presence: Presence, now: datetime) -> datetime:
    """Since when somebody who becomes available by hand counts as idle."""
    short = presence.state in PAUSES and now - presence.since <= SHORT_BREAK
    return presence.idle_since if short else now
