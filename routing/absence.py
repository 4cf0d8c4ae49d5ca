"""Why the own advisor doesn't answer, in words that may be told, and whether holding for them makes sense."""

from __future__ import annotations

from datetime import datetime, timedelta

from routing.problem import ContactProblem, Person
from routing.rules import asked_by, vetoes

PASSING = frozenset({"is_available", "has_capacity"})  # the vetoes that end by themselves
SOON_FREE = frozenset({"in_contact", "wrap_up", "offered", "available"})


def reason_for(own: Person) -> str:
    """absent, no_answer, offline, break, meeting, training, in_contact, wrap_up, busy or not_qualified.

    Never the kind of an absence, which is the advisor's own business.
    """
    if own.has_absence:
        return "absent"
    if own.excluded or own.state == "not_responding":
        return "no_answer"
    if own.state != "available":
        return "in_contact" if own.state == "offered" else own.state
    return "not_qualified" if own.free_for_channel else "busy"


def returns_at(own: Person) -> datetime | None:
    """The end of the absence or the begin of the next shift; `None` where none is known or none applies."""
    if own.has_absence:
        return own.absent_until
    return own.next_shift_at if own.state == "offline" else None


def own_wait_s(contact: ContactProblem) -> float | None:
    """How long the own advisor will be busy for this caller; `None` where nobody can say."""
    if contact.own_expected_wait_s is not None:
        return contact.own_expected_wait_s
    return contact.own.expected_free_s if contact.own is not None else None


def holding_makes_sense(contact: ContactProblem) -> bool:
    """Only a contact or its wrap-up lies between, and it ends before the doors close."""
    own = contact.own
    if own is None or own.state not in SOON_FREE:
        return False
    free_at = contact.now + timedelta(seconds=own_wait_s(contact) or 0)
    in_time = contact.closes_at is None or free_at < contact.closes_at
    return in_time and all(against.rule in PASSING for against in vetoes(own, asked_by(contact)))
