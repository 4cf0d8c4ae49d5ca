"""From seats to the plan: counts, costs, and who was left without."""

from __future__ import annotations

import numpy as np

from routing.book_classes import Floats
from routing.book_plan import BookPlan
from routing.book_problem import NOBODY
from routing.book_reasons import shortages_of
from routing.book_seats import Seats
from routing.book_worth import cost_of


def plan_of(seats: Seats, prices: Floats, way: str, cost_before: float) -> BookPlan:
    """`cost_before` is what the same would cost if customers could be torn apart."""
    problem, cost = seats.matter.problem, cost_of(seats)
    seated = seats.advisor != NOBODY
    return BookPlan(
        advisor=seats.advisor,
        beyond_cap=seats.beyond_cap,
        prices=prices,
        way=way,
        objective=cost,
        rounding_gap=cost / cost_before - 1 if cost_before > 0 else 0.0,
        voluntary=len(seats.voluntary),
        forced=int(np.count_nonzero(seats.matter.forced & seated)),
        first=int(np.count_nonzero((problem.holder == NOBODY) & seated)),
        shortages=shortages_of(problem, seats.advisor, prices),
    )
