"""A mail: nobody is on the line, so it may wait for who knows the customer, but not for ever.

    own advisor free                 → Offer
    own advisor at work that day     → Wait for them, until `own_until`
    after it, or not taken           → Offer to a colleague of the own group, its neighbours, the general one
    nobody free                      → Wait for these groups

Demands on skills don't relax with the wait as they do for callers; they fall after a day, as a mail that nobody may
answer would never be answered. A mail is never turned away: opening hours decide when it is read, not whether.

`own_until` is the limit for the own advisor's turn: the least of the end of the working day on which they can first
answer, and of the market's allowance from when they are at work. Whoever is away for longer has no turn.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial

from routing import because
from routing.plan import Offer, Plan, Reason, Trail, Wait
from routing.preferences import score
from routing.problem import ContactProblem, Group, Person
from routing.reach import colleagues, rings
from routing.rules import Asked, veto

NEEDS_FALL_AFTER = timedelta(days=1)
LOOK_AGAIN_S = 600.0


def own_until(
    now: datetime, at_work_from: datetime | None, day_ends_at: datetime | None, within: timedelta
) -> datetime:
    """Until when a mail that came `now` waits for its own advisor; `now` itself: not at all.

    `at_work_from` is when they are at work next (`now` while they are), `day_ends_at` the end of the working day on
    which the market can first answer; None: not in sight, or no end.
    """
    if at_work_from is None or (day_ends_at is not None and at_work_from >= day_ends_at):
        return now
    allowed = at_work_from + within
    return allowed if day_ends_at is None else min(allowed, day_ends_at)


def decide(contact: ContactProblem) -> Plan:
    """The plan for this mail now."""
    asked = _asked(contact)
    return _own(contact, asked) or _own_turn(contact) or _colleague(contact, asked)


def _asked(contact: ContactProblem) -> Asked:
    since = contact.own_until or contact.age
    fallen = contact.now >= since + NEEDS_FALL_AFTER
    return Asked(contact.market, contact.languages, () if fallen else contact.needs)


def _own(contact: ContactProblem, asked: Asked) -> Offer | None:
    own = contact.own
    if own is None or veto(own, asked) is not None:
        return None
    trail = Trail(partial(because.own_is_free, own))
    return Offer((Reason("own_advisor_free"),), trail, own.id, contact.policy.ring_timeout_s, own=True)


def _own_turn(contact: ContactProblem) -> Wait | None:
    own, until = contact.own, contact.own_until
    if own is None or own.excluded or until is None or contact.now >= until:
        return None
    left_s = (until - contact.now).total_seconds()
    trail = Trail(partial(because.over, contact, (), left_s))
    return Wait((Reason("waits_for_own_advisor"),), trail, "own", (), False, left_s)


def _colleague(contact: ContactProblem, asked: Asked) -> Offer | Wait:
    groups = tuple(group for group in rings(contact) if group.open)
    found = _best(contact, asked, groups)
    if found is None:
        trail = Trail(partial(because.over, contact, groups, LOOK_AGAIN_S))
        ids = tuple(group.id for group in groups)
        return Wait((Reason("nobody_free"),), trail, "group", ids, False, LOOK_AGAIN_S)
    ring, best = found
    reason = Reason("colleague_of_the_group" if ring == 0 else "colleague_nearby")
    trail = Trail(partial(because.over, contact, groups))
    return Offer((reason,), trail, best.id, contact.policy.ring_timeout_s, own=False)


def _best(contact: ContactProblem, asked: Asked, groups: tuple[Group, ...]) -> tuple[int, Person] | None:
    """The best of the first group that has somebody free, and which group that is."""
    for ring, group in enumerate(groups):
        free = [person for person in colleagues(contact, group) if veto(person, asked) is None]
        if free:
            return ring, min(free, key=lambda person: (score(person, contact, ring), person.id))
    return None
