"""Whole books that need only say what matters, and ones drawn by hypothesis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from hypothesis import strategies as st

from routing.book_plan import BookPlan
from routing.book_problem import NOBODY, BookProblem, Kind, Terms
from routing.problem import ActivationNeed, BookAdvisor, Need
from tests.routing.builders import EVENINGS, OFFICE_HOURS, a_customer, an_advisor, an_id


@dataclass(frozen=True)
class Customer:
    """One customer of a book; `holder` is the present advisor's place."""

    need: ActivationNeed
    tier: str = "basic"
    expected_s: int = 360
    holder: int = NOBODY
    stay: float = 1.0


def a_seeker(**facts: Any) -> Customer:
    """A German-speaking customer with a question about hosting."""
    own = {name: facts.pop(name) for name in ("tier", "expected_s", "holder", "stay") if name in facts}
    return Customer(a_customer(**facts), **own)


def a_book(advisors: Sequence[BookAdvisor], customers: Sequence[Customer], **terms: Any) -> BookProblem:
    kinds = tuple(dict.fromkeys(Kind(c.need, c.tier) for c in customers))
    return BookProblem(
        tuple(advisors),
        kinds,
        np.array([kinds.index(Kind(c.need, c.tier)) for c in customers], np.int32),
        np.array([c.expected_s for c in customers], np.int32),
        np.array([c.holder for c in customers], np.int32),
        np.array([c.stay if c.holder != NOBODY else 0.0 for c in customers]),
        Terms(**terms),
    )


def solved(problem: BookProblem, plan: BookPlan, stay: float = 0.3) -> BookProblem:
    """The book once the plan has been carried out; a new relationship has this price of moving."""
    price = np.where(plan.advisor == problem.holder, problem.stay, stay)
    return replace(problem, holder=plan.advisor, stay=np.where(plan.advisor == NOBODY, 0.0, price))


@st.composite
def advisors(draw: st.DrawFn, number: int) -> BookAdvisor:
    return an_advisor(
        an_id(number),
        markets=draw(st.sampled_from((["DE"], ["DE"], ["ES"], ["DE", "ES"]))),
        languages=draw(st.sampled_from((["de"], ["de", "en"], ["en"]))),
        skills=draw(st.dictionaries(st.sampled_from(("hosting", "dns")), st.integers(1, 5))),
        hours=draw(st.sampled_from((OFFICE_HOURS, EVENINGS))),
        load_s=draw(st.sampled_from((0, 0, 500, 4_000))),
        cap_s=draw(st.integers(1_000, 8_000)),
        target_s=draw(st.integers(1, 6_000)),
        leaving=draw(st.sampled_from((False, False, False, True))),
    )


@st.composite
def customers(draw: st.DrawFn, people: int) -> Customer:
    return Customer(
        a_customer(
            market=draw(st.sampled_from(("DE", "DE", "ES"))),
            languages=draw(st.sampled_from((("de",), ("de", "en"), ("en",), ()))),
            needs=draw(st.sampled_from(((), (Need("hosting", 2),), (Need("hosting", 4),), (Need("dns", 1),)))),
            hours=draw(st.sampled_from((0, OFFICE_HOURS, EVENINGS))),
            tried=draw(st.sampled_from((frozenset(), frozenset(), frozenset([an_id(1)])))),
        ),
        draw(st.sampled_from(("basic", "top"))),
        draw(st.sampled_from((0, 120, 360, 900, 1_500))),
        draw(st.integers(NOBODY, people - 1)),
        draw(st.sampled_from((0.05, 0.3, 0.8, 2.5))),
    )


@st.composite
def books(draw: st.DrawFn) -> BookProblem:
    people = [draw(advisors(number)) for number in range(1, draw(st.integers(1, 7)) + 1)]
    crowd = draw(st.lists(customers(len(people)), max_size=30))
    terms = {
        "move_budget": draw(st.sampled_from((None, None, 0, 2, 5))),
        "tier_weight": draw(st.sampled_from((0.0, 0.5))),
        "spread_weight": draw(st.sampled_from((10.0, 0.0, 2.0))),
        "seed": draw(st.integers(0, 3)),
    }
    return a_book(people, crowd, **terms)
