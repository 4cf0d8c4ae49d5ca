"""What is asked of a whole book: who shall be whose advisor, all at once. Frozen, complete.

Customers who are alike are one kind; what differs between them (seconds, holder, price of moving) are columns
of m. Misfits, prices and weights have one unit, that of `misfit.py`, and count once for each expected second.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from routing.problem import ActivationNeed, BookAdvisor

NOBODY = -1


@dataclass(frozen=True, slots=True)
class Kind:
    """Customers who are alike: market, languages, needs and hours, and the seconds of their band's middle."""

    need: ActivationNeed
    tier: str


@dataclass(frozen=True, slots=True)
class Terms:
    """What the business sets."""

    move_budget: int | None = None
    """Most customers that may move without having to; `None` = as many as is worth their prices of moving."""
    tier_weight: float = 0.5
    """Misfit that a second costs where an advisor has far more of a tier than others; 0 = tiers don't matter.

    Half a unit is what two levels too many or a second language cost: it spreads top customers, but not to
    people who fit them badly.
    """
    spread_weight: float = 10.0
    """Slope of the price of a full book: one percent above its share costs a tenth of a unit of misfit.

    A million customers with 3,000 advisors then spread by 1.7 %, most of which three uneven markets cause.
    """
    seed: int = 0
    """Of the order in which alike customers are dealt out."""


@dataclass(frozen=True, slots=True)
class BookProblem:
    """n advisors, k kinds, m customers."""

    advisors: tuple[BookAdvisor, ...]
    """`load_s` is what customers weigh who are not part of this problem, `target_s` is weighed by working time."""
    kinds: tuple[Kind, ...]
    kind: NDArray[np.int32]
    """m: each customer's place in `kinds`."""
    expected_s: NDArray[np.int32]
    """m: expected seconds in a month."""
    holder: NDArray[np.int32]
    """m: place in `advisors` of the present advisor, or `NOBODY`."""
    stay: NDArray[np.float64]
    """m: price of moving the customer; grows with the length of the relationship, 0 without a holder."""
    terms: Terms = field(default_factory=Terms)
