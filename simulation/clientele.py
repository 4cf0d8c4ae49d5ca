"""Customers from the identified callers of a log: what they need, when they call, how much of it to expect."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from random import Random

from simulation import hours, names
from simulation.logged_call import LoggedCall
from simulation.patience import ServiceTimes, learn_service_times
from simulation.people import PRODUCTS, Advisor, Customer, Market, Wishes

IMPORTANT = 2
"""The priority of the bank's important customers."""
PRIOR_S = 360
PRIOR_MONTHS = 1.0
"""The prior weighs as much as one month of observed calls."""
FIRM_SHARE = 0.6


def customers(
    calls: Sequence[LoggedCall], market: Market, advisors: Collection[Advisor], dice: Random, wishes: Wishes
) -> Iterator[Customer]:
    """The identified callers, in the order of their numbers, so that neither time nor load sorts them."""
    by_customer = _by_customer(calls)
    needs = _Needs(advisors)
    times = learn_service_times(calls)
    months = len(hours.dates_of(calls, market.zone)) / 30
    for index, (customer_id, theirs) in enumerate(sorted(by_customer.items())):
        language = "en" if dice.random() < wishes.english_share else market.languages[0]
        name = _name(dice, language)
        skills = needs.of(theirs)
        yield Customer(
            external_ref=str(customer_id),
            name=name,
            email=f"{names.mail_name(name)}.{index}@customers.example",
            phone=wishes.number_of(index),
            language=language,
            tier="premium" if _priority(theirs) >= IMPORTANT else "standard",
            products=tuple(sorted({PRODUCTS["PS"]} | {PRODUCTS[skill] for skill in skills if skill in PRODUCTS})),
            skills=skills,
            calling_hours=hours.hours_mask((call.arrived_at for call in theirs), market.zone),
            expected_s_per_month=_expected_s(theirs, times, months),
        )


def _name(dice: Random, language: str) -> str:
    return names.firm(dice, language) if dice.random() < FIRM_SHARE else names.person(dice, language)


def _priority(calls: Iterable[LoggedCall]) -> int:
    """The priority of most of their calls, of two the higher."""
    counts = Counter(call.priority for call in calls)
    return max(counts, key=lambda priority: (counts[priority], priority))


def _expected_s(calls: Iterable[LoggedCall], times: ServiceTimes, months: float) -> int:
    """Monthly handling time, the observed shrunk towards the prior; a call nobody answered would have cost the
    median of its type."""
    observed = sum(times.of(call, uniform=0.5) for call in calls)
    return round((PRIOR_S * PRIOR_MONTHS + observed) / (PRIOR_MONTHS + months))


def _by_customer(calls: Iterable[LoggedCall]) -> dict[int, list[LoggedCall]]:
    by_customer: defaultdict[int, list[LoggedCall]] = defaultdict(list)
    for call in calls:
        if call.customer_id is not None:
            by_customer[call.customer_id].append(call)
    return dict(by_customer)


class _Needs:
    """The skills a customer needs, as far as one advisor has them all: the rarer wish gives way."""

    def __init__(self, advisors: Collection[Advisor]) -> None:
        self._offered = {frozenset(advisor.skills) for advisor in advisors if advisor.leaving_at is None}

    def of(self, calls: Iterable[LoggedCall]) -> tuple[str, ...]:
        """Skills, the one asked for most first."""
        needed: list[str] = []
        for skill, _ in Counter(call.skill for call in calls).most_common():
            if any(skills.issuperset([*needed, skill]) for skills in self._offered):
                needed.append(skill)
        return tuple(needed)
