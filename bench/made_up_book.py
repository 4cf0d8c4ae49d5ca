"""The made-up company as a whole book: all customers at once, in columns. Seeded; no real names."""

from __future__ import annotations

import itertools
import random
from collections.abc import Mapping
from dataclasses import replace
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from bench.made_up_company import CALLING_HOURS, EXPECTED_S, HOME, MARKETS, PRODUCTS, company
from routing.book_problem import NOBODY, BookProblem, Kind, Terms
from routing.problem import ActivationNeed, BookAdvisor

TIERS = {"basic": 70, "plus": 20, "premium": 8, "top": 2}
SECOND_LANGUAGE = 0.2
DESK_GROUP = 10
STAY = (0.3, 2.0)
"""Price of moving: from a relationship of some weeks to one of years."""


def made_up_book(
    customers: int, advisors: int, seed: int, tiers: Mapping[str, int] = TIERS, terms: Terms | None = None
) -> BookProblem:
    """Customers without an advisor, drawn like those of `arrivals`, and the advisors for them."""
    kinds, shares = _kinds(tiers)
    dice = np.random.default_rng(seed)
    kind = dice.choice(len(kinds), customers, p=shares).astype(np.int32)
    expected_s = np.array([each.need.expected_s for each in kinds], np.int32)[kind]
    people = company(random.Random(seed + 1), advisors, int(expected_s.sum()))
    holder, stay = np.full(customers, NOBODY, np.int32), np.zeros(customers)
    return BookProblem(_seated(people), kinds, kind, expected_s, holder, stay, terms or Terms(seed=seed))


def held(problem: BookProblem, advisor: NDArray[np.int32], seed: int) -> BookProblem:
    """The same book once everybody has this advisor, for weeks or for years."""
    stay = np.random.default_rng(seed).uniform(*STAY, len(advisor))
    return replace(problem, holder=advisor, stay=np.where(advisor == NOBODY, 0.0, stay))


def left_by(problem: BookProblem, leavers: NDArray[np.intp]) -> BookProblem:
    """The same book when these advisors leave."""
    gone = set(leavers.tolist())
    people = (replace(a, leaving=True) if place in gone else a for place, a in enumerate(problem.advisors))
    return replace(problem, advisors=tuple(people))


def _kinds(tiers: Mapping[str, int]) -> tuple[tuple[Kind, ...], NDArray[np.float64]]:
    """Every kind there may be, and how many of all customers are of it."""
    columns = itertools.product(MARKETS, (False, True), PRODUCTS, CALLING_HOURS, EXPECTED_S, tiers)
    kinds, shares = [], []
    for market, second, needs, hours, expected_s, tier in columns:
        home = HOME[market]
        languages = (home, "es" if home == "en" else "en") if second else (home,)
        kinds.append(Kind(ActivationNeed(market, languages, needs, hours, expected_s), tier))
        spoken = SECOND_LANGUAGE if second else 1 - SECOND_LANGUAGE
        shares.append(MARKETS[market] * spoken * PRODUCTS[needs] * CALLING_HOURS[hours] * tiers[tier])
    parts = np.array(shares, np.float64)
    return tuple(kinds), parts / parts.sum()


def _seated(people: list[BookAdvisor]) -> tuple[BookAdvisor, ...]:
    """In desk groups of ten who serve the same market."""
    by_market = sorted(range(len(people)), key=lambda place: min(people[place].markets))
    group = {place: UUID(int=1_000_000 + row // DESK_GROUP) for row, place in enumerate(by_market)}
    return tuple(replace(person, group_id=group[place]) for place, person in enumerate(people))
