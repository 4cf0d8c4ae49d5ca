"""One contact, no solver: the path taken nearly always (steps 4–9 in the life of an inbound call).

    closed, emergency                    → Closed
    own advisor free                     → Offer
    own advisor not free, nothing chosen → Explain, with the choices there are
    callback chosen                      → ToCallbackOnly
    hold chosen                          → Wait for the own advisor, until the hold is over
    colleague chosen, or nothing twice   → Offer in the own group, then in its neighbours as they are let in
    nobody free                          → Wait; demands relax with the wait, as the policy says
    nobody in time                       → ToCallbackOnly

An unknown caller reaches the owner of the number if free, else the owner's group, and hears nothing of the
owner. Work-conserving: who is let in, eligible and free is offered to a caller who wants a colleague.
Whoever claims the advisor and comes too late asks again with that person marked as `excluded`.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from routing import because
from routing.absence import holding_makes_sense, own_wait_s, reason_for, returns_at
from routing.plan import Closed, Explain, Offer, Plan, Reason, ToCallbackOnly, Trail, Wait
from routing.preferences import idle_since, score
from routing.problem import ContactProblem, Group, Person
from routing.reach import colleagues, let_in, next_step_s, rings, somebody_will_help
from routing.rules import Asked, asked_by, veto

OWN_IS_FREE = (Reason("own_advisor_free"),)
OWNER_IS_FREE = (Reason("owner_of_the_number_free"),)


def decide(contact: ContactProblem) -> Plan:
    """The plan for this contact now. `groups` may be left empty only where the own advisor is free."""
    asked = asked_by(contact)
    return (
        _callback(contact)
        or _closed(contact)
        or _own(contact, asked)
        or _explained(contact, asked)
        or _held(contact)
        or _colleague(contact, asked)
    )


def longest_idle_anyone(contact: ContactProblem) -> Plan:
    """The plan of a switch that knows no relationship: whoever of all the groups is idle longest."""
    if closed := _closed(contact):
        return closed
    asked, groups = asked_by(contact), tuple(group for group in contact.groups.values() if group.open)
    own = () if contact.own is None else (contact.own,)
    everybody = (*own, *(person for group in groups for person in group.members))
    free = [person for person in everybody if veto(person, asked) is None]
    if not free:
        return _nobody_free(contact, groups, reach=groups)
    best = min(free, key=lambda person: (idle_since(person), person.id))
    trail = Trail(partial(because.by_idle_time, contact, groups))
    is_own = contact.own is not None and best.id == contact.own.id
    return Offer((Reason("longest_idle"),), trail, best.id, contact.policy.ring_timeout_s, is_own)


def _callback(contact: ContactProblem) -> ToCallbackOnly | None:
    chosen = contact.choice == "callback" and contact.slots_exist
    return _to_callback(contact, "callback_chosen") if chosen else None


def _closed(contact: ContactProblem) -> Closed | None:
    if contact.open_now and not contact.emergency:
        return None
    reason = Reason("emergency_closure" if contact.emergency else "outside_opening_hours")
    trail = Trail(partial(because.shut, contact))
    return Closed((reason,), trail, contact.opens_at, _instead(contact))


def _own(contact: ContactProblem, asked: Asked) -> Offer | None:
    own = contact.own
    if own is None or veto(own, asked) is not None:
        return None
    reasons = OWN_IS_FREE if contact.known_customer else OWNER_IS_FREE
    trail = Trail(partial(because.own_is_free, own))
    return Offer(reasons, trail, own.id, contact.policy.ring_timeout_s, own=True)


def _explained(contact: ContactProblem, asked: Asked) -> Explain | Wait | None:
    """Say why and let the caller choose: not those who have no advisor, have chosen, or don't choose."""
    own, policy = contact.own, contact.policy
    chosen = contact.choice is not None or contact.choices_asked >= policy.choice_attempts
    if own is None or chosen or not contact.known_customer:
        return None
    if _nearly_there(contact, own):
        return _wait_for_own(contact, policy.brief_hold_s - contact.held_s, "wrap_up_nearly_over")
    waits = _choices(contact, asked)
    if not waits:
        return None
    told = {choice: wait_s for choice, wait_s in waits.items() if choice != "callback"}
    absence = reason_for(own)
    trail = Trail(partial(because.over, contact, let_in(contact)))
    reasons = (Reason(f"own_advisor_{absence}"),)
    return Explain(reasons, trail, absence, returns_at(own), tuple(waits), told)


def _nearly_there(contact: ContactProblem, own: Person) -> bool:
    wait_s, left_s = own_wait_s(contact), contact.policy.brief_hold_s - contact.held_s
    brief = wait_s is not None and left_s > 0 and wait_s <= left_s
    return brief and own.state == "wrap_up" and holding_makes_sense(contact)


