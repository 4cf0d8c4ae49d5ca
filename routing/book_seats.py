"""A book while it is being filled: who sits with whom, what room is left, where to put those who fit nowhere."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from routing.book_balance import ENDLESS, Balance
from routing.book_classes import Floats, Ints, Matter, Places
from routing.book_problem import NOBODY


class Seats:
    """m customers with n advisors. Loads contain what is not part of the problem."""

    def __init__(self, matter: Matter, balance: Balance) -> None:
        self.matter, self.balance = matter, balance
        self.expected_s = matter.problem.expected_s
        self.holder = matter.problem.holder
        self.advisor: NDArray[np.int32] = np.full(len(self.holder), NOBODY, np.int32)
        self.beyond_cap = np.zeros(len(self.holder), np.bool_)
        self.load_s: Ints = balance.base_s.copy()
        self.tier_load_s: Ints = np.zeros(len(balance.tiers.edge), np.int64)

    @property
    def voluntary(self) -> Places:
        """Those who move though they could stay."""
        moved = self.matter.stayer & (self.advisor != self.holder) & (self.advisor != NOBODY)
        return np.flatnonzero(moved)

    def put(self, customers: Places, advisor: NDArray[np.int32]) -> None:
        """Seat these with their row of advisors."""
        self._weigh(customers, -1)
        self.advisor[customers] = advisor
        self._weigh(customers, 1)

    def _weigh(self, customers: Places, sign: int) -> None:
        seated = customers[self.advisor[customers] != NOBODY]
        advisor, weight = self.advisor[seated], sign * self.expected_s[seated].astype(np.int64)
        np.add.at(self.load_s, advisor, weight)
        if len(self.tier_load_s):
            np.add.at(self.tier_load_s, advisor * self.matter.tiers + self.matter.tier[seated], weight)

    def seat(self, customer: int, advisor: int) -> None:
        """Seat one who has nobody."""
        self.put(np.array([customer]), np.array([advisor], np.int32))

    def settle(self) -> None:
        """Unseat those whom a book has no room for, and find a place for everybody without one.

        Within the caps as far as there is room; else with the holder, or where somebody has to go, beyond a cap.
        """
        self._unseat(self._too_much())
        self._find_places()

    def send_back(self, customers: Places) -> None:
        """Give these back to their holders, if need be beyond the cap; newcomers make room for them."""
        self.put(customers, self.holder[customers])
        too_much = self._too_much()
        keeps = self.advisor[too_much] == self.holder[too_much]
        self.beyond_cap[too_much[keeps]] = True
        self._unseat(too_much[~keeps])
        self._find_places()

    def fill_up(self, budget: int | None) -> None:
        """Use the room that moves undone have left, for those who have nobody or are beyond a cap."""
        out = (self.advisor == NOBODY) | self.beyond_cap
        self._try_again(np.flatnonzero(out & ~self.matter.stayer))
        kept = np.flatnonzero(out & self.matter.stayer)
        step = len(kept)
        while len(kept) and (budget is None or (step := budget - len(self.voluntary)) > 0):
            self._try_again(kept[:step])
            kept = kept[step:]

    def _try_again(self, customers: Places) -> None:
        self._unseat(customers)
        self.beyond_cap[customers] = False
        self._find_places()

    def _find_places(self) -> None:
        self._place(np.flatnonzero(self.advisor == NOBODY))
        for customer in np.flatnonzero((self.advisor == NOBODY) & (self.holder != NOBODY)).tolist():
            self._place_beyond(customer)

    def _too_much(self) -> Places:
        """Who has to go from books beyond their caps: as few as will do, movers first, then who moves most lightly.

        Those who are known to be beyond a cap already don't count.
        """
        known = np.flatnonzero(self.beyond_cap)
        known_s = np.bincount(self.advisor[known], self.expected_s[known], len(self.load_s)).astype(np.int64)
        excess_s = self.load_s - known_s - self.balance.cap_s
        inside = np.flatnonzero((self.advisor != NOBODY) & ~self.beyond_cap)
        inside = inside[excess_s[self.advisor[inside]] > 0]
        stays = self.advisor[inside] == self.holder[inside]
        inside = inside[np.lexsort((self.matter.problem.stay[inside], stays, self.advisor[inside]))]
        advisor, weight = self.advisor[inside], self.expected_s[inside].astype(np.int64)
        before = np.cumsum(weight) - weight
        before -= before[np.searchsorted(advisor, advisor)]
        return inside[before < excess_s[advisor]]

    def _unseat(self, customers: Places) -> None:
        self.put(customers, np.full(len(customers), NOBODY, np.int32))

    def _place(self, customers: Places) -> None:
        """Where misfit and price are least among those with room; first who must leave, last who could stay."""
        too_much: dict[int, int] = {}
        stay = np.where(self.matter.stayer, self.matter.problem.stay, -1.0)[customers]
        order = np.lexsort((self.expected_s[customers], stay, ~self.matter.forced[customers]))
        for customer in customers[order].tolist():
            need, weight = int(self.matter.need[customer]), int(self.expected_s[customer])
            if weight >= too_much.get(need, ENDLESS):
                continue
            costs = self._costs(need)
            costs[self.balance.cap_s - self.load_s < weight] = np.inf
            if self._cheapest(customer, costs) == NOBODY:
                too_much[need] = weight

    def _place_beyond(self, customer: int) -> None:
        if self.matter.stayer[customer]:
            self.seat(customer, int(self.holder[customer]))
            self.beyond_cap[customer] = True
        else:
            self.beyond_cap[customer] = self._cheapest(customer, self._costs(self.matter.need[customer])) != NOBODY

    def _cheapest(self, customer: int, costs: Floats) -> int:
        best = int(np.argmin(costs)) if len(costs) else NOBODY
        if best == NOBODY or costs[best] == np.inf:
            return NOBODY
        self.seat(customer, best)
        return best

    def _costs(self, need: int) -> Floats:
        weight = self.matter.problem.terms.spread_weight
        costs: Floats = self.matter.misfit[need] + weight * (self.load_s / self.balance.share_s - 1)
        return costs
