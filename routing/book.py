"""The whole book in one solve: who shall be whose advisor, with as little misfit, unevenness and moving as can be.

A flow of expected seconds (`book_flow.py`) is made into people (`book_rounding.py`). Three things come on top:

Tiers. A network that tells four tiers apart takes six times as long. First nobody's tier is looked at: alike
customers are dealt out mixed, which mostly gives everybody their share of each tier, and then that solution is the
best one with tiers too. Only tiers of which some got too much are told apart, and the flow is solved again.

The budget of moves. Moving is made dearer until about as many move as may, then the least worthwhile are sent back.

Rest. Whole people can't be as even as a flow. A move that only chases this difference is undone, and a rebalance
that would save less than that altogether moves nobody. Small books are solved again until that is so
(`book_settling.py`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from routing.book_balance import Balance, balance_of
from routing.book_classes import Classes, Matter, Stays, classes_of, matter_of, stays_of
from routing.book_flow import Flows, Network, network_of, solve_flow
from routing.book_making import plan_of
from routing.book_moves import cut_to_budget, even_out_all, price_for, undo_the_worthless
from routing.book_plan import BookPlan
from routing.book_prices import prices_of
from routing.book_problem import BookProblem
from routing.book_rounding import people_of_flow
from routing.book_seats import Seats
from routing.book_settling import settled
from routing.book_worth import cost_of, cost_of_flow, tier_costs

TIERS_FORGIVEN = 0.002  # of all costs: a tier that costs less than this is not told apart
NEARLY = 1.1  # times the budget: near enough to be cut
ENOUGH = 0.8  # of the budget: near enough not to look for a lower price
DEARER_AT_MOST = 6  # prices of moving that are tried


@dataclass(slots=True)
class Solved:
    """A flow, and the people made of it."""

    network: Network
    flows: Flows
    seats: Seats
    cost_before: float


def solve(problem: BookProblem) -> BookPlan:
    """Assign everybody who can be assigned. Raises `routing.book_flow.NoFlow` if the solver gives up."""
    return settled(problem, _solved(problem), _solved)


def _solved(problem: BookProblem) -> BookPlan:
    matter = matter_of(problem)
    balance = balance_of(matter)
    apart, solved = _with_tiers(matter, balance)
    budget = problem.terms.move_budget
    if budget is not None:
        solved = _within(matter, balance, apart, solved, budget)
    even_out_all(solved.seats)
    undo_the_worthless(solved.seats)
    solved.seats.fill_up(budget)
    prices = prices_of(balance, solved.network, solved.flows)
    return plan_of(solved.seats, prices, "flow", solved.cost_before)


def _with_tiers(matter: Matter, balance: Balance) -> tuple[tuple[int, ...], Solved]:
    apart: tuple[int, ...] = ()
    while True:
        solved = _solve(matter, balance, apart)
        costs = tier_costs(solved.seats) / max(1, int(matter.problem.expected_s.sum(dtype=np.int64)))
        bad = np.flatnonzero(costs > TIERS_FORGIVEN * solved.cost_before).tolist()
        more = tuple(sorted({*apart, *bad}))
        if more == apart:
            return apart, solved
        apart = more


def _solve(matter: Matter, balance: Balance, apart: tuple[int, ...], dearer: float = 0.0) -> Solved:
    classes = classes_of(matter, apart)
    stays = stays_of(matter, classes)
    network = network_of(matter, balance, classes, stays, apart, dearer)
    flows = solve_flow(network)
    return _rounded(matter, balance, classes, stays, network, flows, dearer)


def _rounded(
    matter: Matter, balance: Balance, classes: Classes, stays: Stays, network: Network, flows: Flows, dearer: float
) -> Solved:
    seats = people_of_flow(matter, balance, classes, stays, network, flows)
    return Solved(network, flows, seats, cost_of_flow(seats, stays, network, flows, dearer))


def _within(matter: Matter, balance: Balance, apart: tuple[int, ...], solved: Solved, budget: int) -> Solved:
    """Raise the price of moving until about the budget is left, then cut.

    What single moves say is too much where caps bind and people change places; then the price is looked for between
    one that is too low and one that is too high, and what is cut from the lower one competes with the higher one.
    """
    low = high = dearer = 0.0
    found: dict[bool, Solved] = {}
    for _ in range(DEARER_AT_MOST):
        moves = len(solved.seats.voluntary)
        many = moves > NEARLY * budget
        found[many] = solved
        low, high = (dearer, high) if many else (low, dearer)
        if not many and (moves >= ENOUGH * budget or dearer == 0.0):
            break
        dearer = (low + high) / 2 if high else dearer + price_for(solved.seats, budget)
        solved = _solve(matter, balance, apart, dearer)
    for one in found.values():
        cut_to_budget(one.seats, budget)
    return min(found.values(), key=_cost)


def _cost(solved: Solved) -> tuple[int, float]:
    return int(solved.seats.beyond_cap.sum()), cost_of(solved.seats)
