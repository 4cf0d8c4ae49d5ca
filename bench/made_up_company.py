"""A made-up company: advisors in three markets and the customers who come to them. Seeded; no real names.

What counts for a book: overlapping shifts, scarce subjects, two languages here and there, part-time work,
and customers who ask alike (a product asks for its subjects), so that there are kinds of them.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TypeVar
from uuid import UUID

from routing.problem import ActivationNeed, BookAdvisor, Need

T = TypeVar("T")

CAP = 1.2  # of the target; wide enough that balance is the prices' work and not the cap's

HOME = {"DE": "de", "ES": "es", "US": "en"}
MARKETS = {"DE": 70, "ES": 15, "US": 15}
SUBJECTS = ("hosting", "dns", "mail", "shop", "wordpress", "billing")
PRODUCTS: dict[tuple[Need, ...], int] = {
    (Need("hosting", 2),): 20,
    (Need("hosting", 3),): 12,
    (Need("dns", 2),): 10,
    (Need("mail", 2),): 12,
    (Need("mail", 3),): 8,
    (Need("shop", 3),): 8,
    (Need("shop", 2), Need("billing", 1)): 8,
    (Need("wordpress", 2),): 12,
    (Need("wordpress", 3), Need("hosting", 2)): 6,
    (Need("hosting", 4),): 4,
}
EXPECTED_S = (120, 180, 240, 360, 360, 480, 720, 900)


def hours(days: Iterable[int], begin: int, end: int) -> int:
    return sum(1 << (24 * day + hour) for day in days for hour in range(begin, end))


CALLING_HOURS = {
    hours(range(5), 8, 17): 20,
    hours(range(5), 9, 18): 20,
    hours(range(5), 7, 12): 8,
    hours(range(5), 12, 20): 8,
    hours(range(6), 9, 19): 8,
    hours(range(5), 6, 10): 6,
    hours(range(1, 6), 10, 16): 10,
    0: 20,
}


def company(dice: random.Random, count: int, total_s: int) -> list[BookAdvisor]:
    """Advisors whose targets share out the seconds of all customers by working time."""
    drafts = [_advisor(dice, place) for place in range(count)]
    worked = sum(share for _, share in drafts)
    targets = [round(total_s * share / worked) for _, share in drafts]
    return [
        replace(advisor, target_s=target_s, cap_s=int(CAP * target_s))
        for (advisor, _), target_s in zip(drafts, targets, strict=True)
    ]


def _advisor(dice: random.Random, place: int) -> tuple[BookAdvisor, float]:
    market = _one(dice, MARKETS)
    markets = {market} | ({dice.choice(list(MARKETS))} if dice.random() < 0.1 else set())
    languages = {HOME[market]}
    languages |= {tag for tag, share in (("en", 0.6), ("fr", 0.15)) if dice.random() < share}
    skills = {subject: dice.randint(2, 5) for subject in dice.sample(SUBJECTS, k=dice.randint(3, 5))}
    begin = dice.choice((7, 8, 8, 9, 9, 10, 11, 12))
    days = dice.choice((range(5), range(5), range(4), range(1, 6)))
    shifts = hours(days, begin, begin + 8)
    profile = (frozenset(markets), frozenset(languages), skills, shifts)
    advisor = BookAdvisor(UUID(int=place + 1), None, *profile, load_s=0, cap_s=0, target_s=1)
    return advisor, len(days) / 5 * dice.choice((1.0, 1.0, 1.0, 0.75, 0.5))


def arrivals(dice: random.Random, count: int) -> list[ActivationNeed]:
    """Customers in random order; those who ask alike share one object."""
    known: dict[ActivationNeed, ActivationNeed] = {}
    return [known.setdefault(need, need) for need in (_customer(dice) for _ in range(count))]


def _customer(dice: random.Random) -> ActivationNeed:
    market = _one(dice, MARKETS)
    home = HOME[market]
    second = (("es",) if home == "en" else ("en",)) if dice.random() < 0.2 else ()
    needs, calls = _one(dice, PRODUCTS), _one(dice, CALLING_HOURS)
    return ActivationNeed(market, (home, *second), needs, calls, dice.choice(EXPECTED_S))


def _one(dice: random.Random, shares: Mapping[T, int]) -> T:
    return dice.choices(list(shares), list(shares.values()))[0]