def _choices(contact: ContactProblem, asked: Asked) -> dict[str, float | None]:
    """What the caller may choose, in the order read out, with the wait expected where there is one."""
    choices: dict[str, float | None] = {}
    free = _best_colleague(contact, asked, let_in(contact)) is not None
    if free or (somebody_will_help(contact, rings(contact)) and not _too_many_wait(contact)):
        choices["colleague"] = 0.0 if free else contact.colleague_expected_wait_s
    if contact.slots_exist:
        choices["callback"] = None
    wait_s = own_wait_s(contact)
    if wait_s is not None and wait_s <= contact.policy.hold_max_s and holding_makes_sense(contact):
        choices["hold"] = wait_s
    return choices


def _held(contact: ContactProblem) -> Wait | None:
    left_s = contact.policy.hold_limit_s(contact.hold_told_s) - contact.held_s
    if contact.choice != "hold" or left_s <= 0 or not holding_makes_sense(contact):
        return None
    return _wait_for_own(contact, left_s, "hold_chosen")


def _wait_for_own(contact: ContactProblem, look_again_s: float, code: str) -> Wait:
    trail = Trail(partial(because.over, contact, (), look_again_s))
    return Wait((Reason(code),), trail, "own", (), contact.slots_exist, look_again_s)


def _colleague(contact: ContactProblem, asked: Asked) -> Offer | Wait | ToCallbackOnly:
    groups = let_in(contact)
    found = _best_colleague(contact, asked, groups)
    if found is None:
        return _nobody_free(contact, groups, reach=rings(contact))
    group, best = found
    trail = Trail(partial(because.over, contact, groups))
    reason = Reason("colleague_of_the_group" if group.id == contact.home_id else "colleague_nearby")
    return Offer((reason, *_circumstances(contact)), trail, best.id, contact.policy.ring_timeout_s, own=False)


def _best_colleague(contact: ContactProblem, asked: Asked, groups: Sequence[Group]) -> tuple[Group, Person] | None:
    """The best of the first group that has somebody free, and which group that is."""
    for ring, group in enumerate(groups):
        free = [person for person in colleagues(contact, group) if veto(person, asked) is None]
        if free:
            return group, _best_of(free, contact, ring)
    return None


def _best_of(free: Sequence[Person], contact: ContactProblem, ring: int) -> Person:
    return min(free, key=lambda person: (score(person, contact, ring), person.id))


def _nobody_free(contact: ContactProblem, groups: Sequence[Group], reach: Sequence[Group]) -> Wait | ToCallbackOnly:
    if contact.waited_s >= contact.policy.max_wait_s:
        return _to_callback(contact, "waited_too_long")
    if not somebody_will_help(contact, reach):
        return _to_callback(contact, "nobody_will_help")
    if _too_many_wait(contact):
        return _to_callback(contact, "too_many_wait")
    look_again_s = next_step_s(contact)
    trail = Trail(partial(because.over, contact, groups, look_again_s))
    reasons = (Reason("nobody_free"), *_circumstances(contact))
    ids = tuple(group.id for group in groups)
    return Wait(reasons, trail, "group", ids, contact.slots_exist, look_again_s)


def _too_many_wait(contact: ContactProblem) -> bool:
    """Whether to turn a caller away; never one who already waits, whatever the forecast has become."""
    wait_s = contact.colleague_expected_wait_s
    return not contact.waiting and wait_s is not None and wait_s > contact.policy.max_wait_s


def _circumstances(contact: ContactProblem) -> tuple[Reason, ...]:
    """What led here besides the people: no choice made, a hold that is over, demands that have relaxed."""
    policy, waited_s = contact.policy, contact.waited_s
    needs_left = policy.needs_after(contact.needs, waited_s)
    told = {
        "no_choice_made": contact.choice is None and contact.choices_asked >= policy.choice_attempts,
        "hold_is_over": contact.choice == "hold",
        "no_callback_slots": contact.choice == "callback",
        "levels_relaxed": bool(needs_left) and needs_left != contact.needs,
        "skills_waived": bool(contact.needs) and not needs_left,
        "language_waived": policy.languages_after(contact.languages, waited_s) != contact.languages,
    }
    return tuple(Reason(code) for code, holds in told.items() if holds)


def _to_callback(contact: ContactProblem, code: str) -> ToCallbackOnly:
    trail = Trail(partial(because.over, contact, let_in(contact)))
    return ToCallbackOnly((Reason(code),), trail, _instead(contact))


def _instead(contact: ContactProblem) -> tuple[str, ...]:
    return ("callback", "message") if contact.slots_exist else ("message",)
