"""The queue: which waiting contact an advisor who became free gets, and how long the others will wait.

Order, the first that differs decides: contacts that hold for this very advisor · urgency, in seconds: the
wait, and a head start for each step of priority and for a contact whose own advisor this is · age · id.
A second of waiting counts a second for everybody, so a head start is caught up with and nobody starves.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import ceil, floor, inf, sqrt

from routing.problem import Person, Waiting
from routing.rules import asked_by, veto

LOW, HIGH = -1.8808, 1.2816
"""Standard normal quantiles: 3 waits of a hundred are shorter, 10 are longer. On two days of January 56 % of the
callers who were answered had waited between those of 20 and 80 for their group alone, 89 % between these for all
who may help, in a range as wide as that (150 s in the median)."""


def next_for(freed: Person, waiting: Iterable[Waiting]) -> Waiting | None:
    """The contact to offer to this advisor, or `None` if none of them may be."""
    mine = (contact for contact in waiting if may_take(freed, contact))
    return min(mine, key=lambda contact: _place(freed, contact), default=None)


def may_take(freed: Person, contact: Waiting) -> bool:
    """Whether the advisor is let in by now and no rule stands against it."""
    return _let_in(freed, contact) and veto(freed, asked_by(contact)) is None


def ahead_of(contact: Waiting, waiting: Iterable[Waiting]) -> int:
    """How many wait in front: of those for the same advisor if it holds, else of those for its group."""
    return sum(
        1
        for other in waiting
        if other.id != contact.id
        and _line(other) == _line(contact)
        and _turn(other, urgency(other)) < _turn(contact, urgency(contact))
    )


def urgency(contact: Waiting) -> float:
    """Seconds of waiting, with the head start of the contact's priority."""
    return contact.waited_s + contact.priority * contact.policy.priority_head_start_s


def expected_wait(ahead: int, at_work: Sequence[tuple[float, int]], mean_handle_s: float) -> tuple[int, int] | None:
    """The seconds between which the wait lies in nearly nine cases of ten; `None` where nobody will be there.

    With all n advisors busy and exponential handling times of mean m (wrap-up included), one becomes free
    every m/n on average, so whoever has k−1 before them waits for a sum of k exponential times: Erlang(k, n/m)
    (M/M/n, first come first served; Whitt, "Predicting queueing delays", 1999). Quantiles by Wilson and
    Hilferty. `at_work` says how many may help from when on, beginning at 0 s, as neighbours are let in and demands
    relax: the sum is used up at the pace of each step. Callers ahead who give up make it shorter, so the range
    reaches further down than up.
    """
    low, high = (_when(at_work, mean_handle_s * max(0.0, _erlang(ahead + 1, quantile))) for quantile in (LOW, HIGH))
    return None if low is None or high is None else (floor(low), ceil(high))


def _when(at_work: Sequence[tuple[float, int]], work_s: float) -> float | None:
    """When so many seconds of work are done by those who are there."""
    ends = [begins_s for begins_s, _ in at_work[1:]]
    for (begins_s, people), ends_s in zip(at_work, [*ends, inf], strict=True):
        if people and work_s <= people * (ends_s - begins_s):
            return begins_s + work_s / people
        work_s -= people * (ends_s - begins_s) if people else 0
    return None


def _erlang(k: int, z: float) -> float:
    """The quantile of a sum of k exponential times of mean 1 that belongs to the normal quantile z."""
    return k * (1 - 1 / (9 * k) + z / (3 * sqrt(k))) ** 3


def _let_in(freed: Person, contact: Waiting) -> bool:
    if freed.id == contact.own_id:
        return True
    if contact.holds_for_own or freed.group_id is None or freed.group_id not in contact.rings:
        return False
    ring = contact.rings.index(freed.group_id)
    after_s = contact.policy.let_in_after_s(ring, group_at_work=contact.group_at_work)
    return contact.waited_s >= after_s


def _place(freed: Person, contact: Waiting) -> tuple[object, ...]:
    is_own = freed.id == contact.own_id
    head_start_s = contact.policy.own_head_start_s if is_own else 0
    return not (is_own and contact.holds_for_own), *_turn(contact, urgency(contact) + head_start_s)


def _turn(contact: Waiting, urgent_s: float) -> tuple[float, object, object]:
    return -urgent_s, contact.age, contact.id


def _line(contact: Waiting) -> object:
    return contact.own_id if contact.holds_for_own else contact.rings[:1]
