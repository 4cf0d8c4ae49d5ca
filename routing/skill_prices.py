"""What a freed second would be worth with each advisor, and what one more would cost where there is no room.

Mostly both are λ. A plan's λ says how full a book is, though, and leaves the cap to whoever looks at the room, and
at a cap the two part:
    freed   A customer has nobody: a second freed with anybody who could serve them is worth nearly `UNPLACED`, and
            so is one freed with somebody who could take over what such an advisor holds, and so on along the chain.
    taken   A full advisor takes one more by letting one go: to the cheapest who has room, directly or along a
            chain, or else to nobody, at `UNPLACED`.
Without it, a course for somebody whose own customers nobody else could take looked a hundred times better than it
was.
"""

from __future__ import annotations

import numpy as np

from routing.book_classes import Flags, Floats, Ints, Matter
from routing.book_flow import CHAIN
from routing.book_plan import BookPlan
from routing.book_problem import NOBODY

UNPLACED = 50.0
"""Cost of a second that nobody serves: the worst misfit is 3.5, and a book three times its share costs 20."""
ALIKE = 1e-9  # a difference that is only rounding


def freed_prices(matter: Matter, plan: BookPlan, held_s: Ints, left: Flags) -> Floats:
    """n, never below λ. `held_s`: u × n, seconds that the plan gives; `left`: u, of whom somebody has nobody."""
    prices, raised = plan.prices.copy(), np.zeros(len(plan.prices), np.bool_)
    able, full = np.isfinite(matter.misfit), full_books(matter, plan, held_s)
    misfit, worth = np.where(able, matter.misfit, 0.0), np.where(left, UNPLACED, -np.inf)
    for _ in range(CHAIN if left.any() else 0):
        freed = np.where(able, worth[:, None] - misfit, -np.inf).max(axis=0)
        rises = full & (freed > prices + ALIKE)
        if not rises.any():
            break
        prices[rises], raised = freed[rises], raised | rises
        taken_over = np.where((held_s > 0) & raised, misfit + prices, -np.inf).max(axis=1)
        worth = np.maximum(worth, taken_over)
    return prices


def taken_prices(matter: Matter, plan: BookPlan, held_s: Ints, freed: Floats) -> Floats:
    """n: once a book is full. Never below what a freed second is worth: who is taken keeps out who could come."""
    full, held = full_books(matter, plan, held_s), held_s > 0
    misfit = np.where(held, matter.misfit, 0.0)
    taken = np.full(len(full), UNPLACED)
    for _ in range(CHAIN):
        before, costs = taken, matter.misfit + np.where(full, taken, plan.prices)
        elsewhere = np.minimum(costs.min(axis=1, initial=np.inf), UNPLACED)
        let_go = np.where(held, elsewhere[:, None] - misfit, UNPLACED)
        taken = np.minimum(before, let_go.min(axis=0, initial=UNPLACED))
        if np.allclose(before, taken, rtol=0, atol=ALIKE):
            break
    dearest: Floats = np.maximum(taken, freed)
    return dearest


def room_of(matter: Matter, held_s: Ints) -> Ints:
    """n: seconds that are left up to the cap."""
    rooms = [advisor.cap_s - advisor.load_s for advisor in matter.problem.advisors]
    room_s: Ints = np.array(rooms, np.int64) - held_s.sum(axis=0)
    return room_s.clip(min=0)


def full_books(matter: Matter, plan: BookPlan, held_s: Ints) -> Flags:
    """n: who has no room for the largest of those who have nobody, or where there are none, for a usual customer.

    Those who are left are the large ones, as what little room there was has been filled with small ones.
    """
    expected_s = matter.problem.expected_s
    largest = int(expected_s[plan.advisor == NOBODY].max(initial=0))
    usual = float(expected_s.mean()) if len(expected_s) else 0.0
    full: Flags = room_of(matter, held_s) < max(1.0, largest or usual)
    return full
