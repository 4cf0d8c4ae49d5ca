"""What is answered: an advisor for everybody for whom there is one, prices, and what stood in the way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Shortage:
    """Customers of a kind whom nobody can take."""

    kind: int
    customers: int
    seconds: int
    bottleneck: str | None
    """The rule without which most advisors could, `book_has_room` where those are full; where none would do
    alone, the first that removes everybody."""
    freed_without: Mapping[str, int]
    """Rule → how many advisors it alone keeps from them."""


@dataclass(frozen=True, slots=True)
class BookPlan:
    """n advisors, m customers, as in the problem."""

    advisor: NDArray[np.int32]
    """m: place in `advisors`, `NOBODY` for those whom nobody can take."""
    beyond_cap: NDArray[np.bool_]
    """m: who has an advisor without room for them, because otherwise they would have nobody: to be flagged."""
    prices: NDArray[np.float64]
    """n: λ for activation, centred so that Σ target·λ = 0 over those who stay."""
    way: str
    """flow or greedy"""
    objective: float
    """Misfit, price of uneven books and price of moves for one expected second, of those who have an advisor."""
    rounding_gap: float
    """By how much the objective is above the one before whole people were made of it, relatively."""
    voluntary: int
    """Moves of those who could have stayed."""
    forced: int
    """Moves of those whose advisor leaves or may not serve them any more."""
    first: int
    """Customers who had nobody and have somebody now."""
    shortages: tuple[Shortage, ...]
