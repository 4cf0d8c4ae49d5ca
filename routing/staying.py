"""What it costs a customer to get another advisor without having asked for one.

In the unit of a misfit (`misfit.py`): a move must bring more than this in fit and balance. It grows with the length
of the relationship and levels off, price(t) = LEAST + (MOST − LEAST)·(1 − e^(−t/HALFWAY·ln 2)) for t months: two
people who have spoken once lose little, after some years nearly all of what makes the advisor a personal one.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

LEAST = 0.15
MOST = 1.0
HALFWAY_MONTHS = 12.0


def price_of_moving(months: NDArray[np.float64]) -> NDArray[np.float64]:
    """Prices for relationships that have lasted for so many months; negative ages count as none."""
    age = np.maximum(months, 0.0)
    grown: NDArray[np.float64] = LEAST + (MOST - LEAST) * (1.0 - np.exp2(-age / HALFWAY_MONTHS))
    return grown
