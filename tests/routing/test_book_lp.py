"""The flow's cost is that of the linear program, which HiGHS solves in a process of its own."""

from __future__ import annotations

import pytest

from bench.book_lp import exact
from bench.made_up_book import TIERS, made_up_book
from routing.book import solve
from routing.book_check import faults


@pytest.mark.parametrize(
    ("customers", "advisors", "tiers"),
    [(10_000, 300, {"all": 1}), (3_000, 100, TIERS)],
    ids=["one tier", "four tiers"],
)
def test_the_flow_costs_what_the_linear_program_says(customers: int, advisors: int, tiers: dict[str, int]) -> None:
    book = made_up_book(customers, advisors, 1, tiers)

    plan = solve(book)

    assert faults(book, plan) == []
    assert plan.objective / (1 + plan.rounding_gap) == pytest.approx(exact(book), rel=1e-5)
    assert 0 <= plan.rounding_gap < 0.02
